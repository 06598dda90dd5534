package slackio

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// object is a JSON object of which nothing is known for sure: what isn't there, or is of another type than asked for,
// reads as empty.
type object map[string]any

// parseObject reads one JSON object.
func parseObject(data []byte) (object, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var o object
	if err := d.Decode(&o); err != nil {
		return nil, fmt.Errorf("read JSON object: %w", err)
	}
	return o, nil
}

// str is a text or a number.
func (o object) str(key string) string { return scalar(o[key]) }

// id is an id, which stands by itself or as the id of an object.
func (o object) id(key string) string {
	if s := o.str(key); s != "" {
		return s
	}
	return o.obj(key).str("id")
}

// flag is true where the value is.
func (o object) flag(key string) bool {
	b, ok := o[key].(bool)
	return ok && b
}

// obj is an object; nil, from which can be read, where there is none.
func (o object) obj(key string) object { return asObject(o[key]) }

// list is an array.
func (o object) list(key string) []any {
	l, ok := o[key].([]any)
	if !ok {
		return nil
	}
	return l
}

// first returns the first of the keys' texts that isn't empty.
func (o object) first(keys ...string) string {
	for _, key := range keys {
		if s := o.str(key); s != "" {
			return s
		}
	}
	return ""
}

func asObject(v any) object {
	switch m := v.(type) {
	case map[string]any:
		return m
	case object:
		return m
	}
	return nil
}

func scalar(v any) string {
	switch s := v.(type) {
	case string:
		return s
	case json.Number:
		return s.String()
	}
	return ""
}

// tsTime is the time of a ts, as 1700000000.123456; zero where it is none.
func tsTime(ts string) time.Time {
	whole, frac, _ := strings.Cut(ts, ".")
	sec, err := strconv.ParseInt(whole, 10, 64)
	// A ts beyond the year 9999 has no JSON form as a time.
	if err != nil || sec <= 0 || sec >= 253402300800 {
		return time.Time{}
	}
	frac = (frac + "000000000")[:9]
	nsec, err := strconv.ParseInt(frac, 10, 64)
	if err != nil || nsec < 0 {
		nsec = 0
	}
	return time.Unix(sec, nsec).UTC()
}

// timeTS is the ts of a time.
func timeTS(t time.Time) string {
	return fmt.Sprintf("%d.%06d", t.Unix(), t.Nanosecond()/1000)
}

// rawPayload is the payload of a frame as it came; nil where there is none.
func rawPayload(frame []byte) json.RawMessage {
	var f struct {
		Payload json.RawMessage `json:"payload"`
	}
	// It was read as an object before; only a payload that is missing is left.
	if err := json.Unmarshal(frame, &f); err != nil {
		return nil
	}
	return f.Payload
}
