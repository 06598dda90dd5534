package glob

import (
	"errors"
	"path"
	"testing"
)

func TestMatch(t *testing.T) {
	for _, tt := range []struct {
		pattern, name string
		want          bool
	}{
		{"shop", "shop", true},
		{"shop", "shops", false},
		{"pay-*", "pay-eu", true},
		{"pay-*", "pay-", true},
		{"*", "shop", true},
		{"*", "shop/checkout", false},
		{"*", "", true},
		{"", "", true},
		{"", "shop", false},
		{"s?op", "shop", true},
		{"team-[a-c]", "team-b", true},
		{"team-[^a-c]", "team-b", false},
		{`a\*`, "a*", true},
		{"shop/*", "shop/checkout", true},
		{"*/*", "shop/checkout", true},
		{"deployment/check*", "deployment/checkout", true},
	} {
		if err := Check(tt.pattern); err != nil {
			t.Errorf("%q is refused: %v", tt.pattern, err)
		}
		if got := Match(tt.pattern, tt.name); got != tt.want {
			t.Errorf("Match(%q, %q) = %t", tt.pattern, tt.name, got)
		}
	}
}

// TestMalformed has patterns that are none, as a whole or in a part: they are refused, and mean nothing, not even themselves.
func TestMalformed(t *testing.T) {
	for _, pattern := range []string{"[", "a[", "[a", "[]", "[a-]", "[-a]", `a\`, "shop/[", "[/checkout", "[a/b]", `a\/b`, "*[", "shop/deployment/["} {
		if err := Check(pattern); !errors.Is(err, path.ErrBadPattern) {
			t.Errorf("%q is taken: %v", pattern, err)
		}
		for _, name := range []string{pattern, "", "a", "shop", "a/b"} {
			if Match(pattern, name) {
				t.Errorf("%q means %q", pattern, name)
			}
		}
	}
}

func TestMatchAny(t *testing.T) {
	all := []string{"[", "shop", "pay-*"}
	for name, want := range map[string]bool{"shop": true, "pay-eu": true, "[": false, "web": false} {
		if got := MatchAny(all, name); got != want {
			t.Errorf("MatchAny(%q, %q) = %t", all, name, got)
		}
	}
	if MatchAny(nil, "shop") {
		t.Error("none mean a name")
	}
}

func TestPlain(t *testing.T) {
	for pattern, want := range map[string]bool{"shop": true, "team-blue": true, "": true, "pay-*": false, "s?op": false, "[ab]": false, `a\b`: false} {
		if got := Plain(pattern); got != want {
			t.Errorf("Plain(%q) = %t", pattern, got)
		}
	}
}

// FuzzMatch wants a plain pattern to mean itself, and a malformed one nothing.
func FuzzMatch(f *testing.F) {
	for _, seed := range [][2]string{{"shop", "shop"}, {"pay-*", "pay-eu"}, {"[a/b]", "a"}, {`a\`, `a\`}, {"", ""}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		got := Match(pattern, name)
		if got && Check(pattern) != nil {
			t.Errorf("%q is malformed, and means %q", pattern, name)
		}
		if Plain(pattern) && got != (pattern == name) {
			t.Errorf("%q is plain, and Match of %q is %t", pattern, name, got)
		}
	})
}
