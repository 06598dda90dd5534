package slackio

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/slackfake"
)

func knownSelf(context.Context) (Self, error) { return me, nil }

// served is the handlers over w, with the usual secret.
func served(w *world) http.Handler {
	mux := http.NewServeMux()
	NewHTTP(HTTPOptions{Intake: w.intake(knownSelf), Secret: given(secret)}).Mount(mux)
	return mux
}

// ask sends a request; the signature is right unless change breaks it.
func ask(h http.Handler, path, body string, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, path, strings.NewReader(body))
	sign(r, body, time.Now(), secret)
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func sign(r *http.Request, body string, at time.Time, secret string) {
	stamp := strconv.FormatInt(at.Unix(), 10)
	r.Header.Set("X-Slack-Request-Timestamp", stamp)
	r.Header.Set("X-Slack-Signature", slackfake.Sign(secret, stamp, []byte(body)))
}

var plainMessage = callback(`{"type":"message","channel":"C1","user":"U1","text":"hello","ts":"1700000000.000100"}`)

func TestSignatures(t *testing.T) {
	tests := []struct {
		name   string
		change func(*http.Request)
		want   int
	}{
		{"right", nil, 200},
		{"four minutes old", func(r *http.Request) { sign(r, plainMessage, time.Now().Add(-4*time.Minute), secret) }, 200},
		{"six minutes old", func(r *http.Request) { sign(r, plainMessage, time.Now().Add(-6*time.Minute), secret) }, 401},
		{"six minutes ahead", func(r *http.Request) { sign(r, plainMessage, time.Now().Add(6*time.Minute), secret) }, 401},
		{"of another body", func(r *http.Request) { sign(r, plainMessage+" ", time.Now(), secret) }, 401},
		{"by another secret", func(r *http.Request) { sign(r, plainMessage, time.Now(), "guess") }, 401},
		{"none", func(r *http.Request) { r.Header.Del("X-Slack-Signature") }, 401},
		{"no timestamp", func(r *http.Request) { r.Header.Del("X-Slack-Request-Timestamp") }, 401},
		{"no hexadecimal", func(r *http.Request) { r.Header.Set("X-Slack-Signature", "v0=xyz") }, 401},
		{"short", func(r *http.Request) { r.Header.Set("X-Slack-Signature", "v0=ab") }, 401},
		{"no number", func(r *http.Request) { r.Header.Set("X-Slack-Request-Timestamp", "now") }, 401},
	}
	for _, tt := range tests {
		for _, path := range []string{"/slack/events", "/slack/interactions", "/slack/commands"} {
			t.Run(tt.name+path, func(t *testing.T) {
				w := newWorld()
				got := ask(served(w), path, plainMessage, tt.change)
				want := tt.want
				if want == 200 && path == "/slack/interactions" {
					want = 400 // signed, and no form
				}
				if got.Code != want || got.Body.Len() != 0 {
					t.Errorf("%d %q, want %d", got.Code, got.Body, want)
				}
				if stored := len(w.events) > 0; stored != (tt.want == 200 && path == "/slack/events") {
					t.Errorf("stored: %t", stored)
				}
				if strings.Contains(w.log.String(), secret) {
					t.Errorf("the secret is in the log:\n%s", w.log.String())
				}
			})
		}
	}
}

func TestOtherRequests(t *testing.T) {
	form := func(values url.Values) string { return values.Encode() }
	press := form(url.Values{"payload": {blockActions(inMessage, `{"action_id":"rerun","value":"01J","action_ts":"1700000001.000000"}`)}})
	tests := []struct {
		name, path, body string
		want             int
		answer           string
	}{
		{"the question whether the URL is ours", "/slack/events", `{"type":"url_verification","challenge":"c123","token":"x"}`, 200, "c123"},
		{"fewer events than there are", "/slack/events", `{"type":"app_rate_limited","team_id":"T1","minute_rate_limited":1}`, 200, ""},
		{"no JSON", "/slack/events", `{`, 400, ""},
		{"an array", "/slack/events", `[]`, 400, ""},
		{"too large", "/slack/events", strings.Repeat(" ", maxBody) + plainMessage, 413, ""},
		{"a press", "/slack/interactions", press, 200, ""},
		{"a dialog sent", "/slack/interactions", form(url.Values{"payload": {`{"type":"view_submission","user":{"id":"U1"},"view":{"id":"V1"}}`}}), 200, ""},
		{"a dialog closed", "/slack/interactions", form(url.Values{"payload": {`{"type":"view_closed"}`}}), 200, ""},
		{"no payload", "/slack/interactions", "a=b", 400, ""},
		{"no form", "/slack/interactions", "a=%zz", 400, ""},
		{"a command", "/slack/commands", form(url.Values{"command": {"/oombot"}, "text": {"help"}, "trigger_id": {trigger}}), 200, ""},
		{"a check of the certificate", "/slack/commands", "ssl_check=1", 200, ""},
		{"no form of a command", "/slack/commands", "a=%zz", 400, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			got := ask(served(w), tt.path, tt.body, nil)
			if got.Code != tt.want || got.Body.String() != tt.answer {
				t.Errorf("%d %q, want %d %q", got.Code, got.Body, tt.want, tt.answer)
			}
			if tt.name == "a press" && (len(w.presses) != 1 || w.presses[0] != "rerun 01J "+trigger) {
				t.Errorf("presses %v", w.presses)
			}
		})
	}
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/slack/events", nil)
	got := httptest.NewRecorder()
	served(newWorld()).ServeHTTP(got, r)
	if got.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", got.Code)
	}
}

func TestReplayHasNoEffect(t *testing.T) {
	w := newWorld()
	h := served(w)
	for range 3 {
		if got := ask(h, "/slack/events", plainMessage, nil); got.Code != 200 {
			t.Errorf("%d", got.Code)
		}
	}
	if len(w.events) != 1 || w.puts != 3 {
		t.Errorf("%d events of %d", len(w.events), w.puts)
	}
}

func TestNothingIsTakenThatCannotBeKept(t *testing.T) {
	tests := []struct {
		name   string
		damage func(w *world, in *Intake, h *HTTP)
	}{
		{"the disk is full", func(w *world, _ *Intake, _ *HTTP) { w.broken = true }},
		{"it is not known who the bot is", func(_ *world, in *Intake, _ *HTTP) {
			in.Self = func(context.Context) (Self, error) { return Self{}, errors.New("auth.test: unreachable") }
		}},
		{"the secret can't be read", func(_ *world, _ *Intake, h *HTTP) {
			h.secret = func() (string, error) { return "", errors.New("permission denied") }
		}},
		{"there is no secret", func(_ *world, _ *Intake, h *HTTP) { h.secret = given("") }},
	}
	body := url.Values{"payload": {blockActions(inMessage, `{"action_id":"rerun","value":"01J","action_ts":"1.1"}`)}}.Encode()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			in := w.intake(knownSelf)
			h := NewHTTP(HTTPOptions{Intake: in, Secret: given(secret)})
			tt.damage(w, in, h)
			mux := http.NewServeMux()
			h.Mount(mux)
			for range 3 {
				if got := ask(mux, "/slack/interactions", body, nil); got.Code != http.StatusServiceUnavailable || got.Body.Len() != 0 {
					t.Errorf("%d %q", got.Code, got.Body)
				}
			}
			if len(w.presses) != 0 {
				t.Errorf("told of %v", w.presses)
			}
			if n := strings.Count(w.log.String(), "level=ERROR"); n != 1 {
				t.Errorf("%d lines in the log:\n%s", n, w.log.String())
			}
		})
	}
}

// TestBrokenBody is a client that goes away while it sends.
func TestBrokenBody(t *testing.T) {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/slack/events", io.MultiReader(strings.NewReader("{"), brokenReader{}))
	got := httptest.NewRecorder()
	served(newWorld()).ServeHTTP(got, r)
	if got.Code != http.StatusBadRequest {
		t.Errorf("%d", got.Code)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// TestHTTPMode has the stand-in send what a workspace sends by signed requests.
func TestHTTPMode(t *testing.T) {
	w := newWorld()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	defer server.Close()
	s := workspace(t, slackfake.Options{
		EventsURL: server.URL + "/slack/events", InteractionsURL: server.URL + "/slack/interactions", CommandsURL: server.URL + "/slack/commands",
	})
	c := clientOf(s)
	NewHTTP(HTTPOptions{Intake: w.intake(c.Self), Secret: given(secret)}).Mount(mux)
	if err := s.VerifyURL(t.Context()); err != nil {
		t.Fatal(err)
	}
	exercise(t, s, c, w)
	for _, d := range s.Deliveries() {
		if d.Attempts() != 1 {
			t.Errorf("%s %s came %d times", d.Type, d.EventType, d.Attempts())
		}
	}
}

// stored is all that w holds, as JSON.
func (w *world) stored(t *testing.T) string {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	data, err := json.Marshal(w.events)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

var _ bot.Receiver = (*world)(nil)
