package agent_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/oombot/oombot/investigations/agent"
	"github.com/oombot/oombot/investigations/agent/modeltest"
)

// questionTalk is one file about a question: what the model answers, and which of it is shown.
type questionTalk struct {
	About    string     `yaml:"about"`
	Example  string     `yaml:"example"`
	Question string     `yaml:"question"`
	Endpoint []string   `yaml:"endpoint"`
	Budget   talkBudget `yaml:"budget"`
	Want     struct {
		EndedBy string `yaml:"ended_by"`
		// Shows and Lacks are texts that must, and must not, be in the answer; with Nothing there is none.
		Shows   []string `yaml:"shows"`
		Lacks   []string `yaml:"lacks"`
		Nothing bool     `yaml:"nothing"`
		// Rejected says that a sentence was dropped.
		Rejected bool `yaml:"rejected"`
	} `yaml:"want"`
	// Answers are what it submits in turn, the last one from then on.
	Answers []string `yaml:"answers"`
}

// TestCorpusQuestions has models answer questions about closed cases: what no fact holds is not shown.
func TestCorpusQuestions(t *testing.T) {
	cases := readCases(t)
	files, err := filepath.Glob(filepath.Join(talks, "questions", "*.yaml"))
	if err != nil || len(files) < 6 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".yaml"), func(t *testing.T) {
			var q questionTalk
			readYAML(t, name, &q)
			var turns []any
			for i, text := range q.Answers {
				turn := map[string]any{"calls": []any{map[string]any{"name": agent.SubmitAnswer, "arguments": map[string]any{"answer": text}}}}
				if i == len(q.Answers)-1 {
					turn["times"] = -1
				}
				turns = append(turns, turn)
			}
			k := &talk{About: q.About, Example: q.Example, Turns: turns, Budget: q.Budget}
			if err := k.prepare(cases); err != nil {
				t.Fatal(err)
			}
			askQuestion(t, &q, k)
		})
	}
}

// askQuestion holds the answer to what is wanted of it.
func askQuestion(t *testing.T, q *questionTalk, k *talk) {
	t.Helper()
	closed := investigate(t, bundleOf(t, k), nil, nil)
	synctest.Test(t, func(t *testing.T) {
		script := k.script.Script()
		for _, name := range q.Endpoint {
			script = endpoints[name](script)
		}
		server := modeltest.NewServer(modeltest.Options{Script: script, InMemory: true})
		defer server.Close()
		var log witness
		var recording bytes.Buffer
		got := agentFor(t, k, server, &log, &recording).Question(t.Context(), closed, q.Question)
		for _, f := range server.Faults() {
			t.Errorf("against the protocol: %s", f)
		}
		if want := orElse(q.Want.EndedBy, "submitted"); got.Use.EndedBy != want {
			t.Errorf("ended by %s, want %s", got.Use.EndedBy, want)
		}
		if (got.Text == "") != q.Want.Nothing {
			t.Errorf("the answer is %q", got.Text)
		}
		if (got.Use.RejectedClaims > 0) != q.Want.Rejected {
			t.Errorf("%d claims were refused", got.Use.RejectedClaims)
		}
		if got.Use.Calls > 3 || len(server.Requests()) > 6 {
			t.Errorf("%d calls, %d requests", got.Use.Calls, len(server.Requests()))
		}
		for _, s := range q.Want.Shows {
			if !strings.Contains(got.Text, s) {
				t.Errorf("%q is not in the answer %q", s, got.Text)
			}
		}
		for _, s := range q.Want.Lacks {
			if strings.Contains(got.Text, s) {
				t.Errorf("%q is in the answer %q", s, got.Text)
			}
		}
		if t.Failed() {
			for _, r := range log.reasons {
				t.Logf("refused, %s: %q: %s", r.Kind, r.Claim, r.Says)
			}
		}
	})
}
