// Package scene says what happens in the virtual machine: the guest plays it, and the test knows from it what
// the kernel must have reported.
package scene

import "strings"

const (
	// Mount is where the cgroups are in the machine.
	Mount = "/sys/fs/cgroup"
	// End is the last line of the guest's output.
	End = "### end of the kernel's log"
)

// Act is one kill.
type Act struct {
	Name string
	// Files are limits: values by their path below Mount. They are set once the first process runs.
	Files map[string]string
	// Processes are started one after the other; the last one grows until the kernel kills.
	Processes []Process
}

// Process is a hog.
type Process struct {
	Comm, Cgroup string
	// MiB is how much memory it takes.
	MiB, OOMScoreAdj int
}

// The pods, in the form of the systemd cgroup driver.
const (
	CheckoutUID = "d3f8c1a2-7b4e-4c55-9a10-0f6a2b3c4d5e"
	RedisUID    = "11aa22bb-33cc-44dd-55ee-66ff77008899"

	CheckoutID = "4f1d0c9be2a7d3356b8f0e19c7a254d1b60837f2ce915ad4073b8e6f12c9d05a"
	ShipperID  = "a9b8c7d6e5f4031221304f5e6d7c8b9aa9b8c7d6e5f4031221304f5e6d7c8b9a"
	RedisID    = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

// The cgroups of the pods and of their containers.
var (
	CheckoutPod = Pod(CheckoutUID)
	Checkout    = CheckoutPod + "/cri-containerd-" + CheckoutID + ".scope"
	Shipper     = CheckoutPod + "/cri-containerd-" + ShipperID + ".scope"
	Redis       = Pod(RedisUID) + "/cri-containerd-" + RedisID + ".scope"
)

// Pod returns the cgroup of a Burstable pod.
func Pod(uid string) string {
	return "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + strings.ReplaceAll(uid, "-", "_") + ".slice"
}

// Acts are played in this order.
var Acts = []Act{
	{
		// With memory.oom.group all processes of the container go, as Kubernetes has it since 1.28.
		Name:  "container",
		Files: map[string]string{Checkout + "/memory.max": "48M", Checkout + "/memory.oom.group": "1"},
		Processes: []Process{
			{Comm: "gunicorn", Cgroup: Checkout, MiB: 8, OOMScoreAdj: 936},
			{Comm: "worker-1", Cgroup: Checkout, MiB: 96, OOMScoreAdj: 936},
		},
	},
	{
		Name: "pod",
		Files: map[string]string{
			Checkout + "/memory.max": "max", Checkout + "/memory.oom.group": "0", CheckoutPod + "/memory.max": "64M",
		},
		Processes: []Process{
			{Comm: "checkout", Cgroup: Checkout, MiB: 12, OOMScoreAdj: 936},
			{Comm: "log-shipper", Cgroup: Shipper, MiB: 96, OOMScoreAdj: 936},
		},
	},
	{
		Name:  "node",
		Files: map[string]string{CheckoutPod + "/memory.max": "max"},
		Processes: []Process{
			{Comm: "kubelet", Cgroup: "/system.slice/kubelet.service", MiB: 10, OOMScoreAdj: -999},
			{Comm: "redis-server", Cgroup: Redis, MiB: 20, OOMScoreAdj: 850},
			{Comm: "leaky-app", Cgroup: Checkout, MiB: 1024, OOMScoreAdj: 936},
		},
	},
}
