package kubeclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/oombot/oombot/investigations"
)

// server answers as an API server does; what it is asked is noted.
type server struct {
	*httptest.Server
	mu      sync.Mutex
	asked   []string
	answers map[string][]http.HandlerFunc // by path; the last one stays
}

func newServer(t *testing.T) *server {
	s := &server{answers: map[string][]http.HandlerFunc{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked = append(s.asked, r.Method+" "+r.URL.String())
		list := s.answers[r.URL.Path]
		if len(list) > 1 {
			s.answers[r.URL.Path] = list[1:]
		}
		s.mu.Unlock()
		if len(list) == 0 {
			http.Error(w, "404 page not found", http.StatusNotFound)
			return
		}
		list[0](w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

func (s *server) cluster(t *testing.T) *Cluster {
	t.Helper()
	cfg := &rest.Config{Host: s.URL, QPS: clientQPS, Burst: clientBurst}
	cfg.Wrap(boundBodies(bodyLimit))
	c, err := Connect(cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func answers(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

func status(code int, reason, message string) http.HandlerFunc {
	return answers(code, fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"message":%q,"code":%d,"details":{"name":"x","kind":"pods"}}`, reason, message, code))
}

const (
	podPath = "/api/v1/namespaces/shop/pods/web"
	onePod  = `{"kind":"Pod","apiVersion":"v1","metadata":{"name":"web","namespace":"shop","uid":"u1"}}`
)

func TestGet(t *testing.T) {
	tests := map[string]struct {
		answers []http.HandlerFunc
		want    error
		says    string
		asks    int
	}{
		"there":         {answers: []http.HandlerFunc{answers(200, onePod)}, asks: 1},
		"not there":     {answers: []http.HandlerFunc{status(404, "NotFound", `pods "web" not found`)}, want: investigations.ErrNotFound, asks: 1},
		"no such kind":  {want: investigations.ErrNotFound, asks: 1},
		"forbidden":     {answers: []http.HandlerFunc{status(403, "Forbidden", "no")}, want: investigations.ErrForbidden, says: "lacks the verb get on pods", asks: 1},
		"unauthorized":  {answers: []http.HandlerFunc{status(401, "Unauthorized", "no")}, want: investigations.ErrForbidden, says: "does not accept the credentials", asks: 1},
		"garbage":       {answers: []http.HandlerFunc{answers(200, "<html>")}, want: investigations.ErrUnavailable, asks: 1},
		"restarting":    {answers: []http.HandlerFunc{status(503, "ServiceUnavailable", "starting"), answers(200, onePod)}, asks: 2},
		"cut, then not": {answers: []http.HandlerFunc{cut, answers(200, onePod)}, asks: 2},
		"throttled": {answers: []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "0")
			status(429, "TooManyRequests", "slow down")(w, r)
		}, answers(200, onePod)}, asks: 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			if tt.answers != nil {
				s.answers[podPath] = tt.answers
			}
			c := s.cluster(t)
			object, err := c.Get(t.Context(), "pods", "shop", "web")
			if !errors.Is(err, tt.want) || tt.want == nil && err != nil {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if err == nil && object.GetUID() != "u1" {
				t.Errorf("got %v", object)
			}
			if err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("the error %q does not say %q", err, tt.says)
			}
			if got := s.count(); got != tt.asks {
				t.Errorf("asked %d times, want %d: %q", got, tt.asks, s.asked)
			}
		})
	}
}

// cut ends the connection in the middle of an answer.
func cut(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(w, `{"kind":`)
	panic(http.ErrAbortHandler)
}

func TestGetAsksOnce(t *testing.T) {
	s := newServer(t)
	s.answers[podPath] = []http.HandlerFunc{answers(200, onePod)}
	c := s.cluster(t)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := c.Get(t.Context(), "pods", "shop", "web"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if s.count() != 1 {
		t.Errorf("asked %d times", s.count())
	}
	if _, err := s.cluster(t).Get(t.Context(), "pods", "shop", "web"); err != nil || s.count() != 2 {
		t.Errorf("another one: %v, asked %d times", err, s.count())
	}
}

// TestGetAfterSomeoneGaveUp has the first to ask give up: who waits for its answer must get one all the same.
func TestGetAfterSomeoneGaveUp(t *testing.T) {
	s := newServer(t)
	began := make(chan struct{}, 1)
	s.answers[podPath] = []http.HandlerFunc{
		func(_ http.ResponseWriter, r *http.Request) {
			began <- struct{}{}
			<-r.Context().Done()
		},
		answers(200, onePod),
	}
	c := s.cluster(t)
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() {
		_, err := c.Get(ctx, "pods", "shop", "web")
		first <- err
	}()
	<-began
	second := make(chan error, 1)
	go func() {
		_, err := c.Get(t.Context(), "pods", "shop", "web")
		second <- err
	}()
	time.Sleep(10 * time.Millisecond) // lets the second one find the first at work, most of the time
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("the first got %v", err)
	}
	if err := <-second; err != nil {
		t.Errorf("the second got %v", err)
	}
}

func TestList(t *testing.T) {
	const path = "/api/v1/namespaces/shop/pods"
	page := func(names string, next string) http.HandlerFunc {
		var items []string
		for name := range strings.FieldsSeq(names) {
			items = append(items, fmt.Sprintf(`{"metadata":{"name":%q,"namespace":"shop"}}`, name))
		}
		return answers(200, fmt.Sprintf(`{"kind":"PodList","apiVersion":"v1","metadata":{"continue":%q},"items":[%s]}`, next, strings.Join(items, ",")))
	}
	t.Run("pages", func(t *testing.T) {
		s := newServer(t)
		s.answers[path] = []http.HandlerFunc{page("a b", "next"), page("c", "")}
		got, err := s.cluster(t).List(t.Context(), Query{Resource: "pods", Namespace: "shop", Labels: "app=x"})
		if err != nil || len(got) != 3 || got[2].GetName() != "c" || got[2].GetKind() != "Pod" {
			t.Errorf("got %v, %v", got, err)
		}
		if want := "GET " + path + "?labelSelector=app%3Dx&limit=500"; s.asked[0] != want {
			t.Errorf("asked %s, want %s", s.asked[0], want)
		}
	})
	t.Run("from the cache", func(t *testing.T) {
		s := newServer(t)
		s.answers[path] = []http.HandlerFunc{page("a", "")}
		if _, err := s.cluster(t).List(t.Context(), Query{Resource: "pods", Namespace: "shop", Stale: true}); err != nil {
			t.Error(err)
		}
		if want := "GET " + path + "?resourceVersion=0"; s.asked[0] != want {
			t.Errorf("asked %s, want %s", s.asked[0], want)
		}
	})
	t.Run("too many", func(t *testing.T) {
		s := newServer(t)
		s.answers[path] = []http.HandlerFunc{page("a b", "next"), page("c d", "next")}
		got, err := s.cluster(t).List(t.Context(), Query{Resource: "pods", Namespace: "shop", AtMost: 3})
		if !errors.Is(err, investigations.ErrTooLarge) || len(got) != 3 {
			t.Errorf("got %d, %v", len(got), err)
		}
	})
	t.Run("a definition that is not installed", func(t *testing.T) {
		s := newServer(t)
		got, err := s.cluster(t).List(t.Context(), Query{Resource: "verticalpodautoscalers", Namespace: "shop"})
		if err != nil || len(got) != 0 || s.count() != 2 {
			t.Errorf("got %v, %v after %d calls", got, err, s.count())
		}
	})
	t.Run("no such resource is read", func(t *testing.T) {
		s := newServer(t)
		if _, err := s.cluster(t).List(t.Context(), Query{Resource: "secrets"}); err == nil || s.count() != 0 {
			t.Errorf("got %v after %d calls", err, s.count())
		}
	})
}

func TestPatienceEnds(t *testing.T) {
	s := newServer(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	starting := status(503, "ServiceUnavailable", "starting")
	s.answers[podPath] = []http.HandlerFunc{starting, func(w http.ResponseWriter, r *http.Request) {
		starting(w, r)
		cancel()
	}}
	_, err := s.cluster(t).Get(ctx, "pods", "shop", "web")
	if !errors.Is(err, investigations.ErrUnavailable) || s.count() != 2 {
		t.Errorf("got %v after %d calls", err, s.count())
	}
}

func TestBodiesAreBounded(t *testing.T) {
	s := newServer(t)
	s.answers[podPath] = []http.HandlerFunc{answers(200, onePod)}
	cfg := &rest.Config{Host: s.URL}
	cfg.Wrap(boundBodies(10))
	c, err := Connect(cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Get(t.Context(), "pods", "shop", "web"); err == nil {
		t.Error("a body over the limit was read")
	}
}

func TestQueryString(t *testing.T) {
	for want, q := range map[string]Query{
		"kubectl get pods -n shop -l 'app=x' -o json":                                 {Resource: "pods", Namespace: "shop", Labels: "app=x"},
		"kubectl get pods -A --field-selector 'spec.nodeName=n1' -o json":             PodsOn("n1"),
		"kubectl get priorityclasses.scheduling.k8s.io -o json":                       {Resource: "priorityclasses"},
		"kubectl get pods -A --field-selector 'spec.nodeName=a\\,spec.x\\=y' -o json": PodsOn("a,spec.x=y"),
	} {
		if got := q.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
