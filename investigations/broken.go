package investigations

import (
	"fmt"
	"time"
)

// toolRules names the rules where a fact comes from no source.
const toolRules = "rules"

// brokenRules is the diagnosis where the rules panicked with p: no cause, and only what the kernel's report of the
// target's own kill says by itself.
func brokenRules(req Request, ev Evidence, facts *Ledger, p any) Diagnosis {
	id := facts.Add(Fact{
		Tool: toolRules, At: req.At, Source: "oombot",
		Says: CleanText(fmt.Sprintf("The rules broke on this evidence: %v", p), 300),
	})
	d := Diagnosis{
		Target: req.Target,
		Verdict: Verdict{
			Cause:           CauseInsufficientEvidence,
			Headline:        "No verdict: the evidence could not be judged.",
			Explanation:     fmt.Sprintf("The rules broke on this evidence, which is a fault of this program [%s].", id),
			Recommendations: []Recommendation{{Action: ActionCollectMore, Why: []string{id}}},
		},
		Key: KillKey(req.Cluster, req.Target.String(), req.At.UTC().Format(time.RFC3339Nano)),
	}
	if r := reportOfTarget(req, ev); r != nil {
		d.Verdict.Mechanism, d.Verdict.Boundary = r.mechanism(), r.Boundary
	}
	return d
}

// reportOfTarget returns the last kernel report up to the request's moment whose cgroup is that of the target's
// pod; nil where there is none.
func reportOfTarget(req Request, ev Evidence) *KernelReport {
	if ev.Kernel == nil || ev.Pods == nil || req.Target.Pod == "" {
		return nil
	}
	uid := ""
	for _, p := range ev.Pods.Pods {
		if p.Namespace == req.Target.Namespace && p.Name == req.Target.Pod {
			uid = p.UID
		}
	}
	var last *KernelReport
	for i := range ev.Kernel.Logs {
		for j := range ev.Kernel.Logs[i].Reports {
			r := &ev.Kernel.Logs[i].Reports[j]
			if uid == "" || r.PodUID != uid || r.At == nil || r.At.After(req.At.Add(2*time.Minute)) || r.At.Before(req.At.Add(-time.Hour)) {
				continue
			}
			if last == nil || r.At.After(*last.At) {
				last = r
			}
		}
	}
	return last
}

// mechanism is how the report says that the process ended.
func (r *KernelReport) mechanism() Mechanism {
	switch r.Kind {
	case KernelMemcg:
		return MemcgOOMKill
	case KernelGlobal:
		return GlobalOOMKill
	case KernelManual:
		return SigkillNotOOM
	}
	return MechanismUnknown
}
