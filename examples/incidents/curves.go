package incidents

import (
	"math"
	"time"
)

// curve is a quantity over time: bytes of memory, or requests per second.
type curve func(time.Time) float64

// flat stays at one value.
func flat(v float64) curve { return func(time.Time) float64 { return v } }

// plus adds curves up.
func plus(cs ...curve) curve {
	return func(t time.Time) float64 {
		var sum float64
		for _, c := range cs {
			sum += c(t)
		}
		return sum
	}
}

// times scales a curve.
func times(c curve, k float64) curve { return func(t time.Time) float64 { return k * c(t) } }

// leak grows by time: from base at from, through peak at full, and on.
func leak(base, peak float64, from, full time.Time) curve {
	span := full.Sub(from).Seconds()
	return func(t time.Time) float64 {
		return base + (peak-base)*max(0, t.Sub(from).Seconds())/span
	}
}

// leakByRequest grows by what the traffic sums up to: from base at from to peak at full.
func leakByRequest(base, peak float64, from, full time.Time, traffic curve) curve {
	total := integral(traffic, from, full)
	var at time.Time
	var sum float64 // requests served from from until at
	return func(t time.Time) float64 {
		if at.IsZero() || t.Before(at) {
			at, sum = from, 0
		}
		sum += integral(traffic, at, t)
		at = t
		return base + (peak-base)*sum/total
	}
}

// integral sums a curve over time, in steps of at most a minute.
func integral(c curve, from, to time.Time) float64 {
	var sum float64
	for t := from; t.Before(to); t = t.Add(time.Minute) {
		d := min(time.Minute, to.Sub(t))
		sum += c(t.Add(d/2)) * d.Seconds()
	}
	return sum
}

// endOfRequests returns when traffic since from reaches requests, or horizon where it does not.
func endOfRequests(traffic curve, from time.Time, requests float64, horizon time.Time) time.Time {
	var sum float64
	for t := from; t.Before(horizon); t = t.Add(10 * time.Second) {
		if sum += traffic(t) * 10; sum >= requests {
			return t.Add(10 * time.Second)
		}
	}
	return horizon
}

// warm approaches plateau from base with the time constant tau: a cache or a heap warming up.
func warm(base, plateau float64, from time.Time, tau time.Duration) curve {
	return func(t time.Time) float64 {
		age := max(0, t.Sub(from).Seconds())
		return plateau - (plateau-base)*math.Exp(-age/tau.Seconds())
	}
}

// sawtooth swings between lo and hi: a heap that its collector empties.
func sawtooth(lo, hi float64, period time.Duration, from time.Time) curve {
	return func(t time.Time) float64 {
		_, frac := math.Modf(max(0, t.Sub(from).Seconds()) / period.Seconds())
		return lo + (hi-lo)*frac
	}
}

// ramp goes from low to high between two moments, and stays there.
func ramp(low, high float64, from, to time.Time) curve {
	span := to.Sub(from).Seconds()
	return func(t time.Time) float64 {
		return low + (high-low)*max(0, min(1, t.Sub(from).Seconds()/span))
	}
}

// jump is what memory does in a spike: under until at−rise, then up to peak at at.
func jump(under curve, peak float64, at time.Time, rise time.Duration) curve {
	return func(t time.Time) float64 {
		u := under(t)
		left := at.Sub(t)
		if left >= rise || t.After(at) {
			return u
		}
		return u + (peak-u)*(1-left.Seconds()/rise.Seconds())
	}
}

// step goes from before to after at a moment.
func stepAt(before, after curve, at time.Time) curve {
	return func(t time.Time) float64 {
		if t.Before(at) {
			return before(t)
		}
		return after(t)
	}
}

// wobble adds slow swings of a share of the value, that never repeat.
func (s *scene) wobble(c curve, share float64) curve {
	a, b, d := s.between(0, 6), s.between(0, 6), s.between(0, 6)
	return func(t time.Time) float64 {
		h := t.Sub(s.at).Hours()
		return c(t) * (1 + share*(math.Sin(h*9.1+a)+math.Sin(h*3.7+b)+math.Sin(h*23.3+d))/3)
	}
}

// flatTraffic is a steady rate.
func (s *scene) flatTraffic(rps float64) curve { return flat(rps) }

// dailyTraffic has its peak at the given hour of day (UTC) and its trough twelve hours later.
func dailyTraffic(mean, swing float64, peak time.Time) curve {
	return func(t time.Time) float64 {
		hours := t.Sub(peak).Hours()
		return mean * (1 + swing*math.Cos(2*math.Pi*hours/24))
	}
}

// burstTraffic is a steady rate that multiplies within rise up to at, and stays until a little after.
func burstTraffic(rps, factor float64, at time.Time, rise time.Duration) curve {
	return func(t time.Time) float64 {
		left := at.Sub(t)
		switch {
		case left >= rise || left < -3*time.Minute:
			return rps
		case left > 0:
			return rps * (1 + (factor-1)*(1-left.Seconds()/rise.Seconds()))
		}
		return rps * factor
	}
}
