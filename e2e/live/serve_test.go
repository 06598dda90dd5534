package live

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/oombot/oombot/bot/slackfake"
	"github.com/oombot/oombot/e2e/cluster"
	"github.com/oombot/oombot/e2e/oombot"
)

// channel is where people ask.
const channel = "C0LIVE"

// serve begins a bot in a workspace, with a configuration, and waits until it listens.
func serve(t *testing.T, s *slackfake.Server, memory string, config ...string) *oombot.Bot {
	t.Helper()
	return oombot.Serve{Slack: s, Memory: memory, Config: strings.Join(config, "\n") + "\n"}.Begin(t)
}

// workspace begins one with a channel that the bot is in.
func workspace(t *testing.T) *slackfake.Server {
	t.Helper()
	s := oombot.NewSlack(t, slackfake.Options{})
	oombot.AddChannel(t, s, channel)
	return s
}

// verdict waits for the one in a thread, and returns its message.
func verdict(t *testing.T, s *slackfake.Server, root string) slackfake.Message {
	t.Helper()
	var found slackfake.Message
	oombot.Wait(t, s, "a verdict", func(s *slackfake.Server) bool {
		thread := s.Replies(channel, root)
		i := slices.IndexFunc(thread, oombot.IsVerdict)
		if i >= 0 {
			found = thread[i]
		}
		return i >= 0
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
	b := serve(t, s, filepath.Join(t.TempDir(), "memory.db"),
		fmt.Sprintf("kubernetes: {kubeconfig: %q}", kubeconfig), "prometheus: {url: "+i.prometheus.URL+"}", "pyroscope: {url: "+i.pyroscope+"}")
	b.WaitReadiness(t, http.StatusOK)
	root, err := s.Mention("U0ADA", channel, "what killed gateway?")
	if err != nil {
		t.Fatal(err)
	}
	m := verdict(t, s, root)
	if blocks := string(m.Blocks); !strings.Contains(blocks, i.request.Target.Pod) || !strings.Contains(blocks, string(said.Verdict.Cause)) {
		t.Errorf("the card names not the pod, or not the cause %s: %s", said.Verdict.Cause, blocks)
	}
	nothing, err := s.Mention("U0ADA", channel, "investigate ads/nothing-of-this-name")
	if err != nil {
		t.Fatal(err)
	}
	oombot.Until(t, "an answer to a name that is not there", func() bool {
		return len(s.Replies(channel, nothing)) == 2 && strings.Contains(s.Thread(channel, nothing), "nothing-of-this-name")
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
	first := serve(t, s, memory, config...)
	first.WaitReadiness(t, http.StatusOK)
	second := serve(t, s, memory, config...)
	second.WaitReadiness(t, http.StatusServiceUnavailable)
	if first.Readiness(t) != http.StatusOK || s.Connections() != 1 {
		t.Errorf("with two replicas the first one answers %d, and %d sockets are open", first.Readiness(t), s.Connections())
	}
	first.Kill()
	second.WaitReadiness(t, http.StatusOK)
	third := serve(t, s, memory, config...)
	second.Stop(t)
	third.WaitReadiness(t, http.StatusOK)
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
