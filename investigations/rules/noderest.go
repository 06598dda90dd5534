package rules

import (
	"fmt"
	"math"

	"github.com/oombot/oombot/investigations"
)

// machine is a global report's account of the machine's memory, in bytes.
type machine struct {
	total, free, processes, file, slab, tables, huge float64
	// rest is what none of the others holds.
	rest float64
}

// machineOf reads the account; ok is false where the report does not hold it, or speaks of a part of the machine.
// Pages of processes and of tmpfs are on the anonymous lists, or locked; free, page cache, slab, page tables and the
// pools of huge pages are counted for themselves (Documentation/filesystems/proc.rst). What the kernel takes by pages
// and by vmalloc, as drivers, a balloon or ZFS do, stands in none of them.
func (s *scene) machineOf() (m machine, ok bool) {
	if s.kill == nil || s.kill.report.Node == nil || s.boundary != investigations.BoundaryNode {
		return m, false
	}
	n, page := s.kill.report.Node, s.kill.pageSize()
	if n.RAMPages == nil || n.FreePages == nil || n.AnonPages == nil || n.FilePages == nil || n.SlabUnreclaimablePages == nil {
		return m, false
	}
	pages := func(p *int64) float64 {
		if p == nil {
			return 0
		}
		return float64(*p) * page
	}
	m.total = pages(n.RAMPages) - pages(n.ReservedPages)
	m.free, m.file, m.tables = pages(n.FreePages), pages(n.FilePages), pages(n.PagetablesPages)
	m.slab = pages(n.SlabReclaimablePages) + pages(n.SlabUnreclaimablePages)
	m.processes = pages(n.AnonPages) + pages(n.UnevictablePages)
	if n.HugepagesKB != nil {
		m.huge = float64(*n.HugepagesKB) * 1024
	}
	m.rest = math.Max(0, m.total-m.free-m.processes-m.file-m.slab-m.tables-m.huge)
	return m, m.total > 0
}

// notable is the share of the machine from which on a pool of huge pages, or memory that nothing accounts for, is what
// the shortage is about.
const notable = 0.25

// machineRest judges huge pages and memory that no counter names: the kernel's side of the machine, whoever asked
// for it.
func (s *scene) machineRest(h *hypothesis) {
	m, ok := s.machineOf()
	if !ok {
		return
	}
	values := map[string]float64{
		"total_bytes": m.total, "free_bytes": m.free, "processes_bytes": m.processes, "slab_bytes": m.slab, "hugepages_bytes": m.huge, "rest_bytes": m.rest,
	}
	if m.huge >= notable*m.total {
		h.support(0.4+0.4*m.huge/m.total, s.fact("kernelmemory/huge", investigations.ToolKernlog, s.at, s.kill.source(), values,
			"%s of the machine's %s (%s) are set aside for huge pages: only programs that ask for such pages can use them, and processes hold %s beside them.",
			bytesOf(m.huge), bytesOf(m.total), percent(m.huge/m.total), bytesOf(m.processes)))
	}
	if m.rest >= notable*m.total {
		h.support(0.3+0.4*m.rest/m.total, s.fact("kernelmemory/rest", investigations.ToolKernlog, s.at, s.kill.source(), values,
			"%s of the machine's %s (%s) stand in no counter: processes hold %s, page cache %s, slab %s, page tables %s, and %s are free. Drivers, a balloon of the hypervisor or ZFS take memory in this way.",
			bytesOf(m.rest), bytesOf(m.total), percent(m.rest/m.total), bytesOf(m.processes), bytesOf(m.file), bytesOf(m.slab), bytesOf(m.tables), bytesOf(m.free)))
	}
}

// spokenFor is what pods and programs hold of the node, in bytes: by metrics and the kernel's table, or by the report's
// own account where that is more; 0 unknown.
func (s *scene) spokenFor() float64 {
	var sum float64
	for _, h := range s.view.holders {
		sum += h.usage
	}
	if m, ok := s.machineOf(); ok {
		sum = math.Max(sum, m.processes)
	}
	if s.kill != nil && s.kill.report.Memory != nil && s.boundary == investigations.BoundaryNodeAllocatable {
		sum = math.Max(sum, float64(s.kill.report.Memory.UsageKB)*1024)
	}
	return sum
}

// sayElsewhere objects to an overcommitted node: pods and programs together leave much of it free.
func (s *scene) sayElsewhere(held, room float64) string {
	return s.fact("node/elsewhere", investigations.ToolMetrics, s.at, s.nodeSource(), map[string]float64{"held_bytes": held, "room_bytes": room},
		"Pods and programs together held %s, only %s of %s: it is not their number that filled the node.", bytesOf(held), percent(held/room), bytesOf(room))
}

// kernelAdviceForNode says what to look at where the machine's memory is the kernel's own. The victim is innocent of it.
func (s *scene) kernelAdviceForNode() {
	node := investigations.CleanText(s.node, 63)
	more := func(note string) {
		s.advise(investigations.Recommendation{Action: investigations.ActionCollectMore, Note: note})
	}
	reduce := func(note string) {
		s.advise(investigations.Recommendation{Action: investigations.ActionReduceLoad, Note: note})
	}
	said := func(key string) bool { return s.led.ID("rules/"+key) != "" }
	switch {
	case s.isFragmented() && !said("kernelmemory/node"):
		more(fmt.Sprintf("Look at /proc/buddyinfo of node %s and at who asks for blocks of that order (the call trace of the report); a higher vm.min_free_kbytes and compaction keep such blocks at hand. The victim needs no change.", node))
	case said("kernelmemory/huge"):
		s.advise(investigations.Recommendation{Action: investigations.ActionMoveOrResizeNode, Note: fmt.Sprintf("Make the pool of huge pages of node %s (vm.nr_hugepages, or hugepages= at boot) no larger than its pods request, and restart the kubelet, which takes the pool off what it allocates; or move pods to a node without such a pool.", node)})
		more("Compare HugePages_Total and HugePages_Free in /proc/meminfo with the pods' requests for hugepages.")
	case said("kernelmemory/rest"):
		more(fmt.Sprintf("Find who holds it on node %s: /proc/vmallocinfo, /proc/meminfo against the sum of its lines, the drivers loaded, ZFS's ARC, a balloon driver of the hypervisor.", node))
	default:
		reduce(fmt.Sprintf("Reduce what makes the kernel allocate on node %s: open files and directories walked (slab), connections and their buffers (sockets), processes and mappings (page tables).", node))
		more("Watch /proc/slabinfo (slabtop) and the page tables in /proc/meminfo over a day: which cache grows, and with which pod on the node.")
	}
}
