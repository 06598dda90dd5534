package slackfake

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"
)

// statusLife is how long a status stands without a message or another status.
const statusLife = 2 * time.Minute

// thread names a thread.
type thread struct{ channel, ts string }

// Status is what the app says it is doing in a thread.
type Status struct {
	Text    string
	Loading []string
	At      time.Time
}

func (s *Server) setStatus(c *call) (object, error) {
	ch, err := s.target(c.str("channel_id"))
	if err != nil {
		return nil, err
	}
	ts := c.str("thread_ts")
	if ts == "" {
		return nil, failArgs("missing required field: thread_ts")
	}
	if err := inThread(ch, ts); err != nil {
		return nil, err
	}
	loading := c.strings("loading_messages")
	if len(loading) > 10 {
		return nil, failArgs("no more than 10 items allowed [json-pointer:/loading_messages]")
	}
	key := thread{ch.ID, ts}
	if c.str("status") == "" {
		delete(s.statuses, key)
	} else {
		s.statuses[key] = &Status{Text: c.str("status"), Loading: loading, At: s.o.Now()}
	}
	return object{}, nil
}

// Status returns what the app says it is doing in a thread; it is empty where it says nothing, posted since, or
// said it more than two minutes ago.
func (s *Server) Status(channel, ts string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, err := s.channel(channel); err == nil {
		return s.status(c.ID, ts)
	}
	return ""
}

func (s *Server) status(channel, ts string) string {
	st := s.statuses[thread{channel, ts}]
	if st == nil || s.o.Now().Sub(st.At) > statusLife {
		return ""
	}
	return st.Text
}

// chunks returns the text and the blocks that a call adds to a stream.
func (s *Server) chunks(c *call) (string, []json.RawMessage, error) {
	text := c.str("markdown_text")
	if utf8.RuneCountInString(text) > 12_000 {
		return "", nil, fail("msg_too_long")
	}
	var all []struct {
		Type, Text, Title, Status string
		Blocks                    []json.RawMessage
	}
	if raw := c.raw("chunks"); raw != nil {
		if err := json.Unmarshal(raw, &all); err != nil {
			return "", nil, fail("invalid_chunks")
		}
	}
	var blocks []json.RawMessage
	for _, ch := range all {
		switch ch.Type {
		case "markdown_text":
			text += ch.Text
		case "task_update", "plan_update":
			text += strings.TrimRight("\n["+ch.Title+"] "+ch.Status, " ")
		case "blocks":
			blocks = append(blocks, ch.Blocks...)
		default:
			return "", nil, fail("invalid_chunks")
		}
	}
	return text, blocks, nil
}

func (s *Server) startStream(c *call) (object, error) {
	ch, err := s.target(c.str("channel"))
	if err != nil {
		return nil, err
	}
	if c.str("thread_ts") == "" {
		return nil, fail("invalid_thread_ts")
	}
	if err := inThread(ch, c.str("thread_ts")); err != nil {
		return nil, err
	}
	if !ch.IM {
		if c.str("recipient_team_id") == "" {
			return nil, fail("missing_recipient_team_id")
		}
		if u := c.str("recipient_user_id"); u == "" || s.users[u] == nil || s.users[u].BotID != "" {
			return nil, fail("missing_recipient_user_id")
		}
	}
	text, blocks, err := s.chunks(c)
	if err != nil {
		return nil, err
	}
	m := s.byBot(content{text: text}, c)
	m.Streaming = true
	if err := s.addBlocks(m, blocks); err != nil {
		return nil, err
	}
	s.publish(ch, m)
	return object{"channel": ch.ID, "ts": m.TS}, nil
}

// streaming finds the message that a call adds to.
func (s *Server) streaming(c *call) (*channel, *Message, error) {
	ch, m, err := s.own(c, "message_not_owned_by_app")
	if err != nil {
		return nil, nil, err
	}
	if !m.Streaming {
		return nil, nil, fail("message_not_in_streaming_state")
	}
	return ch, m, nil
}

func (s *Server) appendStream(c *call) (object, error) {
	ch, m, err := s.streaming(c)
	if err != nil {
		return nil, err
	}
	text, blocks, err := s.chunks(c)
	if err != nil {
		return nil, err
	}
	if text == "" && len(blocks) == 0 {
		return nil, fail("no_text")
	}
	if err := s.addBlocks(m, blocks); err != nil {
		return nil, err
	}
	m.Text += text
	return object{"channel": ch.ID, "ts": m.TS}, nil
}

func (s *Server) stopStream(c *call) (object, error) {
	ch, m, err := s.streaming(c)
	if err != nil {
		return nil, err
	}
	text, blocks, err := s.chunks(c)
	if err != nil {
		return nil, err
	}
	if raw := c.raw("blocks"); raw != nil {
		var more []json.RawMessage
		if json.Unmarshal(raw, &more) != nil {
			return nil, fail("invalid_blocks_format")
		}
		blocks = append(blocks, more...)
	}
	if err := s.addBlocks(m, blocks); err != nil {
		return nil, err
	}
	before := s.wire(m)
	m.Text += text
	m.Streaming = false
	s.emitChanged(ch, m, before)
	return object{"channel": ch.ID, "ts": m.TS, "message": s.wire(m)}, nil
}

// addBlocks adds blocks to a message that is streamed.
func (s *Server) addBlocks(m *Message, more []json.RawMessage) error {
	if len(more) == 0 {
		return nil
	}
	var all []json.RawMessage
	if len(m.Blocks) > 0 {
		if err := json.Unmarshal(m.Blocks, &all); err != nil {
			return err
		}
	}
	filled, err := s.checked(marshal(append(all, more...)), "invalid_blocks")
	if err != nil {
		return err
	}
	m.Blocks = filled
	return nil
}
