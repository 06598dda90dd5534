package pods

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kubeclient"
)

// Live reads the pods of a running cluster. It is safe for concurrent use.
type Live struct {
	cluster *kubeclient.Cluster
}

var _ investigations.LiveSource = (*Live)(nil)

// NewLive returns a Live that asks the API server of c.
func NewLive(c *kubeclient.Cluster) *Live { return &Live{cluster: c} }

// Describe implements investigations.LiveSource.
func (l *Live) Describe() investigations.Description { return (&Tool{}).Describe() }

// resources are the files that Record writes.
var resources = []string{"pods", "nodes", "events", "namespaces", "limitranges", "resourcequotas"}

const (
	// eventsOf is of how many pods the events are asked for one by one where the namespace has too many.
	eventsOf = 5
	// atOnce bounds the calls that run at the same time.
	atOnce = 8
	// nodeEvents is the namespace of events about nodes, which are in none.
	nodeEvents = "default"
)

// Record implements investigations.LiveSource.
func (l *Live) Record(ctx context.Context, s investigations.Subject, to investigations.Sink) error {
	g := kubeclient.NewGathering(l.cluster, investigations.ToolPods)
	var group errgroup.Group
	group.SetLimit(atOnce)
	run := func(f func()) { group.Go(func() error { f(); return nil }) }
	ns := s.Request.Target.Namespace
	if s.Node != "" {
		run(func() { l.podsOnNode(ctx, g, s) })
		run(func() { g.Get(ctx, "nodes", "", s.Node) })
	}
	if ns != "" {
		run(func() { l.podsOfTarget(ctx, g, s) })
		run(func() { l.events(ctx, g, s) })
		run(func() { g.Get(ctx, "namespaces", "", ns) })
		run(func() { g.List(ctx, kubeclient.Query{Resource: "limitranges", Namespace: ns, Stale: true}) })
		run(func() { g.List(ctx, kubeclient.Query{Resource: "resourcequotas", Namespace: ns, Stale: true}) })
	}
	if s.Node != "" {
		run(func() { g.List(ctx, kubeclient.EventsAbout(nodeEvents, "Node", s.Node)) })
	}
	_ = group.Wait() // what goes wrong is kept in g
	g.Write(to, resources, func(resource string) string { return wouldTell["kubernetes/"+resource+".json"] })
	return nil
}

// podsOfTarget reads the pods of the target's workload, and the target itself.
func (l *Live) podsOfTarget(ctx context.Context, g *kubeclient.Gathering, s investigations.Subject) {
	ns := s.Request.Target.Namespace
	switch {
	case s.Selector != "":
		g.List(ctx, kubeclient.PodsOf(ns, s.Selector))
	case s.Request.Target.Workload != "":
		g.Fault("pods", fmt.Errorf("which ones are those of %s is not known: it could not be read, or nothing of it is left", s.Request.Target.Workload))
	}
	if pod := s.Request.Target.Pod; pod != "" && !s.GonePod {
		g.Get(ctx, "pods", ns, pod)
	}
}

// podsOnNode reads all pods of the node; where that is forbidden, those of the target's namespace.
func (l *Live) podsOnNode(ctx context.Context, g *kubeclient.Gathering, s investigations.Subject) {
	_, err := g.Try(ctx, kubeclient.PodsOn(s.Node))
	if err == nil {
		return
	}
	ns := s.Request.Target.Namespace
	if !errors.Is(err, investigations.ErrForbidden) || ns == "" {
		g.Fault("pods", err)
		return
	}
	q := kubeclient.PodsOn(s.Node)
	q.Namespace = ns
	g.List(ctx, q)
	g.Fault("pods", fmt.Errorf("those of other namespaces on node %s: %w", s.Node, err))
}

// events reads the events of the target's namespace, or of its first pods where those are too many.
func (l *Live) events(ctx context.Context, g *kubeclient.Gathering, s investigations.Subject) {
	ns := s.Request.Target.Namespace
	_, err := g.Try(ctx, kubeclient.EventsIn(ns))
	if err == nil {
		return
	}
	if errors.Is(err, investigations.ErrTooLarge) {
		names := s.PodNames()
		for _, name := range names[:min(len(names), eventsOf)] {
			g.List(ctx, kubeclient.EventsAbout(ns, "Pod", name))
		}
	}
	g.Fault("events", err)
}
