package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	authorizationv1 "k8s.io/api/authorization/v1"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kubeclient/kubetest"
)

// checkedUp runs doctor and reads its report.
func checkedUp(t *testing.T, s *kubetest.Server, args ...string) checkup {
	t.Helper()
	stdout, stderr, code := atCluster(t, s, append([]string{"doctor", "-o", "json"}, args...)...)
	if code != 0 || stderr != "" {
		t.Errorf("exit status %d, %s", code, stderr)
	}
	return readCheckup(t, stdout)
}

func readCheckup(t *testing.T, stdout string) checkup {
	t.Helper()
	var c checkup
	if err := json.Unmarshal([]byte(stdout), &c); err != nil {
		t.Fatalf("%v in\n%s", err, stdout)
	}
	for _, k := range c.Checks {
		if k.State != investigations.CheckOK && k.Fix == "" {
			t.Errorf("nothing says what to do about %+v", k)
		}
	}
	return c
}

// named returns the check of that tool and name; one without a state where there is none.
func (c *checkup) named(tool, name string) investigations.Check {
	for _, k := range c.Checks {
		if k.Tool == tool && k.Name == name {
			return k
		}
	}
	return investigations.Check{}
}

// running is a tree with one pod that runs.
func running() fstest.MapFS {
	return fstest.MapFS{"kubernetes/pods.json": {Data: []byte(`{"items":[{"metadata":{"name":"web-0","namespace":"shop"},
		"spec":{"nodeName":"n1","containers":[{"name":"c"}]},"status":{"phase":"Running"}}]}`)}}
}

func TestDoctorWell(t *testing.T) {
	c := checkedUp(t, kubetest.New(t, running()))
	if c.Version != 1 || c.Sample != "shop/web-0" {
		t.Errorf("version %d, sample %q", c.Version, c.Sample)
	}
	for name, says := range map[string]string{
		"API server": kubetest.Version, "sample pod": "shop/web-0", "list pods": "allowed", "get nodes": "allowed",
	} {
		if k := c.named(investigations.ToolPods, name); k.State != investigations.CheckOK || !strings.Contains(k.Says, says) {
			t.Errorf("%s: %+v", name, k)
		}
	}
	if k := c.named(investigations.ToolLogs, "get pods/log"); k.State != investigations.CheckOK {
		t.Errorf("get pods/log: %+v", k)
	}
}

func TestDoctorPermissions(t *testing.T) {
	s := kubetest.New(t, running())
	s.Allow(func(a authorizationv1.ResourceAttributes) bool {
		return a.Namespace == "shop" && a.Resource == "pods" && a.Subresource == ""
	})
	c := checkedUp(t, s, "shop/web-0")
	for _, test := range []struct {
		tool, name string
		state      investigations.CheckState
		says, fix  string
	}{
		{investigations.ToolPods, "list pods", investigations.CheckWarn, "allowed in namespace shop, not in all", "deploy/rbac.yaml"},
		{investigations.ToolPods, "list events", investigations.CheckFail, "not allowed", "deploy/rbac.yaml"},
		{investigations.ToolPods, "get nodes", investigations.CheckWarn, "not allowed", "deploy/rbac.yaml"},
		{investigations.ToolRollouts, "list replicasets.apps", investigations.CheckFail, "not allowed", "deploy/rbac.yaml"},
		{investigations.ToolRollouts, "get applications.argoproj.io", investigations.CheckWarn, "only where these objects are installed", "deploy/rbac.yaml"},
		{investigations.ToolLogs, "get pods/log", investigations.CheckFail, "not allowed", "deploy/rbac.yaml"},
	} {
		k := c.named(test.tool, test.name)
		if k.State != test.state || !strings.Contains(k.Says, test.says) || !strings.Contains(k.Fix, test.fix) {
			t.Errorf("%s: %+v", test.name, k)
		}
	}
}

// TestDoctorForbidden has an account that may not even ask.
func TestDoctorForbidden(t *testing.T) {
	s := kubetest.New(t, running())
	s.Forbid(func(*http.Request) bool { return true })
	c := checkedUp(t, s)
	if k := c.named(investigations.ToolPods, "sample pod"); k.State != investigations.CheckWarn || !strings.Contains(k.Fix, "oombot doctor NAMESPACE/POD") {
		t.Errorf("%+v", k)
	}
	if k := c.named(investigations.ToolPods, "list pods"); k.State != investigations.CheckWarn || !strings.Contains(k.Fix, "oombot-doctor") ||
		!strings.Contains(k.Says, "create on selfsubjectaccessreviews") {
		t.Errorf("%+v", k)
	}
}

// hanging is the address of a server that takes requests and never answers.
func hanging(t *testing.T) string {
	t.Helper()
	stop := make(chan struct{})
	hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-stop:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(hangs.Close)
	t.Cleanup(func() { close(stop) })
	return hangs.URL
}

// TestDoctorHangs has an API server that never answers: that is said once, and not for each permission.
func TestDoctorHangs(t *testing.T) {
	dir := t.TempDir()
	kubeconfig := filepath.Join(dir, "kubeconfig")
	text := fmt.Sprintf("apiVersion: v1\nkind: Config\nclusters: [{name: a, cluster: {server: %q}}]\ncontexts: [{name: a, context: {cluster: a}}]\ncurrent-context: a\n", hanging(t))
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "oombot.yaml")
	if err := os.WriteFile(config, []byte("kubernetes: {kubeconfig: "+kubeconfig+"}\nlimits: {source_timeout: 1s}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := runProgram(t, nil, "doctor", "-o", "json", "--config", config)
	if code != 0 {
		t.Fatalf("exit status %d, %s", code, stderr)
	}
	c := readCheckup(t, stdout)
	if k := c.named(investigations.ToolPods, "API server"); k.State != investigations.CheckFail || !strings.Contains(k.Says, "no answer in time") {
		t.Errorf("%+v", k)
	}
	if k := c.named(investigations.ToolPods, "permissions"); k.State != investigations.CheckWarn {
		t.Errorf("%+v", k)
	}
	if k := c.named(investigations.ToolPods, "list pods"); k.State != "" {
		t.Errorf("%+v", k)
	}
}

// TestDoctorWithoutACluster looks at the other sources all the same.
func TestDoctorWithoutACluster(t *testing.T) {
	dir := t.TempDir()
	config, kubeconfig := filepath.Join(dir, "oombot.yaml"), filepath.Join(dir, "kubeconfig")
	for path, text := range map[string]string{
		kubeconfig: "apiVersion: v1\nkind: Config\n",
		config:     "kubernetes: {kubeconfig: " + kubeconfig + ", context: password=hunter2}\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	stdout, _, code := runProgram(t, nil, "doctor", "-o", "json", "--config", config)
	if code != 0 || strings.Contains(stdout, "hunter2") {
		t.Errorf("exit status %d:\n%s", code, stdout)
	}
	c := readCheckup(t, stdout)
	if k := c.named(investigations.ToolPods, "API server"); k.State != investigations.CheckFail {
		t.Errorf("%+v", k)
	}
	seen := map[string]bool{}
	for _, k := range c.Checks {
		seen[k.Tool] = true
	}
	for _, tool := range []string{investigations.ToolMetrics, investigations.ToolProfiles, investigations.ToolKernlog, investigations.ToolLogs} {
		if !seen[tool] {
			t.Errorf("nothing is said about %s: %+v", tool, c.Checks)
		}
	}
}

func TestDoctorText(t *testing.T) {
	stdout, _, code := atCluster(t, kubetest.New(t, running()), "doctor")
	for _, want := range []string{
		"ok              configuration: it can be used\n", "ok    pods      API server: it answers, version " + kubetest.Version + "\n", " to look at, ",
		"\n                -> ",
	} {
		if code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("exit status %d, no %q in\n%s", code, want, stdout)
		}
	}
	if _, stderr, code := atCluster(t, kubetest.New(t, running()), "doctor", "shop"); code != 2 || !strings.Contains(stderr, "write NAMESPACE/NAME") {
		t.Errorf("a target that is none: exit status %d, %s", code, stderr)
	}
}
