package alerts

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// loose is a JSON object whose fields are read one by one, so that a field of the wrong type costs itself only.
type loose map[string]json.RawMessage

// object reads a JSON object; nil where it is none.
func object(raw json.RawMessage) loose {
	var o loose
	if json.Unmarshal(raw, &o) != nil {
		return nil
	}
	return o
}

// text returns a field as a text: a string, a number or a truth value; "" for all else.
func (o loose) text(name string) string { return scalar(o[name]) }

func scalar(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return ""
	}
	switch raw[0] {
	case '"':
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return ""
		}
		return s
	case '{', '[', 'n':
		return ""
	}
	return string(raw)
}

// object returns a field that is an object; nil where it is none.
func (o loose) object(name string) loose {
	if raw, ok := o[name]; ok {
		return object(raw)
	}
	return nil
}

// has says whether one of the fields is there.
func (o loose) has(names ...string) bool {
	for _, n := range names {
		if _, ok := o[n]; ok {
			return true
		}
	}
	return false
}

// labels returns the scalar fields of an object as labels.
func (o loose) labels() labels {
	out := make(labels, len(o))
	for name, raw := range o {
		if v := scalar(raw); v != "" && len(v) <= 16*maxText {
			out[labelKey(name)] = v
		}
	}
	return out
}

// moment reads a time; zero where it is none, or one that JSON can't hold.
func moment(s string) time.Time {
	s = strings.TrimSpace(s)
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		seconds, err := strconv.ParseInt(s, 10, 64)
		if err != nil || seconds <= 0 || seconds > 1<<40 {
			return time.Time{}
		}
		t = time.Unix(seconds, 0)
	}
	// Year 1 stands for none in Go's own JSON, whatever the zone.
	if t = t.UTC(); t.Year() <= 1 || t.Year() > 9998 {
		return time.Time{}
	}
	return t
}
