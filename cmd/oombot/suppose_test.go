package main

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/oombot/oombot/examples/incidents"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/rules"
	"github.com/oombot/oombot/tools/bundle"
	"github.com/oombot/oombot/tools/toolstest"
)

// heard is what the rules were asked of a bundle, and what they answered.
type heard struct {
	req       investigations.Request
	ev        investigations.Evidence
	told      []investigations.Fact // of the tools
	facts     []investigations.Fact // with those of the rules
	diagnosis investigations.Diagnosis
}

// Diagnose keeps what it is asked and answers as the rules do.
func (h *heard) Diagnose(req investigations.Request, ev investigations.Evidence, led *investigations.Ledger) investigations.Diagnosis {
	h.req, h.ev, h.told = req, ev, led.Facts()
	h.diagnosis = rules.New().Diagnose(req, ev, led)
	h.facts = led.Facts()
	return h.diagnosis
}

func hear(t *testing.T, dir string) *heard {
	t.Helper()
	b, err := bundle.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	h := &heard{}
	if _, _, err := investigations.Run(t.Context(), b.Request(), bundleTools(b.FS(), b.BlindSpots, nil), h, investigations.Options{}); err != nil {
		t.Fatal(err)
	}
	return h
}

// suppose asks what follows from a supposition, as somebody does who has the facts of the diagnosis.
func (h *heard) suppose(s investigations.Supposition) (investigations.Diagnosis, []investigations.Fact, bool) {
	led := investigations.NewLedger(h.facts)
	d, ok := rules.New().Suppose(h.req, h.ev, led, s)
	return d, led.Facts(), ok
}

// looks is how closely an incident is looked at. Each supposition is judged from the start, so that not all are tried on
// every incident.
type looks int

const (
	zero   looks = iota // no supposition
	causes              // and every cause
	full                // and triggers, revisions and culprits
)

// everyIncident runs a test on the shipped examples and on generated incidents of every kind.
func everyIncident(t *testing.T, check func(*testing.T, *heard, looks)) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "examples", "*", "incident.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatal("no examples", err)
	}
	for i, f := range files {
		t.Run(filepath.Base(filepath.Dir(f)), func(t *testing.T) {
			t.Parallel()
			check(t, hear(t, filepath.Dir(f)), lookOf(i, 2, 8))
		})
	}
	for i, k := range incidents.Kinds() {
		t.Run(k.Name, func(t *testing.T) {
			t.Parallel()
			check(t, hear(t, incidentOf(t, k.Name, 7)), lookOf(i, 6, 60))
		})
	}
}

func lookOf(i, causesEach, fullEach int) looks {
	switch {
	case i%fullEach == 0:
		return full
	case i%causesEach == 0:
		return causes
	}
	return zero
}

// TestSuppositions holds that to suppose nothing, or what was diagnosed, is to diagnose, and whatever else can be supposed
// to what is promised of it.
func TestSuppositions(t *testing.T) {
	everyIncident(t, func(t *testing.T, h *heard, look looks) {
		soundVerdict(t, h.diagnosis.Verdict, h.facts)
		supposesNothing(t, h)
		if look == zero {
			return
		}
		judged := 0
		all := suppositions(h, look)
		for name, s := range all {
			if d, facts, ok := h.suppose(s); ok {
				judged++
				t.Run(name, func(t *testing.T) { holdsSupposed(t, h, s, d, facts, look) })
			}
		}
		if judged < 2 || judged == len(all) {
			t.Errorf("%d of %d suppositions are judged", judged, len(all))
		}
	})
}

// supposesNothing holds that Suppose without a supposition is Diagnose, whatever is in the ledger already.
func supposesNothing(t *testing.T, h *heard) {
	t.Helper()
	v := h.diagnosis.Verdict
	same := investigations.Supposition{Cause: v.Cause, Trigger: v.Trigger, Culprit: v.Culprit}
	if v.Change != nil {
		same.Revision = v.Change.Revision
	}
	for _, tt := range []struct {
		name  string
		given investigations.Supposition
		facts []investigations.Fact
	}{{"nothing, from the tools' facts", investigations.Supposition{}, h.told}, {"what was diagnosed, from all facts", same, h.facts}} {
		led := investigations.NewLedger(tt.facts)
		d, ok := rules.New().Suppose(h.req, h.ev, led, tt.given)
		if diff := cmp.Diff(h.diagnosis, d); !ok || diff != "" {
			t.Errorf("supposed %s: %t (-diagnosed +supposed):\n%s", tt.name, ok, diff)
		}
		if diff := cmp.Diff(h.facts, led.Facts()); diff != "" {
			t.Errorf("supposed %s, facts (-diagnosed +supposed):\n%s", tt.name, diff)
		}
	}
}

// suppositions are those that somebody may come up with who reads the evidence.
func suppositions(h *heard, look looks) map[string]investigations.Supposition {
	out := map[string]investigations.Supposition{}
	for _, c := range investigations.Causes {
		out["cause "+string(c)] = investigations.Supposition{Cause: c}
		if look < full {
			continue
		}
		for _, tr := range investigations.Triggers {
			out["trigger "+string(c)+" "+string(tr)] = investigations.Supposition{Cause: c, Trigger: tr}
		}
		if h.ev.Rollouts != nil {
			for _, w := range h.ev.Rollouts.Workloads {
				for _, r := range w.Revisions {
					out[fmt.Sprintf("revision %s %d", c, r.Number)] = investigations.Supposition{Cause: c, Revision: r.Number}
				}
			}
		}
		for name, p := range parties(h) {
			out["culprit "+string(c)+" "+name] = investigations.Supposition{Cause: c, Culprit: &p}
			out["culprit "+name] = investigations.Supposition{Culprit: &p}
		}
	}
	return out
}

// parties are some that the evidence knows, and some that it does not.
func parties(h *heard) map[string]investigations.Party {
	out := map[string]investigations.Party{
		"stranger": {Namespace: "nowhere", Pod: "nobody-1", Container: "none"},
		"process":  {Comm: "no-such-process"},
		"node":     {},
	}
	if v := h.diagnosis.Verdict.Victim; v != nil {
		out["victim"] = *v
		out["unknown container"] = investigations.Party{Namespace: v.Namespace, Pod: v.Pod, Container: "none"}
	}
	if h.ev.Pods != nil {
		for _, p := range h.ev.Pods.Pods[:min(3, len(h.ev.Pods.Pods))] {
			for _, c := range p.Containers {
				out[p.Name+" "+c.Name] = investigations.Party{Namespace: p.Namespace, Pod: p.Name, Container: c.Name}
			}
		}
	}
	if h.ev.Kernel != nil {
		for _, l := range h.ev.Kernel.Logs {
			for _, r := range l.Reports[:min(1, len(l.Reports))] {
				for _, task := range r.Tasks[:min(4, len(r.Tasks))] {
					out["task "+task.Comm] = investigations.Party{Comm: task.Comm}
				}
			}
		}
	}
	return out
}

// holdsSupposed holds a supposed diagnosis to what is promised of it.
func holdsSupposed(t *testing.T, h *heard, s investigations.Supposition, d investigations.Diagnosis, facts []investigations.Fact, look looks) {
	v, was := d.Verdict, h.diagnosis.Verdict
	if s.Cause != "" && v.Cause != s.Cause || s.Trigger != "" && v.Trigger != s.Trigger || s.Revision != 0 && (v.Change == nil || v.Change.Revision != s.Revision) {
		t.Errorf("supposed %+v, got %s by %s, change %+v", s, v.Cause, v.Trigger, v.Change)
	}
	if diff := cmp.Diff(was, v, cmpopts.IgnoreFields(v, "Cause", "Trigger", "Change", "Culprit", "Confidence", "Headline", "Explanation", "Recommendations", "NextKill")); diff != "" {
		t.Errorf("mechanism, boundary or victim (-diagnosed +supposed):\n%s", diff)
	}
	if c := s.Culprit; c != nil && (v.Culprit == nil || v.Culprit.Pod != c.Pod || c.Container != "" && v.Culprit.Container != c.Container) {
		t.Errorf("supposed culprit %+v, got %+v", c, v.Culprit)
	}
	most := was.Confidence
	if v.Cause != was.Cause && v.Cause != investigations.CauseInsufficientEvidence {
		i := slices.IndexFunc(h.diagnosis.Hypotheses, func(x investigations.Hypothesis) bool { return x.Cause == v.Cause })
		if i < 0 {
			most = 0.05
		} else {
			most = min(most, max(0.05, h.diagnosis.Hypotheses[i].Score))
		}
	}
	if v.Confidence < 0.05 || v.Confidence > most {
		t.Errorf("confidence %v, want at least 0.05 and at most %v", v.Confidence, most)
	}
	if n := len(h.facts); len(facts) < n || !cmp.Equal(h.facts, facts[:n]) {
		t.Error("the facts that were there have changed")
	}
	if look == causes {
		again, _, _ := h.suppose(s)
		if diff := cmp.Diff(d, again); diff != "" {
			t.Errorf("asked again (-first +second):\n%s", diff)
		}
	}
	soundVerdict(t, v, facts)
	words, named := causeWords[v.Cause]
	if text := v.Headline + "\n" + v.Explanation; !strings.Contains(text, words) || named != strings.Contains(text, "Cause: ") {
		t.Errorf("no word of %s: %s", v.Cause, text)
	}
}

var (
	citation = regexp.MustCompile(`\[(F\d+)\]`)
	command  = regexp.MustCompile(`^kubectl (set resources|set env|patch|scale|rollout undo) -n `)
)

// soundVerdict holds a verdict of the rules to the contract.
func soundVerdict(t *testing.T, v investigations.Verdict, facts []investigations.Fact) {
	t.Helper()
	var problems []error
	fail := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	known := map[string]bool{}
	for _, f := range facts {
		known[f.ID] = true
	}
	cited := map[string]bool{}
	for _, m := range citation.FindAllStringSubmatch(v.Explanation, -1) {
		cited[m[1]] = true
	}
	if len(cited) == 0 {
		fail("the explanation cites nothing: %s", v.Explanation)
	}
	same := v.Culprit != nil && v.Victim != nil && v.Culprit.Pod != "" && v.Culprit.Pod == v.Victim.Pod && v.Culprit.Namespace == v.Victim.Namespace && v.Culprit.Container == v.Victim.Container
	if !slices.Contains(investigations.Mechanisms, v.Mechanism) || !slices.Contains(investigations.Triggers, v.Trigger) ||
		!slices.Contains(investigations.AllowedCauses(v.Boundary, same), v.Cause) {
		fail("%s at %s by %s, trigger %s", v.Mechanism, v.Boundary, v.Cause, v.Trigger)
	}
	if n := len([]rune(v.Headline)); n == 0 || n > 160 {
		fail("headline of %d characters", n)
	}
	allowed, required := investigations.AllowedActions(v), investigations.RequiredActions(v)
	if len(v.Recommendations) == 0 {
		fail("no recommendation")
	}
	for _, r := range v.Recommendations {
		if !slices.Contains(allowed, r.Action) {
			fail("%s is not allowed for %s at %s, trigger %s", r.Action, v.Cause, v.Boundary, v.Trigger)
		}
		required = slices.DeleteFunc(required, func(a investigations.Action) bool { return a == r.Action })
		if r.Command != "" && !command.MatchString(r.Command) {
			fail("command %q", r.Command)
		}
		if len(r.Why) == 0 || r.Value == "0" {
			fail("%s for %v, value %q", r.Action, r.Why, r.Value)
		}
		for _, id := range r.Why {
			cited[id] = true
		}
	}
	if len(required) > 0 {
		fail("%v is missing", required)
	}
	if v.NextKill != nil {
		for _, id := range v.NextKill.Why {
			cited[id] = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(cited)) {
		if !known[id] {
			fail("%q is no fact", id)
		}
	}
	if len(problems) > 0 {
		t.Errorf("%v\n%s\n%s", errors.Join(problems...), v.Headline, v.Explanation)
	}
}

// causeWords are what the text of a cause has to say; the kernel's memory has several.
var causeWords = map[investigations.Cause]string{
	investigations.CauseLeak: "leaks memory", investigations.CauseUndersizedLimit: "the limit is below what it needs", investigations.CauseLoadSpike: "a sudden load",
	investigations.CauseRuntimeMisconfiguration: "the runtime's own ceiling does not fit", investigations.CauseSidecar: "used up the shared limit",
	investigations.CauseNoisyNeighbour: "took the memory", investigations.CauseNodeOvercommit: "many pods together", investigations.CauseMemoryBackedVolume: "files in memory",
	investigations.CauseKernelMemory: "",
}

// TestEveryAdviceIsAllowed holds the verdicts of further bundles to the actions that they admit.
func TestEveryAdviceIsAllowed(t *testing.T) {
	for _, dir := range toolstest.SampleBundles(t) {
		h := hear(t, dir)
		soundVerdict(t, h.diagnosis.Verdict, h.facts)
	}
}
