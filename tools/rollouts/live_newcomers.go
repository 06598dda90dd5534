package rollouts

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kubeclient"
)

// podOwner names what controls a pod.
type podOwner struct{ namespace, kind, name string }

// newcomers returns who controls the pods that came within the window, but for the target's own workload: whose pods
// can take the most beyond what they requested first.
func (r *recording) newcomers(pods []kubeclient.Object) []podOwner {
	from, until := r.s.Request.From(), r.s.Request.At
	beyond := map[podOwner]float64{}
	for _, p := range kubeclient.AllAs[corev1.Pod](pods) {
		ref := metav1.GetControllerOf(&p)
		if made := p.CreationTimestamp.Time; ref == nil || made.Before(from) || made.After(until) {
			continue
		}
		o := podOwner{p.Namespace, strings.ToLower(ref.Kind), ref.Name}
		// A static pod's owner is its node, of which nothing is to be read here.
		if kind, known := kubeclient.ResourceNamed(o.kind + "s"); known && !kind.Clustered && !r.isTargets(o) {
			beyond[o] = max(beyond[o], beyondRequest(&p))
		}
	}
	return slices.SortedFunc(maps.Keys(beyond), func(a, b podOwner) int {
		return cmp.Or(cmp.Compare(beyond[b], beyond[a]), cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name))
	})
}

// isTargets says whether an owner is the target's own, which is read anyway.
func (r *recording) isTargets(o podOwner) bool {
	if o.namespace != r.s.Request.Target.Namespace {
		return false
	}
	kind, name, _ := strings.Cut(r.s.Workload, "/")
	if o.kind == kind {
		return o.name == name
	}
	// A ReplicaSet is named NAME-HASH after its Deployment.
	rest, ok := strings.CutPrefix(o.name, name+"-")
	return ok && o.kind == "replicaset" && kind == "deployment" && !strings.Contains(rest, "-")
}

// beyondRequest returns how many bytes a pod may take that it did not request; without a limit that is no number.
func beyondRequest(p *corev1.Pod) float64 {
	pod, err := kubeclient.New().Pod(p, "")
	if err != nil {
		return 0
	}
	if pod.MemoryLimit != nil {
		return float64(*pod.MemoryLimit) - bytesOf(pod.MemoryRequest)
	}
	var sum float64
	for i := range pod.Containers {
		c := &pod.Containers[i]
		if c.Kind != investigations.ContainerApp && c.Kind != investigations.ContainerSidecar {
			continue
		}
		if c.MemoryLimit == nil {
			return math.Inf(1)
		}
		sum += float64(*c.MemoryLimit) - bytesOf(c.MemoryRequest)
	}
	return sum
}

func bytesOf(n *int64) float64 {
	if n == nil {
		return 0
	}
	return float64(*n)
}
