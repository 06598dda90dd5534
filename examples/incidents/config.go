package incidents

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// configMap adds a ConfigMap, of which one key was changed at a moment by kubectl.
func (s *scene) configMap(ns, name string, created time.Time, data map[string]string, changed time.Time, key string) {
	m := s.meta(ns, name, s.uid(), created)
	var fields []string
	for _, k := range slices.Sorted(maps.Keys(data)) {
		if k != key {
			fields = append(fields, fmt.Sprintf("%q:{}", "f:"+k))
		}
	}
	m.ManagedFields = []metav1.ManagedFieldsEntry{
		managedBy("helm", "v1", created, `{"f:data":{".":{},`+strings.Join(fields, ",")+`}}`),
		managedBy("kubectl-edit", "v1", changed, fmt.Sprintf(`{"f:data":{%q:{}}}`, "f:"+key)),
	}
	s.objects["configmaps"] = append(s.objects["configmaps"], corev1.ConfigMap{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"}, ObjectMeta: m, Data: data,
	})
}

// prioritize gives a pod a priority class, which is added where it is not there yet.
func (s *scene) prioritize(p *pod, class string, value int32) {
	p.spec.PriorityClassName, p.spec.Priority = class, &value
	p.rev.template.Spec.PriorityClassName = class
	for _, o := range s.objects["priorityclasses"] {
		if o.(schedulingv1.PriorityClass).Name == class {
			return
		}
	}
	s.objects["priorityclasses"] = append(s.objects["priorityclasses"], schedulingv1.PriorityClass{
		TypeMeta:   metav1.TypeMeta{APIVersion: "scheduling.k8s.io/v1", Kind: "PriorityClass"},
		ObjectMeta: s.meta("", class, s.uid(), s.ago(200*day)), Value: value,
	})
}
