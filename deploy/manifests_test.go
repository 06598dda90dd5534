package deploy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

const manifests = "manifests/oombot.yaml"

// readManifests returns the documents of the plain manifests, by KIND/NAME.
func readManifests(t *testing.T) map[string][]byte {
	t.Helper()
	data, err := os.ReadFile(manifests)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for reader := utilyaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(data))); ; {
		doc := make([]byte, 64<<10)
		n, err := reader.Read(doc)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		var o struct {
			Kind     string `json:"kind"`
			Metadata struct {
				Name string `json:"name"`
			} `json:"metadata"`
		}
		if err := yaml.Unmarshal(doc[:n], &o); err != nil {
			t.Fatal(err)
		}
		out[o.Kind+"/"+o.Metadata.Name] = doc[:n]
	}
}

func decoded[T any](t *testing.T, name string) T {
	t.Helper()
	var out T
	doc, found := readManifests(t)[name]
	if !found {
		t.Fatalf("%s has no %s", manifests, name)
	}
	if err := yaml.UnmarshalStrict(doc, &out); err != nil {
		t.Fatalf("%s of %s: %v", name, manifests, err)
	}
	return out
}

// TestManifestRoles holds the roles of the chart, as the manifests have them, and the files with roles together: neither can
// widen alone. What the agents need stands here.
func TestManifestRoles(t *testing.T) {
	want := map[string][]string{
		"ClusterRole/oombot":               granted(rolesOf(t, "rbac.yaml")["ClusterRole/oombot"]),
		"ClusterRole/oombot-doctor":        granted(rolesOf(t, "rbac.yaml")["ClusterRole/oombot-doctor"]),
		"ClusterRole/oombot-names":         granted(rolesOf(t, "rbac-serve.yaml")["ClusterRole/oombot-names"]),
		"ClusterRole/oombot-agents-review": granted(rolesOf(t, "rbac-agents-review.yaml")["ClusterRole/oombot-agents-review"]),
		"ClusterRole/oombot-agent":         {"get pods", "list pods", "watch pods"},
	}
	got := map[string][]string{}
	for name, r := range rolesOf(t, manifests) {
		got[name] = granted(r)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s and the roles in deploy/ differ (- deploy/, + manifests):\n%s", manifests, diff)
	}
	if len(want["ClusterRole/oombot"]) < 20 {
		t.Errorf("rbac.yaml grants %q only", want["ClusterRole/oombot"])
	}
}

// TestManifestBindings has each role bound to the one account that it is for.
func TestManifestBindings(t *testing.T) {
	bound := map[string]string{}
	for name := range readManifests(t) {
		if !strings.HasPrefix(name, "ClusterRoleBinding/") {
			continue
		}
		b := decoded[rbacv1.ClusterRoleBinding](t, name)
		if len(b.Subjects) != 1 || b.RoleRef.Name != b.Name || b.RoleRef.Kind != "ClusterRole" {
			t.Errorf("%s binds %s %s to %v", name, b.RoleRef.Kind, b.RoleRef.Name, b.Subjects)
			continue
		}
		bound[b.RoleRef.Name] = fmt.Sprintf("%s %s/%s", b.Subjects[0].Kind, b.Subjects[0].Namespace, b.Subjects[0].Name)
	}
	const bot, agent = "ServiceAccount oombot/oombot", "ServiceAccount oombot/oombot-agent"
	want := map[string]string{"oombot": bot, "oombot-doctor": bot, "oombot-names": bot, "oombot-agents-review": bot, "oombot-agent": agent}
	if diff := cmp.Diff(want, bound); diff != "" {
		t.Errorf("roles and whom they are bound to (- wanted, + is):\n%s", diff)
	}
}

// TestManifestsReadOnly names the exceptions, as TestRolesAreReadOnly does for the files with roles.
func TestManifestsReadOnly(t *testing.T) {
	for name, r := range rolesOf(t, manifests) {
		for _, g := range granted(r) {
			verb, resource, _ := strings.Cut(g, " ")
			switch {
			case name == "ClusterRole/oombot-doctor" && g == "create selfsubjectaccessreviews.authorization.k8s.io":
			case name == "ClusterRole/oombot-agents-review" && g == "create tokenreviews.authentication.k8s.io":
			case verb != "get" && verb != "list" && verb != "watch":
				t.Errorf("%s may %s", name, g)
			case strings.Contains(resource, "*"), strings.Contains(resource, "secret"), strings.Contains(resource, "exec"), strings.Contains(resource, "proxy"):
				t.Errorf("%s may %s", name, g)
			}
		}
	}
}

// TestManifestBot holds what the bot's pod must be: without rights on its node, alone with its file, and without a secret
// in its environment.
func TestManifestBot(t *testing.T) {
	d := decoded[appsv1.Deployment](t, "Deployment/oombot")
	if *d.Spec.Replicas != 1 || d.Spec.Strategy.Type != appsv1.RecreateDeploymentStrategyType {
		t.Errorf("%d replicas, %s: the memory file has one owner", *d.Spec.Replicas, d.Spec.Strategy.Type)
	}
	pod := d.Spec.Template.Spec
	c := pod.Containers[0]
	if !*pod.SecurityContext.RunAsNonRoot || *pod.SecurityContext.RunAsUser != 65532 || pod.HostPID || pod.HostNetwork ||
		pod.SecurityContext.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
		t.Errorf("the bot's pod runs as %+v", pod.SecurityContext)
	}
	if !*c.SecurityContext.ReadOnlyRootFilesystem || *c.SecurityContext.AllowPrivilegeEscalation || len(c.SecurityContext.Capabilities.Add) > 0 ||
		!slices.Equal(c.SecurityContext.Capabilities.Drop, []corev1.Capability{"ALL"}) {
		t.Errorf("the bot's container runs as %+v", c.SecurityContext)
	}
	if c.LivenessProbe.HTTPGet.Path != "/healthz" || c.ReadinessProbe.HTTPGet.Path != "/readyz" || len(c.Env) != 1 || c.Env[0].Name != "OOMBOT_CONFIG" {
		t.Errorf("the bot is asked at %s and %s, with the environment %v", c.LivenessProbe.HTTPGet.Path, c.ReadinessProbe.HTTPGet.Path, c.Env)
	}
	for _, v := range pod.Volumes {
		if v.HostPath != nil {
			t.Errorf("the bot mounts %s of its node", v.HostPath.Path)
		}
	}
}

// TestManifestAgent holds what the agent's pod may at most be.
func TestManifestAgent(t *testing.T) {
	d := decoded[appsv1.DaemonSet](t, "DaemonSet/oombot-agent")
	pod := d.Spec.Template.Spec
	c := pod.Containers[0]
	s := c.SecurityContext
	if s.Privileged != nil || *s.AllowPrivilegeEscalation || !*s.ReadOnlyRootFilesystem ||
		!slices.Equal(s.Capabilities.Drop, []corev1.Capability{"ALL"}) || !slices.Equal(s.Capabilities.Add, []corev1.Capability{"SYSLOG"}) {
		t.Errorf("the agent's container runs as %+v", s)
	}
	if pod.HostNetwork || pod.HostIPC || !pod.HostPID || pod.SecurityContext.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
		t.Errorf("the agent's pod is %+v", pod.SecurityContext)
	}
	host := map[string]string{}
	for _, v := range pod.Volumes {
		if v.HostPath != nil {
			host[v.Name] = v.HostPath.Path
		}
		if v.Projected != nil && (v.Projected.Sources[0].ServiceAccountToken.Audience != "oombot" || *v.Projected.Sources[0].ServiceAccountToken.ExpirationSeconds != 3600) {
			t.Errorf("the agent's token is %+v", v.Projected.Sources[0].ServiceAccountToken)
		}
	}
	if diff := cmp.Diff(map[string]string{"cgroup": "/sys/fs/cgroup", "state": "/var/lib/oombot-agent"}, host); diff != "" {
		t.Errorf("folders of the node (- wanted, + mounted):\n%s", diff)
	}
	var writable []string
	for _, m := range c.VolumeMounts {
		if !m.ReadOnly {
			writable = append(writable, m.Name)
		}
	}
	if !slices.Equal(writable, []string{"state"}) {
		t.Errorf("the agent can write to %v", writable)
	}
	if d.Spec.UpdateStrategy.RollingUpdate.MaxUnavailable.StrVal != "10%" || pod.PriorityClassName != "system-node-critical" {
		t.Errorf("rollouts take %v at a time, class %q", d.Spec.UpdateStrategy.RollingUpdate.MaxUnavailable, pod.PriorityClassName)
	}
}

// TestManifestImages wants both of one image, whose tag is the chart's version of the program.
func TestManifestImages(t *testing.T) {
	chart, err := os.ReadFile("helm/oombot/Chart.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		AppVersion string `json:"appVersion"`
	}
	if err := yaml.Unmarshal(chart, &c); err != nil || c.AppVersion == "" {
		t.Fatalf("version %q of the program in Chart.yaml: %v", c.AppVersion, err)
	}
	images := map[string]bool{
		decoded[appsv1.Deployment](t, "Deployment/oombot").Spec.Template.Spec.Containers[0].Image:     true,
		decoded[appsv1.DaemonSet](t, "DaemonSet/oombot-agent").Spec.Template.Spec.Containers[0].Image: true,
	}
	if got := slices.Collect(maps.Keys(images)); len(got) != 1 || got[0] != "oombot:"+c.AppVersion {
		t.Errorf("images %v, want oombot:%s", got, c.AppVersion)
	}
}
