package redact

import (
	"strings"
	"testing"

	"github.com/oombot/oombot/investigations/redact/redacttest"
)

// beyond are what is known to get through: a kind, and the places and forms where it does. Each has its reason.
var beyond = map[string][]string{
	// A line of a password file has no name before it and no form of its own: only as a line by itself it is one.
	"pgpass": {"event", "alert", "gitops", "JSON log", "kernel log", "pull error", "profile", "fact", "note", "in a sentence", "in brackets", "Go quoted", "JSON", "JSON in JSON", "JSON with escaped quotation marks"},
	// The first line of a key without its title is random text like any other where words stand before it, and so is a
	// key in one line without either end.
	"key-without-head": {"event", "alert", "coloured line", "cut in Go quotes", "cut in JSON"},
	// Colours before each line hide how deep it is indented.
	"yaml-block": {"coloured line"},
}

func known(k redacttest.Kind, where string) bool {
	for _, w := range beyond[k.Name] {
		if w == where {
			return true
		}
	}
	return false
}

// redacted returns what a place holds as the program hands it on.
func redacted(t *testing.T, p redacttest.Place, k redacttest.Kind) string {
	text := p.Write(k)
	switch {
	case p.JSON:
		clean, err := JSON([]byte(text))
		if err != nil {
			t.Fatalf("%s in %s: %v", k.Name, p.Name, err)
		}
		return string(clean)
	case strings.HasSuffix(p.Name, "log"):
		return string(Log([]byte(text)))
	}
	return Text(text)
}

func TestNoKindGetsOutOfAnyPlace(t *testing.T) {
	through := 0
	for _, k := range redacttest.Kinds() {
		for _, p := range redacttest.Places() {
			clean := redacted(t, p, k)
			switch leak := k.Leaks(clean); {
			case leak != "" && !known(k, p.Name):
				t.Errorf("%s leaks %q from %s:\n%s", k.Name, leak, p.Name, clean)
			case leak != "":
				through++
			}
			if again := Text(clean); !p.JSON && again != clean {
				t.Errorf("%s in %s: masked twice it became\n%s", k.Name, p.Name, again)
			}
		}
	}
	if through > 12 {
		t.Errorf("%d get through that are known to", through)
	}
}

func TestNoKindGetsOutInAnyForm(t *testing.T) {
	through := 0
	for _, k := range redacttest.Kinds() {
		for _, f := range redacttest.Forms() {
			switch leak := k.Leaks(Text(f.Write(k))); {
			case leak != "" && !known(k, f.Name):
				t.Errorf("%s leaks %q in the form %s: %q", k.Name, leak, f.Name, Text(f.Write(k)))
			case leak != "":
				through++
			}
		}
	}
	if through > 12 {
		t.Errorf("%d get through that are known to", through)
	}
}

// TestValuesOfTheirNames has the kinds that are variables: the name alone is to make the value secret.
func TestValuesOfTheirNames(t *testing.T) {
	looked := 0
	for _, k := range redacttest.Kinds() {
		name, value, ok := strings.Cut(k.Text, "=")
		if !ok || len(k.Secrets) != 1 || value != k.Secrets[0] {
			continue
		}
		looked++
		if got := Value(name, value); k.Leaks(got) != "" {
			t.Errorf("%s: the value of %s is %q", k.Name, name, got)
		}
	}
	if looked < 15 {
		t.Errorf("only %d variables", looked)
	}
}
