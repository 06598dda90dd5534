package redact

import "strings"

// Text is the function Text with r's names and patterns.
func (r *Redactor) Text(s string) string {
	if strings.IndexByte(s, '\n') < 0 {
		if !r.suspicious(s) {
			return s
		}
		var l lines
		return l.next(r, s)
	}
	var l lines
	return l.text(r, s)
}

// Log is the function Log with r's names and patterns.
func (r *Redactor) Log(data []byte) []byte {
	s := string(data)
	var l lines
	if clean := l.text(r, s); clean != s {
		return []byte(clean)
	}
	return data
}

// text returns the next lines without their secrets.
func (l *lines) text(r *Redactor, s string) string {
	var (
		b    strings.Builder
		kept int // s up to here is in b
	)
	for at := 0; at < len(s); {
		end := strings.IndexByte(s[at:], '\n')
		if end < 0 {
			end = len(s)
		} else {
			end += at
		}
		line := s[at:end]
		if clean := l.next(r, line); clean != line {
			if b.Cap() == 0 {
				b.Grow(len(s) + len(s)/16)
			}
			b.WriteString(s[kept:at])
			b.WriteString(clean)
			kept = end
		}
		at = end + 1
	}
	if kept == 0 && b.Len() == 0 {
		return s
	}
	b.WriteString(s[kept:])
	return b.String()
}

// lines knows what the lines before mean for the next one. Its zero value is the beginning of a text.
type lines struct {
	// key is how many more lines may belong to a private key, whose first line had words words before it.
	key, words int
	// tail says that the last line looked like one of a key.
	tail bool
	// block says that lines indented deeper than indent are a secret.
	block  bool
	indent int
}

// next returns the next line, which has no line feed, without its secrets.
func (l *lines) next(r *Redactor, s string) string {
	stamp := stampEnd(s)
	content := s[stamp:]
	if l.key == 0 && !l.tail && !l.block && !r.suspicious(content) {
		return s
	}
	if l.block {
		if clean, inside := l.inBlock(content); inside {
			return s[:stamp] + clean
		}
	}
	tail := l.tail
	inKey := l.inKey(content)
	clean, means := r.line(inKey)
	// A line of a key that only the one above told goes on with it.
	if l.tail = means.tail || tail && inKey != content && len(content)-len(inKey) > 30; means.opened {
		l.key = keyLines
		_, l.words = lastWord(inKey[:max(0, strings.Index(inKey, "-----BEGIN"))] + "x")
	}
	if means.block {
		l.block, l.indent = true, indentOf(inKey)
	}
	return s[:stamp] + clean
}

// inBlock returns a line of a block that is secret; false where the block has ended before it.
func (l *lines) inBlock(s string) (string, bool) {
	text := strings.TrimSpace(s)
	if text == "" {
		return s, true
	}
	if i := indentOf(s); i > l.indent {
		return s[:i] + Masked + s[i+len(text):], true
	}
	l.block = false
	return "", false
}

// indentOf returns how far a line is indented.
func indentOf(s string) int { return len(s) - len(strings.TrimLeft(s, " \t")) }

// inKey returns a line without what belongs to a private key that began above, or further up than the text does.
func (l *lines) inKey(s string) string {
	if l.key == 0 && !l.tail {
		return s
	}
	whole, _ := uncut(s)
	p, before := lastWord(whole)
	word := s[p.start:p.end]
	switch {
	case l.key > 0:
		l.key--
		if to := keyEnd(s, 0); to > 0 {
			l.key = 0
			return mask(s, []span{keyMark(s, to)})
		}
		if run := longestRun(s); run.end-run.start >= 40 {
			return mask(s, []span{run})
		}
		if before <= l.words && base64Run(strings.Trim(word, "\"'\\,+")) {
			return mask(s, []span{p})
		}
	case l.tail:
		if before <= 2 && len(word) <= 80 && base64Run(word) && (strings.HasSuffix(word, "=") || mixed(word)) {
			return mask(s, []span{p})
		}
	}
	return s
}

// keyMark returns the last line of a key, which ends at to and may stand behind other words.
func keyMark(s string, to int) span {
	from := strings.LastIndex(s[:to], "END")
	for from > 0 && (s[from-1] == ' ' && s[max(0, from-2)] == '-' || base64s.holds(s[from-1])) {
		from--
	}
	return span{max(0, from), to}
}

// longestRun returns the longest run of base64 in s.
func longestRun(s string) span {
	var best span
	for i := 0; i < len(s); i++ {
		from := i
		for i < len(s) && base64s.holds(s[i]) {
			i++
		}
		if i-from > best.end-best.start {
			best = span{from, i}
		}
	}
	return best
}

// stampEnd returns the length of the time stamp, with the space behind it, that kubectl and container runtimes
// put before a line.
func stampEnd(s string) int {
	if len(s) < 20 || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return 0
	}
	i := strings.IndexByte(s[:min(len(s), 40)], ' ')
	if i < 0 || s[0] < '0' || s[0] > '9' {
		return 0
	}
	for _, stream := range [...]string{"stdout F ", "stderr F ", "stdout P ", "stderr P "} {
		if strings.HasPrefix(s[i+1:], stream) {
			return i + 1 + len(stream)
		}
	}
	return i + 1
}
