package kubeclient

import "bytes"

var managedFieldsKey = []byte(`"managedFields"`)

// withoutManagedFields returns an item with an empty list in place of its managedFields, which are often half
// of it. It works within raw. Only a key of that name that holds a list is one: in a text every quote is
// escaped, and a label of that name holds a text.
func withoutManagedFields(raw []byte) []byte {
	for from := 0; ; {
		i := bytes.Index(raw[from:], managedFieldsKey)
		if i < 0 {
			return raw
		}
		from += i + len(managedFieldsKey)
		start := from
		for start < len(raw) && (raw[start] == ':' || raw[start] <= ' ') {
			start++
		}
		if start == from || start == len(raw) || raw[start] != '[' {
			continue
		}
		var n nesting
		used, done := n.scan(raw[start:])
		if !done {
			return raw // broken; the decoder says where
		}
		return append(append(raw[:start], '[', ']'), raw[start+used:]...)
	}
}
