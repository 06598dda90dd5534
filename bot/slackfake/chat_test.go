package slackfake_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"

	"github.com/oombot/oombot/bot/slackfake"
)

// api calls a method with a form and the bot token, and returns the answer.
func api(t *testing.T, s *slackfake.Server, method string, args map[string]string) map[string]any {
	t.Helper()
	form := url.Values{}
	bot, _ := s.Tokens()
	form.Set("token", bot)
	for k, v := range args {
		form.Set(k, v)
	}
	return send(t, s, method, "application/x-www-form-urlencoded", "", form.Encode())
}

func send(t *testing.T, s *slackfake.Server, method, kind, bearer, body string) map[string]any {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.APIURL()+method, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var o map[string]any
	if err := json.Unmarshal(b, &o); err != nil {
		t.Fatalf("%s answers %q: %v", method, b, err)
	}
	return o
}

func TestTokens(t *testing.T) {
	s := start(t, slackfake.Options{})
	bot, app := s.Tokens()
	const form, js = "application/x-www-form-urlencoded", "application/json; charset=utf-8"
	tests := []struct{ name, method, kind, bearer, body, want string }{
		{"in the form", "auth.test", form, "", "token=" + bot, ""},
		{"in JSON", "auth.test", js, "", `{"token":"` + bot + `"}`, ""},
		{"in the header", "auth.test", form, bot, "", ""},
		{"in the header, with JSON", "auth.test", js, bot, "{}", ""},
		{"none", "auth.test", form, "", "", "not_authed"},
		{"another", "auth.test", form, "", "token=xoxb-other", "invalid_auth"},
		{"the app's, where the bot's is needed", "auth.test", form, "", "token=" + app, "not_allowed_token_type"},
		{"the bot's, where the app's is needed", "apps.connections.open", form, bot, "", "not_allowed_token_type"},
		{"needless", "api.test", form, "", "foo=bar", ""},
		{"a method that isn't", "chat.shout", form, bot, "", "unknown_method"},
		{"broken JSON", "auth.test", js, bot, "{", "invalid_form_data"},
	}
	for _, tt := range tests {
		got, _ := send(t, s, tt.method, tt.kind, tt.bearer, tt.body)["error"].(string)
		if got != tt.want {
			t.Errorf("token %s: error %q; want %q", tt.name, got, tt.want)
		}
	}
	for _, c := range s.Calls() {
		for k, v := range c.Args {
			if strings.Contains(v, bot) || strings.Contains(v, app) {
				t.Errorf("the log of calls holds a token in %q of %s", k, c.Method)
			}
		}
	}
}

// TestRefusals holds the error strings of the methods about messages.
func TestRefusals(t *testing.T) {
	s := start(t, slackfake.Options{})
	other := s.AddChannel(slackfake.Channel{Name: "elsewhere", Members: []string{"U0ANN"}})
	private := s.AddChannel(slackfake.Channel{Name: "secret", Private: true, Members: []string{"U0ANN"}})
	gone := s.AddChannel(slackfake.Channel{Name: "gone", Archived: true, Members: []string{"U0FAKEBOT"}})
	theirs, err := s.Post("ann", "#alerts", "hello")
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("é", 40_000)
	sections := func(n, size int) string {
		one := `{"type":"section","text":{"type":"mrkdwn","text":"` + strings.Repeat("a", size) + `"}}`
		return "[" + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + "]"
	}
	type args = map[string]string
	tests := []struct {
		method string
		args   args
		want   string
	}{
		{"chat.postMessage", args{"channel": "C0ALERTS", "text": "well"}, ""},
		{"chat.postMessage", args{"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"},
		{"chat.postMessage", args{"text": "x"}, "invalid_arguments"},
		{"chat.postMessage", args{"channel": other, "text": "x"}, "not_in_channel"},
		{"chat.postMessage", args{"channel": private, "text": "x"}, "channel_not_found"},
		{"chat.postMessage", args{"channel": gone, "text": "x"}, "is_archived"},
		{"chat.postMessage", args{"channel": "C0ALERTS", "text": "  "}, "no_text"},
		{"chat.postMessage", args{"channel": "C0ALERTS", "blocks": "[]"}, "no_text"},
		{"chat.postMessage", args{"channel": "C0ALERTS", "text": long}, ""},
		{"chat.postMessage", args{"channel": "C0ALERTS", "text": long + "é"}, "msg_too_long"},
		{"chat.postMessage", args{"channel": "C0ALERTS", "blocks": sections(5, 2640)}, ""},
		{"chat.postMessage", args{"channel": "C0ALERTS", "blocks": sections(5, 2641)}, "msg_blocks_too_long"},
		{"chat.postMessage", args{"channel": "C0ALERTS", "blocks": "{}"}, "invalid_blocks_format"},
		{"chat.postMessage", args{"channel": "C0ALERTS", "blocks": `[{"type":"alert"}]`}, "invalid_blocks"},
		{"chat.postMessage", args{"channel": "C0ALERTS", "attachments": `[{"blocks":[{"type":"alert"}]}]`}, "invalid_attachments"},
		{"chat.postMessage", args{"channel": "C0ALERTS", "text": "x", "attachments": `{}`}, "invalid_attachments"},
		{"chat.postMessage", args{"channel": "C0ALERTS", "text": "x", "thread_ts": "1700000000.000001"}, "thread_not_found"},
		{"chat.postMessage", args{"channel": "C0ALERTS", "text": "x", "thread_ts": "yesterday"}, "invalid_thread_ts"},
		{"chat.postMessage", args{"channel": "C0ALERTS", "text": "x", "metadata": "x"}, "invalid_metadata_format"},
		{"chat.postMessage", args{"channel": "C0ALERTS", "text": "x", "metadata": "{}"}, "invalid_metadata_schema"},
		{"chat.postMessage", args{"channel": "C0ALERTS", "text": "x", "markdown_text": "y"}, "markdown_text_conflict"},
		{"chat.postMessage", args{"channel": "C0ALERTS", "blocks": `[{"type":"image","alt_text":"a","slack_file":{"id":"F0NONE"}}]`}, "invalid_blocks"},
		{"chat.update", args{"channel": "C0ALERTS", "ts": theirs, "text": "x"}, "cant_update_message"},
		{"chat.update", args{"channel": "C0ALERTS", "ts": "1700000000.000001", "text": "x"}, "message_not_found"},
		{"chat.delete", args{"channel": "C0ALERTS", "ts": theirs}, "cant_delete_message"},
		{"chat.delete", args{"channel": "C0ALERTS", "ts": "x"}, "message_not_found"},
		{"chat.postEphemeral", args{"channel": "C0ALERTS", "user": "U0BEN", "text": "x"}, ""},
		{"chat.postEphemeral", args{"channel": "C0ALERTS", "text": "x"}, "invalid_arguments"},
		{"chat.getPermalink", args{"channel": "C0ALERTS", "message_ts": "1700000000.000001"}, "message_not_found"},
		{"reactions.add", args{"channel": "C0ALERTS", "timestamp": theirs, "name": "eyes"}, ""},
		{"reactions.add", args{"channel": "C0ALERTS", "timestamp": theirs, "name": "eyes"}, "already_reacted"},
		{"reactions.add", args{"channel": "C0ALERTS", "timestamp": theirs, "name": ":eyes:"}, "invalid_name"},
		{"reactions.add", args{"channel": "C0ALERTS", "timestamp": "x", "name": "eyes"}, "bad_timestamp"},
		{"reactions.add", args{"channel": "C0ALERTS", "name": "eyes"}, "no_item_specified"},
		{"reactions.remove", args{"channel": "C0ALERTS", "timestamp": theirs, "name": "eyes"}, ""},
		{"reactions.remove", args{"channel": "C0ALERTS", "timestamp": theirs, "name": "eyes"}, "no_reaction"},
		{"conversations.replies", args{"channel": "C0ALERTS", "ts": "1700000000.000001"}, "thread_not_found"},
		{"conversations.history", args{"channel": other}, "not_in_channel"},
		{"conversations.history", args{"channel": "C0ALERTS", "oldest": "soon"}, "invalid_ts_oldest"},
		{"conversations.history", args{"channel": "C0ALERTS", "cursor": "x"}, "invalid_cursor"},
		{"conversations.info", args{"channel": private}, "channel_not_found"},
		{"conversations.open", args{"users": "U0NONE"}, "user_not_found"},
		{"users.info", args{"user": "U0NONE"}, "user_not_found"},
		{"usergroups.users.list", args{"usergroup": "S0NONE"}, "no_such_subteam"},
		{"bots.info", args{"bot": "B0NONE"}, "bot_not_found"},
		{"files.info", args{"file": "F0NONE"}, "file_not_found"},
		{"files.getUploadURLExternal", args{"filename": "a.json"}, "invalid_arguments"},
		{"files.completeUploadExternal", args{"files": `[{"id":"F0NONE"}]`}, "file_not_found"},
		{"assistant.threads.setStatus", args{"channel_id": "C0ALERTS", "status": "reading"}, "invalid_arguments"},
		{"api.test", args{"error": "my_error"}, "my_error"},
	}
	for _, tt := range tests {
		if got, _ := api(t, s, tt.method, tt.args)["error"].(string); got != tt.want {
			t.Errorf("%s: error %q; want %q (args %.120v)", tt.method, got, tt.want, tt.args)
		}
	}
}

// TestLongEdit holds that an edit takes less text than a post.
func TestLongEdit(t *testing.T) {
	s := start(t, slackfake.Options{})
	long := strings.Repeat("é", 4000)
	ts, _ := api(t, s, "chat.postMessage", map[string]string{"channel": "C0ALERTS", "text": long + "é"})["ts"].(string)
	for text, want := range map[string]any{long: nil, long + "é": "msg_too_long"} {
		if got := api(t, s, "chat.update", map[string]string{"channel": "C0ALERTS", "ts": ts, "text": text})["error"]; got != want {
			t.Errorf("edit to %d bytes: error %v; want %v", len(text), got, want)
		}
	}
}

// TestBlockFaults holds that the answer says where the fault is.
func TestBlockFaults(t *testing.T) {
	s := start(t, slackfake.Options{})
	got := api(t, s, "chat.postMessage", map[string]string{"channel": "C0ALERTS", "blocks": `[{"type":"divider"},{"type":"header"}]`})
	want := map[string]any{
		"ok": false, "error": "invalid_blocks", "errors": []any{"missing required field: text [json-pointer:/blocks/1]"},
		"response_metadata": map[string]any{"messages": []any{"[ERROR] missing required field: text [json-pointer:/blocks/1]"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

// TestConversation drives slack-go through a thread's life and reads it back.
func TestConversation(t *testing.T) {
	s := start(t, slackfake.Options{})
	c, ctx := client(s), t.Context()
	root, err := s.Mention("ann", "#alerts", "what killed checkout?")
	if err != nil {
		t.Fatal(err)
	}
	meta := slack.SlackMetadata{EventType: "incident", EventPayload: map[string]any{"key": "i-1"}}
	_, ts, err := c.PostMessageContext(ctx, "C0ALERTS", slack.MsgOptionTS(root), slack.MsgOptionMetadata(meta), slack.MsgOptionText("reading", false),
		slack.MsgOptionBlocks(slack.NewSectionBlock(slack.NewTextBlockObject("mrkdwn", "reading logs", false, false), nil, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := c.UpdateMessageContext(ctx, "C0ALERTS", ts, slack.MsgOptionText("it ran out of memory", false), slack.MsgOptionBlocks(
		slack.NewSectionBlock(slack.NewTextBlockObject("mrkdwn", "it ran *out of memory*", false, false), nil, nil))); err != nil {
		t.Fatal(err)
	}
	if err := c.AddReactionContext(ctx, "eyes", slack.NewRefToMessage("C0ALERTS", root)); err != nil {
		t.Fatal(err)
	}
	if err := s.React("ben", "#alerts", ts, "+1"); err != nil {
		t.Fatal(err)
	}
	msgs, _, _, err := c.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{ChannelID: "C0ALERTS", Timestamp: root, IncludeAllMetadata: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(msgs) != 2 || msgs[0].ReplyCount != 1 || msgs[1].Metadata.EventPayload["key"] != "i-1" || msgs[1].Edited == nil || msgs[1].BotProfile == nil {
		t.Errorf("replies: %+v; want the question with one reply, and the reply edited, with its metadata and profile", msgs)
	}
	hist, err := c.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{ChannelID: "C0ALERTS"})
	if err != nil {
		t.Fatal(err)
	}
	if len(hist.Messages) != 1 || hist.Messages[0].Timestamp != root {
		t.Errorf("history has %d messages; want the thread's first alone", len(hist.Messages))
	}
	link, err := c.GetPermalinkContext(ctx, &slack.PermalinkParameters{Channel: "C0ALERTS", Ts: ts})
	if err != nil || !strings.Contains(link, "/archives/C0ALERTS/p"+strings.ReplaceAll(ts, ".", "")) || !strings.Contains(link, "thread_ts="+root) {
		t.Errorf("permalink %q, %v", link, err)
	}
	want := `ann:
  @bot what killed checkout?
  :eyes: 1
    bot (edited):
      it ran *out of memory*
      :+1: 1
`
	if diff := cmp.Diff(want, s.Thread("#alerts", root)); diff != "" {
		t.Errorf("thread (-want +got):\n%s", diff)
	}
	if m, _ := s.Message("#alerts", ts); len(m.Earlier) != 1 || m.Earlier[0].Text != "reading" {
		t.Errorf("earlier versions: %+v; want the one before the edit", m.Earlier)
	}
}

// TestOwnPostsComeBack holds that the app hears itself, as Slack lets it.
func TestOwnPostsComeBack(t *testing.T) {
	s := start(t, slackfake.Options{})
	c := client(s)
	_, ts, err := c.PostMessageContext(t.Context(), "C0ALERTS", slack.MsgOptionText("hello <@U0FAKEBOT>", false))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := c.UpdateMessageContext(t.Context(), "C0ALERTS", ts, slack.MsgOptionText("hello again", false)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.DeleteMessageContext(t.Context(), "C0ALERTS", ts); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range s.Deliveries() {
		var p struct {
			Event struct {
				Type, Subtype string
				BotID         string `json:"bot_id"`
				Message       struct {
					BotID string `json:"bot_id"`
				}
			}
		}
		if err := json.Unmarshal(d.Payload(), &p); err != nil {
			t.Fatal(err)
		}
		got = append(got, p.Event.Type+"/"+p.Event.Subtype+"/"+p.Event.BotID+"/"+p.Event.Message.BotID)
	}
	want := []string{"message//B0FAKE001/", "message/message_changed//B0FAKE001", "message/message_deleted//"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// TestTimestamps holds that they grow, also where the clock stands still.
func TestTimestamps(t *testing.T) {
	now := time.Unix(1_760_000_000, 0)
	s := start(t, slackfake.Options{Now: func() time.Time { return now }})
	var all []string
	for range 3 {
		ts, err := s.Post("ann", "#alerts", "x")
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, ts)
	}
	if diff := cmp.Diff([]string{"1760000000.000000", "1760000000.000001", "1760000000.000002"}, all); diff != "" {
		t.Errorf("timestamps (-want +got):\n%s", diff)
	}
}

func TestEnforceRate(t *testing.T) {
	s := start(t, slackfake.Options{EnforceRate: true})
	c := client(s)
	if _, _, err := c.PostMessageContext(t.Context(), "C0ALERTS", slack.MsgOptionText("one", false)); err != nil {
		t.Fatal(err)
	}
	_, _, err := c.PostMessageContext(t.Context(), "C0ALERTS", slack.MsgOptionText("two", false))
	var limited *slack.RateLimitedError
	if !errors.As(err, &limited) || limited.RetryAfter != time.Second {
		t.Errorf("the second post in a second: %v; want a rate limit of 1 s", err)
	}
	if got := s.Posts("#alerts"); len(got) != 1 {
		t.Errorf("%d posts are counted; want 1", len(got))
	}
}

func TestDeletedParentLeavesTombstone(t *testing.T) {
	s := start(t, slackfake.Options{})
	root, err := s.Post("ann", "#alerts", "question")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Post("ben", "#alerts", "answer", root); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete("#alerts", root); err != nil {
		t.Fatal(err)
	}
	want := "USLACKBOT:\n  This message was deleted.\n    ben:\n      answer\n"
	if diff := cmp.Diff(want, s.Thread("#alerts", root)); diff != "" {
		t.Errorf("thread (-want +got):\n%s", diff)
	}
}
