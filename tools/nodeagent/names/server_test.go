package names

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/oombot/oombot/investigations"
)

const node = "n1"

// api stands in for an API server: GET /api/v1/pods, as list and as watch.
type api struct {
	t *testing.T

	mu      sync.Mutex
	version int
	pods    map[string]string // by uid
	// watches take the lines of the running watches; closing one cuts its connection.
	watches map[chan string]bool
	asked   []url.Values
	// refuse is the status of all answers, where it is not 0; oldest the version before which a watch has expired.
	refuse, oldest int
	header         http.Header
}

func startAPI(t *testing.T) (*api, string) {
	t.Helper()
	a := &api{t: t, version: 10, pods: map[string]string{}, watches: map[chan string]bool{}, header: http.Header{}}
	srv := httptest.NewServer(a)
	t.Cleanup(func() {
		a.cut()
		srv.Close()
	})
	return a, srv.URL
}

// ServeHTTP answers as kube-apiserver does.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	a.mu.Lock()
	a.asked = append(a.asked, q)
	refuse := a.refuse
	a.mu.Unlock()
	switch {
	case r.URL.Path != "/api/v1/pods" || q.Get("fieldSelector") != "spec.nodeName="+node:
		a.t.Errorf("asked is %s", r.URL)
	case refuse != 0:
		for k, v := range a.header {
			w.Header()[k] = v
		}
		w.WriteHeader(refuse)
		fmt.Fprintf(w, `{"kind":"Status","status":"Failure","message":"pods is forbidden: User \"x\"","code":%d}`, refuse)
	case q.Get("watch") != "":
		a.watch(w, r, q)
	default:
		a.list(w)
	}
}

func (a *api) list(w http.ResponseWriter) {
	a.mu.Lock()
	defer a.mu.Unlock()
	fmt.Fprintf(w, `{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"%d","x":[{}]},"items":[`, a.version)
	n := 0
	for _, p := range a.pods {
		if n++; n > 1 {
			fmt.Fprint(w, ",")
		}
		fmt.Fprint(w, p)
	}
	fmt.Fprint(w, "]}\n")
}

func (a *api) watch(w http.ResponseWriter, r *http.Request, q url.Values) {
	for key, want := range map[string]string{"allowWatchBookmarks": "true", "watch": "1"} {
		if q.Get(key) != want {
			a.t.Errorf("%s is %q", key, q.Get(key))
		}
	}
	version, err := strconv.Atoi(q.Get("resourceVersion"))
	if err != nil || version == 0 {
		a.t.Errorf("a watch begins at %q", q.Get("resourceVersion"))
	}
	c := make(chan string, 100)
	a.mu.Lock()
	expired := version < a.oldest
	a.watches[c] = true
	a.mu.Unlock()
	w.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(w).Flush() // it always can
	if expired {
		fmt.Fprint(w, `{"type":"ERROR","object":{"kind":"Status","status":"Failure","message":"too old resource version","reason":"Expired","code":410}}`+"\n")
		return
	}
	for {
		select {
		case <-r.Context().Done():
			return
		case line, ok := <-c:
			if !ok {
				panic(http.ErrAbortHandler) // the connection is cut in the midst
			}
			// An event may come in two pieces.
			fmt.Fprint(w, line[:len(line)/2])
			_ = http.NewResponseController(w).Flush()
			fmt.Fprint(w, line[len(line)/2:]+"\n")
			_ = http.NewResponseController(w).Flush()
		}
	}
}

// cut ends the connections of all watches.
func (a *api) cut() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for c := range a.watches {
		close(c)
	}
	clear(a.watches)
}

// event changes a pod, and tells the watches unless quiet.
func (a *api) event(kind string, p testPod, quiet ...bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.version++
	p.version = a.version
	text := p.json()
	if kind == "DELETED" {
		delete(a.pods, p.uid)
	} else {
		a.pods[p.uid] = text
	}
	if len(quiet) > 0 {
		return
	}
	for c := range a.watches {
		c <- fmt.Sprintf(`{"type":%q,"object":%s}`, kind, text)
	}
}

// say tells the watches something.
func (a *api) say(line string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for c := range a.watches {
		c <- line
	}
}

func (a *api) set(change func(*api)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change(a)
}

func (a *api) requests() []url.Values {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.asked)
}

// testPod is a pod as JSON has it.
type testPod struct {
	uid, name   string
	ids         map[string]string // of containers, by their names
	version     int
	annotations map[string]string
	host        bool
	status      string // more of the status
	spec        string // more of the spec
	node        string
}

func (p testPod) json() string {
	annotations, err := json.Marshal(p.annotations)
	if err != nil {
		panic(err)
	}
	var statuses []byte
	for name, id := range p.ids {
		if statuses != nil {
			statuses = append(statuses, ',')
		}
		statuses = fmt.Appendf(statuses, `{"name":%q,"containerID":"containerd://%s","state":{"running":{"startedAt":"2026-03-04T02:00:00Z"}}}`, name, id)
	}
	if p.node == "" {
		p.node = node
	}
	return fmt.Sprintf(`{"metadata":{"uid":%q,"namespace":"shop","name":%q,"resourceVersion":"%d","annotations":%s},`+
		`"spec":{"nodeName":%q,"hostNetwork":%t%s},"status":{"podIP":"10.0.0.7","containerStatuses":[%s]%s}}`,
		p.uid, p.name, p.version, annotations, p.node, p.host, p.spec, statuses, p.status)
}

// start returns Names that read from a server until the test ends.
func start(t *testing.T, o Options) *Names {
	t.Helper()
	if o.Node == "" {
		o.Node = node
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	n, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- n.Run(t.Context()) }()
	t.Cleanup(func() {
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return n
}

func startNames(t *testing.T, url string, told func(investigations.UserKill)) *Names {
	t.Helper()
	return start(t, Options{Source: SourceAPI, REST: &rest.Config{Host: url}, OnEviction: told, Annotations: []string{"pyroscope.io/scrape"}})
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: never", what)
		}
	}
}

func (n *Names) knows(uid, id, want string) func() bool {
	return func() bool {
		ns, pod, container := n.Name(uid, id)
		return ns+"/"+pod+"/"+container == want
	}
}
