package profiles

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"connectrpc.com/connect"
	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"

	"github.com/oombot/oombot/investigations"
)

const (
	// recent is how far back a check looks, and stale when profiles are too old.
	recent, stale = time.Hour, 10 * time.Minute

	labelsFix = "give the profiles the labels namespace, pod and container, as the scraper of Pyroscope's Helm chart does"
)

// Check implements investigations.Checker.
func (l *Live) Check(ctx context.Context, sample investigations.Subject) []investigations.Check {
	if sample.Request.At.IsZero() {
		sample.Request.At = l.opt.Now()
	}
	sample.Request.Window = recent
	p := newPlan(sample)
	var checks []investigations.Check
	if l.querier != nil {
		checks = l.checkPyroscope(ctx, p)
	}
	if l.opt.ScrapePods && p.pod != "" {
		checks = append(checks, l.checkPods(ctx, p)...)
	}
	if len(checks) == 0 {
		checks = append(checks, check(investigations.CheckWarn, "profile source", "no profile source is configured",
			"set pyroscope.url, or announce a pprof endpoint in the pods' annotations (docs/profiles.md)"))
	}
	return checks
}

func check(state investigations.CheckState, name, says, fix string) investigations.Check {
	return investigations.Check{Tool: investigations.ToolProfiles, Name: name, State: state, Says: says, Fix: fix}
}

func (l *Live) checkPyroscope(ctx context.Context, p plan) []investigations.Check {
	res, err := l.querier.ProfileTypes(ctx, connect.NewRequest(&querierv1.ProfileTypesRequest{
		Start: p.at.Add(-recent).UnixMilli(), End: p.at.UnixMilli(),
	}))
	if err != nil {
		return []investigations.Check{failed("reach Pyroscope", fault(err))}
	}
	checks := []investigations.Check{check(investigations.CheckOK, "reach Pyroscope", "Pyroscope answers", "")}
	var ids []string
	for _, t := range res.Msg.GetProfileTypes() {
		ids = append(ids, t.GetID())
	}
	slices.Sort(ids)
	heap := heapTypes(ids)
	switch {
	case len(ids) == 0:
		return append(checks, check(investigations.CheckWarn, "heap profiles", "Pyroscope received no profile within the last hour",
			"look at the scraper's log, and check the tenant in pyroscope.headers"))
	case len(heap) == 0:
		return append(checks, check(investigations.CheckWarn, "heap profiles",
			"Pyroscope holds no profile of memory in use, only "+typesText(ids),
			"announce the heap in the pods' annotations: profiles.grafana.com/memory.scrape and .port"))
	}
	checks = append(checks, check(investigations.CheckOK, "heap profiles", "Pyroscope holds "+typesText(heap), ""))
	if p.pod == "" {
		return checks
	}
	return append(checks, l.checkSample(ctx, p))
}

// checkSample looks whether the sample's pod is profiled, and how old its last profile is.
func (l *Live) checkSample(ctx context.Context, p plan) investigations.Check {
	const name = "profiles of a pod"
	pod := fmt.Sprintf("%s/%s", p.namespace, p.pod)
	sel, err := l.discover(ctx, p)
	if errors.Is(err, investigations.ErrNotFound) {
		return check(investigations.CheckWarn, name, "Pyroscope holds no heap profile of "+pod+" within the last hour", labelsFix)
	}
	if err != nil {
		return failed(name, err)
	}
	series, err := l.survey(ctx, p, sel)
	if err != nil {
		return failed(name, err)
	}
	var last time.Time
	for o, points := range series {
		if at := lastOf(points).at; o.pod == p.pod && at.After(last) {
			last = at
		}
	}
	switch age := p.at.Sub(last).Round(time.Second); {
	case last.IsZero():
		return check(investigations.CheckWarn, name, "Pyroscope holds profiles of other pods of the workload of "+pod+" only", labelsFix)
	case age > stale:
		return check(investigations.CheckWarn, name, fmt.Sprintf("the last heap profile of %s is %s old", pod, age),
			"look at the scraper's log: is the pod still among its targets?")
	case sel.container == "":
		return check(investigations.CheckWarn, name, "the heap profiles of "+pod+" name no container", labelsFix)
	}
	return check(investigations.CheckOK, name, fmt.Sprintf("Pyroscope holds heap profiles of %s by the label %s", pod, sel.pod), "")
}

// checkPods reads the endpoints that the sample's pods announce.
func (l *Live) checkPods(ctx context.Context, p plan) []investigations.Check {
	var checks []investigations.Check
	for _, pod := range l.scrapable(p) {
		name := "pprof endpoint of " + pod.Name
		t, err := l.announced(p, pod)
		if err != nil {
			checks = append(checks, check(investigations.CheckWarn, name, err.Error(), "correct the pod's annotations (docs/profiles.md)"))
			continue
		}
		data, err := l.scrape(ctx, t.URL)
		if err == nil {
			_, err = withoutSecrets(data)
		}
		if err != nil {
			checks = append(checks, failed(name, err))
			continue
		}
		checks = append(checks, check(investigations.CheckOK, name, t.URL+" serves a heap profile", ""))
	}
	return checks
}

// failed is the check of what went wrong.
func failed(name string, err error) investigations.Check {
	fix := "check that the address can be reached from here: network policies, the pod's port"
	if errors.Is(err, investigations.ErrForbidden) {
		fix = "give oombot access: a token, a user, or the tenant"
	}
	return check(investigations.CheckFail, name, investigations.CleanText(err.Error(), 300), fix)
}
