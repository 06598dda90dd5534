package incidents

import (
	"strings"
	"time"
)

// process is one row of a kernel report's task table. Sizes are bytes.
type process struct {
	pid, uid          int
	comm              string
	anon, file, shmem int64
	// virtual is the size of the address space; zero lets it follow from the rest.
	virtual int64
	// tables are page tables; zero lets them follow from the rest.
	tables int64
	adj    int
	// path is the process's cgroup.
	path string
	// of is the life of the container that it belongs to; nil for a daemon.
	of *life
	// thread is the thread that allocates, where its name is not the process's.
	thread string
	// grows replaces anon over time, for daemons.
	grows curve
	// since is when a daemon started; zero means long ago.
	since time.Time
}

// startsAfter says that a daemon does not run yet.
func (p process) startsAfter(t time.Time) bool { return !p.since.IsZero() && t.Before(p.since) }

// rss is in pages, as the kernel counts it.
func (p process) rss() int64 { return (p.anon + p.file + p.shmem) / pageSize }

// vmPages is the size of the address space in pages.
func (p process) vmPages() int64 {
	if p.virtual > 0 {
		return p.virtual / pageSize
	}
	return p.rss()*21/20 + 21500
}

// pgtables is in bytes.
func (p process) pgtables() int64 {
	if p.tables > 0 {
		return p.tables / pageSize * pageSize
	}
	return max(32*kib, p.anon/500) / pageSize * pageSize
}

// badness is the kernel's score of a process in pages (mm/oom_kill.c, oom_badness), and false where it can't
// be chosen at all.
func (p process) badness(total int64) (int64, bool) {
	if p.adj == -1000 {
		return 0, false
	}
	return p.rss() + p.pgtables()/pageSize + int64(p.adj)*(total/1000), true
}

// worst is the process that the kernel chooses.
func worst(ps []process, total int64) (victim process, found bool) {
	var most int64
	for _, p := range ps {
		b, ok := p.badness(total)
		if ok && (!found || b > most) {
			victim, most, found = p, b, true
		}
	}
	return victim, found
}

// processes lists what runs in a life of a container at a moment, from the container's processes' shares.
func (s *scene) processes(l *life, t time.Time) []process {
	c := l.c
	m := l.at(t)
	specs := c.pod.w.procs[c.spec.Name]
	if len(specs) == 0 {
		specs = []procSpec{{comm: commOf(c.spec.Name), share: 1}}
	}
	path := s.plat.containerPath(c.pod, l.id)
	var ps []process
	for i, spec := range specs {
		p := process{
			pid: l.pid + 3*i, uid: spec.uid, comm: spec.comm, path: path, of: l, thread: spec.thread,
			anon: int64(float64(m.anon)*spec.share) / pageSize * pageSize, file: min(m.hot, 2000*kib),
			adj: c.oomScoreAdj(),
		}
		if l.tables != nil {
			p.tables = int64(float64(m.tables) * spec.share)
		}
		if spec.adj != nil {
			p.adj = *spec.adj
		}
		ps = append(ps, p)
	}
	return ps
}

// commOf is the process name of a container that says nothing of its processes: at most 15 bytes, as the
// kernel keeps it.
func commOf(name string) string { return name[:min(len(name), 15)] }

// pause is the process that holds a pod's namespaces.
func (s *scene) pause(p *pod) process {
	return process{
		pid: p.sandbox, uid: 65535, comm: "pause", file: 8 * kib, virtual: 243 * pageSize, adj: -998,
		path: s.plat.containerPath(p, strings.Repeat(strings.ReplaceAll(p.uid, "-", ""), 2)),
	}
}

// podProcesses lists what runs in a pod at a moment.
func (s *scene) podProcesses(p *pod, t time.Time) []process {
	var ps []process
	for _, c := range p.containers {
		if l := c.living(t); l != nil {
			ps = append(ps, s.processes(l, t)...)
		}
	}
	if len(ps) > 0 {
		ps = append([]process{s.pause(p)}, ps...)
	}
	return ps
}
