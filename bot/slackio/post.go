package slackio

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"strconv"
	"time"

	"github.com/slack-go/slack"

	"github.com/oombot/oombot/bot"
)

const (
	// metadataType is the type of the metadata that a post carries; its payload holds the key.
	metadataType = "oombot"
	metadataKey  = "key"
	// page and maxPages bound how many messages are looked through for one key.
	page     = 200
	maxPages = 50
	// skew is by how much the clocks of Slack and of this machine may differ.
	skew = 2 * time.Minute
)

func content(m bot.Message) slack.MsgOption {
	return slack.MsgOptionCompose(
		slack.MsgOptionText(m.Text, false),
		slack.MsgOptionBlocks(m.Blocks...),
		slack.MsgOptionDisableLinkUnfurl(),
		slack.MsgOptionDisableMediaUnfurl(),
	)
}

// Post implements bot.Slack.
func (c *Client) Post(ctx context.Context, p bot.Post) (ts string, err error) {
	const method = "chat.postMessage"
	options := []slack.MsgOption{content(p.Message)}
	if p.Key != "" {
		options = append(options, slack.MsgOptionMetadata(slack.SlackMetadata{
			EventType: metadataType, EventPayload: map[string]any{metadataKey: p.Key},
		}))
	}
	if p.Thread != "" {
		options = append(options, slack.MsgOptionTS(p.Thread))
	}
	err = c.do(ctx, method, func(api *slack.Client) error {
		var err error
		_, ts, err = api.PostMessageContext(ctx, p.Channel, options...)
		return err
	})
	if err == nil && ts == "" {
		// Whether it was posted is not known.
		err = &bot.SlackError{Fault: bot.FaultDown, Method: method, Reason: reasonUnreadable, Err: errors.New("the answer has no ts")}
	}
	if err != nil {
		return "", err
	}
	return ts, nil
}

// Update implements bot.Slack. A message keeps the key that it was posted with.
func (c *Client) Update(ctx context.Context, channel, ts string, m bot.Message) error {
	return c.do(ctx, "chat.update", func(api *slack.Client) error {
		_, _, _, err := api.UpdateMessageContext(ctx, channel, ts, content(m))
		return err
	})
}

// Ephemeral implements bot.Slack.
func (c *Client) Ephemeral(ctx context.Context, channel, thread, user string, m bot.Message) error {
	options := []slack.MsgOption{content(m)}
	if thread != "" {
		options = append(options, slack.MsgOptionTS(thread))
	}
	return c.do(ctx, "chat.postEphemeral", func(api *slack.Client) error {
		_, err := api.PostEphemeralContext(ctx, channel, user, options...)
		return err
	})
}

// Upload implements bot.Slack. A file carries no key: Sent doesn't find it.
func (c *Client) Upload(ctx context.Context, f bot.File) (id string, err error) {
	err = c.do(ctx, "files.upload", func(api *slack.Client) error {
		summary, err := api.UploadFileContext(ctx, slack.UploadFileParameters{
			Reader: bytes.NewReader(f.Data), FileSize: len(f.Data), Filename: f.Name, Title: f.Title, AltTxt: f.Alt,
			Channel: f.Channel, ThreadTimestamp: f.Thread,
		})
		if err == nil {
			id = summary.ID
		}
		return err
	})
	return id, err
}

// Sent implements bot.Slack: it looks among the bot's own messages only. The clocks of both sides may differ by two
// minutes. It gives up, with FaultRefused, after 10,000 messages.
func (c *Client) Sent(ctx context.Context, key, channel, thread string, since time.Time) (ts string, err error) {
	self, err := c.Self(ctx)
	if err != nil {
		return "", err
	}
	method := "conversations.history"
	values := url.Values{
		"channel": {channel}, "limit": {strconv.Itoa(page)}, "include_all_metadata": {"true"}, "inclusive": {"true"},
	}
	if !since.IsZero() {
		values.Set("oldest", timeTS(since.Add(-skew)))
	}
	if thread != "" {
		method = "conversations.replies"
		values.Set("ts", thread)
	}
	for range maxPages {
		var a struct {
			answer
			Messages []object `json:"messages"`
			Next     struct {
				Cursor string `json:"next_cursor"`
			} `json:"response_metadata"`
		}
		if err := c.ask(ctx, method, values, &a); err != nil {
			return "", err
		}
		for _, m := range a.Messages {
			if isSent(m, self, key) {
				return m.str("ts"), nil
			}
		}
		if a.Next.Cursor == "" {
			return "", nil
		}
		values.Set("cursor", a.Next.Cursor)
	}
	return "", &bot.SlackError{
		Fault: bot.FaultRefused, Method: method, Reason: reasonTooMany,
		Err: errors.New("the message was not found among the newest 10000"),
	}
}

// isSent tells whether a message is the bot's own of that key.
func isSent(m object, self Self, key string) bool {
	own := self.Bot != "" && m.str("bot_id") == self.Bot || self.User != "" && m.str("user") == self.User
	meta := m.obj("metadata")
	return own && meta.str("event_type") == metadataType && meta.obj("event_payload").str(metadataKey) == key
}

// React implements bot.Slack. An emoji that is there already is no error.
func (c *Client) React(ctx context.Context, channel, ts, name string) error {
	err := c.do(ctx, "reactions.add", func(api *slack.Client) error {
		return api.AddReactionContext(ctx, name, slack.NewRefToMessage(channel, ts))
	})
	if e, ok := errors.AsType[*bot.SlackError](err); ok && e.Reason == "already_reacted" {
		return nil
	}
	return err
}

// Status implements bot.Slack. Slack takes a status away after two minutes, or with the next message in the thread.
func (c *Client) Status(ctx context.Context, channel, thread, text string) error {
	return c.do(ctx, "assistant.threads.setStatus", func(api *slack.Client) error {
		return api.SetAssistantThreadsStatusContext(ctx, slack.AssistantThreadsSetStatusParameters{
			ChannelID: channel, ThreadTS: thread, Status: text,
		})
	})
}

// Permalink implements bot.Slack.
func (c *Client) Permalink(ctx context.Context, channel, ts string) (link string, err error) {
	err = c.do(ctx, "chat.getPermalink", func(api *slack.Client) error {
		var err error
		link, err = api.GetPermalinkContext(ctx, &slack.PermalinkParameters{Channel: channel, Ts: ts})
		return err
	})
	return link, err
}

// Open implements bot.Slack.
func (c *Client) Open(ctx context.Context, trigger string, v slack.ModalViewRequest) error {
	return c.do(ctx, "views.open", func(api *slack.Client) error {
		_, err := api.OpenViewContext(ctx, trigger, v)
		return err
	})
}

// PublishHome implements bot.Slack.
func (c *Client) PublishHome(ctx context.Context, user string, blocks []slack.Block) error {
	return c.do(ctx, "views.publish", func(api *slack.Client) error {
		_, err := api.PublishViewContext(ctx, slack.PublishViewContextRequest{
			UserID: user,
			View:   slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: blocks}},
		})
		return err
	})
}

// Read implements bot.Slack.
func (c *Client) Read(ctx context.Context, channel, ts string) (bot.Event, error) {
	self, err := c.Self(ctx)
	if err != nil {
		return bot.Event{}, err
	}
	const method = "conversations.replies"
	var a struct {
		answer
		Messages []object `json:"messages"`
	}
	values := url.Values{"channel": {channel}, "ts": {ts}, "limit": {"1"}, "inclusive": {"true"}}
	if err := c.ask(ctx, method, values, &a); err != nil {
		return bot.Event{}, err
	}
	for _, m := range a.Messages {
		if m.str("ts") == ts {
			e := cause{self: self}.content(m, channel, "")
			e.Kind = bot.EventMessage
			return e, nil
		}
	}
	return bot.Event{}, &bot.SlackError{Fault: bot.FaultMessage, Method: method, Reason: "message_not_found"}
}
