package metrics

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	promapi "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"golang.org/x/sync/errgroup"

	"github.com/oombot/oombot/investigations"
)

const (
	// around is how long before the moment the probe looks for series: scrapes may be minutes apart.
	around = 45 * time.Minute
	// parallel bounds the requests of one investigation that are under way.
	parallel = 12
	// probeShare is which part of the time that is left the probe may take.
	probeShare = 3
	// widest bounds the time in which pods of the node are looked up.
	widest = 7 * 24 * time.Hour
)

// probe is what the first round of requests found out.
type probe struct {
	rhythm rhythm
	values map[string]string
	// series is how many series the target's containers or the pods of its node have, and newest when the target's
	// last sample around the moment was scraped.
	series int
	newest time.Time
	// unlabelled says that the target's series are to be found by cgroup only.
	unlabelled bool
	// chosen is the alternative to use, by query; a query that is absent was not probed, and one whose alternative
	// is negative has no data around the moment.
	chosen map[string]int
	// filtered says that the series of ourCluster are to be told from those of others; empty is a cluster too.
	filtered   bool
	ourCluster string
	// clusters are the values of the label cluster that bear the target's names, where it can't be told which is
	// ours.
	clusters []string
	// nothing says that no series of the target or its node was found.
	nothing bool
	// failed is why no request of the round was answered.
	failed error
}

// prober asks the requests of the first round.
type prober struct {
	live    *Live
	subject investigations.Subject
	at      time.Time

	mu     sync.Mutex
	errs   []error
	answer int // requests that were answered
}

// probe finds out how the target's series are labelled and scraped, in one round of requests, or three where labels
// are missing or several clusters share the server.
func (l *Live) probe(ctx context.Context, s investigations.Subject) probe {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/probeShare)
		defer cancel()
	}
	at := s.Request.At
	if now := l.now(); at.After(now) {
		at = now
	}
	p := &prober{live: l, subject: s, at: at}
	out := probe{values: valuesOf(s), chosen: map[string]int{}}
	values := maps.Clone(out.values)
	// Before the interval is known: wide enough for any.
	maps.Copy(values, map[string]string{"interval": "60s", "lookback": "600s", "range": "1200s", "join": "900s"})

	var containers, node, byID model.Matrix
	var pods []model.LabelSet
	var g errgroup.Group
	g.SetLimit(parallel)
	p.raw(ctx, &g, values, `container_memory_working_set_bytes`+loosely, &containers)
	p.raw(ctx, &g, values, `{__name__=~"node_memory_MemTotal_bytes|machine_memory_bytes|kube_node_info",node="$node"$cluster}`, &node)
	if query, missing := expand(`kube_pod_info{node="$node"}`, values); len(missing) == 0 {
		g.Go(func() error { pods = p.labelSets(ctx, query); return nil })
	}
	p.presence(ctx, &g, values, out.chosen)
	_ = g.Wait() // its functions return no errors: each is noted

	if !strictly(containers, s) && out.values["cgroups"] != "none" {
		p.raw(ctx, &g, values, `container_memory_working_set_bytes`+byCgroup, &byID)
		_ = g.Wait()
		out.unlabelled = len(byID) > 0
	}
	containers = append(containers, byID...)
	out.cluster(l.opt.Cluster, s, containers, node, pods)
	if out.filtered {
		values["cluster"] = out.values["cluster"]
		p.presence(ctx, &g, values, out.chosen)
		_ = g.Wait()
	}
	containers, node = out.ours(containers), out.ours(node)
	out.series = max(len(containers), len(pods))
	for _, c := range containers {
		if n := len(c.Values); n > 0 {
			out.newest = later(out.newest, c.Values[n-1])
		}
	}
	if out.rhythm = rhythmOf(containers); out.rhythm.interval == 0 {
		out.rhythm = rhythmOf(node)
	}
	out.rhythm.values(out.values)
	out.node(s, containers, pods)
	out.nothing = len(containers) == 0 && len(node) == 0 && len(pods) == 0 && !slices.ContainsFunc(
		slices.Collect(maps.Values(out.chosen)), func(i int) bool { return i >= 0 })
	if p.answer == 0 && len(p.errs) > 0 {
		out.failed = p.errs[0]
	}
	return out
}

// strictly tells whether the target's container is there with all labels.
func strictly(containers model.Matrix, s investigations.Subject) bool {
	want := s.Request.Target.Container
	return slices.ContainsFunc(containers, func(c *model.SampleStream) bool {
		if c.Metric["image"] == "" || s.Request.Target.Pod != "" && string(c.Metric["pod"]) != s.Request.Target.Pod {
			return false
		}
		return want == "" || string(c.Metric["container"]) == want
	})
}

// raw asks for the samples of a selector as they are.
func (p *prober) raw(ctx context.Context, g *errgroup.Group, values map[string]string, selector string, to *model.Matrix) {
	query, missing := expand(selector+"["+promDuration(around)+"]", values)
	if len(missing) > 0 {
		return
	}
	g.Go(func() error {
		end := p.at.Add(behind)
		if now := p.live.now(); end.After(now) {
			end = now
		}
		v, _, err := p.live.instant(ctx, query, end)
		m, ok := v.(model.Matrix)
		if err == nil && !ok {
			err = fmt.Errorf("%w: the answer is no matrix", investigations.ErrUnavailable)
		}
		if p.note(err) {
			*to = m
		}
		return nil
	})
}

func (p *prober) note(err error) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.errs = append(p.errs, err)
		return false
	}
	p.answer++
	return true
}

// labelSets returns the series of a selector within the request's window.
func (p *prober) labelSets(ctx context.Context, selector string) []model.LabelSet {
	from := p.subject.Request.From()
	if first := p.at.Add(-widest); from.Before(first) {
		from = first
	}
	c := &caller{Client: p.live.client}
	sets, _, _, err := promapi.NewAPI(c).Series(ctx, []string{selector}, from, p.at.Add(behind))
	if !p.note(failure(ctx, err)) {
		return nil
	}
	return sets
}

// presence finds which alternative of each query has data around the moment, into chosen.
func (p *prober) presence(ctx context.Context, g *errgroup.Group, values map[string]string, chosen map[string]int) {
	for _, q := range p.live.queries {
		if len(q.alternatives) < 2 {
			continue
		}
		var parts []string
		for i, a := range q.alternatives {
			if query, missing := (piece{}).expand(a.promql, values, q.shortage); len(missing) == 0 {
				parts = append(parts, fmt.Sprintf(`label_replace(count(max_over_time((%s)[30m:5m])), "alternative", "%d", "", "")`, query, i))
			}
		}
		if len(parts) == 0 {
			continue
		}
		g.Go(func() error {
			v, _, err := p.live.instant(ctx, strings.Join(parts, " or "), p.at)
			if !p.note(err) {
				return nil
			}
			best := -1
			vector, _ := v.(model.Vector)
			for _, s := range vector {
				if i, err := strconv.Atoi(string(s.Metric["alternative"])); err == nil && (best < 0 || i < best) {
					best = i
				}
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			chosen[q.name] = best
			return nil
		})
	}
}

// cluster decides which of several clusters' series are ours.
func (o *probe) cluster(name string, s investigations.Subject, containers, node model.Matrix, pods []model.LabelSet) {
	found, proven := map[string]bool{}, map[string]bool{}
	own := ownersOf(s)
	for _, c := range containers {
		value := string(c.Metric["cluster"])
		found[value] = true
		for _, l := range lifeNames {
			if _, ok := own.find(string(c.Metric[model.LabelName(l)])); ok {
				proven[value] = true
			}
		}
	}
	for _, n := range node {
		found[string(n.Metric["cluster"])] = true
	}
	for _, p := range pods {
		value := string(p["cluster"])
		found[value] = true
		if _, ok := own.find("pod" + string(p["uid"])); ok && p["uid"] != "" {
			proven[value] = true
		}
	}
	values := slices.Sorted(maps.Keys(found))
	switch {
	case len(values) == 0 || len(values) == 1 && (values[0] == "" || name == "" || values[0] == name):
		return
	case name != "" && found[name]:
		values = []string{name}
	case len(proven) == 1:
		values = slices.Sorted(maps.Keys(proven))
	default:
		o.clusters = values
		return
	}
	o.filtered, o.ourCluster = true, values[0]
	o.values["cluster"] = `,cluster="` + escape(values[0]) + `"`
}

// ours returns the series of our cluster.
func (o *probe) ours(m model.Matrix) model.Matrix {
	return slices.DeleteFunc(m, func(s *model.SampleStream) bool {
		return o.filtered && string(s.Metric["cluster"]) != o.ourCluster
	})
}

// node fills in what the probe found out about the node.
func (o *probe) node(s investigations.Subject, containers model.Matrix, pods []model.LabelSet) {
	if o.values["node"] == "" {
		counts := map[string]int{}
		for _, c := range containers {
			if s.Request.Target.Pod == "" || string(c.Metric["pod"]) == s.Request.Target.Pod {
				counts[string(c.Metric["node"])]++
			}
		}
		delete(counts, "")
		for _, name := range slices.Sorted(maps.Keys(counts)) {
			if counts[name] > counts[o.values["node"]] {
				o.values["node"] = name
			}
		}
		if n := o.values["node"]; n != "" && o.values["node_addresses"] == "" {
			o.values["node_addresses"] = addressesRegex([]string{n})
		}
	}
	var names, namespaces []string
	for _, p := range pods {
		if o.filtered && string(p["cluster"]) != o.ourCluster {
			continue
		}
		names = append(names, string(cmp.Or(p["exported_pod"], p["pod"])))
		namespaces = append(namespaces, string(cmp.Or(p["exported_namespace"], p["namespace"])))
	}
	if len(names) > 0 {
		o.values["node_pods"], o.values["node_namespaces"] = anyOf(names), anyOf(namespaces)
	}
}

// instant asks for a value at one moment.
func (l *Live) instant(ctx context.Context, query string, at time.Time) (model.Value, promapi.Warnings, error) {
	c := &caller{Client: l.client}
	v, warnings, _, err := promapi.NewAPI(c).Query(ctx, query, at)
	if err != nil {
		return nil, warnings, failure(ctx, err)
	}
	if v == nil {
		return nil, warnings, fmt.Errorf("%w: the answer holds no data", investigations.ErrUnavailable)
	}
	return v, warnings, nil
}
