//go:build unix

package socket

import (
	"io/fs"
	"syscall"
)

// ownerOf returns whom a file belongs to.
func ownerOf(info fs.FileInfo) (uint32, bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return st.Uid, true
}
