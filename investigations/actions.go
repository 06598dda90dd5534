package investigations

import "slices"

// AllowedActions returns the actions that may be recommended with a verdict, by its mechanism, boundary, cause, trigger
// and change; collect_more is always among them.
//
// Where no want of memory ended it, no memory setting is. A leak has no higher limit, where a runtime's own ceiling or
// the node ran out the container's limit is not what broke, and where one neighbour took a node's memory it is that
// neighbour which is limited. rollback is for a revision that set it off, and for nothing else.
func AllowedActions(v Verdict) []Action {
	allowed := []Action{ActionCollectMore}
	switch {
	case carriesNone(v):
		return allowed
	case endedOtherwise(v):
		return append(allowed, ActionNoMemoryChange, ActionFixProbe, ActionReduceLoad)
	}
	if RolledOut(v) {
		allowed = append(allowed, ActionRollback)
	}
	for _, a := range Actions {
		if slices.Contains(curesOf(v.Cause, v.Boundary), a) {
			allowed = append(allowed, a)
		}
	}
	return allowed
}

// RequiredActions returns the actions that have to be among the recommendations of a verdict: rollback where a revision
// set it off, no_memory_change where memory was not short, and collect_more where the evidence carries no cause.
func RequiredActions(v Verdict) []Action {
	switch {
	case carriesNone(v):
		return []Action{ActionCollectMore}
	case endedOtherwise(v):
		return []Action{ActionNoMemoryChange}
	case RolledOut(v):
		return []Action{ActionRollback}
	}
	return nil
}

// RolledOut says whether a verdict names a revision that set it off. A change of configuration that is no revision, as
// of a ConfigMap or a LimitRange, can't be rolled back with the workload.
func RolledOut(v Verdict) bool {
	return (v.Trigger == TriggerDeploy || v.Trigger == TriggerConfigChange) && v.Change != nil && v.Change.Revision > 0
}

// carriesNone says whether a verdict names no cause.
func carriesNone(v Verdict) bool {
	return v.Cause == CauseInsufficientEvidence || !slices.Contains(Causes, v.Cause)
}

// endedOtherwise says whether it was no want of memory.
func endedOtherwise(v Verdict) bool {
	return v.Cause == CauseNotOOM || v.Boundary == BoundaryNone ||
		v.Mechanism == SigkillNotOOM || v.Mechanism == OtherExit || v.Mechanism == NotKilled
}

// What a cause admits beside collect_more and rollback: where a container's or a pod's limit broke, where a runtime's
// own ceiling did, and where the node ran out, or a part of it.
var (
	limitCures = map[Cause][]Action{
		CauseLeak:                    {ActionFixLeak},
		CauseUndersizedLimit:         {ActionSetLimit, ActionSetRequest, ActionScaleOut, ActionReduceLoad},
		CauseLoadSpike:               {ActionReduceLoad, ActionScaleOut, ActionSetLimit, ActionSetRequest},
		CauseRuntimeMisconfiguration: {ActionSetRuntimeCeiling, ActionSetLimit, ActionSetRequest, ActionReduceLoad},
		CauseSidecar:                 {ActionLimitCulprit, ActionSetLimit, ActionSetRequest, ActionReduceLoad},
		CauseMemoryBackedVolume:      {ActionCapVolume, ActionSetLimit, ActionSetRequest, ActionReduceLoad},
		CauseKernelMemory:            {ActionReduceLoad, ActionSetLimit, ActionSetRequest},
	}
	heapCures = map[Cause][]Action{
		CauseLeak:                    {ActionFixLeak},
		CauseUndersizedLimit:         {ActionSetRuntimeCeiling, ActionScaleOut, ActionReduceLoad},
		CauseLoadSpike:               {ActionReduceLoad, ActionScaleOut, ActionSetRuntimeCeiling},
		CauseRuntimeMisconfiguration: {ActionSetRuntimeCeiling, ActionReduceLoad},
	}
	nodeCures = map[Cause][]Action{
		CauseLeak:               {ActionFixLeak},
		CauseLoadSpike:          {ActionReduceLoad, ActionScaleOut, ActionSetRequest, ActionMoveOrResizeNode},
		CauseNoisyNeighbour:     {ActionLimitCulprit, ActionProtect, ActionSetRequest, ActionMoveOrResizeNode, ActionReduceLoad},
		CauseNodeOvercommit:     {ActionMoveOrResizeNode, ActionSetRequest, ActionProtect, ActionReduceLoad},
		CauseMemoryBackedVolume: {ActionCapVolume, ActionLimitCulprit, ActionProtect, ActionSetRequest, ActionMoveOrResizeNode, ActionReduceLoad},
		CauseKernelMemory:       {ActionReduceLoad, ActionMoveOrResizeNode, ActionProtect},
	}
)

// curesOf joins the tables where it is not known what broke.
func curesOf(c Cause, b Boundary) []Action {
	switch b {
	case BoundaryContainer, BoundaryPod:
		return limitCures[c]
	case BoundaryHeap:
		return heapCures[c]
	case BoundaryNode, BoundaryNUMA, BoundaryNodeAllocatable, BoundarySlice:
		return nodeCures[c]
	}
	return slices.Concat(limitCures[c], nodeCures[c])
}
