package kernlog

import (
	"strings"

	"github.com/oombot/oombot/investigations"
)

// stage is how far a report has come, in the order in which the kernel prints it.
type stage uint8

const (
	stageNone stage = iota
	stageHead
	// stageCounters is the memory cgroup's usage, stageStats its statistics.
	stageCounters
	stageStats
	// stageMem is the machine's memory, in a report that is not a memory cgroup's.
	stageMem
	stageTable
	stageSummary
	// stageAnnounce is the first of the two kill lines of kernels up to 5.0.
	stageAnnounce
	stageKill
)

// builder puts one report together.
type builder struct {
	r     investigations.KernelReport
	src   *source
	stage stage
	stamp stamp
	// lastStamp is the time of the last message.
	lastStamp stamp
	// last is the report's last line so far, lineBefore the one before the last message.
	last, lineBefore int64
	done             bool
	// strong says that something was seen that only an OOM report prints. Other lines that reports hold, as
	// the machine's memory, are printed for other reasons too.
	strong bool
	// boot counts the machine's starts that the log shows before the report.
	boot int

	head       bool
	statsHead  bool
	statsHere  map[string]int64
	memInfo    bool
	memEnd     bool
	tableTitle bool
	tableHead  bool
	rowsCut    bool
	summary    *summaryLine
	announced  *announcement
	// group says that a whole memory.oom.group was killed, groupPath which.
	group     bool
	groupPath string
	// noKill says that the report ends without a kill, by what the kernel prints.
	noKill bool
	// exiting says that the victim was ending already.
	exiting bool
	// killCut says that a kill line breaks off.
	killCut bool
	// gap says that records were lost within the report, gapTable within its table.
	gap, gapTable bool
	// old says that something was seen that kernels from 5.0 do not print.
	old bool
	// trace is what the call trace tells of the kind.
	trace string
	// prefixKind is the kind that the kill line's own words tell.
	prefixKind string

	cols    columns
	cpuText []byte
	// present is kB of memory by NUMA node, from the zones.
	present  map[int64]int64
	nodes    string
	nodemask string
	// pageKB is the page size in KiB as the report shows it; 0 where it does not.
	pageKB int64
	ints   []int64
	names  strings.Builder
	// rowMemory is room for the table; complete gives it back.
	rowMemory []investigations.KernelTask
}

// start opens a report. Whatever its source had open before is finished.
func (p *Parser) start(s *source, m *message, st stage) *builder {
	p.finish(s)
	p.keep(s)
	at := p.stamp(m)
	b := &builder{src: s, stage: st, stamp: at, lastStamp: at, last: p.line, boot: p.sum.boot, rowMemory: p.rowMemory}
	p.rowMemory = nil
	b.r.Host = s.host
	b.r.Lines[0] = m.first
	b.behead(&p.trace)
	if b.stamp.hasUS {
		up := float64(b.stamp.us) / 1e6
		b.r.UptimeS = &up
	}
	if !b.stamp.at.IsZero() {
		b.r.At = &b.stamp.at
	}
	if n := p.suppressed[s.host]; n > 0 {
		b.r.SuppressedBefore = n
		delete(p.suppressed, s.host)
	}
	s.open, s.line, s.gap = b, p.line, false
	p.enqueue(b)
	return b
}

// at returns the report that a message of stage st belongs to: the open one, or a new one without a head,
// where nothing is open or the open one is past that stage.
func (p *Parser) atStage(s *source, m *message, st stage) *builder {
	b := s.open
	if b == nil || b.stage > st {
		b = p.start(s, m, st)
	}
	b.stage = st
	b.touch(p, s, m)
	return b
}

// touch counts a message in.
func (b *builder) touch(p *Parser, s *source, m *message) {
	b.lineBefore, b.last, s.line = b.last, p.line, p.line
	if b.stage >= stageSummary {
		if at := p.stamp(m); at.hasUS || !at.at.IsZero() {
			b.lastStamp = at
		}
	}
	if s.gap {
		b.gap, s.gap = true, false
	}
}

// ptr returns a pointer to v. Many share one piece of memory.
func (b *builder) ptr(v int64) *int64 {
	if len(b.ints) == cap(b.ints) {
		b.ints = make([]int64, 0, 128)
	}
	b.ints = append(b.ints, v)
	return &b.ints[len(b.ints)-1]
}
