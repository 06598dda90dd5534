package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"

	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/tools/kubeclient/kubetest"
)

// agentReport is a report to the letter of the contract, of a kill in the pod that recordedShop has.
const agentReport = `{"version": 1, "node": "n1", "boot_id": "7e0a2c1e-8a7e-4a53-9d07-2f1f6e0b7f11", "seq": 1, "heartbeat": {"alive": true},
 "reports": [{"at": "2026-03-04T02:17:09Z", "uptime_s": 123.45, "host": "n1", "lines": [1, 40], "complete": true, "missing": [], "kind": "memcg",
 "constraint": "CONSTRAINT_MEMCG", "oom_memcg": "/kubepods/x", "task_memcg": "/kubepods/x", "boundary": "container",
 "pod_uid": "0a1b2c3d-1234-5678-9abc-0123456789ab", "container_id": "3f4a5b6c", "qos": "Burstable", "invoked_by": null, "memory": null,
 "memory_swap": null, "swap": null, "kmem": null, "killed": [{"pid": 4711, "comm": "java"}], "tasks": [], "node": null, "suppressed_before": 0}],
 "recorder": {"version": 1, "node": "n1", "from": "2026-03-04T02:02:09Z", "to": "2026-03-04T02:17:09Z", "lossless_since": "2026-03-04T00:00:00Z",
 "series": [], "top": [{"at": "2026-03-04T02:17:08Z", "namespace": "shop", "pod": "checkout-7c9d8f6b5-x2x4p", "container": "app", "pid": 4711, "comm": "java", "rss_bytes": 9}]}}`

// report sends a body as a node agent does, and returns what is answered.
func (r *served) report(t *testing.T, body, token string) (int, string) {
	t.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := io.WriteString(w, body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	header := map[string]string{"Content-Encoding": "gzip", "Content-Type": "application/json"}
	if token != "" {
		header["Authorization"] = "Bearer " + token
	}
	return r.send(t, http.MethodPost, "/v1/kernel-reports", &packed, header)
}

// writeFile writes a file of a test, and returns its path.
func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// awaitMetric waits until a line stands in the metrics.
func (r *served) awaitMetric(t *testing.T, line string) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		_, body := r.ask(t, http.MethodGet, "/metrics", "")
		if strings.Contains(body, "\n"+line+"\n") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s never stands in the metrics:\n%s", line, body)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestServeAgents has a node agent report a kill, twice: one incident comes of it, which is investigated.
func TestServeAgents(t *testing.T) {
	cfg := writeFile(t, "oombot.yaml", "agents: {token_file: "+writeFile(t, "token", "s3cret\n")+"}\n")
	memory := filepath.Join(t.TempDir(), "memory.db")
	r := startServe(t, nil, nil, "--config", cfg, "--memory", memory)
	for _, token := range []string{"", "wrong"} {
		if status, body := r.report(t, agentReport, token); status != http.StatusUnauthorized {
			t.Errorf("with the token %q it is answered %d %s", token, status, body)
		}
	}
	for range 2 {
		if status, body := r.report(t, agentReport, "s3cret"); status != http.StatusAccepted {
			t.Errorf("it is answered %d %s", status, body)
		}
	}
	if status, body := r.report(t, `{"version":1,"node":"n2","boot_id":"b","seq":0,"heartbeat":true}`, "s3cret"); status != http.StatusAccepted {
		t.Errorf("a heartbeat is answered %d %s", status, body)
	}
	if status, body := r.report(t, `{"version":2,"node":"n1"}`, "s3cret"); status != http.StatusBadRequest || !strings.Contains(body, "version 2") {
		t.Errorf("another version is answered %d %s", status, body)
	}
	r.awaitMetric(t, `oombot_investigations_total{state="judged"} 1`)
	for _, line := range []string{
		`oombot_agent_requests_total{outcome="accepted"} 3`, `oombot_agent_requests_total{outcome="unauthorized"} 2`,
		`oombot_agent_requests_total{outcome="payload"} 1`, `oombot_agents 2`, `oombot_agent_spool_dropped 0`,
		`oombot_agent_reports_total{kind="kernel"} 2`, `oombot_incidents_total{origin="agent"} 1`, `oombot_alerts_total{became="opened",source="agent"} 1`,
	} {
		r.awaitMetric(t, line)
	}
	if status := r.stop(); status != exitDone {
		t.Errorf("it ends with status %d:\n%s", status, r.journal)
	}
	if strings.Contains(r.journal.String(), "s3cret") {
		t.Errorf("the token is logged:\n%s", r.journal)
	}

	again := startServe(t, nil, nil, "--config", cfg, "--memory", memory)
	again.awaitMetric(t, "oombot_agents 2")
	if status, body := again.report(t, agentReport, "s3cret"); status != http.StatusAccepted {
		t.Errorf("after a restart it is answered %d %s", status, body)
	}
	again.awaitMetric(t, `oombot_agent_requests_total{outcome="accepted"} 1`)
	if _, body := again.ask(t, http.MethodGet, "/metrics", ""); strings.Contains(body, "oombot_incidents_total{") {
		t.Errorf("the same kill opens an incident again: %s", body)
	}
}

// TestServeAgentsOfCluster has the API server say whose tokens are.
func TestServeAgentsOfCluster(t *testing.T) {
	server := kubetest.New(t, os.DirFS(leak))
	server.Review(func(spec authenticationv1.TokenReviewSpec) authenticationv1.TokenReviewStatus {
		name := strings.Split(spec.Token, ".")[1]
		return authenticationv1.TokenReviewStatus{
			Authenticated: name != "bad", Audiences: spec.Audiences,
			User: authenticationv1.UserInfo{Username: "system:serviceaccount:watch:" + name, Extra: map[string]authenticationv1.ExtraValue{
				"authentication.kubernetes.io/node-name": {"n1"},
			}},
		}
	})
	cfg := writeFile(t, "oombot.yaml", "kubernetes: {kubeconfig: "+server.Kubeconfig(t)+"}\nagents: {service_account: watch/agent}\n")
	r := launch(t, nil, nil, "serve", "--config", cfg, "--listen", "127.0.0.1:0", "--memory", filepath.Join(t.TempDir(), "m"))
	r.await(t, "msg=working")
	r.url = "http://" + r.await(t, `msg=listening addr=(\S+)`)
	beat := `{"version":1,"node":"n1","boot_id":"b","seq":0,"heartbeat":true}`
	for token, want := range map[string]int{
		"a.agent.c": http.StatusAccepted, "a.default.c": http.StatusForbidden, "a.bad.c": http.StatusUnauthorized, "junk": http.StatusUnauthorized, "": http.StatusUnauthorized,
	} {
		if status, body := r.report(t, beat, token); status != want {
			t.Errorf("with the token %q it is answered %d %s", token, status, body)
		}
	}
	if status, body := r.report(t, strings.Replace(beat, "n1", "n2", 1), "a.agent.c"); status != http.StatusForbidden {
		t.Errorf("for another node it is answered %d %s", status, body)
	}
	server.Forbid(func(*http.Request) bool { return true })
	if status, body := r.report(t, beat, "a.agent.d"); status != http.StatusServiceUnavailable {
		t.Errorf("without the role it is answered %d %s", status, body)
	}
	if !strings.Contains(r.journal.String(), "rbac-agents-review.yaml") {
		t.Errorf("the log does not say what to do:\n%s", r.journal)
	}
}

// TestAgentChannel picks the channel for kills of a namespace.
func TestAgentChannel(t *testing.T) {
	c := config.Default()
	channels := func(namespace ...string) []string {
		var out []string
		for _, ns := range namespace {
			out = append(out, agentChannel(c)(ns))
		}
		return out
	}
	check := func(want ...string) {
		t.Helper()
		if got := channels("shop", "pay-eu", "kube-system", ""); strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("channels %q, want %q", got, want)
		}
	}
	check("", "", "", "")
	c.Slack.Channels = map[string]config.Channel{
		"C1": {Auto: true, Namespaces: []config.Glob{"shop", "pay-*", "x"}}, "C2": {Auto: true, Namespaces: []config.Glob{"pay-*"}},
		"C3": {Namespaces: []config.Glob{"shop"}},
	}
	check("C1", "C2", "", "")
	c.Slack.Channels["C9"] = config.Channel{Auto: true}
	c.Slack.Channels["C8"] = config.Channel{Auto: true}
	check("C1", "C2", "C8", "C8")
	c.Agents.Channel = "C0"
	check("C0", "C0", "C0", "C0")
	// One that may not be told of all is for what it may be told of.
	c.Slack.Channels["C0"] = config.Channel{Namespaces: []config.Glob{"kube-*", "shop"}}
	check("C0", "C2", "C0", "C8")
}

// TestAgentsWarning says at the start where kills would be shown nowhere.
func TestAgentsWarning(t *testing.T) {
	const none, all, some = "", "are remembered, and shown nowhere", "outside of pods"
	for text, want := range map[string]string{
		"slack: {bot_token_file: TOKEN}":                                                                     all,
		"slack: {bot_token_file: TOKEN, channels: {C1: {namespaces: [shop]}}}":                               all,
		"slack: {bot_token_file: TOKEN, channels: {C1: {auto: true, namespaces: [shop]}}}":                   some,
		"slack: {bot_token_file: TOKEN, channels: {C1: {auto: true, namespaces: [shop]}, C2: {auto: true}}}": none,
		"{slack: {bot_token_file: TOKEN}, agents: {channel: C1}}":                                            none,
		"{slack: {bot_token_file: TOKEN, channels: {C1: {namespaces: [shop]}}}, agents: {channel: C1}}":      some,
		"agents: {token_file: TOKEN}":                                                                        none, // that Slack is not there is said
	} {
		c, err := config.Parse([]byte(strings.ReplaceAll(text, "TOKEN", writeFile(t, "token", "x"))))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, w := range serveWarnings(c) {
			if strings.Contains(w.says, "kills that node agents see") {
				got += w.says
			}
		}
		if want == none && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: warned %q, want %q", text, got, want)
		}
	}
}

// TestAgentsAccount is what is configured, and outside of a pod nobody.
func TestAgentsAccount(t *testing.T) {
	c := config.Default()
	if _, err := os.Stat(podNamespace); err == nil {
		t.Skip("this is a pod, whose namespace would be taken")
	}
	if got := agentsAccount(c); got != "" {
		t.Errorf("outside of a pod it is %q", got)
	}
	c.Agents.ServiceAccount = "a/b"
	if got := agentsAccount(c); got != "a/b" {
		t.Errorf("it is %q", got)
	}
}
