package node

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

// secret is the token that agents and bots of the tests share.
const secret = "agents-s3cret-of-the-tests"

// agent says how an agent is begun. The zero value of what is not required is a good one.
type agent struct {
	// bot is where it reports to, and node what its node is called.
	bot, node string
	// state is its folder.
	state string
	// log is the way to the kernel log; empty: kmsg.
	log string
	// kubeconfig is where it learns the names of pods; empty: it does not.
	kubeconfig string
	// token is the file of its token; empty: one with the secret.
	token string
}

// watcher is an agent that runs.
type watcher struct {
	*program
	url string
}

var (
	listens = regexp.MustCompile(`listening.*addr=(\S+)`)
	follows = regexp.MustCompile(`(following the kernel log)`)
)

// run starts an agent, and waits until it follows the kernel log.
func (o agent) run(t testing.TB) *watcher {
	t.Helper()
	if o.log == "" {
		o.log = "kmsg"
	}
	if o.token == "" {
		o.token = file(t, "token", secret)
	}
	config, pods := "{}", "none"
	if o.kubeconfig != "" {
		config, pods = "kubernetes: {kubeconfig: "+strconv.Quote(o.kubeconfig)+"}", "api"
	}
	w := &watcher{program: begin(t, nil, "agent",
		"--config", file(t, "agent.yaml", config), "--bot", o.bot, "--node", o.node, "--state", o.state, "--kernel-log", o.log, "--pods", pods,
		"--token-file", o.token, "--cgroup-root", "/sys/fs/cgroup", "--listen", "127.0.0.1:0")}
	w.url = "http://" + w.says(t, listens)
	w.says(t, follows)
	return w
}

// metric is the value of a metric of the agent, by its name and labels as they are written.
func (w *watcher) metric(t testing.TB, series string) float64 {
	t.Helper()
	_, body := get(t, w.url+"/metrics")
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(series) + ` (\S+)$`).FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("the agent has no metric %s:\n%s", series, body)
	}
	v, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// get asks for a URL, and returns the status and the body; 0 and the error's text where nobody answers.
func get(t testing.TB, url string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(text)
}

// file writes a file that is gone after the test, and returns its name.
func file(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
