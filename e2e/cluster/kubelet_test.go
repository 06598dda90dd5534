package cluster

import (
	"bytes"
	"net/url"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const threeLines = "2026-01-01T00:00:00.1Z one\n2026-01-01T00:00:01.2Z two\n2026-01-01T00:00:02.3Z three\n"

func TestLogOptions(t *testing.T) {
	for query, want := range map[string]string{
		"":                               "one\ntwo\nthree\n",
		"timestamps=true":                threeLines,
		"tailLines=2":                    "two\nthree\n",
		"tailLines=0":                    "",
		"limitBytes=5":                   "one\nt",
		"sinceTime=2026-01-01T00:00:01Z": "two\nthree\n",
		"tailLines=1&sinceTime=2026-01-01T00:00:01Z":               "three\n",
		"tailLines=3&sinceTime=2026-01-01T00:00:02Z&limitBytes=99": "three\n",
		"sinceSeconds=1": "",
	} {
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		o, err := parseLogOptions(q)
		if err != nil {
			t.Errorf("%q: %v", query, err)
			continue
		}
		var b bytes.Buffer
		if err := o.write(&b, []byte(threeLines)); err != nil || b.String() != want {
			t.Errorf("%q gives %q, %v, want %q", query, b.String(), err, want)
		}
	}
	for _, query := range []string{"tail=1", "tailLines=-1", "sinceTime=yesterday", "previous=perhaps", "follow=true"} {
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if o, err := parseLogOptions(q); err == nil {
			t.Errorf("%q is taken: %+v", query, o)
		}
	}
}

func TestLogFiles(t *testing.T) {
	k := StartKubelet(t, fstest.MapFS{"kubernetes/pods.json": {Data: []byte(`{"items":[{"metadata":{"namespace":"shop","name":"web"},"status":{
		"initContainerStatuses":[{"name":"migrate","state":{"waiting":{}},"lastState":{"terminated":{}}}],
		"containerStatuses":[{"name":"app","state":{"waiting":{}},"lastState":{}},{"name":"proxy","state":{"running":{}},"lastState":{"terminated":{}}}]}}]}`)}})
	for container, want := range map[string][]string{
		"migrate": {"logs/shop/web/migrate.previous.log", "logs/shop/web/migrate.log"},
		"app":     {"logs/shop/web/app.log"},
		"proxy":   {"logs/shop/web/proxy.log"},
	} {
		if diff := cmp.Diff(want, k.files("shop", "web", container, false)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", container, diff)
		}
	}
	if diff := cmp.Diff([]string{"logs/shop/web/proxy.previous.log"}, k.files("shop", "web", "proxy", true)); diff != "" {
		t.Errorf("the life before (-want +got):\n%s", diff)
	}
}
