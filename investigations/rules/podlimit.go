package rules

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/oombot/oombot/investigations"
)

// podLevelLimit says whether the pod's cgroup has a limit of its own (spec.resources, KEP-2837) and not only the
// sum of its containers' limits.
func (s *scene) podLevelLimit() bool { return s.spec() != nil && s.spec().MemoryLimit != nil }

// templatePodLimit is the limit of the pod's cgroup under a template: its own, else the sum where every container
// has one; 0 none.
func templatePodLimit(t investigations.PodTemplate) float64 {
	if t.MemoryLimit != nil {
		return float64(*t.MemoryLimit)
	}
	var sum float64
	for _, c := range t.Containers {
		if c.Kind != investigations.ContainerApp && c.Kind != investigations.ContainerSidecar {
			continue
		}
		if c.MemoryLimit == nil {
			return 0
		}
		sum += float64(*c.MemoryLimit)
	}
	return sum
}

// podSum adds up the working sets of all containers of the life's pod, at each of the life's samples.
func (s *scene) podSum(l *life) points {
	names := []string{l.container}
	if spec := s.spec(); spec != nil {
		for _, c := range spec.Containers {
			if c.Name != l.container && c.Kind != investigations.ContainerInit {
				names = append(names, c.Name)
			}
		}
	}
	sum := points{X: l.ws.X, Y: make([]float64, l.ws.len())}
	for _, n := range names {
		p := s.curve(investigations.QueryWorkingSet, l.pod, n)
		for i, x := range sum.X {
			sum.Y[i] += p.at(x)
		}
	}
	return sum
}

// loweredPodLimit finds a life of an earlier revision in which the pod as a whole held, in peace and under a higher
// limit, what its limit no longer allows. It returns that life and the fact that says so.
func (s *scene) loweredPodLimit() (*life, string) {
	now := s.limitBytes
	if now <= 0 {
		return nil, ""
	}
	var best *life
	var level, old float64
	for _, l := range s.lives {
		r := s.revisionByHash(l.hash)
		if r == nil || l.killed || l.mass.n < 6 || l.start >= seconds(s.at) {
			continue
		}
		limit := templatePodLimit(r.Template)
		if limit > 0 && limit <= 1.02*now {
			continue
		}
		sum := s.podSum(l)
		tail := median(sum.Y[sum.len()-max(1, sum.len()/3):])
		if trend := trendOf(sum); tail < 0.88*now || trend.Tau >= 0.55 && trend.Slope*l.mass.span >= 0.12*now {
			continue
		}
		if best == nil || l.mass.n > best.mass.n {
			best, level, old = l, tail, limit
		}
	}
	if best == nil {
		return nil, ""
	}
	under := "no limit of the pod"
	if old > 0 {
		under = "a pod's limit of " + bytesOf(old)
	}
	return best, s.fact("undersized/lowered", investigations.ToolMetrics, fromSeconds(best.end), s.usageSource(),
		map[string]float64{"plateau_bytes": level, "old_limit_bytes": old, "limit_bytes": now},
		"Under %s the containers of %s lived at %s together for %s without a kill; the pod's limit now is %s.", under, best.pod,
		bytesOf(level), durationOf(durationSeconds(best.age())), bytesOf(now))
}

// podLimitCut says whether a revision took memory away from the pod as a whole.
func (s *scene) podLimitCut(r, prev *investigations.Revision) bool {
	was, is := templatePodLimit(prev.Template), templatePodLimit(r.Template)
	return s.boundary == investigations.BoundaryPod && is > 0 && (was == 0 || is < was)
}

// podDemand estimates what the pod as a whole needs at its peak: by the relation of the judged container to
// traffic beside what the others hold; else by the highest level under a higher limit; else only "at least".
func (s *scene) podDemand() demand {
	var d demand
	if f := s.follows(); f.yes && f.peak > 0 {
		rest := 0.0
		for _, x := range s.podShares() {
			if x.container != s.subjectContainer {
				rest += x.usage
			}
		}
		own := f.level.A + f.level.B*f.peak*1.05
		d.peak = math.Max(own+rest, s.limitBytes)
		d.fact = s.fact("demand/podtraffic", investigations.ToolMetrics, s.at, s.usageSource(),
			map[string]float64{"peak_rps": f.peak, "own_bytes": own, "rest_bytes": rest, "need_bytes": d.peak},
			"At the window's highest traffic of %.1f requests per second that relation asks for %s; the pod's other containers hold %s.", f.peak, bytesOf(own), bytesOf(rest))
		return d
	}
	for _, l := range s.lives {
		r := s.revisionByHash(l.hash)
		if r == nil || l.killed || l.mass.n < 8 {
			continue
		}
		sum := quantile(s.podSum(l).Y, 0.995)
		if limit := templatePodLimit(r.Template); limit <= 0 || sum < 0.97*limit {
			d.peak = math.Max(d.peak, sum)
		}
	}
	if d.peak > 0.92*s.limitBytes {
		d.fact = s.fact("demand/podfree", investigations.ToolMetrics, s.at, s.usageSource(), map[string]float64{"peak_bytes": d.peak},
			"The highest level that a pod of this workload came to, and that no limit cut off, is %s.", bytesOf(d.peak))
		return d
	}
	d.peak, d.censored = s.limitBytes, true
	d.fact = s.fact("demand/podcensored", investigations.ToolMetrics, s.at, s.usageSource(), map[string]float64{"at_least_bytes": d.peak},
		"The pod was cut off at its limit, so its peak says only \"at least %s\".", bytesOf(d.peak))
	return d
}

// advisePodLimit recommends the limit of the pod, which is the one that broke: where it is only the sum of its
// containers' limits, by that much more for the judged container.
func (s *scene) advisePodLimit(value float64, note string, why []string) {
	if !s.podLevelLimit() {
		own := s.containerLimit(s.target.Pod, s.subjectContainer)
		s.adviseLimit(s.subjectContainer, roundUp(own+math.Max(0, value-s.limitBytes)), note+" The pod's limit is the sum of its containers' limits, and grows with this one.", why)
		return
	}
	q := quantityOf(value)
	note += " It is the limit of the pod as a whole (spec.resources), which no container's own limit can widen."
	if s.nodeObj != nil && s.nodeObj.AllocatableBytes > 0 && value > 0.9*float64(s.nodeObj.AllocatableBytes) {
		note += fmt.Sprintf(" That is more than nine tenths of what node %s can allocate (%s).", s.node, bytesOf(float64(s.nodeObj.AllocatableBytes)))
	}
	if g := s.gitOwner(); g != "" {
		note += " " + g
	}
	s.advise(investigations.Recommendation{
		Action: investigations.ActionSetLimit, Workload: s.target.Workload, Value: q, Command: s.patchPodLimit(q), Note: note, Why: why,
	})
}

// patchPodLimit builds the command that sets the limit of the pods of a workload: `kubectl set resources` reaches
// only containers.
func (s *scene) patchPodLimit(value string) string {
	if s.workload == nil || s.workload.Kind != "deployment" && s.workload.Kind != "statefulset" && s.workload.Kind != "daemonset" {
		return ""
	}
	type object = map[string]any
	patch, err := json.Marshal(object{"spec": object{"template": object{"spec": object{"resources": object{"limits": object{"memory": value}}}}}})
	if err != nil {
		return "" // strings and maps always marshal
	}
	return kubectl("patch", "-n", s.target.Namespace, s.workload.Ref(), "--type=merge", "-p", string(patch))
}

// advisePodUndersized recommends a limit for a pod whose containers together need more than it allows.
func (s *scene) advisePodUndersized() {
	d := s.podDemand()
	note := fmt.Sprintf("The observed need of the pod's containers together, %s, plus %.0f %% headroom.", bytesOf(d.peak), (headroom-1)*100)
	if d.censored {
		note = fmt.Sprintf("Nothing shows the real need: this is a step above the limit of %s; look again after a day.", bytesOf(s.limitBytes))
	}
	s.advisePodLimit(d.proposeLimit(), note, append([]string{d.fact}, s.best.pro...))
	var levels []float64
	for _, l := range s.lives {
		if l.mass.n >= 4 {
			levels = append(levels, l.mass.tail)
		}
	}
	if d.usual = median(levels); d.usual > 0 {
		s.adviseRequest(s.subjectContainer, roundUp(d.usual), d)
	}
	if s.follows().yes && s.canScale() {
		s.adviseScale(s.follows().fact)
	}
}

// advisePodSpike recommends a step up for a pod that a sudden load brought to its limit.
func (s *scene) advisePodSpike(why []string) {
	s.advisePodLimit(roundUp(s.limitBytes*1.5), "If the load is legitimate and can't be bounded: a step up, to be confirmed by the next one.", append([]string{s.podDemand().fact}, why...))
}
