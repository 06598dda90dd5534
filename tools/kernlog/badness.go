package kernlog

import (
	"bytes"

	"github.com/oombot/oombot/investigations"
)

// never is the oom_score_adj of a process that the kernel never chooses (OOM_SCORE_ADJ_MIN).
const never = -1000

// defaultPage is the page size where the report does not show it.
const defaultPage = 4096

// PageSize returns the page size of the machine in bytes, as the report shows it, and 4096 where it does not.
// The table counts in pages and the kill line in kB, so that the same process in both tells it.
func PageSize(r *investigations.KernelReport) int64 {
	for i := range r.Killed {
		k := &r.Killed[i]
		for j := range r.Tasks {
			if t := &r.Tasks[j]; t.PID == k.PID {
				if size := pageOf(k, t); size != 0 {
					return size
				}
			}
		}
	}
	return defaultPage
}

func pageOf(k *investigations.KernelKill, t *investigations.KernelTask) int64 {
	if k.TotalVMKB != nil && t.TotalVMPages > 0 && *k.TotalVMKB%t.TotalVMPages == 0 {
		if size := *k.TotalVMKB / t.TotalVMPages; isPageKB(size) {
			return size << 10
		}
	}
	if k.AnonRSSKB == nil || t.RSSPages < 64 {
		return 0
	}
	kb := *k.AnonRSSKB
	for _, v := range [...]*int64{k.FileRSSKB, k.ShmemRSSKB} {
		if v != nil {
			kb += *v
		}
	}
	// The two are read one after the other: the size may have changed a little in between.
	for size := int64(4); size <= 64; size *= 2 {
		if want := t.RSSPages * size; kb > want-want/4 && kb < want+want/4 {
			return size << 10
		}
	}
	return 0
}

func isPageKB(kb int64) bool { return kb == 4 || kb == 8 || kb == 16 || kb == 32 || kb == 64 }

// pageSize returns the page size by all that the report shows.
func (b *builder) pageSize() int64 {
	if size := PageSize(&b.r); size != defaultPage || b.pageKB == 0 {
		return size
	}
	return b.pageKB << 10
}

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
	switch r.Constraint {
	case "CONSTRAINT_CPUSET":
		nodes = b.nodes
	case "CONSTRAINT_MEMORY_POLICY":
		nodes = b.nodemask
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

// Victim returns the row of the process that the kernel chose; nil where it is not in the table.
func Victim(r *investigations.KernelReport) *investigations.KernelTask {
	if len(r.Killed) == 0 {
		return nil
	}
	for i := range r.Tasks {
		if r.Tasks[i].PID == r.Killed[0].PID {
			return &r.Tasks[i]
		}
	}
	return nil
}

// Largest returns the row with the most memory, in RAM and swap; nil where there is no table.
func Largest(r *investigations.KernelReport) *investigations.KernelTask {
	var largest *investigations.KernelTask
	for i := range r.Tasks {
		t := &r.Tasks[i]
		if largest == nil || t.RSSPages+t.SwapentsPages > largest.RSSPages+largest.SwapentsPages {
			largest = t
		}
	}
	return largest
}

// NextVictim returns the row that the kernel would have chosen next: the highest badness among those that were
// not killed and can be. It is nil where the report does not tell.
func NextVictim(r *investigations.KernelReport) *investigations.KernelTask {
	killed := make(map[int64]bool, len(r.Killed))
	for i := range r.Killed {
		killed[r.Killed[i].PID] = true
	}
	var next *investigations.KernelTask
	for i := range r.Tasks {
		t := &r.Tasks[i]
		// The first process of the machine is never chosen either.
		if killed[t.PID] || killed[t.TGID] || t.OOMScoreAdj == never || t.PID == 1 {
			continue
		}
		if t.Badness == nil {
			return nil
		}
		if next == nil || *t.Badness > *next.Badness {
			next = t
		}
	}
	return next
}
