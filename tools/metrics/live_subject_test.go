package metrics

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// matcher compiles a value as Prometheus does a matcher's.
func matcher(t *testing.T, value string) *regexp.Regexp {
	t.Helper()
	pattern, err := strconv.Unquote(`"` + value + `"`)
	if err != nil {
		t.Fatalf("%s: %v", value, err)
	}
	return regexp.MustCompile("^(?:" + pattern + ")$")
}

func TestPods(t *testing.T) {
	long := strings.Repeat("very-", 11) + "long"
	tests := []struct {
		workload      string
		is, isNot     []string
		known, target string
	}{
		{"deployment/checkout", []string{"checkout-7c9d8f6b5-x2x4p", "checkout-5-x2x4p", "checkout-odd"}, []string{"checkout-api-7c9d8f6b5-x2x4p", "checkout-db-0", "checkout", "xcheckout-7c9d8f6b5-x2x4p"}, "checkout-odd", ""},
		{"statefulset/db", []string{"db-0", "db-12"}, []string{"db-x2x4p", "db-0-x", "db"}, "", ""},
		{"daemonset/agent", []string{"agent-x2x4p"}, []string{"agent-0", "agent-7c9-x2x4p"}, "", ""},
		{"replicaset/rs", []string{"rs-x2x4p"}, []string{"rs-0"}, "", ""},
		{"job/import", []string{"import-x2x4p", "import-3-x2x4p"}, []string{"import-29690880-a"}, "", ""},
		{"cronjob/export", []string{"export-29690880-gb8cc", "export-29690880-2-gb8cc"}, []string{"export-gb8cc"}, "", ""},
		{"rollout/web", []string{"web-7c9d8f6b5-x2x4p", "web-1"}, []string{"web", "webx-1"}, "", ""},
		{"", []string{"solo.one"}, []string{"soloxone", "solo.one-x2x4p"}, "", "solo.one"},
		{"pod/solo", []string{"solo"}, []string{"solo-x2x4p"}, "", "solo"},
		{"deployment/" + long, []string{(long + "-7c9d8f6b5")[:58] + "x2x4p"}, []string{"very-x2x4p"}, "", ""},
	}
	for _, tt := range tests {
		s := investigations.Subject{Workload: tt.workload}
		s.Request.Target = investigations.Target{Namespace: "shop", Pod: tt.target}
		if tt.known != "" {
			s.Pods = []investigations.SubjectPod{{Name: tt.known}}
		}
		re := matcher(t, valuesOf(s)["pods"])
		for _, name := range tt.is {
			if !re.MatchString(name) {
				t.Errorf("%s: %s does not match %s", tt.workload, name, re)
			}
		}
		for _, name := range tt.isNot {
			if re.MatchString(name) {
				t.Errorf("%s: %s matches %s", tt.workload, name, re)
			}
		}
	}
}

func TestValuesOfNode(t *testing.T) {
	s := investigations.Subject{Node: "n1.example", NodeAddresses: []string{"10.0.0.1", "", "fd00::1"}}
	s.Request.Target.Node = "n1.example"
	values := valuesOf(s)
	if _, ok := values["pods"]; ok || values["namespace"] != "" {
		t.Errorf("a node has no pods of its own: %v", values)
	}
	re := matcher(t, values["node_addresses"])
	for instance, want := range map[string]bool{
		"10.0.0.1:9100": true, "10.0.0.1": true, "[fd00::1]:9100": true, "n1.example": true,
		"10.0.0.11:9100": false, "10a0.0.1:9100": false, "n1xexample": false, "": false,
	} {
		if re.MatchString(instance) != want {
			t.Errorf("%q: %t", instance, !want)
		}
	}
}

func TestOwners(t *testing.T) {
	const uid = "1a2b3c4d-0000-1111-2222-333344445555"
	id, other := strings.Repeat("ab", 32), strings.Repeat("cd", 32)
	own := ownersOf(testSubject())
	tests := map[string]owner{
		"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + strings.ReplaceAll(uid, "-", "_") + ".slice/cri-containerd-" + id + ".scope": {"shop", "api-7c9d8f6b5-x2x4p", "api", false},
		"/kubepods/burstable/pod" + uid + "/" + id:    {"shop", "api-7c9d8f6b5-x2x4p", "api", false},
		"/kubepods/burstable/pod" + uid + "/" + other: {"shop", "api-7c9d8f6b5-x2x4p", "api", true},
		"/kubepods/burstable/pod" + uid:               {"shop", "api-7c9d8f6b5-x2x4p", "", false},
		"containerd://" + id:                          {"shop", "api-7c9d8f6b5-x2x4p", "api", false},
		"/kubepods/burstable/podother/" + other:       {},
		"":                                            {},
	}
	for path, want := range tests {
		if got, ok := own.find(path); got != want || ok != (want != owner{}) {
			t.Errorf("%s: %+v %t", path, got, ok)
		}
	}
}

func TestIsPause(t *testing.T) {
	for image, want := range map[string]bool{
		"registry.k8s.io/pause:3.10": true, "602401143452.dkr.ecr.eu-west-1.amazonaws.com/eks/pause:3.5": true, "pause": true,
		"mcr.microsoft.com/oss/kubernetes/pause@sha256:0": true, "registry.k8s.io/pause-amd64:3.1": true, "": true,
		"registry.example/pausepal:1": false, "registry.example/shop/api:2": false,
	} {
		if got := isPause(image); got != want {
			t.Errorf("%s: %t", image, got)
		}
	}
}

// testSubject is a pod of a deployment that runs on n1.
func testSubject() investigations.Subject {
	return investigations.Subject{
		Request: investigations.Request{
			At: testAt, Window: 6 * time.Hour,
			Target: investigations.Target{Namespace: "shop", Pod: "api-7c9d8f6b5-x2x4p", Container: "api"},
		},
		Workload: "deployment/api", Node: "n1", NodeAddresses: []string{"10.0.0.1"},
		Pods: []investigations.SubjectPod{{
			Namespace: "shop", Name: "api-7c9d8f6b5-x2x4p", UID: "1a2b3c4d-0000-1111-2222-333344445555", Node: "n1",
			Containers: []investigations.SubjectContainer{{Name: "api", IDs: []string{strings.Repeat("ab", 32)}}},
		}},
	}
}
