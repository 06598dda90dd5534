package slackio

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
)

// acceptWithin bounds the way of an event into the inbox: Slack waits for three seconds.
const acceptWithin = 2500 * time.Millisecond

// What an envelope or a request holds.
const (
	kindEvents      = "events_api"
	kindInteractive = "interactive"
	kindCommand     = "slash_commands"
)

// Intake makes events of what Slack sends and writes them to the inbox. All of its fields but Now are needed. It is safe
// for concurrent use.
type Intake struct {
	Inbox investigations.Inbox
	To    bot.Receiver
	// Self tells who the bot is, as Client.Self does: at once where it is known.
	Self func(ctx context.Context) (Self, error)
	Log  *slog.Logger
	// Now is the clock of what Slack gives no time for; nil: time.Now.
	Now func() time.Time
}

func (in *Intake) now() time.Time {
	if in.Now != nil {
		return in.Now().UTC()
	}
	return time.Now().UTC()
}

// accept writes to the inbox what a payload tells of. Where that fails nothing may be acknowledged. The presses are for
// Pressed, after the acknowledgement.
func (in *Intake) accept(ctx context.Context, kind string, payload object) (presses []found, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), acceptWithin)
	defer cancel()
	self, err := in.Self(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask Slack who the bot is: %w", err)
	}
	var all []found
	switch kind {
	case kindEvents:
		all = fromEvents(self, payload, in.now())
	case kindInteractive:
		all = fromInteraction(self, payload, in.now())
	case kindCommand:
		all = fromCommand(self, payload, in.now())
	}
	for _, f := range all {
		if err := bot.Accept(ctx, in.Inbox, in.To, f.key, f.event); err != nil {
			return nil, err
		}
		if f.event.Kind == bot.EventPress {
			presses = append(presses, f)
		}
	}
	return presses, nil
}

// pressed tells of presses, after their acknowledgement.
func (in *Intake) pressed(presses []found) {
	for _, p := range presses {
		in.To.Pressed(p.event, p.trigger)
	}
}

// seldom lets one of many equal log lines through, once a minute. Its zero value is ready.
type seldom struct {
	mu      sync.Mutex
	last    time.Time
	skipped int
}

// now says whether to log, and how many lines were left out since the last one.
func (s *seldom) now(at time.Time) (skipped int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.last.IsZero() && at.Sub(s.last) < time.Minute {
		s.skipped++
		return 0, false
	}
	skipped, s.skipped, s.last = s.skipped, 0, at
	return skipped, true
}
