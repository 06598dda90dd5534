package profiles

import (
	"bytes"
	"errors"
	"math"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/pprof/profile"

	"github.com/oombot/oombot/investigations"
)

func TestInUse(t *testing.T) {
	tests := []struct {
		name  string
		types []*profile.ValueType
		index int
		scale int64
		err   error
	}{
		{"Go", goHeap(), 3, 1, nil},
		{"Node.js", []*profile.ValueType{{Type: "objects", Unit: "count"}, {Type: "space", Unit: "bytes"}}, 1, 1, nil},
		{"in kilobytes", []*profile.ValueType{{Type: "live_heap", Unit: "KB"}}, 0, 1024, nil},
		{"Go's, in another order", []*profile.ValueType{{Type: "space", Unit: "bytes"}, {Type: "inuse_space", Unit: "bytes"}}, 1, 1, nil},
		{"allocations", []*profile.ValueType{{Type: "alloc_in_new_tlab_bytes", Unit: "bytes"}}, 0, 0, errAllocations},
		{"objects alone", []*profile.ValueType{{Type: "inuse_objects", Unit: "count"}}, 0, 0, errNoHeap},
		{"nothing", nil, 0, 0, errNoHeap},
	}
	for _, tt := range tests {
		index, scale, err := inUse(tt.types)
		if index != tt.index || scale != tt.scale || !errors.Is(err, tt.err) {
			t.Errorf("%s: %d %d %v", tt.name, index, scale, err)
		}
	}
}

func TestHugeValues(t *testing.T) {
	var b bytes.Buffer
	p := build(goHeap(), stack{math.MaxInt64, []string{"main.a"}}, stack{math.MaxInt64, []string{"main.a"}}, stack{-5, []string{"main.b"}})
	if err := p.WriteUncompressed(&b); err != nil {
		t.Fatal(err)
	}
	h, err := parse(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	want := []investigations.FunctionBytes{{Function: "main.a", Bytes: math.MaxInt64}}
	if diff := cmp.Diff(want, h.Functions); diff != "" || h.InUseBytes != math.MaxInt64 {
		t.Errorf("%d: %s", h.InUseBytes, diff)
	}
}

// TestWeighBoundsTheParser parses the densest data that is let through.
func TestWeighBoundsTheParser(t *testing.T) {
	location := append([]byte{0x22, 0x7e}, bytes.Repeat([]byte{0x22, 0}, 63)...) // a location of 63 empty lines
	sample := append([]byte{0x12, 0x7f, 0x0a, 0x7d}, bytes.Repeat([]byte{1}, 125)...)
	for name, unit := range map[string][]byte{"samples": {0x12, 0}, "lines": location, "packed numbers": sample, "texts": {0x32, 0}} {
		one, err := weigh(unit)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		data := bytes.Repeat(unit, maxParsed/8/int(one))
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		_, err = parse(data)
		runtime.ReadMemStats(&after)
		t.Logf("%s: %d KiB of data, %d MiB allocated (%v)", name, len(data)>>10, (after.TotalAlloc-before.TotalAlloc)>>20, err)
		if got := after.TotalAlloc - before.TotalAlloc; got > 2*maxParsed/8 {
			t.Errorf("%s: %d MiB allocated", name, got>>20)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, p := range []*profile.Profile{
		build(goHeap(), session(mib), other(2*mib)),
		build([]*profile.ValueType{{Type: "space", Unit: "bytes"}}, stack{7, nil}),
	} {
		var b bytes.Buffer
		if err := p.WriteUncompressed(&b); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Add([]byte{0x12, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := parse(data)
		if err != nil {
			return
		}
		if h.InUseBytes < 0 {
			t.Errorf("%d bytes in use", h.InUseBytes)
		}
		for _, fn := range h.Functions {
			if fn.Bytes <= 0 || fn.Bytes > h.InUseBytes || fn.Function == "" {
				t.Errorf("%+v of %d", fn, h.InUseBytes)
			}
		}
	})
}
