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
