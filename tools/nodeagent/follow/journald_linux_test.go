package follow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestRealJournald follows a journald that runs in a mount namespace of its own, while programs write and files rotate, and
// compares what was read with what journalctl reads.
func TestRealJournald(t *testing.T) {
	if os.Getenv("JOURNALD_PID") != "" {
		t.Skip("this is the process within the namespace: TestWithinJournald is its test")
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can run a journald")
	}
	journald := "/lib/systemd/systemd-journald"
	if _, err := os.Stat(journald); err != nil {
		t.Skipf("journald is not installed: %v", err)
	}
	unshare, err := exec.LookPath("unshare")
	if err != nil {
		t.Skipf("no unshare: %v", err)
	}
	if out, err := exec.CommandContext(t.Context(), unshare, "--mount", "mount", "-t", "tmpfs", "tmpfs", "/run").CombinedOutput(); err != nil {
		t.Skipf("no mounts are allowed here: %v: %s", err, out)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, unshare, "--mount", "sh", "testdata/journal/journald.sh",
		os.Args[0], "-test.run=^TestWithinJournald$", "-test.v", "-test.timeout=100s")
	cmd.Env = append(os.Environ(), "JOURNALD="+journald)
	out, err := cmd.CombinedOutput()
	switch {
	case bytes.Contains(out, []byte("SKIP: ")):
		t.Skipf("%s", out)
	case err != nil || !bytes.Contains(out, []byte("PASS: TestWithinJournald")):
		t.Errorf("%v: %s", err, out)
	}
}

func TestWithinJournald(t *testing.T) {
	pid, err := strconv.Atoi(os.Getenv("JOURNALD_PID"))
	if err != nil {
		t.Skip("run by TestRealJournald")
	}
	l, err := Open(Options{Kind: Journal})
	if errors.Is(err, ErrNoLog) {
		t.Skipf("journald does not run here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	mark := fmt.Sprintf("oombot-test-journald-%d", time.Now().UnixNano())
	m := newMarked(mark)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Follow(ctx, m) }()
	<-m.idle
	for i := range 24 {
		if i%6 == 5 {
			if err := syscall.Kill(pid, syscall.SIGUSR2); err != nil { // rotate
				t.Fatal(err)
			}
		}
		// Opened for each, since the kernel takes ten records in five seconds from one that is open.
		printKernel(t, fmt.Sprintf("<6>%s %d\n", mark, i))
		if r := receive(t, m); !bytes.Contains(r.Line, fmt.Appendf(nil, "%s %d", mark, i)) {
			t.Fatalf("record %d is %s", i, r.Line)
		}
	}
	cancel()
	if err := errors.Join(<-done, l.Close()); err != nil {
		t.Error(err)
	}

	h := &heard{}
	l, err = Open(Options{Kind: Journal})
	if err != nil {
		t.Fatal(err)
	}
	j := l.source.(*journal)
	for range 2 { // the files that are written no more are closed by the first round
		if _, _, err := j.round(t.Context(), h); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	out, err := exec.CommandContext(t.Context(), "journalctl", "-D", "/run/log/journal", "-o", "json", "--all", "--no-pager",
		"_TRANSPORT=kernel", "+", "_TRANSPORT=driver").Output()
	if err != nil {
		t.Fatal(err)
	}
	var want []row
	for line := range bytes.Lines(out) {
		want = append(want, rowOf(t, line))
	}
	got := rows(t, h)
	// The kernel can say more in between.
	if len(want) < len(got) || len(got) < 24 {
		t.Fatalf("%d entries were read, and %d by journalctl", len(got), len(want))
	}
	if diff := cmp.Diff(want[:len(got)], got); diff != "" {
		t.Errorf("(-journalctl +got):\n%s", diff)
	}
}

// printKernel writes a record into the kernel's log.
func printKernel(t *testing.T, record string) {
	t.Helper()
	f, err := os.OpenFile("/dev/kmsg", os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("no program may write into the kernel log here: %v", err)
	}
	if _, err := f.WriteString(record); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
