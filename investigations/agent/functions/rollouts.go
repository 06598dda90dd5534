package functions

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// What may be asked of rollouts.
const (
	rolloutRevisions   = "revisions"
	rolloutDiff        = "diff"
	rolloutTemplate    = "template"
	rolloutConfigMaps  = "configmaps"
	rolloutAutoscalers = "autoscalers"
	rolloutGitOps      = "gitops"
)

// overviewRevisions is how many revisions are told where nothing was asked for.
const overviewRevisions = 3

// rollouts answers from workloads, their revisions and what they read.
func (s *Set) rollouts(_ context.Context, args args, a *answer) error {
	ns := args.text("namespace")
	if err := known("rollouts", "namespace", ns, s.names().namespaces); err != nil {
		return err
	}
	if s.ev.Rollouts == nil {
		s.blind(a, investigations.ToolRollouts)
		return nil
	}
	w, err := s.chooseWorkload(ns, args.text("workload"))
	if err != nil {
		return err
	}
	if !s.ev.Rollouts.HasWorkloads && w == nil {
		s.blind(a, investigations.ToolRollouts)
		return nil
	}
	what := args.text("what")
	switch what {
	case rolloutConfigMaps:
		s.configMaps(w, cmp.Or(ns, s.target().Namespace), a)
		return nil
	case rolloutAutoscalers:
		s.autoscalers(w, cmp.Or(ns, s.target().Namespace), a)
		return nil
	case rolloutGitOps:
		s.gitOps(w, a)
		return nil
	}
	if w == nil {
		a.note("nothing found: %d workloads were read, and %s is none of them; name one of: %s", len(s.ev.Rollouts.Workloads),
			quote(s.target().String(), 160), list(s.names().workloads, mostNamed))
		return nil
	}
	if len(w.Revisions) == 0 {
		if !s.ev.Rollouts.HasRevisions {
			a.note("could not look: the revisions of %s were not read", quote(w.Ref(), 120))
		} else {
			a.note("nothing found: no revision of %s is kept", quote(w.Ref(), 120))
		}
		if what == rolloutRevisions || what == rolloutDiff {
			return nil
		}
	}
	return s.history(w, what, args, a)
}

// history tells of a workload's revisions, what differs between two, or one of them.
func (s *Set) history(w *investigations.Workload, what string, args args, a *answer) error {
	from, to, err := s.chooseRevisions(w, args)
	if err != nil {
		return err
	}
	switch what {
	case rolloutRevisions:
		revisions(w, a.most, a)
	case rolloutDiff:
		diff(w, from, to, a)
	case rolloutTemplate:
		template(w, to, a)
	default:
		_, asksFrom := args["from_revision"]
		_, asksTo := args["to_revision"]
		if !asksFrom && !asksTo {
			revisions(w, overviewRevisions, a)
		}
		if from == nil || to == nil {
			template(w, to, a)
		} else {
			diff(w, from, to, a)
		}
	}
	return nil
}

// chooseWorkload returns the workload that a call names, as KIND/NAME or NAME, or else the target's; nil where that was
// not read.
func (s *Set) chooseWorkload(namespace, ref string) (*investigations.Workload, error) {
	given := ref
	if ref == "" {
		ref = s.target().Workload
		namespace = cmp.Or(namespace, s.target().Namespace)
	}
	if parts := strings.Split(ref, "/"); len(parts) == 3 { // namespace in front, as people write it
		namespace, ref = cmp.Or(namespace, parts[0]), parts[1]+"/"+parts[2]
	}
	kind, name, found := strings.Cut(ref, "/")
	if !found {
		kind, name = "", ref
	}
	kind = investigations.WorkloadKind(kind)
	var fits []*investigations.Workload
	for i := range s.ev.Rollouts.Workloads {
		w := &s.ev.Rollouts.Workloads[i]
		if name != "" && w.Name == name && (kind == "" || w.Kind == kind) && (namespace == "" || w.Namespace == namespace) {
			fits = append(fits, w)
		}
	}
	target := s.target()
	slices.SortStableFunc(fits, func(x, y *investigations.Workload) int {
		away := func(w *investigations.Workload) int {
			if w.Namespace == target.Namespace && w.Ref() == target.Workload {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(away(x), away(y)), strings.Compare(x.Namespace+"/"+x.Ref(), y.Namespace+"/"+y.Ref()))
	})
	switch {
	case len(fits) > 0:
		return fits[0], nil
	case given != "":
		there := s.names().workloads
		return nil, &ArgumentError{Function: "rollouts", Argument: "workload", Says: plain("no workload "+quote(given, 80)+
			" is in what was read"+perhapsWorkload(name, there)+"; there are: "+list(there, mostNamed), maxSays)}
	}
	return nil, nil
}

// perhapsWorkload asks whether the workload with the nearest name was meant.
func perhapsWorkload(name string, there []string) string {
	var bare []string
	for _, ref := range there {
		_, n, _ := strings.Cut(ref, "/")
		bare = append(bare, n)
	}
	if i := slices.Index(bare, nearest(name, bare)); i >= 0 {
		return " (did you mean " + quote(there[i], 80) + "?)"
	}
	return ""
}

// chooseRevisions returns the two that a call is about: those that it names, else the one in force and its predecessor.
// Either is nil where there is none.
func (s *Set) chooseRevisions(w *investigations.Workload, args args) (from, to *investigations.Revision, err error) {
	find := func(argument string) (*investigations.Revision, error) {
		if _, given := args[argument]; !given {
			return nil, nil
		}
		n := args.number(argument, 0)
		i := slices.IndexFunc(w.Revisions, func(r investigations.Revision) bool { return r.Number == n })
		if i >= 0 {
			return &w.Revisions[i], nil
		}
		var kept []string
		for _, r := range w.Revisions[max(0, len(w.Revisions)-mostNamed):] {
			kept = append(kept, countOf("", r.Number).words)
		}
		return nil, &ArgumentError{Function: "rollouts", Argument: argument, Says: plain("revision "+countOf("", n).words+" of "+
			quote(w.Ref(), 120)+" is not kept; kept are: "+strings.Join(kept, ", "), maxSays)}
	}
	if from, err = find("from_revision"); err != nil {
		return nil, nil, err
	}
	if to, err = find("to_revision"); err != nil {
		return nil, nil, err
	}
	if to == nil && len(w.Revisions) > 0 {
		to = &w.Revisions[inForce(w)]
	}
	if from == nil && to != nil {
		if i := slices.IndexFunc(w.Revisions, func(r investigations.Revision) bool { return r.Number == to.Number }); i > 0 {
			from = &w.Revisions[i-1]
		}
	}
	return from, to, nil
}

// inForce is the index of the revision in force.
func inForce(w *investigations.Workload) int {
	if i := slices.IndexFunc(w.Revisions, func(r investigations.Revision) bool { return r.Number == w.Current && w.Current != 0 }); i >= 0 {
		return i
	}
	return len(w.Revisions) - 1
}

// revisions tells of the newest ones, in their order.
func revisions(w *investigations.Workload, most int, a *answer) {
	first := max(0, len(w.Revisions)-most)
	if first > 0 {
		a.note("%d older revisions not shown: what=revisions lists them", first)
	}
	for i := first; i < len(w.Revisions); i++ {
		r := &w.Revisions[i]
		t := say("revision %s of %s", countOf("revision", r.Number), quote(w.Namespace+"/"+w.Ref(), 160))
		if w.Kind == "deployment" { // only a ReplicaSet has a count of its own
			t.and(", pods wanted %s", countOf("replicas", r.Replicas))
		}
		at := r.Created
		if !r.RolledOutAt.IsZero() {
			at = r.RolledOutAt
			t.and(", came into force at %s", at)
		}
		if !r.Created.IsZero() {
			t.and(", made at %s", r.Created)
		}
		if i == inForce(w) {
			t.and("; in force")
		}
		for _, c := range r.Template.Containers[:min(len(r.Template.Containers), 3)] {
			t.and("; image of %s is %s", quote(c.Name, 60), quote(c.Image, 120))
		}
		a.add(at, r.Source, t)
	}
}

// template tells of a revision's pod template, or the workload's own.
func template(w *investigations.Workload, r *investigations.Revision, a *answer) {
	source, tpl, which := w.Source, &w.Template, say("pod template of %s", quote(w.Namespace+"/"+w.Ref(), 160))
	if r != nil {
		source, tpl, which = r.Source, &r.Template, say("pod template of revision %s of %s", countOf("revision", r.Number), quote(w.Namespace+"/"+w.Ref(), 160))
	}
	lead := which.text.String()
	for i := range tpl.Containers {
		t := say("%s: container %s", lead, quote(tpl.Containers[i].Name, 60))
		if r != nil {
			t.values["revision"] = float64(r.Number)
		}
		a.add(time.Time{}, source, containerSpec(t, &tpl.Containers[i]))
	}
	for i := range tpl.Volumes {
		t := say("%s: volume %s is %s", lead, quote(tpl.Volumes[i].Name, 60), "")
		if r != nil {
			t.values["revision"] = float64(r.Number)
		}
		a.add(time.Time{}, source, volumeWords(t, "volume", &tpl.Volumes[i]))
	}
}
