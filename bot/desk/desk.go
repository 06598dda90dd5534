package desk

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
)

// Store is what the desk keeps things in.
type Store interface {
	investigations.Memory
	investigations.Inbox
	investigations.WorkLog
	investigations.Shelf
}

// Options are what a desk works with. Investigator and Store have to be there.
type Options struct {
	// Slack is where threads are; nil: incidents are investigated and stored, and shown nowhere.
	Slack        bot.Slack
	Investigator bot.Investigator
	// Answerer answers questions to an incident; nil: by the rules alone.
	Answerer bot.Answerer
	// Pager is PagerDuty; nil: its alerts are what its webhooks say, and no note goes back.
	Pager    bot.Pager
	Store    Store
	Recaller investigations.Recaller
	Policy   Policy
	// KillChannel returns where kills of a namespace are shown, "" for nowhere; the namespace is empty for what is in none.
	// It is asked once a kill's pod was found: its namespace was not known where the kill was received. nil: they stay
	// where they came.
	KillChannel func(namespace string) string
	// Concurrent is how many investigations run at a time, StartsPerMinute how many begin; 0 means 4, and 30.
	Concurrent, StartsPerMinute int
	Cluster                     string
	// Links are those to dashboards; nil: none.
	Links      func(t investigations.Target, from, to time.Time) []bot.Link
	Registerer prometheus.Registerer
	Log        *slog.Logger
	Now        func() time.Time
}

// Desk is the engine. Load it, then Run it; it implements bot.Receiver. It is safe for concurrent use.
type Desk struct {
	o       Options
	log     *slog.Logger
	now     func() time.Time
	metrics *metrics

	mu    sync.Mutex
	state state
	queue queue
	saver *saver
	// waited is since when emoji wait that came for messages which are not known yet.
	waited map[place]time.Time
	// begun are the posts that this run of the program began: what became of those it knows.
	begun map[string]bool
	// noStatus says that Slack takes no status lines from this app.
	noStatus bool
	pace     pace

	// woken tells takers of new items, turn the scheduler, and rooms the channels' publishers; finders bounds who looks
	// for the targets of alerts, askers who does for people, and answerers who has questions answered.
	woken                      chan struct{}
	finders, askers, answerers semaphore
	turn                       chan struct{}
	rooms                      rooms
	group                      *errgroup.Group
	groupMu                    sync.Mutex
}

// New returns a desk that does nothing yet.
func New(o Options) (*Desk, error) {
	if o.Investigator == nil || o.Store == nil {
		return nil, errors.New("a desk needs an investigator and a store")
	}
	if o.Concurrent <= 0 {
		o.Concurrent = 4
	}
	if o.StartsPerMinute <= 0 {
		o.StartsPerMinute = 30
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	d := &Desk{
		o: o, log: o.Log, now: o.Now, state: newState(), saver: newSaver(), begun: map[string]bool{}, waited: map[place]time.Time{},
		woken: make(chan struct{}, takers), finders: make(semaphore, finders), askers: make(semaphore, finders),
		answerers: make(semaphore, answerers), turn: make(chan struct{}, 1),
	}
	d.queue = newQueue(o.Concurrent, o.StartsPerMinute)
	d.rooms.byChannel = map[string]chan struct{}{}
	var err error
	if d.metrics, err = newMetrics(o.Registerer, d); err != nil {
		return nil, err
	}
	return d, nil
}

// remembered is how long an incident is known by its thread.
const remembered = 30 * 24 * time.Hour

// settled is how long after its last change a card is looked at anew at a start.
const settled = 2 * 24 * time.Hour

// Load reads the shelf: incidents go on where they were. It is called once, before anything is received.
func (d *Desk) Load(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var old []investigations.Doc
	for doc, err := range d.o.Store.Docs(ctx, docIncident) {
		if err != nil {
			return fmt.Errorf("read the incidents: %w", err)
		}
		var s stored
		if err := json.Unmarshal(doc.Body, &s); err != nil || s.ID == "" {
			d.log.Error("an incident on the shelf can't be read", "incident", doc.Key, "err", err)
			continue
		}
		if d.now().Sub(lastOf(s.Incident)) > remembered {
			old = append(old, investigations.Doc{Kind: docIncident, Key: doc.Key})
			continue
		}
		if s.State == bot.StateRunning {
			s.State = bot.StateWaiting
			if s.Anew {
				s.Run-- // as if that look had not begun
			}
		}
		// When its card was edited last is not known: it may have been just now.
		e := &entry{stored: s, edited: d.now(), edits: 1}
		d.state.add(e)
		if k := e.Ask.Kill; k != nil && d.now().Sub(k.At) < sightedFor {
			d.state.saw(k, "", e.ID, d.now())
		}
		if e.Card == "" || d.now().Sub(lastOf(e.Incident)) < settled {
			d.state.stale(e)
		}
	}
	d.pace.resumed(d.now())
	if err := d.loadMembers(ctx); err != nil {
		return err
	}
	if err := d.loadPosts(ctx); err != nil {
		return err
	}
	if err := d.loadMutes(ctx); err != nil {
		return err
	}
	if err := d.forgetVotes(ctx); err != nil {
		return fmt.Errorf("forget votes of long ago: %w", err)
	}
	if len(old) > 0 {
		if err := d.o.Store.PutDocs(ctx, old...); err != nil {
			return fmt.Errorf("forget incidents of long ago: %w", err)
		}
	}
	return nil
}

func lastOf(i bot.Incident) time.Time {
	last := i.OpenedAt
	for _, t := range []time.Time{i.JudgedAt, i.LastAlert, i.ResolvedAt} {
		if t.After(last) {
			last = t
		}
	}
	return last
}

// takers is how many items of the inbox are dealt with at a time, of which so many answerers may wait for a model;
// finders how many targets are looked for, for alerts and for people each.
const (
	takers    = 16
	answerers = 4
	finders   = 4
)

// Run works until ctx ends, and returns when what was in hand is put down: what was not done is done after the next
// start.
func (d *Desk) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	d.groupMu.Lock()
	d.group = g
	d.groupMu.Unlock()
	for range takers {
		g.Go(func() error { d.take(ctx); return nil })
	}
	g.Go(func() error { d.schedule(ctx); return nil })
	g.Go(func() error { d.tick(ctx); return nil })
	d.resume(ctx)
	<-ctx.Done()
	d.groupMu.Lock()
	d.group = nil // nothing new begins
	d.groupMu.Unlock()
	err := g.Wait()
	// What the last steps changed is written even though ctx is over.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	return errors.Join(err, d.saver.flush(last, d.o.Store))
}

// spawn runs f in the desk's own group, so that Run waits for it. Once Run is over it does nothing.
func (d *Desk) spawn(ctx context.Context, f func()) {
	d.groupMu.Lock()
	defer d.groupMu.Unlock()
	if d.group == nil || ctx.Err() != nil {
		return
	}
	d.group.Go(func() error { f(); return nil })
}

// resume goes on with what was open when the program ended.
func (d *Desk) resume(ctx context.Context) {
	d.mu.Lock()
	var open []string
	for _, e := range d.state.sorted(func(e *entry) bool { return e.State == bot.StateWaiting }) {
		open = append(open, e.ID)
	}
	var untold []string
	for _, e := range d.state.sorted(func(e *entry) bool { return e.State == bot.StateJudged && e.owes() }) {
		untold = append(untold, e.ID)
	}
	channels := map[string]bool{}
	for _, e := range d.state.incidents {
		channels[e.Channel] = true
	}
	for _, p := range d.state.posts {
		channels[p.Channel] = true
	}
	d.mu.Unlock()
	for _, id := range open {
		d.look(ctx, id)
	}
	for c := range channels {
		d.room(ctx, c)
	}
	for _, id := range untold {
		d.spawn(ctx, func() { d.after(ctx, id) })
	}
}

// tick looks at what time alone changes: what could not be written or told, and what is of long ago.
func (d *Desk) tick(ctx context.Context) {
	t := time.NewTicker(sweepEvery)
	defer t.Stop()
	for swept := d.now(); ; {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			d.sweep(ctx)
		}
		if d.now().Sub(swept) >= time.Hour {
			swept = d.now()
			d.forget(ctx)
		}
	}
}

// flush makes what changed durable; what can't be now is with the next flush.
func (d *Desk) flush(ctx context.Context) {
	if err := d.saver.flush(ctx, d.o.Store); err != nil && ctx.Err() == nil {
		d.log.Error("write what changed to the shelf", "err", err)
	}
}

// changed marks an incident as changed: it is to be stored, and its card to show it. The caller holds d.mu.
func (d *Desk) changed(e *entry) {
	d.keep(e)
	d.state.add(e)
	d.stale(e)
}

// keep marks an incident to be stored, unless it is gone. The caller holds d.mu.
func (d *Desk) keep(e *entry) {
	if e.gone {
		return // whoever holds on to it must not write it again
	}
	d.saver.mark(docIncident, e.ID, func() (investigations.Doc, error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		return e.encode()
	})
}

// newID returns an id for an incident that is opened now.
func (d *Desk) newID() string {
	return ulid.MustNew(ulid.Timestamp(d.now()), rand.Reader).String() // crypto/rand never fails, and the year is below 10889
}
