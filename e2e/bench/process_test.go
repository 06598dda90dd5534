package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// scrapeEvery is how often Prometheus would ask a program for its metrics.
const scrapeEvery = 15 * time.Second

// process is a program whose cost is measured.
type process struct {
	cmd     *exec.Cmd
	metrics string // the URL of its metrics
	output  string // the file of what it says
	ended   chan error
}

// start runs a program in a memory cgroup, "" for that of the benchmark, until the benchmark ends.
func start(b *testing.B, cgroup, metrics string, env []string, program string, args ...string) *process {
	b.Helper()
	p := &process{metrics: metrics, output: filepath.Join(b.TempDir(), filepath.Base(program)+".log"), ended: make(chan error, 1)}
	out, err := os.Create(p.output)
	if err != nil {
		b.Fatal(err)
	}
	defer out.Close()
	const enter = `[ -z "$1" ] || echo $$ >"$1"/cgroup.procs; shift; exec "$@"`
	p.cmd = exec.CommandContext(context.Background(), "sh", append([]string{"-c", enter, "sh", cgroup, program}, args...)...)
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = out, out
	if err := p.cmd.Start(); err != nil {
		b.Fatal(err)
	}
	go func() { p.ended <- p.cmd.Wait() }() // ends with the process
	b.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		if err := <-p.ended; err == nil {
			b.Error("the program ended by itself, with 0") // it is killed
		}
	})
	return p
}

// alive ends the benchmark where the process has ended.
func (p *process) alive(b *testing.B) {
	b.Helper()
	select {
	case err := <-p.ended:
		p.ended <- err // for the cleanup
		said, _ := os.ReadFile(p.output)
		b.Fatalf("%s ended: %v\n%s", p.cmd.Args[4], err, said[max(0, len(said)-4000):])
	default:
	}
}

// processorTime is the user and system time of all its threads, also those that have ended. The clock's number is made as
// MAKE_PROCESS_CPUCLOCK of the kernel's include/linux/posix-timers_types.h does, for CPUCLOCK_SCHED (2).
func (p *process) processorTime(b *testing.B) time.Duration {
	b.Helper()
	p.alive(b)
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^p.cmd.Process.Pid<<3|2), &t); err != nil {
		b.Fatal(err)
	}
	return time.Duration(t.Nano())
}

// status returns lines of /proc/PID/status that are of so many kB, in bytes.
func (p *process) status(b *testing.B, names ...string) []float64 {
	b.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	out := make([]float64, len(names))
	for line := range strings.Lines(string(data)) {
		name, value, _ := strings.Cut(line, ":")
		if i := slices.Index(names, name); i >= 0 {
			kB, err := strconv.ParseFloat(strings.Fields(value)[0], 64)
			if err != nil {
				b.Fatal(err)
			}
			out[i] = kB * 1024
		}
	}
	return out
}

// faults is how many pages it had to be given so far, without reading a disk.
func (p *process) faults(b *testing.B) float64 {
	b.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(data), ") ")
	n, err := strconv.ParseFloat(strings.Fields(rest)[7], 64) // minflt, the tenth field of man 5 proc_pid_stat
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// scrape asks for the metrics, and returns those that have no labels.
func (p *process) scrape(b *testing.B) map[string]float64 {
	b.Helper()
	resp, err := http.Get(p.metrics) //nolint:noctx // a stuck scrape ends with the benchmark
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	out := map[string]float64{}
	in := bufio.NewScanner(io.LimitReader(resp.Body, 16<<20))
	for in.Scan() {
		if name, value, ok := strings.Cut(in.Text(), " "); ok && !strings.HasPrefix(name, "#") {
			if v, err := strconv.ParseFloat(value, 64); err == nil {
				out[name] = v
			}
		}
	}
	return out
}

// use is what a process took over a time.
type use struct {
	seconds []float64 // processor time, in percent of a core, of each second
	resident, anonymous, file,
	peak, faults float64
}

// measure watches processes at the same time, second by second, so that what disturbs one disturbs the others.
func measure(b *testing.B, d time.Duration, processes ...*process) []use {
	b.Helper()
	out := make([]use, len(processes))
	before := make([]time.Duration, len(processes))
	at := make([]time.Time, len(processes))
	for i, p := range processes {
		before[i], at[i], out[i].faults = p.processorTime(b), time.Now(), -p.faults(b)
	}
	scraped := time.Now()
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for until := time.Now().Add(d); time.Now().Before(until); {
		<-second.C
		for i, p := range processes {
			now, spent := time.Now(), p.processorTime(b)
			out[i].seconds = append(out[i].seconds, 100*(spent-before[i]).Seconds()/now.Sub(at[i]).Seconds())
			before[i], at[i] = spent, now
			out[i].resident = max(out[i].resident, p.status(b, "VmRSS")[0])
		}
		if time.Since(scraped) >= scrapeEvery {
			scraped = time.Now()
			for _, p := range processes {
				p.scrape(b)
			}
		}
	}
	for i, p := range processes {
		s := p.status(b, "RssAnon", "RssFile", "VmHWM")
		out[i].anonymous, out[i].file, out[i].peak = s[0], s[1], s[2]
		out[i].faults += p.faults(b)
	}
	return out
}

// report prints what a process took. The median second is disturbed less by other work on the machine than the mean.
func (u use) report(b *testing.B, who string) {
	var sum float64
	for _, s := range u.seconds {
		sum += s
	}
	slices.Sort(u.seconds)
	b.ReportMetric(sum/float64(len(u.seconds)), who+"%core")
	b.ReportMetric(u.seconds[len(u.seconds)/2], who+"median-%core")
	const mega = 1e6
	b.ReportMetric(u.resident/mega, who+"resident-MB")
	b.ReportMetric(u.anonymous/mega, who+"anon-MB")
	b.ReportMetric(u.file/mega, who+"file-MB")
	b.ReportMetric(u.peak/mega, who+"peak-MB")
	b.ReportMetric(u.faults/float64(len(u.seconds)), who+"faults/s")
}

// freeAddress is one that nobody listens on now.
func freeAddress(b *testing.B) (host, port string) {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // ends at once
	if err != nil {
		b.Fatal(err)
	}
	host, port, err = net.SplitHostPort(l.Addr().String())
	if err = errors.Join(err, l.Close()); err != nil {
		b.Fatal(err)
	}
	return host, port
}
