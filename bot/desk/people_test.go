package desk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/desk"
	"github.com/oombot/oombot/investigations"
)

// judgedThread has an incident judged in a thread, and returns the ts of its card and the id of its result.
func (b *bench) judgedThread(t *testing.T) (card, result, incident string) {
	t.Helper()
	b.leak()
	b.start(t)
	b.alert(t, "shop", pod)
	settle(time.Minute)
	v := b.verdicts()
	if len(v) != 1 {
		t.Fatalf("there are %d verdicts, want 1", len(v))
	}
	return v[0].ts, b.cluster.results[pod].ID, incidentOf(t, v[0], bot.ActionUp)
}

// incidentOf is the incident that the button of an action carries.
func incidentOf(t *testing.T, m *message, action string) string {
	t.Helper()
	_, after, ok := strings.Cut(shows(m.Message), `"action_id":"`+action+`"`)
	_, after, valued := strings.Cut(after, `"value":"`)
	if !ok || !valued {
		t.Fatalf("the card has no button %s: %s", action, shows(m.Message))
	}
	incident, _, _ := strings.Cut(after, `"`)
	return incident
}

func (b *bench) feedback(t *testing.T, result string) []investigations.Feedback {
	t.Helper()
	trace, err := b.store.Trace(t.Context(), result)
	if err != nil {
		t.Fatal(err)
	}
	return trace.Feedback
}

func (b *bench) pressed(t *testing.T, card, action, incident, user string) {
	t.Helper()
	settle(time.Second)
	b.receive(t, bot.Event{Kind: bot.EventPress, Channel: "C1", User: user, TS: card, ThreadTS: card, Press: &bot.Press{Action: action, Value: incident}})
	settle(time.Second)
}

func (b *bench) reacted(t *testing.T, card, name, user string, removed bool, at time.Time) {
	t.Helper()
	b.receive(t, bot.Event{Kind: bot.EventReaction, Channel: "C1", User: user, TS: card, At: at, Reaction: &bot.Reaction{Name: name, Removed: removed}})
	settle(time.Second)
}

func TestFeedback(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		card, result, incident := b.judgedThread(t)
		b.pressed(t, card, bot.ActionUp, incident, "U1")
		b.pressed(t, card, bot.ActionUp, incident, "U2")
		b.pressed(t, card, bot.ActionDown, incident, "U1") // the last one holds
		b.receive(t, bot.Event{Kind: bot.EventForm, User: "U1", Form: &bot.Form{
			Callback: bot.FormFeedback, Context: incident, Values: map[string]string{bot.InputCause: "load_spike", bot.InputNote: "it was the batch import"},
		}})
		settle(time.Minute)
		trace, err := b.store.Trace(t.Context(), result)
		if err != nil {
			t.Fatal(err)
		}
		last := map[string]investigations.Feedback{}
		for _, f := range trace.Feedback {
			if f.At.After(last[f.By].At) {
				last[f.By] = f
			}
		}
		if f := last["U1"]; f.Vote != investigations.VoteDown || f.Cause != investigations.CauseLoadSpike || f.Note != "it was the batch import" {
			t.Errorf("U1's vote is %+v", f)
		}
		if f := last["U2"]; f.Vote != investigations.VoteUp {
			t.Errorf("U2's vote is %+v", f)
		}
		told := 0
		for _, w := range b.room.whispers() {
			if w.user == "U1" && strings.Contains(w.Text, "wrong") {
				told++
			}
		}
		if told == 0 {
			t.Error("who voted was not told that it counts")
		}
	})
}

func TestReactions(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		card, result, incident := b.judgedThread(t)
		now := time.Now()
		b.reacted(t, card, "thumbsup", "U1", false, now)
		b.reacted(t, card, "thumbsup", "U1", true, now.Add(time.Second))
		votes := b.feedback(t, result)
		if n := len(votes); n != 2 || votes[n-1].Vote != investigations.VoteRetracted {
			t.Fatalf("an emoji that was taken back leaves %+v", votes)
		}
		// A vote by button holds, whatever becomes of an emoji that was there before.
		b.reacted(t, card, "thumbsdown", "U2", false, now.Add(2*time.Second))
		settle(10 * time.Second)
		b.pressed(t, card, bot.ActionUp, incident, "U2")
		b.reacted(t, card, "thumbsdown", "U2", true, time.Now())
		votes = b.feedback(t, result)
		if last := votes[len(votes)-1]; last.By != "U2" || last.Vote != investigations.VoteUp {
			t.Errorf("after the emoji was taken back U2's vote is %+v, want the button's", last)
		}
		// One that comes late changes nothing.
		before := len(votes)
		b.reacted(t, card, "thumbsdown", "U2", false, now.Add(time.Millisecond))
		if n := len(b.feedback(t, result)); n != before {
			t.Error("a vote that came late was counted")
		}
		// Other emoji, and emoji on other messages, are none.
		b.reacted(t, card, "eyes", "U3", false, time.Now())
		b.reacted(t, "1.000001", "thumbsup", "U3", false, time.Now())
		if n := len(b.feedback(t, result)); n != before {
			t.Error("what is no vote was counted")
		}
	})
}

func TestDialog(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		card, _, incident := b.judgedThread(t)
		b.Pressed(bot.Event{Kind: bot.EventPress, Channel: "C1", User: "U1", TS: card, Press: &bot.Press{Action: bot.ActionDown, Value: incident}}, "trigger")
		settle(time.Second)
		if len(b.room.dialogs) != 1 || b.room.dialogs[0].PrivateMetadata != incident {
			t.Errorf("the dialogs are %+v, want one of the incident", b.room.dialogs)
		}
	})
}

func TestWhoMay(t *testing.T) {
	tests := []struct {
		name   string
		policy desk.Policy
		event  bot.Event
		// want is in what only who asked sees; empty where it is answered.
		want string
	}{
		{"everyone, where no channel is listed", desk.Policy{}, bot.Event{Channel: "C9", User: "U1"}, ""},
		{"a channel that is not listed", desk.Policy{Channels: map[string]desk.Channel{"C1": {}}}, bot.Event{Channel: "C9", User: "U1"}, "C9"},
		{"a guest", desk.Policy{}, bot.Event{Channel: "C1", User: "UGUEST"}, "guest"},
		{"a guest who may", desk.Policy{AllowGuests: true}, bot.Event{Channel: "C1", User: "UGUEST"}, ""},
		{"a stranger", desk.Policy{}, bot.Event{Channel: "C1", User: "USTRANGER"}, "member"},
		{"a shared channel", desk.Policy{}, bot.Event{Channel: "C1", User: "U1", Shared: true}, "shared"},
		{"a shared channel that is allowed", desk.Policy{AllowConnect: true}, bot.Event{Channel: "C1", User: "U1", Shared: true}, ""},
		{"who is in no group", desk.Policy{Channels: map[string]desk.Channel{"C1": {UserGroups: []string{"S1"}}}}, bot.Event{Channel: "C1", User: "U1"}, "user groups"},
		{"who is in the group", desk.Policy{Channels: map[string]desk.Channel{"C1": {UserGroups: []string{"S0", "S1"}}}}, bot.Event{Channel: "C1", User: "UONCALL"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			atWork(t, func(t *testing.T, b *bench) {
				b.leak()
				b.room.people = map[string]bot.Person{"UGUEST": {ID: "UGUEST", Guest: true}, "USTRANGER": {ID: "USTRANGER", Stranger: true}}
				b.room.groups = map[string][]string{"S1": {"UONCALL"}}
				b.start(t, func(o *desk.Options) { o.Policy = tt.policy })
				tt.event.Kind, tt.event.TS, tt.event.Text, tt.event.Addressed = bot.EventMessage, "100.000001", "investigate shop/checkout", true
				b.receive(t, tt.event)
				settle(time.Minute)
				if tt.want == "" {
					b.wantVerdicts(t, "in the end", 1)
					return
				}
				if n := len(b.room.all()); n != 0 {
					t.Errorf("what is refused is answered for everyone, with %d messages", n)
				}
				w := b.room.whispers()
				if len(w) != 1 || w[0].user != tt.event.User || !strings.Contains(shows(w[0].Message), tt.want) {
					t.Errorf("who asked was told %+v, want %q", w, tt.want)
				}
			})
		})
	}
}

// TestNamespaces has a channel be told of some namespaces only.
func TestNamespaces(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.leak()
		b.verdict("pay", "card", "card-7c9d8f6b5-x2x4p", "n1", investigations.CauseLeak, investigations.BoundaryContainer, nil)
		b.start(t, func(o *desk.Options) {
			o.Policy = desk.Policy{Channels: map[string]desk.Channel{"C1": {Auto: true, Namespaces: []string{"pay", "x-*"}}}}
		})
		b.alert(t, "shop", pod)
		b.receive(t, bot.Event{Kind: bot.EventMessage, Channel: "C1", User: "U1", TS: "100.000001", Text: "investigate shop/checkout", Addressed: true})
		b.receive(t, bot.Event{Kind: bot.EventMessage, Channel: "C1", User: "U1", TS: "200.000001", Text: "investigate pay/card", Addressed: true})
		settle(time.Minute)
		for _, m := range b.room.all() {
			if strings.Contains(shows(m.Message), pod) {
				t.Errorf("a message names a pod of another namespace: %s", shows(m.Message))
			}
		}
		if n := len(b.verdicts()); n != 1 {
			t.Errorf("there are %d verdicts, want that of pay", n)
		}
		if b.cluster.ran(pod) != 0 {
			t.Error("a namespace that may not be told of was investigated")
		}
	})
}

// TestOrders gives orders in an incident's thread, without a mention.
func TestOrders(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		card, _, _ := b.judgedThread(t)
		n := 0
		say := func(text string) []*message {
			n++
			before := len(b.room.all())
			b.receive(t, bot.Event{Kind: bot.EventMessage, Channel: "C1", User: "U1", TS: "300.00000" + string(rune('0'+n)), ThreadTS: card, Text: text})
			settle(10 * time.Second)
			return b.room.all()[before:]
		}
		if got := say("thanks, I will have a look"); len(got) != 0 {
			t.Errorf("people's talk is answered: %s", shows(got[0].Message))
		}
		if got := say("why is it a leak?"); len(got) != 1 || got[0].Thread != card {
			t.Errorf("a question has %d answers in the thread", len(got))
		}
		if got := say("history"); len(got) != 1 || !strings.Contains(shows(got[0].Message), "it was leak") {
			t.Errorf("history answers %v", got)
		}
		if got := say("similar"); len(got) != 1 {
			t.Errorf("similar has %d answers", len(got))
		}
		if got := say("help"); len(got) != 1 || !strings.Contains(shows(got[0].Message), "investigate") {
			t.Errorf("help answers %v", got)
		}
		if got := say("mute 1h"); len(got) != 1 {
			t.Errorf("mute has %d answers", len(got))
		}
		if got := say("stop"); len(got) != 1 {
			t.Errorf("stop has %d answers", len(got))
		}
		if got := say("why not a spike?"); len(got) != 0 {
			t.Errorf("a thread that was to be left alone is answered: %s", shows(got[0].Message))
		}
	})
}

// TestStop ends an investigation that runs.
func TestStop(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.leak()
		b.cluster.took = time.Hour
		b.start(t)
		b.receive(t, bot.Event{Kind: bot.EventMessage, Channel: "C1", User: "U1", TS: "100.000001", Text: "investigate shop/checkout", Addressed: true})
		settle(10 * time.Second)
		b.receive(t, bot.Event{Kind: bot.EventMessage, Channel: "C1", User: "U1", TS: "100.000002", ThreadTS: "100.000001", Text: "stop"})
		settle(2 * time.Hour)
		if n := len(b.verdicts()); n != 0 {
			t.Error("what was stopped has a verdict")
		}
		if got := strings.ToLower(shows(b.room.all()[0].Message)); !strings.Contains(got, "stopped") {
			t.Errorf("the card does not say that it was stopped: %s", got)
		}
	})
}

// TestMuted has an alert of what is muted start nothing, and a question answered all the same.
func TestMuted(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.leak()
		b.start(t)
		b.receive(t, bot.Event{Kind: bot.EventMessage, Channel: "C1", User: "U1", TS: "100.000001", Text: "mute shop/checkout 2h", Addressed: true})
		settle(10 * time.Second)
		b.alert(t, "shop", pod)
		settle(time.Minute)
		if b.cluster.ran(pod) != 0 {
			t.Error("what is muted was investigated")
		}
		settle(2 * time.Hour)
		b.alert(t, "shop", pod)
		settle(time.Minute)
		if b.cluster.ran(pod) != 1 {
			t.Error("after the mute ended nothing was investigated")
		}
	})
}

// TestAnyway investigates by itself what was folded.
func TestAnyway(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		for _, w := range []string{"a", "b"} {
			b.verdict("pay", w, w+"-7c9d8f6b5-x2x4p", "n7", investigations.CauseNodeOvercommit, investigations.BoundaryNode, nil)
		}
		b.start(t)
		b.alert(t, "pay", "a-7c9d8f6b5-x2x4p")
		b.alert(t, "pay", "b-7c9d8f6b5-x2x4p")
		settle(time.Minute)
		v := b.verdicts()
		if len(v) != 1 {
			t.Fatalf("there are %d threads, want 1", len(v))
		}
		b.pressed(t, v[0].ts, bot.ActionAnyway, incidentOf(t, v[0], bot.ActionAnyway), "U1")
		settle(time.Minute)
		b.wantVerdicts(t, "after the press", 2)
	})
}

func TestHome(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.judgedThread(t)
		b.receive(t, bot.Event{Kind: bot.EventHome, User: "U1"})
		settle(time.Second)
		if len(b.room.homes["U1"]) == 0 {
			t.Fatal("the home is empty")
		}
		if got := shows(bot.Message{Blocks: b.room.homes["U1"]}); !strings.Contains(got, "it was leak") {
			t.Errorf("the home does not show the incident: %s", got)
		}
	})
}

// TestPointsUp has a person ask in the thread of a message, and mean what that tells of.
func TestPointsUp(t *testing.T) {
	for _, text := range []string{"investigate", "investigate this", "why did this die?"} {
		t.Run(text, func(t *testing.T) {
			atWork(t, func(t *testing.T, b *bench) {
				b.leak()
				b.room.posts = map[string]string{"C1100.000001": "customers say that shop/" + pod + " was OOMKilled"}
				b.start(t)
				b.receive(t, bot.Event{Kind: bot.EventMessage, Channel: "C1", User: "U1", TS: "100.000005", ThreadTS: "100.000001", Text: text, Addressed: true})
				settle(time.Minute)
				if v := b.verdicts(); len(v) != 1 || v[0].Thread != "100.000001" {
					t.Errorf("the verdicts are %v, want one in the thread", v)
				}
			})
		})
	}
}
