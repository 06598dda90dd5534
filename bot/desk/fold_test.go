package desk

import (
	"testing"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
)

// TestViewIsACopy has an incident change while its card is drawn.
func TestViewIsACopy(t *testing.T) {
	d := &Desk{state: newState(), now: time.Now}
	e := &entry{stored: stored{Incident: bot.Incident{
		State: bot.StateJudged, Alerts: []bot.AlertRef{{ID: "f1"}}, Folded: []bot.Folded{{Incident: "I2"}}, Pods: []string{"a-0"},
	}}}
	v := d.view(e)
	e.Alerts[0].Resolved, e.Folded[0].Alerts, e.Pods[0] = true, 7, "b-0"
	if v.Incident.Alerts[0].Resolved || v.Incident.Folded[0].Alerts != 0 || v.Incident.Pods[0] != "a-0" {
		t.Errorf("what is drawn changes with the incident: %+v", v.Incident)
	}
}

func TestSame(t *testing.T) {
	base := sign{
		Namespace: "shop", Workload: "deployment/a", Node: "n1", Boundary: investigations.BoundaryNode, Cause: investigations.CauseNoisyNeighbour,
		Culprit: "batch/hog-0/hog", At: noon,
	}
	tests := []struct {
		name   string
		change func(a, b *sign)
		want   string
	}{
		{"one node, one culprit", func(_, b *sign) { b.Workload = "deployment/b" }, "same node n1"},
		{"another node, one culprit", func(_, b *sign) { b.Workload, b.Node = "deployment/b", "n2" }, "same culprit"},
		{"another culprit", func(_, b *sign) { b.Workload, b.Culprit = "deployment/b", "batch/other/x" }, ""},
		{"another cause", func(_, b *sign) { b.Workload, b.Cause = "deployment/b", investigations.CauseNodeOvercommit }, ""},
		{"another boundary", func(_, b *sign) { b.Workload, b.Boundary = "deployment/b", investigations.BoundaryContainer }, ""},
		{"an hour later", func(_, b *sign) { b.Workload, b.At = "deployment/b", noon.Add(time.Hour) }, ""},
		{"one workload", func(_, b *sign) { b.At = noon.Add(time.Hour) }, "same workload"},
		{"one workload, another cause", func(_, b *sign) { b.Cause = investigations.CauseKernelMemory }, ""},
		{"one workload, two rollouts", func(a, b *sign) { a.Change, b.Change = "shop/deployment/a 3", "shop/deployment/a 4" }, ""},
		{"one workload, one cause not known", func(_, b *sign) { b.Cause = investigations.CauseInsufficientEvidence }, "same workload"},
		{"two workloads, causes not known", func(a, b *sign) {
			b.Workload = "deployment/b"
			a.Cause, b.Cause = investigations.CauseInsufficientEvidence, investigations.CauseInsufficientEvidence
		}, ""},
		{"one rollout", func(a, b *sign) {
			a.Boundary, b.Boundary, b.Workload, b.Node = investigations.BoundaryContainer, investigations.BoundaryContainer, "deployment/b", "n2"
			a.Culprit, b.Culprit, a.Change, b.Change = "", "", "shop/deployment/a 3", "shop/deployment/a 3"
		}, "same rollout"},
		{"one change of a default", func(a, b *sign) {
			a.Boundary, b.Boundary, b.Workload, b.Node = investigations.BoundaryContainer, investigations.BoundaryContainer, "deployment/b", "n2"
			a.Culprit, b.Culprit, a.What, b.What = "", "", "limit: 1Gi -> 128Mi", "limit: 1Gi -> 128Mi"
		}, "same change"},
		{"not memory", func(a, b *sign) {
			a.Boundary, b.Boundary, a.Cause, b.Cause, b.Workload = investigations.BoundaryNone, investigations.BoundaryNone, investigations.CauseNotOOM, investigations.CauseNotOOM, "deployment/b"
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, b := base, base
			tt.change(&a, &b)
			if got := a.same(b); got != tt.want {
				t.Errorf("they share %q, want %q", got, tt.want)
			}
			if got := b.same(a); got != tt.want {
				t.Errorf("the other way round they share %q, want %q", got, tt.want)
			}
		})
	}
}
