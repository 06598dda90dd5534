package grounding

import "strings"

// versionWords make the number behind them a version.
var versionWords = map[string]bool{
	"version": true, "versions": true, "release": true, "tag": true, "kernel": true, "go": true, "golang": true, "java": true, "jdk": true,
	"jvm": true, "openjdk": true, "kubernetes": true, "k8s": true, "kubelet": true, "python": true, "node.js": true, "nodejs": true, "image": true,
	"k3s": true, "containerd": true, "linux": true,
}

// versionAt reads 2.4.8, v1.34.1+k3s1, 6.1.0-28-amd64, sha256:ab12…, and kernel 6.1.
func (s *scanner) versionAt(i int) ([]literal, int) {
	w := s.at(i)
	text := w.text
	if isVersion(text) || strings.HasPrefix(w.low, "sha256:") || versionWords[s.at(i-1).low] && !s.at(i-1).ends() && startsVersion(text) && !s.measures(i) {
		return []literal{{kind: Version, text: text}}, 1
	}
	return nil, 0
}

// measures says whether a number in brackets has a unit: "the kernel (1.3 MiB)".
func (s *scanner) measures(i int) bool {
	n, taken := s.numeralAt(i)
	if !s.at(i).open || taken == 0 {
		return false
	}
	_, _, ok := s.unitBehind(n, i+taken)
	return ok
}

// isVersion says whether text can be nothing but a version: two dots between digits, or a v in front of a digit and a dot.
func isVersion(text string) bool {
	rest := strings.TrimLeft(text, "vV")
	if len(text)-len(rest) > 1 || rest == "" || !asciiDigit(rest[0]) {
		return false
	}
	dots := 0
	for i := 1; i < len(rest)-1; i++ {
		if rest[i] == '.' && asciiDigit(rest[i-1]) && asciiDigit(rest[i+1]) {
			dots++
		} else if !asciiDigit(rest[i]) {
			break
		}
	}
	if dots == 0 || dots == 1 && rest == text {
		return false
	}
	if _, ok := parseNumeral(rest); ok && rest == text { // 1.073.741.824
		return false
	}
	return true
}

func startsVersion(text string) bool {
	rest := strings.TrimLeft(text, "vV")
	if rest == "" || !asciiDigit(rest[0]) {
		return false
	}
	n, ok := parseNumeral(rest)
	return !ok || n.rest == "" && (!n.whole || rest != text) || strings.HasPrefix(n.rest, "-") || strings.HasPrefix(n.rest, "+")
}

// versionHeld says whether a corpus has the version, with or without its v, whole or cut at a dot or a dash.
func versionHeld(corpus, version string) bool {
	v := strings.ToLower(version)
	cut := strings.HasSuffix(v, "…")
	v = strings.TrimSuffix(v, "…")
	if len(v) > 1 && v[0] == 'v' && asciiDigit(v[1]) {
		v = v[1:]
	}
	for at := 0; v != ""; {
		n := strings.Index(corpus[at:], v)
		if n < 0 {
			return false
		}
		start, end := at+n, at+n+len(v)
		at = start + 1
		if start > 0 {
			before := corpus[start-1]
			if asciiDigit(before) || before == '.' || alpha(before) && (before != 'v' || start > 1 && alnum(corpus[start-2])) {
				continue
			}
		}
		if end == len(corpus) || cut || !alnum(corpus[end]) {
			return true
		}
	}
	return false
}

func alpha(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0x80 }
func alnum(b byte) bool { return alpha(b) || asciiDigit(b) }
