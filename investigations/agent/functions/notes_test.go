package functions

import (
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// TestFoundNothingOrCouldNotLook tells the two apart for every kind of question.
func TestFoundNothingOrCouldNotLook(t *testing.T) {
	const nothing, blind = "nothing found: ", "could not look: "
	lost := func(tool, why string) []investigations.BlindSpot {
		return []investigations.BlindSpot{{Tool: tool, Why: why}}
	}
	pods := func(p investigations.PodEvidence) investigations.Evidence { return investigations.Evidence{Pods: &p} }
	rollouts := func(r investigations.RolloutEvidence) investigations.Evidence {
		return investigations.Evidence{Rollouts: &r}
	}
	web := []investigations.Workload{{Namespace: "shop", Kind: "deployment", Name: "web", Template: investigations.PodTemplate{
		Containers: []investigations.Container{{Name: "web", EnvFromConfigMaps: []string{"settings"}}},
	}}}
	profile := &investigations.ProfileEvidence{Profiles: []investigations.HeapProfile{{Namespace: "other", Pod: "p", Container: "c", At: killedAt, Source: "p"}}}
	series := investigations.Series{Namespace: "shop", Pod: "web-2", Container: "web", T: []int64{1}, V: []float64{1}}
	tests := []struct {
		name                string
		ev                  investigations.Evidence
		blind               []investigations.BlindSpot
		function, arguments string
		want, also          string
	}{
		{"no pods list", pods(investigations.PodEvidence{HasNodes: true}), lost("pods", "pods.json is cut off"), "pods", "", blind + "pods.json is cut off", ""},
		{"no neighbours known", pods(investigations.PodEvidence{HasNodes: true}), nil, "pods", `{"what":"neighbours"}`, blind + "pods was not read", ""},
		{"the pod is gone", pods(investigations.PodEvidence{HasPods: true}), nil, "pods", "", nothing + `0 pods were read, and "shop/web-1/web" is none of them`, "it may be gone"},
		{"an idle node", pods(investigations.PodEvidence{HasPods: true}), nil, "pods", `{"what":"neighbours"}`, nothing + "0 pods were read, none of them runs on node \"n1\"", ""},
		{"no such node", pods(investigations.PodEvidence{HasNodes: true}), nil, "pods", `{"what":"node"}`, nothing + `0 nodes were read, and "n1" is none of them`, ""},
		{"no events", pods(investigations.PodEvidence{HasEvents: true}), nil, "pods", `{"what":"events"}`, nothing + "0 events were read, none of them about", ""},
		{"no quota", pods(investigations.PodEvidence{}), nil, "pods", `{"what":"quota"}`, nothing + "no LimitRange or ResourceQuota", ""},
		{"quotas unread", pods(investigations.PodEvidence{}), lost("pods", "resourcequotas: forbidden"), "pods", `{"what":"quota"}`, blind + "resourcequotas was not read (resourcequotas: forbidden)", ""},
		{"other blind spots", pods(investigations.PodEvidence{}), lost("pods", "events: forbidden"), "pods", `{"what":"quota"}`, nothing + "no LimitRange", "not seen: events: forbidden"},
		{"workloads unread", rollouts(investigations.RolloutEvidence{}), nil, "rollouts", "", blind + "rollouts was not read", ""},
		{"workload not there", rollouts(investigations.RolloutEvidence{HasWorkloads: true}), nil, "rollouts", "", nothing + "0 workloads were read", `"deployment/web"`},
		{"no revision kept", rollouts(investigations.RolloutEvidence{HasWorkloads: true, HasRevisions: true, Workloads: web}), nil, "rollouts", `{"what":"revisions"}`, nothing + "no revision of", ""},
		{"one revision", func() investigations.Evidence {
			one := web[0]
			one.Revisions = []investigations.Revision{{Number: 1}}
			return rollouts(investigations.RolloutEvidence{HasWorkloads: true, HasRevisions: true, Workloads: []investigations.Workload{one}})
		}(), nil, "rollouts", `{"what":"diff"}`, `nothing to compare: two revisions of "deployment/web" are needed, and kept is 1`, ""},
		{"ConfigMap not there", rollouts(investigations.RolloutEvidence{HasWorkloads: true, Workloads: web}), nil, "rollouts", `{"what":"configmaps"}`, nothing + `"deployment/web" reads "settings", and none of them is among the 0`, ""},
		{"ConfigMaps unread", rollouts(investigations.RolloutEvidence{HasWorkloads: true, Workloads: web}), lost("rollouts", "configmaps: forbidden"), "rollouts", `{"what":"configmaps"}`, blind + "configmaps was not read", ""},
		{"namespace without ConfigMaps", rollouts(investigations.RolloutEvidence{HasWorkloads: true}), nil, "rollouts", `{"what":"configmaps"}`, nothing + `0 ConfigMaps were read, none of them of namespace "shop"`, ""},
		{"no autoscaler", rollouts(investigations.RolloutEvidence{HasWorkloads: true, Workloads: web}), nil, "rollouts", `{"what":"autoscalers"}`, nothing + `0 autoscalers were read, none of them for "shop/deployment/web"`, ""},
		{"no GitOps", rollouts(investigations.RolloutEvidence{HasWorkloads: true}), nil, "rollouts", `{"what":"gitops"}`, nothing + `0 Argo CD and Flux objects were read`, `namespace "shop"`},
		{"no query answered", investigations.Evidence{Metrics: &investigations.MetricEvidence{}}, nil, "metrics", "", "no query was answered", ""},
		{"a query unanswered", investigations.Evidence{Metrics: &investigations.MetricEvidence{}}, lost("metrics", "traffic: 422"), "metrics", `{"query":"traffic"}`, blind + "traffic: 422", ""},
		{"no series", metricEvidence(investigations.QueryRSS), nil, "metrics", `{"query":"container_rss"}`, nothing + "container_rss was answered with 0 series", ""},
		{"another pod's series", metricEvidence(investigations.QueryRSS, series), nil, "metrics", `{"query":"container_rss","pod":"web-1"}`, nothing + "container_rss was answered with 1 series", `they are of "shop/web-2/web"`},
		{"recorder of others", investigations.Evidence{Metrics: &investigations.MetricEvidence{Recorder: []investigations.Recorder{{Node: "n1"}}}}, nil, "metrics", `{"query":"recorder"}`, nothing + "the flight recorder holds no series", ""},
		{"no logs", investigations.Evidence{Logs: &investigations.LogEvidence{}}, lost("logs", "no Loki"), "logs", "", blind + "no Loki", ""},
		{"no profiles", investigations.Evidence{Profiles: &investigations.ProfileEvidence{}}, lost("profiles", "no Pyroscope"), "profiles", "", blind + "no Pyroscope", ""},
		{"profiles of others", investigations.Evidence{Profiles: profile}, nil, "profiles", `{"pod":"web-1"}`, nothing + "1 heap profiles were read, none of them of", ""},
		{
			"log of a machine without a clock",
			investigations.Evidence{Kernel: &investigations.KernelEvidence{Logs: []investigations.KernelLog{{Node: "n1"}, {Node: "n2"}, {Node: "n3"}, {Node: "n4"}}}},
			nil, "kernlog", "",
			nothing + `the kernel log of "n1" and the kernel log of "n2" and the kernel log of "n3" and 1 more tell of no OOM kill`, `when the log of "n1" was written is not known`,
		},
		{"no memory", investigations.Evidence{}, lost("memory", "the file is locked"), "past_incidents", `{"similar":true}`, blind + "the file is locked", ""},
	}
	for _, tt := range tests {
		a := call(t, about(tt.ev, tt.blind...), tt.function, tt.arguments)
		checkAnswer(t, a)
		if !strings.HasPrefix(a.Note, tt.want) || !strings.Contains(a.Note, tt.also) {
			t.Errorf("%s: %q, want %q at its begin, and %q in it", tt.name, a.Note, tt.want, tt.also)
		}
		if strings.Contains(a.Note, nothing) && strings.Contains(a.Note, blind) {
			t.Errorf("%s: it says both: %q", tt.name, a.Note)
		}
	}
}

// TestManyBlindSpots: some are named, and the rest counted.
func TestManyBlindSpots(t *testing.T) {
	var spots []investigations.BlindSpot
	for _, c := range "abcde" {
		spots = append(spots, investigations.BlindSpot{Tool: "logs", Why: string(c) + strings.Repeat("x", 500)})
	}
	a := call(t, about(investigations.Evidence{}, spots...), "logs", "")
	checkAnswer(t, a)
	if !strings.HasSuffix(a.Note, "and 2 more") {
		t.Errorf("%q", a.Note)
	}
}

func TestAtMost(t *testing.T) {
	long := strings.Repeat("part; ", 20)
	for text, want := range map[string]string{
		"short": "short", long: "part; part; part; part; part; part; …", strings.Repeat("x", 99): strings.Repeat("x", 37) + "…",
		"a\x00b": "a�b",
	} {
		if got := atMost(text, 40); got != want || len(got) > 40 {
			t.Errorf("atMost(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestDigits(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 1: "1", 12.345: "12.3", 99.96: "100", 1234.5: "1234", -0.00001: "-0.00001", 0.0000000001: "0", 1e15: "1000000000000000", 2.5: "2.5", -7: "-7",
	} {
		if got := digits(v); got != want {
			t.Errorf("digits(%v) = %q, want %q", v, got, want)
		}
	}
}

// TestBounds: an answer ends at its bound of text or facts, and counts the rest.
func TestBounds(t *testing.T) {
	a := newAnswer("logs", mostLines)
	for i := range 50 {
		a.add(killedAt.Add(time.Duration(i)*time.Second), "source", say("line %s %s", countOf("n", i), quote(strings.Repeat("x", 500), 500)))
	}
	got := a.done()
	checkAnswer(t, got)
	if len(got.Facts) == 0 || got.Note != "38 more not shown: ask for less at once" {
		t.Errorf("%d facts, %q", len(got.Facts), got.Note)
	}
	a = newAnswer("logs", 2)
	for range 3 {
		a.add(killedAt, "s", say("the same"))
	}
	if got := a.done(); len(got.Facts) != 1 || got.Note != "" {
		t.Errorf("what is said twice is one fact: %+v", got)
	}
	for range 3 {
		a.note("again")
	}
	if got := a.done(); got.Note != "again" {
		t.Errorf("%q", got.Note)
	}
}
