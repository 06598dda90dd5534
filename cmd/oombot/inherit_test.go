package main

import (
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/oombot/oombot/examples/incidents"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/memorytest"
	"github.com/oombot/oombot/tools/bundle"
)

// lookAt investigates the bundle in dir with what the store remembers; store may be nil.
func lookAt(t *testing.T, dir string, store memory.Store) (investigations.Request, *investigations.Result, *investigations.Evidence) {
	t.Helper()
	b, err := bundle.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var past investigations.Recaller
	if store != nil {
		past = memory.NewRecaller(store)
	}
	res, ev, err := diagnose(t.Context(), b.Request(), bundleTools(b.FS(), b.BlindSpots, nil), investigations.Options{Memory: past})
	if err != nil {
		t.Fatal(err)
	}
	return b.Request(), res, ev
}

// incidentOf writes a bundle of a kind and returns its folder.
func incidentOf(t *testing.T, kind string, seed uint64) string {
	t.Helper()
	dir := t.TempDir()
	if err := incidents.Write(dir, kind, seed, incidents.Options{Small: true}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestPastChangesNoPlainVerdict fills a memory with incidents of all kinds, judged right and wrong by people, a tenth
// of them with a wrong cause that was voted down; then it investigates further ones with and without that memory.
func TestPastChangesNoPlainVerdict(t *testing.T) {
	store := memorytest.New(time.Now)
	t.Cleanup(func() { _ = store.Close() })
	keeper := memory.NewKeeper(store, time.Now)
	r := rand.New(rand.NewPCG(5, 6))
	var kinds []incidents.Kind
	for i, k := range incidents.Kinds() {
		if i%3 == 0 { // each takes a good part of a second under the race detector
			kinds = append(kinds, k)
		}
	}
	poisoned := 0
	for _, k := range kinds {
		req, res, ev := lookAt(t, incidentOf(t, k.Name, 1), nil)
		vote := investigations.Feedback{By: "U1", Vote: investigations.VoteUp, At: res.At.Add(time.Hour)}
		if r.IntN(10) == 0 {
			poisoned++
			res.Verdict.Cause = investigations.Causes[(slices.Index(investigations.Causes, res.Verdict.Cause)+1+r.IntN(len(investigations.Causes)-1))%len(investigations.Causes)]
			vote.Vote = investigations.VoteDown
		}
		if _, err := keeper.Remember(t.Context(), memory.Investigation{Request: req, Result: res, Evidence: ev}); err != nil {
			t.Fatal(err)
		}
		if r.IntN(2) == 0 || vote.Vote == investigations.VoteDown {
			if err := store.Amend(t.Context(), res.ID, investigations.Amendment{Feedback: []investigations.Feedback{vote}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if poisoned < len(kinds)/20 {
		t.Fatalf("only %d of %d are poisoned", poisoned, len(kinds))
	}
	inherited := 0
	for _, k := range kinds {
		dir := incidentOf(t, k.Name, 2)
		_, with, _ := lookAt(t, dir, store)
		_, without, _ := lookAt(t, dir, nil)
		if w, o := with.Verdict, without.Verdict; w.Cause != o.Cause || w.Mechanism != o.Mechanism || w.Boundary != o.Boundary || w.Trigger != o.Trigger {
			t.Errorf("%s: with the past it is %s at %s by %s, without %s at %s by %s", k.Name, w.Cause, w.Boundary, w.Trigger, o.Cause, o.Boundary, o.Trigger)
		}
		if with.ID != without.ID {
			t.Errorf("%s: the past changes the id from %s to %s", k.Name, without.ID, with.ID)
		}
		if len(with.Precedents) > 0 {
			inherited++
		}
	}
	t.Logf("%d of %d incidents are poisoned, %d of %d further ones have precedents", poisoned, len(kinds), inherited, len(kinds))
	if inherited == 0 {
		t.Error("no incident has a precedent: nothing was tested")
	}
}

// TestNextReleaseInherits: the next release of the same program leaks by the same function. What looks like it, by the
// names of its workload, image and alert, has no precedent in it.
func TestNextReleaseInherits(t *testing.T) {
	store := memorytest.New(time.Now)
	t.Cleanup(func() { _ = store.Close() })
	keeper := memory.NewKeeper(store, time.Now)
	remember := func(name string) *investigations.Result {
		req, res, ev := lookAt(t, "../../examples/"+name, store)
		if _, err := keeper.Remember(t.Context(), memory.Investigation{Request: req, Result: res, Evidence: ev}); err != nil {
			t.Fatal(err)
		}
		return res
	}
	first, again, lookalike := remember("leak-after-deploy"), remember("leak-after-deploy-again"), remember("limit-lowered")
	if len(first.Precedents) != 0 || len(lookalike.Precedents) != 0 {
		t.Errorf("the first has %d precedents, what only looks alike has %v", len(first.Precedents), lookalike.Precedents)
	}
	if len(again.Precedents) != 1 || again.Precedents[0].ID != first.ID || again.Precedents[0].Outcome != investigations.OutcomeFixHeld {
		t.Errorf("the second has the precedents %+v, want %s, whose fix held", again.Precedents, first.ID)
	}
	learned, err := store.Trace(t.Context(), first.ID)
	if err != nil {
		t.Fatal(err)
	}
	if o := learned.Outcome; o.State != investigations.OutcomeFixHeld || !slices.Equal(o.Fix, []investigations.Action{investigations.ActionRollback}) {
		t.Errorf("the first learned %+v, want that the rollback held until the next release", o)
	}
	next, err := store.Trace(t.Context(), again.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := []investigations.Link{
		{Type: investigations.EdgeInheritedFrom, ID: first.ID}, {Type: investigations.EdgeSameRootAs, ID: first.ID}, {Type: investigations.EdgeRecurredAs, ID: first.ID},
	}
	if !slices.Equal(next.Links, want) {
		t.Errorf("links %v, want %v", next.Links, want)
	}
}

// TestSameKillRevisesItsTrace: investigated again, the same kill keeps its id and is no precedent of itself.
func TestSameKillRevisesItsTrace(t *testing.T) {
	store := memorytest.New(time.Now)
	t.Cleanup(func() { _ = store.Close() })
	a := newApp(os.Environ(), nil, io.Discard, io.Discard)
	p := &casebook{app: a, store: store, audit: bundle.NewAudit(time.Now), log: slog.New(slog.DiscardHandler)}
	for range 2 {
		req, res, ev := lookAt(t, "../../examples/leak-after-deploy", store)
		if len(res.Precedents) != 0 {
			t.Errorf("the same kill is its own precedent: %v", res.Precedents)
		}
		p.keep(t.Context(), req, res, ev, nil)
		if len(res.BlindSpots) > 0 && res.BlindSpots[len(res.BlindSpots)-1].Tool == investigations.ToolMemory {
			t.Errorf("blind spot %+v", res.BlindSpots)
		}
	}
	n := 0
	for _, err := range store.Heads(t.Context(), investigations.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 1 {
		t.Errorf("%d traces, want one", n)
	}
}
