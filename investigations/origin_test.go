package investigations

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRename(t *testing.T) {
	origins := map[string]Origin{
		"kubernetes/pods.json":      {Name: "the API server's list of pods", Source: "kubectl get pods -A"},
		"kubernetes/nodes.json":     {Name: "the API server's list of nodes", Source: "kubectl get nodes\x1b[31m n1"},
		"profiles":                  {Name: "Pyroscope", Source: "pyroscope"},
		"kernel/n1.log":             {Name: "/var/log/kern.log", Source: "/var/log/kern.log", File: true},
		"metrics":                   {Name: "Prometheus", Source: "prometheus"},
		"metrics/traffic.json":      {Name: "Prometheus query traffic", Source: "sum(rate(x[1m]))"},
		"logs/shop/web-1/web.log":   {Name: "the log of web", Source: "kubectl logs web-1"},
		"logs/shop/web-1/web.log.1": {Name: "the older log of web", Source: "kubectl logs web-1 -p"},
	}
	r := &Result{
		Facts: []Fact{
			{Says: "a", Source: "kubernetes/pods.json:3-9"},
			{Says: "kernel/n1.log has it", Source: "kernel/n1.log:120-184"},
			{Says: "one line", Source: "kernel/n1.log:7"},
			{Says: "of a log that has a longer name: logs/shop/web-1/web.log.1", Source: "logs/shop/web-1/web.log.1"},
			{Says: "dirty", Source: "kubernetes/nodes.json"},
			{Says: "a file that nobody renames", Source: "kubernetes/events.json:1-2"},
			{Says: "a query that ends like lines", Source: "up:1"},
			{Says: "all of them", Source: "kubernetes/"},
			{Says: "nothing there", Source: "profiles/"},
			{Says: "nobody knows", Source: "recorder/"},
		},
		BlindSpots: []BlindSpot{
			{Why: "metrics/traffic.json can't be read: it is slow"},
			{Why: "metrics/ can't be read: forbidden"},
			{Why: "the metrics are old"},
		},
		Verdict: Verdict{Explanation: "kubernetes/pods.json says it [F1].", Headline: "metrics/ "},
	}
	r.rename(origins)
	want := &Result{
		Facts: []Fact{
			{Says: "a", Source: "kubectl get pods -A"},
			{Says: "/var/log/kern.log has it", Source: "/var/log/kern.log:120-184"},
			{Says: "one line", Source: "/var/log/kern.log:7"},
			{Says: "of a log that has a longer name: the older log of web", Source: "kubectl logs web-1 -p"},
			{Says: "dirty", Source: CleanText("kubectl get nodes\x1b[31m n1", 300)},
			{Says: "a file that nobody renames", Source: "kubernetes/events.json:1-2"},
			{Says: "a query that ends like lines", Source: "up:1"},
			{Says: "all of them", Source: CleanText("kubectl get nodes\x1b[31m n1; kubectl get pods -A", 300)},
			{Says: "nothing there", Source: "pyroscope"},
			{Says: "nobody knows", Source: "recorder/"},
		},
		BlindSpots: []BlindSpot{
			{Why: "Prometheus query traffic can't be read: it is slow"},
			{Why: "Prometheus can't be read: forbidden"},
			{Why: "the metrics are old"},
		},
		Verdict: Verdict{Explanation: "the API server's list of pods says it [F1].", Headline: "metrics/ "},
	}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	before := *want
	want.rename(nil)
	if diff := cmp.Diff(&before, want); diff != "" {
		t.Errorf("without origins nothing changes (-want +got):\n%s", diff)
	}
}

func TestRenameEvidence(t *testing.T) {
	report := KernelReport{Lines: [2]int64{3, 9}}
	log := func(source string) KernelLog {
		return KernelLog{Source: source, Reports: []KernelReport{report}, UserKills: []UserKill{{Line: 7}}}
	}
	line := LogLine{Line: 4}
	logged := func(source string) ContainerLog {
		return ContainerLog{Source: source, Matches: []LogMatch{{LogLine: line}}, Last: []LogLine{line}}
	}
	ev := &Evidence{
		Kernel: &KernelEvidence{Logs: []KernelLog{log("kernel/a.log"), log("kernel/b.log"), log("kernel/c.log")}},
		Logs:   &LogEvidence{Logs: []ContainerLog{logged("logs/n/p/file.log"), logged("logs/n/p/api.log"), logged("logs/n/p/other.log")}},
		Pods: &PodEvidence{
			Pods: []Pod{{Source: "kubernetes/pods.json:3-9"}}, Nodes: []Node{{Source: "kubernetes/nodes.json"}}, Events: []Event{{Source: "kubernetes/pods.json"}},
			LimitRanges: []LimitRange{{Source: "kubernetes/pods.json"}}, Quotas: []ResourceQuota{{Source: "kubernetes/pods.json"}},
			Namespaces: []Namespace{{Source: "kubernetes/pods.json"}},
		},
		Rollouts: &RolloutEvidence{
			Workloads:  []Workload{{Source: "kubernetes/pods.json", Revisions: []Revision{{Source: "kubernetes/pods.json"}}}},
			ConfigMaps: []ConfigMap{{Source: "kubernetes/pods.json"}}, Autoscalers: []Autoscaler{{Source: "kubernetes/pods.json"}},
			GitOps: []GitOps{{Source: "kubernetes/pods.json"}}, Priorities: []PriorityClass{{Source: "kubernetes/pods.json"}},
		},
		Metrics: &MetricEvidence{
			Queries: map[string]Query{QueryTraffic: {Source: "kubernetes/pods.json"}}, Recorder: []Recorder{{Source: "kubernetes/pods.json"}},
		},
		Profiles: &ProfileEvidence{
			Profiles: []HeapProfile{{Source: "kubernetes/pods.json"}},
			Growth:   []ProfileGrowth{{BeforeSource: "kubernetes/pods.json", AfterSource: "kubernetes/nodes.json"}},
		},
	}
	ev.rename(map[string]Origin{
		"kernel/a.log":         {Name: "the file", Source: "/var/log/kern.log", File: true},
		"kernel/b.log":         {Name: "the journal of node b", Source: `{nodename="b"}`},
		"kubernetes/pods.json": {Name: "the list of pods", Source: "kubectl get pods"},
		"logs/n/p/file.log":    {Name: "the file", Source: "/tmp/p.log", File: true},
		"logs/n/p/api.log":     {Name: "the log of p", Source: "kubectl logs p"},
	})
	var got []string
	for _, l := range ev.Kernel.Logs {
		got = append(got, fmt.Sprint(l.Source, l.Reports[0].Lines, l.UserKills[0].Line))
	}
	for _, l := range ev.Logs.Logs {
		got = append(got, fmt.Sprint(l.Source, l.Matches[0].Line, l.Last[0].Line))
	}
	want := []string{
		"/var/log/kern.log[3 9] 7", "the journal of node b[0 0] 0", "kernel/c.log[3 9] 7",
		"/tmp/p.log4 4", "kubectl logs p0 0", "logs/n/p/other.log4 4",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	objects := slices.Concat(ev.Pods.sources(), ev.Rollouts.sources(), ev.Profiles.sources())
	traffic := ev.Metrics.Queries[QueryTraffic].Source
	for _, s := range append(objects, &traffic, &ev.Metrics.Recorder[0].Source) {
		if *s != "kubectl get pods" && *s != "kubernetes/nodes.json" {
			t.Errorf("the source %q is as the file is called", *s)
		}
	}
	if len(objects) != 15 {
		t.Errorf("%d sources of objects, want 15", len(objects))
	}
	(&Evidence{}).rename(map[string]Origin{"kernel/a.log": {}}) // there is nothing to rename
}
