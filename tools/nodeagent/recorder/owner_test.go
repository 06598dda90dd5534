package recorder

import (
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// TestOwner asks whose a process is that was killed. Each second of the fixture may change who there is; the moment of the kill
// is in seconds after the start, and it is asked for at the end.
func TestOwner(t *testing.T) {
	const first, second = "kubepods/pod" + uid1 + "/", "kubepods/pod" + uid2 + "/"
	type change func(f *fixture)
	in := func(path string, pid int, comm string) change {
		return func(f *fixture) {
			f.set(path, memory{current: 90, limit: 100})
			f.task(path, pid, 7, comm, pages(1), comm)
		}
	}
	out := func(path string) change { return func(f *fixture) { f.put(path, "cgroup.procs", "") } }
	tests := []struct {
		name    string
		then    []change // what changes before each second
		seconds int      // of the whole
		pid     int64
		comm    string
		at      time.Duration
		want    string
	}{
		{"one that is there", []change{in(first+id1, 100, "java")}, 3, 100, "java", 2 * time.Second, id1},
		{"another number", []change{in(first+id1, 100, "java")}, 3, 101, "java", 2 * time.Second, ""},
		{"another program", []change{in(first+id1, 100, "java")}, 3, 100, "sh", 2 * time.Second, ""},
		{"no name", []change{in(first+id1, 100, "java")}, 3, 100, "", 2 * time.Second, ""},
		{"a name with what is escaped", []change{in(first+id1, 100, `a\\b\nc`)}, 3, 100, "a\\b\nc", 2 * time.Second, id1},
		{"killed before it was seen", []change{nil, nil, nil, nil, in(first+id1, 100, "java")}, 6, 100, "java", 0, ""},
		{"killed a moment before it was seen, by a clock that is late", []change{nil, in(first+id1, 100, "java")}, 3, 100, "java", 0, id1},
		{"of a container that ended with it", []change{in(first+id1, 100, "java"), func(f *fixture) { f.remove(first + id1) }}, 10, 100, "java", time.Second, id1},
		{"killed long after its container ended", []change{in(first+id1, 100, "java"), func(f *fixture) { f.remove(first + id1) }}, 30, 100, "java", 20 * time.Second, ""},
		{"seen long ago", []change{in(first+id1, 100, "java"), out(first + id1)}, 80, 100, "java", 75 * time.Second, ""},
		{"seen a little ago", []change{in(first+id1, 100, "java"), out(first + id1)}, 80, 100, "java", 40 * time.Second, id1},
		{
			"seen in two containers, in the later one last",
			[]change{in(first+id1, 100, "java"), out(first + id1), in(second+id2, 100, "java")},
			5, 100, "java", 4 * time.Second, id2,
		},
		{
			"seen in two containers, in the later one as another program",
			[]change{in(first+id1, 100, "java"), out(first + id1), in(second+id2, 100, "sh")},
			5, 100, "java", 4 * time.Second, "",
		},
		{"another program of the same process", []change{in(first+id1, 100, "runc:[2:INIT]"), in(first+id1, 100, "java")}, 3, 100, "java", 2 * time.Second, id1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, 2)
			f.mkdir(f.root + "/kubepods")
			r := f.start()
			r.hostPIDs = true // also where the tests run in a container
			for i := range tt.seconds {
				if i < len(tt.then) && tt.then[i] != nil {
					tt.then[i](f)
				}
				f.tick(1)
			}
			c, ok := r.Owner(tt.pid, tt.comm, start.Add(tt.at).Round(0))
			if c.ContainerID != tt.want || ok != (tt.want != "") {
				t.Errorf("it is of %.4s (%v), want %.4s", c.ContainerID, ok, tt.want)
			}
			if ok && (c.Path != "/kubepods/pod"+c.PodUID+"/"+c.ContainerID || c.PodUID == "") {
				t.Errorf("the container is %+v", c)
			}
		})
	}
}

// TestOwnerForeign knows nobody's owner where processes have other numbers than in the kernel log.
func TestOwnerForeign(t *testing.T) {
	f := newFixture(t, 2)
	path := "kubepods/pod" + uid1 + "/" + id1
	f.set(path, memory{current: 90, limit: 100})
	f.task(path, 7, 1, "oombot", pages(1), "oombot")
	r := f.start()
	r.hostPIDs = true
	f.tick(1)
	if _, ok := r.Owner(7, "oombot", start); !ok {
		t.Fatal("a process that was seen is not known")
	}
	f.put(path, "cgroup.procs", "7\n0") // one that is not in the namespace of who reads
	f.tick(1)
	f.put(path, "cgroup.procs", "7")
	f.tick(1)
	if c, ok := r.Owner(7, "oombot", start); ok {
		t.Errorf("process 7 of the namespace of a container is taken for the node's, in %s", c.Path)
	}
	r = f.start(func(o *Options) { o.Proc = f.proc })
	r.hostPIDs = false // as in a namespace of its own in which all processes are seen
	f.tick(1)
	if c, ok := r.Owner(7, "oombot", start); ok {
		t.Errorf("process 7 of another namespace is taken for the node's, in %s", c.Path)
	}
}

// TestCounted says how far counters were read when all that rose was told of.
func TestCounted(t *testing.T) {
	f := newFixture(t, 2)
	path := "kubepods/pod" + uid1 + "/" + id1
	f.set(path, memory{current: 1})
	var during time.Time
	r := f.start()
	f.tick(killTicks - 1)
	if !r.Counted().IsZero() {
		t.Errorf("before the first samples counters were read at %s", r.Counted())
	}
	f.tick(1)
	f.set(path, memory{current: 2})
	f.kill(path, 1, 1)
	told := 0
	r.o.OnKill = func(investigations.CountedKill) { told, during = told+1, r.Counted() }
	f.tick(1)
	if told != 1 || !during.Equal(start) || !r.Counted().Equal(start.Add(time.Second)) {
		t.Errorf("%d kills are told; while that is done, counters were read up to %s, and then to %s", told, during, r.Counted())
	}
}
