package rollouts

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
)

// join gives each workload its revisions. Revisions whose owner is not there (its file is missing, or it is of
// a kind that is not read, as an Argo Rollout) get one made up of what they know.
func (r *reader) join() {
	for i := range r.ev.Workloads {
		w := &r.ev.Workloads[i]
		key := owner{w.Namespace, w.Kind, w.Name}
		if revisions, ok := r.owned[key]; ok {
			r.attach(w, revisions)
			delete(r.owned, key)
		}
	}
	left := slices.SortedFunc(maps.Keys(r.owned), func(a, b owner) int {
		return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name))
	})
	for _, key := range left {
		w := investigations.Workload{Namespace: key.namespace, Kind: key.kind, Name: key.name}
		r.attach(&w, r.owned[key])
		last := w.Revisions[len(w.Revisions)-1]
		w.Template, w.Source = last.Template, last.Source
		r.ev.Workloads = append(r.ev.Workloads, w)
	}
}

func (r *reader) attach(w *investigations.Workload, revisions []ownedRevision) {
	slices.SortStableFunc(revisions, func(a, b ownedRevision) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), a.Created.Compare(b.Created), cmp.Compare(a.Name, b.Name))
	})
	h := r.history[owner{w.Namespace, w.Kind, w.Name}]
	current := currentRevision(w, revisions, h)
	revisions[current].RolledOutAt = rolledOut(revisions, current, h)
	if w.Current == 0 {
		w.Current = revisions[current].Number
	}
	for i := range revisions {
		w.Revisions = append(w.Revisions, revisions[i].Revision)
	}
}

// currentRevision returns the index of the revision in force: the one that the workload names, else the one of
// the highest number.
func currentRevision(w *investigations.Workload, revisions []ownedRevision, h history) int {
	for i := range revisions {
		if h.name != "" && revisions[i].Name == h.name || h.name == "" && w.Current > 0 && revisions[i].Number == w.Current {
			return i
		}
	}
	return len(revisions) - 1
}

// rolledOut returns when the current revision came into force, where that is known to differ from its making.
//
// A rollback gives an old ReplicaSet or ControllerRevision a new number (pkg/controller/deployment/sync.go,
// pkg/controller/history). That it was one shows in an object that is older than one of a lower number, or in the
// annotation that keeps earlier numbers. It then began after the making of every revision of a lower number; and of
// all that happened after that, the earliest is the closest: someone's edit of the template, the Progressing
// condition, the scaling down of the revision before, the renumbering of this one.
func rolledOut(revisions []ownedRevision, current int, h history) time.Time {
	rev := &revisions[current]
	var before time.Time // the latest making among the lower numbers
	for i := range revisions[:current] {
		if revisions[i].Created.After(before) {
			before = revisions[i].Created
		}
	}
	if !rev.again && !before.After(rev.Created) {
		return time.Time{}
	}
	if before.Before(rev.Created) {
		before = rev.Created
	}
	signs := []time.Time{h.edited, h.began, h.ended, rev.touched}
	if current > 0 && revisions[current-1].Replicas == 0 {
		signs = append(signs, revisions[current-1].touched)
	}
	var at time.Time
	for _, s := range signs {
		if s.After(before) && (at.IsZero() || s.Before(at)) {
			at = s
		}
	}
	return at
}
