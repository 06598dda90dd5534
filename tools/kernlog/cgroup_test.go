package kernlog

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

func TestParseCgroup(t *testing.T) {
	const (
		container   = investigations.BoundaryContainer
		pod         = investigations.BoundaryPod
		allocatable = investigations.BoundaryNodeAllocatable
		slice       = investigations.BoundarySlice
	)
	uid_ := strings.ReplaceAll(sampleUID, "-", "_")
	outer := strings.Repeat("9", 64)
	static := strings.Repeat("0a1b2c3d", 4)
	systemd := "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + uid_ + ".slice"
	burstable := Cgroup{sampleUID, sampleID, "Burstable", container}
	tests := map[string]Cgroup{
		"":  {Boundary: investigations.BoundaryUnknown},
		"/": {Boundary: investigations.BoundaryNode},
		// cgroupfs
		"/kubepods/burstable/pod" + sampleUID + "/" + sampleID:  burstable,
		"/kubepods/besteffort/pod" + sampleUID + "/" + sampleID: {sampleUID, sampleID, "BestEffort", container},
		"/kubepods/pod" + sampleUID + "/" + sampleID:            {sampleUID, sampleID, "Guaranteed", container},
		"/kubepods/burstable/pod" + sampleUID:                   {sampleUID, "", "Burstable", pod},
		"/kubepods/burstable":                                   {Boundary: slice},
		"/kubepods":                                             {Boundary: allocatable},
		// systemd
		systemd: {sampleUID, "", "Burstable", pod},
		systemd + "/cri-containerd-" + sampleID + ".scope":                                                                  burstable,
		systemd + "/crio-" + sampleID + ".scope":                                                                            burstable,
		systemd + "/docker-" + sampleID + ".scope":                                                                          burstable,
		systemd + "/crio-" + sampleID + ".scope/container":                                                                  burstable,
		systemd + "/cri-containerd-" + sampleID + ".scope/init.scope":                                                       burstable,
		systemd + "/cri-containerd-" + sampleID + ".scope/docker/" + outer:                                                  burstable,
		systemd + "/crio-conmon-" + sampleID + ".scope":                                                                     {sampleUID, "", "Burstable", slice},
		"/kubepods.slice/kubepods-pod" + uid_ + ".slice/cri-containerd-" + sampleID + ".scope":                              {sampleUID, sampleID, "Guaranteed", container},
		"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" + uid_ + ".slice/docker-" + sampleID + ".scope": {sampleUID, sampleID, "BestEffort", container},
		"/kubepods.slice":                           {Boundary: allocatable},
		"/kubepods.slice/kubepods-burstable.slice":  {Boundary: slice},
		"/kubepods.slice/kubepods-besteffort.slice": {Boundary: slice},
		// static pods
		"/kubepods/burstable/pod" + static + "/" + sampleID: {static, sampleID, "Burstable", container},
		"/kubepods.slice/kubepods-pod" + static + ".slice":  {static, "", "Guaranteed", pod},
		// the runtime uses the other driver
		"/system.slice/containerd.service/kubepods-burstable-pod" + uid_ + ".slice:cri-containerd:" + sampleID: burstable,
		"/kubepods-besteffort-pod" + uid_ + ".slice:cri-containerd:" + sampleID:                                {sampleUID, sampleID, "BestEffort", container},
		"/system.slice/containerd.service/kubepods-pod" + uid_ + ".slice:cri-containerd:" + sampleID:           {sampleUID, sampleID, "Guaranteed", container},
		// nested machines
		"/docker/" + outer + "/kubepods/burstable/pod" + sampleUID + "/" + sampleID:                                                                                                          burstable,
		"/system.slice/docker-" + outer + ".scope" + systemd + "/cri-containerd-" + sampleID + ".scope":                                                                                      burstable,
		"/docker/" + outer + "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod" + uid_ + ".slice/cri-containerd-" + sampleID + ".scope": burstable,
		"/docker/" + outer + "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod" + uid_ + ".slice":                                                                                  {sampleUID, "", "Guaranteed", pod},
		"/kubelet/kubepods/besteffort/pod" + sampleUID + "/" + sampleID:                                                                                                                      {sampleUID, sampleID, "BestEffort", container},
		"/docker/" + outer + "/kubelet.slice/kubelet-kubepods.slice":                                                                                                                         {Boundary: allocatable},
		"/docker/" + outer: {Boundary: slice},
		"/lxc/104":         {Boundary: slice},
		// a cgroup root of the kubelet's own
		"/x.slice/x-kubepods.slice/x-kubepods-burstable.slice/x-kubepods-burstable-pod" + uid_ + ".slice/crio-" + sampleID + ".scope": burstable,
		"/x/kubepods/burstable/pod" + sampleUID + "/" + sampleID:                                                                      burstable,
		"/x/kubepods": {Boundary: allocatable},
		// others
		"/system.slice/kubelet.service":                  {Boundary: slice},
		"/user.slice/user-1000.slice/session-1.scope":    {Boundary: slice},
		"/machine.slice/libpod-" + sampleID + ".scope":   {Boundary: slice},
		"/machine.slice/libpod_pod_" + sampleID:          {Boundary: slice},
		"/tripod/" + sampleID:                            {Boundary: slice},
		"/pod" + strings.Repeat("a", 31):                 {Boundary: slice},
		"/kubepods/burstable/pod" + sampleUID + "/tasks": {sampleUID, "", "Burstable", container},
	}
	for path, want := range tests {
		t.Run(path, func(t *testing.T) {
			if diff := cmp.Diff(want, ParseCgroup(path)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func FuzzParseCgroup(f *testing.F) {
	f.Add("/kubepods/burstable/pod" + sampleUID + "/" + sampleID)
	f.Add("///pod-:")
	f.Fuzz(func(t *testing.T, path string) {
		c := ParseCgroup(path)
		if c.ContainerID != "" && (len(c.ContainerID) != 64 || c.PodUID == "") {
			t.Errorf("container %q of pod %q", c.ContainerID, c.PodUID)
		}
		if n := len(c.PodUID); n != 0 && (n < 32 || n > 36) {
			t.Errorf("pod %q", c.PodUID)
		}
		if (c.Boundary == investigations.BoundaryPod) && c.PodUID == "" {
			t.Errorf("boundary %q without a pod", c.Boundary)
		}
	})
}
