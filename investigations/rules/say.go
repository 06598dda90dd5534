package rules

import (
	"fmt"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// headlineLimit is the contract's: one sentence of at most 160 characters.
const headlineLimit = 160

// say writes the headline and the explanation: every sentence with the facts that it rests on.
func (s *scene) say() {
	s.headline = cutRunes(investigations.WithoutCitations(s.sayHeadline()), headlineLimit)
	var p []string
	p = append(p, s.sayWhat(), s.sayWhy(), s.sayTrigger(), s.sayStopGap(), s.sayWaste(), s.sayInherited(), s.sayDoubt())
	var out []string
	for _, x := range p {
		if x != "" {
			out = append(out, x)
		}
	}
	s.explain = strings.Join(out, "\n\n")
}

func (s *scene) who() string {
	switch {
	case s.target.Pod != "" && s.container != "":
		return fmt.Sprintf("%s/%s", s.target.Pod, s.container)
	case s.target.Pod != "":
		return s.target.Pod
	case s.victim != nil && s.victim.Comm != "":
		return s.victim.Comm
	case s.target.Workload != "":
		return s.target.Workload
	}
	return s.req.Target.String()
}

func (s *scene) sayHeadline() string {
	who := investigations.CleanText(s.who(), 70)
	limit := ""
	if s.limitBytes > 0 {
		limit = " of " + bytesOf(s.limitBytes)
		if c := containerSpec(s.spec(), s.container); c != nil && s.boundary == investigations.BoundaryContainer && s.limitBytes < 1<<20 && c.RawMemoryLimit != "" {
			limit = " of " + limitWord(c)
		}
	}
	switch {
	case s.reason != nil && s.best.cause == investigations.CauseInsufficientEvidence:
		return fmt.Sprintf("%s: the evidence at hand does not carry a cause.", who)
	case s.reason != nil:
		if s.mechanism == investigations.NotKilled {
			if s.reason.waits != "" {
				return fmt.Sprintf("Not an OOM kill: nothing killed %s; it can't run (%s).", who, s.reason.waits)
			}
			return fmt.Sprintf("Not an OOM kill: nothing killed %s.", who)
		}
		if s.reason.own {
			return fmt.Sprintf("Not an OOM kill: %s ended with %s.", who, s.reason.what)
		}
		return fmt.Sprintf("Not an OOM kill: %s was ended by %s.", who, s.reason.what)
	}
	boundary := map[investigations.Boundary]string{
		investigations.BoundaryContainer:       "at its memory limit" + limit,
		investigations.BoundaryPod:             "at its pod's memory limit" + limit,
		investigations.BoundaryNodeAllocatable: "because all pods together reached the node's allocatable memory",
		investigations.BoundarySlice:           "because a cgroup above its pod reached its limit",
		investigations.BoundaryNode:            "because node " + s.node + " ran out of memory",
		investigations.BoundaryNUMA:            "because the memory nodes it may use ran out",
		investigations.BoundaryHeap:            "at its runtime's own heap ceiling",
		investigations.BoundaryUnknown:         "for want of memory",
	}[s.boundary]
	if w := s.aboveWords(); w != "" {
		boundary = "because " + w
	}
	verb := "was killed"
	switch s.mechanism {
	case investigations.KubeletEviction:
		verb = "was evicted"
	case investigations.RuntimeOOM:
		verb = "gave up"
	case investigations.MechanismUnknown:
		if s.best.cause != investigations.CauseInsufficientEvidence {
			return fmt.Sprintf("%s: the evidence does not tell what ended it; supposed: %s.", who, s.causeWords())
		}
		return fmt.Sprintf("%s: the evidence does not tell what ended it.", who)
	}
	return fmt.Sprintf("%s %s %s: %s.", who, verb, boundary, s.causeWords())
}

func (s *scene) causeWords() string {
	culprit := ""
	if s.culprit != nil {
		culprit = s.culprit.Container
		if s.culprit.Pod != "" && s.culprit.Pod != s.target.Pod {
			culprit = s.culprit.Pod
		}
		if culprit == "" {
			culprit = s.culprit.Comm
		}
		culprit = outside(culprit, 50)
	}
	since := ""
	if s.change != nil && s.change.Revision > 0 {
		since = fmt.Sprintf(" since revision %d", s.change.Revision)
	} else if s.change != nil {
		since = " after a change of configuration"
	}
	switch s.best.cause {
	case investigations.CauseLeak:
		return "it leaks memory" + since
	case investigations.CauseUndersizedLimit:
		return "the limit is below what it needs" + since
	case investigations.CauseLoadSpike:
		return "a sudden load" + since
	case investigations.CauseRuntimeMisconfiguration:
		return "the runtime's own ceiling does not fit the limit" + since
	case investigations.CauseSidecar:
		return culprit + " used up the shared limit" + since
	case investigations.CauseNoisyNeighbour:
		if culprit == "" {
			return "something outside of the node's pods took the memory"
		}
		if s.neighbour != nil && s.change != nil && s.change.Revision > 0 {
			return fmt.Sprintf("%s took the memory since its revision %d", culprit, s.change.Revision)
		}
		return culprit + " took the memory"
	case investigations.CauseNodeOvercommit:
		return "many pods together use more than there is"
	case investigations.CauseMemoryBackedVolume:
		return "files in memory (tmpfs) took it" + since
	case investigations.CauseKernelMemory:
		return s.kernelWords() + since
	}
	return "why can't be told from the evidence at hand"
}

// sayWhat: what ended, and how one knows.
func (s *scene) sayWhat() string {
	if s.reason != nil {
		verb := "what ended it was "
		switch {
		case s.reason.own:
			verb = "it ended with "
		case s.mechanism == investigations.NotKilled:
			verb = "there was "
		}
		return fmt.Sprintf("%s was no victim of memory: %s%s.%s", outside(s.who(), 120), verb, outside(s.reason.what, 200), cite(s.reason.facts...))
	}
	ids := s.endFacts()
	if len(unique(ids)) == 0 {
		ids = s.best.pro
	}
	return s.mechanismWords() + cite(ids...)
}

// endFacts are the facts that say what ended, and at whose limit; some may be empty.
func (s *scene) endFacts() []string {
	ids := []string{
		s.led.ID("rules/startkill"), s.led.ID("rules/kernel/kill"), s.led.ID("rules/kernel/shift/" + s.node), s.led.ID("rules/kernel/userkill"), s.led.ID("rules/logs/runtime"),
		s.led.ID("rules/metrics/oomevents"), s.led.ID("rules/pods/silent"), s.led.ID("rules/pods/lost"), s.led.ID("rules/event/nodelost"),
	}
	if s.evicted != nil {
		ids = append(ids, s.evicted.facts...)
	}
	if s.death != nil {
		ids = append(ids, s.led.ID("rules/pods/death/"+s.death.pod.Name+"/"+s.death.container))
	}
	return append(ids, s.led.ID("rules/boundary/near"), s.led.ID("rules/boundary/pod"), s.led.ID("rules/boundary/far"), s.led.ID("rules/node/short"))
}

func (s *scene) mechanismWords() string {
	who := outside(s.who(), 120)
	switch s.mechanism {
	case investigations.MemcgOOMKill:
		if s.startKill {
			return "The kernel killed runc's init of " + who + " before the program started: the limit is too low even for that."
		}
		if s.silent {
			return "The kernel killed a process in " + who + " for its cgroup's limit; the container itself lived on."
		}
		if w := s.aboveWords(); w != "" {
			return "The kernel killed " + who + " because " + w + "."
		}
		if s.kill == nil && s.boundary == investigations.BoundaryUnknown {
			return who + " is labelled OOMKilled, which counts the kernel's kills of its processes: " + boundaryWords(s.boundary) + "."
		}
		return "The kernel killed " + who + " because " + boundaryWords(s.boundary) + "."
	case investigations.GlobalOOMKill:
		if w := s.aboveWords(); w != "" {
			return "The kernel killed " + who + " because " + w + "; its own limit was not what broke."
		}
		return "The kernel killed " + who + " because the machine ran out of memory; its own limit was not what broke."
	case investigations.KubeletEviction:
		return "The kubelet evicted " + who + " because the node was low on memory."
	case investigations.SystemdOOMD:
		return "A killer in user space ended " + who + " before the kernel had to."
	case investigations.RuntimeOOM:
		return "The runtime of " + who + " gave up at its own ceiling; no kernel kill took place."
	}
	return "What ended " + who + " is not known."
}

// boundaryWords says what broke, for a cgroup's kill.
func boundaryWords(b investigations.Boundary) string {
	switch b {
	case investigations.BoundaryContainer:
		return "the container reached its own memory limit"
	case investigations.BoundaryPod:
		return "the pod reached its memory limit, which its containers share"
	case investigations.BoundaryNodeAllocatable:
		return "all pods together reached what the node allows them"
	case investigations.BoundarySlice:
		return "a cgroup above the pod, or a system service's, reached its limit"
	}
	return "memory ran out; whether a cgroup's limit or the whole machine did is not known"
}

// sayWhy: the cause, with what speaks for it.
func (s *scene) sayWhy() string {
	if s.best.cause == investigations.CauseNotOOM {
		return ""
	}
	if s.best.cause == investigations.CauseInsufficientEvidence {
		return "No cause is carried by what could be read." + cite(s.best.pro...)
	}
	text := "Cause: " + s.causeWords() + "."
	pro := unique(s.best.pro)
	switch {
	case s.supposed != nil && s.supposed.bare:
		text += " Nothing in the evidence speaks for it; what is known is the end." + cite(pro...)
	case len(pro) > 0:
		text += " " + s.saysOf(pro[0]) + cite(pro[0])
		if len(pro) > 1 {
			text += " Further evidence:" + cite(pro[1:]...) + "."
		}
	}
	if len(s.best.con) > 0 {
		text += " Evidence against:" + cite(s.best.con...) + "."
	}
	return text
}

// saysOf returns the sentence of a fact.
func (s *scene) saysOf(id string) string {
	for _, f := range s.led.Facts() {
		if f.ID == id {
			return f.Says
		}
	}
	return ""
}

// sayTrigger: what set it off, and what did not.
func (s *scene) sayTrigger() string {
	if s.reason != nil {
		return ""
	}
	switch {
	case s.supposed != nil && s.supposed.unproven:
		return s.saySupposed()
	case s.change != nil:
		return s.sayChange() + cite(s.changeWhy...)
	case s.trigger == investigations.TriggerTraffic:
		return "Set off by load." + cite(s.changeWhy...)
	case s.trigger == investigations.TriggerScheduledJob:
		return "Set off by a job." + cite(s.changeWhy...)
	case s.trigger == investigations.TriggerNone && len(s.changeWhy) > 0:
		return "No change set it off; the last rollout is not it." + cite(s.changeWhy...)
	case s.trigger == investigations.TriggerUnknown && len(s.changeWhy) > 0 && s.best.cause != investigations.CauseInsufficientEvidence:
		return "What set it off can't be told." + cite(s.changeWhy...)
	}
	return ""
}

func (s *scene) sayChange() string {
	whose := ":"
	if s.neighbour != nil {
		whose = " a change of " + investigations.CleanText(s.change.Workload, 120) + ":"
	}
	return fmt.Sprintf("Set off by%s %s, at %s.", whose, outside(strings.Join(s.change.What, "; "), 300), stamp(s.change.At))
}

// sayStopGap: what a higher limit would buy against a leak, said as that.
func (s *scene) sayStopGap() string {
	if s.best.cause != investigations.CauseLeak || s.life == nil || s.life.mass.Slope <= 0 || s.life.limit <= 0 || s.boundary == investigations.BoundaryHeap {
		return ""
	}
	hours := 0.5 * s.life.limit / s.life.mass.Slope / 3600
	if hours > 24*60 || hours <= 0 {
		return ""
	}
	id := s.fact("leak/stopgap", investigations.ToolMetrics, s.at, s.usageSource(),
		map[string]float64{"extra_bytes": 0.5 * s.life.limit, "slope_bytes_per_hour": s.life.mass.Slope * 3600, "hours": round2(hours)},
		"Half as much limit again (%s) divided by the growth of %s an hour is %s.", bytesOf(0.5*s.life.limit), bytesOf(s.life.mass.Slope*3600), durationOf(time.Duration(hours*float64(time.Hour))))
	return "A higher limit cures no leak; as a stop-gap, half as much again would buy about " + durationOf(time.Duration(hours*float64(time.Hour))) + "." + cite(id)
}

// sayDoubt: why the confidence is no higher.
func (s *scene) sayDoubt() string {
	var why []string
	why = append(why, s.caps...)
	if s.supposed != nil {
		why = append(why, s.supposedDoubts()...)
	}
	if len(s.hypotheses) > 1 && s.hypotheses[0].cause == s.best.cause && s.best.score-s.hypotheses[1].score < 0.2 {
		why = append(why, "another cause ("+strings.ReplaceAll(string(s.hypotheses[1].cause), "_", " ")+") is close")
	}
	if len(why) == 0 {
		return ""
	}
	ids := s.best.pro
	if len(ids) > 1 {
		ids = ids[:1]
	}
	return "The confidence is held down by: " + strings.Join(why, "; ") + "." + cite(ids...)
}

// outside makes a text from outside fit for a sentence: cleaned, cut, and without citations of its own.
func outside(text string, n int) string {
	return investigations.WithoutCitations(investigations.CleanText(text, n))
}

// cutRunes cuts a sentence at n characters.
func cutRunes(t string, n int) string {
	r := []rune(investigations.CleanText(t, 4*n))
	if len(r) <= n {
		return string(r)
	}
	return string(r[:n-1]) + "…"
}
