package lokitest

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

var testAt = time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC)

// TestStrict: what is wrong is refused, and says why.
func TestStrict(t *testing.T) {
	l := New(Options{})
	if err := l.Push(map[string]string{"app": "a"}, testAt, "one two"); err != nil {
		t.Fatal(err)
	}
	q := func(more string) string {
		return "/loki/api/v1/query_range?start=1772590620000000000&end=1772590640000000000&query=" + url.QueryEscape(`{app="a"}`) + more
	}
	ql := func(query string) string {
		return "/loki/api/v1/query_range?start=1772590620000000000&end=1772590640000000000&query=" + url.QueryEscape(query)
	}
	tests := []struct {
		path   string
		status int
		says   string
	}{
		{q(""), 200, `"one two"`},
		{q("&limit=5001"), 400, "limit > max_entries_limit_per_query (5001 > 5000)"},
		{q("&limit=0"), 400, "positive"},
		{q("&direction=up"), 400, "direction"},
		{q("&dir=forward"), 400, "dir"},
		{q("&limit=1&limit=2"), 400, "2 times"},
		{"/loki/api/v1/query_range?start=2&end=1&query=x", 400, "after the start"},
		{"/loki/api/v1/query_range?start=1700000000&end=1800000000&query=x", 400, "exceeds the limit"},
		{ql(""), 400, "parse error at line 1, col 1: syntax error: unexpected the end, expecting {"},
		{ql(`{}`), 400, `unexpected "}"`},
		{ql(`{app="a"`), 400, "expecting , or }"},
		{ql(`{app='a'}`), 400, "a quoted text"},
		{ql(`{app=~"("}`), 400, "parse error"},
		{ql(`{app=~".*"}`), 400, "demands a label"},
		{ql(`{app!="b"}`), 400, "demands a label"},
		{ql(`{app="a"} | json`), 400, "expecting |= or |~"},
		{ql(`{app="a"} |= "two" != "three" |~ "o+" !~ "x"`), 200, `"one two"`},
		{ql(`{app=~"a|b",zone="",team!~"x+"} |= "three"`), 200, `"result":[]`},
		{"/loki/api/v1/series?start=1772590620000000000&end=1772590640000000000", 400, "0 matcher groups"},
		{"/loki/api/v1/series?start=1772590620000000000&end=1772590640000000000&match[]=" + url.QueryEscape(`{app="a"} |= "x"`), 400, "only a stream selector"},
		{"/loki/api/v1/nothing", 404, "not found"},
	}
	for _, tt := range tests {
		w := httptest.NewRecorder()
		l.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, tt.path, http.NoBody))
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.says) {
			t.Errorf("%s\n%d %s, want %d and %q", tt.path, w.Code, w.Body, tt.status, tt.says)
		}
	}
	w := httptest.NewRecorder()
	l.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, q(""), http.NoBody))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST is answered with %d", w.Code)
	}
	if n := len(l.Asked()); n != len(tests)+1 {
		t.Errorf("%d requests are noted", n)
	}
}

// TestPush: entries are kept as Loki keeps them.
func TestPush(t *testing.T) {
	l := New(Options{})
	labels := map[string]string{"app": "a"}
	for _, e := range []struct {
		at   time.Duration
		line string
	}{{0, "b"}, {0, "b"}, {time.Second, "c"}, {-time.Second, "a"}, {0, "b2"}} {
		if err := l.Push(labels, testAt.Add(e.at), e.line); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Push(labels, testAt.Add(-2*time.Hour), "old"); err == nil {
		t.Error("an entry two hours behind is taken")
	}
	if err := l.Push(nil, testAt, "x"); err == nil {
		t.Error("an entry without labels is taken")
	}
	var got []string
	for _, e := range l.streams[noTenant][0].entries {
		got = append(got, e.line)
	}
	if strings.Join(got, " ") != "a b b2 c" {
		t.Error(got)
	}
}
