package slackio

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"github.com/oombot/oombot/bot/slackfake"
)

func TestBackoffIsBounded(t *testing.T) {
	for n := range 100 {
		d := backoff(n)
		most := backoffTo
		if n < 6 {
			most = min(most, backoffFrom<<n)
		}
		if d < most/2 || d > most {
			t.Errorf("after %d failures: %v, want %v to %v", n, d, most/2, most)
		}
	}
}

func TestWhatToDo(t *testing.T) {
	answer := func(method, word string) error {
		return sorted(t.Context(), method, slack.SlackErrorResponse{Err: word})
	}
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"an app token that is refused", answer(openMethod, "invalid_auth"), "SLACK_APP_TOKEN"},
		{"a bot token that is refused", answer("auth.test", "account_inactive"), "SLACK_BOT_TOKEN"},
		{"a token that can't be read", noToken(openMethod, errors.New("permission denied")), "SLACK_APP_TOKEN"},
		{"an app token without its scope", answer(openMethod, "missing_scope"), "connections:write"},
		{"a bot token without a scope", answer("auth.test", "missing_scope"), "install it again"},
		{"another refusal", answer(openMethod, "forbidden_for_this_app"), "Socket Mode"},
		{"nobody there", sorted(t.Context(), openMethod, slack.StatusCodeError{Code: 404}), "slack.api_url"},
		{"down", answer(openMethod, "internal_error"), ""},
		{"too many connections", sorted(t.Context(), openMethod, &slack.RateLimitedError{RetryAfter: time.Minute}), ""},
		{"a handshake that failed", sorted(t.Context(), openMethod, errors.New("websocket: bad handshake")), ""},
		{"closed", nil, ""},
	}
	for _, tt := range tests {
		todo, fatal := whatToDo(tt.err)
		if fatal != (tt.want != "") || !strings.Contains(todo, tt.want) {
			t.Errorf("%s: fatal %t, %q", tt.name, fatal, todo)
		}
	}
}

func TestTroubles(t *testing.T) {
	w := newWorld()
	in := w.intake(knownSelf)
	clock := now
	in.Now = func() time.Time { return clock }
	var tr troubles
	limit := sorted(t.Context(), openMethod, &slack.RateLimitedError{RetryAfter: time.Hour})
	if pause, fatal := tr.note(in, limit); fatal || pause != time.Hour {
		t.Errorf("%v, fatal %t: Slack said an hour", pause, fatal)
	}
	for range 50 {
		pause, _ := tr.note(in, sorted(t.Context(), openMethod, slack.StatusCodeError{Code: 503}))
		if pause > backoffTo {
			t.Errorf("%v", pause)
		}
	}
	if n := strings.Count(w.log.String(), "level=WARN"); n != 2 {
		t.Errorf("%d lines for two reasons:\n%s", n, w.log.String())
	}

	// Connections that live long may follow each other as they like.
	for range 10 {
		if err := tr.connecting(clock); err != nil {
			t.Fatal(err)
		}
		tr.hello(in)
		clock = clock.Add(time.Hour)
	}
	// Those that don't are slowed down after a few.
	ended := 0
	for ended = range 10 {
		if err := tr.connecting(clock); err != nil {
			break
		}
		tr.hello(in)
		clock = clock.Add(time.Second)
	}
	if ended != freeShorts+1 {
		t.Errorf("slowed down after %d", ended)
	}
	if pause, fatal := tr.note(in, errShortLived); fatal || pause < backoffFrom/2 {
		t.Errorf("%v, fatal %t", pause, fatal)
	}
}

// TestSlackIsDownAtFirst holds that a start without Slack is no end.
func TestSlackIsDownAtFirst(t *testing.T) {
	s, w := workspace(t, slackfake.Options{}), newWorld()
	s.SetDown(slackfake.Failing)
	socket, _ := listen(t, s, w, given(appToken))
	eventually(t, "log line", func() bool { return strings.Contains(w.log.String(), "level=WARN") })
	if socket.Connected() {
		t.Error("connected while Slack is down")
	}
	s.SetDown(slackfake.Up)
	eventually(t, "connection", socket.Connected)
}

// TestRevokedWhileConnected holds that a revoked token ends the readiness, and nothing else.
func TestRevokedWhileConnected(t *testing.T) {
	s, w := workspace(t, slackfake.Options{}), newWorld()
	socket, stop := listen(t, s, w, given(appToken))
	eventually(t, "connection", socket.Connected)
	s.Revoke("token_revoked")
	eventually(t, "log line", func() bool { return strings.Contains(w.log.String(), "token_revoked") })
	if socket.Connected() {
		t.Error("connected with a revoked token")
	}
	stop()
}

// TestNoHandshake is a Slack that gives an address, and doesn't open a socket there.
func TestNoHandshake(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, openMethod) {
			fmt.Fprintf(w, `{"ok":true,"url":"ws://%s/nothing?ticket=verysecretticket"}`, r.Host)
			return
		}
		w.WriteHeader(http.StatusForbidden)
	}))
	defer server.Close()
	w := newWorld()
	socket := NewSocket(SocketOptions{Intake: w.intake(knownSelf), Token: given(appToken), API: server.URL})
	ctx := t.Context()
	err := socket.series(ctx, ctx, appToken)
	if e := slackError(t, err); socket.Connected() || strings.Contains(fmt.Sprint(err, e.Err), "verysecretticket") {
		t.Errorf("connected %t, %v", socket.Connected(), err)
	}
}

func TestFullQueueIsLoggedOnce(t *testing.T) {
	w := newWorld()
	s := NewSocket(SocketOptions{Intake: w.intake(knownSelf)})
	for range maxQueued + 10 {
		s.enqueue(envelope{id: "e"})
	}
	if n := strings.Count(w.log.String(), "too many"); n != 1 || len(s.queue) != maxQueued {
		t.Errorf("%d lines, %d queued", n, len(s.queue))
	}
}

func TestSeldom(t *testing.T) {
	var s seldom
	got := ""
	for i := range 130 {
		if skipped, ok := s.now(now.Add(time.Duration(i) * time.Second)); ok {
			got += fmt.Sprintf("%d:%d ", i, skipped)
		}
	}
	if got != "0:0 60:59 120:59 " {
		t.Error(got)
	}
}

func FuzzFrame(f *testing.F) {
	f.Add([]byte(`{"envelope_id":"e","type":"events_api","payload":{"event":{"type":"message"}}}`))
	f.Add([]byte(`{"envelope_id":7,"payload":null}`))
	f.Fuzz(func(t *testing.T, frame []byte) {
		e, ok := rawEnvelope(frame)
		if !ok {
			return
		}
		if e.id == "" || len(e.payload) > 0 && !json.Valid(e.payload) {
			t.Errorf("%+v", e)
		}
	})
}
