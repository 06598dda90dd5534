package blocks

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// Fill returns blocks (an array) that passed the check as Slack hands them back: every block and every interactive element has an
// id, and text objects say what their defaults are. The ids come from newID.
func Fill(raw []byte, newID func() string) (json.RawMessage, error) {
	v, err := decode(raw)
	if err != nil {
		return nil, err
	}
	a, _ := v.([]any)
	for _, b := range a {
		m, ok := b.(map[string]any)
		if !ok {
			continue
		}
		if _, ok := m["block_id"]; !ok {
			m["block_id"] = newID()
		}
		fill(m, newID, true)
	}
	return encode(v)
}

// encode writes JSON as Slack's answers have it, without the escapes for HTML.
func encode(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

// fill walks a block and the objects in it.
func fill(m map[string]any, newID func() string, top bool) {
	switch kind, _ := m["type"].(string); {
	case kind == "plain_text":
		setDefault(m, "emoji", true)
	case kind == "mrkdwn":
		setDefault(m, "verbatim", false)
	case !top && takesAction(kind):
		setDefault(m, "action_id", newID())
	}
	for _, v := range m {
		switch v := v.(type) {
		case map[string]any:
			fill(v, newID, false)
		case []any:
			for _, e := range v {
				if e, ok := e.(map[string]any); ok {
					fill(e, newID, false)
				}
			}
		}
	}
}

func setDefault(m map[string]any, name string, v any) {
	if _, ok := m[name]; !ok {
		m[name] = v
	}
}

func takesAction(kind string) bool {
	if kind == "image" {
		return false
	}
	_, a := accessories[kind]
	_, b := inputs[kind]
	_, c := contextActions[kind]
	return a || b || c
}

// Length returns how many characters of text the blocks have in all: what Slack bounds for a whole message. It
// is 0 for what is no JSON.
func Length(raw []byte) int {
	v, err := decode(raw)
	if err != nil {
		return 0
	}
	return length(v)
}

func length(v any) int {
	n := 0
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			n += length(e)
		}
	case map[string]any:
		for name, e := range v {
			if s, ok := e.(string); ok && name == "text" {
				n += utf8.RuneCountInString(s)
				continue
			}
			n += length(e)
		}
	}
	return n
}
