package main

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

func TestHistoryStats(t *testing.T) {
	r := rememberFile(t)
	r.golden("stats.txt", "stats")
	r.same("no past incident fits\n", "stats", "--namespace", "none")

	var judged []investigations.Trace
	for i := range 15 {
		trace := generated(15)[i]
		trace.Result.Verdict.Cause, trace.Result.Verdict.Confidence, trace.Outcome = investigations.CauseMemoryBackedVolume, 0.95, investigations.Outcome{}
		trace.Feedback = []investigations.Feedback{{By: "ann", Vote: investigations.VoteUp, At: today}}
		if i%5 == 0 {
			trace.Feedback[0].Vote = investigations.VoteDown
		}
		trace.Result.At = today
		judged = append(judged, trace)
	}
	remember(t, judged...).golden("stats.judged.txt", "stats")
}

func TestHistoryStatsAsJSON(t *testing.T) {
	r := remember(t, generated(300)...)
	for _, f := range []struct {
		filter investigations.Filter
		args   []string
	}{
		{investigations.Filter{}, nil},
		{investigations.Filter{Cause: investigations.CauseLeak}, []string{"--cause", "leak"}},
		{investigations.Filter{Namespace: "none"}, []string{"--namespace", "none"}},
	} {
		want, err := memory.StatsOf(r.Heads(t.Context(), f.filter))
		if err != nil {
			t.Fatal(err)
		}
		var got memory.Stats
		if err := json.Unmarshal([]byte(r.ok(append([]string{"stats", "-o", "json"}, f.args...)...)), &got); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(memory.Band{})); d != "" {
			t.Errorf("%q (-want +got)\n%s", f.args, d)
		}
	}
}
