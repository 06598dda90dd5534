package socket

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

const (
	// watchEvery is after which time, and how often, a call that is under way asks whether the other process still
	// answers at all; watchFor is how long it waits for that.
	watchEvery = 2 * time.Second
	watchFor   = 5 * time.Second
)

// Client is the store that another process holds. It is safe for concurrent use. Its calls fail with ErrGone where they
// reached nobody, and with ErrCut where the other process ended, or went silent, before it answered.
type Client struct {
	http   *http.Client
	socket string
	pid    atomic.Int64
	closed atomic.Bool
	// reached says that there was a connection.
	reached atomic.Bool
	// every and patience are watchEvery and watchFor.
	every, patience time.Duration
}

var _ memory.Store = (*Client)(nil)

// Dial finds the process that serves a memory file: ErrGone where there is none, ErrVersion where it is another version
// of oombot, ErrRefused where it is another user's, and ErrCut where it is there and does not answer before ctx is done.
func Dial(ctx context.Context, file string) (*Client, error) {
	places, err := placesOf(file)
	if err != nil {
		return nil, err
	}
	u := usersOf(file)
	var at []string
	for _, p := range places {
		c := newClient(p, u)
		_, err := c.hello(ctx)
		if err == nil {
			return c, nil
		}
		_ = c.Close()
		if !errors.Is(err, ErrGone) {
			return nil, err
		}
		at = append(at, p.socket)
	}
	return nil, fmt.Errorf("%w: nobody listens at %s", ErrGone, strings.Join(at, " or "))
}

func newClient(p place, u users) *Client {
	c := &Client{socket: p.socket, every: watchEvery, patience: watchFor}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, err := connect(ctx, p, u)
		if err != nil {
			return nil, err
		}
		c.reached.Store(true)
		process, known, err := checkPeer(conn, u)
		if err != nil {
			_ = conn.Close()
			return nil, err
		}
		if known {
			c.pid.Store(int64(process.pid))
		}
		return conn, nil
	}
	c.http = &http.Client{Transport: &http.Transport{
		// A connection a call: one that is kept may be ended by a server at its end just when a request is on its way, and
		// then nobody knows whether that was read.
		DialContext: dial, DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: 1 << 20,
	}}
	return c
}

// connect opens a connection to a socket that belongs to somebody who is trusted.
func connect(ctx context.Context, p place, u users) (net.Conn, error) {
	gone := func(err error) error {
		if errors.Is(err, fs.ErrPermission) {
			return fmt.Errorf("%w: %w", ErrRefused, err)
		}
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.EAGAIN) {
			return fmt.Errorf("%w: %w", ErrGone, err)
		}
		return err
	}
	if p.own {
		if err := checkFolder(filepath.Dir(p.socket), u); err != nil {
			return nil, gone(err)
		}
	}
	info, err := os.Lstat(p.socket)
	if err != nil {
		return nil, gone(err)
	}
	if info.Mode().Type() != fs.ModeSocket {
		return nil, fmt.Errorf("%s is no socket: %w", p.socket, ErrRefused)
	}
	if err := checkOwner(p.socket, info, u); err != nil {
		return nil, err
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", p.socket)
	return conn, gone(err)
}

// PID returns the process that holds the file; 0 where the system doesn't tell.
func (c *Client) PID() int { return int(c.pid.Load()) }

// Close ends the use of the client. Calls that are under way end as they would.
func (c *Client) Close() error {
	c.closed.Store(true)
	c.http.CloseIdleConnections()
	return nil
}

// hello asks who answers.
func (c *Client) hello(ctx context.Context) (helloAnswer, error) {
	body, err := c.post(ctx, callHello, noRequest{})
	if err != nil {
		return helloAnswer{}, err
	}
	defer body.Close()
	var a helloAnswer
	if err := readAnswer(body, &a); err != nil {
		return a, c.cut(ctx, err)
	}
	if c.pid.Load() == 0 {
		c.pid.Store(int64(a.PID))
	}
	return a, nil
}

// call asks for something and reads the answer.
func call[Answer any](ctx context.Context, c *Client, name string, request any) (Answer, error) {
	var a Answer
	if err := c.usable(ctx); err != nil {
		return a, err
	}
	watched, stop := c.watch(ctx)
	defer stop()
	body, err := c.post(watched, name, request)
	if err != nil {
		return a, err
	}
	defer body.Close()
	if err := readAnswer(body, &a); err != nil {
		return a, c.cut(watched, err)
	}
	return a, nil
}

func readAnswer(body io.Reader, answer any) error {
	doc, err := io.ReadAll(io.LimitReader(body, maxAnswer+1))
	if err != nil {
		return err
	}
	if len(doc) > maxAnswer {
		return fmt.Errorf("an answer has more than %d bytes: %w", maxAnswer, investigations.ErrTooLarge)
	}
	return json.Unmarshal(doc, answer)
}

func (c *Client) usable(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("memory: %w", err)
	}
	if c.closed.Load() {
		return memory.ErrClosed
	}
	return nil
}

// post sends a request and returns the body of the answer, where it is none of an error.
func (c *Client) post(ctx context.Context, name string, request any) (io.ReadCloser, error) {
	response, err := c.send(ctx, name, request)
	if err != nil {
		return nil, err
	}
	return response.Body, nil
}

func (c *Client) send(ctx context.Context, name string, request any) (*http.Response, error) {
	doc, err := encode(request)
	if err != nil {
		return nil, fmt.Errorf("memory: %w", err)
	}
	if len(doc) > maxRequest {
		return nil, fmt.Errorf("a request to the memory file, which process %d holds, has %d bytes, more than %d: give it less at once: %w",
			c.PID(), len(doc), maxRequest, investigations.ErrTooLarge)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://memory/"+version+"/"+name, bytes.NewReader(doc))
	if err != nil {
		return nil, err
	}
	response, err := c.http.Do(r)
	if err != nil {
		return nil, c.cut(ctx, err)
	}
	if response.StatusCode == http.StatusOK {
		return response, nil
	}
	defer response.Body.Close()
	theirs := response.Header.Get(versionHeader)
	if theirs == "" {
		return nil, fmt.Errorf("what listens at %s (pid %d) is no oombot that shares its memory: %w", c.socket, c.PID(), ErrVersion)
	}
	if theirs != version {
		return nil, fmt.Errorf("process %d speaks %s, and this one %s: use the program that the process was started from, or restart the process: %w",
			c.PID(), theirs, version, ErrVersion)
	}
	var failed errorAnswer
	if err := readAnswer(response.Body, &failed); err != nil || failed.Error == nil {
		return nil, c.cut(ctx, fmt.Errorf("status %s: %w", response.Status, err))
	}
	return nil, failed.Error
}

// cut says what an error means that the other process did not answer with.
func (c *Client) cut(ctx context.Context, err error) error {
	var u *url.Error
	if errors.As(err, &u) { // it names what nobody ever typed
		err = u.Err
	}
	switch {
	case errors.Is(err, ErrGone), errors.Is(err, ErrRefused), errors.Is(err, investigations.ErrTooLarge):
		return fmt.Errorf("memory: %w", err)
	case errors.Is(context.Cause(ctx), ErrCut):
		return fmt.Errorf("memory: %w", context.Cause(ctx))
	case errors.Is(ctx.Err(), context.Canceled), ctx.Err() != nil && !c.reached.Load():
		return fmt.Errorf("memory: %w", ctx.Err())
	}
	return fmt.Errorf("%w: pid %d: %w", ErrCut, c.PID(), err)
}

// watch returns a context for a call, which ends where the other process answers nothing at all any more. Stop must be
// called.
func (c *Client) watch(ctx context.Context) (context.Context, func()) {
	watched, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() { // it ends with the call, which waits for it
		defer close(done)
		tick := time.NewTicker(c.every)
		defer tick.Stop()
		for {
			select {
			case <-watched.Done():
				return
			case <-tick.C:
			}
			patient, stop := context.WithTimeout(watched, c.patience)
			_, err := c.hello(patient)
			stop()
			if err != nil && watched.Err() == nil {
				cancel(fmt.Errorf("%w: pid %d is there and silent: %w", ErrCut, c.PID(), err))
			}
		}
	}()
	return watched, func() {
		cancel(nil)
		<-done
	}
}
