package rules

import (
	"testing"

	"github.com/oombot/oombot/investigations"
)

// TestPodWithoutContainers has a pod object whose list of containers was lost; the kernel's report and the
// workload's template still tell who was killed.
func TestPodWithoutContainers(t *testing.T) {
	i := newIncident().report(nil)
	containers := i.pod().Containers
	i.ev.Rollouts.Workloads = []investigations.Workload{{
		Namespace: "shop", Kind: "deployment", Name: "api", Template: investigations.PodTemplate{Containers: containers},
		Revisions: []investigations.Revision{{Number: 1, Name: "api-h1", Template: investigations.PodTemplate{Containers: []investigations.Container{{Name: "api", Kind: investigations.ContainerApp}}}}},
	}}
	i.pod().Containers = nil
	d, led := i.diagnose()
	if d.Verdict.Mechanism != investigations.MemcgOOMKill || d.Verdict.Victim == nil || d.Verdict.Victim.Container != "api" {
		t.Errorf("mechanism %s, victim %+v: want the kernel's kill of container api", d.Verdict.Mechanism, d.Verdict.Victim)
	}
	if id := led.ID("rules/pods/silent"); id != "" {
		t.Error("a status that is not known was read as a container that lived on")
	}
	if len(i.pod().Containers) != 0 {
		t.Error("the evidence was changed")
	}
	i.ev.Rollouts.Workloads = nil
	if d, _ := i.diagnose(); d.Verdict.Mechanism != investigations.MemcgOOMKill {
		t.Errorf("mechanism without a template: %s", d.Verdict.Mechanism)
	}
}
