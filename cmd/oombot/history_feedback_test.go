package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

func TestHistoryFeedback(t *testing.T) {
	r := rememberFile(t)
	r.same(firstID+" is confirmed\n  2025-11-25 08:00  U0ANN  up: the heap profile agrees\n  2025-11-28 12:00  ann    up\n", "feedback", firstID, "up")
	r.same(againID+" is confirmed\n  2025-11-28 12:00  ann  up: looks right\n", "feedback", againID[:12], "up", "--note", " looks\nright ")
	r.same(againID+` is corrected by people: it was undersized limit, and
not leak
  2025-11-28 12:00  ann  down, the cause is undersized limit
`, "feedback", againID, "down", "--cause", "undersized-limit")
	r.same(againID+" is not judged\n", "feedback", againID, "retract")
	r.same(probeID+" is judged wrong\n  2025-11-28 12:00  ann  down\n", "feedback", probeID, "down")

	trace, err := r.Trace(t.Context(), againID)
	if err != nil {
		t.Fatal(err)
	}
	if len(trace.Feedback) != 3 { // all is kept
		t.Errorf("feedback: %+v", trace.Feedback)
	}
}

func TestHistoryFeedbackAsJSON(t *testing.T) {
	r := rememberFile(t)
	var got judged
	if err := json.Unmarshal([]byte(r.ok("feedback", againID, "down", "--cause", "load_spike", "--note", "token=abcdef0123456789", "-o", "json")), &got); err != nil {
		t.Fatal(err)
	}
	want := judged{ID: againID, Trust: investigations.TrustCorrected, Cause: investigations.CauseLoadSpike, Feedback: []investigations.Feedback{{
		By: "ann", Vote: investigations.VoteDown, At: today, Cause: investigations.CauseLoadSpike, Note: "token=[redacted]", Judged: investigations.CauseLeak,
	}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if out := r.ok("feedback", againID, "retract", "-o", "json"); !strings.Contains(out, `"feedback": []`) {
		t.Errorf("got %s", out)
	}
}

func TestHistoryFeedbackUsage(t *testing.T) {
	r := rememberFile(t)
	r.fails(exitUsage, "feedback needs the id of an incident", "feedback")
	r.fails(exitUsage, "say what you think of the verdict: up, down or retract", "feedback", againID)
	r.fails(exitUsage, `a vote is up, down or retract, and not "dwon"; did you mean down?`, "feedback", againID, "dwon")
	r.fails(exitUsage, `was given "x" as well`, "feedback", againID, "up", "x")
	r.fails(exitUsage, `--cause "leek" is no cause`, "feedback", againID, "down", "--cause", "leek")
	r.fails(exitUsage, "give it with down", "feedback", againID, "up", "--cause", "leak")
	r.fails(exitUsage, "--note goes with up or down", "feedback", againID, "retract", "--note", "x")
	r.fails(exitUsage, "the verdict of "+againID+" says leak already", "feedback", againID, "down", "--cause", "leak")
	r.fails(exitUsage, "unknown flag --as", "feedback", againID, "up", "--as", "bob")
	if trace, err := r.Trace(t.Context(), againID); err != nil || len(trace.Feedback) != 0 {
		t.Errorf("something was noted all the same: %+v, %v", trace.Feedback, err)
	}
}

func TestTidyNote(t *testing.T) {
	tests := []struct{ note, want string }{
		{"", ""},
		{"  plain ", "plain"},
		{"two\nlines\x1b", "two lines\ufffd"},
		{"password=hunter2", "password=[redacted]"},
		{strings.Repeat("ä", 1000), strings.Repeat("ä", 1000)},
		{strings.Repeat("ä", 1001), strings.Repeat("ä", 999) + "…"},
		{strings.Repeat("🙂", 1500), strings.Repeat("🙂", 999) + "…"},
	}
	for _, tt := range tests {
		got := tidyNote(tt.note)
		if got != tt.want {
			t.Errorf("%.20q becomes %.30q of %d characters", tt.note, got, utf8.RuneCountInString(got))
		}
	}
}

// TestLaterFeedbackHolds has one person judge twice, the second time later.
func TestLaterFeedbackHolds(t *testing.T) {
	r := rememberFile(t)
	r.ok("feedback", againID, "down")
	later := investigations.Feedback{By: "ann", Vote: investigations.VoteUp, At: today.Add(time.Hour)}
	if err := r.Amend(t.Context(), againID, investigations.Amendment{Feedback: []investigations.Feedback{later}}); err != nil {
		t.Fatal(err)
	}
	if out := r.ok("show", againID); !strings.Contains(out, "FEEDBACK  confirmed\n  2025-11-28 12:00  ann  down, which holds no more\n  2025-11-28 13:00  ann  up\n") {
		t.Errorf("got %s", out)
	}
}
