package slackfake

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// pageMessages is how many of a channel's latest messages the page is given.
const pageMessages = 500

var (
	typedName = regexp.MustCompile(`(^|[\s(])@([\w.-]*\w)`)
	typedLink = regexp.MustCompile(`https?://[^\s<>|]+`)
	escape    = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
)

// typed is what Slack's client makes of what a person types: special characters escaped, names and links in angle
// brackets.
func (s *Server) typed(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text = typedLink.ReplaceAllString(escape.Replace(text), "<$0>")
	return typedName.ReplaceAllStringFunc(text, func(m string) string {
		parts := typedName.FindStringSubmatch(m)
		if u, err := s.user(parts[2]); err == nil {
			return parts[1] + "<@" + u.ID + ">"
		}
		return m
	})
}

// servePageState is all that a user sees.
func (s *Server) servePageState(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	viewer := r.URL.Query().Get("user")
	if u := s.users[viewer]; u == nil || u.BotID != "" {
		viewer = s.anyone()
	}
	o := object{
		"revision": s.revision, "team": s.o.TeamName, "viewer": viewer, "connected": len(s.conns) > 0 || s.o.EventsURL != "",
		"bot": object{"id": s.o.BotUserID, "botId": s.o.BotID, "name": s.o.BotName}, "shortcuts": s.o.Shortcuts, "commands": s.o.Commands,
		"users": s.pageUsers(), "channels": s.pageChannels(viewer), "modals": s.pageViews(s.stacks[viewer]), "home": nil, "busy": s.busy(),
		"guide": s.o.Guide,
	}
	if id := s.homes[viewer]; id != "" {
		o["home"] = s.pageViews([]string{id})[0]
	}
	b := marshal(o)
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write(b) // the browser went away
}

// anyone is the first person, for a page that names none.
func (s *Server) anyone() string {
	for _, id := range slices.Sorted(maps.Keys(s.users)) {
		if u := s.users[id]; u.BotID == "" && !u.Deleted {
			return id
		}
	}
	return ""
}

// busy is how many interactions and commands wait for the app, and how many of the last failed.
func (s *Server) busy() object {
	waits, failed := 0, 0
	for i, d := range s.deliveries {
		if d.Type != EventsAPI && !d.acked {
			if d.failed && i >= len(s.deliveries)-1 {
				failed++
			} else if !d.failed {
				waits++
			}
		}
	}
	return object{"waits": waits, "failed": failed}
}

func (s *Server) pageUsers() []object {
	all := []object{}
	for _, id := range slices.Sorted(maps.Keys(s.users)) {
		u := s.users[id]
		all = append(all, object{"id": u.ID, "name": u.Name, "bot": u.BotID != "", "guest": u.Restricted || u.UltraRestricted})
	}
	return all
}

func (s *Server) pageChannels(viewer string) []object {
	all := []object{}
	for _, id := range s.order {
		c := s.channels[id]
		if (c.IM || c.Private) && !c.has(viewer) {
			continue
		}
		first := max(0, len(c.messages)-pageMessages)
		messages := []object{}
		for _, m := range c.messages[first:] {
			if !m.Deleted && (m.EphemeralTo == "" || m.EphemeralTo == viewer) {
				messages = append(messages, s.pageMessage(c, m))
			}
		}
		all = append(all, object{
			"id": c.ID, "name": c.Name, "im": c.IM, "user": c.User, "private": c.Private, "archived": c.Archived, "shared": c.ExtShared,
			"member": c.has(s.o.BotUserID), "messages": messages,
		})
	}
	return all
}

func (s *Server) pageMessage(c *channel, m *Message) object {
	o := s.wire(m)
	o["author"], o["own"], o["ephemeral"], o["streaming"] = s.author(m), m.BotID == s.o.BotID, m.EphemeralTo != "", m.Streaming
	o["app"] = m.BotID != ""
	if len(m.Reactions) > 0 {
		o["reactions"] = wireReactions(m)
	}
	if st := s.status(c.ID, m.TS); st != "" {
		o["status"] = st
	}
	return o
}

func (s *Server) pageViews(ids []string) []object {
	all := []object{}
	for _, id := range ids {
		if v := s.views[id]; v != nil {
			o := s.wireView(v, nil)
			o["errors"] = v.Errors
			all = append(all, o)
		}
	}
	return all
}
