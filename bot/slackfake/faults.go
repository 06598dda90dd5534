package slackfake

import (
	"net/http"
	"slices"
	"time"
)

// Down is how unreachable Slack is.
type Down int

// How Slack is down.
const (
	// Up is not at all.
	Up Down = iota
	// Silent closes each connection without an answer.
	Silent
	// Failing answers 500 to everything.
	Failing
)

// Fault is what goes wrong with calls of a method. The zero effect of a matching fault is none.
type Fault struct {
	// Method is the method's name; empty matches all.
	Method string
	// Channel matches calls of one channel only, where it is set.
	Channel string
	// Times is how many calls it hits, Until when it ends; zero values are without an end.
	Times int
	Until time.Time

	// Status answers an HTTP status in place of Slack's JSON; 429 goes with RetryAfter (in whole seconds, at least
	// one).
	Status     int
	RetryAfter time.Duration
	// Error answers ok:false with this error, and with Needed and Provided where they are set.
	Error, Needed, Provided string
	// Delay does what was asked for, and answers, later than otherwise; Late does it at once, and answers later.
	Delay, Late time.Duration
	// Hang never answers: the caller gives up first, or the stand-in closes.
	Hang bool
	// Lost does what was asked for, and closes the connection in place of the answer (or answers Status).
	Lost bool

	hits int
}

// Fault adds a fault and returns what ends it. The first that matches a call is the one that hits it.
func (s *Server) Fault(f Fault) (end func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &f
	s.faults = append(s.faults, p)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.faults = slices.DeleteFunc(s.faults, func(o *Fault) bool { return o == p })
	}
}

// MissingScope makes a method answer that the token lacks a scope.
func (s *Server) MissingScope(method, needed, provided string) (end func()) {
	return s.Fault(Fault{Method: method, Error: "missing_scope", Needed: needed, Provided: provided})
}

// RateLimit makes a method answer 429 the given number of times (0: until end is called).
func (s *Server) RateLimit(method string, times int, retryAfter time.Duration) (end func()) {
	return s.Fault(Fault{Method: method, Times: times, Status: http.StatusTooManyRequests, RetryAfter: retryAfter})
}

// faultOf returns a copy of the fault that hits a call, if one does.
func (s *Server) faultOf(c *call) (Fault, bool) {
	for _, f := range s.faults {
		if f.Method != "" && f.Method != c.method {
			continue
		}
		if f.Channel != "" && f.Channel != c.str("channel") && f.Channel != c.str("channel_id") {
			continue
		}
		if f.Times > 0 && f.hits >= f.Times || !f.Until.IsZero() && !s.o.Now().Before(f.Until) {
			continue
		}
		f.hits++
		return *f, true
	}
	return Fault{}, false
}

// SetDown makes Slack unreachable, sockets included, or reachable again.
func (s *Server) SetDown(d Down) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = d
	if d != Up {
		s.drop()
	}
	s.changedLocked()
}

// Revoke ends the tokens: sockets are closed, and every method answers code (token_revoked or account_inactive).
// An empty code makes the tokens good again.
func (s *Server) Revoke(code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked = code
	if code != "" {
		s.drop()
	}
	s.changedLocked()
}

// refuse answers as a Slack that is down.
func refuse(w http.ResponseWriter, d Down) {
	if d == Failing {
		http.Error(w, "the stand-in is told to fail", http.StatusInternalServerError)
		return
	}
	hangUp(w)
}

// hangUp closes the connection without an answer.
func hangUp(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		// What can't be hijacked ends this way, which net/http documents.
		panic(http.ErrAbortHandler)
	}
	_ = conn.Close() // there is nobody to tell
}
