package rules

import (
	"testing"

	"github.com/oombot/oombot/investigations"
)

// TestNodeTarget: a node is judged by its own log only, and silence in it is an answer.
func TestNodeTarget(t *testing.T) {
	for _, tt := range []struct {
		name, node, log string
		kill            bool
		want            investigations.Mechanism
	}{
		{"quiet", "n1", "n1", false, investigations.NotKilled},
		{"a kill of its own", "n1", "n1", true, investigations.MemcgOOMKill},
		{"the log has the node's full name", "n1", "n1.example.org", true, investigations.MemcgOOMKill},
		{"a node that nobody knows", "n2", "n1", true, investigations.MechanismUnknown},
		{"a node that nobody knows, and quiet", "n2", "n1", false, investigations.MechanismUnknown},
	} {
		i := newIncident()
		if tt.kill {
			i.ends("OOMKilled", 137).report(nil)
		}
		i.req.Target = investigations.Target{Node: tt.node}
		i.ev.Kernel.Logs[0].Node = tt.log
		d, led := i.diagnose()
		checkSound(t, d, led)
		if d.Verdict.Mechanism != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, d.Verdict.Mechanism, tt.want)
		}
		if tt.want == investigations.NotKilled && (d.Verdict.Boundary != investigations.BoundaryNone || d.Verdict.Cause != investigations.CauseNotOOM) {
			t.Errorf("%s: boundary %s, cause %s", tt.name, d.Verdict.Boundary, d.Verdict.Cause)
		}
	}
}
