package logs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/loki/lokitest"
	"github.com/oombot/oombot/tools/toolstest"
)

// sampleAPI has a pod whose container api was killed at the moment.
func sampleAPI() *fakeAPI {
	return &fakeAPI{logs: map[string][]string{
		"api-1/api/previous": {logLine(-3600, "listening on :8080"), logLine(-12, "importing file customers.csv (2.1 GB) password=hunter2"), logLine(-3, "java.lang.OutOfMemoryError: Java heap space")},
		"api-1/api":          {logLine(2, "listening on :8080")},
		"api-1/proxy":        {logLine(-7200, "ready"), logLine(-1, "upstream reset")},
		"api-3/api/previous": {logLine(-90, "cache grew to 1.5GB")},
		"api-3/api":          {logLine(-80, "listening")},
	}}
}

// TestLive: the target's containers are read, and of its siblings those that restarted.
func TestLive(t *testing.T) {
	api := sampleAPI()
	files, res, rec := run(t, NewLive(clientOf(t, api), nil, LiveOptions{}), subject(1))
	want := map[string]string{
		"logs/shop/api-1/api.previous.log": logLine(-3600, "listening on :8080") + logLine(-12, "importing file customers.csv (2.1 GB) password=[redacted]") + logLine(-3, "java.lang.OutOfMemoryError: Java heap space"),
		"logs/shop/api-1/api.log":          logLine(2, "listening on :8080"),
		"logs/shop/api-1/proxy.log":        strings.Join(api.logs["api-1/proxy"], ""),
		"logs/shop/api-3/api.previous.log": strings.Join(api.logs["api-3/api/previous"], ""),
		"logs/shop/api-3/api.log":          strings.Join(api.logs["api-3/api"], ""),
	}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Error(diff)
	}
	if len(res.BlindSpots) > 0 {
		t.Error(toolstest.Whys(res))
	}
	if !slices.ContainsFunc(res.Evidence.Logs.Logs, func(l investigations.ContainerLog) bool {
		return slices.ContainsFunc(l.Matches, func(m investigations.LogMatch) bool { return m.Kind == investigations.LogJavaOOM })
	}) {
		t.Error("the runtime's error is not found in what was recorded")
	}
	o, _ := rec.Origin("logs/shop/api-1/api.previous.log")
	if o.Name != "the log of the life before of api-1/api" || o.Source != "kubectl logs -n shop api-1 -c api --timestamps --tail=10000 --previous" {
		t.Errorf("%+v", o)
	}
	for _, r := range api.requests() {
		if strings.HasPrefix(r, "api-2") || strings.Contains(r, "proxy") && strings.Contains(r, "previous") {
			t.Errorf("it asked for %s", r)
		}
	}
}

// TestKeyOverLines: a private key that goes over several lines is masked, also in the lines of Loki.
func TestKeyOverLines(t *testing.T) {
	key := []string{"-----BEGIN PRIVATE KEY-----", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "short/line+of/it==", "-----END PRIVATE KEY-----", "and on"}
	api := sampleAPI()
	l := lokitest.New(lokitest.Options{})
	api.logs["api-1/api"] = nil
	for i, text := range key {
		api.logs["api-1/api"] = append(api.logs["api-1/api"], logLine(float64(i)-9, text))
		pushAll(t, l, map[string]string{"namespace": "shop", "pod": "api-0", "container": "api"}, logLine(float64(i)-9, text))
	}
	files, _, _ := run(t, NewLive(clientOf(t, api), nil, LiveOptions{}), subject(0))
	gone, _, _ := run(t, NewLive(clientOf(t, api), lokiOf(t, l, nil), LiveOptions{}), goneSubject())
	for _, log := range []string{files["logs/shop/api-1/api.log"], gone["logs/shop/api-0/api.previous.log"]} {
		if strings.Contains(log, "MIIE") || strings.Contains(log, "short/line") || strings.Count(log, "\n") != len(key) || !strings.HasSuffix(log, "and on\n") {
			t.Errorf("%q", log)
		}
	}
}

// TestWorkloadAsTarget: the pod with most restarts stands for the workload.
func TestWorkloadAsTarget(t *testing.T) {
	s := subject(1)
	s.Request.Target = investigations.Target{Namespace: "shop", Workload: "deployment/api"}
	api := sampleAPI()
	api.logs["api-3/proxy"] = []string{logLine(-5, "x")}
	files, _, _ := run(t, NewLive(clientOf(t, api), nil, LiveOptions{OtherPods: 2}), s)
	for _, path := range []string{"logs/shop/api-3/api.previous.log", "logs/shop/api-3/proxy.log", "logs/shop/api-1/api.previous.log"} {
		if files[path] == "" {
			t.Errorf("%s was not read", path)
		}
	}
	if _, ok := files["logs/shop/api-1/proxy.log"]; ok || len(files) != 5 {
		t.Errorf("%d files", len(files))
	}
}

// TestBusyLog: where the last lines do not reach back to the moment, the lines around it are read.
func TestBusyLog(t *testing.T) {
	api := sampleAPI()
	api.logs["api-1/api/previous"] = nil
	for i := range 5000 {
		text := "request served"
		if i == 2000 {
			text = "java.lang.OutOfMemoryError: Java heap space"
		}
		api.logs["api-1/api"] = append(api.logs["api-1/api"], logLine(float64(i)-2003, text))
	}
	api.logs["api-1/api"] = api.logs["api-1/api"][1003:]
	opt := LiveOptions{Lines: 300}
	files, res, _ := run(t, NewLive(clientOf(t, api), nil, opt), subject(1))
	log := files["logs/shop/api-1/api.log"]
	if !strings.Contains(log, "OutOfMemoryError") || !strings.HasPrefix(log, logLine(-900, "")[:20]) || strings.Contains(log, logLine(601, "")[:20]) {
		t.Errorf("the log begins %.60q and has %d bytes; %q", log, len(log), toolstest.Whys(res))
	}
}

// TestLargeLog: of what is too large the end is kept, whole lines only.
func TestLargeLog(t *testing.T) {
	api := sampleAPI()
	api.logs["api-1/api"] = nil
	for i := range 60 {
		api.logs["api-1/api"] = append(api.logs["api-1/api"], logLine(float64(i)/10-8, fmt.Sprint(i, strings.Repeat(" x", 200_000))))
	}
	files, _, _ := run(t, NewLive(clientOf(t, api), nil, LiveOptions{Lines: 50, Bytes: 1 << 20}), subject(1))
	log := files["logs/shop/api-1/api.log"]
	if len(log) > 1<<20 || len(log) < 1<<19 || !strings.Contains(log, "Z 59 x") {
		t.Errorf("%d bytes, beginning %.40q", len(log), log)
	}
	for l := range strings.Lines(log) {
		if _, ok := stampOf([]byte(l)); !ok || !strings.HasSuffix(l, "\n") {
			t.Errorf("a line is cut: %.60q", l)
		}
	}
}

// TestQuietLog: a log that has had no line in the window shows its last ones.
func TestQuietLog(t *testing.T) {
	api := sampleAPI()
	api.logs["api-1/api"] = []string{logLine(-900_000, "listening on :8080")}
	files, _, _ := run(t, NewLive(clientOf(t, api), nil, LiveOptions{}), subject(0))
	if files["logs/shop/api-1/api.log"] != api.logs["api-1/api"][0] {
		t.Errorf("%q", files)
	}
}

// TestWaitingToStart: the last life of a container that waits is not read twice.
func TestWaitingToStart(t *testing.T) {
	api := sampleAPI()
	api.logs["api-1/api"] = api.logs["api-1/api/previous"]
	s := subject(1)
	s.Pods[0].Containers[0].Running = false
	files, _, _ := run(t, NewLive(clientOf(t, api), nil, LiveOptions{}), s)
	if _, ok := files["logs/shop/api-1/api.log"]; ok || files["logs/shop/api-1/api.previous.log"] == "" {
		t.Errorf("%q", files)
	}
}

// TestAPIFaults: what the API may answer, and what is said of it.
func TestAPIFaults(t *testing.T) {
	tests := []struct {
		name string
		fail func(w http.ResponseWriter, r *http.Request, pod string) bool
		want error
		says string
	}{
		{"forbidden", func(w http.ResponseWriter, _ *http.Request, _ string) bool {
			status(w, 403, metav1.StatusReasonForbidden, `pods "api-1" is forbidden: User "x" cannot get resource "pods/log"`)
			return true
		}, investigations.ErrForbidden, "grant the verb get on pods/log"},
		{"kubelet is down", func(w http.ResponseWriter, _ *http.Request, _ string) bool {
			status(w, 500, metav1.StatusReasonInternalError, `Get "https://10.0.0.5:10250/containerLogs/shop/api-1/api": dial tcp 10.0.0.5:10250: connect: connection refused`)
			return true
		}, investigations.ErrUnavailable, "can't reach the kubelet"},
		{"pod is gone", func(w http.ResponseWriter, _ *http.Request, _ string) bool {
			status(w, 404, metav1.StatusReasonNotFound, `pods "api-1" not found`)
			return true
		}, investigations.ErrNotFound, "is gone"},
		{"log file is gone", func(w http.ResponseWriter, _ *http.Request, _ string) bool {
			_, _ = w.Write([]byte("unable to retrieve container logs for containerd://0a1b2c"))
			return true
		}, investigations.ErrUnavailable, "the kubelet says: unable to retrieve"},
		{"cut at once", func(http.ResponseWriter, *http.Request, string) bool {
			panic(http.ErrAbortHandler)
		}, investigations.ErrUnavailable, "unavailable"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			api := sampleAPI()
			api.fail = tt.fail
			files, res, rec := run(t, NewLive(clientOf(t, api), nil, LiveOptions{}), subject(1))
			if len(files) > 0 {
				t.Errorf("%q", files)
			}
			if all := strings.Join(toolstest.Whys(res), "\n"); !strings.Contains(all, tt.says) {
				t.Error(all)
			}
			if !errors.Is(rec.misses["logs"], tt.want) || len(rec.misses) != 1 {
				t.Error(rec.misses)
			}
			// One of the pods alone.
			api = sampleAPI()
			api.fail = func(w http.ResponseWriter, r *http.Request, pod string) bool {
				return pod == "api-3" && tt.fail(w, r, pod)
			}
			files, res, _ = run(t, NewLive(clientOf(t, api), nil, LiveOptions{}), subject(1))
			if len(files) != 3 || len(res.BlindSpots) == 0 {
				t.Errorf("%d files, %q", len(files), toolstest.Whys(res))
			}
		})
	}
}

// TestBrokenStream: what came of a stream before it hung or broke off is kept, and told of.
func TestBrokenStream(t *testing.T) {
	for _, how := range []string{"hangs", "is cut"} {
		t.Run(how, func(t *testing.T) {
			api := sampleAPI()
			api.fail = func(w http.ResponseWriter, r *http.Request, pod string) bool {
				if pod != "api-1" || r.URL.Query().Get("previous") == "" {
					return false
				}
				_, _ = w.Write([]byte(api.logs["api-1/api/previous"][0] + api.logs["api-1/api/previous"][1] + "2026-03-04T02:17:0"))
				_ = http.NewResponseController(w).Flush()
				if how == "hangs" {
					<-r.Context().Done()
				}
				panic(http.ErrAbortHandler)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began := time.Now()
			files, res, _ := runIn(ctx, t, NewLive(clientOf(t, api), nil, LiveOptions{}), subject(1))
			log := files["logs/shop/api-1/api.previous.log"]
			if strings.Count(log, "\n") != 2 || strings.Contains(log, "hunter2") || len(files) != 5 {
				t.Errorf("%d files, %q", len(files), log)
			}
			if all := strings.Join(toolstest.Whys(res), "\n"); !strings.Contains(all, "read up to 2026-03-04T02:16:57Z") {
				t.Error(all)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// TestNode: a node has no logs, and that is said.
func TestNode(t *testing.T) {
	s := investigations.Subject{Request: investigations.Request{At: testAt, Target: investigations.Target{Node: "n1"}}, Node: "n1"}
	files, res, _ := run(t, NewLive(clientOf(t, sampleAPI()), nil, LiveOptions{}), s)
	if len(files) > 0 || len(res.BlindSpots) != 1 || !strings.Contains(res.BlindSpots[0].Why, "a node has no logs") {
		t.Errorf("%q %q", files, toolstest.Whys(res))
	}
}

// TestNoCluster: without a cluster there is Loki.
func TestNoCluster(t *testing.T) {
	l := lokitest.New(lokitest.Options{})
	pushAll(t, l, map[string]string{"namespace": "shop", "pod": "api-1", "container": "api"}, logLine(-2, "before"))
	files, _, _ := run(t, NewLive(nil, lokiOf(t, l, nil), LiveOptions{}), subject(0))
	if files["logs/shop/api-1/api.previous.log"] != logLine(-2, "before") {
		t.Errorf("%q", files)
	}
	_, _, rec := run(t, NewLive(nil, nil, LiveOptions{}), subject(0))
	if !errors.Is(rec.misses["logs"], investigations.ErrNotConfigured) {
		t.Error(rec.misses)
	}
}

func TestRecordCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := NewLive(clientOf(t, sampleAPI()), nil, LiveOptions{}).Record(ctx, subject(1), nowhere{})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestCheck: what doctor says of the logs.
func TestCheck(t *testing.T) {
	now := func() time.Time { return testAt }
	l := lokitest.New(lokitest.Options{})
	pushAll(t, l, map[string]string{"namespace": "shop", "pod": "api-1", "container": "api"}, logLine(-60, "x"))
	states := func(checks []investigations.Check) string {
		var out []string
		for _, c := range checks {
			out = append(out, fmt.Sprintf("%s %s: %s", c.State, c.Name, c.Says))
			if c.State != investigations.CheckOK && c.Fix == "" {
				t.Errorf("no fix for %q", c.Says)
			}
		}
		return strings.Join(out, "\n")
	}
	api := sampleAPI()
	got := states(NewLive(clientOf(t, api), lokiOf(t, l, nil), LiveOptions{Now: now}).Check(t.Context(), subject(1)))
	want := "ok read a pod's log: the log of shop/api-1/api can be read\n" +
		"ok Loki: Loki 3.5.0-stand-in answers at "
	if !strings.HasPrefix(got, want) || !strings.Contains(got, `ok logs of a pod in Loki: {namespace="shop", pod="api-1", container="api"} gives lines of shop/api-1, the newest 1 min old`) {
		t.Error(got)
	}
	got = states(NewLive(clientOf(t, api), lokiOf(t, lokitest.New(lokitest.Options{}), nil), LiveOptions{Now: now}).Check(t.Context(), subject(1)))
	if !strings.Contains(got, "warn logs of a pod in Loki: not found: Loki has no lines of shop/api-1") {
		t.Error(got)
	}
	got = states(NewLive(clientOf(t, api), nil, LiveOptions{}).Check(t.Context(), investigations.Subject{}))
	if got != "warn Loki: no Loki is configured: logs of pods that are gone, and of lives before the last two, can't be read" {
		t.Error(got)
	}
	api.fail = func(w http.ResponseWriter, _ *http.Request, _ string) bool {
		status(w, 403, metav1.StatusReasonForbidden, "no")
		return true
	}
	got = states(NewLive(clientOf(t, api), lokiOf(t, http.NotFoundHandler(), nil), LiveOptions{}).Check(t.Context(), subject(1)))
	if !strings.Contains(got, "fail read a pod's log: forbidden") || !strings.Contains(got, "fail Loki: loki: not found: status 404") {
		t.Error(got)
	}
}
