package bolt

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory/memorytest"
)

// fill keeps traces until there is no room for more, and returns how many it kept.
func fill(s *Store) (int, error) {
	for i := range 100_000 {
		if err := s.Keep(context.Background(), memorytest.Trace(1, i)); err != nil {
			return i, err
		}
	}
	return 0, errors.New("there was room for all")
}

// checkFull checks that what was kept is there still, and nothing of what failed.
func checkFull(s *Store, kept int, err error) error {
	if !errors.Is(err, ErrDiskFull) || errors.Is(err, ErrDamaged) || kept == 0 {
		return fmt.Errorf("after %d traces: %w, want ErrDiskFull", kept, err)
	}
	n := 0
	for _, err := range s.Heads(context.Background(), investigations.Filter{}) {
		if err != nil {
			return err
		}
		n++
	}
	if n != kept {
		return fmt.Errorf("%d traces were kept, %d are there", kept, n)
	}
	return nil
}

// fillToLimit fills a file up to the limit that the system sets on its size, which is lifted then.
func fillToLimit(path string) error {
	signal.Ignore(syscall.SIGXFSZ)
	s, err := Open(path, Options{})
	if err != nil {
		return err
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	all := limit.Cur
	limit.Cur = 3 << 20
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	kept, err := fill(s)
	if err := checkFull(s, kept, err); err != nil {
		return err
	}
	if _, _, err := s.Compact(context.Background()); err != nil && !errors.Is(err, ErrDiskFull) {
		return fmt.Errorf("compact: %w", err)
	}
	limit.Cur = all
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	if err := s.Keep(context.Background(), memorytest.Trace(2, 0)); err != nil {
		return fmt.Errorf("with room again: %w", err)
	}
	fmt.Println(kept + 1)
	return s.Close()
}

func TestFileSizeLimit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "memory.db")
	out := start(t, "fill", path).end(t)
	s := reopen(t, path, Options{})
	verify(t, s)
	if n := entries(t, s, bucketHeads); fmt.Sprintln(n) != fmt.Sprintln(out[0]) {
		t.Errorf("%d traces are there, %s were kept", n, out[0])
	}
}
