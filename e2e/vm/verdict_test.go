package vm

import (
	"testing"

	"github.com/oombot/oombot/e2e/vm/scene"
	"github.com/oombot/oombot/investigations"
)

// verdicts are what the bot has to make of the kills, by what the agent told and the cluster alone: nothing scrapes the
// machine.
var verdicts = []struct {
	pod       string
	mechanism investigations.Mechanism
	boundary  investigations.Boundary
	victim    scene.Container
	culprit   scene.Container // who took the memory
}{
	{scene.Still.Pod, investigations.MemcgOOMKill, investigations.BoundaryContainer, scene.Still, scene.Still},
	{scene.Checkout.Pod, investigations.MemcgOOMKill, investigations.BoundaryContainer, scene.Checkout, scene.Checkout},
	{scene.Workers.Pod, investigations.MemcgOOMKill, investigations.BoundaryContainer, scene.Workers, scene.Workers},
	{scene.Pricing.Pod, investigations.MemcgOOMKill, investigations.BoundaryPod, scene.Pricing, scene.Shipper},
	{scene.API.Pod, investigations.MemcgOOMKill, investigations.BoundaryNodeAllocatable, scene.API, scene.ETL},
	{scene.Leaky.Pod, investigations.GlobalOOMKill, investigations.BoundaryNode, scene.Leaky, scene.Leaky},
	{scene.Batch.Pod, investigations.MemcgOOMKill, investigations.BoundaryContainer, scene.Batch, scene.Batch},
	{scene.Early.Pod, investigations.MemcgOOMKill, investigations.BoundaryContainer, scene.Early, scene.Early},
	{scene.Late.Pod, investigations.MemcgOOMKill, investigations.BoundaryContainer, scene.Late, scene.Late},
}

func checkVerdicts(t *testing.T, p *place) {
	for _, w := range verdicts {
		t.Run(w.pod, func(t *testing.T) {
			r := p.remembered(t, w.pod).Result
			v := r.Verdict
			defer func() {
				if t.Failed() {
					for _, f := range r.Facts {
						t.Logf("%s: %s", f.ID, f.Says)
					}
				}
			}()
			check(t, "mechanism", v.Mechanism, w.mechanism)
			check(t, "boundary", v.Boundary, w.boundary)
			if v.Victim == nil {
				t.Fatal("there is no victim")
			}
			check(t, "victim", v.Victim.Namespace+"/"+v.Victim.Pod+"/"+v.Victim.Container, namespace+"/"+w.victim.Pod+"/"+w.victim.Name)
			t.Logf("cause %s, culprit %+v", v.Cause, v.Culprit)
			if v.Culprit == nil {
				t.Fatal("there is no culprit")
			}
			check(t, "culprit", v.Culprit.Namespace+"/"+v.Culprit.Pod+"/"+v.Culprit.Container, namespace+"/"+w.culprit.Pod+"/"+w.culprit.Name)
		})
	}
}
