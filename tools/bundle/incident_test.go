package bundle

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

const head = "version: 1\nat: 2026-03-04T02:17:09Z\n"

func TestParseIncident(t *testing.T) {
	at := time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC)
	pod := investigations.Target{Namespace: "shop", Pod: "checkout-0"}
	day := 24 * time.Hour
	tests := []struct {
		name, yaml string
		want       investigations.Request
	}{
		{"least", head + "target: {namespace: shop, pod: checkout-0}", investigations.Request{At: at, Target: pod, Window: day}},
		{
			"unknown keys", head + "target: {namespace: shop, pod: checkout-0, uid: 1}\nx-notes: [a, b]",
			investigations.Request{At: at, Target: pod, Window: day},
		},
		{
			"JSON", `{"version": 1, "at": "2026-03-04T03:17:09+01:00", "target": {"namespace": "shop", "pod": "checkout-0"}}`,
			investigations.Request{At: at, Target: pod, Window: day},
		},
		{
			"CRLF and byte order mark", "\ufeffversion: 1\r\nat: 2026-03-04 02:17:09\r\ntarget:\r\n  namespace: shop\r\n  pod: checkout-0\r\n",
			investigations.Request{At: at, Target: pod, Window: day},
		},
		{
			"days", head + "window: 7d\ntarget: {namespace: shop, pod: checkout-0}",
			investigations.Request{At: at, Target: pod, Window: 7 * day},
		},
		{
			"mixed window", head + "window: 1w2d3h30m\ntarget: {namespace: shop, pod: checkout-0}",
			investigations.Request{At: at, Target: pod, Window: 9*day + 3*time.Hour + 30*time.Minute},
		},
		{
			"unquoted numbers", head + "cluster: 7\ntarget: {namespace: shop, pod: checkout-0}\nalert: {id: 4711}",
			investigations.Request{At: at, Target: pod, Window: day, Cluster: "7", Alert: &investigations.Alert{ID: "4711"}},
		},
		{
			"empty keys", head + "target: {namespace: shop, pod: checkout-0, node: '', workload: }\nalert:",
			investigations.Request{At: at, Target: pod, Window: day},
		},
		{
			"workload", head + "target: {namespace: shop, workload: Deployment/checkout}",
			investigations.Request{At: at, Target: investigations.Target{Namespace: "shop", Workload: "deployment/checkout"}, Window: day},
		},
		{
			"kubectl's short kind", head + "target: {namespace: shop, workload: sts/db}",
			investigations.Request{At: at, Target: investigations.Target{Namespace: "shop", Workload: "statefulset/db"}, Window: day},
		},
		{
			"kind with its group", head + "target: {namespace: shop, workload: daemonsets.apps/agent}",
			investigations.Request{At: at, Target: investigations.Target{Namespace: "shop", Workload: "daemonset/agent"}, Window: day},
		},
		{
			"bare workload", head + "target: {namespace: shop, workload: checkout}",
			investigations.Request{At: at, Target: investigations.Target{Namespace: "shop", Workload: "checkout"}, Window: day},
		},
		{
			"node", head + "target: {node: ip-10-0-0-1.ec2.internal}",
			investigations.Request{At: at, Target: investigations.Target{Node: "ip-10-0-0-1.ec2.internal"}, Window: day},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, _, err := parseIncident([]byte(test.yaml))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseIncidentRefuses(t *testing.T) {
	const pod = "target: {namespace: shop, pod: checkout-0}\n"
	tests := []struct{ name, yaml, says string }{
		{"nothing", "", "no version"},
		{"no YAML", "version: 1\n\tat: x", "can't be read"},
		{"a list", "- version: 1", "can't be read"},
		{"bytes", "\xff\xfe\x00\x01", "can't be read"},
		{"no version", "at: 2026-03-04T02:17:09Z\n" + pod, "version: 1"},
		{"later version", "version: 2\nat: 2026-03-04T02:17:09Z\n" + pod, "version 2"},
		{"odd version", "version: {a: 1}\nat: 2026-03-04T02:17:09Z\n" + pod, "reads version 1"},
		{"no at", "version: 1\n" + pod, "at: 2026-03-04T02:17:09Z"},
		{"null at", "version: 1\nat: null\n" + pod, "has no at"},
		{"at is no time", "version: 1\nat: yesterday\n" + pod, `"yesterday"`},
		{"at is a map", "version: 1\nat: {t: 1}\n" + pod, "list or a map"},
		{"at is the zero time", "version: 1\nat: 0001-01-01T00:00:00Z\n" + pod, "no time"},
		{"no target", head, "no target"},
		{"target is a word", head + "target: shop/checkout", "can't be read"},
		{"empty target", head + "target: {}", "without a pod, workload or node"},
		{"only a namespace", head + "target: {namespace: shop}", "without a pod, workload or node"},
		{"no namespace", head + "target: {pod: checkout-0}", "add namespace"},
		{"pod and workload", head + "target: {namespace: shop, pod: a, workload: b}", "several kinds"},
		{"pod and node", head + "target: {namespace: shop, pod: a, node: b}", "several kinds"},
		{"node and namespace", head + "target: {namespace: shop, node: b}", "a node and a namespace"},
		{"container without a pod", head + "target: {namespace: shop, workload: a, container: b}", "no pod"},
		{"a path", head + "target: {namespace: shop, pod: ../../etc}", "metadata.name"},
		{"dots", head + "target: {namespace: .., pod: a}", "metadata.name"},
		{"control characters", head + `target: {namespace: shop, pod: "a\e[31mb"}`, "metadata.name"},
		{"endless name", head + "target: {namespace: shop, pod: " + strings.Repeat("a", 300) + "}", "metadata.name"},
		{"half a workload", head + "target: {namespace: shop, workload: deployment/}", "deployment/checkout"},
		{"too many slashes", head + "target: {namespace: shop, workload: a/b/c}", "metadata.name"},
		{"window without a unit", head + "window: 24\n" + pod, "24h, 7d or 30m"},
		{"window zero", head + "window: 0s\n" + pod, "24h, 7d or 30m"},
		{"window backwards", head + "window: -5h\n" + pod, "24h, 7d or 30m"},
		{"window overflows", head + "window: 9999999d\n" + pod, "24h, 7d or 30m"},
		{"alert is a list", head + pod + "alert: [1]", "can't be read"},
		{"alias bomb", aliasBomb(), "can't be read"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, _, err := parseIncident([]byte(test.yaml))
			if err == nil {
				t.Fatalf("accepted as %+v", got)
			}
			if !errors.Is(err, investigations.ErrInvalidBundle) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %q: want ErrInvalidBundle that says %q", err, test.says)
			}
			if strings.ContainsFunc(err.Error(), unicode.IsControl) {
				t.Errorf("error %q holds control characters", err)
			}
		})
	}
}

// aliasBomb is YAML of some hundred bytes that stands for billions of values.
func aliasBomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := range 11 {
		from, to := string(rune('0'+i)), string(rune('1'+i))
		b.WriteString("a" + to + ": &a" + to + " [" + strings.Repeat("*a"+from+", ", 9) + "*a" + from + "]\n")
	}
	return head + b.String()
}

func FuzzIncident(f *testing.F) {
	f.Add([]byte(goodIncident))
	f.Add([]byte(head + "target: {node: n1}\nwindow: 1w2d3h"))
	f.Add([]byte(`{"version": 1, "at": "2026-03-04 02:17:09", "target": {"namespace": "a", "workload": "sts/b"}}`))
	f.Add([]byte("version: !!binary aGk=\nat: [1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, _, err := parseIncident(data)
		if err != nil {
			if !errors.Is(err, investigations.ErrInvalidBundle) {
				t.Fatalf("error %v does not wrap ErrInvalidBundle", err)
			}
			return
		}
		if r.At.IsZero() || r.Window <= 0 {
			t.Fatalf("accepted without a time or a window: %+v", r)
		}
		shapes := 0
		for _, s := range []string{r.Target.Pod, r.Target.Workload, r.Target.Node} {
			if s != "" {
				shapes++
			}
		}
		if shapes != 1 {
			t.Fatalf("accepted a target of %d shapes: %+v", shapes, r.Target)
		}
	})
}
