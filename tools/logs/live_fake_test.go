package logs

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/bundle"
	"github.com/oombot/oombot/tools/endpoint"
	"github.com/oombot/oombot/tools/loki"
	"github.com/oombot/oombot/tools/loki/lokitest"
)

// fakeAPI answers pods/log as an API server and its kubelets do, for a client that is a real one.
type fakeAPI struct {
	// logs are by pod/container, and pod/container/previous: lines, each with its time.
	logs map[string][]string
	// fail, if set, is asked first; where it returns true it has answered.
	fail func(w http.ResponseWriter, r *http.Request, pod string) bool

	mu    sync.Mutex
	asked []string
}

func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(parts) != 7 || parts[2] != "namespaces" || parts[4] != "pods" || parts[6] != "log" || r.Method != http.MethodGet {
		status(w, http.StatusNotFound, metav1.StatusReasonNotFound, "no such path "+r.URL.Path)
		return
	}
	pod, q := parts[5], r.URL.Query()
	f.mu.Lock()
	f.asked = append(f.asked, pod+"?"+r.URL.RawQuery)
	f.mu.Unlock()
	if f.fail != nil && f.fail(w, r, pod) {
		return
	}
	key := pod + "/" + q.Get("container")
	if _, ok := f.logs[key]; !ok {
		status(w, http.StatusNotFound, metav1.StatusReasonNotFound, fmt.Sprintf("pods %q not found", pod))
		return
	}
	if q.Get("previous") == "true" {
		key += "/previous"
	}
	lines, ok := f.logs[key]
	if !ok {
		status(w, http.StatusBadRequest, metav1.StatusReasonBadRequest,
			fmt.Sprintf("previous terminated container %q in pod %q not found", q.Get("container"), pod))
		return
	}
	if q.Get("timestamps") != "true" {
		status(w, http.StatusBadRequest, metav1.StatusReasonBadRequest, "the test wants timestamps")
		return
	}
	_, _ = w.Write([]byte(selectLines(lines, q.Get("sinceTime"), q.Get("tailLines"), q.Get("limitBytes"))))
}

// selectLines does what the kubelet does: first the time, then the last lines, then the first bytes.
func selectLines(lines []string, since, tail, limit string) string {
	if at, err := time.Parse(time.RFC3339, since); err == nil {
		lines = slices.DeleteFunc(slices.Clone(lines), func(l string) bool {
			stamp, ok := stampOf([]byte(l))
			return ok && stamp.Before(at)
		})
	}
	if n, err := strconv.Atoi(tail); err == nil && n < len(lines) {
		lines = lines[len(lines)-n:]
	}
	text := strings.Join(lines, "")
	if n, err := strconv.Atoi(limit); err == nil && n < len(text) {
		text = text[:n]
	}
	return text
}

func status(w http.ResponseWriter, code int, reason metav1.StatusReason, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","message":%q,"reason":%q,"code":%d}`, message, reason, code)
}

// requests are what was asked for, sorted.
func (f *fakeAPI) requests() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(slices.Values(f.asked))
}

// logLine writes a line of a log, so many seconds after the moment.
func logLine(after float64, text string) string {
	return testAt.Add(time.Duration(after*float64(time.Second))).Format(stampLayout) + " " + text + "\n"
}

func clientOf(t *testing.T, h http.Handler) kubernetes.Interface {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	c, err := kubernetes.NewForConfig(&rest.Config{Host: srv.URL, QPS: -1})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func lokiOf(t *testing.T, h http.Handler, queries map[string]string) *loki.Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	c, err := loki.New(endpoint.Config{URL: srv.URL, Queries: queries})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func pushAll(t *testing.T, l *lokitest.Loki, labels map[string]string, lines ...string) {
	t.Helper()
	for _, text := range lines {
		at, ok := stampOf([]byte(text))
		if !ok {
			t.Fatalf("no time in %q", text)
		}
		_, rest, _ := strings.Cut(strings.TrimSuffix(text, "\n"), " ")
		if err := l.Push(labels, at, rest); err != nil {
			t.Fatal(err)
		}
	}
}

// subject is about the container api of the pod api-1.
func subject(restarts int32) investigations.Subject {
	pod := func(name string, restarts int32) investigations.SubjectPod {
		return investigations.SubjectPod{Namespace: "shop", Name: name, Node: "n1", Containers: []investigations.SubjectContainer{
			{Name: "api", Restarts: restarts, Running: true}, {Name: "proxy", Running: true},
		}}
	}
	return investigations.Subject{
		Request: testRequest(), Workload: "deployment/api", Node: "n1",
		Pods: []investigations.SubjectPod{pod("api-1", restarts), pod("api-2", 0), pod("api-3", 5)},
	}
}

// recorder is a recording that also keeps the errors of what was missed.
type recorder struct {
	*bundle.Recording
	mu     sync.Mutex
	misses map[string]error
}

func (r *recorder) Miss(path string, from investigations.Origin, why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.misses[path] = why
	r.Recording.Miss(path, from, why)
}

// run records, and returns the files by their path, and the answer of the tool that reads them.
func run(t *testing.T, live *Live, s investigations.Subject) (map[string]string, investigations.ToolResult, *recorder) {
	t.Helper()
	return runIn(t.Context(), t, live, s)
}

// runIn is run with a context of its own.
func runIn(ctx context.Context, t *testing.T, live *Live, s investigations.Subject) (map[string]string, investigations.ToolResult, *recorder) {
	t.Helper()
	rec := &recorder{Recording: bundle.NewRecording(), misses: map[string]error{}}
	if err := live.Record(ctx, s, rec); err != nil {
		t.Fatal(err)
	}
	fsys := rec.FS()
	res, err := New(fsys).Query(t.Context(), s.Request)
	if err != nil {
		t.Fatal(err)
	}
	res.BlindSpots = append(res.BlindSpots, rec.BlindSpots(investigations.ToolLogs)...)
	files := map[string]string{}
	for path := range rec.Origins() {
		if f, err := fsys.Open(path); err == nil {
			var b strings.Builder
			buf := make([]byte, 4096)
			for n, err := f.Read(buf); n > 0; n, err = f.Read(buf) {
				b.Write(buf[:n])
				if err != nil {
					break
				}
			}
			files[path] = b.String()
		}
	}
	return files, res, rec
}
