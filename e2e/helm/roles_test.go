package helm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes"

	"github.com/oombot/oombot/e2e/cluster"
)

// verbs are all that RBAC knows of resources that are asked for by these tests.
var verbs = []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "impersonate", "bind", "escalate"}

// fileRules returns what the roles of a file in deploy/ grant, by their names, as "verb resource.group".
func fileRules(t *testing.T, file string) map[string][]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../../deploy", file))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096)
	for {
		var r rbacv1.ClusterRole
		if err := decoder.Decode(&r); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		if r.Kind == "ClusterRole" || r.Kind == "Role" {
			for _, rule := range r.Rules {
				out[r.Name] = append(out[r.Name], granted(rule)...)
			}
		}
	}
}

func granted(rule rbacv1.PolicyRule) []string {
	var out []string
	for _, group := range rule.APIGroups {
		for _, resource := range rule.Resources {
			for _, verb := range rule.Verbs {
				out = append(out, strings.TrimSuffix(verb+" "+resource+"."+group, "."))
			}
		}
	}
	return out
}

// everybody are what the API server lets every authenticated user do.
var everybody = []string{
	"create selfsubjectaccessreviews.authorization.k8s.io", "create selfsubjectreviews.authentication.k8s.io",
	"create selfsubjectrulesreviews.authorization.k8s.io",
}

const kubeletPods = "get nodes/pods"

var podsOfAgent = []string{"get pods", "list pods", "watch pods"}

// TestAccounts asks the API server's authorizer, for each service account, for every verb of every resource that the server
// has: what it may is what the files in deploy/ grant, and nothing else.
func TestAccounts(t *testing.T) {
	a := newApplier(t)
	for _, ns := range []string{"shop", "pay", "elsewhere"} {
		a.namespace(t, ns, "privileged", "privileged")
	}
	review := fileRules(t, "rbac-agents-review.yaml")["oombot-agents-review"][0]
	read, names := fileRules(t, "rbac.yaml"), fileRules(t, "rbac-serve.yaml")
	lease, namespaced := fileRules(t, "rbac-lease.yaml"), fileRules(t, "rbac-namespaced.yaml")
	bot := slices.Concat(read["oombot"], read["oombot-doctor"], names["oombot-names"])
	if len(read["oombot"]) < 20 || len(names["oombot-names"]) != 3 || len(lease["oombot-lease"]) != 2 || len(namespaced["oombot"]) < 15 {
		t.Fatalf("the files in deploy/ grant %v, %v, %v, %v", read, names, lease, namespaced)
	}
	for _, tt := range []struct {
		variant, account, in string
		may                  []string
	}{
		{"default", "$", "elsewhere", append(slices.Clone(bot), review)},
		{"default", "$", "ns-default", append(slices.Clone(bot), review)},
		{"default", "$-agent", "elsewhere", podsOfAgent},
		{"kmsg", "$-agent", "ns-kmsg", podsOfAgent},
		{"kubelet", "$-agent", "elsewhere", []string{kubeletPods}},
		{"no-pods", "$-agent", "ns-no-pods", nil},
		{"bot", "$", "elsewhere", append(slices.Clone(bot), review)},
		{"lone", "$", "elsewhere", bot},
		{"full", "$", "elsewhere", bot},
		{"bare", "$", "ns-bare", nil},
		{"two", "$", "elsewhere", append(slices.Clone(bot), review)},
		{"some", "$", "shop", slices.Concat(namespaced["oombot"], read["oombot-doctor"], names["oombot-names"], []string{review})},
		{"some", "$", "elsewhere", slices.Concat(read["oombot-doctor"], names["oombot-names"], []string{review})},
	} {
		t.Run(tt.variant+tt.account+" in "+tt.in, func(t *testing.T) {
			a.roles(t, tt.variant)
			want := slices.Concat(tt.may, everybody)
			slices.Sort(want)
			if diff := cmp.Diff(slices.Compact(want), a.may(t, account(tt.variant, tt.account), tt.in)); diff != "" {
				t.Errorf("what it may (- granted by deploy/, + allowed):\n%s", diff)
			}
		})
	}
	t.Run("the lease", func(t *testing.T) { judgesLease(t, a) })
	t.Run("tokens", func(t *testing.T) { judgesTokens(t, a) })
}

// roles makes the accounts, roles and bindings of a variant, unless they are there.
func (a *applier) roles(t *testing.T, variant string) {
	t.Helper()
	if _, err := a.server.Client().CoreV1().Namespaces().Get(t.Context(), "ns-"+variant, metav1.GetOptions{}); err == nil {
		return
	}
	a.namespace(t, "ns-"+variant, "privileged", "privileged")
	for _, o := range render(t, variant) {
		switch o.GetKind() {
		case "ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "Lease":
			if err := a.create(t.Context(), o); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// may returns what an account may in a namespace, of all that the server has.
func (a *applier) may(t *testing.T, user, namespace string) []string {
	t.Helper()
	_, lists, err := a.server.Client().Discovery().ServerGroupsAndResources()
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]authorizationv1.ResourceAttributes{}
	add := func(group, resource string) {
		name, sub, _ := strings.Cut(resource, "/")
		for _, verb := range verbs {
			asked[strings.TrimSuffix(verb+" "+resource+"."+group, ".")] = authorizationv1.ResourceAttributes{
				Namespace: namespace, Verb: verb, Group: group, Resource: name, Subresource: sub,
			}
		}
	}
	for _, l := range lists {
		group, _, found := strings.Cut(l.GroupVersion, "/")
		if !found {
			group = ""
		}
		for _, r := range l.APIResources {
			add(group, r.Name)
		}
	}
	// What custom resources, the kubelet and impersonation call their own.
	for _, r := range []string{
		"verticalpodautoscalers.autoscaling.k8s.io", "applications.argoproj.io", "kustomizations.kustomize.toolkit.fluxcd.io",
		"helmreleases.helm.toolkit.fluxcd.io", "nodes/pods.", "nodes/stats.", "nodes/log.", "nodes/metrics.", "nodes/configz.", "users.", "groups.",
	} {
		resource, group, _ := strings.Cut(r, ".")
		add(group, resource)
	}
	if len(asked) < 1000 {
		t.Fatalf("only %d things to ask for", len(asked))
	}
	return a.allowed(t, user, asked)
}

// allowed asks the authorizer for each.
func (a *applier) allowed(t *testing.T, user string, asked map[string]authorizationv1.ResourceAttributes) []string {
	t.Helper()
	groups := []string{"system:authenticated", "system:serviceaccounts", "system:serviceaccounts:" + strings.Split(user, ":")[2]}
	names := slices.Sorted(maps.Keys(asked))
	answers := make([]bool, len(names))
	var all errgroup.Group
	all.SetLimit(8)
	for i, name := range names {
		all.Go(func() error {
			attributes := asked[name]
			review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
				User: user, Groups: groups, ResourceAttributes: &attributes,
			}}
			got, err := a.server.Client().AuthorizationV1().SubjectAccessReviews().Create(context.WithoutCancel(t.Context()), review, metav1.CreateOptions{})
			if err != nil {
				return fmt.Errorf("may %s %s: %w", user, name, err)
			}
			answers[i] = got.Status.Allowed
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	var out []string
	for i, name := range names {
		if answers[i] {
			out = append(out, name)
		}
	}
	return out
}

// judgesLease has a replica change the one Lease that the chart makes, and nothing beside it.
func judgesLease(t *testing.T, a *applier) {
	a.roles(t, "two")
	client := a.as(t, "two", "$")
	leases := client.CoordinationV1().Leases("ns-two")
	lease, err := leases.Get(t.Context(), "oombot-two", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	holder := "me"
	lease.Spec.HolderIdentity = &holder
	if _, err := leases.Update(t.Context(), lease, metav1.UpdateOptions{}); err != nil {
		t.Errorf("it may not hold its Lease: %v", err)
	}
	lease.Name, lease.ResourceVersion = "another", ""
	if _, err := leases.Create(t.Context(), lease, metav1.CreateOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("make another Lease: %v, want a refusal", err)
	}
	if _, err := leases.Get(t.Context(), "another", metav1.GetOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("get another Lease: %v, want a refusal", err)
	}
	if err := leases.Delete(t.Context(), "oombot-two", metav1.DeleteOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("delete its Lease: %v, want a refusal", err)
	}
}

// as returns a client with the token of an account of a variant.
func (a *applier) as(t *testing.T, variant, name string) kubernetes.Interface {
	t.Helper()
	token := a.server.ServiceAccount(t, "ns-"+variant, strings.ReplaceAll(name, "$", "oombot-"+variant))
	client, err := kubernetes.NewForConfig(a.server.ConfigFor(cluster.Access{Token: token}))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// judgesTokens has the bot review the token that the chart projects into the agent: it tells who that is, and is good for
// nothing else. What each account must not do is tried for real.
func judgesTokens(t *testing.T, a *applier) {
	a.roles(t, "default")
	bot, agent := a.as(t, "default", "$"), a.as(t, "default", "$-agent")
	if _, err := agent.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{FieldSelector: "spec.nodeName=n1"}); err != nil {
		t.Errorf("the agent lists the pods of its node: %v", err)
	}
	for who, client := range map[string]kubernetes.Interface{"bot": bot, "agent": agent} {
		_, secrets := client.CoreV1().Secrets("ns-default").List(t.Context(), metav1.ListOptions{})
		pods := client.CoreV1().Pods("ns-default").Delete(t.Context(), "a-pod", metav1.DeleteOptions{})
		exec := client.CoreV1().RESTClient().Post().AbsPath("/api/v1/namespaces/ns-default/pods/a-pod/exec").Param("command", "sh").Do(t.Context()).Error()
		proxy := client.CoreV1().RESTClient().Get().AbsPath("/api/v1/nodes/n1/proxy/pods").Do(t.Context()).Error()
		for what, err := range map[string]error{"list secrets": secrets, "delete a pod": pods, "exec into a pod": exec, "reach a node's proxy": proxy} {
			if !apierrors.IsForbidden(err) {
				t.Errorf("the %s: %s: %v, want a refusal", who, what, err)
			}
		}
	}
	hour := int64(3600)
	projected, err := a.server.Client().CoreV1().ServiceAccounts("ns-default").CreateToken(t.Context(), "oombot-default-agent",
		&authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{Audiences: []string{"oombot"}, ExpirationSeconds: &hour}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	review := &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: projected.Status.Token, Audiences: []string{"oombot"}}}
	got, err := bot.AuthenticationV1().TokenReviews().Create(t.Context(), review, metav1.CreateOptions{})
	if err != nil || !got.Status.Authenticated || got.Status.User.Username != account("default", "$-agent") {
		t.Errorf("the bot reviews the agent's token: %+v, %v", got.Status, err)
	}
	stolen, err := kubernetes.NewForConfig(a.server.ConfigFor(cluster.Access{Token: projected.Status.Token}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stolen.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{}); !apierrors.IsUnauthorized(err) {
		t.Errorf("the API server takes the agent's token for the bot: %v", err)
	}
}
