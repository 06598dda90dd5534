package desk

import (
	"context"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
)

// A verdict may be replaced while somebody reads it. Who votes judges what their screen shows: a vote from before the card
// showed another verdict is of the one before, and never of one that nobody saw.

// shown is a verdict that a card shows, or showed.
type shown struct {
	Result string               `json:"result,omitempty"`
	Cause  investigations.Cause `json:"cause,omitempty"`
	// At is since when the card shows it; zero for the first one.
	At time.Time `json:"at,omitzero"`
}

// shows is the verdict that a card shows which is drawn now; empty where it shows none, or one that is not settled yet. The
// caller holds Desk.mu.
func (e *entry) shows() shown {
	if e.State != bot.StateJudged || e.result == nil {
		return shown{}
	}
	return shown{Result: e.ResultID, Cause: e.Sign.Cause}
}

// showing notes what an incident's card shows from now on. The caller holds Desk.mu.
func (e *entry) showing(s shown, now time.Time) {
	switch {
	case s.Result == "", s.Result == e.Shows.Result && s.Cause == e.Shows.Cause:
		return
	case e.Shows.Result != "":
		e.Showed, s.At = e.Shows, now.UTC()
	}
	e.Shows = s
}

// seen is the verdict that who judged an incident at a moment saw; its Result is empty where there was none. The caller holds
// Desk.mu.
func (e *entry) seen(at time.Time) shown {
	switch {
	case e.ResultID == "" || e.Shows.Result == "": // a verdict without a card of its own, or of before this was kept
		return shown{Result: e.ResultID, Cause: e.Sign.Cause}
	case e.Showed.Result != "" && at.Before(e.Shows.At):
		return e.Showed
	}
	return e.Shows
}

// voted returns the verdict of an incident on which a person voted so, of those that its card shows and showed the one that is
// newer; ok is false where there is none.
func (d *Desk) voted(ctx context.Context, x *entry, user string, want vote) (s shown, ok bool, err error) {
	d.mu.Lock()
	all := []shown{x.seen(d.now()), x.Showed}
	d.mu.Unlock()
	for _, s := range all {
		if s.Result == "" {
			continue
		}
		last, err := d.lastVote(ctx, s.Result, user)
		if err != nil {
			return shown{}, false, err
		}
		if last.Vote == want.Vote && last.Via == want.Via {
			return s, true, nil
		}
	}
	return shown{}, false, nil
}
