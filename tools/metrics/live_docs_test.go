package metrics

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestDocs holds that docs/prometheus.md names every query, metric and placeholder.
func TestDocs(t *testing.T) {
	data, err := os.ReadFile("../../docs/prometheus.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(data)
	metric := regexp.MustCompile(`\b[a-z]+_[a-zA-Z0-9_]+\{`)
	for _, q := range liveQueries(nil) {
		if !strings.Contains(doc, "| `"+q.name+"` |") {
			t.Errorf("no line for %s", q.name)
		}
		for _, a := range q.alternatives {
			for _, m := range metric.FindAllString(a.promql, -1) {
				if !strings.Contains(doc, "`"+strings.TrimSuffix(m, "{")+"`") {
					t.Errorf("%s: no word of %s", q.name, m)
				}
			}
		}
	}
	for name := range placeholders {
		if !strings.Contains(doc, "`$"+name+"`") {
			t.Errorf("no word of the placeholder $%s", name)
		}
	}
	for _, m := range placeholder.FindAllStringSubmatch(doc, -1) {
		if _, ok := placeholders[m[1]+m[2]]; !ok && m[1]+m[2] != "name" && m[0] != "$$" {
			t.Errorf("%s is no placeholder", m[0])
		}
	}
}
