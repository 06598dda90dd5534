package recorder

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

// TestChoice takes those asked for, the largest of the node, and the pods of both.
func TestChoice(t *testing.T) {
	f := newFixture(t, 2)
	for i := range 5 {
		pod := fmt.Sprintf("kubepods/burstable/pod%08d-1111-2222-3333-444455556666", i)
		f.set(pod, memory{current: 1000})
		f.set(pod+"/"+fmt.Sprintf("%064x", i), memory{current: int64(10 * (i + 1))})
	}
	ended := "kubepods/burstable/pod" + uid2 + "/" + id2
	f.set(ended, memory{current: 500})
	r := f.start()
	f.tick(2)
	f.remove(ended)
	f.tick(1)
	names := func(rec investigations.NodeRecording) []string {
		var out []string
		for _, s := range rec.Series {
			if s.Name != "current" {
				continue
			}
			if s.ContainerID == "" {
				out = append(out, "pod "+s.PodUID[:8])
			} else {
				out = append(out, s.Container)
			}
		}
		slices.Sort(out)
		return out
	}
	one := func(c Container) bool { return c.ContainerID == fmt.Sprintf("%064x", 1) }
	podOnly := func(c Container) bool { return c.ContainerID == "" && c.PodUID[:8] == "00000003" }
	short := id2[:12]
	tests := map[string]struct {
		include func(Container) bool
		largest int
		want    []string
	}{
		"nothing":                      {nil, 0, nil},
		"one with its pod":             {one, 0, []string{"000000000000", "pod 00000001"}},
		"a pod alone":                  {podOnly, 0, []string{"pod 00000003"}},
		"the largest":                  {nil, 1, []string{short}},
		"the largest and one":          {one, 2, []string{"000000000000", "000000000000", short, "pod 00000001", "pod 00000004"}},
		"more than there are":          {nil, 99, append(slices.Repeat([]string{"000000000000"}, 5), short, "pod 00000000", "pod 00000001", "pod 00000002", "pod 00000003", "pod 00000004")},
		"a number that makes no sense": {nil, -1, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			rec := r.Recording(f.now, tt.include, tt.largest)
			if diff := cmp.Diff(tt.want, names(rec)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if rec.Series == nil || rec.Top == nil {
				t.Error("an empty list is null in JSON")
			}
		})
	}
	f.tick(recentTicks + 1)
	if got := names(r.Recording(f.now, nil, 1)); slices.Contains(got, short) {
		t.Errorf("what ended a minute ago is among the largest: %v", got)
	}
}

// TestNames asks Names for what cgroups are called.
func TestNames(t *testing.T) {
	f := newFixture(t, 2)
	pod := "kubepods/pod" + uid1
	f.set(pod, memory{current: 3})
	f.set(pod+"/"+id1, memory{current: 1})
	f.set(pod+"/"+id2, memory{current: 2}) // the sandbox, which no pod's status names
	f.task(pod+"/"+id1, 5, 1, "app", pages(1), "app")
	r := f.start(func(o *Options) {
		o.Names = func(uid, id string) (string, string, string) {
			if uid != uid1 {
				return "", "", ""
			}
			return "shop", "checkout-1", map[string]string{id1: "checkout", "": "wrong"}[id]
		}
	})
	f.tick(1)
	rec := r.Recording(f.now, all, 0)
	got := map[string]bool{}
	for _, s := range rec.Series {
		got[s.Namespace+"/"+s.Pod+"/"+s.Container] = true
	}
	want := map[string]bool{"shop/checkout-1/checkout": true, "shop/checkout-1/" + id2[:12]: true, "shop/checkout-1/": true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if p := rec.Top[0]; p.Namespace != "shop" || p.Pod != "checkout-1" || p.Container != "checkout" || p.ContainerID != id1 || p.PodUID != uid1 {
		t.Errorf("%+v", p)
	}
}

// TestRecordingAsJSON is what a bundle carries: nulls, whole numbers, times in UTC.
func TestRecordingAsJSON(t *testing.T) {
	f := newFixture(t, 2)
	f.now = f.now.In(time.FixedZone("east", 7200))
	path := "kubepods/pod" + uid1 + "/" + id1
	f.set(path, memory{current: 1})
	f.set("kubepods/pod"+uid1, memory{current: 7})
	r := f.start()
	f.tick(1)
	f.put(path, "memory.current", "?")
	f.tick(1)
	f.put(path, "memory.current", "8192")
	f.tick(1)
	rec := r.Recording(f.now, func(c Container) bool { return c.ContainerID == "" }, 0)
	rec.Series = rec.Series[:1]
	got, err := json.Marshal(rec)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"version":1,"node":"n1","from":"2026-03-04T02:17:09Z","to":"2026-03-04T02:17:11Z","lossless_since":null,` +
		`"series":[{"namespace":"","pod":"","container":"","pod_uid":"` + uid1 + `","name":"current","unit":"bytes","step_ms":1000,"values":[7340032,7340032,7340032]}],"top":[]}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	rec = r.Recording(f.now, all, 0)
	if got, err := json.Marshal(investigations.Samples(values(rec, id1, "current"))); err != nil || string(got) != "[1048576,null,8192]" {
		t.Errorf("%s, %v", got, err)
	}
}

// TestLongRecording goes through the whole way for longer than the ring is deep: what is told is what was there.
func TestLongRecording(t *testing.T) {
	f := newFixture(t, 1)
	path := "kubepods/pod" + uid1 + "/" + id1
	f.set(path, memory{current: 1, limit: 1 << 20})
	r := f.start(func(o *Options) { o.Depth = 2 * time.Minute })
	random := rand.New(rand.NewPCG(1, 2))
	var want []float64
	for range 400 {
		v := random.Int64N(1<<28) << 12
		f.put(path, "memory.usage_in_bytes", fmt.Sprint(v))
		want = append(want, float64(v))
		f.tick(1)
	}
	rec := r.Recording(f.now, all, 0)
	if diff := cmp.Diff(want[280:], values(rec, id1, "current")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if !rec.From.Equal(start.Add(280*time.Second)) || !rec.To.Equal(start.Add(399*time.Second)) {
		t.Errorf("from %s to %s", rec.From, rec.To)
	}
	past := r.Recording(start.Add(300*time.Second), all, 0)
	got := values(past, id1, "current")
	if diff := cmp.Diff(want[281:301], got[max(len(got)-20, 0):]); diff != "" || !past.To.Equal(start.Add(300*time.Second)) {
		t.Errorf("up to a time that is past, to %s (-want +got)\n%s", past.To, diff)
	}
}

// TestThinnedTop tells a level process by its first and last reading, and a growing one by fewer of the older ones.
func TestThinnedTop(t *testing.T) {
	f := newFixture(t, 2)
	path := "kubepods/pod" + uid1 + "/" + id1
	f.set(path, memory{current: 95, limit: 100})
	r := f.start()
	for i := range int64(121) {
		f.task(path, 1, 1, "level", pages(10), "level")
		f.task(path, 2, 2, "grows", pages(20+i), "grows")
		f.tick(1)
	}
	f.commands()
	n := map[string]int{}
	withCommand := 0
	for _, l := range lines(r.Recording(f.now, all, 0)) {
		n[l.Comm]++
		if l.Command != "" {
			withCommand++
		}
	}
	if n["level"] != 2 || n["grows"] != 61/5+1+60 || withCommand != 4 {
		t.Errorf("%v readings, %d with a command", n, withCommand)
	}
}
