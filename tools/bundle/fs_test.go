package bundle

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

func openFS(t *testing.T, dir string) fs.FS {
	t.Helper()
	write(t, dir, "incident.yaml", goodIncident)
	b, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b.FS()
}

func TestFSConforms(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "kubernetes/pods.json", `{"items": []}`)
	write(t, dir, "logs/shop/a/b.log", "x\n")
	if err := fstest.TestFS(openFS(t, dir), "incident.yaml", "kubernetes/pods.json", "logs/shop/a/b.log"); err != nil {
		t.Error(err)
	}
}

func TestFSFollowsNoLink(t *testing.T) {
	outside := t.TempDir()
	write(t, outside, "secret.json", "{}")
	dir := t.TempDir()
	write(t, dir, "kubernetes/pods.json", "{}")
	for link, to := range map[string]string{
		"out.json":   filepath.Join(outside, "secret.json"),
		"in.json":    "kubernetes/pods.json",
		"outside":    outside,
		"inside":     "kubernetes",
		"loop":       "loop",
		"gone":       "nowhere",
		"kernel.log": "../../../../etc/passwd",
	} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	fsys := openFS(t, dir)
	for _, name := range []string{
		"out.json", "in.json", "outside", "outside/secret.json", "inside/pods.json", "inside", "loop", "loop/x", "gone", "kernel.log",
	} {
		if _, err := fsys.Open(name); !errors.Is(err, investigations.ErrForbidden) || !strings.Contains(err.Error(), "link") {
			t.Errorf("Open(%q): %v, want ErrForbidden that names a link", name, err)
		}
		if _, err := fs.Stat(fsys, name); !errors.Is(err, investigations.ErrForbidden) {
			t.Errorf("Stat(%q): %v, want ErrForbidden", name, err)
		}
		if _, err := fs.ReadDir(fsys, name); !errors.Is(err, investigations.ErrForbidden) {
			t.Errorf("ReadDir(%q): %v, want ErrForbidden", name, err)
		}
	}
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		t.Fatal(err)
	}
	links := 0
	for _, e := range entries {
		if e.Type()&fs.ModeSymlink != 0 {
			links++
		}
	}
	if links != 7 {
		t.Errorf("ReadDir lists %d links, want 7", links)
	}
}

func TestFSOpensNoSpecialFile(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo.json"), 0o644); err != nil {
		t.Skipf("no named pipes here: %v", err)
	}
	// The path of a socket has a limit of about 100 bytes, which the test's own folder may be beyond.
	l, err := new(net.ListenConfig).Listen(t.Context(), "unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Skipf("no sockets here: %v", err)
	}
	defer func() { _ = l.Close() }()
	fsys := openFS(t, dir)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for name, says := range map[string]string{"fifo.json": "named pipe", "s": "socket"} {
			_, err := fsys.Open(name)
			if !errors.Is(err, investigations.ErrForbidden) || !strings.Contains(err.Error(), says) {
				t.Errorf("Open(%q): %v, want ErrForbidden that says %q", name, err, says)
			}
		}
	}()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatal("Open blocks on a named pipe")
	}
}

func TestFSErrors(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a/b.json", "{}")
	fsys := openFS(t, dir)
	tests := []struct {
		name string
		err  error
		want error
	}{
		{"absent file", open(fsys, "a/c.json"), fs.ErrNotExist},
		{"absent folder", open(fsys, "x/c.json"), fs.ErrNotExist},
		{"upwards", open(fsys, "../x"), fs.ErrInvalid},
		{"absolute", open(fsys, "/etc/passwd"), fs.ErrInvalid},
	}
	for _, test := range tests {
		if !errors.Is(test.err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, test.err, test.want)
		}
	}
	if err := open(fsys, "a/b.json/c"); err == nil || !strings.Contains(err.Error(), "no folder") {
		t.Errorf("a file where a folder should be: %v", err)
	}
	if _, err := fs.ReadDir(fsys, "a/b.json"); err == nil || !strings.Contains(err.Error(), "no folder") {
		t.Errorf("ReadDir of a file: %v", err)
	}
	if _, err := fs.ReadFile(fsys, "a"); err == nil {
		t.Error("ReadFile of a folder succeeds")
	}
}

func open(fsys fs.FS, name string) error {
	f, err := fsys.Open(name)
	if err == nil {
		f.Close()
	}
	return err
}

func TestFSForbidden(t *testing.T) {
	if os.Getuid() == 0 || runtime.GOOS == "windows" {
		t.Skip("this user may read everything")
	}
	dir := t.TempDir()
	write(t, dir, "a.json", "{}")
	if err := os.Chmod(filepath.Join(dir, "a.json"), 0); err != nil {
		t.Fatal(err)
	}
	if err := open(openFS(t, dir), "a.json"); !errors.Is(err, investigations.ErrForbidden) {
		t.Errorf("%v, want ErrForbidden", err)
	}
}

func TestFSSizeLimit(t *testing.T) {
	dir := t.TempDir()
	for name, size := range map[string]int64{
		"kubernetes/pods.json":   FileLimit + 1,
		"kubernetes/events.json": FileLimit,
		"kernel/n1.log":          FileLimit + 1,
		"kernel/n2.log":          LogLimit + 1,
		"logs/a/b/c.log":         FileLimit + 1,
	} {
		write(t, dir, name, "")
		if err := os.Truncate(filepath.Join(dir, name), size); err != nil { // sparse: takes no room
			t.Fatal(err)
		}
	}
	fsys := openFS(t, dir)
	got := map[string]bool{}
	for _, name := range []string{
		"kubernetes/pods.json", "kubernetes/events.json", "kernel/n1.log", "kernel/n2.log", "logs/a/b/c.log",
	} {
		got[name] = errors.Is(open(fsys, name), investigations.ErrTooLarge)
	}
	want := map[string]bool{
		"kubernetes/pods.json": true, "kubernetes/events.json": false, "kernel/n1.log": false,
		"kernel/n2.log": true, "logs/a/b/c.log": true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("refused as too large (-want +got):\n%s", diff)
	}
}

func TestFSFileGrowsWhileRead(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.txt", "")
	if err := os.Truncate(filepath.Join(dir, "a.txt"), FileLimit); err != nil {
		t.Fatal(err)
	}
	f, err := openFS(t, dir).Open("a.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.Truncate(filepath.Join(dir, "a.txt"), FileLimit+4096); err != nil {
		t.Fatal(err)
	}
	n, err := io.CopyBuffer(io.Discard, onlyReader{f}, make([]byte, 1<<20))
	if n != FileLimit || !errors.Is(err, investigations.ErrTooLarge) {
		t.Errorf("read %d bytes and %v, want %d and ErrTooLarge", n, err, FileLimit)
	}
}

type onlyReader struct{ io.Reader }

func TestFSJSONDepth(t *testing.T) {
	nested := func(n int) string { return strings.Repeat(`{"a":[`, n/2) + strings.Repeat(`]}`, n/2) }
	tests := []struct {
		name, content string
		tooDeep       bool
	}{
		{"at the limit", nested(JSONDepth), false},
		{"beyond", nested(JSONDepth + 2), true},
		{"beyond and cut off", strings.Repeat("[", 1<<20), true},
		{"wide, not deep", `[` + strings.Repeat(`{"a":[1]},`, 1000) + `1]`, false},
		{"in a string", `{"a":"` + strings.Repeat("[", 500) + `"}`, false},
		{"behind an escaped quote", `{"a":"\"` + strings.Repeat("[", 500) + `"}`, false},
		{"behind an escaped backslash", `{"a":"\\",` + `"b":` + nested(JSONDepth+2) + `}`, true},
		{"closed before it opens", strings.Repeat("]", 200) + nested(JSONDepth+2), true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "a.json", test.content)
			write(t, dir, "a.txt", test.content)
			fsys := openFS(t, dir)
			got, err := fs.ReadFile(fsys, "a.json")
			if errors.Is(err, investigations.ErrTooLarge) != test.tooDeep {
				t.Errorf("error %v, want too deep: %t", err, test.tooDeep)
			}
			if !strings.HasPrefix(test.content, string(got)) {
				t.Error("what is read is no beginning of the file")
			}
			if _, err := fs.ReadFile(fsys, "a.txt"); err != nil {
				t.Errorf("the limit is applied to what is no JSON: %v", err)
			}
		})
	}
}

func TestFSConcurrent(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "kubernetes/pods.json", strings.Repeat(`{"a":[]}`, 1000))
	fsys := openFS(t, dir)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if b, err := fs.ReadFile(fsys, "kubernetes/pods.json"); err != nil || len(b) != 8000 {
				t.Errorf("read %d bytes, %v", len(b), err)
			}
		})
	}
	wg.Wait()
}

func BenchmarkDepthMeter(b *testing.B) {
	doc := []byte(strings.Repeat(`{"name":"checkout","labels":{"app":"checkout"},"n":[1,2,3]},`, 1<<14))
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		(&depthMeter{}).over(doc)
	}
}
