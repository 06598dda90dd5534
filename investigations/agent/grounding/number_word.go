package grounding

import "strings"

// parts are fractions in words.
var wordParts = map[string]float64{
	"half": 1.0 / 2, "third": 1.0 / 3, "thirds": 1.0 / 3, "quarter": 1.0 / 4, "quarters": 1.0 / 4, "fifth": 1.0 / 5, "fifths": 1.0 / 5,
	"sixth": 1.0 / 6, "eighth": 1.0 / 8, "tenth": 1.0 / 10, "tenths": 1.0 / 10,
}

// wordFactors are factors in words.
var wordFactors = map[string]float64{
	"twice": 2, "double": 2, "doubled": 2, "doubles": 2, "doubling": 2, "twofold": 2, "thrice": 3, "triple": 3, "tripled": 3, "triples": 3,
	"tripling": 3, "threefold": 3, "quadrupled": 4, "quadruple": 4, "fourfold": 4, "fivefold": 5, "tenfold": 10, "halved": 0.5, "halving": 0.5,
}

var wordOrdinals = map[string]float64{
	"second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10, "eleventh": 11, "twelfth": 12,
}

// vagueNumbers say of a count no more than that it is at least so large; vagueUpTo is how many times as large it may be.
var vagueNumbers = map[string]float64{"dozens": 12, "scores": 20, "hundreds": 100, "thousands": 1e3, "millions": 1e6, "billions": 1e9}

const vagueUpTo = 1000

// looseStep is how exact a fraction or a factor in words is: about 7 % to each side.
const looseStep = 0.15

// fractionAt reads numbers that are said and not counted: two thirds of, half an hour, doubled, an order of magnitude,
// the third restart.
func (s *scanner) fractionAt(i int) ([]literal, int) {
	w := s.at(i)
	if s.at(i).low == "order" && s.at(i+1).low == "of" && strings.HasPrefix(s.at(i+2).low, "magnitude") {
		return []literal{{
			kind: Number, text: "order of magnitude", phrase: "magnitude", digits: 2, bound: about,
			readings: []reading{{dimFactor, 10, 8}, {dimFactor, 0.1, 0.1}},
		}}, 3
	}
	if v, ok := wordFactors[w.low]; ok {
		lit := literal{kind: Number, text: w.text, phrase: w.low, digits: 2, bound: s.hedge(i, i+1)}
		lit.readings = []reading{{dimFactor, v, looseStep * v}}
		lit.of = s.measureOf(i + 1)
		lit.general = w.low == "doubling" && lit.of == measureLimit && s.at(i-1).text == "" // what could be done
		if w.low == "twice" || w.low == "thrice" {
			lit.readings = append(lit.readings, reading{dimCount, v, 0})
			lit.nouns = []string{nounStem(s.at(i - 1).low), nounStem(s.at(i - 2).low)}
		}
		return []literal{lit}, 1
	}
	if v, ok := wordOrdinals[w.low]; ok && s.at(i-1).low != "per" && s.at(i-1).low != "every" {
		if nouns := s.nounsBehind(i + 1); len(nouns) > 0 && counted[nouns[0]] && !w.ends() && w.low != "second" || w.low == "second" && len(nouns) > 0 && (nouns[0] == "restart" || nouns[0] == "kill") {
			return []literal{{
				kind: Number, text: s.writtenAs(i, i+2), digits: 1, ordinal: true, nouns: nouns, phrase: w.low,
				readings: []reading{{dimCount, v, 1}},
			}}, 1
		}
	}
	if by := vagueNumbers[w.low]; by > 0 && s.next(i) == "of" {
		nouns := s.nounsBehind(i + 2)
		if _, measured := unitOf(s.at(i + 2).text); len(nouns) > 0 && (!measured || nouns[0] == "time") {
			return []literal{{
				kind: Number, text: w.text, digits: 1, bound: about, nouns: nouns,
				readings: []reading{{dimCount, vagueUpTo / 2 * by, (vagueUpTo - 2) * by}},
			}}, 1
		}
	}
	v, taken := s.partAt(i)
	if taken == 0 || s.at(i+taken-1).ends() {
		return nil, 0
	}
	if lit, n := s.partOfUnit(i, i+taken, v); n > 0 {
		return lit, n
	}
	switch s.at(i + taken).low {
	case "of", "the", "its", "their", "as", "that", "full":
	default:
		return nil, 0
	}
	last := s.at(i + taken - 1).low
	return []literal{{
		kind: Number, text: s.writtenAs(i, i+taken), phrase: last, digits: 2, bound: s.hedge(i, i+taken),
		readings: []reading{{dimShare, v, looseStep * v}, {dimFactor, v, looseStep * v}},
	}}, taken
}

// partAt reads half, a third, two thirds, three-quarters.
func (s *scanner) partAt(i int) (v float64, taken int) {
	w := s.at(i)
	if count, part, ok := strings.Cut(w.low, "-"); ok && smallNumbers[count] > 0 && wordParts[part] > 0 {
		return smallNumbers[count] * wordParts[part], 1
	}
	if w.low == "half" {
		switch s.at(i - 1).low {
		case "first", "second", "other", "last", "latter", "former", "a": // a half of the time is no amount; "and a half" neither
			return 0, 0
		}
		return 0.5, 1
	}
	part := wordParts[s.at(i+1).low]
	if part == 0 || w.ends() {
		return 0, 0
	}
	if w.low == "a" || w.low == "an" {
		return part, 2
	}
	if n := smallNumbers[w.low]; n > 0 && n < 10 {
		return n * part, 2
	}
	return 0, 0
}

// partOfUnit reads the unit that a fraction, whose words are words[i:end], is of: half an hour, three quarters of a GiB.
func (s *scanner) partOfUnit(i, end int, v float64) ([]literal, int) {
	j := end
	if s.at(j).low == "of" {
		j++
	}
	if a := s.at(j).low; a != "a" && a != "an" {
		return nil, 0
	}
	u, ok := unitOf(s.at(j + 1).text)
	if !ok || u.dim != dimBytes && u.dim != dimSeconds {
		return nil, 0
	}
	lit := literal{kind: Number, text: s.writtenAs(i, j+2), digits: 2, bound: s.hedge(i, j+2)}
	for _, factor := range u.factors {
		lit.readings = append(lit.readings, reading{u.dim, v * factor, looseStep * v * factor})
	}
	return []literal{lit}, j + 2 - i
}
