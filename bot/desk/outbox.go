package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/slack-go/slack"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
)

// post is a message or a file that is still to be posted, as it is on the shelf.
type post struct {
	Key     string `json:"key"`
	Channel string `json:"channel"`
	Thread  string `json:"thread,omitempty"`
	// User says that only that person is to see it.
	User   string          `json:"user,omitempty"`
	Text   string          `json:"text,omitempty"`
	Blocks json.RawMessage `json:"blocks,omitempty"`
	// React is an emoji on the message Thread in place of a message of its own.
	React string `json:"react,omitempty"`
	// File is a file in place of a message. Incident is the one in whose thread it goes, where that is not there yet.
	File     *file     `json:"file,omitempty"`
	Incident string    `json:"incident,omitempty"`
	At       time.Time `json:"at"`

	tries     int
	notBefore time.Time
	// sure says that it is certain that the last try posted nothing.
	sure bool
}

type file struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Alt   string `json:"alt,omitempty"`
	Data  []byte `json:"data"`
}

func (d *Desk) loadPosts(ctx context.Context) error {
	for doc, err := range d.o.Store.Docs(ctx, docPost) {
		if err != nil {
			return fmt.Errorf("read what is to be posted: %w", err)
		}
		var p post
		if err := json.Unmarshal(doc.Body, &p); err != nil || p.Key != doc.Key {
			d.log.Error("a post on the shelf can't be read", "post", doc.Key, "err", err)
			continue
		}
		d.state.posts[p.Key] = &p
	}
	return nil
}

// say posts a message, once: key tells it from all others. The caller holds d.mu.
func (d *Desk) say(key, channel, thread, user string, m bot.Message) {
	blocks, err := json.Marshal(slack.Blocks{BlockSet: m.Blocks})
	if err != nil {
		d.log.Error("write a message", "post", key, "err", err)
		return
	}
	d.send(&post{Key: key, Channel: channel, Thread: thread, User: user, Text: m.Text, Blocks: blocks, At: d.now().UTC()})
}

// send puts something on its way. The caller holds d.mu.
func (d *Desk) send(p *post) {
	if d.o.Slack == nil || p.Channel == "" || d.state.posts[p.Key] != nil {
		return
	}
	d.state.posts[p.Key] = p
	d.saver.mark(docPost, p.Key, func() (investigations.Doc, error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.state.posts[p.Key] == nil {
			return investigations.Doc{Kind: docPost, Key: p.Key}, nil
		}
		body, err := json.Marshal(p)
		return investigations.Doc{Kind: docPost, Key: p.Key, Body: body}, err
	})
}

// maxSeen bounds the marks on alerts that wait: in a storm the card alone counts them.
const maxSeen = 20

// seen marks an alert bot's post as seen. The caller holds d.mu.
func (d *Desk) seen(e bot.Event) {
	waiting := 0
	for _, p := range d.state.posts {
		if p.React != "" {
			waiting++
		}
	}
	if waiting < maxSeen {
		d.send(&post{Key: "seen/" + e.Channel + "/" + e.TS, Channel: e.Channel, Thread: e.TS, React: "eyes", At: d.now().UTC()})
	}
}

// sent takes a post off the shelf. The caller holds d.mu.
func (d *Desk) sent(p *post) {
	delete(d.state.posts, p.Key)
	d.saver.mark(docPost, p.Key, func() (investigations.Doc, error) {
		return investigations.Doc{Kind: docPost, Key: p.Key}, nil
	})
}

// message returns what is to be posted.
func (p *post) message() (bot.Message, error) {
	m := bot.Message{Text: p.Text}
	if len(p.Blocks) == 0 {
		return m, nil
	}
	var b slack.Blocks
	if err := json.Unmarshal(p.Blocks, &b); err != nil {
		return m, fmt.Errorf("read message %s: %w", p.Key, err)
	}
	m.Blocks = b.BlockSet
	return m, nil
}
