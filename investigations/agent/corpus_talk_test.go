package agent_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/oombot/oombot/investigations/agent/modeltest"
)

// talk is one file of the corpus: what a model says about a shipped incident, and what has to come of it. Its turns are
// those of modeltest.Transcript, with two things added. A turn's verdict is submitted: it is the example's in cases.yaml,
// with the keys of the turn's in place of its own, and behind them where a key ends in "+". And facts have names: "[kill]"
// stands for the id of the fact that holds the words which cases.yaml, or the file's facts, give to kill.
type talk struct {
	name string
	// About says in a sentence what the model does.
	About   string            `yaml:"about"`
	Example string            `yaml:"example"`
	Facts   map[string]string `yaml:"facts"`
	// Edit changes the copy of the example that is investigated.
	Edit []edit `yaml:"edit"`
	// Endpoint are ways in which the endpoint differs from one that offers all: see endpoints.
	Endpoint     []string   `yaml:"endpoint"`
	Budget       talkBudget `yaml:"budget"`
	Pseudonymize bool       `yaml:"pseudonymize"`
	Want         want       `yaml:"want"`
	Turns        []any      `yaml:"turns"`
	script       *modeltest.Transcript
	// honest is the explanation of the example's verdict in cases.yaml.
	honest string
	// planted is the bundle that is investigated in place of the example.
	planted fs.FS
}

// edit puts With in place of every Replace in a file of the bundle, or at its end where Replace is empty.
type edit struct {
	File    string `yaml:"file"`
	Replace string `yaml:"replace"`
	With    string `yaml:"with"`
}

type talkBudget struct {
	Calls   int           `yaml:"calls"`
	Tokens  int           `yaml:"tokens"`
	Timeout time.Duration `yaml:"timeout"`
	Money   float64       `yaml:"money"`
}

// want is what has to come of a talk.
type want struct {
	// WrittenBy is llm or rules; EndedBy is submitted where it is empty.
	WrittenBy string `yaml:"written_by"`
	EndedBy   string `yaml:"ended_by"`
	// Slip says that a first verdict is rightly refused. Without it an honest talk has no refused claim.
	Slip bool `yaml:"slip"`
	// Refused are kinds of reasons of which each must be among those of the refusals, where an adversarial talk names them.
	Refused []string `yaml:"refused"`
	// Cause and Trigger of the document; empty: those of the rules.
	Cause   string `yaml:"cause"`
	Trigger string `yaml:"trigger"`
	// Confidence of the document; 0: not checked.
	Confidence float64 `yaml:"confidence"`
	// Actions are the recommendations of the document; empty: not checked.
	Actions []string `yaml:"actions"`
	// Lacks are texts that must not be in the verdict.
	Lacks []string `yaml:"lacks"`
	// Shown is which of the submitted verdicts stands; 0: the last one.
	Shown int `yaml:"shown"`
	// Requests is how many are sent; 0: not checked.
	Requests int `yaml:"requests"`
	// Overspends says that one answer alone costs more than the budget of tokens, which nobody can prevent.
	Overspends bool `yaml:"overspends"`
}

// caseFile is what cases.yaml holds for an example.
type caseFile struct {
	Facts   map[string]string `yaml:"facts"`
	Verdict map[string]any    `yaml:"verdict"`
}

const talks = "testdata/talks"

func readCases(t *testing.T) map[string]caseFile {
	t.Helper()
	cases := map[string]caseFile{}
	readYAML(t, filepath.Join(talks, "cases.yaml"), &cases)
	return cases
}

func readYAML(t *testing.T, name string, v any) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// readTalks returns the talks of a folder, in the order of their names.
func readTalks(t *testing.T, folder string) []*talk {
	t.Helper()
	cases := readCases(t)
	files, err := filepath.Glob(filepath.Join(talks, folder, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var out []*talk
	for _, name := range files {
		k := &talk{name: strings.TrimSuffix(filepath.Base(name), ".yaml")}
		readYAML(t, name, k)
		if err := k.prepare(cases); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out = append(out, k)
	}
	return out
}

// prepare makes a modeltest.Transcript of the turns.
func (k *talk) prepare(cases map[string]caseFile) error {
	c, ok := cases[k.Example]
	if !ok {
		return fmt.Errorf("cases.yaml has no example %q", k.Example)
	}
	k.honest, _ = c.Verdict["explanation"].(string)
	k.honest = nameRE.ReplaceAllString(k.honest, "")
	facts := maps.Clone(c.Facts)
	maps.Copy(facts, k.Facts)
	if k.Want.EndedBy == "" {
		k.Want.EndedBy = "submitted"
	}
	var turns []any
	for _, t := range k.Turns {
		turn, ok := t.(map[string]any)
		if !ok {
			return errors.New("a turn is no mapping")
		}
		if v, ok := turn["verdict"].(map[string]any); ok {
			delete(turn, "verdict")
			submitted := map[string]any{"name": "submit_verdict", "arguments": merged(c.Verdict, v)}
			others, _ := turn["calls"].([]any)
			turn["calls"] = append(others, submitted)
		}
		turns = append(turns, named(turn, facts, false))
	}
	text, err := yaml.Marshal(map[string]any{"about": k.About, "turns": turns})
	if err != nil {
		return err
	}
	k.script, err = modeltest.ParseTranscript(text)
	return err
}

// merged puts the values of over in place of those of base, or behind them where the key ends in "+". A value of nil
// takes the key away.
func merged(base, over map[string]any) map[string]any {
	out := maps.Clone(base)
	for key, v := range over {
		name, behind := strings.CutSuffix(key, "+")
		switch old := out[name].(type) {
		case string:
			if behind {
				v = strings.TrimSpace(old) + " " + fmt.Sprint(v)
			}
		case []any:
			if list, ok := v.([]any); ok && behind {
				v = slices.Concat(old, list)
			}
		}
		if v == nil {
			delete(out, name)
			continue
		}
		out[name] = v
	}
	return out
}

var nameRE = regexp.MustCompile(`\[([a-z][a-z0-9_]*(?:, ?[a-z][a-z0-9_]*)*)\]`)

// named puts templates for the ids of facts in place of their names in the texts of v. In a list of why the names stand
// without brackets.
func named(v any, facts map[string]string, why bool) any {
	id := func(name string) string { return "{{fact `" + facts[name] + "`}}" }
	switch v := v.(type) {
	case string:
		if _, ok := facts[v]; ok && why {
			return id(v)
		}
		return nameRE.ReplaceAllStringFunc(v, func(found string) string {
			names := strings.Split(found[1:len(found)-1], ",")
			for i, n := range names {
				n = strings.TrimSpace(n)
				if _, ok := facts[n]; !ok {
					return found
				}
				names[i] = id(n)
			}
			return "[" + strings.Join(names, ", ") + "]"
		})
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = named(item, facts, why)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for key, item := range v {
			out[key] = named(item, facts, key == "why")
		}
		return out
	}
	return v
}
