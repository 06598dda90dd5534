package incidents

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// runtimeSeries is a series of a language's runtime, of one pod.
type runtimeSeries struct {
	pod     *pod
	runtime string
	value   curve
}

// series is one time series while it is written.
type series struct {
	labels  map[string]string
	samples []sample
}

type sample struct {
	at    int64 // unix seconds
	value string
}

// newSeries begins a series with label names and values in turn.
func newSeries(labels ...string) *series {
	r := &series{labels: map[string]string{}}
	for i := 0; i < len(labels); i += 2 {
		r.labels[labels[i]] = labels[i+1]
	}
	return r
}

// add appends a sample.
func (r *series) add(t time.Time, value string) {
	r.samples = append(r.samples, sample{t.Unix(), value})
}

// matrix renders series as Prometheus answers a range query. Series with the same labels, as of a statefulset's
// pod before and after its replacement, become one.
func matrix(rows []*series) []byte {
	var order []string
	merged := map[string]map[int64]string{}
	for _, r := range rows {
		j, err := json.Marshal(r.labels)
		if err != nil || len(r.samples) == 0 {
			continue // strings always marshal
		}
		if merged[string(j)] == nil {
			merged[string(j)] = map[int64]string{}
			order = append(order, string(j))
		}
		for _, x := range r.samples {
			merged[string(j)][x.at] = x.value
		}
	}
	var b bytes.Buffer
	b.WriteString(`{"status":"success","data":{"resultType":"matrix","result":[`)
	for i, labels := range order {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "\n{\"metric\":%s,\"values\":[", labels)
		for k, at := range slices.Sorted(maps.Keys(merged[labels])) {
			if k > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "[%d,%q]", at, merged[labels][at])
		}
		b.WriteString("]}")
	}
	b.WriteString("\n]}}\n")
	return b.Bytes()
}

// bytesValue and rateValue write a sample's value.
func bytesValue(v float64) string { return strconv.FormatInt(int64(v), 10) }
func rateValue(v float64) string  { return strconv.FormatFloat(v, 'f', 3, 64) }

// renderMetrics writes metrics/QUERY.json.
func (s *scene) renderMetrics(files map[string][]byte) {
	at := s.scrapes()
	if w := s.targetWorkload(); w != nil {
		s.containerMetrics(files, w, at)
	}
	s.nodeMetrics(files, at)
	if s.traffic != nil && s.target["namespace"] != "" {
		s.trafficMetrics(files, at)
	}
	s.runtimeMetrics(files, "runtime_heap", s.heap, at)
	s.runtimeMetrics(files, "runtime_threads", s.threads, at)
}

// trafficMetrics writes the requests per second to the workload, in one series or by route.
func (s *scene) trafficMetrics(files map[string][]byte, at []time.Time) {
	rows := []*series{newSeries("namespace", s.target["namespace"])}
	shares := []float64{1}
	if s.texture.splitTraffic {
		shares, rows = []float64{0.62, 0.3, 0.08}, nil
		for _, route := range []string{"/v1/items", "/v1/search", "/healthz"} {
			rows = append(rows, newSeries("namespace", s.target["namespace"], "route", route))
		}
	}
	for _, t := range at {
		for i, r := range rows {
			r.add(t, s.sampled(rateValue(s.noisy(s.traffic(t)*shares[i], 0.04))))
		}
	}
	files["metrics/traffic.json"] = matrix(rows)
}

// noisy scatters a value by a normal error of so much of it.
func (s *scene) noisy(v, share float64) float64 {
	return max(0, v*(1+share*max(-2, min(2, s.rng.NormFloat64()))))
}

// containerMetrics writes the queries about the containers of the target's workload.
func (s *scene) containerMetrics(files map[string][]byte, w *workload, at []time.Time) {
	var ws, rss, cache, limit, ooms, restarts []*series
	for _, p := range s.pods {
		if p.w != w || p.noMetrics {
			continue
		}
		for _, c := range p.containers {
			if c.init && !c.sidecar() {
				continue
			}
			row := func() *series { return newSeries("namespace", p.ns, "pod", p.name, "container", c.spec.Name) }
			a, b, k, l, o, n := row(), row(), row(), row(), row(), row()
			for _, t := range at {
				if !p.gone.IsZero() && t.After(p.gone) {
					break
				}
				s.sample(c, t, a, b, k, l)
				s.counters(c, t, o, n)
			}
			ws, rss, cache, limit = append(ws, a), append(rss, b), append(cache, k), append(limit, l)
			ooms, restarts = append(ooms, o), append(restarts, n)
		}
	}
	files["metrics/container_working_set.json"] = matrix(ws)
	files["metrics/container_rss.json"] = matrix(rss)
	files["metrics/container_cache.json"] = matrix(cache)
	files["metrics/container_limit.json"] = matrix(limit)
	files["metrics/container_oom_events.json"] = matrix(ooms)
	files["metrics/container_restarts.json"] = matrix(restarts)
}

// sample adds a container's memory at a moment, if it runs then.
func (s *scene) sample(c *container, t time.Time, ws, rss, cache, limit *series) {
	l := c.living(t)
	if l == nil {
		return
	}
	m := s.scatter(l, l.at(t))
	top := c.limitAt(t)
	if over := m.usage() - top; top > 0 && over > 0 {
		m.anon -= min(over, m.anon)
	}
	ws.add(t, s.sampled(bytesValue(float64(m.workingSet()))))
	rss.add(t, s.sampled(bytesValue(float64(m.anon))))
	cache.add(t, bytesValue(float64(m.file())))
	if top > 0 {
		limit.add(t, bytesValue(float64(top)))
	}
}

// scatter adds a life's noise to a reading.
func (s *scene) scatter(l *life, m memory) memory {
	noise := l.noise
	if noise == 0 {
		noise = 0.006
	}
	if noise > 0 {
		m.anon = int64(s.noisy(float64(m.anon), noise)) / pageSize * pageSize
	}
	return m
}

// counters adds the counts of kills and restarts until a moment, once the container has run.
func (s *scene) counters(c *container, t time.Time, ooms, restarts *series) {
	if len(c.lives) == 0 || t.Before(c.lives[0].start) {
		return
	}
	kills, starts := 0, 0
	for _, l := range c.lives {
		if !l.start.After(t) {
			starts++
		}
		if l.reason == "OOMKilled" && !l.end.IsZero() && !l.end.After(t) {
			kills++
		}
	}
	for _, k := range c.extraKills {
		if !k.After(t) {
			kills++
		}
	}
	ooms.add(t, strconv.Itoa(kills))
	restarts.add(t, strconv.Itoa(starts-1))
}

// nodeMetrics writes the queries about the node of the incident.
func (s *scene) nodeMetrics(files map[string][]byte, at []time.Time) {
	n := s.node
	available, total := newSeries("node", n.name), newSeries("node", n.name)
	var rows []*series
	var on []*pod
	for _, p := range s.pods {
		if p.node == n && !p.noMetrics {
			on = append(on, p)
			rows = append(rows, newSeries("namespace", p.ns, "pod", p.name))
		}
	}
	for _, t := range at {
		used := n.slab(t) - float64(n.reclaimable(t)) + n.aside(t)
		for _, d := range n.daemons {
			if d.startsAfter(t) {
				continue
			}
			used += float64(d.anonAt(t) + d.file)
		}
		for i, p := range on {
			if t.Before(p.created) || !p.gone.IsZero() && t.After(p.gone) {
				continue
			}
			if ws, ok := s.podWorkingSet(p, t); ok {
				used += ws
				rows[i].add(t, s.sampled(bytesValue(ws)))
			}
		}
		available.add(t, bytesValue(max(0, float64(n.total())-s.noisy(used, 0.004))))
		total.add(t, bytesValue(float64(n.total())))
	}
	files["metrics/node_available.json"] = matrix([]*series{available})
	files["metrics/node_total.json"] = matrix([]*series{total})
	files["metrics/node_pods_working_set.json"] = matrix(rows)
}

// podWorkingSet is a reading of a pod's working set, and false where none of its containers runs.
func (s *scene) podWorkingSet(p *pod, t time.Time) (float64, bool) {
	var sum float64
	runs := false
	for _, c := range p.containers {
		l := c.living(t)
		if l == nil {
			continue
		}
		runs = true
		ws := float64(s.scatter(l, l.at(t)).workingSet())
		if top := c.limitAt(t); top > 0 {
			ws = min(ws, float64(top))
		}
		sum += ws
	}
	return sum, runs
}

// runtimeMetrics writes a query about the runtimes of the target's pods.
func (s *scene) runtimeMetrics(files map[string][]byte, query string, of []runtimeSeries, at []time.Time) {
	if len(of) == 0 {
		return
	}
	var rows []*series
	for _, h := range of {
		r := newSeries("namespace", h.pod.ns, "pod", h.pod.name)
		if h.runtime != "" {
			r.labels["runtime"] = h.runtime
		}
		for _, t := range at {
			if h.pod.main().living(t) != nil {
				r.add(t, bytesValue(s.noisy(h.value(t), 0.005)))
			}
		}
		rows = append(rows, r)
	}
	files["metrics/"+query+".json"] = matrix(rows)
}
