package oombot

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Command is how the program under test is run to its end.
type Command struct {
	// Binary is the program; empty: the one under test.
	Binary string
	Args   []string
	// Env is NAME=VALUE, on top of a bare environment: none of the caller's own settings, kubeconfig or home.
	Env   []string
	Stdin []byte
	// Dir is where it runs; empty means a folder of its own.
	Dir string
}

// Output is what a run of the program left behind.
type Output struct {
	Stdout, Stderr []byte
	// Code is the exit status; -1 where a signal ended it.
	Code int
	Took time.Duration
	// MaxRSS is the most memory that it held, in bytes, as seen every other millisecond.
	MaxRSS int64
}

// Run runs the program under test to its end, whatever its exit status.
func Run(t testing.TB, c Command) Output {
	t.Helper()
	if c.Binary == "" {
		c.Binary = Binary(t)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), c.Binary, c.Args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(c.Stdin), &stdout, &stderr
	home := t.TempDir()
	if cmd.Dir = c.Dir; cmd.Dir == "" {
		cmd.Dir = home
	}
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "NO_COLOR=1"}, c.Env...)
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatalf("run %s %q: %v", c.Binary, c.Args, err)
	}
	peak := watchRSS(cmd.Process.Pid)
	err := cmd.Wait()
	took := time.Since(began)
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
		t.Fatalf("run %s %q: %v", c.Binary, c.Args, err)
	}
	return Output{Stdout: stdout.Bytes(), Stderr: stderr.Bytes(), Code: cmd.ProcessState.ExitCode(), Took: took, MaxRSS: <-peak}
}

// RunWell is Run of what has to do its work: any other exit status than 0 fails the test.
func RunWell(t testing.TB, c Command) Output {
	t.Helper()
	out := Run(t, c)
	if out.Code != 0 {
		t.Fatalf("oombot %q: exit status %d\n%s%s", c.Args, out.Code, out.Stdout, out.Stderr)
	}
	return out
}

// Binary is the program under test, as an absolute path: OOMBOT_BINARY, or bin/oombot of the main module.
func Binary(t testing.TB) string {
	t.Helper()
	path := os.Getenv("OOMBOT_BINARY")
	if path == "" {
		path = filepath.Join(Root(t), "bin", "oombot")
	}
	path, err := filepath.Abs(path)
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Fatalf("there is no program to test: %v (build it with `make build`)", err)
	}
	return path
}

// Root is the folder of the main module, above that of the tests.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "Makefile")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no folder above has a Makefile")
		}
		dir = filepath.Dir(dir)
	}
}

// watchRSS sends the most memory that a process held, once it is gone. The kernel's own count at the end can't be used: it
// begins with the memory of the process that started this one.
func watchRSS(pid int) <-chan int64 {
	peak := make(chan int64, 1)
	go func() { // ends with the process
		most := int64(0)
		for {
			n, ok := maxRSS(pid)
			if !ok { // a process that has ended has no memory, before it is gone
				peak <- most
				return
			}
			most = max(most, n)
			time.Sleep(2 * time.Millisecond)
		}
	}()
	return peak
}

// maxRSS is the most memory that a process has held so far, in bytes; ok is false where it has ended.
func maxRSS(pid int) (most int64, ok bool) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, false
	}
	_, after, ok := bytes.Cut(status, []byte("VmHWM:"))
	if !ok {
		return 0, false
	}
	if _, err := fmt.Sscanf(string(after), "%d kB", &most); err != nil {
		return 0, false
	}
	return most << 10, true
}
