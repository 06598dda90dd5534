package report

import (
	"fmt"
	"strings"

	inv "github.com/oombot/oombot/investigations"
)

// howWords says what ended the victim; the mechanism's own name where it has no words yet.
func howWords(m inv.Mechanism) string {
	switch m {
	case inv.MemcgOOMKill:
		return "the kernel's OOM killer"
	case inv.GlobalOOMKill:
		return "the kernel's OOM killer, because the machine ran out of memory"
	case inv.KubeletEviction:
		return "evicted by the kubelet"
	case inv.SystemdOOMD:
		return "a user-space OOM killer (systemd-oomd)"
	case inv.RuntimeOOM:
		return "the program's own runtime gave up; the kernel killed nothing"
	case inv.SigkillNotOOM:
		return "SIGKILL, but not for want of memory"
	case inv.OtherExit:
		return "it ended, and not by SIGKILL"
	case inv.NotKilled:
		return "nothing was killed"
	case inv.MechanismUnknown, "":
		return "not known"
	}
	return string(m)
}

// HowEnded adds to the mechanism what ran out, where the verdict's boundary tells.
func HowEnded(v *inv.Verdict) string {
	how := howWords(v.Mechanism)
	switch {
	case v.Mechanism == inv.KubeletEviction && v.Cause != inv.CauseNotOOM:
		return how + ", because the node ran low on memory"
	case v.Mechanism == inv.MemcgOOMKill && v.Boundary != inv.BoundaryUnknown && v.Boundary != "":
		return how + ", because a cgroup's memory limit was reached"
	}
	return how
}

// EndedWord says in one word what befell the victim.
func EndedWord(m inv.Mechanism) string {
	switch m {
	case inv.RuntimeOOM, inv.OtherExit, inv.MechanismUnknown:
		return "ended"
	case inv.KubeletEviction:
		return "evicted"
	}
	return "killed"
}

// BoundaryWords says whose limit ran out.
func BoundaryWords(b inv.Boundary) string {
	switch b {
	case inv.BoundaryContainer:
		return "container limit"
	case inv.BoundaryPod:
		return "pod limit"
	case inv.BoundaryNodeAllocatable:
		return "node allocatable (all pods together)"
	case inv.BoundarySlice:
		return "slice (a cgroup above the pod, or a service's)"
	case inv.BoundaryNode:
		return "node memory"
	case inv.BoundaryNUMA:
		return "NUMA node or cpuset"
	case inv.BoundaryHeap:
		return "heap ceiling of the runtime"
	case inv.BoundaryUnknown, "":
		return "unknown"
	case inv.BoundaryNone:
		return "none"
	}
	return string(b)
}

// CauseWords is the cause as people say it; its own name where it has no words yet.
func CauseWords(c inv.Cause) string {
	switch c {
	case inv.CauseUndersizedLimit:
		return "undersized limit"
	case inv.CauseLoadSpike:
		return "load spike"
	case inv.CauseRuntimeMisconfiguration:
		return "runtime misconfiguration"
	case inv.CauseNoisyNeighbour:
		return "noisy neighbour"
	case inv.CauseNodeOvercommit:
		return "node overcommit"
	case inv.CauseMemoryBackedVolume:
		return "memory-backed volume (tmpfs)"
	case inv.CauseKernelMemory:
		return "kernel memory"
	case inv.CauseNotOOM:
		return "not an OOM"
	case inv.CauseInsufficientEvidence, "":
		return "insufficient evidence"
	case inv.CauseLeak, inv.CauseSidecar:
	}
	return string(c)
}

// TriggerWords says what set it off.
func TriggerWords(t inv.Trigger) string {
	switch t {
	case inv.TriggerConfigChange:
		return "config change"
	case inv.TriggerScheduledJob:
		return "scheduled job"
	case inv.TriggerNone:
		return "none (it built up)"
	case inv.TriggerUnknown, "":
		return "unknown"
	case inv.TriggerDeploy, inv.TriggerTraffic:
	}
	return string(t)
}

// ConfidenceWords gives the number as percent and as a word.
func ConfidenceWords(c float64) string { return fmt.Sprintf("%.0f %% (%s)", c*100, ConfidenceWord(c)) }

// ConfidenceWord says how high a confidence of 0 to 1 is.
func ConfidenceWord(c float64) string {
	switch {
	case c >= 0.85:
		return "high"
	case c >= 0.65:
		return "fair"
	case c >= 0.4:
		return "low"
	}
	return "very low"
}

// OutcomeWords says what came of an earlier incident's advice; its own name where it has no words yet.
func OutcomeWords(o inv.OutcomeState) string {
	switch o {
	case inv.OutcomeFixApplied:
		return "a fix was applied"
	case inv.OutcomeFixHeld:
		return "the fix held"
	case inv.OutcomeFixFailed:
		return "the fix did not hold"
	case inv.OutcomeRecurredUnfixed:
		return "it came back, unfixed"
	case inv.OutcomeUnknown, "":
		return "outcome unknown"
	}
	return string(o)
}

// ActionWords is a recommendation as a sentence without its full stop.
func ActionWords(r inv.Recommendation) string {
	subject := r.Workload
	if r.Container != "" {
		subject = strings.TrimSpace("container " + r.Container + of(r.Workload))
	}
	switch r.Action {
	case inv.ActionSetLimit:
		return "Set the memory limit" + of(subject) + to(r.Value)
	case inv.ActionSetRequest:
		return "Set the memory request" + of(subject) + to(r.Value)
	case inv.ActionRollback:
		if r.Revision > 0 {
			return fmt.Sprintf("Roll back %s to revision %d", orThe(r.Workload, "the workload"), r.Revision)
		}
		return "Roll back " + orThe(r.Workload, "the change")
	case inv.ActionFixLeak:
		return "Find and fix the leak" + in(subject)
	case inv.ActionSetRuntimeCeiling:
		return "Set the runtime's memory ceiling" + of(subject) + to(r.Value)
	case inv.ActionCapVolume:
		return "Cap the memory-backed volume" + of(subject) + at(r.Value)
	case inv.ActionLimitCulprit:
		return "Limit the memory" + of(orThe(subject, "the culprit")) + to(r.Value)
	case inv.ActionMoveOrResizeNode:
		return "Move pods off the node, or give it more memory"
	case inv.ActionScaleOut:
		return "Run more replicas" + of(r.Workload) + to(r.Value)
	case inv.ActionProtect:
		return "Protect " + orThe(subject, "the victim") + " by its request, priority or QoS class"
	case inv.ActionReduceLoad:
		return "Reduce the load" + on(subject) + ", or the size of one request or batch"
	case inv.ActionFixProbe:
		return "Fix the probe" + of(subject)
	case inv.ActionCollectMore:
		return "Collect what is missing"
	case inv.ActionNoMemoryChange:
		return "Change no memory setting"
	}
	return string(r.Action)
}

func of(s string) string { return prefixed(" of ", s) }
func in(s string) string { return prefixed(" in ", s) }
func on(s string) string { return prefixed(" on ", s) }
func to(s string) string { return prefixed(" to ", s) }
func at(s string) string { return prefixed(" at ", s) }

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

func orThe(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
