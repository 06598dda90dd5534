package slackio

import (
	"strings"
	"time"

	"github.com/oombot/oombot/bot"
)

// maxValues bounds how many inputs of a dialog are read.
const maxValues = 100

// fromInteraction returns what an interaction payload tells of: presses, a dialog that was sent, a message shortcut.
func fromInteraction(self Self, p object, now time.Time) []found {
	if app := p.str("api_app_id"); app != "" {
		self.App = app
	}
	base := bot.Event{
		At: now, Team: p.id("team"), User: p.id("user"), Channel: p.id("channel"),
		Shared: p.flag("is_ext_shared_channel") || p.obj("channel").flag("is_ext_shared_channel"),
	}
	if base.Team == "" {
		base.Team = p.obj("user").str("team_id")
	}
	c := cause{self: self, base: base}
	switch p.str("type") {
	case "block_actions":
		return c.presses(p)
	case "view_submission":
		return c.form(p)
	case "message_action":
		return c.shortcut(p, now)
	}
	return nil
}

func (c cause) presses(p object) []found {
	container := p.obj("container")
	event := c.base
	event.Kind = bot.EventPress
	if event.Channel == "" {
		event.Channel = container.str("channel_id")
	}
	event.Direct = strings.HasPrefix(event.Channel, "D")
	event.TS = container.str("message_ts")
	if event.TS == "" {
		event.TS = p.obj("message").str("ts")
	}
	thread := container.str("thread_ts")
	if thread == "" {
		thread = p.obj("message").str("thread_ts")
	}
	if thread != event.TS {
		event.ThreadTS = thread
	}
	where := event.Channel
	if event.TS == "" {
		if where = p.obj("view").str("id"); where == "" {
			where = container.str("view_id")
		}
	}
	var all []found
	for _, v := range p.list("actions") {
		a := asObject(v)
		id := a.first("action_id", "name")
		if id == "" {
			continue
		}
		press := event
		press.Press = &bot.Press{Action: clean(cut(id, 255)), Value: clean(valueOf(a))}
		if at := tsTime(a.str("action_ts")); !at.IsZero() {
			press.At = at
		}
		key := join("slack", "press", where, event.TS, id, event.User, a.str("action_ts"))
		all = append(all, found{key: key, event: press, trigger: p.str("trigger_id")})
	}
	return all
}

// valueOf is what a button, a menu or an input holds.
func valueOf(a object) string {
	if s := a.str("value"); s != "" {
		return s
	}
	if s := a.obj("selected_option").str("value"); s != "" {
		return s
	}
	if list := a.list("selected_options"); len(list) > 0 {
		var values []string
		for _, o := range list {
			values = append(values, asObject(o).str("value"))
		}
		return strings.Join(values, ",")
	}
	return a.first("selected_user", "selected_channel", "selected_conversation", "selected_date", "selected_time")
}

func (c cause) form(p object) []found {
	view := p.obj("view")
	event := c.base
	event.Kind, event.Channel = bot.EventForm, ""
	values := map[string]string{}
	blocks := view.obj("state").obj("values")
	for _, block := range blocks.sorted() {
		inputs := blocks.obj(block)
		for _, action := range inputs.sorted() {
			if len(values) < maxValues {
				values[clean(cut(action, 255))] = clean(valueOf(inputs.obj(action)))
			}
		}
	}
	event.Form = &bot.Form{
		Callback: clean(cut(view.str("callback_id"), 255)), Context: clean(view.str("private_metadata")), Values: values,
	}
	return []found{{key: join("slack", "form", view.str("id"), event.User, view.str("hash")), event: event}}
}

func (c cause) shortcut(p object, now time.Time) []found {
	m := p.obj("message")
	event := c.content(m, c.base.Channel, "")
	event.Kind, event.User = bot.EventShortcut, c.base.User
	if event.TS == "" {
		event.TS = p.str("message_ts")
	}
	if event.At = c.base.At; !tsTime(p.str("action_ts")).IsZero() {
		event.At = tsTime(p.str("action_ts"))
	}
	return []found{{key: join("slack", "shortcut", once(p, now)), event: event}}
}

// once is what tells one use of a command or shortcut from all others: the hash of its trigger, which itself must not
// be stored.
func once(p object, now time.Time) string {
	if t := p.str("trigger_id"); t != "" {
		return hash(t)
	}
	return hash(join(p.id("user"), p.str("user_id"), p.id("channel"), p.str("channel_id"), timeTS(now)))
}

// fromCommand returns what a slash command tells of.
func fromCommand(self Self, p object, now time.Time) []found {
	if p.str("command") == "" {
		return nil
	}
	r := reader{self: self}
	r.add(r.mrkdwn(p.str("text")))
	channel := p.str("channel_id")
	event := bot.Event{
		Kind: bot.EventCommand, At: now, Team: p.str("team_id"), Channel: channel, User: p.str("user_id"),
		Text: r.text(), Links: r.links.list, Addressed: true,
		Direct: p.str("channel_name") == "directmessage" || strings.HasPrefix(channel, "D"),
	}
	return []found{{key: join("slack", "command", once(p, now)), event: event}}
}
