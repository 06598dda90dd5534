package functions

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// mostSettings is how many values of a ConfigMap are told.
const mostSettings = 6

// configMaps tells of those that a workload reads, or of a namespace's where the workload is not known.
func (s *Set) configMaps(w *investigations.Workload, namespace string, a *answer) {
	read := set{}
	if w != nil {
		namespace = w.Namespace
		readBy(&w.Template, read)
		for i := range w.Revisions {
			readBy(&w.Revisions[i].Template, read)
		}
	}
	found := 0
	for i := range s.ev.Rollouts.ConfigMaps {
		c := &s.ev.Rollouts.ConfigMaps[i]
		if c.Namespace != namespace || w != nil && !read[c.Name] {
			continue
		}
		if found++; a.full() {
			a.skip(1)
			continue
		}
		t := say("ConfigMap %s: %s", quote(c.Namespace+"/"+c.Name, 160), things("keys", len(c.Keys), "key", "keys"))
		at := time.Time{}
		change, dated := latest(c.Changed)
		switch {
		case dated:
			at = change.At
			t.and(", last changed at %s by %s", at, quote(change.Manager, 60))
		case !c.HasManagedFields:
			t.and(", when it was last changed is not known")
		}
		for _, key := range slices.Sorted(maps.Keys(c.Data))[:min(len(c.Data), mostSettings)] {
			t.and("; %s=%s", quote(key, 60), quoteValue(key, c.Data[key], 100))
		}
		a.add(at, c.Source, t)
	}
	switch {
	case found > 0:
	case w != nil && len(read) == 0:
		a.note("nothing found: %s reads no ConfigMap", quote(w.Ref(), 120))
	case w != nil:
		s.foundNone(a, []string{"configmaps"}, "%s reads %s, and none of them is among the %d ConfigMaps that were read", quote(w.Ref(), 120), list(read.sorted(), mostNamed), len(s.ev.Rollouts.ConfigMaps))
	default:
		s.foundNone(a, []string{"configmaps"}, "%d ConfigMaps were read, none of them of namespace %s", len(s.ev.Rollouts.ConfigMaps), quote(namespace, 80))
	}
}

// readBy adds the ConfigMaps that a template reads.
func readBy(t *investigations.PodTemplate, to set) {
	for _, c := range t.Containers {
		for _, e := range c.Env {
			to.add(e.ConfigMap)
		}
		for _, name := range c.EnvFromConfigMaps {
			to.add(name)
		}
	}
	for _, v := range t.Volumes {
		for _, name := range v.ConfigMaps {
			to.add(name)
		}
	}
}

// autoscalers tells of those of a workload, or of a namespace's where the workload is not known.
func (s *Set) autoscalers(w *investigations.Workload, namespace string, a *answer) {
	if w != nil {
		namespace = w.Namespace
	}
	for i := range s.ev.Rollouts.Autoscalers {
		x := &s.ev.Rollouts.Autoscalers[i]
		if x.Namespace != namespace || w != nil && x.Target != w.Ref() {
			continue
		}
		t := say("%s %s of %s: ", quote(x.Kind, 20), quote(x.Namespace+"/"+x.Name, 160), quote(x.Target, 120))
		if x.Kind == "vpa" {
			t.and("mode %s", quote(x.Mode, 30))
			for k, c := range slices.Sorted(maps.Keys(x.MemoryTargets))[:min(len(x.MemoryTargets), 4)] {
				t.and("; it recommends %s of memory for container %s", bytesOf(numbered("target", k), x.MemoryTargets[c]), quote(c, 60))
			}
		} else {
			t.and("%s to %s pods, now %s", countOf("min", x.Min), countOf("max", x.Max), countOf("current", x.Current))
			if x.OnMemory {
				t.and("; it scales on memory")
			} else {
				t.and("; it does not scale on memory")
			}
		}
		a.add(time.Time{}, x.Source, t)
	}
	if a.empty() {
		s.foundNone(a, []string{"horizontalpodautoscalers", "verticalpodautoscalers"}, "%d autoscalers were read, none of them for %s", len(s.ev.Rollouts.Autoscalers), s.subject(w, namespace))
	}
}

// subject is what was looked for.
func (s *Set) subject(w *investigations.Workload, namespace string) string {
	if w == nil {
		return "namespace " + quote(namespace, 80)
	}
	return quote(w.Namespace+"/"+w.Ref(), 160)
}

// gitOps tells of what applies the workload from a repository.
func (s *Set) gitOps(w *investigations.Workload, a *answer) {
	for i := range s.ev.Rollouts.GitOps {
		g := &s.ev.Rollouts.GitOps[i]
		manages := ""
		switch {
		case w == nil:
		case slices.ContainsFunc(g.Resources, func(r string) bool { return strings.EqualFold(r, w.Namespace+"/"+w.Ref()) }):
			manages = "; it manages " + quote(w.Namespace+"/"+w.Ref(), 160)
		case len(g.Resources) > 0:
			continue
		default:
			manages = "; what it manages is not known"
		}
		t := say("%s %s last applied %s%s", quote(g.Kind, 30), quote(g.Namespace+"/"+g.Name, 160), quote(g.Revision, 80), manages)
		if !g.At.IsZero() {
			t.and(", at %s", g.At)
		}
		switch {
		case g.Suspended:
			t.and("; it is suspended")
		case g.AutoSync:
			t.and("; it undoes changes made by hand")
		}
		a.add(g.At, g.Source, t)
	}
	if a.empty() {
		s.foundNone(a, []string{"applications", "kustomizations", "helmreleases"}, "%d Argo CD and Flux objects were read, none of them manages %s", len(s.ev.Rollouts.GitOps), s.subject(w, s.target().Namespace))
	}
}
