package rules

import (
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

func TestEndsThatAreNoOOM(t *testing.T) {
	tests := []struct {
		name     string
		incident *incident
		mech     investigations.Mechanism
		says     string // stands in headline, explanation or notes
		not      string
	}{
		{"deadline in the status", newIncident().ends("Error", 137).change(func(i *incident) {
			i.pod().Reason, i.pod().Message = "DeadlineExceeded", "Pod was active on the node longer than the specified deadline"
		}), investigations.SigkillNotOOM, "deadline", "no source explains"},
		{"exit by itself", newIncident().ends("Completed", 0), investigations.OtherExit, "ended with exit code 0", "by an end"},
		{"eviction for disk", newIncident().ends("Error", 137).event("Pod", "api-h1-x", "Evicted",
			"The node was low on resource: ephemeral-storage. Container memory-cache was using 11Gi, request is 0. ", 0), investigations.KubeletEviction, "low on ephemeral-storage", "another resource"},
		{"lost container", newIncident().ends("ContainerStatusUnknown", 137).change(func(i *incident) {
			t := i.container().LastState.Terminated
			t.StartedAt, t.FinishedAt = time.Time{}, time.Time{}
		}), investigations.MechanismUnknown, "not tell what ended it", "SIGKILL"},
		{"image can't be pulled", newIncident().change(func(i *incident) {
			i.container().State = investigations.ContainerState{WaitingReason: "ImagePullBackOff", WaitingMessage: "Back-off"}
		}), investigations.NotKilled, "ImagePullBackOff", "audit log"},
		{"rollout", newIncident().ends("Error", 137).event("Pod", "api-h1-x", "Killing", "Stopping container api", 30*time.Second).change(func(i *incident) {
			i.ev.Rollouts.Workloads = []investigations.Workload{{Namespace: "shop", Kind: "deployment", Name: "api", Revisions: []investigations.Revision{
				{Number: 1, Name: "api-h1", Hash: "h1", Created: testAt.Add(-48 * time.Hour)}, {Number: 2, Name: "api-h2", Hash: "h2", Created: testAt.Add(-time.Minute)},
			}}}
		}), investigations.SigkillNotOOM, "rollout of revision 2", "no source"},
		{"scale-down", newIncident().ends("Error", 137).event("Pod", "api-h1-x", "Killing", "Stopping container api", 30*time.Second).
			event("Deployment", "api", "ScalingReplicaSet", "Scaled down replica set api-h1 from 3 to 2", 31*time.Second).change(func(i *incident) {
			i.ev.Rollouts.Workloads = []investigations.Workload{{Namespace: "shop", Kind: "deployment", Name: "api", Revisions: []investigations.Revision{{Number: 1, Name: "api-h1", Hash: "h1"}}}}
		}), investigations.SigkillNotOOM, "scale-down of deployment/api", "no source"},
		{"another container's probe", newIncident().ends("Error", 137).event("Pod", "api-h1-x", "Unhealthy", "Liveness probe failed: 503", 41*time.Second).
			event("Pod", "api-h1-x", "Killing", "Container proxy failed liveness probe, will be restarted", 40*time.Second), investigations.SigkillNotOOM, "no source explains", "probe"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, _ := tt.incident.diagnose()
			v := d.Verdict
			text := v.Headline + v.Explanation
			for _, r := range v.Recommendations {
				text += r.Note
			}
			if v.Mechanism != tt.mech || !strings.Contains(text, tt.says) || strings.Contains(text, tt.not) {
				t.Errorf("%s: want %s with %q and without %q:\n%s", v.Mechanism, tt.mech, tt.says, tt.not, text)
			}
			if strings.Contains(text, "no kernel report") || strings.Contains(text, "0001-01-01") {
				t.Errorf("a doubt that is none, or a time that is none:\n%s", text)
			}
		})
	}
}

// change edits the evidence.
func (i *incident) change(edit func(*incident)) *incident {
	edit(i)
	return i
}
