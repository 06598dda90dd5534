package live

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/oombot/oombot/e2e/cluster"
	"github.com/oombot/oombot/examples/incidents"
	"github.com/oombot/oombot/tools/endpoint"
	"github.com/oombot/oombot/tools/metrics"
)

// TestSilentKill has a child of a container killed of which Kubernetes says nothing: its counter in Prometheus tells
// the moment. The source is asked itself, since the recorded kill is longer ago than a window may reach.
func TestSilentKill(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "silent")
	if err := incidents.Write(dir, "silent_child_kill", 5, incidents.Options{}); err != nil {
		t.Fatal(err)
	}
	i := load(t, dir, cluster.PrometheusOptions{})
	now := i.request.At.Add(time.Hour)
	source, err := metrics.NewLive(endpoint.Config{URL: i.prometheus.URL}, metrics.LiveOptions{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	target := i.request.Target
	at, err := source.LastKill(t.Context(), target.Namespace, []string{target.Pod}, now.Add(-24*time.Hour), now)
	if err != nil {
		t.Fatal(err)
	}
	if late := at.Sub(i.request.At); late < -time.Minute || late > 5*time.Minute {
		t.Errorf("it is said to have been at %s, and was at %s", at, i.request.At)
	}
	at, err = source.LastKill(t.Context(), target.Namespace, []string{"nobody-0"}, now.Add(-24*time.Hour), now)
	if err != nil || !at.IsZero() {
		t.Errorf("of nobody: %s, %v", at, err)
	}
	seen, node, err := source.LastSeen(t.Context(), target.Namespace, target.Pod, now)
	if err != nil || seen.Before(i.request.At.Add(-10*time.Minute)) || node == "" {
		t.Errorf("seen at %s on %q, %v", seen, node, err)
	}
}
