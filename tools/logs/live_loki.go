package logs

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/loki"
)

// QueryContainerLogs is the name of the query that replaces the default selectors for containers' logs in Loki.
// Its placeholders are $namespace, $pod and $container.
const QueryContainerLogs = "container_logs"

// selector is how a collector labels the logs of containers.
type selector struct {
	namespace, pod, container string
}

// selectors are how the usual collectors label: Promtail, Alloy and their kin; the OpenTelemetry collector
// through Loki's own endpoint; Fluent Bit, Vector and OpenShift's logging.
var selectors = []selector{
	{"namespace", "pod", "container"},
	{"k8s_namespace_name", "k8s_pod_name", "k8s_container_name"},
	{"kubernetes_namespace_name", "kubernetes_pod_name", "kubernetes_container_name"},
	{"namespace_name", "pod_name", "container_name"},
}

// of returns the LogQL for a pod, and for one container of it unless that is empty.
func (s selector) of(namespace, pod, container string) string {
	q := fmt.Sprintf("{%s=%q, %s=%q", s.namespace, namespace, s.pod, pod)
	if container != "" {
		q += fmt.Sprintf(", %s=%q", s.container, container)
	}
	return q + "}"
}

// containerOf returns the container that a stream's labels name.
func containerOf(labels map[string]string) string {
	for _, s := range selectors {
		if c := labels[s.container]; c != "" {
			return c
		}
	}
	return ""
}

// fromLoki reads a pod's lines of Loki: those of the containers in the plan, or of all where it names none.
func (r *recording) fromLoki(ctx context.Context, p *podPlan) {
	queries, err := r.queries(ctx, p)
	if err != nil {
		r.notInLoki(p, err)
		return
	}
	var g errgroup.Group
	g.SetLimit(r.live.opt.Parallel)
	for _, q := range queries {
		g.Go(func() error {
			r.lokiQuery(ctx, p, q)
			return nil
		})
	}
	_ = g.Wait() // what goes wrong is noted
}

// lokiLogs is one query for the lines of a container, or of all whose streams it finds.
type lokiLogs struct {
	container *containerPlan
	logql     string
}

// notInLoki notes why a pod's lines are not read from Loki.
func (r *recording) notInLoki(p *podPlan, why error) {
	if !p.gone {
		for _, c := range p.containers {
			r.notThere(p, c, why)
		}
		return
	}
	r.miss(miss{path: p.folder(), folder: p.folder(), from: investigations.Origin{Name: "the logs of the pod " + p.name}, why: why})
}

// queries returns what to ask for a pod.
func (r *recording) queries(ctx context.Context, p *podPlan) ([]lokiLogs, error) {
	l := r.live.loki
	if l == nil {
		return nil, fmt.Errorf("loki is %w, and the cluster has no logs of a pod that is gone: set loki.url", investigations.ErrNotConfigured)
	}
	plans := p.containers
	template := l.Template(QueryContainerLogs)
	if template == "" {
		s, names, err := discover(ctx, l, p.namespace, p.name, r.subject.Request)
		if err != nil {
			return nil, err
		}
		if len(plans) == 0 {
			plans = r.plansOf(names)
		}
		var out []lokiLogs
		for _, c := range plans {
			out = append(out, lokiLogs{container: c, logql: s.of(p.namespace, p.name, c.name)})
		}
		return out, nil
	}
	if !strings.Contains(template, "$container") {
		plans = []*containerPlan{nil}
	} else if len(plans) == 0 {
		plans = r.plansOf(r.namesOfWorkload())
	}
	var out []lokiLogs
	for _, c := range plans {
		name := ""
		if c != nil {
			name = c.name
		}
		q, err := loki.Expand(template, map[string][]string{"namespace": {p.namespace}, "pod": {p.name}, "container": {name}})
		if err != nil {
			return nil, fmt.Errorf("%w: loki.queries.%s: %w", investigations.ErrNotConfigured, QueryContainerLogs, err)
		}
		out = append(out, lokiLogs{container: c, logql: q})
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: which container of %s to ask Loki about: name it in the target, or leave $container out of loki.queries.%s",
			investigations.ErrNotFound, p.name, QueryContainerLogs)
	}
	return out, nil
}

// plansOf plans to read containers that are known by name only; the target's is first, and an empty name stands
// for all that have none.
func (r *recording) plansOf(names []string) []*containerPlan {
	wanted := r.subject.Request.Target.Container
	slices.SortStableFunc(names, func(a, b string) int {
		return cmp.Or(-cmp.Compare(btoi(a == wanted), btoi(b == wanted)), strings.Compare(a, b))
	})
	var out []*containerPlan
	for _, name := range names[:min(len(names), maxContainers)] {
		out = append(out, &containerPlan{name: name, lines: r.live.opt.Lines, bytes: r.live.opt.Bytes})
	}
	return out
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// namesOfWorkload returns what the containers of a pod that is gone are probably called: the target's, and those
// of its siblings.
func (r *recording) namesOfWorkload() []string {
	names := []string{r.subject.Request.Target.Container}
	for _, p := range r.subject.Pods[:min(len(r.subject.Pods), 1)] {
		for _, c := range p.Containers {
			names = append(names, c.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(slices.DeleteFunc(names, func(n string) bool { return n == "" }))
}

// discover finds out how Loki labels a pod's lines, and which containers it has lines of.
func discover(ctx context.Context, l *loki.Client, namespace, pod string, req investigations.Request) (selector, []string, error) {
	var all []string
	for _, s := range selectors {
		all = append(all, s.of(namespace, pod, ""))
	}
	series, err := l.Series(ctx, all, req.From(), req.At.Add(after))
	if err != nil {
		return selector{}, nil, err
	}
	for _, s := range selectors {
		names := map[string]bool{}
		for _, labels := range series {
			if labels[s.namespace] == namespace && labels[s.pod] == pod {
				names[labels[s.container]] = true
			}
		}
		if len(names) == 0 {
			continue
		}
		var out []string
		for name := range names {
			out = append(out, name)
		}
		return s, out, nil
	}
	return selector{}, nil, fmt.Errorf("%w: Loki has no lines of %s/%s in the window; asked for %s (loki.queries.%s replaces these)",
		investigations.ErrNotFound, namespace, pod, strings.Join(all, ", "), QueryContainerLogs)
}

// lokiQuery asks for the lines of a pod's container, and keeps them.
func (r *recording) lokiQuery(ctx context.Context, p *podPlan, q lokiLogs) {
	req := r.subject.Request
	until, bound := req.At.Add(after), r.live.opt.Bytes
	lines := r.live.opt.Lines
	if q.container != nil {
		bound, lines = q.container.bytes, q.container.lines
		if first := q.container.first(); !first.IsZero() && first.Before(until) {
			until = first
		}
	}
	a, err := r.live.loki.Query(ctx, loki.Query{
		LogQL: q.logql, From: req.From(), To: until, Backward: true, MaxLines: int(lines), MaxBytes: bound,
	})
	if len(a.Entries) == 0 {
		if err == nil {
			err = fmt.Errorf("%w: %s gives no line in the window", investigations.ErrNotFound, q.logql)
		}
		if q.container != nil && q.container.name != "" {
			r.notInLoki(&podPlan{namespace: p.namespace, name: p.name, gone: p.gone, containers: []*containerPlan{q.container}}, err)
		} else {
			r.notInLoki(p, err)
		}
		return
	}
	for name, entries := range r.byContainer(p, q, a.Entries) {
		r.keepLoki(p, name, q, entries)
	}
	if err != nil {
		r.blind("the lines of %s before %s could not be read from Loki: %s", p.name, clock(a.Entries[0].At), reason(err))
	}
	for _, w := range a.Warnings {
		r.blind("Loki warns about the lines of %s: %s", p.name, w)
	}
}

// byContainer sorts lines by the containers that they are of.
func (r *recording) byContainer(p *podPlan, q lokiLogs, entries []loki.Entry) map[string][]loki.Entry {
	out := map[string][]loki.Entry{}
	for _, e := range entries {
		name := containerOf(e.Labels)
		if q.container != nil && q.container.name != "" {
			name = q.container.name
		}
		name = cmp.Or(name, r.subject.Request.Target.Container, "unknown")
		// What has no plan here was read from the cluster.
		if q.container != nil || len(p.containers) == 0 ||
			slices.ContainsFunc(p.containers, func(c *containerPlan) bool { return c.name == name }) {
			out[strings.ReplaceAll(name, "/", "_")] = append(out[strings.ReplaceAll(name, "/", "_")], e)
		}
	}
	return out
}

// keepLoki keeps a container's lines: those before the moment as of the life before, and later ones as of the
// life after. Where the cluster gave a log, its lines follow.
func (r *recording) keepLoki(p *podPlan, container string, q lokiLogs, entries []loki.Entry) {
	c := q.container
	if i := slices.IndexFunc(p.containers, func(c *containerPlan) bool { return c.name == container }); c == nil && i >= 0 {
		c = p.containers[i]
	}
	if c == nil {
		c = &containerPlan{}
	}
	at, first := r.subject.Request.At, c.first()
	var lives [2][]byte
	for _, e := range entries {
		if !first.IsZero() && !e.At.Before(first) {
			continue // the cluster's own lines begin here
		}
		life := 0
		if e.At.After(at) && c.previous == nil && c.current == nil {
			life = 1
		}
		lives[life] = appendEntry(lives[life], e)
	}
	from := investigations.Origin{Name: fmt.Sprintf("the lines of %s/%s in Loki", p.name, container), Source: q.logql}
	if c.previous != nil && len(lives[0]) > 0 {
		lives[0] = append(lives[0], c.previous.data...)
		from.Name = fmt.Sprintf("the lines of %s/%s in Loki and of the life before", p.name, container)
	}
	if len(lives[0]) > 0 {
		r.keep(logPath(p, container, true), from, lives[0])
	}
	if len(lives[1]) > 0 {
		r.keep(logPath(p, container, false), from, lives[1])
	}
}

// stampLayout is how kubectl writes times: always with nine digits of a second.
const stampLayout = "2006-01-02T15:04:05.000000000Z07:00"

// appendEntry appends an entry as kubectl logs --timestamps writes its lines.
func appendEntry(out []byte, e loki.Entry) []byte {
	text := []byte(strings.TrimRight(e.Line, "\r\n"))
	if at, rest, ok := runtimeLine(text); ok {
		e.At, text = at, rest
	}
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		out = e.At.UTC().AppendFormat(out, stampLayout)
		out = append(append(append(out, ' '), bytes.TrimRight(line, "\r")...), '\n')
	}
	return out
}

// runtimeLine takes a line apart that was collected as the container runtime writes it: a time, the stream, and
// whether the line is whole.
func runtimeLine(text []byte) (time.Time, []byte, bool) {
	at, ok := stampOf(text)
	if !ok {
		return at, nil, false
	}
	rest := text[bytes.IndexByte(text, ' ')+1:]
	for _, stream := range []string{"stdout ", "stderr "} {
		if after, ok := bytes.CutPrefix(rest, []byte(stream)); ok && len(after) > 1 && (after[0] == 'F' || after[0] == 'P') && after[1] == ' ' {
			return at, after[2:], true
		}
	}
	return at, nil, false
}
