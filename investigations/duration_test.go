package investigations

import (
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	const day = 24 * time.Hour
	tests := []struct {
		text string
		want time.Duration
		ok   bool
	}{
		{"24h", day, true},
		{"7d", 7 * day, true},
		{"1d12h", 36 * time.Hour, true},
		{"2w", 14 * day, true},
		{"1w1d1m", 8*day + time.Minute, true},
		{"0", 0, true},
		{"", 0, false},
		{"d", 0, false},
		{"1d1w", 0, false},
		{"-1h", 0, false},
		{"-1d", 0, false},
		{"1d-1h", 0, false},
		{"1.5d", 0, false},
		{"10", 0, false},
		{"99999999d", 0, false},
		{"106751d2562047h", 0, false},
	}
	for _, tt := range tests {
		got, err := ParseDuration(tt.text)
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("ParseDuration(%q) = %s, %v", tt.text, got, err)
		}
	}
}

func TestParseWindow(t *testing.T) {
	for text, want := range map[string]time.Duration{"30d": MaxWindow, "720h": MaxWindow, "30m": 30 * time.Minute} {
		if got, err := ParseWindow(text); got != want || err != nil {
			t.Errorf("ParseWindow(%q) = %s, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"0":       `window "0" is no duration: write it as 24h, 7d or 30m`,
		"soon":    `window "soon" is no duration: write it as 24h, 7d or 30m`,
		"30d1s":   `window "30d1s" is too long: at most 30d`,
		"a\x1b[m": "window \"a\ufffd[m\" is no duration: write it as 24h, 7d or 30m",
	} {
		if _, err := ParseWindow(text); err == nil || err.Error() != want {
			t.Errorf("ParseWindow(%q): %v, want %s", text, err, want)
		}
	}
}

func TestParseTime(t *testing.T) {
	want := time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC)
	for _, s := range []string{
		"2026-03-04T02:17:09Z", "2026-03-04t02:17:09z", "2026-03-04T03:17:09+01:00", "2026-03-04 02:17:09Z", "2026-03-04 02:17:09 Z",
		"2026-03-04 03:17:09 +0100", "2026-03-04T02:17:09", "2026-03-04 02:17:09", "2026-03-04T02:17:09.000Z",
	} {
		if got, err := ParseTime(s); err != nil || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%q: %s, %v", s, got, err)
		}
	}
	if got, err := ParseTime("2026-03-04T02:17Z"); err != nil || !got.Equal(want.Truncate(time.Minute)) {
		t.Errorf("without seconds: %s, %v", got, err)
	}
	for _, s := range []string{"", "now", "1772590629", "1969-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2026-03-04", "2026-13-04T02:17:09Z"} {
		if got, err := ParseTime(s); err == nil {
			t.Errorf("%q is taken for %s", s, got)
		}
	}
}
