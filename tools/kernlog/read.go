package kernlog

import (
	"bytes"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// read takes a message into the report it belongs to. It returns the source, which is new where the message
// opened a report. A message that is not whole is kept until its rest comes, unless m.final.
func (p *Parser) read(s *source, m *message) *source {
	if s != nil && s.open != nil && s.open.stage == stageHead && m.class != classNone && s.open.cpuset(m.text) {
		s.open.touch(p, s, m) // the command's name looks like another line
		return s
	}
	switch m.class {
	case classNone:
		if s != nil && s.open != nil {
			p.other(s, m)
		}
		return s
	case classSuppressed, classLost, classBoot, classAudit, classNoKill:
		p.aside(s, m)
		return s
	case classExiting:
		if s != nil && s.open != nil && s.open.stage < stageKill {
			b := s.open
			b.exiting = true
			b.touch(p, s, m)
		}
		return s
	}
	if s == nil {
		s = p.source(m.rec)
	}
	whole := true
	switch m.class {
	case classHeader:
		whole = p.header(s, m)
	case classTask, classLimit:
		whole = p.taskIn(s, m)
	case classCounter:
		whole = p.counter(s, m)
	case classStats:
		whole = p.stats(s, m)
	case classStat, classMemInfo, classMemValues, classZone, classPages:
		p.lines(s, m)
	case classTasks, classTableHead, classRow:
		whole = p.table(s, m)
	case classSummary:
		whole = p.oomKill(s, m)
	case classAnnounce:
		whole = p.announce(s, m)
	case classKill:
		whole = p.kill(s, m)
	case classGroup:
		whole = p.groupKill(s, m)
	}
	if !whole && !m.final {
		p.wait(s, m)
	}
	if s.open == nil && !s.part.active {
		p.drop(s)
		return nil
	}
	return s
}

// header opens a report.
func (p *Parser) header(s *source, m *message) bool {
	inv, nodemask, whole, ok := parseHeader(m.text)
	if !ok {
		return true
	}
	if !whole && !m.final {
		return false
	}
	b := p.start(s, m, stageHead)
	b.strong, b.head = true, true
	b.r.InvokedBy = &inv
	b.old = inv.GFPMask != "" && !strings.Contains(inv.GFPMask, "(") // 4.6 began to name the flags
	if nodemask != nil {
		b.old = true
		b.nodemask = string(nodemask)
	}
	return true
}

// other reads what belongs to an open report and has no fixed beginning.
func (p *Parser) other(s *source, m *message) {
	b := s.open
	switch b.stage {
	case stageHead:
		if b.headLine(p, m.text) {
			b.touch(p, s, m)
		}
	case stageStats:
		if first, _, multi := bytes.Cut(m.text, newline); b.stat(trimSpaces(first)) {
			if multi {
				p.statLines(b, m.text)
			}
			b.touch(p, s, m)
		}
	case stageMem:
		if b.memValues(m.text) {
			b.touch(p, s, m)
		}
	}
}

// taskIn reads `Task in A killed as a result of limit of B`.
func (p *Parser) taskIn(s *source, m *message) bool {
	const words = " killed as a result of limit of "
	var task, limit []byte
	if m.class == classTask {
		rest := m.text[len("Task in "):]
		i := bytes.Index(rest, []byte(words))
		if i < 0 {
			return false
		}
		task, limit = rest[:i], rest[i+len(words):]
	} else {
		limit = m.text[len("Memory limit reached of cgroup "):]
	}
	if len(limit) == 0 && !m.final {
		return false
	}
	b := p.atStage(s, m, stageCounters)
	b.strong, b.old = true, true
	b.r.TaskMemcg, b.r.OOMMemcg = p.path(task), p.path(limit)
	return true
}

// maxPath is how much of a cgroup's path is kept; the kernel's own limit is 4096 bytes.
const maxPath = 8192

// counter reads a usage line.
func (p *Parser) counter(s *source, m *message) bool {
	name, c, raw, whole := parseCounter(m.text)
	if !whole {
		return false
	}
	b := s.open
	if b != nil && b.stage <= stageCounters && b.r.Memory != nil && name == "memory" {
		p.finish(s)
	}
	b = p.atStage(s, m, stageCounters)
	b.strong = true
	switch name {
	case "memory":
		b.r.Memory = &c
	case "memory+swap":
		b.r.MemorySwap = &c
	case "swap":
		b.r.Swap = &c
	case "kmem":
		b.r.Kmem = &c
	}
	if c.LimitKB == nil {
		b.pageFromUnlimited(raw)
	}
	return true
}

// pageFromUnlimited reads the page size off a limit that stands for none: LONG_MAX/PAGE_SIZE pages.
func (b *builder) pageFromUnlimited(kb int64) {
	switch kb {
	case (1<<63 - 1) / 4096 * 4:
		b.pageKB = 4
	case (1<<63 - 1) / 16384 * 16:
		b.pageKB = 16
	case (1<<63 - 1) / 65536 * 64:
		b.pageKB = 64
	}
}

// oomKill reads the summary.
func (p *Parser) oomKill(s *source, m *message) bool {
	sum := p.parseSummary(m.text)
	if !sum.whole && !m.final {
		return false
	}
	b := p.atStage(s, m, stageSummary)
	if b.summary != nil {
		p.finish(s)
		b = p.atStage(s, m, stageSummary)
	}
	b.strong = true
	b.summary = &sum
	b.r.Constraint, b.r.OOMMemcg, b.r.TaskMemcg = sum.constraint, sum.oomMemcg, sum.taskMemcg
	if sum.nodemask != "" {
		b.nodemask = sum.nodemask
	}
	b.nodes = sum.mems
	return true
}

// announce reads the first of the two kill lines of kernels up to 5.0.
func (p *Parser) announce(s *source, m *message) bool {
	a, whole := parseAnnounce(m.text)
	if !whole && !m.final {
		return false
	}
	b := s.open
	if b == nil || b.stage >= stageAnnounce || b.prefixKind != "" || !b.fits(a.kind) {
		b = p.start(s, m, stageAnnounce)
	}
	b.stage, b.strong, b.old = stageAnnounce, true, true
	b.announced, b.prefixKind = &a, a.kind
	b.touch(p, s, m)
	return true
}

// fits tells whether a kill of that kind can end the report, by what it has shown so far.
func (b *builder) fits(kind string) bool {
	switch kind {
	case investigations.KernelMemcg:
		return !b.memInfo && (b.summary == nil || !b.summary.global)
	case investigations.KernelGlobal:
		return b.r.Memory == nil && !b.statsHead && (b.summary == nil || b.summary.oomMemcg == "") && b.r.OOMMemcg == ""
	}
	return true
}
