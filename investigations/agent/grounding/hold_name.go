package grounding

import (
	"slices"
	"strings"
	"unicode"
)

// nameCorpus brings names to one form: lower case, and receivers and calls of functions without their signs.
func nameCorpus(s string) string { return functionSigns.Replace(strings.ToLower(plainText(s))) }

var functionSigns = strings.NewReplacer("(*", "", "()", "", ").", ".", "(", " ", ")", " ", `"`, " ", "`", " ", ",", " ", "=", " ")

// nameHeld says whether a name stands in the corpus: as a whole or cut off, by its last parts, in the plural, with its
// kind in front, or in parts that all stand there.
func nameHeld(corpus, name string) bool {
	n := strings.TrimSpace(functionSigns.Replace(strings.ToLower(name)))
	n = strings.Trim(n, " .:-")
	if strings.HasSuffix(name, "…") || strings.HasPrefix(name, "…") {
		return cutNameHeld(corpus, n)
	}
	if wordHeld(corpus, n) || wordHeld(corpus, singular(n)) || hexHeld(corpus, n) {
		return true
	}
	if n == "" {
		return true
	}
	parts := strings.FieldsFunc(n, func(r rune) bool { return strings.ContainsRune("/:@= \\", r) })
	if len(parts) < 2 && !strings.HasPrefix(n, "/") {
		return compoundHeld(corpus, n)
	}
	// A path is looked for as it is, and a date or an address as a whole; of a word with a name in it all parts are names.
	strict := strings.HasPrefix(n, "/") || slices.ContainsFunc(parts, looksLikeName)
	if asciiDigit(n[0]) && strings.Trim(parts[0], "0123456789.-") == "" {
		return false
	}
	for _, part := range parts {
		held := isTerm(part) || nameKinds[part] || wordHeld(corpus, part) || versionHeld(corpus, part) && asciiDigit(part[0]) || hexHeld(corpus, part)
		if strings.HasSuffix(part, "…") {
			held = cutNameHeld(corpus, strings.Trim(part, "…"))
		}
		if !held && (strict || !proseAlternative(part)) {
			return false
		}
	}
	return len(parts) > 0
}

// nameKinds may stand in front of a name, as in deployment/gateway.
var nameKinds = wordsOf(`deployment deployments deploy statefulset sts daemonset ds replicaset rs job cronjob pod pods po node nodes no namespace ns
container containers service svc configmap cm volume volumes image images name names`)

// proseAlternative says whether a part of a word with slashes is prose: before/after, read/write.
func proseAlternative(part string) bool {
	return describes(part) || afterKind[part] || nameKinds[part] || compoundFirst[part] || compoundLast[part]
}

// compoundHeld lets a name with an English word behind its last hyphen pass: gateway-specific, session-cache-pod.
func compoundHeld(corpus, n string) bool {
	at := strings.LastIndexByte(n, '-')
	if at <= 0 {
		return false
	}
	last := n[at+1:]
	english := compoundLast[last] || nameKinds[last] || strings.HasSuffix(last, "ed") && len(last) > 4 || strings.HasSuffix(last, "ing") && len(last) > 5
	return english && (wordHeld(corpus, n[:at]) || isTerm(n[:at]))
}

func singular(n string) string {
	n = strings.TrimSuffix(n, "'")
	if len(n) > 3 && strings.HasSuffix(n, "s") {
		return n[:len(n)-1]
	}
	return n
}

// wordHeld says whether corpus has word with no letter or digit on either side. A cut of a longer name at one of its
// signs is such a word: the replica set's name is in the pod's.
func wordHeld(corpus, word string) bool {
	if word == "" || len(word) < 3 && strings.Trim(word, "0123456789") == "" {
		return false
	}
	for at := 0; ; {
		n := strings.Index(corpus[at:], word)
		if n < 0 {
			return false
		}
		start, end := at+n, at+n+len(word)
		at = start + 1
		if (start == 0 || !alnum(corpus[start-1])) && (end == len(corpus) || !alnum(corpus[end])) {
			return true
		}
	}
}

// hexHeld says whether n is the beginning, of six signs or more, of an id in the corpus.
func hexHeld(corpus, n string) bool {
	if len(n) < 6 || strings.Trim(n, "0123456789abcdef") != "" || !strings.ContainsAny(n, "0123456789") {
		return false
	}
	return begins(corpus, n)
}

// cutNameHeld says whether a name of the corpus begins with n, or ends so.
func cutNameHeld(corpus, n string) bool {
	n = strings.Trim(n, "….*")
	if len(n) < 3 {
		return false
	}
	return begins(corpus, n) || strings.Contains(corpus, n+" ") || wordHeld(corpus, n)
}

func begins(corpus, n string) bool {
	for at := 0; ; {
		i := strings.Index(corpus[at:], n)
		if i < 0 {
			return false
		}
		if start := at + i; start == 0 || !alnum(corpus[start-1]) {
			return true
		}
		at += i + 1
	}
}

// quoteHeld says whether the corpus has every word of a quotation, in order, within one fact.
func quoteHeld(facts []string, quote string) bool {
	words := strings.FieldsFunc(strings.ToLower(plainText(quote)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for _, fact := range facts {
		at, all := 0, true
		for _, w := range words {
			n := strings.Index(fact[at:], w)
			if n < 0 {
				all = false
				break
			}
			at += n + len(w)
		}
		if all {
			return true
		}
	}
	return false
}
