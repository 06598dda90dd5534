package redact

import (
	"slices"
	"strings"
)

// span is a part of a text that is to go.
type span struct{ start, end int }

// mask puts Masked in place of each span. Spans grow over every Masked that they touch, and those that meet
// become one, so that masking the result once more changes nothing but what is found anew.
func mask(s string, spans []span) string {
	for i := range spans {
		spans[i] = grown(s, spans[i])
	}
	slices.SortFunc(spans, func(a, b span) int { return a.start - b.start })
	merged := spans[:0]
	for _, p := range spans {
		switch last := len(merged) - 1; {
		case p.end <= p.start:
		case last >= 0 && p.start <= merged[last].end:
			merged[last].end = max(merged[last].end, p.end)
		default:
			merged = append(merged, p)
		}
	}
	if len(merged) == 0 {
		return s
	}
	var b strings.Builder
	at := 0
	for _, p := range merged {
		b.WriteString(s[at:p.start])
		b.WriteString(Masked)
		at = p.end
	}
	b.WriteString(s[at:])
	return b.String()
}

// grown returns p with every Masked that it overlaps.
func grown(s string, p span) span {
	if p.end <= p.start {
		return p
	}
	for from := max(0, p.start-len(Masked)+1); from < p.end; {
		i := strings.Index(s[from:min(len(s), p.end+len(Masked)-1)], Masked)
		if i < 0 {
			break
		}
		from += i
		if from < p.end && from+len(Masked) > p.start {
			p.start, p.end = min(p.start, from), max(p.end, from+len(Masked))
		}
		from += len(Masked)
	}
	return p
}
