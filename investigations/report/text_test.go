package report

import (
	"bytes"
	"math/rand"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	inv "github.com/oombot/oombot/investigations"
)

func TestTextErrors(t *testing.T) {
	if err := Text(&bytes.Buffer{}, nil, nil, TextOptions{}); err == nil {
		t.Error("no error for a nil result")
	}
	if err := Text(brokenPipe{}, &inv.Result{}, nil, TextOptions{}); err == nil {
		t.Error("no error from a writer that fails")
	}
}

func TestTextWidth(t *testing.T) {
	for in, want := range map[int]int{0: 80, -5: 80, 10: 40, 80: 80, 100: 100, 120: 120, 400: 120} {
		if got := textWidth(in); got != want {
			t.Errorf("a width of %d is %d, want %d", in, got, want)
		}
	}
}

// TestTextOfRandomResults renders what no rule would write; the fuzz target goes on where this ends.
func TestTextOfRandomResults(t *testing.T) {
	random := rand.New(rand.NewSource(4711))
	charts := 0
	for range 400 {
		data := make([]byte, random.Intn(6000))
		random.Read(data)
		in, columns := &feed{data}, random.Intn(140)
		r := in.result()
		got := text(t, r, in.evidence(), TextOptions{Width: columns})
		for _, wrong := range checkText(r, got, textWidth(columns)) {
			t.Errorf("at %d columns: %s", columns, wrong)
		}
		if strings.Contains(got, "\nMEMORY ") {
			charts++
		}
	}
	if charts < 50 {
		t.Errorf("only %d of 400 results had a chart: the test reaches less than it should", charts)
	}
}

func TestTextOfHostileNames(t *testing.T) {
	const evil = "a\x1b]0;owned\x07\u202eb\u009b2J\r\nc"
	r := &inv.Result{
		At: killedAt, ID: evil, Target: inv.Target{Namespace: evil, Pod: evil, Container: evil},
		Verdict: inv.Verdict{
			Headline: evil, Explanation: evil + " [F1]", Victim: &inv.Party{Namespace: evil, Pod: evil, Node: evil, Comm: evil},
			Change:          &inv.Change{Workload: evil, What: []string{evil}},
			Recommendations: []inv.Recommendation{{Action: inv.Action(evil), Command: "kubectl " + evil, Note: evil, Why: []string{evil}}},
		},
		Facts:      []inv.Fact{{ID: "F1", Says: evil, Source: evil}},
		BlindSpots: []inv.BlindSpot{{Tool: evil, Why: evil, WouldTell: evil}},
		Precedents: []inv.Precedent{{ID: evil, Why: []string{evil}, Outcome: inv.OutcomeState(evil)}},
		Tools:      []inv.ToolRun{{Name: evil}},
	}
	got := text(t, r, nil, TextOptions{})
	for _, wrong := range checkText(&inv.Result{}, got, 80) {
		t.Error(wrong)
	}
	if strings.Contains(got, "kubectl") || !strings.Contains(got, "is left out") {
		t.Errorf("a command that would be printed as another one is not left out:\n%s", got)
	}
}

func TestCommandsAreNeverWrapped(t *testing.T) {
	command := "kubectl -n shop set resources deployment/checkout -c checkout " + strings.Repeat("--limits=memory=768Mi ", 9) + "--dry-run=server"
	r := &inv.Result{Verdict: inv.Verdict{Recommendations: []inv.Recommendation{{Action: inv.ActionSetLimit, Command: command}}}}
	if got := text(t, r, nil, TextOptions{Width: 60}); !strings.Contains(got, "\n     "+command+"\n") {
		t.Errorf("the command has no line of its own:\n%s", got)
	}
}

func TestPartyWords(t *testing.T) {
	app := inv.Party{Namespace: "shop", Pod: "p", Container: "app", Node: "n1", PID: 7, Comm: "java"}
	tests := []struct {
		victim  *inv.Party
		culprit inv.Party
		want    string
	}{
		{nil, app, "shop/p/app on n1 · java (pid 7)"},
		{&app, app, "the same container"},
		{&app, inv.Party{Namespace: "shop", Pod: "p"}, "the same pod"},
		{&app, inv.Party{Namespace: "shop", Pod: "p", Container: "sidecar"}, "container sidecar of the same pod"},
		{&app, inv.Party{Namespace: "shop", Pod: "p", Container: "app", PID: 9, Comm: "sh"}, "the same container · sh (pid 9)"},
		{&app, inv.Party{Namespace: "pay", Pod: "p", Container: "app"}, "pay/p/app"},
		{&app, inv.Party{Node: "n1", PID: 99, Comm: "rsync"}, "node n1, outside of any pod · rsync (pid 99)"},
		{&app, inv.Party{Node: "n1"}, "node n1"},
		{&app, inv.Party{PID: 5}, "not known · (pid 5)"},
		{&app, inv.Party{}, "not known"},
	}
	for _, tt := range tests {
		if got := CulpritWords(tt.victim, tt.culprit); got != tt.want {
			t.Errorf("culprit %+v: %q, want %q", tt.culprit, got, tt.want)
		}
	}
}

func TestNextKill(t *testing.T) {
	at := killedAt.Add(6*time.Hour + 23*time.Minute)
	tests := []struct {
		next inv.NextKill
		want string
	}{
		{inv.NextKill{At: at, Earliest: at.Add(-time.Hour), Latest: at.Add(time.Hour), Why: []string{"F5"}}, "about 08:40 UTC, 6 h 23 min after this one; between 07:40 and 09:40 [F5]"},
		{inv.NextKill{At: at.AddDate(0, 0, 3), Earliest: at.AddDate(0, 0, 2), Latest: at.AddDate(0, 0, 4)}, "about 2026-03-07 08:40 UTC, 3 d 6 h after this one; between 2026-03-06 08:40 and 2026-03-08 08:40"},
		{inv.NextKill{Earliest: at}, "not before 08:40"},
		{inv.NextKill{Latest: at}, "by 08:40 at the latest"},
		{inv.NextKill{}, ""},
	}
	for _, tt := range tests {
		r := &inv.Result{At: killedAt, Verdict: inv.Verdict{NextKill: &tt.next}}
		_, got, _ := strings.Cut(section(text(t, r, nil, TextOptions{Width: 120}), "NEXT KILL"), "\n")
		if d := cmp.Diff(tt.want, strings.TrimSpace(got)); d != "" {
			t.Errorf("next kill (-want +got):\n%s", d)
		}
	}
}

func TestFactsShown(t *testing.T) {
	r := &inv.Result{
		At: killedAt,
		Verdict: inv.Verdict{
			Cause: inv.CauseLeak, Explanation: "It grew [F1], and F2 is no citation.",
			Recommendations: []inv.Recommendation{{Action: inv.ActionFixLeak, Why: []string{"F3"}}},
			NextKill:        &inv.NextKill{At: killedAt, Why: []string{"F4"}},
		},
		Hypotheses: []inv.Hypothesis{{Cause: inv.CauseLeak, For: []string{"F5"}}, {Cause: inv.CauseSidecar, For: []string{"F6"}, Against: []string{"F7"}}},
	}
	for _, id := range []string{"F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8"} {
		r.Facts = append(r.Facts, inv.Fact{ID: id, Says: "says " + id, Source: "source.json"})
	}
	got := section(text(t, r, nil, TextOptions{}), "EVIDENCE")
	want := `  6 of 8; -o json has all
  F1  says F1  source.json
  F3  says F3  source.json
  F4  says F4  source.json
  F5  says F5  source.json
  F6  says F6  source.json
  F7  says F7  source.json`
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("facts (-want +got):\n%s", d)
	}
}

func TestOtherCausesAreFew(t *testing.T) {
	r := &inv.Result{Verdict: inv.Verdict{Cause: inv.CauseLeak}}
	for i, c := range inv.Causes {
		r.Hypotheses = append(r.Hypotheses, inv.Hypothesis{Cause: c, Score: float64(i) / 100})
	}
	want := `  by score, 0 to 1
  0.10  insufficient evidence
  0.09  not an OOM
  0.08  kernel memory
  0.07  memory-backed volume (tmpfs)`
	if d := cmp.Diff(want, section(text(t, r, nil, TextOptions{}), "OTHER EXPLANATIONS")); d != "" {
		t.Errorf("other causes (-want +got):\n%s", d)
	}
}

func TestBlindSpotsOfOneToolAreCut(t *testing.T) {
	r := &inv.Result{}
	for range 30 {
		r.BlindSpots = append(r.BlindSpots, inv.BlindSpot{Tool: inv.ToolLogs, Why: "a log is cut off."})
	}
	r.BlindSpots = append(r.BlindSpots, inv.BlindSpot{Tool: inv.ToolMetrics, Why: "no metrics", WouldTell: "how it grew"})
	want := strings.Repeat("\n  logs     a log is cut off", 4) + "\n  metrics  no metrics; it would tell how it grew\n  and 26 more; -o json has all"
	if d := cmp.Diff(want, section(text(t, r, nil, TextOptions{}), "NOT SEEN")); d != "" {
		t.Errorf("blind spots (-want +got):\n%s", d)
	}
}

// TestLongSourcesAreWrittenOnce has facts that one long query tells: it is written out with the first of them.
func TestLongSourcesAreWrittenOnce(t *testing.T) {
	query := `sum(rate(http_requests_total{namespace="shop",pod=~"web-[a-z0-9]{1,10}-[a-z0-9]{5}"}[300s])) and one more`
	r := &inv.Result{
		Facts: []inv.Fact{
			{ID: "F1", Says: "one", Source: query},
			{ID: "F2", Says: "two", Source: query},
			{ID: "F3", Says: "three", Source: "metrics/x.json"},
			{ID: "F4", Says: "four", Source: "metrics/x.json"},
		},
		Verdict: inv.Verdict{Explanation: "All [F1] of [F2] them [F3] [F4]."},
	}
	got := section(text(t, r, nil, TextOptions{}), "EVIDENCE")
	if strings.Count(got, "sum(rate(") != 1 || !strings.Contains(got, "two  as F1") || strings.Count(got, "metrics/x.json") != 2 {
		t.Errorf("it prints\n%s", got)
	}
}
