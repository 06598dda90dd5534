package incidents

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	corev1 "k8s.io/api/core/v1"
)

// fine is a step at which the last sample before a kill means something.
var fine = Options{Step: 15 * time.Second, Window: 12 * time.Hour}

// TestKernelChoosesTheVictim recomputes the kernel's choice for every report.
func TestKernelChoosesTheVictim(t *testing.T) {
	for _, k := range Kinds() {
		s := newScene(k, 2, coarse)
		k.build(s)
		for _, r := range s.kills {
			total := r.limit / pageSize
			if r.global {
				total = r.machine.total()
			}
			want, ok := worst(r.tasks, total)
			a, _ := r.victim.badness(total)
			b, _ := want.badness(total)
			if !ok || a < b && !r.rateLimited {
				t.Errorf("%s: %s (%d) dies with badness %d, and %s (%d) has %d", k.Name, r.victim.comm, r.victim.pid, a, want.comm, want.pid, b)
			}
		}
	}
}

// TestReportsAddUp compares what a cgroup is charged with to what the report says that it holds.
func TestReportsAddUp(t *testing.T) {
	for _, k := range Kinds() {
		s := newScene(k, 3, coarse)
		k.build(s)
		for _, r := range s.kills {
			if r.global || r.limit < mib {
				continue
			}
			if d := r.usage - r.held.usage(); d < -pageSize || d > 2*pageSize {
				t.Errorf("%s: %s is charged with %d and holds %d", k.Name, r.memcg, r.usage, r.held.usage())
			}
			var anon int64
			for _, p := range r.tasks {
				anon += p.anon
			}
			if math.Abs(float64(anon-r.held.anon)) > 0.02*float64(r.limit) {
				t.Errorf("%s: processes hold %d of %d anonymous bytes", k.Name, anon, r.held.anon)
			}
		}
	}
}

// values reads the series of one query about a pod's container (or a pod).
func values(t *testing.T, files map[string][]byte, query, pod, container string) []model.SamplePair {
	t.Helper()
	var body struct {
		Data struct {
			Result model.Matrix `json:"result"`
		} `json:"data"`
	}
	if err := json.Unmarshal(files["metrics/"+query+".json"], &body); err != nil {
		t.Fatal(query, err)
	}
	for _, s := range body.Data.Result {
		if string(s.Metric["pod"]) == pod && string(s.Metric["container"]) == container {
			return s.Values
		}
	}
	return nil
}

// lastBefore is the newest sample before a moment.
func lastBefore(of []model.SamplePair, at time.Time) float64 {
	var v float64
	for _, s := range of {
		if s.Timestamp.Time().Before(at) {
			v = float64(s.Value)
		}
	}
	return v
}

// TestLastSampleFitsTheKind: leaks are near their limit before the kill, spikes far below it.
func TestLastSampleFitsTheKind(t *testing.T) {
	for name, share := range map[string][2]float64{
		"leak_after_deploy": {0.95, 1}, "leak_old": {0.95, 1}, "leak_per_request": {0.95, 1}, "undersized_plateau": {0.9, 1},
		"jvm_xmx_too_big": {0.9, 1}, "load_spike_request": {0.3, 0.5}, "load_spike_no_logs": {0.3, 0.5},
		"warmup_then_spike": {0.55, 0.8}, "tmpfs_container": {0.95, 1}, "kernel_memory_slab": {0.95, 1},
	} {
		for _, seed := range seeds {
			s, files := render(t, find(t, name), seed, fine)
			pod, c := s.target["pod"], s.target["container"]
			used := lastBefore(values(t, files, "container_working_set", pod, c), s.at.Add(-9*time.Second))
			limit := lastBefore(values(t, files, "container_limit", pod, c), s.at)
			if got := used / limit; got < share[0] || got > share[1] {
				t.Errorf("%s-%d: the last sample is at %.2f of the limit", name, seed, got)
			}
		}
	}
}

// TestNoSampleAboveTheLimit holds for every container: the kernel admits none.
func TestNoSampleAboveTheLimit(t *testing.T) {
	for _, k := range Kinds() {
		files := bundleOf(t, k, 1)
		if len(files["metrics/container_limit.json"]) == 0 || k.damaged("metrics/container_working_set.json") {
			continue
		}
		var limits struct {
			Data struct {
				Result model.Matrix `json:"result"`
			} `json:"data"`
		}
		if err := json.Unmarshal(files["metrics/container_limit.json"], &limits); err != nil {
			t.Fatal(k.Name, err)
		}
		for _, l := range limits.Data.Result {
			at := map[model.Time]float64{}
			for _, v := range l.Values {
				at[v.Timestamp] = float64(v.Value)
			}
			for _, v := range values(t, files, "container_working_set", string(l.Metric["pod"]), string(l.Metric["container"])) {
				if top, ok := at[v.Timestamp]; ok && float64(v.Value) > top {
					t.Errorf("%s: %s holds %v of %v", k.Name, l.Metric["pod"], v.Value, top)
				}
			}
		}
	}
}

// TestStatusFitsTheReport: the container that the kernel's report names by id is the one that ended, and when.
func TestStatusFitsTheReport(t *testing.T) {
	for _, k := range Kinds() {
		s, files := render(t, k, 4, coarse)
		if len(files["kubernetes/pods.json"]) == 0 || k.damaged("kubernetes/pods.json") {
			continue
		}
		ended := map[string]*corev1.ContainerStateTerminated{}
		for _, p := range items[corev1.Pod](t, k.Name, files["kubernetes/pods.json"]) {
			for _, c := range append(p.Status.ContainerStatuses, p.Status.InitContainerStatuses...) {
				for _, st := range []corev1.ContainerState{c.State, c.LastTerminationState} {
					if st.Terminated != nil {
						ended[st.Terminated.ContainerID] = st.Terminated
					}
				}
			}
		}
		for _, r := range s.kills {
			l := r.victim.of
			if l == nil || slices.Contains(l.c.extraKills, r.at) {
				continue // a child's end, long before the container's
			}
			if l.exit != 137 || l.reason == "Error" && s.plat.cgroup == 2 {
				continue
			}
			st := ended[s.plat.runtime+"://"+l.id]
			if st == nil {
				continue // an earlier life: Kubernetes keeps the last one only
			}
			if d := st.FinishedAt.Sub(r.at); d < -time.Second || d > time.Second {
				t.Errorf("%s: killed at %v, and finished at %v", k.Name, r.at, st.FinishedAt)
			}
		}
	}
}

// TestNodeAddsUp: what a node has available is what its pods and daemons leave.
func TestNodeAddsUp(t *testing.T) {
	for _, name := range []string{"noisy_neighbour", "node_overcommit", "noisy_system_process", "node_slab", "real_node_allocatable"} {
		s, files := render(t, find(t, name), 2, fine)
		left := lastBefore(values(t, files, "node_available", "", ""), s.at)
		if share := left / float64(s.node.total()); share > 0.045 && name != "real_node_allocatable" {
			t.Errorf("%s: %.3f of the node is available before it kills", name, share)
		}
	}
}

// TestLogsReachTheMoment: where the kernel's report is in the log, so is the kill's time.
func TestLogsReachTheMoment(t *testing.T) {
	without := map[string]bool{}
	for _, k := range slices.Concat(blindKinds(), notOOMKinds(), clockKinds()) {
		without[k.Name] = true
	}
	for _, name := range []string{
		"runtime_oom_java", "runtime_oom_java_leak", "runtime_oom_v8", "v8_no_logs", "runtime_oom_python", "runtime_oom_go", "systemd_oomd", "earlyoom",
		"eviction_by_neighbour", "eviction_own_leak", "eviction_own_rise", "node_quiet",
		"tmpfs_no_kernel_log", "kernel_memory_no_kernel_log",
	} {
		without[name] = true
	}
	everyBundle(t, func(t *testing.T, k Kind, seed uint64, files map[string][]byte) {
		if without[k.Name] {
			return
		}
		for name, b := range files {
			if strings.HasPrefix(name, "kernel/") && strings.Contains(string(b), "out of memory") || strings.Contains(string(b), "Out of memory") {
				return
			}
		}
		t.Errorf("%s-%d: no kernel log tells of a kill", k.Name, seed)
	})
}
