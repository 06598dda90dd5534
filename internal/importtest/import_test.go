package importtest

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module = "github.com/oombot/oombot"
	// root is the module's root, seen from this package.
	root = "../.."
)

// arrow allows the packages that match From to import the packages of this module that match one of To.
// Patterns are those of path.Match, on paths relative to the module; cmd/oombot may import all.
type arrow struct {
	from string
	to   []string
}

// arrows is matched from the top: the first line whose from matches a package is the one that holds for it.
var arrows = []arrow{
	{".", nil}, // the guided tour holds no code
	{"cmd/oombot", []string{"*", "*/*", "*/*/*"}},
	{"cmd/oombot/config", []string{"investigations", "investigations/redact", "tools/endpoint", "internal/suggest", "internal/glob"}},
	{"internal/importtest", nil},
	// What the tests of many packages judge incidents with.
	{"internal/judgetest", []string{"investigations", "investigations/rules", "examples", "tools/*"}},
	{"deploy", nil},
	{"internal/suggest", nil},
	{"internal/glob", nil},
	{"internal/goldentest", nil},
	{"examples", nil},
	// The generator of incidents knows nothing of the program that reads them, so that both can be wrong only
	// independently.
	{"examples/*", nil},
	{"examples/incidents/generate", []string{"examples/incidents"}},

	{"investigations", nil},
	{"investigations/redact", nil},
	// What the tests of all packages plant.
	{"investigations/redact/*", nil},
	{"investigations/agent", []string{"investigations", "investigations/redact", "investigations/agent/*"}},
	{"investigations/agent/*", []string{"investigations", "investigations/redact", "internal/suggest"}},
	{"investigations/*", []string{"investigations", "investigations/redact"}},

	// Clients and parsers that several sources share.
	{"tools/nodeagent", []string{"investigations", "investigations/redact", "tools/kernlog", "tools/nodeagent/*"}},
	{"tools/nodeagent/heap", []string{"investigations", "tools/announce"}},
	{"tools/nodeagent/recorder", []string{"investigations", "investigations/redact", "tools/kernlog", "tools/nodeagent/recorder/ring"}},
	{"tools/nodeagent/recorder/ring", nil},
	{"tools/nodeagent/*", []string{"investigations", "investigations/redact", "tools/kernlog"}},
	{"tools/*", []string{"investigations", "investigations/redact", "tools/kubeclient", "tools/loki", "tools/endpoint", "tools/announce", "internal/suggest"}},
	// What a source's tests share.
	{"tools/*/*", []string{"investigations", "tools/kubeclient", "tools/loki"}},

	{"memory", []string{"investigations", "investigations/redact"}},
	// What opens a memory file, whoever holds it.
	{"memory/file", []string{"investigations", "memory", "memory/bolt", "memory/socket"}},
	{"memory/*", []string{"investigations", "investigations/redact", "memory"}},
	// What takes the reports of node agents keeps them in the ledger.
	{"bot/agents", []string{"investigations", "investigations/redact", "bot", "bot/inbound", "memory/nodes"}},
	{"bot/alerts", []string{"investigations", "investigations/redact", "bot", "bot/inbound", "internal/glob"}},
	// What is shared by all that take something over HTTP knows nothing of what that is.
	{"bot/inbound", nil},
	{"bot", []string{"investigations", "investigations/redact", "memory"}},
	// The engine draws, and nothing else of the bot knows it.
	{"bot/desk", []string{"investigations", "investigations/redact", "investigations/report", "memory", "bot", "bot/card", "bot/chart", "bot/alerts", "internal/glob"}},
	// The stand-in for Slack knows nothing of the bot that it judges.
	{"bot/slackfake", []string{"bot/slackfake/*"}},
	{"bot/slackfake/*", nil},
	{"bot/*", []string{"investigations", "investigations/redact", "investigations/report", "memory", "bot"}},
}

// homes says where a library may be imported, tests of those packages included.
var homes = []struct {
	library string
	in      []string
}{
	{"github.com/spf13/cobra", []string{"cmd/oombot"}},
	{"github.com/slack-go/slack", []string{"bot", "bot/*"}},
	{"github.com/go-analyze/charts", []string{"bot/chart"}},
	{"k8s.io/client-go", []string{"tools/*", "tools/*/*", "cmd/oombot"}},
	{"github.com/prometheus/client_golang/api", []string{"tools/metrics"}},
	{"github.com/sashabaranov/go-openai", []string{"investigations/agent", "investigations/agent/*"}},
	{"go.etcd.io/bbolt", []string{"memory/bolt"}},
	{"github.com/google/pprof", []string{"tools/profiles", "tools/profiles/*", "tools/toolstest", "examples/*"}},
	{"github.com/grafana/pyroscope", []string{"tools/profiles", "tools/profiles/*"}},
	{"connectrpc.com/connect", []string{"tools/profiles", "tools/profiles/*"}},
	{"github.com/pierrec/lz4", []string{"tools/nodeagent/follow"}},
	{"github.com/ulikunitz/xz", []string{"tools/nodeagent/follow"}},
}

// TestArrows fails where a package imports another one that the table doesn't allow. Test files may import any
// package of the module, since a test may drive a real neighbour; the homes of libraries hold for them too.
func TestArrows(t *testing.T) {
	files := goFiles(t)
	if len(files) < 10 {
		t.Fatalf("found only %d Go files below %s: the walk is wrong", len(files), root)
	}
	for _, f := range files {
		pkg := path.Dir(f)
		for _, imp := range imports(t, f) {
			if !allowed(pkg, imp, strings.HasSuffix(f, "_test.go")) {
				t.Errorf("%s imports %s, which the table of arrows doesn't allow for %s", f, imp, pkg)
			}
		}
	}
}

func TestAllowed(t *testing.T) {
	tests := []struct {
		pkg, imp string
		test     bool
		want     bool
	}{
		{"investigations", "fmt", false, true},
		{"investigations", module + "/tools/pods", false, false},
		{"investigations", module + "/investigations/rules", false, false},
		{"investigations/rules", module + "/investigations", false, true},
		{"investigations/rules", module + "/tools/kernlog", false, false},
		{"investigations/rules", module + "/tools/kernlog", true, true},
		{"tools/pods", module + "/tools/kubeclient", false, true},
		{"tools/pods", module + "/tools/rollouts", false, false},
		{"tools/nodeagent", module + "/tools/kernlog", false, true},
		{"bot", module + "/memory", false, true},
		{"memory", module + "/bot", false, false},
		{"cmd/oombot", module + "/tools/pods", false, true},
		{"cmd/oombot", module + "/memory/bolt", false, true},
		{"tools/pods", "github.com/spf13/cobra", false, false},
		{"tools/pods", "k8s.io/client-go/kubernetes", false, true},
		{"memory", "k8s.io/client-go/kubernetes", true, false},
		{"a/new/package", module + "/investigations", false, false},
	}
	for _, tt := range tests {
		if got := allowed(tt.pkg, tt.imp, tt.test); got != tt.want {
			t.Errorf("allowed(%q, %q, test %t) = %t, want %t", tt.pkg, tt.imp, tt.test, got, tt.want)
		}
	}
}

// allowed says whether a file of pkg may import imp. A package that the table doesn't know may import nothing
// of the module, so that a new one has to be entered.
func allowed(pkg, imp string, isTest bool) bool {
	for _, h := range homes {
		if within(imp, h.library) && !matches(pkg, h.in) {
			return false
		}
	}
	if !within(imp, module) || isTest {
		return true
	}
	imp = strings.TrimPrefix(strings.TrimPrefix(imp, module), "/")
	for _, a := range arrows {
		if matches(pkg, []string{a.from}) {
			return matches(imp, a.to)
		}
	}
	return false
}

func within(imp, prefix string) bool { return imp == prefix || strings.HasPrefix(imp, prefix+"/") }

func matches(name string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(p, name)
		return err == nil && ok
	})
}

func imports(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, spec := range parsed.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

// goFiles returns the Go files of the main module, relative to its root; folders with a go.mod of their own
// and testdata are left out.
func goFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	err := fs.WalkDir(os.DirFS(root), ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != ".":
			_, statErr := os.Stat(filepath.Join(root, p, "go.mod"))
			if statErr == nil || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") {
				return fs.SkipDir
			}
		case strings.HasSuffix(p, ".go"):
			files = append(files, p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
