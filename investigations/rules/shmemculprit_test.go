package rules

import (
	"testing"

	"github.com/oombot/oombot/investigations"
)

// TestVolumeOfOneContainer has a pod's limit taken up by tmpfs that a dead container left: no working set shows it,
// and only the container that mounts the volume can have filled it.
func TestVolumeOfOneContainer(t *testing.T) {
	i := newIncident().ends("OOMKilled", 137).report(func(r *investigations.KernelReport) {
		r.Boundary, r.OOMMemcg = investigations.BoundaryPod, "/kubepods/burstable/pod1111"
		r.Stats = map[string]int64{"anon": 190 * mib, "file": 310 * mib, "shmem": 305 * mib, "slab": 2 * mib}
	})
	p := i.pod()
	p.MemoryLimit = ptr(int64(512 * mib))
	p.Volumes = []investigations.Volume{{Name: "scratch", Kind: "emptyDir", Memory: true}}
	p.Containers[0].Mounts = []investigations.Mount{{Volume: "scratch", Path: "/work"}}
	p.Containers = append(p.Containers, investigations.Container{Name: "log-shipper", Kind: investigations.ContainerApp, Image: "r/fluent-bit:1"})
	i.series(investigations.QueryWorkingSet, p.Name, "api", 12, steady(120*mib))
	i.series(investigations.QueryWorkingSet, p.Name, "log-shipper", 12, steady(60*mib))
	d, _ := i.diagnose()
	if v := d.Verdict; v.Cause != investigations.CauseMemoryBackedVolume || v.Culprit == nil || v.Culprit.Container != "api" {
		t.Errorf("cause %s, culprit %+v: want the volume, and the container that mounts it", v.Cause, v.Culprit)
	}
}
