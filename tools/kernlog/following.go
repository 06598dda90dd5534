package kernlog

import "github.com/oombot/oombot/investigations"

// Open says whether a report is begun that Next has not returned: more of it may come, or Flush ends it.
func (p *Parser) Open() bool {
	for _, s := range p.sources {
		if s.open != nil || s.part.active {
			return true
		}
	}
	return len(p.ready) > 0
}

// Settled says whether all that is open has its kill line, or the line in its place which says that nothing was killed, so
// that Flush ends nothing in its middle. Where nothing is open it is true.
func (p *Parser) Settled() bool {
	for _, s := range p.sources {
		if s.part.active || s.open != nil && s.open.stage < stageKill && !s.open.noKill && !s.open.exiting {
			return false
		}
	}
	return true
}

// TakeUserKills returns what killers in user space wrote since the last call, and forgets it, so that a follower of a
// log needs no more memory as time goes by. Its times are zero where a line has no date.
func (p *Parser) TakeUserKills() []investigations.UserKill {
	kills := p.sum.userKills
	p.sum.userKills, p.sum.undatedKills = nil, nil
	return kills
}
