package alerts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
)

const apiToken = "u+wg4RTyz9qTZzxfjMxR"

// api stands in for PagerDuty's REST API, as strict as its documentation: headers, paths, pages, bodies.
type api struct {
	mu     sync.Mutex
	alerts []json.RawMessage
	notes  []string
	// fail answers in place of the API where it is set.
	fail func(w http.ResponseWriter, r *http.Request)
	// asked are the requests that came.
	asked []string
}

var apiPath = regexp.MustCompile(`^/incidents/([A-Z0-9]+)/(alerts|notes)$`)

func apiError(w http.ResponseWriter, status int, message string, details ...string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"message": message, "code": 2001, "errors": details}})
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, r.Method+" "+r.URL.RequestURI())
	m := apiPath.FindStringSubmatch(r.URL.Path)
	switch {
	case r.Header.Get("Authorization") != "Token token="+apiToken:
		apiError(w, 401, "Unauthorized")
	case a.fail != nil:
		a.fail(w, r)
	case r.Header.Get("Accept") != "application/vnd.pagerduty+json;version=2" || r.Header.Get("Content-Type") != "application/json":
		apiError(w, 400, "Invalid headers")
	case m == nil || m[1] != "Q285NZXJG65XDH":
		apiError(w, 404, "Not Found")
	case r.Method == http.MethodGet && m[2] == "alerts":
		limit, err1 := strconv.Atoi(r.URL.Query().Get("limit"))
		offset, err2 := strconv.Atoi(r.URL.Query().Get("offset"))
		if r.URL.Query().Get("offset") == "" {
			offset, err2 = 0, nil
		}
		if err1 != nil || err2 != nil || limit > 100 {
			apiError(w, 400, "Invalid Input Provided", "limit or offset is invalid")
			return
		}
		from, to := min(offset, len(a.alerts)), min(offset+limit, len(a.alerts))
		apiAnswer(w, 200, map[string]any{"alerts": a.alerts[from:to], "limit": limit, "offset": offset, "more": to < len(a.alerts), "total": nil})
	case r.Method == http.MethodGet && m[2] == "notes":
		notes := []any{}
		for i, n := range a.notes {
			notes = append(notes, map[string]any{
				"id": fmt.Sprintf("PNOTE%d", i), "content": n, "created_at": "2026-03-04T02:30:00Z",
				"user": map[string]any{"id": "PTUXL6G", "type": "user_reference", "summary": "Jo"}, "channel": map[string]any{"summary": "The PagerDuty website or APIs"},
			})
		}
		apiAnswer(w, 200, map[string]any{"notes": notes})
	case r.Method == http.MethodPost && m[2] == "notes":
		var body struct {
			Note struct {
				Content *string `json:"content"`
			} `json:"note"`
		}
		if !strings.Contains(r.Header.Get("From"), "@") {
			apiError(w, 400, "Invalid Input Provided", "Requester User Not Found")
			return
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Note.Content == nil || *body.Note.Content == "" {
			apiError(w, 400, "Invalid Input Provided", "Content cannot be empty.")
			return
		}
		a.notes = append(a.notes, *body.Note.Content)
		apiAnswer(w, 200, map[string]any{"note": map[string]any{"id": "PNEW", "content": *body.Note.Content, "created_at": "2026-03-04T02:30:00Z"}})
	default:
		apiError(w, 405, "Method Not Allowed")
	}
}

func apiAnswer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// pagerTo returns a Pager of a stand-in.
func pagerTo(t *testing.T, a *api) *Pager {
	t.Helper()
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	return NewPager(PagerOptions{URL: server.URL + "/", Token: token(apiToken + "\n"), From: "oombot@acme.example", Transport: server.Client().Transport})
}

func TestPagerAlerts(t *testing.T) {
	var listed struct {
		Alerts []json.RawMessage `json:"alerts"`
	}
	if err := json.Unmarshal(testdata(t, "pagerduty-alerts.json"), &listed); err != nil {
		t.Fatal(err)
	}
	got, err := pagerTo(t, &api{alerts: listed.Alerts}).Alerts(t.Context(), "Q285NZXJG65XDH")
	if err != nil {
		t.Fatal(err)
	}
	want := []bot.Alert{
		{
			Source: bot.SourcePagerDuty, Group: "Q285NZXJG65XDH", ID: "Q285NZXJG65XDH/PALERT1", Name: "KubePodCrashLooping",
			Title: "[FIRING:2] KubePodCrashLooping shop (critical)", Severity: "critical", StartsAt: utc("2026-03-04T02:19:58Z"),
			URL: "https://acme.pagerduty.com/alerts/PALERT1", Cluster: "prod-eu", Memory: true,
			Targets: []target{
				{Namespace: "shop", Pod: checkoutPod, Container: "checkout"},
				{Namespace: "shop", Pod: "checkout-7c9d8f6b5-zz9kq", Container: "checkout"},
			},
		},
		{
			Source: bot.SourcePagerDuty, Group: "Q285NZXJG65XDH", ID: "Q285NZXJG65XDH/PALERT2", Name: "KubernetesContainerOomKiller",
			Title: "[FIRING:1] KubernetesContainerOomKiller", Resolved: true, StartsAt: utc("2026-03-04T02:21:00Z"), Memory: true,
			Targets: []target{{Namespace: "shop", Pod: "cart-0", Container: "cart"}},
		},
		{
			Source: bot.SourcePagerDuty, Group: "Q285NZXJG65XDH", ID: "Q285NZXJG65XDH/PALERT3", Title: "Disk is full", Severity: "warning",
			StartsAt: utc("2026-03-04T02:22:00Z"), Targets: []target{{Namespace: "pay", Pod: "ledger-0"}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPagerAlertsPages(t *testing.T) {
	a := &api{}
	for i := range 700 {
		a.alerts = append(a.alerts, fmt.Appendf(nil, `{"id":"P%d","summary":"x"}`, i))
	}
	got, err := pagerTo(t, a).Alerts(t.Context(), "Q285NZXJG65XDH")
	if err != nil || len(got) != maxPage*maxPages || got[499].ID != "Q285NZXJG65XDH/P499" {
		t.Errorf("got %d alerts, %v; want the first %d", len(got), err, maxPage*maxPages)
	}
	if len(a.asked) != maxPages {
		t.Errorf("asked %q", a.asked)
	}
}

func TestDetails(t *testing.T) {
	tests := map[string]struct {
		details string
		want    []target
	}{
		"a list as a text":        {`{"firing":"[{\"labels\":{\"namespace\":\"shop\",\"pod\":\"cart-0\"}}]"}`, []target{{Namespace: "shop", Pod: "cart-0"}}},
		"only what ended":         {`{"firing":[],"resolved":[{"labels":{"namespace":"shop","pod":"cart-0"}}]}`, []target{{Namespace: "shop", Pod: "cart-0"}}},
		"labels without more":     {`{"kube_namespace":"shop","pod_name":"cart-0","prometheus":"monitoring/k8s"}`, []target{{Namespace: "shop", Pod: "cart-0"}}},
		"a sentence":              {`{"description":"Pod shop/cart-0 (cart) is crash looping"}`, []target{{Namespace: "shop", Pod: "cart-0", Container: "cart"}}},
		"kube-state-metrics' own": {`{"firing":[{"labels":{"exported_namespace":"shop","exported_pod":"cart-0","namespace":"monitoring","pod":"ksm-0"}}]}`, []target{{Namespace: "shop", Pod: "cart-0"}}},
		"numbers and nothing":     {`{"firing":3,"resolved":null,"labels":[1,{"a":2}]}`, nil},
		"a list of texts":         {`["x", "namespace: shop\npod: cart-0"]`, []target{{Namespace: "shop", Pod: "cart-0"}}},
		"null":                    {`null`, nil},
		"deep":                    {strings.Repeat(`[`, 60) + `{"namespace":"shop","pod":"cart-0"}` + strings.Repeat(`]`, 60), nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var v any
			if err := json.Unmarshal([]byte(tt.details), &v); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, readDetails(v).best(reading{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPagerNote(t *testing.T) {
	a := &api{notes: []string{"looking into it", "an older verdict\n(oombot 01OTHER)"}}
	p := pagerTo(t, a)
	for range 2 {
		if err := p.Note(t.Context(), "Q285NZXJG65XDH", "01INCIDENT", "checkout leaks.\nRoll back.\n"); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"looking into it", "an older verdict\n(oombot 01OTHER)", "checkout leaks.\nRoll back.\n(oombot 01INCIDENT)"}
	if diff := cmp.Diff(want, a.notes); diff != "" {
		t.Error(diff)
	}
	if err := p.Note(t.Context(), "Q285NZXJG65XDH", "01LONG", strings.Repeat("ä", maxNote)); err != nil {
		t.Fatal(err)
	}
	long := a.notes[3]
	if len(long) > maxNote || !utf8.ValidString(long) || !strings.HasSuffix(long, "…\n(oombot 01LONG)") {
		t.Errorf("a long note has %d bytes and ends in %q", len(long), long[len(long)-30:])
	}
}

func TestPagerErrors(t *testing.T) {
	tests := []struct {
		name  string
		fail  func(http.ResponseWriter, *http.Request)
		is    error
		after time.Duration
		says  string
	}{
		{"busy", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "30")
			apiError(w, 429, "Rate Limit Exceeded")
		}, investigations.ErrUnavailable, 30 * time.Second, "PagerDuty answered 429 (it is asked too often), try again after 30s: Rate Limit Exceeded"},
		{"busy, in PagerDuty's own header", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("ratelimit-reset", "7")
			apiError(w, 429, "Rate Limit Exceeded")
		}, investigations.ErrUnavailable, 7 * time.Second, "7s"},
		{"busy for years", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "999999999")
			w.WriteHeader(http.StatusTooManyRequests)
		}, investigations.ErrUnavailable, maxPagerWait, "429"},
		{"down", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>", http.StatusBadGateway) }, investigations.ErrUnavailable, 0, "PagerDuty answered 502"},
		{"a token that is not known", func(w http.ResponseWriter, _ *http.Request) { apiError(w, 401, "Unauthorized") }, investigations.ErrForbidden, 0, "does not know the API token"},
		{"a token that may not", func(w http.ResponseWriter, _ *http.Request) { apiError(w, 403, "Access Denied") }, investigations.ErrForbidden, 0, "read-only"},
		{"no such incident", func(w http.ResponseWriter, _ *http.Request) { apiError(w, 404, "Incident Not Found") }, investigations.ErrNotFound, 0, "no such incident"},
		{"a user that is not known", func(w http.ResponseWriter, _ *http.Request) {
			apiError(w, 400, "Invalid Input Provided", "Requester User Not Found")
		}, nil, 0, "pagerduty.from"},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.example/", http.StatusFound)
		}, nil, 0, "302"},
		{"no JSON", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "<html>") }, investigations.ErrUnavailable, 0, "read PagerDuty's answer"},
		{"the token is told back", func(w http.ResponseWriter, r *http.Request) {
			apiError(w, 400, r.Header.Get("Authorization"), apiToken)
		}, nil, 0, "400"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := pagerTo(t, &api{fail: tt.fail})
			_, alertsErr := p.Alerts(t.Context(), "Q285NZXJG65XDH")
			for _, err := range []error{alertsErr, p.Note(t.Context(), "Q285NZXJG65XDH", "m", "text")} {
				if err == nil || tt.is != nil && !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.says) {
					t.Fatalf("got %v; want %v that says %q", err, tt.is, tt.says)
				}
				var refused *PagerError
				if errors.As(err, &refused) && refused.After != tt.after {
					t.Errorf("try again after %s, want %s", refused.After, tt.after)
				}
				if strings.Contains(err.Error(), apiToken) {
					t.Errorf("the token is in %v", err)
				}
			}
		})
	}
}

func TestPagerIsAskedForNothing(t *testing.T) {
	a := &api{}
	good := pagerTo(t, a).o
	noFrom, noToken, noFile, lines := good, good, good, good
	noFrom.From = ""
	noToken.Token = token(" ")
	noFile.Token = func() (string, error) { return "", errors.New("no such file") }
	lines.From = "a@b\r\nX-Evil: 1"
	for name, err := range map[string]error{
		"no address": NewPager(noFrom).Note(t.Context(), "Q285NZXJG65XDH", "m", "t"),
		"no token":   NewPager(noToken).Note(t.Context(), "Q285NZXJG65XDH", "m", "t"),
	} {
		if !errors.Is(err, investigations.ErrNotConfigured) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := NewPager(noFile).Note(t.Context(), "Q285NZXJG65XDH", "m", "t"); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a token that can't be read: %v", err)
	}
	if err := NewPager(lines).Note(t.Context(), "Q285NZXJG65XDH", "m", "t"); err == nil || strings.Contains(err.Error(), "Evil") {
		t.Errorf("an address of two lines: %v", err)
	}
	for _, id := range []string{"", "../users", "Q1/alerts?x=", "a b"} {
		if _, err := NewPager(good).Alerts(t.Context(), id); !errors.Is(err, investigations.ErrNotFound) {
			t.Errorf("incident %q: %v", id, err)
		}
	}
	if len(a.asked) != 0 {
		t.Errorf("asked %q", a.asked)
	}
}

// silent never answers.
type silent struct{}

func (silent) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestPagerTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPager(PagerOptions{Token: token(apiToken), From: "a@b.example", Transport: silent{}})
		start := time.Now()
		_, err := p.Alerts(t.Context(), "Q285NZXJG65XDH")
		if !errors.Is(err, investigations.ErrUnavailable) || time.Since(start) != DefaultPagerTimeout {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := p.Note(ctx, "Q285NZXJG65XDH", "m", "t"); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, investigations.ErrUnavailable) {
			t.Errorf("the caller's own end: %v", err)
		}
	})
}

// broken can't be reached.
type broken struct{}

func (broken) RoundTrip(r *http.Request) (*http.Response, error) {
	return nil, errors.New("dial: connection refused with " + r.Header.Get("Authorization"))
}

func TestPagerUnreached(t *testing.T) {
	p := NewPager(PagerOptions{Token: token(apiToken), Transport: broken{}})
	_, err := p.Alerts(t.Context(), "Q285NZXJG65XDH")
	if !errors.Is(err, investigations.ErrUnavailable) || !strings.Contains(err.Error(), "connection refused") || strings.Contains(err.Error(), apiToken) {
		t.Errorf("got %v", err)
	}
}
