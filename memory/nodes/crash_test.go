package nodes

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory/file"
)

// childVariable names the file and the run where the test binary is a writer that is killed.
const childVariable = "OOMBOT_TEST_LEDGER"

func TestMain(m *testing.M) {
	path, run, child := strings.Cut(os.Getenv(childVariable), "#")
	if !child {
		os.Exit(m.Run())
	}
	if err := takeForever(path, run); err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
}

// report is one of a run, with a profile of several parts each third time.
func report(run, i int) investigations.NodeReport {
	after := time.Duration(run)*time.Hour + time.Duration(i)*time.Second
	r := investigations.NodeReport{
		Node: "n1", BootID: strconv.Itoa(run), Seq: int64(i), Reports: []investigations.KernelReport{kernelAt(after, int64(i))},
		Heartbeat: &investigations.NodeHeartbeat{At: moment.Add(after), LosslessSince: ptr(moment.Add(time.Duration(run) * time.Hour))},
	}
	if i%3 == 0 {
		r.Profiles = []investigations.NodeProfile{{
			Namespace: "a", Pod: "b", Container: "c", At: moment.Add(after), Data: append(noise(900_000), byte(run), byte(i), byte(i>>8)),
		}}
	}
	return r
}

// takeForever takes reports, and prints which of them were, until it is killed.
func takeForever(path, number string) error {
	run, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	ctx := context.Background()
	s, err := file.Open(ctx, path, file.Options{})
	if err != nil {
		return err
	}
	l, err := Open(ctx, Options{Shelf: s})
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		if err := l.Take(ctx, report(run, i)); err != nil {
			return err
		}
		fmt.Println(i) // not buffered: it is the acknowledgement
	}
}

// TestKilled kills a writer at any time: what was acknowledged is there, whole, and what was written halfway can be taken
// again.
func TestKilled(t *testing.T) {
	const runs = 8
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "m")
	for run := range runs {
		child := exec.CommandContext(t.Context(), exe)
		child.Env = append(os.Environ(), childVariable+"="+path+"#"+strconv.Itoa(run))
		child.Stderr = os.Stderr
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		taken, lines := 0, bufio.NewScanner(out)
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), "failed") {
				t.Fatal(lines.Text())
			}
			if taken++; taken == run+1 {
				time.AfterFunc(time.Duration(rand.IntN(8000))*time.Microsecond, func() { _ = child.Process.Signal(syscall.SIGKILL) })
			}
		}
		_ = child.Wait() // it was killed
		checkTaken(t, path, run, taken)
	}
}

func checkTaken(t *testing.T, path string, run, taken int) {
	t.Helper()
	s, err := file.Open(t.Context(), path, file.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	l, err := Open(t.Context(), Options{Shelf: s})
	if err != nil {
		t.Fatal(err)
	}
	for _, again := range []bool{false, true} {
		if again { // the agent sends what was not acknowledged
			if err := l.Take(t.Context(), report(run, taken)); err != nil {
				t.Fatal(err)
			}
			taken++
		}
		from := moment.Add(time.Duration(run) * time.Hour)
		a, err := l.Account(t.Context(), "n1", from, from.Add(time.Hour-time.Second))
		if err != nil {
			t.Fatal(err)
		}
		if n := len(a.Reports); n != taken && n != taken+1 {
			t.Errorf("run %d: %d reports are there, and %d were acknowledged", run, n, taken)
		}
		if n, want := len(a.Profiles), (taken+2)/3; n != want && n != (taken+3)/3 {
			t.Errorf("run %d: %d profiles are there, and %d were acknowledged", run, n, want)
		}
	}
}
