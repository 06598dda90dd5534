package investigations

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAllowedActions(t *testing.T) {
	changed := &Change{Workload: "deployment/api", Revision: 7}
	configMap := &Change{Workload: "deployment/api", What: []string{"ConfigMap api changed"}}
	tests := []struct {
		name    string
		verdict Verdict
		want    []Action
	}{
		{"nothing known", Verdict{Cause: CauseInsufficientEvidence, Boundary: BoundaryContainer, Trigger: TriggerDeploy, Change: changed}, []Action{"collect_more"}},
		{"no verdict", Verdict{}, []Action{"collect_more"}},
		{"no OOM kill", Verdict{Cause: CauseNotOOM, Boundary: BoundaryNone, Trigger: TriggerDeploy, Change: changed}, []Action{"collect_more", "no_memory_change", "fix_probe", "reduce_load"}},
		{
			"another end, whatever the cause says",
			Verdict{Cause: CauseLeak, Mechanism: SigkillNotOOM, Boundary: BoundaryUnknown},
			[]Action{"collect_more", "no_memory_change", "fix_probe", "reduce_load"},
		},
		{"leak", Verdict{Cause: CauseLeak, Boundary: BoundaryContainer, Trigger: TriggerNone}, []Action{"collect_more", "fix_leak"}},
		{"leak since a revision", Verdict{Cause: CauseLeak, Boundary: BoundaryContainer, Trigger: TriggerDeploy, Change: changed}, []Action{"collect_more", "rollback", "fix_leak"}},
		{"leak since a ConfigMap", Verdict{Cause: CauseLeak, Boundary: BoundaryContainer, Trigger: TriggerConfigChange, Change: configMap}, []Action{"collect_more", "fix_leak"}},
		{"leak in a new workload", Verdict{Cause: CauseLeak, Boundary: BoundaryContainer, Trigger: TriggerDeploy}, []Action{"collect_more", "fix_leak"}},
		{"leak into the heap's ceiling", Verdict{Cause: CauseLeak, Boundary: BoundaryHeap}, []Action{"collect_more", "fix_leak"}},
		{"leak into the node", Verdict{Cause: CauseLeak, Boundary: BoundaryNode}, []Action{"collect_more", "fix_leak"}},
		{"undersized", Verdict{Cause: CauseUndersizedLimit, Boundary: BoundaryPod}, []Action{"collect_more", "set_limit", "set_request", "scale_out", "reduce_load"}},
		{"undersized heap", Verdict{Cause: CauseUndersizedLimit, Boundary: BoundaryHeap}, []Action{"collect_more", "set_runtime_ceiling", "scale_out", "reduce_load"}},
		{
			"spike that a change of traffic brought",
			Verdict{Cause: CauseLoadSpike, Boundary: BoundaryContainer, Trigger: TriggerTraffic, Change: changed},
			[]Action{"collect_more", "set_limit", "set_request", "scale_out", "reduce_load"},
		},
		{
			"neighbour's revision",
			Verdict{Cause: CauseNoisyNeighbour, Boundary: BoundaryNodeAllocatable, Trigger: TriggerConfigChange, Change: changed},
			[]Action{"collect_more", "rollback", "set_request", "limit_culprit", "move_or_resize_node", "protect", "reduce_load"},
		},
		{"overcommit", Verdict{Cause: CauseNodeOvercommit, Boundary: BoundaryNode}, []Action{"collect_more", "set_request", "move_or_resize_node", "protect", "reduce_load"}},
		{
			"neighbour, where it is not known what broke",
			Verdict{Cause: CauseNoisyNeighbour, Boundary: BoundaryUnknown},
			[]Action{"collect_more", "set_request", "limit_culprit", "move_or_resize_node", "protect", "reduce_load"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, AllowedActions(tt.verdict)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// TestActionsThatAreNeverAllowed walks all mechanisms, boundaries, causes, triggers and changes.
func TestActionsThatAreNeverAllowed(t *testing.T) {
	everyVerdict(func(v Verdict) {
		got := AllowedActions(v)
		never := func(a Action, where bool) {
			if where && slices.Contains(got, a) {
				t.Errorf("%s for %s, %s at %s, by %s %+v", a, v.Cause, v.Mechanism, v.Boundary, v.Trigger, v.Change)
			}
		}
		ended := v.Cause == CauseNotOOM || v.Boundary == BoundaryNone || v.Mechanism == SigkillNotOOM || v.Mechanism == OtherExit || v.Mechanism == NotKilled
		for _, a := range []Action{ActionSetLimit, ActionSetRequest, ActionSetRuntimeCeiling, ActionCapVolume, ActionLimitCulprit, ActionProtect, ActionFixLeak} {
			never(a, ended)
		}
		for _, a := range Actions {
			never(a, v.Cause == CauseInsufficientEvidence && a != ActionCollectMore)
		}
		never(ActionFixProbe, !ended)
		never(ActionNoMemoryChange, !ended)
		never(ActionSetLimit, v.Cause == CauseLeak || v.Cause == CauseNoisyNeighbour || v.Cause == CauseNodeOvercommit)
		never(ActionSetLimit, v.Boundary == BoundaryHeap || v.Boundary == BoundaryNode || v.Boundary == BoundarySlice)
		never(ActionSetRuntimeCeiling, v.Cause == CauseLeak)
		never(ActionScaleOut, v.Cause == CauseLeak)
		never(ActionFixLeak, v.Cause != CauseLeak)
		never(ActionRollback, v.Change == nil || v.Change.Revision == 0)
		never(ActionRollback, v.Trigger != TriggerDeploy && v.Trigger != TriggerConfigChange)
		if !slices.Contains(got, ActionCollectMore) {
			t.Errorf("collect_more is not allowed for %s at %s", v.Cause, v.Boundary)
		}
		for i, a := range got {
			if !slices.Contains(Actions, a) || slices.Contains(got[:i], a) {
				t.Errorf("%v has %s twice, or there is no such action", got, a)
			}
		}
	})
}

func TestRequiredActionsAreAllowed(t *testing.T) {
	everyVerdict(func(v Verdict) {
		for _, a := range RequiredActions(v) {
			if !slices.Contains(AllowedActions(v), a) {
				t.Errorf("%s is asked for and not allowed: %s at %s, by %s", a, v.Cause, v.Boundary, v.Trigger)
			}
		}
	})
	revision := &Change{Revision: 7}
	for _, tt := range []struct {
		verdict Verdict
		want    []Action
	}{
		{Verdict{Cause: CauseLeak, Boundary: BoundaryContainer, Trigger: TriggerDeploy, Change: revision}, []Action{ActionRollback}},
		{Verdict{Cause: CauseNoisyNeighbour, Boundary: BoundaryNode, Trigger: TriggerConfigChange, Change: revision}, []Action{ActionRollback}},
		{Verdict{Cause: CauseLeak, Boundary: BoundaryContainer, Trigger: TriggerConfigChange, Change: &Change{}}, nil},
		{Verdict{Cause: CauseLoadSpike, Boundary: BoundaryContainer, Trigger: TriggerTraffic, Change: revision}, nil},
		{Verdict{Cause: CauseInsufficientEvidence, Trigger: TriggerDeploy, Change: revision}, []Action{ActionCollectMore}},
		{Verdict{Cause: CauseNotOOM, Boundary: BoundaryNone}, []Action{ActionNoMemoryChange}},
	} {
		if d := cmp.Diff(tt.want, RequiredActions(tt.verdict)); d != "" {
			t.Errorf("%s by %s (-want +got):\n%s", tt.verdict.Cause, tt.verdict.Trigger, d)
		}
	}
}

// TestAllowedActionsLeaveTheTablesAlone: what a caller does to an answer changes no other.
func TestAllowedActionsLeaveTheTablesAlone(t *testing.T) {
	v := Verdict{Cause: CauseLoadSpike, Boundary: BoundaryContainer}
	before := AllowedActions(v)
	for i := range before {
		AllowedActions(v)[i] = "changed"
		RequiredActions(Verdict{Cause: CauseNotOOM})[0] = "changed"
	}
	if d := cmp.Diff(before, AllowedActions(v)); d != "" {
		t.Errorf("(-before +after):\n%s", d)
	}
}

func everyVerdict(check func(Verdict)) {
	changes := []*Change{nil, {}, {Revision: 7}}
	for _, m := range Mechanisms {
		for _, b := range Boundaries {
			for _, c := range append([]Cause{"", "nonsense"}, Causes...) {
				for _, tr := range Triggers {
					for _, ch := range changes {
						check(Verdict{Mechanism: m, Boundary: b, Cause: c, Trigger: tr, Change: ch})
					}
				}
			}
		}
	}
}
