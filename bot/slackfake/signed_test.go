package slackfake_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"

	"github.com/oombot/oombot/bot/slackfake"
)

// receiver verifies signatures with slack-go and hands the body on.
func receiver(t *testing.T, secret string, handle func(w http.ResponseWriter, r *http.Request, body []byte)) string {
	t.Helper()
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read: %v", err)
		}
		v, err := slack.NewSecretsVerifier(r.Header, secret)
		if err == nil {
			_, err = v.Write(body)
		}
		if err == nil {
			err = v.Ensure()
		}
		if err != nil {
			t.Errorf("%s: signature: %v", r.URL.Path, err)
		}
		handle(w, r, body)
	}))
	t.Cleanup(h.Close)
	return h.URL
}

func TestSignedEventsAreRetried(t *testing.T) {
	var tries atomic.Int32
	var nums, reasons []string
	url := receiver(t, "shh", func(w http.ResponseWriter, r *http.Request, body []byte) {
		nums = append(nums, r.Header.Get("X-Slack-Retry-Num"))
		reasons = append(reasons, r.Header.Get("X-Slack-Retry-Reason"))
		var e struct {
			EventID string `json:"event_id"`
		}
		if err := json.Unmarshal(body, &e); err != nil || e.EventID == "" {
			t.Errorf("event %s: %v", body, err)
		}
		if tries.Add(1) < 3 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	s := start(t, slackfake.Options{SigningSecret: "shh", EventsURL: url})
	if _, err := s.Post("ann", "#alerts", "hello"); err != nil {
		t.Fatal(err)
	}
	d := s.Deliveries()[0]
	<-d.Done()
	if !d.Acked() || d.Attempts() != 3 {
		t.Errorf("acked %t after %d attempts; want true after 3", d.Acked(), d.Attempts())
	}
	if diff := cmp.Diff([]string{"", "1", "2"}, nums); diff != "" {
		t.Errorf("X-Slack-Retry-Num (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"", "http_error", "http_error"}, reasons); diff != "" {
		t.Errorf("X-Slack-Retry-Reason (-want +got):\n%s", diff)
	}
}

func TestSignedGivesUp(t *testing.T) {
	tests := []struct {
		name     string
		handle   func(w http.ResponseWriter, r *http.Request)
		attempts int
	}{
		{"too slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, 4},
		{"asked not to retry", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Slack-No-Retry", "1")
			w.WriteHeader(http.StatusInternalServerError)
		}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			url := receiver(t, "fake-signing-secret", func(w http.ResponseWriter, r *http.Request, _ []byte) { tt.handle(w, r) })
			s := start(t, slackfake.Options{EventsURL: url, AckTimeout: 50 * time.Millisecond})
			if _, err := s.Post("ann", "#alerts", "hello"); err != nil {
				t.Fatal(err)
			}
			d := s.Deliveries()[0]
			<-d.Done()
			if d.Acked() || d.Attempts() != tt.attempts {
				t.Errorf("acked %t after %d attempts; want false after %d", d.Acked(), d.Attempts(), tt.attempts)
			}
		})
	}
}

func TestSignedInteractionsAndCommands(t *testing.T) {
	url := receiver(t, "fake-signing-secret", func(w http.ResponseWriter, r *http.Request, body []byte) {
		r.Body = io.NopCloser(bytes.NewReader(body))
		switch r.URL.Path {
		case "/interactions":
			cb, err := slack.InteractionCallbackParse(r)
			if err != nil || cb.Type != slack.InteractionTypeBlockActions {
				t.Errorf("interaction %+v: %v", cb, err)
			}
		case "/commands":
			c, err := slack.SlashCommandParse(r)
			if err != nil || c.Command != "/oombot" || c.Text != "help" {
				t.Errorf("command %+v: %v", c, err)
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"text":"this is what I can do"}`))
		}
	})
	s := start(t, slackfake.Options{EventsURL: url + "/events", InteractionsURL: url + "/interactions", CommandsURL: url + "/commands"})
	ts := card(t, client(s))
	if _, err := s.Click("#alerts", ts, "evidence", "ann"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Slash("ann", "#alerts", "/oombot", "help"); err != nil {
		t.Fatal(err)
	}
	wait(t, s, "all acknowledgements", func(s *slackfake.Server) bool { return s.Settled() })
	if all := s.Ephemerals("#alerts", "ann"); len(all) != 1 || all[0].Text != "this is what I can do" {
		t.Errorf("answers %+v; want the command's", all)
	}
}

func TestVerifyURL(t *testing.T) {
	right := true
	url := receiver(t, "fake-signing-secret", func(w http.ResponseWriter, _ *http.Request, body []byte) {
		var o struct{ Type, Challenge string }
		if err := json.Unmarshal(body, &o); err != nil || o.Type != "url_verification" {
			t.Errorf("request %s: %v", body, err)
		}
		if right {
			_, _ = w.Write([]byte(o.Challenge))
		}
	})
	s := start(t, slackfake.Options{EventsURL: url})
	if err := s.VerifyURL(t.Context()); err != nil {
		t.Errorf("a right answer: %v", err)
	}
	right = false
	if err := s.VerifyURL(t.Context()); err == nil {
		t.Error("an empty answer passes")
	}
}
