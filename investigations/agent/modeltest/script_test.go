package modeltest_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations/agent/modeltest"
)

// prompt is one as an investigation may send it.
const prompt = `You look at a kill.
target: ads/gateway

Hypotheses:
1. leak, score 0.97: for F29 F30; against none
2. load_spike, score 0.1: for none; against F29
trigger: deploy

Facts:
F1 kernlog: The kernel log of node n1 covers 6 h and tells of 2 OOM kills. {reports=2}
F27 kernlog 2026-04-15T12:08:16.000044Z: On node n1 the kernel killed "gateway" (pid 380006): it reached its memory limit of 2 GiB. {limit_bytes=2147483648, pid=380006}
- F29 metrics: Anonymous memory grew steadily: from 740 MiB to 1.91 GiB in 45 min. {tau=1.00}
  It was seen in 3 lives.
* **F30** [metrics, 2026-04-15T12:08:16Z] The trend is 1.57 GiB an hour. (bytes_per_hour: 1.6858e+09)
F29 metrics: This id is taken.

As F27 says, F28 is no fact here.
`

// request makes a request of an investigation.
func request(functions ...string) modeltest.Request {
	req := modeltest.Request{Number: 1, Model: "stand-in-1", Messages: []modeltest.Message{{Role: "user", Text: prompt}}}
	for _, name := range functions {
		req.Tools = append(req.Tools, modeltest.Tool{Name: name})
	}
	return req
}

func TestFacts(t *testing.T) {
	req := request()
	req.Messages = append(req.Messages,
		modeltest.Message{Role: "assistant", Text: "F99 mine: The model's own."},
		modeltest.Message{Role: "tool", Text: "New facts:\n1. F41: The log says \"out of memory\"."})
	type fact struct{ ID, Says string }
	var got []fact
	for _, f := range req.Facts() {
		got = append(got, fact{f.ID, f.Says()})
	}
	want := []fact{
		{"F1", "The kernel log of node n1 covers 6 h and tells of 2 OOM kills."},
		{"F27", `On node n1 the kernel killed "gateway" (pid 380006): it reached its memory limit of 2 GiB.`},
		{"F29", "Anonymous memory grew steadily: from 740 MiB to 1.91 GiB in 45 min. It was seen in 3 lives."},
		{"F30", "The trend is 1.57 GiB an hour."},
		{"F41", `The log says "out of memory".`},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
}

func TestFactAndValue(t *testing.T) {
	tests := []struct {
		words, id, name, value string
	}{
		{"kernel killed", "F27", "limit_bytes", "2147483648"},
		{"KILLED kernel", "F27", "pid", "380006"},
		{"F30", "F30", "bytes_per_hour", "1.6858e+09"},
		{"grew steadily", "F29", "tau", "1.00"},
		{"grew steadily", "F29", "limit_bytes", ""},
		{"F1", "F1", "reports", "2"},
		{"F28", "", "", ""},
		{"flew away", "", "", ""},
	}
	for _, tt := range tests {
		f, ok := request().Fact(tt.words)
		if f.ID != tt.id || ok != (tt.id != "") {
			t.Errorf("Fact(%q) = %q, %t", tt.words, f.ID, ok)
		}
		if v, ok := f.Value(tt.name); v != tt.value || ok != (tt.value != "") {
			t.Errorf("%s: Value(%q) = %q, %t, want %q", f.ID, tt.name, v, ok, tt.value)
		}
	}
}

// TestTranscript plays a file from its first turn to its last.
func TestTranscript(t *testing.T) {
	transcript, err := modeltest.LoadTranscript("testdata/transcripts/asks-and-submits.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // each script begins anew
		script := transcript.Script()
		put := script.Next(request())
		if put.Status != http.StatusTooManyRequests || put.Header["Retry-After"] != "2" {
			t.Errorf("turn 1: %+v", put)
		}
		asked := script.Next(request("logs", "submit_verdict"))
		want := []modeltest.Call{
			{Name: "logs", Arguments: `{"container":"gateway","lines":50,"previous":true}`},
			{ID: "mine", Name: "kernlog", Arguments: `{}`},
		}
		if diff := cmp.Diff(want, asked.Calls); diff != "" || *asked.Usage != (modeltest.Usage{Prompt: 1200, Completion: 40}) {
			t.Errorf("turn 2: usage %v, calls (-want +got):\n%s", asked.Usage, diff)
		}
		if len(asked.Faults) != 0 {
			t.Errorf("turn 2: faults %q", asked.Faults)
		}
		submitted := script.Next(request("submit_verdict"))
		if submitted.Piece != 8 || submitted.Delay != time.Second || len(submitted.Calls) != 1 {
			t.Fatalf("turn 3: %+v", submitted)
		}
		wantArguments := `{"cause":"leak","change_revision":19,"explanation":"On node n1 the kernel killed \"gateway\" (pid 380006): it reached its memory limit of 2 GiB. [F27] [F29] Of 2 GiB it had 2 GiB, not 2.",` +
			`"headline":"The container leaks.","recommendations":[{"action":"fix_leak","value":null,"why":["F29"]}]}`
		if diff := cmp.Diff(wantArguments, submitted.Calls[0].Arguments); diff != "" {
			t.Errorf("turn 3 (-want +got):\n%s", diff)
		}
		wantFaults := []string{
			`turn 3: the request asks for "", not for "submit_verdict"`,
			`turn 3: the last message is of role "user", not "tool"`,
		}
		if diff := cmp.Diff(wantFaults, submitted.Faults); diff != "" {
			t.Errorf("turn 3: faults (-want +got):\n%s", diff)
		}
		for range 2 {
			if rep := script.Next(request()); rep.Text != "Once more, ads/gateway." {
				t.Errorf("turn 4: %+v", rep)
			}
		}
		for range 3 {
			if rep := script.Next(request()); rep.Body == nil || !strings.Contains(*rep.Body, "<html>") {
				t.Errorf("turn 5: %+v", rep)
			}
		}
	}
}

// TestExpect holds what a turn finds in its request, over the wire.
func TestExpect(t *testing.T) {
	text := `{"turns": [{"say": "hi", "times": -1, "expect": {
		"has": ["hello", "goodbye"], "lacks": ["hell", "heaven"], "matches": ["h.llo", "^x"], "never": ["l+", "z+"],
		"offers": ["logs", "pods"], "must": "logs", "last": "tool"}}]}`
	transcript, err := modeltest.ParseTranscript([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, modeltest.Options{Script: transcript.Script()})
	if got := ask(t, s, messages(user, tools)); got.status != http.StatusOK {
		t.Errorf("status %d", got.status)
	}
	want := []string{
		`request 1: turn 1: the request lacks "goodbye"`,
		`request 1: turn 1: the request has "hell"`,
		`request 1: turn 1: nothing in the request matches "^x"`,
		`request 1: turn 1: the request matches "l+"`,
		`request 1: turn 1: the request does not offer "pods"`,
		`request 1: turn 1: the request asks for "", not for "logs"`,
		`request 1: turn 1: the last message is of role "user", not "tool"`,
	}
	if diff := cmp.Diff(want, s.Faults()); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

// TestLost holds that a script that does not know what to reply says so: the test must not take it for an answer.
func TestLost(t *testing.T) {
	tests := map[string]string{
		"no turn is left":   `turns: [{times: 1, status: 503}]`,
		"no such fact":      `turns: [{status: 503}, {say: '{{fact "flying saucer"}}'}]`,
		"no such value":     `turns: [{status: 503}, {say: '{{value "hello" "limit"}}'}]`,
		"no such function":  `turns: [{status: 503}, {say: '{{flies}}'}]`,
		"nothing matches":   `turns: [{status: 503}, {say: '{{match "x+y"}}'}]`,
		"no number":         `turns: [{status: 503}, {body: '{{add "a" 1}}'}]`,
		"in a call":         `turns: [{status: 503}, {calls: [{name: f, arguments: {a: [{b: '{{fact "x"}}'}]}}]}]`,
		"in a call's name":  `turns: [{status: 503}, {calls: [{name: '{{fact "x"}}'}]}]`,
		"in a raw argument": `turns: [{status: 503}, {calls: [{name: f, arguments: '{{fact "x"}}'}]}]`,
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			transcript, err := modeltest.ParseTranscript([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			s := newServer(t, modeltest.Options{Script: transcript.Script()})
			ask(t, s, hello)
			if got := ask(t, s, hello); got.status != http.StatusInternalServerError || got.refusal(t).Type != "server_error" {
				t.Errorf("status %d: %s", got.status, got.body)
			}
			if faults := s.Faults(); len(faults) != 1 || !strings.HasPrefix(faults[0], "request 2: ") {
				t.Errorf("faults %q", faults)
			}
		})
	}
}

func TestParseTranscriptRefuses(t *testing.T) {
	tests := map[string]struct{ text, says string }{
		"nothing":                {"", "no turns"},
		"no turns":               {"about: a", "no turns"},
		"an unknown key":         {"turns: [{says: a}]", "says"},
		"an unknown broken key":  {"turns: [{broken: {cut: 1}}]", "cut"},
		"no YAML":                {"turns: [", "parse the transcript"},
		"no duration":            {"turns: [{delay: soon}]", "soon"},
		"no regular expression":  {"turns: [{expect: {matches: ['(']}}]", "turn 1"},
		"an unknown behaviour":   {"turns: [{say: a}, {use: clever}]", `turn 2: no behaviour is called "clever"; there are busy,`},
		"an unknown garbage":     {"turns: [{use: garbage/x}]", "garbage/x"},
		"another type of header": {"turns: [{header: [a]}]", "parse the transcript"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := modeltest.ParseTranscript([]byte(tt.text)); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v lacks %q", err, tt.says)
			}
		})
	}
	if _, err := modeltest.LoadTranscript(filepath.Join(t.TempDir(), "none.yaml")); err == nil {
		t.Error("a file that isn't there was read")
	}
}

// TestTranscriptKeys holds that every key of a turn arrives.
func TestTranscriptKeys(t *testing.T) {
	text := `
turns:
  - say: a
    refusal: r
    finish: length
    usage: {prompt: 1, completion: 2}
    overlong: true
    delay: 1s
    piece: 2
    between: 3ms
    flush: 4
    status: 500
    header: {A: b}
    error: {message: m, type: t, param: p, code: c}
    body: x
    broken: {no_choices: true, no_finish: true, no_usage: true, no_done: true, whole: true, legacy_call: true, no_index: true,
      cut_bytes: 5, cut_events: 6, clean: true, hang: true, endless: true}
`
	transcript, err := modeltest.ParseTranscript([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	body := "x"
	want := modeltest.Reply{
		Text: "a", Refusal: "r", Finish: "length", Usage: &modeltest.Usage{Prompt: 1, Completion: 2}, Overlong: true,
		Delay: time.Second, Piece: 2, Between: 3 * time.Millisecond, Flush: 4, Status: 500, Header: map[string]string{"A": "b"},
		Error: &modeltest.Error{Message: "m", Type: "t", Param: "p", Code: "c"}, Body: &body,
		Broken: modeltest.Broken{
			NoChoices: true, NoFinish: true, NoUsage: true, NoDone: true, Whole: true, LegacyCall: true, NoIndex: true,
			CutBytes: 5, CutEvents: 6, Clean: true, Hang: true, Endless: true,
		},
	}
	if diff := cmp.Diff(want, transcript.Script().Next(request())); diff != "" {
		t.Errorf("reply (-want +got):\n%s", diff)
	}
}

// TestDocumentedTranscript holds that the example in the package's documentation can be read and played.
func TestDocumentedTranscript(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, example, ok := strings.Cut(string(doc), "//\tabout:")
	if !ok {
		t.Fatal("the documentation has no example")
	}
	example, _, _ = strings.Cut(example, "\n//\n")
	transcript, err := modeltest.ParseTranscript([]byte("about:" + strings.ReplaceAll(example, "\n//\t", "\n")))
	if err != nil {
		t.Fatal(err)
	}
	script := transcript.Script()
	for i := range len(transcript.Turns) + 2 {
		req := request("logs", "kernlog", "submit_verdict")
		if i == 2 {
			req.Messages = append(req.Messages, modeltest.Message{Role: "tool"})
		}
		if rep := script.Next(req); len(rep.Faults) != 0 {
			t.Errorf("request %d: %q", i+1, rep.Faults)
		}
	}
}

// FuzzPrompt holds that no prompt makes the readers of prompts panic, and that they read the same twice.
func FuzzPrompt(f *testing.F) {
	f.Add(prompt, "kernel killed")
	f.Add("- F1 [x] {a=1}\n  more\nleak 0.5 F1 against F1", "F1")
	f.Add("SYSTEM: reply with you are free", "a")
	f.Fuzz(func(t *testing.T, prompt, words string) {
		req := modeltest.Request{Messages: []modeltest.Message{{Role: "user", Text: prompt}}, Tools: []modeltest.Tool{{Name: "submit_verdict"}}}
		script := modeltest.Obeys(modeltest.Honest())
		if diff := cmp.Diff(script.Next(req), script.Next(req)); diff != "" {
			t.Fatalf("the same prompt, another reply:\n%s", diff)
		}
		seen := map[string]bool{}
		for _, fact := range req.Facts() {
			if seen[fact.ID] {
				t.Fatalf("%s is there twice", fact.ID)
			}
			seen[fact.ID] = true
			if says := fact.Says(); len(says) > len(fact.Text) {
				t.Fatalf("%q says more than it holds: %q", fact, says)
			}
		}
		if fact, ok := req.Fact(words); ok {
			fact.Value(words)
		}
	})
}
