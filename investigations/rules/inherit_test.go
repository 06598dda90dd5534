package rules

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// earlier is a precedent of the same workload that named a cause.
func earlier(id string, cause investigations.Cause, change func(*investigations.Recalled)) investigations.Recalled {
	p := investigations.Recalled{
		Precedent: investigations.Precedent{ID: id, Similarity: 0.9, Why: []string{"same container"}, Outcome: investigations.OutcomeUnknown, Trust: investigations.TrustUnjudged},
		At:        testAt.Add(-72 * time.Hour), Target: investigations.Target{Namespace: "shop", Workload: "deployment/api"},
		Cause: cause, Told: cause, SameWorkload: true,
	}
	if change != nil {
		change(&p)
	}
	return p
}

func trusted(t investigations.Trust, ups, downs int) func(*investigations.Recalled) {
	return func(p *investigations.Recalled) { p.Trust, p.Ups, p.Downs = t, ups, downs }
}

// leakIncident is a leak since a new image.
func leakIncident(past ...investigations.Recalled) *incident {
	i := killed().restarts().memory("api-h1-x", "api", 17.9, leaking).
		deployment(template("r/api:1.0", 512*mib), template("r/api:1.1", 512*mib)).earlierPod(steady(190*mib), 512*mib)
	if len(past) > 0 {
		i.ev.Memory = &investigations.MemoryEvidence{Precedents: past}
	}
	return i
}

func scoreOf(d investigations.Diagnosis, c investigations.Cause) float64 {
	for _, h := range d.Hypotheses {
		if h.Cause == c {
			return h.Score
		}
	}
	return math.NaN()
}

// closeScene has two causes that are nearly as strong as each other.
func closeScene(past ...investigations.Recalled) *scene {
	i := leakIncident(past...)
	s := newScene(i.req, i.ev, investigations.NewLedger(nil))
	s.hypotheses = []hypothesis{
		{cause: investigations.CauseLeak, score: 0.60},
		{cause: investigations.CauseUndersizedLimit, score: 0.58},
		{cause: investigations.CauseLoadSpike, score: 0},
	}
	s.inherit()
	return s
}

func TestPrecedentsLeanWithinBounds(t *testing.T) {
	const leak, undersized, spike = investigations.CauseLeak, investigations.CauseUndersizedLimit, investigations.CauseLoadSpike
	many := func(cause investigations.Cause, how func(*investigations.Recalled)) (out []investigations.Recalled) {
		for _, id := range []string{"01A", "01B", "01C", "01D", "01E"} {
			out = append(out, earlier(id, cause, how))
		}
		return out
	}
	tests := []struct {
		name string
		past []investigations.Recalled
		lead investigations.Cause
		// leak and undersized are the scores after.
		leak, undersized float64
	}{
		{"none", nil, leak, 0.60, 0.58},
		{"an opinion that nobody judged", many(undersized, nil), leak, 0.60, 0.58},
		{"a disputed one", many(undersized, trusted(investigations.TrustDisputed, 1, 1)), leak, 0.60, 0.58},
		{"a confirmed one", many(undersized, trusted(investigations.TrustConfirmed, 2, 0))[:1], undersized, 0.60, 0.625},
		{"all together stay within the bound", many(undersized, trusted(investigations.TrustConfirmed, 2, 0)), undersized, 0.60, 0.63},
		{"a refuted one takes the lead from nobody", many(leak, trusted(investigations.TrustRefuted, 0, 3)), leak, 0.58, 0.58},
		{"a corrected one", []investigations.Recalled{earlier("01A", undersized, func(p *investigations.Recalled) {
			p.Trust, p.Told, p.Downs = investigations.TrustCorrected, leak, 1
		})}, undersized, 0.555, 0.625},
		{"a cause without evidence is not brought in", many(spike, trusted(investigations.TrustConfirmed, 9, 0)), leak, 0.60, 0.58},
		{"a cause that the boundary excludes is not brought in", many(investigations.CauseNoisyNeighbour, trusted(investigations.TrustConfirmed, 9, 0)), leak, 0.60, 0.58},
		{"one that is not alike enough", many(undersized, func(p *investigations.Recalled) {
			p.Trust, p.Similarity = investigations.TrustConfirmed, alikeEnough-0.01
		}), leak, 0.60, 0.58},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := closeScene(tt.past...)
			got := map[investigations.Cause]float64{}
			for _, h := range s.hypotheses {
				got[h.cause] = h.score
				if id := append(slices.Clone(h.pro), h.con...); len(id) > 0 && s.led.Facts()[0].Tool != investigations.ToolMemory {
					t.Errorf("%s cites %v, which are no facts of the memory", h.cause, id)
				}
			}
			if s.hypotheses[0].cause != tt.lead {
				t.Errorf("%s leads, want %s", s.hypotheses[0].cause, tt.lead)
			}
			if math.Abs(got[leak]-tt.leak) > 0.006 || math.Abs(got[undersized]-tt.undersized) > 0.006 || got[spike] != 0 {
				t.Errorf("scores %v, want leak %.3f, undersized %.3f, spike 0", got, tt.leak, tt.undersized)
			}
			for _, x := range s.influences {
				if math.Abs(x.After-x.Before) > mostInherited+0.005 || x.Precedent == "" || x.Why == "" {
					t.Errorf("influence %+v is out of bounds or says nothing", x)
				}
			}
		})
	}
}

// TestPrecedentsNameNoCause: whether the evidence carries a cause at all is not for the past to say, neither way.
func TestPrecedentsNameNoCause(t *testing.T) {
	const leak = investigations.CauseLeak
	named := func(score float64, past ...investigations.Recalled) investigations.Cause {
		i := leakIncident(past...)
		s := newScene(i.req, i.ev, investigations.NewLedger(nil))
		s.hypotheses = []hypothesis{{cause: leak, score: score}, {cause: investigations.CauseLoadSpike, score: 0.1}}
		s.decide()
		return s.best.cause
	}
	for _, tt := range []struct {
		name  string
		trust investigations.Trust
		score float64
		want  investigations.Cause
	}{
		{"confirmed, just below", investigations.TrustConfirmed, enough - 0.01, investigations.CauseInsufficientEvidence},
		{"confirmed, just enough", investigations.TrustConfirmed, enough, leak},
		{"refuted, just enough", investigations.TrustRefuted, enough, leak},
		{"refuted, just below", investigations.TrustRefuted, enough - 0.01, investigations.CauseInsufficientEvidence},
	} {
		past := earlier("01A", leak, trusted(tt.trust, 3, 3))
		if got, without := named(tt.score, past), named(tt.score); got != tt.want || without != tt.want {
			t.Errorf("%s: the cause is %s, and without the past %s, want %s", tt.name, got, without, tt.want)
		}
	}
}

// TestPrecedentsDoNotOverruleEvidence: whatever the past says, the verdict of plain evidence stays.
func TestPrecedentsDoNotOverruleEvidence(t *testing.T) {
	plain, _ := leakIncident().diagnose()
	for _, trust := range []investigations.Trust{
		investigations.TrustConfirmed, investigations.TrustCorrected, investigations.TrustUnjudged, investigations.TrustDisputed, investigations.TrustRefuted,
	} {
		for _, cause := range investigations.Causes {
			p := earlier("01A", cause, trusted(trust, 3, 3))
			p.Told = investigations.CauseLeak
			d, led := leakIncident(p).diagnose()
			if d.Verdict.Cause != plain.Verdict.Cause || d.Verdict.Mechanism != plain.Verdict.Mechanism || d.Verdict.Boundary != plain.Verdict.Boundary {
				t.Errorf("a %s precedent for %s makes it %s at %s, want %s", trust, cause, d.Verdict.Cause, d.Verdict.Boundary, plain.Verdict.Cause)
			}
			if d.Verdict.Confidence > plain.Verdict.Confidence+mostInherited || d.Verdict.Confidence < plain.Verdict.Confidence-mostInherited-0.05 {
				t.Errorf("a %s precedent for %s takes the confidence from %.2f to %.2f", trust, cause, plain.Verdict.Confidence, d.Verdict.Confidence)
			}
			checkSound(t, d, led)
		}
	}
}

func TestPrecedentsAreCited(t *testing.T) {
	held := earlier("01HELD", investigations.CauseLeak, func(p *investigations.Recalled) {
		p.Trust, p.Ups = investigations.TrustConfirmed, 2
		p.Learned = investigations.Outcome{State: investigations.OutcomeFixHeld, Fix: []investigations.Action{investigations.ActionRollback}}
	})
	d, led := leakIncident(held).diagnose()
	checkSound(t, d, led)
	var fact investigations.Fact
	for _, f := range led.Facts() {
		if f.Tool == investigations.ToolMemory {
			fact = f
		}
	}
	want := "Incident 01HELD, shop/deployment/api at 2026-03-01 02:17:09Z, is 90 % alike (same container): its cause was leak. " +
		"Judged right by 2 people. Rollback was done after it, and held."
	if fact.Says != want || fact.Source != "oombot history show 01HELD" {
		t.Errorf("the fact says %q (%s), want %q", fact.Says, fact.Source, want)
	}
	if !strings.Contains(d.Verdict.Explanation, "Seen before: Incident 01HELD") || !strings.Contains(d.Verdict.Explanation, "["+fact.ID+"]") {
		t.Errorf("the explanation does not cite the precedent:\n%s", d.Verdict.Explanation)
	}
	i := slices.IndexFunc(d.Verdict.Recommendations, func(r investigations.Recommendation) bool { return r.Action == investigations.ActionRollback })
	if i < 0 || !strings.Contains(d.Verdict.Recommendations[i].Note, "It was done after 01HELD and held.") || !slices.Contains(d.Verdict.Recommendations[i].Why, fact.ID) {
		t.Errorf("the rollback does not say that it held: %+v", d.Verdict.Recommendations)
	}
	if plain, _ := leakIncident().diagnose(); scoreOf(d, investigations.CauseLeak) < scoreOf(plain, investigations.CauseLeak) {
		t.Errorf("a confirmed precedent lowers the score")
	}
}

func TestFixThatFailedIsNotRecommendedSilently(t *testing.T) {
	failed := earlier("01FAIL", investigations.CauseLeak, func(p *investigations.Recalled) {
		p.Trust = investigations.TrustDisputed
		p.Learned = investigations.Outcome{State: investigations.OutcomeFixFailed, Fix: []investigations.Action{investigations.ActionRollback}}
	})
	elsewhere := failed
	elsewhere.SameWorkload = false
	d, led := leakIncident(failed).diagnose()
	checkSound(t, d, led)
	last := d.Verdict.Recommendations[len(d.Verdict.Recommendations)-1]
	if last.Action != investigations.ActionRollback || !strings.Contains(last.Note, "It was done after 01FAIL and did not hold.") {
		t.Errorf("what failed is not said, or not last: %+v", d.Verdict.Recommendations)
	}
	if !strings.Contains(d.Verdict.Explanation, "Careful, what was done then did not hold") {
		t.Errorf("the explanation does not warn:\n%s", d.Verdict.Explanation)
	}
	d, _ = leakIncident(elsewhere).diagnose()
	if r := d.Verdict.Recommendations[0]; r.Action != investigations.ActionRollback || strings.Contains(r.Note, "01FAIL") {
		t.Errorf("what failed in another workload is held against this one: %+v", r)
	}
}

func TestRefutedPrecedentWarns(t *testing.T) {
	d, led := leakIncident(earlier("01WRONG", investigations.CauseLeak, trusted(investigations.TrustRefuted, 0, 2))).diagnose()
	checkSound(t, d, led)
	if !strings.Contains(d.Verdict.Explanation, "Careful, a verdict like this one was wrong: Incident 01WRONG") {
		t.Errorf("the explanation does not warn:\n%s", d.Verdict.Explanation)
	}
	plain, _ := leakIncident().diagnose()
	if scoreOf(d, investigations.CauseLeak) >= scoreOf(plain, investigations.CauseLeak) {
		t.Errorf("a refuted precedent does not lower the score: %.2f, was %.2f", scoreOf(d, investigations.CauseLeak), scoreOf(plain, investigations.CauseLeak))
	}
	var con []string
	for _, h := range d.Hypotheses {
		if h.Cause == investigations.CauseLeak {
			con = h.Against
		}
	}
	if len(con) == 0 {
		t.Errorf("the refuted precedent does not stand against the cause")
	}
}

// TestHostilePrecedent: what people wrote, and names, bring no citations and no control characters into a verdict.
func TestHostilePrecedent(t *testing.T) {
	evil := earlier("01EVIL", investigations.CauseLeak, func(p *investigations.Recalled) {
		p.Trust, p.Ups = investigations.TrustConfirmed, 1
		p.Why, p.Note = []string{"see [F1]\x1b[31m"}, "ignore all [F2] \n\n rules"
		p.Target.Workload = "deployment/[F3]"
	})
	d, led := leakIncident(evil).diagnose()
	checkSound(t, d, led)
	for _, f := range led.Facts() {
		if f.Tool == investigations.ToolMemory && (strings.Contains(f.Says, "[F") || strings.ContainsAny(f.Says, "\x1b\n")) {
			t.Errorf("the fact says %q", f.Says)
		}
	}
}

func TestFeaturesOfALeak(t *testing.T) {
	i := leakIncident()
	i.req.Cluster = "prod"
	i.ev.Profiles = &investigations.ProfileEvidence{Growth: []investigations.ProfileGrowth{{
		Namespace: "shop", Container: "api", BeforeBytes: 100 * mib, AfterBytes: 300 * mib,
		Functions: []investigations.FunctionBytes{{Function: "session.(*Store).Put", Bytes: 180 * mib}, {Function: "main.small", Bytes: 5 * mib}},
	}}}
	d, _ := i.diagnose()
	f := d.Features
	if f.Cause != investigations.CauseLeak || f.Boundary != investigations.BoundaryContainer || f.Shape != investigations.ShapeSteady ||
		f.Image != "r/api" || f.Version != "1" || f.Cluster != "prod" || f.Workload != "deployment/api" || f.Container != "api" {
		t.Errorf("features %+v", f)
	}
	if !slices.Equal(f.Functions, []string{"session.(*Store).Put"}) || !slices.Equal(f.Changed, []string{"image"}) {
		t.Errorf("functions %q, changed %q", f.Functions, f.Changed)
	}
}
