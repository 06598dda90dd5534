package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

var errNoResult = errors.New("there is no result")

// JSON writes r as one indented JSON document, result version 1, and a newline. Lists are [] where nothing is
// in them, numbers are finite, times are UTC. The same result gives the same bytes. r is not changed.
func JSON(w io.Writer, r *investigations.Result) error { return encode(w, r, "  ") }

// CompactJSON writes the same document as JSON on one line, for streams of one document a line.
func CompactJSON(w io.Writer, r *investigations.Result) error { return encode(w, r, "") }

func encode(w io.Writer, r *investigations.Result, indent string) error {
	if r == nil {
		return fmt.Errorf("encode result: %w", errNoResult)
	}
	if err := Document(w, r.Normalized(), indent); err != nil {
		return fmt.Errorf("print result %s: %w", r.ID, err)
	}
	return nil
}

// Document writes any value as a JSON document and a newline, on one line where indent is empty. What a terminal
// may obey is escaped, and secrets are masked, whatever the value holds.
func Document(w io.Writer, v any, indent string) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // "1.4.1 -> 1.5.0" is for people too
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return err
	}
	doc, err := redact.JSON(b.Bytes())
	if err != nil {
		return err
	}
	_, err = w.Write(escapeInvisible(doc))
	return err
}

// escapeInvisible replaces the characters that a terminal may obey but encoding/json lets through (DEL, C1
// controls, bidirectional and other formatting characters) by their JSON escapes. They can occur inside of
// strings only, so that the document means the same.
func escapeInvisible(doc []byte) []byte {
	if bytes.IndexFunc(doc, mustEscape) < 0 {
		return doc
	}
	out := make([]byte, 0, len(doc)+64)
	for _, r := range string(doc) {
		switch {
		case !mustEscape(r):
			out = append(out, string(r)...)
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}

func mustEscape(r rune) bool {
	return r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp))
}
