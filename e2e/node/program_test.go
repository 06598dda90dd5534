package node

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the program that is driven.
func binary(t testing.TB) string {
	t.Helper()
	path := os.Getenv("OOMBOT_BINARY")
	if path == "" {
		t.Skip("OOMBOT_BINARY does not name the program to drive: make e2e does")
	}
	return path
}

// program is a command of the binary that runs until it is ended.
type program struct {
	cmd  *exec.Cmd
	name string
	// read is closed when its log was read to the end.
	read chan struct{}

	mu    sync.Mutex
	log   bytes.Buffer
	grown chan struct{} // closed and replaced with each line
}

// begin starts `oombot NAME ARGS…` with further variables in its environment.
func begin(t testing.TB, env []string, name string, args ...string) *program {
	t.Helper()
	p := &program{name: name, read: make(chan struct{}), grown: make(chan struct{})}
	p.cmd = exec.CommandContext(t.Context(), binary(t), append([]string{name}, args...)...)
	p.cmd.Env = append(append(os.Environ(), "OPENAI_MODEL=", "OPENAI_BASE_URL="), env...)
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go p.follow(stderr) // ends with the program
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("the log of %s, without kills of others:\n%s", name, ofOthers.ReplaceAllString(p.logged(), ""))
		}
	})
	return p
}

// ofOthers are lines of the bot's log about kills of others on this machine.
var ofOthers = regexp.MustCompile(`.*(look for the pod of a kill|Nodes are not told of in this channel).*\n`)

func (p *program) follow(stderr io.Reader) {
	defer close(p.read)
	lines := bufio.NewScanner(stderr)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p.mu.Lock()
		fmt.Fprintln(&p.log, lines.Text())
		close(p.grown)
		p.grown = make(chan struct{})
		p.mu.Unlock()
	}
}

func (p *program) logged() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// says waits until the program has logged a line, and returns what its first group matches.
func (p *program) says(t testing.TB, line *regexp.Regexp) string {
	t.Helper()
	timeout := time.After(waiting)
	for {
		p.mu.Lock()
		m, grown := line.FindSubmatch(p.log.Bytes()), p.grown
		p.mu.Unlock()
		if m != nil {
			return string(m[1])
		}
		select {
		case <-grown:
		case <-p.read:
			t.Fatalf("%s ended before it said %s:\n%s", p.name, line, p.logged())
		case <-timeout:
			t.Fatalf("%s does not say %s:\n%s", p.name, line, p.logged())
		}
	}
}

// stop ends it as Kubernetes does.
func (p *program) stop(t testing.TB) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-p.read
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("%s after SIGTERM: %v", p.name, err)
	}
}

// kill ends it as a crash does, where it runs.
func (p *program) kill() {
	if p.cmd.ProcessState != nil {
		return
	}
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.read
	_ = p.cmd.Wait() // it was killed
}

// waiting bounds each wait; it is far more than anything takes.
const waiting = time.Minute

// until waits for what nobody tells.
func until(t testing.TB, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(waiting); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("it never came to this: %s", what)
}
