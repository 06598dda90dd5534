package slackfake

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// User is a person, or the user that belongs to a bot.
type User struct {
	ID, Name, RealName string
	// TeamID is the user's workspace; another one than the stand-in's makes a stranger of Slack Connect.
	TeamID string
	// Restricted users are guests of several channels, UltraRestricted those of one.
	Restricted, UltraRestricted, Stranger, Deleted bool
	// BotID is set for a bot's user.
	BotID string
}

// Bot is an app that posts; Legacy ones post with subtype bot_message and without a user, as incoming webhooks do.
type Bot struct {
	ID, AppID, UserID, Name string
	Legacy                  bool
}

// Group is a user group.
type Group struct {
	ID, Handle string
	Users      []string
}

// Channel is a conversation.
type Channel struct {
	ID, Name string
	// Private channels and IMs (with User) are not public; ExtShared ones are shared with another workspace.
	Private, IM, Archived, ExtShared bool
	User                             string
	// Members are the users in it; the bot hears only what happens where its user is.
	Members []string
}

// channel is a Channel with what was posted there, oldest first.
type channel struct {
	Channel
	messages []*Message
}

func (c *channel) has(user string) bool { return slices.Contains(c.Members, user) }

// kind is the channel_type of events.
func (c *channel) kind() string {
	switch {
	case c.IM:
		return "im"
	case c.Private:
		return "group"
	}
	return "channel"
}

// find returns the message that is at ts, also an ephemeral one; nil where there is none or it was deleted.
func (c *channel) find(ts string) *Message {
	i, ok := slices.BinarySearchFunc(c.messages, ts, func(m *Message, ts string) int { return cmp.Compare(m.TS, ts) })
	if !ok || c.messages[i].Deleted {
		return nil
	}
	return c.messages[i]
}

// replies returns the messages of a thread that are there for all, the first message of it left out.
func (c *channel) replies(ts string) []*Message {
	var all []*Message
	for _, m := range c.messages {
		if m.ThreadTS == ts && m.TS != ts && !m.Deleted && m.EphemeralTo == "" {
			all = append(all, m)
		}
	}
	return all
}

// orNew is an id, or a new one where that is empty.
func (s *Server) orNew(id, prefix string) string {
	if id == "" {
		return s.id(prefix)
	}
	return id
}

// AddUser adds or replaces a user. An empty TeamID is the workspace's, an empty ID a new one; it returns the id.
func (s *Server) AddUser(u User) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	u.ID = s.orNew(u.ID, "U")
	u.TeamID = or(u.TeamID, s.o.TeamID)
	u.RealName = or(u.RealName, u.Name)
	s.users[u.ID] = &u
	s.changedLocked()
	return u.ID
}

// AddBot adds another app's bot, and a user for it unless it is Legacy. Empty ids are new ones; it returns the bot's id.
func (s *Server) AddBot(b Bot) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	b.ID = s.orNew(b.ID, "B")
	b.AppID = s.orNew(b.AppID, "A")
	if !b.Legacy {
		b.UserID = s.orNew(b.UserID, "U")
	}
	if b.UserID != "" {
		s.users[b.UserID] = &User{ID: b.UserID, Name: b.Name, RealName: b.Name, TeamID: s.o.TeamID, BotID: b.ID}
	}
	s.bots[b.ID] = &b
	s.changedLocked()
	return b.ID
}

// AddGroup adds or replaces a user group and returns its id.
func (s *Server) AddGroup(g Group) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	g.ID = s.orNew(g.ID, "S")
	g.Users = slices.Clone(g.Users)
	s.groups[g.ID] = &g
	s.changedLocked()
	return g.ID
}

// AddChannel adds a conversation and returns its id; an empty ID is a new one.
func (s *Server) AddChannel(c Channel) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.addChannel(c)
	s.changedLocked()
	return id
}

func (s *Server) addChannel(c Channel) string {
	prefix := "C"
	if c.IM {
		prefix = "D"
	}
	c.ID = s.orNew(c.ID, prefix)
	c.Members = slices.Clone(c.Members)
	if _, ok := s.channels[c.ID]; !ok {
		s.order = append(s.order, c.ID)
	}
	s.channels[c.ID] = &channel{Channel: c}
	return c.ID
}

// Channels returns all conversations, in the order in which they were added.
func (s *Server) Channels() []Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Channel
	for _, id := range s.order {
		c := s.channels[id].Channel
		c.Members = slices.Clone(c.Members)
		all = append(all, c)
	}
	return all
}

// Users returns all users, by id.
func (s *Server) Users() []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []User
	for _, id := range slices.Sorted(maps.Keys(s.users)) {
		all = append(all, *s.users[id])
	}
	return all
}

// channel finds a conversation by its id or, with or without a "#", by its name.
func (s *Server) channel(name string) (*channel, error) {
	if c, ok := named(s.channels, name, "#", func(c *channel) string { return c.Name }); ok {
		return c, nil
	}
	return nil, fmt.Errorf("find channel %q: there is none of this id or name; AddChannel adds one", name)
}

// user finds a user by id or, with or without an "@", by name.
func (s *Server) user(name string) (*User, error) {
	if u, ok := named(s.users, name, "@", func(u *User) string { return u.Name }); ok {
		return u, nil
	}
	return nil, fmt.Errorf("find user %q: there is none of this id or name; AddUser adds one", name)
}

// named finds what has an id or, with or without a sign before it, a name.
func named[T any](all map[string]T, name, sign string, nameOf func(T) string) (found T, ok bool) {
	if found, ok = all[name]; ok {
		return found, true
	}
	for _, one := range all {
		if n := nameOf(one); n != "" && n == strings.TrimPrefix(name, sign) {
			return one, true
		}
	}
	return found, false
}

// im returns the direct conversation of the bot with a user, made if there is none.
func (s *Server) im(user string) *channel {
	for _, c := range s.channels {
		if c.IM && c.User == user {
			return c
		}
	}
	id := s.addChannel(Channel{IM: true, User: user, Members: []string{user, s.o.BotUserID}})
	return s.channels[id]
}
