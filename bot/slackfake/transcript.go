package slackfake

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/oombot/oombot/bot/slackfake/blocks"
)

// Messages returns what a channel shows to all, oldest first: threads' replies included, what was deleted and what is
// ephemeral left out.
func (s *Server) Messages(channel string) []Message {
	return s.messages(channel, func(m *Message) bool { return m.EphemeralTo == "" })
}

// Ephemerals returns what only one user sees in a channel, oldest first.
func (s *Server) Ephemerals(channel, user string) []Message {
	return s.messages(channel, func(m *Message) bool {
		u, err := s.user(user)
		return err == nil && m.EphemeralTo == u.ID
	})
}

// Replies returns a thread: its first message and the replies, oldest first.
func (s *Server) Replies(channel, ts string) []Message {
	return s.messages(channel, func(m *Message) bool {
		return m.EphemeralTo == "" && (m.TS == ts || m.ThreadTS == ts)
	})
}

// Message returns one message, ephemeral ones included; false where there is none or it was deleted.
func (s *Server) Message(channel, ts string) (Message, bool) {
	all := s.messages(channel, func(m *Message) bool { return m.TS == ts })
	if len(all) == 0 {
		return Message{}, false
	}
	return all[0], true
}

func (s *Server) messages(name string, want func(*Message) bool) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.channel(name)
	if err != nil {
		return nil
	}
	var all []Message
	for _, m := range c.messages {
		if !m.Deleted && want(m) {
			all = append(all, m.clone())
		}
	}
	return all
}

// Thread returns a thread as text: who said what, blocks, files, reactions and whether it was edited. It holds no
// ids and no times, so that it can be compared with a golden file.
func (s *Server) Thread(channel, ts string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.channel(channel)
	if err != nil {
		return ""
	}
	var b strings.Builder
	for _, m := range c.messages {
		if !m.Deleted && (m.TS == ts || m.ThreadTS == ts) {
			s.print(&b, c, m)
		}
	}
	return b.String()
}

// Dump writes all channels as Thread writes a thread, replies below what they reply to.
func (s *Server) Dump(w io.Writer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, id := range s.order {
		c := s.channels[id]
		fmt.Fprintf(&b, "== %s ==\n", s.title(c))
		for _, m := range c.messages {
			if m.Deleted || m.ThreadTS != "" && m.ThreadTS != m.TS && c.find(m.ThreadTS) != nil {
				continue
			}
			s.print(&b, c, m)
			for _, r := range c.messages {
				if r.ThreadTS == m.TS && r != m && !r.Deleted {
					s.print(&b, c, r)
				}
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// title is what people call a channel.
func (s *Server) title(c *channel) string {
	t := "#" + c.Name
	if c.IM {
		t = "@" + s.nameOf(c.User)
	}
	if c.Archived {
		t += " (archived)"
	}
	return t
}

func (s *Server) nameOf(user string) string {
	if u := s.users[user]; u != nil {
		return u.Name
	}
	return user
}

// Author is the name above a message.
func (s *Server) Author(m Message) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.author(&m)
}

// author is the name above a message.
func (s *Server) author(m *Message) string {
	if m.Username != "" {
		return m.Username
	}
	if b := s.bots[m.BotID]; b != nil && m.User == "" {
		return b.Name
	}
	return s.nameOf(m.User)
}

// print writes one message; replies are set in.
func (s *Server) print(b *strings.Builder, c *channel, m *Message) {
	in := ""
	if m.ThreadTS != "" && m.ThreadTS != m.TS {
		in = "    "
	}
	head := s.author(m)
	if m.EphemeralTo != "" {
		head += " (only to " + s.nameOf(m.EphemeralTo) + ")"
	}
	if m.Edited != nil {
		head += " (edited)"
	}
	fmt.Fprintf(b, "%s%s:\n", in, head)
	for _, line := range s.body(m) {
		b.WriteString(strings.TrimRight(in+"  "+line, " ") + "\n")
	}
	if st := s.status(c.ID, m.TS); st != "" {
		fmt.Fprintf(b, "%s  (status: %s)\n", in, st)
	}
}

// body is a message's content, line by line: blocks in place of the text, as Slack shows it.
func (s *Server) body(m *Message) []string {
	var lines []string
	if !empty(m.Blocks) {
		lines = append(lines, blocks.Text(m.Blocks)...)
	} else if m.Text != "" {
		lines = append(lines, strings.Split(m.Text, "\n")...)
	}
	lines = append(lines, attachmentLines(m.Attachments)...)
	for _, id := range m.Files {
		if f := s.files[id]; f != nil {
			lines = append(lines, strings.TrimSuffix("(file: "+f.Title+", "+f.AltText, ", ")+")")
		}
	}
	var reactions []string
	for _, r := range m.Reactions {
		reactions = append(reactions, fmt.Sprintf(":%s: %d", r.Name, len(r.Users)))
	}
	if len(reactions) > 0 {
		lines = append(lines, strings.Join(reactions, "  "))
	}
	for i, line := range lines {
		lines[i] = s.named(line)
	}
	return lines
}

func attachmentLines(raw json.RawMessage) []string {
	var all []struct {
		Pretext, Title, Text string
		TitleLink            string          `json:"title_link"`
		Blocks               json.RawMessage `json:"blocks"`
		Fields               []struct{ Title, Value string }
	}
	if len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, &all); err != nil {
		return []string{"> (attachments that can't be read)"}
	}
	var lines []string
	for _, a := range all {
		for _, part := range []string{a.Pretext, a.Title, a.TitleLink, a.Text} {
			if part != "" {
				lines = append(lines, strings.Split(part, "\n")...)
			}
		}
		for _, f := range a.Fields {
			lines = append(lines, f.Title+": "+f.Value)
		}
		if !empty(a.Blocks) {
			lines = append(lines, blocks.Text(a.Blocks)...)
		}
	}
	for i, line := range lines {
		lines[i] = "> " + line
	}
	return lines
}

var userRef = regexp.MustCompile(`<@([A-Z0-9]+)(\|[^>]*)?>`)

// named writes people's names in place of their ids.
func (s *Server) named(line string) string {
	return userRef.ReplaceAllStringFunc(line, func(ref string) string {
		return "@" + s.nameOf(userRef.FindStringSubmatch(ref)[1])
	})
}
