package kernlog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kernlog/kernlogtest"
	"github.com/oombot/oombot/tools/loki/lokitest"
)

// ledger answers with what it has of a node; it keeps the times that were asked for.
type ledger struct {
	accounts map[string]investigations.NodeAccount
	// then are the stretches that questions are answered with whose end is the moment itself.
	then  map[string]investigations.NodeAccount
	err   error
	asked []string
}

func (l *ledger) Account(_ context.Context, node string, from, to time.Time) (investigations.NodeAccount, error) {
	l.asked = append(l.asked, node+" "+to.Sub(from).String())
	if l.err != nil {
		return investigations.NodeAccount{}, l.err
	}
	if a, ok := l.then[node]; ok && to.Sub(from) == time.Second {
		return a, nil
	}
	a, ok := l.accounts[node]
	if !ok {
		return a, fmt.Errorf("node %s: %w", node, investigations.ErrNotFound)
	}
	return a, nil
}

// toldSubject is subjectOf with the window that a request always has.
func toldSubject(at time.Time) investigations.Subject {
	s := subjectOf(at)
	s.Request.Window = investigations.DefaultWindow
	return s
}

// toldAccount is an account of the container incident, of an agent that followed the log from an hour before to a minute
// behind it.
func toldAccount(t *testing.T) (a investigations.NodeAccount, at time.Time) {
	t.Helper()
	log := newLog(kernlogtest.Kmsg)
	log.Add(incidents(kernlogtest.Kernels[len(kernlogtest.Kernels)-1])["container"].Messages()...)
	reports := scan(t, log.Bytes())
	for i := range reports {
		at = testBoot.Add(time.Duration(*reports[i].UptimeS * float64(time.Second))).Round(time.Microsecond)
		reports[i].At = &at
	}
	return investigations.NodeAccount{Node: kernlogtest.Host, Reports: reports, LosslessFrom: at.Add(-time.Hour), LosslessTo: at.Add(time.Minute)}, at
}

// TestAgentLog: what the agent told is the node's log, and nothing else is asked.
func TestAgentLog(t *testing.T) {
	a, at := toldAccount(t)
	l := lokitest.New(lokitest.Options{})
	a.LosslessFrom = at.Add(-100 * time.Hour)
	agents := &ledger{accounts: map[string]investigations.NodeAccount{kernlogtest.Host: a}}
	s := toldSubject(at)
	s.Request.Window = time.Hour
	rec, res := recordLive(t.Context(), t, NewLive(nil, lokiOf(t, l, nil), LiveOptions{Agents: agents}), s)
	if len(l.Asked()) > 0 || len(rec.misses) > 0 || whysOf(res) != "" {
		t.Errorf("%d questions to Loki, missed %v, blind %s", len(l.Asked()), rec.misses, whysOf(res))
	}
	if diff := cmp.Diff([]string{kernlogtest.Host + " 1h5m0s"}, agents.asked); diff != "" {
		t.Error(diff)
	}
	log := res.Evidence.Kernel.Logs[0]
	if len(log.Reports) != 1 || !log.Followed.Holds(at) || !log.From.Equal(at.Add(-time.Hour)) || log.Reports[0].Killed[0].PID != a.Reports[0].Killed[0].PID {
		t.Errorf("%+v", log)
	}
	o, _ := rec.Origin(nodeLogPath)
	want := investigations.Origin{Name: "the reports of node node-1's agent", Source: "the node agent of node-1, POST /v1/kernel-reports"}
	if o != want || !strings.Contains(res.Facts[0].Says, "The agent of node node-1 followed the kernel log without loss from") {
		t.Errorf("%+v %s", o, res.Facts[0].Says)
	}
	path := writeLog(t, "dmesg", []byte("[    1.000000] Linux version 6.1\n"))
	rec, _ = recordLive(t.Context(), t, NewLive([]KernelFile{{Path: path}}, nil, LiveOptions{Agents: agents}), s)
	if !strings.Contains(rec.file(t, nodeLogPath), "Linux version") || len(agents.asked) != 1 {
		t.Error("a file that is given does not win")
	}
}

// TestAgentSilence: an agent that followed the log and tells of no kill is evidence; one that did not is a blind spot.
func TestAgentSilence(t *testing.T) {
	at := killedAt
	for _, test := range []struct {
		name     string
		a        investigations.NodeAccount
		blind    string
		followed bool
	}{
		{"followed", investigations.NodeAccount{LosslessFrom: at.Add(-time.Hour), LosslessTo: at.Add(-time.Minute)}, "", true},
		{"later", investigations.NodeAccount{LosslessFrom: at.Add(time.Minute), LosslessTo: at.Add(time.Hour)}, "only: that it tells of no kill", false},
		{"before", investigations.NodeAccount{LosslessFrom: at.Add(-time.Hour), LosslessTo: at.Add(-10 * time.Minute)}, "only: that it tells of no kill", false},
		{
			"never",
			investigations.NodeAccount{Counted: []investigations.CountedKill{{At: at.Add(-time.Hour), Kills: 1, Path: "/x"}}},
			"did not follow the kernel log without loss", false,
		},
		{"nothing", investigations.NodeAccount{}, "not configured", false},
	} {
		agents := &ledger{accounts: map[string]investigations.NodeAccount{kernlogtest.Host: test.a}}
		_, res := recordLive(t.Context(), t, NewLive(nil, nil, LiveOptions{Agents: agents}), toldSubject(at))
		if why := whysOf(res); !strings.Contains(why, test.blind) || test.blind == "" && why != "" {
			t.Errorf("%s: blind: %s", test.name, why)
		}
		if ev := res.Evidence.Kernel; test.followed && (ev == nil || !ev.Logs[0].Followed.Holds(at) || len(ev.Logs[0].Reports) > 0) {
			t.Errorf("%s: %+v", test.name, ev)
		}
	}
	// The agent that began anew behind the moment had followed the log before.
	anew := &ledger{
		accounts: map[string]investigations.NodeAccount{kernlogtest.Host: {LosslessFrom: at.Add(time.Minute), LosslessTo: at.Add(time.Hour)}},
		then:     map[string]investigations.NodeAccount{kernlogtest.Host: {LosslessFrom: at.Add(-time.Hour), LosslessTo: at.Add(10 * time.Second)}},
	}
	_, res := recordLive(t.Context(), t, NewLive(nil, nil, LiveOptions{Agents: anew}), toldSubject(at))
	if ev := res.Evidence.Kernel; ev == nil || !ev.Logs[0].Followed.Holds(at) {
		t.Errorf("%+v", ev)
	}
}

// TestAgentUnknown: a node of which no agent was heard, and a ledger that can't be read.
func TestAgentUnknown(t *testing.T) {
	rec, _ := recordLive(t.Context(), t, NewLive(nil, nil, LiveOptions{Agents: &ledger{}}), toldSubject(killedAt))
	if err := rec.misses[folder]; !errors.Is(err, investigations.ErrNotConfigured) || !strings.Contains(err.Error(), "no agent of node node-1 was heard") {
		t.Error(err)
	}
	_, res := recordLive(t.Context(), t, NewLive(nil, nil, LiveOptions{Agents: &ledger{err: investigations.ErrUnavailable}}), toldSubject(killedAt))
	if why := whysOf(res); !strings.Contains(why, "what the agent of node node-1 told could not be read") {
		t.Error(why)
	}
}

// TestAgentBesideLoki: where the agent did not follow the log at the moment, the journal is asked too, and no kill counts
// twice.
func TestAgentBesideLoki(t *testing.T) {
	a, at := toldAccount(t)
	a.LosslessFrom, a.LosslessTo = at.Add(time.Minute), at.Add(time.Hour)
	other := a.Reports[0]
	other.Killed = []investigations.KernelKill{other.Killed[0]}
	other.Killed[0].PID++
	other.Missing = []string{"head", "stats", "tasks", "summary"}
	a.Reports = append(a.Reports, investigations.KernelReport{At: other.At, UptimeS: other.UptimeS, Kind: other.Kind, Killed: other.Killed, Missing: other.Missing})
	agents := &ledger{accounts: map[string]investigations.NodeAccount{kernlogtest.Host: a}}
	l := lokitest.New(lokitest.Options{})
	journal := newLog(kernlogtest.Dmesg)
	journal.Add(incidents(kernlogtest.Kernels[len(kernlogtest.Kernels)-1])["container"].Messages()...)
	var entries []journalEntry
	for i, line := range strings.Split(strings.TrimSpace(string(journal.Bytes())), "\n") {
		_, text, _ := strings.Cut(line, "] ")
		entries = append(entries, journalEntry{at.Add(time.Duration(i) * time.Microsecond), text})
	}
	pushJournal(t, l, kernelLabels, entries)
	live := NewLive(nil, lokiOf(t, l, nil), LiveOptions{Agents: agents, Now: func() time.Time { return at.Add(time.Minute) }})
	rec, res := recordLive(t.Context(), t, live, toldSubject(at))
	if res.Evidence.Kernel == nil {
		t.Fatal(whysOf(res))
	}
	var pids []int64
	for _, r := range res.Evidence.Kernel.Logs[0].Reports {
		for _, k := range r.Killed {
			pids = append(pids, k.PID)
		}
	}
	if diff := cmp.Diff([]int64{other.Killed[0].PID - 1, other.Killed[0].PID}, pids); diff != "" || res.Evidence.Kernel.Logs[0].Followed != nil {
		t.Errorf("%s\n%s", diff, rec.file(t, nodeLogPath))
	}
	if o, _ := rec.Origin(nodeLogPath); !strings.HasSuffix(o.Name, " and the reports of node node-1's agent") {
		t.Error(o)
	}
	rec, res = recordLive(t.Context(), t, NewLive(nil, lokiOf(t, lokitest.New(lokitest.Options{}), nil), LiveOptions{Agents: agents}), toldSubject(at))
	if o, _ := rec.Origin(nodeLogPath); res.Evidence.Kernel == nil || o != agentOrigin(kernlogtest.Host) {
		t.Error("where Loki has nothing, what the agent told is not kept", o)
	}
}

// TestLastToldKill: the last kill of a pod is looked for with the agents of its nodes.
func TestLastToldKill(t *testing.T) {
	a, at := toldAccount(t)
	r := a.Reports[0]
	agents := &ledger{accounts: map[string]investigations.NodeAccount{"n2": a}}
	live := NewLive(nil, nil, LiveOptions{Agents: agents, Now: func() time.Time { return at.Add(time.Hour) }})
	s := investigations.Subject{Request: investigations.Request{Window: 2 * time.Hour, Target: investigations.Target{Namespace: "shop", Pod: "api-1"}}, Node: "n1"}
	if got := live.LastKill(t.Context(), s); !got.IsZero() {
		t.Error(got)
	}
	s.Pods = []investigations.SubjectPod{{Namespace: "shop", Name: "api-1", UID: r.PodUID, Node: "n2"}}
	if got := live.LastKill(t.Context(), s); !got.Equal(at) {
		t.Error(got)
	}
	a.Counted = []investigations.CountedKill{{At: at.Add(time.Minute), PodUID: r.PodUID, Kills: 1}, {At: at.Add(2 * time.Minute), PodUID: "other", Kills: 1}}
	agents.accounts["n2"] = a
	if got := live.LastKill(t.Context(), s); !got.Equal(at.Add(time.Minute)) {
		t.Error(got)
	}
}

// TestCheckAgent: what doctor says of a node's agent.
func TestCheckAgent(t *testing.T) {
	now := killedAt
	for _, test := range []struct {
		agents *ledger
		state  investigations.CheckState
		says   string
	}{
		{&ledger{}, investigations.CheckWarn, "no agent of node node-1 was heard"},
		{&ledger{err: investigations.ErrUnavailable}, investigations.CheckWarn, "can't be read"},
		{toldBy(investigations.NodeAccount{}), investigations.CheckWarn, "does not follow"},
		{toldBy(investigations.NodeAccount{LosslessFrom: now.Add(-time.Hour), LosslessTo: now.Add(-time.Hour / 2)}), investigations.CheckWarn, "until 2026-"},
		{toldBy(investigations.NodeAccount{LosslessFrom: now.Add(-time.Hour), LosslessTo: now}), investigations.CheckOK, "without loss since 2026-"},
	} {
		live := NewLive(nil, nil, LiveOptions{Agents: test.agents, Now: func() time.Time { return now }})
		checks := live.Check(t.Context(), toldSubject(now))
		if len(checks) != 1 || checks[0].State != test.state || !strings.Contains(checks[0].Says, test.says) || (checks[0].Fix == "") != (test.state == investigations.CheckOK) {
			t.Errorf("%s: %+v", test.says, checks)
		}
	}
}

func toldBy(a investigations.NodeAccount) *ledger {
	return &ledger{accounts: map[string]investigations.NodeAccount{kernlogtest.Host: a}}
}
