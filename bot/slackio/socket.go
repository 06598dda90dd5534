package slackio

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
)

const (
	// maxWorkers is how many envelopes are dealt with at a time, maxQueued how many may wait for that. More are left
	// without an acknowledgement: Slack sends them again.
	maxWorkers = 64
	maxQueued  = 1024
	// maxFrame bounds one envelope, in bytes.
	maxFrame = 16 << 20
	// ackWithin bounds the wait for room to send an acknowledgement.
	ackWithin = 2 * time.Second
	// stopWithin bounds how long those in hand are waited for at the end, and flush how long the connection stays open
	// after them: the library writes acknowledgements by itself and tells nobody when.
	stopWithin = 3 * time.Second
	flush      = 100 * time.Millisecond
)

// SocketOptions are what a Socket needs.
type SocketOptions struct {
	Intake *Intake
	// Token returns the app-level token. It is called before each connection, and while none is accepted.
	Token func() (string, error)
	// API is the Web API's URL; empty: DefaultAPI.
	API string
	// Timeout bounds one request; 0: 15 s.
	Timeout time.Duration
}

// Socket hears from Slack by Socket Mode. Its methods are safe for concurrent use; Run is called once.
type Socket struct {
	intake *Intake
	token  func() (string, error)
	api    string
	http   *http.Client

	connected atomic.Bool
	// client is that of the connection in use, by which is acknowledged.
	client atomic.Pointer[socketmode.Client]
	queue  chan envelope
	// look is the pause between two looks for a new token.
	look time.Duration
	// running are the library's connections.
	running sync.WaitGroup

	full, refused, failed seldom
	troubles              troubles
}

// NewSocket returns a Socket. It calls nobody.
func NewSocket(o SocketOptions) *Socket {
	return &Socket{
		intake: o.Intake, token: o.Token, api: apiURL(o.API), http: httpClient(o.Timeout), look: lookPause,
		queue: make(chan envelope, maxQueued),
	}
}

// Connected says whether the connection is open: Slack has said hello, and it was not lost since.
func (s *Socket) Connected() bool { return s.connected.Load() }

// envelope is what one frame holds.
type envelope struct {
	id, kind string
	payload  json.RawMessage
}

// Run connects, and connects again, until ctx ends; then it returns when those in hand are acknowledged, after 3 s at
// the latest. No error of Slack's ends it.
func (s *Socket) Run(ctx context.Context) {
	open, closeAll := context.WithCancel(context.WithoutCancel(ctx))
	defer closeAll()
	stopping := make(chan struct{})
	var workers sync.WaitGroup
	for range maxWorkers {
		workers.Go(func() { s.work(open, stopping) })
	}

	s.keep(ctx, open)

	s.connected.Store(false)
	close(stopping)
	done := make(chan struct{})
	go func() { // ends with the workers, each of which is bounded
		workers.Wait()
		close(done)
	}()
	deadline := time.NewTimer(stopWithin)
	defer deadline.Stop()
	select {
	case <-done:
		linger := time.NewTimer(flush)
		defer linger.Stop()
		<-linger.C
	case <-deadline.C:
		s.intake.Log.Warn("stopped before all Slack envelopes in hand were dealt with; Slack sends them again")
	}
	closeAll()
	s.running.Wait()
}

// work deals with envelopes until it is time to stop and none waits.
func (s *Socket) work(open context.Context, stopping <-chan struct{}) {
	for {
		select {
		case e := <-s.queue:
			s.handle(open, e)
		case <-stopping:
			for {
				select {
				case e := <-s.queue:
					if open.Err() == nil {
						s.handle(open, e)
					}
				default:
					return
				}
			}
		}
	}
}

// handle writes one envelope to the inbox, acknowledges it, and then tells of the presses in it.
func (s *Socket) handle(open context.Context, e envelope) {
	payload, err := parseObject(e.payload)
	if err != nil {
		// Sent again it would be the same.
		s.intake.Log.Warn("a Slack envelope can't be read and is left out", "envelope", e.id, "type", e.kind, "err", err)
		s.ack(open, e.id)
		return
	}
	presses, err := s.intake.accept(open, e.kind, payload)
	if err != nil {
		if skipped, ok := s.failed.now(s.intake.now()); ok {
			s.intake.Log.Error("a Slack envelope is not acknowledged, since it can't be kept; Slack sends it again",
				"envelope", e.id, "type", e.kind, "err", err, "same_before", skipped)
		}
		return
	}
	s.ack(open, e.id)
	s.intake.pressed(presses)
}

// ack acknowledges an envelope on the connection in use.
func (s *Socket) ack(open context.Context, id string) {
	client := s.client.Load()
	if client == nil || id == "" {
		return
	}
	ctx, cancel := context.WithTimeout(open, ackWithin)
	defer cancel()
	if err := client.AckCtx(ctx, id, nil); err != nil {
		if skipped, ok := s.refused.now(s.intake.now()); ok {
			s.intake.Log.Warn("a Slack envelope was kept, but its acknowledgement could not be sent", "envelope", id, "err", err,
				"same_before", skipped)
		}
	}
}

// enqueue takes an envelope off the connection's hands at once.
func (s *Socket) enqueue(e envelope) {
	select {
	case s.queue <- e:
	default:
		if skipped, ok := s.full.now(s.intake.now()); ok {
			s.intake.Log.Warn("too many Slack envelopes at a time; one is not acknowledged, and Slack sends it again",
				"queued", maxQueued, "same_before", skipped)
		}
	}
}

// newClient returns the library's client for one series of connections.
func (s *Socket) newClient(token string) *socketmode.Client {
	api := slack.New("", slack.OptionAppLevelToken(token), slack.OptionAPIURL(s.api), slack.OptionHTTPClient(s.http))
	return socketmode.New(api, socketmode.OptionReadLimit(maxFrame))
}
