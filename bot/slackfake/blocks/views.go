package blocks

import "fmt"

const maxTitle = 24

// CheckView returns what Slack would refuse in the JSON object of a modal or a Home tab; its type says which of
// the two it is. The error is ErrFormat, where the bytes are no JSON object.
func CheckView(raw []byte) ([]Fault, error) {
	v, err := decode(raw)
	if err != nil {
		return nil, err
	}
	if _, ok := v.(map[string]any); !ok {
		return nil, fmt.Errorf("%w: no JSON object", ErrFormat)
	}
	c := &checker{}
	view(c, "/view", v)
	return c.faults, nil
}

var viewFields = map[string]check{
	"type": anything, "callback_id": text(0, maxID), "private_metadata": text(0, 3000), "external_id": text(0, maxID),
}

var view = typed(map[string]check{
	"modal": all(object([]string{"type", "title", "blocks"}, with(viewFields, map[string]check{
		"title": plain(maxTitle), "blocks": array(Modal), "submit": plain(maxTitle), "close": plain(maxTitle),
		"clear_on_close": boolean, "notify_on_close": boolean, "submit_disabled": boolean,
	})), inputNeedsSubmit),
	"home": object([]string{"type", "blocks"}, with(viewFields, map[string]check{"blocks": array(Home)})),
})

// inputNeedsSubmit is a check that a modal with something to fill in has a button that sends it.
func inputNeedsSubmit(c *checker, at string, v any) {
	m, _ := v.(map[string]any)
	if _, ok := m["submit"]; ok {
		return
	}
	a, _ := m["blocks"].([]any)
	for _, b := range a {
		b, _ := b.(map[string]any)
		if b["type"] == "input" {
			c.fault(at, "missing required field: submit")
			return
		}
	}
}
