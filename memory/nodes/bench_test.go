package nodes

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory/file"
)

func benchLedger(b *testing.B) *Ledger {
	b.Helper()
	s, err := file.Open(b.Context(), filepath.Join(b.TempDir(), "m"), file.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	l, err := Open(b.Context(), Options{Shelf: s})
	if err != nil {
		b.Fatal(err)
	}
	return l
}

// BenchmarkTake takes a report of one kill with its recording, as a file on the disk keeps it.
func BenchmarkTake(b *testing.B) {
	l := benchLedger(b)
	i := 0
	for b.Loop() {
		i++
		r := full()
		r.Profiles, r.Reports = nil, []investigations.KernelReport{kernelAt(time.Duration(i)*time.Millisecond, int64(i))}
		r.Recorder.To = r.Recorder.To.Add(time.Duration(i) * time.Millisecond)
		if err := l.Take(b.Context(), r); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAccount asks for ten minutes of a node of which a day is known, among twenty.
func BenchmarkAccount(b *testing.B) {
	l := benchLedger(b)
	for i := range 24 * 20 {
		r := full()
		r.Node, r.Profiles = fmt.Sprint("n", i%20), nil
		r.Reports = []investigations.KernelReport{kernelAt(time.Duration(i/20)*time.Hour, int64(i))}
		r.Recorder.To = moment.Add(time.Duration(i/20) * time.Hour)
		r.Recorder.From = r.Recorder.To.Add(-15 * time.Minute)
		if err := l.Take(b.Context(), r); err != nil {
			b.Fatal(err)
		}
	}
	at := moment.Add(12 * time.Hour)
	for b.Loop() {
		a, err := l.Account(b.Context(), "n7", at.Add(-5*time.Minute), at.Add(5*time.Minute))
		if err != nil || len(a.Reports) != 1 || len(a.Recordings) != 1 {
			b.Fatal(len(a.Reports), len(a.Recordings), err)
		}
	}
}
