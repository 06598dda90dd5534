package redacttest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKindsHoldTheirSecrets(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Kinds() {
		if seen[k.Name] {
			t.Errorf("two kinds are called %s", k.Name)
		}
		seen[k.Name] = true
		if len(k.Secrets) == 0 {
			t.Errorf("%s has no secret", k.Name)
		}
		for _, s := range k.Secrets {
			if len(s) < 8 || !strings.Contains(k.Text, s) {
				t.Errorf("%s: %q does not hold %q", k.Name, k.Text, s)
			}
		}
		if k.Leaks(k.Text) == "" || k.Leaks("nothing of it") != "" {
			t.Errorf("%s does not tell what leaks", k.Name)
		}
		if strings.ContainsAny(k.Text, "«»") || strings.Contains(k.Text, "{alnum") || strings.Contains(k.Text, "{hex") || strings.Contains(k.Text, "{base64") {
			t.Errorf("%s was not made whole: %q", k.Name, k.Text)
		}
	}
	if len(seen) < 150 {
		t.Errorf("only %d kinds", len(seen))
	}
}

func TestKindsAreTheSameEachTime(t *testing.T) {
	if diff := cmp.Diff(Kinds(), Kinds()); diff != "" {
		t.Error(diff)
	}
}

func TestLeaksFindsPieces(t *testing.T) {
	k := Kind{Secrets: []string{"0123456789abcdefghij", "short123"}}
	for text, want := range map[string]string{
		"x 23456789abcd y": "23456789abcd", "x 0123456789abcdefghij": "0123456789abcdefghij", "short123!": "short123", "short12 456789abcde": "",
	} {
		if got := k.Leaks(text); got != want {
			t.Errorf("of %q %q leaks, want %q", text, got, want)
		}
	}
}

func TestPlacesAndFormsHoldThem(t *testing.T) {
	for _, k := range Kinds() {
		for _, p := range Places() {
			text := p.Write(k)
			if p.JSON && !json.Valid([]byte(text)) {
				t.Errorf("%s in %s is no JSON: %s", k.Name, p.Name, text)
			}
			if k.Leaks(text) == "" {
				t.Errorf("%s is not in %s: %s", k.Name, p.Name, text)
			}
		}
		for _, f := range Forms() {
			text := f.Write(k)
			if strings.HasPrefix(f.Name, "cut") && strings.Contains(text, k.Secrets[len(k.Secrets)-1]) {
				t.Errorf("%s is not cut: %q", k.Name, text)
			}
			if !strings.HasPrefix(f.Name, "cut") && k.Leaks(text) == "" {
				t.Errorf("%s is not in the form %s: %q", k.Name, f.Name, text)
			}
		}
	}
}
