package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// deadline: the pod, or the job that it belongs to, ran longer than its activeDeadlineSeconds allows. The kubelet
// writes that into the pod's status (pkg/kubelet/active_deadline.go), the job controller into the job's condition.
func (s *scene) deadline() *otherReason {
	const reason = "DeadlineExceeded"
	r := &otherReason{what: "its active deadline (activeDeadlineSeconds), which had passed", sure: 0.95}
	if s.pod != nil && s.pod.Reason == reason {
		r.facts = append(r.facts, s.fact("pods/deadline", investigations.ToolPods, s.at, s.pod.Source, nil,
			"The pod's status has reason %s: %s.", reason, quoted(s.pod.Message)))
	}
	if w := s.workload; w != nil && w.Kind == "job" {
		for _, c := range w.Conditions {
			if c.Reason == reason && c.Status != "False" && (c.At.IsZero() || absDur(c.At.Sub(s.at)) <= 10*time.Minute) {
				r.facts = append(r.facts, s.fact("rollouts/deadline", investigations.ToolRollouts, c.At, w.Source, nil,
					"The condition %s of %s has reason %s: %s.", c.Type, w.Ref(), reason, quoted(c.Message)))
			}
		}
	}
	for i := range s.ev.Pods.Events {
		e := &s.ev.Pods.Events[i]
		own := s.pod != nil && e.Kind == "Pod" && e.Name == s.pod.Name && e.Namespace == s.pod.Namespace
		job := s.pod != nil && e.Kind == "Job" && s.pod.OwnerKind == "job" && e.Name == s.pod.OwnerName && e.Namespace == s.pod.Namespace
		if e.Reason == reason && (own || job) && absDur(e.Last.Sub(s.at)) <= 10*time.Minute {
			r.facts = append(r.facts, s.sayEvent("deadline", e))
		}
	}
	if len(r.facts) == 0 {
		return nil
	}
	return r
}

func quoted(text string) string { return `"` + investigations.CleanText(text, 240) + `"` }

// graceWords say that a container that was asked to stop did not: after the grace period the kubelet sends SIGKILL.
func (s *scene) graceWords() string {
	if s.death != nil && s.death.term.ExitCode == 137 {
		return ", whose grace period ran out"
	}
	return ""
}

var scaledRE = regexp.MustCompile(`(?i)scaled down replica set (\S+)(?: from (\d+))? to (\d+)`)

// stoppedFor says for what the API had a pod stopped, as far as the workload's revisions and events tell: a rollout,
// or a smaller number of replicas. It returns the words and the facts, or "".
func (s *scene) stoppedFor() (string, []string) {
	if s.pod == nil || s.workload == nil {
		return "", nil
	}
	if r := s.revisionByHash(s.hashOf(s.pod.Namespace, s.pod.Name)); r != nil {
		for i := range s.workload.Revisions {
			n := &s.workload.Revisions[i]
			if at := s.rolledOut(n); n.Number > r.Number && !at.After(s.at) && s.at.Sub(at) <= time.Hour {
				return fmt.Sprintf("the rollout of revision %d", n.Number), []string{s.fact("stop/rollout", investigations.ToolRollouts, at, n.Source,
					map[string]float64{"revision": float64(n.Number)},
					"Revision %d of %s came into force at %s; the pod is of revision %d.", n.Number, s.workload.Ref(), stamp(at), r.Number)}
			}
		}
	}
	for i := range s.ev.Pods.Events {
		e := &s.ev.Pods.Events[i]
		if e.Reason != "ScalingReplicaSet" || e.Namespace != s.pod.Namespace || e.Name != s.workload.Name || absDur(e.Last.Sub(s.at)) > 10*time.Minute {
			continue
		}
		if m := scaledRE.FindStringSubmatch(e.Message); m != nil && m[1] == s.pod.OwnerName {
			return "a scale-down of " + s.workload.Ref() + s.scaledBy(), []string{s.sayEvent("scaledown", e)}
		}
	}
	return "", nil
}

// scaledBy names the autoscaler that changed the number of replicas within minutes of the end; "" where none did.
func (s *scene) scaledBy() string {
	for i := range s.ev.Pods.Events {
		e := &s.ev.Pods.Events[i]
		if e.Kind == "HorizontalPodAutoscaler" && e.Reason == "SuccessfulRescale" && e.Namespace == s.pod.Namespace && absDur(e.Last.Sub(s.at)) <= 10*time.Minute &&
			slices.ContainsFunc(s.ev.Rollouts.Autoscalers, func(a investigations.Autoscaler) bool {
				return a.Name == e.Name && strings.EqualFold(a.Target, s.workload.Ref())
			}) {
			return " by the HorizontalPodAutoscaler " + e.Name
		}
	}
	return ""
}

// byLostSight: the kubelet could not find the container any more (its node went away, or the runtime lost it) and
// put 137 and ContainerStatusUnknown into the status itself (pkg/kubelet/kubelet_pods.go): nobody saw a SIGKILL.
func (s *scene) byLostSight() bool {
	if s.death == nil || s.kill != nil || s.death.term.Reason != "ContainerStatusUnknown" {
		return false
	}
	s.sayDeath(s.death)
	s.fact("pods/lost", investigations.ToolPods, s.at, s.death.pod.Source, nil,
		"The kubelet wrote exit code %d and the reason ContainerStatusUnknown itself, for a container that it could no longer find: how it ended was not seen.", s.death.term.ExitCode)
	if e := s.podEvents(func(e investigations.Event) bool {
		return e.Reason == "NodeNotReady" || e.Reason == "TaintManagerEviction"
	}); e != nil {
		s.sayEvent("nodelost", e)
	}
	s.mechanism = investigations.MechanismUnknown
	return true
}

// waitsFor says why the container does not run, where it never ended: its image can't be pulled, its configuration
// is missing. It returns the kubelet's word and the fact's id, or "".
func (s *scene) waitsFor() (string, string) {
	c := containerSpec(s.pod, s.container)
	if c == nil || c.State.WaitingReason == "" || c.State.WaitingReason == "ContainerCreating" || c.State.WaitingReason == "PodInitializing" {
		return "", ""
	}
	why := investigations.CleanText(c.State.WaitingReason, 60)
	return why, s.fact("pods/waiting", investigations.ToolPods, s.at, s.pod.Source, nil,
		"Container %s does not run: it waits with reason %s, message %s.", c.Name, why, quoted(c.State.WaitingMessage))
}

// lookAt says where more is to be learnt about an end that no source explains, or about no end at all.
func (r *otherReason) lookAt() string {
	if r.waits != "" {
		return "Look at the events of the pod: they say why it can't run (" + r.waits + ")."
	}
	return "Look at the events of the pod and the audit log around that moment."
}

var (
	lowOnRE    = regexp.MustCompile(`(?i)low on resource: \[?([a-z.-]*[a-z])`)
	emptyDirRE = regexp.MustCompile(`(?i)usage of emptydir volume "?([^" ]+)"? exceeds`)
)

// resource is what an eviction was for, as its message says: "memory", "ephemeral-storage"; "" unknown. A
// container's name in the message may hold any word.
func (e *eviction) resource() string {
	if m := lowOnRE.FindStringSubmatch(e.message); m != nil {
		if strings.HasPrefix(strings.ToLower(m[1]), "memory") {
			return "memory"
		}
		return strings.ToLower(m[1])
	}
	if strings.Contains(strings.ToLower(e.message), "memorypressure") {
		return "memory"
	}
	return ""
}

// words says what an eviction was for, where it was not memory.
func (e *eviction) words() string {
	if r := e.resource(); r != "" {
		return "an eviction, because the node ran low on " + investigations.CleanText(r, 40)
	}
	if m := emptyDirRE.FindStringSubmatch(e.message); m != nil {
		return "an eviction, because the emptyDir " + investigations.CleanText(m[1], 63) + " exceeded its size limit"
	}
	return "an eviction for another resource than memory"
}
