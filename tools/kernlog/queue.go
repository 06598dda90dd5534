package kernlog

import (
	"slices"

	"github.com/oombot/oombot/investigations"
)

// enqueue puts a report where its first line belongs in the order of the log.
func (p *Parser) enqueue(b *builder) {
	i := len(p.queue)
	for i > 0 && p.queue[i-1].r.Lines[0] > b.r.Lines[0] {
		i--
	}
	p.queue = slices.Insert(p.queue, i, b)
	if len(p.queue) <= 2*maxSources {
		return
	}
	for _, s := range p.sources {
		s.part.active = false
	}
	if first := p.queue[0]; first != b && !first.done {
		p.finish(first.src)
	}
	p.release()
}

// keep makes sure that a source is on the list.
func (p *Parser) keep(s *source) {
	for _, o := range p.sources {
		if o == s {
			return
		}
	}
	p.sources = append(p.sources, s)
}

// finish closes the report that a source has open.
func (p *Parser) finish(s *source) {
	b := s.open
	if b == nil {
		return
	}
	s.open, b.done = nil, true
	b.ownRows(p)
	if b.strong {
		b.complete(p)
	} else if b.r.SuppressedBefore > 0 {
		p.suppressed[s.host] += b.r.SuppressedBefore
	}
	p.release()
}

// release hands out the reports that are finished, up to the first one that is not, or the first message that
// still waits for its rest.
func (p *Parser) release() {
	n := 0
	for n < len(p.queue) && p.queue[n].done && !p.waitingBefore(p.queue[n].r.Lines[0]) {
		if p.queue[n].strong {
			p.ready = append(p.ready, p.queue[n])
		}
		p.queue[n] = nil
		n++
	}
	p.queue = p.queue[n:]
}

// waitingBefore tells whether a message that began before a line is not whole yet.
func (p *Parser) waitingBefore(line int64) bool {
	for _, s := range p.sources {
		if s.part.active && s.part.first < line {
			return true
		}
	}
	return false
}

// ownRows moves the table out of the memory that the next report uses again.
func (b *builder) ownRows(p *Parser) {
	if b.r.Tasks != nil {
		rows := make([]investigations.KernelTask, len(b.r.Tasks))
		copy(rows, b.r.Tasks)
		clear(b.r.Tasks)
		b.rowMemory, b.r.Tasks = b.r.Tasks[:0], rows
	}
	if cap(b.rowMemory) <= 1024 {
		p.rowMemory = b.rowMemory
	}
	b.rowMemory = nil
}

// held counts something over all reports that are not handed out yet.
func (p *Parser) held(count func(*builder) int) int {
	n := 0
	for _, b := range p.queue {
		n += count(b)
	}
	return n
}

func (p *Parser) rows() int { return p.held(func(b *builder) int { return len(b.r.Tasks) }) }

func (p *Parser) children() int { return p.held(func(b *builder) int { return len(b.r.Children) }) }
