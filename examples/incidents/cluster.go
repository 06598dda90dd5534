package incidents

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// bytes is a quantity of memory.
func bytes64(n int64) resource.Quantity { return *resource.NewQuantity(n, resource.BinarySI) }

// box describes a container: its name, image and memory. A zero request or limit is left out.
func box(name, image string, request, limit int64) corev1.Container {
	c := corev1.Container{Name: name, Image: "registry.example/" + image}
	if request > 0 {
		c.Resources.Requests = corev1.ResourceList{"memory": bytes64(request), "cpu": resource.MustParse("250m")}
	}
	if limit > 0 {
		c.Resources.Limits = corev1.ResourceList{"memory": bytes64(limit)}
	}
	return c
}

// setLimit replaces the limit of a template's container.
func setLimit(c *corev1.Container, limit int64) {
	c.Resources.Limits = corev1.ResourceList{"memory": bytes64(limit)}
}

// podSpec completes a list of containers to a pod's spec.
func podSpec(cs ...corev1.Container) corev1.PodSpec {
	grace := int64(30)
	return corev1.PodSpec{
		Containers: cs, RestartPolicy: corev1.RestartPolicyAlways, TerminationGracePeriodSeconds: &grace,
		DNSPolicy: corev1.DNSClusterFirst, SchedulerName: "default-scheduler",
	}
}

// systemPods puts what every node runs on a node.
func (s *scene) systemPods(n *node) {
	type system struct {
		kind, ns, name string
		limit, use     int64
	}
	all := []system{
		{"daemonset", "kube-system", "kube-proxy", 128, 55},
		{"daemonset", "kube-system", pick(s, "cilium-agent", "calico-node"), 288, 148},
		{"daemonset", "kube-system", "node-exporter", 64, 32},
	}
	if len(s.nodes) == 1 {
		all = append(all,
			system{"deployment", "kube-system", "coredns", 170, 49},
			system{"deployment", "ingress", "ingress-nginx", 320, 160})
	}
	if s.opt.Small {
		all = all[:1]
	}
	for _, d := range all {
		w := s.existing(d.kind, d.ns, d.name)
		if w == nil {
			created := s.ago(s.dur(40*24*time.Hour, 90*24*time.Hour))
			w = s.addWorkload(d.kind, d.ns, d.name, created,
				podSpec(box(d.name, d.name+":1.4", d.limit/2*mib, d.limit*mib)))
		}
		p := s.addPod(w, w.current(), n, s.ago(s.dur(5*24*time.Hour, 9*24*time.Hour)))
		s.settle(p, float64(d.use)*s.between(0.95, 1.05))
		w.current().replicas++
	}
}

// existing finds a workload.
func (s *scene) existing(kind, ns, name string) *workload {
	for _, w := range s.workloads {
		if w.kind == kind && w.ns == ns && w.name == name {
			return w
		}
	}
	return nil
}

// settle lets the pod's first container run since the pod was made, at a steady working set of so many MiB.
func (s *scene) settle(p *pod, workingSet float64) *life {
	c := p.main()
	rest := (&life{c: c}).at(s.at)
	anon := workingSet*mib - float64(rest.workingSet())
	return s.run(c, p.created.Add(s.dur(8*time.Second, 40*time.Second)), time.Time{}, flat(max(anon, 2*mib)))
}

// neighbours puts unrelated pods, each well within its limit, on the node of the incident.
func (s *scene) neighbours() {
	n := s.opt.Neighbours
	if n == 0 {
		n = 2 + s.rng.IntN(4)
		if s.opt.Small {
			n = 2
		}
	}
	// Together they take a third of the node at most: none of the incidents is theirs.
	scale := min(1, float64(s.node.total())/3/mib/float64(560*n))
	for range n {
		s.neighbour(s.between(150, 560) * scale)
	}
}

// neighbour puts one unrelated pod with a steady working set of so many MiB on the node of the incident.
func (s *scene) neighbour(use float64) *pod {
	name := s.bystander()
	ns := pick(s, "backoffice", "web", "internal", "tools")
	limit := int64(use*s.between(1.2, 1.5)) / 4 * 4
	w := s.addWorkload("deployment", ns, name, s.ago(s.dur(20*24*time.Hour, 70*24*time.Hour)),
		podSpec(box(name, name+":"+pick(s, "1.4", "2.11.0", "0.9.7"), limit*2/3*mib, limit*mib)))
	w.replicas, w.current().replicas = 1, 1
	p := s.addPod(w, w.current(), s.node, s.ago(s.dur(4*24*time.Hour, 8*24*time.Hour)))
	s.settle(p, use)
	return p
}

// quantity writes bytes as Kubernetes does.
func quantity(n int64) string {
	q := bytes64(n)
	return q.String()
}
