package memory

import (
	"slices"

	"github.com/oombot/oombot/investigations"
)

// mostAdvised is how many other workloads a look tells the state of.
const mostAdvised = 4

// withAdvised is the state of a look with the workloads that the advice to earlier incidents is about, as far as the
// look's evidence shows them: whether a neighbour was limited is seen by a look at its victim. They stand before those
// of the incident itself.
func withAdvised(look investigations.Trace, i Investigation, earlier ...investigations.Trace) investigations.State {
	s := look.State
	if i.Evidence == nil || len(s.Workloads) == 0 {
		return s
	}
	var added []investigations.WorkloadState
	known := func(w investigations.WorkloadState) bool {
		return w.Namespace == "" || stateIn(s.Workloads, w) || stateIn(added, w)
	}
	for _, t := range earlier {
		w := about(t)
		if len(added) == mostAdvised || known(w) || FeaturesOf(t).Cluster != FeaturesOf(look).Cluster {
			continue
		}
		if now, ok := workloadState(w.Namespace, w.Workload, "", look.Result.At, i.Evidence); ok {
			added = append(added, now)
		}
	}
	s.Workloads = slices.Concat(added, s.Workloads)
	return s
}

func stateIn(all []investigations.WorkloadState, w investigations.WorkloadState) bool {
	return slices.ContainsFunc(all, func(o investigations.WorkloadState) bool {
		return o.Namespace == w.Namespace && o.Workload == w.Workload
	})
}
