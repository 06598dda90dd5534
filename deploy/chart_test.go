package deploy

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/oombot/oombot/cmd/oombot/config"
)

const chart = "helm/oombot"

func readChart(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(chart, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// leaves writes each value as "key = JSON". Lists, and maps that are free, are one value.
func leaves(at string, v any, free func(key string) bool) map[string]string {
	out := map[string]string{}
	m, isMap := v.(map[string]any)
	if !isMap || len(m) == 0 || free(at) {
		text, _ := json.Marshal(v) // it came from YAML
		out[at] = string(text)
		return out
	}
	for key, inner := range m {
		maps.Copy(out, leaves(strings.TrimPrefix(at+"."+key, "."), inner, free))
	}
	return out
}

// TestChartValuesDocumented compares the table in the chart's README with its values.
func TestChartValuesDocumented(t *testing.T) {
	var values map[string]any
	if err := yaml.UnmarshalStrict(readChart(t, "values.yaml"), &values); err != nil {
		t.Fatal(err)
	}
	want := leaves("", values, func(key string) bool {
		return strings.HasSuffix(key, "resources") || strings.HasSuffix(key, "odeSelector") || strings.HasSuffix(key, "Labels") && key != "commonLabels"
	})
	got := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Za-z.]+)` \\| `([^`]*)` \\|.*\\|$").FindAllStringSubmatch(string(readChart(t, "README.md")), -1) {
		got[row[1]] = row[2]
	}
	if diff := cmp.Diff(want, got); diff != "" || len(got) < 50 {
		t.Errorf("README.md and values.yaml of the chart differ (- values, + told):\n%s", diff)
	}
}

// schema is as much of a JSON schema as the chart's has.
type schema struct {
	Ref        string            `json:"$ref"`
	Properties map[string]schema `json:"properties"`
	// Additional is false where no other key is allowed, else a schema.
	Additional  json.RawMessage   `json:"additionalProperties"`
	Definitions map[string]schema `json:"definitions"`
}

// keys lists the keys that a schema allows; those of free maps stand as * in them, as in config.Keys.
func (s schema) keys(t *testing.T, at string, defs map[string]schema) []string {
	t.Helper()
	if name, found := strings.CutPrefix(s.Ref, "#/definitions/"); found {
		s = defs[name]
	}
	if s.Properties == nil {
		var free schema
		if len(s.Additional) > 0 && s.Additional[0] == '{' {
			if err := json.Unmarshal(s.Additional, &free); err != nil {
				t.Fatal(err)
			}
		}
		if free.Properties == nil {
			return []string{at}
		}
		return free.keys(t, at+".*", defs)
	}
	if string(s.Additional) != "false" {
		t.Errorf("the schema allows unknown keys below %q", at)
	}
	var out []string
	for name, inner := range s.Properties {
		out = append(out, inner.keys(t, strings.TrimPrefix(at+"."+name, "."), defs)...)
	}
	slices.Sort(out)
	return out
}

// ownKeys are those of the configuration that the chart sets, and the values can't.
var ownKeys = []string{
	"http.listen", "kubernetes.context", "kubernetes.kubeconfig", "leader_election.lease", "leader_election.namespace", "memory.file",
}

// TestChartSchemaKnowsConfiguration compares the keys that the schema allows below config with those of the configuration.
func TestChartSchemaKnowsConfiguration(t *testing.T) {
	var s schema
	if err := json.Unmarshal(readChart(t, "values.schema.json"), &s); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, key := range config.Keys() {
		if !slices.Contains(ownKeys, key) && !strings.HasPrefix(key, "agent.") { // the agents' own have values of their own
			want = append(want, key)
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, s.Properties["config"].keys(t, "", s.Definitions)); diff != "" {
		t.Errorf("values.schema.json and the configuration differ below config (- configuration, + schema):\n%s", diff)
	}
}

// TestChartSchemaHasNoMore wants each value that the schema allows in values.yaml.
func TestChartSchemaHasNoMore(t *testing.T) {
	var s schema
	if err := json.Unmarshal(readChart(t, "values.schema.json"), &s); err != nil {
		t.Fatal(err)
	}
	var values map[string]any
	if err := yaml.Unmarshal(readChart(t, "values.yaml"), &values); err != nil {
		t.Fatal(err)
	}
	delete(s.Properties, "config")
	delete(s.Properties, "global") // Helm gives it to every chart
	for _, key := range s.keys(t, "", s.Definitions) {
		at, found := any(values), true
		for part := range strings.SplitSeq(key, ".") {
			m, _ := at.(map[string]any)
			if at, found = m[part]; !found {
				break
			}
		}
		if !found && !strings.Contains(key, "resources.") {
			t.Errorf("the schema allows %s, which values.yaml lacks", key)
		}
	}
}

// TestChartKnowsEverySecret compares the keys of the Secret that the chart takes with the configuration's keys of files, and
// with what its schema and its README list.
func TestChartKnowsEverySecret(t *testing.T) {
	helpers := string(readChart(t, "templates/_helpers.tpl"))
	paths := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^([a-z-]+): ([a-z_.]+_file)$`).FindAllStringSubmatch(helpers, -1) {
		paths[m[1]] = m[2]
	}
	var want []string
	for _, key := range config.Keys() {
		if strings.HasSuffix(key, "_file") && !strings.HasSuffix(key, "ca_file") && !strings.HasPrefix(key, "agent.") {
			want = append(want, key)
		}
	}
	slices.Sort(want)
	got := slices.Sorted(maps.Values(paths))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("secrets of the configuration, and those that the chart takes (-, +):\n%s", diff)
	}
	var s struct {
		Properties struct {
			Secrets struct {
				Properties struct {
					Keys struct {
						Items struct {
							Enum []string `json:"enum"`
						} `json:"items"`
					} `json:"keys"`
				} `json:"properties"`
			} `json:"secrets"`
		} `json:"properties"`
	}
	if err := json.Unmarshal(readChart(t, "values.schema.json"), &s); err != nil {
		t.Fatal(err)
	}
	allowed := slices.Sorted(slices.Values(s.Properties.Secrets.Properties.Keys.Items.Enum))
	if diff := cmp.Diff(slices.Sorted(maps.Keys(paths)), allowed); diff != "" {
		t.Errorf("keys of the Secret in the templates and in the schema (-, +):\n%s", diff)
	}
}
