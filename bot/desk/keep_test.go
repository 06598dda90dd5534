package desk_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/desk"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

// fickle is a store that fails as it is told to.
type fickle struct {
	memory.Store
	mu   sync.Mutex
	fail map[string]error
}

// unsteady has the store fail as it is told to from now on.
func (b *bench) unsteady() *fickle {
	f := &fickle{Store: b.store}
	b.store = f
	return f
}

func (f *fickle) set(method string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail == nil {
		f.fail = map[string]error{}
	}
	f.fail[method] = err
}

func (f *fickle) check(method string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fail[method]
}

func (f *fickle) PutDocs(ctx context.Context, docs ...investigations.Doc) error {
	if err := f.check("PutDocs"); err != nil {
		return err
	}
	return f.Store.PutDocs(ctx, docs...)
}

func (f *fickle) Trace(ctx context.Context, id string) (investigations.Trace, error) {
	if err := f.check("Trace"); err != nil {
		return investigations.Trace{}, err
	}
	return f.Store.Trace(ctx, id)
}

func (f *fickle) Done(ctx context.Context, item investigations.Item, why string) error {
	if err := f.check("Done"); err != nil {
		return err
	}
	return f.Store.Done(ctx, item, why)
}

// pager is PagerDuty.
type pager struct {
	mu    sync.Mutex
	slow  time.Duration
	err   error
	notes []string
}

func (p *pager) Alerts(context.Context, string) ([]bot.Alert, error) {
	time.Sleep(p.slow)
	return nil, nil
}

func (p *pager) Note(_ context.Context, incident, _, text string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return p.err
	}
	p.notes = append(p.notes, incident+" "+text)
	return nil
}

func (p *pager) noted() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.notes)
}

var errDiskFull = errors.New("no space left on device")

// killed ends a desk as kill -9 does: nothing more is written.
func (b *bench) killed(f *fickle) {
	f.set("PutDocs", errDiskFull)
	f.set("Done", errDiskFull)
	b.crash()
	f.set("PutDocs", nil)
	f.set("Done", nil)
}

// alertWhileFull has an alert come while the shelf takes nothing.
func (b *bench) alertWhileFull(t *testing.T) *fickle {
	t.Helper()
	b.leak()
	f := b.unsteady()
	b.start(t)
	f.set("PutDocs", errDiskFull)
	b.alert(t, "shop", pod)
	return f
}

// unmarked has the desk be killed after it dealt with what came, which was not marked, and another one begin.
func (b *bench) unmarked(t *testing.T, f *fickle) {
	t.Helper()
	settle(15 * time.Second)
	b.crash()
	f.set("Done", nil)
	settle(time.Minute)
	b.start(t)
	settle(5 * time.Minute)
}

// docs is how many documents of a kind are stored.
func (b *bench) docs(t *testing.T, kind string) int {
	t.Helper()
	n := 0
	for _, err := range b.store.Docs(t.Context(), kind) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// TestShelfFails has the shelf take nothing while an alert comes, and the program be killed then: nobody was told of what
// is not stored, so that there is one thread in the end.
func TestShelfFails(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		f := b.alertWhileFull(t)
		settle(5 * time.Second)
		b.killed(f)
		settle(10 * time.Minute)
		b.start(t)
		settle(10 * time.Minute)
		b.wantThreads(t, "in the end", 1)
		b.wantVerdicts(t, "in the end", 1)
	})
}

// TestDiskFullForLong has the shelf take nothing for half an hour: what was acknowledged is not given up, and is stored
// once there is room, without anything that has to come first.
func TestDiskFullForLong(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		f := b.alertWhileFull(t)
		settle(30 * time.Minute)
		f.set("PutDocs", nil)
		settle(2 * time.Minute)
		if n := b.docs(t, "bot.incident"); n != 1 {
			t.Errorf("%d incidents are stored, want 1", n)
		}
		b.wantVerdicts(t, "in the end", 1)
	})
}

// TestDealtWithTwice has the program be killed after an event was dealt with, and before that was marked.
func TestDealtWithTwice(t *testing.T) {
	tests := []struct {
		name string
		send func(t *testing.T, b *bench)
		// messages and whispers are how many there are in the end.
		messages, whispers, runs int
	}{
		{"a question", func(t *testing.T, b *bench) {
			b.receive(t, bot.Event{Kind: bot.EventMessage, Channel: "C1", User: "U1", TS: "300.000001", Text: "investigate shop/checkout", Addressed: true})
		}, 1, 0, 1},
		{"a shortcut", func(t *testing.T, b *bench) {
			b.receive(t, bot.Event{Kind: bot.EventShortcut, Channel: "C1", User: "U1", TS: "300.000001", Text: "shop/checkout died?"})
		}, 1, 0, 1},
		{"an alert", func(t *testing.T, b *bench) { b.alert(t, "shop", pod) }, 1, 0, 1},
		{"a slash command", func(t *testing.T, b *bench) {
			b.receive(t, bot.Event{Kind: bot.EventCommand, Channel: "C1", User: "U1", Text: "history"})
		}, 0, 1, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			atWork(t, func(t *testing.T, b *bench) {
				b.leak()
				f := b.unsteady()
				b.start(t)
				f.set("Done", errDiskFull)
				tt.send(t, b)
				b.unmarked(t, f)
				if n := len(b.room.all()); n != tt.messages {
					for _, m := range b.room.all() {
						t.Log(m.Thread, shows(m.Message))
					}
					t.Errorf("there are %d messages, want %d", n, tt.messages)
				}
				if n := len(b.room.whispers()); n != tt.whispers {
					t.Errorf("%d messages were shown to one person, want %d", n, tt.whispers)
				}
				if n := b.cluster.ran(""); n != tt.runs {
					t.Errorf("it was investigated %d times, want %d", n, tt.runs)
				}
			})
		})
	}
}

// TestRerunDealtWithTwice has an order to investigate anew be dealt with again after it was carried out.
func TestRerunDealtWithTwice(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		f := b.unsteady()
		card, _, incident := b.judgedThread(t)
		f.set("Done", errDiskFull)
		b.pressed(t, card, bot.ActionRerun, incident, "U1")
		b.unmarked(t, f)
		if n := b.cluster.ran(pod); n != 2 {
			t.Errorf("it was investigated %d times, want twice", n)
		}
	})
}

// TestMemoryFails has the result of a verdict not be readable: its card keeps showing it, and shows what changed once it
// can be read.
func TestMemoryFails(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		f := b.unsteady()
		b.leak()
		b.start(t)
		id := func(a *bot.Alert) { a.ID = "f1" }
		b.alert(t, "shop", pod, id)
		settle(time.Minute)
		b.stop()
		f.set("Trace", errDiskFull)
		b.start(t)
		b.alert(t, "shop", pod, id, func(a *bot.Alert) { a.Resolved = true })
		settle(time.Minute)
		if n := len(b.verdicts()); n != 1 {
			t.Fatalf("there are %d verdicts while memory can't be read, want 1", n)
		}
		f.set("Trace", nil)
		settle(5 * time.Minute)
		v := b.verdicts()
		if len(v) != 1 || !strings.Contains(shows(v[0].Message), "Resolved at") {
			t.Errorf("the card does not show that it is over once memory can be read: %d", len(v))
		}
	})
}

// TestNoteLater has PagerDuty be down for an hour: the note comes afterwards, once, over a restart.
func TestNoteLater(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		p := &pager{err: errors.New("503 Service Unavailable")}
		with := func(o *desk.Options) { o.Pager = p }
		b.leak()
		b.start(t, with)
		b.alert(t, "shop", pod, func(a *bot.Alert) { a.Source, a.ID = bot.SourcePagerDuty, "P1" })
		settle(time.Hour)
		b.stop()
		b.start(t, with)
		settle(time.Hour)
		p.mu.Lock()
		p.err = nil
		p.mu.Unlock()
		settle(time.Hour)
		if n := p.noted(); n != 1 {
			t.Errorf("there are %d notes, want 1", n)
		}
	})
}

// TestNoteOfTheFolded has the incident of PagerDuty be told of in the thread of another one that is judged only later.
func TestNoteOfTheFolded(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		p := &pager{}
		b.verdict("shop", "a", podA, "n7", investigations.CauseNoisyNeighbour, investigations.BoundaryNode, nil)
		b.verdict("shop", "b", podB, "n7", investigations.CauseNoisyNeighbour, investigations.BoundaryNode, nil)
		b.cluster.each = map[string]time.Duration{podA: 20 * time.Second}
		b.start(t, func(o *desk.Options) { o.Pager = p })
		b.alert(t, "shop", podA)
		settle(500 * time.Millisecond)
		b.alert(t, "shop", podB, func(a *bot.Alert) { a.Source, a.ID = bot.SourcePagerDuty, "P1" })
		settle(5 * time.Minute)
		if n := p.noted(); n != 1 {
			t.Errorf("there are %d notes, want 1", n)
		}
	})
}

// TestRefusedBlocks has Slack refuse a card's blocks for good: its text is shown.
func TestRefusedBlocks(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.leak()
		b.room.refuse = func(m bot.Message) bool { return len(m.Blocks) > 1 }
		b.start(t)
		b.alert(t, "shop", pod)
		settle(5 * time.Minute)
		roots := b.room.roots("C1")
		if len(roots) != 1 || !strings.Contains(shows(roots[0].Message), "it was leak") {
			t.Errorf("the verdict is not told in plain text: %d threads", len(roots))
		}
	})
}

// TestManyAtAStart has many cards that show what is known already be looked at at a start: a new verdict waits for none
// of them.
func TestManyAtAStart(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		var pods []string
		for i := range 60 {
			p := strings.Repeat("x", i%7+1) + string(rune('a'+i/7)) + "-7c9d8f6b5-x2x4p"
			b.verdict("shop", strings.TrimSuffix(p, "-7c9d8f6b5-x2x4p"), p, "n"+p, investigations.CauseLeak, investigations.BoundaryContainer, nil)
			pods = append(pods, p)
		}
		b.start(t, func(o *desk.Options) { o.StartsPerMinute = 1000 })
		for _, p := range pods {
			b.alert(t, "shop", p)
		}
		settle(time.Hour)
		if n := len(b.verdicts()); n < 50 {
			t.Fatalf("there are %d verdicts", n)
		}
		b.leak()
		b.stop()
		b.start(t)
		before := b.room.edits
		b.alert(t, "shop", pod)
		settle(10 * time.Second)
		m := b.threadOf(pod)
		if m == nil || !strings.Contains(shows(m.Message), bot.ActionUp) {
			t.Errorf("ten seconds after a start a new incident shows no verdict; %d edits were made", b.room.edits-before)
		}
	})
}
