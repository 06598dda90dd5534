package node

import (
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/oombot/oombot/bot/slackfake"
	"github.com/oombot/oombot/e2e/cgroup"
	"github.com/oombot/oombot/e2e/cluster"
	"github.com/oombot/oombot/e2e/oombot"
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
	// listen is the bot's address, so that another one in its place is found; empty before the first.
	listen string
	// channels are the bot's, as its configuration has them.
	channels string
	// agents is who may report, and where that is shown, as configuration.
	agents string
	// door is between agent and bot; nil where nothing is.
	door *door

	bot     *oombot.Bot
	watcher *oombot.Watcher
}

// newPlace returns a place in which nothing runs but the API server and the workspace.
func newPlace(t testing.TB) *place {
	t.Helper()
	cgroup.Need(t)
	p := &place{
		node: "n-" + cgroup.NewContainerID()[:6], pods: cgroup.Pods(), token: oombot.File(t, "token", oombot.AgentToken+"\n"), dir: t.TempDir(), state: t.TempDir(),
		slack:    oombot.NewSlack(t, slackfake.Options{}),
		channels: fmt.Sprintf("{%s: {auto: true, namespaces: [%s]}}", channel, namespace),
	}
	oombot.AddChannel(t, p.slack, channel)
	p.agents = fmt.Sprintf("{token_file: %q, channel: %s}", p.token, channel)
	p.server = cluster.SharedAPIServer(t)
	p.kubeconfig = p.server.Kubeconfig(t)
	p.allocate(t, 7<<10)
	return p
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
	b := oombot.Serve{Slack: p.slack, Config: config, Memory: p.memory(), Listen: p.listen, Hide: ofOthers}.Begin(t)
	p.bot, p.listen = b, b.Address
	if p.door != nil {
		p.door.leadTo(p.listen)
	}
	b.WaitReadiness(t, http.StatusOK)
}

// ofOthers are lines of the bot's log about kills of others on this machine.
var ofOthers = regexp.MustCompile(`.*(look for the pod of a kill|Nodes are not told of in this channel).*\n`)

func (p *place) memory() string { return filepath.Join(p.dir, "memory.db") }

// watch starts the agent.
func (p *place) watch(t testing.TB) {
	t.Helper()
	url := p.bot.URL
	if p.door != nil {
		url = p.door.url
	}
	p.watcher = oombot.Agent{Bot: url, Node: p.node, State: p.state, Token: p.token, Kubeconfig: p.kubeconfig}.Run(t)
	time.Sleep(1500 * time.Millisecond) // the recorder has seen the containers
}

// verdict waits for the verdict of a pod.
func (p *place) verdict(t testing.TB, w *workload) slackfake.Message {
	t.Helper()
	return oombot.WaitVerdict(t, p.slack, channel, w.pod)
}

// cards are the messages of the bot that open a thread.
func (p *place) cards() []slackfake.Message { return p.cardsIn(channel) }

func (p *place) cardsIn(channel string) []slackfake.Message {
	return slices.DeleteFunc(p.slack.Messages(channel), func(m slackfake.Message) bool {
		return m.AppID == "" || m.ThreadTS != "" && m.ThreadTS != m.TS
	})
}
