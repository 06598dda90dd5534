package bench

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/tools/kernlog"
	"github.com/oombot/oombot/tools/kernlog/kernlogtest"
)

const (
	reports = 2000
	tasks   = 40
)

// log100 is 100 MB of a busy node's log with 2,000 whole reports in it.
func log100(t kernlogtest.Transport) []byte {
	return kernlogtest.Big(t, kernlogtest.Kernels[9], 100_000_000, reports, tasks)
}

// bare counts the lines that hold one of two words.
func bare(log []byte) (int, error) {
	sc := bufio.NewScanner(bytes.NewReader(log))
	sc.Buffer(make([]byte, 64<<10), 1<<20)
	n := 0
	for sc.Scan() {
		if line := sc.Bytes(); bytes.Contains(line, []byte("invoked oom-killer:")) || bytes.Contains(line, []byte("Killed process ")) {
			n++
		}
	}
	return n / 2, sc.Err()
}

// parse counts the whole reports that kernlog finds, tables and statistics included.
func parse(log []byte) (int, error) { return parseFrom(bytes.NewReader(log)) }

func parseFrom(r io.Reader) (int, error) {
	s := kernlog.NewScanner(r, kernlog.Options{Now: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)})
	n := 0
	for s.Scan() {
		if r := s.Report(); r.Complete && len(r.Tasks) == tasks {
			n++
		}
	}
	return n, s.Err()
}

// readers are what is compared.
var readers = []struct {
	name string
	read func([]byte) (int, error)
	// kmsg says that it reads nothing but records of /dev/kmsg.
	kmsg bool
}{{"bare", bare, false}, {"kernlog", parse, false}, {"cadvisor", cadvisor, true}, {"cadvisor-lean", lean, true}}

func TestMain(m *testing.M) {
	if os.Getenv(restlessEnv) != "" {
		beRestless()
	}
	quiet()
	if size := os.Getenv("OOMBOT_BENCH_SIZE"); size != "" {
		os.Exit(resident(size))
	}
	os.Exit(m.Run())
}

func Benchmark(b *testing.B) {
	for _, tr := range []kernlogtest.Transport{kernlogtest.Kmsg, kernlogtest.Dmesg, kernlogtest.JournalISO} {
		log := log100(tr)
		for _, r := range readers {
			if r.kmsg && tr != kernlogtest.Kmsg {
				continue
			}
			b.Run(string(tr)+"/"+r.name, func(b *testing.B) {
				b.SetBytes(int64(len(log)))
				for b.Loop() {
					if n, err := r.read(log); err != nil || n != reports {
						b.Fatalf("%d reports, want %d (%v)", n, reports, err)
					}
				}
			})
		}
	}
}

// TestRatios measures all of them by turns, so that a busy machine slows all of them down, and compares the
// best rounds. The targets are half of bare, three times cadvisor, and 200 MB/s; below two thirds of them is a
// failure.
func TestRatios(t *testing.T) {
	if testing.Short() {
		t.Skip("measures for half a minute")
	}
	speed := map[string]float64{}
	for _, tr := range []kernlogtest.Transport{kernlogtest.Kmsg, kernlogtest.Dmesg, kernlogtest.JournalISO} {
		log := log100(tr)
		took := map[string][]time.Duration{}
		for range 5 {
			for _, r := range readers {
				if r.kmsg && tr != kernlogtest.Kmsg {
					continue
				}
				start := time.Now()
				if n, err := r.read(log); err != nil || n != reports {
					t.Fatalf("%s: %d reports, want %d (%v)", r.name, n, reports, err)
				}
				took[r.name] = append(took[r.name], time.Since(start))
			}
		}
		for name, d := range took {
			speed[string(tr)+"/"+name] = float64(len(log)) / slices.Min(d).Seconds() / 1e6
		}
	}
	kmsg := speed["kmsg/kernlog"]
	check := func(what string, got, target float64) {
		t.Logf("%-44s %8.2f   target %.1f", what, got, target)
		if got < target*2/3 {
			t.Errorf("%s: %.2f, far below %.1f", what, got, target)
		}
	}
	for _, tr := range []string{"dmesg", "kmsg", "journal-short-iso"} {
		t.Logf("%-44s %8.0f   bare %.0f", tr+": kernlog MB/s", speed[tr+"/kernlog"], speed[tr+"/bare"])
		check(tr+": kernlog against a bare search", speed[tr+"/kernlog"]/speed[tr+"/bare"], 0.5)
		check(tr+": MB/s", speed[tr+"/kernlog"], 200)
	}
	t.Logf("%-44s %8.0f", "kmsg: cadvisor MB/s", speed["kmsg/cadvisor"])
	check("kmsg: kernlog against cadvisor", kmsg/speed["kmsg/cadvisor"], 3)
	t.Logf("%-44s %8.2f   (%.0f MB/s, on two threads)", "kmsg: kernlog against its oomparser alone", kmsg/speed["kmsg/cadvisor-lean"], speed["kmsg/cadvisor-lean"])
}

// TestMemory reads a log of 1 GB in a process of its own and looks at the most that was ever resident; and one
// of 200 MB that was made to fill the memory of who reads it.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 1 GB")
	}
	t.Run("busy", func(t *testing.T) { memory(t, "busy", 1_000_000_000, 64) })
	t.Run("hostile", func(t *testing.T) { memory(t, "hostile", 200_000_000, 64) })
}

func memory(t *testing.T, kind string, size, limitMB int) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), "OOMBOT_BENCH_KIND="+kind, fmt.Sprint("OOMBOT_BENCH_SIZE=", size))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
	fields := strings.Fields(string(out))
	kb, err := strconv.Atoi(fields[len(fields)-2])
	if err != nil {
		t.Fatal(err)
	}
	if kb > limitMB<<10 {
		t.Errorf("%d kB were resident, more than %d MiB", kb, limitMB)
	}
}

// resident reads a log of so many bytes and prints the most memory that was resident meanwhile.
func resident(size string) int {
	n, err := strconv.ParseInt(size, 10, 64)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	var piece []byte
	if os.Getenv("OOMBOT_BENCH_KIND") == "hostile" {
		piece = hostile()
	} else {
		piece = kernlogtest.Big(kernlogtest.Dmesg, kernlogtest.Kernels[9], 4_000_000, 80, tasks)
	}
	found, err := parseFrom(io.LimitReader(&again{piece: piece}, n))
	if err != nil {
		fmt.Println(err)
		return 1
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, "VmHWM:") {
			fmt.Printf("%d bytes, %d whole reports, the most that was resident: %s", n, found, strings.TrimPrefix(line, "VmHWM:"))
		}
	}
	return 0
}

// hostile has reports of hundreds of hosts at once, that grow in each of their parts and never end.
func hostile() []byte {
	var b bytes.Buffer
	for i := range 12_000 {
		prefix := fmt.Sprintf("Nov 23 14:19:07 h%d kernel: ", i%300)
		switch i / 300 % 4 {
		case 0:
			fmt.Fprintf(&b, "%sMemory cgroup stats for /%d: cache:0KB%s\n", prefix, i, strings.Repeat(fmt.Sprintf(" k%d:1KB", i), 20))
		case 1:
			fmt.Fprintf(&b, "%s[%7d]     0 %5d     2000     1000     8192        0           900 %s\n", prefix, i, i, strings.Repeat("x", 200))
		case 2:
			fmt.Fprintf(&b, "%sMemory cgroup out of memory: Killed process %d (x) total-vm:1kB, anon-rss:1kB, file-rss:0kB\n%sTasks in /%s are going to be killed due to memory.oom.group set\n", prefix, i, prefix, strings.Repeat("x", 300))
		default:
			fmt.Fprintf(&b, "%soom-kill:constraint=%s\n", prefix, strings.Repeat("y", 1000))
		}
	}
	return b.Bytes()
}

// again reads a piece over and over.
type again struct {
	piece []byte
	at    int
}

func (a *again) Read(b []byte) (int, error) {
	n := copy(b, a.piece[a.at:])
	a.at = (a.at + n) % len(a.piece)
	return n, nil
}
