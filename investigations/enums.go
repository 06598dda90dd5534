package investigations

// Mechanism is how the victim ended.
type Mechanism string

// The mechanisms.
const (
	// MemcgOOMKill is a cgroup's limit that was hit, and the kernel killed; also while a container starts.
	MemcgOOMKill Mechanism = "memcg_oom_kill"
	// GlobalOOMKill is a kill for the whole machine, or its NUMA or cpuset part.
	GlobalOOMKill   Mechanism = "global_oom_kill"
	KubeletEviction Mechanism = "kubelet_eviction"
	// SystemdOOMD is a user-space killer.
	SystemdOOMD Mechanism = "systemd_oomd"
	// RuntimeOOM is a program whose own runtime gave up without a kernel kill.
	RuntimeOOM Mechanism = "runtime_oom"
	// SigkillNotOOM is SIGKILL for another reason.
	SigkillNotOOM Mechanism = "sigkill_not_oom"
	// OtherExit is an end that was no SIGKILL.
	OtherExit        Mechanism = "other_exit"
	NotKilled        Mechanism = "not_killed"
	MechanismUnknown Mechanism = "unknown"
)

// Boundary is whose limit ran out.
type Boundary string

// The boundaries.
const (
	BoundaryContainer Boundary = "container"
	BoundaryPod       Boundary = "pod"
	// BoundaryNodeAllocatable is the kubepods cgroup.
	BoundaryNodeAllocatable Boundary = "node_allocatable"
	// BoundarySlice is any other cgroup above the pod, or a system service's.
	BoundarySlice Boundary = "slice"
	BoundaryNode  Boundary = "node"
	BoundaryNUMA  Boundary = "numa"
	// BoundaryHeap is the runtime's own ceiling.
	BoundaryHeap    Boundary = "heap"
	BoundaryNone    Boundary = "none"
	BoundaryUnknown Boundary = "unknown"
)

// Cause is why the boundary was reached.
type Cause string

// The causes.
const (
	CauseLeak            Cause = "leak"
	CauseUndersizedLimit Cause = "undersized_limit"
	// CauseLoadSpike is traffic, one large request or input, or a batch job.
	CauseLoadSpike               Cause = "load_spike"
	CauseRuntimeMisconfiguration Cause = "runtime_misconfiguration"
	CauseSidecar                 Cause = "sidecar"
	// CauseNoisyNeighbour is another pod, or a process outside Kubernetes.
	CauseNoisyNeighbour       Cause = "noisy_neighbour"
	CauseNodeOvercommit       Cause = "node_overcommit"
	CauseMemoryBackedVolume   Cause = "memory_backed_volume"
	CauseKernelMemory         Cause = "kernel_memory"
	CauseNotOOM               Cause = "not_oom"
	CauseInsufficientEvidence Cause = "insufficient_evidence"
)

// Trigger is what set it off.
type Trigger string

// The triggers.
const (
	// TriggerDeploy is a new image, or containers or volumes added or removed.
	TriggerDeploy Trigger = "deploy"
	// TriggerConfigChange is a change with the same image.
	TriggerConfigChange Trigger = "config_change"
	TriggerTraffic      Trigger = "traffic"
	TriggerScheduledJob Trigger = "scheduled_job"
	// TriggerNone says that it was building up with no event behind it.
	TriggerNone    Trigger = "none"
	TriggerUnknown Trigger = "unknown"
)

// Action is what a recommendation asks for.
type Action string

// The actions.
const (
	ActionSetLimit          Action = "set_limit"
	ActionSetRequest        Action = "set_request"
	ActionRollback          Action = "rollback"
	ActionFixLeak           Action = "fix_leak"
	ActionSetRuntimeCeiling Action = "set_runtime_ceiling"
	ActionCapVolume         Action = "cap_volume"
	ActionLimitCulprit      Action = "limit_culprit"
	ActionMoveOrResizeNode  Action = "move_or_resize_node"
	ActionScaleOut          Action = "scale_out"
	ActionProtect           Action = "protect"
	ActionReduceLoad        Action = "reduce_load"
	ActionFixProbe          Action = "fix_probe"
	ActionCollectMore       Action = "collect_more"
	ActionNoMemoryChange    Action = "no_memory_change"
)

// Mechanisms, Boundaries, Causes, Triggers and Actions list every value of the enumerations, as the result
// document allows them.
var (
	Mechanisms = []Mechanism{
		MemcgOOMKill, GlobalOOMKill, KubeletEviction, SystemdOOMD, RuntimeOOM, SigkillNotOOM, OtherExit,
		NotKilled, MechanismUnknown,
	}
	Boundaries = []Boundary{
		BoundaryContainer, BoundaryPod, BoundaryNodeAllocatable, BoundarySlice, BoundaryNode, BoundaryNUMA,
		BoundaryHeap, BoundaryNone, BoundaryUnknown,
	}
	Causes = []Cause{
		CauseLeak, CauseUndersizedLimit, CauseLoadSpike, CauseRuntimeMisconfiguration, CauseSidecar,
		CauseNoisyNeighbour, CauseNodeOvercommit, CauseMemoryBackedVolume, CauseKernelMemory, CauseNotOOM,
		CauseInsufficientEvidence,
	}
	Triggers = []Trigger{
		TriggerDeploy, TriggerConfigChange, TriggerTraffic, TriggerScheduledJob, TriggerNone, TriggerUnknown,
	}
	Actions = []Action{
		ActionSetLimit, ActionSetRequest, ActionRollback, ActionFixLeak, ActionSetRuntimeCeiling,
		ActionCapVolume, ActionLimitCulprit, ActionMoveOrResizeNode, ActionScaleOut, ActionProtect,
		ActionReduceLoad, ActionFixProbe, ActionCollectMore, ActionNoMemoryChange,
	}
)

// AllowedCauses returns the causes that a boundary admits; insufficient_evidence is among them always.
// The boundaries of a node (node, numa, node_allocatable, slice) admit leak and load_spike only where victim
// and culprit are the same container, which sameContainer says. An unknown boundary admits every cause.
func AllowedCauses(b Boundary, sameContainer bool) []Cause {
	own := []Cause{
		CauseLeak, CauseUndersizedLimit, CauseLoadSpike, CauseRuntimeMisconfiguration,
		CauseMemoryBackedVolume, CauseKernelMemory,
	}
	var allowed []Cause
	switch b {
	case BoundaryContainer:
		allowed = own
	case BoundaryPod:
		allowed = append(own, CauseSidecar)
	case BoundaryNode, BoundaryNUMA, BoundaryNodeAllocatable, BoundarySlice:
		allowed = []Cause{CauseNoisyNeighbour, CauseNodeOvercommit, CauseKernelMemory, CauseMemoryBackedVolume}
		if sameContainer {
			allowed = append(allowed, CauseLeak, CauseLoadSpike)
		}
	case BoundaryHeap:
		allowed = []Cause{CauseLeak, CauseLoadSpike, CauseRuntimeMisconfiguration, CauseUndersizedLimit}
	case BoundaryNone:
		allowed = []Cause{CauseNotOOM}
	case BoundaryUnknown:
		allowed = Causes[: len(Causes)-1 : len(Causes)-1]
	}
	return append(allowed, CauseInsufficientEvidence)
}
