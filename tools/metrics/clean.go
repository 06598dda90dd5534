package metrics

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// window is the time and the target that an investigation looks at.
type window struct {
	// from and to bound the samples that are kept, and fine is since when they are kept as dense as they come;
	// unix milliseconds.
	from, fine, to int64
	target         target
}

const (
	// reach is how far back an answer is kept whatever the window says: lifetimes before it tell as much.
	reach = 30 * 24 * time.Hour
	// slack is room at the window's start; after bounds what is kept behind the moment of the request.
	slack, after = time.Hour, 2 * time.Hour
	// near is how long before the moment every sample counts.
	near = time.Hour
)

func windowOf(req investigations.Request) window {
	back := max(reach, req.At.Sub(req.From()))
	return window{
		from:   req.At.Add(-back - slack).UnixMilli(),
		fine:   req.At.Add(-near).UnixMilli(),
		to:     req.At.Add(after).UnixMilli(),
		target: target(req.Target),
	}
}

func (w window) holds(ms int64) bool { return w.from <= ms && ms <= w.to }

// target is an investigations.Target that knows its series.
type target investigations.Target

// about tells whether a series measures the target, or a pod of its workload.
func (t target) about(id identity) bool {
	if t.Namespace != "" && id.namespace != t.Namespace {
		return false
	}
	switch {
	case t.Pod != "":
		return id.pod == t.Pod && (t.Container == "" || id.container == "" || id.container == t.Container)
	case t.Workload != "":
		_, name, _ := strings.Cut(t.Workload, "/")
		return id.pod == name || strings.HasPrefix(id.pod, name+"-")
	}
	return t.Node != "" && id.node == t.Node
}

// thin halves the samples of all series that are kept, and of the one that is read: of two neighbours the
// higher stays (the lower where a shortage is measured), so that peaks survive. Samples near the moment stay
// as long as leaving out others is enough.
func (d *decoder) thin() {
	d.res.thinned = true
	for fine := d.window.fine; d.res.kept+len(d.t) > d.res.limit*3/4; {
		before := d.res.kept + len(d.t)
		d.t, d.v = d.halve(d.t, d.v, fine)
		d.res.kept = 0
		for i := range d.res.series {
			s := &d.res.series[i]
			s.t, s.v = d.halve(s.t, s.v, fine)
			s.t, s.v = slices.Clone(s.t), slices.Clone(s.v)
			d.res.kept += len(s.t)
		}
		if d.res.kept+len(d.t) > before*9/10 {
			if fine > d.window.to {
				return // a sample or two of each of many series
			}
			fine = d.window.to + 1
		}
	}
}

// halve works in place.
func (d *decoder) halve(t []int64, v []float64, fine int64) ([]int64, []float64) {
	n := 0
	for i := 0; i < len(t); i++ {
		j := i
		if i+1 < len(t) && t[i] < fine && t[i+1] < fine {
			if (v[i+1] >= v[i]) != d.spec.shortage {
				j = i + 1
			}
			i++
		}
		t[n], v[n] = t[j], v[j]
		n++
	}
	return t[:n], v[:n]
}

// clean returns one series for each identity, in the order of their names: samples in ascending order, without
// duplicates.
func (q querySpec) clean(raw []rawSeries) []investigations.Series {
	for i := range raw {
		raw[i].sort()
	}
	slices.SortStableFunc(raw, func(a, b rawSeries) int {
		if a.id != b.id {
			return a.id.compare(b.id)
		}
		return cmp.Compare(life(a.labels), life(b.labels))
	})
	out := []investigations.Series{}
	for len(raw) > 0 {
		n := 1
		for n < len(raw) && q.same(raw[n].id, raw[0].id) {
			n++
		}
		s := q.merge(raw[:n])
		out = append(out, investigations.Series{
			Namespace: s.id.namespace, Pod: s.id.pod, Container: s.id.container, Node: first(s.labels, nodeNames),
			Labels: s.labels, T: s.t, V: s.v, Dropped: s.dropped,
		})
		if q.has("node") {
			out[len(out)-1].Node = s.id.node
		}
		raw = raw[n:]
	}
	return out
}

// same tells whether two series measure the same. A pod's working set may come by container.
func (q querySpec) same(a, b identity) bool {
	if q.name == investigations.QueryNodePods {
		a.container, b.container = "", ""
	}
	return a == b
}

func (a identity) compare(b identity) int {
	return cmp.Or(
		cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.pod, b.pod), cmp.Compare(a.container, b.container),
		cmp.Compare(a.node, b.node), cmp.Compare(a.rest, b.rest),
	)
}

// sort orders the samples; of several at one time the last in the answer stays.
func (s *rawSeries) sort() {
	ascending := true
	for i := 1; i < len(s.t) && ascending; i++ {
		ascending = s.t[i-1] < s.t[i]
	}
	if ascending {
		return
	}
	order := make([]int, len(s.t))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(s.t[a], s.t[b]) })
	t, v := make([]int64, 0, len(s.t)), make([]float64, 0, len(s.v))
	for _, i := range order {
		if n := len(t); n > 0 && t[n-1] == s.t[i] {
			v[n-1] = s.v[i]
			s.dropped++
			continue
		}
		t, v = append(t, s.t[i]), append(v, s.v[i])
	}
	s.t, s.v = t, v
}

// life tells the containers apart that one after the other bore the same name.
func life(labels map[string]string) string {
	var parts []string
	for _, n := range lifeNames {
		parts = append(parts, labels[n])
	}
	return strings.Join(parts, "\x1f")
}

// merge makes one series of those that measure the same. A pod's own sum, which has no container, stands
// before its containers; without one they are added up.
func (q querySpec) merge(raw []rawSeries) rawSeries {
	out, rest := q.mergeOne(raw)
	for len(rest) > 0 {
		var next rawSeries
		next, rest = q.mergeOne(rest)
		if out.id.container == "" {
			continue
		}
		out = join(out, next, func(a, b float64) float64 { return a + b })
	}
	if q.name == investigations.QueryNodePods {
		out.id.container = ""
	}
	return out
}

// mergeOne merges those of the first identity in raw, which stand in the order of their lives, and returns the
// others. The same container scraped twice gives the higher value (the lower of a shortage). Of two lives the
// younger one holds from its first sample on: Prometheus goes on answering the last value of the one that
// ended for five minutes, and that would hide the start of the next.
func (q querySpec) mergeOne(raw []rawSeries) (rawSeries, []rawSeries) {
	n := 1
	for n < len(raw) && raw[n].id == raw[0].id {
		n++
	}
	raw, rest := raw[:n], raw[n:]
	worse := func(a, b float64) float64 { return max(a, b) }
	if q.shortage {
		worse = func(a, b float64) float64 { return min(a, b) }
	}
	var lives []rawSeries
	for _, s := range raw {
		if n := len(lives); n > 0 && life(lives[n-1].labels) == life(s.labels) {
			lives[n-1] = join(lives[n-1], s, worse)
			continue
		}
		lives = append(lives, s)
	}
	slices.SortStableFunc(lives, func(a, b rawSeries) int { return cmp.Compare(a.t[0], b.t[0]) })
	out := lives[0]
	for _, s := range lives[1:] {
		both := func(_, b float64) float64 { return b }
		if out.t[0] == s.t[0] {
			both = worse
		}
		out = join(out, s, both)
	}
	return out, rest
}

// join merges two series, both in ascending order; both says what holds where both have a value.
func join(a, b rawSeries, both func(a, b float64) float64) rawSeries {
	out := rawSeries{id: a.id, labels: shared(a.labels, b.labels), dropped: a.dropped + b.dropped}
	out.t = make([]int64, 0, max(len(a.t), len(b.t)))
	out.v = make([]float64, 0, cap(out.t))
	for i, j := 0, 0; i < len(a.t) || j < len(b.t); {
		switch {
		case j == len(b.t) || i < len(a.t) && a.t[i] < b.t[j]:
			out.t, out.v = append(out.t, a.t[i]), append(out.v, a.v[i])
			i++
		case i == len(a.t) || b.t[j] < a.t[i]:
			out.t, out.v = append(out.t, b.t[j]), append(out.v, b.v[j])
			j++
		default:
			out.t, out.v = append(out.t, a.t[i]), append(out.v, both(a.v[i], b.v[j]))
			i, j = i+1, j+1
		}
	}
	return out
}

// shared returns the labels that both have with the same value.
func shared(a, b map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range a {
		if w, ok := b[k]; ok && w == v {
			out[k] = v
		}
	}
	return out
}
