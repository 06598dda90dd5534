package file

import (
	"path/filepath"
	"testing"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory/memorytest"
)

// BenchmarkHeld and BenchmarkShared do the same with a file of this process, and through the process that has it.
func BenchmarkHeld(b *testing.B)   { benchmark(b, false) }
func BenchmarkShared(b *testing.B) { benchmark(b, true) }

const kept = 2000

func benchmark(b *testing.B, shared bool) {
	path := filepath.Join(b.TempDir(), "m")
	s := openFor(b, path)
	var batch []investigations.Trace
	for i := range kept {
		batch = append(batch, memorytest.Trace(1, i))
	}
	if err := s.Keep(b.Context(), batch...); err != nil {
		b.Fatal(err)
	}
	if shared {
		s = openFor(b, path)
	}
	if s.current.shared != shared {
		b.Fatalf("shared: %t", s.current.shared)
	}
	b.Run("Trace", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if _, err := s.Trace(b.Context(), batch[i%kept].Result.ID); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Keep", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if err := s.Keep(b.Context(), batch[i%kept]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Heads", func(b *testing.B) {
		for b.Loop() {
			n := 0
			for _, err := range s.Heads(b.Context(), investigations.Filter{}) {
				if err != nil {
					b.Fatal(err)
				}
				n++
			}
			b.ReportMetric(float64(n), "heads/op")
		}
	})
}

func openFor(b *testing.B, path string) *Store {
	b.Helper()
	s, err := Open(b.Context(), path, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}
