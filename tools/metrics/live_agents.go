package metrics

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

const (
	// agentBefore and agentBehind are how much around the moment is taken of the flight recorder, whose ring is shorter.
	// What comes behind it is known where something on the node was killed again: as with scraped series it tells how the
	// next life went, and whether memory came back.
	agentBefore, agentBehind = 30 * time.Minute, behind
	// agentFull is how far from the moment no value is left out, agentEvery how far apart the values farther off are
	// where there are too many.
	agentFull, agentEvery = 3 * time.Minute, 10 * time.Second
	// agentValues is how many values a file has: the reader's limit, less what other nodes' files may need.
	agentValues = maxRecorded * 3 / 4
)

// recordAgent keeps what the flight recorder of the node's agent told, as recorder/NODE.json.
func (l *Live) recordAgent(ctx context.Context, s investigations.Subject, to investigations.Sink) {
	node := cmp.Or(s.Node, s.Request.Target.Node)
	if l.opt.Agents == nil || node == "" {
		return
	}
	at := s.Request.At
	a, err := l.opt.Agents.Account(ctx, node, at.Add(-agentBefore), at.Add(agentBehind))
	switch {
	case errors.Is(err, investigations.ErrNotFound):
		return // that there is no agent is no blind spot
	case err != nil:
		to.Blind(investigations.BlindSpot{
			Tool: investigations.ToolMetrics, WouldTell: "how memory developed in the last seconds, finer than Prometheus samples",
			Why: investigations.CleanText(fmt.Sprintf("what the agent of node %s recorded could not be read: %v", node, err), 400),
		})
		return
	}
	doc := newMerger(s, a).document(node)
	if doc == nil {
		return
	}
	data, err := json.Marshal(doc)
	if err != nil {
		return // strings and numbers alone: nothing in it can't be written
	}
	to.Keep(path.Join("recorder", strings.ReplaceAll(node, "/", "_")+".json"), investigations.Origin{
		Name: "the flight recorder of node " + node, Source: "the node agent of " + node + ", POST /v1/kernel-reports",
	}, data)
}

// merger makes one recording out of several, which overlap.
type merger struct {
	account investigations.NodeAccount
	subject investigations.Subject
	// pods are the names of pods, containers those of containers in them, by their ids.
	pods       map[string][2]string
	containers map[string]string
	from, to   time.Time
	series     map[seriesKey]*mergedSeries
	top        []investigations.NodeRecorderTop
}

// seriesKey tells series apart. A container that began anew has another id, and goes on with the series of before.
type seriesKey struct {
	namespace, pod, container, name string
	step                            int64
}

// mergedSeries is a series with its values by time, in milliseconds since 1970.
type mergedSeries struct {
	investigations.NodeRecorderSeries
	values map[int64]float64
}

func newMerger(s investigations.Subject, a investigations.NodeAccount) *merger {
	m := &merger{account: a, subject: s, pods: map[string][2]string{}, containers: map[string]string{}, series: map[seriesKey]*mergedSeries{}}
	for _, p := range a.Pods {
		m.pods[p.UID] = [2]string{p.Namespace, p.Name}
		for _, c := range p.Containers {
			m.containers[c.ID] = c.Name
		}
	}
	for _, p := range s.Pods {
		m.pods[p.UID] = [2]string{p.Namespace, p.Name}
		for _, c := range p.Containers {
			for _, id := range c.IDs {
				m.containers[id] = c.Name
			}
		}
	}
	delete(m.pods, "")
	delete(m.containers, "")
	for i := range a.Recordings {
		m.add(&a.Recordings[i])
	}
	return m
}

// named fills in the names that the agent did not know.
func (m *merger) named(namespace, pod, container *string, uid, id string) {
	if p, ok := m.pods[uid]; ok && *pod == "" {
		*namespace, *pod = p[0], p[1]
	}
	if known := m.containers[id]; *container == "" || known != "" && strings.HasPrefix(id, *container) {
		*container = known // an agent that does not know the name writes the first digits of the id
	}
	for _, name := range []*string{namespace, pod, container} {
		*name = redact.Text(investigations.CleanText(*name, maxLabel))
	}
}

// add takes a recording in: what it says of a moment holds against those before it.
func (m *merger) add(r *investigations.NodeRecording) {
	at := m.subject.Request.At
	first, last := at.Add(-agentBefore).UnixMilli(), at.Add(agentBehind).UnixMilli()
	for _, s := range r.Series {
		if s.StepMS <= 0 || s.StepMS > int64(time.Hour/time.Millisecond) {
			continue
		}
		m.named(&s.Namespace, &s.Pod, &s.Container, s.PodUID, s.ContainerID)
		key := seriesKey{s.Namespace, s.Pod, s.Container, s.Name, s.StepMS}
		if s.Pod == "" { // two that nobody can name are two
			key.pod, key.container = s.PodUID, s.ContainerID
		}
		into := m.series[key]
		if into == nil {
			if len(m.series) >= maxSeries {
				continue
			}
			into = &mergedSeries{NodeRecorderSeries: s, values: map[int64]float64{}}
			m.series[key] = into
		}
		for i, v := range s.Values {
			ms := r.From.UnixMilli() + int64(i)*s.StepMS
			ms -= ms % s.StepMS // recordings need not begin on the same part of a second
			if ms >= first && ms <= last && !math.IsNaN(v) && v >= 0 {
				into.values[ms] = v
			}
		}
	}
	for _, t := range r.Top {
		if ms := t.At.UnixMilli(); ms < first || ms > last {
			continue
		}
		m.named(&t.Namespace, &t.Pod, &t.Container, t.PodUID, t.ContainerID)
		t.Comm, t.Command = redact.Text(investigations.CleanText(t.Comm, 64)), redact.Text(investigations.CleanText(t.Command, 200))
		m.top = append(m.top, t)
	}
	if m.from.IsZero() || r.From.Before(m.from) {
		m.from = r.From
	}
	if r.To.After(m.to) {
		m.to = r.To
	}
}

// document returns the recording; nil where nothing is known.
func (m *merger) document(node string) *investigations.NodeRecording {
	a, at := m.account, m.subject.Request.At
	doc := &investigations.NodeRecording{Version: recorderVersion, Node: node, From: m.from, To: m.to}
	if !a.LosslessFrom.IsZero() && (investigations.KernelFollowed{From: a.LosslessFrom, To: a.LosslessTo}).Holds(at) {
		since := a.LosslessFrom.UTC()
		doc.LosslessSince = &since
		if doc.From.IsZero() {
			doc.From = since
		}
		if a.LosslessTo.After(doc.To) {
			doc.To = a.LosslessTo
		}
	}
	if doc.From.IsZero() {
		return nil
	}
	m.fill(doc)
	doc.From, doc.To = doc.From.UTC(), doc.To.UTC()
	doc.Top = m.processes()
	return doc
}

// fill writes the series down, the target's first. Where there are too many values, those farther off are thinned out
// before series are left out.
func (m *merger) fill(doc *investigations.NodeRecording) {
	doc.Series = []investigations.NodeRecorderSeries{}
	all := m.ordered()
	if len(all) == 0 {
		return
	}
	from, total := int64(math.MaxInt64), 0
	for _, s := range all {
		for ms := range s.values {
			from = min(from, ms)
		}
		total += len(s.values)
	}
	doc.From = time.UnixMilli(from)
	room := agentValues
	for _, s := range all {
		if total > agentValues {
			m.thin(s)
		}
		if room -= len(s.values); room < 0 {
			break
		}
		s.Values = samplesOf(s, from)
		doc.Series = append(doc.Series, s.NodeRecorderSeries)
	}
}

// ordered returns the series: those of the target's container, its pod, its workload, and then the others.
func (m *merger) ordered() []*mergedSeries {
	names := m.subject.PodNames()
	target := m.subject.Request.Target
	rank := func(s *mergedSeries) int {
		switch {
		case s.Namespace != target.Namespace || !slices.Contains(names, s.Pod):
			return 3
		case s.Pod != target.Pod && target.Pod != "":
			return 2
		case s.Container != target.Container && target.Container != "":
			return 1
		}
		return 0
	}
	var all []*mergedSeries
	for _, s := range m.series {
		if len(s.values) > 0 {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b *mergedSeries) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Pod, b.Pod),
			strings.Compare(a.Container, b.Container), strings.Compare(a.ContainerID, b.ContainerID), strings.Compare(a.Name, b.Name), cmp.Compare(a.StepMS, b.StepMS))
	})
	return all
}

// thin leaves values out that are far from the moment.
func (m *merger) thin(s *mergedSeries) {
	at := m.subject.Request.At
	from, to := at.Add(-agentFull).UnixMilli(), at.Add(agentFull).UnixMilli()
	for ms := range s.values {
		if (ms < from || ms > to) && ms%agentEvery.Milliseconds() >= s.StepMS {
			delete(s.values, ms)
		}
	}
}

// samplesOf returns the values of a series from a moment on, NaN where there is none.
func samplesOf(s *mergedSeries, from int64) investigations.Samples {
	last := from
	for ms := range s.values {
		last = max(last, ms)
	}
	out := make(investigations.Samples, (last-from)/s.StepMS+1)
	for i := range out {
		out[i] = math.NaN()
	}
	for ms, v := range s.values {
		out[(ms-from)/s.StepMS] = v
	}
	return out
}

// processes returns the readings of processes, each once, those nearest to the moment where there are too many.
func (m *merger) processes() []investigations.NodeRecorderTop {
	type key struct {
		at  int64
		pid int64
	}
	seen := map[key]bool{}
	out := []investigations.NodeRecorderTop{}
	for _, t := range slices.Backward(m.top) { // the newest recording's first
		if k := (key{t.At.UnixMilli(), t.PID}); !seen[k] {
			seen[k] = true
			out = append(out, t)
		}
	}
	at := m.subject.Request.At
	slices.SortFunc(out, func(a, b investigations.NodeRecorderTop) int {
		return cmp.Or(cmp.Compare(at.Sub(a.At).Abs(), at.Sub(b.At).Abs()), cmp.Compare(b.RSSBytes, a.RSSBytes), cmp.Compare(a.PID, b.PID))
	})
	out = out[:min(len(out), maxTop)]
	slices.SortStableFunc(out, func(a, b investigations.NodeRecorderTop) int { return a.At.Compare(b.At) })
	return out
}
