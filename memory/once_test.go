package memory

import (
	"slices"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// after moves a look to some time after the first kill.
func after(d time.Duration, look investigations.Trace) investigations.Trace {
	look.Result.At = killed.Add(d)
	look.Result.ID = investigations.KillID(look.Result.At, d.String())
	look.State.At, look.State.Kills = look.Result.At, []time.Time{look.Result.At}
	return look
}

func TestRecurrenceIsNoSecondKillOfOneIncident(t *testing.T) {
	bad := settings("r/api:1.5", 512*mib)
	replica := func(t *investigations.Trace) { t.Result.Target.Pod = "api-2" }
	tests := []struct {
		name string
		gap  time.Duration
		look investigations.Trace
		want investigations.OutcomeState
	}{
		{"the same kill by another id", 44 * time.Microsecond, look(0, bad, nil), investigations.OutcomeUnknown},
		{"another replica, moments later", 20 * time.Second, look(0, bad, replica), investigations.OutcomeUnknown},
		{"later", 11 * time.Minute, look(0, bad, nil), investigations.OutcomeRecurredUnfixed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.look = after(tt.gap, tt.look)
			if got := OutcomeOf(leak(nil), []investigations.Trace{tt.look}); got.State != tt.want {
				t.Errorf("got %+v, want %s", got, tt.want)
			}
			last := lastBefore(tt.look, []investigations.Trace{leak(nil)})
			if want := tt.want == investigations.OutcomeRecurredUnfixed; (last != "") != want {
				t.Errorf("linked to %q as a recurrence, want one: %t", last, want)
			}
		})
	}
}

// TestFirstRecurrenceStays: a crash loop does not rewrite what all of its earlier kills learned.
func TestFirstRecurrenceStays(t *testing.T) {
	bad := settings("r/api:1.5", 512*mib)
	var loop []investigations.Trace
	for n := range 10 {
		loop = append(loop, after(time.Duration(n+2)*6*time.Minute, look(0, bad, nil)))
	}
	got := OutcomeOf(leak(nil), loop)
	if got.State != investigations.OutcomeRecurredUnfixed || !got.At.Equal(killed.Add(12*time.Minute)) {
		t.Errorf("got %+v, want the first recurrence, of %s", got, killed.Add(12*time.Minute))
	}
}

// TestMovedIsNotAnotherReplica: that another replica runs on another node moves nothing.
func TestMovedIsNotAnotherReplica(t *testing.T) {
	then := investigations.State{At: killed, Node: "n1", NodeBytes: 1 << 30}
	deployment, daemonSet := investigations.WorkloadState{Workload: "deployment/api"}, investigations.WorkloadState{Workload: "daemonset/api"}
	tests := []struct {
		name string
		w    investigations.WorkloadState
		now  investigations.State
		want bool
	}{
		{"a new pod elsewhere", deployment, investigations.State{Node: "n2", PodSince: killed.Add(time.Hour)}, true},
		{"another replica, which was there before", deployment, investigations.State{Node: "n2", PodSince: killed.Add(-time.Hour)}, false},
		{"a pod of unknown age", deployment, investigations.State{Node: "n2"}, false},
		{"a daemon set's on another node", daemonSet, investigations.State{Node: "n2", PodSince: killed.Add(time.Hour)}, false},
		{"the node grew", daemonSet, investigations.State{Node: "n1", NodeBytes: 1 << 31}, true},
		{"the same node", deployment, investigations.State{Node: "n1", NodeBytes: 1 << 30, PodSince: killed.Add(time.Hour)}, false},
		{"an unknown node", deployment, investigations.State{PodSince: killed.Add(time.Hour)}, false},
	}
	for _, tt := range tests {
		if got := moved(tt.w, then, tt.now); got != tt.want {
			t.Errorf("%s: moved is %t", tt.name, got)
		}
	}
}

func TestNoSameRootWithoutACause(t *testing.T) {
	for cause, want := range map[investigations.Cause]bool{investigations.CauseLeak: true, investigations.CauseInsufficientEvidence: false} {
		res := leak(nil).Result
		res.Verdict.Cause = cause
		res.Precedents = []investigations.Precedent{{ID: "01M2J7Z6E8YXY3EC61PBA4V1TA", Similarity: 0.9, Trust: investigations.TrustUnjudged}}
		got := slices.ContainsFunc(TraceOf(Investigation{Result: &res}, killed).Links, func(l investigations.Link) bool { return l.Type == investigations.EdgeSameRootAs })
		if got != want {
			t.Errorf("%s has the same root as its precedent: %t", cause, got)
		}
	}
}
