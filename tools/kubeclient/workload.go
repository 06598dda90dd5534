package kubeclient

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/oombot/oombot/investigations"
)

// Annotations that number the revisions of a Deployment and of an Argo Rollout.
const (
	RevisionAnnotation     = "deployment.kubernetes.io/revision"
	HistoryAnnotation      = "deployment.kubernetes.io/revision-history"
	argoRevisionAnnotation = "rollout.argoproj.io/revision"
)

// Labels by which pods are told to belong to a revision. They differ from revision to revision without any
// change in what runs.
const (
	podTemplateHash  = "pod-template-hash"
	argoTemplateHash = "rollouts-pod-template-hash"
)

// workload converts what all kinds have in common.
func (c *Converter) workload(kind string, meta *metav1.ObjectMeta, source string) (investigations.Workload, error) {
	if meta.Name == "" {
		return investigations.Workload{}, ErrNoName
	}
	w := investigations.Workload{
		Namespace: c.text(meta.Namespace), Kind: kind, Name: c.text(meta.Name), UID: string(meta.UID),
		Labels: c.textMap(meta.Labels), Annotations: c.annotations(meta.Annotations),
		Created: timeOf(&meta.CreationTimestamp), Changed: c.changes(meta.ManagedFields), Source: source,
	}
	w.OwnerKind, w.OwnerName, _ = c.owner(meta.OwnerReferences)
	return w, nil
}

// Deployment converts a Deployment; source is where it was found. Its revisions are in its ReplicaSets.
func (c *Converter) Deployment(from *appsv1.Deployment, source string) (investigations.Workload, error) {
	w, err := c.workload("deployment", &from.ObjectMeta, source)
	w.Current = revisionNumber(from.Annotations)
	w.Replicas = from.Spec.Replicas
	w.Template = c.revisionTemplate(&from.Spec.Template)
	w.Conditions = mapped(from.Status.Conditions, func(s *appsv1.DeploymentCondition) investigations.Condition {
		return investigations.Condition{
			Type: c.text(string(s.Type)), Status: c.text(string(s.Status)), Reason: c.text(s.Reason),
			Message: clip(s.Message), At: firstTime(s.LastUpdateTime.Time, s.LastTransitionTime.Time),
		}
	})
	return w, err
}

// StatefulSet converts a StatefulSet; source is where it was found. Its revisions are in ControllerRevisions.
func (c *Converter) StatefulSet(from *appsv1.StatefulSet, source string) (investigations.Workload, error) {
	w, err := c.workload("statefulset", &from.ObjectMeta, source)
	w.Replicas = from.Spec.Replicas
	w.Template = c.revisionTemplate(&from.Spec.Template)
	return w, err
}

// DaemonSet converts a DaemonSet; source is where it was found. Its revisions are in ControllerRevisions.
func (c *Converter) DaemonSet(from *appsv1.DaemonSet, source string) (investigations.Workload, error) {
	w, err := c.workload("daemonset", &from.ObjectMeta, source)
	w.Template = c.revisionTemplate(&from.Spec.Template)
	return w, err
}

// ReplicaSet converts a ReplicaSet that no Deployment owns; source is where it was found.
func (c *Converter) ReplicaSet(from *appsv1.ReplicaSet, source string) (investigations.Workload, error) {
	w, err := c.workload("replicaset", &from.ObjectMeta, source)
	w.Replicas = from.Spec.Replicas
	w.Template = c.revisionTemplate(&from.Spec.Template)
	return w, err
}

// Job converts a Job; source is where it was found.
func (c *Converter) Job(from *batchv1.Job, source string) (investigations.Workload, error) {
	w, err := c.workload("job", &from.ObjectMeta, source)
	w.Replicas = from.Spec.Parallelism
	w.Template = c.revisionTemplate(&from.Spec.Template)
	w.StartTime, w.CompletionTime = timeOf(from.Status.StartTime), timeOf(from.Status.CompletionTime)
	w.Conditions = mapped(from.Status.Conditions, func(s *batchv1.JobCondition) investigations.Condition {
		return investigations.Condition{
			Type: c.text(string(s.Type)), Status: c.text(string(s.Status)), Reason: c.text(s.Reason),
			Message: clip(s.Message), At: timeOf(&s.LastTransitionTime),
		}
	})
	return w, err
}

// CronJob converts a CronJob; source is where it was found.
func (c *Converter) CronJob(from *batchv1.CronJob, source string) (investigations.Workload, error) {
	w, err := c.workload("cronjob", &from.ObjectMeta, source)
	w.Template = c.revisionTemplate(&from.Spec.JobTemplate.Spec.Template)
	w.Schedule = c.text(from.Spec.Schedule)
	if zone := from.Spec.TimeZone; zone != nil && *zone != "" && !strings.Contains(w.Schedule, "TZ=") {
		w.Schedule = c.text("CRON_TZ=" + *zone + " " + w.Schedule)
	}
	w.StartTime = timeOf(from.Status.LastScheduleTime)
	return w, err
}

// Owner returns an object's controlling owner, its kind in lower case; empty where none controls it.
func (c *Converter) Owner(meta *metav1.ObjectMeta) (kind, name, uid string) {
	return c.owner(meta.OwnerReferences)
}

// ReplicaSetRevision converts a ReplicaSet into the revision of its owner that it stands for; source is where it
// was found. RolledOutAt is left to whoever knows the other revisions.
func (c *Converter) ReplicaSetRevision(from *appsv1.ReplicaSet, source string) (investigations.Revision, error) {
	if from.Name == "" {
		return investigations.Revision{}, ErrNoName
	}
	r := investigations.Revision{
		Number: revisionNumber(from.Annotations), Name: c.text(from.Name), UID: string(from.UID),
		Hash:    c.text(first(from.Labels[podTemplateHash], from.Labels[argoTemplateHash])),
		Created: timeOf(&from.CreationTimestamp), Replicas: 1, Template: c.revisionTemplate(&from.Spec.Template), Source: source,
	}
	if from.Spec.Replicas != nil {
		r.Replicas = *from.Spec.Replicas
	}
	return r, nil
}

// ControllerRevision converts a ControllerRevision of a StatefulSet or DaemonSet into a revision; source is
// where it was found. RolledOutAt is left to whoever knows the other revisions.
func (c *Converter) ControllerRevision(from *appsv1.ControllerRevision, source string) (investigations.Revision, error) {
	if from.Name == "" {
		return investigations.Revision{}, ErrNoName
	}
	r := investigations.Revision{
		Number: max(from.Revision, 0), Name: c.text(from.Name), UID: string(from.UID),
		Created: timeOf(&from.CreationTimestamp), Source: source,
	}
	// A DaemonSet's pods carry the hash, a StatefulSet's the whole name.
	r.Hash = r.Name
	if kind, _, _ := c.owner(from.OwnerReferences); kind == "daemonset" {
		r.Hash = c.text(first(from.Labels[appsv1.ControllerRevisionHashLabelKey], from.Name))
	}
	var patch struct {
		Spec struct {
			Template *corev1.PodTemplateSpec `json:"template"`
		} `json:"spec"`
	}
	if err := json.Unmarshal(from.Data.Raw, &patch); err != nil {
		return r, fmt.Errorf("its data is no patch: %w", cleanError(err))
	}
	if patch.Spec.Template == nil {
		return r, fmt.Errorf("its data holds no pod template")
	}
	r.Template = c.revisionTemplate(patch.Spec.Template)
	return r, nil
}

// revisionTemplate is Template without the labels that number revisions.
func (c *Converter) revisionTemplate(from *corev1.PodTemplateSpec) investigations.PodTemplate {
	t := c.Template(from)
	for _, label := range []string{podTemplateHash, argoTemplateHash, appsv1.ControllerRevisionHashLabelKey} {
		delete(t.Labels, label)
	}
	return t
}

func revisionNumber(annotations map[string]string) int64 {
	n, err := strconv.ParseInt(first(annotations[RevisionAnnotation], annotations[argoRevisionAnnotation]), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// ControllerTouched returns when a controller of Kubernetes itself last changed an object other than its
// status; zero where managedFields do not say.
func ControllerTouched(meta *metav1.ObjectMeta) time.Time {
	var last time.Time
	for i := range meta.ManagedFields {
		e := &meta.ManagedFields[i]
		if at := timeOf(e.Time); e.Manager == "kube-controller-manager" && e.Subresource == "" && at.After(last) {
			last = at
		}
	}
	return last
}

var templateField = []byte(`"f:template":`)

// TemplateEdited returns when someone other than a controller of Kubernetes last changed an object of which the
// pod template is theirs; zero where managedFields do not say.
func TemplateEdited(meta *metav1.ObjectMeta) time.Time {
	var last time.Time
	for i := range meta.ManagedFields {
		e := &meta.ManagedFields[i]
		if e.Manager == "kube-controller-manager" || e.Subresource != "" || e.FieldsV1 == nil {
			continue
		}
		if at := timeOf(e.Time); at.After(last) && bytes.Contains(e.FieldsV1.GetRawBytes(), templateField) {
			last = at
		}
	}
	return last
}
