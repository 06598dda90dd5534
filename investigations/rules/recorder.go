package rules

import (
	"cmp"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// recorded returns what the node agent's flight recorder holds of a container's memory (memory.current), at
// one-second resolution; no points where there is none.
func (s *scene) recorded(container string) (points, string) {
	for _, r := range s.ev.Metrics.Recorder {
		for _, x := range r.Series {
			if x.Namespace != s.target.Namespace || x.Pod != s.target.Pod || x.Container != container {
				continue
			}
			if n := strings.ToLower(x.Name); n == "memory.current" || n == "memory_current" || n == "current" || n == "usage" {
				p := pointsOf(x.Series)
				return p.between(0, seconds(s.at)+1), r.Source
			}
		}
	}
	return points{}, ""
}

// recordedRise supports a spike with the curve that no scrape saw: level for most of the recording, and up
// within its last minutes.
func (s *scene) recordedRise(h *hypothesis) {
	p, source := s.recorded(s.subjectContainer)
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
	rise := durationSeconds(seconds(s.at) - from)
	id := s.fact("recorder/rise", investigations.ToolMetrics, s.at, source,
		map[string]float64{"usual_bytes": usual, "peak_bytes": peak, "rise_seconds": rise.Seconds()},
		"The flight recorder has container %s at %s, and has it rise to %s within the last %s%s.", s.subjectContainer, bytesOf(usual), bytesOf(peak), durationOf(rise), s.recordedTop())
	if usual < 0.78*s.limitBytes && peak >= 0.85*s.limitBytes && rise.Seconds() < 0.5*(p.X[p.len()-1]-p.X[0]) {
		h.support(0.2, id)
	}
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
