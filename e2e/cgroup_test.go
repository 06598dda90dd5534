package e2e

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const memoryController = "/sys/fs/cgroup/memory"

// cgroup is a folder of the memory controller, by its path as the kernel prints it.
type cgroup string

func (c cgroup) dir() string { return filepath.Join(memoryController, string(c)) }

// needKernel skips the test where memory can't be made to run out.
func needKernel(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to make cgroups and to read /dev/kmsg")
	}
	if _, err := os.Stat(filepath.Join(memoryController, "memory.limit_in_bytes")); err != nil {
		t.Skipf("needs cgroup v1's memory controller at %s: %v", memoryController, err)
	}
	f, err := os.Open("/dev/kmsg")
	if err != nil {
		t.Skipf("needs to read /dev/kmsg: %v", err)
	}
	_ = f.Close()
}

// newCgroup makes path and what is missing above it, and removes what it made when the test ends.
func newCgroup(t *testing.T, path string) cgroup {
	t.Helper()
	var made []string
	for dir := filepath.Join(memoryController, path); ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil {
			break
		} else if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		made = append(made, dir)
	}
	for _, dir := range slices.Backward(made) {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for _, dir := range made {
			removeCgroup(t, dir)
		}
	})
	return cgroup(path)
}

// removeCgroup removes an empty cgroup; the kernel may need a moment to find that it is.
func removeCgroup(t *testing.T, dir string) {
	var err error
	for range 100 {
		if err = os.Remove(dir); err == nil || errors.Is(err, fs.ErrNotExist) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("the cgroup is left behind: %v", err)
}

// limit sets the most memory that the cgroup may use.
func (c cgroup) limit(t *testing.T, bytes int64) {
	t.Helper()
	file := filepath.Join(c.dir(), "memory.limit_in_bytes")
	if err := os.WriteFile(file, []byte(strconv.FormatInt(bytes, 10)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// usage is the memory that the cgroup uses, in bytes.
func (c cgroup) usage(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(c.dir(), "memory.usage_in_bytes"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// process is a hog that runs in a cgroup.
type process struct {
	pid  int64
	comm string
	// ended is closed when the process is gone.
	ended chan struct{}
	state *os.ProcessState
}

// start runs a hog of mib MiB in the cgroup. It is killed when the test ends, if it is still there.
func (c cgroup) start(t *testing.T, comm string, oomScoreAdj, mib int) *process {
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
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", hogEnv, mib))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{pid: int64(cmd.Process.Pid), comm: comm, ended: make(chan struct{})}
	go func() { // ends with the process, for which the cleanup waits
		_ = cmd.Wait()
		p.state = cmd.ProcessState
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-p.ended
	})
	return p
}

// firstKilled waits for the first of the processes that the kernel kills.
func firstKilled(t *testing.T, processes ...*process) *process {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		for _, p := range processes {
			select {
			case <-p.ended:
				status, ok := p.state.Sys().(syscall.WaitStatus)
				if !ok || status.Signal() != syscall.SIGKILL {
					t.Fatalf("process %d (%s) ended with %s, and was not killed", p.pid, p.comm, p.state)
				}
				return p
			case <-deadline:
				t.Fatal("the kernel killed no process within 30 s")
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
}

// waitForUsage waits until the cgroup uses at least that many bytes.
func (c cgroup) waitForUsage(t *testing.T, bytes int64) {
	t.Helper()
	for range 1000 {
		if c.usage(t) >= bytes {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s uses %d bytes after 10 s, want %d", c, c.usage(t), bytes)
}

// newPodUID returns a uid as Kubernetes writes it.
func newPodUID() string {
	b := randomBytes(16)
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// newContainerID returns an id as a container runtime writes it.
func newContainerID() string { return hex.EncodeToString(randomBytes(32)) }

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}
