package logs

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/loki/lokitest"
	"github.com/oombot/oombot/tools/toolstest"
)

// goneSubject is about a pod that the cluster does not know any more.
func goneSubject() investigations.Subject {
	s := subject(0)
	s.Request.Target = investigations.Target{Namespace: "shop", Pod: "api-0", Container: "api"}
	s.GonePod, s.Pods = true, s.Pods[1:2]
	return s
}

// TestGonePod: what the cluster does not know is read from Loki, whatever the collector calls its labels.
func TestGonePod(t *testing.T) {
	for _, sel := range selectors {
		l := lokitest.New(lokitest.Options{MaxEntries: 50})
		labels := func(container, stream string) map[string]string {
			return map[string]string{sel.namespace: "shop", sel.pod: "api-0", sel.container: container, "stream": stream}
		}
		pushAll(t, l, labels("api", "stdout"), logLine(-700, "listening on :8080"), logLine(-20, "importing file customers.csv (2.1 GB) token=abcdefgh"))
		pushAll(t, l, labels("api", "stderr"), logLine(-3, "java.lang.OutOfMemoryError: Java heap space\n\tat java.util.Arrays.copyOf(Arrays.java:3745)"), logLine(5, "listening on :8080"), logLine(900, "long after"))
		pushAll(t, l, labels("proxy", "stdout"), logLine(-1, "2026-03-04T02:17:07.5Z stderr F upstream reset"))
		pushAll(t, l, map[string]string{sel.namespace: "shop", sel.pod: "api-2", sel.container: "api"}, logLine(-1, "a sibling's"))
		files, res, rec := run(t, NewLive(clientOf(t, sampleAPI()), lokiOf(t, l, nil), LiveOptions{}), goneSubject())
		want := map[string]string{
			"logs/shop/api-0/api.previous.log": logLine(-700, "listening on :8080") + logLine(-20, "importing file customers.csv (2.1 GB) token=[redacted]") +
				logLine(-3, "java.lang.OutOfMemoryError: Java heap space") + logLine(-3, "\tat java.util.Arrays.copyOf(Arrays.java:3745)"),
			"logs/shop/api-0/api.log":            logLine(5, "listening on :8080"),
			"logs/shop/api-0/proxy.previous.log": logLine(-1.5, "upstream reset"),
		}
		if diff := cmp.Diff(want, files); diff != "" || len(res.BlindSpots) > 0 {
			t.Errorf("%v %q\n%s", sel, toolstest.Whys(res), diff)
		}
		o, _ := rec.Origin("logs/shop/api-0/api.previous.log")
		if o.Name != "the lines of api-0/api in Loki" || o.Source != sel.of("shop", "api-0", "api") {
			t.Errorf("%+v", o)
		}
	}
}

// TestGonePodFaults: why a pod that is gone has no logs is said, with what to do.
func TestGonePodFaults(t *testing.T) {
	busy := lokitest.New(lokitest.Options{Fault: func(w http.ResponseWriter, _ *http.Request) bool {
		http.Error(w, "no org id", http.StatusUnauthorized)
		return true
	}})
	for name, tt := range map[string]struct {
		live *Live
		says string
	}{
		"none":     {NewLive(clientOf(t, sampleAPI()), nil, LiveOptions{}), "loki is not configured, and the cluster has no logs of a pod that is gone: set loki.url"},
		"empty":    {NewLive(clientOf(t, sampleAPI()), lokiOf(t, lokitest.New(lokitest.Options{}), nil), LiveOptions{}), "Loki has no lines of shop/api-0 in the window; asked for {namespace"},
		"refused":  {NewLive(clientOf(t, sampleAPI()), lokiOf(t, busy, nil), LiveOptions{}), "X-Scope-OrgID in loki.headers"},
		"template": {NewLive(clientOf(t, sampleAPI()), lokiOf(t, busy, map[string]string{QueryContainerLogs: `{x="$pods"}`}), LiveOptions{}), "loki.queries.container_logs: fill in the query"},
	} {
		_, res, _ := run(t, tt.live, goneSubject())
		if all := strings.Join(toolstest.Whys(res), "\n"); !strings.Contains(all, tt.says) {
			t.Errorf("%s: %s", name, all)
		}
	}
}

// TestTemplates: the configured query replaces the selectors.
func TestTemplates(t *testing.T) {
	l := lokitest.New(lokitest.Options{})
	pushAll(t, l, map[string]string{"app": "shop-api-0", "container": "api"}, logLine(-3, "of api"), logLine(-2, "debug"))
	pushAll(t, l, map[string]string{"app": "shop-api-0", "container": "proxy"}, logLine(-3, "of proxy"))
	for template, want := range map[string]map[string]string{
		`{app="$namespace-$pod"} != "debug"`: {
			"logs/shop/api-0/api.previous.log": logLine(-3, "of api"), "logs/shop/api-0/proxy.previous.log": logLine(-3, "of proxy"),
		},
		`{app=~"$namespace-$pod", container="$container"}`: {
			"logs/shop/api-0/api.previous.log": logLine(-3, "of api") + logLine(-2, "debug"), "logs/shop/api-0/proxy.previous.log": logLine(-3, "of proxy"),
		},
	} {
		queries := map[string]string{QueryContainerLogs: template}
		files, res, _ := run(t, NewLive(clientOf(t, sampleAPI()), lokiOf(t, l, queries), LiveOptions{}), goneSubject())
		if diff := cmp.Diff(want, files); diff != "" {
			t.Errorf("%s: %q\n%s", template, toolstest.Whys(res), diff)
		}
	}
	s := goneSubject()
	s.Request.Target.Container, s.Pods = "", nil
	_, res, _ := run(t, NewLive(clientOf(t, sampleAPI()), lokiOf(t, l, map[string]string{QueryContainerLogs: `{c="$container"}`}), LiveOptions{}), s)
	if all := strings.Join(toolstest.Whys(res), "\n"); !strings.Contains(all, "name it in the target") {
		t.Error(all)
	}
}

// TestEarlierLife: a life that the cluster does not keep any more is read from Loki, up to where the cluster's
// own lines begin.
func TestEarlierLife(t *testing.T) {
	api := sampleAPI()
	api.logs["api-1/api/previous"] = []string{logLine(300, "listening on :8080"), logLine(400, "working")}
	api.logs["api-1/api"] = []string{logLine(450, "listening on :8080")}
	l := lokitest.New(lokitest.Options{})
	labels := map[string]string{"namespace": "shop", "pod": "api-1", "container": "api"}
	pushAll(t, l, labels, logLine(-600, "listening on :8080"), logLine(-2, "java.lang.OutOfMemoryError: Java heap space"), logLine(4, "listening on :8080"),
		logLine(300, "listening on :8080"), logLine(400, "working"), logLine(450, "listening on :8080"))
	files, res, rec := run(t, NewLive(clientOf(t, api), lokiOf(t, l, nil), LiveOptions{}), subject(3))
	want := logLine(-600, "listening on :8080") + logLine(-2, "java.lang.OutOfMemoryError: Java heap space") + logLine(4, "listening on :8080") +
		logLine(300, "listening on :8080") + logLine(400, "working")
	if diff := cmp.Diff(want, files["logs/shop/api-1/api.previous.log"]); diff != "" || files["logs/shop/api-1/api.log"] != api.logs["api-1/api"][0] {
		t.Errorf("%q\n%s", files["logs/shop/api-1/api.log"], diff)
	}
	if len(res.BlindSpots) > 0 {
		t.Error(toolstest.Whys(res))
	}
	if o, _ := rec.Origin("logs/shop/api-1/api.previous.log"); !strings.Contains(o.Name, "in Loki and of the life before") {
		t.Error(o)
	}

	_, res, _ = run(t, NewLive(clientOf(t, api), nil, LiveOptions{}), subject(3))
	if all := strings.Join(toolstest.Whys(res), "\n"); !strings.Contains(all, "it has restarted 3 times, and the cluster keeps two lives, from 2026-03-04T02:22:09Z on; loki is not configured") {
		t.Error(all)
	}
}

// TestLokiInPlaceOfTheKubelet: what a kubelet that is down does not give, Loki does.
func TestLokiInPlaceOfTheKubelet(t *testing.T) {
	api := sampleAPI()
	api.fail = func(w http.ResponseWriter, _ *http.Request, _ string) bool {
		status(w, 500, metav1.StatusReasonInternalError, `dial tcp 10.0.0.5:10250: i/o timeout`)
		return true
	}
	l := lokitest.New(lokitest.Options{})
	pushAll(t, l, map[string]string{"namespace": "shop", "pod": "api-1", "container": "api"}, logLine(-2, "before"), logLine(2, "after"))
	files, res, _ := run(t, NewLive(clientOf(t, api), lokiOf(t, l, nil), LiveOptions{}), subject(1))
	want := map[string]string{"logs/shop/api-1/api.previous.log": logLine(-2, "before"), "logs/shop/api-1/api.log": logLine(2, "after")}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Error(diff)
	}
	all := strings.Join(toolstest.Whys(res), "\n")
	for _, says := range []string{"logs/shop/api-1/proxy.log can't be read: unavailable", "and in Loki: not found"} {
		if !strings.Contains(all, says) {
			t.Errorf("%q is not in\n%s", says, all)
		}
	}
}

// TestHangingAPI: a kubelet that hangs leaves time for Loki.
func TestHangingAPI(t *testing.T) {
	api := sampleAPI()
	api.fail = func(_ http.ResponseWriter, r *http.Request, pod string) bool {
		if pod == "api-1" {
			<-r.Context().Done()
		}
		return pod == "api-1"
	}
	l := lokitest.New(lokitest.Options{})
	pushAll(t, l, map[string]string{"namespace": "shop", "pod": "api-1", "container": "api"}, logLine(-2, "before"))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	files, _, _ := runIn(ctx, t, NewLive(clientOf(t, api), lokiOf(t, l, nil), LiveOptions{}), subject(1))
	if files["logs/shop/api-1/api.previous.log"] != logLine(-2, "before") || files["logs/shop/api-3/api.log"] == "" {
		t.Errorf("%q", files)
	}
}

// TestLokiLimits: the lines nearest to the moment are taken, in their order.
func TestLokiLimits(t *testing.T) {
	l := lokitest.New(lokitest.Options{MaxEntries: 30})
	labels := map[string]string{"namespace": "shop", "pod": "api-0", "container": "api"}
	for i := range 200 {
		pushAll(t, l, labels, logLine(float64(i/4)-60, fmt.Sprintf("line %03d", i)))
	}
	files, _, _ := run(t, NewLive(clientOf(t, sampleAPI()), lokiOf(t, l, nil), LiveOptions{Lines: 100}), goneSubject())
	var want strings.Builder
	for i := 100; i < 200; i++ {
		want.WriteString(logLine(float64(i/4)-60, fmt.Sprintf("line %03d", i)))
	}
	if diff := cmp.Diff(want.String(), files["logs/shop/api-0/api.previous.log"]); diff != "" {
		t.Error(diff)
	}
}

// TestDocs: the page on Loki names the labels that are looked for.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/loki.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range selectors {
		if want := fmt.Sprintf("| `%s`, `%s`, `%s` |", s.namespace, s.pod, s.container); !strings.Contains(string(page), want) {
			t.Errorf("docs/loki.md has no row with %s", want)
		}
	}
	o := LiveOptions{}.withDefaults()
	for _, want := range []string{"`" + QueryContainerLogs + "`", "the last 10,000 lines", "4 MiB of each container's log"} {
		if !strings.Contains(string(page), want) || o.Lines != 10_000 || o.Bytes != 4<<20 {
			t.Errorf("docs/loki.md does not say %q", want)
		}
	}
}

// FuzzReadPart: what is kept are whole lines of what was read, the last ones, and no more than was asked for.
func FuzzReadPart(f *testing.F) {
	f.Add([]byte(logLine(-1, "a")+logLine(0, "b")+"rest"), int64(40), int64(0))
	f.Add([]byte("no time\n\n2026-03-04T02:17:09Z\n"), int64(5), int64(12))
	f.Fuzz(func(t *testing.T, data []byte, keep, limit int64) {
		keep = keep%1000 + 1000
		p, err := readPart(bytes.NewReader(data), testAt.Add(after), keep, limit%1000)
		if err != nil {
			t.Fatal(err)
		}
		p.trim(keep)
		if int64(len(p.data)) > keep {
			t.Errorf("%d bytes are kept, more than %d", len(p.data), keep)
		}
		for line := range bytes.Lines(p.data) {
			if !bytes.HasSuffix(line, []byte("\n")) || !bytes.Contains(append(data, '\n'), line) {
				t.Errorf("%q is no line of %q", line, data)
			}
		}
		if got := masked(p.data); bytes.Count(got, []byte("\n")) != bytes.Count(p.data, []byte("\n")) {
			t.Errorf("%q has other lines than %q", got, p.data)
		}
	})
}
