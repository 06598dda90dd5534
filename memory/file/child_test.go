//go:build unix

package file

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory/memorytest"
)

// children are what the test program can be as another process. What it reads from standard input ends with its parent
// or when that wants it to; what it prints its parent reads.
var children = map[string]func(ctx context.Context, path string, args []string) error{
	"hold":     holdFile,
	"write":    writeSome,
	"forever":  writeForever,
	"stranger": readAsStranger,
}

const childVariable = "OOMBOT_TEST_FILE_CHILD"

func TestMain(m *testing.M) {
	args := strings.Fields(os.Getenv(childVariable))
	if len(args) == 0 {
		os.Exit(m.Run())
	}
	if err := children[args[0]](context.Background(), args[1], args[2:]); err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
}

// untilInputEnds waits for the parent.
func untilInputEnds() { _, _ = io.Copy(io.Discard, os.Stdin) }

// holdFile has a file open until its input ends.
func holdFile(ctx context.Context, path string, _ []string) error {
	s, err := Open(ctx, path, Options{})
	if err != nil {
		return err
	}
	fmt.Println("open")
	untilInputEnds()
	return s.Close()
}

// writeSome writes a number of traces, one at a time, and amends one that all writers know: args are its number and how many.
func writeSome(ctx context.Context, path string, args []string) error {
	seed, n, err := twoNumbers(args)
	if err != nil {
		return err
	}
	s, err := Open(ctx, path, Options{})
	if err != nil {
		return err
	}
	for i := range n {
		if err := s.Keep(ctx, memorytest.Trace(uint64(seed), i)); err != nil {
			return fmt.Errorf("keep %d: %w", i, errors.Join(err, s.Close()))
		}
		if err := s.Amend(ctx, sharedID(), investigations.Amendment{ShownAt: []string{shownBy(seed, i)}}); err != nil {
			return fmt.Errorf("amend %d: %w", i, errors.Join(err, s.Close()))
		}
		if _, first, err := s.Begin(ctx, investigations.Work{Key: shownBy(seed, i)}); err != nil || !first {
			return fmt.Errorf("begin %d: first %t, %w", i, first, errors.Join(err, s.Close()))
		}
	}
	return s.Close()
}

func twoNumbers(args []string) (a, b int, err error) {
	if len(args) != 2 {
		return 0, 0, fmt.Errorf("%d arguments, want two numbers", len(args))
	}
	a, err = strconv.Atoi(args[0])
	if err != nil {
		return 0, 0, err
	}
	b, err = strconv.Atoi(args[1])
	return a, b, err
}

func sharedID() string                  { return memorytest.Trace(0, 0).Result.ID }
func shownBy(writer, i int) string      { return fmt.Sprintf("https://chat.example/%d/%d", writer, i) }
func acknowledged(writer, i int) string { return fmt.Sprintf("kept %d %d", writer, i) }

// writeForever writes traces until its input ends, and says of each when it was acknowledged; a write that failed is
// made again. Its one argument is its number.
func writeForever(ctx context.Context, path string, args []string) error {
	writer, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // it ends with the process
		untilInputEnds()
		cancel()
	}()
	var s *Store
	for i := 0; ctx.Err() == nil; {
		if s == nil {
			if s, err = Open(ctx, path, Options{}); err != nil {
				s = nil
				continue
			}
		}
		if err := s.Keep(ctx, memorytest.Trace(uint64(writer), i)); err == nil {
			fmt.Println(acknowledged(writer, i))
			i++
		}
	}
	if s == nil {
		return nil
	}
	return s.Close()
}

// readAsStranger uses a file as a user who may only read it.
func readAsStranger(ctx context.Context, path string, _ []string) error {
	const nobody = 65534
	if err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(nobody), syscall.Setuid(nobody)); err != nil {
		return err
	}
	s, err := Open(ctx, path, Options{MustExist: true})
	if err != nil {
		return err
	}
	if _, err := s.Trace(ctx, sharedID()); err != nil {
		return err
	}
	err = s.Keep(ctx, memorytest.Trace(1, 1))
	fmt.Println("keep:", err)
	fmt.Println("open")
	untilInputEnds()
	return s.Close()
}

// child is a process that runs one of children.
type child struct {
	*exec.Cmd
	in    io.Closer
	lines *bufio.Scanner
}

// start starts a child, which is killed at the end of the test where it still runs.
func start(t *testing.T, name, path string, args ...string) *child {
	t.Helper()
	if children[name] == nil {
		t.Fatalf("there is no child %q", name)
	}
	c := &child{Cmd: exec.CommandContext(t.Context(), os.Args[0])}
	c.Env = append(os.Environ(), childVariable+"="+strings.Join(append([]string{name, path}, args...), " "))
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.in, c.lines = in, bufio.NewScanner(out)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c
}

// says waits for the next line of a child's.
func (c *child) says(t *testing.T, want string) {
	t.Helper()
	if !c.lines.Scan() || c.lines.Text() != want {
		t.Fatalf("process %d says %q, %v; want %q", c.Process.Pid, c.lines.Text(), c.lines.Err(), want)
	}
}

// ends lets a child end, and waits for it. What it still says is returned.
func (c *child) ends(t *testing.T) []string {
	t.Helper()
	if err := c.in.Close(); err != nil {
		t.Fatal(err)
	}
	var said []string
	for c.lines.Scan() {
		said = append(said, c.lines.Text())
	}
	if err := c.Wait(); err != nil {
		t.Errorf("process %d: %v: %q", c.Process.Pid, err, said)
	}
	return said
}

// signal sends a signal to a child.
func (c *child) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := c.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}
