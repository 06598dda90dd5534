package grounding

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// pattern is one thing that does not belong into a text, and what to say of it.
type pattern struct {
	// needs are strings of which the text has to hold one, in lower case, for the expression to be tried.
	needs []string
	re    *regexp.Regexp
	says  string
	// only, where it is set, has to agree with what the expression found.
	only func(found string) bool
}

// MarkupIn returns what in a text could be more than text to whoever shows it: links, mentions, commands, markup, marks of a
// chat's roles, orders to a model, invisible characters, and blobs. Back-ticks around a plain name are only formatting. An
// address that a fact holds is data that may be named.
func MarkupIn(c Case, field, text string) []Reason {
	var out []Reason
	add := func(claim, says string) {
		if len(out) < 20 {
			out = append(out, Reason{Kind: Markup, Field: field, Claim: cut(claim), Says: says})
		}
	}
	if at := strings.IndexFunc(text, invisible); at >= 0 {
		r, _ := utf8.DecodeRuneInString(text[at:])
		add(around(text, at), fmt.Sprintf("it holds the invisible character %U: leave it out", r))
	}
	lower := strings.ToLower(text)
	for _, p := range patterns {
		if !holdsOne(lower, p.needs) {
			continue
		}
		for _, m := range p.re.FindAllStringIndex(text, 8) {
			if found := text[m[0]:m[1]]; !inFacts(c, found) && (p.only == nil || p.only(found)) {
				add(around(text, m[0]), p.says)
				break
			}
		}
	}
	return out
}

func holdsOne(text string, needs []string) bool {
	for _, n := range needs {
		if strings.Contains(text, n) {
			return true
		}
	}
	return len(needs) == 0
}

// inFacts reports whether a fact holds the address, as the name of an image. Of links with a scheme only those of a
// private address, as of a probe, may be named.
func inFacts(c Case, found string) bool {
	found = strings.Trim(found, " \t\n\"'`()[]<>,.;:")
	if _, rest, ok := strings.Cut(found, "://"); ok && !private(rest) {
		return false
	}
	if !strings.Contains(found, "/") || len(found) < 4 {
		return false
	}
	for _, f := range c.Facts {
		if strings.Contains(f.Says, found) {
			return true
		}
	}
	return false
}

// private reports whether the host of an address is an IP address of a private network.
func private(address string) bool {
	host, _, _ := strings.Cut(address, "/")
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsPrivate()
	}
	ip, err := netip.ParseAddrPort(host)
	return err == nil && ip.Addr().IsPrivate()
}

// mixed reports whether a string has small and capital letters and digits, as encoded data has and names have not.
func mixed(found string) bool {
	return strings.ContainsFunc(found, unicode.IsLower) && strings.ContainsFunc(found, unicode.IsUpper) && strings.ContainsFunc(found, unicode.IsDigit)
}

// invisible reports whether a reader would not see the character, or see it elsewhere.
func invisible(r rune) bool {
	switch {
	case r == '\n' || r == '\t' || r == '\r':
		return false
	case unicode.IsControl(r), r == utf8.RuneError, unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r):
		return true
	}
	return r >= 0xE0000 || r == 0x2028 || r == 0x2029 || r == 0x3164 || r == 0x115F || r == 0x1160
}

// around is the line that holds a place.
func around(text string, at int) string {
	from := strings.LastIndexByte(text[:at], '\n') + 1
	if at-from > claimLength/2 {
		from = at - claimLength/2
		for from < at && !utf8.RuneStart(text[from]) {
			from++
		}
	}
	to := len(text)
	if n := strings.IndexByte(text[at:], '\n'); n >= 0 {
		to = at + n
	}
	return strings.ToValidUTF8(text[from:to], "?")
}
