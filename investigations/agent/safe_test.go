package agent

import (
	"strings"
	"testing"

	"github.com/oombot/oombot/investigations"
)

func TestPseudonymsGoOutAndNamesComeBack(t *testing.T) {
	rules := example(t, leak, nil, nil)
	names := []string{"gateway-zxthbd6kg", "ip-10-0-3-186", "eu-1"}
	model := &scripted{}
	echo := func(req investigations.ChatRequest) (investigations.ChatReply, error) {
		// It takes the pod and the headline from what it was told, as a model does.
		told := texts(req)
		_, after, _ := strings.Cut(told, "The case: ")
		pod := strings.Split(strings.Fields(after)[0], "/")[1]
		_, headline, _ := strings.Cut(told, "\nheadline: ")
		headline, _, _ = strings.Cut(headline, "\n")
		return submits(verdictOf(t, rules, func(m map[string]any) {
			m["headline"] = headline
			m["explanation"] = "The kernel killed the container of " + pod + ". [F28]"
		}))(req)
	}
	model.answers = []turn{calls("kernlog", `{"what":"tasks"}`, "pods", `{}`), echo}
	got := example(t, leak, agentOf(model, func(o *Options) { o.Pseudonymize = true }), nil)
	for i, req := range model.asked {
		for _, n := range names {
			if strings.Contains(texts(req), n) {
				t.Errorf("request %d holds %q", i+1, n)
			}
		}
	}
	if got.Verdict.WrittenBy != investigations.WrittenByLLM || got.Verdict.Headline != rules.Verdict.Headline ||
		!strings.Contains(got.Verdict.Explanation, "gateway-zxthbd6kg-tcr7d") {
		t.Errorf("written by %s: %q, %q; %+v", got.Verdict.WrittenBy, got.Verdict.Headline, got.Verdict.Explanation, got.LLM)
	}
}

func TestTheSameStandInInEveryRequest(t *testing.T) {
	model := &scripted{answers: []turn{calls("pods", `{}`), calls("kernlog", `{}`), says("")}}
	example(t, leak, agentOf(model, func(o *Options) { o.Pseudonymize = true }), nil)
	first := model.asked[0].Messages[1].Text
	for i, req := range model.asked[1:] {
		if !strings.HasPrefix(req.Messages[1].Text, first) {
			t.Errorf("request %d lays out the case otherwise than the first", i+2)
		}
	}
}
