package oombot

import (
	"cmp"
	"regexp"
	"strconv"
	"testing"
)

// AgentToken is the token that agents show, where a test has them show no other.
const AgentToken = "agents-s3cret-of-the-tests"

// Agent says how a node agent is begun. The zero value of what is not required is a good one.
type Agent struct {
	// Bot is the URL that it reports to, and Node what its node is called. Both are required.
	Bot, Node string
	// State is its folder, required.
	State string
	// Log is the way to the kernel log; empty: kmsg.
	Log string
	// Kubeconfig is where it learns the names of pods; empty: it does not.
	Kubeconfig string
	// Token is the file of its token; empty: one with AgentToken.
	Token string
}

// Watcher is a running `oombot agent`.
type Watcher struct {
	*Program
	URL string
}

// follows is how the agent tells that from now on it misses nothing.
var follows = regexp.MustCompile(`(following the kernel log)`)

// Run begins an agent, and waits until it follows the kernel log.
func (o Agent) Run(t testing.TB) *Watcher {
	t.Helper()
	if o.Token == "" {
		o.Token = File(t, "token", AgentToken)
	}
	config, pods := "{}", "none"
	if o.Kubeconfig != "" {
		config, pods = "kubernetes: {kubeconfig: "+strconv.Quote(o.Kubeconfig)+"}", "api"
	}
	w := &Watcher{Program: Start(t, Options{Args: []string{
		"agent", "--config", File(t, "agent.yaml", config), "--bot", o.Bot, "--node", o.Node, "--state", o.State,
		"--kernel-log", cmp.Or(o.Log, "kmsg"), "--pods", pods, "--token-file", o.Token, "--cgroup-root", "/sys/fs/cgroup", "--listen", anyPort,
	}})}
	w.URL = "http://" + w.Says(t, listening)
	w.Says(t, follows)
	return w
}

// Metric is the value of a metric of the agent, by its name and labels as they are written.
func (w *Watcher) Metric(t testing.TB, series string) float64 {
	t.Helper()
	_, body := Get(t, w.URL+"/metrics")
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
