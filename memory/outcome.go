package memory

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/oombot/oombot/investigations"
)

// plainQuantity are the quantities that advice is given in. A hostile one with a large exponent would take very long to
// parse.
var plainQuantity = regexp.MustCompile(`^[0-9]{1,15}(\.[0-9]{1,6})?([KMGTP]i|[kMGTP])?$`)

const (
	// withoutForecast is how long a fix has to hold where the verdict forecast no next kill.
	withoutForecast = 7 * 24 * time.Hour
	// comparableTraffic is the share of the earlier traffic that there has to be for a quiet time to prove anything.
	comparableTraffic = 0.7
	// asAdvised is the share of a recommended value that counts as having followed the advice.
	asAdvised = 0.9
)

// OutcomeOf says what became of the advice of t, by what later traces of the same workload show: whether it was
// followed, and whether it was killed again. Later are traces of that workload with a later moment; the order does not
// matter. It is the same for the same traces.
func OutcomeOf(t investigations.Trace, later []investigations.Trace) investigations.Outcome {
	out := investigations.Outcome{State: investigations.OutcomeUnknown}
	if !isKill(t.Result.Verdict) {
		return out
	}
	if fix, since := followedSince(t, t); len(fix) > 0 {
		out = appliedSince(fix, since, "it was in force when the incident was looked at")
	}
	later = slices.Clone(later)
	slices.SortStableFunc(later, func(a, b investigations.Trace) int { return a.Result.At.Compare(b.Result.At) })
	for _, l := range later {
		if l.Result.At.After(t.Result.At) && l.Result.ID != t.Result.ID {
			out = next(t, l, out)
		}
	}
	return out
}

// next is the outcome after one more look.
func next(t, l investigations.Trace, was investigations.Outcome) investigations.Outcome {
	w := sameWorkload(t, l)
	if w == nil && !sameContainer(t, l) {
		return was
	}
	again := killedAgain(t, l)
	var fix []investigations.Action
	if w != nil {
		was = between(t, l, *w, was)
		fix = followed(t, w.Now, w.Replicas, l.State)
		if again { // a leak that is still there was not mended, whatever the image
			fix = slices.DeleteFunc(fix, isFixLeak)
		}
	}
	switch {
	case was.State == investigations.OutcomeFixFailed:
		return was
	case len(fix) > 0 && again:
		return failed(fix, l, l.Result.At)
	case len(fix) > 0:
		return quiet(t, l, fix, span{from: sinceOf(t, *w), until: l.Result.At}, was)
	case again && w != nil && was.State != investigations.OutcomeFixHeld && !sameIncident(t, l):
		return recurred(t, l, was)
	}
	return was
}

// recurred is the outcome after a kill while nothing of the advice was in force.
func recurred(t, l investigations.Trace, was investigations.Outcome) investigations.Outcome {
	if fix, since := followedSince(t, l); len(fix) > 0 {
		return appliedSince(fix, since, "it came into force after the kill of "+l.Result.ID)
	}
	if was.State == investigations.OutcomeRecurredUnfixed {
		return was // the first kill that came back says it all, and a crash loop would rewrite all of its kills each time
	}
	out := investigations.Outcome{
		State: investigations.OutcomeRecurredUnfixed, At: l.Result.At,
		Why: fmt.Sprintf("killed again at %s (%s), and nothing that was recommended was in force", stamp(l.Result.At), l.Result.ID),
	}
	if len(was.Fix) > 0 {
		out.Why = fmt.Sprintf("killed again at %s (%s), after %s had been taken back", stamp(l.Result.At), l.Result.ID, actions(was.Fix))
	}
	return out
}

func failed(fix []investigations.Action, l investigations.Trace, at time.Time) investigations.Outcome {
	return investigations.Outcome{
		State: investigations.OutcomeFixFailed, At: at, Fix: fix,
		Why: fmt.Sprintf("killed again at %s (%s) with %s in force", stamp(at), l.Result.ID, actions(fix)),
	}
}

// between is the outcome by revisions that came and went between two looks: their order tells what was done after the
// kill, even where it was taken back since.
func between(t, l investigations.Trace, w investigations.WorkloadState, was investigations.Outcome) investigations.Outcome {
	then := about(t)
	for i := len(w.Earlier) - 1; i >= 0; i-- {
		e := w.Earlier[i]
		if e.Revision <= then.Revision || then.Revision == 0 || was.State == investigations.OutcomeFixFailed {
			continue
		}
		s := span{from: e.Began, until: w.Since}
		if i > 0 {
			s.until = w.Earlier[i-1].Began
		}
		if !s.from.After(t.Result.At) {
			s.from = t.Result.At
		}
		if fix := followed(t, e, nil, l.State); len(fix) > 0 && s.until.After(s.from) {
			was = quiet(t, l, fix, s, was)
		}
	}
	return was
}

// span is a time in which a fix was in force.
type span struct{ from, until time.Time }

// sinceOf is since when the template of a look is in force; where that is not known, or was so before the kill, it is
// known only since the look.
func sinceOf(t investigations.Trace, w investigations.WorkloadState) time.Time {
	if w.Since.After(t.Result.At) {
		return w.Since
	}
	return t.Result.At
}

// seenSince is from when on a kill would show in a look: from the start of its window, or, since a killed container is
// restarted in its pod, from when the pods that are there began to be quiet.
func seenSince(t, l investigations.Trace) time.Time {
	from := l.State.From
	if q := l.State.QuietSince; sameContainer(t, l) && !q.IsZero() && q.Before(from) {
		return q
	}
	return from
}

// quiet is the outcome by a time in which the fix was in force, as far as a look saw it.
func quiet(t, l investigations.Trace, fix []investigations.Action, s span, was investigations.Outcome) investigations.Outcome {
	seenFrom := later(s.from, seenSince(t, l))
	if at, killed := killedWithin(t, l, span{from: seenFrom, until: s.until}); killed {
		if fix = slices.DeleteFunc(fix, isFixLeak); len(fix) > 0 {
			return failed(fix, l, at)
		}
		return recurred(t, l, was)
	}
	if was.State == investigations.OutcomeFixHeld {
		return was
	}
	out := appliedSince(fix, s.from, "")
	need, calm := forecast(t), s.until.Sub(seenFrom)
	switch then, now := t.State.Traffic, l.State.Traffic; {
	case calm < need:
		out.Why = fmt.Sprintf("%s in force; a kill was to be expected within %s, and %s were seen without one", actions(fix),
			investigations.FormatDuration(need), investigations.FormatDuration(max(calm, 0)))
	case then == nil || now == nil:
		out.Why = fmt.Sprintf("%s in force and no kill for %s, but whether the traffic was comparable is not known", actions(fix), investigations.FormatDuration(calm))
	case *now < comparableTraffic**then:
		out.Why = fmt.Sprintf("%s in force and no kill for %s, but at %.3g requests per second in place of %.3g", actions(fix), investigations.FormatDuration(calm), *now, *then)
	default:
		out.State, out.At = investigations.OutcomeFixHeld, s.until
		out.Why = fmt.Sprintf("%s in force and no kill for %s, in which one was to be expected within %s, at %.3g requests per second (%.3g then)",
			actions(fix), investigations.FormatDuration(calm), investigations.FormatDuration(need), *now, *then)
	}
	return out
}

func isFixLeak(a investigations.Action) bool { return a == investigations.ActionFixLeak }

// killedWithin is when the container was killed within a span, as a look at it shows beside its own kill.
func killedWithin(t, l investigations.Trace, s span) (time.Time, bool) {
	if !sameContainer(t, l) {
		return time.Time{}, false
	}
	i := slices.IndexFunc(l.State.Kills, func(at time.Time) bool {
		return at.After(s.from.Add(onceWithin)) && at.Before(s.until) && at.After(t.Result.At.Add(onceWithin)) &&
			(at.Before(l.Result.At.Add(-onceWithin)) || !isKill(l.Result.Verdict))
	})
	if i < 0 {
		return time.Time{}, false
	}
	return l.State.Kills[i], true
}

func appliedSince(fix []investigations.Action, since time.Time, why string) investigations.Outcome {
	return investigations.Outcome{
		State: investigations.OutcomeFixApplied, At: since, Fix: fix, Why: fmt.Sprintf("%s: %s", actions(fix), why),
	}
}

// forecast is the time in which the next kill was to be expected.
func forecast(t investigations.Trace) time.Duration {
	if n := t.Result.Verdict.NextKill; n != nil {
		last := n.Latest
		if last.IsZero() {
			last = n.At
		}
		if d := last.Sub(t.Result.At); d > 0 {
			return d
		}
	}
	return withoutForecast
}

// killedAgain says whether l is a kill of the same container for the same cause. A kill for another cause does not
// test the advice.
func killedAgain(t, l investigations.Trace) bool {
	cause := EffectiveCause(HeadOf(l))
	return sameContainer(t, l) && isKill(l.Result.Verdict) &&
		(cause == EffectiveCause(HeadOf(t)) || cause == investigations.CauseInsufficientEvidence || EffectiveCause(HeadOf(t)) == investigations.CauseInsufficientEvidence)
}

func sameContainer(t, l investigations.Trace) bool {
	a, b := FeaturesOf(t), FeaturesOf(l)
	if a.Cluster != b.Cluster || a.Namespace != b.Namespace || a.Container != b.Container {
		return false
	}
	if a.Workload == "" && b.Workload == "" {
		return t.Result.Target.Pod == l.Result.Target.Pod && t.Result.Target.Pod != ""
	}
	return a.Workload == b.Workload
}

// sameWorkload is the state in l of the workload that the advice of t is about; nil where l does not know it.
func sameWorkload(t, l investigations.Trace) *investigations.WorkloadState {
	if len(t.State.Workloads) == 0 || FeaturesOf(t).Cluster != FeaturesOf(l).Cluster {
		return nil
	}
	about := about(t)
	for i := range l.State.Workloads {
		if w := &l.State.Workloads[i]; w.Namespace == about.Namespace && w.Workload == about.Workload {
			return w
		}
	}
	return nil
}

// about is the workload that the advice of t is about: that to a neighbour is about the neighbour, which stands last.
func about(t investigations.Trace) investigations.WorkloadState {
	if len(t.State.Workloads) == 0 {
		return investigations.WorkloadState{}
	}
	return t.State.Workloads[len(t.State.Workloads)-1]
}

// followedSince is what of the advice of t the newest revision that l saw follows, and since when.
func followedSince(t, l investigations.Trace) ([]investigations.Action, time.Time) {
	w := sameWorkload(t, l)
	if w == nil || w.Latest == nil || !w.LatestSince.After(t.Result.At) {
		return nil, time.Time{}
	}
	return followed(t, *w.Latest, w.Replicas, l.State), w.LatestSince
}

// followed returns what of the advice of t is in force in a template, in the order of the advice.
func followed(t investigations.Trace, now investigations.TemplateState, replicas *int32, state investigations.State) []investigations.Action {
	then := about(t)
	var out []investigations.Action
	for _, r := range t.Result.Verdict.Recommendations {
		if !slices.Contains(out, r.Action) && follows(r, then, now, replicas, t.State, state) {
			out = append(out, r.Action)
		}
	}
	return out
}

// follows says whether one recommendation is in force. What no template shows, as a smaller load, is never said to be.
func follows(r investigations.Recommendation, then investigations.WorkloadState, now investigations.TemplateState, replicas *int32,
	thenState, nowState investigations.State,
) bool {
	old, cur := container(then.Now, r.Container), container(now, r.Container)
	switch r.Action {
	case investigations.ActionRollback:
		return isRevision(then, now, r.Revision)
	case investigations.ActionFixLeak:
		return old != nil && cur != nil && old.Image != cur.Image && !isRevision(then, now, rollbackOf(then))
	case investigations.ActionSetLimit:
		return old != nil && cur != nil && atLeast(cur.Limit, old.Limit, r.Value)
	case investigations.ActionSetRequest, investigations.ActionProtect:
		return old != nil && cur != nil && atLeast(cur.Request, old.Request, r.Value)
	case investigations.ActionSetRuntimeCeiling:
		return old != nil && cur != nil && cur.Ceiling != "" && old.Ceiling != cur.Ceiling
	case investigations.ActionLimitCulprit:
		return old != nil && cur != nil && cur.Limit != nil && (old.Limit == nil || *cur.Limit < *old.Limit)
	case investigations.ActionCapVolume:
		return capped(then.Now.Volumes, now.Volumes)
	case investigations.ActionScaleOut:
		return then.Replicas != nil && replicas != nil && *replicas > *then.Replicas
	case investigations.ActionMoveOrResizeNode:
		return moved(then, thenState, nowState)
	}
	return false
}

// rollbackOf is the number of the revision before the one that was in force; 0 where it is not known.
func rollbackOf(then investigations.WorkloadState) int64 {
	if len(then.Earlier) == 0 {
		return 0
	}
	return then.Earlier[0].Revision
}

// isRevision says whether a template is that of an earlier revision: a rollback gives it a new number, and keeps its
// hash where nothing else was changed.
func isRevision(then investigations.WorkloadState, now investigations.TemplateState, number int64) bool {
	for _, e := range then.Earlier {
		if e.Revision != number || number == 0 {
			continue
		}
		if e.Hash != "" && e.Hash == now.Hash {
			return true
		}
		return len(e.Containers) > 0 && slices.EqualFunc(e.Containers, now.Containers, func(a, b investigations.ContainerSettings) bool {
			return a.Name == b.Name && a.Image == b.Image && equalBytes(a.Limit, b.Limit) && a.Settings == b.Settings
		})
	}
	return false
}

// atLeast says whether a value was raised to what was advised, or nearly so.
func atLeast(now, then *int64, advised string) bool {
	if now == nil {
		return false
	}
	if then != nil && *now <= *then {
		return false
	}
	if !plainQuantity.MatchString(advised) {
		return then != nil // raised, where no value was named
	}
	q, err := resource.ParseQuantity(advised)
	if err != nil {
		return false
	}
	return float64(*now) >= asAdvised*float64(q.Value())
}

// moved says whether the workload went to another node after the kill, or its node grew. A pod that was there before
// is another replica, and a daemon set has one on every node.
func moved(w investigations.WorkloadState, then, now investigations.State) bool {
	switch {
	case now.Node == "" || then.Node == "":
		return false
	case now.Node == then.Node:
		return then.NodeBytes > 0 && now.NodeBytes > then.NodeBytes
	}
	return now.PodSince.After(then.At) && !strings.HasPrefix(w.Workload, "daemonset/")
}

func capped(then, now map[string]int64) bool {
	for name, limit := range now {
		if was, ok := then[name]; ok && limit > 0 && (was == 0 || limit < was) {
			return true
		}
	}
	for name := range then {
		if _, ok := now[name]; !ok {
			return true // no longer in memory at all
		}
	}
	return false
}

// container is the one of that name; where none is named, the only one there is.
func container(t investigations.TemplateState, name string) *investigations.ContainerSettings {
	if name == "" && len(t.Containers) == 1 {
		return &t.Containers[0]
	}
	for i := range t.Containers {
		if t.Containers[i].Name == name {
			return &t.Containers[i]
		}
	}
	return nil
}

func equalBytes(a, b *int64) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

func actions(all []investigations.Action) string {
	var out []string
	for _, a := range all {
		out = append(out, word(a))
	}
	return strings.Join(out, " and ")
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }
