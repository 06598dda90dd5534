package cluster

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
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
	// MaxRSS is the most memory that it held, in bytes, as seen every other millisecond.
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
	if err := cmd.Start(); err != nil {
		t.Fatalf("run %s %q: %v (build it with `make build`)", path, c.Args, err)
	}
	peak := watchRSS(cmd.Process.Pid)
	err := cmd.Wait()
	took := time.Since(began)
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
		t.Fatalf("run %s %q: %v", path, c.Args, err)
	}
	return Output{Stdout: stdout.Bytes(), Stderr: stderr.Bytes(), Code: cmd.ProcessState.ExitCode(), Took: took, MaxRSS: <-peak}
}

// watchRSS sends the most memory that a process held, once it is gone. The kernel's own count at the end can't be used: it
// begins with the memory of the process that started this one.
func watchRSS(pid int) <-chan int64 {
	peak := make(chan int64, 1)
	go func() { // ends with the process
		most := int64(0)
		for {
			status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
			_, after, ok := strings.Cut(string(status), "VmHWM:")
			if err != nil || !ok { // a process that has ended has no memory, before it is gone
				peak <- most
				return
			}
			kib, _, _ := strings.Cut(strings.TrimSpace(after), " ")
			if n, err := strconv.ParseInt(kib, 10, 64); err == nil {
				most = max(most, n<<10)
			}
			time.Sleep(2 * time.Millisecond)
		}
	}()
	return peak
}
