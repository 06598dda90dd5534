package rules

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

// unnamed leaves of a recording what an agent knows that reaches no API: the ids of the cgroups, and the first digits of a
// container's for its name.
func (i *incident) unnamed() *incident {
	r := &i.ev.Metrics.Recorder[0]
	for j := range r.Series {
		x := &r.Series[j]
		if p := slices.IndexFunc(i.ev.Pods.Pods, func(p investigations.Pod) bool { return p.Name == x.Pod }); p >= 0 {
			pod := &i.ev.Pods.Pods[p]
			if x.ContainerID = containerSpec(pod, x.Container).ContainerID; len(x.ContainerID) < 12 {
				x.ContainerID += strings.Repeat("0", 12)
				containerSpec(pod, x.Container).ContainerID = x.ContainerID
			}
			x.PodUID, x.Namespace, x.Pod, x.Container = pod.UID, "", "", x.ContainerID[:12]
		}
	}
	return i
}

// TestUnnamedRecording: what a recording has of cgroups that its agent could not name is that of the pods that Kubernetes
// knows by their ids: another pod that took the memory is not overlooked.
func TestUnnamedRecording(t *testing.T) {
	made := func() *incident {
		return unscraped(investigations.BoundaryNodeAllocatable, "/kubepods", 184).running("tank-0", "tank", steady(8*mib)).running("api-h1-x", "api", steady(88*mib)).running("etl-0", "etl", steady(0)).
			lasting("api-h1-x", "api", 88, 88, 88, 88, 88, 88, 88).lasting("etl-0", "etl", 76).row(42, "api", 94<<8, 936).row(43, "etl", 80<<8, 936).row(44, "tank", 16<<8, 936)
	}
	i := made().unnamed()
	before := slices.Clone(i.ev.Metrics.Recorder[0].Series)
	d, led := i.diagnose()
	checkSound(t, d, led)
	if c := d.Verdict.Culprit; c == nil || c.Pod != "etl-0" || c.Container != "etl" {
		t.Errorf("%s by %+v\n%s", d.Verdict.Cause, c, d.Verdict.Explanation)
	}
	if diff := cmp.Diff(before, i.ev.Metrics.Recorder[0].Series); diff != "" {
		t.Errorf("the evidence was changed: %s", diff)
	}
}

// TestRecordedLives: the lives of a container, each with an id of its own, are one series; a name that is none of the id
// stays.
func TestRecordedLives(t *testing.T) {
	i := newIncident().ends("OOMKilled", 137).report(nil)
	series := func(id, container string, from time.Duration, values ...float64) investigations.RecorderSeries {
		x := investigations.RecorderSeries{PodUID: "1111", ContainerID: id, Container: container, Name: investigations.RecordedAnon}
		for k, v := range values {
			x.Series.T, x.Series.V = append(x.Series.T, testAt.Add(from+time.Duration(k)*time.Second).UnixMilli()), append(x.Series.V, v)
		}
		return x
	}
	i.ev.Metrics.Recorder = []investigations.Recorder{{Node: "n1", Source: "recorder/n1.json", Series: []investigations.RecorderSeries{
		series("now1111", "now1", -2*time.Second, 5, 6), series("dead1111", "dead1111", -4*time.Second, 1, 2, 3), series("dead1111", "other", 0, 9), series("gone", "gone", -9*time.Second, 7),
	}, Top: []investigations.RecorderTop{{PodUID: "1111", ContainerID: "dead1111", Container: "dead", PID: 42, Comm: "api"}, {PID: 1, Comm: "x"}}}}
	s := newScene(i.req, i.ev, investigations.NewLedger(nil))
	r := s.ev.Metrics.Recorder[0]
	var got []string
	for _, x := range r.Series {
		got = append(got, x.Namespace+"/"+x.Pod+"/"+x.Container)
	}
	if want := []string{"shop/api-h1-x/api", "shop/api-h1-x/other"}; !slices.Equal(got, want) {
		t.Fatalf("%q", got)
	}
	if want := []float64{7, 1, 2, 5, 6}; !slices.Equal(r.Series[0].Series.V, want) {
		t.Error(r.Series[0].Series.V)
	}
	if r.Top[0].Pod != "api-h1-x" || r.Top[0].Container != "api" || r.Top[1].Pod != "" {
		t.Errorf("%+v", r.Top)
	}
}

// TestDigitsForName: without Kubernetes the only container that a recording has of a pod, by its id, is called as the request
// or the workload calls it; of a pod that the request knows by its uid also the pod.
func TestDigitsForName(t *testing.T) {
	id := strings.Repeat("6", 64)
	made := func(pod string) *incident {
		i := newIncident().ends("OOMKilled", 137).report(func(r *investigations.KernelReport) {
			r.ContainerID, r.TaskMemcg, r.OOMMemcg = id, "/kubepods/burstable/pod1111/"+id, "/kubepods/burstable/pod1111/"+id
		}).running("api-h1-x", "api", jump(100*mib, 510*mib)).grows("api-h1-x", "api", "api", "", 42, 500*mib).cgroupsOnly()
		i.req.PodUID = "1111"
		r := &i.ev.Metrics.Recorder[0]
		for j := range r.Series {
			x := &r.Series[j]
			x.PodUID, x.ContainerID, x.Container, x.Pod = "1111", id, id[:12], pod
		}
		for j := range r.Top {
			x := &r.Top[j]
			x.PodUID, x.ContainerID, x.Container, x.Pod = "1111", id, id[:12], pod
		}
		return i
	}
	two := made("api-h1-x")
	r := &two.ev.Metrics.Recorder[0]
	second := r.Series[0]
	second.ContainerID, second.Container = strings.Repeat("7", 64), "777777777777"
	r.Series = append(r.Series, second)
	for _, tt := range []struct {
		name, container string
		in              *incident
		want            string
	}{
		{"named by the request", "api", made("api-h1-x"), "api"},
		{"a pod known by its uid", "api", made(""), "api"},
		{"nobody names it", "", made(""), id[:12]},
		{"one of two", "api", two, id[:12]},
	} {
		tt.in.req.Target.Container = tt.container
		d, led := tt.in.diagnose()
		checkSound(t, d, led)
		if c := d.Verdict.Culprit; c == nil || c.Pod != "api-h1-x" || c.Container != tt.want {
			t.Errorf("%s: %+v", tt.name, c)
		}
		if f := factOf(t, led, "recorder/rise"); !strings.Contains(f.Says, "container "+tt.want+" at 100 MiB") || !strings.Contains(f.Says, "api (pid 42)") {
			t.Errorf("%s: %s", tt.name, f.Says)
		}
	}
}
