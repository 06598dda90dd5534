package rules

import (
	"fmt"
	"math"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// recommend says what to do, in numbers, with commands to copy.
func (s *scene) recommend() {
	switch s.best.cause {
	case investigations.CauseNotOOM:
		s.adviseNotOOM()
		return
	case investigations.CauseLeak:
		s.adviseLeak()
	case investigations.CauseUndersizedLimit:
		s.adviseUndersized()
	case investigations.CauseLoadSpike:
		s.adviseSpike()
	case investigations.CauseRuntimeMisconfiguration:
		s.adviseRuntime()
	case investigations.CauseSidecar:
		s.adviseSidecar()
	case investigations.CauseNoisyNeighbour:
		s.adviseNeighbour()
	case investigations.CauseNodeOvercommit:
		s.adviseOvercommit()
	case investigations.CauseMemoryBackedVolume:
		s.adviseVolume()
	case investigations.CauseKernelMemory:
		s.adviseKernelMemory()
	case investigations.CauseInsufficientEvidence:
		s.adviseMore(s.missingNote())
	}
	s.adviseRollback()
}

func (s *scene) advise(r investigations.Recommendation) {
	if r.Why = unique(r.Why); len(r.Why) == 0 {
		r.Why = unique(s.best.pro)
	}
	// The strongest facts carry an advice; the rest stands with the cause.
	r.Why = r.Why[:min(len(r.Why), 3)]
	s.advice = append(s.advice, r)
}

func (s *scene) adviseLeak() {
	note := "Find what keeps references: compare two heap dumps or profiles of the same pod, taken hours apart."
	if s.startAt != "" {
		note = s.startAt
	}
	s.advise(investigations.Recommendation{
		Action: investigations.ActionFixLeak, Workload: s.target.Workload, Container: s.subjectContainer,
		Note: note,
	})
	if len(s.ev.Profiles.Profiles) == 0 {
		s.advise(investigations.Recommendation{
			Action: investigations.ActionCollectMore, Container: s.subjectContainer,
			Note: "Take a heap profile now and another one hours later: it names the functions that hold the growth.",
		})
	}
}

func (s *scene) adviseUndersized() {
	if s.boundary == investigations.BoundaryHeap {
		s.adviseCeiling(true)
		return
	}
	if s.boundary == investigations.BoundaryPod && !s.startKill && s.limitBytes > 0 {
		s.advisePodUndersized()
		return
	}
	d := s.findDemand()
	value := d.proposeLimit()
	if s.startKill {
		value = s.startLimit()
		d.fact = s.led.ID("rules/undersized/tiny")
	}
	note := s.demandNote(d)
	s.adviseLimit(s.subjectContainer, value, note, append([]string{d.fact}, s.best.pro...))
	if d.usual > 0 && !s.startKill {
		s.adviseRequest(s.subjectContainer, math.Min(roundUp(d.usual), value), d)
	}
	if s.follows().yes && s.canScale() {
		s.adviseScale(s.follows().fact)
	}
}

// startLimit is a limit for a container that never ran: what it had before, or the unit that was meant.
func (s *scene) startLimit() float64 {
	if r, prev := s.revisions(); r != nil && prev != nil {
		if c := templateContainer(prev.Template, s.subjectContainer); c != nil && c.MemoryLimit != nil && *c.MemoryLimit > 16<<20 {
			return float64(*c.MemoryLimit)
		}
	}
	if c := containerSpec(s.pod, s.subjectContainer); c != nil {
		if n, ok := strings.CutSuffix(c.RawMemoryLimit, "m"); ok {
			var v float64
			if _, err := fmt.Sscanf(n, "%g", &v); err == nil && v >= 16 && v < 1<<20 {
				return v * (1 << 20)
			}
		}
		if c.MemoryRequest != nil && *c.MemoryRequest > 32<<20 {
			return roundUp(float64(*c.MemoryRequest) * headroom)
		}
	}
	return 128 << 20
}

// adviseLimit recommends a limit, checked against what bounds it and who owns the field.
func (s *scene) adviseLimit(container string, value float64, note string, why []string) {
	if value <= 0 {
		s.advise(investigations.Recommendation{
			Action: investigations.ActionSetLimit, Workload: s.target.Workload, Container: container, Why: why,
			Note: "Set it above what the program needs, which no source at hand shows.",
		})
		return
	}
	q := quantityOf(value)
	command := s.setResources(container, "--limits=memory="+q)
	if n := s.boundsOf(value); n != "" {
		note += " " + n
	}
	if n := s.refusedAt(value); n != "" {
		note += " " + n
		command = ""
	}
	if n := s.qosNote(container, value); n != "" {
		note += " " + n
	}
	if g := s.gitOwner(); g != "" {
		note += " " + g
	}
	s.advise(investigations.Recommendation{
		Action: investigations.ActionSetLimit, Workload: s.target.Workload, Container: container, Value: q,
		Command: command, Note: note, Why: why,
	})
}

func (s *scene) adviseRequest(container string, value float64, d demand) {
	c := containerSpec(s.spec(), container)
	if c != nil && c.MemoryRequest != nil && math.Abs(float64(*c.MemoryRequest)-value) < 0.15*value {
		return
	}
	q := quantityOf(value)
	s.advise(investigations.Recommendation{
		Action: investigations.ActionSetRequest, Workload: s.target.Workload, Container: container, Value: q,
		Command: s.setResources(container, "--requests=memory="+q),
		Note:    fmt.Sprintf("The usual level is %s: a request near it keeps the pod from being evicted first.", bytesOf(d.usual)), Why: []string{d.fact},
	})
}

func (s *scene) canScale() bool {
	return s.workload != nil && (s.workload.Kind == "deployment" || s.workload.Kind == "statefulset")
}

func (s *scene) adviseScale(why ...string) {
	n := int32(1)
	if s.workload.Replicas != nil {
		n = *s.workload.Replicas
	}
	want := n + max(1, n/2)
	r := investigations.Recommendation{
		Action: investigations.ActionScaleOut, Workload: s.target.Workload, Why: why,
		Note:    "Memory follows the traffic that each replica takes: more replicas share it.",
		Command: kubectl("scale", "-n", s.target.Namespace, s.workload.Ref(), fmt.Sprintf("--replicas=%d", want)),
	}
	for _, a := range s.ev.Rollouts.Autoscalers {
		if a.Kind == "hpa" && a.Namespace == s.target.Namespace && strings.EqualFold(a.Target, s.workload.Ref()) {
			r.Command = ""
			r.Note += fmt.Sprintf(" The HorizontalPodAutoscaler %s owns the number of replicas (%d to %d): raise its bounds or lower its target.", a.Name, a.Min, a.Max)
		}
	}
	s.advise(r)
}

func (s *scene) adviseSpike() {
	note := "Bound what one request, input or job may hold in memory: stream it, page it, or refuse it above a size."
	why := append([]string{}, s.best.pro...)
	if s.burst() != "" {
		note = "Shed or queue load above what the replicas can hold."
	}
	s.advise(investigations.Recommendation{Action: investigations.ActionReduceLoad, Workload: s.target.Workload, Container: s.subjectContainer, Note: note, Why: why})
	if s.burst() != "" && s.canScale() {
		s.adviseScale(s.burst())
	}
	if s.boundary == investigations.BoundaryPod && s.limitBytes > 0 {
		s.advisePodSpike(why)
		return
	}
	if s.boundary == investigations.BoundaryContainer || s.boundary == investigations.BoundaryPod {
		limit := s.containerLimit(s.target.Pod, s.subjectContainer)
		if limit <= 0 {
			return
		}
		id := s.fact("demand/spike", investigations.ToolMetrics, s.at, s.usageSource(), map[string]float64{"at_least_bytes": limit},
			"The rise was cut off at the limit of %s, so it says only \"at least\".", bytesOf(limit))
		s.adviseLimit(s.subjectContainer, roundUp(limit*1.5), "If the load is legitimate and can't be bounded: a step up, to be confirmed by the next one.", append(why, id))
	}
}

func (s *scene) adviseRuntime() {
	s.adviseCeiling(s.runtimeFit != nil && s.runtimeFit.tooSmall)
}

// adviseCeiling recommends the runtime's own ceiling; up says that it is to be raised.
func (s *scene) adviseCeiling(up bool) {
	r := s.runtimeFit
	if r == nil {
		s.advise(investigations.Recommendation{
			Action: investigations.ActionSetRuntimeCeiling, Workload: s.target.Workload, Container: s.subjectContainer,
			Note: "Set the runtime's own ceiling to about three quarters of the container's limit.",
		})
		return
	}
	b, flag := r.fittingCeiling()
	note := fmt.Sprintf("%s leaves room under the limit of %s for what the runtime takes beside its heap.", flag, bytesOf(r.limit))
	if up {
		note = fmt.Sprintf("The heap's ceiling, not the container's limit, ran out: %s uses what the limit of %s allows.", flag, bytesOf(r.limit))
	}
	if p := s.ceilingPlace(r); p != "" {
		note += " " + p
	}
	s.advise(investigations.Recommendation{
		Action: investigations.ActionSetRuntimeCeiling, Workload: s.target.Workload, Container: s.subjectContainer, Value: quantityOf(b),
		Command: s.setCeiling(r, flag), Note: note, Why: []string{r.fact},
	})
}

func (s *scene) adviseSidecar() {
	c := s.culprit.Container
	var usual float64
	for _, x := range s.podShares() {
		if x.container == c && !math.IsNaN(x.usual) {
			usual = x.usual
		}
	}
	r := investigations.Recommendation{Action: investigations.ActionLimitCulprit, Workload: s.target.Workload, Container: c}
	if usual > 0 {
		q := quantityOf(roundUp(usual * 1.5))
		r.Value, r.Command = q, s.setResources(c, "--limits=memory="+q)
		r.Note = fmt.Sprintf("Half as much again as its usual %s: then it is %s that gets killed, and not its neighbours in the pod.", bytesOf(usual), c)
	} else {
		r.Note = "Give it a limit of its own, so that it can't take what the pod's other containers need."
	}
	if l := s.life; l != nil && l.container == c && l.mass.growing() {
		r.Note += " It grows without end; a fix or an update of its image is the cure."
	}
	s.advise(r)
}

func (s *scene) adviseNeighbour() {
	top, _, _ := s.view.main()
	why := append([]string{}, s.best.pro...)
	r := investigations.Recommendation{Action: investigations.ActionLimitCulprit, Why: why}
	switch {
	case top == nil || top.outside():
		r.Note = s.outsideNote()
	default:
		r.Container = s.culprit.Container
		if w := s.workloadOf(top.pod); w != nil {
			r.Workload = w.Ref()
		}
		s.neighbourLimit(&r, top)
	}
	s.advise(r)
	s.adviseProtect()
}

// adviseProtect: a request near its real usage lowers the victim's oom_score_adj.
func (s *scene) adviseProtect() {
	c := containerSpec(s.pod, s.container)
	u, _, ok := s.lastUsage(s.target.Pod, s.container)
	if c == nil || !ok || c.MemoryRequest != nil && float64(*c.MemoryRequest) > 0.8*u {
		return
	}
	q := quantityOf(roundUp(u))
	s.advise(investigations.Recommendation{
		Action: investigations.ActionProtect, Workload: s.target.Workload, Container: s.container, Value: q,
		Command: s.setResources(s.container, "--requests=memory="+q),
		Note:    fmt.Sprintf("The victim used %s and requested less: a true request makes it a less likely victim.", bytesOf(u)),
		Why:     []string{s.fact("protect", investigations.ToolMetrics, s.at, s.usageSource(), map[string]float64{"usage_bytes": u, "request_bytes": bytesPtr(c.MemoryRequest)}, "The victim's working set was %s; it requests %s.", bytesOf(u), bytesOf(bytesPtr(c.MemoryRequest)))},
	})
}

func (s *scene) adviseOvercommit() {
	s.advise(investigations.Recommendation{
		Action: investigations.ActionMoveOrResizeNode,
		Note:   fmt.Sprintf("Node %s holds more than it has: move pods away, add a node, or take larger ones.", investigations.CleanText(s.node, 63)),
	})
	n := 0
	for _, h := range s.view.holders {
		if h.outside() || h.excess() <= 0.02*s.view.total || n == 3 { // 0 of 0 where neither is known
			continue
		}
		n++
		w := s.workloadOf(h.pod)
		r := investigations.Recommendation{
			Action: investigations.ActionSetRequest, Container: s.containerOfHolder(h), Value: quantityOf(roundUp(h.usage)), Why: []string{s.sayHolder(h)},
			Note: fmt.Sprintf("%s uses more than it requests; a true request keeps the scheduler from overfilling the node.", h.name),
		}
		if w != nil {
			r.Workload = w.Ref()
			r.Command = setResources(h.pod.Namespace, r.Workload, r.Container, "--requests=memory="+r.Value)
		}
		s.advise(r)
	}
	if n == 0 {
		s.advise(investigations.Recommendation{Action: investigations.ActionSetRequest, Note: "Set requests to what the pods really use, so that the scheduler does not overfill the node."})
	}
}

func (s *scene) adviseVolume() {
	r := investigations.Recommendation{Action: investigations.ActionCapVolume, Workload: s.target.Workload, Container: s.subjectContainer}
	if s.volume != nil {
		size := roundUp(math.Max(32<<20, 0.25*s.limitBytes))
		r.Value = quantityOf(size)
		r.Note = fmt.Sprintf("Give the volume %s a sizeLimit well below the memory limit (it counts against it), delete what is no longer needed, or use a volume on disk.", investigations.Quote(s.volume.Name, 63))
	} else {
		r.Note = "The pod has no emptyDir in memory: cap what the program writes to /dev/shm, or mount an emptyDir with a sizeLimit there."
	}
	s.advise(r)
}

func (s *scene) adviseKernelMemory() {
	if s.view != nil {
		s.kernelAdviceForNode()
		return
	}
	s.advise(investigations.Recommendation{
		Action: investigations.ActionReduceLoad, Workload: s.target.Workload, Container: s.subjectContainer,
		Note: "Reduce what makes the kernel allocate: open files and directories walked (slab), connections and their buffers (sockets), processes and mappings (page tables).",
	})
	s.adviseMore("Watch memory.stat of the cgroup (slab, sock, pagetables) over a day to see which grows.")
}

func (s *scene) adviseMore(note string) {
	s.advise(investigations.Recommendation{Action: investigations.ActionCollectMore, Workload: s.target.Workload, Container: s.subjectContainer, Note: note})
}

func (s *scene) adviseNotOOM() {
	if s.reason.probe {
		s.advise(investigations.Recommendation{
			Action: investigations.ActionFixProbe, Workload: s.target.Workload, Container: s.container,
			Note: "Find out why the probe failed: a slow dependency, a timeout too short, a start that takes longer than allowed.", Why: s.reason.facts,
		})
	}
	if s.reason.unexplained || s.mechanism == investigations.NotKilled {
		s.advise(investigations.Recommendation{
			Action: investigations.ActionCollectMore, Workload: s.target.Workload, Container: s.container, Note: s.reason.lookAt(), Why: s.reason.facts,
		})
	}
	s.advise(investigations.Recommendation{
		Action: investigations.ActionNoMemoryChange, Workload: s.target.Workload, Container: s.container,
		Note: "It was no want of memory: leave limits and requests as they are.", Why: s.reason.facts,
	})
}
