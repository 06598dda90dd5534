package kubeclient

import (
	"errors"
	"reflect"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/oombot/oombot/investigations"
)

// ErrNoName says that an object has no metadata.name, without which it is nothing.
var ErrNoName = errors.New("it has no metadata.name")

// Pod converts a pod; source is where it was found.
func (c *Converter) Pod(from *corev1.Pod, source string) (investigations.Pod, error) {
	if from.Name == "" {
		return investigations.Pod{}, ErrNoName
	}
	p := investigations.Pod{
		Namespace: c.text(from.Namespace), Name: from.Name, UID: string(from.UID), Node: c.text(from.Spec.NodeName),
		Labels: c.textMap(from.Labels), Annotations: c.annotations(from.Annotations),
		QoS: c.text(string(from.Status.QOSClass)), Priority: from.Spec.Priority, PriorityClass: c.text(from.Spec.PriorityClassName),
		Phase: c.text(string(from.Status.Phase)), Reason: c.text(from.Status.Reason), Message: clip(from.Status.Message),
		Created: timeOf(&from.CreationTimestamp), Started: timeOf(from.Status.StartTime),
		Deleted: timeOf(from.DeletionTimestamp), DeletionGraceS: from.DeletionGracePeriodSeconds,
		TerminationGraceS: from.Spec.TerminationGracePeriodSeconds,
		RestartPolicy:     c.text(string(from.Spec.RestartPolicy)),
		Containers:        c.containers(&from.Spec),
		Volumes:           c.volumes(from.Spec.Volumes),
		Source:            source,
	}
	if overhead := memory(from.Spec.Overhead); overhead != nil {
		p.OverheadMemoryBytes = *overhead
	}
	p.MemoryRequest, p.MemoryLimit = podLevel(&from.Spec)
	p.OwnerKind, p.OwnerName, p.OwnerUID = c.owner(from.OwnerReferences)
	c.addStatuses(p.Containers, &from.Status)
	p.Conditions = mapped(from.Status.Conditions, func(s *corev1.PodCondition) investigations.Condition {
		return investigations.Condition{
			Type: c.text(string(s.Type)), Status: c.text(string(s.Status)), Reason: c.text(s.Reason),
			Message: clip(s.Message), At: timeOf(&s.LastTransitionTime),
		}
	})
	if p.QoS == "" {
		p.QoS = qos(&from.Spec)
	}
	return p, nil
}

// podLevel returns the request and limit of the pod as a whole (KEP-2837).
func podLevel(spec *corev1.PodSpec) (request, lim *int64) {
	if spec.Resources == nil {
		return nil, nil
	}
	return memory(spec.Resources.Requests), limit(spec.Resources.Limits)
}

// owner returns the controlling owner, its kind in lower case; where none says that it controls, the only one.
// The node that a static pod's mirror names is no workload.
func (c *Converter) owner(refs []metav1.OwnerReference) (kind, name, uid string) {
	for i := range refs {
		r := &refs[i]
		if controls := r.Controller != nil && *r.Controller || len(refs) == 1; controls && r.Kind != "Node" {
			return c.text(strings.ToLower(r.Kind)), c.text(r.Name), c.text(string(r.UID))
		}
	}
	return "", "", ""
}

// qos computes the class of a pod whose status does not say it (pkg/apis/core/v1/helper/qos).
func qos(spec *corev1.PodSpec) string {
	resources := make([]corev1.ResourceRequirements, 0, len(spec.Containers)+len(spec.InitContainers))
	if spec.Resources != nil {
		resources = append(resources, *spec.Resources)
	} else {
		for _, list := range [][]corev1.Container{spec.Containers, spec.InitContainers} {
			for i := range list {
				resources = append(resources, list[i].Resources)
			}
		}
	}
	some, all := false, true
	for _, r := range resources {
		for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
			req, hasReq := r.Requests[name]
			lim, hasLim := r.Limits[name]
			hasReq, hasLim = hasReq && req.Sign() > 0, hasLim && lim.Sign() > 0
			some = some || hasReq || hasLim
			all = all && hasLim && (!hasReq || req.Cmp(lim) == 0)
		}
	}
	switch {
	case !some:
		return string(corev1.PodQOSBestEffort)
	case all:
		return string(corev1.PodQOSGuaranteed)
	}
	return string(corev1.PodQOSBurstable)
}

func (c *Converter) volumes(from []corev1.Volume) []investigations.Volume {
	return mapped(from, func(v *corev1.Volume) investigations.Volume {
		out := investigations.Volume{Name: c.text(v.Name), Kind: volumeKind(&v.VolumeSource)}
		switch {
		case v.EmptyDir != nil:
			out.Memory = v.EmptyDir.Medium == corev1.StorageMediumMemory
			if q := v.EmptyDir.SizeLimit; q != nil {
				size := Bytes(*q)
				out.SizeLimit = &size
			}
		case v.ConfigMap != nil:
			out.ConfigMaps = []string{c.text(v.ConfigMap.Name)}
			out.Ref = out.ConfigMaps[0]
		case v.PersistentVolumeClaim != nil:
			out.Ref = c.text(v.PersistentVolumeClaim.ClaimName)
		case v.Secret != nil:
			out.Ref = c.text(v.Secret.SecretName)
		case v.HostPath != nil:
			out.Ref = c.text(v.HostPath.Path)
		case v.Projected != nil:
			for _, s := range v.Projected.Sources {
				if s.ConfigMap != nil {
					out.ConfigMaps = append(out.ConfigMaps, c.text(s.ConfigMap.Name))
				}
			}
			if len(out.ConfigMaps) > 0 {
				out.Ref = out.ConfigMaps[0]
			}
		}
		return out
	})
}

// volumeKind is the name of the one source that is set, as it is written.
func volumeKind(source *corev1.VolumeSource) string {
	v := reflect.ValueOf(source).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Pointer && !f.IsNil() {
			kind, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			return kind
		}
	}
	return ""
}

// Template converts a pod template.
func (c *Converter) Template(from *corev1.PodTemplateSpec) investigations.PodTemplate {
	t := investigations.PodTemplate{
		Containers: c.containers(&from.Spec), Volumes: c.volumes(from.Spec.Volumes),
		Labels: c.textMap(from.Labels), Annotations: c.annotations(from.Annotations),
		PriorityClass:     c.text(from.Spec.PriorityClassName),
		TerminationGraceS: from.Spec.TerminationGracePeriodSeconds,
		NodeSelector:      c.textMap(from.Spec.NodeSelector),
		ServiceAccount:    c.text(from.Spec.ServiceAccountName),
	}
	t.MemoryRequest, t.MemoryLimit = podLevel(&from.Spec)
	return t
}

// maxMessage is above what the API server lets a termination message hold.
const maxMessage = 4 << 10

func clip(s string) string {
	if len(s) > maxMessage {
		return strings.Clone(s[:maxMessage])
	}
	return s
}
