package incidents

import (
	"fmt"
	"maps"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// version is a resourceVersion.
func (s *scene) version() string { return fmt.Sprint(1000000 + s.rng.IntN(90000000)) }

// renderObjects writes kubernetes/RESOURCE.json for what there is.
func (s *scene) renderObjects(files map[string][]byte) error {
	all := map[string][]any{}
	for _, n := range s.nodes {
		all["nodes"] = append(all["nodes"], s.nodeObject(n))
	}
	for _, p := range s.pods {
		if p.gone.IsZero() || p.gone.After(s.to) {
			all["pods"] = append(all["pods"], s.podObject(p))
		}
	}
	for _, w := range s.workloads {
		s.workloadObjects(all, w)
	}
	for _, ns := range s.namespacesInUse() {
		all["namespaces"] = append(all["namespaces"], ns)
	}
	for _, e := range s.events {
		all["events"] = append(all["events"], e)
	}
	for name, objects := range s.objects {
		all[name] = append(all[name], objects...)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		b, err := list(all[name])
		if err != nil {
			return fmt.Errorf("render %s: %w", name, err)
		}
		files["kubernetes/"+name+".json"] = b
	}
	return nil
}

// namespacesInUse are the namespaces of all workloads, sorted by name.
func (s *scene) namespacesInUse() []corev1.Namespace {
	seen := map[string]bool{}
	for _, w := range s.workloads {
		seen[w.ns] = true
	}
	var out []corev1.Namespace
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		m := s.meta("", name, s.uid(), s.ago(300*day))
		m.Labels = map[string]string{"kubernetes.io/metadata.name": name}
		out = append(out, corev1.Namespace{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"}, ObjectMeta: m,
			Status: corev1.NamespaceStatus{Phase: corev1.NamespaceActive},
		})
	}
	return out
}

// meta is the metadata of a namespaced object.
func (s *scene) meta(ns, name, id string, created time.Time) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Namespace: ns, Name: name, UID: uid(id), CreationTimestamp: metav1.NewTime(created), ResourceVersion: s.version(),
	}
}

// workloadObjects adds a workload and its revisions.
func (s *scene) workloadObjects(all map[string][]any, w *workload) {
	m := s.meta(w.ns, w.name, w.uid, w.created)
	m.Labels = map[string]string{"app": w.name}
	for k, v := range w.labels {
		m.Labels[k] = v
	}
	m.ManagedFields = w.managed
	m.Annotations = maps.Clone(w.notes)
	if m.Annotations == nil {
		m.Annotations = map[string]string{}
	}
	selector := &metav1.LabelSelector{MatchLabels: map[string]string{"app": w.name}}
	cur := w.current()
	switch w.kind {
	case "deployment":
		m.Annotations["deployment.kubernetes.io/revision"] = fmt.Sprint(cur.number)
		all["deployments"] = append(all["deployments"], s.deployment(w, m, selector))
		for _, r := range w.revisions {
			all["replicasets"] = append(all["replicasets"], s.replicaSet(w, r))
		}
	case "statefulset":
		partition := w.partition
		all["statefulsets"] = append(all["statefulsets"], appsv1.StatefulSet{
			TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "StatefulSet"}, ObjectMeta: m,
			Spec: appsv1.StatefulSetSpec{
				Replicas: &w.replicas, Selector: selector, Template: cur.template, ServiceName: w.name,
				UpdateStrategy: appsv1.StatefulSetUpdateStrategy{
					Type:          appsv1.RollingUpdateStatefulSetStrategyType,
					RollingUpdate: &appsv1.RollingUpdateStatefulSetStrategy{Partition: &partition},
				},
			},
			Status: appsv1.StatefulSetStatus{
				Replicas: w.replicas, ReadyReplicas: w.replicas, ObservedGeneration: cur.number,
				CurrentRevision: w.revisions[0].name, UpdateRevision: cur.name,
			},
		})
		s.controllerRevisions(all, w, "StatefulSet")
	case "daemonset":
		m.Annotations["deprecated.daemonset.template.generation"] = fmt.Sprint(cur.number)
		n := cur.replicas
		all["daemonsets"] = append(all["daemonsets"], appsv1.DaemonSet{
			TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "DaemonSet"}, ObjectMeta: m,
			Spec: appsv1.DaemonSetSpec{
				Selector: selector, Template: cur.template,
				UpdateStrategy: appsv1.DaemonSetUpdateStrategy{Type: appsv1.RollingUpdateDaemonSetStrategyType},
			},
			Status: appsv1.DaemonSetStatus{CurrentNumberScheduled: n, DesiredNumberScheduled: n, NumberReady: n},
		})
		if len(w.revisions) > 1 {
			s.controllerRevisions(all, w, "DaemonSet")
		}
	case "job":
		all["jobs"] = append(all["jobs"], s.job(w, m))
	case "cronjob":
		all["cronjobs"] = append(all["cronjobs"], s.cronJob(w, m))
	}
}

func (s *scene) deployment(w *workload, m metav1.ObjectMeta, selector *metav1.LabelSelector) appsv1.Deployment {
	quarter := intstr.FromString("25%")
	cur := w.current()
	return appsv1.Deployment{
		TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"}, ObjectMeta: m,
		Spec: appsv1.DeploymentSpec{
			Replicas: &w.replicas, Selector: selector, Template: cur.template,
			Strategy: appsv1.DeploymentStrategy{
				Type:          appsv1.RollingUpdateDeploymentStrategyType,
				RollingUpdate: &appsv1.RollingUpdateDeployment{MaxUnavailable: &quarter, MaxSurge: &quarter},
			},
		},
		Status: appsv1.DeploymentStatus{
			Replicas: w.replicas, ReadyReplicas: w.replicas, UpdatedReplicas: w.replicas, AvailableReplicas: w.replicas,
			ObservedGeneration: cur.number,
			Conditions: []appsv1.DeploymentCondition{{
				Type: appsv1.DeploymentProgressing, Status: "True", Reason: "NewReplicaSetAvailable",
				Message:            fmt.Sprintf("ReplicaSet %q has successfully progressed.", cur.name),
				LastUpdateTime:     metav1.NewTime(cur.created.Add(time.Minute)),
				LastTransitionTime: metav1.NewTime(w.created),
			}},
		},
	}
}

func (s *scene) replicaSet(w *workload, r *revision) appsv1.ReplicaSet {
	m := s.meta(w.ns, r.name, r.uid, r.created)
	labels := map[string]string{"app": w.name, "pod-template-hash": r.hash}
	m.Labels, m.OwnerReferences = labels, w.ownedBy("apps/v1", "Deployment")
	m.Annotations = map[string]string{
		"deployment.kubernetes.io/revision":         fmt.Sprint(r.number),
		"deployment.kubernetes.io/desired-replicas": fmt.Sprint(w.replicas),
	}
	n := r.replicas
	t := *r.template.DeepCopy()
	t.Labels = labels
	return appsv1.ReplicaSet{
		TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "ReplicaSet"}, ObjectMeta: m,
		Spec:   appsv1.ReplicaSetSpec{Replicas: &n, Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: t},
		Status: appsv1.ReplicaSetStatus{Replicas: n, FullyLabeledReplicas: n, ReadyReplicas: n, AvailableReplicas: n, ObservedGeneration: 1},
	}
}

// ownedBy is the reference from what a workload owns directly.
func (w *workload) ownedBy(version, kind string) []metav1.OwnerReference {
	yes := true
	return []metav1.OwnerReference{{
		APIVersion: version, Kind: kind, Name: w.name, UID: uid(w.uid), Controller: &yes, BlockOwnerDeletion: &yes,
	}}
}

// controllerRevisions adds what a statefulset or daemonset keeps of its templates.
func (s *scene) controllerRevisions(all map[string][]any, w *workload, kind string) {
	for _, r := range w.revisions {
		m := s.meta(w.ns, r.name, r.uid, r.created)
		m.Labels = map[string]string{"app": w.name, "controller-revision-hash": r.hash}
		m.OwnerReferences = w.ownedBy("apps/v1", kind)
		patch := map[string]any{"spec": map[string]any{"template": withPatch(r.template)}}
		raw, err := jsonOf(patch)
		if err != nil {
			s.contradiction("controller revision: %w", err)
		}
		all["controllerrevisions"] = append(all["controllerrevisions"], appsv1.ControllerRevision{
			TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "ControllerRevision"}, ObjectMeta: m,
			Data: runtime.RawExtension{Raw: raw}, Revision: r.number,
		})
	}
}

func (s *scene) job(w *workload, m metav1.ObjectMeta) batchv1.Job {
	if w.parent != nil {
		m.OwnerReferences = w.parent.ownedBy("batch/v1", "CronJob")
	}
	one, six := int32(1), int32(6)
	j := batchv1.Job{
		TypeMeta: metav1.TypeMeta{APIVersion: "batch/v1", Kind: "Job"}, ObjectMeta: m,
		Spec: batchv1.JobSpec{Parallelism: &one, Completions: &one, BackoffLimit: &six, Template: w.current().template},
	}
	started := metav1.NewTime(w.created)
	j.Status.StartTime = &started
	switch {
	case w.failed:
		j.Status.Failed = 1
		if !w.finished.IsZero() {
			j.Status.Conditions = []batchv1.JobCondition{{
				Type: batchv1.JobFailed, Status: "True", Reason: "BackoffLimitExceeded",
				Message: "Job has reached the specified backoff limit", LastTransitionTime: metav1.NewTime(w.finished),
			}}
		}
	case !w.finished.IsZero():
		end := metav1.NewTime(w.finished)
		j.Status.Succeeded, j.Status.CompletionTime = 1, &end
		j.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobComplete, Status: "True", LastTransitionTime: end}}
	default:
		j.Status.Active = 1
	}
	return j
}

func (s *scene) cronJob(w *workload, m metav1.ObjectMeta) batchv1.CronJob {
	c := batchv1.CronJob{
		TypeMeta: metav1.TypeMeta{APIVersion: "batch/v1", Kind: "CronJob"}, ObjectMeta: m,
		Spec: batchv1.CronJobSpec{
			Schedule: w.schedule, ConcurrencyPolicy: batchv1.ForbidConcurrent,
			JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: w.current().template}},
		},
	}
	for _, o := range s.workloads {
		if o.parent == w {
			last := metav1.NewTime(o.created)
			c.Status.LastScheduleTime = &last
		}
	}
	return c
}

// tmpfs is a volume in memory; a zero size leaves it unlimited.
func tmpfs(name string, size int64) corev1.Volume {
	e := &corev1.EmptyDirVolumeSource{Medium: corev1.StorageMediumMemory}
	if size > 0 {
		e.SizeLimit = resource.NewQuantity(size, resource.BinarySI)
	}
	return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{EmptyDir: e}}
}
