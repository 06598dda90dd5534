package report

import (
	"cmp"
	"math"
	"slices"
	"time"

	inv "github.com/oombot/oombot/investigations"
)

// subject is what the chart shows: one line of memory, perhaps a second one, and the limit.
type subject struct {
	title string
	// main, second and limit are samples; of several curves in main the sum is drawn.
	main   [][]point
	second []point
	// secondName says what second is.
	secondName string
	limit      []point
	// fixedLimit stands in where there is no series of the limit; 0 where there is no limit.
	fixedLimit float64
	// fromKernel says that the value at the kill is the kernel's.
	fromKernel bool
	// recorded says that main is what a flight recorder has, and not scraped.
	recorded bool
	pod      inv.Party
}

// chooseSubject picks the memory that ran out: the node's where the boundary is the node's, the pod's where it
// is the pod's, else the culprit's or the victim's container's. ok is false where no samples are there.
func chooseSubject(r *inv.Result, ev *inv.Evidence) (subject, bool) {
	v := &r.Verdict
	victim := inv.Party{Namespace: r.Target.Namespace, Pod: r.Target.Pod, Container: r.Target.Container}
	if v.Victim != nil && v.Victim.Pod != "" {
		victim = *v.Victim
	}
	culprit := victim
	if v.Culprit != nil && v.Culprit.Pod != "" {
		culprit = *v.Culprit
	}
	var s subject
	switch v.Boundary {
	case inv.BoundaryNode, inv.BoundaryNUMA, inv.BoundaryNodeAllocatable, inv.BoundarySlice:
		if v.Culprit != nil && v.Culprit.Pod == "" {
			s = wholeNode(ev, victim) // the culprit has no series of its own
		}
		if len(s.main) == 0 {
			s = neighbours(r, ev, victim, culprit)
		}
	case inv.BoundaryPod:
		s = wholePod(r, ev, victim, culprit)
	default:
		s = oneContainer(r, ev, culprit)
		if len(s.main) == 0 {
			s = oneContainer(r, ev, victim)
		}
	}
	return s, len(s.main) > 0
}

func samePod(a inv.Party) func(inv.Series) bool {
	return func(s inv.Series) bool { return s.Namespace == a.Namespace && s.Pod == a.Pod }
}

func sameContainer(a inv.Party) func(inv.Series) bool {
	return func(s inv.Series) bool { return samePod(a)(s) && s.Container == a.Container }
}

func oneContainer(r *inv.Result, ev *inv.Evidence, a inv.Party) subject {
	s := subject{pod: a}
	if a.Container == "" {
		// The pod's only container is meant.
		names := containersOf(ev, a)
		if len(names) == 0 {
			names = recordedContainers(ev, a)
		}
		if len(names) != 1 {
			return s
		}
		a.Container = names[0]
		s.pod = a
	}
	s.limit = collect(ev.Metrics, inv.QueryLimit, sameContainer(a))
	points := collect(ev.Metrics, inv.QueryWorkingSet, sameContainer(a))
	if s.recorder(r, ev, containerWords(a), []inv.Party{a}, points) {
		s.second, s.secondName = recordedProcess(ev, a, r.At)
	} else {
		if len(points) == 0 {
			return s
		}
		s.title = "working set of " + containerWords(a)
		s.main = [][]point{points}
	}
	if pod := findPod(ev, a); pod != nil {
		s.fixedLimit = specLimit(pod, a.Container)
	}
	if rep := matchingReport(r, ev); rep != nil && r.Verdict.Boundary == inv.BoundaryContainer {
		if s.fixedLimit == 0 {
			s.fixedLimit = reportLimit(rep.report)
		}
		s.addKill(rep.report)
	}
	return s
}

// addKill adds what the kernel counted at the kill as a sample of its own, where it is far above the last
// scrape: it is all that is known of a spike.
func (s *subject) addKill(rep *inv.KernelReport) {
	if rep.At == nil || rep.Memory == nil || rep.Memory.UsageKB <= 0 || rep.Memory.UsageKB > 1<<50 {
		return
	}
	at, used := rep.At.UnixMilli(), float64(rep.Memory.UsageKB)*1024
	points := s.main[0]
	after, found := slices.BinarySearchFunc(points, at, func(p point, t int64) int { return cmp.Compare(p.t, t) })
	const far = 1.2 // within it the difference may be that the kernel counts page cache, too
	if after == 0 || used <= points[after-1].v*far {
		return
	}
	s.fromKernel = true
	if found {
		points[after].v = max(points[after].v, used)
		return
	}
	s.main[0] = slices.Insert(points, after, point{at, used})
}

func wholePod(r *inv.Result, ev *inv.Evidence, victim, culprit inv.Party) subject {
	s := subject{pod: victim}
	of := inv.Target{Namespace: victim.Namespace, Pod: victim.Pod}.String()
	var scraped [][]point
	for _, name := range recordedContainers(ev, victim) {
		scraped = append(scraped, collect(ev.Metrics, inv.QueryWorkingSet, sameContainer(inv.Party{Namespace: victim.Namespace, Pod: victim.Pod, Container: name})))
	}
	second := func(a inv.Party) []point { return recordedOf(ev, a, recordedUsage) }
	if !s.recorder(r, ev, of, recordedParties(ev, victim), scraped...) {
		second = func(a inv.Party) []point { return collect(ev.Metrics, inv.QueryWorkingSet, sameContainer(a)) }
		s.title = "working set of " + of
		for _, name := range containersOf(ev, victim) {
			if points := second(inv.Party{Namespace: victim.Namespace, Pod: victim.Pod, Container: name}); len(points) > 0 {
				s.main = append(s.main, points)
			}
		}
	}
	if len(s.main) > 1 && culprit.Pod == victim.Pod && culprit.Container != "" {
		s.second, s.secondName = second(culprit), culprit.Container
	}
	if rep := matchingReport(r, ev); rep != nil {
		s.fixedLimit = reportLimit(rep.report)
	} else if pod := findPod(ev, victim); pod != nil && pod.MemoryLimit != nil {
		s.fixedLimit = float64(*pod.MemoryLimit)
	}
	return s
}

// neighbours shows the culprit's pod beside the victim's, on the node that ran out; without a culprit that has
// samples the node itself, and without samples of that what the node agent recorded.
func neighbours(r *inv.Result, ev *inv.Evidence, victim, culprit inv.Party) subject {
	samples := func(a inv.Party) []point {
		if a.Pod == "" {
			return nil
		}
		if points := collect(ev.Metrics, inv.QueryNodePods, samePod(a)); len(points) > 0 {
			return points
		}
		return collect(ev.Metrics, inv.QueryWorkingSet, samePod(a))
	}
	of := inv.Target{Namespace: culprit.Namespace, Pod: culprit.Pod}.String()
	s := subject{pod: culprit}
	guilty := samples(culprit)
	if s.recorder(r, ev, of, recordedParties(ev, culprit), guilty) {
		samples = func(a inv.Party) []point { return recordedSum(ev, a) }
		s.limit = nil // its own limit is not what ran out
	} else {
		if len(guilty) == 0 {
			return wholeNode(ev, victim)
		}
		s.main, s.title = [][]point{guilty}, "working set of "+of
	}
	if culprit.Pod != victim.Pod || culprit.Namespace != victim.Namespace {
		s.second, s.secondName = samples(victim), "the victim, "+victim.Pod
	}
	return s
}

func wholeNode(ev *inv.Evidence, victim inv.Party) subject {
	anyNode := func(s inv.Series) bool { return victim.Node == "" || s.Node == "" || s.Node == victim.Node }
	available := collect(ev.Metrics, inv.QueryNodeAvailable, anyNode)
	total := collect(ev.Metrics, inv.QueryNodeTotal, anyNode)
	if len(available) == 0 || len(total) == 0 {
		return subject{}
	}
	size := total[len(total)-1].v
	used := make([]point, 0, len(available))
	for _, p := range available {
		used = append(used, point{p.t, math.Max(size-p.v, 0)})
	}
	return subject{pod: victim, title: "memory in use on node " + victim.Node, main: [][]point{used}, fixedLimit: size}
}

// containersOf returns the names of the pod's containers that have samples, sorted.
func containersOf(ev *inv.Evidence, a inv.Party) []string {
	if ev.Metrics == nil {
		return nil
	}
	var names []string
	for _, s := range ev.Metrics.Queries[inv.QueryWorkingSet].Series {
		if samePod(a)(s) && s.Container != "" && !slices.Contains(names, s.Container) {
			names = append(names, s.Container)
		}
	}
	slices.Sort(names)
	return names
}

func findPod(ev *inv.Evidence, a inv.Party) *inv.Pod {
	if ev.Pods == nil {
		return nil
	}
	for i, p := range ev.Pods.Pods {
		if p.Namespace == a.Namespace && p.Name == a.Pod {
			return &ev.Pods.Pods[i]
		}
	}
	return nil
}

func specLimit(pod *inv.Pod, container string) float64 {
	for _, c := range pod.Containers {
		switch {
		case c.Name != container:
		case c.AllocatedLimit != nil:
			return float64(*c.AllocatedLimit)
		case c.MemoryLimit != nil:
			return float64(*c.MemoryLimit)
		}
	}
	return 0
}

// matched is the kernel's report of the kill that a result is about.
type matched struct {
	log    *inv.KernelLog
	report *inv.KernelReport
}

// matchingReport finds the report whose kill line names the verdict's victim, nearest to the moment of the
// kill; nil where there is none.
func matchingReport(r *inv.Result, ev *inv.Evidence) *matched {
	v := r.Verdict.Victim
	if ev.Kernel == nil || v == nil || v.PID == 0 {
		return nil
	}
	var best *matched
	nearest := time.Duration(math.MaxInt64)
	for i := range ev.Kernel.Logs {
		log := &ev.Kernel.Logs[i]
		if v.Node != "" && log.Node != "" && v.Node != log.Node {
			continue
		}
		for j := range log.Reports {
			rep := &log.Reports[j]
			isVictim := func(k inv.KernelKill) bool { return k.PID == v.PID }
			if !slices.ContainsFunc(rep.Killed, isVictim) {
				continue
			}
			away := time.Duration(math.MaxInt64 - 1) // no clock: better than no report
			if rep.At != nil {
				away = rep.At.Sub(r.At).Abs()
			}
			if away < nearest {
				best, nearest = &matched{log, rep}, away
			}
		}
	}
	return best
}

func reportLimit(rep *inv.KernelReport) float64 {
	if rep.Memory == nil || rep.Memory.LimitKB == nil {
		return 0
	}
	return float64(*rep.Memory.LimitKB) * 1024
}
