package incidents

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// workload is a controller of pods.
type workload struct {
	// kind is deployment, statefulset, daemonset, job, cronjob, or empty for bare pods.
	kind, ns, name, uid string
	created             time.Time
	revisions           []*revision
	// replicas is the wanted count; partition a statefulset's.
	replicas, partition int32
	schedule            string
	// parent is a job's cronjob.
	parent *workload
	// procs are the processes of a container, by its name; a container without has one.
	procs map[string][]procSpec
	// managed are the field managers of the workload's spec.
	managed []metav1.ManagedFieldsEntry
	labels  map[string]string
	notes   map[string]string
	// fresh says that the job has not ended, and finished when it did.
	finished time.Time
	failed   bool
}

// procSpec is one process of a container: its share of the container's memory of its own.
type procSpec struct {
	comm  string
	share float64
	// adj replaces the container's oom_score_adj.
	adj *int
	uid int
	// thread is the name of the thread that allocates, where it is not the process's.
	thread string
}

// revision is one version of a workload's pod template.
type revision struct {
	number    int64
	name, uid string
	hash      string
	created   time.Time
	template  corev1.PodTemplateSpec
	replicas  int32
}

// current is the revision in force.
func (w *workload) current() *revision { return w.revisions[len(w.revisions)-1] }

// before returns the revision before the current one.
func (w *workload) before() *revision { return w.revisions[len(w.revisions)-2] }

// container returns the first container of the current template.
func (w *workload) container() *corev1.Container { return &w.current().template.Spec.Containers[0] }

// addWorkload registers a workload with its first known revision.
func (s *scene) addWorkload(kind, ns, name string, created time.Time, spec corev1.PodSpec) *workload {
	w := &workload{
		kind: kind, ns: ns, name: name, uid: s.uid(), created: created, procs: map[string][]procSpec{},
	}
	s.names[name] = true
	s.workloads = append(s.workloads, w)
	labels := map[string]string{"app": name}
	w.revisions = []*revision{s.newRevision(w, 1, created, corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: spec,
	})}
	return w
}

// newRevision names a template as the workload's controller would.
func (s *scene) newRevision(w *workload, number int64, at time.Time, t corev1.PodTemplateSpec) *revision {
	hash := s.suffix(pick(s, 8, 9, 10))
	return &revision{number: number, hash: hash, name: w.name + "-" + hash, uid: s.uid(), created: at, template: t}
}

// rollOut adds a revision at a moment: a copy of the current template, changed by edit.
func (s *scene) rollOut(w *workload, at time.Time, edit func(*corev1.PodTemplateSpec)) *revision {
	t := w.current().template.DeepCopy()
	edit(t)
	r := s.newRevision(w, w.current().number+1, at, *t)
	w.revisions = append(w.revisions, r)
	return r
}

// uid turns a string into the type that object metadata wants.
func uid(s string) types.UID { return types.UID(s) }

// owner is the reference from a pod to the object that made it.
func (w *workload) owner(r *revision) []metav1.OwnerReference {
	yes := true
	ref := func(version, kind, name, id string) []metav1.OwnerReference {
		return []metav1.OwnerReference{{
			APIVersion: version, Kind: kind, Name: name, UID: uid(id), Controller: &yes, BlockOwnerDeletion: &yes,
		}}
	}
	switch w.kind {
	case "deployment":
		return ref("apps/v1", "ReplicaSet", r.name, r.uid)
	case "statefulset":
		return ref("apps/v1", "StatefulSet", w.name, w.uid)
	case "daemonset":
		return ref("apps/v1", "DaemonSet", w.name, w.uid)
	case "job":
		return ref("batch/v1", "Job", w.name, w.uid)
	}
	return nil
}
