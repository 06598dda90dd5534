package grounding

import (
	"slices"

	"github.com/oombot/oombot/investigations"
)

// ending says with which verdicts a phrase of ends agrees. Empty lists agree with all.
type ending struct {
	mechanisms []investigations.Mechanism
	boundaries []investigations.Boundary
	// says what the phrase claims, for the reason.
	says string
}

// endings are what the labels of ends claim.
var endings = map[string]ending{
	"own limit":   {boundaries: []investigations.Boundary{investigations.BoundaryContainer, investigations.BoundarySlice}, says: "that the container's own limit ran out"},
	"limit":       {boundaries: []investigations.Boundary{investigations.BoundaryContainer, investigations.BoundaryPod, investigations.BoundaryNodeAllocatable, investigations.BoundarySlice}, says: "that a memory limit ran out"},
	"spare":       {boundaries: []investigations.Boundary{investigations.BoundaryNode, investigations.BoundaryNUMA, investigations.BoundaryHeap, investigations.BoundaryNone, investigations.BoundaryNodeAllocatable, investigations.BoundarySlice}, says: "that it stayed far from its limit"},
	"pod limit":   {boundaries: []investigations.Boundary{investigations.BoundaryPod}, says: "that the pod's limit ran out"},
	"node memory": {mechanisms: []investigations.Mechanism{investigations.GlobalOOMKill, investigations.KubeletEviction, investigations.SystemdOOMD}, boundaries: []investigations.Boundary{investigations.BoundaryNode, investigations.BoundaryNodeAllocatable}, says: "that the node ran out of memory"},
	"global":      {mechanisms: []investigations.Mechanism{investigations.GlobalOOMKill}, says: "a kill for the whole machine"},
	"evicted":     {mechanisms: []investigations.Mechanism{investigations.KubeletEviction}, says: "an eviction"},
	"oomd":        {mechanisms: []investigations.Mechanism{investigations.SystemdOOMD}, says: "a kill by a user-space killer"},
	"runtime":     {mechanisms: []investigations.Mechanism{investigations.RuntimeOOM}, says: "that the program's own runtime gave up"},
	"exit":        {mechanisms: []investigations.Mechanism{investigations.OtherExit, investigations.RuntimeOOM}, says: "that it ended by itself"},
	"outside kill": {
		mechanisms: []investigations.Mechanism{investigations.SigkillNotOOM}, says: "that it was killed from outside",
	},
	"probe":       {mechanisms: []investigations.Mechanism{investigations.SigkillNotOOM, investigations.OtherExit}, says: "that a probe ended it"},
	"oom":         {mechanisms: []investigations.Mechanism{investigations.MemcgOOMKill, investigations.GlobalOOMKill, investigations.SystemdOOMD}, says: "an OOM kill"},
	"kernel kill": {mechanisms: []investigations.Mechanism{investigations.MemcgOOMKill, investigations.GlobalOOMKill}, says: "that the kernel killed it"},
	"free node":   {boundaries: []investigations.Boundary{investigations.BoundaryContainer, investigations.BoundaryPod, investigations.BoundaryNodeAllocatable, investigations.BoundarySlice, investigations.BoundaryNUMA, investigations.BoundaryHeap, investigations.BoundaryNone}, says: "that the node had memory to spare"},
	"memory":      {mechanisms: []investigations.Mechanism{investigations.MemcgOOMKill, investigations.GlobalOOMKill, investigations.SystemdOOMD, investigations.KubeletEviction, investigations.RuntimeOOM}, says: "that memory ran out"},
	"untouched":   {mechanisms: []investigations.Mechanism{investigations.NotKilled, investigations.RuntimeOOM, investigations.OtherExit}, says: "that nothing was killed"},
	"numa":        {boundaries: []investigations.Boundary{investigations.BoundaryNUMA}, says: "that only some memory nodes ran out"},
	"allocatable": {boundaries: []investigations.Boundary{investigations.BoundaryNodeAllocatable}, says: "that all pods together reached what the node allows them"},
	"slice":       {boundaries: []investigations.Boundary{investigations.BoundarySlice, investigations.BoundaryNodeAllocatable}, says: "that a cgroup above the pod reached its limit"},
}

// exact are labels that say which boundary broke; where a clause has one, what it says of "its limit" is about that one.
var exact = []string{"pod limit", "allocatable", "slice", "runtime", "numa"}

// agrees reports whether the verdict is one of the ending's.
func (e ending) agrees(v investigations.Verdict) bool {
	return (len(e.mechanisms) == 0 || slices.Contains(e.mechanisms, v.Mechanism)) &&
		(len(e.boundaries) == 0 || slices.Contains(e.boundaries, v.Boundary))
}
