package cluster

import (
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// PrometheusOptions say how a site's Prometheus differs from a plain kube-prometheus-stack, which is the zero value:
// node_exporter's series know the node by its address only, kube-state-metrics is scraped with honorLabels, cgroups are
// made by systemd, no series has a label for the cluster, and samples are as dense as they were recorded.
type PrometheusOptions struct {
	// Every fills in what scrapes in that rhythm may have seen between the samples that were recorded. It is made up: the
	// end of a container lies at the next recorded sample, so that recordings of wide steps contradict themselves.
	Every time.Duration
	// Cluster is a label on every series. Other is a second cluster's, which has all the series under the same names
	// at another level.
	Cluster, Other string
	// Drop names labels, and DropMetrics metrics, that the site throws away.
	Drop, DropMetrics []string
	// NoHonorLabels has kube-state-metrics' labels under exported_….
	NoHonorLabels bool
	// Cgroupfs has cgroups named as without systemd.
	Cgroupfs bool
	// NodeLabel gives node_exporter's series the label node.
	NodeLabel bool
	// ZeroLimits shows containers without a limit as cAdvisor does: with one of 0 bytes.
	ZeroLimits bool
	// Lives has each life of a container as a series of its own, whose counters begin anew, as cAdvisor has them. Without
	// it a container is one series for as long as its pod is there, as where labels are dropped that tell lives apart.
	Lives bool
	// Scatter has cAdvisor's samples at times of their own, some seconds before they are scraped, and the other targets
	// scraped each at its own time.
	Scatter bool
	// Args are further flags of prometheus.
	Args []string
}

// Prometheus is a running one.
type Prometheus struct {
	// URL is its address.
	URL string
	// Samples is how many it was given.
	Samples int
}

// StartPrometheus starts Debian's Prometheus with what the answers in bundles follow from. It ends with the test.
func StartPrometheus(t testing.TB, o PrometheusOptions, bundles ...fs.FS) *Prometheus {
	t.Helper()
	var all []series
	for _, b := range bundles {
		own, err := expose(b, o)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, own...)
	}
	return startPrometheus(t, o, o.vary(all))
}

// vary applies the options that concern every series.
func (o PrometheusOptions) vary(all []series) []series {
	all = slices.DeleteFunc(all, func(s series) bool { return slices.Contains(o.DropMetrics, s.name) })
	var others []series
	for i := range all {
		s := &all[i]
		s.points = fill(s.points, o.Every.Seconds(), s.name == requestCounter)
		for _, label := range o.Drop {
			delete(s.labels, label)
		}
		if o.Other != "" {
			labels := maps.Clone(s.labels)
			labels["cluster"] = o.Other
			others = append(others, series{s.name, labels, scaled(s.points, 1.7)})
		}
		if o.Cluster != "" {
			s.labels["cluster"] = o.Cluster
		}
	}
	return append(all, others...)
}

const blockDuration = "96h" // few blocks are made fast

func startPrometheus(t testing.TB, o PrometheusOptions, all []series) *Prometheus {
	t.Helper()
	server := program(t, "", "prometheus", "as Debian's package of that name has it")
	promtool := program(t, "", "promtool", "as Debian's package prometheus has it")
	dir := t.TempDir()
	p := &Prometheus{}
	for _, s := range all {
		p.Samples += len(s.points)
	}
	if p.Samples > 0 {
		history := filepath.Join(dir, "history")
		if err := os.WriteFile(history, openMetrics(all), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), promtool, "tsdb", "create-blocks-from", "openmetrics",
			"--max-block-duration="+blockDuration, history, filepath.Join(dir, "data")).CombinedOutput()
		if err != nil {
			t.Fatalf("promtool makes no blocks of the history: %v\n%s", err, out)
		}
	}
	config := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(config, []byte("global: {scrape_interval: 1h}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	p.URL = "http://" + loopback(port)
	proc, err := start(dir, "prometheus", server, append([]string{
		"--config.file=" + config, "--storage.tsdb.path=" + filepath.Join(dir, "data"),
		"--storage.tsdb.retention.time=100y", "--web.listen-address=" + loopback(port),
	}, o.Args...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := proc.stop(); err != nil {
			t.Error(err)
		}
	})
	if err := proc.ready(time.Minute, func() bool { return answers(t, p.URL+"/-/ready") }); err != nil {
		t.Fatal(err)
	}
	return p
}

// answers tells whether a URL answers 200.
func answers(t testing.TB, url string) bool {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// String names the server in the messages of tests.
func (p *Prometheus) String() string {
	return fmt.Sprintf("Prometheus with %d samples at %s", p.Samples, p.URL)
}
