package memory

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

const mib = 1 << 20

func ptr[T any](v T) *T { return &v }

// settings are those of a container that runs an image under a limit.
func settings(image string, limit int64) investigations.TemplateState {
	return investigations.TemplateState{Hash: "h-" + image, Containers: []investigations.ContainerSettings{
		{Name: "app", Image: image, Limit: ptr(limit), Request: ptr(limit / 2), Settings: "s1"},
	}}
}

// look is a trace of the workload deployment/api, some hours after the first, with what was in force then.
func look(hours int, now investigations.TemplateState, change func(*investigations.Trace)) investigations.Trace {
	t := investigations.Trace{}
	at := killed.Add(time.Duration(hours) * time.Hour)
	t.Result.ID = investigations.KillID(at, "kill")
	t.Result.At = at
	t.Result.Target = investigations.Target{Namespace: "shop", Pod: "api-1", Container: "app", Workload: "deployment/api", Node: "n1"}
	t.Result.Verdict.Mechanism, t.Result.Verdict.Cause, t.Result.Verdict.Boundary = investigations.MemcgOOMKill, investigations.CauseLeak, investigations.BoundaryContainer
	t.State = investigations.State{At: at, From: at.Add(-24 * time.Hour), Node: "n1", NodeBytes: 1 << 34, Traffic: ptr(100.0), Kills: []time.Time{at}}
	t.State.Workloads = []investigations.WorkloadState{{
		Namespace: "shop", Workload: "deployment/api", Replicas: ptr(int32(2)), Revision: 12, Since: killed.Add(-5 * time.Hour), Now: now,
	}}
	if change != nil {
		change(&t)
	}
	return t
}

// leak is the first kill: a leak since image 1.5, whose advice is to go back to 1.4 or to mend it.
func leak(change func(*investigations.Trace)) investigations.Trace {
	return look(0, settings("r/api:1.5", 512*mib), func(t *investigations.Trace) {
		t.Result.Verdict.Recommendations = []investigations.Recommendation{
			{Action: investigations.ActionRollback, Workload: "deployment/api", Revision: 11},
			{Action: investigations.ActionFixLeak, Workload: "deployment/api", Container: "app"},
		}
		t.Result.Verdict.NextKill = &investigations.NextKill{At: killed.Add(2 * time.Hour), Latest: killed.Add(3 * time.Hour)}
		old := settings("r/api:1.4", 512*mib)
		old.Revision = 11
		t.State.Workloads[0].Earlier = []investigations.TemplateState{old}
		if change != nil {
			change(t)
		}
	})
}

// since says when the revision of a look came into force, in hours after the first kill.
func since(hours int, change func(*investigations.Trace)) func(*investigations.Trace) {
	return func(t *investigations.Trace) {
		t.State.Workloads[0].Revision, t.State.Workloads[0].Since = 13, killed.Add(time.Duration(hours)*time.Hour)
		if change != nil {
			change(t)
		}
	}
}

// calm makes a look at a container that nothing killed.
func calm(t *investigations.Trace) {
	t.Result.Verdict.Mechanism, t.Result.Verdict.Cause, t.Result.Verdict.Boundary = investigations.NotKilled, investigations.CauseNotOOM, investigations.BoundaryNone
	t.State.Kills = nil
}

// rolledBackMeanwhile is a kill of a next release, two days later: revision 13 was a rollback to the template of 11.
func rolledBackMeanwhile(kills []time.Time) investigations.Trace {
	return look(48, settings("r/api:1.6", 512*mib), func(t *investigations.Trace) {
		back, w := settings("r/api:1.4", 512*mib), &t.State.Workloads[0]
		back.Revision, back.Began = 13, killed.Add(-90*time.Hour) // an old ReplicaSet keeps its time
		w.Revision, w.Since, w.Earlier = 14, killed.Add(44*time.Hour), []investigations.TemplateState{back}
		t.State.Kills = append(kills, t.State.Kills...)
	})
}

func TestOutcome(t *testing.T) {
	old, bad := settings("r/api:1.4", 512*mib), settings("r/api:1.5", 512*mib)
	quieter := func(t *investigations.Trace) { calm(t); t.State.Traffic = ptr(60.0) }
	unknownTraffic := func(t *investigations.Trace) { calm(t); t.State.Traffic = nil }
	killedInBetween := func(t *investigations.Trace) { calm(t); t.State.Kills = []time.Time{killed.Add(5 * time.Hour)} }
	otherCause := func(t *investigations.Trace) { t.Result.Verdict.Cause = investigations.CauseNoisyNeighbour }
	otherContainer := func(t *investigations.Trace) { t.Result.Target.Container = "proxy" }
	elsewhere := func(t *investigations.Trace) {
		t.Result.Target.Workload = "deployment/web"
		t.State.Workloads[0].Workload = "deployment/web"
	}
	rollback := []investigations.Action{investigations.ActionRollback}
	tests := []struct {
		name  string
		later []investigations.Trace
		want  investigations.OutcomeState
		fix   []investigations.Action
		why   string
	}{
		{"nothing is known", nil, investigations.OutcomeUnknown, nil, ""},
		{"killed again", []investigations.Trace{look(2, bad, nil)}, investigations.OutcomeRecurredUnfixed, nil, "nothing that was recommended was in force"},
		{"killed again, and what was in force is not known", []investigations.Trace{look(2, bad, func(t *investigations.Trace) { t.State.Workloads = nil })}, investigations.OutcomeUnknown, nil, ""},
		{"rolled back, too early to tell", []investigations.Trace{look(3, old, since(1, calm))}, investigations.OutcomeFixApplied, rollback, "a kill was to be expected within 3 h, and 2 h were seen without one"},
		{"rolled back, and it held", []investigations.Trace{look(6, old, since(1, calm))}, investigations.OutcomeFixHeld, rollback, "no kill for 5 h"},
		{"at less traffic", []investigations.Trace{look(6, old, since(1, quieter))}, investigations.OutcomeFixApplied, rollback, "60 requests per second in place of 100"},
		{"at unknown traffic", []investigations.Trace{look(6, old, since(1, unknownTraffic))}, investigations.OutcomeFixApplied, rollback, "is not known"},
		{"rolled back, and killed again", []investigations.Trace{look(6, old, since(1, nil))}, investigations.OutcomeFixFailed, rollback, "with rollback in force"},
		{"killed in between, as the counter tells", []investigations.Trace{look(6, old, since(1, killedInBetween))}, investigations.OutcomeFixFailed, rollback, "with rollback in force"},
		{"killed for another cause", []investigations.Trace{look(6, old, since(1, otherCause))}, investigations.OutcomeFixHeld, rollback, "no kill for 5 h"},
		{"another container of the pod killed", []investigations.Trace{look(2, bad, otherContainer)}, investigations.OutcomeUnknown, nil, ""},
		{"another container's kill shows the rollback", []investigations.Trace{look(3, old, since(1, otherContainer))}, investigations.OutcomeFixApplied, rollback, ""},
		{"another workload", []investigations.Trace{look(2, bad, elsewhere)}, investigations.OutcomeUnknown, nil, ""},
		{"mended by a newer image", []investigations.Trace{look(9, settings("r/api:1.5.1", 512*mib), since(2, calm))}, investigations.OutcomeFixHeld, []investigations.Action{investigations.ActionFixLeak}, ""},
		{"a higher limit, which nobody advised", []investigations.Trace{look(9, settings("r/api:1.5", 1024*mib), since(2, calm))}, investigations.OutcomeUnknown, nil, ""},
		{"unfixed, then rolled back and held", []investigations.Trace{look(2, bad, nil), look(9, old, since(3, calm))}, investigations.OutcomeFixHeld, rollback, ""},
		{"held, and killed after it was taken back", []investigations.Trace{look(6, old, since(1, calm)), look(12, bad, since(8, nil))}, investigations.OutcomeFixHeld, rollback, ""},
		{"applied, taken back, killed", []investigations.Trace{look(2, old, since(1, calm)), look(12, bad, since(8, nil))}, investigations.OutcomeRecurredUnfixed, nil, "after rollback had been taken back"},
		{"mended by a newer image that leaks as well", []investigations.Trace{look(9, settings("r/api:1.5.1", 512*mib), since(2, nil))}, investigations.OutcomeRecurredUnfixed, nil, ""},
		{"a newer image, and kills meanwhile", []investigations.Trace{look(9, settings("r/api:1.5.1", 512*mib), since(2, killedInBetween))}, investigations.OutcomeRecurredUnfixed, nil, ""},
		{"rolled back for a while, as revisions tell, and held until the next release", []investigations.Trace{rolledBackMeanwhile(nil)}, investigations.OutcomeFixHeld, rollback, "no kill for 20 h"},
		{"rolled back for a while, and killed meanwhile", []investigations.Trace{rolledBackMeanwhile([]time.Time{killed.Add(30 * time.Hour)})}, investigations.OutcomeFixFailed, rollback, "with rollback in force"},
		{"failed stays failed", []investigations.Trace{look(6, old, since(1, nil)), look(30, old, since(1, calm))}, investigations.OutcomeFixFailed, rollback, ""},
		{"an earlier one tells nothing", []investigations.Trace{look(-5, bad, nil)}, investigations.OutcomeUnknown, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := OutcomeOf(leak(nil), tt.later)
			if got.State != tt.want || !slices.Equal(got.Fix, tt.fix) || !strings.Contains(got.Why, tt.why) {
				t.Errorf("got %+v, want %s by %v, because %q", got, tt.want, tt.fix, tt.why)
			}
			slices.Reverse(tt.later)
			if again := OutcomeOf(leak(nil), tt.later); again.State != got.State || again.Why != got.Why {
				t.Errorf("in another order it is %+v", again)
			}
		})
	}
}

// TestOutcomeWithoutForecast: where no kill was forecast a fix has to hold for a week, which pods that were not restarted
// tell beyond the window of the look.
func TestOutcomeWithoutForecast(t *testing.T) {
	first := leak(func(t *investigations.Trace) { t.Result.Verdict.NextKill = nil })
	after := func(quiet time.Duration) investigations.Trace {
		return look(9*24, settings("r/api:1.4", 512*mib), since(1, func(t *investigations.Trace) {
			calm(t)
			t.State.QuietSince = t.Result.At.Add(-quiet)
		}))
	}
	for quiet, want := range map[time.Duration]investigations.OutcomeState{
		6 * 24 * time.Hour: investigations.OutcomeFixApplied, 8 * 24 * time.Hour: investigations.OutcomeFixHeld, 90 * 24 * time.Hour: investigations.OutcomeFixHeld,
	} {
		if got := OutcomeOf(first, []investigations.Trace{after(quiet)}); got.State != want {
			t.Errorf("quiet for %v: %+v, want %s", quiet, got, want)
		}
	}
}

func TestOutcomeOfItsOwnLook(t *testing.T) {
	old := settings("r/api:1.4", 512*mib)
	got := OutcomeOf(leak(func(t *investigations.Trace) {
		t.State.Workloads[0].Latest, t.State.Workloads[0].LatestSince = &old, killed.Add(20*time.Minute)
	}), nil)
	if got.State != investigations.OutcomeFixApplied || !got.At.Equal(killed.Add(20*time.Minute)) {
		t.Errorf("a rollback between the kill and the look: %+v", got)
	}
	if got := OutcomeOf(look(0, old, calm), []investigations.Trace{look(2, old, nil)}); got.State != investigations.OutcomeUnknown {
		t.Errorf("the outcome of what was no kill: %+v", got)
	}
}

func TestFollows(t *testing.T) {
	base := settings("r/api:1.5", 512*mib)
	base.Volumes = map[string]int64{"shm": 0}
	with := func(change func(*investigations.TemplateState)) investigations.TemplateState {
		now := settings("r/api:1.5", 512*mib)
		now.Volumes = map[string]int64{"shm": 0}
		change(&now)
		return now
	}
	limit := func(v *int64) investigations.TemplateState {
		return with(func(s *investigations.TemplateState) { s.Containers[0].Limit = v })
	}
	rec := func(a investigations.Action, value string) investigations.Recommendation {
		return investigations.Recommendation{Action: a, Container: "app", Value: value}
	}
	tests := []struct {
		name     string
		r        investigations.Recommendation
		now      investigations.TemplateState
		replicas int32
		node     string
		want     bool
	}{
		{"the limit as advised", rec(investigations.ActionSetLimit, "768Mi"), limit(ptr(int64(768 * mib))), 2, "n1", true},
		{"the limit nearly as advised", rec(investigations.ActionSetLimit, "768Mi"), limit(ptr(int64(700 * mib))), 2, "n1", true},
		{"a limit raised by too little", rec(investigations.ActionSetLimit, "768Mi"), limit(ptr(int64(600 * mib))), 2, "n1", false},
		{"the limit lowered", rec(investigations.ActionSetLimit, "256Mi"), limit(ptr(int64(256 * mib))), 2, "n1", false},
		{"the limit gone", rec(investigations.ActionSetLimit, "768Mi"), limit(nil), 2, "n1", false},
		{"a hostile value", rec(investigations.ActionSetLimit, "1e-999999999"), limit(ptr(int64(600 * mib))), 2, "n1", true},
		{"no such container", investigations.Recommendation{Action: investigations.ActionSetLimit, Container: "other", Value: "768Mi"}, limit(ptr(int64(768 * mib))), 2, "n1", false},
		{"the request", rec(investigations.ActionProtect, "400Mi"), with(func(s *investigations.TemplateState) { s.Containers[0].Request = ptr(int64(400 * mib)) }), 2, "n1", true},
		{"the ceiling", rec(investigations.ActionSetRuntimeCeiling, "384Mi"), with(func(s *investigations.TemplateState) { s.Containers[0].Ceiling = "c2" }), 2, "n1", true},
		{"another setting than the ceiling", rec(investigations.ActionSetRuntimeCeiling, "384Mi"), with(func(s *investigations.TemplateState) { s.Containers[0].Settings = "s2" }), 2, "n1", false},
		{"not the ceiling", rec(investigations.ActionSetRuntimeCeiling, "384Mi"), limit(ptr(int64(768 * mib))), 2, "n1", false},
		{"the culprit's limit", rec(investigations.ActionLimitCulprit, "128Mi"), limit(ptr(int64(128 * mib))), 2, "n1", true},
		{"the volume's", rec(investigations.ActionCapVolume, "64Mi"), with(func(s *investigations.TemplateState) { s.Volumes["shm"] = 64 * mib }), 2, "n1", true},
		{"the volume is gone", rec(investigations.ActionCapVolume, "64Mi"), with(func(s *investigations.TemplateState) { s.Volumes = nil }), 2, "n1", true},
		{"not the volume", rec(investigations.ActionCapVolume, "64Mi"), base, 2, "n1", false},
		{"scaled out", rec(investigations.ActionScaleOut, ""), base, 3, "n1", true},
		{"not scaled out", rec(investigations.ActionScaleOut, ""), base, 2, "n1", false},
		{"another node", rec(investigations.ActionMoveOrResizeNode, ""), base, 2, "n2", true},
		{"the same node", rec(investigations.ActionMoveOrResizeNode, ""), base, 2, "n1", false},
		{"a smaller load shows nowhere", rec(investigations.ActionReduceLoad, ""), base, 9, "n2", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			then := investigations.WorkloadState{Replicas: ptr(int32(2)), Now: base}
			got := follows(tt.r, then, tt.now, &tt.replicas, investigations.State{Node: "n1", At: killed}, investigations.State{Node: tt.node, PodSince: killed.Add(time.Hour)})
			if got != tt.want {
				t.Errorf("followed is %t, want %t", got, tt.want)
			}
		})
	}
}
