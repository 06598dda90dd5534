package deploy

import (
	"context"
	"log/slog"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/card"
	"github.com/oombot/oombot/bot/slackfake"
	"github.com/oombot/oombot/bot/slackio"
)

// appLevel is the scope of the token of the app, which stands in no manifest.
const appLevel = "connections:write"

// scopesOf are the scopes that each method wants of a bot's token, by Slack's reference of that method
// (https://docs.slack.dev/reference/methods/METHOD). Those of conversations.* depend on the kind of the conversation;
// assistant.threads.setStatus takes chat:write since March 2026 (Slack's changelog of 2026-03-05).
var scopesOf = map[string][]string{
	"apps.connections.open":        {appLevel},
	"assistant.threads.setStatus":  {"chat:write"},
	"auth.test":                    nil,
	"chat.getPermalink":            nil,
	"chat.postEphemeral":           {"chat:write"},
	"chat.postMessage":             {"chat:write"},
	"chat.update":                  {"chat:write"},
	"conversations.history":        {"channels:history", "groups:history", "im:history"},
	"conversations.replies":        {"channels:history", "groups:history", "im:history"},
	"files.completeUploadExternal": {"files:write"},
	"files.getUploadURLExternal":   {"files:write"},
	"reactions.add":                {"reactions:write"},
	"usergroups.users.list":        {"usergroups:read"},
	"users.info":                   {"users:read"},
	"views.open":                   nil,
	"views.publish":                nil,
}

// eventScopes are the scopes that a subscription wants, by Slack's reference of that event
// (https://docs.slack.dev/reference/events/EVENT), and of channels by the Events API's description in slackapi/slack-api-specs.
var eventScopes = map[string][]string{
	"app_home_opened":       nil,
	"app_mention":           {"app_mentions:read"},
	"channel_archive":       {"channels:read"},
	"channel_deleted":       {"channels:read"},
	"channel_left":          {"channels:read"},
	"group_archive":         {"groups:read"},
	"group_deleted":         {"groups:read"},
	"group_left":            {"groups:read"},
	"member_joined_channel": {"channels:read", "groups:read"},
	"message.channels":      {"channels:history"},
	"message.groups":        {"groups:history"},
	"message.im":            {"im:history"},
	"reaction_added":        {"reactions:read"},
	"reaction_removed":      {"reactions:read"},
}

// calledMethods are the Web API methods that slackio calls for all that the bot does in a workspace, as a stand-in for
// Slack sees them.
func calledMethods(t *testing.T) []string {
	t.Helper()
	s := slackfake.New(slackfake.Options{})
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	s.AddUser(slackfake.User{ID: "U0ADA", Name: "ada"})
	s.AddChannel(slackfake.Channel{ID: "C0X", Name: "x", Members: []string{"U0ADA"}})
	if err := s.Invite("C0X"); err != nil {
		t.Fatal(err)
	}
	botToken, appToken := s.Tokens()
	token := func(value string) func() (string, error) { return func() (string, error) { return value, nil } }
	client := slackio.NewClient(slackio.ClientOptions{Token: token(botToken), API: s.APIURL()})
	var slack bot.Slack = client
	ctx := t.Context()
	ts, err := slack.Post(ctx, bot.Post{Key: "k", Channel: "C0X", Message: bot.Message{Text: "x"}})
	if err != nil {
		t.Fatal(err)
	}
	// What some of them answer does not matter: which method is called is all that is looked at.
	calls := map[string]func(){
		"Post":      func() {},
		"Update":    func() { _ = slack.Update(ctx, "C0X", ts, bot.Message{Text: "y"}) },
		"Ephemeral": func() { _ = slack.Ephemeral(ctx, "C0X", "", "U0ADA", bot.Message{Text: "z"}) },
		"Upload":    func() { _, _ = slack.Upload(ctx, bot.File{Channel: "C0X", Name: "a.txt", Data: []byte("a")}) },
		"Sent": func() {
			_, _ = slack.Sent(ctx, "k", "C0X", "", time.Time{})
			_, _ = slack.Sent(ctx, "k", "C0X", ts, time.Time{})
		},
		"Read":        func() { _, _ = slack.Read(ctx, "C0X", ts) },
		"React":       func() { _ = slack.React(ctx, "C0X", ts, "eyes") },
		"Status":      func() { _ = slack.Status(ctx, "C0X", ts, "reads") },
		"Permalink":   func() { _, _ = slack.Permalink(ctx, "C0X", ts) },
		"Open":        func() { _ = slack.Open(ctx, "none", card.FeedbackModal("x", "")) },
		"PublishHome": func() { _ = slack.PublishHome(ctx, "U0ADA", nil) },
		"Person":      func() { _, _ = slack.Person(ctx, "U0ADA") },
		"Members":     func() { _, _ = slack.Members(ctx, "S0X") },
	}
	does := reflect.TypeFor[bot.Slack]()
	for i := range does.NumMethod() {
		call := calls[does.Method(i).Name]
		if call == nil {
			t.Fatalf("nobody tried what bot.Slack.%s calls", does.Method(i).Name)
		}
		call()
	}
	socket := slackio.NewSocket(slackio.SocketOptions{
		Intake: &slackio.Intake{Self: client.Self, To: deaf{}, Log: slog.New(slog.DiscardHandler)}, Token: token(appToken), API: s.APIURL(),
	})
	hearing, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { // ends with hearing
		defer close(ended)
		socket.Run(hearing)
	}()
	within, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if err := s.Wait(within, func(s *slackfake.Server) bool { return slices.Contains(methodsOf(s), "apps.connections.open") }); err != nil {
		t.Fatalf("the socket asks for no connection: %v", err)
	}
	stop()
	<-ended
	return methodsOf(s)
}

// deaf wants nothing of what the stand-in sends.
type deaf struct{}

func (deaf) Wants(bot.Event) bool      { return false }
func (deaf) Wake()                     {}
func (deaf) Pressed(bot.Event, string) {}

func methodsOf(s *slackfake.Server) []string {
	var out []string
	for _, c := range s.Calls() {
		out = append(out, c.Method)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
