package live

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/e2e/cluster"
	"github.com/oombot/oombot/investigations"
)

// checkup is what doctor -o json prints.
type checkup struct {
	Version int
	Sample  string
	Checks  []investigations.Check
}

func doctor(t *testing.T, env []string, args ...string) checkup {
	t.Helper()
	var c checkup
	out := run(t, env, append([]string{"doctor", "-o", "json"}, args...)...)
	if err := json.Unmarshal(out.Stdout, &c); err != nil {
		t.Fatalf("%v in\n%s", err, out.Stdout)
	}
	for _, k := range c.Checks {
		if k.State != investigations.CheckOK && k.Fix == "" {
			t.Errorf("nothing says what to do about %+v", k)
		}
	}
	return c
}

// find returns the check of that name.
func (c checkup) find(t *testing.T, tool, name string) investigations.Check {
	t.Helper()
	for _, k := range c.Checks {
		if k.Tool == tool && k.Name == name {
			return k
		}
	}
	t.Fatalf("no check %s of %s among %+v", name, tool, c.Checks)
	return investigations.Check{}
}

// TestDoctor has a cluster in good health, one with a role that lacks something, and nothing at all looked at.
func TestDoctor(t *testing.T) {
	server := cluster.StartAPIServer(t, cluster.ServerOptions{})
	token := server.ServiceAccount(t, "oombot", "oombot")
	i := loadInto(t, server, example("leak-after-deploy"), cluster.PrometheusOptions{})
	target := i.request.Target.Namespace + "/" + i.request.Target.Pod

	// Before the roles are there, everything is refused.
	bare := doctor(t, i.env(t, server.KubeconfigFor(t, cluster.Access{Token: token})), target)
	if k := bare.find(t, investigations.ToolPods, "list pods"); k.State != investigations.CheckFail || !strings.Contains(k.Fix, "deploy/rbac.yaml") {
		t.Errorf("without a role: %+v", k)
	}

	apply(t, server, "rbac.yaml", "")
	env := i.env(t, server.KubeconfigFor(t, cluster.Access{Token: token}))
	mark := server.AuditMark(t)
	good := doctor(t, env, target)
	if good.Version != 1 || good.Sample != target {
		t.Errorf("version %d, sample %q", good.Version, good.Sample)
	}
	for _, k := range good.Checks {
		switch {
		case k.Tool == investigations.ToolPods || k.Tool == investigations.ToolRollouts || strings.HasPrefix(k.Name, "get pods/log"):
			if k.State != investigations.CheckOK {
				t.Errorf("%+v", k)
			}
		case k.Tool == investigations.ToolMetrics:
			t.Logf("%+v", k)
		}
	}
	if k := good.find(t, investigations.ToolPods, "API server"); !strings.Contains(k.Says, "v1.36") {
		t.Errorf("%+v", k)
	}
	for _, r := range server.Audit(t, mark) {
		if r.User == account && r.Verb != "get" && r.Verb != "list" && used(r) != "create selfsubjectaccessreviews.authorization.k8s.io" {
			t.Errorf("doctor asked for %s %s", r.Verb, r.URI)
		}
	}

	// As a person reads it.
	out := run(t, env, "doctor", target)
	if text := string(out.Stdout); !strings.Contains(text, "ok    pods      list pods: allowed\n") {
		t.Errorf("it prints\n%s", text)
	}
}

// TestDoctorOfNothing has neither a cluster nor a configuration that can be used.
func TestDoctorOfNothing(t *testing.T) {
	c := doctor(t, nil)
	if k := c.find(t, investigations.ToolPods, "API server"); k.State != investigations.CheckFail {
		t.Errorf("%+v", k)
	}
	file := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(file, []byte("promtheus: {url: x}\nlimits: {source_timeout: never}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c = doctor(t, nil, "--config", file)
	fails := 0
	for _, k := range c.Checks {
		if k.State == investigations.CheckFail {
			fails++
		}
	}
	if fails != 2 {
		t.Errorf("%d faults of two are told: %+v", fails, c.Checks)
	}
}

// TestDoctorOfWhatHangs has the API server and Prometheus hang: doctor ends and says so.
func TestDoctorOfWhatHangs(t *testing.T) {
	i := load(t, example("leak-after-deploy"), cluster.PrometheusOptions{})
	api := cluster.StartProxy(t, i.server.URL, i.server.CAFile, cluster.Hang())
	prometheus := cluster.StartProxy(t, i.prometheus.URL, "", cluster.Hang())
	env := append(i.env(t, i.server.KubeconfigFor(t, cluster.Access{Server: api.URL, CAFile: api.CAFile}), "limits: {source_timeout: 2s}"),
		"OOMBOT_PROMETHEUS_URL="+prometheus.URL)
	began := time.Now()
	c := doctor(t, env)
	if took := time.Since(began); took > bound {
		t.Errorf("it took %s", took)
	}
	if k := c.find(t, investigations.ToolPods, "API server"); k.State != investigations.CheckFail {
		t.Errorf("%+v", k)
	}
	told := false
	for _, k := range c.Checks {
		told = told || k.Tool == investigations.ToolMetrics && k.State == investigations.CheckFail
	}
	if !told {
		t.Errorf("nothing says that Prometheus does not answer: %+v", c.Checks)
	}
}
