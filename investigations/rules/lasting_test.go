package rules

import (
	"testing"

	"github.com/oombot/oombot/investigations"
)

// TestLasting: incidents are compared by what lives on, whatever the run of a job or a revision is called.
func TestLasting(t *testing.T) {
	i := newIncident()
	i.ev.Rollouts.Workloads = append(i.ev.Rollouts.Workloads,
		investigations.Workload{Namespace: "shop", Kind: "job", Name: "import-29581576", OwnerKind: "cronjob", OwnerName: "import"},
		investigations.Workload{Namespace: "shop", Kind: "job", Name: "flow-29581576", OwnerKind: "workflow", OwnerName: "flow"},
	)
	s := newScene(i.req, i.ev, investigations.NewLedger(nil))
	labelled := &investigations.Pod{Labels: map[string]string{"pod-template-hash": "5d8f"}}
	tests := []struct {
		ref  string
		pod  *investigations.Pod
		want string
	}{
		{"deployment/api", labelled, "deployment/api"},
		{"job/import-29581576", nil, "cronjob/import"},
		{"job/flow-29581576", nil, "job/flow-29581576"},
		{"job/unrecorded-29581576", nil, "cronjob/unrecorded"},
		{"job/migrate-2", nil, "job/migrate-2"},
		{"replicaset/web-5d8f", labelled, "deployment/web"},
		{"replicaset/web-9999", labelled, "replicaset/web-9999"},
		{"replicaset/web-5d8f", nil, "replicaset/web-5d8f"},
		{"", nil, ""},
	}
	for _, tt := range tests {
		if got := s.lasting("shop", tt.ref, tt.pod); got != tt.want {
			t.Errorf("of %s lives on %s, want %s", tt.ref, got, tt.want)
		}
	}
}
