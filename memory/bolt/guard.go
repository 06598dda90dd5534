package bolt

import (
	"fmt"
	"runtime/debug"
)

// panicked is what a panic became.
type panicked struct {
	value any
	// stack is where it came from.
	stack string
}

func (p *panicked) Error() string { return fmt.Sprint(p.value) }

// guarded runs fn, which reads the mapped file. Where the file is damaged bbolt panics, follows an offset out of the
// mapping, or touches a page that the file no longer has; all of these become an ErrDamaged and the program lives on.
// fn must not call back to code of a caller, whose own panics are its own.
func guarded(fn func() error) (err error) {
	before := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(before)
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: restore a backup, or move it away to start anew: %w", ErrDamaged, &panicked{r, string(debug.Stack())})
		}
	}()
	return fn()
}
