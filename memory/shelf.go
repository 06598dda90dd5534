package memory

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/oombot/oombot/investigations"
)

const (
	// MaxDocName bounds the kind and the key of a document, in bytes each.
	MaxDocName = 1024
	// MaxDocBody bounds the body of a document, in bytes.
	MaxDocBody = 1 << 20
)

// CheckDoc says why a document can't be put on a shelf: ErrInvalid, and investigations.ErrTooLarge as well where its body
// is too long. One without a body can, as it stands for its removal.
func CheckDoc(d investigations.Doc) error {
	if err := checkDocName("kind", d.Kind); err != nil {
		return err
	}
	if err := checkDocName("key", d.Key); err != nil {
		return err
	}
	switch {
	case len(d.Body) > MaxDocBody:
		return fmt.Errorf("%w: the body of document %s has %d bytes, at most %d are stored; split it: %w",
			ErrInvalid, docName(d), len(d.Body), MaxDocBody, investigations.ErrTooLarge)
	case len(d.Body) > 0 && !json.Valid(d.Body):
		return fmt.Errorf("%w: the body of document %s is no JSON", ErrInvalid, docName(d))
	}
	return nil
}

func checkDocName(what, name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%w: a document has no %s", ErrInvalid, what)
	case len(name) > MaxDocName:
		return fmt.Errorf("%w: the %s %s of a document has %d bytes, at most %d are stored",
			ErrInvalid, what, investigations.Quote(name, 40), len(name), MaxDocName)
	case !utf8.ValidString(name):
		return fmt.Errorf("%w: the %s %s of a document is no UTF-8", ErrInvalid, what, investigations.Quote(name, 40))
	}
	return nil
}

// NoDoc is the error of a document that is not there.
func NoDoc(kind, key string) error {
	return fmt.Errorf("document %s: %w", docName(investigations.Doc{Kind: kind, Key: key}), investigations.ErrNotFound)
}

func docName(d investigations.Doc) string {
	return investigations.Quote(d.Kind, 40) + " " + investigations.Quote(d.Key, 40)
}
