package rollouts

import (
	"fmt"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

const (
	// maxFacts bounds the inventory, and maxNames how many names a fact lists.
	maxFacts, maxNames = 10, 6
	// jobsBefore is how long before the moment a job's start is told of.
	jobsBefore = time.Hour
)

// facts say what the files hold of the target's workload and of what changed around it.
func facts(req investigations.Request, ev *investigations.RolloutEvidence) []investigations.Fact {
	var out []investigations.Fact
	w := targetWorkload(req.Target, ev.Workloads)
	if w != nil {
		out = append(out, workloadFact(w))
		out = append(out, changeFact(w)...)
		out = append(out, scalerFacts(w, ev.Autoscalers)...)
		out = append(out, gitOpsFact(w, ev.GitOps)...)
		out = append(out, configMapFact(req, w, ev.ConfigMaps)...)
	}
	out = append(out, jobsFact(req, ev.Workloads)...)
	out = append(out, othersFact(req, w, ev.Workloads)...)
	out = append(out, inventory(ev)...)
	out = out[:min(len(out), maxFacts)]
	for i := range out {
		out[i].Tool = investigations.ToolRollouts
		out[i].Says = investigations.CleanText(out[i].Says, 600)
		out[i].Source = investigations.CleanText(out[i].Source, 300)
	}
	return out
}

// since returns when a revision came into force, as far as the revisions tell.
func since(r *investigations.Revision) time.Time {
	if !r.RolledOutAt.IsZero() {
		return r.RolledOutAt
	}
	return r.Created
}

// current returns the index of the workload's revision in force; -1 where it has none.
func current(w *investigations.Workload) int {
	for i := range w.Revisions {
		if w.Revisions[i].Number == w.Current && w.Current > 0 {
			return i
		}
	}
	return len(w.Revisions) - 1
}

func workloadFact(w *investigations.Workload) investigations.Fact {
	f := investigations.Fact{
		Key: "rollouts/workload", Source: w.Source, Says: title(w), Values: map[string]float64{},
	}
	if w.Replicas != nil {
		f.Says += fmt.Sprintf(", replicas wanted: %d", *w.Replicas)
		f.Values["replicas"] = float64(*w.Replicas)
	}
	if w.Schedule != "" {
		f.Says += fmt.Sprintf(", schedule %.60q", w.Schedule)
	}
	if !w.StartTime.IsZero() {
		f.At = w.StartTime
		f.Says += ", started at " + stamp(w.StartTime)
	}
	if !w.CompletionTime.IsZero() {
		f.Says += ", completed at " + stamp(w.CompletionTime)
	}
	if i := current(w); i >= 0 {
		f.At = since(&w.Revisions[i])
		f.Says += fmt.Sprintf(", revision %d in force", w.Revisions[i].Number)
		var known []string
		for _, r := range w.Revisions[max(0, len(w.Revisions)-maxNames):] {
			known = append(known, fmt.Sprintf("%d of %s", r.Number, stampOr(since(&r), "unknown time")))
		}
		f.Says += "; revisions kept: " + strings.Join(known, ", ")
		f.Values["revision"], f.Values["revisions"] = float64(w.Revisions[i].Number), float64(len(w.Revisions))
	}
	return f
}

// changeFact tells what the revision in force changed against the one before it.
func changeFact(w *investigations.Workload) []investigations.Fact {
	i := current(w)
	if i < 1 {
		return nil
	}
	to, from := &w.Revisions[i], &w.Revisions[i-1]
	what := differences(&from.Template, &to.Template)
	if len(what) == 0 {
		what = []string{"nothing in the pod template that may concern memory"}
	}
	return []investigations.Fact{{
		Key: "rollouts/change", At: since(to), Source: to.Source,
		Says: fmt.Sprintf("from revision %d to %d of %s changed: %s", from.Number, to.Number, title(w), strings.Join(what, "; ")),
		Values: map[string]float64{
			"from_revision": float64(from.Number), "to_revision": float64(to.Number),
		},
	}}
}

func title(w *investigations.Workload) string {
	return fmt.Sprintf("%.200q", w.Kind+"/"+w.Name) + fmt.Sprintf(" in namespace %.60q", w.Namespace)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func stampOr(t time.Time, otherwise string) string {
	if t.IsZero() {
		return otherwise
	}
	return stamp(t)
}
