package bolt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/oombot/oombot/investigations"
)

// nobody is a user to whom permissions matter.
const nobody = 65534

// becomeNobody gives up root's rights where the process has them: root may write what nobody may.
func becomeNobody() error {
	if os.Getuid() != 0 {
		return nil
	}
	return errors.Join(syscall.Setgid(nobody), syscall.Setuid(nobody))
}

// folder makes a folder that everybody may enter, with a memory file in it of which one trace is known.
func folder(t *testing.T, file, dir os.FileMode) string {
	t.Helper()
	root, err := os.MkdirTemp("", "oombot-bolt-*") //nolint:usetesting // what is above t.TempDir is closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(os.Chmod(root, 0o700), os.RemoveAll(root)); err != nil {
			t.Error(err)
		}
	})
	path := filepath.Join(root, "memory.db")
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	keep(t, s, small("a", 0))
	if err := errors.Join(s.Close(), os.Chmod(path, file), os.Chmod(root, dir)); err != nil {
		t.Fatal(err)
	}
	return path
}

// openAsStranger opens a file that can only be read, and tries all.
func openAsStranger(path string) error {
	if err := becomeNobody(); err != nil {
		return err
	}
	s, err := Open(path, Options{})
	if err != nil {
		return err
	}
	ctx := context.Background()
	if _, err := s.Trace(ctx, "a"); err != nil {
		return err
	}
	_, put := s.Put(ctx, investigations.Item{Key: "k"})
	_, _, compact := s.Compact(ctx)
	_, forget := s.Forget(ctx, investigations.Filter{})
	for what, err := range map[string]error{
		"keep": s.Keep(ctx, small("b", 0)), "amend": s.Amend(ctx, "a", investigations.Amendment{}), "put": put, "compact": compact, "forget": forget,
		"put documents": s.PutDocs(ctx, twoDocs...),
	} {
		if !errors.Is(err, ErrReadOnly) || !errors.Is(err, fs.ErrPermission) {
			return fmt.Errorf("%s: %w, want ErrReadOnly and why", what, err)
		}
	}
	return s.Close()
}

func TestReadOnlyFile(t *testing.T) {
	path := folder(t, 0o444, 0o555)
	before := content(t, path)
	start(t, "stranger", path).end(t)
	if content(t, path) != before {
		t.Error("the file was changed")
	}
}

// createAsStranger uses files in a folder where none can be made.
func createAsStranger(path string) error {
	if err := becomeNobody(); err != nil {
		return err
	}
	ctx, dir := context.Background(), filepath.Dir(path)
	if _, err := Open(filepath.Join(dir, "new.db"), Options{}); !errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("make a file: %w, want that it is not allowed", err)
	}
	s, err := Open(path, Options{})
	if err != nil {
		return err
	}
	if err := s.Keep(ctx, small("b", 0)); err != nil {
		return err
	}
	if _, _, err := s.Compact(ctx); !errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("compact: %w, want that it is not allowed", err)
	}
	if err := s.Keep(ctx, small("c", 0)); err != nil {
		return fmt.Errorf("after compacting failed: %w", err)
	}
	return s.Close()
}

func TestReadOnlyFolder(t *testing.T) {
	path := folder(t, 0o666, 0o555)
	start(t, "newfolder", path).end(t)
	names, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	if err != nil || len(names) != 1 {
		t.Errorf("the folder holds %v (%v)", names, err)
	}
	verify(t, reopen(t, path, Options{}))
}

func content(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
