package cluster

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// sleeper starts a program that tells its pid and waits.
func sleeper(t *testing.T) (*process, int) {
	t.Helper()
	dir := t.TempDir()
	p, err := start(dir, "sleeper", "sh", "-c", `echo $$ >pid.part && mv pid.part pid && exec sleep 60`)
	if err != nil {
		t.Fatal(err)
	}
	pid := 0
	err = p.ready(10*time.Second, func() bool {
		text, err := os.ReadFile(filepath.Join(dir, "pid"))
		if err != nil {
			return false
		}
		pid, err = strconv.Atoi(strings.TrimSpace(string(text)))
		return err == nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return p, pid
}

// TestProcessEndsWithItsOwner closes the standard input, as the end of the test process does, however it comes.
func TestProcessEndsWithItsOwner(t *testing.T) {
	p, pid := sleeper(t)
	if err := syscall.Kill(pid, 0); err != nil {
		t.Fatalf("the program does not run: %v", err)
	}
	began := time.Now()
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, 0); err == nil {
		t.Error("the program still runs")
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
	if err := p.stop(); err != nil {
		t.Errorf("stopped again: %v", err)
	}
}

// TestProcessThatEnds is not ready, and says why.
func TestProcessThatEnds(t *testing.T) {
	p, err := start(t.TempDir(), "failing", "sh", "-c", "echo no such flag >&2; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	err = p.ready(time.Minute, func() bool { return false })
	if err == nil || !strings.Contains(err.Error(), "no such flag") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("%v, want what the program said", err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s to see that", took)
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
}
