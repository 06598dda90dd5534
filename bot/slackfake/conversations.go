package slackfake

import (
	"maps"
	"slices"
	"strconv"
)

// visible finds a channel that the bot may read.
func (s *Server) visible(c *call) (*channel, error) {
	ch, ok := s.channels[c.str("channel")]
	if !ok || (ch.Private || ch.IM) && !ch.has(s.o.BotUserID) {
		return nil, fail("channel_not_found")
	}
	return ch, nil
}

func (s *Server) wireChannel(c *channel) object {
	if c.IM {
		return object{"id": c.ID, "is_im": true, "user": c.User, "is_archived": c.Archived, "is_channel": false, "created": 1700000000}
	}
	return object{
		"id": c.ID, "name": c.Name, "name_normalized": c.Name, "is_channel": !c.Private, "is_group": c.Private, "is_im": false, "is_mpim": false,
		"is_private": c.Private, "is_archived": c.Archived, "is_member": c.has(s.o.BotUserID), "is_shared": c.ExtShared,
		"is_ext_shared": c.ExtShared, "is_org_shared": false, "created": 1700000000, "context_team_id": s.o.TeamID, "num_members": len(c.Members),
	}
}

func (s *Server) conversationsInfo(c *call) (object, error) {
	ch, err := s.visible(c)
	if err != nil {
		return nil, err
	}
	return object{"channel": s.wireChannel(ch)}, nil
}

func (s *Server) conversationsList(c *call) (object, error) {
	types := c.strings("types")
	if len(types) == 0 {
		types = []string{"public_channel"}
	}
	var all []object
	for _, id := range s.order {
		ch := s.channels[id]
		kind := map[string]string{"im": "im", "group": "private_channel", "channel": "public_channel"}[ch.kind()]
		if !slices.Contains(types, kind) || ch.Archived && c.flag("exclude_archived") || kind != "public_channel" && !ch.has(s.o.BotUserID) {
			continue
		}
		all = append(all, s.wireChannel(ch))
	}
	return page(c, "channels", all, 100, 1000)
}

// page cuts a list as cursor and limit ask for.
func page[T any](c *call, name string, all []T, usual, most int) (object, error) {
	start := 0
	if cursor := c.str("cursor"); cursor != "" {
		n, err := strconv.Atoi(cursor)
		if err != nil || n < 0 || n > len(all) {
			return nil, fail("invalid_cursor")
		}
		start = n
	}
	end := min(len(all), start+c.number("limit", usual, most))
	next := ""
	if end < len(all) {
		next = strconv.Itoa(end)
	}
	items := all[start:end]
	if items == nil {
		items = []T{}
	}
	return object{name: items, "has_more": next != "", "response_metadata": object{"next_cursor": next}}, nil
}

func (s *Server) conversationsMembers(c *call) (object, error) {
	ch, err := s.visible(c)
	if err != nil {
		return nil, err
	}
	return page(c, "members", slices.Clone(ch.Members), 100, 1000)
}

func (s *Server) conversationsOpen(c *call) (object, error) {
	users := c.strings("users")
	if len(users) != 1 {
		return nil, failArgs("the stand-in opens a conversation with one user")
	}
	if s.users[users[0]] == nil {
		return nil, fail("user_not_found")
	}
	before := len(s.channels)
	ch := s.im(users[0])
	return object{"channel": object{"id": ch.ID}, "already_open": len(s.channels) == before, "no_op": len(s.channels) == before}, nil
}

// readable finds the channel of a call that reads messages; the bot has to be in it.
func (s *Server) readable(c *call) (*channel, error) {
	ch, err := s.visible(c)
	if err != nil {
		return nil, err
	}
	if !ch.has(s.o.BotUserID) {
		return nil, fail("not_in_channel")
	}
	for _, name := range []string{"oldest", "latest"} {
		if v := c.str(name); v != "" {
			if _, err := strconv.ParseFloat(v, 64); err != nil {
				return nil, fail("invalid_ts_" + name)
			}
		}
	}
	return ch, nil
}

// between says whether oldest and latest let a message through.
func between(c *call, ts string) bool {
	at, _ := strconv.ParseFloat(ts, 64) // our own
	if oldest, err := strconv.ParseFloat(c.str("oldest"), 64); err == nil && (at < oldest || at == oldest && !c.flag("inclusive")) {
		return false
	}
	if latest, err := strconv.ParseFloat(c.str("latest"), 64); err == nil && (at > latest || at == latest && !c.flag("inclusive")) {
		return false
	}
	return true
}

func (s *Server) history(c *call) (object, error) {
	ch, err := s.readable(c)
	if err != nil {
		return nil, err
	}
	var all []object
	for _, m := range slices.Backward(ch.messages) {
		reply := m.ThreadTS != "" && m.ThreadTS != m.TS && !m.Broadcast
		if m.Deleted || m.EphemeralTo != "" || reply || !between(c, m.TS) {
			continue
		}
		all = append(all, s.wireFull(ch, m, c.flag("include_all_metadata")))
	}
	return page(c, "messages", all, 100, 999)
}

func (s *Server) repliesOf(c *call) (object, error) {
	ch, err := s.readable(c)
	if err != nil {
		return nil, err
	}
	ts := c.str("ts")
	m := ch.find(ts)
	if m == nil || m.EphemeralTo != "" {
		return nil, fail("thread_not_found")
	}
	root := m
	if m.ThreadTS != "" && m.ThreadTS != m.TS {
		if root = ch.find(m.ThreadTS); root == nil {
			return nil, fail("thread_not_found")
		}
	}
	metadata := c.flag("include_all_metadata")
	all := []object{s.wireFull(ch, root, metadata)}
	for _, r := range ch.replies(root.TS) {
		if between(c, r.TS) {
			all = append(all, s.wireFull(ch, r, metadata))
		}
	}
	return page(c, "messages", all, 1000, 1000)
}

func (s *Server) wireUser(u *User) object {
	return object{
		"id": u.ID, "name": u.Name, "real_name": u.RealName, "team_id": u.TeamID, "deleted": u.Deleted, "is_bot": u.BotID != "",
		"is_restricted": u.Restricted || u.UltraRestricted, "is_ultra_restricted": u.UltraRestricted,
		"is_stranger": u.Stranger || u.TeamID != s.o.TeamID, "is_admin": false, "is_app_user": false, "tz": "Etc/UTC", "tz_offset": 0,
		"profile": object{"real_name": u.RealName, "display_name": u.Name, "bot_id": u.BotID, "team": u.TeamID},
	}
}

func (s *Server) usersInfo(c *call) (object, error) {
	u, ok := s.users[c.str("user")]
	if !ok {
		return nil, fail("user_not_found")
	}
	return object{"user": s.wireUser(u)}, nil
}

func (s *Server) groupUsers(c *call) (object, error) {
	g, ok := s.groups[c.str("usergroup")]
	if !ok {
		return nil, fail("no_such_subteam")
	}
	return object{"users": slices.Concat([]string{}, g.Users)}, nil
}

func (s *Server) botsInfo(c *call) (object, error) {
	b, ok := s.bots[or(c.str("bot"), s.o.BotID)]
	if !ok {
		return nil, fail("bot_not_found")
	}
	o := s.botProfile(b)
	maps.Copy(o, object{"user_id": b.UserID})
	return object{"bot": o}, nil
}
