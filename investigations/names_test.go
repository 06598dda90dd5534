package investigations

import (
	"strings"
	"testing"
)

func TestIsName(t *testing.T) {
	for _, s := range []string{"", "web", "web-7c9d8f6b5-x2x4p", "n1.example.com", "system:node", "Ünï", strings.Repeat("a", 253)} {
		if !IsName(s) {
			t.Errorf("%q is refused", s)
		}
	}
	for _, s := range []string{".", "..", "a/b", `a\b`, "a\nb", "a\x1b[31m", "\xff", "a\u202eb", strings.Repeat("a", 254)} {
		if IsName(s) {
			t.Errorf("%q is taken", s)
		}
	}
}

func TestWorkloadKind(t *testing.T) {
	for in, want := range map[string]string{
		"deploy": "deployment", "Deployments": "deployment", "Deployment.apps": "deployment", "deployments.v1.apps": "deployment",
		"sts": "statefulset", "statefulset": "statefulset", "ds": "daemonset", "daemonsets": "daemonset",
		"rs": "replicaset", "replicasets": "replicaset", "jobs": "job", "cj": "cronjob", "CronJobs": "cronjob",
		"Rollout": "rollout", "": "",
	} {
		if got := WorkloadKind(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestPodNames(t *testing.T) {
	s := Subject{Pods: []SubjectPod{{Name: "a"}, {Name: "b"}}, Request: Request{Target: Target{Pod: "gone"}}}
	if got := strings.Join(s.PodNames(), " "); got != "a b" {
		t.Errorf("%q", got)
	}
	s.GonePod = true
	if got := strings.Join(s.PodNames(), " "); got != "gone a b" {
		t.Errorf("%q: a pod that is gone is the first", got)
	}
}
