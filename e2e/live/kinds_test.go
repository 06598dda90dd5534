package live

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/oombot/oombot/e2e/cluster"
	"github.com/oombot/oombot/examples/incidents"
)

// someKinds are tried where OOMBOT_E2E_KINDS names no others: what the examples leave out.
const someKinds = "leak_slow_days,leak_statefulset,leak_config_map,two_unrelated_kills,workload_pod_gone,init_container_spike," +
	"noisy_neighbour_limit_removed,besteffort_slice,eviction_own_leak,liveness_of_another_container,gitops_owned_limit,kernel_log_no_clock"

// notLive are kinds of which a living cluster can't hold all that was recorded, and why.
var notLive = map[string]string{
	"flight_recorder_only":  "the node agent's recorder is a file of bundles alone",
	"incident_only":         "a cluster without any trace of the target is no blind spot but an error",
	"broken_metrics":        "no server answers half a file",
	"truncated_pods":        "no server answers half a file",
	"kernel_log_other_node": "a file that somebody gives as the node's kernel log counts as such",
}

// TestKinds has incidents of many more kinds than the examples investigated in a living cluster: each field that is right
// for the recorded bundle is right there, too, and the collected bundle says the same. OOMBOT_E2E_KINDS=all tries every
// kind, which takes some ten minutes; it may also list kinds. cAdvisor has its samples as it has them at real sites.
func TestKinds(t *testing.T) {
	named := os.Getenv("OOMBOT_E2E_KINDS")
	if named == "" {
		named = someKinds
	}
	tried := 0
	for _, k := range incidents.Kinds() {
		if named != "all" && !slices.Contains(strings.Split(named, ","), k.Name) || notLive[k.Name] != "" {
			continue
		}
		tried++
		t.Run(k.Name, func(t *testing.T) {
			dir := t.TempDir()
			if err := incidents.Write(dir, k.Name, 5, incidents.Options{Small: named == someKinds}); err != nil {
				t.Fatal(err)
			}
			asRight(t, dir, cluster.PrometheusOptions{Lives: true, Scatter: true})
		})
	}
	if named != "all" && tried != len(strings.Split(named, ",")) {
		t.Errorf("%d kinds of those in %q were tried", tried, named)
	}
}

// asRight fails for each field that is right of the bundle and wrong in a cluster that holds it.
func asRight(t *testing.T, dir string, o cluster.PrometheusOptions) {
	t.Helper()
	recorded := grades(t, dir)
	i := load(t, dir, o)
	env := i.env(t, "")
	live := i.investigate(t, env)
	out := i.collected(t, env, live, i.args("collect")[1:]...)
	truth, err := os.ReadFile(filepath.Join(dir, "truth.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(out, "truth.yaml"), truth, 0o600); err != nil {
		t.Fatal(err)
	}
	for field, got := range grades(t, out) {
		if got != "" && recorded[field] == "" {
			t.Errorf("%s: %s", field, got)
		}
	}
	if t.Failed() {
		for _, b := range live.BlindSpots {
			t.Logf("blind: %s: %s", b.Tool, b.Why)
		}
	}
}

// grades are what oombot eval says of each field: nothing where it is right.
func grades(t *testing.T, dir string) map[string]string {
	t.Helper()
	var e struct {
		Bundles []struct {
			Grades []struct {
				Field, Want, Got string
				Right            bool
			}
		}
	}
	out := run(t, nil, "eval", dir, "-o", "json")
	if err := json.Unmarshal(out.Stdout, &e); err != nil || len(e.Bundles) != 1 || len(e.Bundles[0].Grades) == 0 {
		t.Fatalf("eval printed (%v):\n%s", err, out.Stdout)
	}
	grades := map[string]string{}
	for _, g := range e.Bundles[0].Grades {
		grades[g.Field] = ""
		if !g.Right {
			grades[g.Field] = fmt.Sprintf("want %s, got %s", g.Want, g.Got)
		}
	}
	return grades
}
