package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// copied returns what a store writes as its backup.
func (r *remembered) copied() string {
	r.t.Helper()
	var b bytes.Buffer
	if err := r.Backup(r.t.Context(), &b); err != nil {
		r.t.Fatal(err)
	}
	return b.String()
}

// holds checks what a file holds, that only its owner may read it, and that nothing else is beside it.
func holds(t *testing.T, file, want string) {
	t.Helper()
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s holds %d bytes, want %d", file, len(got), len(want))
	}
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 {
		t.Errorf("beside it there is more: %v", entries)
	}
}

func TestHistoryBackup(t *testing.T) {
	r := rememberFile(t)
	file := filepath.Join(t.TempDir(), "copy.db")
	if out := r.ok("backup", file); !strings.HasPrefix(out, file+": ") || !strings.HasSuffix(out, " KiB\n") {
		t.Errorf("got %q", out)
	}
	want := r.copied()
	holds(t, file, want)
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}

	if err := os.WriteFile(file, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	r.fails(exitCouldNot, file+" is there already: name another file, or give --force to replace it", "backup", file)
	holds(t, file, "old")
	if out := r.ok("backup", file, "--force", "-o", "json"); !strings.HasPrefix(out, `{"file":"`+file+`","bytes":`) {
		t.Errorf("got %q", out)
	}
	holds(t, file, want)
	r.same(want, "backup", "-")
}

func TestHistoryBackupThatCanNotBe(t *testing.T) {
	r := rememberFile(t)
	dir := t.TempDir()
	r.fails(exitUsage, "say where to write the copy: a file, or - for standard output", "backup")
	r.fails(exitUsage, "say where to write the copy", "backup", "")
	r.fails(exitUsage, `backup takes one argument, and was given "b" as well`, "backup", "a", "b")
	r.fails(exitCouldNot, dir+" is a folder: name a file in it", "backup", dir)
	r.fails(exitCouldNot, "no such file or directory", "backup", filepath.Join(dir, "no", "copy.db"))
	for _, force := range [][]string{nil, {"--force"}} {
		r.fails(exitCouldNot, "is the file of past incidents itself", append([]string{"backup", r.file}, force...)...)
	}
	link := filepath.Join(dir, "link.db")
	if err := os.Symlink(r.file, link); err != nil {
		t.Fatal(err)
	}
	r.fails(exitCouldNot, "is the file of past incidents itself", "backup", link, "--force")
}

// half is a store whose backup fails in its middle.
type half struct{ *remembered }

var errHalf = errors.New("input/output error")

func (half) Backup(_ context.Context, w io.Writer) error {
	if _, err := io.WriteString(w, "half"); err != nil {
		return err
	}
	return errHalf
}

func TestHistoryBackupLeavesNoHalf(t *testing.T) {
	r := rememberFile(t)
	dir := t.TempDir()
	_, stderr, code := r.runOn(half{r}, "backup", filepath.Join(dir, "copy.db"), "--memory", r.file)
	if code != exitCouldNot || !strings.Contains(stderr, errHalf.Error()) {
		t.Errorf("exit status %d: %s", code, stderr)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("it leaves %v, %v", entries, err)
	}
}

// TestPlace gives a file a name that another one has got meanwhile.
func TestPlace(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	for _, f := range []string{from, to} {
		if err := os.WriteFile(f, []byte(f), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := place(from, to); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v", err)
	}
	if text, err := os.ReadFile(to); err != nil || string(text) != to {
		t.Errorf("it was replaced: %q, %v", text, err)
	}
}

func TestHistoryCompact(t *testing.T) {
	r := rememberFile(t)
	if out := r.ok("compact"); !strings.HasPrefix(out, r.file+": ") || !strings.Contains(out, " before, ") || !strings.HasSuffix(out, " after\n") {
		t.Errorf("got %q", out)
	}
	if out := r.ok("compact", "-o", "json"); !strings.HasPrefix(out, `{"before":`) {
		t.Errorf("got %q", out)
	}
}
