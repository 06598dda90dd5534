package live

import (
	"strings"
	"testing"

	"github.com/oombot/oombot/e2e/cluster"
	"github.com/oombot/oombot/investigations"
)

const (
	// firstKill and secondKill are of one container, minutes apart; the first one's process and container are made up.
	firstKill, secondKill = "2026-04-15T12:02:30Z", "2026-04-15T12:08:16Z"
	firstPID, secondPID   = 111111, 380006
	firstID               = "1111111111111111111111111111111111111111111111111111111111111111"
	secondID              = "94eda3481d19d4fba2a4670f30280a75421cf78c264005f52f803e0f33dee9f1"
)

// killedTwice is leak-after-deploy with one more kill of its container, some minutes before the last: the kernel's
// log has both, the pod's status the second alone, and the metrics a third life that rose fast.
func killedTwice(t *testing.T) string {
	t.Helper()
	dir := changed(t, example("leak-after-deploy"), map[string]func(string) string{
		"kernel/ip-10-0-3-186.log": func(log string) string {
			const stamp = "2026-04-15T12:08:16,"
			begin := strings.Index(log, stamp)
			first := strings.NewReplacer(stamp, "2026-04-15T12:02:30,", "380006", "111111", secondID, firstID).Replace(log[begin:])
			return log[:begin] + first + log[begin:]
		},
		"kubernetes/pods.json": func(pods string) string {
			pods = strings.Replace(pods, "2026-04-15T11:18:36Z", "2026-04-15T12:02:46Z", 1)
			return strings.Replace(pods, `"restartCount":2`, `"restartCount":3`, 1)
		},
		"metrics/container_working_set.json": func(body string) string {
			return strings.Replace(body, `"2071033856"`, `"1271033856"`, 1)
		},
		"metrics/container_rss.json": func(body string) string {
			return strings.Replace(body, `"2048253952"`, `"1248253952"`, 1)
		},
	})
	return dir
}

// TestTwoKills asks for each of two kills of the same container that are minutes apart, of which Kubernetes itself
// remembers the second only.
func TestTwoKills(t *testing.T) {
	i := load(t, killedTwice(t), cluster.PrometheusOptions{})
	env := i.env(t, "")
	for name, tt := range map[string]struct {
		at  string
		pid int64
	}{
		"the first":                     {firstKill, firstPID},
		"an alert of the first":         {"2026-04-15T12:05:00Z", firstPID},
		"the second":                    {secondKill, secondPID},
		"an alert of the second":        {"2026-04-15T12:11:00Z", secondPID},
		"the latest, as it is not said": {"", secondPID},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{i.target(), "--window", "6h"}, i.kernelLogs()...)
			if tt.at != "" {
				args = append(args, "--at", tt.at)
			}
			r := result(t, run(t, env, append([]string{"investigate", "-o", "json"}, args...)...))
			v := r.Verdict
			if v.Victim == nil || v.Victim.PID != tt.pid {
				t.Errorf("the victim is %+v, want pid %d", v.Victim, tt.pid)
			}
			if v.Mechanism != investigations.MemcgOOMKill || v.Cause != investigations.CauseLeak || v.Trigger != investigations.TriggerDeploy {
				t.Errorf("the verdict is %s, %s, %s", v.Mechanism, v.Cause, v.Trigger)
			}
			i.collected(t, env, r, args...)
		})
	}
}
