package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/nodeagent/names"
)

func TestCompleteAgent(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	pod := []string{"KUBERNETES_SERVICE_HOST=10.0.0.1"}
	tests := []struct {
		name string
		env  []string
		in   config.Agent
		want config.Agent
	}{
		{"outside", nil, config.Agent{}, config.Agent{Node: host, KernelLog: config.KernelLogKmsg, Pods: config.PodsNone}},
		{"in a pod", pod, config.Agent{Node: "n1"}, config.Agent{Node: "n1", KernelLog: config.KernelLogSyslog, Pods: config.PodsAPI}},
		{
			"as it is said", pod,
			config.Agent{Node: "n1", KernelLog: config.KernelLogJournal, Pods: config.PodsKubelet},
			config.Agent{Node: "n1", KernelLog: config.KernelLogJournal, Pods: config.PodsKubelet},
		},
	}
	for _, tt := range tests {
		got, err := newApp(tt.env, nil, io.Discard, io.Discard).completeAgent(tt.in)
		if err != nil || got != tt.want {
			t.Errorf("%s: %+v, %v; want %+v", tt.name, got, err, tt.want)
		}
	}
}

// agentEars is a bot that only listens.
type agentEars struct {
	mu      sync.Mutex
	reports []investigations.NodeReport
	tokens  []string
	beat    chan struct{}
}

func (h *agentEars) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var n investigations.NodeReport
	in, err := gzip.NewReader(r.Body)
	if err == nil {
		err = json.NewDecoder(in).Decode(&n)
	}
	if err != nil || r.URL.Path != "/v1/kernel-reports" {
		http.Error(w, "no report", http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	h.reports, h.tokens = append(h.reports, n), append(h.tokens, r.Header.Get("Authorization"))
	h.mu.Unlock()
	w.WriteHeader(http.StatusAccepted)
	select {
	case h.beat <- struct{}{}:
	default:
	}
}

// TestAgent runs the command on a machine of which it can see nothing: it says so to the bot, and ends when it is told to.
func TestAgent(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("an agent needs Linux")
	}
	h := &agentEars{beat: make(chan struct{}, 1)}
	srv := httptest.NewServer(h)
	defer srv.Close()
	dir := t.TempDir()
	token := filepath.Join(dir, "token")
	if err := os.WriteFile(token, []byte("hunter2-of-the-test"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var stderr strings.Builder
	status := make(chan int)
	go func() { // ends with cancel
		status <- run(ctx, []string{
			"agent", "--bot", srv.URL, "--token-file", token, "--node", "n1", "--state", filepath.Join(dir, "state"),
			"--cgroup-root", dir, "--kernel-log", "journal", "--pods", "none", "--listen", "127.0.0.1:0",
		}, nil, nil, io.Discard, &stderr)
	}()
	select {
	case <-h.beat:
	case <-ctx.Done():
		t.Fatal("the bot heard nothing of the agent")
	}
	cancel()
	if got := <-status; got != 0 {
		t.Errorf("it ended with %d:\n%s", got, stderr.String())
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	first := h.reports[0]
	if first.Node != "n1" || first.BootID == "" || first.Seq != 0 || first.Heartbeat == nil || h.tokens[0] != "Bearer hunter2-of-the-test" {
		t.Errorf("the first heartbeat is %+v", first)
	}
	if b := first.Heartbeat; b != nil && !strings.Contains(strings.Join(b.Faults, "; "), "no flight recorder") {
		t.Errorf("nothing says that there is no flight recorder: %v", b.Faults)
	}
	if strings.Contains(stderr.String(), "hunter2") {
		t.Errorf("the token is logged:\n%s", stderr.String())
	}
}

// TestAgentRefused starts the command where it can't begin.
func TestAgentRefused(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"no /proc", []string{"--proc", t.TempDir()}, "--proc names the folder"},
		{"no such reader", []string{"--kernel-log", "dmesg"}, "syslog, journal or kmsg"},
		{"no URL", []string{"--bot", "oombot"}, "--bot (flag): it is no address"},
		{"an address that is none", []string{"--listen", "9101"}, `":9101"`},
	}
	for _, tt := range tests {
		var stderr strings.Builder
		args := append([]string{"agent", "--state", t.TempDir(), "--cgroup-root", t.TempDir(), "--node", "n1"}, tt.args...)
		if got := run(t.Context(), args, nil, nil, io.Discard, &stderr); got != 1 || !strings.Contains(stderr.String(), tt.want) {
			t.Errorf("%s: status %d, and it says\n%s\nwant %q in it", tt.name, got, stderr.String(), tt.want)
		}
	}
}

// TestKubeletOptions has the kubelet asked as the configuration says.
func TestKubeletOptions(t *testing.T) {
	dir := t.TempDir()
	token, ca, file := filepath.Join(dir, "token"), filepath.Join(dir, "ca.crt"), filepath.Join(dir, "oombot.yaml")
	options := func(agent string) names.Options {
		for name, text := range map[string]string{token: "for the kubelet\n", ca: "some authority\n", file: "agent: " + agent + "\n"} {
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		cfg, err := config.Load(config.Sources{File: file})
		if err != nil {
			t.Fatal(err)
		}
		o, err := (&agentParts{config: cfg.Agent}).namesOptions()
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	o := options("{pods: kubelet, node: n1, node_ip: 'fd00::1', kubelet_ca_file: " + ca + ", kubelet_token_file: " + token + "}")
	if o.Source != names.SourceKubelet || o.Node != "n1" || o.KubeletURL != "https://[fd00::1]:10250" || o.CAFile != ca || o.KubeletInsecure {
		t.Errorf("it is asked as %+v", o)
	}
	if got, err := o.Token(); err != nil || got != "for the kubelet" {
		t.Errorf("the token is %q, %v", got, err)
	}
	if o = options("{pods: kubelet, kubelet_insecure: true}"); o.Token != nil || o.CAFile != "" || !o.KubeletInsecure {
		t.Errorf("without a token and an authority it is asked as %+v", o)
	}
}

// TestPrintReport prints what would be sent where there is no bot.
func TestPrintReport(t *testing.T) {
	n := investigations.NodeReport{
		Version: 1, Node: "n1",
		Counted:   []investigations.CountedKill{{Path: "/kubepods/podx", Kills: 2}},
		UserKills: []investigations.UserKill{{Killer: investigations.UserKillEarlyOOM, Text: "sending SIGTERM to process 7"}},
	}
	var stdout, stderr strings.Builder
	a := newApp(nil, nil, &stdout, &stderr)
	p := &agentParts{app: a, printed: newPrinter(a, true)}
	if err := p.printReport(n); err != nil {
		t.Fatal(err)
	}
	var back investigations.NodeReport
	if err := json.Unmarshal([]byte(stdout.String()), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(n, back); diff != "" || strings.Count(stdout.String(), "\n") != 1 {
		t.Errorf("one line that reads the same, want %s (-want +got):\n%s", stdout.String(), diff)
	}
	p.printed.json = false
	if err := p.printReport(n); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"2 killed in /kubepods/podx", "earlyoom: sending SIGTERM"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("it says %q, want %q in it", stderr.String(), want)
		}
	}
}

// TestAgentProfile hands over a heap profile without what nothing in it refers to, and nothing where it is none.
func TestAgentProfile(t *testing.T) {
	files, err := filepath.Glob("../../examples/leak-after-deploy/profiles/*/*/*/*.pb.gz")
	if err != nil || len(files) == 0 {
		t.Fatalf("no profile of an example: %v", err)
	}
	packed, err := os.Open(files[0])
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	z, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	// One more string of its table (field 6 of perftools.profiles.Profile).
	const secret = "hunter2-in-a-profile"
	data = append(append(data, 6<<3|2, byte(len(secret))), secret...)
	var got []investigations.NodeProfile
	var stderr strings.Builder
	p := &agentParts{
		log: slog.New(slog.NewTextHandler(&stderr, nil)), onProfile: func(n investigations.NodeProfile) { got = append(got, n) },
	}
	p.profile(investigations.NodeProfile{Namespace: "ads", Pod: "gateway", Container: "gateway", Data: data})
	p.profile(investigations.NodeProfile{Namespace: "ads", Pod: "gateway", Container: "gateway", Data: []byte("junk")})
	if len(got) != 1 || !strings.Contains(stderr.String(), "a heap profile is left out") {
		t.Fatalf("%d profiles, and it says\n%s", len(got), stderr.String())
	}
	in, err := gzip.NewReader(bytes.NewReader(got[0].Data))
	if err != nil {
		t.Fatal(err)
	}
	clean, err := io.ReadAll(in)
	if err != nil || len(clean) < len(data)/2 || strings.Contains(string(clean), secret) {
		t.Errorf("%d of %d bytes, %v:\n%q", len(clean), len(data), err, clean)
	}
}
