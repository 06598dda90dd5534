package nodes

import (
	"bytes"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory/file"
	"github.com/oombot/oombot/memory/memorytest"
)

// moment is a time at which something happened.
var moment = time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC)

// world is a ledger over a store that can be opened again, with a clock that is set by hand.
type world struct {
	t     *testing.T
	shelf investigations.Shelf
	now   time.Time
	log   strings.Builder
	*Ledger
	options Options
}

// worlds runs a test over every store.
func worlds(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	stores := map[string]func(t *testing.T) investigations.Shelf{
		"fake": func(*testing.T) investigations.Shelf { return memorytest.New(time.Now) },
		"file": func(t *testing.T) investigations.Shelf { return openFile(t, filepath.Join(t.TempDir(), "m")) },
		"shared": func(t *testing.T) investigations.Shelf {
			path := filepath.Join(t.TempDir(), "m")
			openFile(t, path)
			return openFile(t, path)
		},
	}
	for name, shelf := range stores {
		t.Run(name, func(t *testing.T) { test(t, newWorld(t, shelf(t))) })
	}
}

func openFile(t *testing.T, path string) *file.Store {
	t.Helper()
	s, err := file.Open(t.Context(), path, file.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func newWorld(t *testing.T, shelf investigations.Shelf) *world {
	t.Helper()
	w := &world{t: t, shelf: shelf, now: moment.Add(2 * time.Second)}
	w.open()
	return w
}

// open opens the ledger as a program that starts does: what only the last one knew is gone.
func (w *world) open() {
	w.t.Helper()
	w.options.Shelf, w.options.Now = w.shelf, func() time.Time { return w.now }
	w.options.Log = slog.New(slog.NewTextHandler(&w.log, nil))
	l, err := Open(w.t.Context(), w.options)
	if err != nil {
		w.t.Fatal(err)
	}
	w.Ledger = l
}

func (w *world) take(r investigations.NodeReport) {
	w.t.Helper()
	if err := w.Take(w.t.Context(), r); err != nil {
		w.t.Fatal(err)
	}
}

// account is what is known of a node from some time before to some time after the moment.
func (w *world) account(node string, before, after time.Duration) investigations.NodeAccount {
	w.t.Helper()
	a, err := w.Account(w.t.Context(), node, moment.Add(-before), moment.Add(after))
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *world) same(what string, want, got any) {
	w.t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs(), cmp.Comparer(bytes.Equal)); diff != "" {
		w.t.Errorf("%s (- wanted, + got):\n%s", what, diff)
	}
}

func ptr[T any](v T) *T { return &v }

// kernelAt is a report of a kill so long after the moment.
func kernelAt(after time.Duration, pid int64) investigations.KernelReport {
	at := moment.Add(after)
	return investigations.KernelReport{
		At: &at, UptimeS: ptr(1000 + after.Seconds()), Complete: true, Missing: []string{}, Kind: investigations.KernelMemcg,
		Boundary: investigations.BoundaryContainer, PodUID: "u1", ContainerID: "c1",
		Killed: []investigations.KernelKill{{PID: pid, Comm: "java"}}, Tasks: []investigations.KernelTask{{PID: pid, Comm: "java", RSSPages: 7}},
		Stats: map[string]int64{"anon": 1},
	}
}

// full is a report that holds something of everything.
func full() investigations.NodeReport {
	values := make(investigations.Samples, 900)
	for i := range values {
		values[i] = float64(i * 1_000_003)
	}
	return investigations.NodeReport{
		Version: 1, Node: "n1", BootID: "b1", Seq: 3,
		Heartbeat: &investigations.NodeHeartbeat{At: moment.Add(time.Second), Reader: "syslog", LosslessSince: ptr(moment.Add(-time.Hour)), Dropped: 2},
		Reports:   []investigations.KernelReport{kernelAt(0, 4711)},
		Counted:   []investigations.CountedKill{{At: moment.Add(time.Second), Path: "/kubepods/x", PodUID: "u2", Kills: 1, PIDs: []int64{9}}},
		UserKills: []investigations.UserKill{{At: moment.Add(-time.Second), Killer: investigations.UserKillSystemdOOMD, PodUID: "u3", Text: "Killed x"}},
		Pods: []investigations.NodePod{{UID: "u1", Namespace: "shop", Name: "checkout-1", Containers: []investigations.NodeContainer{
			{ID: "c1", Name: "app"},
		}}},
		Recorder: &investigations.NodeRecording{
			Version: 1, Node: "n1", From: moment.Add(-15 * time.Minute), To: moment.Add(time.Second),
			Series: []investigations.NodeRecorderSeries{{Namespace: "shop", Pod: "checkout-1", Name: "current", Unit: "bytes", StepMS: 1000, Values: values}},
			Top:    []investigations.NodeRecorderTop{{At: moment, Pod: "checkout-1", Namespace: "shop", PID: 4711, Comm: "java", RSSBytes: 5}},
		},
		Profiles: []investigations.NodeProfile{{Namespace: "shop", Pod: "checkout-1", Container: "app", At: moment, Data: noise(2_000_000)}},
	}
}

// noise is what can't be compressed.
func noise(n int) []byte {
	out := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(out) // it never fails
	return out
}

// empty fails where a document is left.
func (w *world) empty() {
	w.t.Helper()
	h := hourOf(moment)
	for _, kind := range []string{kindHour, kindReports("n1", h), kindMedia("n1", h), kindParts("n1", h)} {
		for d, err := range w.shelf.Docs(w.t.Context(), kind) {
			w.t.Errorf("%s %s is left: %v", d.Kind, d.Key, err)
		}
	}
	if w.media != 0 || w.reports != 0 {
		w.t.Errorf("%d bytes of media and %d of reports are left", w.media, w.reports)
	}
}
