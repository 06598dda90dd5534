// Package redact takes secrets out of text before it is printed, logged, sent or stored. It knows secrets by
// their shape (private keys, tokens of well-known issuers, passwords in addresses) and by the name that stands
// before them (DB_PASSWORD=…, --token …, Authorization: …). It errs on the side of masking, changes nothing
// where there is none, and masking twice is masking once.
//
// Text is for sentences, Log for logs, JSON for objects of Kubernetes and other JSON, Value for a value whose
// name is known. What a name makes secret: any value but an empty one, a truth value, a reference to what stands
// elsewhere ($(NAME), ${NAME}), and, where the name is one of a token or a key, a number or the path of a file:
// those count, bound or locate tokens. Under the name of a password, a number is a secret too.
//
// The functions of the package work with the names and patterns of its own and those of SetDefault, which the
// program calls once at its start. All functions and methods are safe for concurrent use.
package redact

import (
	"sync"
	"sync/atomic"
)

// Masked stands in place of a secret.
const Masked = "[redacted]"

// builtin is the Redactor without further names and patterns. It is built when it is first used.
var builtin = sync.OnceValue(func() *Redactor {
	r, err := New(Options{})
	if err != nil {
		panic("redact: " + err.Error()) // there is nothing in the options that could be wrong
	}
	return r
})

var chosen atomic.Pointer[Redactor]

// SetDefault makes r the Redactor of the package's functions; nil stands for that without further names and
// patterns. What was redacted before is not looked at again.
func SetDefault(r *Redactor) { chosen.Store(r) }

func current() *Redactor {
	if r := chosen.Load(); r != nil {
		return r
	}
	return builtin()
}

// Text returns s with every secret in it replaced by Masked. The number of lines stays.
func Text(s string) string { return current().Text(s) }

// Log returns a log with every secret in it replaced by Masked, those that go over several lines among them. The
// number of lines and the time stamps before them stay. Where there is no secret it returns data itself.
func Log(data []byte) []byte { return current().Log(data) }

// JSON returns a JSON document with every secret in it replaced by Masked. All else stays as it is, byte for
// byte. It returns an error, and no data, where data is no JSON document.
func JSON(data []byte) ([]byte, error) { return current().JSON(data) }
