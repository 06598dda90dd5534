package openai

import (
	"strings"
	"unicode"
)

// openThought and closeThought are around what some models write before their answer, where their server leaves it in.
const openThought, closeThought = "<think>", "</think>"

// text puts the text of an answer together, without thoughts at its beginning, and tells of it as it comes.
type text struct {
	all strings.Builder
	// held is what may yet turn out to be thoughts.
	held  string
	state thought
	// tell may be nil.
	tell func(string)
}

type thought int

const (
	undecided thought = iota
	thinking
	// answering begins with the answer's first letter, spaces before it left out.
	answering
)

func (t *text) add(piece string) {
	for piece != "" {
		switch t.state {
		case undecided:
			t.held = strings.TrimLeftFunc(t.held+piece, unicode.IsSpace)
			piece = ""
			switch {
			case strings.HasPrefix(t.held, openThought):
				t.state, piece, t.held = thinking, t.held[len(openThought):], ""
			case !strings.HasPrefix(openThought, t.held):
				t.state, piece, t.held = answering, t.held, ""
			}
		case thinking:
			t.held += piece
			piece = ""
			if _, after, found := strings.Cut(t.held, closeThought); found {
				t.state, piece, t.held = undecided, after, ""
			} else if n := len(t.held) - len(closeThought) + 1; n > 0 {
				t.held = t.held[n:] // an end that has begun
			}
		case answering:
			t.all.WriteString(piece)
			if t.tell != nil {
				t.tell(cleanText(piece))
			}
			piece = ""
		}
	}
}

// String returns the text.
func (t *text) String() string {
	s := t.all.String()
	if t.state == undecided {
		s += t.held // "<th" was all of it
	}
	if before, after, found := strings.Cut(s, closeThought); found && !strings.Contains(before, openThought) {
		s = strings.TrimLeftFunc(after, unicode.IsSpace) // thoughts that begin in the prompt
	}
	return cleanText(s)
}

// cleanText takes out of an answer what no text has: bytes that are no UTF-8, and control characters but newlines and
// tabs.
func cleanText(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
}
