package memory

import (
	"slices"
	"strings"
	"testing"

	"github.com/oombot/oombot/investigations"
)

// leakFeatures are those of a leak in one program.
func leakFeatures() investigations.Features {
	return investigations.Features{
		Mechanism: investigations.MemcgOOMKill, Boundary: investigations.BoundaryContainer, Cause: investigations.CauseLeak,
		Trigger: investigations.TriggerDeploy, Shape: investigations.ShapeSteady, Runtime: "go", Comm: "checkout",
		Image: "registry.example/shop/checkout", Version: "1.5.0", Changed: []string{"image"}, Functions: []string{"session.(*Store).Put"},
		Cluster: "prod", Namespace: "shop", Workload: "deployment/checkout", Container: "app", Node: "n1",
	}
}

// alike compares the leak with a stored incident, of which change makes something else.
func alike(change func(*investigations.Features)) (investigations.Recalled, bool) {
	h := investigations.Head{ID: "01A", At: killed, Features: leakFeatures(), Outcome: investigations.Outcome{State: investigations.OutcomeUnknown}}
	change(&h.Features)
	return compareLeak().with(h)
}

// compareLeak compares the leak with incidents of a file in which a third are leaks, and two have each of its other
// values.
func compareLeak() *comparison {
	found := investigations.Candidates{Traces: 100}
	for _, term := range Terms(leakFeatures()) {
		found.Having = append(found.Having, map[bool]int64{true: 33, false: 2}[fieldOf(term) == "cause"])
	}
	return newComparison(leakFeatures(), rarities(Terms(leakFeatures()), found))
}

func TestSimilarityFallsWithEachDifference(t *testing.T) {
	same, ok := alike(func(*investigations.Features) {})
	if !ok || same.Similarity != 1 {
		t.Fatalf("the same features are %.2f alike", same.Similarity)
	}
	tests := []struct {
		name     string
		change   func(*investigations.Features)
		min, max float64
		why      string
	}{
		{"the next patch", func(f *investigations.Features) { f.Version = "1.5.1" }, 0.96, 0.995, "version 1.5.1 then, 1.5.0 now"},
		{"the next minor version", func(f *investigations.Features) { f.Version = "1.6.0" }, 0.93, 0.98, "version 1.6.0 then, 1.5.0 now"},
		{"another major version", func(f *investigations.Features) { f.Version = "2.0.0" }, 0.88, 0.96, "version 2.0.0 then, 1.5.0 now"},
		{"another function grew", func(f *investigations.Features) { f.Functions = []string{"other.Do"} }, 0.2, 0.49, "but another function grew (other.Do)"},
		{"no heap profile then", func(f *investigations.Features) { f.Functions = nil }, 0.7, 0.95, "same image repository"},
		{"another shape", func(f *investigations.Features) { f.Shape = investigations.ShapeJump }, 0.8, 0.97, "same growing function"},
		{"another workload", func(f *investigations.Features) { f.Workload, f.Namespace = "deployment/web", "web" }, 0.8, 0.95, "same growing function"},
		{"the pod's limit in place of the container's", func(f *investigations.Features) { f.Boundary = investigations.BoundaryPod }, 0.9, 0.99, "same growing function"},
		{"only the mechanism", func(f *investigations.Features) {
			*f = investigations.Features{Mechanism: f.Mechanism, Boundary: f.Boundary, Cause: f.Cause, Shape: f.Shape, Trigger: f.Trigger, Runtime: f.Runtime}
		}, 0, 0.499, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, ok := alike(tt.change)
			if p.Similarity < tt.min || p.Similarity > tt.max {
				t.Errorf("similarity %.2f, want %.2f to %.2f", p.Similarity, tt.min, tt.max)
			}
			if !ok || !strings.Contains(strings.Join(p.Why, "; "), tt.why) {
				t.Errorf("why = %q, want %q among them", p.Why, tt.why)
			}
		})
	}
}

func TestOtherMechanismsAreNoPrecedents(t *testing.T) {
	tests := map[string]func(*investigations.Features){
		"another cause":       func(f *investigations.Features) { f.Cause = investigations.CauseUndersizedLimit },
		"the node's limit":    func(f *investigations.Features) { f.Boundary = investigations.BoundaryNode },
		"no cause found then": func(f *investigations.Features) { f.Cause = investigations.CauseInsufficientEvidence },
		"it was no want of memory at all": func(f *investigations.Features) {
			f.Boundary, f.Cause = investigations.BoundaryNone, investigations.CauseNotOOM
		},
	}
	for name, change := range tests {
		if p, ok := alike(change); ok {
			t.Errorf("%s: a precedent, %.2f alike: %q", name, p.Similarity, p.Why)
		}
	}
}

func TestJudgedPrecedents(t *testing.T) {
	compare := func(told investigations.Cause, votes ...investigations.Feedback) (investigations.Recalled, bool) {
		h := head(told, 0.9, investigations.OutcomeUnknown, votes...)
		h.ID, h.Features = "01A", leakFeatures()
		h.Features.Cause = told
		return compareLeak().with(h)
	}
	down := vote("ann", investigations.VoteDown, "")
	corrected := vote("ann", investigations.VoteDown, investigations.CauseLeak)
	corrected.Note = "the heap dump shows it"
	wrong := vote("ann", investigations.VoteDown, investigations.CauseSidecar)

	p, ok := compare(investigations.CauseSidecar, corrected)
	if !ok || p.Trust != investigations.TrustCorrected || p.Cause != investigations.CauseLeak || p.Told != investigations.CauseSidecar || p.Note != corrected.Note {
		t.Errorf("one that people call a leak: %t, %+v", ok, p)
	}
	p, ok = compare(investigations.CauseLeak, wrong)
	if !ok || p.Trust != investigations.TrustCorrected || p.Cause != investigations.CauseSidecar || !slices.Contains(p.Why, "warning: judged wrong by 1, the right cause is sidecar") {
		t.Errorf("a leak that people call another thing has to warn: %t, %+v", ok, p)
	}
	p, ok = compare(investigations.CauseLeak, down)
	if !ok || p.Trust != investigations.TrustRefuted || !slices.Contains(p.Why, "warning: judged wrong by 1") {
		t.Errorf("a refuted leak has to warn: %t, %+v", ok, p)
	}
	if p, ok = compare(investigations.CauseSidecar, down); ok {
		t.Errorf("a refuted verdict of another cause is a precedent: %+v", p)
	}
}

// TestUnknownCauseTakesWhatIsNearest: where the rules found no cause, the same program's earlier incident is the best
// that there is.
func TestUnknownCauseTakesWhatIsNearest(t *testing.T) {
	q := leakFeatures()
	q.Cause, q.Shape, q.Trigger, q.Changed, q.Functions = investigations.CauseInsufficientEvidence, investigations.ShapeUnknown, investigations.TriggerUnknown, nil, nil
	h := investigations.Head{ID: "01A", Features: leakFeatures()}
	if p, ok := newComparison(q, nil).with(h); !ok || p.Cause != investigations.CauseLeak {
		t.Errorf("no precedent: %+v", p)
	}
	h.Features.Cause, h.Features.Boundary = investigations.CauseNotOOM, investigations.BoundaryNone
	if p, ok := newComparison(q, nil).with(h); ok {
		t.Errorf("what was no OOM kill is a precedent: %+v", p)
	}
}

func TestRarity(t *testing.T) {
	terms := []string{termOf("cause", "leak"), termOf("function", "a"), termOf("function", "b")}
	few := rarities(terms, investigations.Candidates{Traces: 2, Having: []int64{2, 2, 1}})
	many := rarities(terms, investigations.Candidates{Traces: 100_000, Having: []int64{40_000, 30_000, 2}})
	if few[terms[0]] >= few[terms[1]] {
		t.Errorf("in a young file a cause (%.2f) is as rare as a function (%.2f)", few[terms[0]], few[terms[1]])
	}
	if many[terms[0]] > 0.15 || many[terms[1]] > 0.2 || many[terms[2]] < 0.8 {
		t.Errorf("in a large file: %v", many)
	}
}

func TestVersionNumbers(t *testing.T) {
	tests := []struct {
		a, b string
		want float64
	}{
		{"1.5.0", "1.5.0", 1},
		{"v1.5.0", "1.5.9", 0.93},
		{"1.5.0-rc1", "1.5.0", 0.93},
		{"1.5.0", "1.7.0", 0.85},
		{"1.5.0", "2.5.0", 0.7},
		{"", "1.5.0", 0.85},
		{"sha256:aa", "sha256:bb", 0.85},
		{"99999999999999999999.1", "1.1", 0.85},
	}
	for _, tt := range tests {
		if got := nearness(tt.a, tt.b); got != tt.want {
			t.Errorf("nearness of %q and %q is %.2f, want %.2f", tt.a, tt.b, got, tt.want)
		}
		if there, back := nearness(tt.a, tt.b), nearness(tt.b, tt.a); there != back {
			t.Errorf("nearness of %q and %q is %.2f, and %.2f the other way round", tt.a, tt.b, there, back)
		}
	}
}
