package grounding

import "strings"

// sideBefore tells which of two revisions the words between the number before and this one name.
func (s *scanner) sideBefore(lit literal, before int) side {
	for i := lit.from - 1; i >= before; i-- {
		if w := s.at(i); strings.ContainsAny(w.after, ".;:!?") || partsOwners[w.low] {
			break
		}
		next := s.at(i + 1).low
		release := next == "revision" || next == "version" || next == "image" || next == "release" || next == "pods" || next == "one" || next == "ones"
		switch w := s.at(i).low; {
		case !release:
		case w == "old" || w == "older" || w == "previous" || w == "former" || w == "earlier":
			return -1
		case w == "new" || w == "newer" || w == "latest" || w == "newest":
			return 1
		}
	}
	return 0
}

// sides marks the numbers of a fact that compares two revisions.
func sides(all []figure) {
	first, second := "", ""
	for _, f := range all {
		switch {
		case f.revision == "" || f.revision == first:
		case first == "":
			first = f.revision
		case second == "" || f.revision == second:
			second = f.revision
		default:
			return
		}
	}
	if second == "" {
		return
	}
	older := first
	if len(second) < len(first) || len(second) == len(first) && second < first {
		older = second
	}
	for i := range all {
		switch all[i].revision {
		case "":
		case older:
			all[i].side = -1
		default:
			all[i].side = 1
		}
	}
}

// comesBefore reports whether literal i is told of the time before a revision: "before revision 19 it peaked at 794 MiB".
func (s *scanner) comesBefore(i int) bool {
	if i == 0 || s.found[i-1].role != roleRevision {
		return false
	}
	at := s.found[i-1].from
	return s.at(at-1).low == "before" || s.at(at-2).low == "before"
}

// maxBeside is how many words may stand between a number and the revision behind it.
const maxBeside = 4

// revisionOf is the revision that literal i is told of: the one behind it, as in "by 2 MiB in revision 18", else the last
// one before it, unless that is only compared with.
func (s *scanner) revisionOf(i int) string {
	lit := s.found[i]
	if lit.role == roleRevision {
		return ""
	}
	if b := s.at(lit.from - 1).low; b == "against" || b == "versus" || b == "vs" {
		return "" // "620 against 617 MiB": it is the other one's
	}
	for j := i + 1; j < len(s.found) && s.found[j].from-lit.to <= maxBeside; j++ {
		next := s.found[j]
		if next.role == roleRevision && !s.at(lit.to-1).ends() && preposed[s.at(next.from-2).low] && next.from-lit.to <= maxBeside {
			return next.revisionName()
		}
		if next.kind != Name {
			break
		}
	}
	for j := i - 1; j >= 0; j-- {
		if one := s.found[j]; one.role == roleRevision {
			if before := s.at(one.from - 2).low; before == "before" || before == "against" || before == "than" || before == "with" || before == "to" || before == "from" {
				return ""
			}
			return one.revisionName()
		}
	}
	return ""
}

var preposed = wordsOf("in of for on under with")

func (l literal) revisionName() string {
	return strings.TrimLeft(strings.ToLower(l.text), "revison #")
}
