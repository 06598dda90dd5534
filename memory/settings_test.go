package memory

import (
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

func TestCeilingOf(t *testing.T) {
	args := func(a ...string) investigations.Container { return investigations.Container{Args: a} }
	env := func(name, value string) investigations.Container {
		return investigations.Container{Env: []investigations.EnvVar{{Name: name, Value: value}}}
	}
	from := func(key string) investigations.Container {
		return investigations.Container{Env: []investigations.EnvVar{{Name: "JAVA_OPTS", ConfigMap: "jvm", Key: key}}}
	}
	whole := investigations.Container{EnvFromConfigMaps: []string{"jvm"}}
	values := func(opts string) configMaps { return configMaps{"jvm": {"opts": opts, "GOMEMLIMIT": "1GiB"}} }
	tests := []struct {
		name          string
		a, b          investigations.Container
		inA, inB      configMaps
		same, nothing bool
	}{
		{"another heap", args("-Xmx512m", "-jar", "x"), args("-Xmx384m", "-jar", "x"), nil, nil, false, false},
		{"another argument", args("-Xmx512m", "-jar", "x"), args("-Xmx512m", "-jar", "y"), nil, nil, true, false},
		{"another option beside it", env("JAVA_OPTS", "-Xmx512m -Da=1"), env("JAVA_OPTS", "-Xmx512m -Da=2"), nil, nil, true, false},
		{"a share of the limit", env("JAVA_OPTS", "-XX:MaxRAMPercentage=80"), env("JAVA_OPTS", "-XX:MaxRAMPercentage=60.0"), nil, nil, false, false},
		{"V8's", env("NODE_OPTIONS", "--max-old-space-size=4096"), env("NODE_OPTIONS", "--max-old-space-size=3072"), nil, nil, false, false},
		{"Go's", env("GOMEMLIMIT", "1GiB"), env("GOMEMLIMIT", "900MiB"), nil, nil, false, false},
		{"set where there was none", env("FEATURE_X", "1"), env("GOMEMLIMIT", "900MiB"), nil, nil, false, false},
		{"another variable", env("FEATURE_X", "1"), env("FEATURE_X", "2"), nil, nil, true, true},
		{"a ConfigMap's value", from("opts"), from("opts"), values("-Xmx512m"), values("-Xmx384m"), false, false},
		{"a ConfigMap as a whole", whole, whole, values("-Xmx512m"), values("-Xmx384m"), false, false},
		{"a key that is not there", from("none"), from("none"), values("-Xmx512m"), values("-Xmx384m"), true, true},
	}
	for _, tt := range tests {
		a, b := ceilingOf(tt.a, tt.inA), ceilingOf(tt.b, tt.inB)
		if (a == b) != tt.same {
			t.Errorf("%s: %q and %q", tt.name, a, b)
		}
		if (b == "") != tt.nothing {
			t.Errorf("%s: the ceiling is %q", tt.name, b)
		}
	}
}

func TestOwns(t *testing.T) {
	pod := func(kind, name string) investigations.Pod {
		return investigations.Pod{OwnerKind: kind, OwnerName: name}
	}
	tests := []struct {
		workload string
		pod      investigations.Pod
		want     bool
	}{
		{"deployment/api", pod("replicaset", "api-5d8f"), true},
		{"deployment/api", pod("replicaset", "api-gateway-5d8f"), false},
		{"deployment/api", pod("statefulset", "api-gateway"), false},
		{"statefulset/api", pod("statefulset", "api"), true},
		{"statefulset/api", pod("daemonset", "api"), false},
		{"cronjob/import", pod("job", "import-29581576"), true},
		{"cronjob/import", pod("job", "import-all-29581576"), false},
		{"job/import-29581576", pod("job", "import-29581576"), true},
		{"", pod("", ""), false},
		{"pod/api", pod("", ""), false},
	}
	for _, tt := range tests {
		if got := owns(tt.workload, tt.pod); got != tt.want {
			t.Errorf("%s owns a pod of %s %s: %t", tt.workload, tt.pod.OwnerKind, tt.pod.OwnerName, got)
		}
	}
}

// TestCalmVictimShowsItsNeighbour: whether a neighbour was limited is seen by a calm look at its victim.
func TestCalmVictimShowsItsNeighbour(t *testing.T) {
	none, set := investigations.Container{Name: "etl", Image: "r/etl:1"}, investigations.Container{Name: "etl", Image: "r/etl:1", MemoryLimit: ptr(int64(mib))}
	evidence := func(c investigations.Container) *investigations.Evidence {
		return &investigations.Evidence{Rollouts: &investigations.RolloutEvidence{Workloads: []investigations.Workload{
			{Namespace: "shop", Kind: "deployment", Name: "api", Template: investigations.PodTemplate{Containers: []investigations.Container{{Name: "app"}}}},
			{Namespace: "batch", Kind: "deployment", Name: "etl", Current: 2, Revisions: []investigations.Revision{
				{Number: 2, Created: killed.Add(time.Hour), Template: investigations.PodTemplate{Containers: []investigations.Container{c}}},
			}},
		}}}
	}
	kill := look(0, settings("r/api:1", mib), func(t *investigations.Trace) {
		t.Result.Verdict.Cause = investigations.CauseNoisyNeighbour
		t.Result.Verdict.Recommendations = []investigations.Recommendation{{Action: investigations.ActionLimitCulprit, Workload: "deployment/etl", Container: "etl", Value: "1Mi"}}
		now := investigations.TemplateState{Containers: settingsOf([]investigations.Container{none}, nil)}
		t.State.Workloads = append(t.State.Workloads, investigations.WorkloadState{Namespace: "batch", Workload: "deployment/etl", Now: now})
	})
	for _, tt := range []struct {
		name string
		now  investigations.Container
		want investigations.OutcomeState
	}{{"limited", set, investigations.OutcomeFixApplied}, {"not limited", none, investigations.OutcomeUnknown}} {
		later := look(30, settings("r/api:1", mib), calm)
		later.State = withAdvised(later, Investigation{Evidence: evidence(tt.now)}, kill)
		if got := OutcomeOf(kill, []investigations.Trace{later}); got.State != tt.want {
			t.Errorf("%s: %+v, want %s", tt.name, got, tt.want)
		}
		if got := about(later); got.Workload != "deployment/api" {
			t.Errorf("%s: the look's own advice is about %s", tt.name, got.Workload)
		}
	}
}
