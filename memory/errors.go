package memory

import "errors"

// What a store fails with, beside investigations' own errors. They keep their identity where the store is another
// process's.
var (
	// ErrReadOnly says that something was to be written where only reading is allowed.
	ErrReadOnly = errors.New("memory file is read-only")
	// ErrDamaged says that a memory file holds what no oombot wrote. The file is read as far as it goes, and never
	// written again.
	ErrDamaged = errors.New("memory file is damaged")
	// ErrDiskFull says that there was no room for what was to be written. Nothing of it is in the file.
	ErrDiskFull = errors.New("no room for the memory file")
	// ErrInvalid says that what was given can't be stored as it is.
	ErrInvalid = errors.New("can't be stored")
	// ErrClosed says that the store was closed.
	ErrClosed = errors.New("memory file was closed")
)
