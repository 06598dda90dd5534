package main

import "github.com/oombot/oombot/investigations"

// lesson returns what a reader should take away from a verdict: why the obvious reading of such an incident is
// often wrong.
func lesson(v investigations.Verdict) string {
	switch v.Boundary {
	case investigations.BoundaryPod:
		return "the kernel's report names the cgroup whose limit broke. Here it is the pod's, the sum over its " +
			"containers: the container that was killed need not be the one that used the memory up."
	case investigations.BoundaryNode, investigations.BoundaryNUMA, investigations.BoundaryNodeAllocatable:
		return "when a whole node runs out, the kernel kills whoever scores highest, and the score follows from " +
			"requests as much as from use. The victim may have done nothing wrong; a higher limit for it would not help."
	}
	switch v.Cause {
	case investigations.CauseLeak:
		return "a leak is the sum of what was done, not of what is being done: it grows on while traffic is flat, " +
			"and every life of the container ends the same way. A higher limit only buys time."
	case investigations.CauseUndersizedLimit:
		return "memory that comes to the same level in every life, or follows traffic up and down, is no leak. The " +
			"limit is too small for honest work."
	case investigations.CauseLoadSpike:
		return "a graph with a point every half minute can miss the kill: far below the limit in one sample and dead " +
			"in the next is what a spike looks like."
	case investigations.CauseRuntimeMisconfiguration:
		return "a runtime's heap is only a part of a process. The ceiling of the heap and the limit of the container " +
			"have to fit each other, with room for everything beside the heap."
	case investigations.CauseMemoryBackedVolume:
		return "files in a memory-backed volume count as memory of the pod, and no process holds them: a restart of " +
			"the container does not free them."
	case investigations.CauseNotOOM:
		return "exit code 137 only says that the process was killed by a signal. Where the kernel's log covers the " +
			"moment and tells of no OOM kill, memory was not the reason, and no limit needs to change."
	case investigations.CauseInsufficientEvidence:
		return "an honest \"can't tell\" with a list of what could not be seen is worth more than a bold guess."
	}
	return "the evidence for each claim stands beside it: follow the numbers in brackets."
}
