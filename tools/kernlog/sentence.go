package kernlog

import (
	"fmt"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// Sentence says in one sentence, without its full stop, who was killed and whose limit ran out. Text from
// outside in it is quoted and free of control characters.
func Sentence(r *investigations.KernelReport) string {
	return killedWords(r) + ": " + boundaryWords(r)
}

// killedWords names the victims.
func killedWords(r *investigations.KernelReport) string {
	switch {
	case len(r.Killed) == 0 && r.Complete:
		return "the kernel reported an OOM and killed nothing"
	case len(r.Killed) == 0:
		return "the kernel reported an OOM, and the log does not hold the kill"
	}
	k := &r.Killed[0]
	words := fmt.Sprintf("the kernel killed %s (pid %d)", quoteName(k.Comm), k.PID)
	if n := len(r.Killed) - 1; n == 1 {
		words += " and one more process of its group"
	} else if n > 1 {
		words += fmt.Sprintf(" and %d more processes of its group", n)
	}
	return words
}

// quoteName quotes a command name.
func quoteName(s string) string {
	if s == "" {
		return "a process whose name is not known"
	}
	return investigations.Quote(s, 64)
}

// quotePath quotes a cgroup's path.
func quotePath(s string) string { return investigations.Quote(s, 160) }

// boundaryWords says what ran out.
func boundaryWords(r *investigations.KernelReport) string {
	limit := ""
	if r.Memory != nil && r.Memory.LimitKB != nil {
		limit = " of " + investigations.FormatBytes(*r.Memory.LimitKB<<10)
	}
	path := r.OOMMemcg
	if path == "" {
		path = r.StatsPath
	}
	switch r.Boundary {
	case investigations.BoundaryContainer:
		return fmt.Sprintf("container %s of pod %s reached its memory limit%s", short(ParseCgroup(path).ContainerID), r.PodUID, limit)
	case investigations.BoundaryPod:
		return fmt.Sprintf("the containers of pod %s together reached the pod's memory limit%s%s", ParseCgroup(path).PodUID, limit, victimWords(r))
	case investigations.BoundaryNodeAllocatable:
		return fmt.Sprintf("all pods of the node together reached the limit%s of cgroup %s%s", limit, quotePath(path), victimWords(r))
	case investigations.BoundarySlice:
		return fmt.Sprintf("cgroup %s reached its memory limit%s%s", quotePath(path), limit, victimWords(r))
	case investigations.BoundaryNode:
		return "the whole machine ran out of memory" + victimWords(r)
	case investigations.BoundaryNUMA:
		return "the NUMA nodes that the task may use ran out of memory" + victimWords(r)
	case investigations.BoundaryNone:
		return "somebody asked for it (sysrq-f), and no memory had run out" + victimWords(r)
	}
	if r.Kind == investigations.KernelMemcg {
		return "a memory cgroup reached its limit" + limit + ", and the log does not say which"
	}
	return "the log does not say what ran out"
}

// victimWords says where the victim lived, where that is not the place that ran out.
func victimWords(r *investigations.KernelReport) string {
	switch {
	case len(r.Killed) == 0:
		return ""
	case r.ContainerID != "":
		return fmt.Sprintf("; the victim ran in container %s of pod %s", short(r.ContainerID), r.PodUID)
	case r.PodUID != "":
		return "; the victim ran in pod " + r.PodUID
	case r.TaskMemcg != "" && r.TaskMemcg != r.OOMMemcg:
		return "; the victim ran in cgroup " + quotePath(r.TaskMemcg) + ", in no pod"
	}
	return ""
}

// short is the beginning of a container's id, as its runtime's tools print it.
func short(id string) string { return strings.ToLower(id[:min(len(id), 12)]) }
