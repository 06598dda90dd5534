package live

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/tools/kubeclient/kubetest"
)

const example = "../../examples/leak-after-deploy"

func TestAnywhere(t *testing.T) {
	server := kubetest.New(t, os.DirFS(example))
	tests := map[string]struct {
		kind, name string
		in         func(string) bool
		want       []Words
	}{
		"a deployment": {name: "gateway", want: []Words{{Namespace: "ads", Kind: "deployment", Name: "gateway"}}},
		"of its kind":  {kind: "deployment", name: "gateway", want: []Words{{Namespace: "ads", Kind: "deployment", Name: "gateway"}}},
		"of another":   {kind: "daemonset", name: "gateway"},
		"a pod": {
			name: "gateway-zxthbd6kg-tcr7d",
			want: []Words{{Namespace: "ads", Kind: "pod", Name: "gateway-zxthbd6kg-tcr7d"}},
		},
		"a pod that is gone": {
			name: "gateway-zxthbd6kg-bcdfg",
			want: []Words{{Namespace: "ads", Kind: "pod", Name: "gateway-zxthbd6kg-bcdfg"}},
		},
		"nothing":           {name: "nothing-of-that-name"},
		"where it may be":   {name: "gateway", in: func(ns string) bool { return ns == "ads" }, want: []Words{{Namespace: "ads", Kind: "deployment", Name: "gateway"}}},
		"where it may not":  {name: "gateway", in: func(ns string) bool { return ns != "ads" }},
		"gone, may not be":  {name: "gateway-zxthbd6kg-bcdfg", in: func(string) bool { return false }},
		"a name of no form": {kind: "pod", name: "gateway-x"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := &Resolver{Cluster: server.Cluster(t), Now: time.Now}
			got, err := r.Anywhere(t.Context(), tt.kind, tt.name, tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, call := range server.Calls() {
		if !strings.Contains(call, "metadata.name") || !strings.Contains(call, "resourceVersion=0") {
			t.Errorf("a call whose answer grows with the cluster: %s", call)
		}
	}
}

// TestAnywhereForbidden has one kind refused: the others are found, and what is missing is said.
func TestAnywhereForbidden(t *testing.T) {
	server := kubetest.New(t, os.DirFS(example))
	server.Forbid(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/statefulsets") })
	r := &Resolver{Cluster: server.Cluster(t), Now: time.Now}
	got, err := r.Anywhere(t.Context(), "", "gateway", nil)
	if len(got) != 1 || err == nil || !strings.Contains(err.Error(), "look for a statefulset of the name gateway") {
		t.Errorf("got %v, %v", got, err)
	}
}
