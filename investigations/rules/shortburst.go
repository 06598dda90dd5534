package rules

import (
	"math"

	"github.com/oombot/oombot/investigations"
)

// shortBurst says whether traffic jumped while memory rose, in as few samples as the rise took: one of them is enough
// where it stands far out of all that the two hours before had, of which was is the median. It returns the fact's id,
// or "". A sample holds the rate of the time before it, so that the first one after the kill counts too.
func (s *scene) shortBurst(before points, was float64) string {
	if s.life == nil || s.life.mass.n < 3 || !s.life.mass.sudden() {
		return ""
	}
	at, step := seconds(s.at), s.traffic.step()
	rise := s.traffic.between(at-math.Min(600, s.life.mass.ramp)-step, at+math.Min(60, step))
	top := maxOf(rise.Y)
	if top < 1.6*was || top-was < 3*(maxOf(before.Y)-was) {
		return ""
	}
	return s.fact("spike/traffic", investigations.ToolMetrics, s.at, s.ev.Metrics.Queries[investigations.QueryTraffic].Source,
		map[string]float64{"before_rps": was, "now_rps": top, "ratio": round2(top / was)},
		"Traffic rose from %.1f to %.1f requests per second while memory rose to the kill, %.1f times the level before; the two hours before it saw no more than %.1f.",
		was, top, top/was, maxOf(before.Y))
}
