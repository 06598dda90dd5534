package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/agent/modeltest"
	"github.com/oombot/oombot/tools/kubeclient/kubetest"
)

// TestLiveWithAModel has a model look deeper into a running cluster before it submits: what its functions find names where
// a person finds it there.
func TestLiveWithAModel(t *testing.T) {
	b := example(t, "leak-after-deploy")
	server, env := askedModel(t, modeltest.Sequence(
		modeltest.Always(modeltest.Reply{Calls: []modeltest.Call{{Name: "pods", Arguments: "{}"}, {Name: "rollouts", Arguments: "{}"}}}),
		modeltest.Honest(),
	))
	env = append(env, "OOMBOT_CONFIG="+configFor(t, kubetest.New(t, b.FS())))
	target, at := b.Request().Target.String(), b.Request().At.Format(time.RFC3339)
	investigate := func(args ...string) (r investigations.Result) {
		t.Helper()
		var out, errs bytes.Buffer
		args = append([]string{"investigate", target, "--at", at, "--memory", "none", "-o", "json"}, args...)
		if code := run(t.Context(), args, env, nil, &out, &errs); code != exitDone || errs.Len() > 0 {
			t.Fatalf("exit status %d: %s", code, errs.String())
		}
		if strings.Contains(out.String(), server.Key()) {
			t.Error("the key is in the result")
		}
		if err := json.Unmarshal(out.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	rules := investigate("--no-llm")
	if rules.Verdict.WrittenBy != investigations.WrittenByRules || len(server.Requests()) > 0 {
		t.Fatalf("--no-llm: written by %s, %d requests", rules.Verdict.WrittenBy, len(server.Requests()))
	}
	got := investigate()
	if got.Verdict.WrittenBy != investigations.WrittenByLLM || got.LLM.Calls != 2 || got.LLM.Model != server.Model() {
		t.Fatalf("written by %s, use %+v", got.Verdict.WrittenBy, got.LLM)
	}
	if got.Verdict.Mechanism != rules.Verdict.Mechanism || got.Verdict.Cause != rules.Verdict.Cause {
		t.Errorf("the verdict is %s, %s", got.Verdict.Mechanism, got.Verdict.Cause)
	}
	more := got.Facts[len(rules.Facts):]
	if len(more) == 0 {
		t.Fatal("the functions found nothing")
	}
	for _, f := range more {
		if f.Source == "" || strings.HasPrefix(f.Source, "kubernetes/") {
			t.Errorf("%s (%s) names no place in the cluster: %q", f.ID, f.Says, f.Source)
		}
	}
}
