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
