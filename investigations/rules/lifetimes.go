package rules

import (
	"math"
	"regexp"
	"slices"
	"sort"
	"time"

	"github.com/oombot/oombot/investigations"
)

var longHex = regexp.MustCompile(`[0-9a-f]{32,64}`)

// life is one lifetime of a container: from a start to its end, or to the last sample.
type life struct {
	pod, container, hash string
	start, end           float64 // unix seconds
	// born says that the start is the container's own and not only the first sample that is known.
	born bool
	// ended says that the container (or a process in it) ended at end.
	ended bool
	// killed says that the end was an OOM kill.
	killed bool
	// ws is the working set, mem anonymous memory where it is known and the working set else.
	ws, mem, cache points
	limit          float64 // the limit in force at the end; 0 none or unknown
	// unlimited says that limit is 0 because the revision's template sets none.
	unlimited bool
	mass      shape
	// blurred says that mem is the working set, for want of better, and may hold page cache.
	blurred bool
	// split says that page cache can be told from tmpfs; tmpfs is how much of the cache the latter may be, in bytes.
	split bool
	tmpfs float64
}

func (l *life) age() float64 { return l.end - l.start }

// findLives cuts the series of the judged container, in every pod of the workload, into lifetimes.
func (s *scene) findLives() {
	s.subjectPod, s.subjectContainer = s.pod, s.container
	s.traffic = s.trafficCurve()
	s.lives = s.livesOf(s.container)
	s.life = s.lifeAt(s.lives, s.target.Pod)
}

// livesOf returns the lifetimes of the container of that name in all pods of the workload, by start.
func (s *scene) livesOf(container string) []*life {
	ours := s.workloadPodNames()
	var out []*life
	for _, sr := range s.ev.Metrics.Queries[investigations.QueryWorkingSet].Series {
		if sr.Container != container || !ours(sr.Namespace, sr.Pod) {
			continue
		}
		out = append(out, s.cut(sr.Pod, container, pointsOf(sr))...)
	}
	if len(out) == 0 {
		for _, sr := range s.ev.Metrics.Queries[investigations.QueryRSS].Series {
			if sr.Container == container && ours(sr.Namespace, sr.Pod) {
				out = append(out, s.cut(sr.Pod, container, pointsOf(sr))...)
			}
		}
	}
	if p := s.pod; len(out) == 0 && p != nil && len(p.Containers) == 1 {
		// The pod's working set is its only container's.
		for _, sr := range s.ev.Metrics.Queries[investigations.QueryNodePods].Series {
			if sr.Namespace == p.Namespace && sr.Pod == p.Name {
				out = append(out, s.cut(p.Name, container, pointsOf(sr))...)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b *life) int {
		if a.start != b.start {
			return int(math.Copysign(1, a.start-b.start))
		}
		return 0
	})
	return out
}

// lifeAt returns the life of the pod that ended in the kill, or was under way.
func (s *scene) lifeAt(lives []*life, pod string) *life {
	at := seconds(s.at)
	var best *life
	for _, l := range lives {
		if l.pod != pod || l.start > at+1 {
			continue
		}
		if best == nil || math.Abs(l.end-at) <= math.Abs(best.end-at) {
			best = l
		}
	}
	return best
}

// ends are the moments at which a life of the container ended, with whether by an OOM kill.
type ends struct {
	at map[float64]bool
	// apart is how many seconds two ends must lie apart to be two: a counter shows an end a scrape or two late.
	apart float64
}

// add notes an end; ends that are closer than apart are one, and the first that was noted dates it.
func (e ends) add(x float64, oom bool) {
	for k, was := range e.at {
		if math.Abs(k-x) <= e.apart {
			e.at[k] = was || oom
			return
		}
	}
	e.at[x] = oom
}

// covered says whether an end that is known already explains a counter that rose at x: counters show it late.
func (e ends) covered(x float64) bool {
	for k := range e.at {
		if k > x-240-e.apart && k < x+e.apart {
			return true
		}
	}
	return false
}

// knownEnds gathers ends from the kernel's reports, the pod's status, and the counters.
func (s *scene) knownEnds(pod, container string, ws points) ends {
	e := ends{at: map[float64]bool{}, apart: math.Max(together.Seconds(), 2.5*ws.step())}
	for _, k := range s.kills {
		if k.pod != nil && k.pod.Name == pod && k.pod.Namespace == s.target.Namespace && k.container == container && !k.at.IsZero() {
			e.add(seconds(k.at), true)
		}
	}
	if s.target.Pod == pod && (s.kill != nil || s.death != nil) && s.container == container {
		e.add(seconds(s.at), s.reason == nil)
	}
	if c := containerSpec(s.findPod(s.target.Namespace, pod), container); c != nil {
		for _, t := range []*investigations.Termination{c.State.Terminated, c.LastState.Terminated} {
			if t != nil && !t.FinishedAt.IsZero() {
				e.add(seconds(t.FinishedAt), t.Reason == "OOMKilled" && t.ExitCode == 137)
				if !t.StartedAt.IsZero() && c.Restarts > 1 {
					e.add(seconds(t.StartedAt)-1, false)
				}
			}
		}
	}
	if p := s.findPod(s.target.Namespace, pod); p != nil && ws.len() > 0 && seconds(p.Created) > ws.X[0]+60 {
		// A StatefulSet gives the same name to the pod that comes next.
		e.add(seconds(p.Created), false)
	}
	for _, x := range s.replacedAt(pod, container, ws) {
		if !e.covered(x) {
			e.add(x, false)
		}
	}
	oom := s.curve(investigations.QueryOOMEvents, pod, container)
	for i := 1; i < oom.len(); i++ {
		if oom.Y[i] > oom.Y[i-1] && !e.covered(oom.X[i]) && drops(ws, oom.X[i]) {
			e.add(dropAt(ws, oom.X[i]), true)
		}
	}
	restarts := s.curve(investigations.QueryRestarts, pod, container)
	for i := 1; i < restarts.len(); i++ {
		if restarts.Y[i] > restarts.Y[i-1] && !e.covered(restarts.X[i]) {
			e.add(dropAt(ws, restarts.X[i]), false)
		}
	}
	if restarts.len() == 0 && !s.endsComplete(pod, container, e) {
		for _, x := range steepDrops(ws) {
			e.add(x, false)
		}
	}
	return e
}

// endsComplete says whether the ends found so far are all that the restart counter of the status tells of.
func (s *scene) endsComplete(pod, container string, e ends) bool {
	c := containerSpec(s.findPod(s.target.Namespace, pod), container)
	if c == nil {
		return false
	}
	return int(c.Restarts) <= len(e.at)
}

// drops says whether the working set falls by a fifth around x.
func drops(ws points, x float64) bool {
	w := ws.between(x-180, x+180)
	for i := 1; i < w.len(); i++ {
		if w.Y[i] < 0.8*w.Y[i-1] {
			return true
		}
	}
	return w.len() < 3
}

// dropAt returns the moment of the largest fall within three minutes of x; x where there is none.
func dropAt(ws points, x float64) float64 {
	w := ws.between(x-180, x+180)
	best, at := 0.0, x
	for i := 1; i < w.len(); i++ {
		if d := w.Y[i-1] - w.Y[i]; d > best && d > 0.1*w.Y[i-1] {
			best, at = d, (w.X[i-1]+w.X[i])/2
		}
	}
	return at
}

// steepDrops finds falls by more than 45 % from one sample to the next, which nothing but a restart or a
// killed child explains as well.
func steepDrops(ws points) []float64 {
	var out []float64
	for i := 1; i < ws.len(); i++ {
		if ws.Y[i] < 0.55*ws.Y[i-1] && ws.Y[i-1] > 32<<20 {
			out = append(out, (ws.X[i-1]+ws.X[i])/2)
		}
	}
	return out
}

// fallBefore returns where the working set fell steeply in the minutes before an end, and else the end: the node's
// clock may be ahead of the metrics', and samples of the next life say nothing of this one. A collector's fall is made
// up for again by the end.
func fallBefore(ws points, from, end float64) float64 {
	w := ws.between(math.Max(from, end-150), end)
	for i := 1; i < w.len(); i++ {
		if w.Y[i] < 0.55*w.Y[i-1] && w.Y[i-1] > 32<<20 && maxOf(w.Y[i:]) < 0.6*w.Y[i-1] {
			return (w.X[i-1] + w.X[i]) / 2
		}
	}
	return end
}

// ownFrom returns since when samples are a life's own, where another one ended before it: a server goes on telling the
// last value of a series that ended for up to five minutes, and the peak of a wide step is told at its end. Such an echo
// is at the height of the life before, lasts for a sample or two, and is followed by a steep fall.
func ownFrom(ws points, from float64) float64 {
	_, was, ok := ws.last(from)
	w := ws.between(from, from+30*60)
	if !ok || was <= 32<<20 {
		return from
	}
	for i := 1; i < w.len() && i <= 2; i++ {
		if w.Y[i-1] < 0.9*was || w.X[i-1]-from > 2.5*(w.X[i]-w.X[i-1]) {
			return from
		}
		if w.Y[i] < 0.55*w.Y[i-1] {
			return (w.X[i-1] + w.X[i]) / 2
		}
	}
	return from
}

func (s *scene) cut(pod, container string, ws points) []*life {
	if ws.len() == 0 {
		return nil
	}
	known := s.knownEnds(pod, container, ws)
	var at []float64
	for x := range known.at {
		at = append(at, x)
	}
	sort.Float64s(at)
	mem := s.curve(investigations.QueryRSS, pod, container)
	cache := s.curve(investigations.QueryCache, pod, container)
	limit := s.curve(investigations.QueryLimit, pod, container)
	first, last := ws.X[0], ws.X[ws.len()-1]
	windowStart := math.Max(seconds(s.req.From()), first)
	var out []*life
	start := first
	born := first > windowStart+120 && first > seconds(s.req.From())+120
	if p := s.findPod(s.target.Namespace, pod); p != nil && !p.Started.IsZero() && !born {
		if st := seconds(p.Started); st <= first && len(known.at) == 0 || st <= first && int(restartsOf(p, container)) <= len(known.at) {
			start, born = st, true
		}
	}
	push := func(from, to float64, isEnd, oom, isBorn bool) {
		l := &life{pod: pod, container: container, hash: s.hashAt(pod, from), start: from, end: to, born: isBorn, ended: isEnd, killed: oom}
		// A sample just after the end may still repeat the value of the last scrape before it.
		upTo := to
		if isEnd {
			upTo = fallBefore(ws, from, to)
		}
		own := from
		if len(out) > 0 {
			own = ownFrom(ws, from)
		}
		l.ws, l.cache = ws.between(own, upTo), cache.between(own, upTo)
		l.mem = mem.between(own, upTo)
		if l.mem.len() < l.ws.len()/2 {
			l.mem, l.blurred = l.ws, true
		}
		l.limit = limit.at(to)
		if l.limit == 0 {
			l.limit = s.containerLimit(pod, container)
		}
		if r := s.revisionByHash(l.hash); l.limit == 0 && r != nil {
			if c := templateContainer(r.Template, container); c != nil {
				l.limit, l.unlimited = bytesPtr(c.MemoryLimit), c.MemoryLimit == nil
			}
		}
		s.splitCache(l)
		if l.ws.len() > 0 || isEnd {
			out = append(out, l)
		}
	}
	for _, x := range at {
		if x < start || x > last+600 {
			continue
		}
		if x-start > 1 {
			push(start, x, true, known.at[x] || s.looksOOM(ws, limit, x), born)
		}
		start, born = x+1, true
	}
	if last > start+1 {
		push(start, last, false, false, born)
	}
	return out
}

// hashAt returns the template hash of a pod at a moment: of a pod of the same name before it, that of the
// revision before.
func (s *scene) hashAt(pod string, x float64) string {
	hash := s.hashOf(s.target.Namespace, pod)
	p := s.findPod(s.target.Namespace, pod)
	if p == nil || x >= seconds(p.Created)-30 {
		return hash
	}
	if r := s.revisionByHash(hash); r != nil {
		if prev := s.revisionBefore(r); prev != nil && seconds(s.rolledOut(r)) > x {
			return prev.Hash
		}
	}
	return hash
}

func restartsOf(p *investigations.Pod, container string) int32 {
	if c := containerSpec(p, container); c != nil {
		return c.Restarts
	}
	return 0
}

// looksOOM judges an end of which nothing but the curve is known: the last sample stood near the limit.
func (s *scene) looksOOM(ws, limit points, x float64) bool {
	_, y, ok := ws.last(x)
	l := limit.at(x)
	return ok && l > 0 && y >= 0.88*l
}

// trafficCurve adds up the traffic series: many endpoints or pods make one workload.
func (s *scene) trafficCurve() points {
	q := s.ev.Metrics.Queries[investigations.QueryTraffic]
	var own []investigations.Series
	for _, sr := range q.Series {
		if sr.Namespace == "" || sr.Namespace == s.target.Namespace {
			own = append(own, sr)
		}
	}
	if len(own) == 0 {
		return points{}
	}
	if len(own) == 1 {
		return pointsOf(own[0])
	}
	sum := map[int64]float64{}
	for _, sr := range own {
		for i, t := range sr.T {
			sum[t] += sr.V[i]
		}
	}
	var p points
	ts := make([]int64, 0, len(sum))
	for t := range sum {
		ts = append(ts, t)
	}
	slices.Sort(ts)
	for _, t := range ts {
		p.X = append(p.X, float64(t)/1000)
		p.Y = append(p.Y, sum[t])
	}
	return p
}

// durationSeconds turns seconds into a Duration.
func durationSeconds(x float64) time.Duration { return time.Duration(x * float64(time.Second)) }
