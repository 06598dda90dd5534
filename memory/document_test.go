package memory_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/memorytest"
)

const id = "01KE796RR2SV6WBNX2PH84PB8F"

// document returns a trace as export prints it.
func document(t *testing.T, v any) string {
	t.Helper()
	doc, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if doc, err = redact.JSON(doc); err != nil {
		t.Fatal(err)
	}
	return string(doc)
}

// TestDocumentIsLossless reads what was printed of generated incidents. Printing masks what looks like a secret, as a
// random name that ends in "pwd" before a colon; reading changes nothing more.
func TestDocumentIsLossless(t *testing.T) {
	const n = 200
	whole := 0
	for i := range n {
		trace := memorytest.Trace(3, i)
		doc := document(t, trace)
		var want investigations.Trace
		if err := json.Unmarshal([]byte(doc), &want); err != nil {
			t.Fatal(err)
		}
		got, err := memory.ReadDocument([]byte(doc))
		if err != nil {
			t.Fatalf("incident %d: %v", i, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("incident %d (-want +got)\n%s", i, d)
		}
		if cmp.Equal(trace, got) {
			whole++
		}
	}
	if whole < n*95/100 {
		t.Errorf("only %d of %d incidents without a secret come back as they were", whole, n)
	}
}

// small is the least that a document needs, with a part added.
func small(part string) string {
	return `{"version": 1, "result": {"version": 1, "id": "` + id + `", "at": "2026-03-04T02:17:09Z", "verdict": {"cause": "leak"}}` + part + `}`
}

func TestDocumentsOfOtherPrograms(t *testing.T) {
	feedback := `[{"by": "U1", "vote": "down", "at": "2026-03-04T05:00:00+02:00", "cause": "load_spike", "note": "no"}]`
	got, err := memory.ReadDocument([]byte(small(`, "feedback": ` + feedback + `, "outcome": {"state": "fix_held", "at": "2026-03-05T00:00:00Z", "why": "x"},
		"asked_by": "ann", "shown_at": ["https://chat.example/1"], "unknown": {"key": [1]}`)))
	if err != nil {
		t.Fatal(err)
	}
	at := got.Result.At
	want := []investigations.Feedback{{
		By: "U1", Vote: investigations.VoteDown, At: at.Add(got.Feedback[0].At.Sub(at)), Cause: investigations.CauseLoadSpike, Note: "no",
		Judged: investigations.CauseLeak,
	}}
	if d := cmp.Diff(want, got.Feedback); d != "" || got.Feedback[0].At.Format("15:04Z07:00") != "03:00Z" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if got.Outcome.State != investigations.OutcomeFixHeld || got.AskedBy != "ann" || len(got.ShownAt) != 1 || got.Result.Facts == nil {
		t.Errorf("%+v", got)
	}

	alone, err := memory.ReadDocument([]byte(`{"version": 1, "id": "` + id + `", "at": "2026-03-04T02:17:09Z", "verdict": {"cause": "leak"}}`))
	if err != nil || alone.Version != 1 || alone.Result.ID != id || alone.Outcome.State != investigations.OutcomeUnknown {
		t.Errorf("a result alone: %+v, %v", alone, err)
	}
}

func TestDocumentsThatCanNotBeTaken(t *testing.T) {
	verdict := func(part string) string {
		return strings.Replace(small(""), `"cause": "leak"`, part, 1)
	}
	tests := []struct{ doc, says string }{
		{``, "it is no JSON: unexpected end of JSON input at byte 0"},
		{`{"version": 1`, "it is no JSON: unexpected end of JSON input"},
		{`{} {}`, "it is no JSON: invalid character '{' after top-level value"},
		{`7`, "it is a JSON number, and no object"},
		{`[]`, "it is a JSON array, and no object"},
		{`null`, "it is neither a past incident nor a result"},
		{`{"version": 1}`, "it is neither a past incident nor a result"},
		{strings.Replace(small(""), `"version": 1`, `"version": 2`, 1), "version 2 is not known: this program reads 1"},
		{strings.Replace(small(""), `"version": 1`, `"v": 1`, 1), "it has no version"},
		{strings.Replace(small(""), `{"version": 1, "id"`, `{"version": 3, "id"`, 1), "version of the result 3 is not known"},
		{strings.Replace(small(""), `"id"`, `"ID_"`, 1), "it has no id"},
		{strings.Replace(small(""), id, "../../etc/passwd", 1), `id "../../etc/passwd" is no ULID`},
		{strings.Replace(small(""), id, strings.ToLower(id), 1), "is no ULID"},
		{strings.Replace(small(""), id, "8"+id[1:], 1), "is no ULID"},
		{strings.Replace(small(""), `"at"`, `"when"`, 1), "it has no time"},
		{strings.Replace(small(""), `"2026-03-04T02:17:09Z"`, `"yesterday"`, 1), "it can't be read: parsing time"},
		{strings.Replace(small(""), `"2026-03-04T02:17:09Z"`, `"9999-12-31T23:59:59-10:00"`, 1), "a time is out of range"},
		{verdict(`"cause": "leek"`), `cause "leek" is none of leak, undersized_limit`},
		{verdict(`"cause": 1`), "result.verdict.cause can't be a JSON number"},
		{verdict(`"mechanism": "magic"`), `mechanism "magic" is none of`},
		{verdict(`"boundary": "world"`), `boundary "world" is none of`},
		{verdict(`"trigger": "finger"`), `trigger "finger" is none of`},
		{verdict(`"confidence": "high"`), "result.verdict.confidence can't be a JSON string"},
		{verdict(`"recommendations": [{"action": "reboot"}]`), `recommendations.action "reboot" is none of`},
		{strings.Replace(small(""), `"verdict"`, `"hypotheses": [{"cause": "leek"}], "verdict"`, 1), `hypotheses.cause "leek" is none of`},
		{small(`, "outcome": {"state": "fixed"}`), `outcome.state "fixed" is none of`},
		{small(`, "outcome": {"state": "fix_held", "fix": ["rollback", "rm -rf"]}`), `outcome.fix "rm -rf" is none of`},
		{small(`, "links": [{"type": "on", "id": "x"}]`), `links.type "on" is none of same-root-as`},
		{small(`, "feedback": [{"vote": "up", "at": "2026-03-04T02:17:09Z"}]`), "feedback 1: it does not say by whom"},
		{small(`, "feedback": [{"by": "U1", "vote": "up"}]`), "feedback 1: it does not say when"},
		{small(`, "feedback": [{"by": "U1", "at": "2026-03-04T02:17:09Z"}]`), "feedback 1: it has no vote"},
		{small(`, "feedback": [{"by": "U1", "vote": "maybe", "at": "2026-03-04T02:17:09Z"}]`), `vote "maybe" is none of up, down, retracted`},
		{small(`, "feedback": [{"by": "U1", "vote": "up", "judged": "x", "at": "2026-03-04T02:17:09Z"}]`), `judged "x" is none of`},
		{small(`, "feedback": [{"by": "U1", "vote": "up", "cause": "x", "at": "2026-03-04T02:17:09Z"}]`), `cause "x" is none of`},
		{small(`, "x": ` + strings.Repeat("[", 101) + strings.Repeat("]", 101)), "it is nested deeper than 100"},
		{strings.Repeat("[", 1<<20), "it is nested deeper than 100"},
	}
	for _, tt := range tests {
		if _, err := memory.ReadDocument([]byte(tt.doc)); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%.80s: %v, want %q", tt.doc, err, tt.says)
		}
	}
	if _, err := memory.ReadDocument([]byte(strings.Repeat("[", 200))); !errors.Is(err, investigations.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
	if _, err := memory.ReadDocument([]byte(small(`, "x": "[[[[\"[[["`))); err != nil {
		t.Errorf("brackets in a text: %v", err)
	}
}

// TestDocumentWithSecrets plants one in every text.
func TestDocumentWithSecrets(t *testing.T) {
	const secret = "password=hunter2"
	doc := small(fmt.Sprintf(`, "asked_by": %[1]q, "feedback": [{"by": "U1", "vote": "up", "note": %[1]q, "at": "2026-03-04T02:17:09Z"}], "shown_at": [%[1]q],
		"outcome": {"state": "fix_held", "why": %[1]q}, "sources": [{"tool": "logs", "file": %[1]q, "asked": %[1]q, "error": %[1]q}],
		"features": {"comm": %[1]q, "changed": [%[1]q], "functions": [%[1]q], "image": %[1]q}, "influences": [{"precedent": "x", "why": %[1]q}]`, secret))
	doc = strings.Replace(doc, `"cause": "leak"`, fmt.Sprintf(`"headline": %[1]q, "explanation": %[1]q, "recommendations": [{"note": %[1]q, "command": %[1]q}]`, secret), 1)
	got, err := memory.ReadDocument([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "hunter2") || strings.Count(string(text), "password=[redacted]") != strings.Count(doc, secret) {
		t.Errorf("got %s", text)
	}
}

// shortened is the document of a generated incident without most of its facts and sources: long ones take too long to vary.
func shortened(t testing.TB, i int) string {
	t.Helper()
	trace := memorytest.Trace(9, i)
	trace.Result.Facts, trace.Sources = trace.Result.Facts[:1], trace.Sources[:1]
	doc, err := json.Marshal(trace)
	if err != nil {
		t.Fatal(err)
	}
	return string(doc)
}

func FuzzReadDocument(f *testing.F) {
	for i := range 3 {
		f.Add(shortened(f, i))
	}
	f.Add(small(""))
	f.Add(`{"version": 1, "id": "` + id + `", "at": "2026-03-04T02:17:09Z", "verdict": {}}`)
	f.Fuzz(func(t *testing.T, doc string) {
		got, err := memory.ReadDocument([]byte(doc))
		if err != nil {
			return
		}
		again, err := memory.ReadDocument([]byte(document(t, got)))
		if err != nil {
			t.Fatalf("what was read is refused when it is printed: %v", err)
		}
		if d := cmp.Diff(got, again); d != "" {
			t.Fatalf("what was read changes when it is printed and read (-first +second)\n%s", d)
		}
	})
}
