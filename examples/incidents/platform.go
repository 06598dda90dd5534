package incidents

import "strings"

// kernel is one generation of the Linux kernel, as far as its OOM reports differ.
type kernel struct {
	release, osImage string
	// gen orders the generations: 310, 404, 414, 418 (RHEL 8), 419, 504, 510, 515, 601, 608, 612.
	gen int
}

// platform is what a node runs.
type platform struct {
	kernel kernel
	// cgroup is 1 or 2.
	cgroup int
	// systemd says that the systemd cgroup driver is used, else cgroupfs.
	systemd bool
	// runtime is the prefix of container ids: containerd, cri-o or docker.
	runtime, runtimeVersion string
	kubelet                 string
	kubeletMinor            int
	// paths is how the paths of cgroups differ from the usual: nested (a node that is a container itself), crun
	// (a cgroup below the scope), mismatch (the runtime's driver is not the kubelet's), rooted (--cgroup-root).
	paths string
}

// oomGroup says that the kubelet sets memory.oom.group, so that a kill takes the whole container (Kubernetes
// 1.28, cgroup v2 only).
func (p platform) oomGroup() bool { return p.cgroup == 2 && p.kubeletMinor >= 28 }

// platforms are combinations that are met in the field.
func platforms() []platform {
	k := func(gen int, release, image string) kernel { return kernel{release: release, osImage: image, gen: gen} }
	return []platform{
		{k(310, "3.10.0-1160.119.1.el7.x86_64", "CentOS Linux 7 (Core)"), 1, false, "docker", "docker://20.10.24", "v1.22.17", 22, ""},
		{k(404, "4.4.0-210-generic", "Ubuntu 16.04.7 LTS"), 1, false, "docker", "docker://18.9.9", "v1.18.20", 18, ""},
		{k(414, "4.14.355-275.570.amzn2.x86_64", "Amazon Linux 2"), 1, false, "docker", "docker://20.10.25", "v1.23.17-eks-ba74326", 23, ""},
		{k(418, "4.18.0-553.16.1.el8_10.x86_64", "Red Hat Enterprise Linux CoreOS 412.86"), 1, true, "cri-o", "cri-o://1.25.5", "v1.25.16", 25, ""},
		{k(419, "4.19.0-27-amd64", "Debian GNU/Linux 10 (buster)"), 1, false, "containerd", "containerd://1.6.36", "v1.26.15", 26, ""},
		{k(504, "5.4.0-193-generic", "Ubuntu 20.04.6 LTS"), 1, true, "containerd", "containerd://1.7.22", "v1.30.4", 30, ""},
		{k(504, "5.4.0-1128-azure", "Ubuntu 20.04.6 LTS"), 1, false, "containerd", "containerd://1.6.28", "v1.27.16", 27, ""},
		{k(510, "5.10.226-214.880.amzn2.x86_64", "Amazon Linux 2"), 1, true, "containerd", "containerd://1.7.23", "v1.30.7-eks-59bf375", 30, ""},
		{k(510, "5.10.0-33-amd64", "Debian GNU/Linux 11 (bullseye)"), 2, true, "containerd", "containerd://1.6.33", "v1.27.14", 27, ""},
		{k(515, "5.15.0-122-generic", "Ubuntu 22.04.5 LTS"), 2, true, "containerd", "containerd://1.7.24", "v1.31.4", 31, ""},
		{k(515, "5.15.167.4", "Container-Optimized OS from Google"), 2, false, "containerd", "containerd://1.7.23", "v1.29.10-gke.1054000", 29, ""},
		{k(601, "6.1.0-28-cloud-amd64", "Debian GNU/Linux 12 (bookworm)"), 2, true, "containerd", "containerd://2.0.2", "v1.33.3", 33, ""},
		{k(601, "6.1.0-28-amd64", "Debian GNU/Linux 12 (bookworm)"), 2, false, "containerd", "containerd://2.1.4-k3s1", "v1.34.1+k3s1", 34, ""},
		{k(608, "6.8.0-51-generic", "Ubuntu 24.04.1 LTS"), 2, true, "cri-o", "cri-o://1.33.2", "v1.33.4", 33, ""},
		{k(612, "6.12.40-talos", "Talos (v1.11.0)"), 2, true, "containerd", "containerd://2.1.4", "v1.34.0", 34, ""},
	}
}

// podPath is the cgroup of a pod.
func (p platform) podPath(pd *pod) string {
	qos := strings.ToLower(string(pd.qos()))
	if p.paths == "mismatch" {
		return "/system.slice/containerd.service/" + p.slice(qos, pd.uid)
	}
	if !p.systemd {
		if qos == "guaranteed" {
			return "/kubepods/pod" + pd.uid
		}
		return "/kubepods/" + qos + "/pod" + pd.uid
	}
	if qos == "guaranteed" {
		return p.kubepods("") + "/" + p.slice("", pd.uid)
	}
	return p.kubepods(qos) + "/" + p.slice(qos, pd.uid)
}

// slice is the name of a pod's slice; an empty uid gives that of its class, an empty class that of all pods.
func (p platform) slice(qos, uid string) string {
	name := map[string]string{"nested": "kubelet-kubepods", "rooted": "workload-kubepods"}[p.paths]
	if name == "" {
		name = "kubepods"
	}
	if qos != "" && qos != "guaranteed" {
		name += "-" + qos
	}
	if uid != "" {
		name += "-pod" + strings.ReplaceAll(uid, "-", "_")
	}
	return name + ".slice"
}

// containerPath is the cgroup of a container's run.
func (p platform) containerPath(pd *pod, id string) string {
	switch p.paths {
	case "mismatch":
		return p.podPath(pd) + ":cri-containerd:" + id
	case "crun":
		return p.podPath(pd) + "/" + p.leaf(id) + "/container"
	}
	return p.podPath(pd) + "/" + p.leaf(id)
}

// leaf is the last element of a container's cgroup, which is also the name of its cpuset.
func (p platform) leaf(id string) string {
	if !p.systemd {
		return id
	}
	prefix := map[string]string{"containerd": "cri-containerd", "cri-o": "crio", "docker": "docker"}[p.runtime]
	return prefix + "-" + id + ".scope"
}

// kubepods is the cgroup of all pods together, or of one QoS class where qos is not empty.
func (p platform) kubepods(qos string) string {
	if !p.systemd {
		return strings.TrimSuffix("/kubepods/"+qos, "/")
	}
	top := ""
	switch p.paths {
	case "nested":
		top = "/docker/5f3c1d7e9b2a84066c1e8f0d7a3b5c9e2f4d6081a7c3e5b9d1f2a4c6e8b0d357/kubelet.slice"
	case "rooted":
		top = "/workload.slice"
	}
	top += "/" + p.slice("", "")
	if qos != "" {
		top += "/" + p.slice(qos, "")
	}
	return top
}
