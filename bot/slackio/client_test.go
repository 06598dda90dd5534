package slackio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/slackfake"
)

func section(text string) slack.Block {
	return slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, text, false, false), nil, nil)
}

func message(text string) bot.Message {
	return bot.Message{Text: text, Blocks: []slack.Block{section(text)}}
}

func TestPostUpdateAndFind(t *testing.T) {
	s := workspace(t, slackfake.Options{})
	c, ctx := clientOf(s), t.Context()
	root, err := s.Post("U0ANN", "C0OPS", "it is down")
	if err != nil {
		t.Fatal(err)
	}
	// A malformed block of somebody else, which the library can't read, stands among the messages.
	if _, err := s.PostAs("C0OPS", slackfake.BotPost{Bot: "B0PAGER", Text: "x", Thread: root, Blocks: json.RawMessage(`[{"type":"section","text":"no object"}]`), Metadata: json.RawMessage(`{"event_type":"oombot","event_payload":{"key":"card/1"}}`)}); err != nil {
		t.Fatal(err)
	}
	since := time.Now()
	ts, err := c.Post(ctx, bot.Post{Key: "card/1", Channel: "C0OPS", Thread: root, Message: message("first")})
	if err != nil {
		t.Fatal(err)
	}
	top, err := c.Post(ctx, bot.Post{Key: "card/2", Channel: "C0OPS", Message: message("top")})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Update(ctx, "C0OPS", ts, message("second")); err != nil {
		t.Fatal(err)
	}
	m, ok := s.Message("C0OPS", ts)
	if !ok || m.Text != "second" || m.ThreadTS != root || !strings.Contains(string(m.Metadata), `"key":"card/1"`) {
		t.Errorf("%+v", m)
	}
	for _, call := range s.Calls("chat.postMessage") {
		if data := fmt.Sprint(call); !strings.Contains(data, "unfurl_links") {
			t.Errorf("links unfurl: %s", data)
		}
	}
	tests := []struct{ key, thread, want string }{
		{"card/1", root, ts}, {"card/2", "", top}, {"card/2", root, ""}, {"card/1", "", ""}, {"card/3", root, ""},
	}
	for _, tt := range tests {
		if got, err := c.Sent(ctx, tt.key, "C0OPS", tt.thread, since); err != nil || got != tt.want {
			t.Errorf("%s in %q: %q, %v; want %q", tt.key, tt.thread, got, err, tt.want)
		}
	}
	if got, err := c.Sent(ctx, "card/1", "C0OPS", root, since.Add(time.Hour)); err != nil || got != "" {
		t.Errorf("older than since: %q, %v", got, err)
	}
}

func TestSentReadsAllPages(t *testing.T) {
	s := workspace(t, slackfake.Options{})
	c := clientOf(s)
	ts, err := c.Post(t.Context(), bot.Post{Key: "k", Channel: "C0OPS", Message: message("x")})
	if err != nil {
		t.Fatal(err)
	}
	for range page + 5 {
		if _, err := s.Post("U0ANN", "C0OPS", "talk"); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := c.Sent(t.Context(), "k", "C0OPS", "", time.Time{}); err != nil || got != ts {
		t.Errorf("%q, %v; want %q", got, err, ts)
	}
	if n := len(s.Calls("conversations.history")); n != 2 {
		t.Errorf("%d calls", n)
	}
}

func TestSentGivesUp(t *testing.T) {
	calls := 0
	c := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		calls++
		fmt.Fprint(w, `{"ok":true,"user_id":"U1","messages":[],"response_metadata":{"next_cursor":"more"}}`)
	})
	_, err := c.Sent(t.Context(), "k", "C1", "", time.Time{})
	if e := slackError(t, err); e.Fault != bot.FaultRefused || e.Reason != reasonTooMany || calls != maxPages+1 {
		t.Errorf("%v after %d calls", err, calls)
	}
}

func TestSmallCalls(t *testing.T) {
	s := workspace(t, slackfake.Options{})
	c, ctx := clientOf(s), t.Context()
	ts, err := s.Post("U0ANN", "C0OPS", "it is down")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time it is there already
		if err := c.React(ctx, "C0OPS", ts, "eyes"); err != nil {
			t.Errorf("react: %v", err)
		}
	}
	if err := c.Ephemeral(ctx, "C0OPS", ts, "U0ANN", message("only for you")); err != nil {
		t.Errorf("ephemeral: %v", err)
	}
	if got := s.Ephemerals("C0OPS", "U0ANN"); len(got) != 1 || got[0].Text != "only for you" {
		t.Errorf("ephemeral: %+v", got)
	}
	if err := c.Status(ctx, "C0OPS", ts, "reads the kernel log"); err != nil || s.Status("C0OPS", ts) != "reads the kernel log" {
		t.Errorf("status: %q, %v", s.Status("C0OPS", ts), err)
	}
	if err := c.Status(ctx, "C0OPS", ts, ""); err != nil || s.Status("C0OPS", ts) != "" {
		t.Errorf("no status: %q, %v", s.Status("C0OPS", ts), err)
	}
	if link, err := c.Permalink(ctx, "C0OPS", ts); err != nil || !strings.Contains(link, "C0OPS") {
		t.Errorf("permalink: %q, %v", link, err)
	}
	if err := c.PublishHome(ctx, "U0ANN", []slack.Block{section("home")}); err != nil {
		t.Errorf("home: %v", err)
	}
	if _, ok := s.Home("U0ANN"); !ok {
		t.Error("no home is shown")
	}
	id, err := c.Upload(ctx, bot.File{Channel: "C0OPS", Thread: ts, Name: "memory.png", Title: "Memory", Alt: "memory rises to its limit", Data: []byte("PNG")})
	if err != nil {
		t.Fatal(err)
	}
	files := s.Files()
	if len(files) != 1 || files[0].ID != id || !strings.Contains(fmt.Sprintf("%+v", files[0]), "memory rises to its limit") {
		t.Errorf("%q of %+v", id, files)
	}
}

func TestPeople(t *testing.T) {
	s := workspace(t, slackfake.Options{})
	clock := now
	c := NewClient(ClientOptions{Token: given(botToken), API: s.APIURL(), Now: func() time.Time { return clock }})
	tests := []bot.Person{
		{ID: "U0ANN", Name: "ann"},
		{ID: "U0GUEST", Name: "guest", Guest: true},
		{ID: "U0OTHER", Name: "other", Stranger: true},
		{ID: "U0PAGER", Name: "pager", Bot: true},
	}
	for _, want := range tests {
		got, err := c.Person(t.Context(), want.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	asked := func() int { return len(s.Calls("users.info")) + len(s.Calls("usergroups.users.list")) }
	before := asked()
	members := func() []string {
		if _, err := c.Person(t.Context(), "U0ANN"); err != nil {
			t.Fatal(err)
		}
		list, err := c.Members(t.Context(), "S0SRE")
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if list := members(); !slices.Equal(list, []string{"U0ANN"}) {
		t.Errorf("members %v", list)
	}
	members()[0] = "changed by the caller"
	if list := members(); list[0] != "U0ANN" || asked() != before+1 {
		t.Errorf("members %v after %d calls", list, asked()-before)
	}
	clock = clock.Add(keptFor)
	if members(); asked() != before+3 {
		t.Errorf("%d calls after ten minutes", asked()-before)
	}
	if _, err := c.Members(t.Context(), "S0NONE"); err == nil {
		t.Error("no error for a group that isn't there")
	}
}

func TestColleaguesOfAnOrganisationAreNoStrangers(t *testing.T) {
	self := Self{Team: "T1", Enterprise: "E1"}
	colleague := slack.User{ID: "U1", TeamID: "T2", Enterprise: slack.EnterpriseUser{EnterpriseID: "E1"}}
	if person(self, colleague).Stranger {
		t.Error("a colleague of another workspace is a stranger")
	}
	colleague.Enterprise.EnterpriseID = "E2"
	if !person(self, colleague).Stranger {
		t.Error("somebody of another organisation is none")
	}
}

// TestTokensRotate holds that a new token counts from the next call on, and that the bot stays who it is meanwhile.
func TestTokensRotate(t *testing.T) {
	var seen []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if token == "" {
			token = r.FormValue("token")
		}
		seen = append(seen, token)
		if token == "revoked" {
			fmt.Fprint(w, `{"ok":false,"error":"token_revoked"}`)
			return
		}
		fmt.Fprint(w, `{"ok":true,"user_id":"U1","bot_id":"B1","team_id":"T1"}`)
	}))
	defer server.Close()
	file := &tokenFile{token: "one\n"}
	c := NewClient(ClientOptions{Token: file.read, API: server.URL})
	want := Self{User: "U1", Bot: "B1", Team: "T1"}
	for _, token := range []string{"one\n", "one\n", "revoked", "two", ""} {
		file.write(token)
		if got, err := c.Self(t.Context()); err != nil || got != want {
			t.Errorf("%q: %+v, %v", token, got, err)
		}
	}
	if diff := cmp.Diff([]string{"one", "revoked", "two"}, seen); diff != "" {
		t.Errorf("tokens (-want +got):\n%s", diff)
	}
	file.write("revoked")
	if e := slackError(t, c.React(t.Context(), "C1", "1.1", "eyes")); e.Fault != bot.FaultToken {
		t.Errorf("%+v", e)
	}
	file.write("three")
	if err := c.React(t.Context(), "C1", "1.1", "eyes"); err != nil {
		t.Error(err)
	}
}

// answering is a client whose Slack is a function.
func answering(t *testing.T, f http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return NewClient(ClientOptions{Token: given(botToken), API: server.URL})
}

func slackError(t *testing.T, err error) *bot.SlackError {
	t.Helper()
	e, ok := errors.AsType[*bot.SlackError](err)
	if !ok {
		t.Fatalf("%v is no *bot.SlackError", err)
	}
	return e
}

func TestFaults(t *testing.T) {
	word := func(word string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, `{"ok":false,"error":%q}`, word) }
	}
	status := func(code int, retryAfter string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if retryAfter != "" {
				w.Header().Set("Retry-After", retryAfter)
			}
			w.WriteHeader(code)
		}
	}
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   bot.SlackError
	}{
		{"rate limit", status(429, "17"), bot.SlackError{Fault: bot.FaultBusy, Reason: "ratelimited", After: 17 * time.Second}},
		{"rate limit without a time", status(429, ""), bot.SlackError{Fault: bot.FaultBusy, Reason: "ratelimited"}},
		{"rate limit with nonsense", status(429, "soon"), bot.SlackError{Fault: bot.FaultBusy, Reason: "ratelimited"}},
		{"rate limit in words", word("ratelimited"), bot.SlackError{Fault: bot.FaultBusy, Reason: "ratelimited"}},
		{"500", status(500, ""), bot.SlackError{Fault: bot.FaultDown, Reason: "http_500"}},
		{"503", status(503, ""), bot.SlackError{Fault: bot.FaultDown, Reason: "http_503"}},
		{"404", status(404, ""), bot.SlackError{Fault: bot.FaultRefused, Reason: "http_404"}},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.example/", http.StatusTemporaryRedirect)
		}, bot.SlackError{Fault: bot.FaultRefused, Reason: "http_307"}},
		{"a proxy's page", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>sign in</html>") }, bot.SlackError{Fault: bot.FaultDown, Reason: reasonUnreadable}},
		{"an answer that is cut", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"ok":tr`) }, bot.SlackError{Fault: bot.FaultDown, Reason: reasonUnreadable}},
		{"no ts", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{}`) }, bot.SlackError{Fault: bot.FaultDown, Reason: reasonUnreadable}},
		{"closed", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, bot.SlackError{Fault: bot.FaultDown, Reason: reasonUnreached}},
		{"internal_error", word("internal_error"), bot.SlackError{Fault: bot.FaultDown, Reason: "internal_error"}},
		{"fatal_error", word("fatal_error"), bot.SlackError{Fault: bot.FaultDown, Reason: "fatal_error"}},
		{"service_unavailable", word("service_unavailable"), bot.SlackError{Fault: bot.FaultDown, Reason: "service_unavailable"}},
		{"request_timeout", word("request_timeout"), bot.SlackError{Fault: bot.FaultDown, Reason: "request_timeout"}},
		{"invalid_auth", word("invalid_auth"), bot.SlackError{Fault: bot.FaultToken, Reason: "invalid_auth"}},
		{"token_revoked", word("token_revoked"), bot.SlackError{Fault: bot.FaultToken, Reason: "token_revoked"}},
		{"account_inactive", word("account_inactive"), bot.SlackError{Fault: bot.FaultToken, Reason: "account_inactive"}},
		{"channel_not_found", word("channel_not_found"), bot.SlackError{Fault: bot.FaultChannel, Reason: "channel_not_found"}},
		{"is_archived", word("is_archived"), bot.SlackError{Fault: bot.FaultChannel, Reason: "is_archived"}},
		{"restricted_action", word("restricted_action"), bot.SlackError{Fault: bot.FaultChannel, Reason: "restricted_action"}},
		{"message_not_found", word("message_not_found"), bot.SlackError{Fault: bot.FaultMessage, Reason: "message_not_found"}},
		{"edit_window_closed", word("edit_window_closed"), bot.SlackError{Fault: bot.FaultMessage, Reason: "edit_window_closed"}},
		{"invalid_blocks", word("invalid_blocks"), bot.SlackError{Fault: bot.FaultRefused, Reason: "invalid_blocks"}},
		{"a scope", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"ok":false,"error":"missing_scope","needed":"chat:write","provided":"commands"}`)
		}, bot.SlackError{Fault: bot.FaultScope, Reason: "missing_scope", Needed: "chat:write"}},
		{"a token in the answer", word("bad token " + botToken), bot.SlackError{Fault: bot.FaultRefused, Reason: "bad token [redacted]"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := answering(t, tt.answer)
			_, err := c.Post(t.Context(), bot.Post{Channel: "C1", Message: message("x")})
			got := *slackError(t, err)
			tt.want.Method = "chat.postMessage"
			if got.Err == nil || strings.Contains(fmt.Sprintf("%v %+v", err, got.Err), botToken) {
				t.Errorf("made of %v", got.Err)
			}
			got.Err = nil
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			// What is read loosely is sorted alike.
			if tt.name != "no ts" {
				_, err = c.Self(t.Context())
				if e := slackError(t, err); e.Fault != tt.want.Fault || e.Reason != tt.want.Reason || strings.Contains(fmt.Sprint(e.Err), botToken) {
					t.Errorf("loosely: %+v", e)
				}
			}
		})
	}
}

func TestTimeoutsAndContexts(t *testing.T) {
	hang := make(chan struct{})
	defer close(hang)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.CloseClientConnections)
	c := NewClient(ClientOptions{Token: given(botToken), API: server.URL, Timeout: 50 * time.Millisecond})
	if e := slackError(t, c.React(t.Context(), "C1", "1.1", "eyes")); e.Fault != bot.FaultDown || e.Reason != reasonTimeout {
		t.Errorf("%+v", e)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.React(ctx, "C1", "1.1", "eyes"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestNoToken(t *testing.T) {
	for name, token := range map[string]func() (string, error){
		"none": nil, "empty": given(" \n"), "unreadable": func() (string, error) { return "", errors.New("open token: permission denied") },
	} {
		c := NewClient(ClientOptions{Token: token, API: "http://127.0.0.1:1"})
		if e := slackError(t, c.React(t.Context(), "C1", "1.1", "eyes")); e.Fault != bot.FaultToken || e.Reason != reasonNoToken {
			t.Errorf("%s: %+v", name, e)
		}
		if _, err := c.Person(t.Context(), "U1"); slackError(t, err).Fault != bot.FaultToken {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOpen(t *testing.T) {
	s := workspace(t, slackfake.Options{})
	c := clientOf(s)
	err := c.Open(t.Context(), "no-such-trigger", slack.ModalViewRequest{Type: slack.VTModal, Title: slack.NewTextBlockObject("plain_text", "t", false, false), Blocks: slack.Blocks{BlockSet: []slack.Block{section("x")}}})
	if e := slackError(t, err); e.Fault != bot.FaultRefused || e.Method != "views.open" || strings.Contains(err.Error(), "no-such-trigger") {
		t.Errorf("%+v", e)
	}
}
