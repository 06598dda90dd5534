package bolt

import (
	"cmp"
	"container/heap"
	"context"
	"math"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/oombot/oombot/investigations"
)

const (
	// postingsBudget is how many entries of postings one search reads at most. What is read first are the rarest terms.
	postingsBudget = 20_000
	// rankedMax is how many of the best are ranked by the terms whose lists were not read as well.
	rankedMax = 512
)

// Candidates returns heads that share terms with the cue, those that share most of its rare ones first, and of equal
// ones the newest kill first. A term weighs as much as it is rare. The work is bounded: the lists of the rarest terms
// are read, up to 20,000 entries in all; terms beyond only rank what these found. So of terms that very many traces
// have the newest are found.
func (s *Store) Candidates(ctx context.Context, cue investigations.Cue) (investigations.Candidates, error) {
	var out investigations.Candidates
	err := s.view(ctx, func(tx *bbolt.Tx) error {
		q := newQuery(tx, cue)
		out.Traces, out.Having = int64(q.traces), q.having
		limit := int(min(uint64(max(cue.Limit, 0)), q.traces))
		if limit == 0 {
			return nil
		}
		q.read(postingsBudget)
		best, err := q.best(ctx, max(limit, min(2*limit+32, rankedMax)))
		if err != nil {
			return err
		}
		q.rank(best)
		for _, m := range best[:min(len(best), limit)] {
			h, err := decodeHead(q.heads.Get(m.slot.key()))
			if err != nil {
				return err
			}
			out.Heads = append(out.Heads, h)
		}
		return nil
	})
	if err != nil {
		return investigations.Candidates{}, err
	}
	return out, nil
}

// query is one search.
type query struct {
	postings postings
	heads    *bbolt.Bucket
	cursor   *bbolt.Cursor
	traces   uint64
	// having is how many traces have each term of the cue, in its order.
	having []int64
	// terms are those that any trace has, the rarest first.
	terms []queryTerm
	// without is the slot that is no candidate.
	without slot
	exclude bool
}

type queryTerm struct {
	hash   termHash
	count  uint64
	weight float64
	// list are the slots that were read, the newest first; those below unread were not, 0 where all were.
	list   []slot
	unread slot
	at     int
}

type match struct {
	slot   slot
	weight float64
}

func newQuery(tx *bbolt.Tx, cue investigations.Cue) *query {
	p := postings{tx.Bucket(bucketPostings)}
	q := &query{
		postings: p, heads: tx.Bucket(bucketHeads), cursor: p.b.Cursor(),
		traces: number(tx.Bucket(bucketMeta), keyCount), having: make([]int64, len(cue.Terms)),
	}
	if key := tx.Bucket(bucketIDs).Get([]byte(cue.Without)); key != nil {
		q.without, q.exclude = slotOf(key), true
	}
	seen := map[termHash]bool{}
	for i, term := range cue.Terms {
		h := hashTerm(term)
		n := p.count(h)
		q.having[i] = int64(n)
		if n > 0 && !seen[h] {
			seen[h] = true
			q.terms = append(q.terms, queryTerm{hash: h, count: n, weight: rarity(n, q.traces)})
		}
	}
	slices.SortStableFunc(q.terms, func(a, b queryTerm) int { return cmp.Compare(a.count, b.count) })
	return q
}

// rarity is the weight of a term that n of all traces have: the inverse document frequency of BM25, which is near 0
// where all have it.
func rarity(n, all uint64) float64 {
	return math.Log1p((float64(max(all, n)-n) + 0.5) / (float64(n) + 0.5))
}

// read reads the lists of the rarest terms, up to so many entries in all.
func (q *query) read(left int) {
	for i := range q.terms {
		t := &q.terms[i]
		n := min(int(min(t.count, math.MaxInt32)), left)
		if n == 0 {
			t.unread = ^slot(0)
			continue
		}
		t.list = q.postings.newest(q.cursor, t.hash, n, make([]slot, 0, n))
		left -= n
		if uint64(n) < t.count {
			left = 0
			t.unread = t.list[len(t.list)-1]
		}
	}
}

// best adds up the weights of the terms that were read, and returns the n heaviest matches.
func (q *query) best(ctx context.Context, n int) ([]match, error) {
	var top lightest
	for steps := 0; ; steps++ {
		if steps%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		m, ok := q.nextMatch()
		switch {
		case !ok:
			return top, nil
		case q.exclude && m.slot == q.without:
		case len(top) < n:
			heap.Push(&top, m)
		case heavier(m, top[0]):
			top[0] = m
			heap.Fix(&top, 0)
		}
	}
}

// nextMatch returns the newest slot that is left in any list; false at the end.
func (q *query) nextMatch() (m match, ok bool) {
	for i := range q.terms {
		if t := &q.terms[i]; t.at < len(t.list) && (!ok || t.list[t.at] > m.slot) {
			m.slot, ok = t.list[t.at], true
		}
	}
	if !ok {
		return m, false
	}
	for i := range q.terms {
		if t := &q.terms[i]; t.at < len(t.list) && t.list[t.at] == m.slot {
			m.weight += t.weight
			t.at++
		}
	}
	return m, true
}

// rank adds the weights of the terms whose lists were not read so far, and puts the heaviest first.
func (q *query) rank(best []match) {
	for i := range q.terms {
		t := &q.terms[i]
		if t.unread == 0 {
			continue
		}
		for j := range best {
			if m := &best[j]; m.slot < t.unread && q.postings.has(q.cursor, t.hash, m.slot) {
				m.weight += t.weight
			}
		}
	}
	slices.SortFunc(best, func(a, b match) int {
		switch {
		case heavier(a, b):
			return -1
		case heavier(b, a):
			return 1
		}
		return 0
	})
}

// heavier orders matches: by weight, and those of equal weight by the time of their kill. Weights are sums in the same
// order of terms, so that equal ones are equal to the last bit.
func heavier(a, b match) bool {
	if a.weight != b.weight {
		return a.weight > b.weight
	}
	return a.slot > b.slot
}

// lightest is a heap with the lightest match on top.
type lightest []match

func (l lightest) Len() int           { return len(l) }
func (l lightest) Less(i, j int) bool { return heavier(l[j], l[i]) }
func (l lightest) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }
func (l *lightest) Push(x any)        { *l = append(*l, x.(match)) }

func (l *lightest) Pop() any {
	last := (*l)[len(*l)-1]
	*l = (*l)[:len(*l)-1]
	return last
}
