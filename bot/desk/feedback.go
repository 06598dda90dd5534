package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/card"
	"github.com/oombot/oombot/investigations"
)

// The ways to vote: by a button (and its dialog), or by an emoji on the verdict.
const (
	viaButton   = "button"
	viaReaction = "reaction"
)

// vote is how a person's vote on a result came about. An emoji that is taken back takes back only what it brought.
type vote struct {
	Vote investigations.Vote `json:"vote"`
	Via  string              `json:"via"`
	At   time.Time           `json:"at"`
}

// voteOf is the vote that an emoji stands for; empty for any other one.
func voteOf(r *bot.Reaction) investigations.Vote {
	switch {
	case r == nil:
		return ""
	case r.Name == "thumbsup":
		return investigations.VoteUp
	case r.Name == "thumbsdown":
		return investigations.VoteDown
	}
	return ""
}

// reaction deals with an emoji on a verdict.
func (d *Desk) reaction(ctx context.Context, e bot.Event) error {
	want := voteOf(e.Reaction)
	d.mu.Lock()
	x := d.state.at(e.Channel, e.TS)
	judged := x != nil && x.Card == e.TS && x.ResultID != ""
	early := x == nil && want != "" && d.early(e)
	d.mu.Unlock()
	if early {
		return errLater{after: earlyEvery, err: errors.New("it may be on a card whose ts is not told yet"), free: true, expected: true}
	}
	if want == "" || !judged {
		return nil
	}
	if why := d.may(ctx, e); why.why != "" {
		return why.err // who can't be looked up now can be later
	}
	if !e.Reaction.Removed {
		return d.judge(ctx, e, "", x, investigations.Feedback{Vote: want}, viaReaction)
	}
	of, ok, err := d.voted(ctx, x, e.User, vote{Vote: want, Via: viaReaction})
	if err != nil || !ok {
		return err // another vote came after it, and holds
	}
	return d.record(ctx, e, "", ballot{x, of, investigations.Feedback{Vote: investigations.VoteRetracted}, viaReaction})
}

func voteKey(resultID, user string) string { return resultID + "/" + user }

// lastVote is how a person voted last on a result.
func (d *Desk) lastVote(ctx context.Context, resultID, user string) (vote, error) {
	doc, err := d.o.Store.Doc(ctx, docVote, voteKey(resultID, user))
	if errors.Is(err, investigations.ErrNotFound) {
		return vote{}, nil
	}
	if err != nil {
		return vote{}, fmt.Errorf("read a vote: %w", err)
	}
	var v vote
	if err := json.Unmarshal(doc.Body, &v); err != nil {
		return vote{}, nil //nolint:nilerr // one that can't be read is as none: the next one replaces it
	}
	return v, nil
}

// judge stores a person's judgement of the verdict that they saw of an incident.
func (d *Desk) judge(ctx context.Context, e bot.Event, key string, x *entry, f investigations.Feedback, via string) error {
	at := e.At
	if at.IsZero() {
		at = d.now()
	}
	d.mu.Lock()
	x = d.state.top(x)
	of := x.seen(at)
	d.mu.Unlock()
	return d.record(ctx, e, key, ballot{x, of, f, via})
}

// ballot is a person's judgement of one verdict of an incident.
type ballot struct {
	x   *entry
	of  shown
	f   investigations.Feedback
	via string
}

// record stores a judgement: the newest of each person holds. One that is older than what is stored already, as a delivery that
// came late, changes nothing.
func (d *Desk) record(ctx context.Context, e bot.Event, key string, b ballot) error {
	x, id, f, via := b.x, b.of.Result, b.f, b.via
	if id == "" {
		if key != "" {
			d.reply(ctx, e, key, true, card.Wrong("There is no verdict to judge yet."))
		}
		return nil
	}
	f.By, f.At, f.Judged = e.User, e.At.UTC(), b.of.Cause
	if e.At.IsZero() {
		f.At = d.now().UTC()
	}
	last, err := d.lastVote(ctx, id, e.User)
	if err != nil {
		return err
	}
	if f.At.Before(last.At) && last.Via != "" {
		return nil
	}
	if err := d.o.Store.Amend(ctx, id, investigations.Amendment{Feedback: []investigations.Feedback{f}}); err != nil {
		if errors.Is(err, investigations.ErrNotFound) {
			d.reply(ctx, e, key, true, card.Wrong("That verdict is not in memory any more, and can't be judged."))
			return nil
		}
		return fmt.Errorf("store a vote: %w", err)
	}
	body, err := json.Marshal(vote{f.Vote, via, f.At})
	if err != nil {
		return err
	}
	if err := d.o.Store.PutDocs(ctx, investigations.Doc{Kind: docVote, Key: voteKey(id, e.User), Body: body}); err != nil {
		return fmt.Errorf("store how a vote came about: %w", err)
	}
	d.metrics.votes.WithLabelValues(string(f.Vote)).Inc()
	votes := d.votesOf(ctx, id)
	d.mu.Lock()
	if x.ResultID == id {
		x.ups, x.downs = votes.ups, votes.downs
		d.stale(x)
	}
	d.mu.Unlock()
	d.room(ctx, x.Channel)
	if via == viaButton && key != "" {
		d.reply(ctx, e, key, true, card.Recorded(f.Vote, f.Cause))
	}
	return nil
}
