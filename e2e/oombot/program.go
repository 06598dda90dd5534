package oombot

import (
	"bufio"
	"bytes"
	"context"
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

// Options say how a program is begun that runs until it is ended.
type Options struct {
	// Binary is the program; empty: the one under test.
	Binary string
	// Name is what it is called where it fails; empty: its command, which is the first of its arguments.
	Name string
	Args []string
	// Env is NAME=VALUE, on top of this process's own environment, from which no model's endpoint is taken.
	Env []string
	// Hide matches lines of its log that are not told when the test fails; nil hides none.
	Hide *regexp.Regexp
}

// Program is one that runs until it is ended.
type Program struct {
	cmd  *exec.Cmd
	name string
	// read is closed when its log was read to the end.
	read chan struct{}

	mu    sync.Mutex
	log   bytes.Buffer
	grown chan struct{} // closed and replaced with each line
}

// Start begins a program. At the end of the test it is killed where it runs, and its log is told where the test failed.
func Start(t testing.TB, o Options) *Program {
	t.Helper()
	if o.Binary == "" {
		o.Binary = Binary(t)
	}
	if o.Name == "" {
		o.Name = o.Args[0]
	}
	p := &Program{name: o.Name, read: make(chan struct{}), grown: make(chan struct{})}
	// It ends by the cleanup: the test's own context is over before that, when others may still want it to run.
	p.cmd = exec.CommandContext(context.WithoutCancel(t.Context()), o.Binary, o.Args...)
	p.cmd.Env = append(append(os.Environ(), "OPENAI_MODEL=", "OPENAI_BASE_URL="), o.Env...)
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stdout, p.cmd.Stderr = in, in
	err = p.cmd.Start()
	_ = in.Close() // the program has its own
	if err != nil {
		_ = out.Close()
		t.Fatalf("start %s: %v", p.name, err)
	}
	go p.follow(out) // ends with the program
	t.Cleanup(func() {
		p.Kill()
		if !t.Failed() {
			return
		}
		log := p.Log()
		if o.Hide != nil {
			log = o.Hide.ReplaceAllString(log, "")
		}
		t.Logf("the log of %s:\n%s", p.name, log)
	})
	return p
}

func (p *Program) follow(out io.ReadCloser) {
	defer close(p.read)
	defer out.Close()
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p.mu.Lock()
		fmt.Fprintln(&p.log, lines.Text())
		close(p.grown)
		p.grown = make(chan struct{})
		p.mu.Unlock()
	}
}

// Log is what it has printed so far, standard output and standard error in one.
func (p *Program) Log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// Says waits until it has printed what matches line, and returns what the first group of that matches.
func (p *Program) Says(t testing.TB, line *regexp.Regexp) string {
	t.Helper()
	timeout := time.After(Patience)
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
			t.Fatalf("%s ended before it said %s:\n%s", p.name, line, p.Log())
		case <-timeout:
			t.Fatalf("%s does not say %s:\n%s", p.name, line, p.Log())
		}
	}
}

// Stop ends it as Kubernetes does, and returns how long that took. It has to end well.
func (p *Program) Stop(t testing.TB) time.Duration {
	t.Helper()
	began := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-p.read
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("%s after SIGTERM: %v", p.name, err)
	}
	return time.Since(began)
}

// Kill ends it as a crash does, where it runs.
func (p *Program) Kill() {
	if p.cmd.ProcessState != nil {
		return
	}
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.read
	_ = p.cmd.Wait() // it was killed
}

// MaxRSS is the most memory that it has held so far, in bytes.
func (p *Program) MaxRSS(t testing.TB) int64 {
	t.Helper()
	most, ok := maxRSS(p.cmd.Process.Pid)
	if !ok {
		t.Fatal("its memory is not told")
	}
	return most
}
