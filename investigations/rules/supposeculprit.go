package rules

import (
	"math"
	"slices"

	"github.com/oombot/oombot/investigations"
)

// supposeCulprit takes the supposed culprit for the culprit, and judges its memory; it says whether the evidence knows
// it, and the boundary allows that it has a part in it. Where none is supposed but the cause asks for another one than
// the evidence names, it is the likeliest other one.
func (s *scene) supposeCulprit() bool {
	if s.boundary == investigations.BoundaryUnknown && ofNode(s.supposed.Cause) {
		s.drawNode()
		s.nodeCulprit()
	}
	before, c := s.culprit, s.supposed.Culprit
	switch {
	case c == nil:
		s.otherCulprit()
	case s.boundary == investigations.BoundaryNone:
		return false
	case matches(s.culprit, c):
	case s.view != nil:
		if !s.supposeHolder(c) {
			return false
		}
	case !s.supposeContainer(c):
		return false
	}
	if s.culprit != before {
		s.supposed.moved, s.supposed.share = !s.needsNobody(), s.shareOf(s.culprit)
		s.followed = nil
		s.findSubject()
	}
	return true
}

// needsNobody says that the cause and the culprit agree that it is nobody in particular.
func (s *scene) needsNobody() bool {
	c := s.supposed.Cause
	return (c == investigations.CauseNodeOvercommit || c == investigations.CauseKernelMemory) && s.view != nil && s.culprit.Pod == "" && s.culprit.Comm == ""
}

// shareOf is the part that a culprit has in what was gained before the kill, or a half where that is not known.
func (s *scene) shareOf(p *investigations.Party) float64 {
	if s.view != nil {
		_, share, _ := s.view.main()
		return share
	}
	var own, all float64
	for _, x := range s.podShares() {
		if math.IsNaN(x.usual) {
			return 0.5
		}
		grown := math.Max(0, x.usage-x.usual)
		all += grown
		if x.container == p.Container {
			own = grown
		}
	}
	if all <= 0 {
		return 0.5
	}
	return own / all
}

// ofNode says whether a cause is about a node's memory and no container's.
func ofNode(c investigations.Cause) bool {
	return c == investigations.CauseNoisyNeighbour || c == investigations.CauseNodeOvercommit
}

// matches says whether a party is meant: what is left out fits, except a pod's name.
func matches(p, c *investigations.Party) bool {
	fits := func(is, said string) bool { return said == "" || said == is }
	return p != nil && p.Pod == c.Pod && fits(p.Namespace, c.Namespace) && fits(p.Container, c.Container) && fits(p.Node, c.Node) &&
		fits(p.Comm, c.Comm) && (c.PID == 0 || c.PID == p.PID)
}

// otherCulprit names the likeliest other culprit where the cause excludes the one that the evidence names: for a
// sidecar the main container, for a neighbour the victim.
func (s *scene) otherCulprit() {
	switch c := s.supposed.Cause; {
	case c == investigations.CauseSidecar && s.spec() != nil && s.view == nil:
		main := s.mainContainer()
		if s.culprit != nil && s.culprit.Container != main {
			return
		}
		rest := slices.DeleteFunc(s.podShares(), func(x share) bool { return x.container == main })
		if len(rest) > 0 {
			top := slices.MaxFunc(rest, func(a, b share) int { return compare(a.usage, b.usage) })
			s.culprit = s.containerParty(s.target.Namespace, s.target.Pod, top.container)
		}
	case c == investigations.CauseNoisyNeighbour && s.view != nil && s.sameContainer():
		rest := slices.DeleteFunc(slices.Clone(s.view.holders), s.isVictim)
		if len(rest) == 0 {
			s.nameHolder(nil)
			return
		}
		s.nameHolder(slices.MaxFunc(rest, func(a, b *holder) int {
			if d := compare(a.growth(), b.growth()); d != 0 {
				return d
			}
			return compare(a.excess(), b.excess())
		}))
	}
}

// containerParty names a container; the victim with all that is known of it.
func (s *scene) containerParty(ns, pod, container string) *investigations.Party {
	if v := s.victim; v != nil && v.Namespace == ns && v.Pod == pod && v.Container == container {
		return s.copyVictim()
	}
	return s.party(ns, pod, container)
}

// nameHolder takes a holder of the node for the culprit; nil where it is nobody in particular.
func (s *scene) nameHolder(h *holder) {
	s.view.named, s.view.supposed = h, true
	if h == nil {
		s.culprit = &investigations.Party{Node: s.node}
		return
	}
	s.culprit = s.holderParty(h)
}

// supposeContainer takes a container for the culprit. At its own limit, or its runtime's, it can only be the victim, at
// a pod's limit one of its containers; where it is not known what broke, any that a source knows.
func (s *scene) supposeContainer(c *investigations.Party) bool {
	place := *c
	place.PID, place.Comm = 0, ""
	if (c.PID != 0 || c.Comm != "") && !matches(s.victim, c) && !s.knowsProcess(c) {
		return false
	}
	switch pod := s.spec(); {
	case matches(s.victim, &place) && s.victim.Pod != "":
		s.culprit = s.copyVictim()
	case s.boundary == investigations.BoundaryContainer || s.boundary == investigations.BoundaryHeap:
		return false
	case pod != nil && matches(s.party(s.target.Namespace, s.target.Pod, c.Container), &place) && containerSpec(pod, c.Container) != nil:
		s.culprit = s.containerParty(s.target.Namespace, s.target.Pod, c.Container)
	case s.boundary == investigations.BoundaryPod:
		return false
	default:
		p := s.findPod(c.Namespace, c.Pod)
		if p == nil || c.Container != "" && containerSpec(p, c.Container) == nil {
			return false
		}
		s.culprit = &investigations.Party{Namespace: p.Namespace, Pod: p.Name, Container: c.Container, Node: p.Node}
	}
	if c.PID != 0 || c.Comm != "" {
		s.culprit.PID, s.culprit.Comm = c.PID, c.Comm
	}
	return true
}

// knowsProcess says whether the kernel's report of this kill has a process.
func (s *scene) knowsProcess(c *investigations.Party) bool {
	fits := func(pid int64, comm string) bool {
		return (c.PID == 0 || c.PID == pid) && (c.Comm == "" || c.Comm == comm)
	}
	return s.kill != nil && (slices.ContainsFunc(s.kill.report.Killed, func(k investigations.KernelKill) bool { return fits(k.PID, k.Comm) }) ||
		slices.ContainsFunc(s.kill.report.Tasks, func(t investigations.KernelTask) bool { return fits(t.PID, t.Comm) }))
}

// supposeHolder takes a pod of the node, a program outside of the pods, or nobody in particular for the culprit. Where
// the cgroup of a service met its own limit, nobody else has a part in it.
func (s *scene) supposeHolder(c *investigations.Party) bool {
	if s.unitCulprit() != nil || c.Node != "" && s.node != "" && c.Node != s.node {
		return false
	}
	if c.Pod == "" {
		return s.supposeOutside(c)
	}
	i := slices.IndexFunc(s.view.holders, func(h *holder) bool {
		return !h.outside() && h.pod.Name == c.Pod && (c.Namespace == "" || c.Namespace == h.pod.Namespace)
	})
	if i < 0 {
		if !matches(s.victim, c) {
			return false
		}
		s.nameHolder(nil)
		s.culprit = s.copyVictim()
		return true
	}
	h := s.view.holders[i]
	own := s.holderParty(h)
	if c.Container != "" && c.Container != own.Container {
		if containerSpec(h.pod, c.Container) == nil {
			return false
		}
		own = s.containerParty(h.pod.Namespace, h.pod.Name, c.Container)
	}
	if (c.PID != 0 || c.Comm != "") && !matches(own, c) {
		if !s.knowsProcess(c) {
			return false
		}
		own.PID, own.Comm = c.PID, c.Comm
	}
	s.nameHolder(h)
	s.culprit = own
	return true
}

func (s *scene) supposeOutside(c *investigations.Party) bool {
	switch {
	case c.Container != "" || c.Namespace != "":
		return false
	case c.Comm == "" && c.PID == 0:
		s.nameHolder(nil)
		return true
	case !s.knowsProcess(c):
		return false
	}
	s.nameHolder(nil)
	for _, h := range s.view.holders {
		if h.outside() && (c.Comm == "" || c.Comm == h.comm) && (c.PID == 0 || c.PID == h.pid) {
			s.nameHolder(h)
			return true
		}
	}
	s.culprit.PID, s.culprit.Comm = c.PID, c.Comm
	return true
}
