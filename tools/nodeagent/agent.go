package nodeagent

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kernlog"
	"github.com/oombot/oombot/tools/nodeagent/follow"
)

// Options are what an agent works with. Node, BootID, Open, Send, Log and Registerer have to be there.
type Options struct {
	Node, BootID string
	// Version is the program's.
	Version string
	// StateDir is where the agent remembers how far it read the kernel log; empty: nowhere.
	StateDir string
	// Open opens the kernel log at a position; Reader is what the way to it is called.
	Open   func(from follow.Position) (KernelLog, error)
	Reader string
	// Send takes a report, and returns when it is kept until it is delivered. Waiting says whether one waits.
	Send    func(investigations.NodeReport) error
	Waiting func() bool
	// Recording returns the last minutes of pods, by their uids, and of the largest containers of the node beside them;
	// nil: none.
	Recording func(now time.Time, podUIDs []string, largest int) *investigations.NodeRecording
	// Owner returns the container in whose cgroup a process was seen before it was killed, by its number and name in the
	// kernel log; Counted a time up to which all counters of kills were read, and handed to Rise where they rose. nil: nobody
	// knows.
	Owner   func(pid int64, comm string, at time.Time) (Place, bool)
	Counted func() time.Time
	// Pod returns what a pod is called, and waits a little for one that is new; nil: nobody knows.
	Pod func(ctx context.Context, uid string) (investigations.NodePod, bool)
	// Faults are what the other parts can't see at present; nil: none.
	Faults     func() []string
	Registerer prometheus.Registerer
	Log        *slog.Logger
	Now        func() time.Time
}

// KernelLog is a kernel log that is followed: a *follow.Log.
type KernelLog interface {
	Start() follow.Start
	Position() follow.Position
	Follow(ctx context.Context, to follow.Handler) error
	Close() error
}

var _ KernelLog = (*follow.Log)(nil)

// Agent watches a node's kernel log, and reports kills. Its methods are safe for concurrent use, but for Run, which is
// called once.
type Agent struct {
	o     Options
	mu    sync.Mutex
	state state // guarded by mu
	watch *watcher
	to    *reporter
	met   *meters
	fault fault
}

// reopen is how long a log that can't be read is left alone.
const reopen = 10 * time.Second

// New returns an agent that does nothing yet.
func New(o Options) (*Agent, error) {
	if o.Node == "" || o.BootID == "" || o.Open == nil || o.Send == nil || o.Log == nil || o.Registerer == nil {
		return nil, errors.New("an agent needs a node, its boot, a kernel log, somebody to report to, a logger and metrics")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Waiting == nil {
		o.Waiting = func() bool { return false }
	}
	if o.StateDir != "" {
		if err := os.MkdirAll(o.StateDir, 0o700); err != nil {
			o.Log.Warn("the agent can't remember how far it read the kernel log, nor keep what waits", "err", err)
		}
	}
	met, err := newMeters(o.Registerer)
	if err != nil {
		return nil, err
	}
	a := &Agent{o: o, met: met}
	if a.state, err = loadState(o.StateDir, o.BootID); err != nil {
		o.Log.Warn("the kernel log is read from its beginning", "err", err)
	}
	a.to = newReporter(o, a.keep, met)
	a.watch = &watcher{to: a.to, now: o.Now, log: o.Log, met: met, parser: kernlog.NewParser(kernlog.Options{Now: o.Now()})}
	a.to.lossless = a.watch.since
	a.to.match.behind = a.behind
	if o.Counted != nil {
		a.to.match.uncounted = a.uncounted
	}
	if o.Owner != nil {
		a.to.match.owner = o.Owner
	}
	return a, nil
}

// Run works until ctx ends. A log that can't be read is tried again and again: the rest of the agent goes on without it.
func (a *Agent) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { a.to.run(ctx); return nil })
	g.Go(func() error {
		for ctx.Err() == nil {
			if err := a.follow(ctx); err != nil && ctx.Err() == nil {
				a.fault.set("the kernel log can't be read: " + err.Error())
				a.o.Log.Error("follow the kernel log", "err", err, "again_in", reopen.String())
				pause(ctx, reopen)
			}
		}
		return nil
	})
	return g.Wait()
}

// follow reads the log until it can't be read any more.
func (a *Agent) follow(ctx context.Context) error {
	a.mu.Lock()
	before := a.state
	a.mu.Unlock()
	var from follow.Position
	if len(before.Position) > 0 {
		if err := json.Unmarshal(before.Position, &from); err != nil {
			a.o.Log.Warn("the kernel log is read from its beginning", "err", err)
		}
	}
	log, err := a.o.Open(from)
	if err != nil {
		a.watch.setLossless(time.Time{})
		return err
	}
	defer func() { _ = log.Close() }() // it was read only
	a.fault.set("")
	start := log.Start()
	since := beginning(start, before, a.o.Now())
	a.o.Log.Info("following the kernel log", "reader", a.o.Reader, "lossless_since", since, "reaches_boot", start.ReachesBoot,
		"goes_on", start.ReachesPosition)
	a.watch.begin(ctx, log.Position, since)
	err = log.Follow(ctx, a.watch)
	if err != nil {
		a.watch.setLossless(time.Time{})
	}
	return err
}

// behind says that reports of kills up to a time may be to come. What was read is in the reporter's queue before the end of
// the log counts as reached, so that the queue is looked at last.
func (a *Agent) behind(at time.Time) bool {
	return a.fault.get() == "" && a.watch.behind(at) || len(a.to.events) > 0
}

// uncounted says that counters that rose by a time may be to come.
func (a *Agent) uncounted(at time.Time) bool { return a.o.Counted().Before(at) || len(a.to.events) > 0 }

// keep remembers how far the log was read: all that was seen before is on its way.
func (a *Agent) keep(m mark) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.state.Position, a.state.LosslessSince = m.position, m.lossless
	if err := a.state.save(a.o.StateDir); err != nil {
		a.o.Log.Warn("remember how far the kernel log was read", "err", err)
	}
}

// Rise takes a counter of kills that rose. It returns at once.
func (a *Agent) Rise(k investigations.CountedKill) { a.to.trySee(event{rise: &k}) }

// Profile takes a heap profile. It returns at once.
func (a *Agent) Profile(p investigations.NodeProfile) { a.to.trySee(event{profile: &p}) }

// UserKill takes a kill that was seen beside the kernel log, as an eviction. It returns at once.
func (a *Agent) UserKill(k investigations.UserKill) { a.to.trySee(event{user: &k}) }

// Beat says how the agent is.
func (a *Agent) Beat() investigations.NodeHeartbeat {
	since, until := a.watch.followed(a.o.Waiting())
	h := investigations.NodeHeartbeat{At: until, Reader: a.o.Reader, Version: a.o.Version, LosslessSince: since}
	if f := a.fault.get(); f != "" {
		h.Faults = append(h.Faults, f)
	}
	if a.o.Faults != nil {
		h.Faults = append(h.Faults, a.o.Faults()...)
	}
	return h
}

// pause waits for a time, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// fault is what is wrong at present; "" for nothing.
type fault struct {
	mu   sync.Mutex
	says string
}

func (f *fault) set(says string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.says = says
}

func (f *fault) get() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.says
}
