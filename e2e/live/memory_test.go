package live

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"testing"

	"github.com/oombot/oombot/e2e/cluster"
	"github.com/oombot/oombot/investigations"
)

// shown is what history show prints of an incident.
func shown(t *testing.T, env []string, id string) investigations.Trace {
	t.Helper()
	var trace investigations.Trace
	out := run(t, env, "history", "show", id, "-o", "json")
	if err := json.Unmarshal(out.Stdout, &trace); err != nil {
		t.Fatalf("%v in\n%s", err, out.Stdout)
	}
	return trace
}

// TestInheritance investigates two incidents of one workload in living clusters, nine days apart. The second inherits
// from the first, and the first learns from the second: that a rollback had been made, and had held.
func TestInheritance(t *testing.T) {
	file := "memory: {file: " + filepath.Join(t.TempDir(), "memory.db") + "}"

	i := load(t, example("leak-after-deploy"), cluster.PrometheusOptions{})
	env := i.env(t, "", file)
	first := result(t, run(t, env, i.args("investigate", "-o", "json")...))
	if again := result(t, run(t, env, i.args("investigate", "-o", "json")...)); again.ID != first.ID || len(again.Precedents) != 0 {
		t.Errorf("investigated again it is %s in place of %s, with the precedents %v", again.ID, first.ID, again.Precedents)
	}
	trace := shown(t, env, first.ID)
	asked := slices.IndexFunc(trace.Sources, func(s investigations.SourceAnswer) bool {
		return s.Tool == investigations.ToolMetrics && s.Asked != "" && s.SHA256 != "" && s.Bytes > 0
	})
	if asked < 0 {
		t.Errorf("the trace does not say what Prometheus was asked, and answered: %+v", trace.Sources)
	}
	if trace.Outcome.State != investigations.OutcomeUnknown || len(trace.State.Workloads) != 1 || trace.AskedBy == "" {
		t.Errorf("the trace lacks what was in force, or who asked: %+v", trace)
	}

	j := load(t, example("leak-after-deploy-again"), cluster.PrometheusOptions{})
	env = j.env(t, "", file)
	second := result(t, run(t, env, j.args("investigate", "-o", "json")...))
	if len(second.Precedents) != 1 || second.Precedents[0].ID != first.ID || second.Precedents[0].Outcome != investigations.OutcomeFixHeld {
		t.Fatalf("the second has the precedents %+v, want %s, whose fix held", second.Precedents, first.ID)
	}
	cited := slices.ContainsFunc(second.Facts, func(f investigations.Fact) bool { return f.Tool == investigations.ToolMemory })
	if !cited {
		t.Error("no fact cites the first")
	}
	if o := shown(t, env, first.ID).Outcome; o.State != investigations.OutcomeFixHeld || !slices.Equal(o.Fix, []investigations.Action{investigations.ActionRollback}) {
		t.Errorf("the first learned %+v, want that the rollback held", o)
	}
}
