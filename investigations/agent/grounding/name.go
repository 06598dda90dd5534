package grounding

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// nameAt reads a name: a word that looks like one of the cluster or of code, stands in quotes, or where a name belongs.
func (s *scanner) nameAt(i int) ([]literal, int) {
	w := s.at(i)
	if isTerm(w.low) && !s.beforePID(i) || !strings.ContainsFunc(w.text, wordRune) {
		return nil, 1
	}
	if !strings.ContainsFunc(w.text, unicode.IsLetter) {
		return unreadable(w.text), 1
	}
	if rest, ok := revisionName(w.low); ok {
		n, _ := parseNumeral(rest)
		return []literal{{kind: Number, text: w.text, digits: n.digits, role: roleRevision, readings: []reading{{dimCount, n.value(), 1}}}}, 1
	}
	lit := literal{kind: Name, text: w.text, quoted: w.quote > 0 && s.aloneInQuotes(i)}
	switch {
	case looksLikeName(w.text):
	case lit.quoted && (!scareQuoted[w.low] || kinds[s.at(i-1).low] || quotedKinds[s.at(i-1).low]) && len(w.text) > 1:
	case s.placed(i):
		lit.placed = true
	case s.claim && s.proper(i):
		lit.text = strings.TrimSuffix(strings.TrimSuffix(w.text, "'"), "'s")
	default:
		return nil, 1
	}
	return []literal{lit}, 1
}

// unreadable takes digits with signs between that are no number, as an address or a date that is none, for a name; signs
// around a number don't matter.
func unreadable(text string) []literal {
	text = strings.TrimFunc(text, func(r rune) bool { return !unicode.IsDigit(r) })
	if n, ok := parseNumeral(text); ok && n.rest == "" {
		return []literal{{kind: Number, text: text, digits: n.digits, readings: []reading{{dimCount, n.value(), n.steps[0]}}}}
	}
	if text == "" {
		return nil
	}
	return []literal{{kind: Name, text: text}}
}

func (s *scanner) aloneInQuotes(i int) bool {
	q := s.at(i).quote
	return s.at(i-1).quote != q && s.at(i+1).quote != q
}

// revisionName reads r19 and rev19.
func revisionName(low string) (string, bool) {
	rest, ok := strings.CutPrefix(low, "rev")
	if !ok {
		rest, ok = strings.CutPrefix(low, "r")
	}
	return rest, ok && rest != "" && len(rest) < 7 && strings.Trim(rest, "0123456789") == ""
}

// maxNameLength is more than any name or path of a cluster has.
const maxNameLength = 500

// looksLikeName says whether a word has the form of a name rather than of prose: signs or digits within, or mixed case.
func looksLikeName(text string) bool {
	if len(text) > maxNameLength {
		return true
	}
	var digits, upper, lower, inner bool
	var signs string
	for i, r := range text {
		switch {
		case unicode.IsDigit(r):
			digits = true
		case unicode.IsUpper(r):
			upper = true
			inner = inner || i > 0 && lower
		case unicode.IsLetter(r):
			lower = true
		case r == '…':
			return true
		case r != '\'' && r < 0x80:
			signs += string(r)
		}
	}
	switch {
	case strings.Trim(signs, "-/") != "":
		return !numbersUnit(text)
	case strings.Contains(signs, "/"):
		return digits || strings.HasPrefix(text, "/") || !allProse(text)
	case signs != "":
		return !isCompound(text)
	case digits:
		return true
	}
	return inner && upper
}

// allProse says whether all parts of a word with slashes are plain words: used/limit, leak/spike.
func allProse(text string) bool {
	for part := range strings.SplitSeq(text, "/") {
		if looksLikeName(part) {
			return false
		}
	}
	return true
}

// numbersUnit lets a sign in front of a number pass, as $5.
func numbersUnit(text string) bool {
	n, ok := parseNumeral(strings.TrimLeft(text, "$€@(~"))
	return ok && n.rest == ""
}

// isCompound says whether a hyphenated word is English rather than a name: its first part is a word that compounds begin
// with, or its last one that they end in, and the parts have no digits but a number in front (50-minute).
func isCompound(text string) bool {
	low := strings.ToLower(strings.Trim(text, "-"))
	parts := strings.Split(low, "-")
	if strings.ContainsFunc(low, unicode.IsDigit) {
		n, ok := parseNumeral(parts[0])
		if !ok || n.rest != "" || strings.ContainsFunc(strings.Join(parts[1:], ""), unicode.IsDigit) || len(parts) == 1 {
			return false
		}
		return true
	}
	if strings.HasPrefix(text, "-") {
		return false
	}
	first, last := parts[0], parts[len(parts)-1]
	if compoundFirst[first] || compoundLast[last] || isSmall(first) || isTerm(last) && isTerm(first) {
		return true
	}
	for _, suffix := range []string{"ed", "ing", "able", "ible", "less", "wise", "ward", "wards"} {
		if len(last) > len(suffix)+2 && strings.HasSuffix(last, suffix) {
			return true
		}
	}
	return false
}

// kinds are what a name may be put in front of or behind.
var kinds = map[string]bool{
	"pod": true, "pods": true, "container": true, "containers": true, "service": true, "deployment": true, "sidecar": true,
	"namespace": true, "node": true, "workload": true, "statefulset": true, "daemonset": true, "cronjob": true, "job": true,
}

// quotedKinds are kinds behind which what stands in quotes is a name, though it is a plain word.
var quotedKinds = wordsOf("emptydir volume variable flag function process image configmap secret label annotation")

var determiners = map[string]bool{
	"the": true, "this": true, "that": true, "its": true, "a": true, "an": true, "each": true, "every": true, "our": true, "your": true, "their": true,
}

// proper says whether a word is written as the name of somebody or something: with a capital where no sentence begins, in
// a text that has capitals for that alone. Words of the field, of which some write the first letter large, are none.
func (s *scanner) proper(i int) bool {
	w := s.at(i)
	if i == 0 || s.at(i-1).ends() || w.open || w.quote > 0 || len(w.text) < 3 || !capital(w.text) || !letters(w.text) {
		return false
	}
	low := strings.TrimSuffix(strings.TrimSuffix(w.low, "'"), "'s")
	if next := s.next(i); next == "day" || next == "eve" || cityZone(w.text) != nil {
		return false
	}
	if prev := s.at(i - 1).text; !strings.ContainsFunc(prev, wordRune) || isTerm(low) || months[low] > 0 || !products[low] && (known(low) || known(strings.TrimSuffix(low, "s"))) ||
		describes(low) || afterKind[low] || compoundFirst[low] || compoundLast[low] || nameKinds[low] {
		return false
	}
	return !s.titled()
}

// products are names that the lexicons know as words.
var products = wordsOf("redis envoy istio postgres vault kafka")

// titled says whether the text is written like a title, most of its words with a capital.
func (s *scanner) titled() bool {
	large, small := 0, 0
	for _, w := range s.words {
		switch {
		case len(w.text) < 4 || !letters(w.text):
		case capital(w.text):
			large++
		default:
			small++
		}
	}
	return small == 0 || large > 2 && large >= small
}

// capital says whether a word begins with a capital and goes on in small letters.
func capital(text string) bool {
	first, size := utf8.DecodeRuneInString(text)
	rest := strings.TrimSuffix(text[size:], "'s")
	return unicode.IsUpper(first) && rest == strings.ToLower(rest)
}

func letters(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' })
}

// placed says whether a plain word stands where a name belongs: "the X pod", "in namespace X", "Pod X was".
func (s *scanner) placed(i int) bool {
	w := s.at(i)
	if len(w.text) < 2 || unicode.IsUpper(rune(w.text[0])) && s.at(i-1).text != "" && !kinds[s.at(i-1).low] {
		return false
	}
	if !w.ends() && kinds[s.at(i+1).low] && !s.at(i+1).open && determiners[s.at(i-1).low] {
		return !describes(w.low)
	}
	kind := s.at(i - 1)
	if (kind.low == "called" || kind.low == "named") && !kind.ends() && kinds[s.at(i-2).low] || (kind.low == "called" || kind.low == "named") && quotedKinds[s.at(i-2).low] {
		return true
	}
	if s.beforePID(i) {
		return true
	}
	if kind.low == "namespace" && !kind.ends() && !w.open && !afterKind[w.low] && !describes(w.low) {
		return true
	}
	if !kinds[kind.low] || strings.HasSuffix(kind.low, "s") || kind.ends() || w.open {
		return false
	}
	if afterKind[w.low] || describes(w.low) {
		return false
	}
	before := s.at(i - 2)
	if before.text == "" || before.ends() {
		return unicode.IsUpper(rune(kind.text[0])) && (!verbal(w.low) || predicates[s.next(i)])
	}
	return beforeKind[before.low]
}

// beforeKind are words behind which a kind without an article is followed by a name; predicates follow a subject.
var (
	beforeKind = wordsOf("in on of from by for to killed and")
	predicates = wordsOf("was is has had reached hit held used died ended grew ran leaks leaked")
)

// beforePID says whether a word is the name of a process: "killed X (pid 4711)".
func (s *scanner) beforePID(i int) bool {
	return s.at(i+1).low == "pid" && s.at(i+1).open && killVerbs[s.at(i-1).low]
}

// killVerbs stand in front of the name of a process.
var killVerbs = wordsOf("killed terminated ended chose picked shot process")

// describes says whether a word in front of "pod" says which one rather than naming it.
func describes(low string) bool {
	if describing[low] || isTerm(low) || isSmall(low) || wordOrdinals[low] > 0 || counted[nounStem(low)] || months[low] > 0 {
		return true
	}
	if strings.Contains(low, "-") {
		return isCompound(low)
	}
	for _, suffix := range []string{"ed", "al", "ous", "ful", "less", "able", "ible", "ly"} {
		if len(low) > len(suffix)+2 && strings.HasSuffix(low, suffix) {
			return true
		}
	}
	return false
}

// verbal says whether a word may be a verb that follows its subject.
func verbal(low string) bool { return strings.HasSuffix(low, "s") || strings.HasSuffix(low, "n't") }
