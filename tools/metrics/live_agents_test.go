package metrics

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/endpoint"
)

// ledger answers with an account, or an error.
type ledger struct {
	account investigations.NodeAccount
	err     error
}

func (l ledger) Account(context.Context, string, time.Time, time.Time) (investigations.NodeAccount, error) {
	return l.account, l.err
}

// recordedBy has the account of the target's node's agent written down, without a Prometheus, and reads it.
func recordedBy(t *testing.T, l ledger) (file string, r *investigations.Recorder, spots []investigations.BlindSpot) {
	t.Helper()
	live, err := NewLive(endpoint.Config{}, LiveOptions{Agents: l})
	if err != nil {
		t.Fatal(err)
	}
	rec := record(t, live, testSubject())
	data, _ := fs.ReadFile(rec.FS(), "recorder/n1.json") // it may be missing
	res, err := New(rec.FS()).Query(t.Context(), testSubject().Request)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range rec.BlindSpots(investigations.ToolMetrics) {
		if !strings.Contains(b.Why, "not configured") {
			spots = append(spots, b)
		}
	}
	if o, ok := rec.Origin("recorder/n1.json"); ok && o.Source != "the node agent of n1, POST /v1/kernel-reports" {
		t.Error(o)
	}
	if m := res.Evidence.Metrics; m != nil && len(m.Recorder) == 1 {
		r = &m.Recorder[0]
	}
	return string(data), r, spots
}

// seriesOf is a series of the target's container, which the agent knows by its ids only.
func seriesOf(name string, values ...float64) investigations.NodeRecorderSeries {
	s := testSubject()
	return investigations.NodeRecorderSeries{
		PodUID: s.Pods[0].UID, ContainerID: s.Pods[0].Containers[0].IDs[0], Name: name, Unit: "bytes", StepMS: 1000, Values: values,
	}
}

// TestAgentRecorder: recordings that overlap become one, with the names that the cluster knows.
func TestAgentRecorder(t *testing.T) {
	at := testAt.Truncate(time.Second)
	uid := testSubject().Pods[0].UID
	top := investigations.NodeRecorderTop{At: at.Add(-time.Second), PodUID: uid, PID: 7, Comm: "java", RSSBytes: 9}
	_, r, spots := recordedBy(t, ledger{account: investigations.NodeAccount{
		LosslessFrom: at.Add(-time.Hour), LosslessTo: at.Add(30 * time.Second),
		Pods: []investigations.NodePod{{UID: "u2", Namespace: "other", Name: "b-1", Containers: []investigations.NodeContainer{{ID: "c2", Name: "b"}}}},
		Recordings: []investigations.NodeRecording{
			{
				From: at.Add(-10 * time.Second), To: at.Add(-4 * time.Second),
				Series: []investigations.NodeRecorderSeries{seriesOf("current", 1, 2, 3, math.NaN(), 5, 6), seriesOf("slab", math.NaN(), math.NaN())},
				Top:    []investigations.NodeRecorderTop{{At: at.Add(-time.Second), PodUID: uid, PID: 7, Comm: "old"}, {At: at.Add(-time.Hour), PID: 9}},
			},
			{
				From: at.Add(-8*time.Second + 100*time.Millisecond), To: at.Add(time.Second),
				Series: []investigations.NodeRecorderSeries{
					seriesOf("current", 30, 40, 50, math.NaN(), 70),
					{PodUID: "u2", ContainerID: "c2", Name: "current", Unit: "bytes", StepMS: 1000, Values: []float64{8}},
				},
				Top: []investigations.NodeRecorderTop{top},
			},
		},
	}})
	if r == nil || len(spots) > 0 {
		t.Fatal(r, spots)
	}
	if !r.LosslessSince.Equal(at.Add(-time.Hour)) || !r.To.Equal(at.Add(30*time.Second)) || !r.From.Equal(at.Add(-10*time.Second)) {
		t.Error(r.LosslessSince, r.From, r.To)
	}
	var got []string
	for _, s := range r.Series {
		var values []string
		for i := range s.Series.T {
			values = append(values, fmt.Sprintf("%d:%g", (s.Series.T[i]-at.UnixMilli())/1000, s.Series.V[i]))
		}
		got = append(got, s.Namespace+"/"+s.Pod+"/"+s.Container+" "+s.Name+" "+strings.Join(values, " "))
	}
	want := []string{
		"shop/api-7c9d8f6b5-x2x4p/api current -10:1 -9:2 -8:30 -7:40 -6:50 -5:6 -4:70",
		"other/b-1/b current -8:8",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(r.Top) != 1 || r.Top[0].Comm != "java" || r.Top[0].Pod != "api-7c9d8f6b5-x2x4p" {
		t.Errorf("%+v", r.Top)
	}
}

// TestAgentHeartbeats: where only heartbeats are known, the recorder says how the log was followed.
func TestAgentHeartbeats(t *testing.T) {
	file, r, _ := recordedBy(t, ledger{account: investigations.NodeAccount{LosslessFrom: testAt.Add(-time.Hour), LosslessTo: testAt.Add(time.Minute)}})
	if r == nil || !r.LosslessSince.Equal(testAt.Add(-time.Hour)) || !strings.Contains(file, `"series":[],"top":[]`) {
		t.Errorf("%+v %s", r, file)
	}
	// What ended before the moment is no word about it, but the values are.
	file, r, _ = recordedBy(t, ledger{account: investigations.NodeAccount{
		LosslessFrom: testAt.Add(-time.Hour), LosslessTo: testAt.Add(-time.Hour / 2),
		Recordings: []investigations.NodeRecording{{From: testAt.Add(-10 * time.Second), To: testAt, Series: []investigations.NodeRecorderSeries{seriesOf("anon", 1)}}},
	}})
	if r == nil || !r.LosslessSince.IsZero() || len(r.Series) != 1 || !strings.Contains(file, `"lossless_since":null`) {
		t.Errorf("%+v %s", r, file)
	}
	for _, l := range []ledger{
		{},
		{err: fmt.Errorf("n1: %w", investigations.ErrNotFound)},
		{account: investigations.NodeAccount{LosslessFrom: testAt.Add(-time.Hour), LosslessTo: testAt.Add(-time.Hour / 2)}},
	} {
		if file, _, spots := recordedBy(t, l); file != "" || len(spots) > 0 {
			t.Error(file, spots)
		}
	}
	if _, _, spots := recordedBy(t, ledger{err: investigations.ErrUnavailable}); len(spots) != 1 || !strings.Contains(spots[0].Why, "could not be read") {
		t.Error(spots)
	}
}

// TestAgentMuch: too many values are thinned out far from the moment, and the target's come before all others.
func TestAgentMuch(t *testing.T) {
	values := make([]float64, 1500)
	for i := range values {
		values[i] = float64(i)
	}
	rec := investigations.NodeRecording{From: testAt.Add(-1499 * time.Second), To: testAt}
	for i := range 600 {
		s := seriesOf("current", values...)
		s.Namespace, s.Pod, s.Container, s.PodUID, s.ContainerID = "a", fmt.Sprintf("b-%d", i), "c", "", ""
		rec.Series = append(rec.Series, s)
	}
	rec.Series = append(rec.Series, seriesOf("current", values...))
	for i := range 3 * maxTop {
		rec.Top = append(rec.Top, investigations.NodeRecorderTop{At: testAt.Add(-time.Duration(i/10) * time.Second), PID: int64(i)})
	}
	file, r, spots := recordedBy(t, ledger{account: investigations.NodeAccount{Recordings: []investigations.NodeRecording{rec}}})
	if r == nil || len(spots) > 0 {
		t.Fatal(spots)
	}
	total := 0
	for _, s := range r.Series {
		total += len(s.Series.V)
	}
	if total > agentValues || total < agentValues/2 || r.Series[0].Pod != "api-7c9d8f6b5-x2x4p" || len(r.Top) != maxTop || r.Top[maxTop-1].At.Before(testAt.Add(-time.Second)) {
		t.Errorf("%d values, first %s, %d processes", total, r.Series[0].Pod, len(r.Top))
	}
	last := r.Series[0].Series
	if n := len(last.T); last.T[n-1]-last.T[n-100] != 99_000 || last.T[10]-last.T[0] != 100_000 {
		t.Errorf("%v", last.T)
	}
	if !json.Valid([]byte(file)) {
		t.Error("no JSON")
	}
}
