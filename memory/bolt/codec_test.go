package bolt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/memorytest"
)

// filled returns a value in which no field is zero, and no two are alike.
func filled[T any]() T {
	var v T
	n := 0
	fillValue(reflect.ValueOf(&v).Elem(), &n)
	return v
}

func fillValue(v reflect.Value, n *int) {
	*n++
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(memorytest.Epoch.Add(time.Duration(*n) * (time.Hour + time.Nanosecond))))
		return
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			fillValue(v.Field(i), n)
		}
	case v.Kind() == reflect.String:
		v.SetString(fmt.Sprintf("text %d, ä\u2028<&>", *n))
	case v.CanInt():
		v.SetInt(int64(1<<30 + *n))
	case v.CanFloat():
		v.SetFloat(1 / float64(*n))
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillValue(v.Elem(), n)
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fillValue(v.Index(i), n)
		}
	case v.Kind() == reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fillValue(key, n)
		fillValue(value, n)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	default:
		panic("a kind of field that the test does not know: " + v.Type().String())
	}
}

// TestNoFieldIsForgotten stores a trace and a head with all fields set: one that is added to the domain and not to what
// is stored shows here.
func TestNoFieldIsForgotten(t *testing.T) {
	want := filled[investigations.Trace]()
	want.Version, want.Result.Version = investigations.TraceVersion, investigations.ResultVersion
	e, err := encodeTrace(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeTrace(e.record)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, e.trace); diff != "" {
		t.Errorf("what is to be indexed (-want +got):\n%s", diff)
	}
	for i := range want.Result.Facts {
		want.Result.Facts[i].Key = "" // of one run only
	}
	want.Result.Features, want.Result.Influences = investigations.Features{}, nil // the trace has its own
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("trace (-want +got):\n%s", diff)
	}
	head := filled[investigations.Head]()
	read, err := decodeHead(encodeHead(head))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(head, read); diff != "" {
		t.Errorf("head (-want +got):\n%s", diff)
	}
}

// TestLossless stores what is at the edges of what can be, and a list that is empty as one that is.
func TestLossless(t *testing.T) {
	s := temp(t)
	limit, traffic := int64(math.MaxInt64), math.SmallestNonzeroFloat64
	want := memory.Normalized(investigations.Trace{
		Result: investigations.Result{
			ID: "ünïcode \u2028 \x00 \U0001F4A5", At: time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC),
			Verdict: investigations.Verdict{Cause: "a cause of the future", Mechanism: "another", Explanation: strings.Repeat("<&>\t\\u0000\n", 1000)},
			Facts:   []investigations.Fact{{ID: "F1", Values: map[string]float64{"big": 1e300, "exact": 9007199254740993, "": -1}}},
		},
		Features: investigations.Features{Changed: []string{}, Functions: []string{""}},
		State: investigations.State{Traffic: &traffic, Workloads: []investigations.WorkloadState{{
			Now: investigations.TemplateState{Volumes: map[string]int64{"v": math.MinInt64}, Containers: []investigations.ContainerSettings{{Limit: &limit, Request: new(int64)}}},
		}}},
		Links: []investigations.Link{{Type: "a type of the future", ID: "x"}},
	})
	keep(t, s, want)
	got, err := s.Trace(t.Context(), want.Result.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-put +got):\n%s", diff)
	}
	verify(t, s)
}

// TestNoUTF8 indexes what is stored, where the two could differ.
func TestNoUTF8(t *testing.T) {
	s := temp(t)
	tr := small("a", 0)
	tr.Features.Comm, tr.Features.Image, tr.Result.Verdict.Headline = "ja\xffva", "\xc3", "cut \xe2\x82"
	keep(t, s, tr)
	got, err := s.Trace(t.Context(), "a")
	if err != nil || got.Features.Comm != "ja\ufffdva" {
		t.Errorf("command %q, %v", got.Features.Comm, err)
	}
	verify(t, s)
}

func TestRefused(t *testing.T) {
	s := temp(t)
	keep(t, s, small("there", 0))
	huge, never := small("huge", 0), small("never", 0)
	huge.Result.Verdict.Explanation = strings.Repeat("x", maxTrace)
	never.State.At = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	for what, bad := range map[string]investigations.Trace{
		"no id": small("", 0), "a long id": small(strings.Repeat("x", maxID+1), 0), "an id that is no UTF-8": small("\xff", 0),
		"too large": huge, "a time that nothing prints": never,
	} {
		if err := s.Keep(t.Context(), small("good", 0), bad); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", what, err)
		}
		if what == "too large" && !errors.Is(s.Keep(t.Context(), bad), investigations.ErrTooLarge) {
			t.Error("too large: want ErrTooLarge")
		}
	}
	if n := entries(t, s, bucketHeads); n != 1 {
		t.Errorf("%d traces are there, want none of those that came with one that was refused", n)
	}
	keep(t, s, small("good", 0)) // what was refused is no damage
}

// TestCrowded stores as many kills of one millisecond as there can be.
func TestCrowded(t *testing.T) {
	s := temp(t)
	err := s.update(t.Context(), func(tx *bbolt.Tx) error {
		heads := tx.Bucket(bucketHeads)
		first := firstSlot(memorytest.Epoch)
		for i := range slot(1 << slotBits) {
			if i != 12345 {
				if err := heads.Put((first | i).key(), []byte{headVersion}); err != nil {
					return err
				}
			}
		}
		if got, err := newSlot(heads, memorytest.Epoch, "a"); err != nil || got != first|12345 {
			t.Errorf("slot %x, %v; want the only one that is free", got, err)
		}
		if err := heads.Put((first | 12345).key(), []byte{headVersion}); err != nil {
			return err
		}
		if _, err := newSlot(heads, memorytest.Epoch, "a"); !errors.Is(err, errCrowded) {
			t.Errorf("%v, want errCrowded", err)
		}
		return errNothing
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestRecordsOfOthers reads what no version ever wrote.
func TestRecordsOfOthers(t *testing.T) {
	good := encodeHead(memory.HeadOf(memorytest.Trace(1, 0)))
	for what, record := range map[string][]byte{
		"nothing": nil, "version 0": {0}, "a newer version": {headVersion + 1}, "no field": {headVersion},
		"too little": good[:len(good)-1], "too much": append(bytes.Clone(good), 0),
		"a length beyond its end": append([]byte{headVersion}, bytes.Repeat([]byte{0xff}, 20)...),
	} {
		if h, err := decodeHead(record); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v, %v; want ErrDamaged", what, h, err)
		}
	}
	e, err := encodeTrace(memorytest.Trace(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	packed := e.record
	for what, record := range map[string][]byte{
		"nothing": nil, "a newer version": {traceVersion + 1}, "no content": {traceVersion}, "too little": packed[:len(packed)/2],
		"a flipped bit": append(bytes.Clone(packed[:len(packed)-9]), append([]byte{packed[len(packed)-9] ^ 1}, packed[len(packed)-8:]...)...),
	} {
		if _, err := decodeTrace(record); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v, want ErrDamaged", what, err)
		}
	}
}

func FuzzDecodeHead(f *testing.F) {
	f.Add(encodeHead(memory.HeadOf(memorytest.Trace(1, 0))))
	f.Add(encodeHead(filled[investigations.Head]()))
	f.Add([]byte{headVersion, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, record []byte) {
		h, err := decodeHead(record)
		if err != nil {
			return
		}
		again, err := decodeHead(encodeHead(h))
		if err != nil {
			t.Fatalf("a head that was read can't be read again: %v", err)
		}
		if diff := cmp.Diff(h, again, cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) })); diff != "" {
			t.Errorf("(-first +second):\n%s", diff)
		}
	})
}

// FuzzInspect looks at a small file of which a part was overwritten and the end cut off. Where the part is in the first
// pages their sums are right again, so that what they say is believed.
func FuzzInspect(f *testing.F) {
	sound := tiny(f)
	f.Add(uint(0), []byte(nil), uint(0))
	f.Add(uint(pageHeader+32), []byte{3}, uint(0))
	f.Add(uint(smallestPage+40), bytes.Repeat([]byte{0xff}, 8), uint(smallestPage))
	f.Fuzz(func(_ *testing.T, at uint, patch []byte, cut uint) {
		file := bytes.Clone(sound)
		copy(file[at%uint(len(file)):], patch)
		for _, page := range [][]byte{file, file[smallestPage:]} {
			meta := page[pageHeader : pageHeader+metaLen]
			sum := fnv.New64a()
			sum.Write(meta[:metaLen-8])
			binary.NativeEndian.PutUint64(meta[metaLen-8:], sum.Sum64())
		}
		file = file[:uint(len(file))-cut%uint(len(file))]
		// That it neither panics nor goes round in a circle is all there is to check: what it finds depends.
		_ = inspect(bytes.NewReader(file), int64(len(file)), true)
	})
}

// tiny returns the smallest file that has a branch, and free pages.
func tiny(f *testing.F) []byte {
	f.Helper()
	path := filepath.Join(f.TempDir(), "tiny.db")
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{PageSize: smallestPage})
	if err != nil {
		f.Fatal(err)
	}
	for _, bucket := range []string{"a", "b", "b"} {
		err = errors.Join(err, db.Update(func(tx *bbolt.Tx) error {
			b, err := tx.CreateBucketIfNotExists([]byte(bucket))
			for i := range 40 {
				err = errors.Join(err, b.Put(fmt.Append(nil, i), make([]byte, 50)))
			}
			return err
		}))
	}
	if err := errors.Join(err, db.Close()); err != nil {
		f.Fatal(err)
	}
	file := []byte(content(f, path))
	m, err := newestMeta(bytes.NewReader(file), uint64(len(file)))
	if err != nil {
		f.Fatal(err)
	}
	if err := inspect(bytes.NewReader(file), int64(len(file)), true); err != nil {
		f.Fatal(err)
	}
	return file[:m.pages*m.pageSize]
}
