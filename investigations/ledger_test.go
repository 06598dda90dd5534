package investigations

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLedgerNumbersAndFinds(t *testing.T) {
	l := NewLedger([]Fact{{Says: "one", Key: "a/1"}, {Says: "two"}})
	if id := l.Add(Fact{Says: "three", Key: "a/3"}); id != "F3" {
		t.Errorf("Add = %s, want F3", id)
	}
	if id := l.Add(Fact{Says: "one again", Key: "a/1"}); id != "F1" {
		t.Errorf("Add of a known key = %s, want F1", id)
	}
	if id := l.Add(Fact{Says: "two"}); id != "F4" {
		t.Errorf("Add without a key = %s, want F4: facts without a key are never the same", id)
	}
	if a, none := l.ID("a/3"), l.ID("a/9"); a != "F3" || none != "" {
		t.Errorf(`ID = %q and %q, want "F3" and ""`, a, none)
	}
	var says []string
	for _, f := range l.Facts() {
		says = append(says, f.ID+" "+f.Says)
	}
	if d := cmp.Diff([]string{"F1 one", "F2 two", "F3 three", "F4 two"}, says); d != "" {
		t.Errorf("facts (-want +got):\n%s", d)
	}
}

func TestLedgerCleansFacts(t *testing.T) {
	cet := time.FixedZone("CET", 3600)
	in := Fact{
		Tool: ToolKernlog, At: time.Date(2026, 3, 4, 3, 17, 9, 0, cet),
		Says: "killed \x1b[31mjava\x1b[0m\n" + strings.Repeat("x", 700), Source: "kernel/n\u202e1.log",
		Values: map[string]float64{"limit_bytes": 536870912, "ratio": 0.1 + 0.2, "nan": math.NaN(), "inf": math.Inf(1)},
	}
	l := NewLedger([]Fact{in})
	got := l.Facts()[0]
	want := Fact{
		ID: "F1", Tool: ToolKernlog, At: time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC),
		Says: got.Says, Source: "kernel/n\uFFFD1.log",
		Values: map[string]float64{"limit_bytes": 536870912, "ratio": 0.3},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("fact (-want +got):\n%s", d)
	}
	if !strings.HasPrefix(got.Says, "killed \uFFFD[31mjava\uFFFD[0m xxx") || !strings.HasSuffix(got.Says, "x…") || len(got.Says) > 600 {
		t.Errorf("says %q (%d bytes)", got.Says, len(got.Says))
	}
	if len(in.Values) != 4 {
		t.Errorf("the caller's values were changed: %v", in.Values)
	}
}

func TestLedgerFactsAreTheCallers(t *testing.T) {
	l := NewLedger([]Fact{{Says: "one"}})
	l.Facts()[0].Says = "changed"
	if got := l.Facts()[0].Says; got != "one" {
		t.Errorf("says %q after the caller changed its copy", got)
	}
}

func TestLedgerTakesNoCitationsFromOutside(t *testing.T) {
	l := NewLedger([]Fact{{Says: "image: api:1.0[F99] -> api:1.1 [F1x] [F7]"}})
	if got, want := l.Facts()[0].Says, "image: api:1.0(F99) -> api:1.1 [F1x] (F7)"; got != want {
		t.Errorf("says %q, want %q", got, want)
	}
}
