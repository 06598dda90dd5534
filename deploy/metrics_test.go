package deploy

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// watching are the files that name metrics of the program.
var watching = []string{"alerts/oombot-rules.yaml", "alerts/oom-rules.yaml", "dashboards/oombot.json"}

// metricsNamed returns the metrics that the files name, without the endings of histograms.
func metricsNamed(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, file := range watching {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range regexp.MustCompile(`\boombot_[a-z_]+`).FindAllString(string(data), -1) {
			out[regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")] = file
		}
	}
	return out
}

// metricsOfCode returns the metrics that the program's code makes.
func metricsOfCode(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	whole := regexp.MustCompile(`"(oombot_[a-z_]+)"`)
	short := regexp.MustCompile(`(?:\b(?:counter|single|gauge)\(|Name: )"([a-z_]+)"`)
	for _, dir := range []string{"bot", "cmd", "tools/nodeagent"} {
		err := filepath.WalkDir(filepath.Join("..", dir), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, m := range whole.FindAllStringSubmatch(string(data), -1) {
				out[m[1]] = true
			}
			if !strings.Contains(string(data), `Namespace: "oombot"`) {
				return nil
			}
			for _, m := range short.FindAllStringSubmatch(string(data), -1) {
				out["oombot_"+m[1]] = true
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(out) < 30 {
		t.Fatalf("only %d metrics in the code", len(out))
	}
	return out
}

// TestMetricsExist wants every metric that dashboards and rules name in the program's code.
func TestMetricsExist(t *testing.T) {
	code, named := metricsOfCode(t), metricsNamed(t)
	for _, name := range slices.Sorted(maps.Keys(named)) {
		if !code[name] {
			t.Errorf("%s names %s, which no code has", named[name], name)
		}
	}
	if len(named) < 20 {
		t.Errorf("only %d metrics are named", len(named))
	}
}

// TestMetricsDocumented wants every metric of the program in a table for people, and nothing else there.
func TestMetricsDocumented(t *testing.T) {
	told := map[string]bool{}
	for _, page := range []string{"serve.md", "agent.md"} {
		data, err := os.ReadFile(filepath.Join("..", "docs", page))
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range regexp.MustCompile("(?m)^\\| `(oombot_[a-z_]+)` \\|").FindAllStringSubmatch(string(data), -1) {
			told[row[1]] = true
		}
	}
	if diff := cmp.Diff(metricsOfCode(t), told); diff != "" {
		t.Errorf("metrics of the program and those that docs/serve.md and docs/agent.md list (-, +):\n%s", diff)
	}
}

// TestMetricsWatched wants every metric of the program in the dashboard.
func TestMetricsWatched(t *testing.T) {
	named := metricsNamed(t)
	for _, name := range slices.Sorted(maps.Keys(metricsOfCode(t))) {
		if named[name] != "dashboards/oombot.json" {
			t.Errorf("the dashboard does not show %s", name)
		}
	}
}

// TestDashboard holds what Grafana needs: panels with ids of their own that do not cover each other, with queries of the
// data source that a person picks.
func TestDashboard(t *testing.T) {
	data, err := os.ReadFile("dashboards/oombot.json")
	if err != nil {
		t.Fatal(err)
	}
	type box struct{ X, Y, W, H int }
	var d struct {
		UID, Title string
		Panels     []struct {
			ID         int
			Type       string
			Title      string
			GridPos    box
			Datasource struct{ UID string }
			Targets    []struct{ RefID, Expr string }
		}
	}
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	if d.UID == "" || d.Title == "" || len(d.Panels) < 15 {
		t.Fatalf("%q (%s) has %d panels", d.Title, d.UID, len(d.Panels))
	}
	ids := map[int]bool{}
	for i, p := range d.Panels {
		if ids[p.ID] {
			t.Errorf("the id %d is there twice", p.ID)
		}
		ids[p.ID] = true
		if g := p.GridPos; g.X < 0 || g.W <= 0 || g.X+g.W > 24 || g.H <= 0 {
			t.Errorf("%s stands at %+v", p.Title, g)
		}
		for _, o := range d.Panels[:i] {
			a, b := p.GridPos, o.GridPos
			if a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
				t.Errorf("%s and %s cover each other", p.Title, o.Title)
			}
		}
		if p.Type == "row" {
			continue
		}
		if p.Title == "" || p.Datasource.UID != "${datasource}" || len(p.Targets) == 0 {
			t.Errorf("panel %d (%s) asks %q with %d queries", p.ID, p.Title, p.Datasource.UID, len(p.Targets))
		}
		for _, q := range p.Targets {
			if !strings.Contains(q.Expr, "oombot_") || q.RefID == "" {
				t.Errorf("%s asks %q as %q", p.Title, q.Expr, q.RefID)
			}
		}
	}
}
