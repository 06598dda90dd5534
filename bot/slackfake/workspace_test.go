package slackfake_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"

	"github.com/oombot/oombot/bot/slackfake"
)

func TestUpload(t *testing.T) {
	s := start(t, slackfake.Options{})
	c, ctx := client(s), t.Context()
	root, err := s.Post("ann", "#alerts", "why?")
	if err != nil {
		t.Fatal(err)
	}
	const body = `{"verdict":"leak"}`
	sum, err := c.UploadFileContext(ctx, slack.UploadFileParameters{
		Filename: "evidence.json", Title: "Evidence", AltTxt: "what was read", Content: body, FileSize: len(body), Channel: "C0ALERTS",
		ThreadTimestamp: root, InitialComment: "all of it",
	})
	if err != nil {
		t.Fatal(err)
	}
	f, _, _, err := c.GetFileInfoContext(ctx, sum.ID, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if f.Title != "Evidence" || f.Size != len(body) || f.Mimetype != "application/json" || len(f.Shares.Public["C0ALERTS"]) != 1 {
		t.Errorf("file %+v", f)
	}
	var got bytes.Buffer
	if err := c.GetFileContext(ctx, f.URLPrivateDownload, &got); err != nil || got.String() != body {
		t.Errorf("downloaded %q, %v", got.String(), err)
	}
	want := "ann:\n  why?\n    bot:\n      all of it\n      (file: Evidence, what was read)\n"
	if diff := cmp.Diff(want, s.Thread("#alerts", root)); diff != "" {
		t.Errorf("thread (-want +got):\n%s", diff)
	}
	if all := s.Files(); len(all) != 1 || string(all[0].Data) != body {
		t.Errorf("files %+v", all)
	}
}

// TestUploadByPut sends the bytes as they are, shows the file in a block, and fails as Slack does.
func TestUploadByPut(t *testing.T) {
	s := start(t, slackfake.Options{})
	put := func(url, method, body string) int {
		r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	o := api(t, s, "files.getUploadURLExternal", map[string]string{"filename": "chart.png", "length": "3"})
	url, id := o["upload_url"].(string), o["file_id"].(string)
	block := map[string]string{"channel": "C0ALERTS", "blocks": `[{"type":"image","alt_text":"chart","slack_file":{"id":"` + id + `"}}]`}
	if got := api(t, s, "chat.postMessage", block)["error"]; got != "invalid_blocks" {
		t.Errorf("an image that isn't there yet: %v", got)
	}
	for _, tt := range []struct {
		method, body string
		want         int
	}{{http.MethodGet, "", 405}, {http.MethodPut, "four", 400}, {http.MethodPut, "png", 200}, {http.MethodPut, "png", 404}} {
		if got := put(url, tt.method, tt.body); got != tt.want {
			t.Errorf("%s %q: status %d; want %d", tt.method, tt.body, got, tt.want)
		}
	}
	files := `[{"id":"` + id + `"}]`
	for _, want := range []any{nil, "file_not_found"} {
		if got := api(t, s, "files.completeUploadExternal", map[string]string{"files": files})["error"]; got != want {
			t.Errorf("complete: %v; want %v", got, want)
		}
	}
	if got := api(t, s, "chat.postMessage", block)["error"]; got != nil {
		t.Errorf("an image of the file: %v", got)
	}
}

func TestStream(t *testing.T) {
	s := start(t, slackfake.Options{})
	c, ctx := client(s), t.Context()
	root, err := s.Mention("ann", "#alerts", "why?")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.StartStreamContext(ctx, "C0ALERTS", slack.MsgOptionTS(root)); err == nil || err.Error() != "missing_recipient_team_id" {
		t.Errorf("start without a recipient: %v", err)
	}
	_, ts, err := c.StartStreamContext(ctx, "C0ALERTS", slack.MsgOptionTS(root), slack.MsgOptionRecipientTeamID("T0FAKE001"),
		slack.MsgOptionRecipientUserID("U0ANN"), slack.MsgOptionMarkdownText("It ran "))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.AppendStreamContext(ctx, "C0ALERTS", ts, slack.MsgOptionMarkdownText("out of ")); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := c.UpdateMessageContext(ctx, "C0ALERTS", ts, slack.MsgOptionText("x", false)); err == nil || err.Error() != "streaming_state_conflict" {
		t.Errorf("update while streaming: %v", err)
	}
	if _, _, err := c.StopStreamContext(ctx, "C0ALERTS", ts, slack.MsgOptionMarkdownText("memory.")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.AppendStreamContext(ctx, "C0ALERTS", ts, slack.MsgOptionMarkdownText("x")); err == nil || err.Error() != "message_not_in_streaming_state" {
		t.Errorf("append after the stop: %v", err)
	}
	if m, _ := s.Message("#alerts", ts); m.Text != "It ran out of memory." || m.Streaming {
		t.Errorf("message %+v", m)
	}
}

func TestStatus(t *testing.T) {
	now := time.Unix(1_760_000_000, 0)
	s := start(t, slackfake.Options{Now: func() time.Time { return now }})
	c := client(s)
	root, err := s.Mention("ann", "#alerts", "why?")
	if err != nil {
		t.Fatal(err)
	}
	set := func() {
		t.Helper()
		p := slack.AssistantThreadsSetStatusParameters{ChannelID: "C0ALERTS", ThreadTS: root, Status: "reads logs", LoadingMessages: []string{"a", "b"}}
		if err := c.SetAssistantThreadsStatusContext(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if got := s.Status("#alerts", root); got != "reads logs" {
			t.Errorf("status %q", got)
		}
	}
	set()
	now = now.Add(2*time.Minute + time.Second)
	if got := s.Status("#alerts", root); got != "" {
		t.Errorf("status %q after two minutes", got)
	}
	set()
	if _, _, err := c.PostMessageContext(t.Context(), "C0ALERTS", slack.MsgOptionTS(root), slack.MsgOptionText("a leak", false)); err != nil {
		t.Fatal(err)
	}
	if got := s.Status("#alerts", root); got != "" {
		t.Errorf("status %q after a message", got)
	}
}

// TestPeople reads people, groups, channels and bots with slack-go.
func TestPeople(t *testing.T) {
	s := start(t, slackfake.Options{})
	c, ctx := client(s), t.Context()
	s.AddUser(slackfake.User{ID: "U0GUEST", Name: "guest", UltraRestricted: true})
	s.AddUser(slackfake.User{ID: "U0OTHER", Name: "other", TeamID: "T0OTHER"})
	s.AddGroup(slackfake.Group{ID: "S0SRE", Handle: "sre", Users: []string{"U0ANN"}})
	s.AddChannel(slackfake.Channel{ID: "C0SHARED", Name: "shared", ExtShared: true, Members: []string{"U0FAKEBOT"}})
	bot := s.AddBot(slackfake.Bot{Name: "grafana"})
	guest, err := c.GetUserInfoContext(ctx, "U0GUEST")
	if err != nil || !guest.IsRestricted || !guest.IsUltraRestricted || guest.IsStranger {
		t.Errorf("guest %+v, %v", guest, err)
	}
	other, err := c.GetUserInfoContext(ctx, "U0OTHER")
	if err != nil || !other.IsStranger || other.TeamID != "T0OTHER" {
		t.Errorf("other %+v, %v", other, err)
	}
	if users, err := c.GetUserGroupMembersContext(ctx, "S0SRE"); err != nil || len(users) != 1 || users[0] != "U0ANN" {
		t.Errorf("group %v, %v", users, err)
	}
	ch, err := c.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: "C0SHARED"})
	if err != nil || !ch.IsExtShared || !ch.IsMember || ch.Name != "shared" {
		t.Errorf("channel %+v, %v", ch, err)
	}
	if b, err := c.GetBotInfoContext(ctx, slack.GetBotInfoParameters{Bot: bot}); err != nil || b.Name != "grafana" {
		t.Errorf("bot %+v, %v", b, err)
	}
	var names []string
	cursor := ""
	for {
		list, next, err := c.GetConversationsContext(ctx, &slack.GetConversationsParameters{Limit: 1, Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		for _, ch := range list {
			names = append(names, ch.Name)
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	if diff := cmp.Diff([]string{"alerts", "shared"}, names); diff != "" {
		t.Errorf("channels (-want +got):\n%s", diff)
	}
	members, _, err := c.GetUsersInConversationContext(ctx, &slack.GetUsersInConversationParameters{ChannelID: "C0ALERTS"})
	if err != nil || len(members) != 3 {
		t.Errorf("members %v, %v", members, err)
	}
	im, _, already, err := c.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{"U0ANN"}})
	if err != nil || already || im.ID == "" {
		t.Errorf("conversation %+v, already open %t, %v", im, already, err)
	}
}

// TestMembership holds that the bot hears only what happens where it is, and of which changes.
func TestMembership(t *testing.T) {
	s := start(t, slackfake.Options{})
	types := func() []string {
		var all []string
		for _, d := range s.Deliveries() {
			all = append(all, d.EventType)
		}
		return all
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.Kick("#alerts"))
	_, err := s.Mention("ann", "#alerts", "are you there?")
	must(err)
	if got := types(); len(got) != 0 {
		t.Errorf("the bot heard %v of a channel that it isn't in", got)
	}
	must(s.Invite("#alerts"))
	ts, err := s.Post("ann", "#alerts", "hello")
	must(err)
	must(s.React("ann", "#alerts", ts, "eyes"))
	must(s.Unreact("ann", "#alerts", ts, "eyes"))
	must(s.Archive("#alerts"))
	if _, err := s.Post("ann", "#alerts", "x"); err == nil {
		t.Error("ann posts to an archived channel")
	}
	dm, _, err := s.DM("ben", "psst")
	must(err)
	want := []string{"member_joined_channel", "message", "reaction_added", "reaction_removed", "message", "message"}
	if diff := cmp.Diff(want, types()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	last := string(s.Deliveries()[5].Payload())
	if !strings.Contains(last, `"channel_type":"im"`) || !strings.Contains(last, dm) {
		t.Errorf("the direct message: %s", last)
	}
}

// TestOtherBots posts as apps of both kinds, and prints all channels.
func TestOtherBots(t *testing.T) {
	s := start(t, slackfake.Options{})
	modern := s.AddBot(slackfake.Bot{ID: "B0PD", AppID: "A0PD", UserID: "U0PD", Name: "PagerDuty"})
	legacy := s.AddBot(slackfake.Bot{ID: "B0AM", Name: "alertmanager", Legacy: true})
	if _, err := s.PostAs("#alerts", slackfake.BotPost{Bot: modern, Blocks: []byte(`[{"type":"section","text":{"type":"mrkdwn","text":"Incident Q1"}}]`)}); err != nil {
		t.Fatal(err)
	}
	ts, err := s.PostAs("#alerts", slackfake.BotPost{
		Bot: legacy, Attachments: []byte(`[{"color":"danger","title":"[FIRING:1]","title_link":"http://am/","fields":[{"title":"pod","value":"api-1"}]}]`),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Edit("#alerts", ts, slackfake.Version{Attachments: []byte(`[{"title":"[RESOLVED]"}]`)}); err != nil {
		t.Fatal(err)
	}
	all := s.Deliveries()
	for i, want := range []string{`"bot_profile":{"app_id":"A0PD"`, `"subtype":"bot_message"`, `"subtype":"message_changed"`} {
		if got := string(all[i].Payload()); !strings.Contains(got, want) {
			t.Errorf("event %d lacks %s: %s", i, want, got)
		}
	}
	if strings.Contains(string(all[0].Payload()), "subtype") {
		t.Errorf("a modern bot's post has a subtype: %s", all[0].Payload())
	}
	if _, err := s.PostAs("#alerts", slackfake.BotPost{Bot: "B0NONE"}); err == nil {
		t.Error("a bot that isn't there posts")
	}
	var b bytes.Buffer
	if err := s.Dump(&b); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/bots.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("dump (-want +got):\n%s", diff)
	}
	if err := s.Dump(full{}); err == nil {
		t.Error("a writer's error is lost")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
