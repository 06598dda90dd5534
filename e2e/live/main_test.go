package live

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oombot/oombot/e2e/cluster"
	"github.com/oombot/oombot/e2e/oombot"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/bundle"
)

func TestMain(m *testing.M) {
	os.Exit(cluster.Main(m))
}

// examples returns the folders of the recorded incidents: the project's own, and those that OOMBOT_SHARED names.
func examples(t *testing.T) []string {
	t.Helper()
	patterns := []string{"../../examples/*/incident.yaml"}
	if shared := os.Getenv("OOMBOT_SHARED"); shared != "" {
		patterns = append(patterns, shared+"/bundles/*/incident.yaml")
	}
	var dirs []string
	for _, p := range patterns {
		files, err := filepath.Glob(p)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d bundles, %v", p, len(files), err)
		}
		for _, f := range files {
			dirs = append(dirs, filepath.Dir(f))
		}
	}
	return dirs
}

// incident is a recorded one, loaded into servers.
type incident struct {
	dir        string
	fsys       fs.FS
	request    investigations.Request
	server     *cluster.APIServer
	prometheus *cluster.Prometheus
	pyroscope  string
}

// example returns the folder of one of the project's own incidents.
func example(name string) string { return filepath.Join("../../examples", name) }

// load puts the incident in dir into the shared API server and a Prometheus of its own.
func load(t testing.TB, dir string, o cluster.PrometheusOptions) *incident {
	t.Helper()
	return loadInto(t, cluster.SharedAPIServer(t), dir, o)
}

// loadInto is load with a server of the caller's.
func loadInto(t testing.TB, server *cluster.APIServer, dir string, o cluster.PrometheusOptions) *incident {
	t.Helper()
	fsys := os.DirFS(dir)
	req, err := bundle.ReadIncident(fsys)
	if err != nil {
		t.Fatal(err)
	}
	i := &incident{dir: dir, fsys: fsys, request: req, server: server}
	i.server.Load(t, cluster.LoadOptions{Kubelet: cluster.StartKubelet(t, fsys)}, fsys)
	i.prometheus = cluster.StartPrometheus(t, o, fsys)
	i.pyroscope = startPyroscope(t, fsys)
	return i
}

// target is what a person asks for.
func (i *incident) target() string { return i.request.Target.String() }

// args are those of a command about the incident.
func (i *incident) args(command string, more ...string) []string {
	args := []string{
		command, i.target(), "--at", i.request.At.Format("2006-01-02T15:04:05.999999999Z07:00"), "--window", i.request.Window.String(),
	}
	args = append(args, i.kernelLogs()...)
	return append(args, more...)
}

// env says where the servers are, in a configuration to which more lines can be added.
func (i *incident) env(t testing.TB, kubeconfig string, more ...string) []string {
	t.Helper()
	if kubeconfig == "" {
		kubeconfig = i.server.Kubeconfig(t)
	}
	lines := append([]string{
		fmt.Sprintf("kubernetes: {kubeconfig: %q}", kubeconfig),
		"prometheus: {url: " + i.prometheus.URL + "}",
		"pyroscope: {url: " + i.pyroscope + "}",
	}, more...)
	return []string{"OOMBOT_CONFIG=" + oombot.File(t, "oombot.yaml", strings.Join(lines, "\n")+"\n")}
}

// run runs the program and wants it to have done its work.
func run(t testing.TB, env []string, args ...string) oombot.Output {
	t.Helper()
	return oombot.RunWell(t, oombot.Command{Args: args, Env: env})
}

// result reads what investigate -o json printed.
func result(t testing.TB, out oombot.Output) *investigations.Result {
	t.Helper()
	var r investigations.Result
	if err := json.Unmarshal(out.Stdout, &r); err != nil {
		t.Fatalf("%v in\n%s", err, out.Stdout)
	}
	return &r
}

// blind returns the blind spots of a tool, a line each.
func blind(r *investigations.Result, tool string) string {
	var lines []string
	for _, b := range r.BlindSpots {
		if b.Tool == tool {
			lines = append(lines, b.Why)
		}
	}
	return strings.Join(lines, "\n")
}

// kernelLogs are the flags that name the incident's kernel logs.
func (i *incident) kernelLogs() []string {
	var flags []string
	logs, err := filepath.Glob(filepath.Join(i.dir, "kernel", "*.log"))
	if err != nil {
		panic(err)
	}
	for _, l := range logs {
		abs, err := filepath.Abs(l)
		if err != nil {
			panic(err)
		}
		flags = append(flags, "--kernel-log", abs)
	}
	return flags
}
