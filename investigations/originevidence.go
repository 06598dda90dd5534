package investigations

import "slices"

// rename does for the evidence what Result's rename does, so that what is read off it later names the same places. Lines
// of what is no file of theirs are none.
func (e *Evidence) rename(origins map[string]Origin) {
	if len(origins) == 0 {
		return
	}
	e.Kernel.rename(origins)
	e.Logs.rename(origins)
	for _, s := range slices.Concat(e.Pods.sources(), e.Rollouts.sources(), e.Profiles.sources()) {
		*s = placeOf(*s, origins)
	}
	if e.Metrics == nil {
		return
	}
	for name, q := range e.Metrics.Queries {
		q.Source = placeOf(q.Source, origins)
		e.Metrics.Queries[name] = q
	}
	for i := range e.Metrics.Recorder {
		e.Metrics.Recorder[i].Source = placeOf(e.Metrics.Recorder[i].Source, origins)
	}
}

// rename calls kernel logs, whose lines a report quotes, by what a person finds.
func (e *KernelEvidence) rename(origins map[string]Origin) {
	if e == nil {
		return
	}
	for i := range e.Logs {
		log := &e.Logs[i]
		o, ok := origins[log.Source]
		if !ok {
			continue
		}
		if log.Source = o.Source; o.File {
			continue
		}
		log.Source = o.Name
		for j := range log.Reports {
			log.Reports[j].Lines = [2]int64{}
		}
		for j := range log.UserKills {
			log.UserKills[j].Line = 0
		}
	}
}

func (e *LogEvidence) rename(origins map[string]Origin) {
	if e == nil {
		return
	}
	for i := range e.Logs {
		log := &e.Logs[i]
		o, ok := origins[log.Source]
		if !ok {
			continue
		}
		if log.Source = CleanText(o.Source, 300); o.File {
			continue
		}
		for j := range log.Matches {
			log.Matches[j].Line = 0
		}
		for j := range log.Last {
			log.Last[j].Line = 0
		}
	}
}

// sources points at where the objects were read from.
func (e *PodEvidence) sources() []*string {
	if e == nil {
		return nil
	}
	return slices.Concat(
		pointers(e.Pods, func(p *Pod) *string { return &p.Source }),
		pointers(e.Nodes, func(n *Node) *string { return &n.Source }),
		pointers(e.Events, func(v *Event) *string { return &v.Source }),
		pointers(e.LimitRanges, func(l *LimitRange) *string { return &l.Source }),
		pointers(e.Quotas, func(q *ResourceQuota) *string { return &q.Source }),
		pointers(e.Namespaces, func(n *Namespace) *string { return &n.Source }),
	)
}

func (e *RolloutEvidence) sources() []*string {
	if e == nil {
		return nil
	}
	out := slices.Concat(
		pointers(e.Workloads, func(w *Workload) *string { return &w.Source }),
		pointers(e.ConfigMaps, func(c *ConfigMap) *string { return &c.Source }),
		pointers(e.Autoscalers, func(a *Autoscaler) *string { return &a.Source }),
		pointers(e.GitOps, func(g *GitOps) *string { return &g.Source }),
		pointers(e.Priorities, func(p *PriorityClass) *string { return &p.Source }),
	)
	for i := range e.Workloads {
		out = append(out, pointers(e.Workloads[i].Revisions, func(r *Revision) *string { return &r.Source })...)
	}
	return out
}

func (e *ProfileEvidence) sources() []*string {
	if e == nil {
		return nil
	}
	return slices.Concat(
		pointers(e.Profiles, func(p *HeapProfile) *string { return &p.Source }),
		pointers(e.Growth, func(g *ProfileGrowth) *string { return &g.BeforeSource }),
		pointers(e.Growth, func(g *ProfileGrowth) *string { return &g.AfterSource }),
	)
}

func pointers[T any](list []T, field func(*T) *string) []*string {
	out := make([]*string, len(list))
	for i := range list {
		out[i] = field(&list[i])
	}
	return out
}
