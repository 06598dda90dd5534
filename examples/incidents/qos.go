package incidents

import (
	corev1 "k8s.io/api/core/v1"
)

// qos is the pod's class. Only memory and CPU as the generator sets them are looked at: a pod is Guaranteed
// where every container's limits equal its requests.
func (p *pod) qos() corev1.PodQOSClass {
	if p.spec.Resources != nil {
		return corev1.PodQOSBurstable
	}
	guaranteed, besteffort := true, true
	for _, c := range p.containers {
		r := c.spec.Resources
		if len(r.Requests) > 0 || len(r.Limits) > 0 {
			besteffort = false
		}
		for _, name := range []corev1.ResourceName{"cpu", "memory"} {
			limit, ok := r.Limits[name]
			request, asked := r.Requests[name]
			if !ok || asked && request.Cmp(limit) != 0 {
				guaranteed = false
			}
		}
	}
	switch {
	case besteffort:
		return corev1.PodQOSBestEffort
	case guaranteed:
		return corev1.PodQOSGuaranteed
	}
	return corev1.PodQOSBurstable
}

// oomScoreAdj is what the kubelet sets for a container's processes (kubelet's qos/policy.go).
func (c *container) oomScoreAdj() int {
	p := c.pod
	if p.spec.Priority != nil && *p.spec.Priority >= 2000000000 {
		return -997
	}
	switch p.qos() {
	case corev1.PodQOSGuaranteed:
		return -997
	case corev1.PodQOSBestEffort:
		return 1000
	}
	adj := c.burstableAdj()
	if c.sidecar() {
		for _, o := range p.containers {
			if !o.init {
				adj = min(adj, o.burstableAdj())
			}
		}
	}
	return adj
}

// burstableAdj is 1000 less the request's share of the node, from 3 to 999. What a pod-level request leaves
// beyond the containers' own is shared out evenly.
func (c *container) burstableAdj() int {
	request := c.effectiveRequest()
	if r := c.pod.spec.Resources; r != nil {
		var sum int64
		for _, o := range c.pod.containers {
			sum += o.effectiveRequest()
		}
		request += max(0, r.Requests.Memory().Value()-sum) / int64(len(c.pod.containers))
	}
	adj := 1000 - 1000*request/c.pod.node.total()
	return int(min(max(adj, 3), 999))
}

// effectiveRequest is the request, which the API server takes from the limit where only that is set.
func (c *container) effectiveRequest() int64 {
	if r := c.request(); r > 0 {
		return r
	}
	return c.limit()
}
