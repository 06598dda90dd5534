package investigations

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestNormalizedNumbers(t *testing.T) {
	shares := map[float64]float64{
		0.926: 0.93, 0.1 + 0.2: 0.3, 1.5: 1, -0.2: 0, 0.004: 0, math.NaN(): 0, math.Inf(1): 1, math.Inf(-1): 0,
	}
	for in, want := range shares {
		r := Result{
			Verdict: Verdict{Confidence: in}, Hypotheses: []Hypothesis{{Score: in}}, Precedents: []Precedent{{Similarity: in}},
		}.Normalized()
		got := []float64{r.Verdict.Confidence, r.Hypotheses[0].Score, r.Precedents[0].Similarity}
		if d := cmp.Diff([]float64{want, want, want}, got); d != "" {
			t.Errorf("share %v (-want +got):\n%s", in, d)
		}
	}
	values := map[float64]float64{
		536870912: 536870912, 190193504.036: 190193504.036, 0.1 + 0.2: 0.3, 1.0000001: 1, -2.34567: -2.346,
		0.000123456789: 0.000123457, 1e300: 1e300, math.MaxInt64: math.MaxInt64, 1e-320: 0, math.Copysign(0, -1): 0,
	}
	for in, want := range values {
		r := Result{Facts: []Fact{{Values: map[string]float64{"v": in}}}, LLM: LLMUse{Cost: in}}.Normalized()
		if got := r.Facts[0].Values["v"]; got != want || math.Signbit(got) != math.Signbit(want) {
			t.Errorf("value %v became %v, want %v", in, got, want)
		}
		if r.LLM.Cost != want {
			t.Errorf("cost %v became %v, want %v", in, r.LLM.Cost, want)
		}
	}
}

func TestNormalizedLeavesTheOriginalAlone(t *testing.T) {
	far := time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC)
	odd := func() Result {
		return Result{
			At: far,
			Verdict: Verdict{
				Confidence: 0.123, Change: &Change{At: far}, NextKill: &NextKill{At: far, Earliest: far, Latest: far},
				Recommendations: []Recommendation{{}},
			},
			Hypotheses: []Hypothesis{{Score: 0.123}}, Precedents: []Precedent{{Similarity: 0.123}},
			Facts: []Fact{{At: far, Values: map[string]float64{"inf": math.Inf(1)}}},
		}
	}
	r := odd()
	n := r.Normalized()
	if d := cmp.Diff(odd(), r); d != "" {
		t.Errorf("the original changed (-before +after):\n%s", d)
	}
	for _, at := range []time.Time{n.At, n.Verdict.Change.At, n.Verdict.NextKill.At, n.Verdict.NextKill.Latest, n.Facts[0].At} {
		if !at.IsZero() {
			t.Errorf("time %s of a year that RFC 3339 can't print is still there", at)
		}
	}
	if n.Verdict.Change.What == nil || n.Verdict.NextKill.Why == nil || n.Precedents[0].Why == nil || n.Hypotheses[0].Against == nil {
		t.Errorf("a list is nil: %+v", n)
	}
	if _, err := json.Marshal(n); err != nil {
		t.Errorf("the normalized result does not encode: %v", err)
	}
	if d := cmp.Diff(n, n.Normalized()); d != "" {
		t.Errorf("normalizing again changes (-once +twice):\n%s", d)
	}
}

func TestWouldTellKnowsEveryTool(t *testing.T) {
	for _, tool := range []string{ToolKernlog, ToolPods, ToolRollouts, ToolMetrics, ToolLogs, ToolProfiles, ToolMemory} {
		if WouldTell(tool) == "" {
			t.Errorf("WouldTell(%s) is empty", tool)
		}
	}
	if got := WouldTell("nonsense"); got != "" {
		t.Errorf("WouldTell of an unknown tool = %q", got)
	}
}
