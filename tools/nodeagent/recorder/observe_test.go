package recorder

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestWhenStatIsRead changes what memory is of, and how much is in use, and looks when the change of the first is seen.
func TestWhenStatIsRead(t *testing.T) {
	const before = 6 // after so many ticks, the third next is the container's turn by a hundredth, the fourth in any case
	tests := []struct {
		name  string
		from  int64
		then  memory
		after int // in how many seconds
	}{
		{"the use is the same", 1000, memory{current: 1000, anon: 7}, 4},
		{"it is less than a hundredth", 1000, memory{current: 1009, anon: 7}, 4},
		{"it is a hundredth", 1000, memory{current: 1010, anon: 7}, 3},
		{"it is a hundredth less", 1000, memory{current: 990, anon: 7}, 3},
		{"it is a tenth", 1000, memory{current: 1100, anon: 7}, 1},
		{"it is a tenth of little", 30, memory{current: 33, anon: 7}, 3},
		{"the limit is near", 1000, memory{current: 1000, limit: 1200, anon: 7}, 1},
	}
	for _, version := range []int{1, 2} {
		for _, tt := range tests {
			t.Run(fmt.Sprintf("v%d %s", version, tt.name), func(t *testing.T) {
				f := newFixture(t, version)
				path := "kubepods/pod" + uid1 + "/" + id1
				f.set(path, memory{current: tt.from, limit: tt.then.limit, anon: 5})
				r := f.start()
				f.tick(before)
				f.set(path, tt.then)
				seen := 0
				for i := 1; i <= slowTicks && seen == 0; i++ {
					f.tick(1)
					if got := values(r.Recording(f.now, all, 0), id1, "anon"); got[len(got)-1] == 7*mib {
						seen = i
					}
				}
				if seen != tt.after {
					t.Errorf("seen after %d s, want %d", seen, tt.after)
				}
			})
		}
	}
}

// TestLimitChanges sees a limit that is raised at once where more is used than the last one allowed, any other within ten seconds.
func TestLimitChanges(t *testing.T) {
	f := newFixture(t, 2)
	path := "kubepods/pod" + uid1 + "/" + id1
	f.set(path, memory{current: 50, limit: 100})
	r := f.start()
	f.tick(5)
	f.set(path, memory{current: 150, limit: 200})
	f.tick(1)
	if c := r.Containers()[0]; c.Limit != 200*mib || c.Current != 150*mib {
		t.Errorf("%+v", c)
	}
	f.set(path, memory{current: 150})
	f.tick(slowTicks)
	if c := r.Containers()[0]; c.Limit != Unknown {
		t.Errorf("the limit was taken away: %+v", c)
	}
}

// TestPressureOverTime sees what the kernel computes every two seconds, and that it is switched off.
func TestPressureOverTime(t *testing.T) {
	f := newFixture(t, 2)
	path := "kubepods/pod" + uid1 + "/" + id1
	f.set(path, memory{current: 50})
	r := f.start()
	f.tick(4)
	f.put(path, "memory.pressure", "some avg10=99.99 avg60=0.00 avg300=0.00 total=1\nfull avg10=50.00 avg60=0.00 avg300=0.00 total=1")
	f.tick(2)
	f.put(path, "memory.pressure", "")
	f.tick(2)
	rec := r.Recording(f.now, all, 0)
	some, full := values(rec, id1, "pressure_some"), values(rec, id1, "pressure_full")
	if n := len(some); n < 5 || n > 7 || some[0] != 1.5 || full[0] != 0.25 || some[n-1] != 99.99 || full[n-1] != 50 {
		t.Errorf("some is %v, full %v", some, full)
	}
}

// TestSockets takes v1's counter of sockets once it counts.
func TestSockets(t *testing.T) {
	f := newFixture(t, 1)
	path := "kubepods/pod" + uid1 + "/" + id1
	f.set(path, memory{current: 50})
	r := f.start()
	f.tick(1)
	f.put(path, "memory.kmem.tcp.usage_in_bytes", "8192")
	f.put(path, "memory.kmem.usage_in_bytes", "0")
	f.tick(rareTicks)
	rec := r.Recording(f.now, all, 0)
	sock, slab := values(rec, id1, "sock"), values(rec, id1, "slab")
	if len(sock) == 0 || sock[len(sock)-1] != 8192 || len(slab) == rareTicks+1 || len(slab) == 0 {
		t.Errorf("sock is %v, slab %v", sock, slab)
	}
}

// TestFullRing drops what ended first where the ring is nearly full, and says so.
func TestFullRing(t *testing.T) {
	f := newFixture(t, 2)
	stays, ends := "kubepods/pod"+uid1+"/"+id1, "kubepods/pod"+uid2+"/"+id2
	f.set(stays, memory{current: 1})
	f.set(ends, memory{current: 1})
	r := f.start(func(o *Options) { o.Ring = 13 * 128 })
	var want []float64
	for i := range 400 {
		v := i * 7919 % 1000 << 12
		f.put(stays, "memory.current", fmt.Sprint(v))
		if i < 200 {
			f.put(ends, "memory.current", fmt.Sprint(v))
		} else if i == 200 {
			f.remove("kubepods/pod" + uid2)
		}
		want = append(want, float64(v))
		f.tick(1)
	}
	s := r.Stats()
	if s.Dropped == 0 || s.RingBytes > 13*128 {
		t.Errorf("%+v", s)
	}
	if got := values(r.Recording(f.now, all, 0), id2, "current"); got != nil {
		t.Errorf("%d values are left of what ended", len(got))
	}
	got := values(r.Recording(f.now, all, 0), id1, "current")
	if len(got) < 200 {
		t.Fatalf("%d values are left of what is present", len(got))
	}
	if diff := cmp.Diff(want[len(want)-len(got):], got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
