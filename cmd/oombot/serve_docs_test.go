package main

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/oombot/oombot/bot/desk"
	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/memory/memorytest"
	"github.com/oombot/oombot/memory/nodes"
)

// described writes down what is registered: the metrics with their labels, also those that have no value yet.
type described map[string]string

// desc is what a prometheus.Desc prints of itself.
var desc = regexp.MustCompile(`fqName: "([^"]+)".*variableLabels: \{([^}]*)\}`)

// Register implements prometheus.Registerer.
func (d described) Register(c prometheus.Collector) error {
	all := make(chan *prometheus.Desc, 100)
	c.Describe(all)
	close(all)
	for one := range all {
		if m := desc.FindStringSubmatch(one.String()); m != nil {
			d[m[1]] = m[2]
		}
	}
	return nil
}

// MustRegister implements prometheus.Registerer.
func (d described) MustRegister(all ...prometheus.Collector) {
	for _, c := range all {
		_ = d.Register(c) // it never fails
	}
}

// Unregister implements prometheus.Registerer.
func (described) Unregister(prometheus.Collector) bool { return false }

func readDocument(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestServeMetricsDocumented compares the list of metrics for people with those that there are.
func TestServeMetricsDocumented(t *testing.T) {
	want := described{}
	d, err := desk.New(desk.Options{Investigator: &recordings{}, Store: memorytest.New(time.Now), Registerer: want})
	if err != nil {
		t.Fatal(err)
	}
	s := &server{app: newApp(nil, nil, nil, nil), config: config.Default()}
	ledger, err := nodes.Open(t.Context(), nodes.Options{Shelf: memorytest.New(time.Now)})
	if err != nil {
		t.Fatal(err)
	}
	s.ears(nil, memorytest.New(time.Now), ledger, d, want)

	got := described{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(oombot_[a-z_]+)` \\|([^|]*)\\| \\S").FindAllStringSubmatch(readDocument(t, "serve.md"), -1) {
		got[row[1]] = strings.NewReplacer("`", "", " ", "").Replace(row[2])
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) < 10 {
		t.Errorf("docs/serve.md and the metrics differ (- there, + told):\n%s", diff)
	}
}

// TestServeRoutesDocumented asks for every route that docs/serve.md names, and for one that it does not.
func TestServeRoutesDocumented(t *testing.T) {
	cfg := filepath.Join(t.TempDir(), "oombot.yaml")
	if err := os.WriteFile(cfg, []byte("slack: {mode: http}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"SLACK_BOT_TOKEN=xoxb-made-up-1234", "SLACK_SIGNING_SECRET=made-up-5678", "OOMBOT_SLACK_API_URL=http://127.0.0.1:9/"}
	r := startServe(t, env, nil, "--config", cfg)
	var routes []string
	for _, row := range regexp.MustCompile("(?m)^\\| (`(?:GET|POST) /.*?) \\| ").FindAllStringSubmatch(readDocument(t, "serve.md"), -1) {
		for route := range strings.SplitSeq(row[1], ", ") {
			routes = append(routes, strings.Trim(route, "`"))
		}
	}
	if len(routes) != 9 {
		t.Fatalf("docs/serve.md names the routes %v", routes)
	}
	for _, route := range append(slices.Clone(routes), "POST /nothing") {
		method, path, _ := strings.Cut(route, " ")
		status, _ := r.ask(t, method, path, "{}")
		if there := status != http.StatusNotFound; there != slices.Contains(routes, route) {
			t.Errorf("%s is answered %d", route, status)
		}
	}
}
