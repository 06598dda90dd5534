package memory

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// mostRevisions is how many earlier revisions of a workload are kept with an incident.
const mostRevisions = 10

// StateOf returns what was in force at an incident, by the evidence of its investigation: so that a later look can tell
// what was changed since.
func StateOf(req investigations.Request, res *investigations.Result, ev *investigations.Evidence) investigations.State {
	s := investigations.State{
		At: res.At, From: req.From().UTC(), Node: res.Target.Node, Traffic: trafficOf(ev, res.At), Kills: killsOf(res, ev),
	}
	if ev.Pods != nil {
		for _, n := range ev.Pods.Nodes {
			if n.Name == res.Target.Node {
				s.NodeBytes = n.CapacityBytes
			}
		}
	}
	if p := podOf(res.Target.Namespace, res.Target.Pod, ev); p != nil {
		s.PodSince = p.Created.UTC()
	}
	s.QuietSince = quietSince(res.Target, lasting(res), ev)
	if w, ok := workloadState(res.Target.Namespace, lasting(res), res.Target.Pod, res.At, ev); ok {
		s.Workloads = append(s.Workloads, w)
	}
	if namespace, workload, ok := strings.Cut(res.Features.Culprit, "/"); ok && strings.Contains(workload, "/") {
		pod := ""
		if c := res.Verdict.Culprit; c != nil {
			pod = c.Pod
		}
		if w, ok := workloadState(namespace, workload, pod, res.At, ev); ok {
			s.Workloads = append(s.Workloads, w)
		}
	}
	return s
}

// lasting is the workload of a target that lives on: of a job that a CronJob made the CronJob.
func lasting(res *investigations.Result) string {
	return cmp.Or(res.Features.Workload, res.Target.Workload)
}

// workloadState is what the evidence says of one workload at a moment, and since.
func workloadState(namespace, ref, pod string, at time.Time, ev *investigations.Evidence) (investigations.WorkloadState, bool) {
	out := investigations.WorkloadState{Namespace: namespace, Workload: ref}
	p, maps := podOf(namespace, pod, ev), configMapsOf(namespace, ev)
	w := workloadOf(namespace, ref, ev)
	if p == nil && w == nil {
		return out, false
	}
	if w == nil {
		out.Now = templateOf(investigations.Revision{Template: investigations.PodTemplate{Containers: p.Containers, Volumes: p.Volumes}}, maps)
		out.Since = p.Created.UTC()
		if out.Workload == "" {
			out.Workload = "pod/" + p.Name
		}
		return out, true
	}
	out.Replicas = w.Replicas
	revisions := slices.Clone(w.Revisions)
	slices.SortStableFunc(revisions, func(a, b investigations.Revision) int { return cmp.Compare(b.Number, a.Number) })
	now := inForce(revisions, p, at)
	switch {
	case now != nil:
		out.Revision, out.Since, out.Now = now.Number, began(*now).UTC(), templateOf(*now, maps)
		out.Now.Containers = asInPod(out.Now.Containers, p)
	case p != nil:
		out.Since = p.Created.UTC()
		out.Now = investigations.TemplateState{Containers: settingsOf(p.Containers, maps), Volumes: volumesOf(p.Volumes)}
	default:
		out.Now = templateOf(investigations.Revision{Template: w.Template}, maps)
	}
	latest := investigations.Revision{Number: w.Current, Template: w.Template}
	for _, r := range revisions {
		if r.Number == w.Current || w.Current == 0 && latest.Number < r.Number {
			latest = r
		}
		if len(out.Earlier) < mostRevisions && (now == nil || r.Number < now.Number) {
			out.Earlier = append(out.Earlier, templateOf(r, maps))
		}
	}
	if t := templateOf(latest, maps); len(t.Containers) > 0 && (now == nil || latest.Number != now.Number) {
		out.Latest, out.LatestSince = &t, began(latest).UTC()
	}
	return out, true
}

// asInPod puts the pod's own limits and requests in place of its template's: they may be defaults of a LimitRange, or
// resized in place (KEP-1287).
func asInPod(all []investigations.ContainerSettings, p *investigations.Pod) []investigations.ContainerSettings {
	if p == nil {
		return all
	}
	for i := range all {
		for _, c := range p.Containers {
			if c.Name == all[i].Name {
				all[i].Limit, all[i].Request = c.MemoryLimit, c.MemoryRequest
			}
		}
	}
	return all
}

// inForce is the revision that the pod is of, else the one that was in force at the moment; nil where none is known.
func inForce(newestFirst []investigations.Revision, p *investigations.Pod, at time.Time) *investigations.Revision {
	if p != nil {
		for i, r := range newestFirst {
			if r.Hash != "" && (p.Labels["pod-template-hash"] == r.Hash || p.Labels["controller-revision-hash"] == r.Hash) {
				return &newestFirst[i]
			}
		}
	}
	for i, r := range newestFirst {
		if !began(r).After(at) {
			return &newestFirst[i]
		}
	}
	return nil
}

// began is when a revision came into force, as far as it is known.
func began(r investigations.Revision) time.Time {
	if !r.RolledOutAt.IsZero() {
		return r.RolledOutAt
	}
	return r.Created
}

func podOf(namespace, name string, ev *investigations.Evidence) *investigations.Pod {
	if ev.Pods == nil || name == "" {
		return nil
	}
	for i := range ev.Pods.Pods {
		if p := &ev.Pods.Pods[i]; p.Namespace == namespace && p.Name == name {
			return p
		}
	}
	return nil
}

func workloadOf(namespace, ref string, ev *investigations.Evidence) *investigations.Workload {
	if ev.Rollouts == nil {
		return nil
	}
	for i := range ev.Rollouts.Workloads {
		if w := &ev.Rollouts.Workloads[i]; w.Namespace == namespace && w.Ref() == ref {
			return w
		}
	}
	return nil
}

func volumesOf(all []investigations.Volume) map[string]int64 {
	var out map[string]int64
	for _, v := range all {
		if !v.Memory {
			continue
		}
		if out == nil {
			out = map[string]int64{}
		}
		out[v.Name] = 0
		if v.SizeLimit != nil {
			out[v.Name] = *v.SizeLimit
		}
	}
	return out
}

// trafficOf is the sum of all series' medians over the hour before a moment, in requests per second; nil where no
// samples are known.
func trafficOf(ev *investigations.Evidence, at time.Time) *float64 {
	if ev.Metrics == nil {
		return nil
	}
	from, to := at.Add(-time.Hour).UnixMilli(), at.UnixMilli()
	var sum float64
	found := false
	for _, s := range ev.Metrics.Queries[investigations.QueryTraffic].Series {
		var values []float64
		for i, t := range s.T {
			if t >= from && t <= to {
				values = append(values, s.V[i])
			}
		}
		if len(values) > 0 {
			slices.Sort(values)
			sum += values[len(values)/2]
			found = true
		}
	}
	if !found {
		return nil
	}
	return &sum
}

// killsOf are when the judged container of the workload was killed for want of memory, by what pods, the kernel's
// reports and metrics say, in order.
func killsOf(res *investigations.Result, ev *investigations.Evidence) []time.Time {
	var at []time.Time
	if isKill(res.Verdict) {
		at = append(at, res.At)
	}
	at = append(at, killsInPods(res.Target, lasting(res), ev)...)
	if ev.Metrics == nil {
		return apart(at)
	}
	for _, s := range ev.Metrics.Queries[investigations.QueryOOMEvents].Series {
		if s.Namespace != res.Target.Namespace || s.Container != res.Target.Container {
			continue
		}
		for i := 1; i < len(s.V); i++ {
			if s.V[i] > s.V[i-1] && !signed(at, time.UnixMilli(s.T[i-1]), time.UnixMilli(s.T[i])) {
				at = append(at, time.UnixMilli(s.T[i]))
			}
		}
	}
	return apart(at)
}

// killsInPods are those that the workload's pods and the kernel's reports about them show.
func killsInPods(t investigations.Target, workload string, ev *investigations.Evidence) []time.Time {
	var at []time.Time
	if ev.Pods == nil {
		return nil
	}
	ours := map[string]bool{}
	for _, p := range ev.Pods.Pods {
		if p.Namespace != t.Namespace || p.Name != t.Pod && !owns(workload, p) {
			continue
		}
		for _, c := range p.Containers {
			if c.Name != t.Container {
				continue
			}
			ours[c.ContainerID] = true
			for _, s := range []investigations.ContainerState{c.State, c.LastState} {
				if s.Terminated != nil {
					ours[s.Terminated.ContainerID] = true
				}
				if s.Terminated != nil && s.Terminated.Reason == "OOMKilled" {
					at = append(at, s.Terminated.FinishedAt)
				}
			}
		}
	}
	if ev.Kernel == nil {
		return at
	}
	for _, l := range ev.Kernel.Logs {
		for _, r := range l.Reports {
			if r.At != nil && r.ContainerID != "" && ours[r.ContainerID] && len(r.Killed) > 0 {
				at = append(at, *r.At)
			}
		}
	}
	return at
}

// quietSince is since when the container has not ended in any of the workload's pods that are there.
func quietSince(t investigations.Target, workload string, ev *investigations.Evidence) time.Time {
	if ev.Pods == nil {
		return time.Time{}
	}
	var oldest, lastEnd time.Time
	for _, p := range ev.Pods.Pods {
		if p.Namespace != t.Namespace || p.Name != t.Pod && !owns(workload, p) {
			continue
		}
		for _, c := range p.Containers {
			if c.Name != t.Container {
				continue
			}
			last := c.State.Terminated
			if last == nil {
				last = c.LastState.Terminated
			}
			switch {
			case last != nil:
				lastEnd = later(lastEnd, last.FinishedAt)
			case c.Restarts > 0: // it ended, and nobody knows when
				return time.Time{}
			}
			if oldest.IsZero() || p.Created.Before(oldest) {
				oldest = p.Created
			}
		}
	}
	return later(oldest, lastEnd).UTC()
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// owns says whether a workload, as kind/name, is the pod's owner or that of its owner: a deployment's ReplicaSets are
// NAME-HASH, a CronJob's jobs NAME-MINUTES.
func owns(workload string, p investigations.Pod) bool {
	kind, name, ok := strings.Cut(workload, "/")
	if !ok || name == "" {
		return false
	}
	if p.OwnerName == name && (p.OwnerKind == kind || p.OwnerKind == "") {
		return true
	}
	rest, ok := strings.CutPrefix(p.OwnerName, name+"-")
	return ok && !strings.Contains(rest, "-") && (p.OwnerKind == "replicaset" && kind == "deployment" || p.OwnerKind == "job" && kind == "cronjob")
}

// signed says whether one of the times explains why a counter rose between two scrapes.
func signed(at []time.Time, from, to time.Time) bool {
	return slices.ContainsFunc(at, func(t time.Time) bool { return t.After(from.Add(-onceWithin)) && t.Before(to.Add(onceWithin)) })
}

// apart sorts times and joins those that are signs of one kill.
func apart(at []time.Time) []time.Time {
	slices.SortFunc(at, time.Time.Compare)
	var out []time.Time
	for _, t := range at {
		if t.IsZero() || len(out) > 0 && t.Sub(out[len(out)-1]) <= onceWithin {
			continue
		}
		out = append(out, t.UTC())
	}
	return out
}

// isKill says whether a verdict is about an end for want of memory.
func isKill(v investigations.Verdict) bool {
	switch v.Mechanism {
	case investigations.MemcgOOMKill, investigations.GlobalOOMKill, investigations.KubeletEviction, investigations.SystemdOOMD, investigations.RuntimeOOM:
		return v.Cause != investigations.CauseNotOOM
	}
	return false
}
