package bench

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/oombot/oombot/tools/nodeagent/recorder"
)

const (
	memoryController = "/sys/fs/cgroup/memory"
	pods             = 110
	containers       = 250
	// recorded is how long one operation of BenchmarkRecorder records.
	recorded = 20 * time.Second
	// restlessEnv makes this program a process that takes a MiB and gives it back, every second.
	restlessEnv = "OOMBOT_BENCH_RESTLESS"
)

// BenchmarkRecorder records a node of 110 pods with 250 containers for 20 seconds: cgroups of this machine's kernel (v1), each
// with a process in it. In idle ones the processes sleep; in restless ones each takes and frees memory every second, so
// that little can be spared. A percent is of one core: user and system time of this process; the median is that of the
// seconds, which other work on the machine disturbs less than the mean.
func BenchmarkRecorder(b *testing.B) {
	if os.Geteuid() != 0 {
		b.Skip("needs root, to make cgroups")
	}
	if _, err := os.Stat(filepath.Join(memoryController, "memory.limit_in_bytes")); err != nil {
		b.Skipf("needs cgroup v1's memory controller at %s: %v", memoryController, err)
	}
	for _, kind := range []string{"idle", "restless"} {
		b.Run(kind, func(b *testing.B) {
			node(b, kind == "restless")
			r, err := recorder.New(recorder.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer r.Close()
			record(b, r, 8*time.Second) // opens all files, and finds all processes
			var ticks int64
			var mallocs uint64
			var seconds []time.Duration
			for b.Loop() {
				m, t := allocated(), r.Stats().Ticks
				seconds = append(seconds, record(b, r, recorded)...)
				mallocs, ticks = mallocs+allocated()-m, ticks+r.Stats().Ticks-t
			}
			var cpu time.Duration
			for _, s := range seconds {
				cpu += s
			}
			slices.Sort(seconds)
			s := r.Stats()
			if s.Containers < containers || s.Pods < pods || s.Tasks < containers || len(s.Faults) > 0 {
				b.Fatalf("it does not record the node: %+v", s)
			}
			b.ReportMetric(100*cpu.Seconds()/float64(len(seconds)), "%core")
			b.ReportMetric(100*seconds[len(seconds)/2].Seconds(), "median-%core")
			b.ReportMetric(float64(mallocs)/float64(ticks), "allocs/tick")
			b.ReportMetric(float64(residentNow(b)), "resident-B")
			b.ReportMetric(float64(s.RingBytes), "ring-B")
			b.ReportMetric(float64(s.OpenFiles), "files")
			b.ReportMetric(float64(s.Missed), "missed")
			b.ReportMetric(0, "ns/op") // is 20 s
		})
	}
}

// record records for d and returns the processor time of each second of it.
func record(b *testing.B, r *recorder.Recorder, d time.Duration) []time.Duration {
	ctx, cancel := context.WithTimeout(b.Context(), d)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	time.Sleep(time.Second / 2) // between two samples
	var seconds []time.Duration
	second := time.NewTicker(time.Second)
	defer second.Stop()
	before := spent(b)
	for {
		select {
		case <-second.C:
			now := spent(b)
			seconds, before = append(seconds, now-before), now
		case err := <-ended:
			if !errors.Is(err, context.DeadlineExceeded) {
				b.Fatal(err)
			}
			return seconds
		}
	}
}

// node makes the cgroups of a node and a process in each container, and removes them when the benchmark ends. It returns the
// cgroup of all pods.
func node(b *testing.B, restless bool) string {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	root := filepath.Join(memoryController, fmt.Sprintf("oombot-bench-%d", os.Getpid()), "kubepods")
	mkdir(b, filepath.Dir(root))
	mkdir(b, root)
	for i := range containers {
		if i < pods {
			mkdir(b, podDir(root, i))
		}
		program := []string{"sleep", "3600"}
		if restless {
			program = []string{self}
		}
		container(b, filepath.Join(podDir(root, i%pods), fmt.Sprintf("%064x", i)), "512M", program...)
	}
	return root
}

// podDir is the cgroup of one of the pods.
func podDir(root string, i int) string {
	return filepath.Join(root, fmt.Sprintf("pod%08x-1111-2222-3333-444455556666", i))
}

// container makes a cgroup with a limit, "" for none, and a process in it, until the benchmark ends.
func container(b *testing.B, dir, limit string, program ...string) {
	b.Helper()
	mkdir(b, dir)
	const enter = `echo $$ >"$1" && shift && exec "$@"`
	args := append([]string{"-c", enter, "sh", filepath.Join(dir, "cgroup.procs")}, program...)
	cmd := exec.CommandContext(context.Background(), "sh", args...)
	cmd.Env = append(os.Environ(), restlessEnv+"=1")
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	if limit == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(dir, "memory.limit_in_bytes"), []byte(limit), 0o644); err != nil {
		b.Fatal(err)
	}
}

// mkdir makes a cgroup and removes it when the benchmark ends; the kernel may need a moment to find that it is empty.
func mkdir(b *testing.B, dir string) {
	b.Helper()
	if err := os.Mkdir(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		var err error
		for range 100 {
			if err = os.Remove(dir); err == nil || errors.Is(err, fs.ErrNotExist) {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		b.Errorf("the cgroup is left behind: %v", err)
	})
}

// beRestless takes and frees memory until it is killed.
func beRestless() {
	for {
		memory, err := syscall.Mmap(-1, 0, 1<<20, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		if err != nil {
			os.Exit(1)
		}
		for i := 0; i < len(memory); i += 4096 {
			memory[i] = 1
		}
		time.Sleep(700 * time.Millisecond)
		_ = syscall.Munmap(memory)
		time.Sleep(700 * time.Millisecond)
	}
}

// spent is the processor time of this process so far.
func spent(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

// residentNow is how many bytes of this process are resident now.
func residentNow(b *testing.B) int64 {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Fatal(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(statm))[1], 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}
