package slackio

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"github.com/oombot/oombot/bot"
)

const (
	// backoffFrom and backoffTo bound the pause between two connections that failed.
	backoffFrom = 500 * time.Millisecond
	backoffTo   = 30 * time.Second
	// fatalPause is the pause where only a person can help; a new token ends it, which is looked for every lookPause.
	fatalPause = time.Minute
	lookPause  = 5 * time.Second
	// A connection that ends within shortLife is a short one; freeShorts of them in a row are replaced at once.
	shortLife  = 10 * time.Second
	freeShorts = 3
)

// errShortLived ends a series of connections that Slack closes as soon as they are open.
var errShortLived = errors.New("connections are closed as soon as they are open")

const openMethod = "apps.connections.open"

// keep holds a connection open until ctx ends. What is in hand then is acknowledged on it until open ends.
func (s *Socket) keep(ctx, open context.Context) {
	for ctx.Err() == nil {
		token, err := readToken(openMethod, s.token)
		if err == nil {
			// Without it no event can be read.
			_, err = s.intake.Self(ctx)
		}
		if err == nil {
			err = s.series(ctx, open, token)
		}
		if ctx.Err() != nil {
			return
		}
		s.connected.Store(false)
		pause, fatal := s.troubles.note(s.intake, err)
		if fatal {
			s.awaitToken(ctx, pause, token)
		} else {
			sleep(ctx, pause)
		}
	}
}

// series is one run of the library, which connects again by itself as long as that works.
func (s *Socket) series(ctx, open context.Context, token string) error {
	run, cancel := context.WithCancel(open)
	client := s.newClient(token)
	ended := make(chan error, 1)
	s.running.Go(func() {
		defer cancel()
		ended <- client.RunContext(run)
	})
	s.client.Store(client)
	for {
		select {
		case <-ctx.Done():
			return nil // the connection ends with open
		case err := <-ended:
			return sorted(ctx, openMethod, err, token)
		case e := <-client.Events:
			if err := s.event(e); err != nil {
				cancel()
				<-ended //nolint:errcheck // it ends for the reason at hand
				return sorted(ctx, openMethod, err, token)
			}
		}
	}
}

// event deals with one event of the library's. An error ends the series.
func (s *Socket) event(e socketmode.Event) error {
	switch e.Type {
	case socketmode.EventTypeConnecting:
		s.connected.Store(false)
		return s.troubles.connecting(s.intake.now())
	case socketmode.EventTypeHello:
		s.connected.Store(true)
		s.troubles.hello(s.intake)
	case socketmode.EventTypeConnectionError:
		// The library would wait for up to five minutes, and with the token of its beginning.
		if failed, ok := e.Data.(*slack.ConnectionErrorEvent); ok && failed.ErrorObj != nil {
			return failed.ErrorObj
		}
		return errors.New("connect: failed")
	case socketmode.EventTypeErrorWriteFailed:
		s.intake.Log.Warn("an acknowledgement could not be sent to Slack, which sends the envelope again")
	case socketmode.EventTypeErrorBadMessage:
		if bad, ok := e.Data.(*socketmode.ErrorBadMessage); ok {
			s.bad(bad)
		}
	default:
		if e.Request != nil && e.Request.EnvelopeID != "" {
			s.enqueue(envelope{id: e.Request.EnvelopeID, kind: e.Request.Type, payload: e.Request.Payload})
		}
	}
	return nil
}

// bad takes an envelope that the library can't read, as one with a malformed block in it: what can be read is.
func (s *Socket) bad(b *socketmode.ErrorBadMessage) {
	e, ok := rawEnvelope(b.Message)
	if !ok {
		s.intake.Log.Debug("a frame from Slack holds no envelope")
		return
	}
	s.intake.Log.Debug("a Slack envelope is malformed; what can be read of it counts", "envelope", e.id, "type", e.kind)
	s.enqueue(e)
}

// troubles is where the backoff stands, and what was logged of it. It belongs to the goroutine of keep.
type troubles struct {
	// failures in a row since the last hello; shorts are connections in a row that ended soon.
	failures, shorts int
	openedAt         time.Time
	greeted, opened  bool
	// reason is the last that was logged.
	reason string
}

// connecting is told before each connection.
func (t *troubles) connecting(now time.Time) error {
	if t.opened {
		t.opened = false
		if t.greeted && now.Sub(t.openedAt) >= shortLife {
			t.shorts = 0
		} else {
			t.shorts++
		}
		if t.shorts > freeShorts {
			return errShortLived
		}
	}
	t.opened, t.greeted, t.openedAt = true, false, now
	return nil
}

func (t *troubles) hello(in *Intake) {
	in.Log.Info("connected to Slack")
	t.failures, t.reason, t.greeted, t.openedAt = 0, "", true, in.now()
}

// note takes account of a failure: how long to wait, and whether only a person can help. It logs each reason once.
func (t *troubles) note(in *Intake, err error) (pause time.Duration, fatal bool) {
	t.opened = false
	reason := "closed"
	if err != nil {
		reason = err.Error()
	}
	todo, fatal := whatToDo(err)
	if reason != t.reason {
		t.reason = reason
		if fatal {
			in.Log.Error("Slack can't be heard", "err", err, "cause", errors.Unwrap(err), "do", todo)
		} else {
			in.Log.Warn("the connection to Slack failed; it is tried again", "err", err, "cause", errors.Unwrap(err))
		}
	}
	if fatal {
		return fatalPause, true
	}
	n := max(t.failures, t.shorts-freeShorts)
	t.failures++
	return max(retryIn(err), backoff(n)), false
}

// backoff is the pause after n failures before this one, with jitter.
func backoff(n int) time.Duration {
	d := backoffTo
	if n < 6 {
		d = min(backoffTo, backoffFrom<<n)
	}
	return d/2 + rand.N(d/2+1)
}

// whatToDo says what a person can do where nobody else can.
func whatToDo(err error) (todo string, fatal bool) {
	e, ok := errors.AsType[*bot.SlackError](err)
	if !ok {
		return "", false
	}
	app := e.Method == openMethod
	switch {
	case e.Fault == bot.FaultToken && app:
		return "put a valid app-level token (xapp-…, with the scope connections:write) into SLACK_APP_TOKEN or the file of slack.app_token_file; a new one in the file is found by itself", true
	case e.Fault == bot.FaultToken:
		return "put a valid bot token (xoxb-…) into SLACK_BOT_TOKEN or the file of slack.bot_token_file; a new one in the file is found by itself", true
	case e.Fault == bot.FaultScope && app:
		return "give the app-level token the scope connections:write, under Basic Information of the app", true
	case e.Fault == bot.FaultScope:
		return "add the missing scope to the app and install it again", true
	}
	if status, ok := errors.AsType[slack.StatusCodeError](err); ok && status.Code == http.StatusNotFound {
		return "check slack.api_url: there is no Slack", true
	}
	if _, ok := errors.AsType[slack.SlackErrorResponse](err); ok && e.Fault == bot.FaultRefused {
		return "turn Socket Mode on in the settings of the app", true
	}
	return "", false
}

// awaitToken waits, and ends early where there is another token than old.
func (s *Socket) awaitToken(ctx context.Context, d time.Duration, old string) {
	for waited := time.Duration(0); waited < d && ctx.Err() == nil; waited += s.look {
		sleep(ctx, s.look)
		if token, err := readToken(openMethod, s.token); err == nil && token != old {
			return
		}
	}
}

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// rawEnvelope reads of a frame what is needed to acknowledge and to read it.
func rawEnvelope(frame []byte) (envelope, bool) {
	o, err := parseObject(frame)
	if err != nil || o.str("envelope_id") == "" {
		return envelope{}, false
	}
	return envelope{id: o.str("envelope_id"), kind: o.str("type"), payload: rawPayload(frame)}, true
}
