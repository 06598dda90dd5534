package slackfake

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Mention posts a message that names the bot, in a thread if one is given, and returns its ts. The app hears of
// it twice: as app_mention and as message.
func (s *Server) Mention(user, channel, text string, thread ...string) (string, error) {
	return s.Post(user, channel, "<@"+s.o.BotUserID+"> "+text, thread...)
}

// Post posts as a person, in a thread if one is given, and returns the message's ts.
func (s *Server) Post(user, channel, text string, thread ...string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.open(channel)
	if err != nil {
		return "", err
	}
	u, err := s.user(user)
	if err != nil {
		return "", err
	}
	m := &Message{User: u.ID, Text: text, ThreadTS: slices.Concat(thread, []string{""})[0]}
	if m.ThreadTS != "" && c.find(m.ThreadTS) == nil {
		return "", fmt.Errorf("post to thread %s: %w", m.ThreadTS, errNotFound)
	}
	s.publish(c, m)
	return m.TS, nil
}

// DM posts to the direct conversation of a person and the bot, made if there is none.
func (s *Server) DM(user, text string, thread ...string) (channel, ts string, err error) {
	s.mu.Lock()
	u, err := s.user(user)
	if err == nil {
		channel = s.im(u.ID).ID
	}
	s.mu.Unlock()
	if err != nil {
		return "", "", err
	}
	ts, err = s.Post(user, channel, text, thread...)
	return channel, ts, err
}

// BotPost is what another app posts. Nothing of it is checked, so that malformed blocks can be posted too.
type BotPost struct {
	// Bot is the id of a bot that AddBot added.
	Bot                 string
	Text                string
	Blocks, Attachments json.RawMessage
	Metadata            json.RawMessage
	Thread              string
}

// PostAs posts as another app's bot and returns the message's ts.
func (s *Server) PostAs(channel string, p BotPost) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.open(channel)
	if err != nil {
		return "", err
	}
	b := s.bots[p.Bot]
	if b == nil {
		return "", fmt.Errorf("post as bot %q: there is none of this id; AddBot adds one", p.Bot)
	}
	for name, raw := range map[string]json.RawMessage{"blocks": p.Blocks, "attachments": p.Attachments} {
		if len(raw) > 0 && !json.Valid(raw) {
			return "", fmt.Errorf("post as bot %s: its %s are no JSON", p.Bot, name)
		}
	}
	m := &Message{
		User: b.UserID, BotID: b.ID, AppID: b.AppID, Text: p.Text, Blocks: p.Blocks, Attachments: p.Attachments, Metadata: p.Metadata,
		ThreadTS: p.Thread,
	}
	if b.Legacy {
		m.Subtype, m.Username = "bot_message", b.Name
	}
	s.publish(c, m)
	return m.TS, nil
}

// open finds a channel that isn't archived.
func (s *Server) open(name string) (*channel, error) {
	c, err := s.channel(name)
	if err == nil && c.Archived {
		err = fmt.Errorf("post to %s: it is archived", name)
	}
	return c, err
}

// Edit changes a message as its author. Nil blocks or attachments stay what they are.
func (s *Server) Edit(channel, ts string, v Version) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, m, err := s.message("edit", channel, ts)
	if err != nil {
		return err
	}
	s.change(c, m, m.User, v)
	return nil
}

// Delete deletes a message of anybody, as an administrator can.
func (s *Server) Delete(channel, ts string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, m, err := s.message("delete", channel, ts)
	if err != nil {
		return err
	}
	s.remove(c, m)
	return nil
}

// message finds what somebody is about to do something to.
func (s *Server) message(do, where, ts string) (*channel, *Message, error) {
	c, err := s.channel(where)
	if err != nil {
		return nil, nil, err
	}
	m := c.find(ts)
	if m == nil {
		return nil, nil, fmt.Errorf("%s %s: %w", do, ts, errNotFound)
	}
	return c, m, nil
}

// React gives a reaction, by its name without colons; one that was given already is an error.
func (s *Server) React(user, channel, ts, name string) error {
	return s.reacts(user, channel, ts, name, s.react)
}

// Unreact takes a reaction back.
func (s *Server) Unreact(user, channel, ts, name string) error {
	return s.reacts(user, channel, ts, name, s.unreact)
}

func (s *Server) reacts(user, where, ts, name string, do func(*channel, *Message, string, string) bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, m, u, err := s.place(where, ts, user)
	if err != nil {
		return err
	}
	if !emojiName.MatchString(name) {
		return fmt.Errorf("react with %q: it is no name of an emoji", name)
	}
	if !do(c, m, u.ID, name) {
		return fmt.Errorf("react with %q to %s: it is there already, or there is none to take back", name, ts)
	}
	return nil
}

// Archive archives a channel: the bot sees a last message of it, and may post no more.
func (s *Server) Archive(channel string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.channel(channel)
	if err != nil {
		return err
	}
	user := ""
	if len(c.Members) > 0 {
		user = c.Members[0]
	}
	s.publish(c, &Message{User: user, Subtype: "channel_archive", Text: "archived the channel"})
	c.Archived = true
	s.emit("channel_archive", c, object{"type": "channel_archive", "channel": c.ID, "user": user, "event_ts": s.ts()})
	return nil
}

// Kick removes a user, by default the bot, from a channel. An app that is removed hears of it only if it is
// subscribed to channel_left or group_left.
func (s *Server) Kick(channel string, user ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, id, err := s.member(channel, user)
	if err != nil {
		return err
	}
	c.Members = slices.DeleteFunc(c.Members, func(m string) bool { return m == id })
	kind := "member_left_channel"
	if id == s.o.BotUserID {
		kind = c.kind() + "_left"
	}
	s.emit(kind, c, object{"type": kind, "channel": c.ID, "user": id, "channel_type": "C", "event_ts": s.ts()})
	s.changedLocked()
	return nil
}

// Invite adds a user, by default the bot, to a channel.
func (s *Server) Invite(channel string, user ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, id, err := s.member(channel, user)
	if err != nil {
		return err
	}
	if c.has(id) {
		return fmt.Errorf("invite %s to %s: it is there already", id, channel)
	}
	c.Members = append(c.Members, id)
	if s.hears(c) {
		s.emit("member_joined_channel", c, object{
			"type": "member_joined_channel", "user": id, "channel": c.ID, "channel_type": "C", "team": s.o.TeamID, "event_ts": s.ts(),
		})
	}
	s.changedLocked()
	return nil
}

// member finds a channel and who is to be in it or not: the bot, where no user is named.
func (s *Server) member(where string, user []string) (*channel, string, error) {
	c, err := s.channel(where)
	if err != nil || len(user) == 0 {
		return c, s.o.BotUserID, err
	}
	u, err := s.user(user[0])
	if err != nil {
		return nil, "", err
	}
	return c, u.ID, nil
}

// Raw sends bytes as they are on one connection, or to the events URL: what is malformed, or of a type that the stand-in doesn't
// know. envelope is the envelope id in them, so that its acknowledgement is seen; it is redelivered as an event is.
func (s *Server) Raw(envelope string, frame []byte) *Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	if envelope == "" {
		envelope = s.envelopeID()
	}
	d := &Delivery{s: s, EnvelopeID: envelope, Type: EventsAPI, raw: slices.Clone(frame), payload: slices.Clone(frame), done: make(chan struct{})}
	s.enqueue(d)
	return d
}

// Redeliver sends a delivery once more, acknowledged or not, as Slack does when an acknowledgement was lost on its way.
func (s *Server) Redeliver(d *Delivery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.acked || d.failed {
		d.acked, d.failed, d.done = false, false, make(chan struct{})
		s.outbox[d.EnvelopeID] = d
	}
	d.stop()
	d.reason = "timeout"
	s.attempt(d)
}
