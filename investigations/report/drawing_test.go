package report

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	inv "github.com/oombot/oombot/investigations"
)

func TestDraw(t *testing.T) {
	const n = 100
	c := leakAfterDeploy()
	c.ev.Metrics.Queries[inv.QueryTraffic] = query(
		series(inv.Party{}, 215*time.Minute, func(time.Duration) float64 { return 20 }),
		series(inv.Party{}, 215*time.Minute, func(time.Duration) float64 { return 5 }))
	d, ok := Draw(c.result, c.ev, n)
	if !ok {
		t.Fatal("there is nothing to draw")
	}
	for name, line := range map[string][]float64{"memory": d.Memory, "limit": d.Limit, "traffic": d.Traffic} {
		if len(line) != n {
			t.Errorf("%s has %d values, want %d", name, len(line), n)
		}
	}
	if got := [...]float64{Peak(d.Limit), Peak(d.Traffic), d.Levels[0].Bytes}; got != [...]float64{512 * mib, 25, 0} {
		t.Errorf("limit, traffic and lowest level are %v", got)
	}
	if peak := Peak(d.Memory); peak < 400*mib || peak > d.Levels[len(d.Levels)-1].Bytes {
		t.Errorf("memory comes to %v, levels reach %v", peak, d.Levels)
	}
	if len(d.Kills) != 3 || !d.Kills[2].Equal(killedAt) || d.Ended != "killed" {
		t.Errorf("kills %v, %s", d.Kills, d.Ended)
	}
	if want := []Rollout{{killedAt.Add(-217 * time.Minute), 12}}; !cmp.Equal(want, d.Rollouts) {
		t.Errorf("rollouts %v, want %v", d.Rollouts, want)
	}
	for _, m := range d.Clock {
		if m.At.Before(d.From) || m.At.After(d.To) || m.Label == "" {
			t.Errorf("the moment %v is not within %s to %s", m, d.From, d.To)
		}
	}
	if len(d.Clock) < 2 || len(d.Clock) > 8 || d.Unit != "MiB" || d.Second != nil {
		t.Errorf("%d moments, unit %s, second line %v", len(d.Clock), d.Unit, d.Second)
	}
}

func TestDrawOfTwoContainers(t *testing.T) {
	c := sidecar()
	d, ok := Draw(c.result, c.ev, 50)
	if !ok || len(d.Second) != 50 || d.SecondName != c.result.Verdict.Culprit.Container {
		t.Errorf("ok %t, second line %q of %d values", ok, d.SecondName, len(d.Second))
	}
}

func TestDrawNothing(t *testing.T) {
	c := leakAfterDeploy()
	zero := leakAfterDeploy()
	zero.ev.Metrics.Queries = map[string]inv.Query{inv.QueryWorkingSet: query(series(*zero.result.Verdict.Victim, time.Hour, func(time.Duration) float64 { return 0 }))}
	zero.ev.Pods, zero.ev.Kernel = nil, nil
	tests := map[string]struct {
		r  *inv.Result
		ev *inv.Evidence
		n  int
	}{
		"no result":   {nil, c.ev, 10},
		"no evidence": {c.result, nil, 10},
		"no samples":  {c.result, &inv.Evidence{}, 10},
		"no columns":  {c.result, c.ev, 1},
		"all zero":    {zero.result, zero.ev, 10},
	}
	for name, tt := range tests {
		if d, ok := Draw(tt.r, tt.ev, tt.n); ok {
			t.Errorf("%s: drew %+v", name, d)
		}
	}
}
