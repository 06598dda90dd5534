package agent

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

// withoutFunctions answers as an endpoint that takes no functions, and gives the rest of the answers where none are sent.
func withoutFunctions(answers ...turn) *scripted {
	n := 0
	return &scripted{answers: []turn{func(req investigations.ChatRequest) (investigations.ChatReply, error) {
		if len(req.Functions) > 0 || req.Must != "" {
			return fails(investigations.ModelError{Fault: investigations.ModelUnsupported, What: investigations.WithoutFunctions, Status: 400})(req)
		}
		n++
		return answers[min(n, len(answers))-1](req)
	}}}
}

func TestAModelWithoutFunctions(t *testing.T) {
	rules := example(t, leak, nil, nil)
	good := verdictOf(t, rules, nil)
	tests := []struct {
		name    string
		answers []turn
		calls   int
	}{
		{"a bare object", []turn{says(good)}, 1},
		{"a wrapped one", []turn{says(`{"submit_verdict": ` + good + `}`)}, 1},
		{"within a fence and words", []turn{says("Here it is:\n```json\n" + good + "\n```\nGood night.")}, 1},
		{"after a function", []turn{says(`{"calls": [{"name": "metrics", "arguments": {"query": "traffic"}}]}`), says(good)}, 2},
		{"whose arguments are a string", []turn{says(`{"calls": [{"name": "metrics", "arguments": "{\"query\": \"traffic\"}"}]}`), says(good)}, 2},
		{"after prose", []turn{says("It is a leak, I think."), says(good)}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			model := withoutFunctions(tt.answers...)
			got := example(t, leak, agentOf(model), nil)
			if got.Verdict.WrittenBy != investigations.WrittenByLLM || got.LLM.Calls != tt.calls {
				t.Errorf("written by %s, %+v", got.Verdict.WrittenBy, got.LLM)
			}
			for i, req := range model.asked[1:] {
				if !req.JSON {
					t.Errorf("request %d does not ask for JSON", i+2)
				}
				for j, m := range req.Messages {
					if m.Role == investigations.RoleFunction || len(m.Calls) > 0 || j > 0 && m.Role == req.Messages[j-1].Role {
						t.Errorf("request %d, message %d is of %s after %s", i+2, j, m.Role, req.Messages[j-1].Role)
					}
				}
			}
			if tt.calls == 2 && strings.Contains(tt.name, "function") && !strings.Contains(texts(model.asked[2]), "F39 metrics") {
				t.Error("the function's answer is not in the second request")
			}
		})
	}
}

func TestAModelThatCallsNoFunctionsThoughItCould(t *testing.T) {
	rules := example(t, leak, nil, nil)
	model := &scripted{answers: []turn{says("I think it leaks."), says("It leaks."), says(verdictOf(t, rules, nil))}}
	got := example(t, leak, agentOf(model), nil)
	if got.Verdict.WrittenBy != investigations.WrittenByLLM {
		t.Errorf("written by %s, %+v", got.Verdict.WrittenBy, got.LLM)
	}
	var json []bool
	for _, r := range model.asked {
		json = append(json, r.JSON)
	}
	if d := cmp.Diff([]bool{false, false, true}, json); d != "" {
		t.Errorf("asked for JSON (-want +got):\n%s", d)
	}
}

func TestAVerdictInTextInPlaceOfACall(t *testing.T) {
	rules := example(t, leak, nil, nil)
	bad := verdictOf(t, rules, func(m map[string]any) { m["explanation"] = "It grew. [F99]" })
	model := &scripted{answers: []turn{says(bad), says(verdictOf(t, rules, nil))}}
	got := example(t, leak, agentOf(model), nil)
	if got.Verdict.WrittenBy != investigations.WrittenByLLM || got.LLM.Calls != 2 {
		t.Errorf("written by %s, %+v", got.Verdict.WrittenBy, got.LLM)
	}
	m := model.asked[1].Messages
	if len(m[2].Calls) != 1 || m[3].Answers != m[2].Calls[0].ID {
		t.Errorf("the refusal is not in the form of an answer to a call: %+v", m[2:])
	}
}

func TestATooLargeRequestIsMadeSmaller(t *testing.T) {
	rules := example(t, leak, nil, nil)
	tooLarge := fails(investigations.ModelError{Fault: investigations.ModelTooLarge, Status: 400})
	model := &scripted{answers: []turn{tooLarge, submits(verdictOf(t, rules, nil))}}
	got := example(t, leak, agentOf(model), nil)
	if got.Verdict.WrittenBy != investigations.WrittenByLLM {
		t.Fatalf("written by %s, %+v", got.Verdict.WrittenBy, got.LLM)
	}
	first, second := texts(model.asked[0]), texts(model.asked[1])
	if len(second) >= len(first) || !strings.Contains(second, "Left out for want of room: F") {
		t.Errorf("the second request has %d bytes, the first %d", len(second), len(first))
	}
	for _, id := range []string{"F27 ", "F29 ", "F36 "} {
		if !strings.Contains(second, "\n"+id) {
			t.Errorf("%s, on which the verdict rests, was left out", id)
		}
	}
	model = &scripted{answers: []turn{tooLarge}}
	if got := example(t, leak, agentOf(model), nil); got.LLM.EndedBy != investigations.EndedError || len(model.asked) != 3 {
		t.Errorf("ended by %s after %d requests", got.LLM.EndedBy, len(model.asked))
	}
}
