package grounding

import "strings"

// spanAt reads a duration: 45 min, 49m55s, 2 h 40 min, 1 day and 4 hours, an hour, an hour and a half. Its last digit is
// worth one of its smallest unit.
func (s *scanner) spanAt(i int) ([]literal, int) {
	if v, step, ok := attachedSpan(s.at(i).text); ok {
		return s.span(i, i+1, v, step), 1
	}
	if v, step, n := s.articleSpan(i); n > 0 {
		if s.at(i+n-1).after == "" && s.at(i+n).low == "and" { // an hour and five minutes
			if more, st, per, m := s.spanPart(i + n + 1); m > 0 && per < step {
				return s.span(i, i+n+1+m, v+more, st), n + 1 + m
			}
		}
		return s.span(i, i+n, v, step), n
	}
	sum, step, last, end := 0.0, 0.0, 0.0, i
	for j := i; ; {
		v, st, per, n := s.spanPart(j)
		if n == 0 || last > 0 && per >= last {
			break
		}
		sum, step, last, end = sum+v, st, per, j+n
		after := s.at(end - 1).after
		if after != "" && after != "," {
			break
		}
		j = end
		if s.at(j).low == "and" {
			j++
		}
	}
	if end == i {
		return nil, 0
	}
	if s.at(end-1).after == "" && s.at(end).low == "and" && s.at(end+1).low == "a" && s.at(end+2).low == "half" {
		sum, step, end = sum+last/2, last/2, end+3
	}
	return s.span(i, end, sum, step), end - i
}

func (s *scanner) span(i, end int, v, step float64) []literal {
	if s.toCome(i) {
		return []literal{{kind: Number, text: s.writtenAs(i, end), digits: 2, general: true, readings: []reading{{dimSeconds, v, step}}}}
	}
	return []literal{{
		kind: Number, text: s.writtenAs(i, end), bound: s.hedge(i, end), digits: 2,
		readings: []reading{{dimSeconds, v, step}},
	}}
}

// spanPart reads one number with its unit of time.
func (s *scanner) spanPart(i int) (v, step, per float64, taken int) {
	n, k := s.numeralAt(i)
	if k == 0 {
		return 0, 0, 0, 0
	}
	rest := strings.TrimPrefix(n.rest, "+")
	end := i + k
	if rest == "" {
		if s.at(end - 1).ends() {
			return 0, 0, 0, 0
		}
		if comparing[s.at(end).low] && !s.at(end).ends() { // 30 more seconds
			end++
		}
		rest = strings.TrimPrefix(s.at(end).text, "-")
		end++
	} else {
		rest, _, _ = strings.Cut(strings.TrimPrefix(rest, "-"), "-")
	}
	if rest == "m" && s.ofHeap(i) {
		return 0, 0, 0, 0
	}
	if rest == "M" || n.words && rest == "s" {
		return 0, 0, 0, 0
	}
	per, ok := timeUnit(rest)
	if !ok || s.at(end-1).low == "second" && n.words && n.value() == 1 {
		return 0, 0, 0, 0
	}
	return n.value() * per, n.steps[0] * per, per, end - i
}

// attachedSpan reads 49m55s and 1h30m, one word of several units; a single unit is spanPart's.
func attachedSpan(text string) (v, step float64, ok bool) {
	last, parts := 0.0, 0
	for text != "" {
		end := 0
		for end < len(text) && (asciiDigit(text[end]) || text[end] == '.') {
			end++
		}
		n, isNumber := parseNumeral(text[:end])
		unitEnd := end
		for unitEnd < len(text) && text[unitEnd] >= 'a' && text[unitEnd] <= 'z' {
			unitEnd++
		}
		per, isUnit := timeUnit(text[end:unitEnd])
		if !isNumber || !isUnit || last > 0 && per >= last {
			return 0, 0, false
		}
		v, step, last = v+n.value()*per, n.steps[0]*per, per
		text = text[unitEnd:]
		parts++
	}
	return v, step, parts > 1
}

// articleSpan reads an hour, where it is no part of a rate or a manner of speaking; and a day, a week or a minute behind
// a word as about: "after a day" is said of what is to come as well.
func (s *scanner) articleSpan(i int) (v, step float64, taken int) {
	if a := s.at(i).low; a != "an" && a != "a" || s.at(i).ends() {
		return 0, 0, 0
	}
	per, before := 0.0, s.at(i-1).low
	switch s.at(i + 1).low {
	case "hour":
		per = hour
	case "day":
		per = day
	case "week":
		per = week
	case "minute":
		per = minute
	default:
		return 0, 0, 0
	}
	if b := s.hedge(i, i+2); per != hour && (b == exactly || before == "over") {
		return 0, 0, 0
	}
	if open := s.next(i+1) + " " + s.at(i+3).low; s.next(i+1) == "apart" || open == "or more" || open == "or two" { // of what is advised
		return 0, 0, 0
	}
	if before == "once" || before == "twice" || strings.HasSuffix(before, "s") && before != "was" && before != "is" && before != "lasts" && before != "takes" {
		return 0, 0, 0
	}
	if s.next(i+1) == "and" && s.at(i+3).low == "a" && s.at(i+4).low == "half" {
		return 1.5 * per, per / 2, 5
	}
	if s.next(i+1) == "and" {
		if v, step, less, n := s.spanPart(i + 3); n > 0 && less < per {
			return per + v, step, 3 + n
		}
	}
	return per, per, 2
}

// looking are verbs of what is advised to be done again or for a while.
var looking = wordsOf(`re-evaluate re-evaluating reevaluate reevaluating re-assess reassess reassessing review reviewing watch watching monitor monitoring observe
observing look looking check checking recheck re-check revisit revisiting wait waiting repeat repeating collect collecting record recording`)

// toCome says whether a span of time is one that is advised: "and look again after 24 hours".
func (s *scanner) toCome(i int) bool {
	k := i - 1
	for k > 0 && (s.at(k).low == "a" || s.at(k).low == "about" || s.at(k).low == "another" || s.at(k).low == "least" || s.at(k).low == "at") {
		k--
	}
	if b := s.at(k).low; b != "after" && b != "for" && b != "in" && b != "over" && b != "every" {
		return false
	}
	for back := 1; back <= 4 && !s.at(k-back).ends(); back++ {
		if looking[s.at(k-back).low] {
			return true
		}
	}
	return false
}
