//go:build !unix

package socket

import "io/fs"

// ownerOf knows no numbers of users here.
func ownerOf(fs.FileInfo) (uint32, bool) { return 0, false }
