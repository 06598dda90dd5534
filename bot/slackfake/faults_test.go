package slackfake_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"github.com/oombot/oombot/bot/slackfake"
)

func post(ctx context.Context, s *slackfake.Server) error {
	_, _, err := client(s).PostMessageContext(ctx, "C0ALERTS", slack.MsgOptionText("hello", false))
	return err
}

func TestRateLimit(t *testing.T) {
	s := start(t, slackfake.Options{})
	s.RateLimit("chat.postMessage", 2, 1500*time.Millisecond)
	for range 2 {
		var limited *slack.RateLimitedError
		if err := post(t.Context(), s); !errors.As(err, &limited) || limited.RetryAfter != 2*time.Second {
			t.Errorf("post: %v; want a rate limit, rounded up to 2 s", err)
		}
	}
	if err := post(t.Context(), s); err != nil {
		t.Errorf("the third post: %v", err)
	}
	if calls := s.Calls("chat.postMessage"); len(calls) != 3 || calls[0].Status != http.StatusTooManyRequests || calls[2].Status != http.StatusOK {
		t.Errorf("calls: %+v; want 429, 429, 200", calls)
	}
}

func TestFaultUntil(t *testing.T) {
	now := time.Unix(1_760_000_000, 0)
	s := start(t, slackfake.Options{Now: func() time.Time { return now }})
	s.Fault(slackfake.Fault{Until: now.Add(time.Hour), Status: http.StatusBadGateway})
	var status slack.StatusCodeError
	if err := post(t.Context(), s); !errors.As(err, &status) || status.Code != http.StatusBadGateway {
		t.Errorf("post within the hour: %v; want 502", err)
	}
	now = now.Add(time.Hour)
	if err := post(t.Context(), s); err != nil {
		t.Errorf("post after the hour: %v", err)
	}
}

func TestFaultErrors(t *testing.T) {
	s := start(t, slackfake.Options{})
	end := s.Fault(slackfake.Fault{Method: "chat.postMessage", Channel: "C0ALERTS", Error: "fatal_error"})
	if err := post(t.Context(), s); err == nil || err.Error() != "fatal_error" {
		t.Errorf("post: %v; want fatal_error", err)
	}
	end()
	end = s.MissingScope("chat.postMessage", "chat:write", "channels:history")
	var e slack.SlackErrorResponse
	if err := post(t.Context(), s); !errors.As(err, &e) || e.Err != "missing_scope" || e.Needed != "chat:write" || e.Provided != "channels:history" {
		t.Errorf("post: %v; want missing_scope with what is needed", err)
	}
	end()
	if err := post(t.Context(), s); err != nil {
		t.Errorf("post after the faults: %v", err)
	}
}

// TestLostAnswer holds that what was asked for is done, though the client sees an error.
func TestLostAnswer(t *testing.T) {
	for _, status := range []int{0, http.StatusServiceUnavailable} {
		s := start(t, slackfake.Options{})
		s.Fault(slackfake.Fault{Method: "chat.postMessage", Times: 1, Lost: true, Status: status})
		if err := post(t.Context(), s); err == nil {
			t.Errorf("status %d: the answer was not lost", status)
		}
		if n := len(s.Messages("#alerts")); n != 1 {
			t.Errorf("status %d: %d messages; want the one that was posted", status, n)
		}
	}
}

func TestHangAndDelay(t *testing.T) {
	s := start(t, slackfake.Options{})
	s.Fault(slackfake.Fault{Times: 1, Hang: true})
	s.Fault(slackfake.Fault{Times: 1, Delay: time.Millisecond})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := post(ctx, s); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("post: %v; want the caller's deadline", err)
	}
	if err := post(t.Context(), s); err != nil {
		t.Errorf("post with a delay: %v", err)
	}
	if n := len(s.Messages("#alerts")); n != 1 {
		t.Errorf("%d messages; want that of the second call alone", n)
	}
}

func TestDown(t *testing.T) {
	s := start(t, slackfake.Options{})
	socket(t, s, func(sm *socketmode.Client, e socketmode.Event) { ack(t, sm, e) })
	s.SetDown(slackfake.Failing)
	var status slack.StatusCodeError
	if err := post(t.Context(), s); !errors.As(err, &status) || status.Code != http.StatusInternalServerError {
		t.Errorf("post to what fails: %v; want 500", err)
	}
	s.SetDown(slackfake.Silent)
	if err := post(t.Context(), s); err == nil || errors.As(err, &status) {
		t.Errorf("post to what is silent: %v; want a closed connection", err)
	}
	if n := s.Connections(); n != 0 {
		t.Errorf("%d connections to what is down", n)
	}
	s.SetDown(slackfake.Up)
	if err := post(t.Context(), s); err != nil {
		t.Errorf("post to what is up again: %v", err)
	}
	wait(t, s, "the client to come back", func(s *slackfake.Server) bool { return s.Connections() == 1 && s.Settled() })
}

func TestRevoke(t *testing.T) {
	s := start(t, slackfake.Options{})
	dial(t, s)
	wait(t, s, "the connection", func(s *slackfake.Server) bool { return s.Connections() == 1 })
	s.Revoke("token_revoked")
	if err := post(t.Context(), s); err == nil || err.Error() != "token_revoked" {
		t.Errorf("post: %v; want token_revoked", err)
	}
	if _, _, err := client(s).StartSocketModeContext(t.Context()); err == nil || err.Error() != "token_revoked" {
		t.Errorf("open a connection: %v; want token_revoked", err)
	}
	if n := s.Connections(); n != 0 {
		t.Errorf("%d connections with a revoked token", n)
	}
	s.Revoke("")
	if err := post(t.Context(), s); err != nil {
		t.Errorf("post with the token good again: %v", err)
	}
}

func TestStartRefusesStrangers(t *testing.T) {
	s := slackfake.New(slackfake.Options{})
	defer func() { _ = s.Close() }()
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:80", "nonsense"} {
		if err := s.Start(addr); err == nil {
			t.Errorf("it listens on %q", addr)
		}
	}
}
