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
	var f following
	if s.traffic.len() < 20 || spread(s.traffic.thin(200).Y) < 0.25 {
		return f
	}
	var load, mem, total, memOfTotal []float64
	var downs, together int
	// A fall is one that stands out of the noise.
	smooth := s.traffic.thin(60).Y
	fall := 0.15 * (quantile(smooth, 0.95) - quantile(smooth, 0.05))
	for _, l := range s.lives {
		if l.ws.len() < 10 {
			continue
		}
		step := math.Max(600, 3*l.ws.step())
		warm := math.Min(600, 0.1*l.age())
		var prevLoad, prevMem float64
		for x := l.start + warm; x+step <= l.end; x += step {
			w, t := l.mem.between(x, x+step), s.traffic.between(x, x+step)
			if w.len() < 2 || t.len() < 2 {
				continue
			}
			m, r := median(w.Y), median(t.Y)
			load, mem = append(load, r), append(mem, m)
			if l.born && l.start >= s.traffic.X[0]-600 {
				total = append(total, s.traffic.integral(l.start, x+step/2, 900))
				memOfTotal = append(memOfTotal, m)
			}
			if prevLoad > 0 && r < prevLoad-fall {
				downs++
				if m < prevMem {
					together++
				}
			}
			prevLoad, prevMem = r, m
		}
	}
	f.level, f.integral = fitOf(load, mem), fitOf(total, memOfTotal)
	f.peak = quantile(s.traffic.Y, 0.99)
	if f.level.N < 12 || f.level.B <= 0 || f.level.R2 < 0.55 {
		return f
	}
	if f.integral.N >= 12 && f.integral.B > 0 && f.integral.R2 > f.level.R2 {
		return f
	}
	if downs >= 3 && float64(together) < 0.55*float64(downs) {
		return f
	}
	if f.level.B*(maxOf(load)-minOf(load)) < 0.1*median(mem) {
		return f
	}
	f.yes = true
	f.fact = s.fact("follows", investigations.ToolMetrics, s.at, s.ev.Metrics.Queries[investigations.QueryTraffic].Source,
		map[string]float64{"r2_present": round2(f.level.R2), "r2_integral": round2(f.integral.R2), "bytes_per_rps": f.level.B, "base_bytes": f.level.A},
		"Memory follows the present traffic: about %s plus %s for each request per second explain %s of its variation (the sum of requests so far explains %s); it comes down when traffic does.",
		bytesOf(f.level.A), bytesOf(f.level.B), percent(f.level.R2), percent(f.integral.R2))
	return f
}
