package profiles

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/pprof/profile"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/toolstest"
)

var testAt = time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC)

const (
	testPod = "checkout-7c9d8f6b5-x2x4p"
	oldPod  = "checkout-5d4f7c8b9-kkkkk"
	mib     = 1 << 20
)

func testRequest() investigations.Request {
	return investigations.Request{
		At: testAt, Target: investigations.Target{Namespace: "shop", Pod: testPod, Container: "checkout"},
	}
}

// stack is a stack of functions, the innermost first, and what it holds.
type stack struct {
	bytes int64
	names []string
}

// goHeap is what Go's runtime reports.
func goHeap() []*profile.ValueType {
	return []*profile.ValueType{
		{Type: "alloc_objects", Unit: "count"},
		{Type: "alloc_space", Unit: "bytes"},
		{Type: "inuse_objects", Unit: "count"},
		{Type: "inuse_space", Unit: "bytes"},
	}
}

// build makes a profile; every value of a sample but the last is far larger than what is in use.
func build(types []*profile.ValueType, stacks ...stack) *profile.Profile {
	p := &profile.Profile{SampleType: types}
	locations := map[string]*profile.Location{}
	for _, s := range stacks {
		var locs []*profile.Location
		for _, name := range s.names {
			if locations[name] == nil {
				id := uint64(len(locations) + 1)
				f := &profile.Function{ID: id, Name: name}
				p.Function = append(p.Function, f)
				locations[name] = &profile.Location{ID: id, Line: []profile.Line{{Function: f}}}
				p.Location = append(p.Location, locations[name])
			}
			locs = append(locs, locations[name])
		}
		values := make([]int64, len(types))
		for i := range values {
			values[i] = s.bytes * 100
		}
		values[len(values)-1] = s.bytes
		p.Sample = append(p.Sample, &profile.Sample{Location: locs, Value: values})
	}
	return p
}

func packed(t testing.TB, p *profile.Profile) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// put adds a profile of a Go program to a bundle; ago is how long before the moment.
func put(t testing.TB, fsys fstest.MapFS, pod string, ago time.Duration, stacks ...stack) {
	t.Helper()
	name := fmt.Sprintf("profiles/shop/%s/checkout/%s.pb.gz", pod, testAt.Add(-ago).Format(timeLayout))
	fsys[name] = &fstest.MapFile{Data: packed(t, build(goHeap(), stacks...))}
}

func session(n int64) stack {
	return stack{n, []string{
		"runtime.mallocgc", "internal/runtime/maps.newTable", "bytes.growSlice", "encoding/json.(*Encoder).Encode",
		"github.com/acme/shop/session.(*Store[go.shape.string,github.com/x/y.T]).Put", "net/http.HandlerFunc.ServeHTTP",
	}}
}

func other(n int64) stack { return stack{n, []string{"strings.(*Builder).Grow", "main.render"}} }

func query(t *testing.T, fsys fs.FS, req investigations.Request) investigations.ToolResult {
	t.Helper()
	return toolstest.Query(t, New(fsys), req)
}

func TestConformance(t *testing.T) {
	tree := fstest.MapFS{}
	put(t, tree, testPod, time.Hour, session(10*mib), other(20*mib))
	put(t, tree, testPod, time.Minute, session(200*mib), other(20*mib))
	toolstest.TestTool(t, func(fsys fs.FS) investigations.Tool { return New(fsys) },
		toolstest.Options{Tree: tree, Request: testRequest()})
}

func TestQuery(t *testing.T) {
	fsys := fstest.MapFS{}
	put(t, fsys, testPod, 3*time.Hour, session(10*mib), other(20*mib))
	put(t, fsys, testPod, 2*time.Hour, session(90*mib), other(30*mib))
	put(t, fsys, testPod, time.Minute, session(300*mib), other(21*mib))
	put(t, fsys, testPod, -time.Minute, session(mib), other(mib)) // the next life
	put(t, fsys, oldPod, 10*time.Hour, session(12*mib), other(20*mib))
	put(t, fsys, oldPod, 9*time.Hour, session(13*mib), other(20*mib))
	put(t, fsys, "cart-7c9d8f6b5-x2x4p", time.Hour, other(500*mib))
	res := query(t, fsys, testRequest())
	if len(res.BlindSpots) > 0 {
		t.Errorf("blind spots %q", toolstest.Whys(res))
	}

	const put = "github.com/acme/shop/session.(*Store[go.shape.string,github.com/x/y.T]).Put"
	folder := "profiles/shop/" + testPod + "/checkout/"
	want := []investigations.ProfileGrowth{
		{
			Namespace: "shop", Container: "checkout", BeforePod: testPod, AfterPod: testPod,
			Before: testAt.Add(-3 * time.Hour), After: testAt.Add(-time.Minute),
			BeforeSource: folder + "20260303T231709Z.pb.gz", AfterSource: folder + "20260304T021609Z.pb.gz",
			BeforeBytes: 30 * mib, AfterBytes: 321 * mib,
			Functions: []investigations.FunctionBytes{{Function: put, Bytes: 290 * mib}, {Function: "main.render", Bytes: mib}},
		},
		{
			Namespace: "shop", Container: "checkout", BeforePod: oldPod, AfterPod: testPod,
			Before: testAt.Add(-9 * time.Hour), After: testAt.Add(-time.Minute),
			BeforeSource: "profiles/shop/" + oldPod + "/checkout/20260303T171709Z.pb.gz", AfterSource: folder + "20260304T021609Z.pb.gz",
			BeforeBytes: 33 * mib, AfterBytes: 321 * mib,
			Functions: []investigations.FunctionBytes{{Function: put, Bytes: 287 * mib}, {Function: "main.render", Bytes: mib}},
		},
	}
	if diff := cmp.Diff(want, res.Evidence.Profiles.Growth[:2]); diff != "" {
		t.Error(diff)
	}
	last := res.Evidence.Profiles.Profiles[2]
	wantProfile := investigations.HeapProfile{
		Namespace: "shop", Pod: testPod, Container: "checkout", At: testAt.Add(-time.Minute), InUseBytes: 321 * mib,
		Functions: []investigations.FunctionBytes{
			{Function: "bytes.growSlice", Bytes: 300 * mib}, {Function: "strings.(*Builder).Grow", Bytes: 21 * mib},
		},
		Source: folder + "20260304T021609Z.pb.gz",
	}
	if diff := cmp.Diff(wantProfile, last); diff != "" {
		t.Error(diff)
	}
	wantFact := `heap in use of "` + testPod + `/checkout": 30 MiB at 2026-03-03T23:17:09Z, 321 MiB at 2026-03-04T02:16:09Z; grown are "` +
		put + `" +290 MiB, "main.render" +1 MiB`
	if got := res.Facts[0].Says; got != wantFact || res.Facts[0].Source != last.Source {
		t.Errorf("fact %s", got)
	}
	for _, f := range res.Facts {
		if strings.HasPrefix(f.Key, "profiles/held/"+folder) && f.Source != last.Source {
			t.Errorf("what is held is said of %s", f.Source)
		}
	}
}

// TestDifferenceIsThatOfMergedProfiles proves the difference of sums against pprof's own.
func TestDifferenceIsThatOfMergedProfiles(t *testing.T) {
	before := build(goHeap(), session(10*mib), other(20*mib), stack{5 * mib, []string{"main.a"}}, stack{mib, []string{"main.b", "main.a"}})
	after := build(goHeap(), session(30*mib), other(20*mib), stack{4 * mib, []string{"main.a"}}, stack{3 * mib, []string{"main.b"}})
	minus := before.Copy()
	minus.Scale(-1)
	merged, err := profile.Merge([]*profile.Profile{after.Copy(), minus})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int64{}
	names := namer{}
	for _, s := range merged.Sample {
		_, holder := names.of(s.Location)
		want[holder] += s.Value[3]
	}
	reduced := func(p *profile.Profile) *heap {
		var b bytes.Buffer
		if err := p.WriteUncompressed(&b); err != nil {
			t.Fatal(err)
		}
		h, err := parse(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	got := pair{reduced(before), reduced(after)}.compare()
	if diff := cmp.Diff(top(want, maxGrown), got.Functions); diff != "" || len(got.Functions) != 2 {
		t.Error(diff)
	}
}

func TestBounds(t *testing.T) {
	fsys := fstest.MapFS{}
	for i := range 60 {
		put(t, fsys, testPod, time.Duration(i)*time.Minute, session(int64(60-i)*mib))
	}
	for pod := range 250 {
		put(t, fsys, fmt.Sprintf("cart-7c9d8f6b5-%05d", pod), time.Hour, other(mib))
	}
	res := query(t, fsys, testRequest())
	ps := res.Evidence.Profiles.Profiles
	if len(ps) != maxProfiles || ps[maxOfOne-1].Pod != testPod || ps[maxOfOne].Pod == testPod {
		t.Errorf("%d profiles, the last of the target is %s", len(ps), ps[maxOfOne-1].Source)
	}
	g := res.Evidence.Profiles.Growth[0]
	if g.BeforeBytes != mib || g.AfterBytes != 60*mib {
		t.Errorf("compared are %s and %s", g.BeforeSource, g.AfterSource)
	}
	if w := toolstest.Whys(res); len(w) != 1 || !strings.HasSuffix(w[0], "and others were not read: more than 200 profiles") || len(res.Facts) > maxFacts {
		t.Errorf("%d facts, blind spots %q", len(res.Facts), w)
	}
}

func TestQueryEndsWithItsContext(t *testing.T) {
	fsys := fstest.MapFS{}
	put(t, fsys, testPod, time.Hour, session(mib))
	put(t, fsys, testPod, time.Minute, session(2*mib))
	ctx, cancel := context.WithCancel(t.Context())
	res, err := New(toolstest.EndingFS{MapFS: fsys, Suffix: ".pb.gz", End: cancel}).Query(ctx, testRequest())
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Evidence.Profiles.Profiles) != 1 || !strings.Contains(toolstest.Whys(res)[0], "and 0 more profiles were not read for want of time") {
		t.Errorf("%d profiles, %q", len(res.Evidence.Profiles.Profiles), toolstest.Whys(res))
	}
}
