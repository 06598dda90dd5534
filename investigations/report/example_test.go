package report_test

import (
	"os"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/report"
)

func ExampleText() {
	result := &investigations.Result{
		At:     time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC),
		Target: investigations.Target{Namespace: "shop", Pod: "cart-5d9c", Container: "cart"},
		Verdict: investigations.Verdict{
			Mechanism: investigations.MemcgOOMKill, Boundary: investigations.BoundaryContainer,
			Cause: investigations.CauseUndersizedLimit, Trigger: investigations.TriggerNone, Confidence: 0.9,
			Headline:    "cart needs about 640 MiB, and its limit is 512 MiB.",
			Explanation: "Every lifetime comes to the same plateau at its limit [F1].",
			Recommendations: []investigations.Recommendation{{
				Action: investigations.ActionSetLimit, Container: "cart", Value: "768Mi", Why: []string{"F1"},
				Command: "kubectl -n shop set resources deployment/cart -c cart --limits=memory=768Mi",
			}},
		},
		Facts: []investigations.Fact{{ID: "F1", Says: "4 lifetimes reach 512 MiB.", Source: "metrics/container_working_set.json"}},
	}
	if err := report.Text(os.Stdout, result, nil, report.TextOptions{Width: 80}); err != nil {
		panic(err)
	}
	// Output:
	// shop/cart-5d9c/cart                                      2026-03-04 02:17:09 UTC
	//
	// cart needs about 640 MiB, and its limit is 512 MiB.
	//
	// boundary container limit · cause undersized limit · trigger none (it built up)
	// confidence 90 % (high)
	//
	// how      the kernel's OOM killer, because a cgroup's memory limit was reached
	//
	// WHY
	//   Every lifetime comes to the same plateau at its limit [F1].
	//
	// WHAT TO DO
	//   1. Set the memory limit of container cart to 768Mi [F1]
	//      kubectl -n shop set resources deployment/cart -c cart --limits=memory=768Mi
	//
	// EVIDENCE
	//   F1  4 lifetimes reach 512 MiB.  metrics/container_working_set.json
	//
	// verdict by rules
}
