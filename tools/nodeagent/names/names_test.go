package names

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"

	"github.com/oombot/oombot/investigations"
)

func TestWatch(t *testing.T) {
	a, url := startAPI(t)
	a.event("ADDED", testPod{uid: "u1", name: "checkout", ids: map[string]string{"app": "c1"}})
	a.event("ADDED", testPod{uid: "u9", name: "elsewhere", node: "n2"})
	n := startNames(t, url, nil)
	eventually(t, "the first list", n.knows("u1", "c1", "shop/checkout/app"))
	eventually(t, "a watch", func() bool { return n.Stats().Watches == 1 })
	a.event("ADDED", testPod{uid: "u2", name: "cart"})
	eventually(t, "a new pod", n.knows("u2", "x", "shop/cart/"))
	a.event("MODIFIED", testPod{uid: "u2", name: "cart", ids: map[string]string{"app": "c2"}})
	eventually(t, "its container", n.knows("u2", "c2", "shop/cart/app"))
	a.event("MODIFIED", testPod{uid: "u2", name: "cart", ids: map[string]string{"app": "c3"}})
	eventually(t, "its next life", n.knows("u2", "c3", "shop/cart/app"))
	if !n.knows("u2", "c2", "shop/cart/app")() {
		t.Error("the life before is not known any more")
	}
	a.event("DELETED", testPod{uid: "u2", name: "cart"})
	eventually(t, "its end", func() bool { return n.Stats().Gone == 1 })
	if !n.knows("u2", "c3", "shop/cart/app")() {
		t.Error("a pod that is gone is not known any more")
	}
	want := investigations.NodePod{UID: "u2", Namespace: "shop", Name: "cart", Containers: []investigations.NodeContainer{{ID: "c3", Name: "app"}, {ID: "c2", Name: "app"}}}
	got, ok := n.Pod("u2")
	if diff := cmp.Diff(want, got); diff != "" || !ok {
		t.Error(diff)
	}
	if _, ok := n.Subject("u2"); ok {
		t.Error("a pod that is gone can be asked")
	}
	if _, _, c := n.Name("u1", ""); c != "" {
		t.Errorf("no container is called %q", c)
	}
	if !n.knows("u9", "", "//")() {
		t.Error("a pod of another node is known")
	}
	if s := n.Stats(); s.Pods != 1 || s.Lists != 1 || s.Watches != 1 || s.Events != 4 || s.LastSuccess.IsZero() {
		t.Errorf("the figures are %+v", s)
	}
	if f := n.Faults(); f != nil {
		t.Errorf("faults: %q", f)
	}
}

// TestCut has connections cut: the watch goes on where it was, and nothing is listed again.
func TestCut(t *testing.T) {
	a, url := startAPI(t)
	n := startNames(t, url, nil)
	eventually(t, "a watch", func() bool { return n.Stats().Watches == 1 })
	a.event("ADDED", testPod{uid: "u1", name: "one"})
	eventually(t, "a pod", n.knows("u1", "", "shop/one/"))
	a.say(`{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"77","creationTimestamp":null},"spec":{"containers":null},"status":{}}}`)
	eventually(t, "the bookmark", func() bool { return n.Stats().Events == 2 })
	a.cut()
	eventually(t, "the next watch", func() bool { return n.Stats().Watches == 2 })
	a.event("ADDED", testPod{uid: "u2", name: "two"})
	eventually(t, "a pod", n.knows("u2", "", "shop/two/"))
	var versions []string
	lists := 0
	for _, q := range a.requests() {
		if q.Get("watch") != "" {
			versions = append(versions, q.Get("resourceVersion"))
		} else if q.Get("resourceVersion") == "0" {
			lists++
		}
	}
	if diff := cmp.Diff([]string{"10", "77"}, versions); diff != "" || lists != 1 {
		t.Errorf("%d lists; watched from %s", lists, diff)
	}
	if f := n.Faults(); f != nil {
		t.Errorf("faults: %q", f)
	}
}

// TestExpired has a server that knows nothing any more of what happened while the connection was cut, as an event and as
// a status.
func TestExpired(t *testing.T) {
	for name, expire := range map[string]func(*api){
		"event":  func(a *api) { a.oldest = 1000; a.version = 1000 },
		"status": func(a *api) { a.refuse = http.StatusGone },
	} {
		t.Run(name, func(t *testing.T) {
			a, url := startAPI(t)
			a.event("ADDED", testPod{uid: "u1", name: "one"})
			n := startNames(t, url, nil)
			eventually(t, "a watch", func() bool { return n.Stats().Watches == 1 })
			a.event("ADDED", testPod{uid: "u2", name: "two"}, true)
			a.event("DELETED", testPod{uid: "u1"}, true)
			before := len(a.requests())
			a.set(expire)
			a.cut()
			eventually(t, "an attempt", func() bool { return len(a.requests()) > before })
			a.set(func(a *api) { a.refuse = 0 })
			eventually(t, "the new pod", n.knows("u2", "", "shop/two/"))
			eventually(t, "the old one's end", func() bool { s := n.Stats(); return s.Gone == 1 && s.Pods == 1 && s.Lists == 2 })
			for _, q := range a.requests()[before:] {
				if q.Get("watch") == "" && q.Get("resourceVersion") != "" {
					t.Errorf("after the end of a version, the list is of %q", q.Get("resourceVersion"))
				}
			}
		})
	}
}

func TestForbidden(t *testing.T) {
	for status, want := range map[int]string{
		http.StatusForbidden:           "the agent's role lacks the verb list on pods, in all namespaces",
		http.StatusUnauthorized:        "the token is not accepted",
		http.StatusInternalServerError: "status 500",
		http.StatusFound:               "status 302",
	} {
		a, url := startAPI(t)
		a.refuse = status
		a.header.Set("Location", "http://127.0.0.1:1/")
		n := startNames(t, url, nil)
		eventually(t, want, func() bool {
			f := n.Faults()
			return len(f) == 1 && strings.Contains(f[0], want) && n.Stats().Failures > 0
		})
		if status == http.StatusInternalServerError {
			a.set(func(a *api) { a.refuse = 0 })
			eventually(t, "the end of the fault", func() bool { return n.Faults() == nil })
		}
	}
	a := &refusal{kind: investigations.ErrForbidden, after: time.Minute}
	if d := delay(1, a); d != time.Minute {
		t.Errorf("after a refusal, %s pass", d)
	}
}

// TestUnknown has a uid that the watch does not tell of: one list is made for it, and no second.
func TestUnknown(t *testing.T) {
	a, url := startAPI(t)
	n := startNames(t, url, nil)
	eventually(t, "a watch", func() bool { return n.Stats().Watches == 1 })
	a.event("ADDED", testPod{uid: "u1", name: "one", ids: map[string]string{"app": "c1"}}, true)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if p, ok := n.Wait(ctx, "u1"); !ok || p.Name != "one" {
		t.Errorf("the pod is %+v, %t", p, ok)
	}
	before := len(a.requests())
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if p, ok := n.Wait(short, "u1"); !ok {
		t.Errorf("then it is %+v", p)
	}
	for range 3 {
		short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if p, ok := n.Wait(short, "nobody"); ok {
			t.Errorf("nobody is %+v", p)
		}
		cancel()
	}
	if after := len(a.requests()); after-before > 1 {
		t.Errorf("%d requests", after-before)
	}
	if p, ok := n.Wait(t.Context(), ""); ok { // it doesn't wait
		t.Errorf("no uid is %+v", p)
	}
}

func TestNone(t *testing.T) {
	n := start(t, Options{Source: SourceNone})
	if p, ok := n.Wait(t.Context(), "u1"); ok || n.Faults() != nil {
		t.Errorf("the pod is %+v, faults %q", p, n.Faults())
	}
}

func TestNewFails(t *testing.T) {
	good := Options{Source: SourceAPI, Node: node, REST: &rest.Config{Host: "http://127.0.0.1:1"}, Log: slog.New(slog.DiscardHandler)}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Options){
		"OOMBOT_NODE":                 func(o *Options) { o.Node = "" },
		"logger":                      func(o *Options) { o.Log = nil },
		"choose api, kubelet or none": func(o *Options) { o.Source = "etcd" },
		"how the API server":          func(o *Options) { o.REST = nil },
		"https://NODE-IP:10250":       func(o *Options) { o.Source, o.KubeletURL = SourceKubelet, "10.0.0.1:10250" },
		"the kubelet's certificate":   func(o *Options) { o.Source, o.KubeletURL, o.CAFile = SourceKubelet, "https://x", "/nowhere" },
		"prepare the Kubernetes client": func(o *Options) {
			o.REST = &rest.Config{Host: "https://x", TLSClientConfig: rest.TLSClientConfig{Insecure: true, CAFile: "/nowhere"}}
		},
	} {
		o := good
		change(&o)
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
