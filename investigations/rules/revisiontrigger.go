package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// revisionTrigger: a new revision of the workload, if its lives show what the lives of the one before did not.
// Where the one before showed it too, the question goes back to the rollout of that one.
func (s *scene) revisionTrigger() bool {
	r, prev := s.revisions()
	for first := true; r != nil && prev != nil; first = false {
		if !first && len(s.livesBefore(r)) == 0 {
			return false // so far back nobody saw it calm
		}
		if s.setOffBy(r, prev) {
			return true
		}
		shown := slices.ContainsFunc(s.livesFrom(prev), func(l *life) bool { return l.mass.growing() || l.killed })
		if s.best.cause != investigations.CauseLeak || !shown {
			return false
		}
		r, prev = prev, s.revisionBefore(prev)
	}
	return false
}

// setOffBy judges one rollout, and takes it for the trigger where it is one.
func (s *scene) setOffBy(r, prev *investigations.Revision) bool {
	diffs := diffTemplates(prev.Template, r.Template)
	relevant := slices.DeleteFunc(slices.Clone(diffs), func(d difference) bool { return !d.memoryRelevant() })
	at := s.rolledOut(r)
	if at.After(s.at) {
		return false
	}
	said := s.sayRevision(r, prev, diffs, at)
	if len(relevant) == 0 {
		s.changeWhy = append(s.changeWhy, s.fact("trigger/nothing", investigations.ToolRollouts, at, r.Source, nil,
			"Revision %d differs from %d in nothing that concerns memory: it only restarted the pods.", r.Number, prev.Number))
		return false
	}
	ok, why := s.revisionShowsIt(r, prev, relevant, at)
	if !ok {
		s.changeWhy = append(s.changeWhy, why...)
		return false
	}
	s.blame(r, diffs, at)
	s.changeWhy = append([]string{said}, why...)
	return true
}

// blame takes a rollout for the trigger.
func (s *scene) blame(r *investigations.Revision, diffs []difference, at time.Time) {
	s.trigger = investigations.TriggerConfigChange
	s.change = &investigations.Change{Workload: s.workload.Ref(), Revision: r.Number, At: at.UTC()}
	for _, d := range diffs {
		if d.kind == "image" || d.kind == "container" || d.kind == "volume" {
			s.trigger = investigations.TriggerDeploy
		}
		s.change.What = append(s.change.What, d.text)
	}
}

// revisions returns the revision that the killed pod ran, and the one before it.
func (s *scene) revisions() (r, prev *investigations.Revision) {
	if s.workload == nil || len(s.workload.Revisions) < 2 {
		return nil, nil
	}
	hash := ""
	if s.life != nil {
		hash = s.life.hash
	}
	if hash == "" {
		hash = s.hashOf(s.target.Namespace, s.target.Pod)
	}
	r = s.revisionByHash(hash)
	if r == nil && s.pod != nil {
		for i := range s.workload.Revisions {
			if s.workload.Revisions[i].Name == s.pod.OwnerName {
				r = &s.workload.Revisions[i]
			}
		}
	}
	if r == nil {
		for i := range s.workload.Revisions {
			if o := &s.workload.Revisions[i]; r == nil || o.Number > r.Number {
				r = o
			}
		}
	}
	return r, s.revisionBefore(r)
}

func (s *scene) sayRevision(r, prev *investigations.Revision, diffs []difference, at time.Time) string {
	var what []string
	for _, d := range diffs {
		what = append(what, d.text)
	}
	if len(what) == 0 {
		what = []string{"no difference in the pod template"}
	}
	return s.fact(fmt.Sprintf("revision/%d", r.Number), investigations.ToolRollouts, at, r.Source,
		map[string]float64{"revision": float64(r.Number), "before": float64(prev.Number)},
		"Revision %d of %s came into force at %s; against revision %d: %s.", r.Number, s.workload.Ref(), stamp(at), prev.Number, strings.Join(what, "; "))
}

// revisionShowsIt compares the lives before and after the rollout.
func (s *scene) revisionShowsIt(r, prev *investigations.Revision, diffs []difference, at time.Time) (bool, []string) {
	before, after := s.livesBefore(r), s.livesFrom(r)
	if s.startKill {
		return s.limitCut(diffs), nil
	}
	if (s.limitCut(diffs) || s.podLimitCut(r, prev)) && s.best.cause == investigations.CauseUndersizedLimit {
		if id := s.led.ID("rules/undersized/lowered"); id != "" {
			return true, []string{id}
		}
		if len(before) == 0 && s.at.Sub(at) < 24*time.Hour {
			return true, nil
		}
	}
	if id := s.led.ID("rules/undersized/short"); id != "" && s.best.cause == investigations.CauseUndersizedLimit && len(before) > 0 {
		// The revision before got through its start; this one never did.
		return !slices.ContainsFunc(before, func(l *life) bool { return l.killed }), []string{id}
	}
	if len(before) == 0 {
		return s.unseenBefore(r, after, at)
	}
	if ok, id := s.barelyBefore(r, before, after, at); ok {
		return true, []string{id}
	}
	if on := s.onsetAfter(after, at); on != "" {
		return false, []string{on}
	}
	if on := s.spikeLongAfter(before, after, at); on != "" {
		return false, []string{on}
	}
	if changed, id := s.relationOf(r); id != "" && !s.limitCut(diffs) {
		return changed, []string{id}
	}
	return s.calmBefore(r, prev, before, after)
}

// limitCut says whether the change took memory away from the judged container.
func (s *scene) limitCut(diffs []difference) bool {
	return slices.ContainsFunc(diffs, func(d difference) bool {
		return d.kind == "limit" && (d.container == s.subjectContainer || d.container == "") && d.new > 0 && (d.old == 0 || d.new < d.old)
	})
}

// livesBefore and livesFrom part the lives by revision; a life whose revision is not known counts by its time.
func (s *scene) livesBefore(r *investigations.Revision) (out []*life) {
	for _, l := range s.lives {
		if o := s.revisionByHash(l.hash); (o != nil && o.Number < r.Number || o == nil && l.hash == "" && l.end <= seconds(s.rolledOut(r))+300) && l.mass.n >= 4 {
			out = append(out, l)
		}
	}
	return out
}

func (s *scene) livesFrom(r *investigations.Revision) (out []*life) {
	for _, l := range s.lives {
		if o := s.revisionByHash(l.hash); (o == r || o == nil && l.hash == "" && l.start >= seconds(s.rolledOut(r))-300) && l.start <= seconds(s.at) {
			out = append(out, l)
		}
	}
	return out
}

// calmBefore compares growth and kills of the two revisions at equal age of the pods.
func (s *scene) calmBefore(r, prev *investigations.Revision, before, after []*life) (bool, []string) {
	killed := slices.ContainsFunc(before, func(l *life) bool { return l.killed })
	age := 0.0
	for _, l := range after {
		age = max(age, l.age())
	}
	was, now := s.levelsAtEqualAge(before, after)
	values := map[string]float64{
		"before_slope_bytes_per_hour": was.slope * 3600, "after_slope_bytes_per_hour": now.slope * 3600,
		"before_peak_bytes": was.peak, "after_peak_bytes": now.peak, "before_lives": float64(len(before)), "after_lives": float64(len(after)),
	}
	text := fmt.Sprintf("Within the first %s of their lives pods of revision %d changed by %s an hour (highest level %s), those of revision %d by %s an hour (highest level %s)",
		durationOf(durationSeconds(was.age)), prev.Number, bytesOf(was.slope*3600), bytesOf(was.peak), r.Number, bytesOf(now.slope*3600), bytesOf(now.peak))
	if killed {
		id := s.fact("trigger/before", investigations.ToolMetrics, s.at, s.usageSource(), values, "%s; revision %d was killed too.", text, prev.Number)
		// A limit that the revision before met at that level was too small already, whatever the growth looks like.
		met := s.best.cause == investigations.CauseUndersizedLimit && now.peak <= 1.12*was.peak && !s.ceilingChanged(before, after)
		if met || !(now.slope > 3*was.slope && now.slope > 0) {
			return false, []string{id}
		}
	}
	id := s.fact("trigger/compare", investigations.ToolMetrics, s.at, s.usageSource(), values, "%s.", text)
	if s.best.cause == investigations.CauseLeak || now.growing {
		return !showed(was, now), []string{id}
	}
	// Without growth the level itself, or the room left, must have changed.
	higher := now.peak > 1.12*was.peak
	return higher || s.ceilingChanged(before, after), []string{id}
}

// ceilingChanged says whether the lives after have less room than those before, or another runtime ceiling.
func (s *scene) ceilingChanged(before, after []*life) bool {
	if len(before) == 0 || len(after) == 0 {
		return false
	}
	a, b := before[len(before)-1], after[len(after)-1]
	if a.limit > 0 && b.limit > 0 && b.limit < 0.98*a.limit || a.limit == 0 && b.limit > 0 {
		return true
	}
	ra, rb := s.revisionByHash(a.hash), s.revisionByHash(b.hash)
	if ra == nil || rb == nil || s.best.cause != investigations.CauseRuntimeMisconfiguration {
		return false
	}
	fa := s.settingsAt(templateContainer(ra.Template, s.subjectContainer), a.limit, a.start)
	fb := s.settingsAt(templateContainer(rb.Template, s.subjectContainer), b.limit, b.start)
	if len(fa.since) > 0 || len(fb.since) > 0 {
		// Not to be compared; but the ConfigMap itself was changed between them.
		return len(fb.since) == 0 && !fa.changed.IsZero()
	}
	return fa.heap != fb.heap || fa.off != fb.off || fa.text != fb.text
}

// level is how the lives of a revision developed up to an age.
type level struct {
	slope, peak, age float64
	growing          bool
}

// levelsAtEqualAge looks at the lives of both revisions up to the age that both reached: the median slope and
// level. Lives whose start is not known are looked at over the same span from their first sample on.
func (s *scene) levelsAtEqualAge(before, after []*life) (was, now level) {
	longest := func(ls []*life) float64 {
		age := 0.0
		for _, l := range ls {
			age = max(age, l.age())
		}
		return age
	}
	age := min(longest(before), longest(after))
	judge := func(ls []*life) level {
		v := level{age: age}
		var slopes, peaks []float64
		for _, l := range ls {
			cut := *l
			cut.end = min(l.end, l.start+age)
			cut.ws, cut.mem = l.ws.between(l.start, cut.end), l.mem.between(l.start, cut.end)
			if cut.ws.len() < 4 || cut.age() < 0.3*age {
				continue
			}
			m := shapeOf(&cut)
			slopes, peaks = append(slopes, m.Slope), append(peaks, quantile(cut.ws.Y, 0.95))
			v.growing = v.growing || m.growing()
		}
		v.slope, v.peak = median(slopes), median(peaks)
		return v
	}
	return judge(before), judge(after)
}

// onsetAfter: the new revision lived at one level for long before memory began to move; the rollout is not
// what set it off. It returns the fact that says so, or "".
func (s *scene) onsetAfter(after []*life, at time.Time) string {
	if s.best.cause != investigations.CauseLeak || len(after) == 0 {
		return ""
	}
	first := after[0]
	on, t := onset(first)
	quietFor := on - seconds(at)
	if on <= 0 || quietFor < 3600 || quietFor < 0.25*first.age() || t.Slope <= 0 || risesBefore(first, on, t) || onsetByAge(after, on) {
		return ""
	}
	return s.fact("trigger/onset", investigations.ToolMetrics, fromSeconds(on), s.usageSource(),
		map[string]float64{"quiet_seconds": quietFor}, "The revision had been running at one level for %s before memory began to grow at %s.",
		durationOf(durationSeconds(quietFor)), stamp(fromSeconds(on)))
}

// unseenBefore judges a rollout of which no life before is known: it counts, with less certainty, only where
// it is recent, and its own lives show the trouble from their start.
func (s *scene) unseenBefore(r *investigations.Revision, after []*life, at time.Time) (bool, []string) {
	if s.at.Sub(at) > 24*time.Hour || at.Before(s.req.From()) {
		return false, []string{s.fact("trigger/old", investigations.ToolRollouts, at, r.Source, map[string]float64{"age_seconds": s.at.Sub(at).Seconds()},
			"Revision %d had been in force for %s.", r.Number, durationOf(s.at.Sub(at)))}
	}
	s.blindSpot(investigations.ToolMetrics, "whether the revision before used less memory at the same age", "no series of a pod of the revision before %d", r.Number)
	return len(after) > 0 && s.onsetAfter(after, at) == "" && s.best.cause != investigations.CauseLoadSpike, nil
}

// earlierRevisionCalm returns the fact that the revision before lived without growth, or "".
func (s *scene) earlierRevisionCalm(l *life) string {
	r := s.revisionByHash(l.hash)
	if r == nil {
		return ""
	}
	var slopes []float64
	var prev *investigations.Revision
	for _, o := range s.livesBefore(r) {
		if o.killed || o.mass.growing() {
			return ""
		}
		slopes = append(slopes, o.mass.Slope)
		prev = s.revisionByHash(o.hash)
	}
	if len(slopes) == 0 || prev == nil || median(slopes) > 0.3*l.mass.Slope {
		return ""
	}
	return s.fact("leak/calm", investigations.ToolMetrics, s.at, s.usageSource(),
		map[string]float64{"lives": float64(len(slopes)), "slope_bytes_per_hour": median(slopes) * 3600},
		"%s of earlier revisions (%d) stayed level: %s an hour in the median, and none was killed.", lives(len(slopes)), prev.Number, bytesOf(median(slopes)*3600))
}
