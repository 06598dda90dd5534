package bolt

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/oombot/oombot/memory/memorytest"
)

func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=3m"); err != nil {
		t.Skipf("a small disk of its own takes root's right to mount one: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	filler := filepath.Join(dir, "ballast")
	if err := os.WriteFile(filler, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	s := reopen(t, filepath.Join(dir, "memory.db"), Options{})
	putDocs(t, s, ballast(128))
	kept, err := fill(s)
	if err := errors.Join(checkFull(s, kept, err), checkFullSharing(s)); err != nil {
		t.Fatal(err)
	}
	verify(t, s)
	if _, _, err := s.Compact(t.Context()); !errors.Is(err, ErrDiskFull) {
		t.Errorf("compact: %v, want ErrDiskFull", err)
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) != 2 {
		t.Errorf("after compacting failed the disk holds %v (%v)", names, err)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	keep(t, s, memorytest.Trace(2, 0))
	putDocs(t, s, twoDocs...)
	verify(t, s)
}
