package live

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/oombot/oombot/bot/slackfake"
	"github.com/oombot/oombot/e2e/cluster"
)

// bot is a running `oombot serve`.
type bot struct {
	cmd *exec.Cmd
	url string
}

var listening = regexp.MustCompile(`listening.*addr=(\S+)`)

// startBot begins the bot in a workspace, with a configuration, and waits until its port is open.
func startBot(t *testing.T, s *slackfake.Server, memory string, config ...string) *bot {
	t.Helper()
	path := os.Getenv("OOMBOT_BINARY")
	if path == "" {
		t.Skip("OOMBOT_BINARY does not name the program to drive: make e2e does")
	}
	file := filepath.Join(t.TempDir(), "oombot.yaml")
	if err := os.WriteFile(file, []byte(strings.Join(config, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, "serve", "--config", file, "--memory", memory, "--listen", "127.0.0.1:0")
	botToken, appToken := s.Tokens()
	cmd.Env = append(os.Environ(), "SLACK_BOT_TOKEN="+botToken, "SLACK_APP_TOKEN="+appToken, "OOMBOT_SLACK_API_URL="+s.APIURL(), "OPENAI_MODEL=", "OPENAI_BASE_URL=")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	heard, ended := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(ended)
		defer close(heard)
		lines := bufio.NewScanner(stderr)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			if m := listening.FindStringSubmatch(lines.Text()); m != nil {
				heard <- m[1]
			}
			t.Log(lines.Text())
		}
	}()
	b := &bot{cmd: cmd}
	t.Cleanup(func() {
		if b.cmd.ProcessState == nil {
			b.kill()
		}
		<-ended
	})
	addr, ok := <-heard
	if !ok {
		t.Fatal("serve ended before it heard")
	}
	b.url = "http://" + addr
	return b
}

func (b *bot) kill() {
	_ = b.cmd.Process.Kill()
	_ = b.cmd.Wait() // that it was killed is no news
}

// ready says what the bot answers whether it is ready.
func (b *bot) ready(ctx context.Context) int {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url+"/readyz", http.NoBody)
	if err != nil {
		return 0
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	defer func() { _ = res.Body.Close() }()
	return res.StatusCode
}

// await waits until something is so.
func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	for range 900 {
		if so() {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%s did not come about", what)
}

// workspace begins one with a channel that the bot is in.
func workspace(t *testing.T) *slackfake.Server {
	t.Helper()
	s := slackfake.New(slackfake.Options{})
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	s.AddUser(slackfake.User{ID: "U0ADA", Name: "ada"})
	s.AddChannel(slackfake.Channel{ID: "C0LIVE", Name: "live", Members: []string{"U0ADA"}})
	if err := s.Invite("C0LIVE"); err != nil {
		t.Fatal(err)
	}
	return s
}

// verdict waits for the one in a thread, and returns its message.
func verdict(t *testing.T, s *slackfake.Server, root string) slackfake.Message {
	t.Helper()
	var found slackfake.Message
	await(t, "a verdict", func() bool {
		for _, m := range s.Replies("C0LIVE", root) {
			if strings.Contains(string(m.Blocks), "verdict_up") {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// TestServe has a person ask the bot for a workload of a living cluster by its name alone. It answers what `investigate`
// says, with the roles of deploy/ and nothing beyond them.
func TestServe(t *testing.T) {
	server := cluster.StartAPIServer(t, cluster.ServerOptions{})
	token := server.ServiceAccount(t, "oombot", "oombot")
	apply(t, server, "rbac.yaml", "")
	apply(t, server, "rbac-serve.yaml", "")
	kubeconfig := server.KubeconfigFor(t, cluster.Access{Token: token})
	i := loadInto(t, server, example("leak-after-deploy"), cluster.PrometheusOptions{})
	said := result(t, run(t, i.env(t, kubeconfig), "investigate", i.target(), "-o", "json"))

	s := workspace(t)
	mark := server.AuditMark(t)
	b := startBot(t, s, filepath.Join(t.TempDir(), "memory.db"),
		fmt.Sprintf("kubernetes: {kubeconfig: %q}", kubeconfig), "prometheus: {url: "+i.prometheus.URL+"}", "pyroscope: {url: "+i.pyroscope+"}")
	await(t, "readiness", func() bool { return b.ready(t.Context()) == http.StatusOK })
	root, err := s.Mention("U0ADA", "C0LIVE", "what killed gateway?")
	if err != nil {
		t.Fatal(err)
	}
	m := verdict(t, s, root)
	if blocks := string(m.Blocks); !strings.Contains(blocks, i.request.Target.Pod) || !strings.Contains(blocks, string(said.Verdict.Cause)) {
		t.Errorf("the card names not the pod, or not the cause %s: %s", said.Verdict.Cause, blocks)
	}
	nothing, err := s.Mention("U0ADA", "C0LIVE", "investigate ads/nothing-of-this-name")
	if err != nil {
		t.Fatal(err)
	}
	await(t, "an answer to a name that is not there", func() bool {
		return len(s.Replies("C0LIVE", nothing)) == 2 && strings.Contains(s.Thread("C0LIVE", nothing), "nothing-of-this-name")
	})
	for _, r := range server.Audit(t, mark) {
		if r.User == account && r.Code == http.StatusForbidden {
			t.Errorf("%s was refused: %s", used(r), r.URI)
		}
		if r.User == account && r.Resource != "" && r.Verb != "get" && r.Verb != "list" && r.Verb != "watch" {
			t.Errorf("the bot used %s", used(r))
		}
	}
}

// TestReplicas has two bots share one Lease of a real API server, with the role of deploy/rbac-lease.yaml: one works, the
// other takes over when that is killed, and again when that ends.
func TestReplicas(t *testing.T) {
	server := cluster.StartAPIServer(t, cluster.ServerOptions{})
	token := server.ServiceAccount(t, "oombot", "oombot")
	applyLease(t, server)
	kubeconfig := server.KubeconfigFor(t, cluster.Access{Token: token})
	s := workspace(t)
	memory := filepath.Join(t.TempDir(), "memory.db")
	config := []string{fmt.Sprintf("kubernetes: {kubeconfig: %q}", kubeconfig), "leader_election: {lease: oombot, namespace: oombot}"}
	mark := server.AuditMark(t)
	first := startBot(t, s, memory, config...)
	await(t, "the first one's readiness", func() bool { return first.ready(t.Context()) == http.StatusOK })
	second := startBot(t, s, memory, config...)
	await(t, "the second one's standing by", func() bool { return second.ready(t.Context()) == http.StatusServiceUnavailable })
	if first.ready(t.Context()) != http.StatusOK || s.Connections() != 1 {
		t.Errorf("with two replicas the first one answers %d, and %d sockets are open", first.ready(t.Context()), s.Connections())
	}
	first.kill()
	await(t, "the second one's taking over", func() bool { return second.ready(t.Context()) == http.StatusOK })
	third := startBot(t, s, memory, config...)
	if err := second.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := second.cmd.Wait(); err != nil {
		t.Errorf("the second one ends with %v", err)
	}
	await(t, "the third one's taking over", func() bool { return third.ready(t.Context()) == http.StatusOK })
	seen := map[string]bool{}
	for _, r := range server.Audit(t, mark) {
		if r.User != account || r.Resource != "leases" {
			continue
		}
		seen[r.Verb] = true
		if r.Code == http.StatusForbidden {
			t.Errorf("%s was refused: %s", used(r), r.URI)
		}
	}
	if len(seen) != 2 || !seen["get"] || !seen["update"] {
		t.Errorf("the replicas used %v of Leases, want get and update", seen)
	}
}

// applyLease makes what deploy/rbac-lease.yaml holds.
func applyLease(t *testing.T, s *cluster.APIServer) {
	t.Helper()
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: "oombot", Namespace: "oombot"}}
	if _, err := s.Client().CoordinationV1().Leases("oombot").Create(t.Context(), lease, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	apply(t, s, "rbac-lease.yaml", "")
}
