package kernlog

import (
	"bufio"
	"bytes"
	"testing"
	"time"

	"github.com/oombot/oombot/tools/kernlog/kernlogtest"
)

// BenchmarkScan reads 100 MB of log with 2,000 whole reports, in several transports; bare is what reading the
// same bytes line by line costs, with a search for two words in each line.
func BenchmarkScan(b *testing.B) {
	const size, reports, tasks = 100 << 20, 2000, 40
	for _, t := range []kernlogtest.Transport{kernlogtest.Dmesg, kernlogtest.Kmsg, kernlogtest.JournalISO, kernlogtest.JournalJSON} {
		log := kernlogtest.Big(t, kernlogtest.Kernels[9], size, reports, tasks)
		b.Run(string(t)+"/bare", func(b *testing.B) {
			b.SetBytes(int64(len(log)))
			for b.Loop() {
				if n := bareScan(log); n != 2*reports {
					b.Fatalf("%d lines found, want %d", n, 2*reports)
				}
			}
		})
		b.Run(string(t)+"/parse", func(b *testing.B) {
			b.SetBytes(int64(len(log)))
			b.ReportAllocs()
			for b.Loop() {
				s := NewScanner(bytes.NewReader(log), Options{Now: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)})
				n := 0
				for s.Scan() {
					if r := s.Report(); !r.Complete || len(r.Tasks) != tasks {
						b.Fatalf("report at %v: missing %v, %d tasks", r.Lines, r.Missing, len(r.Tasks))
					}
					n++
				}
				if n != reports {
					b.Fatalf("%d reports, want %d", n, reports)
				}
			}
		})
	}
}

// bareScan counts the lines that hold one of two words.
func bareScan(log []byte) int {
	sc := bufio.NewScanner(bytes.NewReader(log))
	sc.Buffer(make([]byte, 64<<10), 1<<20)
	n := 0
	for sc.Scan() {
		if line := sc.Bytes(); bytes.Contains(line, []byte("invoked oom-killer:")) || bytes.Contains(line, []byte("Killed process ")) {
			n++
		}
	}
	return n
}
