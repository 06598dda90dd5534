package investigations

import (
	"fmt"
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
	report := []KernelReport{{Lines: [2]int64{3, 9}}}
	ev := &Evidence{Kernel: &KernelEvidence{Logs: []KernelLog{
		{Source: "kernel/a.log", Reports: append([]KernelReport{}, report...)},
		{Source: "kernel/b.log", Reports: append([]KernelReport{}, report...)},
		{Source: "kernel/c.log", Reports: append([]KernelReport{}, report...)},
	}}}
	ev.rename(map[string]Origin{
		"kernel/a.log": {Name: "the file", Source: "/var/log/kern.log", File: true},
		"kernel/b.log": {Name: "the journal of node b", Source: `{nodename="b"}`},
	})
	var got []string
	for _, l := range ev.Kernel.Logs {
		got = append(got, fmt.Sprint(l.Source, l.Reports[0].Lines))
	}
	want := []string{"/var/log/kern.log[3 9]", "the journal of node b[0 0]", "kernel/c.log[3 9]"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	(&Evidence{}).rename(map[string]Origin{"kernel/a.log": {}}) // there is nothing to rename
}
