package report

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	inv "github.com/oombot/oombot/investigations"
)

func text(t *testing.T, r *inv.Result, ev *inv.Evidence, opt TextOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := Text(&b, r, ev, opt); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// section returns what a text says under a heading.
func section(s, heading string) string {
	_, rest, ok := strings.Cut(s, "\n\n"+heading)
	if !ok {
		return ""
	}
	out, _, _ := strings.Cut(rest, "\n\n")
	return out
}

func TestChartSubject(t *testing.T) {
	leak, neighbour := leakAfterDeploy, noisyNeighbour
	tests := []struct {
		name   string
		change func(r *inv.Result, ev *inv.Evidence)
		of     func() incident
		want   []string
		never  []string
	}{
		{
			"the culprit's container", nil, leak,
			[]string{"working set of shop/checkout-7c9d8f6b5-x2x4p/checkout\n", "limit 512 MiB", "R rollout", "▲ killed"},
			[]string{"·· "},
		},
		{
			"the pod's only container where none is named",
			func(r *inv.Result, _ *inv.Evidence) {
				r.Verdict.Victim = &inv.Party{Namespace: "shop", Pod: "checkout-7c9d8f6b5-x2x4p"}
				r.Verdict.Culprit = nil
			},
			leak,
			[]string{"working set of shop/checkout-7c9d8f6b5-x2x4p/checkout\n"},
			nil,
		},
		{
			"the victim where the culprit has no samples",
			func(r *inv.Result, _ *inv.Evidence) {
				r.Verdict.Culprit = &inv.Party{Namespace: "shop", Pod: "elsewhere", Container: "x"}
			},
			leak,
			[]string{"working set of shop/checkout-7c9d8f6b5-x2x4p/checkout\n"},
			nil,
		},
		{
			"the limit of the pod's spec where there is no series of it",
			func(_ *inv.Result, ev *inv.Evidence) { delete(ev.Metrics.Queries, inv.QueryLimit) },
			leak,
			[]string{"limit 512 MiB"},
			nil,
		},
		{
			"the limit of the kernel's report where there is neither",
			func(_ *inv.Result, ev *inv.Evidence) { delete(ev.Metrics.Queries, inv.QueryLimit); ev.Pods = nil },
			leak,
			[]string{"limit 512 MiB"},
			nil,
		},
		{
			"no limit anywhere",
			func(_ *inv.Result, ev *inv.Evidence) {
				delete(ev.Metrics.Queries, inv.QueryLimit)
				ev.Pods, ev.Kernel = nil, nil
			},
			leak,
			[]string{"working set"},
			[]string{"limit"},
		},
		{"the culprit's pod beside the victim's", nil, neighbour, []string{"batch-import-z982dcfrg-rtmch", "·· the victim, web-"}, []string{"limit"}},
		{
			"the node where there is no culprit",
			func(r *inv.Result, ev *inv.Evidence) {
				node := inv.Party{Node: "node-9c7b"}
				r.Verdict.Victim, r.Verdict.Culprit, r.Target.Pod = &node, nil, ""
				ev.Metrics.Queries[inv.QueryNodeAvailable] = query(series(node, time.Hour, func(age time.Duration) float64 { return 16*gib - 15*gib*age.Hours() }))
				ev.Metrics.Queries[inv.QueryNodeTotal] = query(series(node, time.Hour, func(time.Duration) float64 { return 16 * gib }))
			},
			neighbour,
			[]string{"memory in use on node", "limit 16 GiB"},
			nil,
		},
		{
			"the node where the culprit is no pod",
			func(r *inv.Result, ev *inv.Evidence) {
				node := inv.Party{Node: r.Verdict.Victim.Node}
				r.Verdict.Culprit = &inv.Party{Node: node.Node, Comm: "borg"}
				ev.Metrics.Queries[inv.QueryNodeAvailable] = query(series(node, time.Hour, func(age time.Duration) float64 { return 16*gib - 15*gib*age.Hours() }))
				ev.Metrics.Queries[inv.QueryNodeTotal] = query(series(node, time.Hour, func(time.Duration) float64 { return 16 * gib }))
			},
			neighbour,
			[]string{"memory in use on node", "limit 16 GiB"},
			[]string{"the victim"},
		},
		{
			"the victim where the culprit is no pod and nothing is known of the node",
			func(r *inv.Result, _ *inv.Evidence) { r.Verdict.Culprit = &inv.Party{Comm: "borg"} },
			neighbour,
			[]string{"working set of "},
			[]string{"the victim"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := tt.of()
			if tt.change != nil {
				tt.change(c.result, c.ev)
			}
			got := section(text(t, c.result, c.ev, TextOptions{}), "MEMORY")
			for _, want := range tt.want {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in\n%s", want, got)
				}
			}
			for _, never := range tt.never {
				if strings.Contains(got, never) {
					t.Errorf("%q in\n%s", never, got)
				}
			}
		})
	}
}

func TestNoChart(t *testing.T) {
	wrongClock := leakAfterDeploy().ev
	for _, q := range wrongClock.Metrics.Queries {
		for _, s := range q.Series {
			for i := range s.T {
				s.T[i] -= (40 * day).Milliseconds()
			}
		}
	}
	allZero := leakAfterDeploy().ev
	for _, q := range allZero.Metrics.Queries {
		for _, s := range q.Series {
			clear(s.V)
		}
	}
	allZero.Pods, allZero.Kernel = nil, nil
	evidence := map[string]*inv.Evidence{"none": nil, "empty": {}, "a wrong clock": wrongClock, "all zero": allZero}
	for name, ev := range evidence {
		if got := text(t, leakAfterDeploy().result, ev, TextOptions{}); strings.Contains(got, "MEMORY") {
			t.Errorf("%s: there is a chart:\n%s", name, section(got, "MEMORY"))
		}
	}
}

func TestKillMarks(t *testing.T) {
	c := leakAfterDeploy()
	s := subject{pod: *c.result.Verdict.Victim}
	other := killedAt.Add(-20 * time.Hour)
	c.ev.Kernel.Logs[0].Reports = append(c.ev.Kernel.Logs[0].Reports, inv.KernelReport{At: &other, PodUID: "another pod", Killed: []inv.KernelKill{{PID: 1}}})
	c.ev.Pods.Pods[0].Containers[0].LastState.Terminated = &inv.Termination{Reason: "OOMKilled", FinishedAt: killedAt.Add(-5 * time.Hour)}
	c.ev.Pods.Pods[0].Containers[0].State.Terminated = &inv.Termination{Reason: "Completed", FinishedAt: killedAt.Add(-7 * time.Hour)}
	var got []string
	for _, m := range killMarks(c.result, c.ev, &s) {
		got = append(got, killedAt.Sub(time.UnixMilli(m.t)).String())
	}
	// From the container's state, twice from the counter, and the kill itself, which two sources tell.
	if d := cmp.Diff([]string{"5h0m0s", "2h23m30s", "1h11m30s", "0s"}, got); d != "" {
		t.Errorf("kills before the last (-want +got):\n%s", d)
	}
	c.result.Verdict.Mechanism = inv.NotKilled
	if got := killMarks(c.result, &inv.Evidence{}, &s); len(got) != 0 {
		t.Errorf("marks %v where nothing was killed", got)
	}
}

// TestOneKillIsOneMark where the counter of a slow scrape tells of the kill that is known exactly, and of one before.
func TestOneKillIsOneMark(t *testing.T) {
	c := leakAfterDeploy()
	c.ev.Kernel, c.ev.Pods = nil, nil
	step := 10 * time.Minute
	s := inv.Series{Namespace: "shop", Pod: c.result.Verdict.Victim.Pod, Container: "checkout"}
	for i, v := range []float64{0, 0, 1, 1, 1, 2} {
		s.T, s.V = append(s.T, killedAt.Add(time.Duration(i-5)*step).UnixMilli()), append(s.V, v)
	}
	c.ev.Metrics.Queries[inv.QueryOOMEvents] = query(s)
	var got []string
	for _, m := range killMarks(c.result, c.ev, &subject{pod: *c.result.Verdict.Victim}) {
		got = append(got, killedAt.Sub(time.UnixMilli(m.t)).String())
	}
	if d := cmp.Diff([]string{"40m0s", "0s"}, got); d != "" {
		t.Errorf("kills before the last (-want +got):\n%s", d)
	}
}

func TestEndsOfARuntimeAreItsRestarts(t *testing.T) {
	c := leakAfterDeploy()
	c.result.Verdict.Mechanism = inv.RuntimeOOM
	c.ev.Kernel, c.ev.Pods = nil, nil
	if got := killMarks(c.result, c.ev, &subject{pod: *c.result.Verdict.Victim}); len(got) != 1 {
		t.Errorf("%d marks, want the end itself: no OOM kills are counted", len(got))
	}
	c.ev.Metrics.Queries[inv.QueryRestarts] = c.ev.Metrics.Queries[inv.QueryOOMEvents]
	if got := killMarks(c.result, c.ev, &subject{pod: *c.result.Verdict.Victim}); len(got) != 3 {
		t.Errorf("%d marks, want the end and two restarts before", len(got))
	}
}

func TestAddKill(t *testing.T) {
	at := killedAt.UnixMilli()
	before := []point{{at - 40_000, 100 * mib}, {at - 10_000, 110 * mib}, {at + 20_000, 50 * mib}}
	tests := []struct {
		name   string
		usedKB int64
		points []point
		want   []point
	}{
		{"far above", 512 << 10, before, []point{before[0], before[1], {at, 512 * mib}, before[2]}},
		{"about the same", 115 << 10, before, before},
		{"below", 1, before, before},
		{"no sample before it", 512 << 10, before[2:], before[2:]},
		{"a sample of that moment", 512 << 10, []point{before[0], {at, 1}}, []point{before[0], {at, 512 * mib}}},
		{"no memory has that much", 1 << 60, before, before},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := subject{main: [][]point{slices.Clone(tt.points)}}
			s.addKill(&inv.KernelReport{At: &killedAt, Memory: &inv.KernelCounter{UsageKB: tt.usedKB}})
			if d := cmp.Diff(tt.want, s.main[0], cmp.AllowUnexported(point{})); d != "" {
				t.Errorf("points (-want +got):\n%s", d)
			}
		})
	}
	s := subject{main: [][]point{before}}
	s.addKill(&inv.KernelReport{Memory: &inv.KernelCounter{UsageKB: 1 << 20}})
	s.addKill(&inv.KernelReport{At: &killedAt})
	if s.fromKernel {
		t.Error("a report without a clock or a counter added a sample")
	}
}

func TestRolloutMarks(t *testing.T) {
	c := leakAfterDeploy()
	s := subject{pod: *c.result.Verdict.Victim}
	if got := len(rolloutMarks(c.result, c.ev, &s)); got != 2 {
		t.Errorf("%d rollouts, want those of revisions 11 and 12", got)
	}
	again := killedAt.Add(-time.Hour)
	c.ev.Rollouts.Workloads[0].Revisions[0].RolledOutAt = again
	marks := rolloutMarks(c.result, c.ev, &s)
	if last := marks[len(marks)-1]; last != (mark{again.UnixMilli(), 11}) {
		t.Errorf("the last rollout is %+v, want the time at which revision 11 came back", last)
	}
	s.pod.Pod = "of another workload"
	if got := len(rolloutMarks(c.result, c.ev, &s)); got != 1 {
		t.Errorf("%d rollouts for a pod of another workload, want only the change that set it off", got)
	}
}

func TestMatchingReport(t *testing.T) {
	c := leakAfterDeploy()
	earlier := killedAt.Add(-72 * time.Minute)
	first := c.ev.Kernel.Logs[0].Reports[0]
	same := first
	same.At, same.Lines = &earlier, [2]int64{1, 60} // the pid was used before
	undated := first
	undated.At = nil
	c.ev.Kernel.Logs[0].Reports = []inv.KernelReport{undated, same, first}
	if m := matchingReport(c.result, c.ev); m == nil || m.report.Lines != first.Lines || m.report.At == nil {
		t.Errorf("matched %+v, want the report at the moment of the kill", m)
	}
	c.ev.Kernel.Logs[0].Reports = []inv.KernelReport{undated}
	if m := matchingReport(c.result, c.ev); m == nil {
		t.Error("a report without a clock is not matched")
	}
	c.ev.Kernel.Logs[0].Node = "n9"
	if m := matchingReport(c.result, c.ev); m != nil {
		t.Errorf("matched the report of another node: %+v", m)
	}
}
