package suggest

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	commands := []string{"completion", "demo", "eval", "help", "investigate", "kernlog", "version"}
	tests := []struct{ word, want string }{
		{"evla", "eval"},
		{"EVAL", "eval"},
		{"kernlg", "kernlog"},
		{"kernellog", "kernlog"},
		{"investgiate", "investigate"},
		{"inv", "investigate"},
		{"dmo", "demo"},
		{"vers", "version"},
		{"x", ""},
		{"", ""},
		{"history", ""},
		{"frobnicate", ""},
		{strings.Repeat("investigate", 100), ""},
		{"démo", "demo"},
	}
	for _, tt := range tests {
		if got := Nearest(tt.word, commands); got != tt.want {
			t.Errorf("Nearest(%.20q) = %q, want %q", tt.word, got, tt.want)
		}
	}
}

func TestDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"a", "", 1},
		{"", "abc", 3},
		{"kitten", "sitting", 3},
		{"json", "jsn", 1},
		{"text", "json", 4},
		{"ä", "a", 1},
	}
	for _, tt := range tests {
		if got := Distance(tt.a, tt.b); got != tt.want {
			t.Errorf("Distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
