//go:build !unix

package bolt

import "os"

// lockFile does nothing: bbolt locks the file when it opens it.
func lockFile(*os.File, bool) error { return nil }

func unlockFile(*os.File) error { return nil }

func inodeOf(os.FileInfo) uint64 { return 0 }

// addressSpace is none: the file would become as large as what is mapped.
func addressSpace() int { return 0 }
