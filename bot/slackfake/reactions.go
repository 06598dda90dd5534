package slackfake

import (
	"regexp"
	"slices"
)

var emojiName = regexp.MustCompile(`^[a-z0-9_+'-]+(::skin-tone-[2-6])?$`)

// reacted finds the message that a call about a reaction is about.
func (s *Server) reacted(c *call) (*channel, *Message, error) {
	ch, err := s.target(c.str("channel"))
	if err != nil {
		return nil, nil, err
	}
	ts := c.str("timestamp")
	if ts == "" {
		return nil, nil, fail("no_item_specified")
	}
	if !validTS(ts) {
		return nil, nil, fail("bad_timestamp")
	}
	m := ch.find(ts)
	if m == nil || m.EphemeralTo != "" {
		return nil, nil, fail("message_not_found")
	}
	return ch, m, nil
}

func (s *Server) reactionsAdd(c *call) (object, error) {
	ch, m, err := s.reacted(c)
	if err != nil {
		return nil, err
	}
	if !emojiName.MatchString(c.str("name")) {
		return nil, fail("invalid_name")
	}
	if !s.react(ch, m, s.o.BotUserID, c.str("name")) {
		return nil, fail("already_reacted")
	}
	return object{}, nil
}

func (s *Server) reactionsRemove(c *call) (object, error) {
	ch, m, err := s.reacted(c)
	if err != nil {
		return nil, err
	}
	if !s.unreact(ch, m, s.o.BotUserID, c.str("name")) {
		return nil, fail("no_reaction")
	}
	return object{}, nil
}

func (s *Server) reactionsGet(c *call) (object, error) {
	ch, m, err := s.reacted(c)
	if err != nil {
		return nil, err
	}
	o := s.wire(m)
	o["reactions"] = wireReactions(m)
	return object{"type": "message", "channel": ch.ID, "message": o}, nil
}

// react gives a reaction and tells the app; it is false where the user gave it already.
func (s *Server) react(c *channel, m *Message, user, name string) bool {
	i := slices.IndexFunc(m.Reactions, func(r Reaction) bool { return r.Name == name })
	switch {
	case i < 0:
		m.Reactions = append(m.Reactions, Reaction{Name: name, Users: []string{user}})
	case slices.Contains(m.Reactions[i].Users, user):
		return false
	default:
		m.Reactions[i].Users = append(m.Reactions[i].Users, user)
	}
	s.emitReaction("reaction_added", c, m, user, name)
	return true
}

// unreact takes a reaction back and tells the app; it is false where there is none.
func (s *Server) unreact(c *channel, m *Message, user, name string) bool {
	i := slices.IndexFunc(m.Reactions, func(r Reaction) bool { return r.Name == name })
	if i < 0 || !slices.Contains(m.Reactions[i].Users, user) {
		return false
	}
	r := &m.Reactions[i]
	r.Users = slices.DeleteFunc(r.Users, func(u string) bool { return u == user })
	if len(r.Users) == 0 {
		m.Reactions = slices.Delete(m.Reactions, i, i+1)
	}
	s.emitReaction("reaction_removed", c, m, user, name)
	return true
}

func (s *Server) emitReaction(kind string, c *channel, m *Message, user, name string) {
	if s.hears(c) {
		s.emit(kind, c, object{
			"type": kind, "user": user, "reaction": name, "item_user": m.User, "event_ts": s.ts(),
			"item": object{"type": "message", "channel": c.ID, "ts": m.TS},
		})
	}
	s.changedLocked()
}
