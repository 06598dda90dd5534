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

func TestPagerDutyHandler(t *testing.T) {
	r := newRig()
	h := PagerDuty(r.options, token("whsec"))
	post := func(body []byte, signature string) int {
		t.Helper()
		return send(h, "POST", body, "Content-Type: application/json", signatureHeader+": "+signature).Code
	}
	begins, ends := testdata(t, "pagerduty-triggered.json"), testdata(t, "pagerduty-resolved.json")
	other := "v1=" + strings.Repeat("ab", 32)
	for _, got := range []int{
		post(begins, sign(begins, "whsec")),
		post(begins, sign(begins, "whsec")), // replayed
		post(ends, other+", "+sign(ends, "whsec")+" ,v2=00"),
	} {
		if got != http.StatusAccepted {
			t.Errorf("answered %d", got)
		}
	}
	keys, events := r.items(t)
	if diff := cmp.Diff([]string{"pagerduty/01BXDH1N8Q0VEQV3XQ1BCEPH4J", "pagerduty/01BXDH4Y4G1B4Q2F1XK3JZ0C7M"}, keys); diff != "" {
		t.Fatal(diff)
	}
	if e := events[1]; e.Kind != bot.EventAlerts || e.Channel != "C0123" || !e.At.Equal(utc("2026-03-04T02:20:31.407Z")) || !e.Alerts[0].Resolved {
		t.Errorf("the event of the end is %+v", e)
	}
	for _, name := range []string{"annotated", "ping"} {
		body := testdata(t, "pagerduty-"+name+".json")
		if got := post(body, sign(body, "whsec")); got != http.StatusAccepted {
			t.Errorf("%s was answered %d", name, got)
		}
	}
	if keys, _ := r.items(t); len(keys) != 0 {
		t.Errorf("what is of no use is in the inbox: %q", keys)
	}
}

func TestPagerDutyTwoHeaders(t *testing.T) {
	r := newRig()
	body := testdata(t, "pagerduty-triggered.json")
	w := send(PagerDuty(r.options, token("whsec")), "POST", body, signatureHeader+": v1=00", signatureHeader+": "+sign(body, "whsec"))
	if w.Code != http.StatusAccepted {
		t.Errorf("answered %d: %s", w.Code, w.Body)
	}
}

func TestPagerDutyClock(t *testing.T) {
	r := newRig()
	h := PagerDuty(r.options, token("whsec"))
	for _, at := range []string{`"2026-03-04T09:00:00Z"`, `"yesterday"`} {
		body := fmt.Appendf(nil, `{"event":{"event_type":"incident.triggered","occurred_at":%s,"data":{"id":"PGR0VU2"}}}`, at)
		if w := send(h, "POST", body, signatureHeader+": "+sign(body, "whsec")); w.Code != http.StatusAccepted {
			t.Fatalf("answered %d: %s", w.Code, w.Body)
		}
	}
	keys, events := r.items(t)
	if len(events) != 2 {
		t.Fatalf("events without an id are told apart by their bodies: %q", keys)
	}
	for _, e := range events {
		if !e.At.Equal(now) {
			t.Errorf("an event of no time, or of the future, is of %s", e.At)
		}
	}
}

func TestPagerDutyRefuses(t *testing.T) {
	ok := testdata(t, "pagerduty-triggered.json")
	huge := bytes.Repeat([]byte(" "), maxPagerBody+1)
	v2 := []byte(`{"messages":[]}`)
	tests := []struct {
		name    string
		method  string
		secret  func() (string, error)
		body    []byte
		headers []string
		status  int
		outcome Outcome
	}{
		{"no signature", "POST", token("whsec"), ok, nil, 401, inbound.Unauthorized},
		{"a forged signature", "POST", token("whsec"), ok, []string{signatureHeader + ": " + sign(ok, "guess")}, 401, inbound.Unauthorized},
		{"another body", "POST", token("whsec"), append(bytes.Clone(ok), ' '), []string{signatureHeader + ": " + sign(ok, "whsec")}, 401, inbound.Unauthorized},
		{"a signature that is none", "POST", token("whsec"), ok, []string{signatureHeader + ": v1=xyz,v1=,,"}, 401, inbound.Unauthorized},
		{"no secret is configured", "POST", token(" \n"), ok, []string{signatureHeader + ": " + sign(ok, "")}, 401, inbound.Unauthorized},
		{"the secret's file is gone", "POST", func() (string, error) { return "", errors.New("no such file") }, ok, nil, 503, inbound.Unavailable},
		{"an empty body", "POST", token("whsec"), nil, []string{signatureHeader + ": " + sign(nil, "whsec")}, 401, inbound.Unauthorized},
		{"PUT", "PUT", token("whsec"), ok, nil, 405, inbound.Method},
		{"too large", "POST", token("whsec"), huge, []string{signatureHeader + ": " + sign(huge, "whsec")}, 413, inbound.TooLarge},
		{"version 2", "POST", token("whsec"), v2, []string{signatureHeader + ": " + sign(v2, "whsec")}, 400, inbound.Payload},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig()
			w := send(PagerDuty(r.options, tt.secret), tt.method, tt.body, tt.headers...)
			if w.Code != tt.status {
				t.Errorf("answered %d: %s; want %d", w.Code, w.Body, tt.status)
			}
			if diff := cmp.Diff([]string{"pagerduty " + string(tt.outcome)}, r.counted); diff != "" {
				t.Error(diff)
			}
			if keys, _ := r.items(t); len(keys) != 0 {
				t.Errorf("the inbox has %q", keys)
			}
			if strings.Contains(w.Body.String()+r.log.String(), "whsec") {
				t.Errorf("the secret is told: %s %s", w.Body, &r.log)
			}
		})
	}
	t.Run("a full disk", func(t *testing.T) {
		r := newRig()
		r.options.Inbox = &fullInbox{Inbox: r.inbox}
		if w := send(PagerDuty(r.options, token("whsec")), "POST", ok, signatureHeader+": "+sign(ok, "whsec")); w.Code != http.StatusServiceUnavailable {
			t.Errorf("answered %d: %s", w.Code, w.Body)
		}
	})
}
