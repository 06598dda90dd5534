package rules

import (
	"math"
	"slices"

	"github.com/oombot/oombot/investigations"
)

// usageWords is what all that a cgroup is charged for is called.
const usageWords = "usage"

// recordedNames are the series of a flight recorder that tell a container's memory, the fullest account first, with
// what they are called. memory.current holds page cache that could be taken back, the working set only what is in
// use of it, and anonymous memory none.
var recordedNames = []struct {
	names []string
	says  string
}{
	{[]string{"current", "usage", ""}, usageWords},
	{[]string{"working_set"}, "working set"},
	{[]string{"anon", "rss"}, "anonymous memory"},
}

// recorded returns what the node agent's flight recorder holds of a container's memory until the kill, at its own
// resolution, with what the series is; no points where there is none.
func (s *scene) recorded(container string) (p points, says, source string) {
	for _, want := range recordedNames {
		if p, source = s.recordedSeries(s.target.Namespace, s.target.Pod, container, want.names...); p.len() > 0 {
			return p, want.says, source
		}
	}
	return points{}, "", ""
}

// recordedSeries returns the first series of a container with one of the names, until the kill.
func (s *scene) recordedSeries(namespace, pod, container string, names ...string) (p points, source string) {
	for _, r := range s.ev.Metrics.Recorder {
		for _, x := range r.Series {
			if x.Namespace != namespace || x.Pod != pod || x.Container != container || !slices.Contains(names, investigations.RecordedName(x.Name)) {
				continue
			}
			if p = pointsOf(x.Series).between(0, seconds(s.at)+1).untilEnd(); p.len() > 0 {
				return p, r.Source
			}
		}
	}
	return points{}, ""
}

// untilEnd leaves out the last few readings where they are those of a container that is gone already: the recorder's
// clock and the kernel's are not the same to the second.
func (p points) untilEnd() points {
	n := p.len()
	top := max(0, n-5)
	for i := top; i < n; i++ {
		if p.Y[i] >= p.Y[top] {
			top = i
		}
	}
	if n > 0 && p.Y[n-1] < 0.5*p.Y[top] {
		return points{p.X[:top+1], p.Y[:top+1]}
	}
	return p
}

// recordedRise supports a spike with the curve that no scrape saw: level for most of the recording, and up
// within its last minutes. Where page cache fills the limit all along, anonymous memory tells it.
func (s *scene) recordedRise(h *hypothesis) {
	limit := s.recordedCeiling()
	if limit <= 0 {
		return
	}
	var p points
	var r rise
	var says, source string
	for _, want := range recordedNames {
		q, from := s.recordedSeries(s.target.Namespace, s.target.Pod, s.subjectContainer, want.names...)
		if q.len() < 30 {
			continue
		}
		if want.says == usageWords {
			q = s.upToKill(q)
		}
		if is := riseOf(q, seconds(s.at)); p.len() == 0 || is.into(limit) {
			p, r, says, source = q, is, want.says, from
		}
		if r.into(limit) {
			break
		}
	}
	if p.len() == 0 {
		return
	}
	took := durationSeconds(r.took)
	id := s.fact("recorder/rise", investigations.ToolMetrics, s.at, source,
		map[string]float64{"usual_bytes": r.usual, "peak_bytes": r.peak, "rise_seconds": took.Seconds()},
		"The flight recorder has the %s of container %s at %s, and has it rise to %s within the last %s%s.", says, s.subjectContainer, bytesOf(r.usual), bytesOf(r.peak), durationOf(took), s.recordedTop())
	if r.into(limit) {
		h.support(s.recordedWeight(*h, p), id)
	}
}

// recordedCeiling is what the judged container could come to: the limit that broke, or what the pod's other containers
// left it of the pod's limit; 0 where the recorder tells nothing of that, as of a whole node.
func (s *scene) recordedCeiling() float64 {
	if s.view != nil {
		return 0
	}
	limit := s.limitBytes
	if s.boundary == investigations.BoundaryPod {
		for _, x := range s.podShares() {
			if x.container != s.subjectContainer {
				limit -= x.usage
			}
		}
	}
	return limit
}

// upToKill adds what the kernel's report has the container at: the last second may be too long to see it get there.
func (s *scene) upToKill(p points) points {
	if s.kill == nil || s.kill.report.Boundary != investigations.BoundaryContainer || s.kill.container != s.subjectContainer || s.kill.report.Memory == nil {
		return p
	}
	usage, at := float64(s.kill.report.Memory.UsageKB)*1024, seconds(s.at)
	if last := p.len() - 1; usage <= p.Y[last] || at < p.X[last] || at-p.X[last] > 30 {
		return p
	}
	return points{append(slices.Clone(p.X), at), append(slices.Clone(p.Y), usage)}
}

// rise is how a recorded series went up before the kill, in bytes and seconds; span is how long it is.
type rise struct{ usual, peak, took, span float64 }

// into says whether it went from far below a limit up to it, in the lesser part of the recording.
func (r rise) into(limit float64) bool {
	return r.usual < 0.78*limit && r.peak >= 0.85*limit && r.took < 0.5*r.span
}

func riseOf(p points, at float64) rise {
	usual, peak := quantile(p.Y, 0.25), maxOf(p.Y)
	from := p.X[0]
	for i := p.len() - 1; i >= 0; i-- {
		if p.Y[i] <= usual+0.2*(peak-usual) {
			from = p.X[i]
			break
		}
	}
	return rise{usual, peak, math.Max(0, at-from), p.X[p.len()-1] - p.X[0]}
}

// recordedWeight is what a recorded rise carries: where the metrics are missing, end before it, or are sampled too
// seldom to show it, it is the evidence itself.
func (s *scene) recordedWeight(h hypothesis, p points) float64 {
	l := s.judged()
	blind := l == nil || l.mass.n < 3 || l.mass.stale || l.ws.step() > p.X[p.len()-1]-p.X[0]
	if blind && h.score < 0.3 {
		return 0.5
	}
	return 0.2
}
