package deliver

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/oombot/oombot/investigations"
)

const (
	// lastAttempt is how long delivery goes on after its context has ended.
	lastAttempt = 2 * time.Second
	// restore is how often what is in memory alone is offered to the disk.
	restore = 10 * time.Second
	// idle is how long the loop sleeps where nothing else is due.
	idle = time.Minute
)

// Run delivers until ctx ends, then for at most two seconds more what still waits, and returns nil. What it could not
// deliver lies in the spool. It is the only one who speaks with the bot.
func (s *Sender) Run(ctx context.Context) error {
	sending, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(lastAttempt, cancel) })()
	beatDue := time.Now()
	for ctx.Err() == nil {
		wait := s.step(sending, &beatDue)
		if wait <= 0 {
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
	s.finish(sending)
	s.client.close()
	return nil
}

// step does what is due, at most one request, and returns how long nothing more is.
func (s *Sender) step(ctx context.Context, beatDue *time.Time) time.Duration {
	s.store()
	now := time.Now()
	s.mu.Lock()
	if wait := s.backed.due.Sub(now); wait > 0 {
		s.mu.Unlock()
		return min(wait, restore)
	}
	young, old := s.queue.next(now)
	wait := idle
	// What is not frozen may grow while it waits, so that it takes its turn.
	for _, e := range []**entry{&young, &old} {
		if *e == nil || (*e).frozen {
			continue
		}
		if d := s.pace.wait(now); d > 0 {
			*e, wait = nil, min(wait, d)
		}
	}
	s.mu.Unlock()
	switch {
	case young != nil:
		s.deliver(ctx, young, beatDue)
		return 0
	case !now.Before(*beatDue):
		if s.sendBeat(ctx, now) {
			*beatDue = now.Add(s.o.Interval)
		}
		return 0
	case old != nil:
		s.deliver(ctx, old, beatDue)
		return 0
	}
	return min(wait, beatDue.Sub(now))
}

// finish delivers what waits until ctx ends or the bot fails.
func (s *Sender) finish(ctx context.Context) {
	s.mu.Lock()
	s.spoolFailed = time.Time{}
	wait := s.backed.obey && time.Now().Before(s.backed.due)
	s.mu.Unlock()
	s.store()
	for !wait && ctx.Err() == nil {
		s.mu.Lock()
		young, old := s.queue.next(time.Now())
		failures := s.backed.failures
		s.mu.Unlock()
		if young == nil {
			young = old
		}
		if young == nil {
			return
		}
		s.deliver(ctx, young, nil)
		s.mu.Lock()
		failed := s.backed.failures > failures
		s.mu.Unlock()
		if failed {
			return
		}
	}
}

// deliver sends a report, merged with those that follow it.
func (s *Sender) deliver(ctx context.Context, e *entry, beatDue *time.Time) {
	now := time.Now()
	e = s.gather(e)
	if e == nil {
		return
	}
	body, err := s.body(e)
	if err != nil {
		s.broken(e, err)
		return
	}
	s.mu.Lock()
	if !e.frozen {
		s.pace.spend(now)
	}
	fresh := e.young(now)
	e.frozen = true
	s.mu.Unlock()
	a := s.doubt(e, s.client.post(ctx, body))
	if a.outcome == delivered && fresh && beatDue != nil {
		*beatDue = now.Add(s.o.Interval) // it carried one
	}
	s.settle(ctx, e, a, body)
}

// body returns what is sent of a report. What lay on disk is checked, since a crash may have cut it off.
func (s *Sender) body(e *entry) ([]byte, error) {
	s.mu.Lock()
	body := e.body
	s.mu.Unlock()
	if body != nil {
		return body, nil
	}
	body, err := s.spool.read(e.key)
	if err != nil {
		return nil, err
	}
	p, err := unpack(body)
	if err == nil && (p.BootID != e.boot || p.Seq != e.last) {
		err = errors.New("it is another report than its name says")
	}
	return body, err
}

// settle does with a report what the bot's answer asks for.
func (s *Sender) settle(ctx context.Context, e *entry, a answer, body []byte) {
	if a.outcome == tooLarge {
		if small, raw, err := shedBody(body); err == nil && small != nil {
			s.replaceBody(e, small, raw)
			return
		}
		a.outcome = never
	}
	s.note(ctx, a)
	s.mu.Lock()
	defer s.mu.Unlock()
	e.busy = false
	switch a.outcome {
	case delivered:
		s.status.delivered += int64(e.count)
		s.queue.remove(e)
		s.spool.remove(e.key)
	case never:
		s.status.rejected += int64(e.count)
		s.status.setFault(faultReject, "the bot did not take a report, which lies in the folder "+asideDir+" of the spool: "+a.err.Error())
		s.setAside(e, body)
	}
}

// doubts is how often, and doubtFor how long, a report is refused by others than the bot until that counts, where other
// requests pass.
const (
	doubts   = 5
	doubtFor = 10 * time.Minute
)

// doubt decides about a report that something before the bot refused: it is sent again, since what refuses all for a while
// must not cost a report. Where other requests have passed meanwhile and this one is refused time and again, it is set
// aside, so that those behind it have their turn.
func (s *Sender) doubt(e *entry, a answer) answer {
	if a.outcome != doubtful {
		return a
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if e.doubts == 0 {
		e.doubted = now
	}
	e.doubts++
	a.outcome = later
	if e.doubts >= doubts && now.Sub(e.doubted) >= doubtFor && s.status.success.After(e.doubted) {
		a.outcome = never
	}
	return a
}

// replaceBody gives a report that is being sent a smaller body; it is sent next.
func (s *Sender) replaceBody(e *entry, body []byte, raw int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.busy, e.lean, e.raw = false, true, raw
	if e.stored {
		if err := s.spool.write(e.key, body); err != nil {
			s.spoolFault(err)
		}
	}
	s.queue.hold(e, body)
	s.status.shed++
	s.log.Info("the bot takes no report of that size; its recording and profiles are left out", "err", "status 413")
}

// setAside takes a report out of the spool for a person to look at. The caller holds mu.
func (s *Sender) setAside(e *entry, body []byte) {
	s.queue.remove(e)
	if err := s.spool.aside(e.key, body); err != nil {
		s.spool.remove(e.key)
		s.log.Warn("a report is lost", "err", err)
	}
}

// broken takes out a report whose file can't be read. One that is gone was delivered by another agent.
func (s *Sender) broken(e *entry, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.busy = false
	if errors.Is(err, fs.ErrNotExist) {
		s.queue.remove(e)
		return
	}
	s.log.Warn("a file of the spool can't be read; it is set aside", "err", err)
	s.status.corrupt++
	s.status.setFault(faultBroken, "a file of the spool could not be read and lies in its folder "+asideDir)
	s.setAside(e, nil)
}

// sendBeat sends a heartbeat alone, and says whether the bot took it. It is not kept: the next one says more.
func (s *Sender) sendBeat(ctx context.Context, now time.Time) bool {
	beat := s.beat(now)
	body, _, err := pack(&investigations.NodeReport{
		Version: investigations.NodeReportVersion, Node: s.o.Node, BootID: s.o.BootID, Heartbeat: &beat,
	})
	if err != nil {
		s.log.Error("the heartbeat can't be written", "err", err)
		return true // it won't be otherwise at once
	}
	a := s.client.post(ctx, body)
	if a.outcome == tooLarge || a.outcome == never || a.outcome == doubtful {
		a.outcome = later
	}
	s.note(ctx, a)
	return a.outcome == delivered
}

// note keeps in mind how the bot answered, and when to ask it again.
func (s *Sender) note(ctx context.Context, a answer) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch a.outcome {
	case delivered:
		if s.backed.failures > 0 {
			s.log.Info("the bot takes reports again")
		}
		s.status.success = now
		s.backed.clear()
		delete(s.status.faults, faultBot)
		return
	case never, tooLarge:
		s.log.Warn("the bot does not take a report; it is set aside", "err", a.err)
		s.backed.clear()
	default:
		if gone(ctx) {
			break // the agent is ending
		}
		if s.backed.failures == 0 {
			s.log.Warn("the bot does not take reports; they wait", "err", a.err)
		}
		s.backed.fail(now, a)
		s.status.setFault(faultBot, a.err.Error())
	}
	s.status.lastError, s.status.failure = a.err.Error(), now
}
