package profiles

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/google/pprof/profile"

	"github.com/oombot/oombot/investigations"
)

const (
	// maxUnpacked is the largest profile that is parsed, and maxParsed what it may take in memory.
	maxUnpacked, maxParsed = 32 << 20, 150 << 20
	// maxFunctions is how many functions a profile names, and maxHolders how many are compared.
	maxFunctions, maxHolders = 50, 2_000
	// maxName bounds the name of a function.
	maxName = 500
)

var (
	// errAllocations says that a profile has no sample type for memory in use.
	errAllocations = errors.New("holds allocations only, and not what is in use")
	// errNoHeap says that a profile is of something else.
	errNoHeap = errors.New("is no heap profile")
)

// heap is a profile, reduced to what is compared.
type heap struct {
	investigations.HeapProfile
	// sampleType and unit say what was counted.
	sampleType string
	// holders are bytes in use by the innermost function that is no library's.
	holders map[string]int64
}

// read reads one profile.
func (t *Tool) read(f file) (*heap, error) {
	src, err := t.fsys.Open(f.path)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	data, err := unpack(src)
	if err != nil {
		return nil, err
	}
	h, err := parse(data)
	if err != nil {
		return nil, err
	}
	h.Namespace, h.Pod, h.Container, h.Source = f.namespace, f.pod, f.container, f.path
	if !f.at.IsZero() {
		h.At = f.at
	}
	return h, nil
}

// unpack reads a file that is compressed, or plain as some exporters leave it.
func unpack(src io.Reader) ([]byte, error) {
	r := bufio.NewReader(src)
	in := io.Reader(r)
	magic, err := r.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(magic) == 0 {
		return nil, errors.New("it is empty")
	}
	if string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, err
		}
		in = z
	}
	data, err := io.ReadAll(io.LimitReader(in, maxUnpacked+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxUnpacked {
		return nil, fmt.Errorf("more than %d bytes unpacked: %w", maxUnpacked, investigations.ErrTooLarge)
	}
	return data, nil
}

// parse reduces a profile to the functions that hold memory in use.
func parse(data []byte) (h *heap, err error) {
	weight, err := weigh(data)
	if err != nil {
		return nil, err
	}
	if weight > maxParsed {
		return nil, fmt.Errorf("it would take %s of memory: %w", investigations.FormatBytes(weight), investigations.ErrTooLarge)
	}
	defer func() {
		// The parser is not ours, and the file may be made to break it.
		if p := recover(); p != nil {
			h, err = nil, fmt.Errorf("it breaks the parser: %v", p)
		}
	}()
	p, err := profile.ParseUncompressed(data)
	if err != nil {
		return nil, err
	}
	if err := p.CheckValid(); err != nil {
		return nil, err
	}
	index, scale, err := inUse(p.SampleType)
	if err != nil {
		return nil, err
	}
	h = &heap{holders: map[string]int64{}, sampleType: p.SampleType[index].Type}
	if p.TimeNanos > 0 {
		h.At = time.Unix(0, p.TimeNanos).UTC()
	}
	flat := map[string]int64{}
	names := namer{}
	for _, s := range p.Sample {
		v := s.Value[index]
		if v <= 0 || v > math.MaxInt64/scale {
			continue
		}
		v *= scale
		h.InUseBytes = add(h.InUseBytes, v)
		function, holder := names.of(s.Location)
		flat[function] = add(flat[function], v)
		h.holders[holder] = add(h.holders[holder], v)
	}
	h.Functions = top(flat, maxFunctions)
	if len(h.holders) > maxHolders {
		kept := map[string]int64{}
		for _, f := range top(h.holders, maxHolders) {
			kept[f.Function] = f.Bytes
		}
		h.holders = kept
	}
	return h, nil
}

// add adds without overflow.
func add(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// top returns the largest, in descending order; equal ones in the order of their names.
func top(of map[string]int64, n int) []investigations.FunctionBytes {
	out := make([]investigations.FunctionBytes, 0, len(of))
	for f, b := range of {
		if b > 0 {
			out = append(out, investigations.FunctionBytes{Function: f, Bytes: b})
		}
	}
	slices.SortFunc(out, func(a, b investigations.FunctionBytes) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Function, b.Function))
	})
	return slices.Clone(out[:min(len(out), n)])
}

// inUse returns the index of the sample type for memory in use, and how many bytes one unit of it is.
func inUse(types []*profile.ValueType) (index int, scale int64, err error) {
	allocations := false
	best, rank := -1, math.MaxInt
	for i, t := range types {
		name, unit := strings.ToLower(t.Type), unitBytes(t.Unit)
		allocations = allocations || strings.Contains(name, "alloc")
		if unit == 0 {
			continue
		}
		r := math.MaxInt
		switch {
		case name == "inuse_space":
			r = 0
		case strings.Contains(name, "inuse") || strings.Contains(name, "in_use") || strings.Contains(name, "live"):
			r = 1
		case name == "space" || name == "bytes" || name == "heap" || name == "memory" || name == "size":
			r = 2
		}
		if r < rank {
			best, rank, scale = i, r, unit
		}
	}
	switch {
	case best >= 0:
		return best, scale, nil
	case allocations:
		return 0, 0, errAllocations
	}
	return 0, 0, errNoHeap
}

// unitBytes returns how many bytes a unit is; 0 for one that is no amount of memory.
func unitBytes(unit string) int64 {
	switch strings.ToLower(unit) {
	case "bytes", "byte", "b":
		return 1
	case "kilobytes", "kilobyte", "kb", "kib":
		return 1 << 10
	case "megabytes", "megabyte", "mb", "mib":
		return 1 << 20
	}
	return 0
}
