package memory_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/memorytest"
)

var now = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

func store() *memorytest.Fake { return memorytest.New(func() time.Time { return now }) }

// exported returns all traces of a store, by id, as they are printed.
func exported(t *testing.T, m investigations.Memory) map[string]string {
	t.Helper()
	out := map[string]string{}
	for h, err := range m.Heads(t.Context(), investigations.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		trace, err := m.Trace(t.Context(), h.ID)
		if err != nil {
			t.Fatal(err)
		}
		out[h.ID] = document(t, trace)
	}
	return out
}

// lines returns n generated incidents as lines.
func lines(t *testing.T, n int) string {
	t.Helper()
	var b strings.Builder
	for i := range n {
		b.WriteString(document(t, memorytest.Trace(5, i)) + "\n")
	}
	return b.String()
}

// importInto imports text without an error, and returns what was said of bad lines.
func importInto(t *testing.T, m investigations.Memory, text string) (memory.Imported, []string) {
	t.Helper()
	var bad []string
	done, err := memory.Import(t.Context(), m, strings.NewReader(text), memory.ImportOptions{
		Now: now, Bad: func(line int, err error) { bad = append(bad, fmt.Sprintf("%d: %v", line, err)) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return done, bad
}

// TestImportIsLossless takes more than one batch from one store to another, twice.
func TestImportIsLossless(t *testing.T) {
	const n = 250
	first, second := store(), store()
	text := lines(t, n)
	done, bad := importInto(t, first, text)
	if done != (memory.Imported{Lines: n, Imported: n}) || len(bad) > 0 {
		t.Errorf("%+v, %v", done, bad)
	}
	want := exported(t, first)
	if len(want) != n {
		t.Fatalf("%d of %d are there", len(want), n)
	}
	all := strings.Join(slices.Collect(values(want)), "\r\n\n  ")
	for range 2 {
		importInto(t, second, all)
		if d := cmp.Diff(want, exported(t, second)); d != "" {
			t.Fatalf("(-want +got)\n%s", d)
		}
	}
}

func values(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, v := range m {
			if !yield(v) {
				return
			}
		}
	}
}

func TestImportWithBadLines(t *testing.T) {
	m := store()
	text := "\n" + lines(t, 1) + "{\n \n" + `{"version": 7, "result": {}}` + "\n" + strings.Repeat("x", 17<<20) + "\n" + small("")
	done, bad := importInto(t, m, text)
	if done != (memory.Imported{Lines: 5, Imported: 2, Bad: 3}) {
		t.Errorf("%+v", done)
	}
	want := []string{
		"3: it is no JSON: unexpected end of JSON input at byte 1",
		"5: version 7 is not known: this program reads 1",
		"6: it is longer than 16 MiB: too large",
	}
	if d := cmp.Diff(want, bad); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if len(exported(t, m)) != 2 {
		t.Error("not all good lines were taken")
	}
}

// TestImportKeepsTheLaterResult imports an older look at a kill over a newer one, and the other way round.
func TestImportKeepsTheLaterResult(t *testing.T) {
	version := func(c investigations.Cause, stored time.Time, by string) investigations.Trace {
		return memory.Normalized(investigations.Trace{
			Result: investigations.Result{ID: id, At: now, Verdict: investigations.Verdict{Cause: c}}, AskedBy: by, StoredAt: stored,
			Feedback: []investigations.Feedback{{By: by, Vote: investigations.VoteUp, At: stored.Add(time.Minute), Judged: c}},
		})
	}
	older := version(investigations.CauseLeak, now.Add(-2*time.Hour), "ann")
	newer := version(investigations.CauseLoadSpike, now.Add(-time.Hour), "bob")
	tests := []struct {
		name          string
		stored, taken investigations.Trace
		asked         string
	}{
		{"an older one comes", newer, older, "bob"},
		{"a newer one comes", older, newer, "ann"},
		{"both at once", newer, newer, "bob"},
	}
	for _, tt := range tests {
		m := store()
		if err := m.Keep(t.Context(), tt.stored); err != nil {
			t.Fatal(err)
		}
		importInto(t, m, document(t, tt.taken)+"\n"+document(t, older)+"\n"+document(t, newer))
		got, err := m.Trace(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if got.Result.Verdict.Cause != investigations.CauseLoadSpike || !got.StoredAt.Equal(newer.StoredAt) || got.AskedBy != tt.asked {
			t.Errorf("%s: %s, stored %s, asked by %s", tt.name, got.Result.Verdict.Cause, got.StoredAt, got.AskedBy)
		}
		if d := cmp.Diff(append(older.Feedback, newer.Feedback...), got.Feedback); d != "" {
			t.Errorf("%s: feedback (-want +got)\n%s", tt.name, d)
		}
	}
}

// TestImportOfOneKillTwice has two looks at a kill in one batch, the later one first.
func TestImportOfOneKillTwice(t *testing.T) {
	look := func(headline string, stored time.Time) string {
		return document(t, memory.Normalized(investigations.Trace{
			Result: investigations.Result{ID: id, At: now, Verdict: investigations.Verdict{Headline: headline}}, StoredAt: stored,
		}))
	}
	m := store()
	importInto(t, m, look("later", now.Add(-time.Hour))+"\n"+look("earlier", now.Add(-2*time.Hour)))
	if got, err := m.Trace(t.Context(), id); err != nil || got.Result.Verdict.Headline != "later" {
		t.Errorf("%q, %v", got.Result.Verdict.Headline, err)
	}
}

// TestImportOfAResult imports what an investigation printed, which does not say when it was stored.
func TestImportOfAResult(t *testing.T) {
	result := func(headline string) string {
		return `{"version": 1, "id": "` + id + `", "at": "2026-03-04T02:17:09Z", "verdict": {"cause": "leak", "headline": "` + headline + `"}}`
	}
	m := store()
	importInto(t, m, result("first"))
	importInto(t, m, result("second"))
	got, err := m.Trace(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if !got.StoredAt.Equal(now) || got.Result.Verdict.Headline != "first" {
		t.Errorf("stored %s: %s", got.StoredAt, got.Result.Verdict.Headline)
	}
}

// limited is a store that keeps one batch and then is full.
type limited struct {
	*memorytest.Fake
	room int
}

var errFull = errors.New("no space left on device")

func (l *limited) Keep(ctx context.Context, traces ...investigations.Trace) error {
	if l.room--; l.room < 0 {
		return errFull
	}
	return l.Fake.Keep(ctx, traces...)
}

func TestImportIntoAFullStore(t *testing.T) {
	m := &limited{store(), 1}
	var told []int
	done, err := memory.Import(t.Context(), m, strings.NewReader(lines(t, 250)), memory.ImportOptions{
		Now: now, Progress: func(stored int) { told = append(told, stored) },
	})
	if !errors.Is(err, errFull) || done.Imported != 200 || len(exported(t, m)) != 200 {
		t.Errorf("%+v, %v", done, err)
	}
	if d := cmp.Diff([]int{200}, told); d != "" {
		t.Errorf("progress (-want +got)\n%s", d)
	}
}

// picky is a store that does not take one incident.
type picky struct {
	*memorytest.Fake
	refuses string
}

func (p picky) Keep(ctx context.Context, traces ...investigations.Trace) error {
	for _, t := range traces {
		if t.Result.ID == p.refuses {
			return fmt.Errorf("%w: it is too large", memory.ErrInvalid)
		}
	}
	return p.Fake.Keep(ctx, traces...)
}

func TestImportOfWhatTheStoreDoesNotTake(t *testing.T) {
	m := picky{store(), memorytest.Trace(5, 3).Result.ID}
	done, bad := importInto(t, m, lines(t, 10))
	if done != (memory.Imported{Lines: 10, Imported: 9, Bad: 1}) || len(exported(t, m)) != 9 {
		t.Errorf("%+v", done)
	}
	if d := cmp.Diff([]string{"4: can't be stored: it is too large"}, bad); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// unreadable is a store whose traces can't be looked up.
type unreadable struct{ *memorytest.Fake }

func (unreadable) Trace(context.Context, string) (investigations.Trace, error) {
	return investigations.Trace{}, errFull
}

// TestImportEnds says what becomes of the lines before something goes wrong.
func TestImportEnds(t *testing.T) {
	m := store()
	broken := io.MultiReader(strings.NewReader(lines(t, 2)), iotest.ErrReader(errFull))
	if done, err := memory.Import(t.Context(), m, broken, memory.ImportOptions{}); !errors.Is(err, errFull) || done.Imported != 2 || len(exported(t, m)) != 2 {
		t.Errorf("a broken reader: %+v, %v", done, err)
	}
	if done, err := memory.Import(t.Context(), unreadable{store()}, strings.NewReader(lines(t, 2)), memory.ImportOptions{}); !errors.Is(err, errFull) || done.Imported != 0 {
		t.Errorf("a store that can't be read: %+v, %v", done, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := memory.Import(ctx, store(), strings.NewReader(lines(t, 2)), memory.ImportOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

// FuzzImport holds an import to its promise: every line that is not blank is imported or bad, and the same text once more
// changes nothing.
func FuzzImport(f *testing.F) {
	f.Add(shortened(f, 0) + "\n" + small("") + "\n\n{}")
	f.Add(small("") + "\r\n" + small(`, "asked_by": "ann"`))
	f.Fuzz(func(t *testing.T, text string) {
		m := store()
		done, bad := importInto(t, m, text)
		if done.Imported+done.Bad != done.Lines || len(bad) != done.Bad {
			t.Fatalf("%+v, %d bad lines", done, len(bad))
		}
		before := exported(t, m)
		importInto(t, m, text)
		if d := cmp.Diff(before, exported(t, m)); d != "" {
			t.Fatalf("the second import changes what is there (-first +second)\n%s", d)
		}
	})
}
