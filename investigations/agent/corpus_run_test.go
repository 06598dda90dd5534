package agent_test

import (
	"bytes"
	"context"
	"io/fs"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/oombot/oombot/examples"
	"github.com/oombot/oombot/internal/judgetest"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/agent"
	"github.com/oombot/oombot/investigations/agent/grounding"
	"github.com/oombot/oombot/investigations/agent/modeltest"
	"github.com/oombot/oombot/investigations/agent/openai"
	"github.com/oombot/oombot/investigations/agent/transcript"
	"github.com/oombot/oombot/investigations/redact"
)

// endpoints are the ways of an endpoint that a talk can name. The first one of its list is the nearest to the client.
var endpoints = map[string]func(modeltest.Script) modeltest.Script{
	"no_tools":  modeltest.NoTools,
	"no_stream": modeltest.NoStream,
	"no_json":   modeltest.NoJSON,
	"no_limit":  modeltest.NoLimit,
	"no_must":   modeltest.NoMust,
	"text_only": modeltest.TextOnly,
	"legacy":    modeltest.LegacyFunctionCall,
	"obeys":     modeltest.Obeys,
	"slow":      func(s modeltest.Script) modeltest.Script { return modeltest.Slow(s, 16, 20*time.Millisecond) },
	"crawls":    func(s modeltest.Script) modeltest.Script { return modeltest.Slow(s, 1, time.Second) },
	"late":      func(s modeltest.Script) modeltest.Script { return modeltest.Late(s, 50*time.Second) },
}

// played is what came of a talk.
type played struct {
	rules, result *investigations.Result
	requests      []modeltest.Request
	// sent, and written, are all texts that left the program: requests, and log, progress and recording.
	sent, written string
	faults        []string
	tokens        int
	took          time.Duration
	// submitted are the arguments of the verdicts, in the order in which they came.
	submitted []string
	// reasons are those of the refusals.
	reasons []grounding.Reason
}

// play has the real client and the real loop talk to a stand-in that reads its part from a talk, in virtual time.
func play(t *testing.T, k *talk, script modeltest.Script) (p played) {
	t.Helper()
	fsys := bundleOf(t, k)
	p.rules = ruled(t, k, fsys)
	synctest.Test(t, func(t *testing.T) {
		script = modeltest.Changed(script, func(_ modeltest.Request, rep *modeltest.Reply) {
			for _, c := range rep.Calls {
				if c.Name == agent.SubmitVerdict {
					p.submitted = append(p.submitted, c.Arguments)
				}
			}
			if i := strings.Index(rep.Text, `{"cause"`); i >= 0 {
				p.submitted = append(p.submitted, rep.Text[i:])
			}
		})
		for i := len(k.Endpoint) - 1; i >= 0; i-- {
			wrap, ok := endpoints[k.Endpoint[i]]
			if !ok {
				t.Fatalf("no way of an endpoint is called %q", k.Endpoint[i])
			}
			script = wrap(script)
		}
		server := modeltest.NewServer(modeltest.Options{Script: script, InMemory: true})
		defer server.Close()
		var log witness
		var recording bytes.Buffer
		analyst := agentFor(t, k, server, &log, &recording)
		var begun time.Time
		p.result = investigate(t, fsys, analyst, func(*investigations.Result) { begun = time.Now() })
		p.took = time.Since(begun)
		p.requests, p.sent, p.faults = server.Requests(), server.Text(), server.Faults()
		used := server.Tokens()
		p.tokens = used.Prompt + used.Completion
		p.written, p.reasons = log.text()+recording.String(), log.reasons
	})
	return p
}

// ruledExamples holds the documents of the rules, by the example: they are the same for each talk about it.
var ruledExamples sync.Map

// ruled returns the document of the rules about the bundle of a talk. The caller leaves it as it is.
func ruled(t *testing.T, k *talk, fsys fs.FS) *investigations.Result {
	t.Helper()
	if len(k.Edit) > 0 || k.planted != nil {
		return investigate(t, fsys, nil, nil)
	}
	if r, ok := ruledExamples.Load(k.Example); ok {
		if r, ok := r.(*investigations.Result); ok {
			return r
		}
	}
	r := investigate(t, fsys, nil, nil)
	ruledExamples.Store(k.Example, r)
	return r
}

// agentFor returns the program's own Agent, as it is put together for a command, before a stand-in.
func agentFor(t *testing.T, k *talk, server *modeltest.Server, log *witness, recording *bytes.Buffer) *agent.Agent {
	t.Helper()
	budget := agent.DefaultBudget()
	if k.Budget.Calls > 0 {
		budget.Calls = k.Budget.Calls
	}
	if k.Budget.Tokens > 0 {
		budget.Tokens = k.Budget.Tokens
	}
	if k.Budget.Timeout > 0 {
		budget.Timeout = k.Budget.Timeout
	}
	if k.Budget.Money > 0 {
		budget.Price = agent.Price{Prompt: 1, Completion: 4, Max: k.Budget.Money}
	}
	client, err := openai.New(openai.Options{
		BaseURL: server.URL(), Model: server.Model(), Timeout: budget.Timeout, Transport: server.Transport(),
		APIKey: func() (string, error) { return server.Key(), nil }, Log: slog.New(log),
	})
	if err != nil {
		t.Fatal(err)
	}
	recorded, err := transcript.Record(client, recording, redact.Text)
	if err != nil {
		t.Fatal(err)
	}
	return agent.New(agent.Options{
		Model: recorded, Budget: budget, Pseudonymize: k.Pseudonymize, Redact: redact.Text, Log: slog.New(log),
		Jitter: func() float64 { return 0 }, Progress: func(s agent.Step) { log.write(s.Says) },
	})
}

// investigate has the shipped sources read a bundle, and the rules, and then the analyst, judge it.
func investigate(t *testing.T, fsys fs.FS, analyst investigations.Analyst, published func(*investigations.Result)) *investigations.Result {
	t.Helper()
	return judgetest.Bundle(t, fsys, investigations.Options{
		SourceTimeout: time.Minute, Redact: redact.Text, Analyst: analyst, Published: published,
	}).Result
}

// bundleOf returns the example of a talk, with its changes.
func bundleOf(t *testing.T, k *talk) fs.FS {
	t.Helper()
	if k.planted != nil {
		return k.planted
	}
	fsys, err := fs.Sub(examples.FS, k.Example)
	if err != nil {
		t.Fatal(err)
	}
	if len(k.Edit) == 0 {
		return fsys
	}
	copied := copyOf(t, fsys)
	for _, e := range k.Edit {
		file, ok := copied[e.File]
		if !ok {
			file = &fstest.MapFile{Mode: 0o644}
			copied[e.File] = file
		}
		text := string(file.Data)
		switch {
		case e.Replace == "":
			text += e.With
		case !strings.Contains(text, e.Replace):
			t.Fatalf("%s of %s does not hold %q", e.File, k.Example, e.Replace)
		default:
			text = strings.ReplaceAll(text, e.Replace, e.With)
		}
		file.Data = []byte(text)
	}
	return copied
}

func copyOf(t *testing.T, fsys fs.FS) fstest.MapFS {
	t.Helper()
	copied := fstest.MapFS{}
	err := fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(fsys, path)
		copied[path] = &fstest.MapFile{Data: data, Mode: 0o644}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return copied
}

// witness is a slog.Handler that keeps all that is logged, and the reasons of refusals apart.
type witness struct {
	mu      sync.Mutex
	lines   strings.Builder
	reasons []grounding.Reason
}

func (*witness) Enabled(context.Context, slog.Level) bool { return true }

func (w *witness) Handle(_ context.Context, r slog.Record) error {
	line := r.Level.String() + " " + r.Message
	var reason grounding.Reason
	r.Attrs(func(a slog.Attr) bool {
		line += " " + a.Key + "=" + a.Value.String()
		switch a.Key {
		case "kind":
			reason.Kind = grounding.Kind(a.Value.String())
		case "field":
			reason.Field = a.Value.String()
		case "claim":
			reason.Claim = a.Value.String()
		case "why":
			reason.Says = a.Value.String()
		}
		return true
	})
	w.write(line)
	if r.Message == "claim refused" {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.reasons = append(w.reasons, reason)
	}
	return nil
}

func (w *witness) WithAttrs([]slog.Attr) slog.Handler { return w }
func (w *witness) WithGroup(string) slog.Handler      { return w }

func (w *witness) write(line string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines.WriteString(line + "\n")
}

func (w *witness) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lines.String()
}
