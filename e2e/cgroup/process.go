package cgroup

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// hogEnv makes a test program a hog: it takes that many MiB, in steps, and holds them. Where untilEnv names a file, it takes as
// many once more when that file is there.
const (
	hogEnv   = "OOMBOT_E2E_HOG_MIB"
	untilEnv = "OOMBOT_E2E_HOG_UNTIL"
)

// Hog turns the test program into a hog where it was started as one, and does not return then. Call it first in TestMain.
func Hog() {
	mib, err := strconv.Atoi(os.Getenv(hogEnv))
	if err != nil {
		return
	}
	var held [][]byte
	take := func() {
		for range mib {
			held = append(held, bytes.Repeat([]byte{1}, 1<<20))
			time.Sleep(time.Millisecond)
		}
	}
	take()
	if file := os.Getenv(untilEnv); file != "" {
		for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
			if _, err := os.Stat(file); err == nil {
				take()
				break
			}
		}
	}
	time.Sleep(time.Minute) // it ends by itself, so that none is left behind where a test is
	os.Exit(len(held) % 2)
}

// Process is a hog that runs in a cgroup.
type Process struct {
	PID  int64
	Comm string
	// Ended is closed when the process is gone; At says when that was seen.
	Ended chan struct{}
	At    time.Time

	state *os.ProcessState
	kill  func() error
}

// Kill ends the process by SIGKILL.
func (p *Process) Kill(t testing.TB) {
	t.Helper()
	if err := p.kill(); err != nil {
		t.Fatal(err)
	}
	<-p.Ended
}

// Start runs a hog of mib MiB in the cgroup. It is killed when the test ends, if it is still there.
func (c Group) Start(t testing.TB, comm string, oomScoreAdj, mib int) *Process {
	t.Helper()
	return c.start(t, comm, oomScoreAdj, mib, "")
}

// StartUntil is Start of a hog that takes as much once more when a file is there.
func (c Group) StartUntil(t testing.TB, comm string, oomScoreAdj, mib int, file string) *Process {
	t.Helper()
	return c.start(t, comm, oomScoreAdj, mib, file)
}

func (c Group) start(t testing.TB, comm string, oomScoreAdj, mib int, file string) *Process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), comm) // the name of the file is the process's
	if err := os.Symlink(self, program); err != nil {
		t.Fatal(err)
	}
	// The shell enters the cgroup before the hog begins, so that all of its memory counts there.
	const enter = `echo $$ >"$1" && echo "$2" >/proc/self/oom_score_adj && exec "$3"`
	cmd := exec.CommandContext(t.Context(), "sh", "-c", enter, "sh", filepath.Join(c.dir(), "cgroup.procs"), strconv.Itoa(oomScoreAdj), program)
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", hogEnv, mib), untilEnv+"="+file)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &Process{PID: int64(cmd.Process.Pid), Comm: comm, kill: cmd.Process.Kill, Ended: make(chan struct{})}
	go func() { // ends with the process, for which the cleanup waits
		_ = cmd.Wait()
		p.At, p.state = time.Now(), cmd.ProcessState
		close(p.Ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-p.Ended
	})
	return p
}

// FirstKilled waits for the first of the processes that the kernel kills.
func FirstKilled(t testing.TB, processes ...*Process) *Process {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		for _, p := range processes {
			select {
			case <-p.Ended:
				status, ok := p.state.Sys().(syscall.WaitStatus)
				if !ok || status.Signal() != syscall.SIGKILL {
					t.Fatalf("process %d (%s) ended with %s, and was not killed", p.PID, p.Comm, p.state)
				}
				return p
			case <-deadline:
				t.Fatal("the kernel killed no process within 30 s")
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
}
