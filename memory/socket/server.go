package socket

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/oombot/oombot/memory"
)

// pace says how long the server waits for a client, so that a slow or stopped one costs the store nothing.
type pace struct {
	// header and body are how long the parts of a request may take.
	header, body time.Duration
	// grace is how long an answer may take to be read, and rate what more it may take for its length, in bytes a second:
	// a listing or a backup holds its view of the store open meanwhile.
	grace time.Duration
	rate  int64
	// idle is how long a connection is kept without a request, and stop how long requests may go on after the end.
	idle, stop time.Duration
}

func defaultPace() pace {
	return pace{header: 5 * time.Second, body: 30 * time.Second, grace: 10 * time.Second, rate: 1 << 20, idle: 2 * time.Minute, stop: 1500 * time.Millisecond}
}

// Serve answers what clients ask of the store, until ctx is done. Then it takes no more, lets what is under way end for
// a second and a half, and breaks it off. The listener is closed when it returns, the store is not; the error is nil where it
// ended because of ctx.
func Serve(ctx context.Context, l net.Listener, store memory.Store, log *slog.Logger) error {
	return serve(ctx, l, store, log, defaultPace())
}

func serve(ctx context.Context, l net.Listener, store memory.Store, log *slog.Logger, p pace) error {
	requests, breakOff := context.WithCancel(context.WithoutCancel(ctx))
	defer breakOff()
	open := &connections{none: make(chan struct{}, 1)}
	server := &http.Server{
		Handler:           &handler{store: store, pace: p, pid: os.Getpid(), stopped: requests},
		ReadHeaderTimeout: p.header,
		IdleTimeout:       p.idle,
		MaxHeaderBytes:    8 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return requests },
		ConnState:         open.note,
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }() // it ends with the listener, and is waited for
	select {
	case err := <-ended:
		_ = server.Close()
		return err
	case <-ctx.Done():
	}
	bounded, cancel := context.WithTimeout(requests, p.stop)
	defer cancel()
	if own, ok := l.(*Listener); ok {
		if err := own.withdraw(bounded); err != nil {
			log.Debug("the memory file's socket could not be put aside", "err", err)
		}
	}
	_ = l.Close() // the socket is gone, or somebody took it away before
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		log.Debug("the memory file's socket was broken", "err", err)
	}
	// Shutdown would leave requests unanswered that it meets on their way. Here every connection is answered, and closed then.
	server.SetKeepAlivesEnabled(false)
	if !open.wait(bounded) {
		breakOff()
		log.Warn("requests to the memory file were broken off")
	}
	return server.Close()
}

// connections counts the connections that are open.
type connections struct {
	mu   sync.Mutex
	open int
	// none gets one when there are none any more.
	none chan struct{}
}

// note is told whenever the state of a connection changes.
func (c *connections) note(_ net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateNew:
		c.open++
	case http.StateClosed, http.StateHijacked:
		if c.open--; c.open == 0 {
			select {
			case c.none <- struct{}{}:
			default:
			}
		}
	default: // it goes on
	}
}

// wait returns true when there are none, and false where ctx is done before. New ones must come no more.
func (c *connections) wait(ctx context.Context) bool {
	for {
		c.mu.Lock()
		open := c.open
		c.mu.Unlock()
		if open == 0 {
			return true
		}
		select {
		case <-c.none:
		case <-ctx.Done():
			return false
		}
	}
}
