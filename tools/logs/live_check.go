package logs

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/loki"
)

// freshness is how far back the newest line of a pod is looked for, and stale from what age on it is suspicious.
const freshness, stale = 24 * time.Hour, time.Hour

// Check implements investigations.Checker.
func (l *Live) Check(ctx context.Context, sample investigations.Subject) []investigations.Check {
	var checks []investigations.Check
	add := func(c investigations.Check) {
		c.Tool = investigations.ToolLogs
		c.Says, c.Fix = investigations.CleanText(c.Says, 300), investigations.CleanText(c.Fix, 300)
		checks = append(checks, c)
	}
	if len(sample.Pods) > 0 && len(sample.Pods[0].Containers) > 0 {
		add(l.checkAPI(ctx, sample))
	}
	if l.loki == nil {
		add(investigations.Check{
			Name: "Loki", State: investigations.CheckWarn,
			Says: "no Loki is configured: logs of pods that are gone, and of lives before the last two, can't be read",
			Fix:  "set loki.url in the configuration",
		})
		return checks
	}
	info, err := l.loki.BuildInfo(ctx)
	if err != nil {
		add(investigations.Check{
			Name: "Loki", State: investigations.CheckFail, Says: err.Error(),
			Fix: "check loki.url, and that it is reached from here: curl " + l.loki.Address() + "/loki/api/v1/status/buildinfo",
		})
		return checks
	}
	add(investigations.Check{Name: "Loki", State: investigations.CheckOK, Says: fmt.Sprintf("Loki %s answers at %s", info.Version, l.loki.Address())})
	if len(sample.Pods) > 0 {
		add(l.checkLoki(ctx, sample))
	}
	return checks
}

// checkAPI reads one line of a pod's log.
func (l *Live) checkAPI(ctx context.Context, sample investigations.Subject) investigations.Check {
	p := planPod(sample.Pods[0], l.opt, true)
	c := p.containers[0]
	out := investigations.Check{Name: "read a pod's log"}
	r := &recording{live: l, subject: sample, to: nowhere{}}
	o := &corev1.PodLogOptions{Container: c.name, Timestamps: true, TailLines: new(int64(1)), LimitBytes: new(int64(1 << 20))}
	if _, err := r.stream(ctx, p, o, time.Time{}, 1<<20); err != nil {
		out.State, out.Says = investigations.CheckFail, err.Error()
		out.Fix = "check that the API server reaches the kubelet of node " + sample.Pods[0].Node
		if errors.Is(err, investigations.ErrForbidden) {
			out.Fix = "grant the verb get on pods/log"
		}
		return out
	}
	out.State, out.Says = investigations.CheckOK, fmt.Sprintf("the log of %s/%s/%s can be read", p.namespace, p.name, c.name)
	return out
}

// checkLoki looks for the lines of a pod, and how old the newest is.
func (l *Live) checkLoki(ctx context.Context, sample investigations.Subject) investigations.Check {
	p := sample.Pods[0]
	out := investigations.Check{
		Name: "logs of a pod in Loki", State: investigations.CheckWarn,
		Fix: fmt.Sprintf("say how your collector labels them: loki.queries.%s, as {namespace=\"$namespace\", pod=\"$pod\", container=\"$container\"}", QueryContainerLogs),
	}
	now := l.opt.Now()
	sample.Request = investigations.Request{
		At: now.Add(-after), Window: freshness, Target: investigations.Target{Namespace: p.Namespace, Pod: p.Name},
	}
	r := &recording{live: l, subject: sample, to: nowhere{}}
	queries, err := r.queries(ctx, &podPlan{namespace: p.Namespace, name: p.Name, gone: true})
	if err != nil {
		out.Says = err.Error()
		return out
	}
	var newest time.Time
	for _, q := range queries {
		a, err := l.loki.Query(ctx, loki.Query{LogQL: q.logql, From: now.Add(-freshness), To: now, Backward: true, MaxLines: 1})
		if err != nil {
			out.Says = err.Error()
			return out
		}
		for _, e := range a.Entries {
			if e.At.After(newest) {
				newest = e.At
			}
		}
	}
	if newest.IsZero() {
		out.Says = fmt.Sprintf("Loki has no line of %s/%s in the last %s; asked for %s", p.Namespace, p.Name,
			investigations.FormatDuration(freshness), queries[0].logql)
		return out
	}
	age := now.Sub(newest)
	out.Says = fmt.Sprintf("%s gives lines of %s/%s, the newest %s old", queries[0].logql, p.Namespace, p.Name, investigations.FormatDuration(age))
	out.State, out.Fix = investigations.CheckOK, ""
	if age > stale {
		out.State, out.Fix = investigations.CheckWarn, "if the pod has logged since, look at the collector on its node, and at the clocks"
	}
	return out
}

// nowhere is a sink for checks, which record nothing.
type nowhere struct{}

// Keep drops the file.
func (nowhere) Keep(string, investigations.Origin, []byte) {}

// Miss drops the miss.
func (nowhere) Miss(string, investigations.Origin, error) {}

// Blind drops the blind spot.
func (nowhere) Blind(investigations.BlindSpot) {}
