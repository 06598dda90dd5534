package alerts

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/inbound"
)

func TestAlertmanagerHandler(t *testing.T) {
	r := newRig()
	h := Alertmanager(r.options, token("s3cret\n"), false)
	body := testdata(t, "alertmanager-0.25.json")
	for range 2 { // the second is a retry
		if w := send(h, "POST", body, "Authorization: bearer s3cret", "Content-Type: application/json"); w.Code != 200 {
			t.Fatalf("answered %d: %s", w.Code, w.Body)
		}
	}
	keys, events := r.items(t)
	if len(keys) != 1 || r.to.wakes != 1 || !strings.HasPrefix(keys[0], "alertmanager/") {
		t.Fatalf("the inbox has %q and was told of %d times, want one item", keys, r.to.wakes)
	}
	m, err := ParseAlertmanager(body)
	if err != nil {
		t.Fatal(err)
	}
	want := bot.Event{Kind: bot.EventAlerts, At: now, Channel: "C0123", Alerts: m.Alerts}
	if diff := cmp.Diff(want, events[0]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"alertmanager accepted", "alertmanager accepted"}, r.counted); diff != "" {
		t.Error(diff)
	}
}

func TestAlertmanagerKeys(t *testing.T) {
	r := newRig()
	h := Alertmanager(r.options, token(""), true)
	message := func(group, status, alerts string) {
		t.Helper()
		if w := send(h, "POST", fmt.Appendf(nil, `{"groupKey":%q,"status":%q,"alerts":[%s]}`, group, status, alerts)); w.Code != 200 {
			t.Fatalf("answered %d: %s", w.Code, w.Body)
		}
	}
	const (
		a      = `{"status":"firing","fingerprint":"a","startsAt":"2026-03-04T02:00:00Z"}`
		aEnds  = `{"status":"resolved","fingerprint":"a","startsAt":"2026-03-04T02:00:00Z","endsAt":"2026-03-04T02:05:00Z"}`
		aAgain = `{"status":"firing","fingerprint":"a","startsAt":"2026-03-04T02:10:00Z"}`
		b      = `{"status":"firing","fingerprint":"b","startsAt":"2026-03-04T02:00:00Z"}`
	)
	for _, each := range [][3]string{
		{"g", "firing", a}, {"g", "firing", a + "," + b}, {"g", "firing", aEnds + "," + b}, {"g", "resolved", aEnds}, {"g", "firing", aAgain}, {"h", "firing", a},
	} {
		message(each[0], each[1], each[2])
		message(each[0], each[1], each[2])
	}
	if keys, _ := r.items(t); len(keys) != 6 {
		t.Errorf("six messages, each sent twice, are %d items", len(keys))
	}
	// Prometheus was away: the same alert ends and fires again, with the startsAt that it had.
	for range 2 {
		for _, each := range []string{a, aEnds} {
			message("away", "x", each)
			message("away", "x", each)
		}
	}
	if keys, _ := r.items(t); len(keys) != 4 {
		t.Errorf("an alert that begins and ends twice is %d items", len(keys))
	}
}

func TestRefiresAreBounded(t *testing.T) {
	r := newRefires(10)
	alert := func(i int, resolved bool) bot.Alert { return bot.Alert{ID: fmt.Sprint(i), Resolved: resolved} }
	for i := range 100 {
		r.seen("g", alert(i, true))
	}
	if n := len(r.now) + len(r.before); n > 20 {
		t.Errorf("%d alerts are remembered", n)
	}
	if n := r.seen("g", alert(99, false)); n != 1 {
		t.Errorf("the newest is forgotten: %d", n)
	}
	if n := r.seen("g", alert(0, false)); n != 0 {
		t.Errorf("the oldest is remembered: %d", n)
	}
}

func TestAlertmanagerChunks(t *testing.T) {
	var alerts []string
	for i := range 250 {
		alerts = append(alerts, fmt.Sprintf(`{"fingerprint":"%d","labels":{"alertname":"A"}}`, i))
	}
	body := []byte(`{"groupKey":"g","status":"firing","alerts":[` + strings.Join(alerts, ",") + `]}`)

	r := newRig()
	full := r.options
	full.Inbox = &fullInbox{Inbox: r.inbox, left: 2}
	w := send(Alertmanager(full, token(""), true), "POST", body)
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Fatalf("a message of which a part could not be stored was answered %d", w.Code)
	}
	if !strings.Contains(r.log.String(), "no space left") || strings.Contains(w.Body.String(), "space") {
		t.Errorf("the reason belongs into the log, and not into the answer %q; log: %s", w.Body, &r.log)
	}
	if w := send(Alertmanager(r.options, token(""), true), "POST", body); w.Code != 200 {
		t.Fatalf("the retry was answered %d", w.Code)
	}
	_, events := r.items(t)
	seen := map[string]int{}
	for _, e := range events {
		if len(e.Alerts) > maxChunk {
			t.Errorf("an event has %d alerts", len(e.Alerts))
		}
		for _, a := range e.Alerts {
			seen[a.ID]++
		}
	}
	if len(events) != 3 || len(seen) != 250 {
		t.Errorf("%d events hold %d alerts, want 3 and 250", len(events), len(seen))
	}
	if diff := cmp.Diff([]string{"alertmanager unavailable", "alertmanager accepted"}, r.counted); diff != "" {
		t.Error(diff)
	}
}

func TestAlertmanagerRefuses(t *testing.T) {
	ok := testdata(t, "grafana-11.json")
	huge := bytes.Repeat([]byte(" "), maxManagerBody+1)
	tests := []struct {
		name    string
		method  string
		token   func() (string, error)
		open    bool
		body    []byte
		headers []string
		status  int
		outcome Outcome
	}{
		{"no token", "POST", token("s3cret"), false, ok, nil, 401, inbound.Unauthorized},
		{"no token where one is configured, though open", "POST", token("s3cret"), true, ok, nil, 401, inbound.Unauthorized},
		{"a wrong token", "POST", token("s3cret"), false, ok, []string{"Authorization: Bearer s3cre"}, 401, inbound.Unauthorized},
		{"an empty token", "POST", token("s3cret"), false, ok, []string{"Authorization: Bearer "}, 401, inbound.Unauthorized},
		{"another scheme", "POST", token("s3cret"), false, ok, []string{"Authorization: Basic s3cret"}, 401, inbound.Unauthorized},
		{"none is configured", "POST", token(""), false, ok, []string{"Authorization: Bearer "}, 401, inbound.Unauthorized},
		{"the token's file is gone", "POST", func() (string, error) { return "", errors.New("no such file") }, true, ok, nil, 503, inbound.Unavailable},
		{"GET", "GET", token(""), true, nil, nil, 405, inbound.Method},
		{"no JSON", "POST", token(""), true, []byte("a=b"), []string{"Content-Type: application/json"}, 400, inbound.Payload},
		{"a form", "POST", token(""), true, []byte("a=b"), []string{"Content-Type: application/x-www-form-urlencoded"}, 415, inbound.Media},
		{"empty", "POST", token(""), true, nil, nil, 400, inbound.Payload},
		{"PagerDuty's", "POST", token(""), true, testdata(t, "pagerduty-triggered.json"), nil, 400, inbound.Payload},
		{"compressed", "POST", token(""), true, ok, []string{"Content-Encoding: gzip"}, 415, inbound.Media},
		{"too large", "POST", token(""), true, huge, nil, 413, inbound.TooLarge},
		{"JSON in a form", "POST", token(""), true, ok, []string{"Content-Type: application/x-www-form-urlencoded"}, 200, inbound.Accepted},
		{"JSON of no type", "POST", token(""), true, ok, nil, 200, inbound.Accepted},
		{"no alerts", "POST", token(""), true, []byte(`{"alerts":[]}`), nil, 200, inbound.Ignored},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig()
			w := send(Alertmanager(r.options, tt.token, tt.open), tt.method, tt.body, tt.headers...)
			if w.Code != tt.status {
				t.Errorf("answered %d: %s; want %d", w.Code, w.Body, tt.status)
			}
			if diff := cmp.Diff([]string{"alertmanager " + string(tt.outcome)}, r.counted); diff != "" {
				t.Error(diff)
			}
			keys, _ := r.items(t)
			if stored := len(keys) > 0; stored != (tt.outcome == inbound.Accepted) {
				t.Errorf("the inbox has %q", keys)
			}
			if refused := tt.status >= 400; refused != strings.Contains(r.log.String(), "webhook refused") {
				t.Errorf("a refusal is logged, and nothing else: %s", &r.log)
			}
			if strings.Contains(w.Body.String()+r.log.String(), "s3cret") {
				t.Errorf("the token is told: %s %s", w.Body, &r.log)
			}
			if tt.status == 401 && w.Header().Get("WWW-Authenticate") == "" || tt.status == 405 && w.Header().Get("Allow") != "POST" {
				t.Errorf("headers %v", w.Header())
			}
		})
	}
}

func TestAlertmanagerFaultsAreLogged(t *testing.T) {
	r := newRig()
	w := send(Alertmanager(r.options, token(""), true), "POST", []byte(`{"alerts":[3,{"labels":{"alertname":"A"}}]}`))
	if _, events := r.items(t); w.Code != 200 || len(events) != 1 || len(events[0].Alerts) != 1 {
		t.Errorf("answered %d, with %d events", w.Code, len(events))
	}
	if !strings.Contains(r.log.String(), "alert 1 is no object") {
		t.Errorf("the log says %s", &r.log)
	}
}
