package desk

import (
	"context"
	"encoding/json"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
)

const (
	// sweepEvery is how often what could not be done at once is tried again.
	sweepEvery = 15 * time.Second
	// heldFor is how long after a verdict its result is kept in memory: afterwards it is read again where it is needed.
	heldFor = 10 * time.Minute
	// tellFor is how long it is tried to do what follows a verdict, postFor how long to post a message.
	tellFor, postFor = 24 * time.Hour, 3 * 24 * time.Hour
	// orderFor is how long an alert's end that came before the alert is remembered.
	orderFor = 2 * time.Minute
)

// sweep writes what could not be written, ends incidents of kills, does what follows verdicts where it could not be done, and drops results that
// nobody looks at any more.
func (d *Desk) sweep(ctx context.Context) {
	now := d.now()
	var untold []string
	over := map[string]bool{}
	d.mu.Lock()
	for id, x := range d.state.incidents {
		if d.endKills(x) {
			over[x.Channel] = true
		}
		if x.State != bot.StateJudged || x.telling {
			continue
		}
		if x.owes() && now.After(x.tellAgain) && now.Sub(x.JudgedAt) < tellFor {
			untold = append(untold, id)
			continue
		}
		if now.Sub(x.JudgedAt) > heldFor && !x.stale {
			x.result, x.evidence, x.similar = nil, nil, nil
		}
	}
	d.state.forgetSightings(now)
	for key, at := range d.state.ended {
		if now.Sub(at) > orderFor {
			delete(d.state.ended, key)
		}
	}
	d.mu.Unlock()
	for channel := range over {
		d.room(ctx, channel)
	}
	for _, id := range untold {
		d.spawn(ctx, func() { d.after(ctx, id) })
	}
	d.flush(ctx)
}

// owes says that what follows a verdict is not done. The caller holds Desk.mu.
func (e *entry) owes() bool { return e.Told != e.toldKey() || e.Owes }

// forget drops incidents of long ago, and what nobody waits for any more.
func (d *Desk) forget(ctx context.Context) {
	now := d.now()
	d.mu.Lock()
	for _, e := range d.state.sorted(func(e *entry) bool { return d.old(e) }) {
		d.state.remove(e)
		for _, key := range e.members {
			d.keepMember(key)
		}
		id := e.ID
		d.saver.mark(docIncident, id, func() (investigations.Doc, error) {
			return investigations.Doc{Kind: docIncident, Key: id}, nil
		})
	}
	for _, p := range d.state.posts {
		if now.Sub(p.At) > postFor {
			d.log.Warn("a message could not be posted for days; it is given up", "post", p.Key, "channel", p.Channel)
			d.sent(p)
		}
	}
	for _, m := range d.state.mutes {
		if now.After(m.Until) {
			d.setMute(m.Channel, m.Workload, m.By, 0)
		}
	}
	d.mu.Unlock()
	d.flush(ctx)
}

// old says that an incident and all that is told of in its thread are of long ago. The caller holds d.mu.
func (d *Desk) old(e *entry) bool {
	if e.State == bot.StateWaiting || e.State == bot.StateRunning || d.now().Sub(lastOf(e.Incident)) <= remembered {
		return false
	}
	for _, f := range e.Folded {
		if c := d.state.incidents[f.Incident]; c != nil && !d.old(c) {
			return false
		}
	}
	return true
}

// forgetVotes drops how votes of long ago came about: the votes themselves are in memory.
func (d *Desk) forgetVotes(ctx context.Context) error {
	var old []investigations.Doc
	for doc, err := range d.o.Store.Docs(ctx, docVote) {
		if err != nil {
			return err
		}
		var v vote
		if err := json.Unmarshal(doc.Body, &v); err != nil || d.now().Sub(v.At) > 3*remembered {
			old = append(old, investigations.Doc{Kind: docVote, Key: doc.Key})
		}
	}
	if len(old) == 0 {
		return nil
	}
	return d.o.Store.PutDocs(ctx, old...)
}
