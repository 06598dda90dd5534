package cgroup

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Burnt is a process that the kernel killed.
type Burnt struct {
	PID int64
	// At is when it was seen to be gone.
	At time.Time
}

// Burn runs a process that takes memory as fast as it can, from a few hundred KiB on, until the kernel kills it: some ten
// milliseconds for a limit of some MiB. It fails the test where nobody does within 64 MiB.
func (c Group) Burn(t testing.TB) Burnt {
	t.Helper()
	// tail keeps what it reads until a line ends, which never happens.
	const enter = `echo $$ >"$1" && ulimit -v 65536 && exec tail /dev/zero`
	cmd := exec.CommandContext(t.Context(), "sh", "-c", enter, "sh", filepath.Join(c.dir(), "cgroup.procs"))
	err := cmd.Run()
	at := time.Now()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		t.Fatalf("a process in %s ended with %v, and was not killed", c, err)
	}
	return Burnt{PID: int64(cmd.Process.Pid), At: at}
}

// Kills is how many processes the kernel killed in the cgroup, as it counts them.
func (c Group) Kills(t testing.TB) int64 {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(c.dir(), "memory.oom_control"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if n, ok := strings.CutPrefix(line, "oom_kill "); ok {
			kills, err := strconv.ParseInt(strings.TrimSpace(n), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kills
		}
	}
	t.Fatalf("%s: memory.oom_control has no oom_kill, as kernels have it from 4.17 on", c)
	return 0
}
