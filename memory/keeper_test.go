package memory_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/memorytest"
)

var firstKill = time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC)

// emptyStore is a store without traces.
func emptyStore(t *testing.T) memory.Store {
	t.Helper()
	store := memorytest.New(time.Now)
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// investigated is a kill of the container app of deployment/api, hours after the first, and the evidence of it.
func investigated(hours int, image string) memory.Investigation {
	at := firstKill.Add(time.Duration(hours) * time.Hour)
	party := investigations.Party{Namespace: "shop", Pod: "api-1", Container: "app", Node: "n1", Comm: "api"}
	limit := int64(512 << 20)
	res := &investigations.Result{
		ID: investigations.KillID(at, image), At: at,
		Target: investigations.Target{Namespace: "shop", Pod: "api-1", Container: "app", Workload: "deployment/api", Node: "n1"},
		Verdict: investigations.Verdict{
			Mechanism: investigations.MemcgOOMKill, Boundary: investigations.BoundaryContainer, Cause: investigations.CauseUndersizedLimit,
			Trigger: investigations.TriggerNone, Victim: &party, Confidence: 0.8, Headline: "too small",
			Recommendations: []investigations.Recommendation{{Action: investigations.ActionSetLimit, Container: "app", Value: "768Mi"}},
		},
		Features: investigations.Features{Image: "r/api", Version: "1", Comm: "api", Shape: investigations.ShapePlateau},
	}
	res.Features = res.Features.Of(res.Target, res.Verdict)
	template := investigations.PodTemplate{Containers: []investigations.Container{{Name: "app", Image: image, MemoryLimit: &limit}}}
	ev := &investigations.Evidence{
		Pods: &investigations.PodEvidence{Pods: []investigations.Pod{{
			Namespace: "shop", Name: "api-1", UID: "u1", OwnerKind: "replicaset", OwnerName: "api-h1",
			Labels: map[string]string{"pod-template-hash": "h1"}, Containers: template.Containers,
		}}},
		Rollouts: &investigations.RolloutEvidence{Workloads: []investigations.Workload{{
			Namespace: "shop", Kind: "deployment", Name: "api", Current: 1,
			Revisions: []investigations.Revision{{Number: 1, Hash: "h1", Created: firstKill.Add(-48 * time.Hour), Template: template}},
		}}},
	}
	return memory.Investigation{
		Request: investigations.Request{At: at, Target: res.Target}, Result: res, Evidence: ev, AskedBy: "ann",
		Sources: []investigations.SourceAnswer{{Tool: "pods", File: "kubernetes/pods.json", Bytes: 3, SHA256: "abc"}},
	}
}

func TestKeeperLetsEarlierOnesLearn(t *testing.T) {
	store := emptyStore(t)
	keeper := memory.NewKeeper(store, func() time.Time { return firstKill.Add(100 * time.Hour) })
	remember := func(i memory.Investigation) investigations.Trace {
		t.Helper()
		got, err := keeper.Remember(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	outcome := func(id string) investigations.OutcomeState {
		t.Helper()
		got, err := store.Trace(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return got.Outcome.State
	}
	first := remember(investigated(0, "r/api:1"))
	if first.AskedBy != "ann" || len(first.Sources) != 1 || !first.StoredAt.Equal(firstKill.Add(100*time.Hour)) || len(first.State.Workloads) != 1 {
		t.Errorf("the trace lacks what belongs to it: %+v", first)
	}
	// Stored out of order: the third before the second.
	third := remember(investigated(20, "r/api:1"))
	second := remember(investigated(10, "r/api:1"))
	for _, id := range []string{first.Result.ID, second.Result.ID} {
		if got := outcome(id); got != investigations.OutcomeRecurredUnfixed {
			t.Errorf("%s learned %s, want that it recurred", id, got)
		}
	}
	if got := outcome(third.Result.ID); got != investigations.OutcomeUnknown {
		t.Errorf("the last one learned %s", got)
	}
	if want := (investigations.Link{Type: investigations.EdgeRecurredAs, ID: first.Result.ID}); !slices.Contains(second.Links, want) {
		t.Errorf("the second is not linked to the first: %v", second.Links)
	}
	again := remember(investigated(10, "r/api:1"))
	if again.Result.ID != second.Result.ID || again.Outcome.State != investigations.OutcomeRecurredUnfixed {
		t.Errorf("investigated again it is %s with outcome %s", again.Result.ID, again.Outcome.State)
	}
}

// TestKeeperWithoutEvidence: a trace of an investigation that saw nothing teaches nothing, and is kept.
func TestKeeperWithoutEvidence(t *testing.T) {
	store := emptyStore(t)
	i := investigated(0, "r/api:1")
	i.Evidence = nil
	i.Result.Features, i.Result.Verdict = investigations.Features{}, investigations.Verdict{}
	i.Result.Target = investigations.Target{Node: "n1"}
	if _, err := memory.NewKeeper(store, time.Now).Remember(t.Context(), i); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Trace(t.Context(), i.Result.ID); err != nil {
		t.Error(err)
	}
}

// TestPoorerLookTakesBackNoVerdict: a second look at a kill while a source was down does not replace what the first found.
func TestPoorerLookTakesBackNoVerdict(t *testing.T) {
	store := emptyStore(t)
	keeper := memory.NewKeeper(store, time.Now)
	rich, poor := investigated(0, "r/api:1"), investigated(0, "r/api:1")
	poor.Result.Verdict.Cause, poor.Result.Verdict.Headline = investigations.CauseInsufficientEvidence, "nothing can be told"
	poor.ShownAt = []string{"https://chat.example/p2"}
	for _, i := range []memory.Investigation{poor, rich, poor} {
		if _, err := keeper.Remember(t.Context(), i); err != nil {
			t.Fatal(err)
		}
	}
	got, err := store.Trace(t.Context(), rich.Result.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.Result.Verdict.Cause != rich.Result.Verdict.Cause || got.Features.Cause != rich.Result.Verdict.Cause || !slices.Equal(got.ShownAt, poor.ShownAt) {
		t.Errorf("the poorer look left %s, shown at %v", got.Result.Verdict.Cause, got.ShownAt)
	}
}

// readOnly is a store that refuses to be written.
type readOnly struct {
	memory.Store
	err error
}

func (r readOnly) Keep(context.Context, ...investigations.Trace) error { return r.err }

// deaf is a store whose traces can't be amended.
type deaf struct {
	memory.Store
	err error
}

func (d deaf) Amend(context.Context, string, investigations.Amendment) error { return d.err }

func TestKeeperSaysWhatWasNotStored(t *testing.T) {
	store := emptyStore(t)
	full := errors.New("no space left on device")
	_, err := memory.NewKeeper(readOnly{store, full}, time.Now).Remember(t.Context(), investigated(0, "r/api:1"))
	if !errors.Is(err, full) || errors.Is(err, memory.ErrNotLearned) {
		t.Errorf("a full disk: %v", err)
	}
	if _, err := memory.NewKeeper(store, time.Now).Remember(t.Context(), investigated(0, "r/api:1")); err != nil {
		t.Fatal(err)
	}
	trace, err := memory.NewKeeper(deaf{store, full}, time.Now).Remember(t.Context(), investigated(5, "r/api:1"))
	if !errors.Is(err, memory.ErrNotLearned) || !errors.Is(err, full) {
		t.Errorf("an earlier one that can't learn: %v", err)
	}
	if _, err := store.Trace(t.Context(), trace.Result.ID); err != nil {
		t.Errorf("the incident itself is not there: %v", err)
	}
}

func TestRecallLearnsFromTheDraft(t *testing.T) {
	store := emptyStore(t)
	first := investigated(0, "r/api:1")
	if _, err := memory.NewKeeper(store, time.Now).Remember(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	now := investigated(30, "r/api:1")
	draft := &investigations.Draft{Request: now.Request, Result: now.Result, Evidence: now.Evidence}
	got, err := memory.NewRecaller(store).Recall(t.Context(), investigations.RecallQuery{ID: now.Result.ID, Features: now.Result.Features, Draft: draft})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].ID != first.Result.ID || got[0].Outcome != investigations.OutcomeRecurredUnfixed || !got[0].SameWorkload {
		t.Errorf("recalled %+v, want the first, which recurred", got)
	}
	if kept, err := store.Trace(t.Context(), first.Result.ID); err != nil || kept.Outcome.State != investigations.OutcomeUnknown {
		t.Errorf("asking stored an outcome: %+v, %v", kept.Outcome, err)
	}
	none, err := memory.NewRecaller(store).Recall(t.Context(), investigations.RecallQuery{ID: first.Result.ID, Features: first.Result.Features})
	if err != nil || len(none) != 0 {
		t.Errorf("the incident is its own precedent: %v, %v", none, err)
	}
}

// TestSameKillIsNoPrecedent: a kill that was looked at with the kernel's report and without has two ids, and is no
// precedent of itself.
func TestSameKillIsNoPrecedent(t *testing.T) {
	store := emptyStore(t)
	first := investigated(0, "r/api:1")
	if _, err := memory.NewKeeper(store, time.Now).Remember(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	for gap, want := range map[time.Duration]int{-44 * time.Microsecond: 0, time.Second: 0, 3 * time.Minute: 1} {
		again := investigated(0, "r/api:1")
		again.Result.At = firstKill.Add(gap)
		again.Result.ID = investigations.KillID(again.Result.At, "without the kernel's report")
		draft := &investigations.Draft{Request: again.Request, Result: again.Result, Evidence: again.Evidence}
		got, err := memory.NewRecaller(store).Recall(t.Context(), investigations.RecallQuery{ID: again.Result.ID, Features: again.Result.Features, Draft: draft})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != want {
			t.Errorf("%s after it there are %d precedents, want %d", gap, len(got), want)
		}
	}
}

// TestRunsOfACronJob: each run of a CronJob is a job of another name, and the next one shows what became of the advice.
func TestRunsOfACronJob(t *testing.T) {
	store := emptyStore(t)
	keeper := memory.NewKeeper(store, time.Now)
	run := func(hours int, name string, limit int64) memory.Investigation {
		i := investigated(hours, "r/import:1")
		i.Result.Target.Workload, i.Result.Target.Pod = "job/"+name, name+"-x"
		i.Result.Features.Workload = "cronjob/import"
		containers := []investigations.Container{{Name: "app", Image: "r/import:1", MemoryLimit: &limit}}
		i.Evidence = &investigations.Evidence{
			Pods: &investigations.PodEvidence{Pods: []investigations.Pod{{
				Namespace: "shop", Name: name + "-x", OwnerKind: "job", OwnerName: name, Created: i.Result.At.Add(-time.Minute), Containers: containers,
			}}},
			Rollouts: &investigations.RolloutEvidence{Workloads: []investigations.Workload{
				{Namespace: "shop", Kind: "cronjob", Name: "import", Template: investigations.PodTemplate{Containers: containers}},
				{Namespace: "shop", Kind: "job", Name: name, OwnerKind: "cronjob", OwnerName: "import", Template: investigations.PodTemplate{Containers: containers}},
			}},
		}
		return i
	}
	first := run(0, "import-29581576", 512<<20)
	for _, i := range []memory.Investigation{first, run(24, "import-29583016", 512<<20), run(48, "import-29584456", 768<<20)} {
		if _, err := keeper.Remember(t.Context(), i); err != nil {
			t.Fatal(err)
		}
		want := map[time.Time]investigations.OutcomeState{
			firstKill: investigations.OutcomeUnknown, firstKill.Add(24 * time.Hour): investigations.OutcomeRecurredUnfixed,
			firstKill.Add(48 * time.Hour): investigations.OutcomeFixFailed,
		}[i.Result.At]
		got, err := store.Trace(t.Context(), first.Result.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got.Outcome.State != want {
			t.Errorf("after %s the first run learned %+v, want %s", i.Result.Target.Workload, got.Outcome, want)
		}
	}
	for _, name := range []string{"import", "cronjob/import", "job/import-29581576", "import-29581576"} {
		found := 0
		for _, err := range store.Heads(t.Context(), investigations.Filter{Workload: name, Before: firstKill.Add(time.Hour)}) {
			if err != nil {
				t.Fatal(err)
			}
			found++
		}
		if found != 1 {
			t.Errorf("workload %s selects %d of the first run", name, found)
		}
	}
}

// TestLookedAtAgainItRecallsTheSame: that it is stored meanwhile makes its precedents no less similar.
func TestLookedAtAgainItRecallsTheSame(t *testing.T) {
	store := emptyStore(t)
	keeper, recaller := memory.NewKeeper(store, time.Now), memory.NewRecaller(store)
	now := investigated(30, "r/api:1")
	now.Result.Features.Image = "r/other"
	recall := func() []investigations.Recalled {
		t.Helper()
		draft := &investigations.Draft{Request: now.Request, Result: now.Result, Evidence: now.Evidence}
		got, err := recaller.Recall(t.Context(), investigations.RecallQuery{ID: now.Result.ID, Features: now.Result.Features, Draft: draft})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if _, err := keeper.Remember(t.Context(), investigated(0, "r/api:1")); err != nil {
		t.Fatal(err)
	}
	first := recall()
	for range 2 {
		if _, err := keeper.Remember(t.Context(), now); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(first, recall()); diff != "" || len(first) != 1 {
		t.Errorf("looked at again it recalls something else than %v (-first +again):\n%s", first, diff)
	}
}
