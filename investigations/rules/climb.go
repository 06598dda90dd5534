package rules

import (
	"math"
	"slices"
	"sort"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// heldNames are the series of a flight recorder that tell what a container holds: what no kernel takes back where the
// recorder has it apart (the sum of the names of the first), else all.
var heldNames = [][]string{{"anon", "shmem"}, {"rss"}, {"working_set"}, {"current", "usage", ""}}

// late is how long before the kill, in seconds, a recording's last value may be for it to tell of the kill.
const late = 60

// climb is how what a container or a pod holds went up to the kill, by a flight recorder; bytes and unix seconds.
type climb struct {
	points
	source string
	// begins is when the recording began.
	begins float64
	// usage is what it held at the kill, usual what it held before it rose.
	usage, usual float64
	// since is when the rise began. It is begins where it was under way then; fresh says that nothing was there before.
	since           float64
	underway, fresh bool
	// unseen says that the recording does not have it at all, where it would have what is as large: it came after the
	// recording's last values, of which the one point is an upper bound.
	unseen bool
	trend
}

// unseenClimb is that of what a recording would have if it had been larger than most up to its last value.
func unseenClimb(most, last float64, source string) *climb {
	return &climb{points: points{[]float64{last}, []float64{most}}, source: source, begins: last, since: last, usage: most, usual: most, unseen: true}
}

// growth is by how much it rose.
func (c *climb) growth() float64 { return math.Max(0, c.usage-c.usual) }

// steady says that it rose all the time that it was seen, if by little.
func (c *climb) steady() bool { return c.Tau >= 0.8 && c.growth() > 0 && c.Scatter <= 0.35*c.growth() }

// rising says that it still rose when memory ran out: what it would have come to nobody knows.
func (c *climb) rising() bool {
	if c.unseen {
		return true
	}
	const moments = 3 // seconds
	_, before, ok := c.last(c.X[c.len()-1] - moments)
	return c.growth() > 0 && c.usage-before >= 0.1*c.growth() && (ok || c.fresh)
}

// settled says that it rose and has been level since, for as long as that took and at least for some seconds.
func (c *climb) settled() bool {
	end := c.X[c.len()-1]
	for i := c.len() - 1; i >= 0; i-- {
		if c.Y[i] < c.usage-0.05*c.growth() || i == 0 {
			reached := c.X[min(i+1, c.len()-1)]
			return c.growth() > 0 && end-reached >= math.Max(3, reached-c.since)
		}
	}
	return false
}

// overtakes says that what still rose when memory ran out is to blame before what had risen by no more than twice as much
// and was level since: the kill cut the one off, and the other one was done.
func (c *climb) overtakes(other *climb, growth, others float64) bool {
	return c != nil && other != nil && c.rising() && other.settled() && growth >= others/2
}

// pace is how long it would have taken, in seconds, to come from nothing to where it was, as fast as it rose.
func (c *climb) pace() float64 {
	took := c.X[c.len()-1] - c.since
	if c.growth() <= 0 || took <= 0 {
		return math.Inf(1)
	}
	return took * c.usage / c.growth()
}

// climbOf returns how what a container held went up by the recorder; nil where the recorder does not tell. Without a
// container it is the sum over the pod's.
func (s *scene) climbOf(namespace, pod, container string) *climb {
	out := &climb{}
	for _, r := range s.ev.Metrics.Recorder {
		if s.node != "" && r.Node != s.node {
			continue
		}
		for _, name := range recordedContainers(&r, namespace, pod) {
			if container != "" && name != container {
				continue
			}
			if p, source := s.recordedHeld(namespace, pod, name); p.len() > 0 {
				out.points, out.source, out.begins = addCurves(out.points, p), source, recordingBegins(&r)
			}
		}
		if out.len() > 0 {
			break
		}
	}
	if out.len() == 0 {
		return nil
	}
	if out.judge(); out.len() < 3 && !out.fresh {
		return nil
	}
	return out
}

// judge finds level, end and beginning of the rise.
func (c *climb) judge() {
	n := c.len()
	c.trend = trendOf(c.points)
	c.usage, c.usual, c.since = c.Y[n-1], quantile(c.Y, 0.25), c.begins
	if c.X[0] > c.begins+newcomer.Seconds() {
		c.usual, c.since, c.fresh = 0, c.X[0], true
		return
	}
	first := median(c.Y[:max(1, n/20)])
	quarter := median(c.between(c.X[0]+0.2*(c.X[n-1]-c.X[0]), c.X[0]+0.3*(c.X[n-1]-c.X[0])).Y)
	if c.Tau >= 0.8 && quarter-first >= 0.125*(c.usage-first) {
		c.usual, c.underway = first, true
		return
	}
	for i := n - 1; i >= 0; i-- {
		if c.Y[i] <= c.usual+0.1*(c.usage-c.usual) {
			c.since = c.X[i]
			break
		}
	}
}

// recordedHeld returns what a container held until the kill.
func (s *scene) recordedHeld(namespace, pod, container string) (sum points, source string) {
	for _, names := range heldNames {
		for _, name := range names {
			p, src := s.recordedSeries(namespace, pod, container, name)
			if p.len() > 0 && seconds(s.at)-p.X[p.len()-1] <= late && !s.endedBefore(p) {
				sum, source = addCurves(sum, p), src
			}
		}
		if sum.len() > 0 {
			return sum, source
		}
	}
	return points{}, ""
}

// endedBefore says whether a recorded curve ended before the moment in question while others went on: what it was of was gone
// by then, and had given back its memory.
func (s *scene) endedBefore(p points) bool {
	const moments = 10 // seconds
	n := p.len()
	step := 0.0
	if n > 1 {
		step = p.X[n-1] - p.X[n-2]
	}
	newest := p.X[n-1]
	for i := range s.ev.Metrics.Recorder {
		r := &s.ev.Metrics.Recorder[i]
		if s.node != "" && r.Node != s.node {
			continue
		}
		for j := range r.Series {
			t := r.Series[j].Series.T
			k := sort.Search(len(t), func(k int) bool { return t[k] > s.at.UnixMilli() })
			if k > 0 {
				newest = math.Max(newest, float64(t[k-1])/1000)
			}
		}
	}
	return newest-p.X[n-1] > math.Max(moments, 2*step)
}

// recordedContainers returns the names of the containers of a pod that a recording has, in its order. The pod's own cgroup
// has none.
func recordedContainers(r *investigations.Recorder, namespace, pod string) []string {
	var out []string
	for i := range r.Series {
		if x := &r.Series[i]; x.Namespace == namespace && x.Pod == pod && x.Container != "" && !slices.Contains(out, x.Container) {
			out = append(out, x.Container)
		}
	}
	return out
}

// recordingBegins is when a recording's first value is from.
func recordingBegins(r *investigations.Recorder) float64 {
	first := math.Inf(1)
	for i := range r.Series {
		if t := r.Series[i].Series.T; len(t) > 0 {
			first = math.Min(first, float64(t[0])/1000)
		}
	}
	return first
}

// addCurves adds two curves up. Between its values a curve stays as it was, and before its first one it is nothing.
func addCurves(a, b points) points {
	switch {
	case a.len() == 0:
		return b
	case b.len() == 0:
		return a
	}
	x := slices.Concat(a.X, b.X)
	sort.Float64s(x)
	x = slices.Compact(x)
	out := points{X: x, Y: make([]float64, len(x))}
	for _, p := range []points{a, b} {
		k, v := 0, 0.0
		for i, at := range x {
			for k < p.len() && p.X[k] <= at {
				v = p.Y[k]
				k++
			}
			out.Y[i] += v
		}
	}
	return out
}

// words say of a fact about who held memory how it got there, by the recorder; room is what ran out, 0 where that is
// not known.
func (c *climb) words(room float64) string {
	switch {
	case c != nil && c.unseen:
		return "; the flight recorder's last values, of " + stamp(fromSeconds(c.since)) + ", are not of it: it held " + bytesOf(c.usage) + " then at the most"
	case c == nil || c.growth() <= 0:
		return ""
	}
	var b strings.Builder
	switch at := stamp(fromSeconds(c.since)); {
	case c.fresh:
		b.WriteString("; by the flight recorder it was not there before " + at + ", and brought " + bytesOf(c.growth()))
	case c.underway:
		b.WriteString("; by the flight recorder, which begins at " + at + ", it rose all the time, by " + bytesOf(c.growth()))
	default:
		b.WriteString("; by the flight recorder it rose from " + at + " on, by " + bytesOf(c.growth()))
	}
	if room > 0 {
		b.WriteString(" (" + percent(c.growth()/room) + " of the " + bytesOf(room) + " that ran out)")
	}
	return b.String()
}
