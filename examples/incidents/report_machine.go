package incidents

// machineMemory is a machine's memory in a global report, in pages.
type machineMemory struct {
	ram, reserved                        int64
	free, anon, cold, hot, shmem, tables int64
	slabReclaimable, slabUnreclaimable   int64
	// nodes is the number of NUMA nodes; 0 and 1 mean one. freeElsewhere is free memory of the second.
	nodes         int
	freeElsewhere int64
	// huge is the pool of huge pages, in bytes.
	huge int64
}

// total is what the kernel measures processes against: RAM less what is reserved, without swap.
func (m machineMemory) total() int64 { return m.ram - m.reserved }

// machine prints the state of the machine's memory.
func (p *printer) machine(m machineMemory) {
	p.put(4, "Mem-Info:")
	p.put(4, "active_anon:%d inactive_anon:%d isolated_anon:0\n active_file:%d inactive_file:%d isolated_file:0\n"+
		" unevictable:0 dirty:12 writeback:0\n slab_reclaimable:%d slab_unreclaimable:%d\n"+
		" mapped:%d shmem:%d pagetables:%d\n bounce:0\n free:%d free_pcp:240 free_cma:0",
		m.anon-m.anon/32, m.anon/32+m.shmem, m.hot, m.cold, m.slabReclaimable, m.slabUnreclaimable,
		m.hot, m.shmem, m.tables, m.free+m.freeElsewhere)
	managed := m.ram*4 - m.reserved*4
	nodes := max(m.nodes, 1)
	for i := range nodes {
		free, share := m.free*4, int64(1)
		if nodes > 1 {
			share = 2
		}
		if i > 0 {
			free = m.freeElsewhere * 4
		}
		anon := m.anon * 4 / share
		p.put(4, "Node %d active_anon:%dkB inactive_anon:%dkB active_file:%dkB inactive_file:%dkB unevictable:0kB isolated(anon):0kB isolated(file):0kB "+
			"mapped:%dkB dirty:48kB writeback:0kB shmem:%dkB all_unreclaimable? %s",
			i, anon-anon/32, anon/32+m.shmem*4/share, m.hot*4/share, m.cold*4/share, m.hot*4/share, m.shmem*4/share, map[bool]string{true: "yes", false: "no"}[i == 0])
		dma := int64(0)
		if i == 0 {
			p.put(4, "Node 0 DMA free:13312kB min:64kB low:80kB high:96kB present:15992kB managed:15360kB")
			dma = 15360
			free = max(free-13312, 3000)
		}
		low := managed / share / 120
		p.put(4, "Node %d Normal free:%dkB min:%dkB low:%dkB high:%dkB active_anon:%dkB present:%dkB managed:%dkB",
			i, free, low, low*5/4, low*3/2, anon-anon/32, m.ram*4/share-15992, managed/share-dma)
	}
	if m.huge > 0 {
		p.put(4, "Node 0 hugepages_total=%d hugepages_free=0 hugepages_surp=0 hugepages_size=2048kB", m.huge/(2*mib))
	}
	p.put(4, "%d total pagecache pages", m.hot+m.cold+m.shmem)
	p.put(4, "0 pages in swap cache")
	p.put(4, "Free swap  = 0kB")
	p.put(4, "Total swap = 0kB")
	p.put(4, "%d pages RAM", m.ram)
	p.put(4, "0 pages HighMem/MovableOnly")
	p.put(4, "%d pages reserved", m.reserved)
}
