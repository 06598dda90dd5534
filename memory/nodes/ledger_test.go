package nodes

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory/memorytest"
)

// TestTakenIsTold tells all of a report, once however often it is sent, and after a restart.
func TestTakenIsTold(t *testing.T) {
	worlds(t, func(t *testing.T, w *world) {
		r := full()
		want := investigations.NodeAccount{
			Node: "n1", LosslessFrom: moment.Add(-time.Hour), LosslessTo: moment.Add(time.Second), Reports: r.Reports, Counted: r.Counted,
			UserKills: r.UserKills, Pods: r.Pods, Recordings: []investigations.NodeRecording{*r.Recorder}, Profiles: r.Profiles,
		}
		w.take(r)
		w.same("told", want, w.account("n1", time.Minute, time.Minute))
		again := full()
		again.Seq = 4 // the log was read again
		w.take(again)
		w.take(full())
		w.same("told again", want, w.account("n1", time.Minute, time.Minute))
		kept := w.media
		w.open()
		w.same("after a restart", want, w.account("n1", time.Minute, time.Minute))
		if w.media != kept || kept < 2_000_000 {
			t.Errorf("%d bytes of media are known, and %d were", w.media, kept)
		}
		if a := w.account("n1", -time.Minute, time.Hour); len(a.Reports)+len(a.Counted)+len(a.UserKills)+len(a.Recordings)+len(a.Profiles) > 0 {
			t.Errorf("of another time it tells %+v", a)
		}
		if strings.Contains(w.log.String(), "level=WARN") {
			t.Errorf("it warns: %s", w.log.String())
		}
	})
}

// TestNobody tells an unknown node from a silent one.
func TestNobody(t *testing.T) {
	worlds(t, func(t *testing.T, w *world) {
		_, err := w.Account(t.Context(), "n1", moment, moment)
		if !errors.Is(err, investigations.ErrNotFound) {
			t.Errorf("a node that was never heard of: %v", err)
		}
		w.take(investigations.NodeReport{Node: "n1", BootID: "b"})
		w.same("one that says nothing", investigations.NodeAccount{Node: "n1"}, w.account("n1", time.Hour, time.Hour))
		w.open()
		w.same("after a restart", investigations.NodeAccount{Node: "n1"}, w.account("n1", time.Hour, time.Hour))
	})
}

// TestOnlyItsTime tells of the time that is asked for, and of recordings that reach into it.
func TestOnlyItsTime(t *testing.T) {
	worlds(t, func(_ *testing.T, w *world) {
		w.now = moment.Add(50 * time.Hour)
		for i, after := range []time.Duration{-40 * time.Hour, -time.Hour, -time.Minute, 0, time.Minute, time.Hour, 40 * time.Hour} {
			r := full()
			r.Heartbeat, r.Profiles, r.Counted, r.UserKills = nil, nil, nil, nil
			r.Reports = []investigations.KernelReport{kernelAt(after, int64(i))}
			r.Recorder.From, r.Recorder.To = moment.Add(after-15*time.Minute), moment.Add(after)
			w.take(r)
		}
		for _, tt := range []struct {
			before, after time.Duration
			pids          []int64
			recordings    int
		}{
			{0, 0, []int64{3}, 2}, // that of a minute later holds the moment
			{2 * time.Minute, 2 * time.Minute, []int64{2, 3, 4}, 3},
			{100 * time.Hour, 100 * time.Hour, []int64{0, 1, 2, 3, 4, 5, 6}, 7},
			{100 * time.Hour, -time.Hour, []int64{0, 1}, 2},
		} {
			a := w.account("n1", tt.before, tt.after)
			var pids []int64
			for _, r := range a.Reports {
				pids = append(pids, Victim(&r))
			}
			w.same(fmt.Sprintf("pids within %s and %s", tt.before, tt.after), tt.pids, pids)
			w.same(fmt.Sprintf("recordings within %s and %s", tt.before, tt.after), tt.recordings, len(a.Recordings))
		}
	})
}

// TestReadAgain has a log read again whose beginning is gone: what was known more of stays, and what is known more of
// takes its place.
func TestReadAgain(t *testing.T) {
	w := newWorld(t, memorytest.New(time.Now))
	bare := kernelAt(0, 4711)
	bare.Complete, bare.Missing, bare.Tasks = false, []string{"head", "tasks"}, nil
	whole := kernelAt(0, 4711)
	for _, r := range []investigations.KernelReport{bare, whole, bare} {
		w.take(investigations.NodeReport{Node: "n1", BootID: "b1", Reports: []investigations.KernelReport{r}})
	}
	w.take(investigations.NodeReport{Node: "n1", BootID: "b2", Reports: []investigations.KernelReport{bare}})
	w.same("told", []investigations.KernelReport{whole, bare}, w.account("n1", time.Minute, time.Minute).Reports)
}

// TestUptimeOnly gives reports without a date a time, and tells them once though it is another one each time.
func TestUptimeOnly(t *testing.T) {
	w := newWorld(t, memorytest.New(time.Now))
	r := kernelAt(0, 1)
	r.At = nil
	for range 3 {
		w.take(investigations.NodeReport{Node: "n1", BootID: "b1", Reports: []investigations.KernelReport{r}})
		w.now = w.now.Add(time.Hour)
	}
	a := w.account("n1", time.Hour, 10*time.Hour)
	if len(a.Reports) != 1 || !a.Reports[0].At.Equal(moment.Add(2*time.Second)) {
		t.Errorf("told: %+v", a.Reports)
	}
}

// TestClockAhead has a node whose clock is ahead by more than can be: what it tells again is told once, though each time it is
// given another time.
func TestClockAhead(t *testing.T) {
	for name, sent := range map[string]time.Duration{"with the time of sending": 10 * time.Minute, "without": 0} {
		w := newWorld(t, memorytest.New(time.Now))
		r := kernelAt(10*time.Minute, 1)
		r.UptimeS = nil
		at := moment.Add(10 * time.Minute)
		for range 3 {
			n := investigations.NodeReport{
				Node: "n1", BootID: "b1", Reports: []investigations.KernelReport{r},
				Counted: []investigations.CountedKill{
					{At: at, Path: "/kubepods/x", PodUID: "u2", Kills: 1},
					{At: at, Path: "/kubepods/x", PodUID: "u2", Kills: 1, PIDs: []int64{9}, Recorded: true},
				},
				UserKills: []investigations.UserKill{{At: at, Killer: investigations.UserKillSystemdOOMD, PodUID: "u3", Text: "Killed x"}},
			}
			if sent > 0 {
				n.SentAt = w.now.Add(sent)
			}
			w.take(n)
			w.now = w.now.Add(time.Hour)
		}
		a := w.account("n1", time.Hour, 10*time.Hour)
		w.same("reports, counted kills and kills of user space "+name, []int{1, 2, 1}, []int{len(a.Reports), len(a.Counted), len(a.UserKills)})
	}
}

// TestNodeNames has nodes of all names, none of which gets into another's documents.
func TestNodeNames(t *testing.T) {
	worlds(t, func(t *testing.T, w *world) {
		names := []string{"n1", "n1/2026-03-04T02", "n1%2F", "..", ".", " ", "\xff", "n\x00", "né", strings.Repeat("n", 253), strings.Repeat("/", 253)}
		for i, name := range names {
			w.take(investigations.NodeReport{Node: name, Reports: []investigations.KernelReport{kernelAt(0, int64(i))}})
		}
		if err := w.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.open()
		for i, name := range names {
			a := w.account(name, time.Minute, time.Minute)
			if len(a.Reports) != 1 || Victim(&a.Reports[0]) != int64(i) {
				t.Errorf("%q told %+v", name, a.Reports)
			}
		}
		for _, name := range []string{"", strings.Repeat("n", 254)} {
			if err := w.Take(t.Context(), investigations.NodeReport{Node: name}); !errors.Is(err, ErrNode) {
				t.Errorf("%.10q: %v", name, err)
			}
		}
	})
}

// TestLongReport has a table of tasks that no document holds.
func TestLongReport(t *testing.T) {
	w := newWorld(t, memorytest.New(time.Now))
	r := kernelAt(0, 1)
	letters := noise(16 * 60_000)
	r.Tasks = make([]investigations.KernelTask, 60_000)
	for i := range r.Tasks {
		r.Tasks[i] = investigations.KernelTask{PID: int64(i), Comm: fmt.Sprintf("%x", letters[i*16:i*16+7]), RSSPages: int64(i % 1000)}
	}
	w.take(investigations.NodeReport{Node: "n1", Reports: []investigations.KernelReport{r}})
	got := w.account("n1", time.Minute, time.Minute).Reports
	if len(got) != 1 || len(got[0].Tasks) != 10_000 || got[0].Complete || got[0].Missing[0] != "tasks" || got[0].Tasks[0].RSSPages < 800 {
		t.Errorf("told: %d reports, the first with %d tasks, complete %t", len(got), len(got[0].Tasks), got[0].Complete)
	}
}

// TestMany has many agents report at a time, and be asked about.
func TestMany(t *testing.T) {
	worlds(t, func(t *testing.T, w *world) {
		var all sync.WaitGroup
		for n := range 8 {
			all.Go(func() {
				node := fmt.Sprint("n", n%4)
				for i := range 10 {
					r := full()
					r.Node, r.Profiles = node, nil
					r.Reports = []investigations.KernelReport{kernelAt(time.Duration(i)*time.Second, int64(n*100+i))}
					if err := w.Take(t.Context(), r); err != nil {
						t.Error(err)
					}
					if _, err := w.Account(t.Context(), node, moment, moment.Add(time.Minute)); err != nil {
						t.Error(err)
					}
				}
				if err := w.Sweep(t.Context(), moment); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for n := range 4 {
			if a := w.account(fmt.Sprint("n", n), time.Minute, time.Minute); len(a.Reports) != 20 || len(a.Recordings) != 1 {
				t.Errorf("n%d: %d reports, %d recordings", n, len(a.Reports), len(a.Recordings))
			}
		}
	})
}

// brittle fails some writes.
type brittle struct {
	investigations.Shelf
	// fail are the numbers of the writes that fail.
	fail   map[int]bool
	writes int
}

var errBroken = errors.New("the disk is broken")

func (b *brittle) PutDocs(ctx context.Context, docs ...investigations.Doc) error {
	b.writes++
	if b.fail[b.writes] {
		return errBroken
	}
	return b.Shelf.PutDocs(ctx, docs...)
}

// TestHalfway has each write of a large report fail once: when it is sent again all of it is there.
func TestHalfway(t *testing.T) {
	for i := 1; ; i++ {
		shelf := &brittle{Shelf: memorytest.New(time.Now), fail: map[int]bool{i: true}}
		w := newWorld(t, shelf)
		r := full()
		r.Profiles = append(r.Profiles, investigations.NodeProfile{Namespace: "a", Pod: "b", Container: "c", At: moment, Data: noise(6_000_000)})
		err := w.Take(t.Context(), r)
		if err == nil {
			if i < 3 {
				t.Errorf("it is written in %d pages only", i-1)
			}
			break // that one was of the heartbeat, which is no error
		}
		if !errors.Is(err, errBroken) {
			t.Fatal(err)
		}
		if i%2 == 0 {
			w.open()
		}
		w.take(r)
		a := w.account("n1", time.Minute, time.Minute)
		if len(a.Reports) != 1 || len(a.Profiles) != 2 || len(a.Recordings) != 1 {
			t.Errorf("after write %d failed: %d reports, %d profiles, %d recordings", i, len(a.Reports), len(a.Profiles), len(a.Recordings))
		}
		if err := w.Sweep(t.Context(), moment.Add(40*24*time.Hour)); err != nil {
			t.Fatal(err)
		}
		w.empty()
	}
}

// TestNewestReports tells the newest of more reports than are told at a time, and how a pod was called last.
func TestNewestReports(t *testing.T) {
	w := newWorld(t, memorytest.New(time.Now))
	w.now = moment.Add(100 * time.Hour)
	w.entryBytes = 5000
	for i := range 30 {
		r := kernelAt(time.Duration(i)*time.Hour, int64(i))
		w.take(investigations.NodeReport{Node: "n1", Reports: []investigations.KernelReport{r}, Pods: []investigations.NodePod{
			{UID: "u1", Namespace: "shop", Name: fmt.Sprint("pod-", i)},
		}})
	}
	a := w.account("n1", 0, 50*time.Hour)
	if n := len(a.Reports); n < 2 || n > 29 || Victim(&a.Reports[n-1]) != 29 || len(a.Pods) != 1 || a.Pods[0].Name != "pod-29" {
		t.Errorf("%d reports are told, and pods %+v", n, a.Pods)
	}
	if !strings.Contains(w.log.String(), "not all reports of a node are told") {
		t.Error("that it is not all is not told")
	}
}
