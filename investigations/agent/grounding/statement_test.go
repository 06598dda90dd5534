package grounding

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oombot/oombot/investigations"
)

// loadCase reads the result document of an example, as the rules wrote it.
func loadCase(t testing.TB, name string) Case {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "statements", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var res investigations.Result
	if err := json.Unmarshal(data, &res); err != nil {
		t.Fatalf("read %s: %v", name, err)
	}
	return Case{Facts: res.Facts, Result: &res, Verdict: res.Verdict}
}

// factsByID returns the facts of the case with those ids.
func factsByID(t testing.TB, c Case, ids []string) []investigations.Fact {
	t.Helper()
	var cited []investigations.Fact
	for _, id := range ids {
		found := false
		for _, f := range c.Facts {
			if f.ID == id {
				cited, found = append(cited, f), true
			}
		}
		if !found {
			t.Fatalf("the example has no fact %s", id)
		}
	}
	return cited
}

// spoken is a line of a table of sentences.
type spoken struct {
	example, field, text string
}

func readSpoken(t testing.TB, name string) []spoken {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "statements", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []spoken
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		head, text, ok := strings.Cut(line, ": ")
		if !ok {
			t.Fatalf("%s: no colon in %q", name, line)
		}
		s := spoken{field: "explanation", text: text}
		s.example, _, ok = strings.Cut(head, " headline")
		if ok {
			s.field = "headline"
		}
		all = append(all, s)
	}
	return all
}

// allSpoken returns the tables whose names begin with kind.
func allSpoken(t testing.TB, kind string) []spoken {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "statements", kind+"*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no table of %s sentences: %v", kind, err)
	}
	var all []spoken
	for _, f := range files {
		all = append(all, readSpoken(t, filepath.Base(f))...)
	}
	return all
}

// refusals are the reasons for which a text is refused, of the statements in it.
func refusals(t testing.TB, c Case, field, text string) []Reason {
	t.Helper()
	var all []Reason
	for _, s := range Sentences(text) {
		all = append(all, Statements(c, field, s, factsByID(t, c, s.Cites))...)
	}
	return append(all, MarkupIn(c, field, text)...)
}

func TestTrueStatementsPass(t *testing.T) {
	for _, s := range allSpoken(t, "true") {
		c := loadCase(t, s.example)
		for _, r := range refusals(t, c, s.field, s.text) {
			t.Errorf("%s: %q was refused: %s: %s", s.example, s.text, r.Kind, r.Says)
		}
	}
}

func TestFalseStatementsAreRefused(t *testing.T) {
	for _, s := range allSpoken(t, "false") {
		c := loadCase(t, s.example)
		if len(refusals(t, c, s.field, s.text)) == 0 {
			t.Errorf("%s: %q passed as %s", s.example, s.text, s.field)
		}
	}
}
