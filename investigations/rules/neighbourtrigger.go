package rules

import (
	"math"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
)

// neighbourTrigger: what set the neighbour off. A young pod alone is no rollout: pods are moved, drained and
// restarted under the revision that they had. So the neighbour's revisions are compared like the target's.
func (s *scene) neighbourTrigger() {
	top, _, _ := s.view.main()
	if top == nil || top.outside() {
		if s.view != nil && s.view.hasPast && top != nil {
			s.trigger = investigations.TriggerNone
		}
		return
	}
	n := s.ofNeighbour(top)
	w := n.workload
	switch {
	case w != nil && (w.Kind == "job" || w.Kind == "cronjob"):
		s.trigger = investigations.TriggerScheduledJob
		s.changeWhy = append(s.changeWhy, s.fact("trigger/neighbourjob", investigations.ToolRollouts, top.pod.Created, w.Source, nil,
			"%s belongs to the job %s, whose pod was created at %s.", top.name, w.Name, stamp(top.pod.Created)))
		return
	case (n.revisionTrigger() || n.pod.Source != "" && n.configMapTrigger()) && !n.roseLater():
		s.trigger, s.change, s.neighbour = n.trigger, n.change, n
		s.changeWhy, s.blind = append(s.changeWhy, n.changeWhy...), append(s.blind, n.blind...)
		return
	case n.firstRollout() != "":
		s.trigger = investigations.TriggerDeploy
		s.changeWhy = append(s.changeWhy, n.firstRollout())
		return
	}
	s.changeWhy = append(s.changeWhy, n.changeWhy...)
	if top.climb != nil && (top.climb.underway || top.climb.fresh || top.climb.unseen || top.unasked || top.byScore) {
		return // a recording of minutes tells nothing of what came before
	}
	young := !top.pod.Created.IsZero() && s.at.Sub(top.pod.Created) < 2*time.Hour
	if s.view.hasPast && (!young || w == nil || len(w.Revisions) > 0) {
		s.trigger = investigations.TriggerNone
	}
}

// roseLater says that the neighbour held one level for long after the change that was found: then its rise is not what
// the change brought, however the slopes of whole lives compare. It takes the change back and says so.
func (s *scene) roseLater() bool {
	l := s.life
	if l == nil || !l.mass.known {
		return false
	}
	start := rampStart(l, l.mass.first+0.05*(l.mass.peak-l.mass.first))
	quiet := start - math.Max(seconds(s.change.At), l.start)
	if quiet < 3600 || quiet < 0.25*l.age() {
		return false
	}
	s.changeWhy = []string{s.fact("trigger/later", investigations.ToolMetrics, fromSeconds(start), s.usageSource(), map[string]float64{"quiet_seconds": quiet},
		"%s held one level for %s after the change of %s, and rose only from about %s on.", s.target.Pod, durationOf(durationSeconds(quiet)), stamp(s.change.At), stamp(fromSeconds(start)))}
	s.change, s.blind = nil, nil
	return true
}

// ofNeighbour is the scene as it looks from a holder of the node: its pod and workload in the target's place, with
// the lives that the node's metrics show. What happened to the victim is left out of it.
func (s *scene) ofNeighbour(h *holder) *scene {
	n := *s
	n.pod, n.container = h.pod, s.containerOfHolder(h)
	n.workload = s.workloadOf(h.pod)
	if n.workload == nil {
		n.workload = s.workloadByPodName(h.pod.Namespace, h.pod.Name)
	}
	n.target = investigations.Target{Namespace: h.pod.Namespace, Pod: h.pod.Name, Container: n.container, Node: s.node}
	if n.workload != nil {
		n.target.Workload = n.workload.Ref()
	}
	n.req.Target = investigations.Target{Namespace: h.pod.Namespace, Pod: h.pod.Name}
	n.subjectPod, n.subjectContainer = h.pod, n.container
	n.kill, n.death, n.startKill = nil, nil, false
	n.traffic, n.followed, n.runtimeFit = points{}, nil, nil
	n.best = hypothesis{cause: investigations.CauseLeak} // what is compared is growth
	n.change, n.changeWhy, n.blind, n.advice = nil, nil, nil, nil
	n.lives = n.livesOnNode()
	n.life = n.lifeAt(n.lives, h.pod.Name)
	return &n
}

// livesOnNode cuts the working sets of the workload's pods on the node into lives. The node's metrics know pods and
// no containers, so that these lives are a pod's; no limit counts, because it is the node that ran out.
func (s *scene) livesOnNode() []*life {
	ours := s.workloadPodNames()
	var out []*life
	for _, sr := range s.ev.Metrics.Queries[investigations.QueryNodePods].Series {
		if sr.Namespace == s.target.Namespace && ours(sr.Namespace, sr.Pod) {
			out = append(out, s.cut(sr.Pod, s.container, pointsOf(sr))...)
		}
	}
	for _, l := range out {
		l.limit = 0
		l.mass = shapeOf(l)
	}
	slices.SortStableFunc(out, func(a, b *life) int { return compare(a.start, b.start) })
	return out
}

// firstRollout says that the workload itself came into being with the pod: its first revision is as young as the
// trouble. It returns the fact's id, or "".
func (s *scene) firstRollout() string {
	w := s.workload
	if w == nil || len(w.Revisions) != 1 || s.pod.Created.IsZero() || s.at.Sub(s.pod.Created) >= 2*time.Hour {
		return ""
	}
	made := w.Created
	if made.IsZero() {
		made = w.Revisions[0].Created
	}
	if made.IsZero() || absDur(s.pod.Created.Sub(made)) > 10*time.Minute {
		return ""
	}
	return s.fact("trigger/neighbournew", investigations.ToolRollouts, made, w.Source, nil,
		"%s itself was created at %s, %s before the kill.", w.Ref(), stamp(made), durationOf(s.at.Sub(made)))
}

// calmLevel is what a holder takes when it is not in trouble, in bytes: what earlier pods of its workload held, else
// its own level before it rose, else what is usual for it; 0 unknown.
func (s *scene) calmLevel(h *holder) float64 {
	if h.outside() {
		return 0
	}
	n := s.ofNeighbour(h)
	var tails []float64
	for _, l := range n.lives {
		if l != n.life && l.mass.n >= 8 && !l.mass.growing() && (n.life == nil || l.end < n.life.start+600) {
			tails = append(tails, l.mass.tail)
		}
	}
	switch {
	case len(tails) > 0:
		return maxOf(tails)
	case n.life != nil && n.life.mass.growing():
		return n.life.mass.first
	case !math.IsNaN(h.usual):
		return h.usual
	}
	return 0
}
