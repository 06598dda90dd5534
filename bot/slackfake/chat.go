package slackfake

import (
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/oombot/oombot/bot/slackfake/blocks"
)

const (
	maxMessageText = 40_000
	// An edit takes less than a post: what was posted can be too long to be edited.
	maxEditedText = 4_000
	// What all text of a message's blocks may be together.
	maxBlocksText = 13_200
	maxMetadata   = 8_000
)

// target finds the channel of a call and says whether the bot may post there.
func (s *Server) target(id string) (*channel, error) {
	if id == "" {
		return nil, failArgs("missing required field: channel")
	}
	c, ok := s.channels[id]
	switch {
	case !ok && strings.HasPrefix(id, "U") && s.users[id] != nil:
		return s.im(id), nil
	case !ok:
		return nil, fail("channel_not_found")
	case c.Archived:
		return nil, fail("is_archived")
	case !c.has(s.o.BotUserID):
		// What it can't see isn't there, for a private channel.
		if c.Private || c.IM {
			return nil, fail("channel_not_found")
		}
		return nil, fail("not_in_channel")
	}
	return c, nil
}

// content is what a message says, checked.
type content struct {
	text                          string
	blocks, attachments, metadata json.RawMessage
}

// contentOf reads and checks what a call wants to say. needed says that it must say something.
func (s *Server) contentOf(c *call, needed bool) (content, error) {
	m := content{text: c.str("text"), blocks: c.raw("blocks"), attachments: c.raw("attachments"), metadata: c.raw("metadata")}
	if markdown := c.str("markdown_text"); markdown != "" {
		if m.text != "" || m.blocks != nil {
			return m, fail("markdown_text_conflict")
		}
		if utf8.RuneCountInString(markdown) > 12_000 {
			return m, fail("msg_too_long")
		}
		m.text = markdown
	}
	if utf8.RuneCountInString(m.text) > maxMessageText {
		return m, fail("msg_too_long")
	}
	if err := s.checkBlocks(&m); err != nil {
		return m, err
	}
	if err := s.checkAttachments(m.attachments); err != nil {
		return m, err
	}
	if err := checkMetadata(m.metadata); err != nil {
		return m, err
	}
	if needed && strings.TrimSpace(m.text) == "" && empty(m.blocks) && empty(m.attachments) {
		return m, fail("no_text")
	}
	return m, nil
}

func empty(list json.RawMessage) bool { return len(list) == 0 || string(list) == "[]" }

// checkBlocks judges blocks, and completes them as Slack does.
func (s *Server) checkBlocks(m *content) error {
	if m.blocks == nil {
		return nil
	}
	filled, err := s.checked(m.blocks, "invalid_blocks")
	if err != nil {
		return err
	}
	if blocks.Length(m.blocks) > maxBlocksText {
		return fail("msg_blocks_too_long")
	}
	m.blocks = filled
	return nil
}

// checked returns the blocks of a message as Slack hands them back, or an error of the given code.
func (s *Server) checked(raw json.RawMessage, code string) (json.RawMessage, error) {
	faults, err := blocks.Check(raw, blocks.Message)
	if err != nil {
		return nil, fail("invalid_blocks_format")
	}
	if len(faults) > 0 {
		return nil, failFaults(code, faults)
	}
	filled, err := blocks.Fill(raw, s.blockID)
	if err != nil {
		return nil, fail("invalid_blocks_format")
	}
	return s.withFiles(filled)
}

func (s *Server) blockID() string { return s.id("b")[4:] }

// withFiles refuses images of files that aren't there.
func (s *Server) withFiles(raw json.RawMessage) (json.RawMessage, error) {
	var all []struct {
		SlackFile struct{ ID string } `json:"slack_file"`
	}
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, fail("invalid_blocks_format")
	}
	for _, b := range all {
		if id := b.SlackFile.ID; id != "" && (s.files[id] == nil || !s.files[id].Complete) {
			return nil, failWith("invalid_blocks", []string{"invalid slack file [json-pointer:/blocks]"})
		}
	}
	return raw, nil
}

// checkAttachments judges attachments: a list of objects, whose blocks are judged as all others are.
func (s *Server) checkAttachments(raw json.RawMessage) error {
	if raw == nil {
		return nil
	}
	var all []map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return fail("invalid_attachments")
	}
	if len(all) > 100 {
		return fail("too_many_attachments")
	}
	for _, a := range all {
		if b := a["blocks"]; len(b) > 0 && string(b) != "null" {
			if _, err := s.checked(b, "invalid_attachments"); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkMetadata(raw json.RawMessage) error {
	if raw == nil {
		return nil
	}
	var m struct {
		EventType    string         `json:"event_type"`
		EventPayload map[string]any `json:"event_payload"`
	}
	if json.Unmarshal(raw, &m) != nil {
		return fail("invalid_metadata_format")
	}
	if m.EventType == "" || m.EventPayload == nil {
		return fail("invalid_metadata_schema")
	}
	if len(raw) > maxMetadata {
		return fail("metadata_too_large")
	}
	return nil
}

// byBot is a message of the app itself.
func (s *Server) byBot(m content, c *call) *Message {
	msg := &Message{
		User: s.o.BotUserID, BotID: s.o.BotID, AppID: s.o.AppID, Username: c.str("username"), Text: m.text,
		Blocks: m.blocks, Attachments: m.attachments, Metadata: m.metadata, ThreadTS: c.str("thread_ts"),
		Broadcast: c.flag("reply_broadcast"),
	}
	if msg.Username != "" {
		msg.Subtype = "bot_message"
	}
	return msg
}

// inThread compares a thread_ts with what is in the channel.
func inThread(c *channel, ts string) error {
	if ts == "" {
		return nil
	}
	if !validTS(ts) {
		return fail("invalid_thread_ts")
	}
	if c.find(ts) == nil {
		return fail("thread_not_found")
	}
	return nil
}

// validTS says whether ts has the form of a timestamp.
func validTS(ts string) bool {
	seconds, micro, ok := strings.Cut(ts, ".")
	return ok && len(micro) == 6 && len(seconds) >= 9 && strings.Trim(seconds+micro, "0123456789") == ""
}

func (s *Server) postMessage(c *call) (object, error) {
	ch, err := s.target(c.str("channel"))
	if err != nil {
		return nil, err
	}
	m, err := s.contentOf(c, true)
	if err != nil {
		return nil, err
	}
	if err := inThread(ch, c.str("thread_ts")); err != nil {
		return nil, err
	}
	now := s.o.Now()
	if posts := s.posts[ch.ID]; s.o.EnforceRate && len(posts) > 0 && now.Sub(posts[len(posts)-1]) < time.Second {
		return nil, fail("ratelimited")
	}
	s.posts[ch.ID] = append(s.posts[ch.ID], now)
	msg := s.byBot(m, c)
	s.publish(ch, msg)
	return object{"channel": ch.ID, "ts": msg.TS, "message": s.wire(msg)}, nil
}

// publish adds a message of any author, and tells the app.
func (s *Server) publish(c *channel, m *Message) {
	if m.ThreadTS != "" {
		// A reply to a reply goes to the thread that the reply is in.
		if parent := c.find(m.ThreadTS); parent != nil && parent.ThreadTS != "" {
			m.ThreadTS = parent.ThreadTS
		}
		if m.BotID == s.o.BotID {
			delete(s.statuses, thread{c.ID, m.ThreadTS})
		}
	}
	s.insert(c, m)
	s.emitPosted(c, m)
	s.changedLocked()
}

// own finds a message that the app may change; otherwise the error is code.
func (s *Server) own(c *call, code string) (*channel, *Message, error) {
	ch, err := s.target(c.str("channel"))
	if err != nil {
		return nil, nil, err
	}
	if !validTS(c.str("ts")) {
		return nil, nil, fail("message_not_found")
	}
	m := ch.find(c.str("ts"))
	if m == nil || m.EphemeralTo != "" {
		return nil, nil, fail("message_not_found")
	}
	if m.BotID != s.o.BotID {
		return nil, nil, fail(code)
	}
	return ch, m, nil
}

func (s *Server) chatUpdate(c *call) (object, error) {
	ch, m, err := s.own(c, "cant_update_message")
	if err != nil {
		return nil, err
	}
	if m.Streaming {
		return nil, fail("streaming_state_conflict")
	}
	n, err := s.contentOf(c, false)
	if err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(n.text) > maxEditedText {
		return nil, fail("msg_too_long")
	}
	if n.text == "" && n.blocks == nil && n.attachments == nil {
		return nil, fail("no_text")
	}
	if _, given := c.args["text"]; !given {
		n.text = m.Text
	}
	if n.metadata != nil {
		m.Metadata = n.metadata
	}
	s.change(ch, m, s.o.BotUserID, Version{Text: n.text, Blocks: n.blocks, Attachments: n.attachments})
	return object{"channel": ch.ID, "ts": m.TS, "text": m.Text, "message": s.wire(m)}, nil
}

func (s *Server) chatDelete(c *call) (object, error) {
	ch, m, err := s.own(c, "cant_delete_message")
	if err != nil {
		return nil, err
	}
	ts := m.TS
	s.remove(ch, m)
	return object{"channel": ch.ID, "ts": ts}, nil
}

func (s *Server) postEphemeral(c *call) (object, error) {
	ch, err := s.target(c.str("channel"))
	if err != nil {
		return nil, err
	}
	user := c.str("user")
	if s.users[user] == nil {
		return nil, failArgs("missing required field: user")
	}
	if !ch.has(user) {
		return nil, fail("user_not_in_channel")
	}
	m, err := s.contentOf(c, true)
	if err != nil {
		return nil, err
	}
	if err := inThread(ch, c.str("thread_ts")); err != nil {
		return nil, err
	}
	msg := s.byBot(m, c)
	msg.EphemeralTo = user
	s.insert(ch, msg)
	return object{"channel": ch.ID, "message_ts": msg.TS}, nil
}

func (s *Server) getPermalink(c *call) (object, error) {
	ch, ok := s.channels[c.str("channel")]
	if !ok {
		return nil, fail("channel_not_found")
	}
	m := ch.find(c.str("message_ts"))
	if m == nil || m.EphemeralTo != "" {
		return nil, fail("message_not_found")
	}
	return object{"channel": ch.ID, "permalink": permalink(c.base, m)}, nil
}

func permalink(base string, m *Message) string {
	link := base + "/archives/" + m.Channel + "/p" + strings.ReplaceAll(m.TS, ".", "")
	if m.ThreadTS != "" && m.ThreadTS != m.TS {
		link += "?thread_ts=" + m.ThreadTS + "&cid=" + m.Channel
	}
	return link
}

// errNotFound is what a person who acts on a message is told.
var errNotFound = errors.New("there is no such message")

// Posts returns when chat.postMessage posted to a channel, oldest first.
func (s *Server) Posts(channel string) []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, err := s.channel(channel); err == nil {
		channel = c.ID
	}
	return append([]time.Time(nil), s.posts[channel]...)
}

// TightestGap returns the shortest time between two posts to one channel by chat.postMessage, and false where no
// channel had two.
func (s *Server) TightestGap() (time.Duration, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var least time.Duration
	found := false
	for _, posts := range s.posts {
		for i := 1; i < len(posts); i++ {
			if gap := posts[i].Sub(posts[i-1]); !found || gap < least {
				least, found = gap, true
			}
		}
	}
	return least, found
}
