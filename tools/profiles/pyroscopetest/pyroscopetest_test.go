package pyroscopetest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"
	"github.com/google/pprof/profile"
	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/querier/v1/querierv1connect"
)

var start = time.UnixMilli(1_700_000_000_000)

const heapType = "memory:inuse_space:bytes:space:bytes"

// heap holds n bytes.
func heap(n int64) *profile.Profile {
	f := &profile.Function{ID: 1, Name: "main.hold"}
	l := &profile.Location{ID: 1, Line: []profile.Line{{Function: f}}}
	return &profile.Profile{
		SampleType: []*profile.ValueType{{Type: "inuse_objects", Unit: "count"}, {Type: "inuse_space", Unit: "bytes"}},
		PeriodType: &profile.ValueType{Type: "space", Unit: "bytes"},
		Sample:     []*profile.Sample{{Location: []*profile.Location{l}, Value: []int64{1, n}}},
		Location:   []*profile.Location{l}, Function: []*profile.Function{f},
	}
}

func newServer(t *testing.T) string {
	t.Helper()
	p := &Pyroscope{}
	for i := range 4 {
		p.Profiles = append(p.Profiles, Profile{
			Name: "memory", Labels: map[string]string{"pod": "a"}, At: start.Add(time.Duration(i) * 10 * time.Second), Data: heap(int64(i + 1)),
		})
	}
	srv := httptest.NewServer(p)
	t.Cleanup(srv.Close)
	return srv.URL
}

// TestSums compares with what Pyroscope does: a step's sum stands at its end, which belongs to it, and its beginning
// doesn't; a merge holds both ends.
func TestSums(t *testing.T) {
	for _, option := range [][]connect.ClientOption{nil, {connect.WithProtoJSON()}, {connect.WithGRPCWeb()}} {
		client := querierv1connect.NewQuerierServiceClient(http.DefaultClient, newServer(t), option...)
		res, err := client.SelectSeries(t.Context(), connect.NewRequest(&querierv1.SelectSeriesRequest{
			ProfileTypeID: heapType, LabelSelector: `{pod="a"}`, GroupBy: []string{"pod"}, Step: 20,
			Start: start.UnixMilli(), End: start.Add(30 * time.Second).UnixMilli(),
		}))
		if err != nil {
			t.Fatal(err)
		}
		got := map[int64]float64{}
		for _, pt := range res.Msg.Series[0].Points {
			got[(pt.Timestamp-start.UnixMilli())/1000] = pt.Value
		}
		if diff := cmp.Diff(map[int64]float64{0: 1, 20: 5}, got); diff != "" {
			t.Error(diff)
		}
		//nolint:staticcheck // it is what the stand-in stands in for
		merged, err := client.SelectMergeProfile(t.Context(), connect.NewRequest(&querierv1.SelectMergeProfileRequest{
			ProfileTypeID: heapType, LabelSelector: `{pod=~"a|b"}`,
			Start: start.Add(10 * time.Second).UnixMilli(), End: start.Add(30 * time.Second).UnixMilli(),
		}))
		if err != nil {
			t.Fatal(err)
		}
		if v := merged.Msg.Sample[0].Value; len(v) != 1 || v[0] != 2+3+4 {
			t.Errorf("merged to %v", v)
		}
	}
}

// TestPlainHTTP speaks to the stand-in as the reference of Pyroscope's API shows it, with JSON and no client.
func TestPlainHTTP(t *testing.T) {
	body := `{"profile_typeID": "` + heapType + `", "labelSelector": "{pod=\"a\"}", "start": "1700000000000", "end": "1700000000000"}`
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		newServer(t)+"/querier.v1.QuerierService/SelectMergeProfile", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Sample []struct{ Value []string }
	}
	if err := json.Unmarshal(data, &got); err != nil || len(got.Sample) != 1 || got.Sample[0].Value[0] != "1" {
		t.Errorf("status %d: %s (%v)", res.StatusCode, data, err)
	}
}

func TestStrict(t *testing.T) {
	client := querierv1connect.NewQuerierServiceClient(http.DefaultClient, newServer(t))
	from, to := start.UnixMilli(), start.Add(time.Minute).UnixMilli()
	ok := func() *querierv1.SelectSeriesRequest {
		return &querierv1.SelectSeriesRequest{ProfileTypeID: heapType, LabelSelector: `{pod="a"}`, Start: from, End: to, Step: 1}
	}
	for name, change := range map[string]func(*querierv1.SelectSeriesRequest){
		"no start":     func(r *querierv1.SelectSeriesRequest) { r.Start = 0 },
		"reversed":     func(r *querierv1.SelectSeriesRequest) { r.Start, r.End = r.End, r.Start },
		"too long":     func(r *querierv1.SelectSeriesRequest) { r.End = r.Start + MaxRange.Milliseconds() + 1 },
		"no step":      func(r *querierv1.SelectSeriesRequest) { r.Step = 0 },
		"no type":      func(r *querierv1.SelectSeriesRequest) { r.ProfileTypeID = "" },
		"half a type":  func(r *querierv1.SelectSeriesRequest) { r.ProfileTypeID = "memory:inuse_space" },
		"no selector":  func(r *querierv1.SelectSeriesRequest) { r.LabelSelector = "" },
		"no braces":    func(r *querierv1.SelectSeriesRequest) { r.LabelSelector = `pod="a"` },
		"no quotes":    func(r *querierv1.SelectSeriesRequest) { r.LabelSelector = `{pod=a}` },
		"no comma":     func(r *querierv1.SelectSeriesRequest) { r.LabelSelector = `{pod="a" pod="a"}` },
		"a bad escape": func(r *querierv1.SelectSeriesRequest) { r.LabelSelector = `{pod="\d"}` },
		"no pattern":   func(r *querierv1.SelectSeriesRequest) { r.LabelSelector = `{pod=~"("}` },
	} {
		req := ok()
		change(req)
		if _, err := client.SelectSeries(t.Context(), connect.NewRequest(req)); connect.CodeOf(err) != connect.CodeInvalidArgument {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := client.SelectSeries(t.Context(), connect.NewRequest(ok())); err != nil {
		t.Errorf("without a fault: %v", err)
	}
	for _, matchers := range [][]string{nil, {`{pod="a"}`, `{pod="b"}`}} {
		_, err := client.Series(t.Context(), connect.NewRequest(&querierv1.SeriesRequest{Matchers: matchers, Start: from, End: to}))
		if connect.CodeOf(err) != connect.CodeInvalidArgument {
			t.Errorf("%d selectors: %v", len(matchers), err)
		}
	}
}

func TestMatch(t *testing.T) {
	s := series{&Profile{Labels: map[string]string{"pod": "a.b", "ns": "shop"}}, heapType, 0}
	for selector, want := range map[string]bool{
		`{}`: true, `{pod="a.b"}`: true, `{pod!="a.b"}`: false, `{pod=~"a"}`: false, `{pod=~"a.+"}`: true, `{pod!~"a.+"}`: false,
		`{ pod = "a.b" , ns="shop" }`: true, `{pod="a.b",ns="pay"}`: false, `{other=""}`: true, `{__profile_type__=~"memory:.*"}`: true,
		`{pod=~"a\\.b"}`: true, `{pod=~"a\\\\.b"}`: false,
	} {
		m, err := parseSelector(selector)
		if err != nil {
			t.Errorf("%s: %v", selector, err)
			continue
		}
		if got := m.match(s); got != want {
			t.Errorf("%s matches: %t", selector, got)
		}
	}
}
