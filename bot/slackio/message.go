package slackio

import (
	"reflect"
	"strings"

	"github.com/oombot/oombot/bot"
)

// message reads an event of type message or app_mention. Both tell of one mention, and give the same.
func (c cause) message(e object) (found, bool) {
	switch e.str("subtype") {
	case "", "bot_message", "thread_broadcast", "file_share", "me_message":
		return c.posted(e)
	case "message_changed":
		return c.changed(e)
	case "message_deleted":
		ts := e.first("deleted_ts")
		if ts == "" {
			ts = e.obj("previous_message").str("ts")
		}
		return c.deleted(e.id("channel"), ts)
	case "channel_archive", "group_archive":
		return c.left(e)
	}
	return found{}, false
}

func (c cause) posted(m object) (found, bool) {
	ts := m.str("ts")
	if ts == "" || c.own(m) {
		return found{}, false
	}
	event := c.content(m, m.id("channel"), m.str("channel_type"))
	event.Kind = bot.EventMessage
	if m.str("type") == "app_mention" {
		event.Addressed = true
	}
	return found{key: join("slack", "message", event.Channel, ts), event: event}, true
}

func (c cause) changed(e object) (found, bool) {
	m, was := e.obj("message"), e.obj("previous_message")
	ts := m.str("ts")
	if ts == "" {
		return found{}, false
	}
	// What is left of a deleted message that has replies.
	if m.str("subtype") == "tombstone" {
		return c.deleted(e.id("channel"), ts)
	}
	if c.own(m) || was != nil && sameContent(m, was) {
		return found{}, false
	}
	event := c.content(m, e.id("channel"), e.str("channel_type"))
	event.Kind, event.At = bot.EventEdited, c.base.At
	edit := e.first("event_ts", "ts")
	if edit == "" {
		edit = m.obj("edited").str("ts")
	}
	return found{key: join("slack", "edited", event.Channel, ts, edit), event: event}, true
}

func (c cause) deleted(channel, ts string) (found, bool) {
	if ts == "" {
		return found{}, false
	}
	event := c.base
	event.Kind, event.Channel, event.TS = bot.EventDeleted, channel, ts
	event.Direct = strings.HasPrefix(channel, "D")
	return found{key: join("slack", "deleted", channel, ts), event: event}, true
}

// own tells whether the bot wrote a message itself. The app decides only where no bot is named: an app may have several.
func (c cause) own(m object) bool {
	same := func(a, b string) bool { return a != "" && a == b }
	if same(m.id("user"), c.self.User) || same(m.str("bot_id"), c.self.Bot) {
		return true
	}
	return (c.self.Bot == "" || m.str("bot_id") == "") && same(appOf(m), c.self.App)
}

func appOf(m object) string {
	if app := m.str("app_id"); app != "" {
		return app
	}
	return m.obj("bot_profile").str("app_id")
}

// author returns the app that posted a message; nil for a person. Today's apps post without the subtype bot_message.
func author(m object) *bot.Author {
	profile := m.obj("bot_profile")
	id := m.str("bot_id")
	if id == "" {
		id = profile.str("id")
	}
	if id == "" && m.str("subtype") != "bot_message" {
		return nil
	}
	name := m.str("username")
	if name == "" {
		name = profile.str("name")
	}
	return &bot.Author{BotID: id, AppID: appOf(m), Name: clean(cut(name, 200))}
}

// content makes an event of a message in a channel. The kind is for the caller to set.
func (c cause) content(m object, channel, channelType string) bot.Event {
	event := c.base
	event.Channel, event.TS = channel, m.str("ts")
	if at := tsTime(event.TS); !at.IsZero() {
		event.At = at
	}
	if thread := m.str("thread_ts"); thread != event.TS {
		event.ThreadTS = thread
	}
	event.Direct = channelType == "im" || strings.HasPrefix(channel, "D")
	if event.Author = author(m); event.Author == nil {
		event.User = m.id("user")
	}
	r := reader{self: c.self}
	r.message(m)
	event.Text, event.Links = r.text(), r.links.list
	event.Addressed = event.Direct || r.mentioned
	return event
}

// sameContent tells whether two states of a message say the same. Previews of links, which Slack adds by itself, say
// nothing.
func sameContent(a, b object) bool {
	return a.str("text") == b.str("text") &&
		sameList(a.list("blocks"), b.list("blocks")) &&
		sameList(written(a.list("attachments")), written(b.list("attachments")))
}

func sameList(a, b []any) bool {
	return len(a) == 0 && len(b) == 0 || reflect.DeepEqual(a, b)
}

// written leaves those attachments that the author wrote.
func written(list []any) []any {
	var kept []any
	for _, v := range list {
		a := asObject(v)
		if a.str("from_url") != "" || a.str("original_url") != "" || a.flag("is_app_unfurl") || a.flag("is_msg_unfurl") {
			continue
		}
		kept = append(kept, v)
	}
	return kept
}
