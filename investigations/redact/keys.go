package redact

import "strings"

// keyLines is how many lines a private key has at most.
const keyLines = 250

// key marks the private key whose first line's hint (-----BEGIN, ---- BEGIN) ends at end.
func (f *finder) key(end int) {
	s := f.s
	start := strings.LastIndex(s[:end-len("BEGIN ")], "----")
	for start > 0 && s[start-1] == '-' {
		start--
	}
	title, _, ok := strings.Cut(s[end:min(len(s), end+80)], "----")
	if !ok {
		title = s[end:]
	}
	if !strings.Contains(strings.ToUpper(title), "PRIVATE KEY") || len(title) > 60 {
		return
	}
	f.spend(len(s) - end)
	if to := keyEnd(s, end); to > 0 {
		f.add(start, to)
		return
	}
	to := end + len(title)
	for to < len(s) && s[to] != '"' && s[to] != '\'' && s[to] != '`' && s[to] != '<' {
		to++
	}
	f.opened = to == len(s)
	f.add(start, len(strings.TrimRight(s[:to], "\\\r")))
}

// privateParts are the members of a key in JSON (RFC 7518) that are secret.
var privateParts = []string{"d", "p", "q", "dp", "dq", "qi", "k"}

// jwk marks the secret members of the keys in a line of JSON.
func (f *finder) jwk() {
	s := f.s
	for _, name := range privateParts {
		for at := 0; ; {
			i := strings.Index(s[at:], `"`+name)
			if i < 0 || f.hostile {
				break
			}
			at += i + 1 + len(name)
			f.spend(i + len(name))
			rest := strings.TrimLeft(s[at:], `\`)
			if rest = strings.TrimPrefix(rest, `"`); strings.HasPrefix(rest, ":") {
				rest = strings.TrimLeft(rest[1:], " ")
				if ok, from, to := quotedAt(s, len(s)-len(rest)); ok && to-from >= 16 {
					f.add(from, to)
					at = to
				}
			}
		}
	}
}

// keyEnd marks what stands before the last line of a private key, whose hint (-----END) ends at end, in the same line: the
// key's own lines, joined by escaped line feeds, of which the first is not there.
func (f *finder) keyEnd(end int) {
	s := f.s
	start := end - len("-----END ")
	title, _, ok := strings.Cut(s[end:min(len(s), end+80)], "----")
	if !ok || !strings.Contains(strings.ToUpper(title), "PRIVATE KEY") || len(title) > 60 {
		return
	}
	from := start
	for from > 0 && (base64s.holds(s[from-1]) || s[from-1] == '\\') {
		from--
	}
	f.spend(start - from)
	if start-from >= 16 {
		f.add(from, start)
	}
}

// keyEnd returns the end of the last line of a private key that follows from i on, or -1.
func keyEnd(s string, i int) int {
	for _, mark := range [...]string{"-----END", "---- END"} {
		n := strings.Index(s[i:], mark)
		if n < 0 {
			continue
		}
		to := i + n + len(mark)
		if m := strings.Index(s[to:], "----"); m >= 0 && m < 60 {
			to += m
			for to < len(s) && s[to] == '-' {
				to++
			}
			return to
		}
		return len(s)
	}
	return -1
}

// lastWord returns the bounds of the last word of a line, and how many words stand before it, three at most.
func lastWord(s string) (p span, before int) {
	p.end = len(strings.TrimRight(s, " \t\r"))
	p.start = strings.LastIndexAny(s[:p.end], " \t") + 1
	for i := 0; i < p.start && before < 3; {
		for i < p.start && isSpace(s[i]) {
			i++
		}
		if i < p.start {
			before++
		}
		for i < p.start && !isSpace(s[i]) {
			i++
		}
	}
	return p, before
}

// base64Run tells whether s has no other characters than base64 has.
func base64Run(s string) bool {
	for i := range len(s) {
		if c := s[i]; c == '-' || c == '_' || !base64s.holds(c) {
			return false
		}
	}
	return s != ""
}

// keyRun returns the last word of a line where it looks like a line of a key whose first line is not there: at
// least 60 characters of base64 that are no hexadecimal number, path or name.
func keyRun(s string) span {
	if len(s) < 60 || s[len(s)-20] == ' ' || s[len(s)-30] == ' ' || s[len(s)-40] == ' ' {
		return span{}
	}
	p, before := lastWord(s)
	word := s[p.start:p.end]
	if len(word) < 60 || before > 2 || !base64Run(word) || !random(word) {
		return span{}
	}
	return p
}

// random tells random base64 from paths, names and numbers: it has letters of both cases and digits, few
// slashes, and no long run of letters of one case.
func random(s string) bool {
	if !mixed(s) || strings.Count(s, "/") > 2+len(s)/20 {
		return false
	}
	run := 0
	for i := range len(s) {
		if s[i] < 'a' || s[i] > 'z' {
			run = 0
		} else if run++; run == 14 {
			return false
		}
	}
	return true
}

// pgpass returns the password of a line of PostgreSQL's password file: host:port:database:user:password.
func pgpass(s string) span {
	if strings.IndexByte(s, ' ') >= 0 || strings.Count(s, ":") < 4 {
		return span{}
	}
	host, rest, _ := strings.Cut(s, ":")
	port, rest, _ := strings.Cut(rest, ":")
	database, rest, _ := strings.Cut(rest, ":")
	user, password, _ := strings.Cut(rest, ":")
	password = strings.TrimRight(password, "\r")
	number := len(port) >= 3 && len(port) <= 5 && strings.Trim(port, "0123456789") == ""
	if host == "" || strings.IndexByte(host, '/') >= 0 || database == "" || user == "" || !number && port != "*" || password == Masked || password == "" {
		return span{}
	}
	start := len(host) + len(port) + len(database) + len(user) + 4
	return span{start, start + len(password)}
}
