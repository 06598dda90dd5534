package bolt

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/memorytest"
)

// benchVariable adds a size to those that are measured, in traces.
const benchVariable = "OOMBOT_BENCH_TRACES"

// sizes are how many traces the files have that are measured.
func sizes(b *testing.B) []int {
	out := []int{10_000, 100_000}
	if v := os.Getenv(benchVariable); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			b.Fatalf("%s=%s: want a number of traces", benchVariable, v)
		}
		out = append(out, n)
	}
	return out
}

// benchFiles are the files that were filled, by size; TestMain removes them.
var benchFiles struct {
	sync.Mutex
	dir   string
	paths map[int]string
}

// benchFile returns a file with n traces, which the benchmarks share.
func benchFile(b *testing.B, n int) string {
	b.Helper()
	benchFiles.Lock()
	defer benchFiles.Unlock()
	if path := benchFiles.paths[n]; path != "" {
		return path
	}
	if benchFiles.dir == "" {
		dir, err := os.MkdirTemp("", "oombot-bench-*") //nolint:usetesting // several benchmarks share it
		if err != nil {
			b.Fatal(err)
		}
		benchFiles.dir, benchFiles.paths = dir, map[int]string{}
	}
	path := filepath.Join(benchFiles.dir, fmt.Sprintf("%d.db", n))
	begun := time.Now()
	fillFile(b, path, n)
	b.Logf("%d traces were stored in %v", n, time.Since(begun).Round(time.Second))
	benchFiles.paths[n] = path
	return path
}

func removeBenchFiles() error { return os.RemoveAll(benchFiles.dir) }

func fillFile(b *testing.B, path string, n int) {
	b.Helper()
	s, err := Open(path, Options{NoSync: true})
	if err != nil {
		b.Fatal(err)
	}
	const batch = 500
	made := make(chan []investigations.Trace, 1)
	go func() { // ends with the last batch, which is always taken
		defer close(made)
		for i := 0; i < n; i += batch {
			var traces []investigations.Trace
			for j := i; j < min(i+batch, n); j++ {
				traces = append(traces, memorytest.Trace(1, j))
			}
			made <- traces
		}
	}()
	for traces := range made {
		if err == nil {
			err = s.Keep(b.Context(), traces...)
		}
	}
	// What is not on the disk yet the first trace that is stored durably would have to wait for.
	if err := errors.Join(err, s.current.file.Sync(), s.Close()); err != nil {
		b.Fatal(err)
	}
}

// eachSize runs a benchmark on a file of each size.
func eachSize(b *testing.B, run func(b *testing.B, path string, n int)) {
	for _, n := range sizes(b) {
		b.Run(fmt.Sprintf("traces=%d", n), func(b *testing.B) { run(b, benchFile(b, n), n) })
	}
}

// quantiles reports the median and the 99th percentile of durations, in milliseconds.
func quantiles(b *testing.B, what string, d []time.Duration) {
	slices.Sort(d)
	for name, q := range map[string]int{"p50": 50, "p99": 99} {
		b.ReportMetric(float64(d[(len(d)-1)*q/100].Microseconds())/1000, what+name+"-ms")
	}
}

// cue is what an incident is looked up by that comes some time after those of a file of n.
func cue(n, i int) investigations.Cue {
	return investigations.Cue{Terms: memory.Terms(memorytest.Trace(1, n+1000+i).Features), Limit: 100}
}

// BenchmarkCandidates looks up incidents of the same world that are not in the file.
func BenchmarkCandidates(b *testing.B) {
	eachSize(b, func(b *testing.B, path string, n int) {
		s := reopen(b, path, Options{})
		var cues []investigations.Cue
		for i := range 1000 {
			cues = append(cues, cue(n, i))
		}
		var took []time.Duration
		for i := 0; b.Loop(); i++ {
			took = append(took, timed(b, func() error {
				_, err := s.Candidates(b.Context(), cues[i%len(cues)])
				return err
			}))
		}
		quantiles(b, "", took)
	})
}

// BenchmarkKeep stores one trace after the other, durably; between them it writes 4 KiB and syncs them, which is what the
// disk takes at least. An operation is both.
func BenchmarkKeep(b *testing.B) {
	eachSize(b, func(b *testing.B, path string, n int) {
		s := reopen(b, path, Options{})
		raw, err := os.Create(filepath.Join(filepath.Dir(path), "sync"))
		if err != nil {
			b.Fatal(err)
		}
		defer raw.Close()
		var took, disk []time.Duration
		one := func() {
			disk = append(disk, timed(b, func() error {
				_, err := raw.WriteAt(make([]byte, 4096), 0)
				return errors.Join(err, raw.Sync())
			}))
			benchKept++
			t := memorytest.Trace(3, n+benchKept)
			took = append(took, timed(b, func() error { return s.Keep(b.Context(), t) }))
		}
		for b.Loop() {
			one()
		}
		for len(took) < 500 { // fewer would not tell the slowest of a hundred
			one()
		}
		quantiles(b, "", took)
		quantiles(b, "disk-", disk)
	})
}

func timed(b *testing.B, what func() error) time.Duration {
	b.Helper()
	begun := time.Now()
	if err := what(); err != nil {
		b.Fatal(err)
	}
	return time.Since(begun)
}

// benchKept counts the traces that benchmarks added: each is a new one.
var benchKept int

// BenchmarkOpen opens a file and closes it again.
func BenchmarkOpen(b *testing.B) {
	eachSize(b, func(b *testing.B, path string, _ int) {
		for b.Loop() {
			s, err := Open(path, Options{})
			if err != nil {
				b.Fatal(err)
			}
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkHeads lists all that a file has.
func BenchmarkHeads(b *testing.B) {
	eachSize(b, func(b *testing.B, path string, n int) {
		s := reopen(b, path, Options{})
		for b.Loop() {
			seen := 0
			for _, err := range s.Heads(b.Context(), investigations.Filter{}) {
				if err != nil {
					b.Fatal(err)
				}
				seen++
			}
			if seen < n {
				b.Fatalf("%d heads of %d", seen, n)
			}
		}
	})
}

// BenchmarkMemory reports how much memory a new process takes that opens a file, looks up 1000 incidents and stores 200:
// anonymous memory, and beside it the pages of the file that the system has mapped for it and takes back when it needs
// them. And how large the file is.
func BenchmarkMemory(b *testing.B) {
	eachSize(b, func(b *testing.B, path string, _ int) {
		for b.Loop() {
			c := start(b, "measure", path)
			for _, line := range c.end(b) {
				var name string
				var value float64
				if _, err := fmt.Sscan(line, &name, &value); err != nil {
					b.Fatalf("the child prints %q: %v", line, err)
				}
				b.ReportMetric(value, name)
			}
		}
	})
}

// measure uses a file and prints what that took.
func measure(path string) error {
	s, err := Open(path, Options{NoSync: true})
	if err != nil {
		return err
	}
	ctx := context.Background()
	c, err := s.Candidates(ctx, investigations.Cue{})
	if err != nil {
		return err
	}
	for i := range 1000 {
		if _, err := s.Candidates(ctx, cue(int(c.Traces), i)); err != nil {
			return err
		}
		if i%5 == 0 {
			if err := s.Keep(ctx, memorytest.Trace(4, 1<<20+i)); err != nil {
				return err
			}
		}
	}
	size, err := sizeOf(s.current.file)
	if err != nil {
		return err
	}
	fmt.Println("file-B/trace", float64(size)/float64(c.Traces))
	status, err := os.Open("/proc/self/status")
	if err != nil {
		return fmt.Errorf("memory is measured on Linux only: %w", err)
	}
	defer status.Close()
	for lines := bufio.NewScanner(io.LimitReader(status, 1<<20)); lines.Scan(); {
		f := strings.Fields(lines.Text())
		if len(f) == 3 && (f[0] == "RssAnon:" || f[0] == "RssFile:") {
			kib, err := strconv.ParseFloat(f[1], 64)
			if err != nil {
				return err
			}
			fmt.Println(strings.TrimSuffix(f[0], ":")+"-MB", kib/1024)
		}
	}
	return s.Close()
}
