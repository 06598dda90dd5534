package incidents

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// node is one machine.
type node struct {
	name, uid, ip string
	// ramPages is what the kernel counts as RAM, reservedPages the part that it keeps.
	ramPages, reservedPages int64
	// reserve is what the kubelet keeps from pods (system and kube reserved), eviction its hard threshold.
	reserve, eviction int64
	boot              time.Time
	conditions        []corev1.NodeCondition
	// daemons are the processes outside of Kubernetes.
	daemons []process
	// slab is the kernel's own memory, in bytes; pinned is what drivers take beyond it, which no counter names (nil:
	// nothing).
	slab, pinned curve
	// huge is set aside for huge pages of 2 MiB, in bytes.
	huge          int64
	annotations   map[string]string
	unschedulable bool
}

// total is the memory that the node has: MemTotal, and the capacity that Kubernetes sees.
func (n *node) total() int64 { return (n.ramPages - n.reservedPages) * pageSize }

// aside is what neither processes nor the kernel's counted memory can have, in bytes.
func (n *node) aside(t time.Time) float64 {
	if n.pinned == nil {
		return float64(n.huge)
	}
	return float64(n.huge) + n.pinned(t)
}

// allocatable is what the scheduler may give to pods.
func (n *node) allocatable() int64 { return n.total() - n.reserve - n.eviction }

// kubepodsLimit is the limit of the cgroup of all pods.
func (n *node) kubepodsLimit() int64 { return n.total() - n.reserve }

// reclaimable is the part of the kernel's slab that could be given back, in bytes: what grows beyond the usual
// is not of it.
func (n *node) reclaimable(t time.Time) int64 {
	return min(int64(n.slab(t)/4), n.total()/200)
}

// addNode adds a machine with its daemons and system pods.
func (s *scene) addNode(ram int64) *node {
	i := len(s.nodes)
	n := &node{
		name: pick(s, "node-"+s.hex(4), "ip-10-0-"+fmt.Sprint(3+i, "-", 10+s.rng.IntN(200)), "pool-a-"+s.suffix(5)),
		uid:  s.uid(), ip: fmt.Sprintf("10.0.3.%d", 7+i),
		ramPages: ram / pageSize, reservedPages: ram / pageSize / 40,
		eviction: 100 * mib, boot: s.ago(s.dur(10*24*time.Hour, 60*24*time.Hour)),
		slab: flat(float64(ram) * s.between(0.012, 0.02)),
	}
	n.reserve = (n.total()/25 + 255*mib) / (128 * mib) * (128 * mib)
	n.daemons = []process{
		{pid: 1, comm: "systemd", anon: 12 * mib, file: 2 * mib},
		{pid: 388 + i, comm: "systemd-journal", anon: 30 * mib, file: 4 * mib, adj: -250},
		{pid: 611 + i, comm: runtimeDaemon(s.plat.runtime), anon: 70 * mib, file: 9 * mib, adj: -999},
		{pid: 702 + i, comm: "kubelet", anon: 105 * mib, file: 12 * mib, adj: -999},
		{pid: 755 + i, comm: "sshd", anon: 5 * mib, file: 6 * mib, adj: -1000},
	}
	s.nodes = append(s.nodes, n)
	s.systemPods(n)
	return n
}

// runtimeDaemon is the process name of a container runtime.
func runtimeDaemon(runtime string) string {
	switch runtime {
	case "cri-o":
		return "crio"
	case "docker":
		return "dockerd"
	}
	return "containerd"
}

// object renders the node as Kubernetes knows it at the end of the recording.
func (s *scene) nodeObject(n *node) corev1.Node {
	conditions := n.conditions
	if conditions == nil {
		conditions = []corev1.NodeCondition{
			s.nodeCondition(corev1.NodeMemoryPressure, "False", "KubeletHasSufficientMemory", s.ago(216*time.Hour)),
			s.nodeCondition(corev1.NodeReady, "True", "KubeletReady", s.ago(216*time.Hour)),
		}
	}
	mem := func(b int64) resource.Quantity { return *resource.NewQuantity(b/kib*kib, resource.BinarySI) }
	return corev1.Node{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Node"},
		ObjectMeta: metav1.ObjectMeta{
			Name: n.name, UID: uid(n.uid), CreationTimestamp: metav1.NewTime(n.boot.Add(-48 * time.Hour)),
			ResourceVersion: s.version(), Annotations: n.annotations,
			Labels: map[string]string{
				"kubernetes.io/hostname": n.name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
			},
		},
		Spec: corev1.NodeSpec{Unschedulable: n.unschedulable},
		Status: corev1.NodeStatus{
			Capacity: corev1.ResourceList{
				"cpu": resource.MustParse("8"), "memory": mem(n.total()), "pods": resource.MustParse("110"),
			},
			Allocatable: corev1.ResourceList{
				"cpu": resource.MustParse("7900m"), "memory": mem(n.allocatable()), "pods": resource.MustParse("110"),
			},
			Conditions: conditions,
			Addresses:  []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: n.ip}},
			NodeInfo: corev1.NodeSystemInfo{
				KernelVersion: s.plat.kernel.release, KubeletVersion: s.plat.kubelet, OSImage: s.plat.kernel.osImage,
				ContainerRuntimeVersion: s.plat.runtimeVersion, Architecture: "amd64", OperatingSystem: "linux",
			},
		},
	}
}

// nodeCondition makes one condition of a node, with a heartbeat shortly after the kill.
func (s *scene) nodeCondition(t corev1.NodeConditionType, status, reason string, since time.Time) corev1.NodeCondition {
	return corev1.NodeCondition{
		Type: t, Status: corev1.ConditionStatus(status), Reason: reason, Message: "kubelet: " + reason,
		LastHeartbeatTime: metav1.NewTime(s.at.Add(20 * time.Second)), LastTransitionTime: metav1.NewTime(since),
	}
}
