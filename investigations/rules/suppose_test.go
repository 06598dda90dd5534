package rules

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

// supposing judges the incident, and again under a supposition, on the same ledger.
func (i *incident) supposing(given investigations.Supposition) (plain, d investigations.Diagnosis, led *investigations.Ledger, ok bool) {
	plain, led = i.diagnose()
	d, ok = New().Suppose(i.req, i.ev, led, given)
	return plain, d, led, ok
}

func party(pod, container string) *investigations.Party {
	return &investigations.Party{Namespace: "shop", Pod: pod, Container: container}
}

// rolledTwice is a leak since a new image, of a pod whose workload had a change of nothing but probes, and one of the
// environment, before.
func rolledTwice() *incident {
	i := leakIncident()
	w := &i.ev.Rollouts.Workloads[0]
	probed := template("r/api:0.9", 512*mib)
	probed.Containers[0].HasLiveness = true
	w.Revisions = append([]investigations.Revision{
		{Number: 8, Name: "api-h8", Hash: "h8", Created: testAt.AddDate(0, 0, -40), Template: template("r/api:0.9", 512*mib, investigations.EnvVar{Name: "A", Digest: "1"}), Source: "kubernetes/replicasets.json"},
		{Number: 9, Name: "api-h9", Hash: "h9", Created: testAt.AddDate(0, 0, -30), Template: template("r/api:0.9", 512*mib), Source: "kubernetes/replicasets.json"},
		{Number: 10, Name: "api-h10", Hash: "h10", Created: testAt.AddDate(0, 0, -20), Template: probed, Source: "kubernetes/replicasets.json"},
	}, w.Revisions...)
	w.Revisions = append(w.Revisions, investigations.Revision{
		Number: 13, Name: "api-h13", Hash: "h13", Created: testAt.Add(time.Hour), Template: template("r/api:2", 512*mib), Source: "kubernetes/replicasets.json",
	})
	return i
}

func TestSupposedTrigger(t *testing.T) {
	const deploy, config = investigations.TriggerDeploy, investigations.TriggerConfigChange
	for _, tt := range []struct {
		name  string
		given investigations.Supposition
		ok    bool
		// rollback is the revision to go back to; 0 for none.
		trigger  investigations.Trigger
		revision int64
		rollback int64
	}{
		{"the rules' own", investigations.Supposition{Trigger: deploy, Revision: 12}, true, deploy, 12, 11},
		{"the rules' own, by its number", investigations.Supposition{Revision: 12}, true, deploy, 12, 11},
		{"the rules' own, by its kind", investigations.Supposition{Trigger: deploy}, true, deploy, 12, 11},
		{"another revision", investigations.Supposition{Trigger: config, Revision: 9}, true, config, 9, 8},
		{"another revision, by its number", investigations.Supposition{Revision: 9}, true, config, 9, 8},
		{"under another cause", investigations.Supposition{Cause: investigations.CauseLoadSpike, Trigger: config, Revision: 9}, true, config, 9, 8},
		{"no change at all", investigations.Supposition{Trigger: investigations.TriggerNone}, true, investigations.TriggerNone, 0, 0},
		{"traffic", investigations.Supposition{Trigger: investigations.TriggerTraffic}, true, investigations.TriggerTraffic, 0, 0},
		{"not known", investigations.Supposition{Trigger: investigations.TriggerUnknown}, true, investigations.TriggerUnknown, 0, 0},
		{"a template that says otherwise", investigations.Supposition{Trigger: deploy, Revision: 9}, false, "", 0, 0},
		{"a change of no configuration", investigations.Supposition{Trigger: config}, false, "", 0, 0},
		{"one that concerns no memory", investigations.Supposition{Revision: 10}, false, "", 0, 0},
		{"one without a predecessor", investigations.Supposition{Revision: 8}, false, "", 0, 0},
		{"one that came later", investigations.Supposition{Revision: 13}, false, "", 0, 0},
		{"one that there is not", investigations.Supposition{Trigger: deploy, Revision: 99}, false, "", 0, 0},
		{"one of less than none", investigations.Supposition{Trigger: deploy, Revision: -1}, false, "", 0, 0},
		{"traffic with a revision", investigations.Supposition{Trigger: investigations.TriggerTraffic, Revision: 12}, false, "", 0, 0},
		{"no trigger there is", investigations.Supposition{Trigger: "moon"}, false, "", 0, 0},
		{"a revision of no cause", investigations.Supposition{Cause: investigations.CauseInsufficientEvidence, Revision: 12}, false, "", 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			plain, d, led, ok := rolledTwice().supposing(tt.given)
			if v := plain.Verdict; v.Cause != investigations.CauseLeak || v.Change == nil || v.Change.Revision != 12 {
				t.Fatalf("diagnosed %s since %+v", v.Cause, v.Change)
			}
			if ok != tt.ok {
				t.Fatalf("supposable: %t, want %t", ok, tt.ok)
			}
			if !ok {
				return
			}
			checkSound(t, d, led)
			v := d.Verdict
			var revision, rollback int64
			if v.Change != nil {
				revision = v.Change.Revision
			}
			for _, r := range v.Recommendations {
				if r.Action == investigations.ActionRollback {
					rollback = r.Revision
				}
			}
			if v.Trigger != tt.trigger || revision != tt.revision || rollback != tt.rollback {
				t.Errorf("trigger %s, revision %d, back to %d; want %s, %d, %d", v.Trigger, revision, rollback, tt.trigger, tt.revision, tt.rollback)
			}
			if proven := revision == 12; strings.Contains(v.Explanation, "No comparison in the evidence proves that") == (proven || tt.trigger == investigations.TriggerUnknown) {
				t.Errorf("what is supposed is not told from what is proven:\n%s", v.Explanation)
			}
		})
	}
}

// TestSupposedRevisionIsOfTheNeighbour: a neighbour's revision set the neighbour off, and not one of the victim's that
// has the same number.
func TestSupposedRevisionIsOfTheNeighbour(t *testing.T) {
	i := onNode().neighbour("batch-h1-x", "import", 256*mib, rising(300*mib, 9000*mib)).withWorkload("batch", testAt.AddDate(0, 0, -30))
	w := &i.ev.Rollouts.Workloads[1]
	for n := range w.Revisions {
		w.Revisions[n].Template = investigations.PodTemplate{Containers: []investigations.Container{{Name: "import", Image: "r/import:1"}}}
	}
	next := w.Revisions[0]
	next.Number, next.Name, next.Hash, next.Created = 2, "batch-h2", "h2", testAt.AddDate(0, 0, -2)
	next.Template = investigations.PodTemplate{Containers: []investigations.Container{{Name: "import", Image: "r/import:2"}}}
	w.Revisions = append(w.Revisions, next)
	_, d, led, ok := i.supposing(investigations.Supposition{Cause: investigations.CauseNoisyNeighbour, Trigger: investigations.TriggerDeploy, Revision: 2})
	if !ok {
		t.Fatal("not supposable")
	}
	checkSound(t, d, led)
	v := d.Verdict
	if v.Change == nil || v.Change.Workload != "deployment/batch" || v.Change.Revision != 2 {
		t.Errorf("change %+v", v.Change)
	}
	if r := v.Recommendations[0]; r.Action != investigations.ActionRollback || r.Workload != "deployment/batch" || r.Revision != 1 {
		t.Errorf("first advice %+v", r)
	}
	for _, c := range []investigations.Cause{investigations.CauseNodeOvercommit, investigations.CauseKernelMemory} {
		if _, _, _, ok := i.supposing(investigations.Supposition{Cause: c, Trigger: investigations.TriggerDeploy}); ok {
			t.Errorf("a revision set off %s of the node", c)
		}
	}
}

func TestSupposedCulprit(t *testing.T) {
	node := func() *incident {
		return onNode().neighbour("batch", "import", 256*mib, rising(300*mib, 9000*mib)).neighbour("calm", "calm", 1900*mib, steady(2000*mib)).
			row(42, "api", 100000, 984).row(77, "restic", 60000, 0)
	}
	pod := func() *incident {
		return twoContainers().memory("api-h1-x", "api", 12, steady(400*mib)).memory("api-h1-x", "log-shipper", 12, rising(50*mib, 300*mib))
	}
	const leak, neighbour, spike = investigations.CauseLeak, investigations.CauseNoisyNeighbour, investigations.CauseLoadSpike
	for _, tt := range []struct {
		name     string
		incident *incident
		cause    investigations.Cause
		culprit  *investigations.Party
		ok       bool
		want     investigations.Party // Namespace and Node aside
	}{
		{"a container at its own limit", leakIncident(), "", party("api-h1-x", "api"), true, investigations.Party{Pod: "api-h1-x", Container: "api", PID: 42, Comm: "api"}},
		{"its pod", leakIncident(), "", party("api-h1-x", ""), true, investigations.Party{Pod: "api-h1-x", Container: "api", PID: 42, Comm: "api"}},
		{"another pod at a container's limit", leakIncident(), "", party("api-h0-old", "api"), false, investigations.Party{}},
		{"another process of it that no report has", leakIncident(), "", &investigations.Party{Pod: "api-h1-x", Comm: "python"}, false, investigations.Party{}},
		{"the other container of a pod", pod(), leak, party("api-h1-x", "api"), true, investigations.Party{Pod: "api-h1-x", Container: "api", PID: 42, Comm: "api"}},
		{"a container that the pod has not", pod(), "", party("api-h1-x", "proxy"), false, investigations.Party{}},
		{"the main container as a sidecar", pod(), investigations.CauseSidecar, party("api-h1-x", "api"), false, investigations.Party{}},
		{"another pod of the node", node(), neighbour, party("calm", "calm"), true, investigations.Party{Pod: "calm", Container: "calm"}},
		{"a pod of elsewhere", node(), neighbour, party("nobody", "none"), false, investigations.Party{}},
		{"a container that the pod of the node has not", node(), neighbour, party("calm", "none"), false, investigations.Party{}},
		{"the victim as its neighbour", node(), neighbour, party("api-h1-x", "api"), false, investigations.Party{}},
		{"the victim itself", node(), leak, party("api-h1-x", "api"), true, investigations.Party{Pod: "api-h1-x", Container: "api", PID: 42, Comm: "api"}},
		{"a leak of a neighbour", node(), leak, party("batch", "import"), false, investigations.Party{}},
		{"a spike whose culprit is another", node(), spike, nil, false, investigations.Party{}},
		{"a program outside of the pods", node(), neighbour, &investigations.Party{Comm: "restic"}, true, investigations.Party{Comm: "restic", PID: 77}},
		{"a program that no report has", node(), neighbour, &investigations.Party{Comm: "zfs"}, false, investigations.Party{}},
		{"nobody in particular", node(), investigations.CauseNodeOvercommit, &investigations.Party{}, true, investigations.Party{}},
		{"another node", node(), investigations.CauseNodeOvercommit, &investigations.Party{Node: "n2"}, false, investigations.Party{}},
		{"where nothing ran out", newIncident().ends("Error", 137), "", party("api-h1-x", "api"), false, investigations.Party{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			plain, d, led, ok := tt.incident.supposing(investigations.Supposition{Cause: tt.cause, Culprit: tt.culprit})
			if ok != tt.ok {
				t.Fatalf("supposable: %t, want %t", ok, tt.ok)
			}
			if !ok {
				return
			}
			checkSound(t, d, led)
			got := *d.Verdict.Culprit
			got.Namespace, got.Node = "", ""
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("culprit (-want +got):\n%s", diff)
			}
			if !cmp.Equal(plain.Verdict.Culprit, d.Verdict.Culprit) && d.Verdict.Confidence > plain.Verdict.Confidence/2 {
				t.Errorf("confidence %v of a culprit that the evidence does not name, and %v of the one that it does", d.Verdict.Confidence, plain.Verdict.Confidence)
			}
		})
	}
}

// TestSupposedNeighbourIsNotTheVictim: where the victim itself took the node, a supposed neighbour is the next in line.
func TestSupposedNeighbourIsNotTheVictim(t *testing.T) {
	i := onNode().neighbour("calm", "calm", 1900*mib, steady(2000*mib))
	q := i.ev.Metrics.Queries[investigations.QueryNodePods]
	q.Series = slices.DeleteFunc(q.Series, func(s investigations.Series) bool { return s.Pod == "api-h1-x" })
	i.ev.Metrics.Queries[investigations.QueryNodePods] = q
	i.nodePod("api-h1-x", rising(400*mib, 9000*mib))
	plain, d, led, ok := i.supposing(investigations.Supposition{Cause: investigations.CauseNoisyNeighbour})
	if !ok || plain.Verdict.Culprit == nil || plain.Verdict.Culprit.Pod != "api-h1-x" {
		t.Fatalf("supposable: %t; diagnosed %+v", ok, plain.Verdict.Culprit)
	}
	checkSound(t, d, led)
	for _, r := range d.Verdict.Recommendations {
		if r.Action == investigations.ActionLimitCulprit && strings.Contains(r.Command, "-c api ") {
			t.Errorf("the victim is limited: %s", r.Command)
		}
	}
	if d.Verdict.Culprit.Pod != "calm" {
		t.Errorf("culprit %+v", d.Verdict.Culprit)
	}
}

// TestPrecedentsLeanOnceUnderASupposition: the scores are those that are shown.
func TestPrecedentsLeanOnceUnderASupposition(t *testing.T) {
	past := earlier("01A", investigations.CauseLeak, trusted(investigations.TrustConfirmed, 2, 0))
	plain, d, _, ok := leakIncident(past).supposing(investigations.Supposition{Cause: investigations.CauseLoadSpike})
	if !ok {
		t.Fatal("not supposable")
	}
	if diff := cmp.Diff(plain.Hypotheses, d.Hypotheses[:len(plain.Hypotheses)]); diff != "" {
		t.Errorf("hypotheses (-diagnosed +supposed):\n%s", diff)
	}
	if diff := cmp.Diff(plain.Influences, d.Influences); diff != "" || len(d.Influences) != 1 {
		t.Errorf("influences (-diagnosed +supposed):\n%s", diff)
	}
}

// TestSupposedFactsNumberOn: what was said before keeps its number, a fact that the new diagnosis shares is cited by it,
// and one that says something else under the same key is added.
func TestSupposedFactsNumberOn(t *testing.T) {
	i := leakIncident()
	tool := investigations.Fact{Key: "kernlog/kill", Tool: investigations.ToolKernlog, Says: "A kill.", Source: "kernel/n1.log"}
	asked := investigations.Fact{Key: "asked/1", Tool: investigations.ToolLogs, Says: "Somebody asked.", Source: "logs"}
	other := investigations.Fact{Key: "rules/demand/spike", Tool: investigations.ToolMetrics, Says: "Something else.", Source: "metrics"}
	led := investigations.NewLedger([]investigations.Fact{tool})
	New().Diagnose(i.req, i.ev, led)
	led.Add(asked)
	led.Add(other)
	before := led.Facts()
	d, ok := New().Suppose(i.req, i.ev, led, investigations.Supposition{Cause: investigations.CauseLoadSpike})
	if !ok {
		t.Fatal("not supposable")
	}
	after := led.Facts()
	if diff := cmp.Diff(before, after[:len(before)]); diff != "" {
		t.Errorf("facts that were there (-before +after):\n%s", diff)
	}
	checkSound(t, d, led)
	added := after[len(before):]
	if len(added) != 1 || !strings.Contains(added[0].Says, "at least") {
		t.Fatalf("added %+v", added)
	}
	kill := slices.IndexFunc(before, func(f investigations.Fact) bool { return f.Key == "rules/kernel/kill" })
	if !strings.Contains(d.Verdict.Explanation, "["+before[kill].ID+"]") {
		t.Errorf("the kill is not cited as %s: %s", before[kill].ID, d.Verdict.Explanation)
	}
	if !slices.ContainsFunc(d.Verdict.Recommendations, func(r investigations.Recommendation) bool { return slices.Contains(r.Why, added[0].ID) }) {
		t.Errorf("%s is not cited: %+v", added[0].ID, d.Verdict.Recommendations)
	}
}

// TestSupposingOnThinEvidence supposes everything where little is known.
func TestSupposingOnThinEvidence(t *testing.T) {
	label := newIncident().ends("OOMKilled", 137)
	label.ev.Kernel, label.ev.Metrics = nil, nil
	bare := &incident{req: label.req}
	unknown := newIncident().ends("Error", 137)
	unknown.ev.Kernel.Logs[0].To = testAt.Add(-3 * time.Hour)
	noPod := newIncident().report(nil)
	noPod.ev.Pods, noPod.ev.Rollouts = nil, nil
	for name, i := range map[string]*incident{"only a label": label, "nothing": bare, "no word of the end": unknown, "no pods": noPod, "no OOM kill": newIncident().ends("Error", 1)} {
		t.Run(name, func(t *testing.T) {
			plain, _ := i.diagnose()
			for _, c := range investigations.Causes {
				_, d, led, ok := i.supposing(investigations.Supposition{Cause: c})
				if !ok {
					if c == investigations.CauseInsufficientEvidence || c == plain.Verdict.Cause {
						t.Errorf("%s is not supposable", c)
					}
					continue
				}
				v := d.Verdict
				if v.Cause != c || v.Confidence > plain.Verdict.Confidence || v.Boundary != plain.Verdict.Boundary || v.Mechanism != plain.Verdict.Mechanism || !strings.Contains(v.Explanation, "[F") {
					t.Errorf("%s: %s at %s with %v: %s", c, v.Cause, v.Boundary, v.Confidence, v.Explanation)
				}
				if c != investigations.CauseInsufficientEvidence {
					checkSound(t, d, led)
				}
			}
		})
	}
}

// TestSupposedCauseSaysWhatSpeaksForIt: a cause without evidence is told as that, and one with some cites it.
func TestSupposedCauseSaysWhatSpeaksForIt(t *testing.T) {
	pod := twoContainers().memory("api-h1-x", "api", 12, steady(400*mib)).memory("api-h1-x", "log-shipper", 12, rising(50*mib, 300*mib))
	node := onNode().neighbour("batch", "import", 256*mib, rising(300*mib, 9000*mib))
	some := 0
	for _, i := range []*incident{leakIncident(), pod, node} {
		for _, c := range investigations.Causes {
			plain, d, led, ok := i.supposing(investigations.Supposition{Cause: c})
			if !ok || c == investigations.CauseInsufficientEvidence {
				continue
			}
			checkSound(t, d, led)
			n := slices.IndexFunc(plain.Hypotheses, func(h investigations.Hypothesis) bool { return h.Cause == c && len(h.For) > 0 })
			text := d.Verdict.Explanation
			if strings.Contains(text, "Nothing in the evidence speaks for it") == (n >= 0) {
				t.Errorf("%s, for which %d speaks:\n%s", c, n, text)
			}
			if n > 0 {
				some++
				if id := plain.Hypotheses[n].For[0]; !strings.Contains(text, "["+id+"]") || !strings.Contains(text, "the evidence speaks more for another cause") {
					t.Errorf("%s does not cite %s, or is told as the likeliest:\n%s", c, id, text)
				}
			}
		}
	}
	if some == 0 {
		t.Error("no rival has a fact")
	}
}
