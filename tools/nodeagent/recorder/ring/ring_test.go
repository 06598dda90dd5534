package ring

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// reference is a column as it should be: what Append was given.
type reference map[int64]int64

func (r reference) read(from int64, n int) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = Missing
		if v, ok := r[from+int64(i)]; ok {
			out[i] = v
		}
	}
	return out
}

func read(a *Arena, c *Column, from int64, n int) []int64 {
	out := make([]int64, n)
	a.Read(c, from, out)
	return out
}

func TestRoundTrip(t *testing.T) {
	const huge = math.MaxInt64
	tests := map[string][]int64{
		"one":          {4096},
		"constant":     {7, 7, 7, 7, 7, 7},
		"pages":        {4096, 8192, 4096, 1 << 40, 0},
		"bytes":        {1, 2, 4095, 4097, 3},
		"missing":      {5, Missing, Missing, 5, Missing, 6, Missing},
		"zero":         {0, 0, Missing, 0, 1, 0},
		"huge":         {huge, -huge, huge, 0, -1, Missing + 1, 1 << 62, -1 << 62, 1<<62 + 1, Missing, huge},
		"leading gaps": {Missing, Missing, 9, 9},
	}
	for name, values := range tests {
		t.Run(name, func(t *testing.T) {
			a, c := NewArena(1<<20), &Column{}
			for i, v := range values {
				if !a.Append(c, int64(i), v) {
					t.Fatalf("value %d was not taken", i)
				}
			}
			if diff := cmp.Diff(values, read(a, c, 0, len(values))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// walk makes values as memory has them: level stretches, steps, leaps, and some that are not known.
func walk(r *rand.Rand, n int) []int64 {
	out := make([]int64, n)
	v := r.Int64N(1 << 34)
	for i := range out {
		switch r.IntN(8) {
		case 0:
			v += (r.Int64N(4096) - 2048) << 12
		case 1:
			v += r.Int64N(1<<20) - 1<<19
		case 2:
			v = int64(r.Uint64()) //nolint:gosec // any bits will do
		case 3:
			out[i] = Missing
			continue
		}
		out[i] = v
	}
	return out
}

// TestSequences appends random walks with gaps, of several columns by turns, and reads random windows of them.
func TestSequences(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		a := NewArena(4 << 20)
		columns := make([]Column, 3)
		wants := []reference{{}, {}, {}}
		for tick, v := range walk(r, 1+r.IntN(2000)) {
			which := r.IntN(len(columns)) // the others have a gap here
			if !a.Append(&columns[which], int64(tick), v) {
				t.Fatal("the arena is full")
			}
			if v != Missing {
				wants[which][int64(tick)] = v
			}
		}
		for i := range columns {
			from, n := r.Int64N(2200)-100, r.IntN(2200)
			if diff := cmp.Diff(wants[i].read(from, n), read(a, &columns[i], from, n)); diff != "" {
				t.Fatalf("from %d (-want +got)\n%s", from, diff)
			}
			a.Free(&columns[i])
		}
		if used := a.Usage().Used; used != 0 {
			t.Fatalf("%d bytes are in use by nobody", used)
		}
	}
}

func TestOldTicksAreIgnored(t *testing.T) {
	a, c := NewArena(1<<20), &Column{}
	for _, tick := range []int64{10, 11, 11, 3, -1, math.MaxUint32, 13} {
		a.Append(c, tick, 100+tick)
	}
	want := []int64{Missing, 110, 111, Missing, 113, Missing}
	if diff := cmp.Diff(want, read(a, c, 9, 6)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if tick, v := c.Last(); tick != 13 || v != 113 || a.First(c) != 10 {
		t.Errorf("the last is %d at %d, the first tick %d", v, tick, a.First(c))
	}
}

// TestTrim keeps what is young, frees what is old, and leaves an empty column when nothing is young.
func TestTrim(t *testing.T) {
	a, c := NewArena(1<<20), &Column{}
	want := reference{}
	for tick := range int64(5000) {
		v := tick * tick
		a.Append(c, tick, v)
		want[tick] = v
		a.Trim(c, tick-899)
		if first := a.First(c); first > max(tick-899, 0) {
			t.Fatalf("at %d the ring begins at %d", tick, first)
		}
	}
	if diff := cmp.Diff(want.read(4100, 900), read(a, c, 4100, 900)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if used := a.Usage().Used; used > 64*BlockBytes {
		t.Errorf("%d bytes for 900 values", used)
	}
	a.Trim(c, 5000)
	if !c.Empty() || a.Usage().Used != 0 {
		t.Errorf("after the last tick %+v is left, %d bytes", c, a.Usage().Used)
	}
	a.Append(c, 5000, 1)
	a.Append(c, 5001, 2)
	if a.Trim(c, 5001); a.Usage().Used != 0 || a.First(c) != 5001 {
		t.Errorf("the block of the tick before stays: %d bytes, from %d", a.Usage().Used, a.First(c))
	}
	a.Free(c)
	if a.Append(c, 6000, 1); a.First(c) != 6000 {
		t.Errorf("a column that was emptied begins at %d", a.First(c))
	}
}

// TestUnchangedCostsNothing holds for a series that stays as it is, however long.
func TestUnchangedCostsNothing(t *testing.T) {
	a, c := NewArena(1<<20), &Column{}
	for tick := range int64(100_000) {
		a.Append(c, tick, 1<<30)
	}
	if used := a.Usage().Used; used != 0 {
		t.Errorf("%d bytes for a value that never changed", used)
	}
	a.Append(c, 100_000, 1<<31)
	if got := read(a, c, 0, 1)[0]; got != 1<<30 {
		t.Errorf("the first value is %d", got)
	}
	if used := a.Usage().Used; used != BlockBytes {
		t.Errorf("%d bytes for one change", used)
	}
}

// TestFullArena makes the column that needs memory lose its own oldest values, and says so.
func TestFullArena(t *testing.T) {
	a := NewArena(4 * BlockBytes)
	var greedy, late Column
	short := 0
	want := reference{}
	for tick := range int64(4000) {
		want[tick] = tick * 5000
		if !a.Append(&greedy, tick, tick*5000) {
			short++
		}
	}
	if short == 0 || a.Usage().Dropped == 0 {
		t.Errorf("nothing was reported: %d, %+v", short, a.Usage())
	}
	first := a.First(&greedy)
	if first < 3500 || first > 3990 {
		t.Errorf("the ring begins at %d", first)
	}
	n := int(4000 - first)
	if diff := cmp.Diff(want.read(first, n), read(a, &greedy, first, n)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	a.Append(&late, 4000, 1)
	if a.Append(&late, 4001, 2) {
		t.Error("there was no block for it, and it says that all is kept")
	}
	if diff := cmp.Diff([]int64{Missing, 2, Missing}, read(a, &late, 4000, 3)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	a.Free(&greedy)
	a.Append(&late, 4002, 3)
	if diff := cmp.Diff([]int64{2, 3}, read(a, &late, 4001, 2)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestNoAllocation holds once the arena has its memory.
func TestNoAllocation(t *testing.T) {
	a, c := NewArena(chunkBlocks*BlockBytes), &Column{}
	a.Append(c, 0, 1)
	a.Append(c, 1, 2)
	tick := int64(2)
	if n := testing.AllocsPerRun(5000, func() {
		a.Append(c, tick, tick*tick)
		a.Trim(c, tick-900)
		tick++
	}); n != 0 {
		t.Errorf("%v allocations for a value", n)
	}
}

// FuzzRoundTrip reads its input as ticks and values.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
	f.Add(binary.LittleEndian.AppendUint64([]byte{0}, 1<<63))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, c := NewArena(1<<24), &Column{}
		want := reference{}
		tick, end := int64(0), 0
		for len(data) > 9 && tick < 1<<14 {
			// The low bits of the first byte say how wide the value is, the others how many ticks were missed.
			v := int64(binary.LittleEndian.Uint64(data[1:])) >> (data[0] & 7 * 8)
			tick += int64(data[0] >> 3)
			if !a.Append(c, tick, v) {
				t.Fatal("the arena is full")
			}
			if v != Missing {
				want[tick] = v
			}
			tick++
			end = int(tick)
			data = data[1+data[0]%9:]
		}
		if diff := cmp.Diff(want.read(0, end), read(a, c, 0, end)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

// FuzzDecode gives decode what no Append has written.
func FuzzDecode(f *testing.F) {
	f.Add([]byte{1, 1, 2, 3, 4, 5, 6, 7, 8, 2, 3}, int64(0), int64(3))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x80}, int64(-5), int64(1<<32))
	f.Fuzz(func(t *testing.T, data []byte, from, tick int64) {
		from, tick = from%(1<<32), tick%(1<<32)
		w := window{from: from, tick: tick, out: make([]int64, 64)}
		w.decode(data)
		if w.tick < tick {
			t.Errorf("the ticks go back from %d to %d", tick, w.tick)
		}
	})
}

// BenchmarkAppend is a value that changes each second, in a ring of 15 minutes.
func BenchmarkAppend(b *testing.B) {
	a, c := NewArena(1<<20), &Column{}
	r := rand.New(rand.NewPCG(1, 2))
	values := make([]int64, 1024)
	for i := range values {
		values[i] = 1<<30 + r.Int64N(1<<12)<<12
	}
	b.ReportAllocs()
	for tick := int64(0); b.Loop(); tick++ {
		a.Append(c, tick, values[tick%1024])
		a.Trim(c, tick-899)
	}
	b.ReportMetric(float64(a.Usage().Used)/900, "B/value")
}
