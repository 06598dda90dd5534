package investigations

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAllowedCauses(t *testing.T) {
	own := []Cause{"leak", "undersized_limit", "load_spike", "runtime_misconfiguration", "memory_backed_volume", "kernel_memory"}
	node := []Cause{"noisy_neighbour", "node_overcommit", "kernel_memory", "memory_backed_volume"}
	tests := []struct {
		boundary Boundary
		same     bool
		want     []Cause
	}{
		{BoundaryContainer, false, own},
		{BoundaryContainer, true, own},
		{BoundaryPod, false, append(slices.Clone(own), "sidecar")},
		{BoundaryNode, false, node},
		{BoundaryNUMA, false, node},
		{BoundaryNodeAllocatable, false, node},
		{BoundarySlice, false, node},
		{BoundaryNode, true, append(slices.Clone(node), "leak", "load_spike")},
		{BoundarySlice, true, append(slices.Clone(node), "leak", "load_spike")},
		{BoundaryHeap, false, []Cause{"leak", "load_spike", "runtime_misconfiguration", "undersized_limit"}},
		{BoundaryNone, true, []Cause{"not_oom"}},
		{BoundaryUnknown, false, Causes[:len(Causes)-1]},
		{"nonsense", false, nil},
	}
	for _, tt := range tests {
		got := AllowedCauses(tt.boundary, tt.same)
		want := append(slices.Clone(tt.want), CauseInsufficientEvidence)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("AllowedCauses(%s, %t) (-want +got):\n%s", tt.boundary, tt.same, d)
		}
	}
}

func TestAllowedCausesLeavesTheListsAlone(t *testing.T) {
	before := slices.Clone(Causes)
	got := AllowedCauses(BoundaryUnknown, false)
	for i := range got {
		got[i] = "changed"
	}
	if d := cmp.Diff(before, Causes); d != "" {
		t.Errorf("Causes changed with the answer (-before +after):\n%s", d)
	}
}

// TestEnumerations holds the values to those of the result document, version 1.
func TestEnumerations(t *testing.T) {
	tests := []struct{ name, got, want any }{
		{"mechanisms", Mechanisms, []Mechanism{
			"memcg_oom_kill", "global_oom_kill", "kubelet_eviction", "systemd_oomd", "runtime_oom", "sigkill_not_oom",
			"other_exit", "not_killed", "unknown",
		}},
		{"boundaries", Boundaries, []Boundary{
			"container", "pod", "node_allocatable", "slice", "node", "numa", "heap", "none", "unknown",
		}},
		{"causes", Causes, []Cause{
			"leak", "undersized_limit", "load_spike", "runtime_misconfiguration", "sidecar", "noisy_neighbour",
			"node_overcommit", "memory_backed_volume", "kernel_memory", "not_oom", "insufficient_evidence",
		}},
		{"triggers", Triggers, []Trigger{"deploy", "config_change", "traffic", "scheduled_job", "none", "unknown"}},
		{"actions", Actions, []Action{
			"set_limit", "set_request", "rollback", "fix_leak", "set_runtime_ceiling", "cap_volume", "limit_culprit",
			"move_or_resize_node", "scale_out", "protect", "reduce_load", "fix_probe", "collect_more", "no_memory_change",
		}},
	}
	for _, tt := range tests {
		if d := cmp.Diff(tt.want, tt.got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}
