package redact

import "strings"

// word returns the end of the unquoted value at i. A comma, a semicolon and closing brackets end it only where
// something else begins behind them: passwords have such characters too.
func (f *finder) word(i int) (end int) {
	s := f.s
	defer func(from int) { f.spend(end - from) }(i)
	for ; i < len(s); i++ {
		if strings.HasPrefix(s[i:], Masked) {
			i += len(Masked) - 1
			continue
		}
		switch c := s[i]; c {
		case ' ', '\t', '\r', '\n', '<', '`':
			return i
		case '"', '\'':
			if i == 0 || s[i-1] != '(' {
				return backslashes(s, i)
			}
			if n := strings.IndexByte(s[i+1:], c); n >= 0 {
				i += n + 1
			}
		case ',', ';', '&', ')', '}', ']':
			if f.ends(i + 1) {
				return i
			}
		case '\\':
			if i+1 < len(s) && strings.IndexByte("nrt", s[i+1]) >= 0 {
				return backslashes(s, i)
			}
		}
	}
	return i
}

// backslashes returns where those begin that stand before i.
func backslashes(s string, i int) int {
	for i > 0 && s[i-1] == '\\' {
		i--
	}
	return i
}

// ends tells whether something else than the value before i begins there.
func (f *finder) ends(i int) bool {
	s := f.s
	if i == len(s) || strings.IndexByte(" \t\r\n,;)}]\"'\\&<{[", s[i]) >= 0 {
		return true
	}
	end := nameEnd(s, i)
	f.spend(end - i)
	return end > i && end < len(s) && (s[end] == '=' || s[end] == ':' || s[end] == '"')
}

// quotedAt returns the inner bounds of the quoted text at i, whose quotes may be escaped any number of times. It
// goes to the end where it is not closed.
func quotedAt(s string, i int) (ok bool, from, to int) {
	n := 0
	for i+n < len(s) && s[i+n] == '\\' {
		n++
	}
	if i+n >= len(s) || s[i+n] != '"' && s[i+n] != '\'' && (s[i+n] != '`' || n > 0) {
		return false, 0, 0
	}
	quote := s[i+n]
	from = i + n + 1
	for to = from; to < len(s); to++ {
		if s[to] != quote {
			continue
		}
		if quote == '\'' && n == 0 && to > from && to+1 < len(s) && s[to+1] == quote { // doubled in SQL and YAML
			to++
			continue
		}
		begin := to
		for begin > from && s[begin-1] == '\\' {
			begin--
		}
		// More backslashes than the opening quote has escape this one.
		if k := to - begin; k <= n && (k == n || quote == '\'' || n > 0) || n == 0 && k%2 == 0 {
			return true, from, to - min(k, n)
		}
	}
	return true, from, len(s)
}

// list marks the quoted texts of the list at i.
func (f *finder) list(c class, i int) {
	s := f.s
	if s[i] == '{' {
		return
	}
	if i++; i >= len(s) || s[i] != '"' && s[i] != '\'' && s[i] != '\\' {
		if end := f.word(i); end > i && c != scheme && c != jar && secret(c, s[i:end]) {
			f.add(i, end)
		}
		return
	}
	for i < len(s) && s[i] != ']' {
		ok, from, to := quotedAt(s, i)
		if f.spend(to - i); !ok || f.hostile {
			return
		}
		if secret(c, s[from:to]) {
			f.add(from, to)
		}
		for i = to; i < len(s) && strings.IndexByte("\\\"' ,", s[i]) >= 0; i++ {
			if s[i] == ',' {
				for i++; i < len(s) && s[i] == ' '; {
					i++
				}
				break
			}
		}
	}
}
