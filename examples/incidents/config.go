package incidents

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
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
