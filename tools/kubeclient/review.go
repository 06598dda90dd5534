package kubeclient

import (
	"context"
	"fmt"
	"slices"

	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/oombot/oombot/investigations"
)

// ReviewedToken is whose a token is that the API server issued.
type ReviewedToken struct {
	// Valid says that the API server takes it, for the audience that was asked for. The other fields are empty where not.
	Valid bool
	// User is as system:serviceaccount:NAMESPACE:NAME.
	User string
	// Node and Pod are those that the token is bound to, where the server tells: the node since Kubernetes 1.30.
	Node, Pod string
}

// What a token that is bound to a pod says beyond its user (KEP-4193).
const (
	extraNode = "authentication.kubernetes.io/node-name"
	extraPod  = "authentication.kubernetes.io/pod-name"
)

// MayReviewTokens asks the API server whether the program may have tokens reviewed.
func (c *Cluster) MayReviewTokens(ctx context.Context) (bool, error) {
	return c.Allowed(ctx, Permission{Verb: "create", Resource: "tokenreviews", resource: Resource{
		Name: "tokenreviews", Group: "authentication.k8s.io", Clustered: true,
	}}, "")
}

// ReviewToken asks the API server whose a token is. A server that does not know audiences takes any token: what it says
// counts for nothing. The error holds nothing of the token.
func (c *Cluster) ReviewToken(ctx context.Context, token, audience string) (ReviewedToken, error) {
	const what = "have a token reviewed" // no word before a colon that reads as the name of a secret
	review := &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: token, Audiences: []string{audience}}}
	var status authenticationv1.TokenReviewStatus
	err := c.patiently(ctx, what, func() error {
		answer, err := c.typed.AuthenticationV1().TokenReviews().Create(ctx, review, metav1.CreateOptions{})
		if err == nil {
			status = answer.Status
		}
		return err
	})
	switch {
	case apierrors.IsForbidden(err):
		return ReviewedToken{}, fmt.Errorf("%s: %w: the role lacks the verb create on tokenreviews.authentication.k8s.io "+
			"(the role oombot-agents-review in deploy/rbac-agents-review.yaml has it)", what, investigations.ErrForbidden)
	case ctx.Err() != nil && err != nil:
		return ReviewedToken{}, timeOut(ctx, what)
	case err != nil:
		return ReviewedToken{}, explain(what, Resource{Name: "tokenreviews"}, err)
	}
	if !status.Authenticated || !slices.Contains(status.Audiences, audience) {
		return ReviewedToken{}, nil
	}
	return ReviewedToken{
		Valid: true, User: status.User.Username, Node: only(status.User.Extra[extraNode]), Pod: only(status.User.Extra[extraPod]),
	}, nil
}

// only returns the one value that there is.
func only(values []string) string {
	if len(values) != 1 {
		return ""
	}
	return values[0]
}
