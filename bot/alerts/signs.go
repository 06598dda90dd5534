package alerts

import "strings"

// signedPairs returns the labels of a plain text that are written with a sign between name and value: pod=x, "pod: x",
// "pod":"x", and a value on the line below.
func signedPairs(text string, by int) []pair {
	var out []pair
	for i := 0; i < len(text); i++ {
		if text[i] != '=' && text[i] != ':' {
			continue
		}
		key := keyBefore(text[:i])
		if key == "" {
			continue
		}
		from, below := valueAfter(text, i)
		v := valueAt(text, from)
		rest := text[from+len(v):]
		next := strings.TrimLeft(rest, " \t")
		switch {
		case v == "" || rest != "" && strings.ContainsRune("/@_", rune(rest[0])):
			continue
		case next != "" && (next[0] == '=' || next[0] == ':') && (below || canonical(v) != ""):
			continue // nothing stands behind the sign: what follows is the next name
		}
		out = append(out, pair{at: from, by: by, key: key, value: trimmed(v)})
		i = from + len(v) - 1
	}
	return out
}

// keyBefore returns the label that a text ends with; "" where it ends with none.
func keyBefore(text string) string {
	text = strings.TrimRight(strings.TrimRight(text, " \t"), `\"'`)
	begin := len(text)
	for begin > 0 && len(text)-begin <= maxKey && (nameByte(text[begin-1]) || text[begin-1] == ' ') {
		begin--
	}
	if begin > 0 && text[begin-1] == '/' {
		return "" // as in an image
	}
	// The most words first: "Pod name" before "name".
	for run := text[begin:]; run != ""; {
		word := strings.TrimPrefix(run, "var-") // how Grafana's addresses write it
		if k := canonical(word); k != "" {
			return k
		}
		_, after, ok := strings.Cut(run, " ")
		if !ok {
			break
		}
		run = after
	}
	return ""
}

// valueAfter returns where the value behind a sign begins, and whether that is on the line below.
func valueAfter(text string, sign int) (from int, below bool) {
	skip := func(i int, of string) int {
		for i < len(text) && strings.IndexByte(of, text[i]) >= 0 {
			i++
		}
		return i
	}
	i := sign + 1
	if text[sign] == '=' && i < len(text) && (text[i] == '=' || text[i] == '>') {
		i++
	}
	i = skip(i, " \t")
	if i < len(text) && text[i] == '\n' {
		i, below = skip(i+1, " \t"), true
	}
	return skip(i, `\"'`), below
}

// valueAt returns the name that begins at from; "" where none does.
func valueAt(text string, from int) string {
	end := from
	for end < len(text) && nameByte(text[end]) {
		end++
	}
	if v := text[from:end]; v != "" && !strings.ContainsRune("_.-", rune(v[0])) {
		return v
	}
	return ""
}

// nameByte says whether c can stand in a name or in a label's name.
func nameByte(c byte) bool {
	return edge(c) || c >= 'A' && c <= 'Z' || c == '_' || c == '.' || c == '-'
}

// fieldPairs returns the labels that fill a line, with a value that fills the next one.
func fieldPairs(text string) []pair {
	var out []pair
	at, key := 0, ""
	for line := range strings.SplitSeq(text, "\n") {
		word := strings.Trim(line, " \t")
		if v := valueAt(word, 0); key != "" && v != "" && v == word {
			out = append(out, pair{at: at, by: bySign, key: key, value: v})
			key = ""
		} else {
			key = canonical(word)
		}
		at += len(line) + 1
	}
	return out
}
