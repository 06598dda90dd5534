package rules

import (
	"fmt"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// resizeTrigger: the limit of the running container was lowered in place (KEP-1287), without a new pod.
func (s *scene) resizeTrigger() bool {
	if s.best.cause != investigations.CauseUndersizedLimit || s.life == nil {
		return false
	}
	limit := s.curve(investigations.QueryLimit, s.target.Pod, s.subjectContainer)
	for i := limit.len() - 1; i > 0; i-- {
		was, is := limit.Y[i-1], limit.Y[i]
		if limit.X[i] > seconds(s.at) || is >= 0.98*was || is <= 0 {
			continue
		}
		if s.otherPodSince(limit.X[i-1]) || s.revisionBrought(is, limit.X[i]) {
			return false
		}
		at := fromSeconds(limit.X[i])
		s.trigger = investigations.TriggerConfigChange
		what := fmt.Sprintf("memory limit of %s: %s -> %s, in place", s.subjectContainer, quantityOf(was), quantityOf(is))
		s.change = &investigations.Change{Workload: s.target.Workload, At: at, What: []string{what}}
		s.undo = fmt.Sprintf("Before the resize it was %s.", quantityOf(was))
		s.changeWhy = append(s.changeWhy, s.fact("trigger/resize", investigations.ToolMetrics, at, s.ev.Metrics.Queries[investigations.QueryLimit].Source,
			map[string]float64{"before_bytes": was, "after_bytes": is},
			"The limit in force of the running container %s fell from %s to %s at %s.", s.subjectContainer, bytesOf(was), bytesOf(is), stamp(at)))
		return true
	}
	return false
}

// limitRangeTrigger: the limit stands in no template; the namespace's LimitRange put it in.
func (s *scene) limitRangeTrigger() bool {
	c := containerSpec(s.pod, s.subjectContainer)
	if c == nil || c.MemoryLimit == nil || s.best.cause == investigations.CauseLeak {
		return false
	}
	if s.workload != nil {
		t := templateContainer(s.workload.Template, c.Name)
		if t == nil || t.MemoryLimit != nil {
			return false
		}
	} else if !strings.Contains(s.pod.Annotations["kubernetes.io/limit-ranger"], "memory limit for container "+c.Name) {
		return false
	}
	for _, lr := range s.ev.Pods.LimitRanges {
		if lr.Namespace != s.pod.Namespace || lr.DefaultLimit == nil || *lr.DefaultLimit != *c.MemoryLimit {
			continue
		}
		at := lr.Created
		for _, ch := range lr.Changed {
			if ch.At.After(at) && !ch.At.After(s.at) {
				at = ch.At
			}
		}
		what := fmt.Sprintf("LimitRange %s: default memory limit of %s for containers without one", lr.Name, quantityOf(float64(*lr.DefaultLimit)))
		id := s.fact("trigger/limitrange", investigations.ToolPods, at, lr.Source, map[string]float64{"limit_bytes": float64(*lr.DefaultLimit)},
			"The template of %s sets no memory limit for %s; the limit comes from the LimitRange %s (default %s), last changed at %s.",
			s.target.Workload, c.Name, lr.Name, quantityOf(float64(*lr.DefaultLimit)), stamp(at))
		s.changeWhy = append(s.changeWhy, id)
		if s.at.Sub(at) > 7*24*time.Hour && s.led.ID("rules/undersized/lowered") == "" {
			return false
		}
		s.trigger = investigations.TriggerConfigChange
		s.change = &investigations.Change{Workload: s.target.Workload, At: at.UTC(), What: []string{what}}
		s.undo = fmt.Sprintf("A limit in the template takes the place of the LimitRange %s's default, which holds for every other container of the namespace without one.", clip(lr.Name))
		return true
	}
	return false
}

// configMapTrigger: a ConfigMap that the pod reads was changed between calm and trouble.
func (s *scene) configMapTrigger() bool {
	if s.spec() == nil || len(s.lives) == 0 {
		return false
	}
	refs := s.configMapsOfPod()
	for i := range s.ev.Rollouts.ConfigMaps {
		m := &s.ev.Rollouts.ConfigMaps[i]
		if m.Namespace != s.target.Namespace || !refs[m.Name] {
			continue
		}
		at := m.Created
		manager := ""
		for _, ch := range m.Changed {
			if ch.At.After(at) && !ch.At.After(s.at) {
				at, manager = ch.At, ch.Manager
			}
		}
		if at.IsZero() || at.Before(s.req.From()) || at.After(s.at) || !s.troubleSince(at) {
			continue
		}
		by := ""
		if manager != "" {
			by = " by " + clip(manager)
		}
		id := s.fact("trigger/configmap/"+m.Name, investigations.ToolRollouts, at, m.Source, nil,
			"ConfigMap %s, which the pod reads, was changed at %s%s; memory behaved otherwise before.", m.Name, stamp(at), by)
		s.changeWhy = append(s.changeWhy, id)
		s.trigger = investigations.TriggerConfigChange
		s.change = &investigations.Change{Workload: s.target.Workload, At: at.UTC(), What: []string{"ConfigMap " + m.Name + " changed" + by}}
		s.undo = fmt.Sprintf("Until then, put back what ConfigMap %s held before %s, and restart the pods: a rollback of the workload does not bring it back.", clip(m.Name), stamp(at))
		return true
	}
	return false
}

func (s *scene) configMapsOfPod() map[string]bool {
	refs := map[string]bool{}
	pod := s.spec()
	for _, v := range pod.Volumes {
		if v.Kind == "configMap" || v.Kind == "projected" {
			refs[v.Ref] = true
		}
	}
	for _, c := range pod.Containers {
		for _, e := range c.Env {
			refs[e.ConfigMap] = true
		}
		for _, n := range c.EnvFromConfigMaps {
			refs[n] = true
		}
	}
	delete(refs, "")
	delete(refs, "kube-root-ca.crt") // every pod has it, for the API server's certificate
	return refs
}

// troubleSince says whether lives before a moment were calm, or at another level, and those after were not.
func (s *scene) troubleSince(at time.Time) bool {
	x := seconds(at)
	var before, after []*life
	for _, l := range s.lives {
		if l.start < x-60 && l.mass.n >= 6 {
			if l.killed && l.end < x-60 {
				return false
			}
			cut := *l
			cut.end = min(l.end, x)
			cut.ws, cut.mem = l.ws.between(l.start, cut.end), l.mem.between(l.start, cut.end)
			cut.mass = shapeOf(&cut)
			before = append(before, &cut)
		}
		if l.end > x && l.start <= seconds(s.at) {
			cut := *l
			cut.start = max(l.start, x)
			cut.ws, cut.mem = l.ws.between(cut.start, l.end), l.mem.between(cut.start, l.end)
			cut.mass = shapeOf(&cut)
			after = append(after, &cut)
		}
	}
	if len(before) == 0 || len(after) == 0 {
		return false
	}
	calm, peak := true, 0.0
	for _, l := range before {
		calm = calm && !l.mass.growing()
		peak = max(peak, l.mass.peak)
	}
	for _, l := range after {
		if calm && (l.mass.growing() || l.mass.peak > 1.12*peak) {
			return true
		}
	}
	return false
}
