package kubeclient

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
)

// As returns an object as the API's own type T. An error says that it is none.
func As[T any](o *Object) (T, error) {
	var out T
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &out); err != nil {
		return out, fmt.Errorf("read %s %s: %w", o.GetKind(), o.GetName(), cleanError(err))
	}
	return out, nil
}

// AllAs returns objects as T; those that are none are left out.
func AllAs[T any](objects []Object) []T {
	out := make([]T, 0, len(objects))
	for i := range objects {
		if v, err := As[T](&objects[i]); err == nil {
			out = append(out, v)
		}
	}
	return out
}

// PodsOn asks for the pods of a node, whatever their namespace.
func PodsOn(node string) Query {
	return Query{Resource: "pods", Fields: fields.OneTermEqualSelector("spec.nodeName", node).String(), Stale: true}
}

// PodsOf asks for the pods of a namespace that a label selector chooses.
func PodsOf(namespace, selector string) Query {
	return Query{Resource: "pods", Namespace: namespace, Labels: selector, Stale: true}
}

// ContainersOf names all containers of a pod, in the order of their start.
func ContainersOf(pod *corev1.Pod) []string {
	var names []string
	for i := range pod.Spec.InitContainers {
		names = append(names, pod.Spec.InitContainers[i].Name)
	}
	for i := range pod.Spec.Containers {
		names = append(names, pod.Spec.Containers[i].Name)
	}
	for i := range pod.Spec.EphemeralContainers {
		names = append(names, pod.Spec.EphemeralContainers[i].Name)
	}
	return names
}

// mostEvents of a namespace are read; by default the API server keeps those of an hour.
const mostEvents = 2_000

// EventsIn asks for the events of a namespace.
func EventsIn(namespace string) Query {
	return Query{Resource: "events", Namespace: namespace, AtMost: mostEvents}
}

// EventsAbout asks for the events about one object. Those about a node are in no namespace of their own.
func EventsAbout(namespace, kind, name string) Query {
	selector := fields.AndSelectors(
		fields.OneTermEqualSelector("involvedObject.kind", kind), fields.OneTermEqualSelector("involvedObject.name", name))
	return Query{Resource: "events", Namespace: namespace, Fields: selector.String(), AtMost: 1000}
}
