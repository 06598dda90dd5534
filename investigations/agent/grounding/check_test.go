package grounding

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

// leaking is a small case: a leak under a container's limit.
func leaking(headline, explanation string) Case {
	me := investigations.Party{Namespace: "shop", Pod: "checkout-1", Container: "app"}
	v := investigations.Verdict{
		Mechanism: investigations.MemcgOOMKill, Boundary: investigations.BoundaryContainer, Cause: investigations.CauseLeak,
		Trigger: investigations.TriggerUnknown, Victim: &me, Culprit: &me, Confidence: 0.9,
		Recommendations: []investigations.Recommendation{{Action: investigations.ActionFixLeak, Why: []string{"F2"}}},
	}
	r := investigations.Result{Verdict: v, Target: investigations.Target{Namespace: "shop", Pod: "checkout-1", Container: "app"}}
	v.Headline, v.Explanation = headline, explanation
	return Case{
		Facts: []investigations.Fact{
			{ID: "F1", Tool: investigations.ToolKernlog, Says: "The kernel killed app because the cgroup used 512 MiB of its limit of 512 MiB.", Values: map[string]float64{"limit_bytes": 512 << 20, "usage_bytes": 512 << 20}},
			{ID: "F2", Tool: investigations.ToolMetrics, Says: "Memory grew steadily from 100 MiB to 500 MiB in 40 min.", Values: map[string]float64{"first_bytes": 100 << 20, "last_bytes": 500 << 20, "span_seconds": 2400}},
		},
		Result: &r, Verdict: v, Program: "checkout-1/app was killed at its memory limit: it leaks memory.",
	}
}

func kindsOf(reasons []Reason) []Kind {
	var out []Kind
	for _, r := range reasons {
		out = append(out, r.Kind)
	}
	return out
}

func TestVerdict(t *testing.T) {
	const headline = "The container leaks memory and was killed at its limit of 512 MiB."
	tests := []struct {
		name, headline, explanation string
		want                        []Kind
	}{
		{"all held", headline, "The kernel killed it at its limit of 512 MiB [F1]. Memory grew by 400 MiB in 40 minutes [F2].", nil},
		{"in the program's own words", headline, "The kernel killed it. [F1] Cause: it leaks memory. Memory grew from 100 MiB to 500 MiB. [F2]", nil},
		{"a fact that does not exist", headline, "Memory grew. [F3] It grew steadily. [F2]", []Kind{NoFact}},
		{"a claim without a citation", headline, "Memory grew steadily. [F2] The developers forgot to close connections.", []Kind{NoCitation}},
		{"no citation at all", headline, "Cause: it leaks memory.", []Kind{NoCitation}},
		{"a number that no fact holds", headline, "Memory grew to 700 MiB. [F2]", []Kind{Number}},
		{"a number that another fact holds", headline, "The kernel killed it at 512 MiB. [F2]", []Kind{Number}},
		{"a headline with a number that no fact holds", "It leaks 3 GiB.", "Memory grew steadily. [F2]", []Kind{Number}},
		{"a link", headline, "Memory grew steadily, see https://evil.example/x. [F2]", []Kind{Markup}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Verdict(leaking(tt.headline, tt.explanation))
			seen := map[Kind]bool{}
			for _, r := range got {
				seen[r.Kind] = true
				if r.Says == "" || r.Field == "" {
					t.Errorf("a reason without words: %+v", r)
				}
			}
			for _, k := range tt.want {
				if !seen[k] {
					t.Errorf("got %v, want %s among them", kindsOf(got), k)
				}
			}
			if len(tt.want) == 0 && len(got) > 0 {
				t.Errorf("refused: %+v", got)
			}
		})
	}
}

func TestKept(t *testing.T) {
	text := "Memory grew steadily. [F2] It reached 9 GiB. [F2]\n\nThe moon did it. [F1] See https://evil.example/x. [F1]\n\nThe kernel killed it at 512 MiB. [F1]"
	got, reasons := Kept(leaking("", ""), "answer", text)
	want := "Memory grew steadily. [F2]\n\nThe moon did it. [F1]\n\nThe kernel killed it at 512 MiB. [F1]"
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if len(reasons) < 2 {
		t.Errorf("reasons %+v", reasons)
	}
}

func TestTidy(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"It grew. [F1]", "It grew. [F1]"},
		{"`app` grew **fast** (F1, F2).", "app grew fast [F1] [F2]."},
		{"It grew [F1, F3][F2].", "It grew [F1] [F3][F2]."},
		{"It grew (by 3 MiB).", "It grew (by 3 MiB)."},
	} {
		if got := Tidy(tt.in); got != tt.want {
			t.Errorf("Tidy(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestWithoutCitations(t *testing.T) {
	if got := WithoutCitations("It leaks [F1] (F2, F3) memory. [F4]"); got != "It leaks memory." {
		t.Errorf("%q", got)
	}
}

func TestSameQuantity(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{{"1Gi", "1024Mi", true}, {"1Gi", "1G", false}, {"512Mi", "512Mi", true}, {"", "", false}, {"x", "1Gi", false}} {
		if got := SameQuantity(tt.a, tt.b); got != tt.want {
			t.Errorf("SameQuantity(%q, %q) = %v", tt.a, tt.b, got)
		}
	}
}
