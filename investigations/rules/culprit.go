package rules

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/oombot/oombot/investigations"
)

// findParties names the victim (what ended) and the culprit (who used the memory up), and which container's
// memory the causes are judged by.
func (s *scene) findParties() {
	s.victim = s.party(s.target.Namespace, s.target.Pod, s.container)
	if s.kill != nil {
		if v, ok := s.kill.victim(); ok {
			s.victim.PID, s.victim.Comm = v.PID, v.Comm
		}
		if s.kill.pod == nil && s.kill.report.PodUID == "" && s.req.Target.Pod == "" {
			// A process outside any pod: the container of the target has nothing to do with it.
			s.victim.Namespace, s.victim.Pod, s.victim.Container = "", "", ""
		}
	}
	if s.reason != nil || s.mechanism == investigations.MechanismUnknown {
		return
	}
	switch s.boundary {
	case investigations.BoundaryContainer, investigations.BoundaryHeap, investigations.BoundaryUnknown:
		if s.boundary != investigations.BoundaryUnknown {
			s.culprit = s.copyVictim()
		}
	case investigations.BoundaryPod:
		s.podCulprit()
	default:
		s.nodeCulprit()
	}
	s.findSubject()
}

// findSubject takes the culprit for the container whose memory is judged, where it is of the target's pod; else the
// victim.
func (s *scene) findSubject() {
	subject := s.container
	if s.culprit != nil && s.culprit.Pod == s.target.Pod && s.culprit.Container != "" {
		subject = s.culprit.Container
	}
	if subject != s.subjectContainer {
		s.subjectContainer = subject
		s.lives = s.livesOf(subject)
		s.life = s.lifeAt(s.lives, s.target.Pod)
	}
	s.runtimeFit = s.findRuntimeFit()
	s.setCeilings()
}

// setCeilings replaces the container's own limit, by which its lives are judged, where another one broke: in a
// pod what the pod's limit leaves it, and above the pod none.
func (s *scene) setCeilings() {
	room := 0.0
	switch s.boundary {
	case investigations.BoundaryPod:
		room = s.limitBytes
		for _, x := range s.podShares() {
			if x.container != s.subjectContainer {
				room -= x.usage
			}
		}
	case investigations.BoundaryHeap:
		if r := s.runtimeFit; r != nil && r.heap > 0 {
			room = r.heap + r.beside
		}
	case investigations.BoundaryNode, investigations.BoundaryNUMA, investigations.BoundaryNodeAllocatable, investigations.BoundarySlice:
	default:
		return
	}
	for _, l := range s.lives {
		l.limit = math.Max(room, 0)
	}
}

func (s *scene) party(ns, pod, container string) *investigations.Party {
	return &investigations.Party{Namespace: ns, Pod: pod, Container: container, Node: s.node}
}

func (s *scene) copyVictim() *investigations.Party {
	c := *s.victim
	return &c
}

// sameContainer says whether victim and culprit are one container.
func (s *scene) sameContainer() bool {
	return s.culprit.SameContainer(s.victim)
}

// share is one container's part in a pod's memory, in bytes; usual is NaN where its past is not known.
type share struct {
	container             string
	usage, usual, request float64
	rows                  []investigations.KernelTask
	// own is the sum of those rows that are surely the container's: the victim's, and those named like it.
	own float64
	// source is the recording that usage or usual rests on, and climb what it tells; empty for the metrics.
	source string
	climb  *climb
	// unasked says that what it requests is not known.
	unasked bool
}

// podShares returns what each container of the pod held at the kill.
func (s *scene) podShares() []share {
	pod := s.knownSpec()
	if pod == nil {
		return nil
	}
	var out []share
	at := seconds(s.at)
	for _, c := range pod.Containers {
		if c.Kind != investigations.ContainerApp && c.Kind != investigations.ContainerSidecar {
			continue
		}
		sh := share{container: c.Name, usual: math.NaN(), unasked: s.spec() == nil}
		if c.MemoryRequest != nil {
			sh.request = float64(*c.MemoryRequest)
		}
		ws := s.curve(investigations.QueryWorkingSet, pod.Name, c.Name)
		if x, _, ok := ws.last(at + 1); ok && at-x <= 600 {
			sh.usage = ws.highBefore(at)
			all := ws.between(0, at)
			// The lower quartile of its past: a container that grew for hours must not pass for usual.
			if all.len() >= 6 {
				sh.usual = quantile(all.Y, 0.25)
			}
		}
		s.recordedShare(&sh, pod.Name)
		out = append(out, sh)
	}
	s.assignRows(out)
	s.unseenShares(out)
	return out
}

// assignRows gives the rows of a pod's table to its containers: by oom_score_adj, which follows each
// container's own request, and by name.
func (s *scene) assignRows(shares []share) {
	if len(s.kill.tasks()) == 0 {
		return
	}
	pod := s.knownSpec()
	page, capacity := s.kill.pageSize(), 0.0
	if s.nodeObj != nil {
		capacity = float64(s.nodeObj.CapacityBytes)
	}
	victim, _ := s.kill.victim()
	for _, t := range s.kill.tasks() {
		if t.OOMScoreAdj == -998 {
			continue
		}
		size := float64(t.RSSPages+t.SwapentsPages) * page
		if t.RSSAnonPages != nil {
			size = float64(*t.RSSAnonPages+t.SwapentsPages) * page
		}
		if i := slices.IndexFunc(shares, func(x share) bool { return x.container == s.kill.container }); i >= 0 && t.PID == victim.PID {
			shares[i].rows, shares[i].own = append(shares[i].rows, t), shares[i].own+size
			continue
		}
		if x := s.recordedRow(t); x.Pod == pod.Name && x.Namespace == pod.Namespace {
			if i := slices.IndexFunc(shares, func(o share) bool { return o.container == x.Container }); i >= 0 {
				shares[i].rows, shares[i].own = append(shares[i].rows, t), shares[i].own+size
				continue
			}
		}
		best, rank, tie := -1, 0, false
		for i := range shares {
			c := containerSpec(pod, shares[i].container)
			r := 3 * min(1, nameAffinity(*c, t.Comm))
			if capacity > 0 && !shares[i].unasked && pod.QoS != "Guaranteed" && pod.QoS != "BestEffort" && adjOf(pod, *c, capacity) == t.OOMScoreAdj {
				r += 2
			}
			switch {
			case r > rank:
				best, rank, tie = i, r, false
			case r == rank && r > 0:
				tie = true
			}
		}
		if best >= 0 && !tie {
			shares[best].rows = append(shares[best].rows, t)
			if rank >= 3 {
				shares[best].own += size
			}
		}
	}
	for i := range shares {
		if shares[i].usage > 0 {
			// The table is of the very moment; a scrape may be a minute old.
			if s.shmemShare() < 0.2 {
				shares[i].usage = math.Max(shares[i].usage, shares[i].own)
			}
			continue
		}
		for _, t := range shares[i].rows {
			shares[i].usage += float64(t.RSSPages+t.SwapentsPages) * page
		}
	}
}

// podCulprit names the container that used up the pod's limit: who grew by most, else who holds most beyond
// its request.
func (s *scene) podCulprit() {
	shares := s.podShares()
	if len(shares) == 0 {
		return
	}
	for _, x := range shares {
		s.sayShare(x)
	}
	if s.shmemCulprit(shares) {
		return
	}
	growth := func(x share) float64 {
		if math.IsNaN(x.usual) {
			return 0
		}
		return math.Max(0, x.usage-x.usual)
	}
	excess := func(x share) float64 { return x.usage - x.request }
	top := slices.MaxFunc(shares, func(a, b share) int { return compare(growth(a), growth(b)) })
	by := "growth"
	for _, x := range shares {
		if x.climb.overtakes(top.climb, growth(x), growth(top)) {
			top, by = x, "last"
		}
	}
	if growth(top) < 0.08*math.Max(s.limitBytes, 1) && !s.creepsMost(shares, top) {
		top = slices.MaxFunc(shares, func(a, b share) int { return compare(excess(a), excess(b)) })
		by = "excess"
		s.sharedByExcess = true
	}
	known := top.usage > 0
	if (!known || top.unasked && by == "excess") && len(shares) > 1 {
		return
	}
	s.culprit = s.party(s.target.Namespace, s.target.Pod, top.container)
	if top.container == s.container {
		s.culprit = s.copyVictim()
	} else if len(top.rows) > 0 {
		row := slices.MaxFunc(top.rows, func(a, b investigations.KernelTask) int { return compare(float64(a.RSSPages), float64(b.RSSPages)) })
		s.culprit.PID, s.culprit.Comm = row.PID, row.Comm
	}
	if len(shares) > 1 {
		s.fact("culprit/pod", investigations.ToolMetrics, s.at, cmp.Or(top.source, s.usageSource()), nil, "%s",
			map[string]string{
				"growth": "Of the pod's containers, " + top.container + " grew by far the most before the kill.",
				"last":   "Of the pod's containers, " + top.container + " is the one that still grew when the limit was reached.",
				"excess": "No container of the pod grew much; " + top.container + " holds the most beyond its request.",
			}[by])
	}
}

func (s *scene) usageSource() string {
	if src := s.ev.Metrics.Queries[investigations.QueryWorkingSet].Source; src != "" {
		return src
	}
	if _, _, src := s.recorded(s.container); src != "" {
		return src
	}
	if s.kill != nil {
		return s.kill.source()
	}
	return "metrics/"
}

func (s *scene) sayShare(x share) string {
	values := map[string]float64{"usage_bytes": x.usage}
	text := fmt.Sprintf("Container %s held %s at the kill", x.container, bytesOf(x.usage))
	if !math.IsNaN(x.usual) {
		values["usual_bytes"] = x.usual
		text += ", against " + bytesOf(x.usual) + " earlier"
	}
	if x.unasked {
		text += "; what it requests is not known"
	} else {
		values["request_bytes"] = x.request
		text += "; it requests " + bytesOf(x.request)
	}
	if x.climb != nil {
		values["rise_begins_unix"] = math.Round(x.climb.since)
		text += x.climb.words(s.limitBytes) + s.recordedGrower(s.target.Namespace, s.target.Pod, x.container)
	}
	return s.fact("share/"+x.container, investigations.ToolMetrics, s.at, cmp.Or(x.source, s.usageSource()), values, "%s.", text)
}

// creepsMost says that a container of the pod rose all through a recording, by little, but by most of what the pod's
// containers gained in it.
func (s *scene) creepsMost(shares []share, top share) bool {
	all := 0.0
	for _, x := range shares {
		if !math.IsNaN(x.usual) {
			all += math.Max(0, x.usage-x.usual)
		}
	}
	return top.climb != nil && top.climb.steady() && top.usage-top.usual >= 0.02*s.limitBytes && top.usage-top.usual >= 0.6*all
}

// nodeCulprit names who used up the node: one holder that grew or holds most, if there is one.
func (s *scene) nodeCulprit() {
	if s.view == nil {
		return
	}
	if u := s.unitCulprit(); u != nil {
		s.culprit = u
		return
	}
	h, _, _ := s.view.main()
	if h == nil {
		if s.view.hasPast || len(s.view.holders) > 0 {
			s.culprit = &investigations.Party{Node: s.node}
		}
		return
	}
	s.culprit = s.holderParty(h)
}

// holderParty names a holder of the node.
func (s *scene) holderParty(h *holder) *investigations.Party {
	if h.outside() {
		return &investigations.Party{Node: s.node, Comm: h.comm, PID: h.pid}
	}
	p := s.party(h.pod.Namespace, h.pod.Name, s.containerOfHolder(h))
	p.PID, p.Comm = h.pid, h.comm
	if r := s.grower(h.pod.Namespace, h.pod.Name, p.Container); p.Comm == "" && r != nil {
		p.PID, p.Comm = r.last.PID, investigations.CleanText(r.last.Comm, 64)
	}
	if s.isVictim(h) && p.Container == s.victim.Container {
		return s.copyVictim()
	}
	return p
}

// unitCulprit: the cgroup of a system service ran into its own limit; no pod has a part in it.
func (s *scene) unitCulprit() *investigations.Party {
	if s.boundary != investigations.BoundarySlice || s.kill == nil || containsAny(s.kill.report.OOMMemcg, "kubepods") {
		return nil
	}
	p := &investigations.Party{Node: s.node}
	if v, ok := s.kill.victim(); ok {
		p.PID, p.Comm = v.PID, v.Comm
	}
	return p
}

// containerOfHolder names the container of a pod that holds its memory.
func (s *scene) containerOfHolder(h *holder) string {
	var apps []investigations.Container
	all := h.pod.Containers
	if w := s.workloadByPodName(h.pod.Namespace, h.pod.Name); len(all) == 0 && w != nil {
		all = w.Template.Containers
	}
	for _, c := range all {
		if c.Kind == investigations.ContainerApp || c.Kind == investigations.ContainerSidecar {
			apps = append(apps, c)
		}
	}
	// A container can't hold what its own limit forbids.
	if able := slices.DeleteFunc(slices.Clone(apps), func(c investigations.Container) bool {
		return c.MemoryLimit != nil && float64(*c.MemoryLimit) < 0.6*h.usage
	}); len(able) > 0 {
		apps = able
	}
	if len(apps) == 0 {
		return ""
	}
	best, usage := apps[0].Name, 0.0
	if name := s.recordedContainer(h, apps); name != "" {
		return name
	}
	for _, c := range apps {
		if x := s.curve(investigations.QueryWorkingSet, h.pod.Name, c.Name).at(seconds(s.at)); x > usage {
			best, usage = c.Name, x
		}
	}
	if usage == 0 && h.comm != "" {
		for _, c := range apps {
			if nameAffinity(c, h.comm) > 0 {
				return c.Name
			}
		}
	}
	return best
}
