package slackio

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations/redact"
)

// maxKey bounds the keys of events, in bytes, as the inbox does.
const maxKey = 1024

// Self is who the bot is in a workspace.
type Self struct {
	// User is the id of the bot's user, Bot that of the bot itself, App that of its app where it is known.
	User, Bot, App string
	Team           string
	// Enterprise is the organisation that the workspace belongs to; empty where to none.
	Enterprise string
}

// found is an event with its key. Trigger is what a press can open a dialog with; it is never stored.
type found struct {
	key     string
	event   bot.Event
	trigger string
}

// join makes a key of its parts.
func join(parts ...string) string {
	for i, p := range parts {
		if p == "" {
			parts[i] = "-"
		}
	}
	key := strings.ToValidUTF8(strings.Join(parts, "/"), "\uFFFD")
	if len(key) <= maxKey {
		return key
	}
	sum := hash(key)
	return cut(key, maxKey-len(sum)-1) + "/" + sum
}

// hash is the SHA-256 of a text, in hexadecimal.
func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// fromEvents returns what an Events API payload tells of; nothing where it is of no use to a bot.
func fromEvents(self Self, payload object, now time.Time) []found {
	e := payload.obj("event")
	if app := payload.str("api_app_id"); app != "" {
		self.App = app
	}
	at := tsTime(e.first("event_ts", "ts"))
	if at.IsZero() {
		at = tsTime(payload.str("event_time"))
	}
	if at.IsZero() {
		at = now
	}
	base := bot.Event{
		At:     at,
		Team:   payload.str("team_id"),
		Shared: payload.flag("is_ext_shared_channel") || e.flag("is_ext_shared_channel"),
	}
	if base.Team == "" {
		base.Team = self.Team
	}
	c := cause{self: self, base: base, id: payload.str("event_id")}
	if c.id == "" {
		// The ts of an event tells it apart as well.
		c.id = join(e.str("type"), e.id("channel"), e.first("event_ts", "ts"), e.id("user"))
	}
	if f, ok := c.read(e); ok {
		return []found{f}
	}
	return nil
}

// cause is what an event is made with.
type cause struct {
	self Self
	base bot.Event
	id   string
}

func (c cause) read(e object) (found, bool) {
	switch e.str("type") {
	case "message", "app_mention":
		return c.message(e)
	case "reaction_added", "reaction_removed":
		return c.reaction(e)
	case "app_home_opened":
		if tab := e.str("tab"); tab != "" && tab != "home" {
			return found{}, false
		}
		return c.other(bot.EventHome, "home", bot.Event{User: e.id("user")})
	case "member_joined_channel":
		if e.id("user") == c.self.User {
			return c.other(bot.EventJoined, "joined", bot.Event{Channel: e.id("channel"), User: e.id("inviter")})
		}
	case "member_left_channel":
		if e.id("user") == c.self.User {
			return c.left(e)
		}
	case "channel_left", "group_left", "channel_archive", "group_archive", "channel_deleted", "group_deleted":
		return c.left(e)
	}
	return found{}, false
}

func (c cause) left(e object) (found, bool) {
	return c.other(bot.EventLeft, "left", bot.Event{Channel: e.id("channel")})
}

// other makes an event whose key is the event's id.
func (c cause) other(kind bot.EventKind, name string, e bot.Event) (found, bool) {
	e.Kind, e.At, e.Team, e.Shared = kind, c.base.At, c.base.Team, c.base.Shared
	return found{key: join("slack", name, c.id), event: e}, true
}

func (c cause) reaction(e object) (found, bool) {
	item := e.obj("item")
	if user := e.id("user"); user == c.self.User || item.str("type") != "message" {
		return found{}, false
	}
	return c.other(bot.EventReaction, "reaction", bot.Event{
		Channel: item.id("channel"), User: e.id("user"), TS: item.str("ts"),
		Direct:   strings.HasPrefix(item.id("channel"), "D"),
		Reaction: &bot.Reaction{Name: emoji(e.str("reaction")), Removed: e.str("type") == "reaction_removed"},
	})
}

// emoji returns an emoji's name without skin tone; the two votes have one name each.
func emoji(name string) string {
	name = strings.Trim(name, ":")
	name, _, _ = strings.Cut(name, "::")
	switch name {
	case "+1":
		return "thumbsup"
	case "-1":
		return "thumbsdown"
	}
	return cut(name, 100)
}

// clean is a short text from outside, as a value of a button or of an input.
func clean(s string) string { return bounded(redact.Text(s)) }
