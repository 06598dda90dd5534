package incidents

import (
	"fmt"
	"strings"
)

// unlimitedKB is what kernels with pages of 4 KiB print where there is no limit.
const unlimitedKB = 9007199254740988

// kb is bytes in the kernel's kB.
func kb(n int64) int64 { return n / kib }

// cgroup prints the counters and statistics of the cgroup that met its limit.
func (p *printer) cgroup(r oomReport) {
	gen := p.k.kernel.gen
	if gen < 418 || gen == 419 {
		p.put(6, "Task in %s killed as a result of limit of %s", r.victim.path, r.memcg)
	}
	p.put(6, "memory: usage %dkB, limit %dkB, failcnt %d", kb(r.usage), kb(r.limit), r.failcnt)
	if p.k.cgroup == 1 {
		p.put(6, "memory+swap: usage %dkB, limit %dkB, failcnt 0", kb(r.usage), int64(unlimitedKB))
		p.put(6, "kmem: usage %dkB, limit %dkB, failcnt 0", kb(r.held.kernel()), int64(unlimitedKB))
	} else {
		p.put(6, "swap: usage 0kB, limit %dkB, failcnt 0", int64(unlimitedKB))
	}
	if gen < 500 && gen != 418 {
		p.oldStats(r)
		return
	}
	p.put(6, "Memory cgroup stats for %s:", r.memcg)
	var stats []string
	if gen >= 608 && p.k.cgroup == 1 {
		stats = statsV1(r.held, r.limit)
	} else {
		stats = statsV2(r.held, gen)
	}
	if gen >= 608 { // one record a line since 6.5 or so; before, one printk with newlines in it
		for _, line := range stats {
			p.put(6, "%s", line)
		}
		return
	}
	text := strings.Join(stats, "\n")
	if gen == 601 && len(text) > 900 { // 6.1 cuts its buffer
		text = text[:900]
	}
	p.put(6, "%s", text)
}

// oldStats prints a line for each cgroup of the subtree with its own counters, as kernels before 5.3 do.
func (p *printer) oldStats(r oomReport) {
	list := append([]cgroupMemory{{path: r.memcg}}, r.children...)
	if len(r.children) == 0 {
		list[0].memory = r.held
	}
	for _, c := range list {
		m := c.memory
		more := ""
		if p.k.kernel.gen >= 414 {
			more = fmt.Sprintf(" shmem:%dKB", kb(m.shmem))
		}
		p.put(6, "Memory cgroup stats for %s: cache:%dKB rss:%dKB rss_huge:0KB%s mapped_file:%dKB dirty:0KB writeback:0KB swap:0KB "+
			"inactive_anon:%dKB active_anon:%dKB inactive_file:%dKB active_file:%dKB unevictable:0KB",
			c.path, kb(m.file()), kb(m.anon), more, kb(m.hot), kb(m.shmem), kb(m.anon), kb(m.cold), kb(m.hot))
	}
}

// statsV2 are the lines of memory.stat, in bytes, as kernels since 5.3 print them for both cgroup versions.
func statsV2(m memory, gen int) []string {
	var out []string
	put := func(name string, v int64) { out = append(out, fmt.Sprintf("%s %d", name, v)) }
	put("anon", m.anon)
	put("file", m.file())
	if gen >= 601 {
		put("kernel", m.kernel())
	}
	put("kernel_stack", m.kstack)
	if gen >= 515 {
		put("pagetables", m.tables)
	}
	if gen >= 601 {
		put("sec_pagetables", 0)
	}
	put("percpu", 8192)
	put("sock", m.sock)
	if gen >= 601 {
		put("vmalloc", 0)
	}
	put("shmem", m.shmem)
	put("file_mapped", m.hot/2)
	put("file_dirty", 0)
	put("file_writeback", 0)
	if gen >= 515 {
		put("swapcached", 0)
	}
	put("anon_thp", 0)
	put("inactive_anon", m.shmem+m.anon/16/pageSize*pageSize)
	put("active_anon", m.anon-m.anon/16/pageSize*pageSize)
	put("inactive_file", m.cold)
	put("active_file", m.hot)
	put("unevictable", 0)
	put("slab_reclaimable", m.slab/2)
	put("slab_unreclaimable", m.slab-m.slab/2)
	put("slab", m.slab)
	for _, name := range []string{
		"workingset_refault_anon", "workingset_refault_file", "workingset_activate_anon", "workingset_activate_file",
		"workingset_restore_anon", "workingset_restore_file", "workingset_nodereclaim",
	} {
		put(name, 0)
	}
	put("pgfault", m.anon/pageSize+91234)
	put("pgmajfault", 17)
	return out
}

// statsV1 are cgroup v1's own names with its hierarchical twins, as kernels since 6.6 or so print them.
func statsV1(m memory, limit int64) []string {
	var out []string
	for _, prefix := range []string{"", "total_"} {
		put := func(name string, v int64) { out = append(out, fmt.Sprintf("%s%s %d", prefix, name, v)) }
		put("cache", m.file())
		put("rss", m.anon)
		put("rss_huge", 0)
		put("shmem", m.shmem)
		put("mapped_file", m.hot)
		put("inactive_anon", m.shmem)
		put("active_anon", m.anon)
		put("inactive_file", m.cold)
		put("active_file", m.hot)
		put("unevictable", 0)
		if prefix == "" {
			out = append(out, fmt.Sprintf("hierarchical_memory_limit %d", limit))
		}
	}
	return out
}
