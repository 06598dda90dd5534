package kernlog

import (
	"strings"

	"github.com/oombot/oombot/investigations"
)

// The parts that a report can miss.
const (
	partHead    = "head"
	partStats   = "stats"
	partTasks   = "tasks"
	partSummary = "summary"
	partKill    = "kill"
)

// complete fills in what follows from the whole report.
func (b *builder) complete(p *Parser) {
	r := &b.r
	r.Lines[1] = b.last
	r.Kind = b.kindOf()
	hierarchical(r.Stats)
	for _, c := range r.Children {
		hierarchical(c)
	}
	if r.Killed == nil {
		r.Killed = []investigations.KernelKill{}
	}
	if r.Tasks == nil {
		r.Tasks = []investigations.KernelTask{}
	}
	r.Missing = b.missing()
	r.Complete = len(r.Missing) == 0
	b.place(p)
	b.badness()
	b.fixPgtables()
	p.sum.report(b)
}

// missing lists the parts that this kernel prints for this kind of report and the log does not hold. A part
// whose first line is lost counts as missing; what is left of it is kept all the same.
func (b *builder) missing() []string {
	m := []string{}
	add := func(is bool, part string) {
		if is {
			m = append(m, part)
		}
	}
	add(!b.head, partHead)
	// A report that does not tell its kind could be a memory cgroup's, as most are.
	add((b.r.Kind == investigations.KernelMemcg || b.r.Kind == "") && b.statsMissing(), partStats)
	add(b.tasksMissing(), partTasks)
	add(b.summary == nil && b.printsSummary() || b.summary != nil && !b.summary.whole, partSummary)
	add(len(b.r.Killed) == 0 && !b.noKill && !b.exiting || b.killCut, partKill)
	return m
}

// tasksMissing tells whether a table was lost, or is not whole. Where the parts before and behind it are there
// and nothing was lost in between, it was switched off (vm.oom_dump_tasks=0).
func (b *builder) tasksMissing() bool {
	if b.tableHead {
		return b.gapTable || b.rowsCut || len(b.r.Tasks) == 0 && !b.noKill
	}
	if b.tableTitle || len(b.r.Tasks) > 0 || b.gap {
		return true
	}
	before := b.statsHead || b.memEnd || b.r.Memory != nil
	behind := b.summary != nil || b.announced != nil || len(b.r.Killed) > 0 || b.noKill
	return !before || !behind
}

// statsMissing tells whether the statistics were lost, which kernels print from 3.9 on.
func (b *builder) statsMissing() bool {
	if b.statsHead && len(b.r.Stats) > 0 {
		return false
	}
	is, known := versionAtLeast(b.r.Kernel, 3, 9)
	return is || !known
}

// printsSummary tells whether the kernel prints the `oom-kill:` line: from 5.0 on, and in RHEL 8's 4.18; never
// where it found nothing to kill.
func (b *builder) printsSummary() bool {
	if b.noKill {
		return false
	}
	if is, known := versionAtLeast(b.r.Kernel, 5, 0); known {
		return is || !b.old && strings.HasPrefix(b.r.Kernel, "4.18.") && strings.Contains(b.r.Kernel, ".el8")
	}
	return !b.old
}

// place finds out whose limit ran out, and which pod and container the victim belongs to.
func (b *builder) place(p *Parser) {
	r := &b.r
	r.Boundary = investigations.BoundaryUnknown
	limit := r.OOMMemcg
	if limit == "" && r.Kind == investigations.KernelMemcg {
		limit = r.StatsPath // statistics are printed for the cgroup that hit its limit
	}
	switch r.Kind {
	case investigations.KernelManual:
		r.Boundary = investigations.BoundaryNone
	case investigations.KernelGlobal:
		r.Boundary = investigations.BoundaryNode
		if r.Constraint == "CONSTRAINT_CPUSET" || r.Constraint == "CONSTRAINT_MEMORY_POLICY" || b.filtered() {
			r.Boundary = investigations.BoundaryNUMA
		}
	case investigations.KernelMemcg:
		r.Boundary = p.cgroup(limit).Boundary
	}
	for _, path := range [...]string{r.TaskMemcg, b.groupPath, limit} {
		if c := p.cgroup(path); c.PodUID != "" {
			r.PodUID, r.ContainerID, r.QoS = c.PodUID, c.ContainerID, c.QoS
			break
		}
	}
}

// cgroup is ParseCgroup, which knows the path that it read last: a report names the same one several times.
func (p *Parser) cgroup(path string) Cgroup {
	if path != p.cgroupPath || path == "" {
		p.cgroupPath, p.cgroupRead = path, ParseCgroup(path)
	}
	return p.cgroupRead
}

// path returns b as a string, the same one where the last path was the same.
func (p *Parser) path(b []byte) string {
	b = b[:min(len(b), maxPath)]
	if string(b) != p.lastPath {
		p.lastPath = string(b)
	}
	return p.lastPath
}

// fixPgtables undoes a mistake of 5.4 and 5.5, which print bytes under the name of kB, where the table shows
// it.
func (b *builder) fixPgtables() {
	for i := range b.r.Killed {
		k := &b.r.Killed[i]
		if k.PgtablesKB == nil || *k.PgtablesKB == 0 {
			continue
		}
		for j := range b.r.Tasks {
			if t := &b.r.Tasks[j]; t.PID == k.PID && t.PgtablesBytes != nil && *t.PgtablesBytes == *k.PgtablesKB {
				*k.PgtablesKB /= 1024
			}
		}
	}
}
