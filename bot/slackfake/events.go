package slackfake

import (
	"fmt"
	"slices"
	"strings"
)

// emit delivers an event to the app if it is subscribed to it; subscription is the type's name there.
func (s *Server) emit(subscription string, c *channel, event object) {
	if !slices.Contains(s.o.Events, subscription) {
		return
	}
	shared := c != nil && c.ExtShared
	s.deliver(EventsAPI, object{
		"token": "fake", "team_id": s.o.TeamID, "api_app_id": s.o.AppID, "type": "event_callback",
		"event_id": s.id("Ev"), "event_time": s.o.Now().Unix(), "event": event, "is_ext_shared_channel": shared,
		"context_team_id": s.o.TeamID, "event_context": "fake-context",
		"authorizations": []object{{
			"enterprise_id": nil, "team_id": s.o.TeamID, "user_id": s.o.BotUserID, "is_bot": true, "is_enterprise_install": false,
		}},
	}, nil)
}

// hears says whether the bot is told what happens in c.
func (s *Server) hears(c *channel) bool { return c.has(s.o.BotUserID) }

// emitMessage tells the app of a message event in c.
func (s *Server) emitMessage(c *channel, event object) {
	if !s.hears(c) {
		return
	}
	event["channel"], event["channel_type"] = c.ID, c.kind()
	if _, ok := event["event_ts"]; !ok {
		event["event_ts"] = event["ts"]
	}
	subscription := map[string]string{"im": "message.im", "group": "message.groups", "channel": "message.channels"}[c.kind()]
	s.emit(subscription, c, event)
}

// emitPosted tells the app of a new message and, where it names the bot, of the mention: two events with two ids.
func (s *Server) emitPosted(c *channel, m *Message) {
	event := s.wire(m)
	if parent := c.find(m.ThreadTS); parent != nil && parent != m && parent.User != "" {
		event["parent_user_id"] = parent.User
	}
	if s.hears(c) && !c.IM && m.BotID != s.o.BotID && m.Subtype == "" && s.mentions(m) {
		mention := s.wire(m)
		mention["type"], mention["channel"], mention["event_ts"] = "app_mention", c.ID, m.TS
		s.emit("app_mention", c, mention)
	}
	s.emitMessage(c, event)
}

// mentions says whether a message names the bot's user.
func (s *Server) mentions(m *Message) bool {
	return strings.Contains(m.Text, "<@"+s.o.BotUserID+">") || strings.Contains(m.Text, "<@"+s.o.BotUserID+"|") ||
		strings.Contains(string(m.Blocks), fmt.Sprintf(`"user_id":%q`, s.o.BotUserID))
}

// emitChanged tells the app that a message is another than before was.
func (s *Server) emitChanged(c *channel, m *Message, before object) {
	s.emitMessage(c, object{
		"type": "message", "subtype": "message_changed", "hidden": true, "ts": s.ts(), "message": s.wire(m), "previous_message": before,
	})
}

// change edits a message in place and tells the app. Nil blocks or attachments stay what they are.
func (s *Server) change(c *channel, m *Message, editor string, v Version) {
	before := s.wire(m)
	m.Earlier = append(m.Earlier, Version{Text: m.Text, Blocks: m.Blocks, Attachments: m.Attachments})
	m.Text = v.Text
	if v.Blocks != nil {
		m.Blocks = v.Blocks
	}
	if v.Attachments != nil {
		m.Attachments = v.Attachments
	}
	m.Edited = &Edit{User: editor, TS: s.ts()}
	s.emitChanged(c, m, before)
	s.changedLocked()
}

// remove deletes a message and tells the app. The first message of a thread with replies leaves a tombstone.
func (s *Server) remove(c *channel, m *Message) {
	before := s.wire(m)
	if len(c.replies(m.TS)) > 0 && m.ThreadTS == m.TS {
		*m = Message{
			Channel: m.Channel, TS: m.TS, ThreadTS: m.ThreadTS, User: "USLACKBOT", Subtype: "tombstone", Text: "This message was deleted.",
		}
		s.emitChanged(c, m, before)
	} else {
		m.Deleted = true
		s.emitMessage(c, object{
			"type": "message", "subtype": "message_deleted", "hidden": true, "ts": s.ts(), "deleted_ts": m.TS, "previous_message": before,
		})
	}
	s.changedLocked()
}
