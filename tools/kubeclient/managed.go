package kubeclient

import (
	"bytes"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/oombot/oombot/investigations"
)

// maxFields is how many paths of an entry are kept.
const maxFields = 200

// changes converts managedFields, without the entries on the status, in ascending order of time. An entry whose
// paths can't be read keeps its manager and time.
func (c *Converter) changes(entries []metav1.ManagedFieldsEntry) []investigations.ManagedChange {
	var out []investigations.ManagedChange
	for i := range entries {
		e := &entries[i]
		if e.Subresource == "status" {
			continue
		}
		m := investigations.ManagedChange{
			Manager: c.text(e.Manager), Operation: c.text(string(e.Operation)), At: timeOf(e.Time),
		}
		if e.FieldsV1 != nil {
			c.addFields(&m, e.FieldsV1.GetRawBytes())
		}
		out = append(out, m)
	}
	slices.SortStableFunc(out, func(a, b investigations.ManagedChange) int { return a.At.Compare(b.At) })
	return out
}

func (c *Converter) addFields(m *investigations.ManagedChange, raw []byte) {
	var set fieldpath.Set
	if set.FromJSON(bytes.NewReader(raw)) != nil {
		return
	}
	n := 0
	set.Leaves().Iterate(func(p fieldpath.Path) {
		path := strings.TrimPrefix(p.String(), ".")
		m.Memory = m.Memory || ownsMemory(path)
		if n++; n <= maxFields {
			m.Fields = append(m.Fields, c.text(path))
		}
	})
}

// ownsMemory says that a path is one of the memory requests or limits of a pod or its containers, or holds them
// as a whole: the items of a LimitRange are one value to managedFields.
func ownsMemory(path string) bool {
	path, isMemory := strings.CutSuffix(path, ".memory")
	if !isMemory {
		return path == "spec.limits" || strings.HasSuffix(path, ".resources")
	}
	return strings.HasSuffix(path, ".resources.limits") || strings.HasSuffix(path, ".resources.requests")
}
