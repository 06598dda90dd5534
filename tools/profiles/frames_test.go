package profiles

import (
	"testing"

	"github.com/google/pprof/profile"

	"github.com/oombot/oombot/investigations"
)

func TestFrames(t *testing.T) {
	tests := []struct {
		names            []string
		function, holder string
	}{
		{[]string{"runtime.mallocgc", "bytes.(*Buffer).grow", "main.main"}, "bytes.(*Buffer).grow", "main.main"},
		{[]string{"session.(*Store).Put", "main.main"}, "session.(*Store).Put", "session.(*Store).Put"},
		{[]string{"net/http/internal.chunk", "vendor/golang.org/x/net/h.F", "slices.Grow[go.shape.[]uint8]", "shop/image.Load"}, "net/http/internal.chunk", "shop/image.Load"},
		{[]string{"runtime.malg", "runtime.newproc1"}, "runtime.malg", "runtime.malg"},
		{[]string{"github.com/a/b/runtime.Start"}, "github.com/a/b/runtime.Start", "github.com/a/b/runtime.Start"},
		{[]string{"malloc", "operator new(unsigned long)", "std::vector<int>::push_back", "Cache::put"}, "std::vector<int>::push_back", "Cache::put"},
		{[]string{"__rust_alloc", "alloc::vec::Vec<T>::push", "hashbrown::map::HashMap<K,V>::insert", "shop::cache::put"}, "hashbrown::map::HashMap<K,V>::insert", "shop::cache::put"},
		{[]string{"java.util.HashMap.resize", "com.acme.shop.Cache.put"}, "java.util.HashMap.resize", "com.acme.shop.Cache.put"},
		{[]string{"malloc_stats_reporter"}, "malloc_stats_reporter", "malloc_stats_reporter"},
		{nil, unnamed, unnamed},
	}
	for _, tt := range tests {
		p := build(goHeap(), stack{1, tt.names})
		function, holder := namer{}.of(p.Sample[0].Location)
		if function != tt.function || holder != tt.holder {
			t.Errorf("%q: %q held by %q, want %q held by %q", tt.names, function, holder, tt.function, tt.holder)
		}
	}
	inlined := &profile.Location{Line: []profile.Line{
		{Function: &profile.Function{Name: "bytes.growSlice"}}, {Function: &profile.Function{Name: "main.put"}}, {Function: &profile.Function{Name: "main.caller"}},
	}}
	if _, holder := (namer{}).of([]*profile.Location{inlined}); holder != "main.put" {
		t.Errorf("inlined: %q", holder)
	}
}

func TestSameWorkload(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"api-7c9d8f6b5-x2x4p", "api-5d4f7c8b9-kkkkk", true},
		{"api-7c9d8f6b5-x2x4p", "api-7c9d8f6b5-bbbbb", true},
		{"api-7c9d8f6b5-x2x4p", "api-worker-5d4f7c8b9-kkkkk", false},
		{"my-db-0", "my-db-1", true},
		{"my-db-0", "my-cache-0", false},
		{"agent-x2x4p", "agent-bbbbb", true},
		{"solo", "other", false},
		{"solo", "solo", false}, // a pod is not compared with itself here
	} {
		if got := sameWorkload(tt.a, tt.b); got != tt.want {
			t.Errorf("%s and %s: %v", tt.a, tt.b, got)
		}
	}
}

func TestNear(t *testing.T) {
	pod := investigations.Target{Namespace: "shop", Pod: testPod, Container: "checkout"}
	workload := investigations.Target{Namespace: "shop", Workload: "deployment/checkout"}
	tests := []struct {
		target                    investigations.Target
		namespace, pod, container string
		want                      int
	}{
		{pod, "shop", testPod, "checkout", 0},
		{pod, "shop", testPod, "proxy", 1},
		{pod, "shop", oldPod, "checkout", 1},
		{pod, "shop", "cart-7c9d8f6b5-x2x4p", "cart", 2},
		{pod, "pay", testPod, "checkout", 3},
		{workload, "shop", testPod, "checkout", 0},
		{workload, "shop", "cart-7c9d8f6b5-x2x4p", "cart", 2},
		{investigations.Target{Node: "n1"}, "shop", testPod, "checkout", 3},
		{investigations.Target{}, "", "x", "y", 2},
	}
	for _, tt := range tests {
		if got := near(tt.target, tt.namespace, tt.pod, tt.container); got != tt.want {
			t.Errorf("%s/%s/%s by %s: %d, want %d", tt.namespace, tt.pod, tt.container, tt.target, got, tt.want)
		}
	}
}

func TestUnitBytes(t *testing.T) {
	for unit, want := range map[string]int64{"bytes": 1, "B": 1, "Kilobytes": 1024, "MiB": 1 << 20, "count": 0, "nanoseconds": 0, "": 0} {
		if got := unitBytes(unit); got != want {
			t.Errorf("%q: %d, want %d", unit, got, want)
		}
	}
}

func TestGoPackage(t *testing.T) {
	for name, want := range map[string]string{
		"net/http.(*conn).serve": "net/http", "main.main": "main", "main.main.func1": "main",
		"github.com/a/b.(*T[go.shape.string,github.com/x/y.Z]).M": "github.com/a/b",
		"slices.Grow[go.shape.[]uint8]":                           "slices",
		"gopkg.in/yaml%2ev3.unmarshal":                            "gopkg.in/yaml%2ev3",
		"malloc":                                                  "", "": "", "(root)": "",
	} {
		if got := goPackage(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
