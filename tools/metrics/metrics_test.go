package metrics

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/toolstest"
)

var testAt = time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC)

func testRequest() investigations.Request {
	return investigations.Request{
		At: testAt, Target: investigations.Target{Namespace: "shop", Pod: "api-1", Container: "api"},
	}
}

// full answers every query for the target.
func full() map[string]string {
	docs := map[string]string{}
	for _, s := range specs() {
		docs[s.name] = matrix(series(`{"namespace":"shop","pod":"api-1","container":"api","node":"n1"}`,
			sample(60, "400"), sample(30, "500"), sample(0, "100")))
	}
	return docs
}

func bundleOf(docs map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for q, doc := range docs {
		fsys["metrics/"+q+".json"] = &fstest.MapFile{Data: []byte(doc)}
	}
	return fsys
}

func query(t *testing.T, fsys fs.FS, req investigations.Request) investigations.ToolResult {
	t.Helper()
	res := toolstest.Query(t, New(fsys), req)
	for _, b := range res.BlindSpots {
		if b.Tool != investigations.ToolMetrics || b.Why == "" || b.WouldTell == "" {
			t.Errorf("blind spot %+v", b)
		}
	}
	return res
}

func TestQueryReadsEverything(t *testing.T) {
	res := query(t, bundleOf(full()), testRequest())
	if len(res.BlindSpots) > 0 {
		t.Errorf("blind spots: %+v", res.BlindSpots)
	}
	for _, s := range specs() {
		q, ok := res.Evidence.Metrics.Queries[s.name]
		if !ok || len(q.Series) != 1 || q.Source != s.file() || len(q.Series[0].T) != 3 {
			t.Errorf("%s: %+v", s.name, q)
		}
	}
}

// TestQueryBlindSpots spoils one thing at a time in a bundle that is complete.
func TestQueryBlindSpots(t *testing.T) {
	ws, heap := investigations.QueryWorkingSet, investigations.QueryRuntimeHeap
	other := series(`{"namespace":"shop","pod":"web-1","container":"web"}`, sample(30, "1"))
	tests := []struct {
		name, query, doc string // an empty doc takes the file away
		want             []string
		answered         bool
	}{
		{"missing", ws, "", []string{"metrics/container_working_set.json is missing"}, false},
		{"missing and optional", heap, "", []string{"metrics/ has no runtime_heap"}, false},
		{"nothing in it", ws, " ", []string{"metrics/container_working_set.json is cut off"}, false},
		{"cut in the head", ws, `{"status":"succ`, []string{"metrics/container_working_set.json is cut off"}, false},
		{
			"cut in the samples", ws, full()[ws][:len(full()[ws])-20],
			[]string{"metrics/container_working_set.json is cut off; what stands before that was read"},
			true,
		},
		{
			"a page in place of an answer", ws, "<html>sign in</html>",
			[]string{`metrics/container_working_set.json is not valid JSON at byte 0: "<html>sign" where a value belongs`},
			false,
		},
		{
			"an error", ws, `{"status":"error","errorType":"timeout","error":"query \u001b[31mtimed out"}`,
			[]string{`metrics/container_working_set.json holds an error in place of an answer ("timeout"): "query \x1b[31mtimed out"`},
			false,
		},
		{
			"a vector", ws, `{"status":"success","data":{"resultType":"vector","result":[{"metric":` + apiLabels + `,"value":` + sample(0, "1") + `}]}}`,
			[]string{`metrics/container_working_set.json has the wrong type: a "vector", where a matrix (query_range) belongs`},
			false,
		},
		{"a list", ws, `[1,2]`, []string{"metrics/container_working_set.json has the wrong type: it is no object"}, false},
		{"null", ws, `null`, []string{"metrics/container_working_set.json has the wrong type: it is no object"}, false},
		{"something else", ws, `{"apiVersion":"v1","items":[]}`, []string{"metrics/container_working_set.json has the wrong type: it holds no list of series"}, false},
		{"a list of no series", ws, matrix(`7`, `"x"`), []string{"metrics/container_working_set.json has the wrong type: it holds no list of series"}, false},
		{"no series", ws, matrix(), []string{"metrics/container_working_set.json holds no series of the target"}, true},
		{"others' series", ws, matrix(other), []string{"metrics/container_working_set.json holds no series of the target"}, true},
		{"others' series, optional", heap, matrix(other), []string{"runtime_heap hold no series of the target"}, true},
		{
			"without labels", ws, matrix(series(`{"job":"x"}`, sample(30, "1"))),
			[]string{"metrics/container_working_set.json: no series carries the labels that tell whose memory it is (missing: namespace, pod, container)"},
			false,
		},
		{
			"a node without a label", investigations.QueryNodeAvailable, matrix(series(`{}`, sample(30, "1"))),
			[]string{"metrics/node_available.json: series do not carry the label node"},
			true,
		},
		{
			"a warning", ws, strings.Replace(full()[ws], `"data"`, `"warnings":["store x is down"],"infos":["i"],"data"`, 1),
			[]string{`metrics/container_working_set.json may be incomplete, Prometheus warned: "store x is down"`},
			true,
		},
		{
			"a partial answer", ws, strings.Replace(full()[ws], `"data"`, `"isPartial":true,"data"`, 1),
			[]string{`metrics/container_working_set.json is a partial answer`},
			true,
		},
		{
			"histograms", ws, matrix(`{"metric":` + apiLabels + `,"histograms":[[1,{"count":"1"}]]}`),
			[]string{"metrics/container_working_set.json holds native histograms in 1 series, which are not read"},
			true,
		},
		{
			"milliseconds for seconds", ws, matrix(series(apiLabels, fmt.Sprintf(`[%d,"1"]`, testAt.UnixMilli()/10))),
			[]string{"metrics/container_working_set.json holds samples from 7587-02-12T12:35:00Z to 7587-02-12T12:35:00Z only, outside the window"},
			true,
		},
		{
			"ends too early", ws, matrix(series(apiLabels, sample(1260, "1"), sample(1230, "1"), sample(1200, "1"))),
			[]string{"samples do not cover the moment 2026-03-04T02:17:09Z: metrics/container_working_set.json ends at 2026-03-04T01:57:09Z"},
			true,
		},
		{
			"begins too late", ws, matrix(series(apiLabels, sample(-60, "1"))),
			[]string{"samples do not cover the moment 2026-03-04T02:17:09Z: metrics/container_working_set.json begins at 2026-03-04T02:18:09Z"},
			true,
		},
		{
			"a gap", ws, matrix(series(apiLabels, sample(1860, "1"), sample(1830, "1"), sample(1800, "1"), sample(60, "1"), sample(30, "1"), sample(0, "1"))),
			[]string{"samples do not cover the moment 2026-03-04T02:17:09Z: metrics/container_working_set.json has no sample from 2026-03-04T01:47:09Z to 2026-03-04T02:16:09Z"},
			true,
		},
		{
			"no series of the limit", investigations.QueryLimit, matrix(other),
			[]string{"metrics/container_limit.json holds no series of the target, as of a container without a limit"},
			true,
		},
		{
			"a pod that ended long ago is no gap", investigations.QueryNodePods, matrix(
				series(`{"namespace":"shop","pod":"old-1"}`, sample(7200, "1"), sample(7170, "1"), sample(7140, "1")),
				series(`{"namespace":"shop","pod":"api-1"}`, sample(90, "1"), sample(60, "1"), sample(30, "1")),
				series(`{"namespace":"shop","pod":"web-1"}`, sample(3700, "1"), sample(3400, "1"), sample(3100, "1"), sample(2800, "1"),
					sample(2500, "1"), sample(2200, "1"), sample(1900, "1"), sample(1600, "1"), sample(1300, "1"), sample(1000, "1"),
					sample(700, "1"), sample(400, "1"), sample(100, "1"))),
			nil, true,
		},
		{"no limit", investigations.QueryLimit, matrix(series(apiLabels, sample(30, "0"))), nil, true},
		{"wide steps are no gap", ws, matrix(series(apiLabels, sample(5400, "1"), sample(3600, "1"), sample(1800, "1"), sample(60, "1"))), nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			docs := full()
			docs[tt.query] = tt.doc
			if tt.doc == "" {
				delete(docs, tt.query)
			}
			res := query(t, bundleOf(docs), testRequest())
			var got []string
			for _, b := range res.BlindSpots {
				got = append(got, b.Why)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			q, ok := res.Evidence.Metrics.Queries[tt.query]
			if ok != tt.answered {
				t.Errorf("answered: %v, want %v", ok, tt.answered)
			}
			if broken := tt.name == "cut in the samples" || tt.name == "a warning" || tt.name == "a partial answer"; q.Broken != broken {
				t.Errorf("broken: %v, want %v", q.Broken, broken)
			}
		})
	}
}

func TestQueryWithoutMetrics(t *testing.T) {
	for name, fsys := range map[string]fstest.MapFS{
		"no folder": {"incident.yaml": {}},
		"a file":    {"metrics": {}},
	} {
		res := query(t, fsys, testRequest())
		if len(res.BlindSpots) != 1 || res.Evidence.Metrics != nil || len(res.Facts) > 0 {
			t.Errorf("%s: %+v", name, res)
		}
	}
}

func TestQueryOfANodeNeedsNoContainer(t *testing.T) {
	docs := full()
	for q := range docs {
		if strings.HasPrefix(q, "container_") {
			delete(docs, q)
		}
	}
	req := investigations.Request{At: testAt, Target: investigations.Target{Node: "n1"}}
	res := query(t, bundleOf(docs), req)
	if len(res.BlindSpots) != 1 || !strings.HasPrefix(res.BlindSpots[0].Why, "metrics/ has no container_working_set, container_limit") {
		t.Errorf("%+v", res.BlindSpots)
	}
}

func TestConformance(t *testing.T) {
	tree := bundleOf(full())
	tree["recorder/n1.json"] = &fstest.MapFile{Data: []byte(recorded)}
	toolstest.TestTool(t, func(fsys fs.FS) investigations.Tool { return New(fsys) },
		toolstest.Options{Tree: tree, Request: testRequest()})
}

// refusing refuses one file, as a bundle refuses links and files over its limits.
type refusing struct {
	fstest.MapFS
	name string
	err  error
}

func (r refusing) Open(name string) (fs.File, error) {
	if name == r.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: r.err}
	}
	return r.MapFS.Open(name)
}

func TestQueryRefusedFile(t *testing.T) {
	for want, err := range map[string]error{
		"metrics/traffic.json can't be read: a symbolic link is not followed: forbidden": fmt.Errorf("a symbolic link is not followed: %w", investigations.ErrForbidden),
		"metrics/traffic.json can't be read: too large: over the limit":                  fmt.Errorf("%w: over the limit", investigations.ErrTooLarge),
	} {
		res := query(t, refusing{bundleOf(full()), "metrics/traffic.json", err}, testRequest())
		if len(res.BlindSpots) != 1 || res.BlindSpots[0].Why != want {
			t.Errorf("%+v, want %s", res.BlindSpots, want)
		}
	}
}

func TestQueryEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	fsys := toolstest.EndingFS{MapFS: bundleOf(full()), Suffix: "metrics/node_available.json", End: cancel}
	res, err := New(fsys).Query(ctx, testRequest())
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Evidence.Metrics.Queries) != 2 || len(res.BlindSpots) != 2 {
		t.Errorf("%d queries, blind spots %+v", len(res.Evidence.Metrics.Queries), res.BlindSpots)
	}
	if _, err := New(fsys).Query(ctx, testRequest()); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that was over before: %v", err)
	}
}

// TestSharedBundles reads the recorded incidents.
func TestSharedBundles(t *testing.T) {
	for _, dir := range toolstest.SampleBundles(t) {
		data, err := os.ReadFile(filepath.Join(dir, "incident.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		var req investigations.Request
		if err := yaml.Unmarshal(data, &struct {
			At     *time.Time
			Target *investigations.Target
		}{&req.At, &req.Target}); err != nil {
			t.Fatal(err)
		}
		res := query(t, os.DirFS(dir), req)
		for name, q := range res.Evidence.Metrics.Queries {
			if len(q.Series) == 0 {
				t.Errorf("%s %s: no series", dir, name)
			}
			for _, s := range q.Series {
				if s.Dropped > 0 || len(s.T) < 100 || interval(s) != 30*time.Second {
					t.Errorf("%s %s: %d samples every %s, %d dropped", dir, name, len(s.T), interval(s), s.Dropped)
				}
			}
		}
		for _, b := range res.BlindSpots {
			if !strings.HasPrefix(b.Why, "metrics/ has no ") {
				t.Errorf("%s: %s", dir, b.Why)
			}
		}
		for _, f := range res.Facts {
			t.Log(f.Says)
		}
	}
}
