package recorder

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

// TestKills tells of each rise of a counter once, and of none that was before the start.
func TestKills(t *testing.T) {
	for _, version := range []int{1, 2} {
		t.Run(fmt.Sprint("v", version), func(t *testing.T) {
			f := newFixture(t, version)
			pod := "kubepods/burstable/pod" + uid1
			path := pod + "/" + id1
			f.set(pod, memory{current: 9})
			f.set(path, memory{current: 1})
			f.kill(path, 4, 4)
			f.kill(pod, 9, 9)
			f.start()
			f.tick(3)
			if len(f.kills) != 0 {
				t.Fatalf("kills of before the start: %+v", f.kills)
			}
			f.set(path, memory{current: 2}) // who is killed gives back memory
			f.kill(path, 5, 5)              // by its own limit
			f.kill(pod, 10, 10)
			f.tick(3)
			f.set(path, memory{current: 1})
			f.kill(path, 7, 5) // two, by a limit above
			f.tick(1)
			f.set(path, memory{current: 2})
			f.kill(path, 1, 0) // not the way of a counter: nothing follows from it
			f.tick(1)
			f.set(path, memory{current: 1})
			f.kill(path, 2, 0)
			f.now = f.now.Add(4 * time.Second) // ticks are missed
			f.tick(1)
			kill := func(second int, within, n int64, own bool) investigations.CountedKill {
				return investigations.CountedKill{
					At: start.Add(time.Duration(second) * time.Second), WithinMS: within, Path: "/" + path, PodUID: uid1, ContainerID: id1,
					Kills: n, OOM: own && version == 2,
				}
			}
			want := []investigations.CountedKill{kill(3, 2000, 1, true), kill(6, 1000, 2, false), kill(12, 5000, 1, false)}
			if diff := cmp.Diff(want, f.kills); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestKillsOfSteadyUse counts a kill whose memory is in use again when it is looked at, within two seconds; near the limit,
// where that is no chance, within one.
func TestKillsOfSteadyUse(t *testing.T) {
	for _, tt := range []struct{ limit, ticks int64 }{{0, killTicks}, {100, killTicks}, {12, 1}} {
		for begun := range 2 { // it is the turn of the container, or not
			f := newFixture(t, 2)
			path := "kubepods/burstable/pod" + uid1 + "/" + id1
			f.set(path, memory{current: 10, limit: tt.limit})
			f.start()
			f.tick(2 + begun)
			for kills := range 3 {
				f.kill(path, kills+1, 0)
				f.tick(int(tt.ticks))
				if len(f.kills) != kills+1 || f.kills[kills].Kills != 1 || f.kills[kills].WithinMS > tt.ticks*1000 {
					t.Errorf("limit %d, from %d: after %d kills %+v", tt.limit, begun, kills+1, f.kills)
				}
			}
		}
	}
}

// TestKillsOfSteadyUseByFewSamples counts a kill whose memory is in use again within two samples, also where each second one is
// missed, or two are taken in one step.
func TestKillsOfSteadyUseByFewSamples(t *testing.T) {
	for _, apart := range []time.Duration{2 * time.Second, time.Second / 2, 10 * time.Second} {
		for begun := range 2 {
			f := newFixture(t, 2)
			path := "kubepods/burstable/pod" + uid1 + "/" + id1
			f.set(path, memory{current: 10})
			r := f.start()
			f.tick(2 + begun)
			f.kill(path, 1, 0)
			for range killTicks {
				f.now = f.now.Add(apart)
				r.Sample(f.now)
			}
			if len(f.kills) != 1 || f.kills[0].Kills != 1 {
				t.Errorf("samples %s apart, from %d: %+v", apart, begun, f.kills)
			}
		}
	}
}

// TestGroupKills counts each process of a group that goes as a whole once, though the kernel counts the one that it chose
// twice.
func TestGroupKills(t *testing.T) {
	tests := []struct {
		name string
		// before and after are what the kernel has counted: kills and groups.
		before, after [2]int
		// counted says that the kernel counts groups, group that the container is one.
		counted, group bool
		want           int64
	}{
		{"one process", [2]int{4, 2}, [2]int{6, 3}, true, true, 1},
		{"one that was gone before its group", [2]int{4, 2}, [2]int{5, 3}, true, true, 1},
		{"three processes", [2]int{0, 0}, [2]int{4, 1}, true, true, 3},
		{"two groups in one container", [2]int{0, 0}, [2]int{5, 2}, true, false, 3},
		{"one of a group that stays", [2]int{4, 2}, [2]int{6, 2}, true, true, 2},
		{"one process, before 5.17", [2]int{4, 0}, [2]int{6, 0}, false, true, 1},
		{"three processes, before 5.17", [2]int{0, 0}, [2]int{4, 0}, false, true, 3},
		{"no group, before 5.17", [2]int{4, 0}, [2]int{6, 0}, false, false, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, 2)
			path := "kubepods/burstable/pod" + uid1 + "/" + id1
			events := func(n [2]int) {
				text := fmt.Sprintf("low 0\nhigh 0\nmax 9\noom 9\noom_kill %d\n", n[0])
				if tt.counted {
					text += fmt.Sprintf("oom_group_kill %d\n", n[1])
				}
				f.put(path, "memory.events", text)
			}
			f.set(path, memory{current: 1})
			if tt.group {
				f.put(path, "memory.oom.group", "1")
			} else {
				f.put(path, "memory.oom.group", "0")
			}
			events(tt.before)
			f.start()
			f.tick(2)
			events(tt.after)
			f.tick(2)
			if len(f.kills) != 1 || f.kills[0].Kills != tt.want {
				t.Errorf("%+v, want %d killed", f.kills, tt.want)
			}
		})
	}
}

// TestKillInNewCgroup counts what a container brings that was not there a second ago, in a pod that was or was not.
func TestKillInNewCgroup(t *testing.T) {
	f := newFixture(t, 2)
	f.set("kubepods/burstable/pod"+uid1, memory{current: 9})
	f.start()
	f.tick(5)
	for i, path := range []string{"kubepods/burstable/pod" + uid1 + "/" + id1, "kubepods/burstable/pod" + uid2 + "/" + id2} {
		f.kills = nil
		f.set(path, memory{current: 1})
		f.kill(path, 2, 1)
		f.tick(2)
		if len(f.kills) != 1 || f.kills[0].Kills != 2 || !f.kills[0].OOM || f.kills[0].WithinMS != 1000 || f.kills[0].Path != "/"+path {
			t.Errorf("container %d: %+v", i, f.kills)
		}
	}
}

// TestUnreadCounters is a kernel without them, or that has them later.
func TestUnreadCounters(t *testing.T) {
	f := newFixture(t, 2)
	path := "kubepods/pod" + uid1 + "/" + id1
	f.set(path, memory{current: 1})
	f.put(path, "memory.events", "low 0\nhigh 0")
	f.start()
	f.tick(2)
	f.put(path, "memory.events", "garbage")
	f.tick(2)
	f.kill(path, 7, 7) // nothing is known of before
	f.tick(2)
	f.kill(path, 8, 8)
	f.tick(2)
	if len(f.kills) != 1 || f.kills[0].Kills != 1 {
		t.Errorf("%+v", f.kills)
	}
}

// TestNear tells once that a container comes near its limit, until it was well below. Page cache that goes first doesn't count.
func TestNear(t *testing.T) {
	steps := []struct {
		name string
		m    memory
		want int
	}{
		{"below", memory{current: 89, limit: 100}, 0},
		{"page cache", memory{current: 99, limit: 100, inactive: 15}, 0},
		{"near", memory{current: 90, limit: 100}, 1},
		{"still near", memory{current: 99, limit: 100}, 0},
		{"a little less", memory{current: 81, limit: 100}, 0},
		{"near again", memory{current: 95, limit: 100}, 0},
		{"well below", memory{current: 79, limit: 100}, 0},
		{"near once more", memory{current: 91, limit: 100, inactive: 1}, 1},
		{"the limit was raised", memory{current: 91, limit: 200}, 0},
		{"it comes to that one too", memory{current: 190, limit: 200}, 1},
		{"no limit", memory{current: 1000}, 0},
	}
	for _, version := range []int{1, 2} {
		t.Run(fmt.Sprint("v", version), func(t *testing.T) {
			f := newFixture(t, version)
			path := "kubepods/pod" + uid1 + "/" + id1
			f.set("kubepods/pod"+uid1, memory{current: 100, limit: 100}) // a pod's own is no container
			f.set(path, memory{current: 1, limit: 100})
			f.start()
			f.tick(1)
			for _, s := range steps {
				f.near = nil
				f.set(path, s.m)
				f.tick(slowTicks + 1) // a limit may be read as late as that
				if len(f.near) != s.want {
					t.Errorf("%s: %+v, want %d", s.name, f.near, s.want)
				}
				for _, c := range f.near {
					if c.ContainerID != id1 || c.WorkingSet != (s.m.current-s.m.inactive)*mib || c.Limit != s.m.limit*mib {
						t.Errorf("%s: %+v", s.name, c)
					}
				}
			}
		})
	}
}

// TestClockSteps sets the clock while it records: the steps between the samples stay, and are told in the new time.
func TestClockSteps(t *testing.T) {
	f := newFixture(t, 2)
	path := "kubepods/pod" + uid1 + "/" + id1
	base := time.Now() // with a monotonic reading
	elapsed, wall := time.Duration(0), time.Duration(0)
	now := func() time.Time { return base.Add(elapsed) }
	r := f.start(func(o *Options) { o.Now = now })
	for i := range int64(10) {
		f.set(path, memory{current: i + 1})
		r.Sample(now())
		elapsed += time.Second
		if i == 4 {
			// A monotonic clock doesn't take part in the step: only times without a reading of it do.
			wall = -time.Hour
		}
	}
	rec := r.Recording(now(), all, 0)
	got := values(rec, id1, "current")
	for i, v := range got {
		if v != float64(i+1)*mib {
			t.Fatalf("values are %v", got)
		}
	}
	if len(got) != 10 || r.Stats().Missed != 0 {
		t.Errorf("%d values, %+v", len(got), r.Stats())
	}
	// A clock without a monotonic reading that is set back repeats steps, which are ignored.
	r.Sample(base.Round(0).Add(elapsed + wall))
	if got := values(r.Recording(now(), all, 0), id1, "current"); len(got) != 10 {
		t.Errorf("after a step back there are %d values", len(got))
	}
}

// TestMissedTicks leaves null what was not sampled, and takes a sample that is early or late by less than half a step for its own.
func TestMissedTicks(t *testing.T) {
	f := newFixture(t, 2)
	f.set("kubepods/pod"+uid1+"/"+id1, memory{current: 1})
	r := f.start()
	for _, ms := range []int{0, 1010, 1990, 2100, 3400, 6000, 6001} {
		r.Sample(start.Add(time.Duration(ms) * time.Millisecond))
	}
	f.now = start.Add(7 * time.Second)
	nan := investigations.Samples{}
	for _, known := range []bool{true, true, true, true, false, false, true} {
		v := float64(mib)
		if !known {
			v = scaled([]int64{missing, 0}, 1)[0]
		}
		nan = append(nan, v)
	}
	got := investigations.Samples(values(r.Recording(f.now, all, 0), id1, "current"))
	if diff := cmp.Diff(nan, got, equalNaN); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if s := r.Stats(); s.Missed != 2 || s.Ticks != 7 {
		t.Errorf("%+v", s)
	}
}
