package rollouts

import (
	"fmt"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

func scalerFacts(w *investigations.Workload, all []investigations.Autoscaler) []investigations.Fact {
	var out []investigations.Fact
	for i := range all {
		a := &all[i]
		if a.Namespace != w.Namespace || a.Target != w.Ref() || len(out) == 2 {
			continue
		}
		f := investigations.Fact{Key: "rollouts/" + a.Kind + "/" + a.Name, Source: a.Source, Values: map[string]float64{}}
		if a.Kind == "hpa" {
			f.Says = fmt.Sprintf("HorizontalPodAutoscaler %.100q keeps %s between %d and %d replicas, now %d", a.Name, title(w), a.Min, a.Max, a.Current)
			f.Values["min"], f.Values["max"], f.Values["current"] = float64(a.Min), float64(a.Max), float64(a.Current)
			if a.OnMemory {
				f.Says += ", by memory among others"
			}
		} else {
			f.Says = fmt.Sprintf("VerticalPodAutoscaler %.100q watches %s in mode %.40q", a.Name, title(w), a.Mode)
			for j := range w.Template.Containers {
				name := w.Template.Containers[j].Name
				if b, ok := a.MemoryTargets[name]; ok {
					f.Says += fmt.Sprintf(", recommends %s for %.60q", investigations.FormatBytes(b), name)
					f.Values["target_bytes/"+investigations.CleanText(name, 60)] = float64(b)
				}
			}
		}
		out = append(out, f)
	}
	return out
}

func gitOpsFact(w *investigations.Workload, all []investigations.GitOps) []investigations.Fact {
	for i := range all {
		g := &all[i]
		if !slices.Contains(g.Resources, w.Namespace+"/"+w.Ref()) {
			continue
		}
		f := investigations.Fact{
			Key: "rollouts/gitops", At: g.At, Source: g.Source,
			Says: fmt.Sprintf("%s %.200q manages %s; it last applied %.80q", g.Kind, g.Namespace+"/"+g.Name, title(w), g.Revision),
		}
		if !g.At.IsZero() {
			f.Says += " at " + stamp(g.At)
		}
		if g.AutoSync {
			f.Says += ", and undoes changes by hand"
		}
		return []investigations.Fact{f}
	}
	return nil
}

// configMapFact tells which of the target's ConfigMaps changed within the window.
func configMapFact(req investigations.Request, w *investigations.Workload, all []investigations.ConfigMap) []investigations.Fact {
	names := configMapsOf(&w.Template)
	var changed []string
	f := investigations.Fact{Key: "rollouts/configmaps"}
	for i := range all {
		m := &all[i]
		if m.Namespace != w.Namespace || !slices.Contains(names, m.Name) || len(m.Changed) == 0 {
			continue
		}
		last := m.Changed[len(m.Changed)-1]
		if last.At.Before(req.From()) || last.At.After(req.At) {
			continue
		}
		if last.At.After(f.At) {
			f.At, f.Source = last.At, m.Source
		}
		if len(changed) < maxNames {
			changed = append(changed, fmt.Sprintf("%.100q at %s by %.60q", m.Name, stamp(last.At), last.Manager))
		}
	}
	if len(changed) == 0 {
		return nil
	}
	f.Says = "ConfigMaps that the pods take in were changed: " + strings.Join(changed, ", ")
	return []investigations.Fact{f}
}

// jobsFact lists the jobs of the target's namespace that started shortly before the moment.
func jobsFact(req investigations.Request, all []investigations.Workload) []investigations.Fact {
	var names []string
	n := 0
	f := investigations.Fact{Key: "rollouts/jobs"}
	for i := range all {
		w := &all[i]
		if w.Kind != "job" || w.StartTime.IsZero() || w.StartTime.After(req.At) || w.StartTime.Before(req.At.Add(-jobsBefore)) ||
			req.Target.Namespace != "" && w.Namespace != req.Target.Namespace {
			continue
		}
		n++
		if w.StartTime.After(f.At) {
			f.At, f.Source = w.StartTime, w.Source
		}
		if len(names) < maxNames {
			names = append(names, fmt.Sprintf("%.100q at %s", w.Namespace+"/"+w.Name, stamp(w.StartTime)))
		}
	}
	if n == 0 {
		return nil
	}
	f.Says = fmt.Sprintf("jobs that started within %s before the moment: %d (%s)",
		investigations.FormatDuration(jobsBefore), n, strings.Join(names, ", "))
	f.Values = map[string]float64{"jobs": float64(n), "within_s": jobsBefore.Seconds()}
	return []investigations.Fact{f}
}

// othersFact lists the other workloads whose revision in force is of the window.
func othersFact(req investigations.Request, target *investigations.Workload, all []investigations.Workload) []investigations.Fact {
	var names []string
	n := 0
	f := investigations.Fact{Key: "rollouts/others"}
	for i := range all {
		w := &all[i]
		c := current(w)
		if w == target || c < 1 { // a first revision replaced nothing
			continue
		}
		at := since(&w.Revisions[c])
		if at.Before(req.From()) || at.After(req.At) {
			continue
		}
		n++
		if at.After(f.At) {
			f.At, f.Source = at, w.Revisions[c].Source
		}
		if len(names) < maxNames {
			names = append(names, fmt.Sprintf("%.100q in %.60q at %s", w.Ref(), w.Namespace, stamp(at)))
		}
	}
	if n == 0 {
		return nil
	}
	f.Says = fmt.Sprintf("other workloads that rolled out within the window: %d (%s)", n, strings.Join(names, ", "))
	f.Values = map[string]float64{"workloads": float64(n)}
	return []investigations.Fact{f}
}

func inventory(ev *investigations.RolloutEvidence) []investigations.Fact {
	if len(ev.Workloads) == 0 {
		return nil
	}
	revisions := 0
	for i := range ev.Workloads {
		revisions += len(ev.Workloads[i].Revisions)
	}
	return []investigations.Fact{{
		Key: "rollouts/inventory", Source: ev.Workloads[0].Source,
		Says: fmt.Sprintf("workloads seen: %d, with revisions: %d; ConfigMaps: %d; autoscalers: %d",
			len(ev.Workloads), revisions, len(ev.ConfigMaps), len(ev.Autoscalers)),
		Values: map[string]float64{
			"workloads": float64(len(ev.Workloads)), "revisions": float64(revisions),
			"configmaps": float64(len(ev.ConfigMaps)), "autoscalers": float64(len(ev.Autoscalers)),
		},
	}}
}
