package kernlog

import (
	"bytes"
	"time"

	"github.com/oombot/oombot/investigations"
)

// killGap is how long after a report's last line its kill can come; groupGap is the same between the kills of
// one memory.oom.group.
const (
	killGap  = 30 * time.Second
	groupGap = 2 * time.Second
	// groupLines is the same as groupGap for logs without a time.
	groupLines = 1000
)

// kill reads a kill line: it ends the open report, goes on with the kills of a group, or is an object of its
// own, because the kernel prints at most ten full reports in five seconds.
func (p *Parser) kill(s *source, m *message) bool {
	k, whole, ok := parseKill(m.text)
	if !whole && !m.final {
		return false
	}
	if !ok {
		return true
	}
	b := s.open
	switch {
	case b == nil:
		b = p.bare(s, m, &k)
	case b.stage == stageKill:
		if !b.owns(&k, p.stamp(m), p.line) {
			b = p.bare(s, m, &k)
		}
	case !b.expects(&k, p.stamp(m)):
		b = p.bare(s, m, &k)
	}
	b.add(&k)
	b.killCut = b.killCut || !whole
	b.touch(p, s, m)
	return true
}

// bare opens a report for a kill that has none.
func (p *Parser) bare(s *source, m *message, k *killLine) *builder {
	b := p.start(s, m, stageKill)
	b.strong = true
	b.old = k.bare
	return b
}

// add takes a killed process in; one that is there already is the victim that a group's kills name again.
func (b *builder) add(k *killLine) {
	b.stage, b.strong = stageKill, true
	if b.prefixKind == "" {
		b.prefixKind = k.kind
	}
	if b.again(k) || len(b.r.Killed) >= maxKilled {
		return
	}
	kill := k.KernelKill
	if a := b.announced; a != nil && a.pid == kill.PID && len(b.r.Killed) == 0 {
		score := a.score
		kill.Score = &score
	}
	b.r.Killed = append(b.r.Killed, kill)
}

// again tells whether a process that the report has already is named once more. In a group that can be by the
// number of another of its threads, which no table shows: by then the first thread may be gone, and the kernel
// names one that still has the memory (find_lock_task_mm in mm/oom_kill.c).
func (b *builder) again(k *killLine) bool {
	for i := range b.r.Killed {
		had := &b.r.Killed[i]
		if had.PID == k.PID {
			return true
		}
		if b.group && len(b.r.Tasks) > 0 && !b.inTable(k.PID) && had.Comm == k.Comm &&
			had.TotalVMKB != nil && k.TotalVMKB != nil && *had.TotalVMKB == *k.TotalVMKB {
			return true
		}
	}
	return false
}

// expects tells whether the open report, which has no kill yet, ends with this one.
func (b *builder) expects(k *killLine, at stamp) bool {
	if !b.fits(k.kind) || at.gap(b.lastStamp) > killGap || b.noKill || b.exiting {
		return false
	}
	if b.announced != nil {
		return k.kind == "" || k.kind == b.announced.kind // the pid can be a child's
	}
	if !b.strong && !b.tableHead && b.summary == nil && len(b.r.Tasks) == 0 {
		return false // the machine's memory alone is printed for other reasons too
	}
	if b.summary != nil && b.summary.whole {
		return k.PID == b.summary.pid || b.threadOf(k.PID, b.summary.pid)
	}
	if is, known := versionAtLeast(b.r.Kernel, 5, 0); is && known && b.tableHead && !b.gap && !b.rowsCut {
		return b.inTable(k.PID)
	}
	return true
}

// threadOf tells whether the table shows pid as a thread of the process tgid: the kernel names the thread that
// still has the memory where the first one has ended.
func (b *builder) threadOf(pid, tgid int64) bool {
	for i := range b.r.Tasks {
		if t := &b.r.Tasks[i]; t.PID == pid && t.TGID == tgid {
			return true
		}
	}
	return false
}

func (b *builder) inTable(pid int64) bool {
	for i := range b.r.Tasks {
		if t := &b.r.Tasks[i]; t.PID == pid || t.TGID == pid {
			return true
		}
	}
	return false
}

// owns tells whether a further kill belongs to a report that has one already.
func (b *builder) owns(k *killLine, at stamp, line int64) bool {
	if k.kind != "" && b.prefixKind != "" && k.kind != b.prefixKind {
		return false
	}
	if at.gap(b.lastStamp) > groupGap || line-b.last > groupLines {
		return false
	}
	if b.again(k) {
		return true
	}
	if !b.group {
		return false
	}
	if b.tableHead && !b.gap && !b.rowsCut && len(b.r.Tasks) > 0 {
		return b.inTable(k.PID)
	}
	return true
}

// groupKill reads `Tasks in A are going to be killed due to memory.oom.group set`, which follows the victim's
// kill line.
func (p *Parser) groupKill(s *source, m *message) bool {
	const words = " are going to be killed due to memory.oom.group set"
	rest := m.text[len("Tasks in "):]
	i := bytes.LastIndex(rest, []byte(words))
	if i < 0 {
		return m.final || !bytes.HasPrefix(rest, []byte("/"))
	}
	path := p.path(rest[:i])
	b := s.open
	switch {
	case b == nil || b.stage != stageKill || p.stamp(m).gap(b.lastStamp) > groupGap:
		b = p.start(s, m, stageKill)
		b.strong = true
	case b.group && len(b.r.Killed) > 1:
		// The last kill was another victim, with a group of its own.
		last := b.r.Killed[len(b.r.Killed)-1]
		b.r.Killed = b.r.Killed[:len(b.r.Killed)-1]
		kind, first, stamp := b.prefixKind, b.last, b.lastStamp
		b.last = b.lineBefore
		b = p.start(s, &message{first: first, rec: m.rec, time: stamp, timed: true}, stageKill)
		b.strong, b.prefixKind = true, kind
		b.r.Killed = append(b.r.Killed, last)
	}
	b.group, b.groupPath = true, path
	b.touch(p, s, m)
	return true
}

// kindOf returns memcg, global or manual, or "" where the report does not tell.
func (b *builder) kindOf() string {
	switch {
	case b.r.InvokedBy != nil && b.r.InvokedBy.Order == -1:
		return investigations.KernelManual
	case b.r.OOMMemcg != "" || b.r.TaskMemcg != "" && b.summary == nil:
		return investigations.KernelMemcg
	case b.summary != nil && b.summary.global:
		return investigations.KernelGlobal
	case b.prefixKind != "":
		return b.prefixKind
	case b.r.Memory != nil || b.r.Swap != nil || b.r.MemorySwap != nil || b.r.Kmem != nil || b.statsHead || len(b.r.Stats) > 0:
		return investigations.KernelMemcg
	case b.memInfo || b.r.Node != nil:
		return investigations.KernelGlobal
	}
	return b.trace
}
