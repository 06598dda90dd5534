package main

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
)

// TestFrontIdle acknowledges nothing where nobody takes it: while it starts, stands by or stops.
func TestFrontIdle(t *testing.T) {
	f := newFront(slog.New(slog.DiscardHandler))
	ask := func(method, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		f.server.Handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader("{}")))
		return w
	}
	for _, idle := range []string{idleStarting, idleStandby, idleStopping} {
		f.close(idle)
		w := ask("GET", "/readyz")
		var state readyState
		if err := json.Unmarshal(w.Body.Bytes(), &state); err != nil || w.Code != 503 {
			t.Errorf("%s, ready: %d, %v", idle, w.Code, err)
		}
		if diff := cmp.Diff(readyState{State: idle}, state); diff != "" {
			t.Error(diff)
		}
		for _, path := range []string{"/webhooks/alertmanager", "/webhooks/pagerduty", "/slack/events"} {
			if w := ask("POST", path); w.Code != 503 || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), idle) {
				t.Errorf("%s, %s: %d %s", idle, path, w.Code, w.Body)
			}
		}
		if ask("GET", "/healthz").Code != 200 || ask("GET", "/metrics").Code != 200 {
			t.Errorf("%s, and it seems to be dead", idle)
		}
	}

	events := http.NewServeMux()
	events.HandleFunc("POST /webhooks/alertmanager", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "some_gauge", Help: "Some."}))
	f.open(&works{events: events, metrics: metrics, ready: &readiness{inbox: &probe{shelf: &shelf{}, now: time.Now}}})
	if ask("POST", "/webhooks/alertmanager").Code != 202 || ask("GET", "/readyz").Code != 200 {
		t.Error("it works, and takes nothing")
	}
	if body := ask("GET", "/metrics").Body.String(); !strings.Contains(body, "some_gauge 0") || !strings.Contains(body, "go_goroutines") {
		t.Errorf("the metrics are %s", body)
	}
}
