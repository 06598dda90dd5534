package grounding

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// heldValue is a number that a fact holds, in the base unit of its dimension.
type heldValue struct {
	value float64
	// step is what the last printed digit is worth; 0 where the value is exact.
	step float64
	// fact is the index of the fact, key the name of the value; empty where it was read from the sentence.
	fact int
	key  string
	// implied is what follows from the fact and is in it only by its parts: nothing is derived of it.
	implied bool
	// measure is what of a thing's memory it is; empty where that is not known.
	measure measure
}

// heldCount is a bare number with what it counts or names.
type heldCount struct {
	heldValue
	role  string
	nouns []string
}

// heldInstant is a time of a fact. One that is only foretold spans no duration.
type heldInstant struct {
	at       time.Time
	fact     int
	foretold bool
}

// held is what a set of facts holds, and what the case itself makes known.
type held struct {
	values map[dimension][]heldValue
	// combined are those that derived numbers are made of, once they are asked for.
	combined map[dimension][]heldValue
	counts   []heldCount
	instants []heldInstant
	// clocks are times of day that facts state without a date.
	clocks []moment
	// sizes are how many things of a kind a fact enumerates, and how many facts there are.
	sizes map[int]bool
	// kills are the sizes of what may be an enumeration of kills or lives, and of the facts.
	kills map[int]bool
	// corpus is where names are looked for, facts the sentences for quotations, says all words.
	corpus string
	facts  []string
	// none says that a fact speaks of an absence.
	none bool
	// direct says that only the difference or the ratio of two values of one fact may be derived.
	direct bool
}

func newHeld() *held {
	return &held{values: map[dimension][]heldValue{}, combined: map[dimension][]heldValue{}, sizes: map[int]bool{}, kills: map[int]bool{}}
}

// holdingOf reads one fact.
func holdingOf(f investigations.Fact) *held {
	h := newHeld()
	h.addFact(0, f)
	text := nameCorpus(f.Says + " \n" + f.Source)
	h.facts = []string{text}
	h.corpus = text
	for _, key := range slices.Sorted(maps.Keys(f.Values)) {
		h.corpus += " " + key
	}
	h.sizes[1] = true
	return h
}

// holdingOfCase reads what the case itself makes known.
func holdingOfCase(c Case) *held {
	h := newHeld()
	h.corpus = h.addCase(c)
	return h
}

// together is what several facts hold, and the case.
func together(facts []*held, tools []string, own *held) *held {
	h := newHeld()
	h.merge(own, caseFact)
	var corpus strings.Builder
	corpus.WriteString(own.corpus)
	byTool := map[string]int{}
	for i, f := range facts {
		h.merge(f, i)
		corpus.WriteString(" \n")
		corpus.WriteString(f.corpus)
		byTool[tools[i]]++
	}
	h.corpus = corpus.String()
	h.sizes[len(facts)], h.kills[len(facts)] = true, true
	for _, n := range byTool {
		h.sizes[n] = true
	}
	for how, n := range alikeFacts(facts) {
		h.sizes[n] = true
		h.kills[n] = h.kills[n] || strings.EqualFold(how, "on node") // each tells of a kill
	}
	return h
}

// opening is how many words facts of the same kind begin with alike.
const opening = 2

// alikeFacts counts the facts whose sentences begin alike, as those that tell of one kill each.
func alikeFacts(facts []*held) map[string]int {
	by := map[string]int{}
	for _, f := range facts {
		for _, says := range f.facts {
			words := strings.Fields(says)
			by[strings.Join(words[:min(len(words), opening)], " ")]++
		}
	}
	return by
}

// merge takes over what one fact holds; i is its index.
func (h *held) merge(one *held, i int) {
	for dim, values := range one.values {
		for _, v := range values {
			v.fact = i
			h.values[dim] = append(h.values[dim], v)
		}
	}
	for _, c := range one.counts {
		c.fact = i
		h.counts = append(h.counts, c)
	}
	for _, t := range one.instants {
		t.fact = i
		h.instants = append(h.instants, t)
	}
	h.clocks = append(h.clocks, one.clocks...)
	h.facts = append(h.facts, one.facts...)
	several := slices.ContainsFunc(one.facts, func(f string) bool { return wordHeld(f, "kills") || wordHeld(f, "lives") || wordHeld(f, "more") })
	for n := range one.sizes {
		h.sizes[n] = true
		h.kills[n] = h.kills[n] || several
	}
	h.none = h.none || one.none
}

func (h *held) addFact(i int, f investigations.Fact) {
	h.addInstant(f.At, i)
	_, revisions := f.Values["revision"]
	for _, key := range slices.Sorted(maps.Keys(f.Values)) { // in a fixed order: what is combined first must not change
		v := f.Values[key]
		if key == "before" && revisions {
			key = "before_revision"
		}
		h.addValue(i, key, v)
		if key == "extra_bytes" { // half as much limit again: the limit, and what it would be
			for _, times := range []float64{2, 3} {
				h.values[dimBytes] = append(h.values[dimBytes], heldValue{value: v * times, fact: i, key: "limit", implied: true})
			}
		}
	}
	seen := map[dimension]int{}
	moments, names := 0, map[string]bool{}
	for _, lit := range scanText(f.Says, nil) {
		switch lit.kind {
		case Time:
			moments++
			h.addMoment(*lit.moment, i)
		case Name:
			names[lit.text] = true
		case Number:
			seen[lit.readings[0].dim]++
			h.addSaid(i, lit)
		}
	}
	for _, n := range seen {
		h.sizes[n] = true
	}
	h.sizes[moments], h.sizes[len(names)] = true, true
	h.addLines(i, f.Source)
	low := strings.ToLower(f.Says)
	h.none = h.none || strings.Contains(low, " no ") || strings.Contains(low, "none") || strings.Contains(low, "without") || strings.Contains(low, "never") || strings.HasPrefix(low, "no ")
}

// addSaid takes over a number of a fact's sentence.
func (h *held) addSaid(i int, lit literal) {
	for _, r := range lit.readings {
		v := heldValue{value: r.value, step: r.step, fact: i}
		if r.dim == dimCount {
			h.counts = append(h.counts, heldCount{v, lit.role, lit.nouns})
			continue
		}
		if r.dim == dimBytes {
			if v.measure = lit.measure; v.measure == "" {
				v.measure = h.as(r)
			}
		}
		h.values[r.dim] = append(h.values[r.dim], v)
	}
	for _, n := range lit.counts {
		h.counts = append(h.counts, heldCount{heldValue{value: n, step: 1, fact: i}, "", lit.nouns})
	}
}

// addLines takes over the numbers of lines of a source, as kernel/n1.log:120-184.
func (h *held) addLines(i int, source string) {
	at := strings.LastIndexByte(source, ':')
	if at < 0 || len(source)-at > 24 {
		return
	}
	for _, part := range strings.Split(source[at+1:], "-") {
		if n, ok := parseNumeral(part); ok && n.rest == "" {
			h.counts = append(h.counts, heldCount{heldValue{value: n.value(), step: 1, fact: i}, "", []string{"line"}})
		}
	}
}

// addValue takes over a value of a fact: its key's ending tells its dimension.
func (h *held) addValue(i int, key string, v float64) {
	put := func(dim dimension, v float64) {
		h.values[dim] = append(h.values[dim], heldValue{value: v, fact: i, key: key, measure: measureOfKey(key)})
	}
	switch {
	case strings.HasSuffix(key, "bytes_per_hour"):
		put(dimByteRate, v/hour)
	case strings.Contains(key, "bytes_per_"), key == "bytes", strings.HasSuffix(key, "_bytes"):
		put(dimBytes, v)
	case (strings.HasSuffix(key, "_s") || key == "from" || key == "to") && v > 1e9 && v < 1e11:
		h.addInstant(time.Unix(0, int64(v*1e9)), i)
	case strings.HasSuffix(key, "seconds"), strings.HasSuffix(key, "_s"), strings.HasPrefix(key, "seconds_"):
		put(dimSeconds, v)
	case strings.HasSuffix(key, "_ms"):
		put(dimSeconds, v/1000)
	case key == "hours", strings.HasSuffix(key, "_hours"):
		h.values[dimSeconds] = append(h.values[dimSeconds], heldValue{value: v * hour, step: hour / 100, fact: i, key: key})
	case strings.HasSuffix(key, "percent"):
		put(dimShare, v/100)
	case strings.HasSuffix(key, "share"), key == "variation", strings.HasPrefix(key, "r2_"), key == "similarity", key == "kendall_tau":
		put(dimShare, v)
		h.counts = append(h.counts, heldCount{heldValue{value: v, fact: i, key: key}, "", nounsOfKey(key)})
	case key == "requests_per_second", strings.HasSuffix(key, "_rps"), strings.HasSuffix(key, "_per_s") && !strings.Contains(key, "_per_hour"):
		put(dimRequests, v)
	default:
		h.counts = append(h.counts, heldCount{heldValue{value: v, fact: i, key: key}, roleOfKey(key), nounsOfKey(key)})
	}
}

func roleOfKey(key string) string {
	switch {
	case key == "revision" || strings.HasSuffix(key, "_revision"):
		return roleRevision
	case key == "pid" || strings.HasSuffix(key, "_pid"):
		return rolePID
	case key == "exit_code":
		return roleExit
	}
	return ""
}

func nounsOfKey(key string) []string {
	if key == "oom_killed" {
		return []string{"kill", "container"}
	}
	nouns := []string{key}
	for _, part := range strings.Split(key, "_") {
		nouns = append(nouns, nounStem(part))
	}
	return nouns
}

func (h *held) addInstant(t time.Time, fact int) {
	if !t.IsZero() {
		h.instants = append(h.instants, heldInstant{at: t.UTC(), fact: fact})
	}
}

func (h *held) addMoment(m moment, fact int) {
	switch {
	case m.year > 0 && m.day > 0:
		zone := m.zone
		if zone == nil {
			zone = time.UTC
		}
		whole := math.Floor(m.seconds)
		t := time.Date(m.year, time.Month(m.month), m.day, 0, 0, int(whole), int((m.seconds-whole)*1e9), zone)
		h.addInstant(t, fact)
	case m.clock:
		h.clocks = append(h.clocks, m)
	}
}

// caseFact is the index of what the case itself holds.
const caseFact = -1

// addCase takes over what a sentence may name without a citation: who was killed, when and where, what the verdict that
// the program built says. It returns the names.
func (h *held) addCase(c Case) string {
	var names []string
	party := func(p *investigations.Party) {
		if p == nil {
			return
		}
		names = append(names, p.Namespace, p.Pod, p.Container, p.Node, p.Comm)
		if p.PID > 0 {
			h.counts = append(h.counts, heldCount{heldValue{value: float64(p.PID), fact: caseFact}, rolePID, nil})
		}
	}
	if r := c.Result; r != nil {
		t := r.Target
		names = append(names, t.Namespace, t.Pod, t.Container, t.Workload, t.Node, r.ID)
		party(r.Verdict.Victim)
		party(r.Verdict.Culprit)
		h.addInstant(r.At, caseFact)
		for _, b := range r.BlindSpots {
			names = append(names, b.Why)
		}
		for _, p := range r.Precedents {
			names = append(names, p.ID)
		}
	}
	v := c.Verdict
	party(v.Victim)
	party(v.Culprit)
	if v.Change != nil {
		names = append(names, v.Change.Workload)
		h.addInstant(v.Change.At, caseFact)
		h.addRevision(v.Change.Revision)
	}
	for _, r := range v.Recommendations {
		names = append(names, r.Workload, r.Container)
		h.addRevision(r.Revision)
		if n, ok := parseQuantity(r.Value); ok {
			h.values[dimBytes] = append(h.values[dimBytes], heldValue{value: n.value, fact: caseFact, measure: measureAdvised})
			if r.Action == investigations.ActionSetRuntimeCeiling { // as the flag has it
				mib := strconv.FormatInt(int64(n.value/mebi), 10)
				names = append(names, "-Xmx"+mib+"m", "--max-old-space-size="+mib, "GOMEMLIMIT="+mib+"MiB")
				h.counts = append(h.counts, heldCount{heldValue: heldValue{value: math.Trunc(n.value / mebi), fact: caseFact}})
			}
		}
	}
	if k := v.NextKill; k != nil {
		for _, t := range []time.Time{k.At, k.Earliest, k.Latest} {
			if !t.IsZero() {
				h.instants = append(h.instants, heldInstant{t.UTC(), caseFact, true})
			}
		}
	}
	if v.Confidence > 0 {
		h.values[dimShare] = append(h.values[dimShare], heldValue{value: v.Confidence, fact: caseFact, implied: true})
		h.counts = append(h.counts, heldCount{heldValue: heldValue{value: v.Confidence, fact: caseFact, implied: true}})
	}
	return nameCorpus(strings.Join(names, " \n"))
}

func (h *held) addRevision(n int64) {
	if n > 0 {
		h.counts = append(h.counts, heldCount{heldValue{value: float64(n), fact: caseFact}, roleRevision, nil})
	}
}
