//go:build unix

package bolt

import (
	"errors"
	"os"
	"strconv"
	"syscall"
)

// lockFile locks a file for this process; errBusy where another one has it. The lock ends when the file is closed.
func lockFile(file *os.File, exclusive bool) error {
	how := syscall.LOCK_SH
	if exclusive {
		how = syscall.LOCK_EX
	}
	for {
		err := syscall.Flock(int(file.Fd()), how|syscall.LOCK_NB)
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EWOULDBLOCK):
			return errBusy
		default:
			return err
		}
	}
}

// unlockFile gives up the lock on a file.
func unlockFile(file *os.File) error { return syscall.Flock(int(file.Fd()), syscall.LOCK_UN) }

// inodeOf returns a file's number within its file system; 0 where that is not known.
func inodeOf(info os.FileInfo) uint64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return stat.Ino
	}
	return 0
}

// reserve is how much address space a file is mapped into, in bytes. It costs no memory.
const reserve = 64 << 30

// addressSpace returns reserve where the process can have so much, else 0.
func addressSpace() int {
	if strconv.IntSize < 64 {
		return 0
	}
	size := int64(reserve) // an int has no room for the constant everywhere
	room, err := syscall.Mmap(-1, 0, int(size), syscall.PROT_NONE, syscall.MAP_ANON|syscall.MAP_PRIVATE|syscall.MAP_NORESERVE)
	if err != nil || syscall.Munmap(room) != nil {
		return 0
	}
	return int(size)
}
