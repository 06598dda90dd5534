package slackio

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/bot"
)

var (
	me  = Self{User: "U0ME", Bot: "B0ME", Team: "T1"}
	now = time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	// at is the time of the ts 1700000000.000100.
	at = time.Unix(1700000000, 100000).UTC()
)

// callback wraps an event as the Events API does.
func callback(event string) string {
	return `{"type":"event_callback","team_id":"T1","api_app_id":"A0ME","event_id":"Ev1","event_time":1700000009,"event":` + event + `}`
}

func mustObject(t testing.TB, s string) object {
	t.Helper()
	o, err := parseObject([]byte(s))
	if err != nil {
		t.Fatalf("%v in %s", err, s)
	}
	return o
}

// one reads an event and returns what it tells of; nil where nothing.
func one(t *testing.T, event string) (string, *bot.Event) {
	t.Helper()
	all := fromEvents(me, mustObject(t, callback(event)), now)
	if len(all) == 0 {
		return "", nil
	}
	if len(all) > 1 {
		t.Fatalf("%d events of one: %v", len(all), all)
	}
	return all[0].key, &all[0].event
}

func TestEvents(t *testing.T) {
	event := func(e bot.Event) *bot.Event {
		e.Team = "T1"
		if e.At.IsZero() {
			e.At = at
		}
		return &e
	}
	alertBot := &bot.Author{BotID: "B9", AppID: "A9", Name: "Alertmanager"}
	tests := []struct {
		name, in, key string
		want          *bot.Event
	}{
		{
			"a plain message",
			`{"type":"message","channel":"C1","channel_type":"channel","user":"U1","text":"hello","ts":"1700000000.000100","event_ts":"1700000000.000100"}`,
			"slack/message/C1/1700000000.000100",
			event(bot.Event{Kind: bot.EventMessage, Channel: "C1", User: "U1", TS: "1700000000.000100", Text: "hello"}),
		},
		{
			"a reply in a thread",
			`{"type":"message","channel":"C1","user":"U1","text":"why?","ts":"1700000000.000100","thread_ts":"1699999999.000000"}`,
			"slack/message/C1/1700000000.000100",
			event(bot.Event{Kind: bot.EventMessage, Channel: "C1", User: "U1", TS: "1700000000.000100", ThreadTS: "1699999999.000000", Text: "why?"}),
		},
		{
			"the first message of a thread stands in the channel",
			`{"type":"message","channel":"C1","user":"U1","text":"why?","ts":"1700000000.000100","thread_ts":"1700000000.000100"}`,
			"slack/message/C1/1700000000.000100",
			event(bot.Event{Kind: bot.EventMessage, Channel: "C1", User: "U1", TS: "1700000000.000100", Text: "why?"}),
		},
		{
			"a direct message",
			`{"type":"message","channel":"D1","channel_type":"im","user":"U1","text":"help","ts":"1700000000.000100"}`,
			"slack/message/D1/1700000000.000100",
			event(bot.Event{Kind: bot.EventMessage, Channel: "D1", User: "U1", TS: "1700000000.000100", Text: "help", Direct: true, Addressed: true}),
		},
		{
			"a bot of today, without a subtype",
			`{"type":"message","channel":"C1","user":"U9","bot_id":"B9","app_id":"A9","bot_profile":{"id":"B9","app_id":"A9","name":"Alertmanager"},"text":"","ts":"1700000000.000100","attachments":[{"title":"[FIRING:1] KubePodCrashLooping","title_link":"https://am.example/#/alerts","fallback":"x"}]}`,
			"slack/message/C1/1700000000.000100",
			event(bot.Event{Kind: bot.EventMessage, Channel: "C1", TS: "1700000000.000100", Author: alertBot, Text: "[FIRING:1] KubePodCrashLooping", Links: []string{"https://am.example/#/alerts"}}),
		},
		{
			"a bot of old, with the subtype only",
			`{"type":"message","subtype":"bot_message","channel":"C1","username":"alerts","text":"down","ts":"1700000000.000100"}`,
			"slack/message/C1/1700000000.000100",
			event(bot.Event{Kind: bot.EventMessage, Channel: "C1", TS: "1700000000.000100", Author: &bot.Author{Name: "alerts"}, Text: "down"}),
		},
		{"a subtype of no use", `{"type":"message","subtype":"channel_topic","channel":"C1","user":"U1","text":"x","ts":"1700000000.000100"}`, "", nil},
		{"its own post, by user", `{"type":"message","channel":"C1","user":"U0ME","text":"x","ts":"1700000000.000100"}`, "", nil},
		{"its own post, by bot", `{"type":"message","subtype":"bot_message","channel":"C1","bot_id":"B0ME","text":"x","ts":"1700000000.000100"}`, "", nil},
		{"its own post, by app", `{"type":"message","channel":"C1","user":"U7","app_id":"A0ME","text":"x","ts":"1700000000.000100"}`, "", nil},
		{"a message without a ts", `{"type":"message","channel":"C1","user":"U1","text":"x"}`, "", nil},
		{
			"an edit",
			`{"type":"message","subtype":"message_changed","channel":"C1","ts":"1700000005.000000","event_ts":"1700000005.000000","message":{"type":"message","bot_id":"B9","bot_profile":{"id":"B9","app_id":"A9","name":"Alertmanager"},"text":"[RESOLVED] x","ts":"1700000000.000100","edited":{"user":"B9","ts":"1700000004.000000"}},"previous_message":{"text":"[FIRING] x","ts":"1700000000.000100"}}`,
			"slack/edited/C1/1700000000.000100/1700000005.000000",
			event(bot.Event{Kind: bot.EventEdited, At: time.Unix(1700000005, 0).UTC(), Channel: "C1", TS: "1700000000.000100", Author: alertBot, Text: "[RESOLVED] x"}),
		},
		{
			"a preview of a link is no edit",
			`{"type":"message","subtype":"message_changed","channel":"C1","ts":"1700000005.000000","message":{"user":"U1","text":"see <https://x.example>","ts":"1700000000.000100","attachments":[{"from_url":"https://x.example","title":"X"}]},"previous_message":{"user":"U1","text":"see <https://x.example>","ts":"1700000000.000100"}}`,
			"", nil,
		},
		{"its own edit", `{"type":"message","subtype":"message_changed","channel":"C1","ts":"1700000005.000000","message":{"bot_id":"B0ME","text":"b","ts":"1700000000.000100"},"previous_message":{"bot_id":"B0ME","text":"a","ts":"1700000000.000100"}}`, "", nil},
		{
			"a deletion, of its own post too",
			`{"type":"message","subtype":"message_deleted","channel":"C1","ts":"1700000005.000000","event_ts":"1700000005.000000","deleted_ts":"1700000000.000100","previous_message":{"bot_id":"B0ME","ts":"1700000000.000100"}}`,
			"slack/deleted/C1/1700000000.000100",
			event(bot.Event{Kind: bot.EventDeleted, At: time.Unix(1700000005, 0).UTC(), Channel: "C1", TS: "1700000000.000100"}),
		},
		{
			"what is left of a deleted message with replies",
			`{"type":"message","subtype":"message_changed","channel":"C1","ts":"1700000005.000000","message":{"subtype":"tombstone","text":"This message was deleted.","ts":"1700000000.000100"}}`,
			"slack/deleted/C1/1700000000.000100",
			event(bot.Event{Kind: bot.EventDeleted, At: time.Unix(1700000005, 0).UTC(), Channel: "C1", TS: "1700000000.000100"}),
		},
		{
			"a reaction",
			`{"type":"reaction_added","user":"U1","reaction":"+1::skin-tone-3","item":{"type":"message","channel":"C1","ts":"1699999999.000000"},"event_ts":"1700000000.000100"}`,
			"slack/reaction/Ev1",
			event(bot.Event{Kind: bot.EventReaction, Channel: "C1", User: "U1", TS: "1699999999.000000", Reaction: &bot.Reaction{Name: "thumbsup"}}),
		},
		{
			"a reaction taken back",
			`{"type":"reaction_removed","user":"U1","reaction":"-1","item":{"type":"message","channel":"C1","ts":"1699999999.000000"},"event_ts":"1700000000.000100"}`,
			"slack/reaction/Ev1",
			event(bot.Event{Kind: bot.EventReaction, Channel: "C1", User: "U1", TS: "1699999999.000000", Reaction: &bot.Reaction{Name: "thumbsdown", Removed: true}}),
		},
		{"its own reaction", `{"type":"reaction_added","user":"U0ME","reaction":"eyes","item":{"type":"message","channel":"C1","ts":"1.1"}}`, "", nil},
		{"a reaction on a file", `{"type":"reaction_added","user":"U1","reaction":"eyes","item":{"type":"file","file":"F1"}}`, "", nil},
		{"its home opened", `{"type":"app_home_opened","user":"U1","tab":"home","event_ts":"1700000000.000100"}`, "slack/home/Ev1", event(bot.Event{Kind: bot.EventHome, User: "U1"})},
		{"its messages tab opened", `{"type":"app_home_opened","user":"U1","tab":"messages"}`, "", nil},
		{"it joined", `{"type":"member_joined_channel","user":"U0ME","channel":"C1","inviter":"U1","event_ts":"1700000000.000100"}`, "slack/joined/Ev1", event(bot.Event{Kind: bot.EventJoined, Channel: "C1", User: "U1"})},
		{"somebody else joined", `{"type":"member_joined_channel","user":"U1","channel":"C1"}`, "", nil},
		{"it was removed", `{"type":"member_left_channel","user":"U0ME","channel":"C1","event_ts":"1700000000.000100"}`, "slack/left/Ev1", event(bot.Event{Kind: bot.EventLeft, Channel: "C1"})},
		{"somebody else left", `{"type":"member_left_channel","user":"U1","channel":"C1"}`, "", nil},
		{"it was removed, told otherwise", `{"type":"channel_left","channel":"C1","event_ts":"1700000000.000100"}`, "slack/left/Ev1", event(bot.Event{Kind: bot.EventLeft, Channel: "C1"})},
		{"a channel archived", `{"type":"message","subtype":"channel_archive","channel":"C1","user":"U1","ts":"1700000000.000100"}`, "slack/left/Ev1", event(bot.Event{Kind: bot.EventLeft, Channel: "C1"})},
		{"an event of no use", `{"type":"team_join","user":{"id":"U1"}}`, "", nil},
		{"nothing", `null`, "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key, got := one(t, tt.in)
			if key != tt.key {
				t.Errorf("key %q, want %q", key, tt.key)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("event (-want +got):\n%s", diff)
			}
		})
	}
}

// TestOneMentionIsOneEvent holds that the two events that Slack sends of one mention are one.
func TestOneMentionIsOneEvent(t *testing.T) {
	const rest = `"user":"U1","text":"<@U0ME> investigate shop/checkout","ts":"1700000000.000100","channel":"C1","event_ts":"1700000000.000100",
		"blocks":[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"user","user_id":"U0ME"},{"type":"text","text":" investigate shop/checkout"}]}]}]}`
	key1, mention := one(t, `{"type":"app_mention",`+rest)
	key2, message := one(t, `{"type":"message","channel_type":"channel","client_msg_id":"x",`+rest)
	if key1 != key2 || key1 == "" {
		t.Errorf("keys %q and %q", key1, key2)
	}
	if diff := cmp.Diff(mention, message); diff != "" {
		t.Errorf("events differ:\n%s", diff)
	}
	if !mention.Addressed || mention.Text != "investigate shop/checkout" {
		t.Errorf("%+v", mention)
	}
}

func TestSharedChannels(t *testing.T) {
	in := mustObject(t, `{"is_ext_shared_channel":true,"event":{"type":"message","channel":"C1","user":"U1","text":"x","ts":"1.1"}}`)
	if all := fromEvents(me, in, now); len(all) != 1 || !all[0].event.Shared || all[0].event.Team != me.Team {
		t.Errorf("%+v", all)
	}
}

func TestKeysAreBounded(t *testing.T) {
	long := strings.Repeat("k", 3000)
	a, b := join("slack", "press", long+"a"), join("slack", "press", long+"b")
	if len(a) > maxKey || len(b) > maxKey || a == b {
		t.Errorf("%d and %d bytes, equal: %t", len(a), len(b), a == b)
	}
	if got := join("slack", "form", "V1", "", "h"); got != "slack/form/V1/-/h" {
		t.Error(got)
	}
}

func TestTimesOfTS(t *testing.T) {
	for in, want := range map[string]time.Time{
		"1700000000.000100": at, "1700000000": time.Unix(1700000000, 0).UTC(), "": {}, "x": {}, "-5.1": {}, "999999999999999": {},
		"1700000000.-1": time.Unix(1700000000, 0).UTC(),
	} {
		if got := tsTime(in); !got.Equal(want) {
			t.Errorf("%q: %v, want %v", in, got, want)
		}
	}
	if got := timeTS(at); got != "1700000000.000100" {
		t.Error(got)
	}
}

func FuzzEvents(f *testing.F) {
	f.Add(callback(`{"type":"message","channel":"C1","user":"U1","text":"<@U0ME> <https://a.b|c> &lt; ` + "`x` *y*" + `","ts":"1700000000.000100","blocks":[{"type":"section","text":"x","fields":[{"type":"mrkdwn","text":"*a*\nb"}]},{"type":"table","rows":[[{"type":"raw_text","text":"x"}]]},{"type":"new","elements":[{"text":{"text":"t"}}]}],"attachments":[{"fields":[{"title":"a","value":"b"}],"fallback":"x"}]}`))
	f.Add(callback(`{"type":"message","subtype":"message_changed","channel":"C1","message":{"ts":"1.1","text":"x"},"previous_message":[]}`))
	f.Add(`{"type":"block_actions","user":{"id":"U1"},"container":{"message_ts":"1.1","channel_id":"C1"},"actions":[{"action_id":"a","value":1},null]}`)
	f.Add(`{"type":"view_submission","view":{"id":"V1","state":{"values":{"b":{"a":{"value":"x"}}}}}}`)
	f.Add(`{"command":"/oombot","text":"help","trigger_id":"secret-trigger"}`)
	f.Add(`{"type":"message_action","message":{"text":"x","blocks":{}}}`)
	f.Fuzz(func(t *testing.T, in string) {
		o, err := parseObject([]byte(in))
		if err != nil {
			return
		}
		for _, read := range []func(Self, object, time.Time) []found{fromEvents, fromInteraction, fromCommand} {
			for _, got := range read(me, o, now) {
				check(t, got)
			}
		}
	})
}

// check fails where an event breaks what holds for all.
func check(t *testing.T, f found) {
	t.Helper()
	if f.key == "" || len(f.key) > maxKey || !strings.HasPrefix(f.key, "slack/") {
		t.Errorf("key %q of %d bytes", f.key, len(f.key))
	}
	e := f.event
	if len(e.Text) > maxText || len(e.Links) > maxLinks || e.Kind == "" || e.At.IsZero() {
		t.Errorf("%d bytes of text, %d links, kind %q, at %v", len(e.Text), len(e.Links), e.Kind, e.At)
	}
	if strings.HasPrefix(e.Text, "@"+me.User+" ") {
		t.Errorf("the bot's mention stands at the start of %q", e.Text)
	}
	seen := map[string]bool{}
	for _, l := range e.Links {
		if low := strings.ToLower(l); seen[l] || !strings.HasPrefix(low, "http://") && !strings.HasPrefix(low, "https://") {
			t.Errorf("link %q", l)
		}
		seen[l] = true
	}
	item, err := bot.Item(f.key, e)
	if err != nil {
		t.Fatal(err)
	}
	var back bot.Event
	if err := json.Unmarshal(item.Payload, &back); err != nil {
		t.Fatal(fmt.Errorf("read it back: %w", err))
	}
}
