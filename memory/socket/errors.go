package socket

import (
	"context"
	"errors"
	"io/fs"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

// What a client and a listener fail with, beside what the store itself does.
var (
	// ErrGone says that nobody answers at the socket, and that nothing was asked of anybody.
	ErrGone = errors.New("no process serves the memory file")
	// ErrCut says that the process that holds the memory file ended, or went silent, before it answered: it is not known
	// whether it did what it was asked.
	ErrCut = errors.New("the process that holds the memory file did not answer")
	// ErrVersion says that the two processes are of versions of oombot that do not understand each other.
	ErrVersion = errors.New("the process that holds the memory file is another version of oombot")
	// ErrRefused says that a socket, its folder or the process behind it belongs to another user.
	ErrRefused = errors.New("it is another user's")
	// ErrInUse says that a living process listens there already.
	ErrInUse = errors.New("another process listens there")
)

// sentinels are the errors that keep their identity across the socket, by their name there.
var sentinels = []struct {
	name string
	err  error
}{
	{"not_found", investigations.ErrNotFound},
	{"lease_lost", investigations.ErrLeaseLost},
	{"too_large", investigations.ErrTooLarge},
	{"forbidden", investigations.ErrForbidden},
	{"unavailable", investigations.ErrUnavailable},
	{"version", ErrVersion},
	{"canceled", context.Canceled},
	{"deadline", context.DeadlineExceeded},
	{"read_only", memory.ErrReadOnly},
	{"damaged", memory.ErrDamaged},
	{"disk_full", memory.ErrDiskFull},
	{"invalid", memory.ErrInvalid},
	{"closed", memory.ErrClosed},
	{"permission", fs.ErrPermission},
	{"not_exist", fs.ErrNotExist},
}

// failure is an error as it goes over the socket.
type failure struct {
	Text string   `json:"text"`
	Is   []string `json:"is,omitempty"`
}

// failureOf returns how an error goes over the socket.
func failureOf(err error) *failure {
	f := &failure{Text: err.Error()}
	for _, s := range sentinels {
		if errors.Is(err, s.err) {
			f.Is = append(f.Is, s.name)
		}
	}
	return f
}

// Error returns the text of the other process.
func (f *failure) Error() string { return f.Text }

// Unwrap returns the sentinels that the error is, as far as this process knows them.
func (f *failure) Unwrap() []error {
	var out []error
	for _, name := range f.Is {
		for _, s := range sentinels {
			if s.name == name {
				out = append(out, s.err)
			}
		}
	}
	return out
}
