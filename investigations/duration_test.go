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
