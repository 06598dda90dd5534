package kubeclient

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"

	"github.com/oombot/oombot/investigations"
)

// Permission is a verb on a resource, as sources declare it.
type Permission struct {
	Verb, Resource, Sub string
	resource            Resource
}

// ParsePermission reads a declaration such as "get pods/log"; false for one that is not about Kubernetes.
func ParsePermission(s string) (Permission, bool) {
	verb, resource, ok := strings.Cut(s, " ")
	name, sub, _ := strings.Cut(resource, "/")
	r, known := ResourceNamed(name)
	if !ok || !known {
		return Permission{}, false
	}
	return Permission{Verb: verb, Resource: name, Sub: sub, resource: r}, true
}

// String writes it as RBAC does: "get deployments.apps".
func (p Permission) String() string {
	if p.Sub != "" {
		return p.Verb + " " + p.Resource + "/" + p.Sub
	}
	return p.Verb + " " + p.resource.qualified()
}

// Clustered says that the resource is in no namespace.
func (p Permission) Clustered() bool { return p.resource.Clustered }

// Custom says that a cluster need not have the resource.
func (p Permission) Custom() bool { return p.resource.Custom }

// Allowed asks the API server whether the program may; an empty namespace means all.
func (c *Cluster) Allowed(ctx context.Context, p Permission, namespace string) (bool, error) {
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: namespace, Verb: p.Verb, Group: p.resource.Group, Version: "*", Resource: p.Resource, Subresource: p.Sub,
		},
	}}
	what := "ask for permission to " + p.String()
	var allowed bool
	err := c.patiently(ctx, what, func() error {
		answer, err := c.typed.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
		if err == nil {
			allowed = answer.Status.Allowed
		}
		return err
	})
	switch {
	case apierrors.IsForbidden(err):
		return false, fmt.Errorf("%s: %w: the role lacks the verb create on selfsubjectaccessreviews.authorization.k8s.io "+
			"(the role oombot-doctor in deploy/rbac.yaml has it)", what, investigations.ErrForbidden)
	case ctx.Err() != nil && err != nil:
		return false, timeOut(ctx, what)
	case err != nil:
		return false, explain(what, p.resource, err)
	}
	return allowed, nil
}

// Version returns the API server's version, as v1.36.3.
func (c *Cluster) Version(ctx context.Context) (string, error) {
	const what = "ask the API server for its version"
	var version string
	err := c.patiently(ctx, what, func() error {
		body, err := c.typed.Discovery().RESTClient().Get().AbsPath("/version").Do(ctx).Raw()
		if err != nil {
			return err
		}
		version, err = gitVersion(body)
		return err
	})
	switch {
	case apierrors.IsForbidden(err):
		return "", fmt.Errorf("%s: %w: the role lacks the verb get on /version (the cluster role system:public-info-viewer has it)",
			what, investigations.ErrForbidden)
	case ctx.Err() != nil && err != nil:
		return "", timeOut(ctx, what)
	case err != nil:
		return "", explain(what, Resource{Name: "/version"}, err)
	}
	return version, nil
}

// mostSamples is how many pods are looked at for a sample.
const mostSamples = 200

// Sample returns a running pod that shows what the sources know, among the first ones of the cluster or the
// namespace: somebody's own before one of Kubernetes', which has neither a limit nor requests to count, and of those the
// one that has run the longest, since its metrics and logs had the time to arrive.
func (c *Cluster) Sample(ctx context.Context, namespace string) (*Object, error) {
	q := Query{
		Resource: "pods", Namespace: namespace, AtMost: mostSamples,
		Fields: fields.OneTermEqualSelector("status.phase", string(corev1.PodRunning)).String(),
	}
	objects, err := c.List(ctx, q)
	if len(objects) == 0 {
		if err == nil {
			err = fmt.Errorf("find a sample pod: none runs: %w", investigations.ErrNotFound)
		}
		return nil, err
	}
	best := slices.MinFunc(objects, func(a, b Object) int {
		return cmp.Or(cmp.Compare(ownRank(a.GetNamespace()), ownRank(b.GetNamespace())),
			a.GetCreationTimestamp().Compare(b.GetCreationTimestamp().Time))
	})
	return &best, nil
}

// ownRank is 1 for a namespace of Kubernetes' own; the prefix is reserved for those.
func ownRank(namespace string) int {
	if strings.HasPrefix(namespace, "kube-") {
		return 1
	}
	return 0
}
