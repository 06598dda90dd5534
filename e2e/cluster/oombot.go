package cluster

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Command is how the program under test is run.
type Command struct {
	Args []string
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
	// MaxRSS is the most memory that it held, in bytes.
	MaxRSS int64
}

// Oombot runs the program under test to its end, whatever its exit status: OOMBOT_BINARY, or bin/oombot.
func Oombot(t testing.TB, c Command) Output {
	t.Helper()
	path := os.Getenv("OOMBOT_BINARY")
	if path == "" {
		path = filepath.Join(root(t), "bin", "oombot")
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), path, c.Args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(c.Stdin), &stdout, &stderr
	home := t.TempDir()
	if cmd.Dir = c.Dir; cmd.Dir == "" {
		cmd.Dir = home
	}
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "NO_COLOR=1"}, c.Env...)
	began := time.Now()
	err := cmd.Run()
	out := Output{Stdout: stdout.Bytes(), Stderr: stderr.Bytes(), Took: time.Since(began)}
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
		t.Fatalf("run %s %q: %v (build it with `make build`)", path, c.Args, err)
	}
	out.Code = cmd.ProcessState.ExitCode()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		out.MaxRSS = usage.Maxrss << 10 // Linux counts in KiB
	}
	return out
}
