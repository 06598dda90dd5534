package slackfake

import (
	"encoding/json"
	"slices"
)

// object is a JSON object on its way out.
type object = map[string]any

// Message is one message of a conversation.
type Message struct {
	Channel, TS string
	// ThreadTS is the first message's TS, for a reply and, once there are replies, for that message too.
	ThreadTS string
	// User is empty for a bot without a user, BotID and AppID for a person.
	User, BotID, AppID, Username, Subtype string
	Text                                  string
	Blocks, Attachments, Metadata         json.RawMessage
	Files                                 []string
	Reactions                             []Reaction
	Edited                                *Edit
	// Broadcast replies are shown in the channel too.
	Broadcast bool
	// EphemeralTo is the only user who sees it; empty for a message for all.
	EphemeralTo string
	// Earlier are the versions before the last edit, oldest first.
	Earlier []Version
	Deleted bool
	// Streaming is set from chat.startStream to chat.stopStream.
	Streaming bool
}

// Reaction is an emoji and who gave it, in their order.
type Reaction struct {
	Name  string
	Users []string
}

// Edit says who edited a message last, and when.
type Edit struct{ User, TS string }

// Version is what a message said before an edit.
type Version struct {
	Text                string
	Blocks, Attachments json.RawMessage
}

// clone returns a copy that shares nothing that changes later. Raw JSON is replaced and never written to.
func (m *Message) clone() Message {
	c := *m
	c.Files = slices.Clone(m.Files)
	c.Earlier = slices.Clone(m.Earlier)
	c.Reactions = slices.Clone(m.Reactions)
	for i, r := range c.Reactions {
		c.Reactions[i].Users = slices.Clone(r.Users)
	}
	if m.Edited != nil {
		e := *m.Edited
		c.Edited = &e
	}
	return c
}

// insert adds a message to its channel. Timestamps only grow, so its place is the end.
func (s *Server) insert(c *channel, m *Message) {
	m.Channel, m.TS = c.ID, s.ts()
	c.messages = append(c.messages, m)
	if m.ThreadTS != "" && m.EphemeralTo == "" {
		if parent := c.find(m.ThreadTS); parent != nil {
			parent.ThreadTS = parent.TS
		}
	}
}

// wire is the message as answers and events have it, without reactions, replies and metadata.
func (s *Server) wire(m *Message) object {
	o := object{"type": "message", "ts": m.TS, "text": m.Text}
	put := func(name, v string) {
		if v != "" {
			o[name] = v
		}
	}
	put("user", m.User)
	put("bot_id", m.BotID)
	put("app_id", m.AppID)
	put("username", m.Username)
	put("subtype", m.Subtype)
	put("thread_ts", m.ThreadTS)
	if u := s.users[m.User]; u != nil {
		o["team"] = u.TeamID
	}
	if b := s.bots[m.BotID]; b != nil && !b.Legacy {
		o["bot_profile"] = s.botProfile(b)
	}
	for name, raw := range map[string]json.RawMessage{"blocks": m.Blocks, "attachments": m.Attachments} {
		if len(raw) > 0 && string(raw) != "[]" {
			o[name] = raw
		}
	}
	if m.Edited != nil {
		o["edited"] = object{"user": m.Edited.User, "ts": m.Edited.TS}
	}
	if len(m.Files) > 0 {
		files := []object{}
		for _, id := range m.Files {
			if f := s.files[id]; f != nil {
				files = append(files, s.wireFile(f))
			}
		}
		o["files"] = files
	}
	return o
}

func (s *Server) botProfile(b *Bot) object {
	return object{
		"id": b.ID, "app_id": b.AppID, "user_id": b.UserID, "name": b.Name, "team_id": s.o.TeamID, "deleted": false, "updated": 1700000000,
		"icons": object{"image_36": "", "image_48": "", "image_72": ""},
	}
}

// wireFull is the message as conversations.history and conversations.replies have it.
func (s *Server) wireFull(c *channel, m *Message, metadata bool) object {
	o := s.wire(m)
	if len(m.Reactions) > 0 {
		o["reactions"] = wireReactions(m)
	}
	if metadata && len(m.Metadata) > 0 {
		o["metadata"] = m.Metadata
	}
	if m.ThreadTS == "" {
		return o
	}
	if m.ThreadTS != m.TS {
		if parent := c.find(m.ThreadTS); parent != nil && parent.User != "" {
			o["parent_user_id"] = parent.User
		}
		return o
	}
	replies := c.replies(m.TS)
	users := []string{}
	for _, r := range replies {
		if u := or(r.User, r.BotID); !slices.Contains(users, u) {
			users = append(users, u)
		}
	}
	o["reply_count"], o["reply_users"], o["reply_users_count"] = len(replies), users, len(users)
	if len(replies) > 0 {
		o["latest_reply"] = replies[len(replies)-1].TS
	}
	return o
}

func wireReactions(m *Message) []object {
	all := []object{}
	for _, r := range m.Reactions {
		all = append(all, object{"name": r.Name, "users": r.Users, "count": len(r.Users)})
	}
	return all
}
