package deliver

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

// TestParcelIsWhole fails where a report has a part that a merge would lose.
func TestParcelIsWhole(t *testing.T) {
	tags := func(v any) []string {
		var out []string
		for _, f := range reflect.VisibleFields(reflect.TypeOf(v)) {
			out = append(out, f.Tag.Get("json"))
		}
		return out
	}
	if diff := cmp.Diff(tags(investigations.NodeReport{}), tags(parcel{})); diff != "" {
		t.Error(diff)
	}
}

func parcelOf(t *testing.T, r investigations.NodeReport, seq int64) parcel {
	t.Helper()
	r.Version, r.Node, r.BootID, r.Seq = 1, testNode, testBoot, seq
	body, _, err := pack(r)
	if err != nil {
		t.Fatal(err)
	}
	p, err := unpack(body)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestMerge(t *testing.T) {
	at := time.Date(2026, 3, 4, 2, 0, 0, 0, time.UTC)
	one, two := kill("a"), kill("b")
	pod := investigations.NodePod{UID: "u1", Namespace: "shop", Name: "checkout"}
	one.Pods = []investigations.NodePod{pod}
	two.Pods = []investigations.NodePod{pod, {UID: "u2", Namespace: "shop", Name: "cart"}}
	one.Heartbeat = &investigations.NodeHeartbeat{Waiting: 1}
	two.Heartbeat = &investigations.NodeHeartbeat{Waiting: 2}
	one.Counted = []investigations.CountedKill{{Path: "/x"}}
	two.UserKills = []investigations.UserKill{{Text: "Killed /y"}}
	one.Profiles = []investigations.NodeProfile{{Pod: "checkout", Data: []byte{1}}}
	two.Recorder = recording(at, "checkout", 3)
	p := parcelOf(t, one, 4)
	if err := p.add(parcelOf(t, two, 9)); err != nil {
		t.Fatal(err)
	}
	want := investigations.NodeReport{
		Version: 1, Node: testNode, BootID: testBoot, Seq: 9, Heartbeat: two.Heartbeat,
		Reports: slices.Concat(one.Reports, two.Reports), Counted: one.Counted, UserKills: two.UserKills, Pods: two.Pods,
		Recorder: two.Recorder, Profiles: one.Profiles,
	}
	if diff := cmp.Diff(want, reportOf(t, p)); diff != "" {
		t.Error(diff)
	}
	before := reportOf(t, p)
	other := parcelOf(t, two, 10)
	other.BootID = "another"
	if err := p.add(other); err == nil {
		t.Error("reports of two boots are merged")
	}
	far := two
	far.Recorder = recording(at.Add(time.Hour), "checkout", 3)
	if err := p.add(parcelOf(t, far, 10)); err == nil {
		t.Error("recordings an hour apart are merged")
	}
	if diff := cmp.Diff(before, reportOf(t, p)); diff != "" {
		t.Errorf("a merge that failed left something:\n%s", diff)
	}
}

func reportOf(t *testing.T, p parcel) investigations.NodeReport {
	t.Helper()
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var r investigations.NodeReport
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestMergeRecordings(t *testing.T) {
	nan := math.NaN()
	at := time.Date(2026, 3, 4, 2, 0, 0, 0, time.UTC)
	since := at.Add(-time.Hour)
	rec := func(from time.Time, to time.Time, series ...investigations.NodeRecorderSeries) investigations.NodeRecording {
		return investigations.NodeRecording{Version: 1, Node: testNode, From: from, To: to, LosslessSince: &since, Series: series}
	}
	series := func(pod string, values ...float64) investigations.NodeRecorderSeries {
		return investigations.NodeRecorderSeries{Pod: pod, Name: investigations.RecordedAnon, StepMS: 1000, Values: values}
	}
	a := rec(at, at.Add(3*time.Second), series("p", 1, 2, 3), series("q", 9, 9, 9))
	b := rec(at.Add(1600*time.Millisecond), at.Add(5*time.Second), series("r", 7, 7), series("p", 30, nan, 5))
	top := func(pid int64) investigations.NodeRecorderTop {
		return investigations.NodeRecorderTop{At: at, PID: pid, ContainerID: "c"}
	}
	a.Top, b.Top = []investigations.NodeRecorderTop{top(1), top(2)}, []investigations.NodeRecorderTop{top(2), top(3)}
	want := rec(at, at.Add(5*time.Second), series("p", 1, 2, 30, nan, 5), series("q", 9, 9, 9), series("r", nan, nan, 7, 7))
	want.Top = []investigations.NodeRecorderTop{top(1), top(2), top(3)}
	equal := cmp.Comparer(func(x, y float64) bool { return x == y || math.IsNaN(x) && math.IsNaN(y) })
	if diff := cmp.Diff(want, merged(a, b), equal); diff != "" {
		t.Error(diff)
	}
	// The earlier one may come last.
	early := rec(at.Add(-2*time.Second), at, series("q", 8))
	want = rec(at.Add(-2*time.Second), at.Add(5*time.Second), series("r", nan, nan, nan, nan, 7, 7), series("q", 8))
	b.Top = nil
	b.Series = b.Series[:1]
	if diff := cmp.Diff(want, merged(b, early), equal); diff != "" {
		t.Error(diff)
	}
}
