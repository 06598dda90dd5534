package chart

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	inv "github.com/oombot/oombot/investigations"
)

// recorded adds a flight recorder's second-by-second curve of the last ten minutes of a container, which rises within
// the last forty seconds.
func recorded(ev *inv.Evidence, pod, container string, level, peak float64) {
	add := func(name string, value func(ago time.Duration) float64) {
		s := inv.Series{Namespace: "shop", Pod: pod, Container: container, Node: "n1"}
		for ago := 10 * time.Minute; ago >= time.Second; ago -= time.Second {
			s.T, s.V = append(s.T, killedAt.Add(-ago).UnixMilli()), append(s.V, value(ago))
		}
		if len(ev.Metrics.Recorder) == 0 {
			ev.Metrics.Recorder = []inv.Recorder{{Node: "n1", Source: "recorder/n1.json"}}
		}
		r := &ev.Metrics.Recorder[0]
		r.Series = append(r.Series, inv.RecorderSeries{Namespace: "shop", Pod: pod, Container: container, Name: name, Unit: "bytes", Series: s})
	}
	add(inv.RecordedCurrent, func(ago time.Duration) float64 {
		wave := float64(int(ago.Seconds())%7) * mib
		if ago > 40*time.Second {
			return level + wave
		}
		return level + wave + (peak-level)*(1-ago.Seconds()/40)
	})
	add(inv.RecordedLimit, func(time.Duration) float64 { return 512 * mib })
}

// keepPicture writes a picture where OOMBOT_PICTURES names a folder, for who wants to look at it.
func keepPicture(t *testing.T, name string, r *inv.Result, ev *inv.Evidence) {
	t.Helper()
	dir := os.Getenv("OOMBOT_PICTURES")
	if dir == "" {
		return
	}
	data, _, _, err := Memory(r, ev)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), data, 0o600)
	}
	if err != nil {
		t.Error(err)
	}
}

// TestRecorded: where no scrape saw the rise the node agent's curve is drawn, second by second, for the last minutes;
// where the scrapes show it, or nothing rose, they are.
func TestRecorded(t *testing.T) {
	const own = "Memory of shop/p/app (1 s, node agent) from 2026-03-04 02:14 to 2026-03-04 02:17 UTC: from "
	tests := []struct {
		name         string
		scraped      func(i int) float64
		level, peak  float64
		want, ending string
	}{
		{"missed", func(int) float64 { return 180 * mib }, 200 * mib, 512 * mib, own, "at most 505 MiB, under a limit of 512 MiB."},
		{"alone", nil, 200 * mib, 512 * mib, own, "at most 505 MiB, under a limit of 512 MiB."},
		{"seen", func(i int) float64 { return float64(300+2*i) * mib }, 200 * mib, 512 * mib, "Working set of shop/p/app from 2026-03-04 00:37", "at most 498 MiB."},
		{"level", func(int) float64 { return 180 * mib }, 400 * mib, 420 * mib, "Working set of shop/p/app from 2026-03-04 00:37", "at most 180 MiB."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, ev := made("p", 0, nil)
			if tt.scraped != nil {
				r, ev = made("p", 100, tt.scraped)
			}
			delete(ev.Metrics.Queries, inv.QueryOOMEvents)
			r.Verdict.Change = nil
			recorded(ev, "p", "app", tt.level, tt.peak)
			_, alt := draw(t, r, ev)
			keepPicture(t, tt.name, r, ev)
			if !strings.HasPrefix(alt, tt.want) || !strings.Contains(alt, tt.ending) {
				t.Error(alt)
			}
		})
	}
}

// TestRecordedPod: of a pod's limit the containers' curves are added up, with the culprit's beside them.
func TestRecordedPod(t *testing.T) {
	r, ev := made("p", 0, nil)
	r.Verdict.Boundary, r.Verdict.Change = inv.BoundaryPod, nil
	r.Verdict.Culprit = &inv.Party{Namespace: "shop", Pod: "p", Container: "proxy"}
	limit := int64(1024 * mib)
	ev.Pods = &inv.PodEvidence{Pods: []inv.Pod{{Namespace: "shop", Name: "p", MemoryLimit: &limit}}}
	recorded(ev, "p", "app", 300*mib, 310*mib)
	recorded(ev, "p", "proxy", 50*mib, 700*mib)
	_, alt := draw(t, r, ev)
	keepPicture(t, "pod", r, ev)
	const want = "Memory of shop/p (1 s, node agent) from 2026-03-04 02:14 to 2026-03-04 02:17 UTC: from 356 MiB to 996 MiB, at most 996 MiB, under a limit of 1 GiB. Beside it proxy, at most 685 MiB. Killed once at 02:17."
	if diff := cmp.Diff(want, alt); diff != "" {
		t.Error(diff)
	}
}

// TestRecordedNeighbour: a node that nothing scrapes shows the culprit's pod beside the victim's.
func TestRecordedNeighbour(t *testing.T) {
	r, ev := made("p", 0, nil)
	r.Verdict.Boundary, r.Verdict.Change = inv.BoundaryNodeAllocatable, nil
	r.Verdict.Culprit = &inv.Party{Namespace: "shop", Pod: "batch-0", Container: "import", Node: "n1"}
	recorded(ev, "p", "app", 300*mib, 300*mib)
	recorded(ev, "batch-0", "import", 100*mib, 900*mib)
	_, alt := draw(t, r, ev)
	keepPicture(t, "neighbour", r, ev)
	const want = "Memory of shop/batch-0 (1 s, node agent) from 2026-03-04 02:14 to 2026-03-04 02:17 UTC: from 101 MiB to 881 MiB, at most 881 MiB. Beside it the victim, p, at most 306 MiB. Killed once at 02:17."
	if diff := cmp.Diff(want, alt); diff != "" {
		t.Error(diff)
	}
}

// TestRecordedProcess: a container of several processes shows the one that grew.
func TestRecordedProcess(t *testing.T) {
	r, ev := made("p", 0, nil)
	delete(ev.Metrics.Queries, inv.QueryOOMEvents)
	r.Verdict.Change = nil
	recorded(ev, "p", "app", 200*mib, 512*mib)
	rec := &ev.Metrics.Recorder[0]
	for ago := 10 * time.Minute; ago > 0; ago -= 5 * time.Second {
		at := inv.RecorderTop{At: killedAt.Add(-ago), Namespace: "shop", Pod: "p", Container: "app"}
		parent, worker := at, at
		parent.PID, parent.Comm, parent.RSSBytes = 1, "gunicorn", 80*mib
		worker.PID, worker.Comm, worker.RSSBytes = 33, "gunicorn", 100*mib
		if ago < 40*time.Second {
			worker.RSSBytes += int64((40 - ago.Seconds()) * 8 * mib)
		}
		rec.Top = append(rec.Top, parent, worker)
	}
	_, alt := draw(t, r, ev)
	keepPicture(t, "process", r, ev)
	if want := "Beside it process gunicorn (pid 33), at most 380 MiB."; !strings.Contains(alt, want) {
		t.Error(alt)
	}
}
