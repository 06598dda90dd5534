package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

// What a client of the web server may take.
const (
	headersWithin = 5 * time.Second
	requestWithin = 20 * time.Second
	answerWithin  = 30 * time.Second
	idleWithin    = time.Minute
	maxHeaders    = 32 << 10
	// drainWithin is how long requests in hand are waited for at the end.
	drainWithin = 3 * time.Second
)

// front is the web server: it is there from the start to the end, and passes on to what works at the moment. It is safe
// for concurrent use.
type front struct {
	server *http.Server
	own    *prometheus.Registry
	log    *slog.Logger

	mu sync.RWMutex
	// works is what takes events; nil where nothing does, and idle says why.
	works *works
	idle  string
}

// works is what a front passes on to.
type works struct {
	events  http.Handler
	ready   *readiness
	metrics prometheus.Gatherer
}

// The reasons why nothing works.
const (
	idleStarting = "starting"
	idleStandby  = "standby"
	idleStopping = "stopping"
)

func newFront(log *slog.Logger) *front {
	f := &front{own: prometheus.NewRegistry(), log: log, idle: idleStarting}
	f.own.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("GET /readyz", f.readyz)
	mux.HandleFunc("GET /metrics", f.metrics)
	mux.HandleFunc("/", f.pass)
	f.server = &http.Server{
		Handler: mux, ReadHeaderTimeout: headersWithin, ReadTimeout: requestWithin, WriteTimeout: answerWithin,
		IdleTimeout: idleWithin, MaxHeaderBytes: maxHeaders, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	return f
}

// open has events taken by w.
func (f *front) open(w *works) { f.set(w, "") }

// close has no more events taken.
func (f *front) close(why string) { f.set(nil, why) }

func (f *front) set(w *works, idle string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.works, f.idle = w, idle
}

func (f *front) get() (*works, string) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.works, f.idle
}

// pass has an event taken, or asks to send it again: nothing is acknowledged that nobody takes.
func (f *front) pass(w http.ResponseWriter, r *http.Request) {
	works, idle := f.get()
	if works == nil {
		w.Header().Set("Retry-After", "5")
		writeJSON(w, http.StatusServiceUnavailable, map[string]string{"error": idle})
		return
	}
	works.events.ServeHTTP(w, r)
}

// readyState is what /readyz answers.
type readyState struct {
	Ready bool `json:"ready"`
	// State is starting, standby, working or stopping.
	State string `json:"state"`
	// NotReady says what is not ready, and why.
	NotReady map[string]string `json:"not_ready,omitempty"`
}

func (f *front) readyz(w http.ResponseWriter, r *http.Request) {
	works, idle := f.get()
	state := readyState{State: idle}
	if works != nil {
		state.State, state.NotReady = "working", works.ready.notReady(r.Context())
		for name, why := range state.NotReady {
			state.NotReady[name] = redact.Text(investigations.CleanText(why, 300))
		}
		state.Ready = len(state.NotReady) == 0
	}
	status := http.StatusOK
	if !state.Ready {
		status = http.StatusServiceUnavailable
	}
	writeJSON(w, status, state)
}

// metrics are those of the process, and of what works at the moment.
func (f *front) metrics(w http.ResponseWriter, r *http.Request) {
	all := prometheus.Gatherers{f.own}
	if works, _ := f.get(); works != nil {
		all = append(all, works.metrics)
	}
	promhttp.HandlerFor(all, promhttp.HandlerOpts{ErrorLog: slog.NewLogLogger(f.log.Handler(), slog.LevelWarn)}).ServeHTTP(w, r)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // who went away needs no answer
}

// listen opens the address. Its error says what to do about the usual reasons.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("listen on %s: another program has that address: end it, or name another one by --listen, OOMBOT_LISTEN or http.listen: %w", addr, err)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("listen on %s: this user may not: take a port from 1024 on: %w", addr, err)
	case err != nil:
		return nil, fmt.Errorf("listen on %s: name another address by --listen, OOMBOT_LISTEN or http.listen: %w", addr, err)
	}
	return l, nil
}

// serve answers until ctx ends, and then for a short while those who are being answered.
func (f *front) serve(ctx context.Context, l net.Listener) error {
	ended := make(chan error, 1)
	go func() { ended <- f.server.Serve(l) }() // ends with the server
	select {
	case err := <-ended:
		return fmt.Errorf("serve HTTP on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	f.close(idleStopping)
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainWithin)
	defer cancel()
	if err := f.server.Shutdown(drain); err != nil {
		f.log.Warn("requests were cut off, and are not acknowledged", "err", err)
		_ = f.server.Close() // there is nobody left to tell
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve HTTP on %s: %w", l.Addr(), err)
	}
	return nil
}
