package socket

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
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
	return pace{header: 5 * time.Second, body: 30 * time.Second, grace: 10 * time.Second, rate: 1 << 20, idle: 2 * time.Minute, stop: 3 * time.Second}
}

// Serve answers what clients ask of the store, until ctx is done. Then it takes no more, lets what is under way end for
// three seconds, and breaks it off. The listener is closed when it returns, the store is not; the error is nil where it
// ended because of ctx.
func Serve(ctx context.Context, l net.Listener, store memory.Store, log *slog.Logger) error {
	return serve(ctx, l, store, log, defaultPace())
}

func serve(ctx context.Context, l net.Listener, store memory.Store, log *slog.Logger, p pace) error {
	requests, breakOff := context.WithCancel(context.WithoutCancel(ctx))
	defer breakOff()
	server := &http.Server{
		Handler:           &handler{store: store, pace: p, pid: os.Getpid(), stopped: requests},
		ReadHeaderTimeout: p.header,
		IdleTimeout:       p.idle,
		MaxHeaderBytes:    8 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return requests },
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }() // it ends with the shutdown below, which waits for it
	select {
	case err := <-ended:
		_ = server.Close()
		return err
	case <-ctx.Done():
	}
	bounded, cancel := context.WithTimeout(requests, p.stop)
	defer cancel()
	if err := server.Shutdown(bounded); err != nil {
		breakOff()
		log.Warn("requests to the memory file were broken off", "err", err)
		_ = server.Close()
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
