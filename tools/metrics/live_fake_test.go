package metrics

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakeSeries is a series that a fakeServer holds.
type fakeSeries struct {
	metric string
	labels map[string]string
	// asked must stand in a query, beside the metric, for the series to be in its answer.
	asked string
	// from and to bound its samples, in seconds before the moment; every is their distance.
	from, to, every time.Duration
	value           float64
}

// fakeServer speaks Prometheus' API as far as a Live needs it, and is strict about what it is sent. It matches
// series by the text of a query and evaluates nothing: that the expressions do what they should was tried with a
// real server.
type fakeServer struct {
	t      *testing.T
	series []fakeSeries
	// extra stands in every answer, as `"warnings":["x"],`.
	extra string
	// before answers a request in place of the server, where it returns true.
	before func(w http.ResponseWriter, path, query string) bool

	mu      sync.Mutex
	queries []string
	wide    []string // expressions of query_range that look between steps
}

func newFakeServer(t *testing.T, series ...fakeSeries) (*fakeServer, string) {
	t.Helper()
	for i := range series {
		if series[i].labels == nil {
			series[i].labels = map[string]string{}
		}
	}
	f := &fakeServer{t: t, series: series}
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	return f, srv.URL
}

// ServeHTTP answers one request.
func (f *fakeServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/api/v1/status/buildinfo" {
		fmt.Fprint(w, `{"status":"success","data":{"version":"2.42.0"}}`)
		return
	}
	if r.Method == http.MethodPost && r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		f.t.Errorf("a form of type %s", r.Header.Get("Content-Type"))
	}
	if err := r.ParseForm(); err != nil {
		f.refuse(w, http.StatusBadRequest, "bad_data", err.Error())
		return
	}
	query := r.Form.Get("query")
	f.mu.Lock()
	f.queries = append(f.queries, query)
	f.mu.Unlock()
	if f.before != nil && f.before(w, r.URL.Path, query) {
		return
	}
	for _, d := range []string{r.Form.Get("lookback_delta")} {
		if _, err := time.ParseDuration(d); d != "" && (err != nil || strings.Contains(d, ".")) {
			f.refuse(w, http.StatusBadRequest, "bad_data", "cannot parse "+d)
			return
		}
	}
	switch r.URL.Path {
	case "/api/v1/query":
		f.instant(w, query, f.seconds(r.Form.Get("time")))
	case "/api/v1/query_range":
		f.ranged(w, query, f.seconds(r.Form.Get("start")), f.seconds(r.Form.Get("end")), f.seconds(r.Form.Get("step")))
	case "/api/v1/series":
		f.answer(w, f.labels(r.Form["match[]"][0]))
	default:
		http.NotFound(w, r)
	}
}

func (f *fakeServer) seconds(s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		f.t.Errorf("%q is no number of seconds", s)
	}
	return v
}

func (f *fakeServer) refuse(w http.ResponseWriter, status int, kind, text string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"status":"error","errorType":%q,"error":%q}`, kind, text)
}

func (f *fakeServer) answer(w io.Writer, data any) {
	body, err := json.Marshal(data)
	if err != nil {
		f.t.Error(err)
	}
	fmt.Fprintf(w, `{"status":"success",%s"data":%s}`, f.extra, body)
}

// sample is a sample in an answer.
func (s fakeSeries) sample(at float64) []any {
	return []any{at, strconv.FormatFloat(s.value, 'f', -1, 64)}
}

func (s fakeSeries) in(query string) bool {
	return strings.Contains(query, s.metric+"{") && strings.Contains(query, s.asked)
}

// last returns the time of the last sample at or before t that is younger than back.
func (s fakeSeries) last(t, back float64) (float64, bool) {
	from, to := float64(testAt.Add(-s.from).Unix()), float64(testAt.Add(-s.to).Unix())
	n := int((min(t, to) - from) / s.every.Seconds())
	at := from + float64(n)*s.every.Seconds()
	return at, t >= from && t-at < back
}

var (
	rawSelector = regexp.MustCompile(`^[^()]*\{.*\}\[2700s\]$`)
	presence    = regexp.MustCompile(`label_replace\(count\(max_over_time\(\((.*?)\)\[30m:5m\]\)\), "alternative", "(\d+)", "", ""\)`)
)

func (f *fakeServer) instant(w io.Writer, query string, at float64) {
	type series struct {
		Metric map[string]string `json:"metric"`
		Values [][]any           `json:"values,omitempty"`
		Value  []any             `json:"value,omitempty"`
	}
	result, kind := []series{}, "vector"
	switch {
	case query == "vector(1)":
		result = append(result, series{Metric: map[string]string{}, Value: []any{at, "1"}})
	case rawSelector.MatchString(query):
		kind = "matrix"
		for _, s := range f.series {
			one := series{Metric: s.labels}
			for t := at - around.Seconds(); t <= at; t++ {
				if when, ok := s.last(t, 1); ok {
					one.Values = append(one.Values, s.sample(when))
				}
			}
			if s.in(query) && len(one.Values) > 0 {
				result = append(result, one)
			}
		}
	default:
		parts := presence.FindAllStringSubmatch(query, -1)
		if len(parts) == 0 {
			f.t.Errorf("unexpected query %s", query)
		}
		for _, p := range parts {
			if slices.ContainsFunc(f.series, func(s fakeSeries) bool { return s.in(p[1]) }) {
				result = append(result, series{Metric: map[string]string{"alternative": p[2]}, Value: []any{at, "1"}})
			}
		}
	}
	f.answer(w, map[string]any{"resultType": kind, "result": result})
}

func (f *fakeServer) ranged(w http.ResponseWriter, query string, start, end, step float64) {
	switch {
	case step <= 0 || end < start:
		f.refuse(w, http.StatusBadRequest, "bad_data", "zero or negative step, or end before start")
		return
	case (end-start)/step > 11_000:
		f.refuse(w, http.StatusBadRequest, "bad_data", "exceeded maximum resolution of 11,000 points per timeseries")
		return
	}
	back := step
	if strings.Contains(query, "max_over_time(") || strings.Contains(query, "min_over_time(") {
		f.mu.Lock()
		f.wide = append(f.wide, query)
		f.mu.Unlock()
	}
	result := []any{}
	for _, s := range f.series {
		if !s.in(query) {
			continue
		}
		var values [][]any
		for t := start; t <= end; t += step {
			if _, ok := s.last(t, back); ok {
				values = append(values, s.sample(t))
			}
		}
		if len(values) > 0 {
			result = append(result, map[string]any{"metric": s.labels, "values": values})
		}
	}
	f.answer(w, map[string]any{"resultType": "matrix", "result": result})
}

func (f *fakeServer) labels(match string) []map[string]string {
	sets := []map[string]string{}
	for _, s := range f.series {
		if s.in(match) {
			sets = append(sets, s.labels)
		}
	}
	return sets
}

// asked returns the queries that were sent, sorted.
func (f *fakeServer) asked() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(slices.Values(f.queries))
}

// gauges are series of the target and its node as a cluster usually has them.
func gauges() []fakeSeries {
	pod := map[string]string{"namespace": "shop", "pod": "api-7c9d8f6b5-x2x4p", "container": "api", "image": "api:1", "node": "n1"}
	with := func(more ...string) map[string]string {
		l := maps.Clone(pod)
		for i := 0; i < len(more); i += 2 {
			l[more[i]] = more[i+1]
		}
		return l
	}
	id := with("id", "/kubepods/burstable/pod1a2b3c4d-0000-1111-2222-333344445555/"+strings.Repeat("ab", 32))
	ksm := map[string]string{
		"namespace": "monitoring", "pod": "ksm-0", "container": "ksm", "exported_namespace": "shop",
		"exported_pod": "api-7c9d8f6b5-x2x4p", "exported_container": "api",
	}
	series := func(metric string, labels map[string]string, asked string, v float64) fakeSeries {
		return fakeSeries{metric: metric, labels: labels, asked: asked, from: 7 * time.Hour, every: 30 * time.Second, value: v}
	}
	return []fakeSeries{
		series("container_memory_working_set_bytes", id, "image!=", 4e8),
		series("container_memory_working_set_bytes", id, "container!=\"\"}[2700s]", 4e8),
		series("container_memory_rss", id, "", 3e8),
		series("container_memory_cache", id, "", 1e7),
		series("kube_pod_container_resource_limits", ksm, "exported_namespace", 5e8),
		series("container_oom_events_total", id, "", 1),
		series("kube_pod_container_status_restarts_total", ksm, "exported_namespace", 2),
		series("node_memory_MemAvailable_bytes", nil, "instance=~", 4e9),
		series("node_memory_MemTotal_bytes", nil, "instance=~", 16e9),
		series("http_requests_total", map[string]string{"counter": "http_requests_total"}, "", 12),
		series("go_memstats_heap_inuse_bytes", with("runtime", "go"), "", 2e8),
		series("go_goroutines", with("runtime", "go"), "", 40),
	}
}
