package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// definitions is where custom resources are defined.
var definitions = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}

// settle is how long the API server may take to serve a resource that was defined, or to forget one.
const settle = 30 * time.Second

func raw(c kubernetes.Interface) rest.Interface { return c.CoreV1().RESTClient() }

// define makes the custom resources that objects are of, and waits until they are served.
func (s *APIServer) define(ctx context.Context, objects []Object) error {
	for _, o := range objects {
		r := resources[o.Resource]
		if r.custom == "" || slices.Contains(s.crds, o.Resource+"."+r.group) {
			continue
		}
		name := o.Resource + "." + r.group
		_, err := s.dynamic.Resource(definitions).Create(ctx, definition(o.Resource, r), metav1.CreateOptions{})
		if err != nil && !errors.IsAlreadyExists(err) {
			return fmt.Errorf("define %s: %w", name, err)
		}
		s.crds = append(s.crds, name)
		list := r.url(o.Resource, "", "")
		if err := s.until(ctx, func(ctx context.Context) bool { return raw(s.client).Get().AbsPath(list).Do(ctx).Error() == nil }); err != nil {
			return fmt.Errorf("%s was defined and is not served: %w", name, err)
		}
	}
	return nil
}

// undefine removes the custom resources that were defined.
func (s *APIServer) undefine(ctx context.Context) error {
	for _, name := range s.crds {
		crds := s.dynamic.Resource(definitions)
		if err := crds.Delete(ctx, name, metav1.DeleteOptions{}); err != nil && !errors.IsNotFound(err) {
			return fmt.Errorf("remove the definition of %s: %w", name, err)
		}
		err := s.until(ctx, func(ctx context.Context) bool {
			_, err := crds.Get(ctx, name, metav1.GetOptions{})
			return errors.IsNotFound(err)
		})
		if err != nil {
			return fmt.Errorf("the definition of %s is still there: %w", name, err)
		}
	}
	s.crds = nil
	return nil
}

func (s *APIServer) until(ctx context.Context, done func(context.Context) bool) error {
	return wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, settle, true, func(ctx context.Context) (bool, error) {
		return done(ctx), nil
	})
}

// definition lets anything be an object of the resource: the schemas of Argo CD and Flux are theirs to check.
func definition(plural string, r stored) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{
			"name": plural + "." + r.group,
			// Without it names in k8s.io's groups are refused.
			"annotations": map[string]any{"api-approved.kubernetes.io": "https://github.com/kubernetes/kubernetes/pull/63797"},
		},
		"spec": map[string]any{
			"group": r.group, "scope": "Namespaced",
			"names": map[string]any{"plural": plural, "singular": strings.ToLower(r.custom), "kind": r.custom, "listKind": r.custom + "List"},
			"versions": []any{map[string]any{
				"name": r.version, "served": true, "storage": true,
				"schema": map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
			}},
		},
	}}
}
