package redact

import "strings"

// hintKind says what to look for around a hint.
type hintKind uint8

const (
	hintName    hintKind = iota // a part of a name that may be a secret's
	hintToken                   // the beginning of an issuer's tokens
	hintURL                     // an address
	hintDriver                  // the host of a database driver's address, behind user:password@
	hintHook                    // an address whose path is a secret
	hintKey                     // the first line of a private key
	hintKeyEnd                  // its last line
	hintOracle                  // an address in which user/password@ stands
	hintJWK                     // a key as JSON
	hintScheme                  // a scheme of HTTP's Authorization
	hintCommand                 // a program that takes passwords by flags
	hintEncoded                 // something that hides what stands there: colours, escapes
)

// hint is what a word stands for.
type hint struct {
	kind hintKind
	// token is the index in tokens.
	token int
}

// hints finds all of its words in a text in one pass, whatever their case: the automaton of Aho and Corasick,
// with a full table of transitions, so that each byte costs one look-up. Text without any word, which is most
// text, costs nothing more.
type hints struct {
	class [256]uint8
	// next holds, for each state, the next one by class. States from first on end a word.
	next  []uint16
	width int
	first uint16
	// found holds the hints of a state from first on.
	found [][]hint
}

// word is one of those that are looked for.
type word struct {
	text string // lower-case
	hint hint
}

// trie is the automaton while it is built.
type trie struct {
	next  [][]int
	found [][]hint
}

func (t *trie) add(width int) int {
	row := make([]int, width)
	for i := range row {
		row[i] = -1
	}
	t.next = append(t.next, row)
	t.found = append(t.found, nil)
	return len(t.next) - 1
}

func newHints(words []word) *hints {
	h := &hints{width: 1}
	for _, w := range words {
		for i := range len(w.text) {
			if h.class[w.text[i]] == 0 {
				h.class[w.text[i]] = uint8(h.width)
				h.width++
			}
		}
	}
	for c := byte('A'); c <= 'Z'; c++ {
		h.class[c] = h.class[c|0x20]
	}
	var t trie
	t.add(h.width)
	for _, w := range words {
		state := 0
		for i := range len(w.text) {
			c := h.class[w.text[i]]
			if t.next[state][c] < 0 {
				n := t.add(h.width)
				t.next[state][c] = n
			}
			state = t.next[state][c]
		}
		t.found[state] = append(t.found[state], w.hint)
	}
	h.pack(&t, t.complete())
	return h
}

// complete adds the transitions on which a word fails, and returns the states in breadth-first order.
func (t *trie) complete() []int {
	fail := make([]int, len(t.next))
	order := []int{0}
	for i := 0; i < len(order); i++ {
		state := order[i]
		for c, n := range t.next[state] {
			back := 0
			if state != 0 {
				back = t.next[fail[state]][c]
			}
			if n < 0 {
				t.next[state][c] = max(back, 0)
				continue
			}
			fail[n] = max(back, 0)
			t.found[n] = append(t.found[n], t.found[fail[n]]...)
			order = append(order, n)
		}
	}
	return order
}

// pack numbers the states so that those that end a word come last.
func (h *hints) pack(t *trie, order []int) {
	number := make([]uint16, len(t.next))
	n := uint16(0)
	for _, s := range order {
		if t.found[s] == nil {
			number[s] = n
			n++
		}
	}
	h.first = n
	for _, s := range order {
		if t.found[s] != nil {
			number[s] = n
			n++
			h.found = append(h.found, t.found[s])
		}
	}
	h.next = make([]uint16, len(t.next)*h.width)
	for s, row := range t.next {
		for c, to := range row {
			h.next[int(number[s])*h.width+c] = number[to]
		}
	}
}

// scan calls found with each hint of s and the offset of the byte behind it, until found returns false.
func (h *hints) scan(s string, found func(end int, what hint) bool) {
	state, next, width := uint16(0), h.next, h.width
	for i := range len(s) {
		state = next[int(state)*width+int(h.class[s[i]])]
		if state < h.first {
			continue
		}
		for _, what := range h.found[state-h.first] {
			if !found(i+1, what) {
				return
			}
		}
	}
}

// any tells whether s holds a hint.
func (h *hints) any(s string) bool {
	state, next, width := uint16(0), h.next, h.width
	for i := range len(s) {
		state = next[int(state)*width+int(h.class[s[i]])]
		if state >= h.first {
			return true
		}
	}
	return false
}

// builtinWords are the words that every Redactor looks for.
func builtinWords() []word {
	var words []word
	add := func(kind hintKind, texts ...string) {
		for _, t := range texts {
			words = append(words, word{t, hint{kind: kind}})
		}
	}
	add(hintName, nameHints...)
	add(hintURL, "://")
	add(hintDriver, "@tcp(", "@unix(")
	add(hintHook, hooks...)
	add(hintKey, "-----begin ", "---- begin ")
	add(hintKeyEnd, "-----end ")
	add(hintJWK, `"kty`, `\"kty`)
	add(hintOracle, "jdbc:oracle:thin:", "jdbc:oracle:oci:")
	add(hintScheme, "bearer ", "basic ")
	for _, c := range commands {
		add(hintCommand, c.name)
	}
	add(hintEncoded, "\x1b", `\u`, `\x`, "%2", "%3", "%4", "%5", "%6", "%7", "\x00", "\b", "\x7f", "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad")
	for i, t := range tokens {
		words = append(words, word{strings.ToLower(t.prefix), hint{kind: hintToken, token: i}})
	}
	return words
}
