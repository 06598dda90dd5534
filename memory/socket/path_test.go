//go:build unix

package socket

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/oombot/oombot/memory/memorytest"
)

func TestPaths(t *testing.T) {
	t.Setenv("TMPDIR", "/tmp")
	folder, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "memory.db")
	link := filepath.Join(folder, "link.db")
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Symlink(file, link)); err != nil {
		t.Fatal(err)
	}
	want, err := Paths(file)
	if err != nil || len(want) != 2 || want[0] != file+".sock" || !strings.HasPrefix(want[1], "/tmp/oombot-") {
		t.Fatalf("Paths(%s): %q, %v", file, want, err)
	}
	t.Chdir(folder)
	for _, other := range []string{link, "memory.db", "./link.db", folder + "/x/../memory.db"} {
		if got, err := Paths(other); err != nil || strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("Paths(%s): %q, %v; want those of the file it leads to, %q", other, got, err, want)
		}
	}
	for _, absent := range []string{"absent.db", filepath.Join(folder, "absent.db")} {
		if got, err := Paths(absent); err != nil || got[0] != filepath.Join(folder, "absent.db.sock") {
			t.Errorf("Paths(%s): %q, %v", absent, got, err)
		}
	}
	if got, err := Paths(filepath.Join(folder, "nowhere", "absent.db")); err == nil {
		t.Errorf("a file in a folder that is not there has the sockets %q", got)
	}
	other, err := Paths("absent.db")
	if err != nil || other[1] == want[1] {
		t.Errorf("two files have one socket: %q and %q, %v", other, want, err)
	}
}

// deep returns a memory file whose path is too long for a socket beside it, and a folder for temporary files.
func deep(t *testing.T) (file, temp string) {
	t.Helper()
	temp, err := os.MkdirTemp("/tmp", "t") //nolint:usetesting // the path of t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(temp) })
	t.Setenv("TMPDIR", temp)
	folder := filepath.Join(temp, strings.Repeat("d", 60), strings.Repeat("e", 60))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(folder, "memory.db"), temp
}

func TestPathTooLongForASocket(t *testing.T) {
	file, temp := deep(t)
	stop := start(t, file, memorytest.New(time.Now), defaultPace())
	paths, err := Paths(file)
	if err != nil || len(paths) != 1 {
		t.Fatalf("Paths: %q, %v", paths, err)
	}
	folder := filepath.Dir(paths[0])
	if info, err := os.Lstat(folder); err != nil || info.Mode() != fs.ModeDir|0o700 || filepath.Dir(folder) != temp {
		t.Errorf("%s: %v, %v; want a folder below %s that only its owner may use", folder, info.Mode(), err, temp)
	}
	c, err := Dial(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Keep(t.Context(), memorytest.Trace(1, 0)); err != nil {
		t.Errorf("Keep: %v", err)
	}
	if err := stop(); err != nil {
		t.Errorf("serve: %v", err)
	}
	if _, err := os.Lstat(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is left: %v", err)
	}
	t.Setenv("TMPDIR", filepath.Dir(file))
	if paths, err := Paths(file); err == nil {
		t.Errorf("both paths are too long, and Paths returns %q", paths)
	}
}

// TestFolderOfSomebodyElse puts in the place of the socket's own folder what another user could have put there.
func TestFolderOfSomebodyElse(t *testing.T) {
	tests := map[string]func(t *testing.T, folder string) error{
		"open to all": func(_ *testing.T, folder string) error {
			return errors.Join(os.Mkdir(folder, 0o700), os.Chmod(folder, 0o777)) //nolint:gosec // that is what is refused
		},
		"open to the group": func(_ *testing.T, folder string) error {
			return errors.Join(os.Mkdir(folder, 0o700), os.Chmod(folder, 0o710))
		},
		"a link": func(t *testing.T, folder string) error { return os.Symlink(t.TempDir(), folder) },
		"a file": func(_ *testing.T, folder string) error { return os.WriteFile(folder, nil, 0o600) },
		"another user's": func(t *testing.T, folder string) error {
			if os.Getuid() != 0 {
				t.Skip("only root can give a folder to somebody else")
			}
			return errors.Join(os.Mkdir(folder, 0o700), os.Chown(folder, 4711, 4711))
		},
	}
	for what, put := range tests {
		t.Run(what, func(t *testing.T) {
			file, _ := deep(t)
			paths, err := Paths(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := put(t, filepath.Dir(paths[0])); err != nil {
				t.Fatal(err)
			}
			if l, err := Listen(file, quiet); !errors.Is(err, ErrRefused) {
				t.Errorf("Listen: %v, %v; want ErrRefused", l, err)
			}
			if _, err := Dial(t.Context(), file); !errors.Is(err, ErrRefused) {
				t.Errorf("Dial: %v, want ErrRefused", err)
			}
		})
	}
}

func TestStaleSocketIsReplaced(t *testing.T) {
	file := memoryFile(t)
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: file + ".sock", Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	if err := stale.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Dial(t.Context(), file); !errors.Is(err, ErrGone) {
		t.Errorf("Dial at the socket of a process that is gone: %v, want ErrGone", err)
	}
	start(t, file, memorytest.New(time.Now), defaultPace())
	healthy(t, file)
}

func TestLiveSocketIsNotReplaced(t *testing.T) {
	file := memoryFile(t)
	start(t, file, memorytest.New(time.Now), defaultPace())
	if l, err := Listen(file, quiet); !errors.Is(err, ErrInUse) {
		t.Errorf("Listen: %v, %v; want ErrInUse", l, err)
	}
	healthy(t, file)
}

func TestWhatIsNoSocketIsLeftAlone(t *testing.T) {
	file := memoryFile(t)
	if err := os.WriteFile(file+".sock", []byte("a diary"), 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := Listen(file, quiet); err == nil {
		t.Errorf("Listen: %v", l)
	}
	if _, err := Dial(t.Context(), file); !errors.Is(err, ErrRefused) {
		t.Errorf("Dial: %v, want ErrRefused", err)
	}
	if got, err := os.ReadFile(file + ".sock"); err != nil || string(got) != "a diary" {
		t.Errorf("left is %q, %v", got, err)
	}
}

// TestSocketIsOwnerOnly makes a socket with the widest mask there is.
func TestSocketIsOwnerOnly(t *testing.T) {
	before := syscall.Umask(0)
	defer syscall.Umask(before)
	l, err := Listen(memoryFile(t), quiet)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(l.Path())
	if err != nil || info.Mode() != fs.ModeSocket|0o600 || l.made.Mode() != info.Mode() {
		t.Errorf("mode %v, when it was made %v, %v; want that only its owner may use it from the start", info.Mode(), l.made.Mode(), err)
	}
	for range 2 {
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if _, err := os.Lstat(l.Path()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
}

// TestCloseRemovesItsOwnSocketOnly closes a listener in whose place another one is.
func TestCloseRemovesItsOwnSocketOnly(t *testing.T) {
	file := memoryFile(t)
	first, err := Listen(file, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(first.Path()); err != nil {
		t.Fatal(err)
	}
	start(t, file, memorytest.New(time.Now), defaultPace())
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	healthy(t, file)
}

func TestUnwritable(t *testing.T) {
	for err, want := range map[error]bool{
		syscall.EACCES: true, syscall.EPERM: true, syscall.EROFS: true, syscall.EOPNOTSUPP: true, syscall.ENOSPC: false, ErrInUse: false, ErrRefused: false,
	} {
		if got := unwritable(fmt.Errorf("listen: %w", os.NewSyscallError("bind", err))); got != want {
			t.Errorf("unwritable(%v) = %t, want %t", err, got, want)
		}
	}
}
