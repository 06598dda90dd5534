package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/oombot/oombot/investigations/redact"
)

// stuckAfter is how long the flight recorder may take no sample until the agent counts as stuck.
const stuckAfter = time.Minute

// serveAgent answers /metrics and /healthz until ctx ends.
func serveAgent(ctx context.Context, l net.Listener, p *agentParts, log *slog.Logger) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(p.metrics, promhttp.HandlerOpts{MaxRequestsInFlight: 2}))
	mux.HandleFunc("GET /healthz", p.healthz)
	server := &http.Server{
		Handler: mux, ReadHeaderTimeout: headersWithin, ReadTimeout: requestWithin, WriteTimeout: answerWithin, IdleTimeout: idleWithin,
		MaxHeaderBytes: maxHeaders, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() }) // nothing that matters is in hand
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// health is what /healthz answers.
type health struct {
	Status string `json:"status"`
	// Faults are what the agent can't see at present; they don't make it unhealthy, since a restart mends none of them.
	Faults []string `json:"faults,omitempty"`
}

func (p *agentParts) healthz(w http.ResponseWriter, _ *http.Request) {
	h, status := health{Status: "ok"}, http.StatusOK
	faults := p.beat().Faults
	if p.sender != nil {
		faults = append(faults, p.sender.Faults()...)
	}
	for _, f := range faults {
		h.Faults = append(h.Faults, redact.Text(f))
	}
	if p.stuck() {
		h.Status, status = "stuck: no sample was taken for a minute", http.StatusServiceUnavailable
	}
	writeJSON(w, status, h)
}

// stuck says that no sample was taken between this call and one at least stuckAfter ago.
func (p *agentParts) stuck() bool {
	if p.recorder == nil {
		return false
	}
	p.ticking.Lock()
	defer p.ticking.Unlock()
	ticks, now := p.recorder.Stats().Ticks, p.app.now()
	if ticks != p.ticks || p.ticked.IsZero() {
		p.ticks, p.ticked = ticks, now
	}
	return now.Sub(p.ticked) > stuckAfter
}

// register tells Prometheus of the parts.
func (p *agentParts) register() {
	gauge := func(name, help string, value func() float64) {
		p.metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
	}
	counter := func(name, help string, labels prometheus.Labels, value func() float64) {
		p.metrics.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels}, value))
	}
	if r := p.recorder; r != nil {
		gauge("oombot_agent_containers", "Containers that are recorded.", func() float64 { return float64(r.Stats().Containers) })
		gauge("oombot_agent_tick_seconds", "How long the newest sample of all containers took.", func() float64 { return r.Stats().LastTick.Seconds() })
		gauge("oombot_agent_ring_bytes", "Memory that the last minutes of all containers take.", func() float64 { return float64(r.Stats().RingBytes) })
		counter("oombot_agent_ticks_missed_total", "Samples that were not taken in time.", nil, func() float64 { return float64(r.Stats().Missed) })
	}
	if s := p.sender; s != nil {
		gauge("oombot_agent_spool_waiting", "Reports that wait for delivery.", func() float64 { return float64(s.Stats().Waiting) })
		counter("oombot_agent_spool_dropped_total", "Reports that had to make room for newer ones.", nil, func() float64 { return float64(s.Stats().Dropped) })
		const deliveries, help = "oombot_agent_deliveries_total", "Reports by what became of them."
		counter(deliveries, help, prometheus.Labels{"outcome": "delivered"}, func() float64 { return float64(s.Stats().Delivered) })
		counter(deliveries, help, prometheus.Labels{"outcome": "rejected"}, func() float64 { return float64(s.Stats().Rejected) })
	}
}
