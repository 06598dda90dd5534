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

// TestAgentWithoutNames: an agent that reaches no API server goes by the first digits of a container's id, for which the
// cluster knows a name.
func TestAgentWithoutNames(t *testing.T) {
	at := testAt.Truncate(time.Second)
	known := seriesOf("current", 1, 2)
	unknown := known
	for i, s := range []*investigations.NodeRecorderSeries{&known, &unknown} {
		s.ContainerID = []string{known.ContainerID, "0123456789abcdef"}[i]
		s.Container = s.ContainerID[:min(len(s.ContainerID), 12)]
	}
	_, r, _ := recordedBy(t, ledger{account: investigations.NodeAccount{Recordings: []investigations.NodeRecording{{
		From: at.Add(-2 * time.Second), To: at, Series: []investigations.NodeRecorderSeries{known, unknown},
	}}}})
	if r == nil || len(r.Series) != 2 || r.Series[0].Container != "api" || r.Series[1].Container != "0123456789ab" {
		t.Errorf("%+v", r)
	}
}

// spanLedger answers with what of an account overlaps the time asked for, as a ledger does, and keeps what was asked.
type spanLedger struct {
	recordings []investigations.NodeRecording
	from, to   *time.Time
}

func (l spanLedger) Account(_ context.Context, _ string, from, to time.Time) (a investigations.NodeAccount, _ error) {
	*l.from, *l.to = from, to
	for _, r := range l.recordings {
		if !r.To.Before(from) && !r.From.After(to) {
			a.Recordings = append(a.Recordings, r)
		}
	}
	return a, nil
}

// TestAgentBehind: what came after the moment is kept as far as scraped series are: the life that followed, and that
// memory fell, which a kill some minutes later brought.
func TestAgentBehind(t *testing.T) {
	at := testAt.Truncate(time.Second)
	ring := func(end time.Duration, value func(after time.Duration) float64) investigations.NodeRecording {
		r := investigations.NodeRecording{From: at.Add(end - 15*time.Minute + time.Second), To: at.Add(end)}
		var values []float64
		for moment := r.From; !moment.After(r.To); moment = moment.Add(time.Second) {
			values = append(values, value(moment.Sub(at)))
		}
		r.Series = []investigations.NodeRecorderSeries{seriesOf("current", values...)}
		r.Top = []investigations.NodeRecorderTop{{At: r.To, PodUID: testSubject().Pods[0].UID, PID: int64(end / time.Minute), Comm: "java", RSSBytes: 9}}
		return r
	}
	life := func(after time.Duration) float64 {
		if after <= 0 {
			return 100
		}
		return 20 + after.Minutes()
	}
	var from, to time.Time
	live, err := NewLive(endpoint.Config{}, LiveOptions{Agents: spanLedger{
		recordings: []investigations.NodeRecording{ring(0, life), ring(8*time.Minute, life), ring(14*time.Minute, life), ring(2*time.Hour, life)}, from: &from, to: &to,
	}})
	if err != nil {
		t.Fatal(err)
	}
	rec := record(t, live, testSubject())
	res, err := New(rec.FS()).Query(t.Context(), testSubject().Request)
	if err != nil || len(res.Evidence.Metrics.Recorder) != 1 {
		t.Fatal(err, res.BlindSpots)
	}
	if !from.Equal(testAt.Add(-agentBefore)) || !to.Equal(testAt.Add(behind)) {
		t.Errorf("asked from %s to %s, for a moment of %s", from, to, testAt)
	}
	r := res.Evidence.Metrics.Recorder[0]
	s := r.Series[0].Series
	first, last := time.UnixMilli(s.T[0]).Sub(at), time.UnixMilli(s.T[len(s.T)-1]).Sub(at)
	if first > -14*time.Minute || last < behind-2*time.Second || last > behind+time.Second {
		t.Errorf("the series is from %s to %s around the moment", first, last)
	}
	for i, ms := range s.T {
		if want := life(time.UnixMilli(ms).Sub(at)); s.V[i] != want {
			t.Fatalf("%s after the moment it is %g, want %g", time.UnixMilli(ms).Sub(at), s.V[i], want)
		}
	}
	var pids []int64
	for _, p := range r.Top {
		pids = append(pids, p.PID)
	}
	if diff := cmp.Diff([]int64{0, 8}, pids); diff != "" {
		t.Error(diff)
	}
}

// TestAgentMuchBehind: what is far behind the moment is thinned out as what is far before it.
func TestAgentMuchBehind(t *testing.T) {
	rec := investigations.NodeRecording{From: testAt.Truncate(time.Second).Add(-5 * time.Minute), To: testAt.Add(10 * time.Minute)}
	for i := range 250 {
		s := seriesOf(fmt.Sprintf("s%d", i), make([]float64, 880)...)
		rec.Series = append(rec.Series, s)
	}
	_, r, spots := recordedBy(t, ledger{account: investigations.NodeAccount{Recordings: []investigations.NodeRecording{rec}}})
	if r == nil || len(spots) > 0 || len(r.Series) != 250 {
		t.Fatal(r == nil, spots)
	}
	last := r.Series[0].Series.T
	if n := len(last); last[n-1]-last[n-2] != agentEvery.Milliseconds() || last[1]-last[0] != agentEvery.Milliseconds() {
		t.Errorf("%v", last)
	}
}
