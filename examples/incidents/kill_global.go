package incidents

import "time"

// freeAtKill is what a machine has left when it kills, as a share of its memory.
const freeAtKill = 0.008

// machineAt is the state of a machine's memory at a moment, from all that runs there.
func (s *scene) machineAt(n *node, at time.Time) machineMemory {
	m := machineMemory{ram: n.ramPages, reserved: n.reservedPages}
	var pods memory
	for _, p := range s.pods {
		if p.node == n && (p.gone.IsZero() || p.gone.After(at)) {
			pods = pods.add(p.at(at))
		}
	}
	slab := int64(n.slab(at)) + pods.slab + pods.kstack + pods.sock
	for _, d := range n.daemons {
		if d.startsAfter(at) {
			continue
		}
		pods.anon += d.anonAt(at)
		pods.hot += d.file
		pods.tables += d.pgtables()
	}
	m.anon, m.hot, m.cold, m.shmem = pods.anon/pageSize, pods.hot/pageSize, pods.cold/pageSize, pods.shmem/pageSize
	m.tables = pods.tables / pageSize
	m.slabReclaimable = n.reclaimable(at) / pageSize
	m.slabUnreclaimable = slab/pageSize - m.slabReclaimable
	m.free = m.total() - m.anon - m.hot - m.cold - m.shmem - m.tables - slab/pageSize - int64(n.aside(at))/pageSize
	m.huge = n.huge
	return m
}

// headroom is how many bytes more would leave the node as empty as it is when it kills.
func (s *scene) headroom(n *node, at time.Time) float64 {
	m := s.machineAt(n, at)
	return (float64(m.free) - freeAtKill*float64(m.total())) * pageSize * 450 / 451
}

// nodeProcesses lists everything that runs on a node.
func (s *scene) nodeProcesses(n *node, at time.Time) []process {
	var ps []process
	for _, d := range n.daemons {
		if d.startsAfter(at) {
			continue
		}
		d.anon = d.anonAt(at)
		ps = append(ps, d)
	}
	for _, p := range s.pods {
		if p.node == n && (p.gone.IsZero() || p.gone.After(at)) {
			ps = append(ps, s.podProcesses(p, at)...)
		}
	}
	return ps
}

// globalKill reports that the whole machine ran out, and ends the life that the kernel chose. The state of the
// machine must be one of need, unless edit says why it kills all the same.
func (s *scene) globalKill(n *node, at time.Time, edit func(*oomReport)) oomReport {
	just := at.Add(-time.Second)
	r := oomReport{at: at, global: true, machine: s.machineAt(n, just), tasks: s.nodeProcesses(n, just)}
	s.chooseVictim(&r, r.machine.total())
	r.invoker = n.daemons[0]
	free := r.machine.free
	if edit != nil {
		edit(&r)
	}
	if short := free < r.machine.total()*4/100 && free > 0; !short && r.order == 0 && r.constraint == "" {
		s.contradiction("%s kills with %d of %d pages free", n.name, free, r.machine.total())
	}
	s.record(n, r)
	if s.plat.cgroup == 1 {
		s.die(r, "Error") // the container's own counter of kills stays as it is
	} else {
		s.die(r, "OOMKilled")
	}
	return r
}

// anonAt is a daemon's own memory at a moment.
func (p process) anonAt(t time.Time) int64 {
	if p.grows != nil {
		return int64(p.grows(t)) / pageSize * pageSize
	}
	return p.anon
}
