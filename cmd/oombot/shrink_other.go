//go:build !linux

package main

import (
	"log/slog"
	"runtime/debug"
)

// shrink gives back the garbage that starting made.
func shrink(*slog.Logger) { debug.FreeOSMemory() }
