package rules

import (
	"fmt"
	"math"

	"github.com/oombot/oombot/investigations"
)

// neighbourLimit puts a limit for a neighbour into a recommendation: half as much again as it holds in calm times or
// requests, and never more than the node has left beside its other pods, because a limit above that bounds nothing.
func (s *scene) neighbourLimit(r *investigations.Recommendation, top *holder) {
	size := math.Max(top.request, s.calmLevel(top)) * 1.5
	if size > 0 {
		size = roundUp(size)
	}
	r.Note = fmt.Sprintf("A limit for %s, not for the victim: half as much again as it usually holds or requests.", top.name)
	if room := s.roomBeside(top); room > 0 && size > room {
		size = roundDown(room)
		r.Note = fmt.Sprintf("A limit for %s, not for the victim: what node %s has left beside what its other pods used; it usually needs about as much, so it belongs on a larger node.",
			top.name, investigations.CleanText(s.node, 63))
	}
	if size > 0 {
		r.Value = quantityOf(size)
		r.Command = setResources(top.pod.Namespace, r.Workload, r.Container, "--limits=memory="+r.Value)
	}
	if top.limit <= 0 {
		r.Note += " It has none today."
	}
}

// roomBeside is what the node can allocate beyond what its other pods used at the kill, in bytes; 0 unknown.
func (s *scene) roomBeside(top *holder) float64 {
	if s.view.allocatable <= 0 {
		return 0
	}
	others := s.view.usage - top.usage
	return math.Max(s.view.allocatable-others, 0.1*s.view.allocatable)
}

// roundDown rounds bytes down to 64 MiB, or to whole MiB below that.
func roundDown(b float64) float64 {
	unit := float64(64 << 20)
	if b < unit {
		unit = 1 << 20
	}
	return math.Floor(b/unit) * unit
}

// outsideNote says how to bound what is no pod.
func (s *scene) outsideNote() string {
	name := ""
	if s.culprit != nil {
		name = outside(s.culprit.Comm, 40)
	}
	switch {
	case s.unitCulprit() != nil:
		limit := ""
		if s.limitBytes > 0 {
			limit = " of " + bytesOf(s.limitBytes)
		}
		return fmt.Sprintf("%s met the limit%s that %s has, which kept it from the node's pods: bound what it takes (its caches, its parallel work), or raise MemoryMax of that unit if the node has room.",
			name, limit, s.unitName())
	case name == "":
		return "Find out what it is: the largest processes by resident memory (ps, top), the tmpfs mounts, and slabtop for the kernel's own; then give its systemd unit a MemoryMax, or reserve its share of the node (system-reserved)."
	}
	return name + " runs outside Kubernetes: give its systemd unit a MemoryMax, or reserve its share of the node (system-reserved)."
}
