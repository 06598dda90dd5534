package incidents

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	corev1 "k8s.io/api/core/v1"
)

// textured renders leak_old with a texture.
func textured(t *testing.T, set func(*scene)) (*scene, map[string][]byte) {
	t.Helper()
	k := find(t, "leak_old")
	s := newScene(k, 1, coarse)
	s.texture = texture{rng: newRand("texture", 1)}
	set(s)
	k.build(s)
	files, err := s.render()
	if err != nil {
		t.Fatal(err)
	}
	return s, files
}

func TestSplitTrafficSumsUp(t *testing.T) {
	s, files := textured(t, func(s *scene) { s.texture.splitTraffic = true })
	var body struct {
		Data struct {
			Result model.Matrix `json:"result"`
		} `json:"data"`
	}
	if err := json.Unmarshal(files["metrics/traffic.json"], &body); err != nil || len(body.Data.Result) != 3 {
		t.Fatal(err, len(body.Data.Result))
	}
	var sum float64
	for _, r := range body.Data.Result {
		sum += float64(r.Values[0].Value)
	}
	if want := s.traffic(s.at); math.Abs(sum-want) > want/8 {
		t.Errorf("%v requests per second, want about %v", sum, want)
	}
}

func TestGapHasNoSamples(t *testing.T) {
	var gap [2]time.Time
	s, files := textured(t, func(s *scene) {
		gap = [2]time.Time{s.ago(5 * time.Hour), s.ago(3 * time.Hour)}
		s.texture.gap = gap
	})
	of := values(t, files, "container_rss", s.target["pod"], s.target["container"])
	if len(of) < 50 {
		t.Fatal(len(of))
	}
	for _, v := range of {
		if at := v.Timestamp.Time(); !at.Before(gap[0]) && at.Before(gap[1]) {
			t.Errorf("a sample at %v", at)
		}
	}
}

func TestNotANumber(t *testing.T) {
	_, files := textured(t, func(s *scene) { s.texture.nan = true; s.step = 30 * time.Second })
	if !strings.Contains(string(files["metrics/container_rss.json"]), `"NaN"`) {
		t.Error("every sample is a number")
	}
}

func TestEventSeries(t *testing.T) {
	k := find(t, "liveness")
	s := newScene(k, 1, coarse)
	s.texture = texture{eventSeries: true}
	k.build(s)
	files, err := s.render()
	if err != nil {
		t.Fatal(err)
	}
	repeated := false
	for _, e := range items[corev1.Event](t, "events", files["kubernetes/events.json"]) {
		if e.EventTime.IsZero() || !e.LastTimestamp.IsZero() || e.InvolvedObject.Name == "" {
			t.Errorf("%s: %v, %v", e.Reason, e.EventTime, e.LastTimestamp)
		}
		repeated = repeated || e.Series != nil && e.Series.Count == 3
	}
	if !repeated {
		t.Error("no event has a series")
	}
}

func TestWindowsLog(t *testing.T) {
	s, files := textured(t, func(s *scene) { s.texture.crlf = true })
	log := string(files["kernel/"+s.node.name+".log"])
	if strings.Count(log, "\n") == 0 || strings.Count(log, "\n") != strings.Count(log, "\r\n") {
		t.Error("not every line ends in CR and LF")
	}
}

func TestPathsOfRarePlatforms(t *testing.T) {
	s := newScene(Kind{Name: "x"}, 1, Options{})
	w := s.service("deployment", 1, 64*mib, 128*mib)
	p := s.addPod(w, w.current(), s.node, s.at)
	p.uid = "d3f8c1a2-7b4e-4c55-9a10-0f6a2b3c4d5e"
	got := map[string]string{}
	for _, pl := range append(rarePlatforms(), platform{systemd: true, runtime: "docker"}, platform{}) {
		got[pl.paths+map[bool]string{true: "/systemd"}[pl.systemd]] = pl.containerPath(p, "ID")
	}
	const slice = "burstable-podd3f8c1a2_7b4e_4c55_9a10_0f6a2b3c4d5e.slice"
	for paths, want := range map[string]string{
		"nested/systemd":   "/docker/5f3c1d7e9b2a84066c1e8f0d7a3b5c9e2f4d6081a7c3e5b9d1f2a4c6e8b0d357/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-" + slice + "/cri-containerd-ID.scope",
		"crun/systemd":     "/kubepods.slice/kubepods-burstable.slice/kubepods-" + slice + "/crio-ID.scope/container",
		"mismatch/systemd": "/system.slice/containerd.service/kubepods-" + slice + ":cri-containerd:ID",
		"rooted/systemd":   "/workload.slice/workload-kubepods.slice/workload-kubepods-burstable.slice/workload-kubepods-" + slice + "/cri-containerd-ID.scope",
		"/systemd":         "/kubepods.slice/kubepods-burstable.slice/kubepods-" + slice + "/docker-ID.scope",
		"":                 "/kubepods/burstable/podd3f8c1a2-7b4e-4c55-9a10-0f6a2b3c4d5e/ID",
	} {
		if got[paths] != want {
			t.Errorf("%q:\n%s, want\n%s", paths, got[paths], want)
		}
	}
}

func TestFlightRecorderSawTheSpike(t *testing.T) {
	s, files := render(t, find(t, "flight_recorder"), 1, coarse)
	var r recorder
	if err := json.Unmarshal(files["recorder/"+s.node.name+".json"], &r); err != nil {
		t.Fatal(err)
	}
	v := r.Series[0].Values
	if r.Version != 1 || len(v) != 126 || *v[119] < *v[100]*3/2 || *v[120] != 0 || len(r.Top) != 2 {
		t.Errorf("version %d, %d values, %d top", r.Version, len(v), len(r.Top))
	}
}

// TestRecordedNode: a recording has the victim's pod and the node's largest, up to the second before the kill, with the
// cgroups' ids, which are those of the kernel's report.
func TestRecordedNode(t *testing.T) {
	for _, name := range []string{"recorded_sidecar", "recorded_neighbour_cgroups_only"} {
		s, files := render(t, find(t, name), 1, coarse)
		var r recorder
		if err := json.Unmarshal(files["recorder/"+s.node.name+".json"], &r); err != nil {
			t.Fatal(err)
		}
		pods, log := map[string]bool{}, string(files["kernel/"+s.node.name+".log"])
		var victim, current int
		for _, x := range r.Series {
			pods[x.Pod] = true
			if len(x.Values) != 900 || x.ContainerID == "" || x.PodUID == "" {
				t.Errorf("%s: %d values of %s of %s", name, len(x.Values), x.Name, x.Pod)
			}
			if x.Name == "current" {
				current++
			}
			if x.Pod == s.truth.victim.Pod && x.Container == s.truth.victim.Container && strings.Contains(log, x.ContainerID) {
				victim++
			}
		}
		if victim < 4 || !pods[s.truth.culprit.Pod] || current < 2 || current > 2+largestRecorded || len(r.Top) < 100 {
			t.Errorf("%s: %d series of the victim, pods %v, %d containers, %d readings", name, victim, pods, current, len(r.Top))
		}
		for file := range files {
			if strings.HasPrefix(file, "metrics/") || strings.HasPrefix(file, "kubernetes/") && strings.HasSuffix(name, "only") {
				t.Errorf("%s has %s", name, file)
			}
		}
	}
}

func TestTwoHostsShareALog(t *testing.T) {
	s, files := render(t, find(t, "two_hosts_in_one_log"), 1, coarse)
	log := string(files["kernel/"+s.node.name+".log"])
	for _, n := range []*node{s.node, s.nodes[len(s.nodes)-1]} {
		if !strings.Contains(log, n.name) {
			t.Errorf("%s says nothing", n.name)
		}
	}
	if files["kernel/"+s.nodes[len(s.nodes)-1].name+".log"] != nil {
		t.Error("the other node has a log of its own")
	}
}

func TestGonePodIsInItsEvents(t *testing.T) {
	s, files := render(t, find(t, "pod_gone"), 1, coarse)
	name := `"name":"` + s.target["pod"] + `"`
	if strings.Contains(string(files["kubernetes/pods.json"]), name) || !strings.Contains(string(files["kubernetes/events.json"]), name) {
		t.Error("the pod is still there, or in no event")
	}
}
