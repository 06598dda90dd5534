package kubeclient_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kubeclient"
	"github.com/oombot/oombot/tools/kubeclient/kubetest"
)

func TestReviewToken(t *testing.T) {
	agent := authenticationv1.UserInfo{
		Username: "system:serviceaccount:oombot:oombot-agent",
		Extra: map[string]authenticationv1.ExtraValue{
			"authentication.kubernetes.io/node-name": {"n1"}, "authentication.kubernetes.io/pod-name": {"oombot-agent-x"},
		},
	}
	twice := authenticationv1.UserInfo{Username: "u", Extra: map[string]authenticationv1.ExtraValue{"authentication.kubernetes.io/node-name": {"n1", "n2"}}}
	tests := map[string]struct {
		status authenticationv1.TokenReviewStatus
		want   kubeclient.ReviewedToken
	}{
		"of an agent": {
			authenticationv1.TokenReviewStatus{Authenticated: true, Audiences: []string{"oombot"}, User: agent},
			kubeclient.ReviewedToken{Valid: true, User: agent.Username, Node: "n1", Pod: "oombot-agent-x"},
		},
		"bound to nothing": {
			authenticationv1.TokenReviewStatus{Authenticated: true, Audiences: []string{"other", "oombot"}, User: authenticationv1.UserInfo{Username: "u"}},
			kubeclient.ReviewedToken{Valid: true, User: "u"},
		},
		"of two nodes": {
			authenticationv1.TokenReviewStatus{Authenticated: true, Audiences: []string{"oombot"}, User: twice}, kubeclient.ReviewedToken{Valid: true, User: "u"},
		},
		"of another audience":                 {authenticationv1.TokenReviewStatus{Authenticated: true, Audiences: []string{"api"}, User: agent}, kubeclient.ReviewedToken{}},
		"of a server that knows no audiences": {authenticationv1.TokenReviewStatus{Authenticated: true, User: agent}, kubeclient.ReviewedToken{}},
		"not valid":                           {authenticationv1.TokenReviewStatus{Error: "expired", Audiences: []string{"oombot"}}, kubeclient.ReviewedToken{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := kubetest.New(t, fstest.MapFS{})
			s.Review(func(spec authenticationv1.TokenReviewSpec) authenticationv1.TokenReviewStatus {
				if diff := cmp.Diff(authenticationv1.TokenReviewSpec{Token: "a.b.c", Audiences: []string{"oombot"}}, spec); diff != "" {
					t.Error(diff)
				}
				return tt.status
			})
			got, err := s.Cluster(t).ReviewToken(t.Context(), "a.b.c", "oombot")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReviewTokenFails(t *testing.T) {
	s := kubetest.New(t, fstest.MapFS{})
	s.Forbid(func(*http.Request) bool { return true })
	_, err := s.Cluster(t).ReviewToken(t.Context(), "s3cret", "oombot")
	if !errors.Is(err, investigations.ErrForbidden) || !strings.Contains(err.Error(), "rbac-agents-review.yaml") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("without the role: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = kubetest.New(t, fstest.MapFS{}).Cluster(t).ReviewToken(ctx, "s3cret", "oombot")
	if !errors.Is(err, investigations.ErrUnavailable) || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("when it is over: %v", err)
	}
}
