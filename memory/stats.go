package memory

import (
	"iter"
	"math"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
)

// StatsVersion is the version of the Stats document.
const StatsVersion = 1

// Stats says how often verdicts turned out right: what `history stats -o json` prints. A verdict is right where it
// is confirmed, and wrong where it is corrected or refuted, as TrustOf says; what is disputed or judged by nobody counts
// as neither.
type Stats struct {
	Version int `json:"version"`
	// Traces is how many there are in all, and Oldest and Newest the times of the first and the last kill.
	Traces int       `json:"traces"`
	Oldest time.Time `json:"oldest,omitzero"`
	Newest time.Time `json:"newest,omitzero"`
	// Precision is that of all verdicts.
	Precision Precision `json:"precision"`
	// Outcomes counts what became of the advice; every state is in it.
	Outcomes map[investigations.OutcomeState]int `json:"outcomes"`
	// Causes are by the cause that the verdict named, in the order of investigations.Causes, those that occur.
	Causes []CauseStats `json:"causes"`
	// Calibration is by confidence, the lowest band first; every band is in it.
	Calibration []Band `json:"calibration"`
}

// Precision counts how verdicts were judged.
type Precision struct {
	Right    int `json:"right"`
	Wrong    int `json:"wrong"`
	Disputed int `json:"disputed"`
	Unjudged int `json:"unjudged"`
	// Share is Right of Right and Wrong; nil where there is neither. The true share is within Low to High with 95 %
	// probability (Wilson's interval): wide, where few were judged.
	Share *float64 `json:"share"`
	Low   *float64 `json:"low"`
	High  *float64 `json:"high"`
}

// Judged is how many were found right or wrong.
func (p Precision) Judged() int { return p.Right + p.Wrong }

// CauseStats is how verdicts that name one cause did.
type CauseStats struct {
	Cause  investigations.Cause `json:"cause"`
	Traces int                  `json:"traces"`
	Precision
	// FixHeld and FixFailed are among the outcomes of these verdicts.
	FixHeld   int `json:"fix_held"`
	FixFailed int `json:"fix_failed"`
}

// Band is how verdicts did whose confidence is at least From and below To; 1 belongs to the last band.
type Band struct {
	From   float64 `json:"from"`
	To     float64 `json:"to"`
	Traces int     `json:"traces"`
	Precision
	// Confidence is the mean of those that were judged, with which Share is to be compared; nil where there are none.
	Confidence *float64 `json:"confidence"`

	sum float64
}

// bandsFrom are where the bands of confidence begin.
var bandsFrom = []float64{0, 0.5, 0.6, 0.7, 0.8, 0.9}

// StatsOf counts heads in one pass. It ends with the first error among them.
func StatsOf(heads iter.Seq2[investigations.Head, error]) (Stats, error) {
	s := Stats{Version: StatsVersion, Outcomes: map[investigations.OutcomeState]int{}, Causes: []CauseStats{}}
	for _, o := range investigations.OutcomeStates {
		s.Outcomes[o] = 0
	}
	for i, from := range bandsFrom {
		to := 1.0
		if i+1 < len(bandsFrom) {
			to = bandsFrom[i+1]
		}
		s.Calibration = append(s.Calibration, Band{From: from, To: to})
	}
	causes := map[investigations.Cause]*CauseStats{}
	for h, err := range heads {
		if err != nil {
			return Stats{}, err
		}
		c := causes[h.Features.Cause]
		if c == nil {
			c = &CauseStats{Cause: h.Features.Cause}
			causes[h.Features.Cause] = c
		}
		s.count(h, c)
	}
	for _, c := range causes {
		c.finish()
		s.Causes = append(s.Causes, *c)
	}
	slices.SortFunc(s.Causes, func(a, b CauseStats) int { return compareCauses(a.Cause, b.Cause) })
	s.Precision.finish()
	for i := range s.Calibration {
		b := &s.Calibration[i]
		b.finish()
		if n := b.Judged(); n > 0 {
			b.Confidence = fraction(b.sum / float64(n))
		}
	}
	return s, nil
}

// count adds one trace, which is among those of cause c.
func (s *Stats) count(h investigations.Head, c *CauseStats) {
	s.Traces++
	if s.Oldest.IsZero() || h.At.Before(s.Oldest) {
		s.Oldest = h.At
	}
	if h.At.After(s.Newest) {
		s.Newest = h.At
	}
	trust := TrustOf(h)
	s.Precision.add(trust)
	state := h.Outcome.State
	if _, ok := s.Outcomes[state]; !ok {
		state = investigations.OutcomeUnknown
	}
	s.Outcomes[state]++

	c.Traces++
	c.add(trust)
	switch state {
	case investigations.OutcomeFixHeld:
		c.FixHeld++
	case investigations.OutcomeFixFailed:
		c.FixFailed++
	case investigations.OutcomeFixApplied, investigations.OutcomeRecurredUnfixed, investigations.OutcomeUnknown:
	}

	band := &s.Calibration[0]
	for i := range s.Calibration {
		if h.Confidence >= s.Calibration[i].From {
			band = &s.Calibration[i]
		}
	}
	band.Traces++
	before := band.Judged()
	if band.add(trust); band.Judged() > before {
		band.sum += h.Confidence
	}
}

func (p *Precision) add(t investigations.Trust) {
	switch t {
	case investigations.TrustConfirmed:
		p.Right++
	case investigations.TrustCorrected, investigations.TrustRefuted:
		p.Wrong++
	case investigations.TrustDisputed:
		p.Disputed++
	case investigations.TrustUnjudged:
		p.Unjudged++
	}
}

func (p *Precision) finish() {
	n := p.Judged()
	if n == 0 {
		return
	}
	low, high := Wilson(p.Right, n)
	p.Share, p.Low, p.High = fraction(float64(p.Right)/float64(n)), fraction(low), fraction(high)
}

// fraction rounds to three decimals.
func fraction(v float64) *float64 {
	v = math.Round(v*1000) / 1000
	return &v
}

// Wilson returns the interval in which a share lies with 95 % probability of which k out of n were seen; 0 to 1 where
// n is not above 0.
func Wilson(k, n int) (low, high float64) {
	if n <= 0 {
		return 0, 1
	}
	const z = 1.959964 // of the normal distribution, 2.5 % are above
	p, m := float64(k)/float64(n), float64(n)
	middle := p + z*z/(2*m)
	half := z * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	scale := 1 + z*z/m
	return max((middle-half)/scale, 0), min((middle+half)/scale, 1)
}

// compareCauses orders causes as they are listed; what is none of them comes last.
func compareCauses(a, b investigations.Cause) int {
	place := func(c investigations.Cause) int {
		if i := slices.Index(investigations.Causes, c); i >= 0 {
			return i
		}
		return len(investigations.Causes)
	}
	if d := place(a) - place(b); d != 0 {
		return d
	}
	if a < b {
		return -1
	}
	return 1
}
