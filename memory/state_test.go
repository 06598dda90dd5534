package memory

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

func TestStateOf(t *testing.T) {
	hour := func(n float64) time.Time { return killed.Add(time.Duration(n * float64(time.Hour))) }
	template := func(image string) investigations.PodTemplate {
		return investigations.PodTemplate{
			Containers: []investigations.Container{{Name: "app", Image: image, MemoryRequest: ptr(int64(100 * mib))}},
			Volumes:    []investigations.Volume{{Name: "shm", Memory: true, SizeLimit: ptr(int64(64 * mib))}, {Name: "disk"}},
		}
	}
	pod := investigations.Pod{
		Namespace: "shop", Name: "api-1", UID: "u1", OwnerKind: "replicaset", OwnerName: "api-h2", Created: hour(-5), Labels: map[string]string{"pod-template-hash": "h2"},
		Containers: []investigations.Container{{
			Name: "app", MemoryRequest: ptr(int64(100 * mib)), MemoryLimit: ptr(int64(512 * mib)), ContainerID: "c2", // the limit is a LimitRange's default
			LastState: investigations.ContainerState{Terminated: &investigations.Termination{Reason: "OOMKilled", FinishedAt: hour(0), ContainerID: "c1"}},
		}},
	}
	other := investigations.Pod{Namespace: "shop", Name: "web-1", OwnerKind: "replicaset", OwnerName: "web-h1", Containers: []investigations.Container{{
		Name: "app", LastState: investigations.ContainerState{Terminated: &investigations.Termination{Reason: "OOMKilled", FinishedAt: hour(-1)}},
	}}}
	report := func(at time.Time, container string) investigations.KernelReport {
		return investigations.KernelReport{At: &at, ContainerID: container, Killed: []investigations.KernelKill{{PID: 1}}}
	}
	ms := func(n float64) int64 { return hour(n).UnixMilli() }
	ev := &investigations.Evidence{
		Pods: &investigations.PodEvidence{Pods: []investigations.Pod{pod, other}, Nodes: []investigations.Node{{Name: "n1", CapacityBytes: 1 << 34}}},
		Rollouts: &investigations.RolloutEvidence{Workloads: []investigations.Workload{{
			Namespace: "shop", Kind: "deployment", Name: "api", Replicas: ptr(int32(3)), Current: 13,
			Revisions: []investigations.Revision{
				{Number: 11, Hash: "h1", Created: hour(-90), Template: template("r/api:1")},
				{Number: 12, Hash: "h2", Created: hour(-5), Template: template("r/api:2")},
				{Number: 13, Hash: "h3", Created: hour(1), Template: template("r/api:3")},
			},
		}}},
		Kernel: &investigations.KernelEvidence{Logs: []investigations.KernelLog{{Reports: []investigations.KernelReport{report(hour(0), "c1"), report(hour(-2), "c9")}}}},
		Metrics: &investigations.MetricEvidence{Queries: map[string]investigations.Query{
			investigations.QueryOOMEvents: {Series: []investigations.Series{
				{Namespace: "shop", Pod: "api-1", Container: "app", T: []int64{ms(-3), ms(-2.9), ms(-0.1), ms(0.01)}, V: []float64{0, 1, 1, 2}},
				{Namespace: "web", Pod: "api-1", Container: "app", T: []int64{ms(-3), ms(-2)}, V: []float64{0, 1}},
			}},
			investigations.QueryTraffic: {Series: []investigations.Series{
				{T: []int64{ms(-2), ms(-0.5), ms(-0.4), ms(-0.3)}, V: []float64{900, 10, 30, 20}},
				{T: []int64{ms(-0.5)}, V: []float64{5}},
			}},
		}},
	}
	res := &investigations.Result{At: killed, Target: investigations.Target{Namespace: "shop", Pod: "api-1", Container: "app", Workload: "deployment/api", Node: "n1"}}
	res.Verdict.Mechanism, res.Verdict.Cause = investigations.MemcgOOMKill, investigations.CauseLeak
	got := StateOf(investigations.Request{At: killed, Window: 6 * time.Hour}, res, ev)

	settingsOf := func(image string, limit *int64) []investigations.ContainerSettings {
		return []investigations.ContainerSettings{{Name: "app", Image: image, Request: ptr(int64(100 * mib)), Limit: limit, Settings: digestOf(investigations.Container{})}}
	}
	volumes := map[string]int64{"shm": 64 * mib}
	want := investigations.State{
		At: killed, From: hour(-6), Node: "n1", NodeBytes: 1 << 34, QuietSince: killed, PodSince: hour(-5), Traffic: ptr(25.0), Kills: []time.Time{hour(-2.9), hour(0)},
		Workloads: []investigations.WorkloadState{{
			Namespace: "shop", Workload: "deployment/api", Replicas: ptr(int32(3)), Revision: 12, Since: hour(-5),
			Now:    investigations.TemplateState{Revision: 12, Hash: "h2", Began: hour(-5), Containers: settingsOf("r/api:2", ptr(int64(512*mib))), Volumes: volumes},
			Latest: &investigations.TemplateState{Revision: 13, Hash: "h3", Began: hour(1), Containers: settingsOf("r/api:3", nil), Volumes: volumes}, LatestSince: hour(1),
			Earlier: []investigations.TemplateState{{Revision: 11, Hash: "h1", Began: hour(-90), Containers: settingsOf("r/api:1", nil), Volumes: volumes}},
		}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("state (-want +got):\n%s", d)
	}
}

// TestStateOfLittle: whatever is missing is left out.
func TestStateOfLittle(t *testing.T) {
	res := &investigations.Result{At: killed, Target: investigations.Target{Namespace: "shop", Pod: "lone", Container: "app"}}
	req := investigations.Request{At: killed, Window: time.Hour}
	if d := cmp.Diff(investigations.State{At: killed, From: killed.Add(-time.Hour)}, StateOf(req, res, &investigations.Evidence{})); d != "" {
		t.Errorf("nothing seen (-want +got):\n%s", d)
	}
	lone := investigations.Pod{Namespace: "shop", Name: "lone", Created: killed.Add(-time.Hour), Containers: []investigations.Container{{Name: "app", Image: "r/a:1"}}}
	got := StateOf(req, res, &investigations.Evidence{Pods: &investigations.PodEvidence{Pods: []investigations.Pod{lone}}})
	if len(got.Workloads) != 1 || got.Workloads[0].Workload != "pod/lone" || got.Workloads[0].Now.Containers[0].Image != "r/a:1" {
		t.Errorf("a bare pod: %+v", got.Workloads)
	}
	res.Target.Pod, res.Target.Workload = "gone", "deployment/api"
	w := investigations.Workload{Namespace: "shop", Kind: "deployment", Name: "api", Template: investigations.PodTemplate{Containers: []investigations.Container{{Name: "app", Image: "r/a:2"}}}}
	got = StateOf(req, res, &investigations.Evidence{Rollouts: &investigations.RolloutEvidence{Workloads: []investigations.Workload{w}}})
	if len(got.Workloads) != 1 || got.Workloads[0].Now.Containers[0].Image != "r/a:2" {
		t.Errorf("a workload without revisions: %+v", got.Workloads)
	}
}

func TestQuietSince(t *testing.T) {
	target := investigations.Target{Namespace: "shop", Container: "app"}
	made := func(days int, c investigations.Container) investigations.Pod {
		c.Name = "app"
		return investigations.Pod{
			Namespace: "shop", Name: "api-x", OwnerKind: "replicaset", OwnerName: "api-h1", Created: killed.AddDate(0, 0, -days), Containers: []investigations.Container{c},
		}
	}
	ended := func(days int) investigations.ContainerState {
		return investigations.ContainerState{Terminated: &investigations.Termination{FinishedAt: killed.AddDate(0, 0, -days)}}
	}
	tests := []struct {
		name string
		pods []investigations.Pod
		want time.Time
	}{
		{"no pod", nil, time.Time{}},
		{"the oldest of those that never ended", []investigations.Pod{made(3, investigations.Container{}), made(9, investigations.Container{})}, killed.AddDate(0, 0, -9)},
		{"the last end of all", []investigations.Pod{made(9, investigations.Container{Restarts: 1, LastState: ended(2)}), made(9, investigations.Container{})}, killed.AddDate(0, 0, -2)},
		{"an end that nobody knows the time of", []investigations.Pod{made(9, investigations.Container{Restarts: 1})}, time.Time{}},
	}
	for _, tt := range tests {
		ev := &investigations.Evidence{Pods: &investigations.PodEvidence{Pods: tt.pods}}
		if got := quietSince(target, "deployment/api", ev); !got.Equal(tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
