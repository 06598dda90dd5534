package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/agent/modeltest"
)

// askedModel starts an endpoint and returns the environment that configures it. What the program sends against the
// protocol fails the test.
func askedModel(t *testing.T, script modeltest.Script) (*modeltest.Server, []string) {
	t.Helper()
	s := modeltest.NewServer(modeltest.Options{Script: script})
	t.Cleanup(func() {
		s.Close()
		if faults := s.Faults(); len(faults) > 0 {
			t.Errorf("the endpoint has faults: %q", faults)
		}
	})
	return s, []string{"OPENAI_BASE_URL=" + s.URL(), "OPENAI_MODEL=" + s.Model(), "OPENAI_API_KEY=" + s.Key()}
}

// runWith runs the program in this process with an environment.
func runWith(t *testing.T, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs strings.Builder
	code = run(t.Context(), args, env, strings.NewReader(""), &out, &errs)
	return out.String(), errs.String(), code
}

func TestDemoWithAModel(t *testing.T) {
	server, env := askedModel(t, modeltest.Honest())
	stdout, stderr, code := runWith(t, env, "demo", "--llm", "--fast")
	if code != exitDone || stderr != "" {
		t.Fatalf("exit status %d: %s", code, stderr)
	}
	text := strings.Join(strings.Fields(stdout), " ")
	for _, want := range []string{
		"Nothing is installed or changed; stand-in-1 is asked.", "By the rules, confidence 0.97: gateway-zxthbd6kg-tcr7d/gateway was killed at",
		"oombot asks stand-in-1 to look at it.", "verdict by the model, grounded", "incident 6 of 6",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the demo doesn't show %q", want)
		}
	}
	if n := strings.Count(text, "oombot asks stand-in-1"); n != len(demoIncidents) {
		t.Errorf("the rules' verdict is shown %d times before the model is asked, want %d", n, len(demoIncidents))
	}
	if strings.Index(text, "By the rules, confidence") > strings.Index(text, "verdict by the model") {
		t.Error("the rules' verdict comes after the model's")
	}
	if strings.Contains(stdout, "\x1b") || strings.Contains(stdout, "\r") || strings.Contains(stdout, server.Key()) {
		t.Error("the demo writes control characters where there is no terminal, or the key")
	}
	if n := len(server.Requests()); n < len(demoIncidents) {
		t.Errorf("the model was asked %d times", n)
	}
}

func TestDemoWithAModelAsDocuments(t *testing.T) {
	_, env := askedModel(t, modeltest.Honest())
	stdout, stderr, code := runWith(t, env, "demo", "--llm", "-o", "json")
	if code != exitDone || stderr != "" {
		t.Fatalf("exit status %d: %s", code, stderr)
	}
	by := map[string]int{}
	for line := range strings.Lines(stdout) {
		var r investigations.Result
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		if by[r.Verdict.WrittenBy]++; r.LLM.Model != "stand-in-1" || r.LLM.EndedBy != investigations.EndedSubmitted {
			t.Errorf("%s: use %+v", r.ID, r.LLM)
		}
	}
	if by[investigations.WrittenByLLM] < 4 || by[investigations.WrittenByLLM]+by[investigations.WrittenByRules] != len(demoIncidents) {
		t.Errorf("written by %v", by)
	}
}

func TestDemoNeedsTheModelItIsToShow(t *testing.T) {
	for _, tt := range []struct {
		args []string
		env  []string
		code int
		says string
	}{
		{[]string{"--llm"}, nil, exitCouldNot, "oombot: --llm: no model is configured: set llm.model"},
		{[]string{"--llm"}, []string{"OPENAI_BASE_URL=http://127.0.0.1:1/v1"}, exitCouldNot, "OPENAI_MODEL"},
		{[]string{"--llm", "--no-llm"}, nil, exitUsage, "--llm and --no-llm exclude each other"},
		{[]string{"--config", "oombot.yaml"}, nil, exitUsage, "--config is for --llm"},
	} {
		stdout, stderr, code := runWith(t, tt.env, append([]string{"demo", "--fast"}, tt.args...)...)
		if code != tt.code || !strings.Contains(stderr, tt.says) || stdout != "" {
			t.Errorf("%q: exit status %d, %q, %q", tt.args, code, stdout, stderr)
		}
	}
	// Without --llm, none is asked, whatever is configured.
	server, env := askedModel(t, modeltest.Honest())
	if stdout, _, code := runWith(t, env, "demo", "--fast"); code != exitDone || strings.Contains(stdout, "stand-in-1") || len(server.Requests()) > 0 {
		t.Errorf("exit status %d, %d requests", code, len(server.Requests()))
	}
}

// keyWhileAsked presses a key once the model is asked, and never else.
type keyWhileAsked struct {
	key   pauseEnd
	asked <-chan struct{}
	// pauses counts those in which somebody could read.
	pauses int
}

func (k *keyWhileAsked) pause(ctx context.Context, d time.Duration) pauseEnd {
	if d != longestWait {
		k.pauses++
		return timeOver
	}
	select {
	case <-k.asked:
		return k.key
	case <-ctx.Done():
		return leave
	}
}

// showWithKey shows the demo with a model that does as script, and presses key while it is asked for the first time.
func showWithKey(t *testing.T, key pauseEnd, script modeltest.Script) (text string, keys *keyWhileAsked, requests int) {
	t.Helper()
	asked := make(chan struct{})
	keys = &keyWhileAsked{key: key, asked: asked}
	first := true
	server, env := askedModel(t, modeltest.Func(func(req modeltest.Request) modeltest.Reply {
		if first {
			first = false
			asked <- struct{}{} // until the key is pressed
		}
		return script.Next(req)
	}))
	var out strings.Builder
	a := newApp(env, strings.NewReader(""), &out, &out)
	d := &demo{app: a, log: a.logger(0), pauser: keys}
	t.Cleanup(d.remember(t.Context()))
	if err := d.openModel(newDemo(a)); err != nil {
		t.Fatal(err)
	}
	if err := d.show(t.Context()); err != nil {
		t.Errorf("a key is an error: %v", err)
	}
	return out.String(), keys, len(server.Requests())
}

func TestDemoIsLeftWhileAModelIsAsked(t *testing.T) {
	text, _, requests := showWithKey(t, leave, modeltest.Never())
	if !strings.Contains(text, "oombot asks stand-in-1") || strings.Contains(text, "incident 2") || strings.Contains(text, "WHAT TO DO") {
		t.Errorf("the demo goes on after it was left:\n%s", text)
	}
	if requests != 1 {
		t.Errorf("%d requests", requests)
	}
}

func TestDemoHurriesOnceAModelHasAnswered(t *testing.T) {
	_, all, _ := showWithKey(t, timeOver, modeltest.Honest())
	text, keys, _ := showWithKey(t, goOn, modeltest.Honest())
	if !strings.Contains(text, "incident 6 of 6") {
		t.Error("the demo does not come to its end")
	}
	perIncident := all.pauses / len(demoIncidents)
	if saved := all.pauses - keys.pauses; saved < perIncident/2 || saved > 2*perIncident {
		t.Errorf("a key saves %d of %d pauses, want those of the rest of one incident", saved, all.pauses)
	}
}
