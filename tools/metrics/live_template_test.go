package metrics

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

func TestExpand(t *testing.T) {
	values := map[string]string{
		"namespace": `sh"op`, "pod": "web.1", "node": "", "pods": `web\\.1|web-[a-z]+`, "cluster": `,cluster="eu"`,
	}
	tests := []struct {
		template, want string
		missing        []string
	}{
		{`up{namespace="$namespace"$cluster}`, `up{namespace="sh\x22op",cluster="eu"}`, nil},
		{`up{pod="${pod}",p=~"${pod:regex}.*"}`, `up{pod="web.1",p=~"web\\.1.*"}`, nil},
		{`up{pod=~"$pods"}`, `up{pod=~"web\\.1|web-[a-z]+"}`, nil},
		{`label_replace(up, "a", "$1 $$pod ${2}", "b", "x$")`, `label_replace(up, "a", "$1 $pod ${2}", "b", "x$")`, nil},
		{`up{node="$node",id=~"$cgroups",x="$node"}`, `up{node="",id=~"",x=""}`, []string{"cgroups", "node"}},
	}
	for _, tt := range tests {
		got, missing := expand(tt.template, values)
		if got != tt.want || !slices.Equal(missing, tt.missing) {
			t.Errorf("%s\n got %s %q\nwant %s %q", tt.template, got, missing, tt.want, tt.missing)
		}
	}
}

func TestCheckQueries(t *testing.T) {
	tests := []struct{ name, query, want string }{
		{"trafik", "up", "prometheus.queries.trafik: there is no query of that name; the nearest is traffic"},
		{"traffic", " ", "prometheus.queries.traffic: the query is empty: leave the key out for the default"},
		{"traffic", `up{a="$namspace"}`, "prometheus.queries.traffic: there is no placeholder $namspace; the nearest is $namespace (write $$namspace for the text itself)"},
		{"traffic", `up{a="${pod:regexp}"}`, "prometheus.queries.traffic: ${pod:regexp} is unknown: the only form of a placeholder is ${pod:regex}"},
		{"traffic", `up{a=~"${pods:regex}"}`, "prometheus.queries.traffic: ${pods:regex}: $pods is a regular expression or PromQL already"},
	}
	for _, tt := range tests {
		faults := checkQueries(map[string]string{tt.name: tt.query, "container_rss": `x{a="$$",pod=~"$pods"$cluster}`})
		if len(faults) != 1 || faults[0].Error() != tt.want {
			t.Errorf("%s: %s\n got %v\nwant %s", tt.name, tt.query, faults, tt.want)
		}
	}
}

// FuzzEscape holds that no text leaves the PromQL string that it is put into, nor the regular expression.
func FuzzEscape(f *testing.F) {
	for _, s := range []string{"shop", `a"} or up{x="`, `\`, "a\nb", "it's", "`", "é€😀", "\xff", "$namespace", "(", ".*"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want := strings.ToValidUTF8(s, "\uFFFD")
		escaped := escape(s)
		if strings.ContainsAny(escaped, "\"'`\n") || !utf8.ValidString(escaped) {
			t.Errorf("%q is escaped as %s", s, escaped)
		}
		// PromQL's strings are those of Go.
		if got, err := strconv.Unquote(`"` + escaped + `"`); err != nil || got != want {
			t.Errorf("%q comes out as %q (%v)", s, got, err)
		}
		pattern, err := strconv.Unquote(`"` + anyOf([]string{s, "other"}) + `"`)
		if err != nil {
			t.Fatal(err)
		}
		re, err := regexp.Compile("^(?:" + pattern + ")$")
		if err != nil || !re.MatchString(want) || re.MatchString(want+"x") {
			t.Errorf("%q as a regular expression: %s (%v)", s, pattern, err)
		}
		query, _ := expand(`up{a="$namespace"}`, map[string]string{"namespace": s})
		if inner, ok := strings.CutPrefix(query, `up{a="`); s != "" && (!ok || inner != escaped+`"}`) {
			t.Errorf("%q expands to %s", s, query)
		}
	})
}

// TestDefaultsParse has Prometheus' own parser read every default.
func TestDefaultsParse(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed; it comes with Debian's package prometheus")
	}
	values := valuesOf(testSubject())
	rhythm{interval: 30 * time.Second, exact: true}.values(values)
	values["node_pods"], values["node_namespaces"], values["cluster"] = anyOf([]string{"a.b", `c"d`}), "shop", `,cluster="eu"`
	var rules strings.Builder
	rules.WriteString("groups: [{name: defaults, rules: [\n")
	steps := piece{start: testAt, end: testAt.Add(time.Hour), step: 30 * time.Second}
	n := 0
	for _, q := range liveQueries(nil) {
		for _, a := range q.alternatives {
			for _, p := range []piece{steps, steps.wider()} {
				for _, template := range []string{a.promql, a.unlabelled} {
					promql, missing := p.expand(template, values, q.shortage)
					if len(missing) > 0 {
						t.Errorf("%s: no value of %q", a.uses, missing)
					}
					if template != "" {
						n++
						fmt.Fprintf(&rules, "{record: a%d, expr: %q},\n", n, promql)
					}
				}
			}
		}
	}
	rules.WriteString("]}]\n")
	file := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(file, []byte(rules.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), promtool, "check", "rules", file).CombinedOutput()
	if want := fmt.Sprintf("%d rules found", n); err != nil || !strings.Contains(string(out), want) {
		t.Errorf("%v, want %s: %s", err, want, out)
	}
}

// TestDefaults holds that the defaults are what a user may write, and that all ask for our cluster alone.
func TestDefaults(t *testing.T) {
	queries := liveQueries(nil)
	if len(queries) != len(specs()) {
		t.Fatalf("%d queries", len(queries))
	}
	for _, q := range queries {
		for _, a := range q.alternatives {
			if a.uses == "" {
				t.Errorf("%s: an alternative does not say what it uses", q.name)
			}
			for _, promql := range []string{a.promql, a.unlabelled} {
				if promql == "" {
					continue
				}
				if err := checkTemplate(promql); err != nil {
					t.Errorf("%s: %v", q.name, err)
				}
				if n := strings.Count(promql, "{"); n == 0 || strings.Count(promql, "$cluster}") != n-strings.Count(promql, "${") {
					t.Errorf("%s: a selector is not limited to the cluster: %s", q.name, promql)
				}
				if strings.Count(promql, "(") != strings.Count(promql, ")") {
					t.Errorf("%s: parentheses do not match: %s", q.name, promql)
				}
			}
		}
	}
	own := liveQueries(map[string]string{investigations.QueryTraffic: "up"})
	for _, q := range own {
		if q.configured != (q.name == investigations.QueryTraffic) {
			t.Errorf("%s: configured %t", q.name, q.configured)
		}
		if q.configured && cmp.Diff(q.alternatives, []alternative{{uses: "prometheus.queries.traffic", promql: "up"}},
			cmp.AllowUnexported(alternative{})) != "" {
			t.Errorf("%+v", q.alternatives)
		}
	}
}
