package report

import (
	"strings"
	"testing"
	"time"

	inv "github.com/oombot/oombot/investigations"
)

// recordedCase has a container of which only a node agent's recorder tells: level for ten minutes, and up within thirty
// seconds.
func recordedCase() (*inv.Result, *inv.Evidence) {
	a := inv.Party{Namespace: "shop", Pod: "p", Container: "app"}
	s := inv.Series{Namespace: a.Namespace, Pod: a.Pod, Container: a.Container}
	for ago := 10 * time.Minute; ago > 0; ago -= time.Second {
		v := 100.0 * mib
		if ago < 30*time.Second {
			v += float64(30-int(ago.Seconds())) * 10 * mib
		}
		s.T, s.V = append(s.T, killedAt.Add(-ago).UnixMilli()), append(s.V, v)
	}
	r := &inv.Result{At: killedAt, Target: inv.Target{Namespace: a.Namespace, Pod: a.Pod}, Verdict: inv.Verdict{
		Mechanism: inv.MemcgOOMKill, Boundary: inv.BoundaryContainer, Victim: &a,
	}}
	return r, &inv.Evidence{Metrics: &inv.MetricEvidence{Recorder: []inv.Recorder{{Node: "n1", Series: []inv.RecorderSeries{
		{Namespace: a.Namespace, Pod: a.Pod, Container: a.Container, Name: "memory.current", Series: s},
		{Namespace: a.Namespace, Pod: a.Pod, Container: a.Container, Name: inv.RecordedAnon, Series: s},
	}}}}}
}

// TestDrawRecorded: the window is that of the rise, and the clock has seconds.
func TestDrawRecorded(t *testing.T) {
	r, ev := recordedCase()
	r.Target.Container, r.Verdict.Victim.Container = "", "" // the pod's only one is meant
	d, ok := Draw(r, ev, 100)
	if !ok || d.Title != "memory of shop/p/app" || d.Recorded != "1 s, node agent" || Peak(d.Memory) != 390*mib {
		t.Fatalf("%t %q %q %v", ok, d.Title, d.Recorded, Peak(d.Memory))
	}
	if length := d.To.Sub(d.From); length < 2*time.Minute || length > 4*time.Minute || len(d.Clock) < 3 {
		t.Errorf("%s with the clock %v", length, d.Clock)
	}
	seconds := false
	for _, m := range d.Clock {
		seconds = seconds || strings.Count(m.Label, ":") == 2
	}
	if !seconds {
		t.Error(d.Clock)
	}
	for name, change := range map[string]func(*inv.Series){
		"too few": func(s *inv.Series) { s.T, s.V = s.T[len(s.T)-10:], s.V[len(s.V)-10:] },
		"too old": func(s *inv.Series) { s.T, s.V = s.T[:100], s.V[:100] },
		"of later": func(s *inv.Series) {
			for i := range s.T {
				s.T[i] += time.Hour.Milliseconds()
			}
		},
	} {
		r, ev := recordedCase()
		change(&ev.Metrics.Recorder[0].Series[0].Series)
		if d, ok := Draw(r, ev, 100); ok {
			t.Errorf("%s: %q is drawn", name, d.Title)
		}
	}
	r, ev = recordedCase()
	for i := range ev.Metrics.Recorder[0].Series[0].Series.T {
		ev.Metrics.Recorder[0].Series[0].Series.T[i] = killedAt.Add(-time.Duration(600-i) * 5 * time.Second).UnixMilli()
	}
	if d, ok := Draw(r, ev, 100); !ok || d.Recorded != "node agent" {
		t.Errorf("%t %q", ok, d.Recorded)
	}
}

// tops adds readings of a process every five seconds of the last ten minutes, from where it was there.
func tops(ev *inv.Evidence, a inv.Party, pid int64, comm, command string, from time.Duration, rss func(ago time.Duration) float64) {
	r := &ev.Metrics.Recorder[0]
	for ago := from; ago > 0; ago -= 5 * time.Second {
		r.Top = append(r.Top, inv.RecorderTop{
			At: killedAt.Add(-ago), Namespace: a.Namespace, Pod: a.Pod, Container: a.Container, PID: pid, Comm: comm, RSSBytes: int64(rss(ago)), Command: command,
		})
		command = "" // of the first reading only
	}
}

// level stays where it is; climbing comes to the peak within the last half minute.
func level(v float64) func(time.Duration) float64 {
	return func(time.Duration) float64 { return v }
}

func climbing(low, peak float64) func(time.Duration) float64 {
	return func(ago time.Duration) float64 {
		if ago > 30*time.Second {
			return low
		}
		return peak - (peak-low)*ago.Seconds()/30
	}
}

// TestRecordedProcess: beside the container stands the process that grew, where there are several.
func TestRecordedProcess(t *testing.T) {
	a := inv.Party{Namespace: "shop", Pod: "p", Container: "app"}
	for _, tt := range []struct {
		name string
		make func(ev *inv.Evidence)
		want string
	}{
		{"a worker grew", func(ev *inv.Evidence) {
			tops(ev, a, 1, "gunicorn", "", 10*time.Minute, level(90*mib))
			tops(ev, a, 7, "worker\x1b[1m", "", 10*time.Minute, climbing(20*mib, 300*mib))
		}, "process worker\uFFFD[1m (pid 7)"},
		{"one that came", func(ev *inv.Evidence) {
			tops(ev, a, 1, "gunicorn", "", 10*time.Minute, level(90*mib))
			tops(ev, a, 9, "convert", "", 20*time.Second, level(280*mib))
		}, "process convert (pid 9)"},
		{"alone", func(ev *inv.Evidence) { tops(ev, a, 7, "app", "", 10*time.Minute, climbing(20*mib, 300*mib)) }, ""},
		{"nobody grew", func(ev *inv.Evidence) {
			tops(ev, a, 1, "gunicorn", "", 10*time.Minute, level(90*mib))
			tops(ev, a, 7, "worker", "", 10*time.Minute, level(80*mib))
		}, ""},
		{"another container's", func(ev *inv.Evidence) {
			o := inv.Party{Namespace: "shop", Pod: "p", Container: "proxy"}
			tops(ev, o, 1, "envoy", "", 10*time.Minute, level(90*mib))
			tops(ev, o, 7, "envoy", "", 10*time.Minute, climbing(20*mib, 300*mib))
		}, ""},
	} {
		r, ev := recordedCase()
		tt.make(ev)
		d, ok := Draw(r, ev, 100)
		if !ok || d.SecondName != tt.want || (d.Second == nil) != (tt.want == "") {
			t.Errorf("%s: %t, beside it %q", tt.name, ok, d.SecondName)
		}
		if tt.want != "" && (Peak(d.Second) < 250*mib || Peak(d.Second) > 300*mib) {
			t.Errorf("%s: its peak is %v", tt.name, Peak(d.Second))
		}
	}
}

// TestRecordedTasks: where no table of the kernel is, the processes are those that the agent saw.
func TestRecordedTasks(t *testing.T) {
	a := inv.Party{Namespace: "shop", Pod: "p", Container: "app"}
	r, ev := recordedCase()
	tops(ev, a, 1, "gunicorn", "gunicorn api:app", 10*time.Minute, level(90*mib))
	tops(ev, a, 7, "worker", "gunicorn: worker [api:app] --token=sk-live-0123456789abcdef0123456789abcdef", 10*time.Minute, climbing(20*mib, 300*mib))
	tops(ev, a, 9, "convert", "convert scan.tiff", 20*time.Second, level(150*mib))
	tops(ev, a, 5, "gone", "", 10*time.Minute, level(mib))
	ev.Metrics.Recorder[0].Top = ev.Metrics.Recorder[0].Top[:len(ev.Metrics.Recorder[0].Top)-60]
	got := section(text(t, r, ev, TextOptions{}), "PROCESSES")
	for _, want := range []string{
		"of p, the last that the node agent read before the end", "pid  process   resident  before",
		"7  worker     253 MiB  20 MiB  gunicorn: worker", "9  convert    150 MiB       -  convert scan.tiff", "1  gunicorn    90 MiB  90 MiB  gunicorn api:app",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	if strings.Contains(got, "gone") || strings.Contains(got, "sk-live") {
		t.Error(got)
	}
	r.Verdict.Victim = nil
	if got := text(t, r, ev, TextOptions{}); strings.Contains(got, "PROCESSES") {
		t.Error(got)
	}
}

// TestRecordedNeighbours: on a node that nothing scrapes the culprit's pod is drawn beside the victim's by the recording.
func TestRecordedNeighbours(t *testing.T) {
	r, ev := recordedCase()
	one := ev.Metrics.Recorder[0].Series[0]
	for _, container := range []string{"import", "proxy"} {
		s := one
		s.Pod, s.Container = "batch-0", container
		s.Series.Pod, s.Series.Container = "batch-0", container
		ev.Metrics.Recorder[0].Series = append(ev.Metrics.Recorder[0].Series, s)
	}
	r.Verdict.Boundary, r.Verdict.Mechanism = inv.BoundaryNode, inv.GlobalOOMKill
	r.Verdict.Culprit = &inv.Party{Namespace: "shop", Pod: "batch-0", Container: "import", Node: "n1"}
	d, ok := Draw(r, ev, 100)
	if !ok || d.Title != "memory of shop/batch-0" || d.Recorded == "" || d.SecondName != "the victim, p" || Peak(d.Memory) != 780*mib || Peak(d.Second) != 390*mib {
		t.Errorf("%t %q %q %q %v %v", ok, d.Title, d.Recorded, d.SecondName, Peak(d.Memory), Peak(d.Second))
	}
	r.Verdict.Culprit = r.Verdict.Victim
	if d, ok := Draw(r, ev, 100); !ok || d.Title != "memory of shop/p" || d.Second != nil {
		t.Errorf("%t %q beside %q", ok, d.Title, d.SecondName)
	}
	// Scrapes that show it go before.
	seen := inv.Series{Namespace: "shop", Pod: "batch-0"}
	for ago := time.Hour; ago >= 0; ago -= 30 * time.Second {
		seen.T, seen.V = append(seen.T, killedAt.Add(-ago).UnixMilli()), append(seen.V, 700*mib)
	}
	ev.Metrics.Queries = map[string]inv.Query{inv.QueryNodePods: {Series: []inv.Series{seen}}}
	r.Verdict.Culprit = &inv.Party{Namespace: "shop", Pod: "batch-0", Container: "import", Node: "n1"}
	if d, ok := Draw(r, ev, 100); !ok || d.Title != "working set of shop/batch-0" || d.Recorded != "" {
		t.Errorf("%t %q %q", ok, d.Title, d.Recorded)
	}
}
