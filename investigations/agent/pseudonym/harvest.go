package pseudonym

import (
	"net/netip"
	"slices"
	"strings"
)

// domains are the last labels of DNS names that are found in texts: those of two labels, and those that need three, since
// words of two parts end so too.
var (
	domains     = []string{"com", "net", "org", "io", "dev", "local", "internal", "example", "test", "invalid", "lan", "corp", "intra", "svc", "cloud"}
	longDomains = []string{
		"eu", "de", "fr", "uk", "nl", "ch", "at", "us", "ca", "au", "jp", "cn", "br", "se", "no", "fi", "dk", "pl", "es", "it", "cz", "in", "app",
		"ai", "co", "info", "biz", "tech", "systems", "home", "arpa", "cluster",
	}
)

// harvest takes in the addresses and names that a text holds and that show by their form: IP addresses, DNS names, mail
// addresses, images and packages.
func (b *Book) harvest(text string) {
	for i := 0; i < len(text); {
		if !tokenByte(text[i]) {
			i++
			continue
		}
		start := i
		dots, colons, others := 0, 0, false
		for i < len(text) && tokenByte(text[i]) {
			switch text[i] {
			case '.':
				dots++
			case ':':
				colons++
			case '@', '/':
				others = true
			}
			i++
		}
		if i-start <= maxName && (dots > 0 || colons > 1 || others) && !versionBehind(text[:start]) {
			b.token(strings.Trim(text[start:i], ".:,/@-"))
		}
	}
}

// versionBehind tells whether a version follows on before, which may look like an address: 5.15.167.4 is a kernel.
func versionBehind(before string) bool {
	before = strings.TrimRight(before, `" `)
	return strings.HasSuffix(before, "kernel") || strings.HasSuffix(before, "kubelet") || strings.HasSuffix(before, "version")
}

// tokenByte tells whether c may be a part of an address.
func tokenByte(c byte) bool { return wordByte[c] || strings.IndexByte(".:/@-_%", c) >= 0 }

// token takes in one word of a text.
func (b *Book) token(t string) {
	if _, rest, ok := strings.Cut(t, "://"); ok {
		if i := strings.LastIndexByte(rest, '@'); i >= 0 {
			rest = rest[i+1:]
		}
		host, _, _ := strings.Cut(rest, "/")
		host, _, _ = strings.Cut(host, ":")
		if !b.address(host) && strings.Contains(host, ".") {
			b.host(host)
		}
		return
	}
	if b.address(t) {
		return
	}
	if user, host, ok := strings.Cut(t, "@"); ok {
		if user != "" && isDNS(host) {
			b.take(t, kindMail)
			b.host(host)
		} else if strings.HasPrefix(host, "sha256:") && strings.Contains(user, "/") {
			namer(b.take).image(user)
		}
		return
	}
	first, rest, path := strings.Cut(t, "/")
	host, _, _ := strings.Cut(first, ":")
	switch {
	case !isDNS(host):
		namer(b.take).class(t)
	case path && slices.Contains(codeHosts, host):
		namer(b.take).function(t)
	case path && strings.LastIndexByte(rest, ':') > 0:
		namer(b.take).image(t)
	default:
		b.host(host)
	}
}

// address takes in an IP address, with or without a port, and reports false for what is none. Those that are the same
// everywhere stay.
func (b *Book) address(t string) bool {
	if strings.Count(t, ".") != 3 && strings.Count(t, ":") < 2 {
		return false
	}
	if i := strings.LastIndexByte(t, ':'); i > 0 && strings.Count(t, ":") == 1 {
		t = t[:i]
	}
	ip, err := netip.ParseAddr(t)
	if err != nil {
		return false
	}
	if !ip.IsLoopback() && !ip.IsUnspecified() && !ip.IsLinkLocalUnicast() && !ip.IsMulticast() {
		b.take(t, kindAddress)
	}
	return true
}

// host takes in a DNS name, but for those below a public domain of which everybody has the same.
func (b *Book) host(name string) {
	for rest := fold(name); ; {
		if public[rest] && !strings.HasSuffix(rest, "cluster.local") {
			return
		}
		var ok bool
		if _, rest, ok = strings.Cut(rest, "."); !ok || !strings.Contains(rest, ".") {
			break
		}
	}
	b.take(name, kindHost)
}

// isDNS tells whether s looks like a DNS name: small labels, the last of which is one that such names end in.
func isDNS(s string) bool {
	i := strings.LastIndexByte(s, '.')
	if i < 1 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" || strings.Contains(s, "..") {
		return false
	}
	return slices.Contains(domains, s[i+1:]) || slices.Contains(longDomains, s[i+1:]) && strings.Count(s, ".") > 1
}
