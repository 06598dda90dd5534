package memory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
)

// KeeperStore is what a Keeper needs of a store.
type KeeperStore interface {
	investigations.Memory
	investigations.Index
}

// Keeper stores investigations, and lets earlier ones learn from them. It is safe for concurrent use.
type Keeper struct {
	store KeeperStore
	now   func() time.Time
}

// NewKeeper returns a Keeper over a store; now is the clock.
func NewKeeper(store KeeperStore, now func() time.Time) *Keeper { return &Keeper{store, now} }

// Investigation is one that came to its end.
type Investigation struct {
	Request  investigations.Request
	Result   *investigations.Result
	Evidence *investigations.Evidence
	// Sources are what was asked and answered.
	Sources []investigations.SourceAnswer
	AskedBy string
	ShownAt []string
}

// rootAlike is the similarity from which two incidents are taken to have the same root.
const rootAlike = 0.75

// TraceOf makes the trace of an investigation, without what only other traces tell.
func TraceOf(i Investigation, now time.Time) investigations.Trace {
	t := investigations.Trace{
		Result: *i.Result, Features: i.Result.Features, Influences: i.Result.Influences, Sources: i.Sources,
		AskedBy: i.AskedBy, ShownAt: i.ShownAt, StoredAt: now.UTC(),
	}
	if i.Evidence != nil {
		t.State = StateOf(i.Request, i.Result, i.Evidence)
	}
	for _, p := range i.Result.Precedents {
		cited := slices.ContainsFunc(i.Result.Facts, func(f investigations.Fact) bool {
			return f.Tool == investigations.ToolMemory && f.Source == SourceOf(p.ID)
		})
		if cited {
			t.Links = append(t.Links, investigations.Link{Type: investigations.EdgeInheritedFrom, ID: p.ID})
		}
		if p.Similarity >= rootAlike && p.Trust != investigations.TrustRefuted && !open(i.Result.Verdict.Cause) {
			t.Links = append(t.Links, investigations.Link{Type: investigations.EdgeSameRootAs, ID: p.ID})
		}
	}
	return Normalized(t)
}

// SourceOf is where a person finds a precedent, as the facts that cite it say.
func SourceOf(id string) string { return "oombot history show " + id }

// Remember stores an investigation and returns its trace as it was stored. What it shows of earlier ones is added to
// these, and what later ones show of it is added to it. An error says that it was not stored, or that not all earlier
// ones could learn from it; then errors.Is says ErrNotLearned.
func (k *Keeper) Remember(ctx context.Context, i Investigation) (investigations.Trace, error) {
	t, err := k.orRicher(ctx, TraceOf(i, k.now()))
	if err != nil {
		return t, err
	}
	others, err := k.sameWorkload(ctx, t)
	if err != nil {
		return t, err
	}
	if last := lastBefore(t, others); last != "" && isKill(t.Result.Verdict) && !linked(t, last) {
		t.Links = append(t.Links, investigations.Link{Type: investigations.EdgeRecurredAs, ID: last})
	}
	t.State = withAdvised(t, i, others...)
	t.Outcome = OutcomeOf(t, others)
	if err := k.store.Keep(ctx, t); err != nil {
		return t, fmt.Errorf("remember incident %s: %w", t.Result.ID, err)
	}
	return t, k.teach(ctx, append(others, t), t.Result.At)
}

// orRicher returns a trace, or what is stored of the same kill where that names a cause and the new one does not: a look
// for which a source was down takes back no verdict.
func (k *Keeper) orRicher(ctx context.Context, t investigations.Trace) (investigations.Trace, error) {
	if !open(t.Result.Verdict.Cause) {
		return t, nil
	}
	stored, err := k.store.Trace(ctx, t.Result.ID)
	switch {
	case errors.Is(err, investigations.ErrNotFound):
		return t, nil
	case err != nil:
		return t, fmt.Errorf("read what is stored of incident %s: %w", t.Result.ID, err)
	case open(stored.Result.Verdict.Cause):
		return t, nil
	}
	stored.ShownAt = append(stored.ShownAt, t.ShownAt...)
	return stored, nil
}

// linked says whether a trace is the recurrence of an incident already.
func linked(t investigations.Trace, id string) bool {
	return slices.Contains(t.Links, investigations.Link{Type: investigations.EdgeRecurredAs, ID: id})
}

// ErrNotLearned says that an incident was stored, and that an earlier one could not be told what it shows of it.
var ErrNotLearned = errors.New("an earlier incident could not learn from it")

// teach has the traces that are earlier than a moment learn from the others.
func (k *Keeper) teach(ctx context.Context, all []investigations.Trace, before time.Time) error {
	var errs []error
	for _, t := range all {
		if !t.Result.At.Before(before) {
			continue
		}
		o := OutcomeOf(t, all)
		if o.State == investigations.OutcomeUnknown || o.State == t.Outcome.State && o.Why == t.Outcome.Why {
			continue
		}
		if o.At.IsZero() {
			o.At = before
		}
		err := k.store.Amend(ctx, t.Result.ID, investigations.Amendment{Outcome: &o})
		if err != nil && !errors.Is(err, investigations.ErrNotFound) { // one that was forgotten meanwhile learns nothing
			errs = append(errs, fmt.Errorf("%w: %s: %w", ErrNotLearned, t.Result.ID, err))
		}
	}
	return errors.Join(errs...)
}

// mostOfOne is how many traces of one workload learn from a new one, and it from them.
const mostOfOne = 64

// sameWorkload returns the other traces of the workload of t, and of the one that its advice is about.
func (k *Keeper) sameWorkload(ctx context.Context, t investigations.Trace) ([]investigations.Trace, error) {
	f := FeaturesOf(t)
	var ids []string
	for _, cue := range []string{
		termOf("workload", f.Cluster, f.Namespace, f.Workload), termOf("culprit", f.Culprit),
		termOf("culprit", f.Namespace+"/"+f.Workload), termOf("pod", f.Cluster, f.Namespace, t.Result.Target.Pod),
	} {
		found, err := k.store.Candidates(ctx, investigations.Cue{Terms: []string{cue}, Without: t.Result.ID, Limit: mostOfOne})
		if err != nil {
			return nil, fmt.Errorf("look up incidents of the same workload: %w", err)
		}
		for _, h := range found.Heads {
			if !slices.Contains(ids, h.ID) {
				ids = append(ids, h.ID)
			}
		}
	}
	var out []investigations.Trace
	for _, id := range ids {
		other, err := k.store.Trace(ctx, id)
		switch {
		case errors.Is(err, investigations.ErrNotFound): // forgotten meanwhile
		case err != nil:
			return nil, fmt.Errorf("read incident %s: %w", id, err)
		default:
			out = append(out, other)
		}
	}
	return out, nil
}

// lastBefore is the id of the last kill of the same container before t, and not of the same incident; empty where none
// is known.
func lastBefore(t investigations.Trace, others []investigations.Trace) string {
	var last *investigations.Trace
	for i := range others {
		o := &others[i]
		if sameContainer(*o, t) && isKill(o.Result.Verdict) && o.Result.At.Before(t.Result.At) && !sameIncident(*o, t) && (last == nil || o.Result.At.After(last.Result.At)) {
			last = o
		}
	}
	if last == nil {
		return ""
	}
	return last.Result.ID
}
