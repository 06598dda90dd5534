package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory/nodes"
	"github.com/oombot/oombot/tools/kubeclient/kubetest"
)

// heardAgo is an agent that was heard some time ago.
func heardAgo(now time.Time, node string, ago time.Duration, last investigations.NodeHeartbeat) nodes.Heard {
	return nodes.Heard{Node: node, At: now.Add(-ago), Last: last}
}

func TestCheckHeard(t *testing.T) {
	now := time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC)
	beat := func(faults ...string) investigations.NodeHeartbeat {
		return investigations.NodeHeartbeat{Faults: faults}
	}
	for name, tt := range map[string]struct {
		heard  []nodes.Heard
		wanted int
		want   []string
	}{
		"none": {nil, 3, []string{"warn heard: none was heard yet"}},
		"all well": {
			[]nodes.Heard{heardAgo(now, "n1", time.Second, beat()), heardAgo(now, "n2", 140*time.Second, beat())},
			2,
			[]string{"ok heard: 2 agents in the last two minutes"},
		},
		"long ago": {
			[]nodes.Heard{heardAgo(now, "n1", 26*time.Hour, beat()), heardAgo(now, "n2", 25*time.Hour, beat())},
			2,
			[]string{"warn heard: none in the last two minutes; n2 was the last, at 2026-03-03T01:17:09Z"},
		},
		"one is silent, one is gone": {
			[]nodes.Heard{heardAgo(now, "n1", 0, beat()), heardAgo(now, "n2", 5*time.Minute, beat("not told of")), heardAgo(now, "n3", 2*time.Hour, beat())},
			2,
			[]string{"warn heard: 1 agent in the last two minutes, and there should be 2", "warn silent: 1 agent heard in the last hour, and silent now: n2 (5 min)"},
		},
		"blind and lossy": {
			[]nodes.Heard{
				heardAgo(now, "n1", 0, beat("no CAP_SYSLOG", "no names")), heardAgo(now, "n2", 0, investigations.NodeHeartbeat{Dropped: 3}),
				heardAgo(now, "n3", 0, investigations.NodeHeartbeat{Dropped: 4}),
			},
			0,
			[]string{
				"ok heard: 3 agents in the last two minutes", "warn faults: 1 agent that can't see all: n1: no CAP_SYSLOG",
				"warn spool: 7 reports had to make room on the nodes, and are lost",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, k := range checkHeard(tt.heard, tt.wanted, now) {
				got = append(got, string(k.State)+" "+k.Name+": "+k.Says)
				if (k.State == investigations.CheckOK) != (k.Fix == "") {
					t.Errorf("%s is %s, and to do is %q", k.Name, k.State, k.Fix)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	var many []string
	for i := range 7 {
		many = append(many, strings.Repeat("n", i+1))
	}
	if got := someOf(many, ", "); got != "n, nn, nnn, nnnn, nnnnn, 2 more" {
		t.Errorf("of many: %s", got)
	}
}

// listening writes a memory file in which a node's agent was heard a moment ago, and told a kill of then.
func listening(t *testing.T, file, node string, kill investigations.KernelReport) {
	t.Helper()
	a := newApp(nil, nil, new(strings.Builder), new(strings.Builder))
	store, err := a.openFile(t.Context(), file, a.logger(0))
	if err != nil {
		t.Fatal(err)
	}
	ledger, err := nodes.Open(t.Context(), nodes.Options{Shelf: store})
	if err != nil {
		t.Fatal(err)
	}
	since := kill.At.Add(-time.Hour)
	report := investigations.NodeReport{
		Version: investigations.NodeReportVersion, Node: node, BootID: "b1", Seq: 1, Reports: []investigations.KernelReport{kill},
		Heartbeat: &investigations.NodeHeartbeat{At: time.Now(), Reader: "syslog", LosslessSince: &since, Faults: []string{"no flight recorder: password=hunter2"}},
	}
	if err := ledger.Take(t.Context(), report); err != nil {
		t.Fatal(err)
	}
	if err := ledger.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestDoctorAgents has doctor look into the memory file of a bot that agents report to.
func TestDoctorAgents(t *testing.T) {
	file := filepath.Join(t.TempDir(), "memory.db")
	at := time.Now().Add(-time.Minute)
	listening(t, file, "n1", investigations.KernelReport{Kind: investigations.KernelMemcg, At: &at})
	tree := running()
	tree["kubernetes/daemonsets.json"] = &fstest.MapFile{Data: []byte(`{"items":[{"metadata":{"name":"oombot-agent","namespace":"oombot"},"status":{"desiredNumberScheduled":2}}]}`)}
	s := kubetest.New(t, tree)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("shared"), 0o600); err != nil {
		t.Fatal(err)
	}
	checked := func(agents string) checkup {
		cfg := configFor(t, s)
		f, err := os.OpenFile(cfg, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString("memory: {file: " + file + "}\nagents: " + agents + "\n"); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		stdout, stderr, code := runProgram(t, nil, "doctor", "-o", "json", "--config", cfg)
		if code != 0 || stderr != "" || strings.Contains(stdout, "hunter2") {
			t.Errorf("exit status %d, %s\n%s", code, stderr, stdout)
		}
		return readCheckup(t, stdout)
	}
	c := checked("{service_account: oombot/oombot-agent}")
	for _, want := range []struct {
		tool, name string
		state      investigations.CheckState
		says       string
	}{
		{investigations.ToolKernlog, "a node's agent", investigations.CheckOK, "the agent of node n1 follows the kernel log without loss since"},
		{toolAgents, "trust", investigations.CheckOK, "reviews tokens of oombot/oombot-agent, for the audience oombot"},
		{toolAgents, "heard", investigations.CheckWarn, "1 agent in the last two minutes, and there should be 2"},
		{toolAgents, "faults", investigations.CheckWarn, "n1: no flight recorder"},
		{investigations.ToolMemory, "memory file", investigations.CheckOK, "holds 0 incidents"},
	} {
		if k := c.named(want.tool, want.name); k.State != want.state || !strings.Contains(k.Says, want.says) {
			t.Errorf("%s %s: %+v", want.tool, want.name, k)
		}
	}
	s.Allow(func(a authorizationv1.ResourceAttributes) bool { return a.Resource != "tokenreviews" })
	c = checked("{service_account: oombot/oombot-agent}")
	if k := c.named(toolAgents, "trust"); k.State != investigations.CheckFail || !strings.Contains(k.Fix, "deploy/rbac-agents-review.yaml") {
		t.Errorf("without the permission: %+v", k)
	}
	c = checked("{token_file: " + token + "}")
	if k := c.named(toolAgents, "trust"); k.State != investigations.CheckOK || !strings.Contains(k.Says, "agents.token_file") {
		t.Errorf("with a shared token: %+v", k)
	}
	if k := c.named(toolAgents, "heard"); k.State != investigations.CheckOK {
		t.Errorf("where nobody says how many there should be: %+v", k)
	}
	if _, err := os.Stat(podNamespace); err == nil {
		t.Skip("this is a pod, whose service account would be known")
	}
	c = checked("{audience: oombot}")
	if k := c.named(toolAgents, "trust"); k.State != investigations.CheckWarn || !strings.Contains(k.Fix, "agents.service_account") {
		t.Errorf("where nobody may report: %+v", k)
	}
}

// TestDoctorWithoutAgents says nothing of agents where nobody said that there are any.
func TestDoctorWithoutAgents(t *testing.T) {
	if _, err := os.Stat(podNamespace); err == nil {
		t.Skip("this is a pod, whose service account would be known")
	}
	for _, k := range checkedUp(t, kubetest.New(t, running())).Checks {
		if k.Tool == toolAgents {
			t.Errorf("%+v", k)
		}
	}
}
