package slackfake_test

import (
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"

	"github.com/oombot/oombot/bot/slackfake"
)

// seen gathers events that came by sockets.
type seen struct {
	mu  sync.Mutex
	all []socketmode.Event
}

func (s *seen) add(e socketmode.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, e)
}

func (s *seen) types() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, e := range s.all {
		if inner, ok := e.Data.(slackevents.EventsAPIEvent); ok {
			all = append(all, inner.InnerEvent.Type)
			continue
		}
		all = append(all, string(e.Type))
	}
	return all
}

func (s *seen) requests() []socketmode.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []socketmode.Request
	for _, e := range s.all {
		if e.Request != nil {
			all = append(all, *e.Request)
		}
	}
	return all
}

func TestMentionComesTwice(t *testing.T) {
	s := start(t, slackfake.Options{})
	var got seen
	socket(t, s, func(sm *socketmode.Client, e socketmode.Event) { got.add(e); ack(t, sm, e) })
	if _, err := s.Mention("ann", "#alerts", "investigate shop/checkout"); err != nil {
		t.Fatal(err)
	}
	wait(t, s, "both acknowledgements", func(s *slackfake.Server) bool { return s.Settled() })
	types := got.types()
	slices.Sort(types)
	if diff := cmp.Diff([]string{"app_mention", "message"}, types); diff != "" {
		t.Errorf("event types (-want +got):\n%s", diff)
	}
	all := s.Deliveries()
	if len(all) != 2 || all[0].EventID == all[1].EventID || all[0].EventID == "" {
		t.Errorf("%d deliveries; want two with two event ids: %q, %q", len(all), all[0].EventID, all[1].EventID)
	}
}

// TestRedelivery leaves the first attempt without an acknowledgement.
func TestRedelivery(t *testing.T) {
	s := start(t, slackfake.Options{AckTimeout: 50 * time.Millisecond})
	var got seen
	socket(t, s, func(sm *socketmode.Client, e socketmode.Event) {
		got.add(e)
		if e.Request.RetryAttempt > 0 {
			ack(t, sm, e)
		}
	})
	if _, err := s.Post("ann", "#alerts", "hello"); err != nil {
		t.Fatal(err)
	}
	d := s.Deliveries()[0]
	<-d.Done()
	reqs := got.requests()
	if !d.Acked() || d.Attempts() != 2 || len(reqs) != 2 {
		t.Fatalf("acked %t after %d attempts, %d requests; want true after 2", d.Acked(), d.Attempts(), len(reqs))
	}
	if reqs[0].EnvelopeID != reqs[1].EnvelopeID || reqs[1].RetryReason != "timeout" {
		t.Errorf("envelopes %q and %q, reason %q; want the same one, for a timeout", reqs[0].EnvelopeID, reqs[1].EnvelopeID, reqs[1].RetryReason)
	}
}

// TestRedeliver sends an event again that was acknowledged, as when the acknowledgement got lost on its way.
func TestRedeliver(t *testing.T) {
	s := start(t, slackfake.Options{})
	var got seen
	socket(t, s, func(sm *socketmode.Client, e socketmode.Event) { got.add(e); ack(t, sm, e) })
	if _, err := s.Post("ann", "#alerts", "hello"); err != nil {
		t.Fatal(err)
	}
	d := s.Deliveries()[0]
	<-d.Done()
	s.Redeliver(d)
	<-d.Done()
	reqs := got.requests()
	if len(reqs) != 2 || reqs[1].RetryAttempt != 1 || string(reqs[0].Payload) != string(reqs[1].Payload) {
		t.Errorf("requests %+v; want the same one twice", reqs)
	}
}

func TestGivesUp(t *testing.T) {
	s := start(t, slackfake.Options{AckTimeout: 20 * time.Millisecond, MaxRetries: 2})
	socket(t, s, func(*socketmode.Client, socketmode.Event) {})
	if _, err := s.Post("ann", "#alerts", "hello"); err != nil {
		t.Fatal(err)
	}
	d := s.Deliveries()[0]
	<-d.Done()
	if d.Acked() || !d.Failed() || d.Attempts() != 3 {
		t.Errorf("acked %t, failed %t after %d attempts; want a failure after 3", d.Acked(), d.Failed(), d.Attempts())
	}
}

// TestDisconnect sees the client come back and take what happened meanwhile.
func TestDisconnect(t *testing.T) {
	for _, reason := range []string{slackfake.RefreshRequested, slackfake.Warning, ""} {
		t.Run("reason "+reason, func(t *testing.T) {
			s := start(t, slackfake.Options{})
			var got seen
			socket(t, s, func(sm *socketmode.Client, e socketmode.Event) {
				if e.Type == socketmode.EventTypeEventsAPI {
					got.add(e)
					ack(t, sm, e)
				}
			})
			opens := func(s *slackfake.Server) int { return len(s.Calls("apps.connections.open")) }
			if reason == "" {
				s.Drop()
			} else {
				s.Disconnect(reason)
			}
			if _, err := s.Post("ann", "#alerts", "meanwhile"); err != nil {
				t.Fatal(err)
			}
			wait(t, s, "a second connection", func(s *slackfake.Server) bool { return opens(s) == 2 && s.Connections() == 1 })
			wait(t, s, "the acknowledgement", func(s *slackfake.Server) bool { return s.Settled() })
			if diff := cmp.Diff([]string{"message"}, got.types()); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDuplicatesAndTooMany(t *testing.T) {
	s := start(t, slackfake.Options{DuplicateDeliveries: true, MaxConnections: 2})
	var got seen
	for range 2 {
		socket(t, s, func(sm *socketmode.Client, e socketmode.Event) { got.add(e); ack(t, sm, e) })
	}
	if _, err := s.Post("ann", "#alerts", "hello"); err != nil {
		t.Fatal(err)
	}
	wait(t, s, "the acknowledgement", func(s *slackfake.Server) bool { return s.Settled() && len(got.requests()) == 2 })
	third := dial(t, s)
	frame := readFrame(t, third)
	if frame["type"] != "disconnect" || frame["reason"] != slackfake.TooManyWebsockets {
		t.Errorf("the third connection got %v; want a disconnect for too many", frame)
	}
	if s.Connections() != 2 {
		t.Errorf("%d connections; want 2", s.Connections())
	}
}

// TestLargeAck sends an acknowledgement at the size at which Slack drops it, and one just below.
func TestLargeAck(t *testing.T) {
	s := start(t, slackfake.Options{AckTimeout: time.Hour})
	ws := dial(t, s)
	if hello := readFrame(t, ws); hello["type"] != "hello" {
		t.Fatalf("first frame %v; want hello", hello)
	}
	if _, err := s.Slash("ann", "#alerts", "/oombot", "help"); err != nil {
		t.Fatal(err)
	}
	frame := readFrame(t, ws)
	id, _ := frame["envelope_id"].(string)
	if frame["accepts_response_payload"] != true {
		t.Errorf("a slash command that accepts no payload: %v", frame)
	}
	ackOf := func(size int) []byte {
		head := `{"envelope_id":"` + id + `","payload":{"text":"`
		b := append([]byte(head), make([]byte, size-len(head)-3)...)
		for i := len(head); i < len(b); i++ {
			b[i] = 'x'
		}
		return append(b, `"}}`...)
	}
	writeFrame(t, ws, ackOf(20_000))
	writeFrame(t, ws, ackOf(19_999))
	wait(t, s, "the acknowledgement", func(s *slackfake.Server) bool { return s.Settled() })
	if all := s.Ephemerals("#alerts", "ann"); len(all) != 1 {
		t.Errorf("%d answers are shown; want the one that was not dropped", len(all))
	}
}

func TestTicketsAreOfOneUse(t *testing.T) {
	s := start(t, slackfake.Options{})
	url := openURL(t, s)
	if ws, status := try(t, url); ws == nil {
		t.Fatalf("the first use of a ticket has status %d", status)
	}
	if ws, status := try(t, url); ws != nil || status != http.StatusForbidden {
		t.Errorf("the second use of a ticket has status %d; want 403", status)
	}
}

func TestRawFrame(t *testing.T) {
	s := start(t, slackfake.Options{})
	var got seen
	socket(t, s, func(sm *socketmode.Client, e socketmode.Event) {
		got.add(e)
		if err := sm.AckCtx(t.Context(), "env-1", nil); err != nil {
			t.Errorf("ack: %v", err)
		}
	})
	d := s.Raw("env-1", []byte(`{"envelope_id":"env-1","type":"events_api","payload":{"type":"event_callback","event":{"type":"message","blocks":7}}}`))
	<-d.Done()
	if diff := cmp.Diff([]string{string(socketmode.EventTypeErrorBadMessage)}, got.types()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if !d.Acked() {
		t.Error("the malformed event was not acknowledged")
	}
}
