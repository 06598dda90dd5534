package loki

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// Entry is one entry of a stream.
type Entry struct {
	At time.Time
	// Line is the entry's text; it may have several lines.
	Line string
	// Labels are those of its stream, which other entries share: they must not be changed.
	Labels map[string]string
	// Metadata is the entry's structured metadata, where the server tells it apart from the labels.
	Metadata map[string]string
	// stream tells the streams of one answer apart.
	stream string
}

// stream is one stream of an answer.
type stream struct {
	Labels map[string]string `json:"stream"`
	Values []value           `json:"values"`
}

// value is [nanoseconds, line] or [nanoseconds, line, metadata].
type value struct {
	at       time.Time
	line     string
	metadata map[string]string
}

// UnmarshalJSON implements json.Unmarshaler.
func (v *value) UnmarshalJSON(b []byte) error {
	var parts []json.RawMessage
	if err := json.Unmarshal(b, &parts); err != nil {
		return err
	}
	if len(parts) != 2 && len(parts) != 3 {
		return fmt.Errorf("an entry has %d parts", len(parts))
	}
	var at string
	if err := json.Unmarshal(parts[0], &at); err != nil {
		return err
	}
	ns, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return errors.New("an entry's time is no number of nanoseconds")
	}
	var line *string
	if err := json.Unmarshal(parts[1], &line); err != nil || line == nil {
		return errors.New("an entry's line is no text")
	}
	*v = value{at: time.Unix(0, ns).UTC(), line: *line}
	if len(parts) == 3 {
		return v.readMetadata(parts[2])
	}
	return nil
}

// readMetadata reads the third part of an entry: names and values, or, where the server sorts them by where
// they come from, objects of these.
func (v *value) readMetadata(b []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(b, &members); err != nil {
		return errors.New("an entry's metadata is no object")
	}
	for name, raw := range members {
		var text string
		if json.Unmarshal(raw, &text) == nil {
			v.note(name, text)
			continue
		}
		var group map[string]string
		if err := json.Unmarshal(raw, &group); err != nil {
			return errors.New("an entry's metadata holds something that is no text")
		}
		for name, text := range group {
			v.note(name, text)
		}
	}
	return nil
}

func (v *value) note(name, text string) {
	if v.metadata == nil {
		v.metadata = map[string]string{}
	}
	v.metadata[name] = text
}

// decode reads the answer to a query of lines. The entries are in the order of time, and within a stream those
// of the same moment in the server's order; backward says in which direction the answer is. Only the server's
// forward order is to be relied on for entries of the same moment.
func decode(body []byte, backward bool) ([]Entry, []string, error) {
	var answer struct {
		Status string `json:"status"`
		Data   struct {
			ResultType string   `json:"resultType"`
			Result     []stream `json:"result"`
		} `json:"data"`
		Warnings []string `json:"warnings"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, nil, garbage("log lines", err)
	}
	switch {
	case answer.Status != "success":
		return nil, nil, garbage("log lines", fmt.Errorf("its status is %q", answer.Status))
	case answer.Data.ResultType != "streams":
		return nil, nil, garbage("log lines", fmt.Errorf("its type is %q, and not streams", answer.Data.ResultType))
	}
	var entries []Entry
	for _, s := range answer.Data.Result {
		key, err := json.Marshal(s.Labels) // sorts the names
		if err != nil {
			return nil, nil, garbage("log lines", err)
		}
		if backward {
			slices.Reverse(s.Values)
		}
		for _, v := range s.Values {
			entries = append(entries, Entry{At: v.at, Line: v.line, Labels: s.Labels, Metadata: v.metadata, stream: string(key)})
		}
	}
	sortByTime(entries)
	for i, w := range answer.Warnings {
		answer.Warnings[i] = investigations.CleanText(w, 200)
	}
	return entries, answer.Warnings, nil
}

// sortByTime puts entries in the order of time, and those of one moment by their streams, so that the order does
// not depend on the sizes of pages.
func sortByTime(entries []Entry) {
	slices.SortStableFunc(entries, func(a, b Entry) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(a.stream, b.stream))
	})
}
