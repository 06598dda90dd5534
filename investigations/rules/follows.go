package rules

import (
	"math"

	"github.com/oombot/oombot/investigations"
)

// following says whether memory follows the present traffic, up and down.
type following struct {
	yes      bool
	fact     string
	level    fit // memory = A + B × requests per second
	integral fit // memory = A + B × requests so far in this life
	// peak is the highest traffic of the window, as the 99th percentile.
	peak float64
	// own says that only the judged revision's lives show it, or show it otherwise than those before.
	own bool
	// cameDown says that memory came down with traffic, where that fell far.
	cameDown bool
	// pairs are what it was judged by, of all revisions.
	pairs []loadPair
}

// loadPair is what a life held at one time, and the traffic then.
type loadPair struct {
	life      *life
	hash      string
	load, mem float64
	at        float64 // unix seconds
	// total is the number of requests so far in the life; NaN where its start was not seen. Seen is the number since
	// the life's first sample, which differs from it by a constant.
	total, seen float64
}

// follows compares two readings of the same curves: an undersized service follows the present value of its
// traffic and comes down with it; a leak that follows traffic is the integral of it.
func (s *scene) follows() following {
	if s.followed == nil {
		f := s.compareTraffic()
		s.followed = &f
	}
	return *s.followed
}

func (s *scene) compareTraffic() following {
	all := s.loadPairs()
	if len(all) == 0 {
		return following{}
	}
	l := s.judged()
	ageless := l != nil && s.returnsAtOnce(l) != ""
	f := followingOf(all, ageless)
	if l != nil && l.hash != "" {
		own, earlier := pairsOf(all, l.hash)
		ratio, ok := relate(earlier, own)
		if (!f.yes || ok && ratio > otherRelation) && len(earlier) > 0 {
			// Another revision may need another amount for each request. Where the program was not seen to follow its
			// traffic before, traffic that only rose while this one ran can't tell the present value from age, unless
			// each restart came back to the level at once.
			if g := followingOf(own, ageless); g.yes && (f.yes || ageless || g.cameDown) {
				f, f.own = g, true
			}
		}
	}
	f.peak, f.pairs = quantile(s.traffic.Y, 0.99), all
	if !f.yes {
		return f
	}
	whose, how := "Memory", ""
	if f.own {
		whose = "Memory of this revision"
	}
	switch {
	case f.cameDown:
		how = "; it comes down when traffic does"
	case ageless:
		how = "; a restart is back at it at once"
	}
	f.fact = s.fact("follows", investigations.ToolMetrics, s.at, s.ev.Metrics.Queries[investigations.QueryTraffic].Source,
		map[string]float64{"r2_present": round2(f.level.R2), "r2_integral": round2(f.integral.R2), "bytes_per_rps": f.level.B, "base_bytes": f.level.A},
		"%s follows the present traffic: about %s plus %s for each request per second explain %s of its variation (the sum of requests so far explains %s)%s.",
		whose, bytesOf(f.level.A), bytesOf(f.level.B), percent(f.level.R2), percent(f.integral.R2), how)
	return f
}

// loadPairs pairs memory with traffic over all lives, after their warm-up; none where traffic hardly varies.
func (s *scene) loadPairs() []loadPair {
	if s.traffic.len() < 20 || !varies(s.traffic) {
		return nil
	}
	var out []loadPair
	for _, l := range s.lives {
		if l.ws.len() < 10 {
			continue
		}
		step := math.Max(600, 3*l.ws.step())
		warm := math.Min(600, 0.1*l.age())
		var prev loadPair
		last := l.start
		for x := l.start + warm; x+step <= l.end; x += step {
			w, t := l.mem.between(x, x+step), s.traffic.between(x, x+step)
			if w.len() < 2 || t.len() < 2 {
				continue
			}
			p := loadPair{life: l, hash: l.hash, load: median(t.Y), mem: median(w.Y), at: x + step/2, total: math.NaN()}
			p.seen = prev.seen + s.traffic.between(last-900, p.at).integral(last, p.at, 900)
			last = p.at
			if l.born && l.start >= s.traffic.X[0]-600 {
				p.total = p.seen
			}
			prev = p
			out = append(out, p)
		}
	}
	return out
}

// varies says whether traffic changes by more than its noise, be it for a small part of the window only.
func varies(traffic points) bool {
	p := traffic.thin(200)
	level := median(p.Y)
	return spread(p.Y) >= 0.25 || level > 0 && quantile(p.Y, 0.97) >= 1.35*level
}

// pairsOf parts the pairs of one revision from those of the others whose revision is known.
func pairsOf(all []loadPair, hash string) (own, others []loadPair) {
	for _, p := range all {
		switch p.hash {
		case hash:
			own = append(own, p)
		case "":
		default:
			others = append(others, p)
		}
	}
	return own, others
}

// followingOf judges pairs: the present value must explain memory, and better than the sum does. Ageless says that
// restarts come back to the level at once: then it is no sum over the life.
func followingOf(pairs []loadPair, ageless bool) following {
	var f following
	var load, mem, total, memOfTotal []float64
	for _, p := range pairs {
		load, mem = append(load, p.load), append(mem, p.mem)
		if !math.IsNaN(p.total) {
			total, memOfTotal = append(total, p.total), append(memOfTotal, p.mem)
		}
	}
	if len(total) < 12 {
		// A constant moves no line: within one life the sum since its first sample fits as well as that since its start.
		total, memOfTotal = nil, nil
		for _, p := range longestRun(pairs) {
			total, memOfTotal = append(total, p.seen), append(memOfTotal, p.mem)
		}
	}
	f.level, f.integral = fitOf(load, mem), fitOf(total, memOfTotal)
	down := cameDown(pairs, f.level)
	switch {
	case f.level.N < 12 || f.level.B <= 0 || f.level.R2 < 0.55:
	case !ageless && f.integral.N >= 12 && f.integral.B > 0 && f.integral.R2 > f.level.R2:
	case !ageless && belies(pairs, f.level, down):
	case f.level.B*(maxOf(load)-minOf(load)) < 0.1*median(mem):
	default:
		f.yes = true
		f.cameDown = down == yes
	}
	return f
}

// otherRelation is how much more memory than before at the same traffic makes another relation of the two.
const otherRelation = 1.12

// relate says how much more memory the pairs of a revision hold than the earlier ones held at the same traffic;
// ok is false where the earlier ones do not tell how memory depended on traffic.
func relate(earlier, own []loadPair) (ratio float64, ok bool) {
	if len(earlier) < 12 || len(own) < 6 {
		return 0, false
	}
	var load, mem []float64
	for _, p := range earlier {
		load, mem = append(load, p.load), append(mem, p.mem)
	}
	was := fitOf(load, mem)
	if was.B <= 0 || was.R2 < 0.5 {
		return 0, false
	}
	var ratios []float64
	for _, p := range own {
		if expected := was.A + was.B*p.load; expected > 0 {
			ratios = append(ratios, p.mem/expected)
		}
	}
	return median(ratios), len(ratios) >= 6
}

// relationOf compares, for memory that follows traffic, what a revision takes at the same traffic with those
// before it: its level at one age tells nothing, as traffic was another then. It returns the fact that says so;
// "" where it can't be told.
func (s *scene) relationOf(r *investigations.Revision) (changed bool, id string) {
	if !s.follows().yes {
		return false, ""
	}
	var own, earlier []loadPair
	for _, p := range s.follows().pairs {
		switch o := s.revisionByHash(p.hash); {
		case o == nil:
		case o.Number < r.Number:
			earlier = append(earlier, p)
		case o == r:
			own = append(own, p)
		}
	}
	ratio, ok := relate(earlier, own)
	if !ok {
		return false, ""
	}
	return ratio > otherRelation, s.fact("trigger/relation", investigations.ToolMetrics, s.at, s.usageSource(),
		map[string]float64{"ratio": round2(ratio)},
		"At the same traffic, pods of revision %d hold %s of what those of earlier revisions held.", r.Number, percent(ratio))
}
