package incidents

import "fmt"

// table prints the task table, whose columns differ between generations.
func (p *printer) table(tasks []process) {
	gen := p.k.kernel.gen
	head := "[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name"
	switch {
	case gen >= 608:
		head = "[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents oom_score_adj name"
	case gen >= 418:
		head = "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name"
	case gen == 414:
		head = "[ pid ]   uid  tgid total_vm      rss nr_ptes nr_pmds nr_puds swapents oom_score_adj name"
	case gen == 404:
		head = "[ pid ]   uid  tgid total_vm      rss nr_ptes nr_pmds swapents oom_score_adj name"
	}
	if gen >= 418 {
		p.put(6, "Tasks state (memory values in pages):")
	}
	p.put(6, "%s", head)
	for _, t := range tasks {
		p.put(6, "%s", row(gen, t))
	}
}

// row is one line of the table.
func row(gen int, t process) string {
	ptes := t.pgtables() / pageSize
	switch {
	case gen >= 608:
		return fmt.Sprintf("[%7d] %5d %5d %8d %8d %8d %8d %9d %8d %8d         %5d %s", t.pid, t.uid, t.pid, t.vmPages(),
			t.rss(), t.anon/pageSize, t.file/pageSize, t.shmem/pageSize, t.pgtables(), 0, t.adj, t.comm)
	case gen >= 418:
		return fmt.Sprintf("[%7d] %5d %5d %8d %8d %8d %8d         %5d %s", t.pid, t.uid, t.pid, t.vmPages(), t.rss(),
			t.pgtables(), 0, t.adj, t.comm)
	case gen == 414:
		return fmt.Sprintf("[%5d] %5d %5d %8d %8d %7d %7d %7d %8d         %5d %s", t.pid, t.uid, t.pid, t.vmPages(),
			t.rss(), max(ptes-2, 1), 2, 1, 0, t.adj, t.comm)
	case gen == 404:
		return fmt.Sprintf("[%5d] %5d %5d %8d %8d %7d %7d %8d         %5d %s", t.pid, t.uid, t.pid, t.vmPages(), t.rss(),
			max(ptes-2, 1), 2, 0, t.adj, t.comm)
	}
	return fmt.Sprintf("[%5d] %5d %5d %8d %8d %7d %8d         %5d %s", t.pid, t.uid, t.pid, t.vmPages(), t.rss(), ptes, 0,
		t.adj, t.comm)
}

// summary prints the line that says what ran out, since 5.0 (RHEL 8 has it too).
func (p *printer) summary(r oomReport) {
	if gen := p.k.kernel.gen; gen < 418 || gen == 419 {
		return
	}
	constraint, scope := "CONSTRAINT_MEMCG", "oom_memcg="+r.memcg
	if r.global {
		constraint, scope = "CONSTRAINT_NONE", "global_oom"
	}
	if r.constraint != "" {
		constraint = r.constraint
	}
	nodemask := r.nodemask
	if nodemask == "" {
		nodemask = "(null)"
	}
	path := r.victim.path
	if path == "" {
		path = "/"
	}
	mems := "0"
	if r.constraint == "CONSTRAINT_MEMORY_POLICY" {
		mems, nodemask = "0-1", "0"
	}
	p.put(6, "oom-kill:constraint=%s,nodemask=%s,cpuset=%s,mems_allowed=%s,%s,task_memcg=%s,task=%s,pid=%d,uid=%d",
		constraint, nodemask, cpuset(r.invoker.path), mems, scope, path, r.victim.comm, r.victim.pid, r.victim.uid)
}

// kill prints who dies.
func (p *printer) kill(r oomReport) {
	gen := p.k.kernel.gen
	prefix := "Memory cgroup out of memory"
	if r.global {
		prefix = "Out of memory"
	}
	if gen < 418 || gen == 419 {
		total := r.limit / pageSize
		if r.global {
			total = r.machine.total()
		}
		points, _ := r.victim.badness(total)
		p.put(3, "%s: Kill process %d (%s) score %d or sacrifice child", prefix, r.victim.pid, r.victim.comm, max(points*1000/max(total, 1), 1))
		p.put(3, "Killed process %d (%s)%s %s", r.victim.pid, r.victim.comm, oldUID(gen, r.victim), sizes(gen, r.victim))
	} else {
		p.put(3, "%s: Killed process %d (%s) %s", prefix, r.victim.pid, r.victim.comm, sizes(gen, r.victim))
	}
	if len(r.group) > 0 {
		p.put(6, "Tasks in %s are going to be killed due to memory.oom.group set", r.victim.path)
		for _, t := range r.group {
			p.put(3, "%s: Killed process %d (%s) %s", prefix, t.pid, t.comm, sizes(gen, t))
		}
	}
	if gen >= 414 && gen < 515 {
		p.put(6, "oom_reaper: reaped process %d (%s), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB", r.victim.pid, r.victim.comm)
	}
}

// oldUID is what late RHEL 7 kernels add.
func oldUID(gen int, t process) string {
	if gen == 310 {
		return fmt.Sprintf(", UID %d,", t.uid)
	}
	return ""
}

// sizes is the end of a kill line.
func sizes(gen int, t process) string {
	text := fmt.Sprintf("total-vm:%dkB, anon-rss:%dkB, file-rss:%dkB, shmem-rss:%dkB", t.vmPages()*4, kb(t.anon), kb(t.file), kb(t.shmem))
	if gen == 418 || gen >= 504 {
		text += fmt.Sprintf(", UID:%d pgtables:%dkB oom_score_adj:%d", t.uid, kb(t.pgtables()), t.adj)
	}
	return text
}
