package profiles

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"runtime/pprof"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/oombot/oombot/tools/toolstest"
)

// store is what a program under test leaks into.
type store struct{ held [][]byte }

//go:noinline
func (s *store) put(n int) {
	for range n {
		var b bytes.Buffer
		b.Write(make([]byte, 1<<20)) // grows within the standard library
		s.held = append(s.held, b.Bytes())
	}
}

// heapNow is the heap profile of this very process.
func heapNow(t *testing.T) []byte {
	t.Helper()
	runtime.GC() // twice: a profile is as of the last completed collection
	runtime.GC()
	var b bytes.Buffer
	if err := pprof.Lookup("heap").WriteTo(&b, 0); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestRealHeap finds a leak in profiles as Go's runtime writes them.
func TestRealHeap(t *testing.T) {
	s := &store{}
	s.put(4)
	before := heapNow(t)
	s.put(64)
	after := heapNow(t)
	runtime.KeepAlive(s)

	name := func(ago time.Duration) string {
		return fmt.Sprintf("profiles/shop/%s/checkout/%s.pb.gz", testPod, testAt.Add(-ago).Format(timeLayout))
	}
	res := query(t, fstest.MapFS{name(time.Hour): {Data: before}, name(time.Minute): {Data: after}}, testRequest())
	if len(res.BlindSpots) > 0 || len(res.Evidence.Profiles.Growth) != 1 {
		t.Fatalf("blind spots %q, %d comparisons", toolstest.Whys(res), len(res.Evidence.Profiles.Growth))
	}
	g := res.Evidence.Profiles.Growth[0]
	const want = "github.com/oombot/oombot/tools/profiles.(*store).put"
	if len(g.Functions) == 0 || g.Functions[0].Function != want || g.Functions[0].Bytes < 48<<20 {
		t.Errorf("grown: %+v", g.Functions)
	}
	if !strings.Contains(res.Facts[0].Says, `"`+want+`" +`) {
		t.Errorf("fact %s", res.Facts[0].Says)
	}
}

// TestPairs chooses what to compare.
func TestPairs(t *testing.T) {
	const sts = "db"
	tests := []struct {
		name string
		// profiles are pod@seconds before the moment.
		profiles []string
		of       string
		want     []string
	}{
		{"one", []string{testPod + "@60"}, testPod, nil},
		{"earliest and latest", []string{testPod + "@300", testPod + "@200", testPod + "@60"}, testPod, []string{testPod + "@300 " + testPod + "@60"}},
		{"what is after the moment does not count", []string{testPod + "@300", testPod + "@60", testPod + "@-60"}, testPod, []string{testPod + "@300 " + testPod + "@60"}},
		{"unless there is nothing else", []string{testPod + "@-60", testPod + "@-120"}, testPod, nil},
		{"an older revision's latest", []string{testPod + "@60", oldPod + "@900", oldPod + "@600"}, testPod, []string{oldPod + "@600 " + testPod + "@60"}},
		{
			"both",
			[]string{testPod + "@300", testPod + "@60", oldPod + "@600"},
			testPod,
			[]string{testPod + "@300 " + testPod + "@60", oldPod + "@600 " + testPod + "@60"},
		},
		{"a replica where there is nothing else", []string{sts + "-0@60", sts + "-1@600"}, sts + "-0", []string{sts + "-1@600 " + sts + "-0@60"}},
		{"another workload never", []string{testPod + "@60", "cart-7c9d8f6b5-kkkkk@600"}, testPod, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var heaps []heap
			first := -1
			for i, p := range tt.profiles {
				pod, ago, _ := strings.Cut(p, "@")
				var seconds int
				if _, err := fmt.Sscan(ago, &seconds); err != nil {
					t.Fatal(err)
				}
				h := heap{sampleType: p}
				h.Pod, h.At = pod, testAt.Add(-time.Duration(seconds)*time.Second)
				heaps = append(heaps, h)
				if pod == tt.of && first < 0 {
					first = i
				}
			}
			var got []string
			for _, p := range pairsOf(&heaps[first], heaps, testAt) {
				got = append(got, p.before.sampleType+" "+p.after.sampleType)
			}
			if strings.Join(got, ", ") != strings.Join(tt.want, ", ") {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestSpread(t *testing.T) {
	var files []file
	for i := range 100 {
		files = append(files, file{path: fmt.Sprint(i), at: testAt.Add(time.Duration(i-90) * time.Minute)})
	}
	var got []string
	for _, f := range spread(files, testAt) {
		got = append(got, f.path)
	}
	if strings.Join(got, " ") != "0 12 25 38 51 64 77 90" {
		t.Errorf("%q", got)
	}
	if got := spread(files, testAt.Add(-24*time.Hour)); len(got) != 1 || got[0].path != "0" {
		t.Errorf("all after the moment: %v", got)
	}
	if got := spread(files[:3], testAt); len(got) != 3 {
		t.Errorf("few: %d", len(got))
	}
}

func ExampleTool_Query() {
	fsys := fstest.MapFS{} // as bundle.Open returns it
	res, err := New(fsys).Query(context.Background(), testRequest())
	fmt.Println(err, res.BlindSpots[0].Why)
	// Output: <nil> no heap profile was recorded: there is no folder profiles/
}
