// Package cgroup has real processes run out of memory in real control groups of cgroup v1's memory controller, named as
// a kubelet names them. It owns making, limiting and removing the groups and running the hogs in them; it knows
// nothing of who looks on.
//
// A test program that starts hogs is the hog itself: its TestMain calls [Hog] first.
package cgroup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Controller is where the memory controller is mounted.
const Controller = "/sys/fs/cgroup/memory"

// MiB is a mebibyte, in bytes.
const MiB = 1 << 20

// Group is a folder of the memory controller, by its path as the kernel prints it.
type Group string

func (c Group) dir() string { return filepath.Join(Controller, string(c)) }

// Need skips the test where memory can't be made to run out.
func Need(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to make cgroups and to read /dev/kmsg")
	}
	if _, err := os.Stat(filepath.Join(Controller, "memory.limit_in_bytes")); err != nil {
		t.Skipf("needs cgroup v1's memory controller at %s: %v", Controller, err)
	}
	f, err := os.Open("/dev/kmsg")
	if err != nil {
		t.Skipf("needs to read /dev/kmsg: %v", err)
	}
	_ = f.Close()
}

// New makes path and what is missing above it, and removes what it made when the test ends.
func New(t testing.TB, path string) Group {
	t.Helper()
	var made []string
	for dir := filepath.Join(Controller, path); ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil {
			break
		} else if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		made = append(made, dir)
	}
	for _, dir := range slices.Backward(made) {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for _, dir := range made {
			remove(t, dir)
		}
	})
	return Group(path)
}

// remove removes an empty cgroup; the kernel may need a moment to find that it is.
func remove(t testing.TB, dir string) {
	var err error
	for range 100 {
		if err = os.Remove(dir); err == nil || errors.Is(err, fs.ErrNotExist) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("the cgroup is left behind: %v", err)
}

// Remove removes the cgroup before the test ends; nothing is in it any more.
func (c Group) Remove(t testing.TB) {
	t.Helper()
	remove(t, c.dir())
}

// Limit sets the most memory that the cgroup may use.
func (c Group) Limit(t testing.TB, bytes int64) {
	t.Helper()
	file := filepath.Join(c.dir(), "memory.limit_in_bytes")
	if err := os.WriteFile(file, []byte(strconv.FormatInt(bytes, 10)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Usage is the memory that the cgroup uses, in bytes.
func (c Group) Usage(t testing.TB) int64 {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(c.dir(), "memory.usage_in_bytes"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// WaitForUsage waits until the cgroup uses at least that many bytes.
func (c Group) WaitForUsage(t testing.TB, bytes int64) {
	t.Helper()
	for range 1000 {
		if c.Usage(t) >= bytes {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s uses %d bytes after 10 s, want %d", c, c.Usage(t), bytes)
}
