package vm

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/oombot/oombot/bot/slackfake"
	"github.com/oombot/oombot/e2e/cluster"
	"github.com/oombot/oombot/e2e/oombot"
	"github.com/oombot/oombot/e2e/vm/scene"
	"github.com/oombot/oombot/investigations"
)

const (
	// channel is where kills are shown, namespace that of all pods.
	channel   = "C0KILLS"
	namespace = "vm"
)

// place is the bot with its cluster and its workspace.
type place struct {
	slack  *slackfake.Server
	server *cluster.APIServer
	memory string
	bot    *oombot.Bot
}

// newPlace starts the bot, in a cluster that holds the pods of the scene.
func newPlace(t *testing.T) *place {
	t.Helper()
	p := &place{memory: filepath.Join(t.TempDir(), "memory.db"), server: cluster.SharedAPIServer(t), slack: oombot.NewSlack(t, slackfake.Options{})}
	oombot.AddChannel(t, p.slack, channel)
	if err := p.server.Put(t.Context(), nil, objects(nil)...); err != nil {
		t.Fatal(err)
	}
	p.bot = oombot.Serve{Binary: binary(t), Slack: p.slack, Memory: p.memory, Config: fmt.Sprintf(`
kubernetes: {kubeconfig: %q}
slack: {channels: {%s: {auto: true}}}
agents: {token_file: %q, channel: %s}
limits: {starts_per_minute: 600}
`, p.server.Kubeconfig(t), channel, oombot.File(t, "token", scene.Token), channel)}.Run(t)
	return p
}

// restart writes to the cluster what a kubelet does when containers have ended.
func (p *place) restart(t *testing.T, f scene.Frame) {
	if f.Text == scene.Silent || f.Text == scene.Storm {
		return // the first process lives, or the kubelet is too slow for this
	}
	if err := p.server.Put(t.Context(), nil, objects(f.Ended)...); err != nil {
		t.Errorf("restart the containers of %s: %v", f.Text, err)
	}
}

// verdict waits for the verdict of a pod.
func (p *place) verdict(t *testing.T, pod string) slackfake.Message {
	t.Helper()
	return oombot.WaitVerdict(t, p.slack, channel, pod)
}

// remembered returns what the bot, which has ended, remembers of a pod.
func (p *place) remembered(t *testing.T, pod string) investigations.Trace {
	t.Helper()
	return oombot.Remembered(t, binary(t), p.memory, namespace, pod)[0]
}
