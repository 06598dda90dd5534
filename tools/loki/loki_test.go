package loki

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/endpoint"
	"github.com/oombot/oombot/tools/loki/lokitest"
)

var testAt = time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC)

func newClient(t *testing.T, h http.Handler, cfg endpoint.Config) *Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	if cfg.URL == "" {
		cfg.URL = srv.URL
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c.pause = time.Millisecond
	return c
}

func push(t *testing.T, l *lokitest.Loki, labels map[string]string, at time.Time, line string) {
	t.Helper()
	if err := l.Push(labels, at, line); err != nil {
		t.Fatal(err)
	}
}

func lines(a Answer) []string {
	var out []string
	for _, e := range a.Entries {
		out = append(out, e.Line)
	}
	return out
}

// TestPaging: whatever the size of a page, and however many entries share a moment, the lines are the same ones.
func TestPaging(t *testing.T) {
	for _, page := range []int{5, 7, 10, 5000} {
		for _, backward := range []bool{false, true} {
			l := lokitest.New(lokitest.Options{MaxEntries: page})
			var want []string
			for i := range 40 {
				text := fmt.Sprintf("line %02d", i)
				want = append(want, text)
				// Two streams, of which each has two entries at a moment.
				push(t, l, map[string]string{"app": "a", "stream": []string{"err", "out"}[i/2%2]}, testAt.Add(time.Duration(i/4)*time.Second), text)
			}
			push(t, l, map[string]string{"app": "b"}, testAt, "not asked for")
			c := newClient(t, l, endpoint.Config{})
			a, err := c.Query(t.Context(), Query{LogQL: `{app="a"}`, From: testAt, To: testAt.Add(time.Hour), Backward: backward})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, lines(a)); diff != "" || a.More {
				t.Errorf("pages of %d, backward %t, more %t\n%s", page, backward, a.More, diff)
			}
		}
	}
}

// TestLimits: the latest lines are taken backward, and the earliest forward.
func TestLimits(t *testing.T) {
	l := lokitest.New(lokitest.Options{MaxEntries: 4})
	for i := range 30 {
		push(t, l, map[string]string{"app": "a"}, testAt.Add(time.Duration(i)*time.Second), fmt.Sprintf("line %02d", i))
	}
	c := newClient(t, l, endpoint.Config{})
	tests := []struct {
		name  string
		q     Query
		want  []string
		limit bool
	}{
		{"latest", Query{Backward: true, MaxLines: 5}, []string{"line 25", "line 26", "line 27", "line 28", "line 29"}, true},
		{"earliest", Query{MaxLines: 5}, []string{"line 00", "line 01", "line 02", "line 03", "line 04"}, true},
		{"bytes", Query{Backward: true, MaxBytes: 20}, []string{"line 27", "line 28", "line 29"}, true},
		{"to is not in", Query{To: testAt.Add(2 * time.Second)}, []string{"line 00", "line 01"}, false},
		{"from is in", Query{From: testAt.Add(28 * time.Second)}, []string{"line 28", "line 29"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.q.LogQL = `{app="a"}`
			if tt.q.From.IsZero() {
				tt.q.From = testAt
			}
			if tt.q.To.IsZero() {
				tt.q.To = testAt.Add(time.Hour)
			}
			a, err := c.Query(t.Context(), tt.q)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, lines(a)); diff != "" || a.More != tt.limit {
				t.Errorf("more %t\n%s", a.More, diff)
			}
		})
	}
}

// TestSameMoment: entries of one moment keep their order in either direction, and more of them than a page holds
// are told of.
func TestSameMoment(t *testing.T) {
	for _, backward := range []bool{false, true} {
		l := lokitest.New(lokitest.Options{MaxEntries: 5})
		var want []string
		for i := range 5 {
			want = append(want, fmt.Sprintf("row %d", i))
			push(t, l, map[string]string{"app": "a"}, testAt, want[i])
		}
		c := newClient(t, l, endpoint.Config{})
		q := Query{LogQL: `{app="a"}`, From: testAt.Add(-time.Minute), To: testAt.Add(time.Minute), Backward: backward}
		a, err := c.Query(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, lines(a)); diff != "" {
			t.Errorf("backward %t:\n%s", backward, diff)
		}
		push(t, l, map[string]string{"app": "a"}, testAt, "row 5")
		push(t, l, map[string]string{"app": "a"}, testAt.Add(time.Second), "after")
		push(t, l, map[string]string{"app": "b"}, testAt.Add(-time.Second), "before")
		q.LogQL = `{app=~"a|b"}`
		if a, err = c.Query(t.Context(), q); err != nil {
			t.Fatal(err)
		}
		got := lines(a)
		if len(a.Warnings) != 1 || got[0] != "before" || got[len(got)-1] != "after" {
			t.Errorf("backward %t: %q, warnings %q", backward, got, a.Warnings)
		}
	}
}

func TestTenants(t *testing.T) {
	l := lokitest.New(lokitest.Options{Tenants: true, Warnings: []string{"partial\nanswer"}, Categorize: true})
	if err := l.PushTo("shop", map[string]string{"app": "a"}, testAt, "ours"); err != nil {
		t.Fatal(err)
	}
	q := Query{LogQL: `{app="a"}`, From: testAt, To: testAt.Add(1)}
	_, err := newClient(t, l, endpoint.Config{}).Query(t.Context(), q)
	if !errors.Is(err, investigations.ErrForbidden) || !strings.Contains(err.Error(), "X-Scope-OrgID in loki.headers") {
		t.Errorf("without a tenant: %v", err)
	}
	c := newClient(t, l, endpoint.Config{Headers: map[string]string{"X-Scope-OrgID": "other|shop"}})
	a, err := c.Query(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Entries) != 1 || a.Entries[0].Metadata["trace_id"] == "" || a.Entries[0].Labels["app"] != "a" || a.Warnings[0] != "partial answer" {
		t.Errorf("%+v", a)
	}
}

func TestSeriesAndLabels(t *testing.T) {
	l := lokitest.New(lokitest.Options{})
	push(t, l, map[string]string{"app": "a", "node": "n1"}, testAt, "x")
	push(t, l, map[string]string{"app": "b", "node": "n2"}, testAt, "x")
	c := newClient(t, l, endpoint.Config{})
	from, to := testAt.Add(-time.Hour), testAt.Add(time.Hour)
	series, err := c.Series(t.Context(), []string{`{app="a"}`, `{node="n3"}`}, from, to)
	if diff := cmp.Diff([]map[string]string{{"app": "a", "node": "n1"}}, series); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	if series, err = c.Series(t.Context(), []string{`{app="a"}`}, to, to.Add(time.Hour)); len(series) != 0 || err != nil {
		t.Errorf("out of the range: %v %v", series, err)
	}
	names, err := c.Labels(t.Context(), from, to)
	if diff := cmp.Diff([]string{"app", "node"}, names); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	values, err := c.LabelValues(t.Context(), "app", `{node="n2"}`, from, to)
	if diff := cmp.Diff([]string{"b"}, values); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	info, err := c.BuildInfo(t.Context())
	if err != nil || info.Version == "" {
		t.Errorf("%+v %v", info, err)
	}
	if err := c.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestFaults: what a server may do wrong, and what is made of it.
func TestFaults(t *testing.T) {
	write := func(status int, body string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	tests := []struct {
		name string
		h    http.HandlerFunc
		want error
		says string
	}{
		{"page of a proxy", write(200, "<html>sign in</html>"), investigations.ErrUnavailable, "is loki.url the address of a Loki?"},
		{"half an answer", write(200, `{"status":"success","data":{"resultType":"streams","result":[{"stream":{}`), investigations.ErrUnavailable, "can't be read as log lines"},
		{"a metric", write(200, `{"status":"success","data":{"resultType":"matrix","result":[]}}`), investigations.ErrUnavailable, "matrix"},
		{"no success", write(200, `{"status":"error","data":{"resultType":"streams"}}`), investigations.ErrUnavailable, "error"},
		{"time is a number", write(200, `{"status":"success","data":{"resultType":"streams","result":[{"stream":{},"values":[[1,"x"]]}]}}`), investigations.ErrUnavailable, "log lines"},
		{"time is no number", write(200, `{"status":"success","data":{"resultType":"streams","result":[{"stream":{},"values":[["soon","x"]]}]}}`), investigations.ErrUnavailable, "nanoseconds"},
		{"line is null", write(200, `{"status":"success","data":{"resultType":"streams","result":[{"stream":{},"values":[["1",null]]}]}}`), investigations.ErrUnavailable, "line is no text"},
		{"four parts", write(200, `{"status":"success","data":{"resultType":"streams","result":[{"stream":{},"values":[["1","x",{},{}]]}]}}`), investigations.ErrUnavailable, "4 parts"},
		{"metadata is a list", write(200, `{"status":"success","data":{"resultType":"streams","result":[{"stream":{},"values":[["1","x",[]]]}]}}`), investigations.ErrUnavailable, "metadata"},
		{"two documents", write(200, `{"status":"success","data":{"resultType":"streams","result":[]}}{}`), investigations.ErrUnavailable, "log lines"},
		{"forbidden", write(403, "no"), investigations.ErrForbidden, "loki.bearer_token_file"},
		{"not found", write(404, "404 page not found"), investigations.ErrNotFound, "without /loki/api/v1"},
		{"parse error", write(400, "parse error at line 1, col 3"), investigations.ErrUnavailable, "parse error at line 1, col 3"},
		{"down", write(503, "starting"), investigations.ErrUnavailable, "status 503: starting"},
		{"no content", write(204, ""), investigations.ErrUnavailable, "status 204"},
		{"connection cut", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(`{"status":`))
		}, investigations.ErrUnavailable, "broke off"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newClient(t, tt.h, endpoint.Config{})
			a, err := c.Query(t.Context(), Query{LogQL: `{app="hush"}`, From: testAt, To: testAt.Add(1)})
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want %v that says %q", err, tt.want, tt.says)
			}
			if err != nil && strings.Contains(err.Error(), "hush") || len(a.Entries) > 0 {
				t.Errorf("%v %v", err, a)
			}
		})
	}
}

// TestRetry: a server that is busy is asked again, after as long as it says.
func TestRetry(t *testing.T) {
	asked := 0
	l := lokitest.New(lokitest.Options{Fault: func(w http.ResponseWriter, _ *http.Request) bool {
		asked++
		if asked == 1 {
			w.Header().Set("Retry-After", "0")
			http.Error(w, "too many", http.StatusTooManyRequests)
		}
		if asked == 2 {
			http.Error(w, "starting", http.StatusServiceUnavailable)
		}
		return asked < 3
	}})
	push(t, l, map[string]string{"app": "a"}, testAt, "x")
	c := newClient(t, l, endpoint.Config{})
	q := Query{LogQL: `{app="a"}`, From: testAt, To: testAt.Add(1)}
	if a, err := c.Query(t.Context(), q); err != nil || len(a.Entries) != 1 || asked != 3 {
		t.Errorf("%v %v after %d requests", a, err, asked)
	}

	// A pause longer than the time that is left is not begun.
	busy := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		http.Error(w, "too many", http.StatusTooManyRequests)
	}), endpoint.Config{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	began := time.Now()
	if _, err := busy.Query(ctx, q); !errors.Is(err, investigations.ErrUnavailable) || time.Since(began) > 10*time.Second {
		t.Errorf("%v after %s", err, time.Since(began))
	}
}

func TestRetryAfter(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"3": 3 * time.Second, "Wed, 04 Mar 2026 02:17:14 GMT": 5 * time.Second, "Wed, 04 Mar 2026 02:00:00 GMT": 0, "0": 0,
		"": -1, "-5": -1, "soon": -1, "99999999999": -1,
	} {
		got, ok := retryAfter(http.Header{"Retry-After": {text}}, testAt)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// TestHang: a server that never answers costs no more than the time there is.
func TestHang(t *testing.T) {
	c := newClient(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }), endpoint.Config{})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := c.Query(ctx, Query{LogQL: `{app="a"}`, From: testAt, To: testAt.Add(1)})
	if !errors.Is(err, investigations.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

// TestLargeAnswers: an answer that is too large is asked for in smaller pages.
func TestLargeAnswers(t *testing.T) {
	l := lokitest.New(lokitest.Options{})
	long := strings.Repeat("x", 100_000)
	for i := range 400 {
		push(t, l, map[string]string{"app": "a"}, testAt.Add(time.Duration(i)), fmt.Sprint(i, long))
	}
	c := newClient(t, l, endpoint.Config{})
	a, err := c.Query(t.Context(), Query{LogQL: `{app="a"}`, From: testAt, To: testAt.Add(time.Second), MaxBytes: 64 << 20})
	if err != nil || len(a.Entries) != 400 {
		t.Errorf("%d entries, %v", len(a.Entries), err)
	}
}

// TestLongRanges: of a range that the server does not allow, the end is asked for, and that is told.
func TestLongRanges(t *testing.T) {
	l := lokitest.New(lokitest.Options{MaxRange: 48 * time.Hour})
	push(t, l, map[string]string{"app": "a"}, testAt.Add(-72*time.Hour), "early")
	push(t, l, map[string]string{"app": "a"}, testAt.Add(-time.Hour), "late")
	c := newClient(t, l, endpoint.Config{})
	for _, backward := range []bool{false, true} {
		a, err := c.Query(t.Context(), Query{LogQL: `{app="a"}`, From: testAt.Add(-96 * time.Hour), To: testAt, Backward: backward})
		if diff := cmp.Diff([]string{"late"}, lines(a)); diff != "" || err != nil || len(a.Warnings) != 1 || !strings.Contains(a.Warnings[0], "nothing before 2026-03-02T02:17:09Z") {
			t.Errorf("%v %q\n%s", err, a.Warnings, diff)
		}
	}
	series, err := c.Series(t.Context(), []string{`{app="a"}`}, testAt.Add(-96*time.Hour), testAt)
	if len(series) != 1 || err != nil {
		t.Errorf("%v %v", series, err)
	}
	for text, want := range map[string]time.Duration{
		"the query time range exceeds the limit (query length: 96h0m0s, limit: 30d1h)": 721 * time.Hour,
		"the query time range exceeds the limit (query length: x, limit: 1h)":          time.Hour,
		"the query time range exceeds the limit (query length: x, limit: much)":        0,
		"parse error": 0,
	} {
		begin, ok := shorter(refused(http.StatusBadRequest, text), testAt.Add(-9999*time.Hour), testAt)
		if ok != (want > 0) || ok && testAt.Sub(begin) != want {
			t.Errorf("%s: %s %t", text, testAt.Sub(begin), ok)
		}
	}
}

func TestNewFaults(t *testing.T) {
	if _, err := New(endpoint.Config{}); !errors.Is(err, investigations.ErrNotConfigured) || !strings.Contains(err.Error(), "loki.url") {
		t.Error(err)
	}
	if _, err := New(endpoint.Config{URL: "loki:3100"}); err == nil {
		t.Error("an address without http:// is taken")
	}
	secret := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(secret, []byte("hush-hush"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := newClient(t, http.NotFoundHandler(), endpoint.Config{URL: "http://127.0.0.1:1/loki", BearerTokenFile: secret})
	if _, err := c.BuildInfo(t.Context()); !errors.Is(err, investigations.ErrUnavailable) || strings.Contains(err.Error(), "hush") {
		t.Error(err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"status":"success","data":{"resultType":"streams","result":[{"stream":{"a":"b"},"values":[["1","x"],["2","y",{"k":"v"}]]}]}}`), true)
	f.Add([]byte(`{"status":"success","data":{"resultType":"streams","result":[{"stream":null,"values":[["3","x",{"structuredMetadata":{"k":"v"},"parsed":{}}]]}]},"warnings":["w"]}`), false)
	f.Add([]byte(`{"status":"success","data":{"resultType":"streams","result":[{"values":null}]}}`), false)
	f.Fuzz(func(t *testing.T, body []byte, backward bool) {
		entries, _, err := decode(body, backward)
		if err != nil {
			if !errors.Is(err, investigations.ErrUnavailable) || len(entries) > 0 {
				t.Errorf("%d entries, %v", len(entries), err)
			}
			return
		}
		for i := 1; i < len(entries); i++ {
			if entries[i].At.Before(entries[i-1].At) {
				t.Errorf("entry %d is before the one before it", i)
			}
		}
	})
}
