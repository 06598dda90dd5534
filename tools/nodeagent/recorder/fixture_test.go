package recorder

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

const (
	uid1 = "0a1b2c3d-1111-2222-3333-444455556666"
	uid2 = "9f8e7d6c-1111-2222-3333-444455556666"
	mib  = 1 << 20
)

var (
	id1 = strings.Repeat("1a", 32)
	id2 = strings.Repeat("2b", 32)
)

// start is when all tests begin.
var start = time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC)

// fixture is a tree of cgroups and processes in plain files.
type fixture struct {
	t          testing.TB
	root, proc string
	version    int
	now        time.Time
	kills      []investigations.CountedKill
	near       []Container
	r          *Recorder
}

// newFixture makes an empty tree of one version.
func newFixture(t testing.TB, version int) *fixture {
	t.Helper()
	needLinux(t)
	dir := inMemory(t)
	f := &fixture{t: t, root: filepath.Join(dir, "cgroup"), proc: filepath.Join(dir, "proc"), version: version, now: start}
	f.mkdir(f.proc)
	if version == 1 {
		f.root = filepath.Join(f.root, "memory")
		f.put("", "memory.limit_in_bytes", "9223372036854771712")
	} else {
		f.put("", "cgroup.controllers", "cpuset cpu io memory pids")
	}
	return f
}

// start begins to record, with the options that change makes of the usual ones.
func (f *fixture) start(change ...func(*Options)) *Recorder {
	f.t.Helper()
	o := Options{
		Node: "n1", CgroupRoot: f.root, Proc: f.proc,
		OnKill: func(k investigations.CountedKill) { f.kills = append(f.kills, k) },
		OnNear: func(c Container) { f.near = append(f.near, c) },
		Now:    func() time.Time { return f.now },
	}
	for _, c := range change {
		c(&o)
	}
	r, err := New(o)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(r.Close)
	f.r = r
	return r
}

// tick samples n times, a second apart, before the time is taken.
func (f *fixture) tick(n int) {
	for range n {
		f.r.Sample(f.now)
		f.now = f.now.Add(time.Second)
	}
}

func (f *fixture) mkdir(dir string) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		f.t.Fatal(err)
	}
}

// put writes a file of a cgroup in place, as its reader has it open.
func (f *fixture) put(cgroup, name, content string) {
	f.t.Helper()
	dir := filepath.Join(f.root, cgroup)
	f.mkdir(dir)
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content+"\n"), 0o644); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) remove(cgroup string) {
	if err := os.RemoveAll(filepath.Join(f.root, cgroup)); err != nil {
		f.t.Fatal(err)
	}
}

// memory is what a fixture's cgroup uses, in MiB.
type memory struct{ current, limit, anon, file, inactive, shmem int64 }

// set writes all files of a cgroup as the version has them.
func (f *fixture) set(cgroup string, m memory) {
	f.t.Helper()
	n := func(v int64) string { return strconv.FormatInt(v*mib, 10) }
	most := n(m.limit)
	if f.version == 1 {
		if m.limit == 0 {
			most = "9223372036854771712"
		}
		f.put(cgroup, "memory.usage_in_bytes", n(m.current))
		f.put(cgroup, "memory.limit_in_bytes", most)
		f.put(cgroup, "memory.max_usage_in_bytes", n(m.current+1))
		f.put(cgroup, "memory.kmem.usage_in_bytes", n(2))
		f.put(cgroup, "memory.kmem.tcp.usage_in_bytes", "0")
		f.put(cgroup, "memory.stat", fmt.Sprintf("cache 1\nrss 2\nshmem 3\ninactive_file 4\nhierarchical_memory_limit 5\ntotal_cache %d\ntotal_rss %d\ntotal_shmem %d\ntotal_inactive_file %d",
			m.file*mib, m.anon*mib, m.shmem*mib, m.inactive*mib))
		f.kill(cgroup, 0, 0)
		return
	}
	if m.limit == 0 {
		most = "max"
	}
	f.put(cgroup, "memory.current", n(m.current))
	f.put(cgroup, "memory.max", most)
	f.put(cgroup, "memory.peak", n(m.current+1))
	f.put(cgroup, "memory.stat", fmt.Sprintf("anon %d\nfile %d\nkernel 77\nsock 4096\nshmem %d\nslab_reclaimable 1000\nslab_unreclaimable 24\nslab 1024\ninactive_file %d",
		m.anon*mib, m.file*mib, m.shmem*mib, m.inactive*mib))
	f.put(cgroup, "memory.pressure", "some avg10=1.50 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.25 avg60=0.00 avg300=0.00 total=1")
	f.kill(cgroup, 0, 0)
}

// kill sets the counters of kills.
func (f *fixture) kill(cgroup string, kills, limits int) {
	f.t.Helper()
	if f.version == 1 {
		f.put(cgroup, "memory.oom_control", fmt.Sprintf("oom_kill_disable 0\nunder_oom 0\noom_kill %d", kills))
		return
	}
	f.put(cgroup, "memory.events", fmt.Sprintf("low 0\nhigh 0\nmax 9\noom %d\noom_kill %d\noom_group_kill 0", limits, kills))
}

// task makes a process; args are its arguments.
func (f *fixture) task(cgroup string, pid, start int, comm string, pages int, args ...string) {
	f.t.Helper()
	dir := filepath.Join(f.proc, strconv.Itoa(pid))
	f.mkdir(dir)
	files := map[string]string{
		"statm":   fmt.Sprintf("9999 %d 100 1 0 50 0\n", pages),
		"stat":    fmt.Sprintf("%d (%s) S 1 1 1 0 -1 4194304 1 0 0 0 1 2 0 0 20 0 1 0 %d 1000 %d 18446744073709551615 1\n", pid, comm, start, pages),
		"cmdline": strings.Join(append(args, ""), "\x00"),
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			f.t.Fatal(err)
		}
	}
	procs := filepath.Join(f.root, cgroup, "cgroup.procs")
	before, _ := os.ReadFile(procs)
	if line := strconv.Itoa(pid) + "\n"; !strings.Contains("\n"+string(before), "\n"+line) {
		f.put(cgroup, "cgroup.procs", string(before)+strings.TrimSuffix(line, "\n"))
	}
}

// all includes all containers.
func all(Container) bool { return true }

// values returns a series of a recording, by the container's id ("" for the pod's own); nil where it is not there.
func values(rec investigations.NodeRecording, container, name string) []float64 {
	for _, s := range rec.Series {
		if s.ContainerID == container && s.Name == name {
			return s.Values
		}
	}
	return nil
}

func needLinux(t testing.TB) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("cgroups are Linux's")
	}
}

// inMemory returns a directory of the test's own that is no work for a disk, where there is such: fixtures are written
// thousands of times.
func inMemory(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "oombot-recorder-") //nolint:usetesting // t.TempDir is on a disk
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}
