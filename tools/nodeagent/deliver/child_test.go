package deliver

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// childVariable makes the test program an agent that sends reports for ever: "URL DIR NUMBER". It prints a report's name
// once Send has returned.
const childVariable = "OOMBOT_TEST_DELIVER_CHILD"

func TestMain(m *testing.M) {
	args := strings.Fields(os.Getenv(childVariable))
	if len(args) == 0 {
		os.Exit(m.Run())
	}
	if err := sendForever(args[0], args[1], args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "failed:", err)
		os.Exit(1)
	}
}

func sendForever(url, dir, number string) error {
	s, err := Open(Options{URL: url, Dir: dir, Node: testNode, BootID: testBoot, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // it is killed before, or its parent is gone
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	for i := 0; ctx.Err() == nil; i++ {
		name := fmt.Sprintf("%s-%d", number, i)
		if err := s.Send(kill(name)); err != nil {
			return err
		}
		fmt.Println(name)
	}
	return <-done
}

// TestKilled kills agents in the midst of sending, one after the other on one spool: what Send has taken arrives, each
// report once for each of its numbers.
func TestKilled(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b := newBot(nil)
	srv := httptest.NewServer(b)
	defer srv.Close()
	o := options(t, srv.URL)
	var want []string
	for i := range 4 {
		child := exec.CommandContext(t.Context(), program)
		child.Env = append(os.Environ(), fmt.Sprintf("%s=%s %s %d", childVariable, srv.URL, o.Dir, i))
		child.Stderr = os.Stderr
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			want = append(want, lines.Text())
			if n == 20+13*i {
				if err := child.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := child.Wait(); err == nil || child.ProcessState.Exited() {
			t.Fatalf("the agent was not killed: %v", err)
		}
	}
	o.uptime = nil // a boot's later agent has higher numbers
	s := open(t, o)
	run(t, s)
	send(t, s, kill("last"))
	b.until(t, "all that waits", func() bool { return !s.Waiting() })
	// What the bot takes of a number for the first time is what it keeps.
	kept := map[string]int{}
	seen := map[int64]bool{}
	for _, g := range b.taken() {
		if seen[g.report.Seq] {
			continue
		}
		seen[g.report.Seq] = true
		for _, r := range g.report.Reports {
			kept[r.Killed[0].Comm]++
		}
	}
	for _, name := range append(want, "last") {
		if kept[name] != 1 {
			t.Errorf("%s is kept %d times", name, kept[name])
		}
	}
	for name, n := range kept {
		if n != 1 {
			t.Errorf("%s is kept %d times", name, n)
		}
	}
	if len(want) < 100 {
		t.Errorf("only %d reports were sent", len(want))
	}
}
