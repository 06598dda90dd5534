package rules

import (
	"cmp"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// recordedNames are the series of a flight recorder that tell a container's memory, the fullest account first, with
// what they are called. memory.current holds page cache that could be taken back, the working set only what is in
// use of it, and anonymous memory none.
var recordedNames = []struct {
	names []string
	says  string
}{
	{[]string{"current", "usage", ""}, "usage"},
	{[]string{"working_set"}, "working set"},
	{[]string{"anon", "rss"}, "anonymous memory"},
}

// recordedName reduces a series' name to what it means: memory.current, memory_current and memory_current_bytes are
// one, and so are working_set and container_memory_working_set_bytes.
func recordedName(name string) string {
	n := strings.NewReplacer(".", "_", "-", "_", " ", "_").Replace(strings.ToLower(name))
	for _, prefix := range []string{"container_", "cgroup_", "memory_", "mem_", "stat_"} {
		n = strings.TrimPrefix(n, prefix)
	}
	if n == "memory" || n == "mem" {
		n = ""
	}
	return strings.TrimSuffix(n, "_bytes")
}

// recorded returns what the node agent's flight recorder holds of a container's memory until the kill, at its own
// resolution, with what the series is; no points where there is none.
func (s *scene) recorded(container string) (p points, says, source string) {
	for _, want := range recordedNames {
		for _, r := range s.ev.Metrics.Recorder {
			for _, x := range r.Series {
				if x.Namespace != s.target.Namespace || x.Pod != s.target.Pod || x.Container != container || !slices.Contains(want.names, recordedName(x.Name)) {
					continue
				}
				if p = pointsOf(x.Series).between(0, seconds(s.at)+1).untilEnd(); p.len() > 0 {
					return p, want.says, r.Source
				}
			}
		}
	}
	return points{}, "", ""
}

// untilEnd leaves out the last few readings where they are those of a container that is gone already: the recorder's
// clock and the kernel's are not the same to the second.
func (p points) untilEnd() points {
	n := p.len()
	top := max(0, n-5)
	for i := top; i < n; i++ {
		if p.Y[i] > p.Y[top] {
			top = i
		}
	}
	if n > 0 && p.Y[n-1] < 0.5*p.Y[top] {
		return points{p.X[:top+1], p.Y[:top+1]}
	}
	return p
}

// recordedRise supports a spike with the curve that no scrape saw: level for most of the recording, and up
// within its last minutes.
func (s *scene) recordedRise(h *hypothesis) {
	p, says, source := s.recorded(s.subjectContainer)
	if p.len() < 30 || s.limitBytes <= 0 {
		return
	}
	usual, peak := quantile(p.Y, 0.25), maxOf(p.Y)
	threshold := usual + 0.2*(peak-usual)
	from := p.X[0]
	for i := p.len() - 1; i >= 0; i-- {
		if p.Y[i] <= threshold {
			from = p.X[i]
			break
		}
	}
	rise := durationSeconds(max(0, seconds(s.at)-from))
	id := s.fact("recorder/rise", investigations.ToolMetrics, s.at, source,
		map[string]float64{"usual_bytes": usual, "peak_bytes": peak, "rise_seconds": rise.Seconds()},
		"The flight recorder has the %s of container %s at %s, and has it rise to %s within the last %s%s.", says, s.subjectContainer, bytesOf(usual), bytesOf(peak), durationOf(rise), s.recordedTop())
	if usual < 0.78*s.limitBytes && peak >= 0.85*s.limitBytes && rise.Seconds() < 0.5*(p.X[p.len()-1]-p.X[0]) {
		h.support(s.recordedWeight(*h, p), id)
	}
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

// recordedTop names the largest process of the container that the recorder saw last.
func (s *scene) recordedTop() string {
	var best investigations.RecorderTop
	for _, r := range s.ev.Metrics.Recorder {
		for _, t := range r.Top {
			if t.Pod != s.target.Pod || t.Container != s.subjectContainer || t.At.After(s.at) {
				continue
			}
			if c := cmp.Compare(t.At.Unix(), best.At.Unix()); c > 0 || c == 0 && t.RSSBytes > best.RSSBytes {
				best = t
			}
		}
	}
	if best.Comm == "" {
		return ""
	}
	return "; the largest process was " + investigations.CleanText(best.Comm, 32) + " with " + bytesOf(float64(best.RSSBytes))
}

// followedSince says since when a node's kernel log was followed without loss, by its agent's word.
func (s *scene) followedSince() bool {
	return slices.ContainsFunc(s.ev.Metrics.Recorder, func(r investigations.Recorder) bool {
		return r.Node == s.node && !r.LosslessSince.IsZero() && r.LosslessSince.Before(s.at) && !r.To.Before(s.at)
	})
}
