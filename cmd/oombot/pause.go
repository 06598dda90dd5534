package main

import (
	"context"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// pauser gives a person time to read.
type pauser interface {
	// pause waits for d, for a key or for ctx, and says which it was.
	pause(ctx context.Context, d time.Duration) pauseEnd
}

// pauseEnd is what ended a pause.
type pauseEnd int

const (
	// timeOver says that the pause took as long as it should.
	timeOver pauseEnd = iota
	// goOn says that the person wants to go on, and leave to stop.
	goOn
	leave
)

// noPauser never waits.
type noPauser struct{}

func (noPauser) pause(ctx context.Context, _ time.Duration) pauseEnd {
	if ctx.Err() != nil {
		return leave
	}
	return timeOver
}

// keyPauser waits until the time is over or a key is pressed, where keys can be read.
type keyPauser struct {
	// keys carries what is typed; nil where standard input is no terminal.
	keys     chan byte
	terminal *os.File
}

// newKeyPauser reads keys from stdin if that is a terminal. The goroutine that reads ends with the program: a
// read from a terminal can't be given up.
func newKeyPauser(stdin io.Reader) *keyPauser {
	f, ok := stdin.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return &keyPauser{}
	}
	p := &keyPauser{keys: make(chan byte), terminal: f}
	go func() {
		defer close(p.keys)
		key := make([]byte, 1)
		for {
			if n, err := f.Read(key); err != nil || n == 0 {
				return
			}
			p.keys <- key[0]
		}
	}()
	return p
}

func (p *keyPauser) reads() bool { return p.terminal != nil }

func (p *keyPauser) pause(ctx context.Context, d time.Duration) pauseEnd {
	if p.terminal != nil {
		// Without this a key counts only after Enter, and is echoed. Where it can't be, Enter still works.
		if state, err := term.MakeRaw(int(p.terminal.Fd())); err == nil {
			defer func() { _ = term.Restore(int(p.terminal.Fd()), state) }()
		}
	}
	return waitForKey(ctx, d, p.keys)
}

// waitForKey waits for d, for ctx or for a key that goes on or leaves; others, and closed keys, count for
// nothing.
func waitForKey(ctx context.Context, d time.Duration, keys <-chan byte) pauseEnd {
	const controlC, controlD = 3, 4 // in raw mode they are no signals
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			return timeOver
		case <-ctx.Done():
			return leave
		case key, open := <-keys:
			switch {
			case !open:
				keys = nil
			case key == '\r' || key == '\n' || key == ' ':
				return goOn
			case key == 'q' || key == controlC || key == controlD:
				return leave
			}
		}
	}
}
