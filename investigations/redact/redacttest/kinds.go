package redacttest

import (
	"strings"
)

// Kind is one kind of secret.
type Kind struct {
	// Name is short, lower-case and unique.
	Name string
	// Text is how it stands in a configuration, a log or a command: on one line, or on several where Lines says so.
	Text string
	// Secrets are the very bytes that must not get out; Text holds each of them.
	Secrets []string
}

// Lines tells whether the text is of several lines.
func (k Kind) Lines() bool { return strings.Contains(k.Text, "\n") }

// piece is how many bytes of a long secret are too many.
const piece = 12

// Leaks returns what of the secret stands in text: as a whole, or in a piece of 12 bytes and more. It returns "" where
// nothing does.
func (k Kind) Leaks(text string) string {
	for _, secret := range k.Secrets {
		if strings.Contains(text, secret) {
			return secret
		}
		for i := 0; i+piece <= len(secret); i++ {
			if part := secret[i : i+piece]; strings.Contains(text, part) {
				return part
			}
		}
	}
	return ""
}

// Kinds returns all kinds, always the same ones.
func Kinds() []Kind {
	var kinds []Kind
	for _, groups := range [][]recipe{clouds, code, chat, services, observability, databases, http, commands, keys, files} {
		for _, r := range groups {
			kinds = append(kinds, r.kind())
		}
	}
	return kinds
}

// recipe is a kind before its secrets are made: in text, each «FORM» is a secret. A form is made of plain text and of
// {SET NUMBER}, that many random characters of a set.
type recipe struct{ name, text string }

func (r recipe) kind() Kind {
	g := newGenerator(r.name)
	k := Kind{Name: r.name}
	var text strings.Builder
	for rest := r.text; ; {
		before, after, ok := strings.Cut(rest, "«")
		text.WriteString(g.fill(before))
		if !ok {
			break
		}
		form, after, _ := strings.Cut(after, "»")
		secret := g.fill(form)
		k.Secrets = append(k.Secrets, secret)
		text.WriteString(secret)
		rest = after
	}
	k.Text = text.String()
	return k
}
