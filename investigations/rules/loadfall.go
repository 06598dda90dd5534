package rules

import "math"

// belies says whether pairs refute that memory follows the present traffic as the fit has it, though that fit
// explains much: traffic may rise by chance while a leak grows. Whether it came down with traffic decides alone.
func belies(pairs []loadPair, level fit, down answer) bool {
	if down != unseen {
		return down == no
	}
	var mem []float64
	for _, p := range pairs {
		mem = append(mem, p.mem)
	}
	// A program without requests holds something, and never less than nothing.
	if level.A < -0.08*median(mem) {
		return true
	}
	longest := longestRun(pairs)
	if len(longest) < 12 || len(longest) < len(pairs)/2 {
		return false
	}
	var load, age, own []float64
	for _, p := range longest {
		load, age, own = append(load, p.load), append(age, p.at), append(own, p.mem)
	}
	// A straight line over time that leaves less than half of what the traffic leaves is the better account.
	byAge, byLoad := fitOf(age, own), fitOf(load, own)
	return byAge.B > 0 && 1-byAge.R2 < 0.5*(1-byLoad.R2)
}

// answer is what a curve says of a question; unseen where it never came to that.
type answer uint8

const (
	unseen answer = iota
	no
	yes
)

// cameDown says whether memory came down with traffic, by a good third of what the fit has it, where traffic fell far.
func cameDown(pairs []loadPair, level fit) answer {
	fell, expected := fallsWith(pairs, level.B)
	switch {
	case expected <= 0:
		return unseen
	case fell < 0.35*expected:
		return no
	}
	return yes
}

// runsOf parts pairs by the life they are of.
func runsOf(pairs []loadPair) [][]loadPair {
	var out [][]loadPair
	for i, p := range pairs {
		if i == 0 || p.life != pairs[i-1].life {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], p)
	}
	return out
}

// longestRun returns the pairs of the life that has the most.
func longestRun(pairs []loadPair) []loadPair {
	var best []loadPair
	for _, run := range runsOf(pairs) {
		if len(run) > len(best) {
			best = run
		}
	}
	return best
}

// fallsWith adds up by how much memory came down in each life while traffic went from its height to the lowest
// point after it, and by how much it should have at perRequest bytes for each request per second. Only falls by a
// third of the range of traffic count: they take hours in the course of a day, and stand out of any noise. Expected
// is 0 where no life saw one.
func fallsWith(pairs []loadPair, perRequest float64) (fell, expected float64) {
	low, high := math.Inf(1), 0.0
	for _, p := range pairs {
		low, high = math.Min(low, p.load), math.Max(high, p.load)
	}
	for _, run := range runsOf(pairs) {
		if len(run) < 6 {
			continue
		}
		var from, to, top loadPair
		for i := 1; i+1 < len(run); i++ {
			p := run[i]
			// The median of three, so that no single reading makes a fall.
			p.load = median([]float64{run[i-1].load, run[i].load, run[i+1].load})
			p.mem = median([]float64{run[i-1].mem, run[i].mem, run[i+1].mem})
			if p.load > top.load {
				top = p
			}
			if top.load-p.load > from.load-to.load {
				from, to = top, p
			}
		}
		if drop := from.load - to.load; drop > (high-low)/3 {
			fell += from.mem - to.mem
			expected += perRequest * drop
		}
	}
	return fell, expected
}
