package kubeclient

import (
	"encoding/json"
	"strings"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/oombot/oombot/investigations"
)

// hpaMetrics is where autoscaling/v1 keeps the metrics that it has no field for.
const hpaMetrics = "autoscaling.alpha.kubernetes.io/metrics"

// HPA converts a HorizontalPodAutoscaler of autoscaling/v2 or v1; source is where it was found.
func (c *Converter) HPA(from *autoscalingv2.HorizontalPodAutoscaler, source string) (investigations.Autoscaler, error) {
	if from.Name == "" {
		return investigations.Autoscaler{}, ErrNoName
	}
	a := investigations.Autoscaler{
		Kind: "hpa", Namespace: c.text(from.Namespace), Name: from.Name,
		Target: c.target(from.Spec.ScaleTargetRef.Kind, from.Spec.ScaleTargetRef.Name),
		Min:    1, Max: from.Spec.MaxReplicas, Current: from.Status.CurrentReplicas, Source: source,
	}
	if from.Spec.MinReplicas != nil {
		a.Min = *from.Spec.MinReplicas
	}
	metrics := from.Spec.Metrics
	if raw := from.Annotations[hpaMetrics]; raw != "" && checkQuantities([]byte(raw)) == nil {
		// Anything else than metrics in it says nothing.
		_ = json.Unmarshal([]byte(raw), &metrics)
	}
	for _, m := range metrics {
		kind := strings.ToLower(string(m.Type))
		a.OnMemory = a.OnMemory ||
			kind == "resource" && m.Resource != nil && m.Resource.Name == corev1.ResourceMemory ||
			kind == "containerresource" && m.ContainerResource != nil && m.ContainerResource.Name == corev1.ResourceMemory
	}
	return a, nil
}

func (c *Converter) target(kind, name string) string {
	if name == "" {
		return ""
	}
	return c.text(strings.ToLower(kind) + "/" + name)
}

// VPA is the part of a VerticalPodAutoscaler (autoscaling.k8s.io) that is read.
type VPA struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		TargetRef struct {
			Kind string `json:"kind"`
			Name string `json:"name"`
		} `json:"targetRef"`
		UpdatePolicy struct {
			UpdateMode string `json:"updateMode"`
		} `json:"updatePolicy"`
	} `json:"spec"`
	Status struct {
		Recommendation struct {
			ContainerRecommendations []struct {
				ContainerName string              `json:"containerName"`
				Target        corev1.ResourceList `json:"target"`
			} `json:"containerRecommendations"`
		} `json:"recommendation"`
	} `json:"status"`
}

// VPA converts a VerticalPodAutoscaler; source is where it was found. Without a mode it is Auto.
func (c *Converter) VPA(from *VPA, source string) (investigations.Autoscaler, error) {
	if from.Name == "" {
		return investigations.Autoscaler{}, ErrNoName
	}
	a := investigations.Autoscaler{
		Kind: "vpa", Namespace: c.text(from.Namespace), Name: from.Name, Source: source,
		Target: c.target(from.Spec.TargetRef.Kind, from.Spec.TargetRef.Name),
		Mode:   c.text(first(from.Spec.UpdatePolicy.UpdateMode, "Auto")),
	}
	for _, r := range from.Status.Recommendation.ContainerRecommendations {
		if b := memory(r.Target); b != nil && r.ContainerName != "" {
			if a.MemoryTargets == nil {
				a.MemoryTargets = map[string]int64{}
			}
			a.MemoryTargets[c.text(r.ContainerName)] = *b
		}
	}
	return a, nil
}

// PriorityClass converts a PriorityClass; source is where it was found.
func (c *Converter) PriorityClass(from *schedulingv1.PriorityClass, source string) (investigations.PriorityClass, error) {
	if from.Name == "" {
		return investigations.PriorityClass{}, ErrNoName
	}
	return investigations.PriorityClass{
		Name: from.Name, Value: from.Value, Default: from.GlobalDefault, Source: source,
	}, nil
}
