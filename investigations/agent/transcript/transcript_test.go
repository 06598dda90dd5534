package transcript

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/oombot/oombot/investigations"
)

// model answers as its function says.
type model func(investigations.ChatRequest) (investigations.ChatReply, error)

func (model) Name() string { return "m-1" }

func (m model) Chat(_ context.Context, req investigations.ChatRequest) (investigations.ChatReply, error) {
	return m(req)
}

// asks is a request of one message.
func asks(text string) investigations.ChatRequest {
	return investigations.ChatRequest{Messages: []investigations.Message{{Role: investigations.RoleUser, Text: text}}}
}

func same(text string) string { return text }

// recorded asks m each request and returns the transcript.
func recorded(t *testing.T, m model, redact func(string) string, requests ...investigations.ChatRequest) string {
	t.Helper()
	var out bytes.Buffer
	r, err := Record(m, &out, redact)
	if err != nil {
		t.Fatal(err)
	}
	for _, req := range requests {
		want, wantErr := m(req)
		got, err := r.Chat(t.Context(), req)
		if d := cmp.Diff(want, got); d != "" || fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Errorf("who records changes the answer (-want +got): %v, want %v\n%s", err, wantErr, d)
		}
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func played(t *testing.T, text string) *Player {
	t.Helper()
	p, err := Play(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRoundTrip(t *testing.T) {
	calls := investigations.ChatReply{
		Calls: []investigations.FunctionCall{
			{ID: "a", Name: "pods", Arguments: `{"x":"<&>"}`}, {ID: "b", Name: "logs", Arguments: "not json\n"},
		},
		Finish: investigations.FinishCalls, Usage: investigations.TokenUse{Prompt: 10, Completion: 3, Known: true},
	}
	answers := map[string]investigations.ChatReply{
		"text":    {Text: "It leaks. [F3]\n\nSo \u2028 it is <b>.", Finish: investigations.FinishStop},
		"calls":   calls,
		"nothing": {},
	}
	m := model(func(req investigations.ChatRequest) (investigations.ChatReply, error) {
		return answers[req.Messages[0].Text], nil
	})
	text := recorded(t, m, same, asks("text"), asks("calls"), asks("nothing"))
	if n := strings.Count(text, "\n"); n != 4 {
		t.Errorf("%d lines:\n%s", n, text)
	}
	p := played(t, text)
	if p.Name() != "m-1" {
		t.Errorf("its name is %q", p.Name())
	}
	for _, q := range []string{"nothing", "calls", "text", "calls"} { // in any order, and again
		got, err := p.Chat(t.Context(), asks(q))
		if d := cmp.Diff(answers[q], got); d != "" || err != nil {
			t.Errorf("%s (-recorded +played): %v\n%s", q, err, d)
		}
		if len(got.Calls) > 0 {
			got.Calls[0].ID = "changed by who got it"
		}
	}
}

func TestFaultsAreGivenAgain(t *testing.T) {
	faults := map[string]*investigations.ModelError{
		"busy": {Fault: investigations.ModelBusy, Status: 429, RetryAfter: 1500 * time.Millisecond, Err: errors.New("come back later")},
		"cut": {
			Fault: investigations.ModelCut, Answered: true, Usage: investigations.TokenUse{Prompt: 7, Completion: 1, Known: true},
			Err: errors.New("it ended early"),
		},
		"unsupported": {
			Fault: investigations.ModelUnsupported, What: investigations.WithoutFunctions, Status: 400, Err: errors.New("no functions here"),
		},
	}
	m := model(func(req investigations.ChatRequest) (investigations.ChatReply, error) {
		if f := faults[req.Messages[0].Text]; f != nil {
			return investigations.ChatReply{}, f
		}
		return investigations.ChatReply{}, context.DeadlineExceeded
	})
	p := played(t, recorded(t, m, same, asks("busy"), asks("cut"), asks("unsupported"), asks("late")))
	// An end of the time that is no fault of the model's own is one all the same when it is played.
	faults["late"] = &investigations.ModelError{Fault: investigations.ModelLate, Err: context.DeadlineExceeded}
	texts := cmp.Transformer("text", func(err error) string { return err.Error() })
	for q, want := range faults {
		_, err := p.Chat(t.Context(), asks(q))
		var got *investigations.ModelError
		if !errors.As(err, &got) {
			t.Errorf("%s: %v", q, err)
			continue
		}
		if d := cmp.Diff(*want, *got, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Err" }, texts)); d != "" {
			t.Errorf("%s (-recorded +played):\n%s", q, d)
		}
	}
}

// TestARequestIsFoundByAllThatWasSent changes each part of a request that decides over the answer.
func TestARequestIsFoundByAllThatWasSent(t *testing.T) {
	base := func() investigations.ChatRequest {
		return investigations.ChatRequest{
			Messages: []investigations.Message{
				{Role: investigations.RoleSystem, Text: "s"},
				{Role: investigations.RoleAssistant, Calls: []investigations.FunctionCall{{ID: "a", Name: "pods", Arguments: "{}"}}},
				{Role: investigations.RoleFunction, Text: "none", Answers: "a"},
			},
			Functions: []investigations.Function{{Name: "pods", Summary: "s", Schema: json.RawMessage(`{"type":"object"}`)}},
			MaxTokens: 100,
		}
	}
	m := model(func(investigations.ChatRequest) (investigations.ChatReply, error) {
		return investigations.ChatReply{Text: "yes"}, nil
	})
	p := played(t, recorded(t, m, same, base()))
	for name, change := range map[string]func(*investigations.ChatRequest){
		"a text":       func(r *investigations.ChatRequest) { r.Messages[0].Text = "t" },
		"a role":       func(r *investigations.ChatRequest) { r.Messages[0].Role = investigations.RoleUser },
		"arguments":    func(r *investigations.ChatRequest) { r.Messages[1].Calls[0].Arguments = `{"x":1}` },
		"an answer":    func(r *investigations.ChatRequest) { r.Messages[2].Answers = "b" },
		"less said":    func(r *investigations.ChatRequest) { r.Messages = r.Messages[:1] },
		"no functions": func(r *investigations.ChatRequest) { r.Functions = nil },
		"a schema":     func(r *investigations.ChatRequest) { r.Functions[0].Schema = json.RawMessage(`{"type":"array"}`) },
		"what it must": func(r *investigations.ChatRequest) { r.Must = "pods" },
		"as JSON":      func(r *investigations.ChatRequest) { r.JSON = true },
	} {
		req := base()
		change(&req)
		_, err := p.Chat(t.Context(), req)
		var fault *investigations.ModelError
		if !errors.Is(err, ErrNotRecorded) || !errors.As(err, &fault) || fault.Fault != investigations.ModelRefused {
			t.Errorf("%s: %v, want that it was not recorded", name, err)
		}
	}
	for name, change := range map[string]func(*investigations.ChatRequest){
		"nothing":           func(*investigations.ChatRequest) {},
		"room":              func(r *investigations.ChatRequest) { r.MaxTokens = 7 },
		"somebody watching": func(r *investigations.ChatRequest) { r.Progress = func(investigations.Piece) {} },
		"what is opaque":    func(r *investigations.ChatRequest) { r.Messages[1].Opaque = "thoughts" },
	} {
		req := base()
		change(&req)
		if got, err := p.Chat(t.Context(), req); err != nil || got.Text != "yes" {
			t.Errorf("with %s changed: %+v, %v", name, got, err)
		}
	}
}

func TestTheSameRequestAgain(t *testing.T) {
	n := 0
	m := model(func(investigations.ChatRequest) (investigations.ChatReply, error) {
		n++
		return investigations.ChatReply{Text: fmt.Sprint(n)}, nil
	})
	var out bytes.Buffer
	r, err := Record(m, &out, same)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := r.Chat(t.Context(), asks("again")); err != nil {
			t.Fatal(err)
		}
	}
	p := played(t, out.String())
	var got []string
	for range 5 {
		a, err := p.Chat(t.Context(), asks("again"))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, a.Text)
	}
	if d := cmp.Diff([]string{"1", "2", "3", "3", "3"}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestAnswersAreRedacted(t *testing.T) {
	redact := func(s string) string { return strings.ReplaceAll(s, "hunter2", "[redacted]") }
	m := model(func(req investigations.ChatRequest) (investigations.ChatReply, error) {
		if req.Messages[0].Text == "fault" {
			return investigations.ChatReply{}, &investigations.ModelError{Fault: investigations.ModelDown, Err: errors.New("key hunter2")}
		}
		return investigations.ChatReply{
			Text: "it is hunter2", Opaque: "hunter2",
			Calls: []investigations.FunctionCall{{ID: "a", Name: "f", Arguments: `{"password":"hunter2"}`}},
		}, nil
	})
	text := recorded(t, m, redact, asks("x"), asks("fault"))
	if strings.Contains(text, "hunter2") || strings.Count(text, "[redacted]") != 3 {
		t.Errorf("the transcript is\n%s", text)
	}
}

func TestBrokenTranscripts(t *testing.T) {
	const first = `{"version":1,"model":"m"}` + "\n"
	for name, tt := range map[string]struct{ text, want string }{
		"empty":           {"", "read transcript: it is empty"},
		"empty lines":     {"\n  \n", "read transcript: it is empty"},
		"no JSON":         {"llm: {model: x}\n", "read transcript, line 1: invalid character 'l' looking for beginning of value"},
		"another version": {`{"version":2,"model":"m"}`, "read transcript, line 1: its version is 2, and not 1"},
		"no version":      {`{}`, "read transcript, line 1: its version is 0, and not 1"},
		"cut":             {first + `{"request":"a","reply":{"finish":""}}` + "\n" + `{"request":"b","rep`, "read transcript, line 3: unexpected end of JSON input"},
		"no answer":       {first + "\n" + `{"request":"a"}`, "read transcript, line 3: it has to have either a reply or a fault"},
		"two answers":     {first + `{"request":"a","reply":{},"fault":{}}`, "read transcript, line 2: it has to have either a reply or a fault"},
		"two on a line":   {first + `{"request":"a","reply":{}} {}`, "read transcript, line 2: invalid character '{' after top-level value"},
	} {
		if _, err := Play(strings.NewReader(tt.text)); err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
	broken := errors.New("broken pipe")
	if _, err := Play(failing{broken}); !errors.Is(err, broken) {
		t.Errorf("a reader that fails: %v", err)
	}
}

// failing is a file that can be neither read nor written.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error)  { return 0, f.err }
func (f failing) Write([]byte) (int, error) { return 0, f.err }

// full takes a number of writes.
type full struct{ left int }

func (f *full) Write(p []byte) (int, error) {
	if f.left--; f.left < 0 {
		return 0, errors.New("no space left on device")
	}
	return len(p), nil
}

func TestAnswersComeAlsoWhereNothingCanBeWritten(t *testing.T) {
	m := model(func(investigations.ChatRequest) (investigations.ChatReply, error) {
		return investigations.ChatReply{Text: "yes"}, nil
	})
	if _, err := Record(m, failing{errors.New("no space left on device")}, same); err == nil {
		t.Error("a transcript that can't be begun is no error")
	}
	r, err := Record(m, &full{left: 2}, same)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if a, err := r.Chat(t.Context(), asks("x")); err != nil || a.Text != "yes" {
			t.Errorf("answer %d: %+v, %v", i, a, err)
		}
	}
	if err := r.Err(); err == nil || !strings.Contains(err.Error(), "no space left on device") {
		t.Errorf("its error is %v", err)
	}
}

func TestAPlayerMindsItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := played(t, `{"version":1}`).Chat(ctx, asks("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestConcurrentUse has many record into one transcript, and many play it.
func TestConcurrentUse(t *testing.T) {
	m := model(func(req investigations.ChatRequest) (investigations.ChatReply, error) {
		return investigations.ChatReply{Text: strings.Repeat(req.Messages[0].Text, 100)}, nil
	})
	var out bytes.Buffer
	r, err := Record(m, &out, same)
	if err != nil {
		t.Fatal(err)
	}
	each := func(chat func(string) string) {
		t.Helper()
		var group sync.WaitGroup
		for i := range 20 {
			group.Go(func() {
				q := fmt.Sprintf("q%d;", i)
				for range 5 {
					if got := chat(q); got != strings.Repeat(q, 100) {
						t.Errorf("%s: %q", q, got)
					}
				}
			})
		}
		group.Wait()
	}
	ask := func(m investigations.Model) func(string) string {
		return func(q string) string {
			a, err := m.Chat(t.Context(), asks(q))
			if err != nil {
				t.Error(err)
			}
			return a.Text
		}
	}
	each(ask(r))
	if n := strings.Count(out.String(), "\n"); n != 101 {
		t.Fatalf("%d lines", n)
	}
	each(ask(played(t, out.String())))
}

// FuzzPlay reads anything, and asks what it then has.
func FuzzPlay(f *testing.F) {
	m := model(func(investigations.ChatRequest) (investigations.ChatReply, error) {
		return investigations.ChatReply{Text: "yes", Calls: []investigations.FunctionCall{{ID: "a", Name: "f", Arguments: "{}"}}}, nil
	})
	var out bytes.Buffer
	r, err := Record(m, &out, same)
	if err != nil {
		f.Fatal(err)
	}
	if _, err := r.Chat(f.Context(), asks("x")); err != nil {
		f.Fatal(err)
	}
	f.Add(out.String())
	f.Add(strings.Replace(out.String(), `"reply":{`, `"fault":{"fault":"busy","retry_after_ms":-1},"x":{`, 1))
	f.Add(`{"version":1,"model":null}` + "\n\n" + `{"reply":{"calls":[{}]}}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Play(strings.NewReader(text))
		if err != nil {
			if p != nil || !strings.HasPrefix(err.Error(), "read transcript") {
				t.Errorf("%v with %v", p, err)
			}
			return
		}
		first, err := p.Chat(t.Context(), asks("x"))
		var fault *investigations.ModelError
		if err != nil && !errors.As(err, &fault) {
			t.Errorf("the error is %v", err)
		}
		if err == nil && len(p.turns[digest(asks("x"))]) == 1 {
			again, err := p.Chat(t.Context(), asks("x"))
			if d := cmp.Diff(first, again, cmpopts.EquateEmpty()); d != "" || err != nil {
				t.Errorf("the last answer changes: %v\n%s", err, d)
			}
		}
	})
}
