package deliver

import (
	"maps"
	"slices"
	"time"
)

// Stats say how delivery goes, since the Sender was opened.
type Stats struct {
	// Waiting counts the reports that wait, and WaitingBytes what they take.
	Waiting, WaitingBytes int64
	// Delivered counts reports that the bot took, Dropped those that had to make room, Shed those that lost their recording
	// and profiles for it, Rejected those that the bot will never take, and Corrupt the files of the spool that could not be
	// read.
	Delivered, Dropped, Shed, Rejected, Corrupt int64
	// LastSuccess is when the bot last took something, a heartbeat included; zero where never.
	LastSuccess time.Time
	// LastError says why it last did not, redacted; empty where it always did. LastErrorAt is when.
	LastError   string
	LastErrorAt time.Time
}

// What can be wrong, each at most once.
const (
	faultSpool  = "spool"
	faultBot    = "bot"
	faultRoom   = "room"
	faultReject = "reject"
	faultBroken = "broken"
)

type status struct {
	delivered, dropped, shed, rejected, corrupt int64
	success, failure                            time.Time
	lastError                                   string
	faults                                      map[string]fault
}

// fault is what is wrong, in words, and until when it is told; zero is until it is mended.
type fault struct {
	text  string
	until time.Time
}

// told is how long is told of what has happened and is over.
const told = time.Hour

func (s *status) setFault(kind, text string) {
	f := fault{text: text}
	if kind != faultSpool && kind != faultBot {
		f.until = time.Now().Add(told)
	}
	s.faults[kind] = f
}

func (s *status) list(now time.Time) []string {
	var out []string
	for _, kind := range slices.Sorted(maps.Keys(s.faults)) {
		if f := s.faults[kind]; f.until.IsZero() || now.Before(f.until) {
			out = append(out, f.text)
		}
	}
	return out
}

// Stats returns the figures of this moment.
func (s *Sender) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{
		Waiting: s.queue.reports, WaitingBytes: s.queue.bytes, Delivered: s.status.delivered, Dropped: s.status.dropped,
		Shed: s.status.shed, Rejected: s.status.rejected, Corrupt: s.status.corrupt,
		LastSuccess: s.status.success, LastError: s.status.lastError, LastErrorAt: s.status.failure,
	}
}

// Faults says what is wrong with delivery now, in words; heartbeats tell it as well.
func (s *Sender) Faults() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status.list(time.Now())
}

// spoolFault notes whether the disk works. The caller holds mu, or is Open.
func (s *Sender) spoolFault(err error) {
	if err == nil {
		delete(s.status.faults, faultSpool)
		return
	}
	s.spoolFailed = time.Now()
	if _, known := s.status.faults[faultSpool]; !known {
		s.log.Warn("the spool can't be used; reports wait in memory", "err", err)
	}
	s.status.setFault(faultSpool, "the spool can't be used, so that a report that waits is lost when the agent ends: "+clean(err.Error()))
}
