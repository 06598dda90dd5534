package rules

import (
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// TestPodMadeAnewAtOnce has a StatefulSet's pod made anew, under its name, seconds after the kill: the uid that the
// kernel told says that it is another one, which the moment alone does not.
func TestPodMadeAnewAtOnce(t *testing.T) {
	const killed = "9999"
	i := newIncident().report(func(r *investigations.KernelReport) { r.PodUID, r.ContainerID = killed, "dead9999" })
	i.pod().Created, i.pod().Started = testAt.Add(20*time.Second), testAt.Add(20*time.Second)
	i.req.PodUID = killed
	d, led := i.diagnose()
	if v := d.Verdict.Victim; d.Verdict.Mechanism != investigations.MemcgOOMKill || v == nil || v.PID != 42 {
		t.Errorf("got %s of %+v, want the kill in the pod before", d.Verdict.Mechanism, v)
	}
	checkSound(t, d, led)
}

// TestPodUIDOfAStaticPod is the hash of its file, which the mirror pod has in an annotation.
func TestPodUIDOfAStaticPod(t *testing.T) {
	i := newIncident().ends("OOMKilled", 137).report(func(r *investigations.KernelReport) { r.PodUID = "abcd" })
	i.pod().Annotations = map[string]string{"kubernetes.io/config.hash": "abcd"}
	i.req.PodUID = "abcd"
	d, _ := i.diagnose()
	if v := d.Verdict.Victim; v == nil || v.Pod != "api-h1-x" || v.PID != 42 {
		t.Errorf("the victim is %+v", v)
	}
}
