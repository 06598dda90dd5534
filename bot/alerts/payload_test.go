package alerts

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
)

// The payloads in testdata were written for these tests, after the documentation and sources of Alertmanager 0.25 and
// 0.34, Grafana 9 and 11, and PagerDuty's developer pages; names and values are made up. The posts in Slack are from
// memory, but for Alertmanager's and Grafana's, which follow their default templates.
func testdata(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func utc(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

type target = investigations.Target

func TestParseAlertmanager(t *testing.T) {
	tests := map[string]Message{
		"alertmanager-0.25.json": {
			Source: bot.SourceAlertmanager, Group: `{}:{alertname="KubernetesContainerOomKiller"}`, Status: "firing",
			Alerts: []bot.Alert{
				{
					Source: bot.SourceAlertmanager, Group: `{}:{alertname="KubernetesContainerOomKiller"}`, ID: "4b2a0d9c6e1f3a77/2026-03-04T02:17:39.112Z",
					Name: "KubernetesContainerOomKiller", Title: "A container of checkout ran out of memory", Severity: "warning",
					StartsAt: utc("2026-03-04T02:17:39.112Z"), Memory: true,
					URL:     "http://prometheus.example:9090/graph?g0.expr=increase%28kube_pod_container_status_restarts_total%5B10m%5D%29&g0.tab=1",
					Targets: []target{{Namespace: "shop", Pod: "checkout-7c9d8f6b5-x2x4p", Container: "checkout"}},
				},
				{
					Source: bot.SourceAlertmanager, Group: `{}:{alertname="KubernetesContainerOomKiller"}`, ID: "9d21cc5b7a40e8f1/2026-03-04T01:50:09.112Z",
					Name: "KubernetesContainerOomKiller", Title: "KubernetesContainerOomKiller shop/cart-0/cart", Severity: "warning", Resolved: true,
					StartsAt: utc("2026-03-04T01:50:09.112Z"), EndsAt: utc("2026-03-04T02:10:09.112Z"), Memory: true,
					URL: "http://alertmanager.example:9093", Targets: []target{{Namespace: "shop", Pod: "cart-0", Container: "cart"}},
				},
			},
		},
		"alertmanager-0.34.json": {
			Source: bot.SourceAlertmanager, Group: `{}/{team="shop"}:{alertname="KubePodCrashLooping", exported_namespace="shop"}`, Status: "firing", Repeat: true,
			Faults: []string{"the sender left out 2 alerts (max_alerts of its receiver)"}, FaultCount: 1,
			Alerts: []bot.Alert{{
				Source: bot.SourceAlertmanager, Group: `{}/{team="shop"}:{alertname="KubePodCrashLooping", exported_namespace="shop"}`,
				ID: "00c1d2e3f4a5b6c7/2026-03-04T01:31:00Z", Name: "KubePodCrashLooping",
				Title: `The pod is in waiting state (reason: "CrashLoopBackOff").`, Severity: "critical", Cluster: "prod-eu",
				StartsAt: utc("2026-03-04T01:31:00Z"), Memory: true, URL: "https://alertmanager.example/am?token=[redacted]",
				Targets: []target{
					{Namespace: "shop", Pod: "checkout-7c9d8f6b5-x2x4p", Container: "checkout"},
					{Namespace: "shop", Workload: "deployment/checkout"},
					{Node: "ip-10-0-1-2.ec2.internal"},
				},
			}},
		},
		"grafana-9.json": {
			Source: bot.SourceGrafana, Group: `{}:{alertname="Pod OOM Killed", grafana_folder="Kubernetes"}`, Status: "firing",
			Alerts: []bot.Alert{{
				Source: bot.SourceGrafana, Group: `{}:{alertname="Pod OOM Killed", grafana_folder="Kubernetes"}`, ID: "c7f0a1b2c3d4e5f6/2026-03-04T02:18:10Z",
				Name: "Pod OOM Killed", Title: "checkout-7c9d8f6b5-x2x4p was OOMKilled", StartsAt: utc("2026-03-04T02:18:10Z"), Memory: true,
				URL: "https://grafana.example/d/pods7?viewPanel=4", Targets: []target{{Namespace: "shop", Pod: "checkout-7c9d8f6b5-x2x4p", Container: "checkout"}},
			}},
		},
		"grafana-11.json": {
			Source: bot.SourceGrafana, Group: "{}:{}", Status: "resolved",
			Alerts: []bot.Alert{{
				Source: bot.SourceGrafana, Group: "{}:{}", ID: "11f0a1b2c3d4e5f6/2026-03-04T02:18:10Z", Name: "HighMemoryOfDeployment",
				Title: "HighMemoryOfDeployment shop/deployment/checkout", Resolved: true, Memory: true,
				StartsAt: utc("2026-03-04T02:18:10Z"), EndsAt: utc("2026-03-04T03:01:40Z"),
				URL:     "https://grafana.example/alerting/grafana/dek2v9/view?orgId=1",
				Targets: []target{{Namespace: "shop", Workload: "deployment/checkout"}, {Node: "worker-3"}},
			}},
		},
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := ParseAlertmanager(testdata(t, name))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseAlertmanagerRefuses(t *testing.T) {
	for _, body := range []string{
		``, `null`, `[]`, `"x"`, `{`, `{"alerts":[{"labels":{}}`, `{"alerts":[{]}`, `{"alerts":{}}`, `{"alerts":null}`, `{"alerts":"x"}`, `{}`, `<html>`,
		`{"alerts":[1,"x",null]}`, `{"event":{}}`,
	} {
		m, err := ParseAlertmanager([]byte(body))
		if !errors.Is(err, ErrPayload) {
			t.Errorf("ParseAlertmanager(%s) = %+v, %v; want ErrPayload", body, m, err)
		}
	}
}

func TestParseAlertmanagerBadParts(t *testing.T) {
	const body = `{"version":4,"status":7,"groupKey":null,"commonLabels":[],"alerts":[
		17,
		{"status":"firing","labels":"none","annotations":3,"startsAt":"yesterday","endsAt":{},"generatorURL":[],"fingerprint":{}},
		{"labels":{"alertname":["x"],"namespace":"shop","pod":true,"deployment":12,"statefulset":"db","severity":5}}
	]}`
	got, err := ParseAlertmanager([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Alerts) != 2 || got.FaultCount != 1 || !strings.Contains(got.Faults[0], "alert 1 is no object") {
		t.Fatalf("got %d alerts and faults %q, want 2 and that the first is no object", len(got.Alerts), got.Faults)
	}
	if a := got.Alerts[0]; a.ID == "" || a.Title != "alert" || len(a.Targets) != 0 || !a.StartsAt.IsZero() {
		t.Errorf("the alert without anything is %+v", a)
	}
	// "true" and 12 are names that YAML made into something else.
	want := []target{{Namespace: "shop", Pod: "true"}, {Namespace: "shop", Workload: "deployment/12"}, {Namespace: "shop", Workload: "statefulset/db"}}
	if diff := cmp.Diff(want, got.Alerts[1].Targets); diff != "" {
		t.Error(diff)
	}
	if got.Alerts[1].Severity != "5" {
		t.Errorf("severity %q, want 5", got.Alerts[1].Severity)
	}
}

func TestParseAlertmanagerBounds(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	body := fmt.Sprintf(`{"version":"9","groupKey":%[1]q,"status":%[1]q,"alerts":[{"fingerprint":%[1]q,"labels":{"alertname":%[1]q,"severity":%[1]q,
		"cluster":%[1]q,"pod":%[1]q,"namespace":"../../etc"},"annotations":{"summary":%[1]q},"generatorURL":"http://h/%[1]s"}]}`, long)
	got, err := ParseAlertmanager([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	if a := got.Alerts[0]; len(a.Group) > maxID || len(a.ID) > maxID || len(a.Name) > maxRuleName || len(a.Title) > maxTitle ||
		len(a.Severity) > maxWord || len(a.Cluster) > maxCluster || a.URL != "" || len(a.Targets) != 0 {
		t.Errorf("not bounded: %+v", a)
	}
	if len(got.Faults) != 1 || !strings.Contains(got.Faults[0], "version") {
		t.Errorf("faults %q, want one about the version", got.Faults)
	}
}

func TestParseAlertmanagerManyAlerts(t *testing.T) {
	body := `{"alerts":[` + strings.Repeat(`{},`, maxAlerts+6) + `{}]}`
	got, err := ParseAlertmanager([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Alerts) != maxAlerts || got.FaultCount != 7 || got.Faults[0] != "7 alerts beyond the first 20000" {
		t.Errorf("got %d alerts, %d faults %q", len(got.Alerts), got.FaultCount, got.Faults)
	}
}

func TestAlertID(t *testing.T) {
	id := func(alert string) string {
		t.Helper()
		m, err := ParseAlertmanager([]byte(`{"alerts":[` + alert + `]}`))
		if err != nil {
			t.Fatal(err)
		}
		return m.Alerts[0].ID
	}
	first := id(`{"labels":{"a":"1","b":"2"},"startsAt":"2026-03-04T02:00:00Z"}`)
	if got := id(`{"labels":{"b":"2","a":"1"},"startsAt":"2026-03-04T03:00:00+01:00","status":"resolved"}`); got != first {
		t.Errorf("the end of an alert has the id %s, its begin %s", got, first)
	}
	for _, other := range []string{
		`{"labels":{"a":"1","b":"2"},"startsAt":"2026-03-04T02:00:01Z"}`,
		`{"labels":{"a":"1","b":"3"},"startsAt":"2026-03-04T02:00:00Z"}`,
		`{"labels":{"a":"1"},"startsAt":"2026-03-04T02:00:00Z"}`,
	} {
		if id(other) == first {
			t.Errorf("%s has the id of another alert", other)
		}
	}
}

func TestSecretsInAlerts(t *testing.T) {
	const secret = "ghp_abcdefghijklmnopqrstuvwxyz0123456789"
	m, err := ParseAlertmanager(fmt.Appendf(nil, `{"groupKey":"k","alerts":[{"labels":{"alertname":"Foo %[1]s","severity":%[1]q,"cluster":%[1]q,"pod":%[1]q},
		"annotations":{"summary":"curl -H 'Authorization: Bearer %[1]s' failed"},"fingerprint":%[1]q,"generatorURL":"https://u:%[1]s@h/?access_token=%[1]s"}]}`, secret))
	if err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprintf("%+v", m); strings.Contains(s, secret) {
		t.Errorf("a secret is in %s", s)
	}
}

func TestParsePagerDuty(t *testing.T) {
	alert := bot.Alert{
		Source: bot.SourcePagerDuty, Group: "Q285NZXJG65XDH", ID: "Q285NZXJG65XDH", Name: "KubePodCrashLooping", Severity: "high",
		Title:    "[FIRING:1] KubePodCrashLooping shop (checkout kube-state-metrics checkout-7c9d8f6b5-x2x4p monitoring/k8s critical)",
		StartsAt: utc("2026-03-04T02:19:58Z"), URL: "https://acme.pagerduty.com/incidents/Q285NZXJG65XDH", Memory: true,
		Targets: []target{
			{Namespace: "checkout", Pod: "checkout-7c9d8f6b5-x2x4p"},
			{Namespace: "shop", Pod: "checkout-7c9d8f6b5-x2x4p"},
			{Pod: "checkout-7c9d8f6b5-x2x4p"},
		},
	}
	acked, ended := alert, alert
	acked.Acknowledged, acked.Severity = true, "p1"
	ended.Resolved, ended.EndsAt = true, utc("2026-03-04T02:20:31.407Z")
	for name, want := range map[string]PagerDutyEvent{
		"triggered":    {ID: "01BXDH1N8Q0VEQV3XQ1BCEPH4J", Type: "incident.triggered", At: utc("2026-03-04T02:20:31.407Z"), Alert: alert},
		"acknowledged": {ID: "01BXDH2S7C5D5Q5WBX0HM4A1KR", Type: "incident.acknowledged", At: utc("2026-03-04T02:20:31.407Z"), Alert: acked},
		"resolved":     {ID: "01BXDH4Y4G1B4Q2F1XK3JZ0C7M", Type: "incident.resolved", At: utc("2026-03-04T02:20:31.407Z"), Alert: ended},
		"annotated":    {ID: "01BXDH5ZK2QQ6W9BCY6K1A9J2P", Type: "incident.annotated", At: utc("2026-03-04T02:24:00Z"), Ignored: true},
		"ping":         {ID: "01FKZOXA868SHYEE4DVNWB5P9W", Type: "pagey.ping", At: utc("2026-03-04T02:24:00Z"), Ignored: true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParsePagerDuty(testdata(t, "pagerduty-"+name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParsePagerDutyRefuses(t *testing.T) {
	for body, says := range map[string]string{
		``:                "JSON",
		`[]`:              "JSON",
		`{"event":null}`:  "no event",
		`{"messages":[]}`: "version 2",
		`{"event":{}}`:    "event_type",
		`{"event":{"event_type":"incident.triggered"}}`:                             "incident id",
		`{"event":{"event_type":"incident.triggered","data":{"id":"../users"}}}`:    "incident id",
		`{"event":{"event_type":"incident.triggered","data":{"id":{"x":"PABC"}}}}`:  "incident id",
		`{"event":{"event_type":"incident.resolved","data":[{"id":"PGR0VU2"}]}} `:   "incident id",
		`{"event":{"event_type":"incident.resolved","data":{"id":"PGR0VU2"}}} true`: "JSON",
	} {
		if _, err := ParsePagerDuty([]byte(body)); !errors.Is(err, ErrPayload) || !strings.Contains(err.Error(), says) {
			t.Errorf("ParsePagerDuty(%s) = %v; want ErrPayload that says %q", body, err, says)
		}
	}
	e, err := ParsePagerDuty([]byte(`{"event":{"event_type":"incident.triggered","occurred_at":"2026-03-04T02:24:00Z","data":{"id":"PGR0VU2","title":null,"priority":"high"}}}`))
	if err != nil || e.Alert.ID != "PGR0VU2" || e.Alert.Title != "incident PGR0VU2" || !e.Alert.StartsAt.Equal(e.At) {
		t.Errorf("an event with little in it: %+v, %v", e, err)
	}
}
