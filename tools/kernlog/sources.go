package kernlog

func (p *Parser) closeAll() {
	for len(p.sources) > 0 {
		p.close(p.sources[0])
	}
}

// close finishes what a source has open and forgets the source.
func (p *Parser) close(s *source) {
	p.settle(s)
	p.finish(s)
	p.drop(s)
}

// find returns the source that a record belongs to, if that has something open.
func (p *Parser) find(r *record) *source {
	for _, s := range p.sources {
		if string(r.host) == s.host && string(r.caller) == s.caller {
			return s
		}
	}
	return nil
}

// source returns the source that a record belongs to, a new one where there is none.
func (p *Parser) source(r *record) *source {
	if s := p.find(r); s != nil {
		return s
	}
	if len(p.sources) >= maxSources {
		p.close(p.sources[0])
	}
	s := &source{host: p.name(r.host), caller: string(r.caller)}
	p.sources = append(p.sources, s)
	return s
}

// drop forgets a source that has nothing open.
func (p *Parser) drop(s *source) {
	for i, o := range p.sources {
		if o == s {
			p.sources = append(p.sources[:i], p.sources[i+1:]...)
			break
		}
	}
	if p.last.src == s {
		p.last.src = nil
	}
	p.release()
}

// name returns b as a string, the same one for the same bytes.
func (p *Parser) name(b []byte) string {
	if s, ok := p.names[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(p.names) >= 8192 {
		clear(p.names)
	}
	if len(s) <= 256 {
		p.names[s] = s
	}
	return s
}

// age finishes reports that have had nothing for a long time.
func (p *Parser) age() {
	for i := len(p.sources) - 1; i >= 0; i-- {
		s := p.sources[i]
		b := s.open
		limit := int64(openLines)
		if b == nil || b.stage >= stageKill {
			limit = killedLines
		}
		if p.line-s.line > limit {
			p.close(s)
		}
	}
}
