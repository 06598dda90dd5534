package helm

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const deploy = "../../deploy"

// promtool runs Debian's promtool, and skips where it is missing.
func promtool(t *testing.T, args ...string) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is missing, as the package prometheus has it: the rules were not run")
	}
	if out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

var ruleFiles = []string{"oombot-rules", "oom-rules"}

// TestRules has Prometheus's own tool check and run the rules.
func TestRules(t *testing.T) {
	for _, name := range ruleFiles {
		promtool(t, "check", "rules", filepath.Join(deploy, "alerts", name+".yaml"))
		promtool(t, "test", "rules", filepath.Join("testdata", name+".test.yaml"))
	}
}

// TestEveryRuleIsRun wants each alert in the tests that promtool runs.
func TestEveryRuleIsRun(t *testing.T) {
	for _, name := range ruleFiles {
		rules, err := os.ReadFile(filepath.Join(deploy, "alerts", name+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		tests, err := os.ReadFile(filepath.Join("testdata", name+".test.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(`(?m)^      - alert: (\w+)$`).FindAllStringSubmatch(string(rules), -1)
		if len(found) < 5 {
			t.Errorf("%s has %d alerts", name, len(found))
		}
		for _, m := range found {
			if !regexp.MustCompile(`\b` + m[1] + `\b`).Match(tests) {
				t.Errorf("no test of %s has %s fire", name, m[1])
			}
		}
	}
}

// TestDashboardQueries has promtool read every query of the dashboard, as a rule.
func TestDashboardQueries(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(deploy, "dashboards", "oombot.json"))
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Targets []struct {
				Expr string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
	}
	if err := json.Unmarshal(data, &dashboard); err != nil {
		t.Fatal(err)
	}
	type rule struct {
		Record string `json:"record"`
		Expr   string `json:"expr"`
	}
	var rules []rule
	for _, p := range dashboard.Panels {
		for _, q := range p.Targets {
			rules = append(rules, rule{fmt.Sprintf("dashboard:query:%d", len(rules)), strings.ReplaceAll(q.Expr, "$__rate_interval", "5m")})
		}
	}
	if len(rules) < 20 {
		t.Fatalf("the dashboard has %d queries", len(rules))
	}
	text, err := yaml.Marshal(map[string]any{"groups": []any{map[string]any{"name": "dashboard", "rules": rules}}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "dashboard.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	promtool(t, "check", "rules", file)
}
