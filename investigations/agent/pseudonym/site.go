package pseudonym

import (
	"maps"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// site is what the names are read from.
type site struct {
	res *investigations.Result
	ev  *investigations.Evidence
	req investigations.Request
}

// owners notes which names are made of which: a ReplicaSet's of its deployment's, a pod's of its owner's.
func (s site) owners(b *Book) {
	for _, ref := range []string{s.req.Target.Workload, s.res.Target.Workload} {
		b.app(ref)
	}
	if r := s.ev.Rollouts; r != nil {
		for i := range r.Workloads {
			w := &r.Workloads[i]
			b.apps[w.Name] = true
			b.owned(w.Name, w.OwnerName, kindApp, kindRun)
			for j := range w.Revisions {
				b.owned(w.Revisions[j].Name, w.Name, kindApp, kindRevision)
			}
		}
	}
	if p := s.ev.Pods; p != nil {
		for i := range p.Pods {
			pod := &p.Pods[i]
			switch pod.OwnerKind {
			case "replicaset":
				if i := strings.LastIndexByte(pod.OwnerName, '-'); i > 0 {
					b.owned(pod.OwnerName, pod.OwnerName[:i], kindApp, kindRevision)
				}
				b.owned(pod.Name, pod.OwnerName, kindRevision, kindReplica)
			case "job":
				b.owned(pod.Name, pod.OwnerName, kindRun, kindReplica)
			default:
				b.owned(pod.Name, pod.OwnerName, kindApp, kindReplica)
			}
		}
	}
}

// app notes a workload, as kind/name.
func (b *Book) app(ref string) {
	if _, name, ok := strings.Cut(ref, "/"); ok && name != "" {
		b.apps[name] = true
	}
}

// owned notes that name is made of owner's.
func (b *Book) owned(name, owner string, of, own kind) {
	if of == kindApp && owner != "" {
		b.apps[owner] = true
	}
	rest, ok := strings.CutPrefix(name, owner)
	if _, known := b.parents[name]; ok && !known && owner != "" && len(rest) > 1 && rest[0] == '-' {
		b.parents[name] = parent{owner, of, own}
	}
}

// inferred notes the same for a name that no object tells of, as that of a pod that is gone.
func (b *Book) inferred(name string, k kind) {
	i := strings.LastIndexByte(name, '-')
	if i < 1 || k != kindPod && k != kindRevision {
		return
	}
	j := strings.LastIndexByte(name[:i], '-')
	_, known := b.parents[name[:i]]
	switch {
	case k == kindRevision && b.apps[name[:i]]:
		b.owned(name, name[:i], kindApp, kindRevision)
	case b.apps[name[:i]]:
		b.owned(name, name[:i], kindApp, kindReplica)
	case known:
		b.owned(name, name[:i], kindRevision, kindReplica)
	case j > 0 && b.apps[name[:j]]:
		b.owned(name[:i], name[:j], kindApp, kindRevision)
		b.owned(name, name[:i], kindRevision, kindReplica)
	}
}

// namer is told of each name, the most important first, with what it names.
type namer func(name string, k kind)

// names tells of all names and ids.
func (s site) names(name namer, id func(string)) {
	name.target(s.req.Target)
	name.target(s.res.Target)
	name.some(s.req.Cluster, kindCluster)
	v := &s.res.Verdict
	for _, p := range []*investigations.Party{v.Victim, v.Culprit} {
		if p != nil {
			name.target(investigations.Target{Namespace: p.Namespace, Pod: p.Pod, Container: p.Container, Node: p.Node})
			name.process(p.Comm)
		}
	}
	if v.Change != nil {
		name.workload(v.Change.Workload)
	}
	for i := range v.Recommendations {
		name.workload(v.Recommendations[i].Workload)
		name.some(v.Recommendations[i].Container, kindContainer)
	}
	if r := s.ev.Rollouts; r != nil {
		name.rollouts(r, id)
	}
	if p := s.ev.Pods; p != nil {
		name.pods(p, id)
	}
	if k := s.ev.Kernel; k != nil {
		name.kernel(k, id)
	}
	s.measured(name)
	if m := s.ev.Memory; m != nil {
		for i := range m.Precedents {
			name.target(m.Precedents[i].Target)
			name.features(&m.Precedents[i].Features)
		}
	}
	name.features(&s.res.Features)
}

// measured tells of the names in series, recorders, logs and profiles.
func (s site) measured(name namer) {
	if m := s.ev.Metrics; m != nil {
		for _, query := range slices.Sorted(maps.Keys(m.Queries)) {
			q := m.Queries[query]
			for i := range q.Series {
				r := &q.Series[i]
				name.target(investigations.Target{Namespace: r.Namespace, Pod: r.Pod, Container: r.Container, Node: r.Node})
				name.labels(r.Labels)
			}
		}
		for i := range m.Recorder {
			name.recorder(&m.Recorder[i])
		}
	}
	if l := s.ev.Logs; l != nil {
		for i := range l.Logs {
			name.target(investigations.Target{Namespace: l.Logs[i].Namespace, Pod: l.Logs[i].Pod, Container: l.Logs[i].Container})
		}
	}
	if p := s.ev.Profiles; p != nil {
		for i := range p.Profiles {
			h := &p.Profiles[i]
			name.target(investigations.Target{Namespace: h.Namespace, Pod: h.Pod, Container: h.Container})
			name.code(h.Functions)
		}
		for i := range p.Growth {
			g := &p.Growth[i]
			name.target(investigations.Target{Namespace: g.Namespace, Pod: g.AfterPod, Container: g.Container})
			name.some(g.BeforePod, kindPod)
			name.code(g.Functions)
		}
	}
}

// texts tells of all texts in which names may stand that no field holds.
func (s site) texts(text func(string)) {
	if a := s.req.Alert; a != nil {
		text(a.Title)
		text(a.ID)
	}
	r := s.res
	for i := range r.Facts {
		text(r.Facts[i].Says)
		text(r.Facts[i].Source)
	}
	for i := range r.BlindSpots {
		text(r.BlindSpots[i].Why)
	}
	for i := range r.Precedents {
		for _, why := range r.Precedents[i].Why {
			text(why)
		}
	}
	v := &r.Verdict
	text(v.Headline)
	text(v.Explanation)
	if v.Change != nil {
		for _, what := range v.Change.What {
			text(what)
		}
	}
	for i := range v.Recommendations {
		text(v.Recommendations[i].Note)
		text(v.Recommendations[i].Command)
	}
	s.read(text)
}

// read tells of the texts of the evidence.
func (s site) read(text func(string)) {
	if p := s.ev.Pods; p != nil {
		for i := range p.Pods {
			podTexts(&p.Pods[i], text)
		}
		for i := range p.Events {
			text(p.Events[i].Message)
		}
	}
	if k := s.ev.Kernel; k != nil {
		for i := range k.Logs {
			for j := range k.Logs[i].UserKills {
				text(k.Logs[i].UserKills[j].Text)
			}
		}
	}
	if m := s.ev.Metrics; m != nil {
		for i := range m.Recorder {
			for j := range m.Recorder[i].Top {
				text(m.Recorder[i].Top[j].Command)
			}
		}
	}
	if l := s.ev.Logs; l != nil {
		for i := range l.Logs {
			for j := range l.Logs[i].Matches {
				text(l.Logs[i].Matches[j].Text)
			}
			for j := range l.Logs[i].Last {
				text(l.Logs[i].Last[j].Text)
			}
		}
	}
	if m := s.ev.Memory; m != nil {
		for i := range m.Precedents {
			text(m.Precedents[i].Note)
			text(m.Precedents[i].Learned.Why)
			for _, why := range m.Precedents[i].Why {
				text(why)
			}
		}
	}
}

func podTexts(p *investigations.Pod, text func(string)) {
	text(p.Message)
	for _, key := range slices.Sorted(maps.Keys(p.Annotations)) {
		if v := p.Annotations[key]; len(v) <= longest {
			text(v)
		}
	}
	for i := range p.Conditions {
		text(p.Conditions[i].Message)
	}
	for i := range p.Containers {
		c := &p.Containers[i]
		for _, arg := range slices.Concat(c.Command, c.Args) {
			text(arg)
		}
		text(c.State.WaitingMessage)
		for _, t := range []*investigations.Termination{c.State.Terminated, c.LastState.Terminated} {
			if t != nil {
				text(t.Message)
			}
		}
	}
}

// longest is the length of the longest annotation that is looked at, in bytes.
const longest = 4 << 10
