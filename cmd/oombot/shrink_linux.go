package main

import (
	"bufio"
	"io"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// shrink gives back the memory that starting took: garbage, and the pages of the program's own code that only the start
// needed. They are read from the file again when they are used. Of mappings that hold anything else than the file's
// bytes nothing is given back.
func shrink(log *slog.Logger) {
	runtime.GC()
	debug.FreeOSMemory()
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		log.Debug("find the program's own file", "err", err)
		return
	}
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		log.Debug("find what of the program is in memory", "err", err)
		return
	}
	defer f.Close()
	for _, m := range unchanged(f, self) {
		if _, _, errno := unix.Syscall(unix.SYS_MADVISE, m.from, m.size, unix.MADV_DONTNEED); errno != 0 {
			log.Debug("give back pages of the program's code", "err", errno)
		}
	}
}

// mapping is a range of addresses.
type mapping struct{ from, size uintptr }

// unchanged returns the mappings of a file, in the text of smaps (man 5 proc), that can't be written and hold the file's
// own bytes alone: of a program that was relocated, some that can't be written were.
func unchanged(smaps io.Reader, file string) []mapping {
	var out []mapping
	var m mapping
	in := bufio.NewScanner(smaps)
	for in.Scan() {
		f := strings.Fields(in.Text())
		switch {
		case len(f) >= 5 && strings.Contains(f[0], "-"):
			m = mapping{}
			lo, hi, _ := strings.Cut(f[0], "-")
			a, err1 := strconv.ParseUint(lo, 16, strconv.IntSize)
			b, err2 := strconv.ParseUint(hi, 16, strconv.IntSize)
			if err1 == nil && err2 == nil && b > a && len(f) > 5 && f[5] == file && !strings.Contains(f[1], "w") {
				m = mapping{uintptr(a), uintptr(b - a)}
			}
		case len(f) == 3 && f[0] == "Anonymous:" && f[1] == "0" && m.size > 0:
			out = append(out, m)
			m = mapping{}
		}
	}
	return out
}
