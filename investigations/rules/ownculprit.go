package rules

import (
	"math"

	"github.com/oombot/oombot/investigations"
)

// gradual is how long, in seconds, a rise above the pod's boundary takes at least to be called a leak where its
// shape alone does not tell: an hour is longer than requests, inputs and most jobs last.
const gradual = 3600

// tookTheNode answers, where the victim itself grew by most of what a node (or all its pods together) gained, what
// its curve makes of that: a leak where the rise was a long one or came in an earlier life too, else a load. That it
// is the culprit rests on whom the memory went to, and not on the curve. The cause is empty where another container
// took the memory, where nobody grew, or where no curve shows it.
func (s *scene) tookTheNode(l *life) investigations.Cause {
	if s.view == nil || l == nil || !l.mass.known || !s.sameContainer() {
		return ""
	}
	top, _, why := s.view.main()
	if top == nil || why != "growth" || !s.isVictim(top) {
		return ""
	}
	m := l.mass
	switch {
	case m.sudden() || s.isJob():
		return investigations.CauseLoadSpike
	case m.ramp > gradual || s.grewBefore(l):
		return investigations.CauseLeak
	}
	return investigations.CauseLoadSpike
}

func (s *scene) isVictim(h *holder) bool {
	return h.pod != nil && s.victim != nil && h.pod.Name == s.victim.Pod && h.pod.Namespace == s.victim.Namespace
}

// grewBefore says whether an earlier life of the same revision grew in the same way to its end.
func (s *scene) grewBefore(l *life) bool {
	for _, o := range s.lives {
		if o != l && o.hash == l.hash && o.ended && o.end < l.start+60 && o.mass.growing() {
			return true
		}
	}
	return false
}

// sayTaking states how the victim came by the memory of the node.
func (s *scene) sayTaking(l *life) string {
	top, sh, _ := s.view.main()
	m := l.mass
	rise := math.Max(m.ramp, 0)
	return s.fact("own/"+l.pod, investigations.ToolMetrics, fromSeconds(l.end), s.usageSource(),
		map[string]float64{"first_bytes": m.first, "last_bytes": m.last, "ramp_seconds": rise, "share": round2(sh)},
		"%s/%s, which was killed, itself took the memory: it rose from %s to %s, most of it within the last %s, which is %s of what the node's holders gained (%s held %s more than usual).",
		l.pod, l.container, bytesOf(m.first), bytesOf(m.last), durationOf(durationSeconds(rise)), percent(sh), top.name, bytesOf(top.growth()))
}
