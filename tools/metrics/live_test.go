package metrics

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/bundle"
	"github.com/oombot/oombot/tools/endpoint"
)

func newLive(t *testing.T, url string, cfg endpoint.Config, opt LiveOptions) *Live {
	t.Helper()
	cfg.URL = url
	if opt.Now == nil {
		opt.Now = func() time.Time { return testAt.Add(time.Hour) }
	}
	l, err := NewLive(cfg, opt)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// record has l record s, within ten seconds.
func record(t *testing.T, l *Live, s investigations.Subject) *bundle.Recording {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	rec := bundle.NewRecording()
	if err := l.Record(ctx, s, rec); err != nil {
		t.Fatal(err)
	}
	return rec
}

func file(t *testing.T, rec *bundle.Recording, query string) string {
	t.Helper()
	data, err := fs.ReadFile(rec.FS(), "metrics/"+query+".json")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestRecord(t *testing.T) {
	_, url := newFakeServer(t, gauges()...)
	l := newLive(t, url, endpoint.Config{}, LiveOptions{})
	rec := record(t, l, testSubject())
	res := query(t, rec.FS(), testSubject().Request)
	for _, b := range res.BlindSpots {
		t.Errorf("blind spot: %s", b.Why)
	}
	for _, spec := range specs() {
		q := res.Evidence.Metrics.Queries[spec.name]
		origin, _ := rec.Origin(spec.file())
		if len(q.Series) != 1 || origin.Name != "Prometheus query "+spec.name || !strings.Contains(origin.Source, "{") {
			t.Errorf("%s: %d series from %+v", spec.name, len(q.Series), origin)
			continue
		}
		s := q.Series[0]
		if spec.has("container") && (s.Namespace != "shop" || s.Pod != "api-7c9d8f6b5-x2x4p" || s.Container != "api") || spec.has("node") && s.Node != "n1" {
			t.Errorf("%s measures %s/%s/%s on %s", spec.name, s.Namespace, s.Pod, s.Container, s.Node)
		}
		if first, last := s.T[0], s.T[len(s.T)-1]; last != testAt.UnixMilli() || first != testAt.Add(-6*time.Hour).UnixMilli() {
			t.Errorf("%s reaches from %s to %s", spec.name, clock(first), clock(last))
		}
	}
	again := record(t, l, testSubject())
	for _, spec := range specs() {
		if file(t, rec, spec.name) != file(t, again, spec.name) {
			t.Errorf("%s differs the second time", spec.name)
		}
	}
}

func TestRecordNotConfigured(t *testing.T) {
	l, err := NewLive(endpoint.Config{}, LiveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	why := record(t, l, testSubject()).Missed("metrics")
	if !errors.Is(why, investigations.ErrNotConfigured) || !strings.Contains(why.Error(), "OOMBOT_PROMETHEUS_URL") {
		t.Errorf("missed: %v", why)
	}
	if d := l.Describe(); d.Name != investigations.ToolMetrics || !slices.Contains(d.Permissions, "prometheus query_range") {
		t.Errorf("%+v", d)
	}
	if c := l.Check(context.Background(), testSubject()); len(c) != 1 || c[0].State != investigations.CheckWarn || c[0].Fix == "" {
		t.Errorf("%+v", c)
	}
}

func TestNewLiveNamesAllFaults(t *testing.T) {
	_, err := NewLive(endpoint.Config{
		URL: "prometheus:9090", Queries: map[string]string{"trafik": "up", "node_total": "$nod"},
	}, LiveOptions{})
	for _, want := range []string{"nearest is traffic", "nearest is $node", "http://prometheus:9090"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not hold %s", err, want)
		}
	}
}

// TestRecordFaults has every request fail.
func TestRecordFaults(t *testing.T) {
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "60") // more patience than an investigation has
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	tests := []struct {
		name    string
		handler http.HandlerFunc
		want    error
		says    string
	}{
		{"no credentials", answer(401, "no org id"), investigations.ErrForbidden, "X-Scope-OrgID"},
		{"forbidden", answer(403, "token=hunter22 is not known"), investigations.ErrForbidden, "prometheus.bearer_token_file"},
		{"another path", answer(404, "404 page not found"), investigations.ErrNotFound, "prometheus.url"},
		{"broken", answer(500, "oops"), investigations.ErrUnavailable, "status 500: oops"},
		{"throttled", answer(429, "slow down"), investigations.ErrUnavailable, "status 429"},
		{"restarting", answer(503, "starting"), investigations.ErrUnavailable, "status 503"},
		{"a page", answer(200, "<html>sign in</html>"), investigations.ErrUnavailable, "none of a Prometheus API"},
		{"refused", answer(400, `{"status":"error","errorType":"bad_data","error":"1:1: parse error"}`), investigations.ErrUnavailable, "parse error"},
		{"no data", answer(200, `{"status":"success"}`), investigations.ErrUnavailable, ""},
		{"cut", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, `{"status":"succ`)
		}, investigations.ErrUnavailable, "cut"},
		{"dropped", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, investigations.ErrUnavailable, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv := httptest.NewServer(tt.handler)
			defer srv.Close()
			l := newLive(t, srv.URL, endpoint.Config{}, LiveOptions{})
			why := record(t, l, testSubject()).Missed("metrics")
			if !errors.Is(why, tt.want) || !strings.Contains(why.Error(), tt.says) || strings.Contains(why.Error(), "hunter22") {
				t.Errorf("missed: %v", why)
			}
			checks := l.Check(context.Background(), testSubject())
			if len(checks) != 1 || checks[0].State != investigations.CheckFail || checks[0].Fix == "" {
				t.Errorf("checks: %+v", checks)
			}
		})
	}
}

func TestRecordOfNoServer(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	l := newLive(t, srv.URL, endpoint.Config{}, LiveOptions{})
	why := record(t, l, testSubject()).Missed("metrics")
	if !errors.Is(why, investigations.ErrUnavailable) || !strings.Contains(why.Error(), "connection refused") {
		t.Errorf("missed: %v", why)
	}
}

// TestRecordEveryQueryFails has a server that lets us look around, and no further.
func TestRecordEveryQueryFails(t *testing.T) {
	node := testSubject()
	node.Request.Target = investigations.Target{Node: "n1"}
	for _, s := range []investigations.Subject{testSubject(), node} {
		f, url := newFakeServer(t, gauges()...)
		f.before = func(w http.ResponseWriter, path, _ string) bool {
			if path == "/api/v1/query_range" {
				w.WriteHeader(http.StatusForbidden)
			}
			return path == "/api/v1/query_range"
		}
		rec := record(t, newLive(t, url, endpoint.Config{}, LiveOptions{}), s)
		if why := rec.Missed("metrics"); !errors.Is(why, investigations.ErrForbidden) {
			t.Errorf("%s: missed: %v", s.Request.Target, why)
		}
		res := query(t, rec.FS(), s.Request)
		if res.Evidence.Metrics != nil || !strings.Contains(res.BlindSpots[0].Why, "forbidden") {
			t.Errorf("%s: %+v", s.Request.Target, res.BlindSpots)
		}
	}
}

func TestRecordOneQueryFails(t *testing.T) {
	f, url := newFakeServer(t, gauges()...)
	f.before = func(w http.ResponseWriter, path, query string) bool {
		if path != "/api/v1/query_range" || !strings.Contains(query, "container_memory_rss") {
			return false
		}
		f.refuse(w, http.StatusUnprocessableEntity, "execution", "multiple matches for labels")
		return true
	}
	rec := record(t, newLive(t, url, endpoint.Config{}, LiveOptions{}), testSubject())
	why := rec.Missed("metrics/container_rss.json")
	if !errors.Is(why, investigations.ErrUnavailable) || !strings.Contains(why.Error(), "multiple matches") {
		t.Errorf("missed: %v", why)
	}
	if res := query(t, rec.FS(), testSubject().Request); len(res.Evidence.Metrics.Queries) != len(specs())-1 {
		t.Errorf("%d queries were answered", len(res.Evidence.Metrics.Queries))
	}
}

// TestRecordOneQueryHangs holds that what was read until the deadline is kept.
func TestRecordOneQueryHangs(t *testing.T) {
	f, url := newFakeServer(t, gauges()...)
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	f.before = func(_ http.ResponseWriter, path, query string) bool {
		if path == "/api/v1/query_range" && strings.Contains(query, "container_memory_cache") {
			<-release
			return true
		}
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), 1500*time.Millisecond)
	defer cancel()
	rec := bundle.NewRecording()
	begun := time.Now()
	if err := newLive(t, url, endpoint.Config{}, LiveOptions{}).Record(ctx, testSubject(), rec); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
	why := rec.Missed("metrics/container_cache.json")
	if !errors.Is(why, context.DeadlineExceeded) || !errors.Is(why, investigations.ErrUnavailable) {
		t.Errorf("missed: %v", why)
	}
	if res := query(t, rec.FS(), testSubject().Request); len(res.Evidence.Metrics.Queries) != len(specs())-1 {
		t.Errorf("%d queries were answered", len(res.Evidence.Metrics.Queries))
	}
}

func TestRecordWaitsWhereItIsAskedTo(t *testing.T) {
	f, url := newFakeServer(t, gauges()...)
	refused := make(chan bool, 1)
	refused <- true
	f.before = func(w http.ResponseWriter, path, query string) bool {
		if path != "/api/v1/query_range" || !strings.Contains(query, "container_memory_rss") {
			return false
		}
		select {
		case <-refused:
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
			return true
		default:
			return false
		}
	}
	rec := record(t, newLive(t, url, endpoint.Config{}, LiveOptions{}), testSubject())
	if !strings.Contains(file(t, rec, investigations.QueryRSS), `"300000000"`) {
		t.Error("the request was not made again")
	}
}

func TestRecordTooMuch(t *testing.T) {
	f, url := newFakeServer(t, gauges()...)
	f.before = func(w http.ResponseWriter, path, query string) bool {
		if path != "/api/v1/query_range" || !strings.HasPrefix(query, "min(") && !strings.Contains(query, "container_memory_rss") || strings.Contains(query, "[120s]") {
			return false
		}
		f.refuse(w, http.StatusUnprocessableEntity, "execution", "query processing would load too many samples into memory")
		return true
	}
	rec := record(t, newLive(t, url, endpoint.Config{}, LiveOptions{}), testSubject())
	res := query(t, rec.FS(), testSubject().Request)
	for name, want := range map[string]string{investigations.QueryRSS: "max_over_time(", investigations.QueryNodeAvailable: "min(min_over_time("} {
		s := res.Evidence.Metrics.Queries[name].Series
		if len(s) != 1 || interval(s[0]) != 2*time.Minute {
			t.Errorf("%s: %d series", name, len(s))
		}
		if !slices.ContainsFunc(f.wide, func(q string) bool { return strings.HasPrefix(q, want) }) {
			t.Errorf("%s: no peak was asked for: %q", name, f.wide)
		}
	}
}

func TestRecordOlderPartFails(t *testing.T) {
	f, url := newFakeServer(t, gauges()...)
	f.before = func(w http.ResponseWriter, path, query string) bool {
		if path == "/api/v1/query_range" && strings.HasPrefix(query, "max_over_time(container_memory_rss") {
			f.refuse(w, http.StatusInternalServerError, "internal", "block is gone")
			return true
		}
		return false
	}
	s := testSubject()
	s.Request.Window = 10 * 24 * time.Hour
	rec := record(t, newLive(t, url, endpoint.Config{}, LiveOptions{}), s)
	q := query(t, rec.FS(), s.Request).Evidence.Metrics.Queries[investigations.QueryRSS]
	if !q.Broken || len(q.Series) != 1 || !strings.Contains(file(t, rec, investigations.QueryRSS), "block is gone") {
		t.Errorf("%t, %d series", q.Broken, len(q.Series))
	}
}

func TestRecordPartialAnswers(t *testing.T) {
	for extra, want := range map[string]string{
		`"isPartial":true,`: "is a partial answer",
		`"warnings":["store x is down, password=hunter2"],`: `Prometheus warned: "store x is down, password=[redacted]"`,
	} {
		f, url := newFakeServer(t, gauges()...)
		f.extra = extra
		rec := record(t, newLive(t, url, endpoint.Config{}, LiveOptions{}), testSubject())
		res := query(t, rec.FS(), testSubject().Request)
		if !res.Evidence.Metrics.Queries[investigations.QueryWorkingSet].Broken ||
			!slices.ContainsFunc(res.BlindSpots, func(b investigations.BlindSpot) bool { return strings.Contains(b.Why, want) }) {
			t.Errorf("%s: %+v", extra, res.BlindSpots)
		}
	}
}

func TestRecordOfANode(t *testing.T) {
	node := fakeSeries{
		metric: "node_memory_MemAvailable_bytes", labels: map[string]string{}, asked: `node="n1"`,
		from: 7 * time.Hour, every: time.Minute, value: 1e9,
	}
	_, url := newFakeServer(t, node)
	s := investigations.Subject{Node: "n1", Request: testSubject().Request}
	s.Request.Target = investigations.Target{Node: "n1"}
	rec := record(t, newLive(t, url, endpoint.Config{}, LiveOptions{}), s)
	for _, spec := range specs() {
		_, kept := rec.Origin(spec.file())
		if of := spec.target; of == kept {
			t.Errorf("%s: recorded or missed: %t", spec.name, kept)
		}
	}
	if q := query(t, rec.FS(), s.Request).Evidence.Metrics.Queries[investigations.QueryNodeAvailable]; len(q.Series) != 1 || q.Series[0].Node != "n1" {
		t.Errorf("%+v", q)
	}
}

func TestRecordOfNothing(t *testing.T) {
	_, url := newFakeServer(t)
	rec := record(t, newLive(t, url, endpoint.Config{}, LiveOptions{}), testSubject())
	var why []string
	for _, b := range rec.BlindSpots(investigations.ToolMetrics) {
		why = append(why, b.Why)
	}
	all := strings.Join(why, "\n")
	for _, want := range []string{"Prometheus knows nothing of the target", "tried istio_requests_total, envoy_cluster_upstream_rq_total"} {
		if !strings.Contains(all, want) {
			t.Errorf("no blind spot says %s: %s", want, all)
		}
	}
	if got := file(t, rec, investigations.QueryWorkingSet); got != `{"status":"success","data":{"resultType":"matrix","result":[`+"\n]}}\n" {
		t.Error(got)
	}
}

func TestRecordConfiguredQuery(t *testing.T) {
	own := fakeSeries{metric: "shop:requests", labels: map[string]string{"route": "/", "session_token": "abc"}, from: 7 * time.Hour, every: 30 * time.Second, value: 5}
	_, url := newFakeServer(t, append(gauges(), own)...)
	l := newLive(t, url, endpoint.Config{Queries: map[string]string{"traffic": `sum by (route) (shop:requests{workload="$workload"})`}}, LiveOptions{})
	rec := record(t, l, testSubject())
	origin, _ := rec.Origin("metrics/traffic.json")
	if origin.Source != `sum by (route) (shop:requests{workload="api"})` {
		t.Error(origin.Source)
	}
	if got := file(t, rec, investigations.QueryTraffic); !strings.Contains(got, `{"route":"/","session_token":"[redacted]"}`) {
		t.Errorf("%.300s", got)
	}
}
