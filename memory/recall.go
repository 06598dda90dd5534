package memory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
)

const (
	// usualLimit is how many precedents are recalled where nothing else is said.
	usualLimit = 5
	// mostCandidates is how many heads a store is asked for: those that share the rarest terms.
	mostCandidates = 96
	// leastSimilarity is what a precedent needs to be told in a verdict: below it two incidents share little more than
	// the kind of their cause.
	leastSimilarity = 0.5
)

// Recaller recalls precedents from a store.
type Recaller struct{ store KeeperStore }

var _ investigations.Recaller = (*Recaller)(nil)

// NewRecaller returns a Recaller over a store, of which it only reads.
func NewRecaller(store KeeperStore) *Recaller { return &Recaller{store} }

// Recall implements investigations.Recaller.
func (r *Recaller) Recall(ctx context.Context, q investigations.RecallQuery) ([]investigations.Recalled, error) {
	if q.Limit <= 0 {
		q.Limit = usualLimit
	}
	if q.Least <= 0 {
		q.Least = leastSimilarity
	}
	cue := investigations.Cue{Terms: Terms(q.Features), Without: q.ID, Limit: mostCandidates}
	found, err := r.store.Candidates(ctx, cue)
	if err != nil {
		return nil, fmt.Errorf("recall past incidents: %w", err)
	}
	if found, err = r.withoutItself(ctx, q.ID, cue, found); err != nil {
		return nil, err
	}
	c := newComparison(q.Features, rarities(cue.Terms, found))
	if err := r.learn(ctx, q.Draft, found.Heads); err != nil {
		return nil, err
	}
	var out []investigations.Recalled
	for _, h := range found.Heads {
		if p, ok := c.with(h); ok && h.ID != q.ID && !sameKill(q.Draft, h) && p.Similarity >= q.Least {
			out = append(out, p)
		}
	}
	prior := newPrior(q.Features, out)
	for i := range out {
		out[i].Similarity = round2(out[i].Similarity * prior.of(out[i].Features))
	}
	rank := func(p investigations.Recalled) float64 { return p.Similarity * trustRank[p.Trust] }
	slices.SortStableFunc(out, func(a, b investigations.Recalled) int {
		return cmp.Or(cmp.Compare(rank(b), rank(a)), b.At.Compare(a.At), cmp.Compare(b.ID, a.ID))
	})
	return out[:min(len(out), q.Limit)], nil
}

// withoutItself takes the incident itself out of the counts, where it is stored already: looked at again, it has the
// same precedents, and these are as similar as before.
func (r *Recaller) withoutItself(ctx context.Context, id string, cue investigations.Cue, found investigations.Candidates) (investigations.Candidates, error) {
	if id == "" {
		return found, nil
	}
	itself, err := r.store.Trace(ctx, id)
	switch {
	case errors.Is(err, investigations.ErrNotFound):
		return found, nil
	case err != nil:
		return found, fmt.Errorf("recall past incidents: %w", err)
	}
	terms := TermsOf(HeadOf(itself))
	found.Traces--
	found.Having = slices.Clone(found.Having)
	for i, t := range cue.Terms {
		if i < len(found.Having) && slices.Contains(terms, t) {
			found.Having[i]--
		}
	}
	return found, nil
}

// learn brings the outcomes of incidents of the same workload up to what the draft shows of them: whether their advice
// was followed, and held. It changes heads, and stores nothing.
func (r *Recaller) learn(ctx context.Context, d *investigations.Draft, heads []investigations.Head) error {
	if d == nil {
		return nil
	}
	i := Investigation{Request: d.Request, Result: d.Result, Evidence: d.Evidence}
	look := TraceOf(i, time.Time{})
	f, read := FeaturesOf(look), 0
	for n := range heads {
		h := &heads[n]
		if h.Features.Workload != f.Workload || h.Features.Namespace != f.Namespace || h.Features.Cluster != f.Cluster || !h.At.Before(look.Result.At) {
			continue
		}
		if read++; read > mostLearning {
			return nil
		}
		t, err := r.store.Trace(ctx, h.ID)
		switch {
		case errors.Is(err, investigations.ErrNotFound): // forgotten meanwhile
		case err != nil:
			return fmt.Errorf("read past incident %s: %w", h.ID, err)
		default:
			seen := look
			seen.State = withAdvised(look, i, t)
			h.Outcome = Normalized(withOutcome(t, next(t, seen, t.Outcome))).Outcome
		}
	}
	return nil
}

func withOutcome(t investigations.Trace, o investigations.Outcome) investigations.Trace {
	t.Outcome = o
	return t
}

// mostLearning is how many incidents of the same workload learn from a draft.
const mostLearning = 8

// trustRank orders precedents: of two that are about as similar, the one that people stand behind comes first.
var trustRank = map[investigations.Trust]float64{
	investigations.TrustConfirmed: 1.06, investigations.TrustCorrected: 1.03, investigations.TrustUnjudged: 1,
	investigations.TrustDisputed: 0.95, investigations.TrustRefuted: 0.85,
}

// leastPrior is what stays of the similarity of a root that was seen once where others were seen many times.
const leastPrior = 0.8

// prior says which roots are likely where the incident itself doesn't show its own, as without a heap profile: those
// that came most often among the incidents that resemble it.
type prior struct {
	seen map[string]int
	most int
	root func(investigations.Features) string
}

func newPrior(q investigations.Features, all []investigations.Recalled) prior {
	p := prior{seen: map[string]int{}, root: func(f investigations.Features) string {
		root := ""
		if len(q.Functions) == 0 && len(f.Functions) > 0 {
			root = f.Functions[0]
		}
		if len(q.Changed) == 0 && q.Trigger == investigations.TriggerUnknown {
			for _, c := range f.Changed {
				if !commonFields[c] {
					root += separator + c
				}
			}
		}
		return root
	}}
	for _, r := range all {
		if root := p.root(r.Features); root != "" {
			p.seen[root]++
			p.most = max(p.most, p.seen[root])
		}
	}
	return p
}

// of is leastPrior to 1; 1 where the root is not known or nothing is to be told.
func (p prior) of(f investigations.Features) float64 {
	root := p.root(f)
	if root == "" || p.most <= 1 {
		return 1
	}
	return leastPrior + (1-leastPrior)*float64(p.seen[root])/float64(p.most)
}

// pseudoTraces is how many imagined traces stand beside the real ones where rarity is counted, so that the first few
// incidents of a file don't make everything they share look rare.
const pseudoTraces = 50

// usualShare is the share of incidents that have a given value of a field, as it is in a large fleet: what one
// believes before the file is large enough to tell.
var usualShare = map[string]float64{
	"cause": 0.17, "comm": 0.08, "image": 0.01, "culprit": 0.02, "changed": 0.05, "function": 0.005,
	"workload": 0.005, "container": 0.005, "node": 0.02,
}

// rarities returns how rare each term is, 0 (all have it) to 1 (none has).
func rarities(terms []string, found investigations.Candidates) map[string]float64 {
	out := map[string]float64{}
	total := float64(found.Traces) + pseudoTraces
	for i, t := range terms {
		having := 0.0
		if i < len(found.Having) {
			having = float64(found.Having[i])
		}
		having += max(1, pseudoTraces*usualShare[fieldOf(t)])
		out[t] = min(1, max(0.05, math.Log(total/having)/math.Log(total)))
	}
	return out
}
