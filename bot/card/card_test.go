package card

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/bot"
	inv "github.com/oombot/oombot/investigations"
)

var at = time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC)

// underWay is an incident that has no verdict yet.
func underWay(state bot.State) bot.View {
	return bot.View{Now: at, Incident: bot.Incident{
		ID: incidentID, State: state, Target: inv.Target{Namespace: "shop", Pod: "checkout-7c9d8f6b5-x2x4p", Container: "checkout"}, Cluster: "prod-eu",
	}}
}

// foldedIn are n workloads, each with pods.
func foldedIn(n, pods int, why string) []bot.Folded {
	var out []bot.Folded
	for i := range n {
		f := bot.Folded{
			Incident: incidentID, Namespace: fmt.Sprintf("team-%d", i%7), Workload: fmt.Sprintf("deployment/service-%03d", i), PodCount: pods, Alerts: i % 4, Why: why,
		}
		for k := range min(pods, bot.MaxPods) {
			f.Pods = append(f.Pods, fmt.Sprintf("service-%03d-7c9d8f6b5-%05d", i, k))
		}
		out = append(out, f)
	}
	return out
}

// TestStates holds the cards of all states to files that were read by eye.
func TestStates(t *testing.T) {
	r, _ := investigate(t, "leak-after-deploy")
	steps := []bot.Step{
		{Tool: "kernlog", Done: true, Facts: 9, Took: 12 * time.Millisecond},
		{Tool: "pods", Done: true, Facts: 1, Blind: 2, Took: 1400 * time.Millisecond},
		{Tool: "metrics"},
		{Tool: "logs", Done: true, Failed: true, Took: 10 * time.Second},
	}
	tests := map[string]func() bot.View{
		"waiting": func() bot.View {
			v := underWay(bot.StateWaiting)
			v.Ahead = 3
			return v
		},
		"running": func() bot.View {
			v := underWay(bot.StateRunning)
			v.Steps, v.Incident.AlertCount = steps, 2
			return v
		},
		"failed": func() bot.View {
			v := underWay(bot.StateFailed)
			v.Incident.Why, v.Steps = "the cluster can't be reached: dial tcp 10.0.0.1:443: i/o timeout", steps[3:]
			return v
		},
		"stopped": func() bot.View { return underWay(bot.StateStopped) },
		"model": func() bot.View {
			v := judged(r)
			v.Incident.State, v.Model, v.Steps = bot.StateRunning, "it asks for the logs of the pod", steps[:1]
			return v
		},
		"resolved": func() bot.View {
			v := judged(r)
			v.Incident.ResolvedAt, v.Incident.FixedAt, v.Incident.FixedBy = at, at.Add(time.Minute), "U0PERSON"
			v.Ups, v.Downs = 2, 1
			v.Links = []bot.Link{{Title: "Grafana", URL: "https://grafana.example.com/d/1?from=1&to=2"}, {Title: "Prometheus", URL: "http://prometheus.example.com/graph"}}
			v.Similar = []bot.Similar{
				{Precedent: inv.Precedent{ID: "01KP5", Similarity: 0.93, Outcome: inv.OutcomeFixHeld, Trust: inv.TrustConfirmed}, At: at.AddDate(0, 0, -9), Headline: "gateway leaked since revision 11", Link: "https://example.slack.com/archives/C1/p1"},
				{Precedent: inv.Precedent{ID: "01KP4", Similarity: 0.7, Outcome: inv.OutcomeUnknown, Trust: inv.TrustRefuted}, Target: r.Target},
			}
			return v
		},
		"storm": func() bot.View {
			v := judged(r)
			v.Incident.AlertCount, v.Incident.Firing = 40, 12
			v.Incident.Pods = []string{r.Target.Pod, "gateway-zxthbd6kg-aaaaa", "gateway-zxthbd6kg-bbbbb"}
			v.Incident.PodCount = 3
			v.Incident.Folded = foldedIn(12, 2, "same node ip-10-0-3-186")
			v.Incident.Folded[3].Checking = true
			return v
		},
	}
	for name, view := range tests {
		t.Run(name, func(t *testing.T) {
			m := Card(view())
			check(t, m)
			golden(t, "state-"+name+".json", asJSON(t, m))
		})
	}
}

// TestVotesAreOnTheVerdictAlone since one message of a thread is what is judged: it names cause, boundary and confidence.
func TestVotesAreOnTheVerdictAlone(t *testing.T) {
	r, _ := investigate(t, "leak-after-deploy")
	for _, state := range []bot.State{bot.StateWaiting, bot.StateRunning, bot.StateJudged, bot.StateFailed, bot.StateStopped} {
		for _, v := range []bot.View{underWay(state), judged(r)} {
			v.Incident.State = state
			m := Card(v)
			check(t, m)
			text, buttons := shown(t, m), actionsOf(t, m, incidentID)
			votes := slices.Contains(buttons, bot.ActionUp) && slices.Contains(buttons, bot.ActionDown)
			names := strings.Contains(text, "*Cause*") && strings.Contains(text, "*Boundary*") && strings.Contains(text, "*Confidence*")
			if want := v.Result != nil; votes != want || names != want {
				t.Errorf("%s, with a result %t: votes %t, names the verdict %t", state, want, votes, names)
			}
			if !votes && strings.ContainsAny(strings.Join(buttons, " "), "👍") || v.Result == nil && strings.Contains(strings.ToLower(text), "cause") {
				t.Errorf("%s without a verdict speaks of one:\n%s", state, text)
			}
		}
	}
}

func TestButtons(t *testing.T) {
	r, _ := investigate(t, "leak-after-deploy")
	all := []string{bot.ActionUp, bot.ActionDown, bot.ActionEvidence, bot.ActionRerun, bot.ActionSimilar, bot.ActionFixed, bot.ActionRaw}
	tests := []struct {
		name   string
		change func(*bot.View)
		want   []string
	}{
		{"a verdict", func(*bot.View) {}, all},
		{"several alerts", func(v *bot.View) { v.Incident.AlertCount = 2 }, append(slices.Clone(all), bot.ActionAnyway)},
		{"folded", func(v *bot.View) { v.Incident.Folded = foldedIn(1, 1, "") }, append(slices.Clone(all), bot.ActionAnyway)},
		{"fixed", func(v *bot.View) { v.Incident.FixedAt = at }, []string{bot.ActionUp, bot.ActionDown, bot.ActionEvidence, bot.ActionRerun, bot.ActionSimilar, bot.ActionRaw}},
		{"running", func(v *bot.View) { v.Incident.State = bot.StateRunning }, []string{bot.ActionUp, bot.ActionDown, bot.ActionEvidence, bot.ActionSimilar, bot.ActionFixed, bot.ActionRaw}},
		{"failed", func(v *bot.View) { v.Result, v.Incident.State = nil, bot.StateFailed }, []string{bot.ActionRerun}},
		{"waiting", func(v *bot.View) { v.Result, v.Incident.State = nil, bot.StateWaiting }, nil},
		{"judged, and the result is gone", func(v *bot.View) { v.Result = nil }, []string{bot.ActionRerun}},
	}
	for _, tt := range tests {
		v := judged(r)
		tt.change(&v)
		if d := cmp.Diff(tt.want, actionsOf(t, Card(v), incidentID)); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}

// TestVerdictSaysTheValues since other programs and people who compare go by them.
func TestVerdictSaysTheValues(t *testing.T) {
	for _, name := range exampleNames(t) {
		r, _ := investigate(t, name)
		text := shown(t, Card(judged(r)))
		v := r.Verdict
		for _, want := range []string{string(v.Boundary), string(v.Cause), string(v.Trigger), string(v.Mechanism), fmt.Sprintf("%.2f", v.Confidence), r.ID} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: the card does not say %q", name, want)
			}
		}
		if r.Target.Pod != "" && !strings.Contains(text, r.Target.Namespace+"/"+r.Target.Pod) {
			t.Errorf("%s: the card does not name the pod in full", name)
		}
		for _, rec := range v.Recommendations[:min(len(v.Recommendations), mostAdvice)] {
			if rec.Command != "" && !strings.Contains(text, "```\n"+angles.Replace(rec.Command)+"\n```") {
				t.Errorf("%s: the command %q is not there to copy", name, rec.Command)
			}
		}
	}
}

func TestStormFits(t *testing.T) {
	r, _ := investigate(t, "neighbour-is-a-backup-agent")
	tests := []struct{ workloads, pods, named, podsNamed int }{
		{1, 1000, 1, 3}, {10, 2, 10, 20}, {30, 30, 30, 30}, {500, 1, 30, 30}, {500, 1000, 30, 30},
	}
	for _, tt := range tests {
		for _, why := range []string{"same node n7", ""} {
			v := judged(r)
			v.Incident.Folded, v.Incident.AlertCount = foldedIn(tt.workloads, tt.pods, why), 10_000
			if why == "" {
				v.Incident.Folded[0].Why = "same cause"
			}
			m := Card(v)
			check(t, m)
			text := shown(t, m)
			named, podsNamed := 0, 0
			for _, f := range v.Incident.Folded {
				if !strings.Contains(text, "`"+f.Namespace+"/"+f.Workload+"`") {
					continue
				}
				named++
				if !strings.Contains(text, "`"+f.Namespace+"/"+f.Pods[0]+"`") {
					t.Errorf("%s/%s is named without a pod", f.Namespace, f.Workload)
				}
				for _, p := range f.Pods {
					if strings.Contains(text, "`"+f.Namespace+"/"+p+"`") {
						podsNamed++
					}
				}
			}
			if named < tt.named || podsNamed < tt.podsNamed {
				t.Errorf("%d workloads of %d pods: %d and %d are named, want %d and %d", tt.workloads, tt.pods, named, podsNamed, tt.named, tt.podsNamed)
			}
			if rest := tt.workloads - named; rest > 0 && !strings.Contains(text, fmt.Sprintf("… %d more workloads in the evidence file", rest)) {
				t.Errorf("%d workloads are left out, and the card does not say so", rest)
			}
			if !strings.Contains(text, "10000 alerts") || !strings.Contains(text, count(tt.workloads, "workload", "workloads")) {
				t.Errorf("the card does not say how many alerts and workloads there are")
			}
			if !strings.Contains(text, "*What to do*") || !strings.Contains(text, "*Evidence*") {
				t.Error("the workloads leave no room for the verdict")
			}
		}
	}
}

func TestCardOfAnUnknownWorkload(t *testing.T) {
	v := underWay(bot.StateRunning)
	v.Incident.Folded = []bot.Folded{{Namespace: "shop", Workload: "api-5f7c-x", Pods: []string{"api-5f7c-x"}}, {Workload: "node/n1", Why: "same node"}}
	text := shown(t, Card(v))
	if strings.Count(text, "api-5f7c-x") != 1 || !strings.Contains(text, "`shop/api-5f7c-x`") || !strings.Contains(text, "`node/n1`") {
		t.Errorf("the card says\n%s", text)
	}
}

// TestCardChangesNothing of what it is given.
func TestCardChangesNothing(t *testing.T) {
	r, _ := investigate(t, "leak-after-deploy")
	v := judged(r)
	v.Incident.Folded, v.Incident.Pods = foldedIn(3, 3, "x"), []string{r.Target.Pod, "b", "c"}
	before := fmt.Sprintf("%+v %+v", v.Incident, v.Result.Verdict)
	first := asJSON(t, Card(v))
	if after := fmt.Sprintf("%+v %+v", v.Incident, v.Result.Verdict); after != before {
		t.Errorf("it was\n%s\nand is\n%s", before, after)
	}
	if d := cmp.Diff(string(first), string(asJSON(t, Card(v)))); d != "" {
		t.Errorf("the same view gave another card:\n%s", d)
	}
}

func TestParty(t *testing.T) {
	for want, p := range map[string]inv.Party{
		"`shop/p/c` on `n1` · `java` pid 7":            {Namespace: "shop", Pod: "p", Container: "c", Node: "n1", PID: 7, Comm: "java"},
		"`shop/p`":                                     {Namespace: "shop", Pod: "p"},
		"node `n1`, outside of any pod · `borg` pid 9": {Node: "n1", PID: 9, Comm: "borg"},
		"node `n1`":                                    {Node: "n1"},
		"pid 5":                                        {PID: 5},
		"not known":                                    {},
	} {
		if got := party(p); got != want {
			t.Errorf("%+v is %q, want %q", p, got, want)
		}
	}
}
