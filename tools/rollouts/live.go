package rollouts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"

	"golang.org/x/sync/errgroup"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kubeclient"
)

// Live reads the workloads of a running cluster: the target's, those of the pods that came to its node within the
// window, and the jobs of its namespace. It is safe for concurrent use.
type Live struct {
	cluster *kubeclient.Cluster
}

var _ investigations.LiveSource = (*Live)(nil)

// NewLive returns a Live that asks the API server of c.
func NewLive(c *kubeclient.Cluster) *Live { return &Live{cluster: c} }

// Describe implements investigations.LiveSource.
func (l *Live) Describe() investigations.Description { return (&Tool{}).Describe() }

const (
	// atOnce bounds the calls that run at the same time.
	atOnce = 8
	// mostNeighbours is of how many workloads beside the target's the revisions are read: those whose pods may have
	// taken the most of what they had not requested.
	mostNeighbours = 10
	// mostConfigMaps of a pod are read.
	mostConfigMaps = 20
)

// Record implements investigations.LiveSource.
func (l *Live) Record(ctx context.Context, s investigations.Subject, to investigations.Sink) error {
	r := &recording{
		Gathering: kubeclient.NewGathering(l.cluster, investigations.ToolRollouts), cluster: l.cluster, s: s, to: to,
	}
	var group errgroup.Group
	group.SetLimit(atOnce)
	run := func(f func(context.Context)) { group.Go(func() error { f(ctx); return nil }) }
	run(r.target)
	run(r.neighbours)
	run(func(ctx context.Context) { r.List(ctx, kubeclient.Query{Resource: "priorityclasses", Stale: true}) })
	if ns := s.Request.Target.Namespace; ns != "" {
		for _, resource := range []string{"jobs", "cronjobs", "horizontalpodautoscalers", "verticalpodautoscalers"} {
			run(func(ctx context.Context) {
				r.List(ctx, kubeclient.Query{Resource: resource, Namespace: ns, Stale: true})
			})
		}
	}
	_ = group.Wait() // what goes wrong is kept in the gathering
	var names []string
	for _, p := range parts {
		names = append(names, p.resource)
	}
	r.Write(to, names, wouldTell)
	return nil
}

// recording is one target's workloads being read.
type recording struct {
	*kubeclient.Gathering
	cluster *kubeclient.Cluster
	s       investigations.Subject
	to      investigations.Sink
}

// target reads the target's workload with its revisions, the ConfigMaps that its pods take in, and who deploys it.
func (r *recording) target(ctx context.Context) {
	ns := r.s.Request.Target.Namespace
	kind, name, ok := strings.Cut(r.s.Workload, "/")
	if !ok || ns == "" {
		r.configMaps(ctx, ns, r.specs(ctx, ns, nil))
		return
	}
	var group errgroup.Group
	if r.s.Selector != "" {
		group.Go(func() error { r.revisions(ctx, ns, kind, r.s.Selector); return nil })
	}
	var workload *kubeclient.Object
	if _, known := kubeclient.ResourceNamed(kind + "s"); known {
		workload = r.Get(ctx, kind+"s", ns, name)
	}
	group.Go(func() error { r.configMaps(ctx, ns, r.specs(ctx, ns, workload)); return nil })
	if workload != nil {
		group.Go(func() error { r.deployer(ctx, workload); return nil })
	}
	if r.s.Selector == "" { // whoever looked for the target could not read it
		group.Go(func() error { r.revisions(ctx, ns, kind, selectorOf(workload)); return nil })
	}
	_ = group.Wait() // what goes wrong is kept in the gathering
}

// revisions reads what a workload's revisions are kept in.
func (r *recording) revisions(ctx context.Context, ns, kind, selector string) {
	resource := ""
	switch kind {
	case "deployment", "rollout", "replicaset":
		resource = "replicasets"
	case "statefulset", "daemonset":
		resource = "controllerrevisions"
	}
	switch {
	case resource == "":
		return
	case selector == "":
		r.Fault(resource, fmt.Errorf("which ones are those of a %s is not known, since it could not be read or has no selector", kind))
		return
	}
	r.List(ctx, kubeclient.Query{Resource: resource, Namespace: ns, Labels: selector, Stale: true})
}

// specs returns the pod specs of the target: its workload's template and that of its first pod.
func (r *recording) specs(ctx context.Context, ns string, workload *kubeclient.Object) []map[string]any {
	var out []map[string]any
	if spec := podSpec(workload); spec != nil {
		out = append(out, spec)
	}
	if len(r.s.Pods) > 0 {
		if pod, err := r.cluster.Get(ctx, "pods", ns, r.s.Pods[0].Name); err == nil {
			out = append(out, podSpec(pod))
		}
	}
	return out
}

// configMaps reads the ConfigMaps that pods of these specs take in.
func (r *recording) configMaps(ctx context.Context, ns string, specs []map[string]any) {
	if len(specs) == 0 && ns != "" {
		r.Fault("configmaps", errors.New("which ones the pods take in is not known, since neither their workload nor one of them could be read"))
	}
	var names []string
	for _, spec := range specs {
		for _, name := range configMapNames(spec) {
			if !slices.Contains(names, name) && len(names) < mostConfigMaps {
				names = append(names, name)
			}
		}
	}
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, name := range names {
		group.Go(func() error { r.Get(ctx, "configmaps", ns, name); return nil })
	}
	_ = group.Wait() // what goes wrong is kept in the gathering
}

// deployer reads the object of Argo CD or Flux that says to manage the workload.
func (r *recording) deployer(ctx context.Context, workload *kubeclient.Object) {
	for _, d := range deployersOf(workload) {
		if d.namespace != "" {
			r.Get(ctx, d.resource, d.namespace, d.name)
			continue
		}
		r.List(ctx, kubeclient.Query{Resource: d.resource, Fields: fields.OneTermEqualSelector("metadata.name", d.name).String()})
	}
}

// neighbours reads the owners of the other pods that came to the node within the window: only they can tell of a
// change or a job that took its memory.
func (r *recording) neighbours(ctx context.Context) {
	if r.s.Node == "" {
		return
	}
	pods, err := r.cluster.List(ctx, kubeclient.PodsOn(r.s.Node))
	if err != nil {
		return // the pods' source tells
	}
	owners := r.newcomers(pods)
	if left := len(owners) - mostNeighbours; left > 0 {
		owners = owners[:mostNeighbours]
		r.to.Blind(investigations.BlindSpot{
			Tool: investigations.ToolRollouts, WouldTell: wouldTell("replicasets"),
			Why: fmt.Sprintf("pods of %d more workloads came to node %s within the window than are looked into: those were that can take the most memory",
				left, r.s.Node),
		})
	}
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, o := range owners {
		group.Go(func() error { r.neighbour(ctx, o.namespace, o.kind, o.name); return nil })
	}
	_ = group.Wait() // what goes wrong is kept in the gathering
}

// neighbour reads the owner of a pod, that one's owner, and its revisions.
func (r *recording) neighbour(ctx context.Context, ns, kind, name string) {
	object := r.Get(ctx, kind+"s", ns, name)
	if object == nil {
		return
	}
	var group errgroup.Group
	if up := metav1.GetControllerOf(object); up != nil {
		upper := strings.ToLower(up.Kind) + "s"
		if _, known := kubeclient.ResourceNamed(upper); known {
			group.Go(func() error { r.Get(ctx, upper, ns, up.Name); return nil })
		}
	}
	group.Go(func() error { r.revisions(ctx, ns, kind, selectorOf(object)); return nil })
	_ = group.Wait() // what goes wrong is kept in the gathering
}
