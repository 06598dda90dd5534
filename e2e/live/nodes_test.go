package live

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oombot/oombot/e2e/cluster"
	"github.com/oombot/oombot/investigations"
)

// TestSeveralNodes has a workload whose pods run, and are killed, on two nodes: each kill is told from its own node's log.
func TestSeveralNodes(t *testing.T) {
	const (
		onOne, onTwo  = "gateway-zxthbd6kg-tcr7d", "gateway-zxthbd6kg-42qjv"
		one, two      = "ip-10-0-3-186", "pool-a-96n2g"
		uid, otherUID = "9928d1ec-5e69-4b9f-a69b-a7b133e8d9d1", "410c96b0-c77d-4581-8c9b-e6948b05d311"
		otherID       = "716117c1e7c926d0ec134acb955bda0d1e441c90168a95463ad15717d18d904b"
	)
	i := load(t, example("leak-after-deploy"), cluster.PrometheusOptions{})
	log, err := os.ReadFile(filepath.Join(i.dir, "kernel", one+".log"))
	if err != nil {
		t.Fatal(err)
	}
	const stamp = "2026-04-15T12:08:16,"
	other := string(log[strings.Index(string(log), stamp):])
	other = strings.NewReplacer(stamp, "2026-04-15T11:17:40,", uid, otherUID, secondID, otherID, "380006", "222222").Replace(other)
	file := filepath.Join(t.TempDir(), two+".log")
	if err := os.WriteFile(file, []byte(other), 0o600); err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]investigations.Party{
		"2026-04-15T11:17:41Z": {Pod: onTwo, Node: two, PID: 222222},
		"2026-04-15T12:08:16Z": {Pod: onOne, Node: one, PID: secondPID},
		"":                     {Pod: onOne, Node: one, PID: secondPID},
	} {
		for _, target := range []string{"ads/gateway", "ads/" + want.Pod} {
			t.Run(target+" "+at, func(t *testing.T) {
				args := append([]string{target, "--window", "6h", "--kernel-log", file}, i.kernelLogs()...)
				if at != "" {
					args = append(args, "--at", at)
				}
				env := i.env(t, "")
				r := result(t, run(t, env, append([]string{"investigate", "-o", "json"}, args...)...))
				v := r.Verdict
				if v.Victim == nil || v.Victim.Pod != want.Pod || v.Victim.Node != want.Node || v.Victim.PID != want.PID {
					t.Errorf("the victim is %+v, want %+v", v.Victim, want)
				}
				if v.Boundary != investigations.BoundaryContainer || v.Cause != investigations.CauseLeak || v.Trigger != investigations.TriggerDeploy {
					t.Errorf("the verdict is %s, %s, %s", v.Boundary, v.Cause, v.Trigger)
				}
				i.collected(t, env, r, args...)
			})
		}
	}
}

// TestNodeTarget asks about a node that ran out of memory: its kill, and who filled it.
func TestNodeTarget(t *testing.T) {
	i := load(t, example("neighbour-is-a-backup-agent"), cluster.PrometheusOptions{})
	truth := i.recorded(t).Verdict
	env := i.env(t, "")
	args := append([]string{"node/" + truth.Victim.Node}, i.kernelLogs()...)
	for name, more := range map[string][]string{"at the moment": {"--at", i.request.At.Format("2006-01-02T15:04:05Z")}, "the latest kill": nil} {
		t.Run(name, func(t *testing.T) {
			args := append(args[:len(args):len(args)], more...)
			r := result(t, run(t, env, append([]string{"investigate", "-o", "json"}, args...)...))
			v := r.Verdict
			if v.Mechanism != truth.Mechanism || v.Boundary != truth.Boundary || v.Cause != truth.Cause {
				t.Errorf("the verdict is %s, %s, %s, want %s, %s, %s", v.Mechanism, v.Boundary, v.Cause, truth.Mechanism, truth.Boundary, truth.Cause)
			}
			if v.Victim == nil || v.Victim.PID != truth.Victim.PID || v.Culprit == nil || v.Culprit.Comm != truth.Culprit.Comm {
				t.Errorf("victim %+v, culprit %+v; want %+v, %+v", v.Victim, v.Culprit, truth.Victim, truth.Culprit)
			}
			i.collected(t, env, r, args...)
		})
	}
}

// TestEvicted asks for an evicted pod without saying when.
func TestEvicted(t *testing.T) {
	i := load(t, written(t, "eviction_by_neighbour", 5), cluster.PrometheusOptions{})
	env := i.env(t, "")
	truth := i.recorded(t).Verdict
	args := append([]string{i.target()}, i.kernelLogs()...)
	r := result(t, run(t, env, append([]string{"investigate", "-o", "json"}, args...)...))
	v := r.Verdict
	if v.Mechanism != truth.Mechanism || v.Cause != truth.Cause || v.Boundary != truth.Boundary {
		t.Errorf("the verdict is %s, %s, %s, want %s, %s, %s", v.Mechanism, v.Boundary, v.Cause, truth.Mechanism, truth.Boundary, truth.Cause)
	}
	if gap := r.At.Sub(i.request.At); gap.Abs().Minutes() > 3 {
		t.Errorf("it is dated %s, want %s", r.At, i.request.At)
	}
	i.collected(t, env, r, args...)
}
