package bolt

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// children are what the test binary can be as another process: what it reads from standard input ends with its parent,
// what it prints its parent reads.
var children = map[string]func(path string) error{
	"hold":      holdFile,
	"wait":      waitForFile,
	"write":     writeForever,
	"fill":      fillToLimit,
	"stranger":  openAsStranger,
	"newfolder": createAsStranger,
	"measure":   measure,
}

const childVariable = "OOMBOT_TEST_CHILD"

func TestMain(m *testing.M) {
	name, path, _ := strings.Cut(os.Getenv(childVariable), " ")
	if name == "" {
		code := m.Run()
		if err := removeBenchFiles(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(code)
	}
	if err := children[name](path); err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
}

// child is a process that runs one of children.
type child struct {
	cmd   *exec.Cmd
	in    io.Closer
	lines *bufio.Scanner
}

// start starts a child, which is killed at the end of the test where it still runs.
func start(t testing.TB, name, path string) *child {
	t.Helper()
	if children[name] == nil {
		t.Fatalf("there is no child %q", name)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{cmd: exec.CommandContext(t.Context(), exe)}
	c.cmd.Env = append(os.Environ(), childVariable+"="+name+" "+path)
	c.cmd.Stderr = os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.lines = bufio.NewScanner(out)
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return c
}

// line returns the next line that the child prints; what it says of a failure fails the test.
func (c *child) line(t testing.TB) string {
	t.Helper()
	if !c.lines.Scan() {
		t.Fatalf("the child ended: %v", c.cmd.Wait())
	}
	if strings.HasPrefix(c.lines.Text(), "failed:") {
		t.Fatalf("the child %s", c.lines.Text())
	}
	return c.lines.Text()
}

// end lets the child end by itself, and returns what it still prints.
func (c *child) end(t testing.TB) []string {
	t.Helper()
	c.in.Close()
	var rest []string
	for c.lines.Scan() {
		rest = append(rest, c.lines.Text())
	}
	if err := c.cmd.Wait(); err != nil {
		t.Fatalf("the child ended with %v: %v", err, rest)
	}
	return rest
}

// untilParentEnds waits for the end of standard input.
func untilParentEnds() error {
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// holdFile has a file open until its parent lets it go.
func holdFile(path string) error {
	s, err := Open(path, Options{})
	if err != nil {
		return err
	}
	fmt.Println("open")
	if err := untilParentEnds(); err != nil {
		return err
	}
	return s.Close()
}
