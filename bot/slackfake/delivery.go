package slackfake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Types of deliveries, as the envelopes of Socket Mode name them.
const (
	EventsAPI     = "events_api"
	Interactive   = "interactive"
	SlashCommands = "slash_commands"
)

// maxAck is the size at which Slack drops an acknowledgement without a word.
const maxAck = 20_000

// Delivery is something that the app is told, and how it took it. Its methods are safe for concurrent use.
type Delivery struct {
	s *Server

	// EnvelopeID is the same in all attempts; Type is EventsAPI, Interactive or SlashCommands.
	EnvelopeID, Type string
	// EventID and EventType are set for events.
	EventID, EventType string

	payload json.RawMessage
	raw     json.RawMessage // sent as it is, in place of an envelope
	form    map[string]string
	acked   bool
	failed  bool
	ack     json.RawMessage
	tries   int
	reason  string
	done    chan struct{}
	timer   *time.Timer
	onAck   func(payload json.RawMessage)
}

// Done is closed when the app acknowledged or the last attempt failed.
func (d *Delivery) Done() <-chan struct{} {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	return d.done
}

// Acked says whether the app acknowledged.
func (d *Delivery) Acked() bool {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	return d.acked
}

// Failed says whether all attempts passed without an acknowledgement.
func (d *Delivery) Failed() bool {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	return d.failed
}

// Ack is what the app sent with its acknowledgement; nil if nothing.
func (d *Delivery) Ack() json.RawMessage {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	return bytes.Clone(d.ack)
}

// Payload is what the app is told.
func (d *Delivery) Payload() json.RawMessage { return bytes.Clone(d.payload) }

// Attempts is how often it was sent so far.
func (d *Delivery) Attempts() int {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	return d.tries
}

// stop ends the wait for an acknowledgement.
func (d *Delivery) stop() {
	if d.timer != nil {
		d.timer.Stop()
	}
}

// Deliveries returns all that the app was told, in order.
func (s *Server) Deliveries() []*Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*Delivery(nil), s.deliveries...)
}

// Settled says whether nothing waits for an acknowledgement or a connection.
func (s *Server) Settled() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.outbox) == 0
}

// deliver tells the app. onAck, if set, runs under the lock with the acknowledgement's payload.
func (s *Server) deliver(kind string, payload any, onAck func(json.RawMessage)) *Delivery {
	raw, err := json.Marshal(payload)
	if err != nil {
		raw = json.RawMessage(`null`) // what we build from strings and maps of strings always marshals
	}
	d := &Delivery{s: s, EnvelopeID: s.envelopeID(), Type: kind, payload: raw, done: make(chan struct{}), onAck: onAck}
	if p, ok := payload.(object); ok && kind == EventsAPI {
		d.EventID, _ = p["event_id"].(string)
		if e, ok := p["event"].(object); ok {
			d.EventType, _ = e["type"].(string)
		}
	}
	s.enqueue(d)
	return d
}

func (s *Server) envelopeID() string {
	s.ids++
	return fmt.Sprintf("%08x-0000-4000-8000-%012x", s.ids, s.lastMicro)
}

func (s *Server) enqueue(d *Delivery) {
	s.deliveries = append(s.deliveries, d)
	s.outbox[d.EnvelopeID] = d
	s.attempt(d)
	s.changedLocked()
}

// attempt sends d once more.
func (s *Server) attempt(d *Delivery) {
	if s.closed {
		return
	}
	if s.o.EventsURL != "" {
		d.tries++
		retry := d.tries - 1
		s.running.Go(func() { s.post(d, retry) })
		return
	}
	conns := s.pick()
	if len(conns) == 0 {
		s.waiting = append(s.waiting, d)
		return
	}
	d.tries++
	frame := s.envelope(d)
	for _, c := range conns {
		c.send(frame)
	}
	d.timer = time.AfterFunc(s.o.AckTimeout, func() { s.missed(d, "timeout") })
}

// envelope is the frame of an attempt.
func (s *Server) envelope(d *Delivery) []byte {
	if d.raw != nil {
		return d.raw
	}
	o := object{"envelope_id": d.EnvelopeID, "type": d.Type, "payload": d.payload, "accepts_response_payload": d.Type != EventsAPI}
	if d.Type == EventsAPI {
		o["retry_attempt"], o["retry_reason"] = d.tries-1, d.reason
	}
	b, err := json.Marshal(o)
	if err != nil {
		return d.payload // it was marshalled before
	}
	return b
}

// missed is called when an attempt was not acknowledged in time.
func (s *Server) missed(d *Delivery, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.acked || d.failed || s.closed {
		return
	}
	// Only events come again; who pressed a button sees that nothing happened, and presses it again.
	if d.Type != EventsAPI || d.tries > s.o.MaxRetries {
		s.giveUp(d)
		return
	}
	d.reason = reason
	if s.o.RetryDelay > 0 {
		d.timer = time.AfterFunc(s.o.RetryDelay, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if !d.acked && !d.failed {
				s.attempt(d)
			}
		})
		return
	}
	s.attempt(d)
	s.changedLocked()
}

func (s *Server) giveUp(d *Delivery) {
	if d.acked || d.failed {
		return
	}
	d.failed = true
	delete(s.outbox, d.EnvelopeID)
	close(d.done)
	s.changedLocked()
}

// acknowledge takes an app's acknowledgement; one of what isn't waited for is ignored.
func (s *Server) acknowledge(envelope string, payload json.RawMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.outbox[envelope]
	if d == nil {
		s.changedLocked() // it was heard, all the same
		return
	}
	d.stop()
	d.acked = true
	if string(payload) != "null" {
		d.ack = bytes.Clone(payload)
	}
	delete(s.outbox, envelope)
	if d.onAck != nil {
		d.onAck(d.ack)
	}
	close(d.done)
	s.changedLocked()
}

// flush sends what found no connection.
func (s *Server) flush() {
	waiting := s.waiting
	s.waiting = nil
	for _, d := range waiting {
		if !d.acked && !d.failed {
			s.attempt(d)
		}
	}
}
