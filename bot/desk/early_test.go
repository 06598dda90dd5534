package desk_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/slackfake"
	"github.com/oombot/oombot/investigations"
)

// TestVotesBeforeTheAnswer has people vote on a card that they see, while Slack's answer to its post is still to come: by
// emoji and by button.
func TestVotesBeforeTheAnswer(t *testing.T) {
	s, c := newSlack(t, slackfake.Options{}), newCluster()
	s.AddUser(slackfake.User{ID: "U2", Name: "grace"})
	b := &bench{cluster: c}
	b.leak()
	w := openWorkspace(t, s, filepath.Join(t.TempDir(), "memory.db"), c)
	defer w.stop()
	answered := time.Now()
	s.Fault(slackfake.Fault{Method: "chat.postMessage", Times: 1, Late: 3 * time.Second})
	w.alertmanager(t, "firing", pod)
	wait(t, s, "the card", func(s *slackfake.Server) bool { return cards(s) == 1 })
	ts := s.Messages("C1")[0].TS
	if err := s.React("U1", "C1", ts, "thumbsup"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Click("C1", ts, bot.ActionUp, "U2"); err != nil {
		t.Fatal(err)
	}
	votes := func() map[string]investigations.Vote {
		out := map[string]investigations.Vote{}
		trace, err := w.store.Trace(t.Context(), c.results[pod].ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range trace.Feedback {
			out[f.By] = f.Vote
		}
		return out
	}
	wait(t, s, "both votes on the card", func(*slackfake.Server) bool {
		return len(votes()) == 2
	})
	for user, vote := range votes() {
		if vote != investigations.VoteUp {
			t.Errorf("%s voted %s", user, vote)
		}
	}
	if time.Since(answered) < 3*time.Second {
		t.Error("the votes counted before the answer was there: this tests nothing")
	}
}

// TestEmojiOfOthers has people put thumbs on each other's messages while a card is on its way for long: none is a vote, and
// none is kept for ever.
func TestEmojiOfOthers(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.leak()
		b.room.lose = func(method string) bool { return method == "post" }
		b.room.fail = func(method, _ string) error {
			if method == "sent" {
				return slackError(bot.FaultDown, "service_unavailable", 0) // it is never known what became of the card
			}
			return nil
		}
		b.start(t)
		b.alert(t, "shop", pod)
		settle(5 * time.Second)
		for i := range 300 {
			ts := fmt.Sprintf("5.%06d", i)
			if thumb := (bot.Event{Kind: bot.EventReaction, Channel: "C1", User: "U1", TS: ts, Reaction: &bot.Reaction{Name: "thumbsup"}}); b.Wants(thumb) {
				b.receive(t, thumb)
			}
		}
		if eyes := (bot.Event{Kind: bot.EventReaction, Channel: "C1", User: "U1", TS: "5.1", Reaction: &bot.Reaction{Name: "eyes"}}); b.Wants(eyes) {
			t.Error("an emoji that is no vote is taken")
		}
		if away := (bot.Event{Kind: bot.EventReaction, Channel: "C2", User: "U1", TS: "5.1", Reaction: &bot.Reaction{Name: "thumbsup"}}); b.Wants(away) {
			t.Error("a thumb in a channel into which nothing is posted is taken")
		}
		settle(5 * time.Minute)
		b.stop()
		b.stop = nil
		settle(time.Minute) // leases are over
		if item, err := b.store.Take(t.Context(), time.Minute); !errors.Is(err, investigations.ErrNotFound) {
			t.Errorf("after five minutes %s waits still (%v)", item.Key, err)
		}
		if n := len(b.feedback(t, b.cluster.results[pod].ID)); n != 0 {
			t.Errorf("%d votes are stored", n)
		}
	})
}
