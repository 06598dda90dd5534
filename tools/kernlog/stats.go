package kernlog

import (
	"bytes"
	"strings"
)

// stats reads `Memory cgroup stats for PATH:`. Up to 5.2 the values stand behind it on the same line, in KB,
// one such line for each cgroup below the limit; later they follow, in bytes.
func (p *Parser) stats(s *source, m *message) bool {
	rest := bytes.TrimPrefix(m.text, []byte("Memory cgroup stats for"))
	rest = bytes.TrimPrefix(rest, []byte(" "))
	path, values, whole := statsPath(rest)
	if !whole && !m.final {
		return false
	}
	if b := s.open; b != nil && b.stage <= stageStats && b.statsHead && values == nil {
		p.finish(s) // the list is printed once a report
	}
	if !whole {
		path = nil // what is there of it is not the path
	}
	b := p.atStage(s, m, stageStats)
	b.strong = true
	into := b.cgroupStats(p, p.path(path))
	for v := values; len(v) > 0 && into != nil; {
		var pair []byte
		pair, v, _ = bytes.Cut(trimSpaces(v), []byte(" "))
		key, value, ok := bytes.Cut(pair, []byte(":"))
		if n, digits := leadingInt(value); ok && digits > 0 && len(into) < maxStats && strings.EqualFold(string(value[digits:]), "kB") {
			into[statKey(key)] = n << 10
		}
	}
	return true
}

// statsPath splits PATH from the values. A path can hold colons.
func statsPath(b []byte) (path, values []byte, whole bool) {
	if i := bytes.LastIndex(b, []byte(": cache:")); i >= 0 {
		values = b[i+2:]
		return b[:i], values, true
	}
	t := bytes.TrimRight(b, " ")
	if len(t) == 0 || t[len(t)-1] != ':' {
		return t, nil, false
	}
	return t[:len(t)-1], nil, true
}

// cgroupStats makes room for the statistics of a cgroup: the first is the one whose limit was hit, further
// ones are below it. It returns nil where there are too many.
func (b *builder) cgroupStats(p *Parser, path string) map[string]int64 {
	values := make(map[string]int64, 56)
	if !b.statsHead {
		b.statsHead = true
		b.r.StatsPath, b.r.Stats, b.statsHere = path, values, values
		return values
	}
	if b.r.Children == nil {
		b.r.Children = map[string]map[string]int64{}
	}
	if len(b.r.Children) >= maxChildren || p.children() >= maxOpenChildren {
		b.statsHere = nil
		return nil
	}
	b.r.Children[path], b.statsHere = values, values
	return values
}

// statKey returns a key as a string that is kept once.
func statKey(key []byte) string {
	if k, ok := statKeys[string(key)]; ok {
		return k
	}
	return string(key)
}

// lines reads messages that hold one value each, or several of the same sort with line breaks between them.
func (p *Parser) lines(s *source, m *message) {
	st := stageMem
	if m.class == classStat {
		st = stageStats
	}
	if b := s.open; b != nil && m.class != classStat && b.stage != stageMem && b.stage != stageHead && b.strong && b.stage < stageKill {
		return // another part of the kernel shows the machine's memory meanwhile
	}
	b := p.atStage(s, m, st)
	switch m.class {
	case classStat:
		p.statLines(b, m.text)
	case classMemInfo:
		b.memInfo = true
		b.memLines(m.text)
	case classMemValues:
		b.memInfo = true
		b.memLines(m.text)
	case classZone:
		b.zone(m.text)
	case classPages:
		b.pages(m.text)
	}
}

func (p *Parser) statLines(b *builder, text []byte) {
	for len(text) > 0 {
		var line []byte
		line, text, _ = bytes.Cut(text, newline)
		b.stat(trimSpaces(line))
	}
}

// stat reads one `key value`, in bytes; it tells whether the line was one. A log whose head is cut off can
// begin within the list.
func (b *builder) stat(line []byte) bool {
	i := bytes.IndexByte(line, ' ')
	if i < 1 || i > 64 || b.stage != stageStats {
		return false
	}
	v, n := leadingInt(line[i+1:])
	if n == 0 || len(bytes.TrimRight(line[i+1+n:], " ")) > 0 || !statName(line[:i]) {
		return false
	}
	if b.statsHere == nil {
		if b.statsHead {
			return true
		}
		b.statsHere = map[string]int64{}
		b.r.Stats = b.statsHere
	}
	if len(b.statsHere) < maxStats {
		b.statsHere[statKey(line[:i])] = v
	}
	return true
}

func statName(b []byte) bool {
	for _, c := range b {
		if c-'a' > 'z'-'a' && c != '_' && !isDigit(c) {
			return false
		}
	}
	return b[0]-'a' <= 'z'-'a'
}

// hierarchical puts cgroup v1's total_ counters, which count the cgroups below as well, in the place of its
// own.
func hierarchical(stats map[string]int64) {
	for k, v := range stats {
		if own, ok := strings.CutPrefix(k, "total_"); ok {
			stats[own] = v
			delete(stats, k)
		}
	}
}
