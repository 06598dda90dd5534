package cluster_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/oombot/oombot/e2e/cluster"
)

const body = "0123456789012345678901234567890123456789"

// behind starts a server that always answers, with a proxy in front of it.
func behind(t *testing.T, faults ...cluster.Fault) *cluster.Proxy {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return cluster.StartProxy(t, server.URL, "", faults...)
}

func get(ctx context.Context, t *testing.T, url string) (int, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

func TestProxyFaults(t *testing.T) {
	for name, c := range map[string]struct {
		fault  cluster.Fault
		status int
		text   string // the answer's beginning
		cut    bool
	}{
		"garbage":     {fault: cluster.Garbage(), status: 200, text: "<!doctype html>"},
		"garbled":     {fault: cluster.Garbled(), status: 200, text: "012345678l"},
		"cut":         {fault: cluster.Cut(10), status: 200, text: "0123456789", cut: true},
		"forbidden":   {fault: cluster.Forbid(), status: 403, text: `{"kind":"Status"`},
		"throttled":   {fault: cluster.Throttle(1), status: 429, text: `{"kind":"Status"`},
		"unavailable": {fault: cluster.Unavailable(), status: 503, text: `{"kind":"Status"`},
		"delayed":     {fault: cluster.Delay(time.Millisecond), status: 200, text: body},
	} {
		t.Run(name, func(t *testing.T) {
			p := behind(t, c.fault)
			status, text, err := get(t.Context(), t, p.URL+"/x?y=z")
			if status != c.status || !strings.HasPrefix(text, c.text) || (err != nil) != c.cut {
				t.Errorf("%d %q %v", status, text, err)
			}
			if c.cut && text != c.text {
				t.Errorf("%q came through, want %q", text, c.text)
			}
			if calls := p.Calls(); !c.cut && (len(calls) != 1 || calls[0].URI != "/x?y=z" || calls[0].Status != c.status || calls[0].Out != int64(len(text))) {
				t.Errorf("counted %+v", calls)
			}
		})
	}
}

func TestProxyHangs(t *testing.T) {
	p := behind(t, cluster.Hang())
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if status, _, err := get(ctx, t, p.URL); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%d, %v, want no answer", status, err)
	}
}

// TestProxyChooses narrows faults to some requests.
func TestProxyChooses(t *testing.T) {
	p := behind(t, cluster.Throttle(1).On("/slow").Once(), cluster.Forbid().On("/slow").After(1))
	var got []int
	for _, path := range []string{"/fast", "/slow", "/slow", "/slow", "/fast"} {
		status, _, err := get(t.Context(), t, p.URL+path)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, status)
	}
	// The second fault counts the requests that the first one left.
	want := []int{200, 429, 200, 403, 200}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("answers %v, want %v", got, want)
		}
	}
	if calls, bytes := p.Sum("/fast"); calls != 2 || bytes != 2*int64(len(body)) {
		t.Errorf("%d calls of %d bytes, want 2 of %d", calls, bytes, 2*len(body))
	}
	p.Reset()
	if calls, _ := p.Sum(""); calls != 0 {
		t.Errorf("%d calls after a reset", calls)
	}
}

// TestProxyReadsForms tells requests apart by what they post, as Prometheus's clients send queries.
func TestProxyReadsForms(t *testing.T) {
	p := behind(t, cluster.Forbid().On("query=rate(x[5m])"))
	for query, want := range map[string]int{"rate(x[5m])": 403, "up": 200} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL+"/api/v1/query",
			strings.NewReader(url.Values{"query": {query}}.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", query, resp.StatusCode, want)
		}
	}
	if calls, _ := p.Sum("query=up"); calls != 1 || p.Calls()[0].In == 0 {
		t.Errorf("counted %+v", p.Calls())
	}
}

// TestProxyDoes has a pod go while it is asked for.
func TestProxyDoes(t *testing.T) {
	server := cluster.SharedAPIServer(t)
	server.Load(t, cluster.LoadOptions{}, example(t, "pod-limit"))
	const namespace, pod = "team-blue", "checkout-splbggwt9-wqg7d"
	p := cluster.StartProxy(t, server.URL, server.CAFile, cluster.Do(func() {
		if err := server.Delete(t.Context(), "pods", namespace, pod); err != nil {
			t.Error(err)
		}
	}).On(pod).After(1).Once())
	c := client(t, server.ConfigFor(cluster.Access{Server: p.URL, CAFile: p.CAFile}))
	if _, err := c.CoreV1().Pods(namespace).Get(t.Context(), pod, metav1.GetOptions{}); err != nil {
		t.Errorf("before: %v", err)
	}
	if _, err := c.CoreV1().Pods(namespace).Get(t.Context(), pod, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("after: %v", err)
	}
}

// TestProxyBeforeAPIServer has a client of Kubernetes meet faults, and a token pass the proxy.
func TestProxyBeforeAPIServer(t *testing.T) {
	server := cluster.SharedAPIServer(t)
	server.Load(t, cluster.LoadOptions{}, example(t, "pod-limit"))
	p := cluster.StartProxy(t, server.URL, server.CAFile, cluster.Throttle(1).On("/pods").Once(), cluster.Forbid().On("/nodes"))
	c := client(t, server.ConfigFor(cluster.Access{Server: p.URL, CAFile: p.CAFile}))
	began := time.Now()
	pods, err := c.CoreV1().Pods("team-blue").List(t.Context(), metav1.ListOptions{})
	if err != nil || len(pods.Items) == 0 {
		t.Errorf("%d pods, %v", len(pods.Items), err)
	}
	if took := time.Since(began); took < time.Second {
		t.Errorf("it took %s, want the second that Retry-After asks for", took)
	}
	if _, err := c.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("nodes are not forbidden: %v", err)
	}
	if calls, bytes := p.Sum("/pods"); calls != 2 || bytes < 1000 {
		t.Errorf("%d calls and %d bytes for pods, want a refused one and an answer", calls, bytes)
	}
}
