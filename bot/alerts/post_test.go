package alerts

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/bot"
)

func post(t testing.TB, name string) bot.Event {
	t.Helper()
	var e bot.Event
	if err := json.Unmarshal(testdata(t, "post-"+name+".json"), &e); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestFromPost(t *testing.T) {
	const id = "C0123/1772590805.000100"
	full := target{Namespace: "shop", Pod: checkoutPod, Container: "checkout"}
	bare := target{Namespace: "shop", Pod: checkoutPod}
	guessed := []target{{Namespace: "checkout", Pod: checkoutPod}, bare, {Pod: checkoutPod}}
	fromTitle := []target{{Namespace: "checkout", Pod: checkoutPod}, bare, {Pod: checkoutPod}}
	tests := map[string]bot.Alert{
		"pagerduty-triggered": {
			Source: bot.SourcePagerDuty, Group: "Q285NZXJG65XDH", ID: "Q285NZXJG65XDH", Name: "KubePodCrashLooping",
			Title: "[FIRING:1] KubePodCrashLooping shop (checkout checkout-7c9d8f6b5-x2x4p critical)", Targets: guessed,
			URL: "https://acme.pagerduty.com/incidents/Q285NZXJG65XDH",
		},
		"pagerduty-acknowledged": {
			Source: bot.SourcePagerDuty, Group: "Q285NZXJG65XDH", ID: "Q285NZXJG65XDH", Name: "KubePodCrashLooping", Acknowledged: true,
			Title: "[FIRING:1] KubePodCrashLooping shop (checkout checkout-7c9d8f6b5-x2x4p critical)", Targets: guessed,
			URL: "https://acme.pagerduty.com/incidents/Q285NZXJG65XDH",
		},
		"pagerduty-resolved": {
			Source: bot.SourcePagerDuty, Group: "PGR0VU2", ID: "PGR0VU2", Title: "Resolved #1207: checkout is crash looping", Resolved: true,
			EndsAt: utc("2026-03-04T02:44:00Z"), URL: "https://acme.eu.pagerduty.com/incidents/PGR0VU2",
		},
		"alertmanager-default": {
			Source: bot.SourceAlertmanager, ID: id, Name: "KubePodCrashLooping", Targets: fromTitle,
			Title: "[FIRING:2] KubePodCrashLooping shop (checkout kube-state-metrics checkout-7c9d8f6b5-x2x4p monitoring/k8s critical)",
			URL:   "https://alertmanager.example/#/alerts?receiver=slack",
		},
		"alertmanager-resolved": {
			Source: bot.SourceAlertmanager, ID: id, Name: "KubePodCrashLooping", Targets: fromTitle, Resolved: true, EndsAt: utc("2026-03-04T02:50:00Z"),
			Title: "[RESOLVED] KubePodCrashLooping shop (checkout kube-state-metrics checkout-7c9d8f6b5-x2x4p monitoring/k8s critical)",
			URL:   "https://alertmanager.example/#/alerts?receiver=slack",
		},
		"alertmanager-custom": {
			Source: bot.SourceAlertmanager, ID: id, Name: "KubernetesContainerOomKiller", Title: ":fire: Memory of checkout", Severity: "warning",
			Cluster: "prod-eu", Targets: []target{full}, URL: "https://alertmanager.example/#/alerts?receiver=slack",
		},
		"grafana": {
			Source: bot.SourceGrafana, ID: id, Name: "Pod OOM Killed", Title: "[FIRING:1] Pod OOM Killed Kubernetes (checkout shop checkout-7c9d8f6b5-x2x4p)",
			Targets: []target{full}, URL: "https://grafana.example/alerting/list",
		},
		"datadog": {
			Source: bot.SourceSlack, ID: id, Title: "[Triggered on {kube_namespace:shop,pod_name:checkout-7c9d8f6b5-x2x4p}] Pod was OOMKilled",
			Cluster: "prod-eu", Targets: []target{full}, URL: "https://app.datadoghq.eu/monitors/123456?from_ts=1",
		},
		"datadog-recovered": {
			Source: bot.SourceSlack, ID: id, Title: "[Recovered on {kube_namespace:shop,kube_deployment:checkout}] Memory is high", Resolved: true,
			EndsAt: utc("2026-03-04T02:20:05Z"), Targets: []target{{Namespace: "shop", Workload: "deployment/checkout"}}, URL: "https://app.datadoghq.eu/monitors/123456",
		},
		"opsgenie": {
			Source: bot.SourceSlack, ID: id, Title: "#42: checkout is crash looping", Severity: "p2", Resolved: true, EndsAt: utc("2026-03-04T02:20:05Z"),
			Targets: []target{bare}, URL: "https://acme.app.opsgenie.com/alert/detail/8b7f/details",
		},
		"robusta": {
			Source: bot.SourceSlack, ID: id, Title: "🔴 HIGH Pod checkout-7c9d8f6b5-x2x4p in namespace shop OOMKilled results",
			Targets: []target{bare}, URL: "https://platform.robusta.dev/graphs?x=1",
		},
		"unknown-app": {Source: bot.SourceSlack, ID: id, Title: ":warning: OOMKilled", Targets: []target{bare}},
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			want.StartsAt, want.Memory = utc("2026-03-04T02:20:05Z"), true
			got, ok := FromPost(post(t, name))
			if !ok {
				t.Fatal("it is an alert")
			}
			if diff := cmp.Diff([]bot.Alert{want}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFromPostIsNone(t *testing.T) {
	app := &bot.Author{BotID: "B1"}
	tests := map[string]bot.Event{
		"a person":                  {Kind: bot.EventMessage, Text: "[FIRING:1] Foo", User: "U1"},
		"a person with a link":      {Kind: bot.EventMessage, Text: "look", User: "U1", Links: []string{"https://acme.pagerduty.com/incidents/PGR0VU2"}},
		"a deployment":              {Kind: bot.EventMessage, Author: app, Text: "Deployed checkout to namespace shop; 3 pods restarted"},
		"words about memory":        {Kind: bot.EventMessage, Author: app, Text: "Your weekly digest: what OOM means"},
		"a service of PagerDuty":    {Kind: bot.EventMessage, Author: app, Text: "on call now", Links: []string{"https://acme.pagerduty.com/services/PF9KMXH"}},
		"a stranger's address":      {Kind: bot.EventMessage, Author: app, Text: "hi", Links: []string{"https://evil.example/?u=https://acme.pagerduty.com/incidents/PGR0VU2"}},
		"an address that is longer": {Kind: bot.EventMessage, Author: app, Text: "hi", Links: []string{"https://acme.pagerduty.com/incidents/PGR0VU2x"}},
		"nothing":                   {Kind: bot.EventMessage, Author: app},
	}
	for name, e := range tests {
		t.Run(name, func(t *testing.T) {
			if got, ok := FromPost(e); ok {
				t.Errorf("it is no alert: %+v", got)
			}
		})
	}
}

// TestFromPostLinksToItsSource has another address before the source's own, as an alert has whose words hold one.
func TestFromPostLinksToItsSource(t *testing.T) {
	const evil = "https://evil.example/"
	for _, page := range []string{
		"https://alertmanager.example/#/alerts?receiver=slack", "https://acme.pagerduty.com/incidents/PGR0VU2",
		"https://grafana.example/alerting/grafana/abc/view",
	} {
		e := bot.Event{Kind: bot.EventMessage, Author: &bot.Author{BotID: "B1"}, Text: "[FIRING:1] ContainerOOMKilled shop/checkout", Links: []string{evil, page}}
		if got, ok := FromPost(e); !ok || got[0].URL != page {
			t.Errorf("an alert of %s: %+v, %t", page, got, ok)
		}
	}
}

func TestFromPostOfShortcut(t *testing.T) {
	e := bot.Event{Kind: bot.EventShortcut, User: "U1", Channel: "C1", TS: "1772590805.000100", Text: "[FIRING:1] Foo"}
	if got, ok := FromPost(e); !ok || got[0].ID != "C1/1772590805.000100" {
		t.Errorf("a message that somebody wants to have investigated is one: %+v, %t", got, ok)
	}
}

func TestFromText(t *testing.T) {
	at := time.Date(2026, 3, 4, 2, 0, 0, 0, time.UTC)
	got := FromText(bot.Event{Kind: bot.EventMessage, At: at, Channel: "C1", TS: "none", Text: "`checkout` in shop/checkout is slow"})
	want := bot.Alert{
		Source: bot.SourceSlack, ID: "C1/none", Title: "checkout in shop/checkout is slow", StartsAt: at,
		Targets: []target{{Namespace: "shop", Workload: "checkout"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestState(t *testing.T) {
	for text, want := range map[string]status{
		"":                                      unsaid,
		"something":                             unsaid,
		"[FIRING:2] X":                          firing,
		"[FIRING:1, RESOLVED:1] X":              firing,
		"[RESOLVED] X":                          resolved,
		":white_check_mark: [RESOLVED:3] X":     resolved,
		"Triggered #12":                         firing,
		":red_circle: Triggered: x":             firing,
		"Resolved #12\nTriggered by Prometheus": resolved,
		"Acknowledged #12":                      acknowledged,
		"Triggered #12\nAcknowledged by Jo":     acknowledged,
		"Reopened #12\nResolved by Jo":          firing,
		"x\nStatus: Acknowledged":               acknowledged,
		"x\nStatus\nresolved":                   resolved,
		"[Recovered] x":                         resolved,
		"[OK] x":                                resolved,
		"OK google":                             unsaid,
		"Resolved hostnames are wrong":          unsaid,
		"the name is not resolved":              unsaid,
		"a\nb\nc\nResolved: not in the head":    unsaid,
		"[Warn on {host:x}] memory":             firing,
	} {
		if got := state(text); got != want {
			t.Errorf("state(%q) = %d, want %d", text, got, want)
		}
	}
}
