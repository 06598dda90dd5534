package pseudonym

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// trie finds the longest of many names at a place of a text. Its steps are units: runs of letters and digits, and single
// other characters; a name begins and ends where units do.
type trie struct {
	roots map[string]int32
	next  map[step]int32
	// ends holds, by node, the index of the name that ends there plus one; 0 where none does.
	ends []int32
	// odd marks the first bytes of names that begin with no letter or digit.
	odd [256]bool
}

type step struct {
	at   int32
	unit string
}

func newTrie() *trie { return &trie{roots: map[string]int32{}, next: map[step]int32{}} }

// add enters name, which is folded, as the one of that index. It reports false where the name is there already.
func (t *trie) add(name string, index int) bool {
	if name == "" {
		return false
	}
	t.odd[name[0]] = t.odd[name[0]] || !wordAt(name, 0)
	node := int32(-1)
	for i := 0; i < len(name); {
		end := unitEnd(name, i)
		node = t.child(node, name[i:end])
		i = end
	}
	if t.ends[node] != 0 {
		return false
	}
	t.ends[node] = int32(index) + 1
	return true
}

func (t *trie) child(node int32, unit string) int32 {
	to, ok := t.follow(node, unit)
	if ok {
		return to
	}
	to = int32(len(t.ends))
	t.ends = append(t.ends, 0)
	if node < 0 {
		t.roots[unit] = to
	} else {
		t.next[step{node, unit}] = to
	}
	return to
}

func (t *trie) follow(node int32, unit string) (int32, bool) {
	if node < 0 {
		to, ok := t.roots[unit]
		return to, ok
	}
	to, ok := t.next[step{node, unit}]
	return to, ok
}

// longest returns the index and the end of the longest name at start of s, which is folded, that fits takes; -1 where
// there is none. With plural, the last unit may have an s behind its digit, which is not part of the name.
func (t *trie) longest(s string, start int, plural bool, fits func(index, end int) bool) (index, end int) {
	index, node := -1, int32(-1)
	for i := start; i < len(s); {
		to := unitEnd(s, i)
		unit := s[i:to]
		if unit == "\u2010" || unit == "\u2011" { // hyphens, as some models write them
			unit = "-"
		}
		next, ok := t.follow(node, unit)
		if !ok && plural && to-i > 1 && s[to-1] == 's' && s[to-2] >= '0' && s[to-2] <= '9' {
			if next, ok = t.follow(node, s[i:to-1]); ok && t.ends[next] != 0 && fits(int(t.ends[next])-1, to-1) {
				return int(t.ends[next]) - 1, to - 1
			}
			break
		}
		if !ok {
			break
		}
		if node, i = next, to; t.ends[node] != 0 && fits(int(t.ends[node])-1, to) {
			index, end = int(t.ends[node])-1, to
		}
	}
	return index, end
}

// unitEnd returns the end of the unit at i.
func unitEnd(s string, i int) int {
	if c := s[i]; c < utf8.RuneSelf && !wordByte[c] {
		return i + 1
	}
	from := i
	for i < len(s) {
		if c := s[i]; c < utf8.RuneSelf {
			if !wordByte[c] {
				return i
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if !wordRune(r) {
			if i == from {
				return i + n
			}
			return i
		}
		i += n
	}
	return i
}

// wordAt tells whether a letter or digit stands at i.
func wordAt(s string, i int) bool {
	if i >= len(s) {
		return false
	}
	if c := s[i]; c < utf8.RuneSelf {
		return wordByte[c]
	}
	r, _ := utf8.DecodeRuneInString(s[i:])
	return wordRune(r)
}

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }

func isLetter(r rune) bool { return unicode.IsLetter(r) }

var wordByte = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
	}
	return t
}()

// fold returns s with its ASCII letters in lower case, byte for byte.
func fold(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= 'A' && c <= 'Z' {
			var b strings.Builder
			b.Grow(len(s))
			b.WriteString(s[:i])
			for ; i < len(s); i++ {
				if c = s[i]; c >= 'A' && c <= 'Z' {
					c |= 0x20
				}
				b.WriteByte(c)
			}
			return b.String()
		}
	}
	return s
}
