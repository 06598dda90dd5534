package bolt

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/oombot/oombot/memory"
)

// What can be wrong with a file; what is not about opening one is memory's. Tests and callers use errors.Is.
var (
	// ErrLocked says that another process, or another Store of this one, has the file open; it comes as a *LockedError.
	ErrLocked = errors.New("memory file is in use")
	// ErrForeign says that a file is no memory file of oombot.
	ErrForeign = errors.New("not a memory file of oombot")
	// ErrNewer says that a newer version of oombot wrote the file.
	ErrNewer = errors.New("memory file of a newer version")
	// ErrDamaged says that a memory file holds what no oombot wrote. The file is read as far as it goes, and never
	// written again.
	ErrDamaged = memory.ErrDamaged
	// ErrTruncated says that the end of a memory file is missing; it is a kind of ErrDamaged.
	ErrTruncated = fmt.Errorf("%w: its end is missing", ErrDamaged)
	// ErrReadOnly says that something was to be written where only reading is allowed.
	ErrReadOnly = memory.ErrReadOnly
	// ErrDiskFull says that there was no room for what was to be written. Nothing of it is in the file.
	ErrDiskFull = memory.ErrDiskFull
	// ErrNotFile says that a path leads to a folder or to a special file.
	ErrNotFile = errors.New("not a regular file")
	// ErrInvalid says that what was given can't be stored as it is.
	ErrInvalid = memory.ErrInvalid
	// ErrClosed says that the Store was closed.
	ErrClosed = memory.ErrClosed
)

// LockedError says who holds a file.
type LockedError struct {
	Path string
	// PID is the process that holds it; 0 where that can't be told.
	PID int
	// Own says that it is this process.
	Own bool
}

func (e *LockedError) Error() string {
	switch {
	case e.Own:
		return fmt.Sprintf("%s: %v: this process has it open already", e.Path, ErrLocked)
	case e.PID != 0:
		return fmt.Sprintf("%s: %v: process %d has it open; ask through that one, or stop it first", e.Path, ErrLocked, e.PID)
	}
	return fmt.Sprintf("%s: %v: another process has it open; ask through that one, or stop it first", e.Path, ErrLocked)
}

// Is makes every LockedError an ErrLocked.
func (e *LockedError) Is(target error) bool { return target == ErrLocked }

// noRoom are the errors that say that a disk, a quota or a limit on a file's size is used up.
var noRoom = []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG}

// writeError explains why a write failed. bbolt hands on some of the system's errors as text only.
func writeError(err error) error {
	for _, errno := range noRoom {
		if errors.Is(err, errno) || strings.Contains(err.Error(), errno.Error()) {
			return fmt.Errorf("%w; nothing of it was stored; make room on its disk: %w", ErrDiskFull, err)
		}
	}
	return err
}
