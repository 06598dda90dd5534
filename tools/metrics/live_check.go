package metrics

import (
	"context"
	"fmt"
	"strings"
	"time"

	promapi "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"golang.org/x/sync/errgroup"

	"github.com/oombot/oombot/investigations"
)

// staleSample is how old the newest sample of a running pod may be.
const staleSample = 5 * time.Minute

// Check implements investigations.Checker: the server, how fresh its samples are, and each query.
func (l *Live) Check(ctx context.Context, sample investigations.Subject) []investigations.Check {
	if !l.configured {
		return []investigations.Check{{
			Tool: investigations.ToolMetrics, Name: "reach", State: investigations.CheckWarn,
			Says: "no Prometheus is configured: no memory over time, no traffic",
			Fix:  "set prometheus.url in the configuration, or OOMBOT_PROMETHEUS_URL",
		}}
	}
	reach := l.reach(ctx)
	if reach.State == investigations.CheckFail {
		return []investigations.Check{reach}
	}
	checks := []investigations.Check{reach}
	if len(sample.Pods) == 0 {
		return append(checks, investigations.Check{
			Tool: investigations.ToolMetrics, Name: "sample pod", State: investigations.CheckWarn,
			Says: "no running pod was found to try the queries with", Fix: "run oombot doctor where pods can be listed",
		})
	}
	now := l.now()
	sample.Request.At, sample.Request.Window = now, time.Hour
	pod := sample.Pods[0]
	if sample.Request.Target == (investigations.Target{}) {
		sample.Request.Target = investigations.Target{Namespace: pod.Namespace, Pod: pod.Name}
	}
	if sample.Node == "" {
		sample.Node = pod.Node
	}
	p := l.probe(ctx, sample)
	if p.failed == nil {
		p.failed = l.foreign(p)
	}
	if p.failed != nil {
		return append(checks, investigations.Check{
			Tool: investigations.ToolMetrics, Name: "query", State: investigations.CheckFail,
			Says: clean(p.failed.Error()), Fix: "see docs/prometheus.md",
		})
	}
	return append(checks, l.tryQueries(ctx, sample, p, now)...)
}

// reach asks the server who it is. Thanos and VictoriaMetrics answer that in their own way, or not at all.
func (l *Live) reach(ctx context.Context) investigations.Check {
	c := investigations.Check{Tool: investigations.ToolMetrics, Name: "reach", State: investigations.CheckOK}
	server := l.client.URL("", nil).Redacted()
	if _, _, err := l.instant(ctx, "vector(1)", l.now()); err != nil {
		c.State, c.Says = investigations.CheckFail, clean(fmt.Sprintf("%s: %v", server, err))
		c.Fix = "check prometheus.url and that network policies let us there"
		return c
	}
	c.Says = server + " answers"
	if info, err := promapi.NewAPI(&caller{Client: l.client}).Buildinfo(ctx); err == nil && info.Version != "" {
		c.Says += ", version " + clean(info.Version)
	}
	return c
}

// tryQueries asks each query about the last minutes of the sample pod.
func (l *Live) tryQueries(
	ctx context.Context, sample investigations.Subject, p probe, now time.Time,
) []investigations.Check {
	checks := make([]investigations.Check, len(l.queries))
	var g errgroup.Group
	g.SetLimit(parallel)
	for i, q := range l.queries {
		g.Go(func() error {
			checks[i] = l.tryQuery(ctx, recording{query: q, subject: sample, probe: p}, now)
			return nil
		})
	}
	_ = g.Wait() // its functions return no errors: each is a check
	return append([]investigations.Check{freshness(p.newest, now)}, checks...)
}

func freshness(newest, now time.Time) investigations.Check {
	c := investigations.Check{Tool: investigations.ToolMetrics, Name: "freshness", State: investigations.CheckOK}
	age := now.Sub(newest)
	switch {
	case newest.IsZero():
		c.State, c.Says = investigations.CheckFail, "there is no sample of the sample pod's memory"
		c.Fix = "scrape the kubelets' /metrics/cadvisor, and keep the labels namespace, pod and container"
	case age > staleSample:
		c.State, c.Says = investigations.CheckWarn, "the newest sample of the sample pod is "+investigations.FormatDuration(age.Round(time.Second))+" old"
		c.Fix = "look at the targets page of Prometheus for the kubelets' job, and compare the clocks"
	default:
		c.Says = "the newest sample of the sample pod is " + investigations.FormatDuration(age.Round(time.Second)) + " old"
	}
	return c
}

func (l *Live) tryQuery(ctx context.Context, r recording, now time.Time) investigations.Check {
	spec := r.query.querySpec
	c := investigations.Check{Tool: investigations.ToolMetrics, Name: "query " + spec.name, State: investigations.CheckOK}
	promql, uses, missing := r.choose(piece{})
	if promql == "" {
		c.State, c.Says = investigations.CheckWarn, "not asked: not known for the sample pod: "+strings.Join(missing, ", ")
		c.Fix = fix(spec)
		return c
	}
	if len(uses) == 1 {
		c.Says = " (" + uses[0] + ")"
	}
	step := r.probe.rhythm.step()
	end := r.probe.rhythm.grid(now, step)
	m, _, partial, err := l.ask(ctx, piece{start: end.Add(-max(15*time.Minute, 3*step)), end: end, step: step}, r)
	switch {
	case err != nil:
		c.State, c.Says, c.Fix = investigations.CheckFail, clean(err.Error()), fix(spec)
	case len(m) == 0:
		c.State, c.Says, c.Fix = investigations.CheckWarn, "no data for the sample pod"+c.Says, fix(spec)
	case partial:
		c.State, c.Says = investigations.CheckWarn, fmt.Sprintf("%d series, of a partial answer%s", len(m), c.Says)
		c.Fix = "see which of the server's stores do not answer"
	default:
		c.Says = fmt.Sprintf("%d series%s", len(m), c.Says)
	}
	return c
}

func later(t time.Time, s model.SamplePair) time.Time {
	if at := s.Timestamp.Time(); at.After(t) {
		return at
	}
	return t
}

// fix says what a query without data lacks.
func fix(spec querySpec) string {
	needs := ""
	switch spec.name {
	case investigations.QueryLimit:
		needs = "keep container_spec_memory_limit_bytes of the kubelet's cAdvisor, or run kube-state-metrics (no limit: nothing to fix)"
	case investigations.QueryRestarts:
		needs = "run kube-state-metrics"
	case investigations.QueryNodeAvailable, investigations.QueryNodeTotal:
		needs = "run node_exporter on every node, with the label node or the node's address as instance"
	case investigations.QueryNodePods:
		needs = "give the kubelets' series the label node, or run kube-state-metrics"
	case investigations.QueryTraffic:
		needs = "no counter of requests was found"
	case investigations.QueryRuntimeHeap, investigations.QueryRuntimeThreads:
		needs = "scrape the program's own metrics with the labels namespace and pod, if it has any"
	default:
		needs = "scrape the kubelets' /metrics/cadvisor, and keep the labels namespace, pod and container"
	}
	return needs + "; or set prometheus.queries." + spec.name
}
