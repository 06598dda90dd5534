package rules

import (
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// TestSuccessor has a younger pod of the victim's name: the report, whose pod nobody knows any more, is the target's all
// the same.
func TestSuccessor(t *testing.T) {
	i := newIncident().report(nil)
	p := i.pod()
	p.UID, p.Created, p.Started = "another", i.req.At.Add(time.Hour), i.req.At.Add(time.Hour)
	p.Containers[0].LastState, p.Containers[0].Restarts, p.Containers[0].ContainerID = investigations.ContainerState{}, 0, "another"
	d, _ := i.diagnose()
	if v := d.Verdict; v.Mechanism != investigations.MemcgOOMKill || v.Victim == nil || v.Victim.PID == 0 {
		t.Errorf("mechanism %s, victim %+v: want the kernel's kill", v.Mechanism, v.Victim)
	}
}
