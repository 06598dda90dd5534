package desk_test

import (
	"testing"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
)

// revised has the verdict of a thread be replaced by that on a further kill while Slack takes no edits, so that the card still
// shows the first one. It returns the results of both, and what lets Slack take edits again.
func (b *bench) revised(t *testing.T) (first, second string, let func()) {
	t.Helper()
	b.checkout(investigations.CauseInsufficientEvidence, investigations.BoundaryContainer, 0.3)
	first = b.cluster.results[checkoutPod].ID
	b.start(t)
	b.kill(t, checkoutPod, byCounter(1))
	settle(3 * time.Minute)
	b.reacted(t, b.root(t).ts, "thumbsup", "U3", false, time.Now())
	b.room.mu.Lock()
	b.room.fail = func(method, _ string) error {
		if method == "update" {
			return &bot.SlackError{Fault: bot.FaultDown, Method: "update", Reason: "timeout"}
		}
		return nil
	}
	b.room.mu.Unlock()
	b.checkout(investigations.CauseLeak, investigations.BoundaryContainer, 0.9)
	second = b.cluster.results[checkoutPod].ID
	b.kill(t, checkoutPod, byKernel(9, 0))
	settle(3 * time.Minute)
	if got := b.incident(t).ResultID; got != second {
		t.Fatalf("the verdict is of %s, want it replaced by %s", got, second)
	}
	return first, second, func() {
		b.room.mu.Lock()
		b.room.fail = nil
		b.room.mu.Unlock()
		settle(3 * time.Minute)
	}
}

// votes are those on a result, by who gave them last.
func (b *bench) votes(t *testing.T, result string) map[string]investigations.Feedback {
	t.Helper()
	out := map[string]investigations.Feedback{}
	for _, f := range b.feedback(t, result) {
		if !f.At.Before(out[f.By].At) {
			out[f.By] = f
		}
	}
	return out
}

// TestVoteIsOnWhatWasSeen has people judge a card while its verdict is replaced, and after it.
func TestVoteIsOnWhatWasSeen(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		first, second, let := b.revised(t)
		card, incident := b.root(t).ts, b.incident(t).ID
		before := time.Now()
		b.pressed(t, card, bot.ActionUp, incident, "U1")
		b.pressed(t, card, bot.ActionDown, incident, "U2")
		let()
		b.reacted(t, card, "thumbsup", "U3", true, time.Now()) // put when the first one was there
		b.reacted(t, card, "thumbsup", "U4", false, before)    // told late
		b.receive(t, bot.Event{Kind: bot.EventForm, User: "U2", Form: &bot.Form{
			Callback: bot.FormFeedback, Context: incident, Values: map[string]string{bot.InputNote: "there is more to see"},
		}})
		b.pressed(t, card, bot.ActionDown, incident, "U5")
		settle(time.Minute)
		old, now := b.votes(t, first), b.votes(t, second)
		for who, want := range map[string]investigations.Vote{
			"U1": investigations.VoteUp, "U2": investigations.VoteDown, "U3": investigations.VoteRetracted, "U4": investigations.VoteUp,
		} {
			if f := old[who]; f.Vote != want || f.Judged != investigations.CauseInsufficientEvidence {
				t.Errorf("%s judged the verdict that was seen: %q of %q, want %q", who, f.Vote, f.Judged, want)
			}
		}
		if old["U2"].Note == "" {
			t.Error("what was said in the dialog is not with the verdict that it was opened on")
		}
		if f := now["U5"]; len(now) != 1 || f.Vote != investigations.VoteDown || f.Judged != investigations.CauseLeak {
			t.Errorf("on the verdict that replaced it there are %v, want U5's alone", now)
		}
		wants(t, b.only(t), "it was leak", "👎 1")
	})
}
