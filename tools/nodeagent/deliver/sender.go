package deliver

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/oombot/oombot/investigations"
)

// Sender delivers reports. Send, Stats and Faults are safe for concurrent use; Run is called once.
type Sender struct {
	o      Options
	log    *slog.Logger
	spool  spool
	client *client
	wake   chan struct{}

	mu     sync.Mutex
	queue  queue
	last   int64
	pace   pace
	backed backoff
	status status
	// spoolFailed is when the disk last took nothing.
	spoolFailed time.Time
}

// Open returns a Sender that holds what lies in the spool. An error means that the options can't be used; a spool that
// can't is a fault, since delivery matters more.
func Open(o Options) (*Sender, error) {
	if err := o.Validate(); err != nil {
		return nil, fmt.Errorf("prepare the delivery to the bot: %w", err)
	}
	o = o.withDefaults()
	s := &Sender{
		o: o, log: o.Log, spool: spool{o.Dir}, wake: make(chan struct{}, 1), queue: queue{boot: o.BootID},
		client: &client{url: o.URL, token: o.Token, caFile: o.CAFile, fixed: o.transport},
		status: status{faults: map[string]fault{}},
	}
	list, err := s.spool.open()
	s.spoolFault(err)
	for _, f := range list {
		s.queue.add(&entry{key: f.key, count: 1, size: f.size, stored: true, frozen: true, lean: f.size < leanSize})
		if f.key.boot == o.BootID {
			s.last = max(s.last, f.key.last)
		}
	}
	s.trim()
	return s, nil
}

// Send takes a report for delivery: it sets its version, node, boot, number and heartbeat, and returns when it is on
// disk, while Run is delivering it already. Where the disk can't take it, it waits in memory, and a fault says so. An error
// means that the report can't be written as JSON. It takes the time of an fsync.
func (s *Sender) Send(r investigations.NodeReport) error {
	now := time.Now()
	// It says how things are beside this report, which it comes with.
	beat := s.beat(now)
	s.mu.Lock()
	s.last = max(s.last+1, s.o.uptime().Milliseconds(), 1)
	e := &entry{key: key{now.UnixMilli(), s.last, s.last, s.o.BootID}, count: 1, writing: true}
	e.lean = r.Recorder == nil && len(r.Profiles) == 0
	// It stands in the queue from the moment on at which it has its number, so that no merge reaches across it.
	s.queue.add(e)
	s.mu.Unlock()

	r.Version, r.Node, r.BootID, r.Seq, r.Heartbeat = investigations.NodeReportVersion, s.o.Node, s.o.BootID, e.last, &beat
	body, raw, err := pack(&r)
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.queue.remove(e)
		return err
	}
	s.mu.Lock()
	s.queue.hold(e, body)
	e.raw = raw
	s.backed.hurry(now)
	s.mu.Unlock()
	s.poke()

	err = s.spool.write(e.key, body)
	s.mu.Lock()
	e.writing = false
	s.written(e, err)
	s.trim()
	s.mu.Unlock()
	s.poke()
	return nil
}

// Waiting says whether a report waits for delivery.
func (s *Sender) Waiting() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queue.entries) > 0
}

// written notes that a report is on disk, or why it isn't.
func (s *Sender) written(e *entry, err error) {
	s.spoolFault(err)
	switch {
	case err != nil:
	case e.out:
		s.spool.remove(e.key)
	default:
		e.stored = true
	}
}

func (s *Sender) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// beat asks how the agent is, and adds what the Sender knows itself.
func (s *Sender) beat(now time.Time) investigations.NodeHeartbeat {
	h := s.o.Beat()
	if h.At.IsZero() {
		h.At = now.UTC()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	h.Waiting, h.Dropped = s.queue.reports, s.status.dropped
	h.Faults = append(h.Faults[:len(h.Faults):len(h.Faults)], s.status.list(now)...)
	return h
}
