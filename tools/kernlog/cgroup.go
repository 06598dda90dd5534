package kernlog

import (
	"strings"

	"github.com/oombot/oombot/investigations"
)

// Cgroup is what the path of a memory cgroup tells. Fields are empty where it does not tell them.
type Cgroup struct {
	// PodUID is with dashes, as Kubernetes writes it; of static pods it is 32 hexadecimal digits without any.
	PodUID string
	// ContainerID is 64 hexadecimal digits, without the runtime's name.
	ContainerID string
	// QoS is Guaranteed, Burstable or BestEffort.
	QoS string
	// Boundary is whose limit the cgroup's limit is: of a container, a pod, all pods (node_allocatable), the
	// machine (node; the root), or anything else above the pods or beside them (slice).
	Boundary investigations.Boundary
}

// ParseCgroup reads a path as kernels print it, for the drivers cgroupfs and systemd, containerd, CRI-O,
// Docker and crun, nested machines (kind), and kubelets with a cgroup root of their own. Cgroups below a
// container's count as the container; CRI-O's monitor beside a container does not.
func ParseCgroup(path string) Cgroup {
	c := Cgroup{Boundary: investigations.BoundaryUnknown}
	switch path {
	case "":
		return c
	case "/":
		c.Boundary = investigations.BoundaryNode
		return c
	}
	c.Boundary = investigations.BoundarySlice
	elements := strings.Split(strings.Trim(path, "/"), "/")
	if isKubepods(elements[len(elements)-1]) {
		c.Boundary = investigations.BoundaryNodeAllocatable
		return c
	}
	for i, e := range elements {
		uid, before, rest := podElement(e)
		if uid == "" {
			continue
		}
		c.PodUID = strings.ReplaceAll(uid, "_", "-")
		c.QoS = qosOf(before, elements[:i])
		c.inPod(rest, elements[i+1:])
		return c
	}
	return c
}

// inPod reads what follows the pod's element. rest is what stands in the element itself: a runtime that uses
// the other driver than the kubelet appends `:cri-containerd:ID` to it.
func (c *Cgroup) inPod(rest string, below []string) {
	if rest == "" && len(below) == 0 {
		c.Boundary = investigations.BoundaryPod
		return
	}
	for _, e := range append([]string{rest}, below...) {
		if strings.Contains(e, "conmon") {
			return
		}
		if id := containerID(e); id != "" {
			c.ContainerID = id
			break
		}
	}
	c.Boundary = investigations.BoundaryContainer
}

// isKubepods tells whether an element is the cgroup of all pods, under whatever cgroup root.
func isKubepods(e string) bool {
	return e == "kubepods" || e == "kubepods.slice" || strings.HasSuffix(e, "-kubepods.slice")
}

// podElement finds `podUID` in an element; before and rest are what stands around it.
func podElement(e string) (uid, before, rest string) {
	for from := 0; ; {
		i := strings.Index(e[from:], "pod")
		if i < 0 {
			return "", "", ""
		}
		i += from
		from = i + 3
		if i > 0 && e[i-1] != '-' {
			continue
		}
		n := from
		for n < len(e) && (isHex(e[n]) || e[n] == '-' || e[n] == '_') {
			n++
		}
		if n-from < 32 || n-from > 36 || !isHex(e[from]) {
			continue
		}
		rest = strings.TrimPrefix(e[n:], ".slice")
		if rest == "" || rest[0] == ':' {
			return e[from:n], e[:i], rest
		}
	}
}

// containerID finds 64 hexadecimal digits in an element.
func containerID(e string) string {
	run := 0
	for i := 0; i <= len(e); i++ {
		if i < len(e) && isHex(e[i]) {
			run++
			continue
		}
		if run == 64 {
			return e[i-64 : i]
		}
		run = 0
	}
	return ""
}

// qosOf reads the class off the pod's own element (kubepods-burstable-pod…) or the one above it. A pod right
// below kubepods is Guaranteed.
func qosOf(before string, above []string) string {
	parent := ""
	if len(above) > 0 {
		parent = above[len(above)-1]
	}
	switch {
	case strings.HasSuffix(before, "burstable-"), parent == "burstable", strings.HasSuffix(parent, "-burstable.slice"):
		return "Burstable"
	case strings.HasSuffix(before, "besteffort-"), parent == "besteffort", strings.HasSuffix(parent, "-besteffort.slice"):
		return "BestEffort"
	case strings.HasSuffix(before, "kubepods-"), isKubepods(parent):
		return "Guaranteed"
	}
	return ""
}
