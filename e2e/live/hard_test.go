package live

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/e2e/cluster"
	"github.com/oombot/oombot/e2e/oombot"
	"github.com/oombot/oombot/investigations"
)

// TestPrometheusDiffers has sites whose Prometheus is not the usual one: what it does not tell is a blind spot, and what it
// tells otherwise is understood.
func TestPrometheusDiffers(t *testing.T) {
	for name, tt := range map[string]struct {
		options cluster.PrometheusOptions
		config  string
		// blind says that the metrics can't be used, or only in part.
		blind bool
		// right says that the verdict is as good as with the usual one.
		right bool
	}{
		"no data":                  {options: cluster.PrometheusOptions{DropMetrics: everyMetric}, blind: true},
		"pods without their label": {options: cluster.PrometheusOptions{Drop: []string{"pod", "namespace", "container"}}, right: true},
		"node without its label":   {options: cluster.PrometheusOptions{Drop: []string{"node"}}, right: true},
		"exported labels":          {options: cluster.PrometheusOptions{NoHonorLabels: true}, right: true},
		"cgroups without systemd":  {options: cluster.PrometheusOptions{Cgroupfs: true}, right: true},
		"two clusters, ours named": {options: cluster.PrometheusOptions{Cluster: "ours", Other: "theirs"}, config: "cluster: ours", right: true},
		// Even the containers' ids are the same in both, so nothing tells them apart.
		"two clusters, not named":           {options: cluster.PrometheusOptions{Cluster: "ours", Other: "theirs"}, blind: true},
		"limits of zero where there's none": {options: cluster.PrometheusOptions{ZeroLimits: true}, right: true},
	} {
		t.Run(name, func(t *testing.T) {
			i := load(t, example("leak-after-deploy"), tt.options)
			var more []string
			if tt.config != "" {
				more = append(more, tt.config)
			}
			r := i.investigate(t, i.env(t, "", more...))
			told := blind(r, investigations.ToolMetrics)
			if tt.blind && (told == "" || r.Verdict.Confidence > 0.8) {
				t.Errorf("confidence %.2f, and the blind spots of metrics are %q", r.Verdict.Confidence, told)
			}
			if right := r.Verdict.Cause == investigations.CauseLeak && r.Verdict.Trigger == investigations.TriggerDeploy; tt.right && !right {
				t.Errorf("the verdict is %s, %s; blind: %s", r.Verdict.Cause, r.Verdict.Trigger, told)
			}
		})
	}
}

// everyMetric names what the queries read.
var everyMetric = []string{
	"container_memory_working_set_bytes", "container_memory_rss", "container_memory_cache", "container_spec_memory_limit_bytes",
	"container_oom_events_total", "kube_pod_container_resource_limits", "kube_pod_container_status_restarts_total", "kube_pod_info",
	"node_memory_MemAvailable_bytes", "node_memory_MemTotal_bytes", "node_uname_info", "machine_memory_bytes",
	"http_requests_total", "go_memstats_heap_inuse_bytes", "jvm_memory_used_bytes", "go_goroutines", "jvm_threads_live_threads",
}

// TestClockSkew has the node's clock apart from the API server's by three minutes: the container's id joins the kernel's
// report and the container's end all the same.
func TestClockSkew(t *testing.T) {
	i := load(t, example("leak-after-deploy"), cluster.PrometheusOptions{})
	for _, skew := range []time.Duration{-3 * time.Minute, 3 * time.Minute} {
		t.Run(skew.String(), func(t *testing.T) {
			log := shifted(t, i, skew)
			out := oombot.Run(t, oombot.Command{
				Args: []string{"investigate", i.target(), "--at", i.request.At.Format(time.RFC3339), "--window", i.request.Window.String(), "--kernel-log", log, "-o", "json"},
				Env:  i.env(t, ""),
			})
			r := result(t, out)
			if v := r.Verdict; v.Mechanism != investigations.MemcgOOMKill || v.Boundary != investigations.BoundaryContainer || v.Cause != investigations.CauseLeak {
				t.Errorf("the verdict is %s, %s, %s", v.Mechanism, v.Boundary, v.Cause)
			}
		})
	}
}

// TestTargetForms has the incident asked for in every form.
func TestTargetForms(t *testing.T) {
	i := load(t, example("leak-after-deploy"), cluster.PrometheusOptions{})
	target := i.request.Target
	for _, form := range []string{
		target.Namespace + "/" + target.Pod, target.Namespace + "/pod/" + target.Pod, target.Namespace + "/gateway",
		target.Namespace + "/deployment/gateway",
	} {
		t.Run(form, func(t *testing.T) {
			// Without --at the latest kill is found.
			r := result(t, run(t, i.env(t, ""), append([]string{"investigate", form, "-o", "json", "--window", "6h"}, i.kernelLogs()...)...))
			if v := r.Verdict; v.Cause != investigations.CauseLeak || v.Trigger != investigations.TriggerDeploy || v.Victim == nil || v.Victim.Pod != target.Pod {
				t.Errorf("the verdict is %s, %s of %+v at %s", v.Cause, v.Trigger, v.Victim, r.At)
			}
		})
	}
	t.Run("node", func(t *testing.T) {
		r := result(t, run(t, i.env(t, ""), append([]string{"investigate", "node/ip-10-0-3-186", "-o", "json"}, i.kernelLogs()...)...))
		if r.Verdict.Mechanism != investigations.MemcgOOMKill {
			t.Errorf("the mechanism is %s", r.Verdict.Mechanism)
		}
	})
}

// TestGonePod has the pod deleted: its ReplicaSet, its events and its metrics still tell.
func TestGonePod(t *testing.T) {
	i := load(t, example("leak-after-deploy"), cluster.PrometheusOptions{})
	target := i.request.Target
	if err := i.server.Delete(t.Context(), "pods", target.Namespace, target.Pod); err != nil {
		t.Fatal(err)
	}
	r := i.investigate(t, i.env(t, ""))
	if v := r.Verdict; v.Cause != investigations.CauseLeak || v.Trigger != investigations.TriggerDeploy {
		t.Errorf("the verdict is %s, %s; blind: %+v", v.Cause, v.Trigger, r.BlindSpots)
	}
	// Not even its namespace is left: metrics alone know it.
	i.server.Reset(t)
	r = i.investigate(t, i.env(t, ""))
	if v := r.Verdict; v.Mechanism != investigations.MemcgOOMKill || v.Cause != investigations.CauseLeak {
		t.Errorf("without any object the verdict is %s, %s; blind: %+v", v.Mechanism, v.Cause, r.BlindSpots)
	}
	out := oombot.Run(t, oombot.Command{Args: []string{"investigate", target.Namespace + "/nobody-knows-it"}, Env: i.env(t, "")})
	if out.Code != 1 || !strings.Contains(string(out.Stderr), "no namespace") {
		t.Errorf("exit status %d: %s", out.Code, out.Stderr)
	}
}

// stamped is the time that a line of dmesg --time-format iso begins with.
var stamped = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d,\d{6}\+00:00`)

// shifted writes the incident's kernel log as a clock would have stamped it that is off, and returns its path.
func shifted(t *testing.T, i *incident, by time.Duration) string {
	t.Helper()
	const layout = "2006-01-02T15:04:05,000000-07:00"
	files, err := filepath.Glob(filepath.Join(i.dir, "kernel", "*.log"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%q, %v", files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	n := 0
	for line := range strings.Lines(string(data)) {
		stamp := stamped.FindString(line)
		if stamp != "" {
			at, err := time.Parse(layout, stamp)
			if err != nil {
				t.Fatal(err)
			}
			line = at.Add(by).UTC().Format("2006-01-02T15:04:05,000000+00:00") + line[len(stamp):]
			n++
		}
		out.WriteString(line)
	}
	if n == 0 {
		t.Fatalf("%s has no line with a time", files[0])
	}
	path := filepath.Join(t.TempDir(), filepath.Base(files[0]))
	if err := os.WriteFile(path, []byte(out.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
