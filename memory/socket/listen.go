package socket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Listener accepts connections of the user's own processes, and of root's; root's own also those of whom the file belongs
// to. Closing it removes the socket.
type Listener struct {
	*net.UnixListener
	place place
	made  fs.FileInfo
	users users
	log   *slog.Logger

	mu sync.Mutex
	// at is where the socket is now; empty after Close.
	at string
}

// Listen makes the socket of a memory file, which only the process does that holds the file. The socket of a process that
// is gone is replaced; ErrInUse where one lives.
func Listen(file string, log *slog.Logger) (*Listener, error) {
	places, err := placesOf(file)
	if err != nil {
		return nil, err
	}
	var failures []error
	for _, p := range places {
		l, err := listenAt(p, usersOf(file), log)
		if err == nil {
			return l, nil
		}
		failures = append(failures, fmt.Errorf("listen at %s: %w", p.socket, err))
		if !unwritable(err) {
			break
		}
	}
	return nil, errors.Join(failures...)
}

// unwritable says whether a folder can't be written, so that another one is to be tried.
func unwritable(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.EOPNOTSUPP) || errors.Is(err, syscall.ENAMETOOLONG)
}

func listenAt(p place, u users, log *slog.Logger) (*Listener, error) {
	if p.own {
		if err := makeFolder(filepath.Dir(p.socket), u); err != nil {
			return nil, err
		}
	}
	for _, socket := range []string{p.socket, p.socket + ending} {
		if err := removeStale(socket); err != nil {
			return nil, err
		}
	}
	config := net.ListenConfig{Control: restrict}
	bound, err := config.Listen(context.Background(), "unix", p.socket)
	if err != nil {
		return nil, err
	}
	inner, ok := bound.(*net.UnixListener)
	if !ok {
		_ = bound.Close()
		return nil, fmt.Errorf("%T is no listener at a Unix socket", bound)
	}
	inner.SetUnlinkOnClose(false) // what is at that path then may be another process's
	l := &Listener{UnixListener: inner, place: p, at: p.socket, users: u, log: log}
	if l.made, err = os.Lstat(p.socket); err == nil && l.made.Mode().Perm() != 0o600 {
		err = os.Chmod(p.socket, 0o600)
	}
	if err == nil {
		err = u.give(p.socket)
	}
	if err != nil {
		_ = inner.Close()
		return nil, err
	}
	return l, nil
}

// removeStale removes the socket of a process that is gone, and nothing else.
func removeStale(socket string) error {
	info, err := os.Lstat(socket)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("what is there is no socket (%v): move it away", info.Mode())
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	var d net.Dialer
	c, err := d.DialContext(ctx, "unix", socket)
	if err == nil {
		_ = c.Close()
		return ErrInUse
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		if err = os.Remove(socket); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	}
	return err
}

// Path returns where the socket is.
func (l *Listener) Path() string { return l.place.socket }

// Accept returns the next connection of somebody who may use the store; all others are closed.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		c, err := l.UnixListener.Accept()
		if err != nil {
			return nil, err
		}
		if _, _, err := checkPeer(c, l.users); err != nil {
			_ = c.Close()
			l.log.Warn("a connection to the memory file's socket was refused", "err", err)
			continue
		}
		return c, nil
	}
}

// withdraw takes the socket away from where clients look for it. When it returns all those have been accepted who
// connected before, and nobody else comes: whoever looks for the socket finds that nobody answers.
func (l *Listener) withdraw(ctx context.Context) error {
	if err := l.moveAside(); err != nil {
		return err
	}
	// Connections are accepted in their order: this one is the last.
	last := newClient(place{socket: l.place.socket + ending}, l.users)
	_, err := last.hello(ctx)
	return err
}

func (l *Listener) moveAside() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.isThere() {
		return fs.ErrNotExist
	}
	aside := l.place.socket + ending
	err := os.Rename(l.at, aside)
	if err == nil {
		l.at = aside
	}
	return err
}

// isThere says whether what is at the socket's path is still this one.
func (l *Listener) isThere() bool {
	now, err := os.Lstat(l.at)
	return err == nil && os.SameFile(now, l.made)
}

// Close ends the listening and removes the socket, where it is still this one. A second call does nothing.
func (l *Listener) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.at == "" {
		return nil
	}
	var err error
	if l.isThere() { // removed first: who finds no socket knows that nobody answers
		err = os.Remove(l.at)
	}
	l.at = ""
	err = errors.Join(err, l.UnixListener.Close())
	if l.place.own {
		_ = os.Remove(filepath.Dir(l.place.socket)) // it stays where somebody else listens in it already
	}
	return err
}
