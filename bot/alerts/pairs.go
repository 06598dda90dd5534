package alerts

import (
	"regexp"
	"slices"
	"strings"
)

// How sure it is that a text means a name, the surest first.
const (
	bySign   = iota // pod=x
	bySlash         // shop/x
	byPhrase        // pod x in namespace shop
	byLink          // in the query of an address
	byShape         // a word that looks like a pod's name
)

// pair is a label that a text names.
type pair struct {
	at, by     int
	key, value string
}

// class is what kind of thing a label names; the keys of one class name the same in several ways.
var class = func() map[string]string {
	m := map[string]string{"alertname": "alertname"}
	for name, keys := range map[string][]string{
		"namespace": namespaceKeys, "pod": podKeys, "container": containerKeys, "node": nodeKeys, "cluster": clusterKeys, "severity": severity, "name": nameKeys,
	} {
		for _, k := range keys {
			m[k] = name
		}
	}
	for _, k := range workloadKeys {
		m[k.key] = k.kind
	}
	for _, k := range ownerKeys {
		m[k[0]] = "kind"
		if m[k[1]] == "" {
			m[k[1]] = "name"
		}
	}
	return m
}()

// value is how a name looks in a text. RE2 can't look ahead: what follows it is judged by means.
const value = `([A-Za-z0-9][A-Za-z0-9_.\-]*)`

// maxKey bounds the length of what is tried as a label's name, in bytes.
const maxKey = 40

var (
	phrased    = regexp.MustCompile(`(?:^|[^A-Za-z0-9_.\-/=])((?i:pod|container|namespace|deployment|statefulset|daemonset|cronjob|job|node))[ \t]+["'(\[]?` + value)
	inTheSpace = regexp.MustCompile(`(?i:\bin(?: the)?)[ \t]+["'(\[]?` + value + `["')\]]?[ \t]+(?i:namespace)\b`)
)

// canonical returns the label that a text means, "" where it is none; people write k8s.pod.name, Pod name, podName.
func canonical(written string) string {
	if len(written) > maxKey {
		return ""
	}
	k := labelKey(written)
	if class[k] != "" {
		return k
	}
	return squeezed[strings.ReplaceAll(k, "_", "")]
}

var squeezed = func() map[string]string {
	m := map[string]string{}
	for k := range class {
		s := strings.ReplaceAll(k, "_", "")
		if old, ok := m[s]; !ok || len(k) < len(old) {
			m[s] = k
		}
	}
	return m
}()

// pairs returns the labels that a plain text names, in its order.
func pairs(text string) []pair {
	out := append(signedPairs(text, bySign), fieldPairs(text)...)
	for at := 0; at < len(text); {
		m := phrased.FindStringSubmatchIndex(text[at:])
		if m == nil {
			break
		}
		key, from, to := strings.ToLower(text[at+m[2]:at+m[3]]), at+m[4], at+m[5]
		if v := trimmed(text[from:to]); means(v, text[to:]) {
			if key == "job" {
				key = "job_name"
			}
			out = append(out, pair{at: at + m[2], by: byPhrase, key: key, value: v})
			at = to
			continue
		}
		// What was no name may be the next thing that is named, as in "namespace pod x".
		at += m[3]
	}
	for _, m := range inTheSpace.FindAllStringSubmatchIndex(text, -1) {
		if v := text[m[2]:m[3]]; !noise[strings.ToLower(v)] && isLabel(v) {
			out = append(out, pair{at: m[2], by: byPhrase, key: "namespace", value: v})
		}
	}
	slices.SortStableFunc(out, func(a, b pair) int { return a.at - b.at })
	return out
}

// trimmed returns a name without the end of the sentence that follows it.
func trimmed(s string) string { return strings.TrimRight(s, ".-_") }

// means says whether the word behind "pod" is its name, rest being what follows it: one that is plain could be any
// English word, unless the sentence goes on as it does after a name.
func means(v, rest string) bool {
	if noise[strings.ToLower(v)] || !isSubdomain(v) || rest != "" && strings.ContainsRune("/@_=", rune(rest[0])) {
		return false
	}
	if strings.ContainsAny(v, "-0123456789") {
		return hasLetter(v)
	}
	rest = strings.TrimLeft(rest, `"')]`)
	next := strings.TrimLeft(rest, " \t")
	if next == "" || next[0] == '\n' || strings.ContainsRune(".,;:!?()[]\"'", rune(next[0])) {
		return true
	}
	word, _, _ := strings.Cut(next, " ")
	return goesOn[strings.ToLower(strings.TrimRight(word, ".,;:!?)\n"))]
}
