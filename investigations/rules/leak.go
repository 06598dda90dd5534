package rules

import (
	"fmt"
	"math"

	"github.com/oombot/oombot/investigations"
)

// leak: memory is never given back. It grows through every life, whatever the traffic does now, and each life
// ends at about the same age, or after about the same number of requests.
func (s *scene) leak() hypothesis {
	var h hypothesis
	l := s.judged()
	if l == nil || !l.mass.known {
		s.leakWithoutCurve(&h)
		s.recordedTook(&h, investigations.CauseLeak)
		return h
	}
	m := l.mass
	id := s.sayGrowth(l)
	s.leakGrows(&h, l, id)
	if h.score > 0 {
		if !m.slowing() { // a heap or a cache that warms up does the same in every life, too
			s.leakRepeats(&h, l)
		}
		s.leakAgainstTraffic(&h, l)
	}
	if m.flattening() && !m.growing() {
		h.support(-0.3, id)
	}
	if m.sudden() && !s.lateGrowth(l) {
		h.support(-0.35, s.saySudden(l))
	}
	s.leakOrCache(&h, l)
	if s.isJob() {
		h.support(-0.35, s.sayJob())
	}
	switch {
	case s.diesAtStart():
		h.support(-0.5, id)
	case s.startsOnly():
		h.support(-0.3, id)
	}
	if id := s.returnsAtOnce(l); id != "" {
		h.support(-0.6, id)
	} else if id := s.outlived(l); id != "" {
		h.support(-0.6, id)
	}
	if s.boundary == investigations.BoundaryPod && s.knownSpec() != nil && s.culprit != nil && s.culprit.Container != s.mainContainer() {
		h.support(-0.25, s.led.ID("rules/culprit/pod"))
	}
	if r := s.runtimeFit; r != nil && r.misfit && s.sameFlagsLived(l) == "" {
		// A heap grows up to its ceiling before it is collected with force: the way there looks like a leak.
		h.support(-0.35, r.fact)
	}
	if f := s.follows(); f.yes {
		h.support(-0.45, f.fact)
	}
	s.leakInProfile(&h)
	if _, id := s.loweredLimit(); id != "" {
		// What is taken for growth is the way to a level that was held in peace while there was room.
		h.support(-0.5, id)
	}
	if p := s.earlierRevisionCalm(l); p != "" && h.score > 0.3 {
		h.support(0.1, p)
	}
	return h
}

// leakGrows: memory grew through the life, at its end, or beyond all others of the node. id is the fact of its growth.
func (s *scene) leakGrows(h *hypothesis, l *life, id string) {
	m := l.mass
	switch {
	case m.growing():
		h.support(0.55, id)
		switch {
		case l.blurred:
			// Without rss the page cache may be what grew.
			h.support(-0.15, id)
		case m.slowing():
			// Growth that slows down may come to rest, only not below this limit.
			h.support(-0.1, id)
		case m.Tau > 0.8:
			h.support(0.08, id)
		}
	case s.creeps(m):
		h.support(0.48, id)
	case s.lateGrowth(l):
		h.support(0.5, s.sayOnset(l))
	case s.tookTheNode(l) == investigations.CauseLeak:
		h.support(0.5, s.sayTaking(l))
	case s.tookTheNode(l) == investigations.CauseLoadSpike:
		h.support(-0.2, s.sayTaking(l))
	case m.known:
		h.support(-0.2, id)
	}
}

// creeps says whether memory grows without a pause, though by a small share of what it holds within the window: a
// slow leak close to its end, or a container without a limit of its own that holds most of the node.
func (s *scene) creeps(m shape) bool {
	if !m.known || m.flattening() || m.Scatter > 0.35*m.grown {
		return false
	}
	if s.view != nil {
		return s.sameContainer() && m.Tau >= 0.6 && m.grown >= 0.03*m.ceiling
	}
	return m.Tau >= 0.75 && m.grown >= 0.02*m.ceiling && m.last >= 0.9*m.ceiling
}

// returnsAtOnce says whether the lives after a kill were back at its level within minutes: then the level is what
// the program needs now, and not what it piled up with age. It returns the fact's id, or "".
func (s *scene) returnsAtOnce(l *life) string {
	if l.mass.span <= 0 || l.mass.last <= 0 {
		return ""
	}
	within := math.Min(math.Max(600, 3*l.ws.step()), 0.25*l.mass.span)
	n, back, best := 0, 0, 0.0
	for _, o := range s.lives {
		if o == l && o.start <= l.ws.X[0] || !o.born || o.limit != l.limit || o.hash != l.hash || o.ws.len() == 0 || o.start < s.lives[0].start+60 {
			continue
		}
		w := o.ws.between(o.start+0.2*within, o.start+within)
		if w.len() == 0 || o.start+within > o.end+1 {
			continue
		}
		n++
		if r := maxOf(w.Y) / l.mass.last; r >= 0.88 {
			back++
			best = math.Max(best, r)
		}
	}
	if n == 0 || back*3 < n*2 {
		return ""
	}
	return s.fact("leak/returns", investigations.ToolMetrics, s.at, s.usageSource(),
		map[string]float64{"lives": float64(n), "back": float64(back), "within_seconds": within, "share": round2(best)},
		"%d of %d restarts were back at the level of the kill (up to %s of it) within %s: age plays no part.", back, n, percent(best), durationOf(durationSeconds(within)))
}

// judged is the life that the causes look at: the one that ended in this kill; where it was too short to tell,
// the longest life of the same revision that was killed too.
func (s *scene) judged() *life {
	if s.life != nil && s.life.mass.n >= 8 {
		return s.life
	}
	best := s.life
	for _, l := range s.lives {
		if l.start > seconds(s.at) || !l.killed || s.life != nil && l.hash != s.life.hash {
			continue
		}
		if best == nil || l.mass.n > best.mass.n {
			best = l
		}
	}
	return best
}

// lateGrowth says whether memory was level for long and then began to grow steadily, for long enough that it
// is no spike.
func (s *scene) lateGrowth(l *life) bool {
	on, t := onset(l)
	if on <= 0 {
		return false
	}
	after := l.end - on
	return after > 3600 && t.Tau > 0.6 && t.Slope*after > 0.15*l.mass.ceiling && l.mass.last > 0.85*l.mass.ceiling
}

// onset finds the moment from which memory grows to the end: the split of the life at which a level before
// and a line after fit best. It returns 0 where no split beats a single line by half.
func onset(l *life) (at float64, after trend) {
	p := l.mem.thin(60)
	if p.len() < 12 {
		return 0, trend{}
	}
	whole := trendOf(p)
	best := 0.6 * misfit(p, whole)
	for i := 4; i <= p.len()-4; i++ {
		a, b := points{p.X[:i], p.Y[:i]}, points{p.X[i:], p.Y[i:]}
		t := trendOf(b)
		cost := misfit(a, trend{}) + misfit(b, t)
		if cost < best && t.Slope > 0 && math.Abs(trendOf(a).Slope) < 0.25*t.Slope {
			best, at, after = cost, p.X[i], t
		}
	}
	return at, after
}

// startsOnly says whether every life of this revision ended in a kill within minutes of its start.
func (s *scene) startsOnly() bool {
	ages := s.killedAges()
	return len(ages) >= 3 && maxOf(ages) < shortLife
}

// killedAges are the ages, in seconds, at which lives of this revision were killed.
func (s *scene) killedAges() []float64 {
	var ages []float64
	for _, o := range s.lives {
		if s.life != nil && o.hash == s.life.hash && o.killed && o.born {
			ages = append(ages, o.age())
		}
	}
	return ages
}

// misfit is the sum of the distances of the points from a line of that slope through their middle.
func misfit(p points, t trend) float64 {
	rest := make([]float64, p.len())
	for i := range rest {
		rest[i] = p.Y[i] - t.Slope*p.X[i]
	}
	mid := median(rest)
	var sum float64
	for _, y := range rest {
		sum += math.Abs(y - mid)
	}
	return sum
}

func (s *scene) sayOnset(l *life) string {
	on, t := onset(l)
	return s.fact("onset/"+l.pod, investigations.ToolMetrics, fromSeconds(on), s.usageSource(),
		map[string]float64{"slope_bytes_per_hour": t.Slope * 3600, "age_seconds": on - l.start},
		"Memory of %s/%s was level until about %s and has grown since, by %s an hour.", l.pod, l.container, stamp(fromSeconds(on)), bytesOf(t.Slope*3600))
}

// leakRepeats: the other lives grow in the same way, and end at about the same age or number of requests.
func (s *scene) leakRepeats(h *hypothesis, l *life) {
	var ages, loads, slopes []float64
	for _, o := range s.lives {
		if o.hash != l.hash || !o.mass.growing() {
			continue
		}
		slopes = append(slopes, o.mass.Slope)
		if o.born && o.killed && o.limit == l.limit {
			ages = append(ages, o.age())
			if s.traffic.len() > 0 {
				loads = append(loads, s.traffic.integral(o.start, o.end, 900))
			}
		}
	}
	if len(slopes) >= 2 {
		h.support(0.1, s.fact("leak/lives", investigations.ToolMetrics, s.at, s.usageSource(),
			map[string]float64{"lives": float64(len(slopes)), "slope_bytes_per_hour": median(slopes) * 3600},
			"%s of this revision grow in the same way, by %s an hour in the median.", lives(len(slopes)), bytesOf(median(slopes)*3600)))
	}
	if len(ages) < 2 {
		return
	}
	id := s.fact("leak/ages", investigations.ToolMetrics, s.at, s.usageSource(),
		map[string]float64{"lives": float64(len(ages)), "median_age_seconds": median(ages), "variation": round2(variation(ages))},
		"%s ended in a kill after %s.", lives(len(ages)), agesOf(ages))
	if variation(ages) < 0.25 {
		h.support(0.08, id)
	}
	if len(loads) >= 2 && median(loads) > 0 && variation(loads) < 0.15 && variation(loads) < 0.7*variation(ages) {
		h.support(0.1, s.fact("leak/requests", investigations.ToolMetrics, s.at, s.ev.Metrics.Queries[investigations.QueryTraffic].Source,
			map[string]float64{"requests": median(loads), "variation": round2(variation(loads))},
			"These lives ended after about the same number of requests (%.0f), though not at the same age: each request leaks.", median(loads)))
	}
}

// leakAgainstTraffic: memory grew while traffic did not.
func (s *scene) leakAgainstTraffic(h *hypothesis, l *life) {
	p := s.traffic.between(l.start, l.end)
	if p.len() < 6 {
		return
	}
	t := trendOf(p)
	level := median(p.Y)
	if level <= 0 {
		return
	}
	change := t.Slope * (p.X[p.len()-1] - p.X[0]) / level
	id := s.fact("leak/traffic", investigations.ToolMetrics, s.at, s.ev.Metrics.Queries[investigations.QueryTraffic].Source,
		map[string]float64{"requests_per_second": level, "change_share": round2(change)},
		"Over that life traffic changed by %+.0f %% around %.1f requests per second.", change*100, level)
	if change < 0.15 {
		h.support(0.1, id)
	}
}

// leakOrCache: growth of the page cache alone is reclaimable, and no leak.
func (s *scene) leakOrCache(h *hypothesis, l *life) {
	if l.cache.len() < 4 || l.ws.len() < 4 {
		return
	}
	c := trendOf(l.cache)
	span := l.ws.X[l.ws.len()-1] - l.ws.X[0] // the life may be longer than the samples
	grown, total := c.Slope*span, trendOf(l.ws).Slope*span
	if total > 0.1*l.mass.ceiling && grown > 0.6*total {
		h.support(-0.3, s.fact("leak/cache", investigations.ToolMetrics, s.at, s.ev.Metrics.Queries[investigations.QueryCache].Source,
			map[string]float64{"cache_growth_bytes": grown, "working_set_growth_bytes": total},
			"Of the working set's growth of %s the page cache makes up %s: memory that the kernel can take back, or a tmpfs.", bytesOf(total), bytesOf(grown)))
	}
}

// leakInProfile: a heap profile names the function that holds the growth.
func (s *scene) leakInProfile(h *hypothesis) {
	for _, g := range s.ev.Profiles.Growth {
		if g.Namespace != s.target.Namespace || g.Container != s.subjectContainer || len(g.Functions) == 0 {
			continue
		}
		grown := float64(g.AfterBytes - g.BeforeBytes)
		top := g.Functions[0]
		if grown <= 0 || float64(top.Bytes) < 0.25*grown || float64(g.AfterBytes) < 1.25*float64(g.BeforeBytes) {
			continue
		}
		id := s.fact("leak/profile/"+g.Container, investigations.ToolProfiles, g.After, g.AfterSource,
			map[string]float64{"growth_bytes": float64(top.Bytes), "total_growth_bytes": grown},
			"Between the heap profiles of %s and %s %s grew by %s in use, %s of all growth (%s).", stamp(g.Before), stamp(g.After),
			top.Function, bytesOf(float64(top.Bytes)), percent(float64(top.Bytes)/grown), bytesOf(grown))
		h.support(0.15, id)
		s.startAt = fmt.Sprintf("Start at %s, which holds %s of the growth.%s", top.Function, bytesOf(float64(top.Bytes)), cite(id))
		return
	}
}

// leakWithoutCurve: without metrics, kills at an even pace and a growing heap profile still speak for a leak.
func (s *scene) leakWithoutCurve(h *hypothesis) {
	var at []float64
	for _, k := range s.kills {
		if s.pod != nil && k.pod == s.pod && k.container == s.subjectContainer && !k.at.IsZero() {
			at = append(at, seconds(k.at))
		}
	}
	var gaps []float64
	for i := 1; i < len(at); i++ {
		gaps = append(gaps, at[i]-at[i-1])
	}
	if len(gaps) >= 2 && variation(gaps) < 0.2 {
		h.support(0.3, s.fact("leak/pace", investigations.ToolKernlog, s.at, s.nodeLogSource(),
			map[string]float64{"median_gap_seconds": median(gaps), "kills": float64(len(at))},
			"The kernel killed in this container %d times, at an even pace of about %s.", len(at), durationOf(durationSeconds(median(gaps)))))
	}
	s.leakInProfile(h)
	if h.score >= 0.15 && len(s.ev.Profiles.Growth) > 0 {
		h.score += 0.3
	}
}
