package memory

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

func TestFeaturesOfABareResult(t *testing.T) {
	r := investigations.Result{
		Target: investigations.Target{Namespace: "shop", Workload: "deployment/checkout", Container: "app"},
		Verdict: investigations.Verdict{
			Cause: investigations.CauseLeak, Victim: &investigations.Party{Namespace: "shop", Pod: "checkout-1", Container: "app", Comm: "checkout", Node: "n1"},
			Change: &investigations.Change{What: []string{"image: 1.4.1 -> 1.5.0"}},
		},
		Facts: []investigations.Fact{
			{Tool: investigations.ToolRollouts, Says: `from revision 18 to 19 of "deployment/checkout" changed: image of "app": "registry.example:5000/shop/checkout:1.4.1" -> "registry.example:5000/shop/checkout:1.5.0"`},
			{Tool: investigations.ToolProfiles, Says: `heap in use of "checkout-1/app": 686 MiB, then 1.57 GiB; grown are "session.(*Store).Put" +922 MiB, "Cache::insert" +3 MiB`},
			{Tool: investigations.ToolProfiles, Says: `heap profile of "checkout-1/app": 1.57 GiB in use; allocated by "main.loadCatalog" 291 MiB`},
			{Tool: investigations.ToolLogs, Says: `the log quotes "evil/image:1" and "a.b"`},
		},
	}
	want := investigations.Features{
		Cause: investigations.CauseLeak, Comm: "checkout", Image: "registry.example:5000/shop/checkout", Version: "1.5.0",
		Functions: []string{"session.(*Store).Put", "Cache::insert"}, Changed: []string{"image"},
		Namespace: "shop", Workload: "deployment/checkout", Container: "app", Node: "n1",
	}
	if d := cmp.Diff(want, FeaturesOf(investigations.Trace{Result: r})); d != "" {
		t.Errorf("features (-want +got):\n%s", d)
	}
	own := investigations.Features{Image: "own", Shape: investigations.ShapeSteady}
	if f := FeaturesOf(investigations.Trace{Result: r, Features: own}); f.Image != "own" || f.Functions != nil {
		t.Errorf("a trace with features of its own gets others: %+v", f)
	}
}

func TestCulpritOfAVerdict(t *testing.T) {
	victim := &investigations.Party{Namespace: "shop", Pod: "web-6d4b75cb6d-hx7k2", Container: "app"}
	tests := []struct {
		name    string
		culprit *investigations.Party
		want    string
	}{
		{"nobody", nil, ""},
		{"the victim", victim, ""},
		{"a container beside it", &investigations.Party{Namespace: "shop", Pod: victim.Pod, Container: "proxy"}, "container proxy"},
		{"a deployment", &investigations.Party{Namespace: "data", Pod: "etl-7c9d8f6b5-x2x4p"}, "data/deployment/etl"},
		{"a stateful set", &investigations.Party{Namespace: "data", Pod: "db-0"}, "data/statefulset/db"},
		{"a bare pod", &investigations.Party{Namespace: "data", Pod: "lone"}, "data/pod/lone"},
		{"a process", &investigations.Party{Node: "n1", Comm: "backup-agent"}, "backup-agent"},
	}
	for _, tt := range tests {
		if got := culpritOf(investigations.Verdict{Victim: victim, Culprit: tt.culprit}); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
