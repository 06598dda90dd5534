package kernlog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// rendered puts the messages of one report together, in the order in which the kernel prints them.
type rendered struct {
	r     *investigations.KernelReport
	kills []investigations.KernelKill
	// tables says that the task table is to be written.
	tables bool
	out    []string
}

func (t *rendered) add(format string, args ...any) {
	t.out = append(t.out, fmt.Sprintf(format, args...))
}

func (t *rendered) misses(part string) bool { return slices.Contains(t.r.Missing, part) }

func (t *rendered) lines() []string {
	if n := t.r.SuppressedBefore; n > 0 && n < 1e17 {
		t.add("oom_kill_process: %d callbacks suppressed", n)
	}
	t.head()
	if t.counters(); !t.stats() {
		t.memory()
	}
	if t.tables {
		t.table()
	}
	t.summary()
	t.killed()
	return t.out
}

// old tells whether the report shows what only kernels before 5.0 print.
func (t *rendered) old() bool {
	r := t.r
	if is, known := versionAtLeast(r.Kernel, 5, 0); known {
		return !is
	}
	// Without a version the parser takes a summary as missing, unless something shows that the kernel prints none.
	return r.Constraint == "" && !t.misses(partSummary) && !t.endsWithout()
}

// printsSummary tells whether a kernel of the report's version prints the line oom-kill: the same as the builder's.
func (t *rendered) printsSummary() bool {
	b := builder{r: *t.r, old: t.old()}
	return b.printsSummary()
}

// head writes what comes before the first numbers.
func (t *rendered) head() {
	r := t.r
	inv := r.InvokedBy
	kernel := r.Kernel
	if strings.ContainsFunc(kernel, func(c rune) bool { return c <= ' ' || c > '~' }) || len(kernel) > 128 {
		kernel = ""
	}
	if inv == nil {
		if kernel != "" {
			t.add("CPU: 0 PID: 0 Comm: ? Not tainted %s #1", kernel)
		}
		t.trace()
		return
	}
	comm := inv.Comm
	if !nameFits([]byte(comm)) {
		comm = comm[:maxComm]
	}
	gfp, _, _ := strings.Cut(inv.GFPMask, ", ")
	line := fmt.Sprintf("%s%s gfp_mask=%s, order=%d, ", comm, invoked, gfp, inv.Order)
	if inv.OOMScoreAdj != nil {
		t.add("%soom_score_adj=%d", line, *inv.OOMScoreAdj)
	} else {
		t.add("%soom_adj=0", line) // as kernels before 2.6.36 have it
	}
	if t.old() {
		t.add("%s cpuset=/ mems_allowed=0", comm)
	}
	switch {
	case kernel != "":
		t.add("CPU: 0 PID: %d Comm: %s Not tainted %s #1", inv.PID, comm, kernel)
	case inv.PID > 0:
		t.add("CPU: 0 PID: %d Comm: %s", inv.PID, comm)
	}
	t.trace()
}

// trace writes the function that called the OOM killer, where only that tells the kind.
func (t *rendered) trace() {
	r := t.r
	told := len(t.kills) > 0 || r.Memory != nil || r.Swap != nil || r.MemorySwap != nil || r.Kmem != nil || len(r.Stats) > 0 ||
		r.StatsPath != "" || r.Node != nil || r.OOMMemcg != "" || r.TaskMemcg != "" || r.Constraint != ""
	switch {
	case told:
	case r.Kind == investigations.KernelMemcg:
		t.add(" mem_cgroup_out_of_memory+0x0/0x0")
	case r.Kind == investigations.KernelGlobal:
		t.add(" __alloc_pages+0x0/0x0")
	}
}

// counters writes whose limit ran out, up to 4.20, and the usage lines.
func (t *rendered) counters() {
	r := t.r
	if r.Kind == investigations.KernelMemcg && !t.printsSummary() && r.Constraint == "" {
		switch {
		case r.TaskMemcg != "":
			t.add("Task in %s killed as a result of limit of %s", pathText(r.TaskMemcg), pathText(r.OOMMemcg))
		case r.OOMMemcg != "":
			t.add("Memory limit reached of cgroup %s", pathText(r.OOMMemcg))
		}
	}
	for _, c := range [...]struct {
		name string
		is   *investigations.KernelCounter
	}{{"memory", r.Memory}, {"memory+swap", r.MemorySwap}, {"swap", r.Swap}, {"kmem", r.Kmem}} {
		if c.is == nil {
			continue
		}
		page := r.PageSize()
		limit := (1<<63 - 1) / page * (page >> 10) // no limit: as many pages as can be counted
		if c.is.LimitKB != nil {
			limit = *c.is.LimitKB
		}
		t.add("%s: usage %dkB, limit %dkB, failcnt %d", c.name, c.is.UsageKB, limit, c.is.FailCnt)
	}
}

// summary writes the line oom-kill, or as much of it as the report has.
func (t *rendered) summary() {
	r := t.r
	if r.Constraint == "" && (!t.printsSummary() || t.misses(partSummary) && r.OOMMemcg == "" || r.Kind == "") || t.endsWithout() {
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "oom-kill:constraint=%s,nodemask=%s,cpuset=/,mems_allowed=0", r.Constraint, noNodemask)
	switch {
	case r.Kind != investigations.KernelMemcg:
		b.WriteString(",global_oom")
	case r.OOMMemcg != "":
		b.WriteString(",oom_memcg=" + pathText(r.OOMMemcg))
	}
	if t.misses(partSummary) {
		t.add("%s,task_memcg=", b.String())
		return
	}
	var comm string
	var pid, uid int64
	if len(t.kills) > 0 {
		comm, pid = t.kills[0].Comm, t.kills[0].PID
		if u := t.kills[0].UID; u != nil {
			uid = *u
		}
	}
	t.add("%s,task_memcg=%s,task=%s,pid=%d,uid=%d", b.String(), pathText(r.TaskMemcg), commText(comm), pid, uid)
}

// endsWithout tells whether the kernel found no process to kill: it prints no summary then.
func (t *rendered) endsWithout() bool {
	return len(t.kills) == 0 && !t.misses(partKill) && t.r.Constraint == ""
}

// pathText and commText are as much of a cgroup's path and of a command's name as is written.
func pathText(s string) string { return s[:min(len(s), renderPath)] }

func commText(s string) string { return s[:min(len(s), 4*maxComm)] }
