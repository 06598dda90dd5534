package logs

import (
	"testing"
	"time"
)

func TestStamps(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return v.UTC()
	}
	tests := []struct{ line, want, rest string }{
		{"2026-03-04T02:17:09.123456789Z hello", "2026-03-04T02:17:09.123456789Z", "hello"},
		{"2026-03-04T03:17:09+01:00 hello", "2026-03-04T02:17:09Z", "hello"},
		{"2026-03-04T02:17:09Z", "2026-03-04T02:17:09Z", ""},
		{"2026-03-04T02:17:09Z ", "2026-03-04T02:17:09Z", ""},
		{"2026-03-04T02:17:09.1Z stderr F hello", "2026-03-04T02:17:09.1Z", "hello"},
		{"2026-03-04T02:17:09.1Z stdout P hel", "2026-03-04T02:17:09.1Z", "hel"},
		{"2026-03-04T02:17:09.1Z stderr Fallback", "2026-03-04T02:17:09.1Z", "stderr Fallback"},
		{"2026-03-04 02:17:09,123 INFO x", "2026-03-04T02:17:09.123Z", "="},
		{"2026-03-04 02:17:09.123+01:00 INFO x", "2026-03-04T01:17:09.123Z", "="},
		{"2026-03-04 02:17:09 +0100 x", "2026-03-04T01:17:09Z", "="},
		{"[2026-03-04 02:17:09 +0000] [1] [ERROR] x", "2026-03-04T02:17:09Z", "="},
		{"2026/03/04 02:17:09 main.go:7: x", "2026-03-04T02:17:09Z", "="},
		{"[04/Mar/2026:02:17:09 +0000] GET /", "2026-03-04T02:17:09Z", "="},
		{`{"time":"2026-03-04T02:17:09.5Z","msg":"x"}`, "2026-03-04T02:17:09.5Z", "="},
		{`{"level":"info","ts":1772590629.5,"msg":"x"}`, "2026-03-04T02:17:09.5Z", "="},
		{`{"timestamp": 1772590629500, "msg":"x"}`, "2026-03-04T02:17:09.5Z", "="},
		{`{"t":1772590629500000000}`, "2026-03-04T02:17:09.5Z", "="},
		{`{"ts":7}`, "", "="},
		{`{"ts":1772590629500000}`, "2026-03-04T02:17:09.5Z", "="},
		{`{"ts":1e300}`, "", "="},
		{`{"ts":9.1e18}`, "", "="},
		{`{"ts":17725`, "", "="},
		{`{"ts":"2026-03-04T`, "", "="},
		{`{"ts":{"a":1}}`, "", "="},
		{`{"msg":"no time"}`, "", "="},
		{`{"ts":"soon"}`, "", "="},
		{"12 monkeys and a long enough line", "", "="},
		{"99/99/9999 99:99:99 x", "", "="},
		{"2026-03-04T", "", "="},
		{"", "", "="},
	}
	for _, tt := range tests {
		var s stamper
		got, rest := s.read([]byte(tt.line))
		want := time.Time{}
		if tt.want != "" {
			want = at(tt.want)
		}
		if tt.rest == "=" {
			tt.rest = tt.line
		}
		if !got.Equal(want) || string(rest) != tt.rest {
			t.Errorf("%q: %s %q, want %s %q", tt.line, got, rest, want, tt.rest)
		}
	}
}

// TestStampOfLinesWithout: a stack trace has the time of its first line.
func TestStampOfLinesWithout(t *testing.T) {
	var s stamper
	if at, _ := s.read([]byte("\tat java.util.Arrays.copyOf")); !at.IsZero() {
		t.Errorf("a time from nowhere: %s", at)
	}
	want, _ := s.read([]byte("2026-03-04 02:17:09,123 ERROR x"))
	for range maxMisses + 1 {
		if at, _ := s.read([]byte("\tat java.util.Arrays.copyOf")); !at.Equal(want) {
			t.Fatalf("%s, want %s", at, want)
		}
	}
	// Only the form of kubectl is looked for by now.
	if at, _ := s.read([]byte("2026-03-04T05:00:00Z x")); !at.Equal(time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC)) {
		t.Errorf("kubectl's time is not read any more: %s", at)
	}
}
