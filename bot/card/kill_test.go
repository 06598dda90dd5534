package card

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/bot"
	inv "github.com/oombot/oombot/investigations"
)

// ofKill is an incident that a node agent's kill opened.
func ofKill(v bot.View, change func(*bot.Kill)) bot.View {
	k := &bot.Kill{
		Node: "n1", PodUID: "9928d1ec-5e69-4b9f-a69b-a7b133e8d9d1", PID: 4711, Comm: "java", At: at, KernelTime: true,
		Boundary: inv.BoundaryContainer,
	}
	if change != nil {
		change(k)
	}
	v.Incident.Origin, v.Incident.OpenedAt, v.Incident.Ask.Kill = bot.OriginAgent, at.Add(400*time.Millisecond), k
	v.Incident.AlertCount, v.Incident.Kills, v.Incident.FirstKill, v.Incident.LastKill = 1, 1, k.At, k.At
	v.Incident.Alerts = []bot.AlertRef{{Source: bot.SourceAgent, ID: "n1/1", Title: orElse(k.Comm, "a process") + " killed in shop/checkout", At: k.At}}
	return v
}

// more adds kills and alerts to an incident of a kill.
func more(v bot.View, kills, alerts int) bot.View {
	for n := range kills {
		v.Incident.LastKill = at.Add(time.Duration(n+1) * 10 * time.Minute)
		v.Incident.Alerts = append(v.Incident.Alerts, bot.AlertRef{
			Source: bot.SourceAgent, ID: fmt.Sprint("n1/", n+2), Title: "java killed in shop/checkout", At: v.Incident.LastKill,
		})
	}
	for n := range alerts {
		v.Incident.Alerts = append(v.Incident.Alerts, bot.AlertRef{
			Source: bot.SourceAlertmanager, ID: fmt.Sprint(n), Title: "ContainerOOMKilled", URL: "https://alerts.example.com/#/alerts", At: at,
		})
	}
	v.Incident.Kills += kills
	v.Incident.AlertCount += kills + alerts
	v.Incident.Firing = alerts
	return v
}

// TestKills holds cards of kills that node agents saw to files that were read by eye.
func TestKills(t *testing.T) {
	r, _ := investigate(t, "leak-after-deploy")
	counted := func(k *bot.Kill) { k.PID, k.Comm, k.Boundary, k.KernelTime = 0, "", "", false }
	alone := func() bot.View {
		v := judged(r)
		v.Incident.Alerts, v.Incident.AlertCount, v.Incident.Firing = nil, 0, 0
		return v
	}
	for name, view := range map[string]func() bot.View{
		"running": func() bot.View { return ofKill(underWay(bot.StateRunning), nil) },
		"counted": func() bot.View { return ofKill(underWay(bot.StateRunning), counted) },
		"nobody": func() bot.View {
			v := ofKill(underWay(bot.StateFailed), nil)
			v.Incident.Target, v.Incident.NotFound = inv.Target{Node: "n1"}, true
			v.Incident.Why = "no recorded incident is about a pod with uid 9928d1ec-5e69-4b9f-a69b-a7b133e8d9d1, nor of the node n1"
			return v
		},
		"judged":     func() bot.View { return ofKill(alone(), nil) },
		"with-alert": func() bot.View { return more(ofKill(alone(), nil), 2, 1) },
		"over": func() bot.View {
			v := more(ofKill(alone(), nil), 6, 0)
			v.Incident.ResolvedAt = v.Incident.LastKill.Add(time.Hour)
			return v
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := Card(view())
			check(t, m)
			golden(t, "kill-"+name+".json", asJSON(t, m))
		})
	}
}

func TestSeen(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*bot.View)
		want   string
	}{
		"a kill":             {func(*bot.View) {}, "Seen by the node agent of `n1`, 400 ms after the kill: `java` (pid 4711), at 2026-03-04 02:17:09 UTC · boundary container limit (`container`)"},
		"told hours later":   {func(v *bot.View) { v.Incident.OpenedAt = at.Add(2 * time.Hour) }, "Seen by the node agent of `n1`, 2 h after the kill: `java` (pid 4711), at 2026-03-04 02:17:09 UTC · boundary container limit (`container`)"},
		"clocks that differ": {func(v *bot.View) { v.Incident.OpenedAt = at.Add(-time.Second) }, "Seen by the node agent of `n1`: `java` (pid 4711), at 2026-03-04 02:17:09 UTC · boundary container limit (`container`)"},
		"an alert's, joined": {func(v *bot.View) { v.Incident.Origin = bot.OriginWebhook }, "Seen by the node agent of `n1`: `java` (pid 4711), at 2026-03-04 02:17:09 UTC · boundary container limit (`container`)"},
		"at an unknown time": {func(v *bot.View) { v.Incident.Ask.Kill.KernelTime = false }, "Seen by the node agent of `n1`: `java` (pid 4711), at 2026-03-04 02:17:09 UTC · boundary container limit (`container`)"},
		"a counter alone": {func(v *bot.View) {
			*v = ofKill(*v, func(k *bot.Kill) { k.PID, k.Comm, k.Boundary, k.KernelTime = 0, "", "", false })
		}, "Seen by the node agent of `n1`: a process killed in shop/checkout (which one is not told), at 2026-03-04 02:17:09 UTC"},
		"nothing is told":      {func(v *bot.View) { v.Incident.Alerts, v.Incident.Ask.Kill = nil, &bot.Kill{Node: "n1"} }, "Seen by the node agent of `n1`: a process (which one is not told)"},
		"nothing but the node": {func(v *bot.View) { v.Incident.Ask.Kill = &bot.Kill{Node: "n1", Comm: "<!channel>"} }, "Seen by the node agent of `n1`: `&lt;!channel&gt;`"},
		"no kill":              {func(v *bot.View) { v.Incident.Ask.Kill = nil }, ""},
	} {
		v := ofKill(underWay(bot.StateRunning), nil)
		tt.change(&v)
		if got := seen(v.Incident, true); got != tt.want {
			t.Errorf("%s: %q\nwant %q", name, got, tt.want)
		}
	}
}

// TestAlertsComeBeforeKills since they lead somewhere: many kills hide none of them, and all are counted.
func TestAlertsComeBeforeKills(t *testing.T) {
	v := more(ofKill(underWay(bot.StateRunning), nil), 9, 2)
	v.Incident.Kills, v.Incident.AlertCount = 1000, 1002
	text := shown(t, Card(v))
	for _, want := range []string{"1000 kills", "2 alerts", "*Alerts* <https://alerts.example.com/#/alerts|ContainerOOMKilled>", "… 998 more"} {
		if !strings.Contains(text, want) {
			t.Errorf("the card does not say %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "firing") {
		t.Errorf("kills are taken for alerts that ended:\n%s", text)
	}
}
