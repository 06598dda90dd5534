package profiles

import (
	"bytes"
	"compress/gzip"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/pprof/profile"

	"github.com/oombot/oombot/tools/toolstest"
)

func TestBlindSpots(t *testing.T) {
	folder := "profiles/shop/" + testPod + "/checkout/"
	two := func() fstest.MapFS {
		fsys := fstest.MapFS{}
		put(t, fsys, testPod, time.Hour, session(mib))
		put(t, fsys, testPod, time.Minute, session(2*mib))
		return fsys
	}
	with := func(name string, data []byte) fstest.MapFS {
		fsys := two()
		fsys[folder+name] = &fstest.MapFile{Data: data}
		return fsys
	}
	only := func(fsys fstest.MapFS, keep string) fstest.MapFS {
		for name := range fsys {
			if name != keep {
				delete(fsys, name)
			}
		}
		return fsys
	}
	zip := func(data []byte) []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(data)
		_ = z.Close()
		return b.Bytes()
	}
	types := func(pairs ...string) []*profile.ValueType {
		var out []*profile.ValueType
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, &profile.ValueType{Type: pairs[i], Unit: pairs[i+1]})
		}
		return out
	}
	timed := build(goHeap(), session(mib))
	timed.TimeNanos = testAt.Add(-2 * time.Minute).UnixNano()
	third := "20260304T020000Z.pb.gz"
	tests := []struct {
		name string
		fsys fstest.MapFS
		want []string
	}{
		{"nothing wrong", two(), nil},
		{"no folder", fstest.MapFS{"incident.yaml": {}}, []string{"no heap profile was recorded: there is no folder profiles/"}},
		{
			"of others only",
			fstest.MapFS{"profiles/pay/bill-0/bill/" + third: {Data: packed(t, build(goHeap(), other(mib)))}},
			[]string{`profiles/ holds no heap profile of "shop/` + testPod + `/checkout" that can be read`},
		},
		{
			"one only", only(two(), folder+"20260304T021609Z.pb.gz"),
			[]string{`there is one heap profile of "shop/` + testPod + `/checkout" only, and none to compare it with`},
		},
		{"empty", with(third, nil), []string{folder + third + " can't be read: it is empty"}},
		{"cut off", with(third, packed(t, timed)[:100]), []string{folder + third + " can't be read: unexpected EOF"}},
		{"another format", with(third, []byte("heap profile: 1: 2 [3: 4] @ heap/1")), []string{folder + third + " can't be read: it is no profile in pprof's format"}},
		{"a bomb", with(third, zip(make([]byte, maxUnpacked+1))), []string{folder + third + " can't be read: more than 33554432 bytes unpacked: too large"}},
		{
			"a bomb for the parser", with(third, zip(bytes.Repeat([]byte{0x12, 0}, 2<<20))),
			[]string{folder + third + " can't be read: it would take 400 MiB of memory: too large"},
		},
		{
			"allocations only", with(third, packed(t, build(types("alloc_objects", "count", "alloc_space", "bytes"), other(mib)))),
			[]string{folder + third + " holds allocations only, and not what is in use"},
		},
		{
			"processor time", with(third, packed(t, build(types("samples", "count", "cpu", "nanoseconds"), other(mib)))),
			[]string{folder + third + " is no heap profile"},
		},
		{
			"a name that is no time", with("latest.pb.gz", packed(t, timed)),
			[]string{folder + "latest.pb.gz: the name of the file is no time (20060102T150405Z)"},
		},
		{"another ending", with("notes.txt", []byte("x")), nil},
		{
			"two kinds of sample", with("20260301T000000Z.pb.gz", packed(t, build(types("objects", "count", "space", "bytes"), other(mib)))),
			[]string{folder + "20260301T000000Z.pb.gz and " + folder + `20260304T021609Z.pb.gz can't be compared: one counts "space", the other "inuse_space"`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, toolstest.Whys(query(t, tt.fsys, testRequest()))); diff != "" {
				t.Error(diff)
			}
		})
	}
}
