package rules

import (
	"fmt"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

func TestWorkloadOfByRevision(t *testing.T) {
	i := newIncident()
	i.ev.Rollouts.Workloads = []investigations.Workload{
		{Namespace: "other", Kind: "deployment", Name: "api", Revisions: []investigations.Revision{{Name: "api-h1"}}},
		{Namespace: "shop", Kind: "deployment", Name: "was", Revisions: []investigations.Revision{{Name: "api-h1", UID: "u1"}}},
		{Namespace: "shop", Kind: "deployment", Name: "is", Revisions: []investigations.Revision{{Name: "api-h1", UID: "u2"}}},
		{Namespace: "shop", Kind: "statefulset", Name: "API"},
		{Namespace: "shop", Kind: "deployment", Name: "api"},
	}
	s := newScene(i.req, i.ev, investigations.NewLedger(nil))
	for uid, want := range map[string]string{"u2": "is", "u1": "was", "": "was", "u3": "api"} {
		p := *i.pod()
		p.OwnerUID = uid
		if w := s.workloadOf(&p); w == nil || w.Name != want || w.Namespace != "shop" {
			t.Errorf("owner uid %q: %+v, want %s", uid, w, want)
		}
	}
	if w := s.findWorkload("shop", "Api"); w == nil || w.Kind != "deployment" {
		t.Errorf("a name alone: %+v, want the deployment", w)
	}
}

// TestLargeRecording: the time of a diagnosis does not grow with the product of pods and workloads.
func TestLargeRecording(t *testing.T) {
	i := newIncident().ends("OOMKilled", 137).report(nil)
	for n := range 20_000 {
		p := i.newPod(fmt.Sprintf("x%d-abc-1", n), "x", fmt.Sprint("u", n))
		p.OwnerName = fmt.Sprintf("x%d-abc", n)
		i.ev.Pods.Pods = append(i.ev.Pods.Pods, p)
		i.ev.Rollouts.Workloads = append(i.ev.Rollouts.Workloads, investigations.Workload{Namespace: "shop", Kind: "deployment", Name: fmt.Sprintf("x%d", n)})
	}
	i.ev.Rollouts.Workloads = append(i.ev.Rollouts.Workloads, investigations.Workload{Namespace: "shop", Kind: "deployment", Name: "api"})
	start := time.Now()
	d, led := i.diagnose()
	checkSound(t, d, led)
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}
