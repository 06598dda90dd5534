package grounding

import (
	"strings"
)

// structural words make the number behind them one of the text, and none of the incident.
var structural = map[string]bool{
	"step": true, "steps": true, "option": true, "phase": true, "point": true, "item": true, "hypothesis": true, "tier": true,
	"layer": true, "section": true, "reason": true, "part": true, "cgroup": true, "cgroups": true, "priority": true,
}

// numberAt reads a number with its unit: 1.57 GiB an hour, 96 %, 2.5x, 740-1910 MiB, the third restart, revision 19.
func (s *scanner) numberAt(i int) ([]literal, int) { return s.numberWithin(i, 0) }

func (s *scanner) numberWithin(i, depth int) ([]literal, int) {
	if lits, n := s.fractionAt(i); n > 0 {
		return lits, n
	}
	n, taken := s.numeralAt(i)
	if taken == 0 {
		return nil, 0
	}
	end := i + taken
	if n.words && !s.wordCounts(n, end) {
		return nil, 0
	}
	if structural[s.at(i-1).low] && n.whole && n.value() < 20 && n.rest == "" {
		return nil, taken
	}
	if lits, m := s.rangeAt(i, n, end); m > 0 {
		return lits, m
	}
	lit := literal{kind: Number, digits: n.digits, bound: exactly}
	readings, m, ok := s.unitBehind(n, end)
	if ok {
		lit.readings, end = readings, end+m
		s.countToo(&lit, i, end)
		lit.bound = s.hedge(i, end)
		if n.rest != "" && n.rest[0] == '+' {
			lit.bound = over
		}
		lit.text = s.writtenAs(i, end)
		lit.measure = s.measureAt(i, end)
		return []literal{lit}, end - i
	}
	switch {
	case n.rest == "st" || n.rest == "nd" || n.rest == "rd" || n.rest == "th":
		lit.ordinal = true
	case n.rest == "+" || n.rest == "-ish":
	case strings.HasPrefix(n.rest, "/"):
		return s.ratioAt(i, n)
	case n.rest != "":
		return nil, 0
	}
	s.bareNumber(&lit, n, i, end, depth)
	return []literal{lit}, end - i
}

// numeralAt reads the digits or the words of a number.
func (s *scanner) numeralAt(i int) (numeral, int) {
	text := s.at(i).text
	if len(text) > 1 && (text[0] == '#' || text[0] == 'x' && asciiDigit(text[1])) {
		text = text[1:]
	}
	n, ok := parseNumeral(text)
	if !ok {
		return wordNumeral(s.words, i)
	}
	if s.at(i).text[0] == 'x' {
		n.rest = "x" + n.rest
	}
	end := i + 1
	// 1 073 741 824: groups of three digits that blanks part.
	if n.rest == "" && n.whole && n.value() < 1000 {
		digits := s.at(i).text
		for end < len(s.words) && !s.at(end-1).ends() && len(s.at(end).text) == 3 && strings.Trim(s.at(end).text, "0123456789") == "" {
			digits += s.at(end).text
			end++
		}
		if _, _, isUnit := s.unitBehind(numeral{values: []float64{1}, steps: []float64{1}}, end); end > i+1 && (isUnit || end > i+2) {
			if merged, ok := parseNumeral(digits); ok {
				return merged, end - i
			}
		}
		end = i + 1
	}
	if n.rest == "" && n.whole && s.next(i) == "and" && s.at(end+1).low == "a" && s.at(end+2).low == "half" {
		n.values[0], n.steps[0] = n.values[0]+0.5, 0.5
		return n, 4
	}
	if n.rest == "" && !s.at(i).ends() {
		if by := largeNumbers[s.at(end).low]; by > 0 {
			n.scale(by)
			end++
		}
	}
	return n, end - i
}

// rangeAt reads 740-1910 MiB, one word with two numbers: both have the unit of the second.
func (s *scanner) rangeAt(i int, n numeral, end int) ([]literal, int) {
	if len(n.rest) < 2 || n.rest[0] != '-' || !asciiDigit(n.rest[1]) {
		return nil, 0
	}
	second, ok := parseNumeral(n.rest[1:])
	if !ok || strings.Contains(second.rest, "-") && !strings.HasPrefix(second.rest, "-") {
		return nil, 0
	}
	var both []literal
	taken := end
	for _, part := range []numeral{n, second} {
		part.rest = second.rest
		lit := literal{kind: Number, digits: part.digits, bound: s.hedge(i, end)}
		if readings, m, ok := s.unitBehind(part, end); ok {
			lit.readings, taken = readings, end+m
		} else if second.rest == "" {
			s.bareNumber(&lit, part, i, end, maxChain)
		} else {
			return nil, 0
		}
		lit.text = s.writtenAs(i, taken)
		both = append(both, lit)
	}
	return both, taken - i
}

// ratioAt reads 3/4 and 2/3.
func (s *scanner) ratioAt(i int, n numeral) ([]literal, int) {
	m, ok := parseNumeral(n.rest[1:])
	if !ok || m.rest != "" || m.value() == 0 {
		return nil, 0
	}
	if _, isTime := timeUnit(s.at(i + 3).low); isTime && s.at(i+1).low == "of" {
		v := n.value() / m.value()
		lit, taken := s.partOfUnit(i, i+1, v)
		return lit, taken
	}
	return []literal{{
		kind: Number, text: s.at(i).text, digits: 2, bound: about,
		readings: []reading{{dim: dimShare, value: n.value() / m.value()}}, counts: []float64{n.value(), m.value()},
	}}, 1
}

// unitBehind reads the unit of a number whose words end before end, and returns what the number may mean.
func (s *scanner) unitBehind(n numeral, end int) (all []reading, taken int, ok bool) {
	u, left, ok := unit{}, "", false
	rest := strings.TrimPrefix(n.rest, "+")
	if rest != "" {
		u, left, ok = attachedUnit(rest)
		if rest == "m" && s.ofHeap(end-1) { // -Xmx336m
			u = units["mib"]
		}
	} else if next := s.at(end); !s.at(end-1).ends() && !next.open && next.quote == s.at(end-1).quote {
		word, slash, cut := strings.Cut(next.text, "/")
		u, ok = unitOf(strings.TrimPrefix(word, "-"))
		if u.dim == dimRequests || len(word) > 0 {
			taken = 1
		}
		if cut {
			left = "/" + slash
		}
		switch {
		case !ok && comparing[next.low] && !next.ends() && requestNouns[s.at(end+1).low]:
			all, taken, ok = s.requests(n, end+1, "")
			return all, taken + 1, ok
		case !ok && requestNouns[strings.ToLower(word)]:
			return s.requests(n, end, left)
		case !ok && next.low == "per" && s.at(end+1).low == "second":
			return s.requests(n, end-1, "")
		case !ok && next.low == "per" && s.at(end+1).low == "cent":
			u, ok, taken = units["%"], true, 2
		case u.dim == dimShare && strings.HasPrefix(s.next(end), "point"):
			taken = 2
		}
	}
	if !ok || left != "" && left[0] == '/' && u.dim != dimBytes && u.dim != dimSeconds && u.dim != dimShare {
		return nil, 0, false
	}
	for _, factor := range u.factors {
		for k := range n.values {
			all = append(all, reading{u.dim, n.values[k] * factor, n.steps[k] * factor})
		}
	}
	if u.dim != dimBytes {
		return all, taken, true
	}
	per, m, within := s.rateBehind(end+taken, left)
	if per == 0 {
		return all, taken, true
	}
	rates := make([]reading, 0, 2*len(all))
	for _, r := range all {
		rates = append(rates, reading{dimByteRate, r.value / per, r.step / per})
	}
	if within { // 1.57 GiB in an hour may be either
		return append(rates, all...), taken, true
	}
	return rates, taken + m, true
}

// requests reads the rest of 24.2 requests per second, or req/s.
func (s *scanner) requests(n numeral, end int, left string) (all []reading, taken int, ok bool) {
	per, m, within := s.rateBehind(end+1, left)
	if per == 0 || within {
		return nil, 0, false
	}
	for k := range n.values {
		all = append(all, reading{dimRequests, n.values[k] / per, n.steps[k] / per})
	}
	return all, m + 1, true
}

// rateBehind reads what makes an amount a rate, from word i on: an hour, per minute, /h, hourly. Within tells of "in an
// hour", which need not.
func (s *scanner) rateBehind(i int, left string) (per float64, taken int, within bool) {
	if len(left) > 1 && left[0] == '/' {
		per, _ = timeUnit(left[1:])
		return per, 0, false
	}
	if s.at(i - 1).ends() {
		return 0, 0, false
	}
	if s.at(i).low == "of" && moving[s.at(i+1).low] && !s.at(i+1).ends() { // 4 KiB of change an hour
		per, taken, within = s.rateBehind(i+2, "")
		return per, taken + 2, within
	}
	first, second := strings.TrimPrefix(s.at(i).low, "-"), s.at(i+1).low
	switch first {
	case "hourly":
		return hour, 1, false
	case "daily":
		return day, 1, false
	case "per", "a", "an", "each", "every", "/":
		per, _ = timeUnit(second)
		return per, 2, false
	case "in", "over", "within", "during":
		if second == "an" || second == "a" || second == "one" || second == "1" || second == "each" || second == "every" {
			per, _ = timeUnit(s.at(i + 2).low)
			return per, 0, true
		}
	}
	if per, found := strings.CutPrefix(first, "/"); found && per != "" {
		v, _ := timeUnit(per)
		return v, 1, false
	}
	if per, found := strings.CutPrefix(first, "per-"); found {
		v, _ := timeUnit(per)
		return v, 1, false
	}
	return 0, 0, false
}

// moving are words that may stand between an amount and the time in which it moved.
var moving = map[string]bool{"change": true, "growth": true, "increase": true, "drift": true, "movement": true, "memory": true, "leak": true}

// ofHeap says whether the words before word i name the flag of a heap.
func (s *scanner) ofHeap(i int) bool {
	for k := i - 1; k >= max(0, i-4); k-- {
		if low := s.at(k).low; strings.Contains(low, "xmx") || strings.Contains(low, "heap") {
			return true
		}
	}
	return false
}

// comparing are words that may stand between a number and the requests that it counts.
var comparing = map[string]bool{"more": true, "extra": true, "additional": true, "fewer": true, "further": true}

// countToo adds that a number with a unit may be a bare count: 70k rows, 3 times, 2 pages.
func (s *scanner) countToo(lit *literal, i, end int) {
	n, _ := s.numeralAt(i)
	by := 0.0
	switch unitWord := s.at(end - 1).low; {
	case unitWord == "times" || unitWord == "time" || unitWord == "pages":
		by = 1
		lit.nouns = append(lit.nouns, nounStem(s.at(i-1).low), nounStem(s.at(i-2).low))
	case n.rest == "" && s.at(end-1).text == "M" && !s.at(end-1).ends():
		by = mega
	case n.rest == "" && (s.at(end-1).text == "k" || s.at(end-1).text == "K") && !s.at(end-1).ends():
		by = kilo
	case n.rest == "k" || n.rest == "K":
		by = kilo
	case n.rest == "M":
		by = mega
	}
	if by > 0 {
		lit.readings = append(lit.readings, reading{dimCount, n.value() * by, n.steps[0] * by})
	}
}
