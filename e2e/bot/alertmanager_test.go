package bot

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oombot/oombot/bot/slackfake"
	"github.com/oombot/oombot/e2e/oombot"
)

// debian starts a server of a package of Debian in a folder, and waits until it is ready. It ends with the test.
func debian(t testing.TB, program, pkg, ready string, args ...string) {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("there is no %s, which is in Debian's package %s", program, pkg)
	}
	oombot.Start(t, oombot.Options{Name: program, Binary: path, Args: args})
	oombot.Until(t, program+" is ready", func() bool {
		status, _ := oombot.Get(t, ready)
		return status == http.StatusOK
	})
}

// stateMetrics is a kube-state-metrics that knows one container.
type stateMetrics struct {
	namespace, pod, container string
	restarts, scrapes         atomic.Int64
	oomKilled                 atomic.Bool
}

// ServeHTTP implements http.Handler.
func (m *stateMetrics) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	m.scrapes.Add(1)
	labels := fmt.Sprintf("namespace=%q,pod=%q,container=%q", m.namespace, m.pod, m.container)
	killed := 0
	if m.oomKilled.Load() {
		killed = 1
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	fmt.Fprintf(w, "kube_pod_container_status_restarts_total{%s} %d\n", labels, m.restarts.Load())
	fmt.Fprintf(w, "kube_pod_container_status_last_terminated_reason{%s,reason=\"OOMKilled\"} %d\n", labels, killed)
}

// address serves it until the test ends.
func (m *stateMetrics) address(t testing.TB) string {
	t.Helper()
	srv := httptest.NewServer(m)
	t.Cleanup(srv.Close)
	return strings.TrimPrefix(srv.URL, "http://")
}

// write writes a file into a folder and returns its name.
func write(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const alertRules = `
groups:
  - name: memory
    rules:
      - alert: KubernetesContainerOomKiller
        expr: |
          increase(kube_pod_container_status_restarts_total[10m]) > 0
          and ignoring (reason) kube_pod_container_status_last_terminated_reason{reason="OOMKilled"} == 1
        labels: {severity: critical}
        annotations:
          summary: A container ran out of memory and was started again
`

// TestAlertmanager has a rule of a real Prometheus fire and a real Alertmanager send it. One kube-state-metrics is scraped
// with honor_labels; of the other one, as without, the labels pod and namespace are its own.
func TestAlertmanager(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"prometheus", "prometheus-alertmanager"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("there is no %s, which is in Debian's package of that name", program)
		}
	}
	dir := t.TempDir()
	s := newSlack(t, slackfake.Options{})
	r := startServe(t, s, t.TempDir(), `
slack: {channels: {C0INCIDENTS: {auto: true}}}
alertmanager: {channel: C0INCIDENTS, bearer_token_file: `+write(t, dir, "token", bearer+"\n")+`}
`, "--bundles", examples)

	manager, prometheus := oombot.FreeAddress(t), oombot.FreeAddress(t)
	debian(t, "prometheus-alertmanager", "prometheus-alertmanager", "http://"+manager+"/-/ready",
		"--cluster.listen-address=", "--web.listen-address="+manager, "--storage.path="+filepath.Join(dir, "alertmanager"),
		"--config.file="+write(t, dir, "alertmanager.yml", fmt.Sprintf(`
route: {receiver: oombot, group_by: [alertname, job], group_wait: 1s, group_interval: 2s, repeat_interval: 4h}
receivers:
  - name: oombot
    webhook_configs:
      - url: %s/webhooks/alertmanager
        http_config: {authorization: {type: Bearer, credentials: %s}}
`, r.URL, bearer)))

	honest := &stateMetrics{namespace: "ads", pod: "gateway-zxthbd6kg-tcr7d", container: "gateway"}
	renamed := &stateMetrics{namespace: "orders", pod: "app-gshfxtfxx-lns4r", container: "app"}
	write(t, dir, "rules.yml", alertRules)
	debian(t, "prometheus", "prometheus", "http://"+prometheus+"/-/ready",
		"--web.listen-address="+prometheus, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--rules.alert.resend-delay=5s",
		"--config.file="+write(t, dir, "prometheus.yml", fmt.Sprintf(`
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: [%q]}]}]}
scrape_configs:
  - job_name: honest
    honor_labels: true
    static_configs: [{targets: [%q]}]
  - job_name: renamed
    static_configs: [{targets: [%q], labels: {namespace: monitoring, pod: kube-state-metrics-0, container: kube-state-metrics}}]
`, manager, honest.address(t), renamed.address(t))))

	for _, m := range []*stateMetrics{honest, renamed} {
		oombot.Until(t, "increase has samples from before the restart", func() bool { return m.scrapes.Load() >= 3 })
	}
	fired := time.Now()
	for _, m := range []*stateMetrics{honest, renamed} {
		m.restarts.Add(1)
		m.oomKilled.Store(true)
	}
	for _, m := range []*stateMetrics{honest, renamed} {
		waitVerdict(t, s, m.pod)
		t.Logf("the verdict of %s was there %s after the kill was in a metric", m.pod, time.Since(fired).Round(time.Millisecond))
	}
	if got := len(cards(s, channel)); got != 2 {
		t.Errorf("two alerts have %d threads", got)
	}
	renamed.oomKilled.Store(false)
	oombot.Wait(t, s, "the card says that it is resolved", func(s *slackfake.Server) bool {
		return strings.Contains(string(verdictOf(s, channel, renamed.pod).Blocks), "Resolved at")
	})
	if strings.Contains(string(verdictOf(s, channel, honest.pod).Blocks), "Resolved at") {
		t.Error("an alert that fires still is resolved as well")
	}
}
