package node

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/bot/slackfake"
	"github.com/oombot/oombot/e2e/cgroup"
	"github.com/oombot/oombot/e2e/cluster"
)

// channel is where kills of the tests' namespace are shown. Kills of others on this machine, which are in its kernel
// log as well, are not for it.
const channel = "C0KILLS"

// place is a node with its agent, its cluster, a bot and a workspace.
type place struct {
	slack      *slackfake.Server
	server     *cluster.APIServer
	prometheus *cluster.Prometheus
	kubeconfig string
	// node is its name, pods the tree of the pods' cgroups.
	node, pods string
	// allocatable is what all pods may use, in MiB.
	allocatable int64
	// token is the file of the token that agent and bot share.
	token string
	// dir holds the bot's memory, state is the agent's folder.
	dir, state string
	// listen is the bot's address, so that another one in its place is found.
	listen string
	// channels are the bot's, as its configuration has them.
	channels string
	// agents is who may report, and where that is shown, as configuration.
	agents string
	// door is between agent and bot; nil where nothing is.
	door *door

	bot     *program
	watcher *watcher
}

// newPlace returns a place in which nothing runs but the API server and the workspace.
func newPlace(t testing.TB) *place {
	t.Helper()
	cgroup.Need(t)
	p := &place{
		node: "n-" + cgroup.NewContainerID()[:6], pods: cgroup.Pods(), token: file(t, "token", secret+"\n"), dir: t.TempDir(), state: t.TempDir(),
		listen: "127.0.0.1:0", slack: newSlack(t),
		channels: fmt.Sprintf("{%s: {auto: true, namespaces: [%s]}}", channel, namespace),
	}
	p.agents = fmt.Sprintf("{token_file: %q, channel: %s}", p.token, channel)
	p.server = cluster.SharedAPIServer(t)
	p.kubeconfig = p.server.Kubeconfig(t)
	p.allocate(t, 7<<10)
	return p
}

func newSlack(t testing.TB) *slackfake.Server {
	t.Helper()
	s := slackfake.New(slackfake.Options{})
	t.Cleanup(func() { _ = s.Close() })
	t.Cleanup(func() {
		for _, c := range s.Calls() {
			if c.Error != "" && c.Error != "already_reacted" {
				t.Errorf("%s was answered %s: %v", c.Method, c.Error, c.Args)
			}
		}
	})
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	s.AddUser(slackfake.User{ID: "U0ADA", Name: "ada"})
	addChannel(t, s, channel)
	return s
}

// addChannel adds a channel with everybody in it.
func addChannel(t testing.TB, s *slackfake.Server, id string) {
	t.Helper()
	s.AddChannel(slackfake.Channel{ID: id, Name: strings.ToLower(id[2:]), Members: []string{"U0ADA"}})
	if err := s.Invite(id); err != nil {
		t.Fatal(err)
	}
}

func (p *place) put(t testing.TB, objects ...cluster.Object) {
	t.Helper()
	if err := p.server.Put(t.Context(), nil, objects...); err != nil {
		t.Fatal(err)
	}
}

// allocate sets what all pods of the node may use together, in MiB.
func (p *place) allocate(t testing.TB, mib int64) {
	t.Helper()
	p.allocatable = mib
	p.put(t, nodeObject(p.node, mib))
}

// deploy makes a workload on the node.
func (p *place) deploy(t testing.TB, name string, containers ...*container) *workload {
	t.Helper()
	return p.deployIn(t, namespace, name, containers...)
}

func (p *place) deployIn(t testing.TB, namespace, name string, containers ...*container) *workload {
	t.Helper()
	w := newWorkload(t, p.pods, p.node, namespace, name, containers...)
	p.put(t, w.objects()...)
	return w
}

// scrape starts a Prometheus that knows the workloads' past.
func (p *place) scrape(t testing.TB, workloads ...*workload) {
	t.Helper()
	p.prometheus = cluster.StartPrometheus(t, cluster.PrometheusOptions{Cgroupfs: true, NodeLabel: true}, history(p.node, p.allocatable, workloads...))
}

// serve starts the bot, and waits until it is ready.
func (p *place) serve(t testing.TB) {
	t.Helper()
	config := fmt.Sprintf(`
kubernetes: {kubeconfig: %q}
slack: {channels: %s}
alertmanager: {channel: %s}
agents: %s
limits: {starts_per_minute: 600}
`, p.kubeconfig, p.channels, channel, p.agents)
	if p.prometheus != nil {
		config += "prometheus: {url: " + p.prometheus.URL + "}\n"
	}
	botToken, appToken := p.slack.Tokens()
	p.bot = begin(t, []string{"SLACK_BOT_TOKEN=" + botToken, "SLACK_APP_TOKEN=" + appToken, "OOMBOT_SLACK_API_URL=" + p.slack.APIURL()}, "serve",
		"--config", file(t, "oombot.yaml", config), "--memory", p.memory(), "--listen", p.listen)
	p.listen = p.bot.says(t, listens)
	if p.door != nil {
		p.door.leadTo(p.listen)
	}
	until(t, "the bot is ready", func() bool {
		status, _ := get(t, "http://"+p.listen+"/readyz")
		return status == 200
	})
}

func (p *place) memory() string { return filepath.Join(p.dir, "memory.db") }

// watch starts the agent.
func (p *place) watch(t testing.TB) {
	t.Helper()
	url := "http://" + p.listen
	if p.door != nil {
		url = p.door.url
	}
	p.watcher = agent{bot: url, node: p.node, state: p.state, token: p.token, kubeconfig: p.kubeconfig}.run(t)
	time.Sleep(1500 * time.Millisecond) // the recorder has seen the containers
}

// wait waits until the workspace shows what is wanted.
func (p *place) wait(t testing.TB, what string, done func(*slackfake.Server) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waiting)
	defer cancel()
	if err := p.slack.Wait(ctx, done); err != nil {
		var b strings.Builder
		_ = p.slack.Dump(&b) // a builder takes all
		t.Fatalf("%s: %v\n%s", what, err, b.String())
	}
}

// verdicts are the messages that can be voted on and name a pod.
func verdicts(s *slackfake.Server, pod string) []slackfake.Message {
	var out []slackfake.Message
	for _, m := range s.Messages(channel) {
		if strings.Contains(string(m.Blocks), "verdict_up") && strings.Contains(string(m.Blocks), pod) {
			out = append(out, m)
		}
	}
	return out
}

// verdict waits for the verdict of a pod.
func (p *place) verdict(t testing.TB, w *workload) slackfake.Message {
	t.Helper()
	p.wait(t, "the verdict of "+w.pod, func(s *slackfake.Server) bool { return len(verdicts(s, w.pod)) > 0 })
	return verdicts(p.slack, w.pod)[0]
}

// cards are the messages of the bot that open a thread.
func (p *place) cards() []slackfake.Message { return p.cardsIn(channel) }

func (p *place) cardsIn(channel string) []slackfake.Message {
	return slices.DeleteFunc(p.slack.Messages(channel), func(m slackfake.Message) bool {
		return m.AppID == "" || m.ThreadTS != "" && m.ThreadTS != m.TS
	})
}
