package deploy

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kubeclient"
	"github.com/oombot/oombot/tools/live"
	"github.com/oombot/oombot/tools/logs"
	"github.com/oombot/oombot/tools/pods"
	"github.com/oombot/oombot/tools/rollouts"
)

// role is a Role or ClusterRole.
type role struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"metadata"`
	Rules []rbacv1.PolicyRule `json:"rules"`
}

func rolesOf(t *testing.T, file string) map[string]role {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]role{}
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096)
	for {
		var r role
		if err := decoder.Decode(&r); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if r.Kind == "Role" || r.Kind == "ClusterRole" {
			out[r.Kind+"/"+r.Metadata.Name] = r
		}
	}
}

// granted lists what a role grants as "verb resource.group".
func granted(r role) []string {
	var out []string
	for _, rule := range r.Rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					out = append(out, strings.TrimSuffix(verb+" "+resource+"."+group, "."))
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

// asked lists what the sources say to ask for, in the form of granted.
func asked(t *testing.T, skip func(kubeclient.Resource) bool) []string {
	t.Helper()
	var all []string
	for _, tool := range []investigations.Tool{
		pods.New(fstest.MapFS{}), rollouts.New(fstest.MapFS{}), logs.New(fstest.MapFS{}),
	} {
		all = append(all, tool.Describe().Permissions...)
	}
	return inFull(all, skip)
}

// inFull writes permissions of this system in the form of granted.
func inFull(permissions []string, skip func(kubeclient.Resource) bool) []string {
	var out []string
	for _, p := range permissions {
		verb, resource, _ := strings.Cut(p, " ")
		name, sub, _ := strings.Cut(resource, "/")
		r, known := kubeclient.ResourceNamed(name)
		if !known {
			continue // another system's
		}
		if skip(r) {
			continue
		}
		full := verb + " " + strings.TrimSuffix(resource+"."+r.Group, ".")
		if sub == "" || r.Group == "" {
			out = append(out, full)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestRolesGrantWhatIsAsked holds the roles and the sources together: neither can widen alone.
func TestRolesGrantWhatIsAsked(t *testing.T) {
	cluster := granted(rolesOf(t, "rbac.yaml")["ClusterRole/oombot"])
	if diff := cmp.Diff(asked(t, func(kubeclient.Resource) bool { return false }), cluster); diff != "" {
		t.Errorf("rbac.yaml and the sources differ (- asked, + granted):\n%s", diff)
	}
	namespaced := granted(rolesOf(t, "rbac-namespaced.yaml")["Role/oombot"])
	if diff := cmp.Diff(asked(t, func(r kubeclient.Resource) bool { return r.Clustered }), namespaced); diff != "" {
		t.Errorf("rbac-namespaced.yaml and the sources differ (- asked, + granted):\n%s", diff)
	}
}

// TestNamesRole holds the role of `oombot serve` and what finding by name asks for together.
func TestNamesRole(t *testing.T) {
	roles := rolesOf(t, "rbac-serve.yaml")
	want := inFull(live.NamePermissions(), func(kubeclient.Resource) bool { return false })
	if diff := cmp.Diff(want, granted(roles["ClusterRole/oombot-names"])); diff != "" || len(roles) != 1 {
		t.Errorf("rbac-serve.yaml has %d roles, and differs from what is asked for (- asked, + granted):\n%s", len(roles), diff)
	}
}

// TestLeaseRole has the one role that lets something be changed name what that is: one Lease, which is shipped with it.
func TestLeaseRole(t *testing.T) {
	roles := rolesOf(t, "rbac-lease.yaml")
	r := roles["Role/oombot-lease"]
	want := []rbacv1.PolicyRule{{
		APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, ResourceNames: []string{"oombot"}, Verbs: []string{"get", "update"},
	}}
	if diff := cmp.Diff(want, r.Rules); diff != "" || len(roles) != 1 || r.Metadata.Namespace != "oombot" {
		t.Errorf("rbac-lease.yaml has %d roles, in namespace %q:\n%s", len(roles), r.Metadata.Namespace, diff)
	}
	data, err := os.ReadFile("rbac-lease.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(data, []byte("kind: Lease\nmetadata:\n  name: oombot\n  namespace: oombot\n")) {
		t.Error("the Lease itself is not shipped, and oombot may make none")
	}
}

// TestReviewRole has the role with which the tokens of node agents are reviewed allow that and nothing else.
func TestReviewRole(t *testing.T) {
	roles := rolesOf(t, "rbac-agents-review.yaml")
	want := []rbacv1.PolicyRule{{APIGroups: []string{"authentication.k8s.io"}, Resources: []string{"tokenreviews"}, Verbs: []string{"create"}}}
	if diff := cmp.Diff(want, roles["ClusterRole/oombot-agents-review"].Rules); diff != "" || len(roles) != 1 {
		t.Errorf("rbac-agents-review.yaml has %d roles:\n%s", len(roles), diff)
	}
}

// TestRolesAreReadOnly names the exceptions.
func TestRolesAreReadOnly(t *testing.T) {
	for _, file := range []string{"rbac.yaml", "rbac-namespaced.yaml", "rbac-serve.yaml", "rbac-lease.yaml", "rbac-agents-review.yaml"} {
		for name, r := range rolesOf(t, file) {
			for _, g := range granted(r) {
				verb, resource, _ := strings.Cut(g, " ")
				switch {
				case name == "ClusterRole/oombot-doctor" && g == "create selfsubjectaccessreviews.authorization.k8s.io":
				case name == "ClusterRole/oombot-agents-review" && g == "create tokenreviews.authentication.k8s.io":
				case name == "Role/oombot-lease" && g == "update leases.coordination.k8s.io": // of one name: TestLeaseRole
				case verb != "get" && verb != "list" && verb != "watch":
					t.Errorf("%s: %s may %s", file, name, g)
				case strings.Contains(resource, "*"), strings.Contains(resource, "secret"), strings.Contains(resource, "exec"),
					strings.Contains(resource, "proxy"):
					t.Errorf("%s: %s may %s", file, name, g)
				}
			}
		}
	}
}
