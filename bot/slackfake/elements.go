package slackfake

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// element is what a person can press or fill in.
type element struct {
	BlockID  string
	Type     string            `json:"type"`
	ActionID string            `json:"action_id"`
	Text     json.RawMessage   `json:"text"`
	Value    string            `json:"value"`
	Options  []json.RawMessage `json:"options"`
	Groups   []struct {
		Options []json.RawMessage `json:"options"`
	} `json:"option_groups"`
	Positive *struct {
		Text  json.RawMessage `json:"text"`
		Value string          `json:"value"`
	} `json:"positive_button"`
	Negative *struct {
		Text  json.RawMessage `json:"text"`
		Value string          `json:"value"`
	} `json:"negative_button"`
	Initial        string            `json:"initial_value"`
	InitialOption  json.RawMessage   `json:"initial_option"`
	InitialOptions []json.RawMessage `json:"initial_options"`
	// Optional inputs may be left empty; Input says that it is one.
	Input, Optional bool
}

// elements returns what can be pressed or filled in, in order.
func elements(raw json.RawMessage) []element {
	var all []struct {
		BlockID   string            `json:"block_id"`
		Type      string            `json:"type"`
		Elements  []json.RawMessage `json:"elements"`
		Accessory json.RawMessage   `json:"accessory"`
		Element   json.RawMessage   `json:"element"`
		Optional  bool              `json:"optional"`
	}
	if len(raw) == 0 || json.Unmarshal(raw, &all) != nil {
		return nil
	}
	var out []element
	for _, b := range all {
		parts := slices.Clone(b.Elements)
		if b.Type != "actions" && b.Type != "context_actions" {
			parts = nil
		}
		for _, p := range append(parts, b.Accessory, b.Element) {
			var e element
			if len(p) == 0 || json.Unmarshal(p, &e) != nil || e.ActionID == "" {
				continue
			}
			e.BlockID, e.Input, e.Optional = b.BlockID, b.Type == "input", b.Optional
			out = append(out, e)
		}
	}
	return out
}

// find returns the element with an action id.
func find(all []element, action string) (element, error) {
	var have []string
	for _, e := range all {
		if e.ActionID == action {
			return e, nil
		}
		have = append(have, e.ActionID)
	}
	return element{}, fmt.Errorf("find action %q: there is only %s", action, strings.Join(have, ", "))
}

// action is the part of an interaction that says what was pressed, with value where the element has several.
func (e element) action(value, ts string) (object, error) {
	o := object{"action_id": e.ActionID, "block_id": e.BlockID, "type": e.Type, "action_ts": ts}
	switch e.Type {
	case "button", "icon_button", "workflow_button":
		if value != "" && value != e.Value {
			return nil, fmt.Errorf("press %q: its value is %q and not %q", e.ActionID, e.Value, value)
		}
		o["text"], o["value"] = e.Text, e.Value
		if e.Value == "" {
			delete(o, "value")
		}
		return o, nil
	case "feedback_buttons":
		for _, b := range []struct {
			Text  json.RawMessage
			Value string
		}{{e.Positive.Text, e.Positive.Value}, {e.Negative.Text, e.Negative.Value}} {
			if b.Value == value || value == "" {
				o["text"], o["value"] = b.Text, b.Value
				return o, nil
			}
		}
		return nil, fmt.Errorf("press %q: its values are %q and %q and not %q", e.ActionID, e.Positive.Value, e.Negative.Value, value)
	}
	v, err := e.state(value)
	if err != nil {
		return nil, err
	}
	for k, v := range v {
		o[k] = v
	}
	return o, nil
}

// state is what an input says it holds, with the value that a person gave.
func (e element) state(value string) (object, error) {
	o := object{"type": e.Type}
	switch {
	case strings.HasSuffix(e.Type, "_input"):
		o["value"] = value
		if value == "" {
			o["value"] = nil
		}
	case e.Type == "checkboxes" || strings.HasPrefix(e.Type, "multi_static"):
		chosen := []json.RawMessage{}
		for v := range strings.SplitSeq(value, ",") {
			if v == "" {
				continue
			}
			opt, err := e.option(v)
			if err != nil {
				return nil, err
			}
			chosen = append(chosen, opt)
		}
		o["selected_options"] = chosen
	case len(e.Options) > 0 || len(e.Groups) > 0:
		o["selected_option"] = nil
		if value != "" {
			opt, err := e.option(value)
			if err != nil {
				return nil, err
			}
			o["selected_option"] = opt
		}
	default:
		name, ok := map[string]string{
			"users_select": "selected_user", "channels_select": "selected_channel", "conversations_select": "selected_conversation",
			"datepicker": "selected_date", "timepicker": "selected_time", "datetimepicker": "selected_date_time",
		}[e.Type]
		if !ok {
			return nil, fmt.Errorf("fill in %q: the stand-in can't fill in a %s", e.ActionID, e.Type)
		}
		o[name] = value
	}
	return o, nil
}

// option finds an option by its value.
func (e element) option(value string) (json.RawMessage, error) {
	all := slices.Clone(e.Options)
	for _, g := range e.Groups {
		all = append(all, g.Options...)
	}
	var have []string
	for _, raw := range all {
		var o struct{ Value string }
		if json.Unmarshal(raw, &o) == nil && o.Value == value {
			return raw, nil
		}
		have = append(have, o.Value)
	}
	return nil, fmt.Errorf("choose %q of %q: there is only %s", value, e.ActionID, strings.Join(have, ", "))
}

// initial is the value that an input starts with.
func (e element) initial() string {
	values := []string{}
	for _, raw := range append(slices.Clone(e.InitialOptions), e.InitialOption) {
		var o struct{ Value string }
		if len(raw) > 0 && json.Unmarshal(raw, &o) == nil && o.Value != "" {
			values = append(values, o.Value)
		}
	}
	if len(values) > 0 {
		return strings.Join(values, ",")
	}
	return e.Initial
}
