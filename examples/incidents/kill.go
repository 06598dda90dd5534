package incidents

import (
	"fmt"
	"slices"
	"sort"
	"time"
)

// contradiction notes that a kind built something that could not have happened; render then refuses it.
func (s *scene) contradiction(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf(format, args...)
	}
}

// cgroupKill reports the kill of a cgroup that met its limit with the given lives below it. What is missing to
// the limit (or too much) is put on the largest process; more than a few per cent is a contradiction. The
// victim is the one that the kernel would choose.
func (s *scene) cgroupKill(n *node, at time.Time, path string, limit int64, lives []*life, edit func(*oomReport)) oomReport {
	r := oomReport{
		at: at, memcg: path, usage: limit, limit: limit, failcnt: 9000 + s.rng.IntN(60000),
	}
	for _, l := range lives {
		m := l.at(at)
		r.held = r.held.add(m)
		r.tasks = append(r.tasks, s.processes(l, at)...)
		r.children = append(r.children, cgroupMemory{s.plat.containerPath(l.c.pod, l.id), m})
	}
	if len(lives) == 1 && path == r.children[0].path {
		r.children = nil
	} else {
		for _, p := range podsOf(lives) {
			r.tasks = append(r.tasks, s.pause(p))
		}
	}
	s.balance(&r, limit)
	s.chooseVictim(&r, limit/pageSize)
	if edit != nil {
		edit(&r)
	}
	s.record(n, r)
	return r
}

// podsOf lists the pods of lives, each once.
func podsOf(lives []*life) []*pod {
	var ps []*pod
	seen := map[*pod]bool{}
	for _, l := range lives {
		if !seen[l.c.pod] {
			seen[l.c.pod] = true
			ps = append(ps, l.c.pod)
		}
	}
	return ps
}

// balance makes usage meet the limit by the largest process's anonymous memory.
func (s *scene) balance(r *oomReport, limit int64) {
	missing := (limit - r.held.usage()) / pageSize * pageSize
	if missing > limit/20 || missing < -limit/20 {
		s.contradiction("%s holds %d bytes at its kill, and its limit is %d", r.memcg, r.held.usage(), limit)
	}
	biggest := 0
	for i, t := range r.tasks {
		if t.anon > r.tasks[biggest].anon {
			biggest = i
		}
	}
	if r.tasks[biggest].anon+missing < 0 {
		return
	}
	r.tasks[biggest].anon += missing
	r.held.anon += missing
	for i := range r.children {
		if r.tasks[biggest].path == r.children[i].path {
			r.children[i].anon += missing
		}
	}
}

// chooseVictim picks who dies, who goes with it, and, where nothing else is said, who asked for memory.
func (s *scene) chooseVictim(r *oomReport, total int64) {
	sort.SliceStable(r.tasks, func(i, j int) bool { return r.tasks[i].pid < r.tasks[j].pid })
	victim, ok := worst(r.tasks, total)
	if !ok {
		s.contradiction("nothing in %s can be killed", r.memcg)
	}
	r.victim, r.invoker = victim, victim
	r.group = s.together(r.tasks, victim)
}

// together lists what dies with the victim where memory.oom.group is set: all of its container, itself again.
func (s *scene) together(tasks []process, victim process) []process {
	if !s.plat.oomGroup() || victim.of == nil {
		return nil
	}
	var group []process
	for _, t := range tasks {
		if t.path == victim.path {
			group = append(group, t)
		}
	}
	return group
}

// oomKill ends a life by its container's own limit, and reports it where the node's log is recorded.
func (s *scene) oomKill(l *life) oomReport {
	return s.oomKillWith(l, nil)
}

// oomKillWith is oomKill with a change to the report.
func (s *scene) oomKillWith(l *life, edit func(*oomReport)) oomReport {
	p := l.c.pod
	r := s.cgroupKill(p.node, l.end, s.plat.containerPath(p, l.id), l.c.limitAt(l.end), []*life{l}, edit)
	l.reason, l.exit = "OOMKilled", 137
	return r
}

// limitAt is the container's limit in force at a moment.
func (c *container) limitAt(t time.Time) int64 {
	if c.limits != nil {
		return int64(c.limits(t))
	}
	return c.limit()
}

// podKill reports that a pod's own cgroup met its limit, and ends the life that the kernel chose.
func (s *scene) podKill(p *pod, at time.Time, edit func(*oomReport)) oomReport {
	var lives []*life
	for _, c := range p.containers {
		if l := c.living(at.Add(-time.Second)); l != nil {
			lives = append(lives, l)
		}
	}
	r := s.cgroupKill(p.node, at, s.plat.podPath(p), p.limit(), lives, edit)
	s.die(r, "OOMKilled")
	return r
}

// die ends the victim's life, if the kill takes the container: with the whole group, or with its first process.
func (s *scene) die(r oomReport, reason string) {
	l := r.victim.of
	if l == nil || len(r.group) == 0 && r.victim.pid != l.pid {
		return
	}
	l.end, l.reason, l.exit = r.at, reason, 137
}

// record adds a report to the node's kernel log, where that was recorded and reaches so far back.
func (s *scene) record(n *node, r oomReport) {
	if n != s.node && !s.allLogs || r.at.Before(s.ago(s.window)) {
		return
	}
	log := s.klog(n)
	log.lines = append(log.lines, s.plat.print(r)...)
	s.kills = append(s.kills, r)
	if s.texture.hints && s.plat.systemd && r.victim.of != nil && slices.Contains(journal, log.transport) {
		unit := s.plat.leaf(r.victim.of.id)
		s.say(n, r.at.Add(30*time.Millisecond), "systemd[1]", "%s: A process of this unit has been killed by the OOM killer.", unit)
		s.say(n, r.at.Add(90*time.Millisecond), "systemd[1]", "%s: Failed with result 'oom-kill'.", unit)
		s.say(n, r.at.Add(140*time.Millisecond), runtimeDaemon(s.plat.runtime)+"[611]", `time="%s" level=info msg="TaskOOM event container_id:\"%s\""`, r.at.Format(time.RFC3339), r.victim.of.id)
	}
}
