package grounding

import (
	"slices"
	"strings"
)

// measure is what of a thing's memory an amount is: one of a fact is held for what it is there, and not for another.
type measure string

const (
	measureLimit     measure = "limit"
	measureCeiling   measure = "ceiling"
	measureRequest   measure = "request"
	measureUsed      measure = "used"
	measureAnon      measure = "anonymous memory"
	measureCache     measure = "cache"
	measureAvailable measure = "available"
	measureTotal     measure = "total"
	// measureAdvised is what the program recommends to set.
	measureAdvised measure = "advised"
)

// measuresOfKeys are what values are, by a part of their keys. The first that fits counts.
var measuresOfKeys = []struct {
	part string
	is   measure
}{
	{"growth", ""},
	{"excess", ""},
	{"slope", ""},
	{"extra", ""},
	{"at_least", ""},
	{"ceiling", measureCeiling},
	{"limit", measureLimit},
	{"request", measureRequest},
	{"anon", measureAnon},
	{"cache", measureCache},
	{"shmem", measureCache},
	{"available", measureAvailable},
	{"capacity", measureTotal},
	{"total", measureTotal},
	{"usage", measureUsed},
	{"usual", measureUsed},
	{"last_bytes", measureUsed},
	{"first_bytes", measureUsed},
	{"peak", measureUsed},
	{"working_set", measureUsed},
}

func measureOfKey(key string) measure {
	for _, q := range measuresOfKeys {
		if strings.Contains(key, q.part) {
			return q.is
		}
	}
	return ""
}

// stands says whether an amount that a fact has as one thing may be named as another.
func (q measure) stands(as measure) bool {
	if q == "" || as == "" || q == as {
		return true
	}
	if q == measureAdvised {
		return false
	}
	for _, alike := range [][]measure{
		{measureLimit, measureCeiling},
		{measureUsed, measureAnon},
		{measureUsed, measureCache},
		{measureTotal, measureLimit}, // what a machine has is its limit
	} {
		if slices.Contains(alike, q) && slices.Contains(alike, as) {
			return q != measureLimit || as != measureTotal
		}
	}
	return false
}

// Words in front of an amount, and behind it, that say what it is.
var (
	measureBefore = map[string]measure{
		"limit": measureLimit, "limits": measureLimit,
		"ceiling": measureCeiling, "used": measureUsed, "uses": measureUsed, "using": measureUsed, "held": measureUsed, "holds": measureUsed, "holding": measureUsed,
		"consumed": measureUsed, "occupied": measureUsed,
	}
	measureBehind = map[string]measure{"limit": measureLimit, "ceiling": measureCeiling, "free": measureAvailable, "available": measureAvailable}
	measureOf     = map[string]measure{"anonymous": measureAnon, "anon": measureAnon, "rss": measureAnon, "page": measureCache, "cache": measureCache}
	// betweenMeasure may stand between the word and the amount; permitted are words that make "use 2 GiB" a limit.
	betweenMeasure = wordsOf("of is was at to = about around roughly only just nearly almost some up the a")
	permitted      = wordsOf("may can could might to would will should")
)

// measureAt tells what the amount of words[i:end] is said to be.
func (s *scanner) measureAt(i, end int) measure {
	if s.claim && s.proposes() {
		return ""
	}
	if !s.at(end-1).ends() && !s.at(end).open {
		if s.at(end).low == "of" {
			if q := measureOf[s.at(end+1).low]; q != "" {
				return q
			}
		} else if q := measureBehind[s.at(end).low]; q != "" && (s.at(i-1).low != "of" || q != measureAvailable) { // "216 MiB of 15.6 GiB available"
			return q
		}
	}
	k := i - 1
	for back := 0; back < 2 && betweenMeasure[s.at(k).low] && !s.at(k).ends(); back++ {
		k--
	}
	w := s.at(k)
	if w.ends() || s.at(i).open {
		return ""
	}
	q := measureBefore[w.low]
	if q == measureLimit && s.indefinite(k) {
		return ""
	}
	if q == measureUsed && permitted[s.at(k-1).low] {
		return ""
	}
	return q
}

// indefinite says whether the limit at word k is one that could be, at the begin of what is said: "a limit of 3 GiB is a first step".
func (s *scanner) indefinite(k int) bool {
	k--
	for back := 0; back < 2 && (s.at(k).low == "explicit" || s.at(k).low == "higher" || s.at(k).low == "memory" || s.at(k).low == "larger"); back++ {
		k--
	}
	if a := s.at(k).low; a != "a" && a != "an" {
		return false
	}
	before := s.at(k - 1)
	return before.text == "" || before.ends() || before.low == "or" || before.low == "and"
}

// as tells which measure a number that a fact's sentence has is, where a value of the fact is printed there.
func (h *held) as(r reading) measure {
	found := measure("")
	for _, v := range h.values[r.dim] {
		if v.key == "" || !matches(r, exactly, v.value) {
			continue
		}
		if found != "" && found != v.measure || v.measure == "" {
			return ""
		}
		found = v.measure
	}
	return found
}

// hasMeasure says whether the facts have an amount that is one.
func (h *held) hasMeasure(m measure) bool {
	return slices.ContainsFunc(h.values[dimBytes], func(v heldValue) bool { return v.measure == m })
}

// proposing are words of a sentence that says what could be set, and not what is.
var proposing = wordsOf("would should define defining set setting raise raising lower lowering cap capping recommend recommended advise suggest suggested propose proposed new give giving increase increasing reduce reducing to")

// proposes says whether the text has one of them.
func (s *scanner) proposes() bool {
	return slices.ContainsFunc(s.words, func(w litWord) bool { return proposing[w.low] })
}

// measureOf tells what a factor in front of word i is of.
func (s *scanner) measureOf(i int) measure {
	if d := s.at(i).low; d != "its" && d != "the" && d != "their" {
		return ""
	}
	for _, w := range []litWord{s.at(i + 1), s.at(i + 2)} {
		if q := measureOfFactor[w.low]; q != "" {
			return q
		}
	}
	return ""
}

var measureOfFactor = map[string]measure{"limit": measureLimit, "request": measureRequest}

// holdsFactorOf says whether an amount that is used is r times one of what the factor is of.
func (h *held) holdsFactorOf(lit literal, r reading) bool {
	return pairs(h.paired(dimBytes), lit.digits, func(a, b heldValue) bool {
		return b.measure == lit.of && a.measure != lit.of && b.value > 0 && ratioNear(r, lit, a.value/b.value, 0)
	})
}
