package kernlog

import (
	"bytes"

	"github.com/oombot/oombot/investigations"
)

// never is the oom_score_adj of a process that the kernel never chooses (OOM_SCORE_ADJ_MIN).
const never = -1000

// badness computes for each row what oom_badness() of mm/oom_kill.c does: the pages that killing the process
// would free, and oom_score_adj as thousandths of all pages at stake.
func (b *builder) badness() {
	page := b.pageSize()
	total, known := b.totalPages(page)
	for i := range b.r.Tasks {
		t := &b.r.Tasks[i]
		tables := int64(0)
		switch {
		case t.Badness != nil: // pages of page tables, as kernels up to 4.14 print them
			tables = *t.Badness
		case t.PgtablesBytes != nil:
			tables = *t.PgtablesBytes / page
			if !b.tableHead && *t.PgtablesBytes < page {
				tables = *t.PgtablesBytes
			}
		}
		t.Badness = nil
		if t.OOMScoreAdj == never || t.OOMScoreAdj != 0 && !known {
			continue
		}
		t.Badness = b.ptr(t.RSSPages + t.SwapentsPages + tables + t.OOMScoreAdj*(total/1000))
	}
}

// totalPages returns the pages that the report's adjustments are relative to; known is false where the report
// does not tell them.
func (b *builder) totalPages(page int64) (total int64, known bool) {
	r := &b.r
	if r.Kind == investigations.KernelMemcg {
		kb, ok := b.cgroupKB()
		return kb * 1024 / page, ok
	}
	n := r.Node
	if n == nil {
		return 0, false
	}
	var swap int64
	if n.SwapTotalKB != nil {
		swap = *n.SwapTotalKB * 1024 / page
	}
	nodes := ""
	switch {
	case r.Constraint == "CONSTRAINT_CPUSET":
		nodes = b.nodes
	case r.Constraint == "CONSTRAINT_MEMORY_POLICY":
		nodes = b.nodemask
	case b.filtered():
		if nodes = b.nodes; b.nodemask != "" && b.nodemask != noNodemask {
			nodes = b.nodemask
		}
	default:
		if n.RAMPages == nil {
			return 0, false
		}
		total = *n.RAMPages
		if n.ReservedPages != nil {
			total -= *n.ReservedPages
		}
		return total + swap, true
	}
	kb, ok := b.nodesKB(nodes)
	return kb*1024/page + swap, ok
}

// noNodemask is how the kernel prints that there is no memory policy.
const noNodemask = "(null)"

// filtered tells whether a report without a constraint, as kernels before 5.0 print it, shows only a part of the
// machine's NUMA nodes: those that the task may use (show_mem with SHOW_MEM_FILTER_NODES). `pages RAM` counts the
// present pages of all of them.
func (b *builder) filtered() bool {
	n := b.r.Node
	if b.r.Constraint != "" || !b.old || !b.memEnd || b.gap || n == nil || n.RAMPages == nil {
		return false
	}
	var kb int64
	for _, v := range b.present {
		kb += v
	}
	return kb > 0 && float64(kb*1024/b.pageSize()) < 0.9*float64(*n.RAMPages)
}

// cgroupKB returns the cgroup's limit and the swap that it may use. Where swap is not limited, that is the
// machine's, which a cgroup's report does not print: none, if nothing is swapped out at the moment.
func (b *builder) cgroupKB() (kb int64, known bool) {
	r := &b.r
	if r.Memory == nil || r.Memory.LimitKB == nil {
		return 0, false
	}
	kb = *r.Memory.LimitKB
	switch {
	case r.MemorySwap != nil:
		if l := r.MemorySwap.LimitKB; l != nil {
			return max(kb, *l), true
		}
		return kb, r.MemorySwap.UsageKB <= r.Memory.UsageKB && !b.swapped()
	case r.Swap != nil:
		if l := r.Swap.LimitKB; l != nil {
			return kb + *l, true
		}
		return kb, r.Swap.UsageKB == 0 && !b.swapped()
	}
	return kb, !b.swapped()
}

// swapped tells whether a row has pages in swap.
func (b *builder) swapped() bool {
	for i := range b.r.Tasks {
		if b.r.Tasks[i].SwapentsPages > 0 {
			return true
		}
	}
	return false
}

// nodesKB sums up the memory of a list of NUMA nodes, as `0,2-3`.
func (b *builder) nodesKB(list string) (kb int64, known bool) {
	for part := range bytes.SplitSeq([]byte(list), []byte(",")) {
		from, n := leadingInt(part)
		if n == 0 {
			return 0, false
		}
		to := from
		if n < len(part) && part[n] == '-' {
			to, _ = leadingInt(part[n+1:])
		}
		if to-from > 4096 {
			return 0, false
		}
		for id := from; id <= to; id++ {
			v, ok := b.present[id]
			if !ok {
				return 0, false
			}
			kb += v
		}
	}
	return kb, kb > 0
}
