package recorder

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

// TestLastValuesStay keeps the series of a container whose cgroup is gone for as long as the ring is deep.
func TestLastValuesStay(t *testing.T) {
	for _, version := range []int{1, 2} {
		t.Run(fmt.Sprint("v", version), func(t *testing.T) {
			f := newFixture(t, version)
			pod := "kubepods/burstable/pod" + uid1
			f.set(pod, memory{current: 100})
			r := f.start(func(o *Options) { o.Depth = time.Minute })
			f.tick(2)
			for i := range int64(3) { // it grows, and is gone
				f.set(pod+"/"+id1, memory{current: 100 * (i + 1), limit: 300})
				f.tick(1)
			}
			f.remove(pod + "/" + id1)
			f.tick(2)
			if len(r.Containers()) != 0 || r.Stats().Ended != 1 {
				t.Errorf("present: %v, %+v", r.Containers(), r.Stats())
			}
			rec := r.Recording(f.now, func(c Container) bool { return c.ContainerID == id1 && c.Ended }, 0)
			nan := math.NaN()
			want := investigations.Samples{nan, nan, 100 * mib, 200 * mib, 300 * mib}
			if diff := cmp.Diff(want, investigations.Samples(values(rec, id1, "current")), equalNaN); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if got := values(rec, "", "current"); len(got) != 7 {
				t.Errorf("the pod has %d values, want those of all 7 steps", len(got))
			}
			if !rec.From.Equal(start) || !rec.To.Equal(start.Add(6*time.Second)) || rec.Version != 1 || rec.Node != "n1" {
				t.Errorf("from %s to %s, version %d of %s", rec.From, rec.To, rec.Version, rec.Node)
			}
			f.tick(65)
			if s := r.Stats(); s.Ended != 0 || s.Pods != 1 {
				t.Errorf("after the depth of the ring: %+v", s)
			}
			rec = r.Recording(f.now, all, 1)
			if values(rec, id1, "current") != nil || len(values(rec, "", "current")) != 60 {
				t.Errorf("after a minute there are %d series, the pod's has %d values", len(rec.Series), len(values(rec, "", "current")))
			}
		})
	}
}

var equalNaN = cmp.Comparer(func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) })

// TestRestartWithinASecond finds the container that replaced another between two samples: the number of directories in the
// pod's is the same.
func TestRestartWithinASecond(t *testing.T) {
	f := newFixture(t, 2)
	pod := "kubepods/burstable/pod" + uid1
	f.set(pod+"/"+id1, memory{current: 1})
	r := f.start()
	f.tick(3)
	f.remove(pod + "/" + id1)
	f.set(pod+"/"+id2, memory{current: 2})
	f.tick(10)
	got := r.Containers()
	if len(got) != 1 || got[0].ContainerID != id2 {
		t.Errorf("present: %v", got)
	}
}

// TestComeback goes on with the series of a cgroup that was removed and made again.
func TestComeback(t *testing.T) {
	f := newFixture(t, 2)
	path := "kubepods/burstable/pod" + uid1 + "/" + id1
	f.set(path, memory{current: 1})
	f.task(path, 100, 1, "app", pages(5), "app")
	r := f.start()
	f.tick(2)
	f.remove(path)
	f.tick(2)
	f.set(path, memory{current: 3})
	f.tick(1)
	got := investigations.Samples(values(r.Recording(f.now, all, 0), id1, "current"))
	nan := math.NaN()
	if diff := cmp.Diff(investigations.Samples{mib, mib, nan, nan, 3 * mib}, got, equalNaN); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if s := r.Stats(); s.Ended != 0 || s.Containers != 1 || s.Tasks != 1 {
		t.Errorf("%+v", s)
	}
}

// TestHotplug makes and removes thousands of cgroups: what is held stays within its bounds, and what had to go is counted.
func TestHotplug(t *testing.T) {
	f := newFixture(t, 2)
	keep := "kubepods/burstable/pod" + uid1 + "/" + id1
	f.set(keep, memory{current: 500, limit: 1000})
	const rounds, each = 12, 80
	r := f.start(func(o *Options) { o.Cgroups, o.Ring = 100, 1<<16 })
	f.tick(1)
	before := openFDs(t)
	for round := range rounds {
		pod := fmt.Sprintf("kubepods/besteffort/pod%08x-1111-2222-3333-444455556666", round)
		for i := range each {
			f.put(pod+"/"+fmt.Sprintf("%064x", round*1000+i), "memory.current", fmt.Sprint(i<<16))
		}
		f.tick(1)
		f.set(keep, memory{current: 500 + int64(round), limit: 1000})
		f.tick(1)
		f.remove(pod)
		f.tick(1)
	}
	f.tick(1)
	s := r.Stats()
	if s.Containers != 1 || s.Pods != 1 || s.Ended > 50 || s.Dropped < rounds*(each+1)-100 || s.Refused != 0 {
		t.Errorf("%+v", s)
	}
	if s.RingBytes > 1<<16 {
		t.Errorf("the ring has %d bytes", s.RingBytes)
	}
	if after := openFDs(t); after > before+10 {
		t.Errorf("%d files are open, %d were", after, before)
	}
	if n := r.tree.nodes; n > 10 {
		t.Errorf("%d directories are known, of which the most are gone", n)
	}
	got := values(r.Recording(f.now, func(c Container) bool { return c.ContainerID == id1 }, 0), id1, "current")
	if len(got) != 38 || got[37] != 511*mib {
		t.Errorf("%d values of the container that stayed: %v", len(got), got)
	}
}

// TestRefused records no more cgroups than it may, says so, and takes the others in when there is room.
func TestRefused(t *testing.T) {
	f := newFixture(t, 2)
	for i := range 6 {
		path := fmt.Sprintf("kubepods/pod%s/%064x", uid1, i)
		f.set(path, memory{current: 1})
		f.kill(path, 3, 3)
	}
	r := f.start(func(o *Options) { o.Cgroups = 5 })
	f.tick(3)
	s := r.Stats()
	if s.Containers+s.Pods != 5 || s.Refused != 2 || !slices.ContainsFunc(s.Faults, func(f string) bool { return strings.HasPrefix(f, "2 cgroups are not recorded") }) {
		t.Errorf("%+v", s)
	}
	seen := r.Containers()
	for _, c := range seen[:3] {
		f.remove(c.Path)
	}
	f.tick(5)
	if s := r.Stats(); s.Containers != 3 || s.Pods != 1 || s.Refused != 0 || len(s.Faults) != 0 {
		t.Errorf("when there is room: %+v", s)
	}
	for i := range 3 { // one of these is too many
		path := fmt.Sprintf("kubepods/pod%s/%064x", uid1, 10+i)
		f.set(path, memory{current: 1})
		f.kill(path, 3, 3)
	}
	f.remove(r.Containers()[0].Path)
	f.tick(1)
	if len(f.kills) > 2 {
		t.Fatalf("%+v", f.kills)
	}
	f.kills = nil
	f.remove(r.Containers()[0].Path)
	f.tick(5)
	if s := r.Stats(); s.Refused != 0 || len(f.kills) != 0 {
		t.Errorf("kills of before there was room: %+v (%+v)", f.kills, s)
	}
}

// TestFewFiles records with as many open files as there may be, and with hardly any.
func TestFewFiles(t *testing.T) {
	f := newFixture(t, 1)
	for i := range 20 {
		f.set(fmt.Sprintf("kubepods/pod%s/%064x", uid1, i), memory{current: int64(i), limit: 100, anon: 1})
	}
	r := f.start()
	r.maxHeld = 10
	f.tick(3)
	s := r.Stats()
	if s.Containers != 20 || len(s.Faults) != 0 || s.OpenFiles > 10+25 { // directories of cgroups are needed
		t.Errorf("%+v", s)
	}
	if got := values(r.Recording(f.now, all, 0), fmt.Sprintf("%064x", 19), "anon"); len(got) != 3 {
		t.Errorf("anon is %v", got)
	}
}

// TestVanishingFiles removes files of a cgroup that stays, and puts rubbish in place of them.
func TestVanishingFiles(t *testing.T) {
	f := newFixture(t, 2)
	path := "kubepods/pod" + uid1 + "/" + id1
	f.set(path, memory{current: 1, anon: 1})
	r := f.start(func(o *Options) { o.Log = nil })
	r.maxHeld = 0 // each read opens its file
	f.tick(1)
	for _, name := range []string{"memory.stat", "memory.events", "memory.max", "memory.pressure"} {
		if err := os.Remove(filepath.Join(f.root, path, name)); err != nil {
			t.Fatal(err)
		}
	}
	f.tick(12)
	f.put(path, "memory.current", "\xff\xfe rubbish")
	f.put(path, "memory.peak", strings.Repeat("9", 100_000))
	f.tick(12)
	rec := r.Recording(f.now, all, 0)
	for name, want := range map[string]int{"current": 13, "peak": 13, "anon": 13} {
		if got := values(rec, id1, name); len(got) == 0 || len(got) > want {
			t.Errorf("%s has %d values up to the last known one, want at most %d", name, len(got), want)
		}
	}
	if s := r.Stats(); s.Containers != 1 {
		t.Errorf("%+v", s)
	}
}

// TestFaults says what can't be seen.
func TestFaults(t *testing.T) {
	f := newFixture(t, 2)
	r := f.start()
	f.tick(1)
	if s := r.Stats(); len(s.Faults) != 1 || !strings.HasPrefix(s.Faults[0], "no cgroups of pods") {
		t.Errorf("an empty node: %q", s.Faults)
	}
	path := "kubepods/pod" + uid1 + "/" + id1
	f.set(path, memory{current: 1})
	f.put(path, "cgroup.procs", "0\n0")
	f.tick(20)
	if s := r.Stats(); len(s.Faults) != 1 || !strings.Contains(s.Faults[0], "hostPID") {
		t.Errorf("processes of another namespace: %q", s.Faults)
	}
	f.put(path, "cgroup.procs", "")
	f.tick(70)
	if s := r.Stats(); len(s.Faults) != 0 {
		t.Errorf("a fault that is over: %q", s.Faults)
	}
}

func openFDs(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
