package vm

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/oombot/oombot/bot/slackfake"
	"github.com/oombot/oombot/e2e/cluster"
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
	url    string
	cmd    *exec.Cmd
	log    lockedLog
}

// newPlace starts the bot, in a cluster that holds the pods of the scene.
func newPlace(t *testing.T) *place {
	t.Helper()
	p := &place{memory: filepath.Join(t.TempDir(), "memory.db"), server: cluster.SharedAPIServer(t), slack: newSlack(t)}
	if err := p.server.Put(t.Context(), nil, objects(nil)...); err != nil {
		t.Fatal(err)
	}
	token := file(t, "token", scene.Token)
	config := file(t, "oombot.yaml", fmt.Sprintf(`
kubernetes: {kubeconfig: %q}
slack: {channels: {%s: {auto: true}}}
agents: {token_file: %q, channel: %s}
limits: {starts_per_minute: 600}
`, p.server.Kubeconfig(t), channel, token, channel))
	p.cmd = exec.CommandContext(t.Context(), binary(t), "serve", "--config", config, "--memory", p.memory, "--listen", "127.0.0.1:0")
	botToken, appToken := p.slack.Tokens()
	p.cmd.Env = append(os.Environ(), "SLACK_BOT_TOKEN="+botToken, "SLACK_APP_TOKEN="+appToken, "OOMBOT_SLACK_API_URL="+p.slack.APIURL(), "OPENAI_MODEL=", "OPENAI_BASE_URL=")
	p.cmd.Stderr = &p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.cmd.ProcessState == nil {
			_ = p.cmd.Process.Kill()
			_ = p.cmd.Wait() // it was killed
		}
		if t.Failed() {
			t.Logf("the log of the bot:\n%s", p.log.text())
		}
	})
	listens := regexp.MustCompile(`listening.*addr=(\S+)`)
	until(t, "the bot listens", func() bool {
		m := listens.FindStringSubmatch(p.log.text())
		if m != nil {
			p.url = "http://" + m[1]
		}
		return m != nil
	})
	return p
}

func newSlack(t *testing.T) *slackfake.Server {
	t.Helper()
	s := slackfake.New(slackfake.Options{})
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	s.AddUser(slackfake.User{ID: "U0ADA", Name: "ada"})
	s.AddChannel(slackfake.Channel{ID: channel, Name: "kills", Members: []string{"U0ADA"}})
	if err := s.Invite(channel); err != nil {
		t.Fatal(err)
	}
	return s
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
	var found slackfake.Message
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := p.slack.Wait(ctx, func(s *slackfake.Server) bool {
		for _, m := range s.Messages(channel) {
			if strings.Contains(string(m.Blocks), "verdict_up") && strings.Contains(string(m.Blocks), pod) {
				found = m
				return true
			}
		}
		return false
	})
	if err != nil {
		var b strings.Builder
		_ = p.slack.Dump(&b) // a builder takes all
		t.Fatalf("the verdict of %s: %v\n%s", pod, err, b.String())
	}
	return found
}

// stop ends the bot as Kubernetes does.
func (p *place) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("the bot after SIGTERM: %v", err)
	}
}

// remembered returns what the bot, which has ended, remembers of a pod.
func (p *place) remembered(t *testing.T, pod string) investigations.Trace {
	t.Helper()
	var list []struct {
		ID     string
		Target investigations.Target
	}
	p.history(t, &list, "list", "--namespace", namespace)
	var trace investigations.Trace
	for _, l := range list {
		if l.Target.Pod == pod {
			p.history(t, &trace, "show", l.ID)
			return trace
		}
	}
	t.Fatalf("nothing is remembered of %s: %+v", pod, list)
	return trace
}

func (p *place) history(t *testing.T, into any, args ...string) {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), binary(t), append([]string{"history"}, append(args, "-o", "json", "--memory", p.memory)...)...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(out, into)
	}
	if err != nil {
		t.Fatalf("history %q: %v\n%s%s", args, err, stderr.Bytes(), out)
	}
}

// lockedLog is what a program prints.
type lockedLog struct {
	mu sync.Mutex
	b  strings.Builder
}

var _ io.Writer = (*lockedLog)(nil)

// Write implements io.Writer.
func (l *lockedLog) Write(data []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(data)
}

func (l *lockedLog) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// until waits for what nobody tells.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("it never came to this: %s", what)
}

// file writes a file that is gone after the test, and returns its name.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
