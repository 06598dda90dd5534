package live

import (
	"testing"
	"time"

	"github.com/oombot/oombot/e2e/cluster"
	"github.com/oombot/oombot/investigations"
)

// TestDaysLater asks about a kill that is days old: by its moment with a wide window, and without a moment.
func TestDaysLater(t *testing.T) {
	i := load(t, example("leak-after-deploy"), cluster.PrometheusOptions{})
	env := i.env(t, "")
	at := i.request.At.Format(time.RFC3339)
	for name, more := range map[string][]string{
		"seven days":             {"--at", at, "--window", "7d"},
		"thirty days":            {"--at", at, "--window", "30d"},
		"thirty days, no moment": {"--window", "30d"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append(append([]string{i.target()}, i.kernelLogs()...), more...)
			r := result(t, run(t, env, append([]string{"investigate", "-o", "json"}, args...)...))
			v := r.Verdict
			if v.Mechanism != investigations.MemcgOOMKill || v.Cause != investigations.CauseLeak || v.Trigger != investigations.TriggerDeploy ||
				v.Victim == nil || v.Victim.PID != secondPID {
				t.Errorf("the verdict is %s, %s, %s of %+v; blind: %+v", v.Mechanism, v.Cause, v.Trigger, v.Victim, r.BlindSpots)
			}
			i.collected(t, env, r, args...)
		})
	}
	// Three days after the kill is another moment: nothing was killed then, and no cause is made up.
	later := i.request.At.Add(72 * time.Hour).Format(time.RFC3339)
	for _, window := range []string{"7d", "30d"} {
		t.Run("three days after, "+window, func(t *testing.T) {
			args := append([]string{i.target(), "--at", later, "--window", window}, i.kernelLogs()...)
			r := result(t, run(t, env, append([]string{"investigate", "-o", "json"}, args...)...))
			if v := r.Verdict; v.Mechanism != investigations.NotKilled || v.Cause != investigations.CauseNotOOM || v.Confidence > 0.6 {
				t.Errorf("the verdict is %s, %s with confidence %.2f", v.Mechanism, v.Cause, v.Confidence)
			}
			i.collected(t, env, r, args...)
		})
	}
}
