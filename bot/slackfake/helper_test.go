package slackfake_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"github.com/oombot/oombot/bot/slackfake"
)

// start returns a workspace with the channel #alerts (in it: ann, ben and the bot), served on loopback.
func start(t *testing.T, o slackfake.Options) *slackfake.Server {
	t.Helper()
	s := slackfake.New(o)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	s.AddUser(slackfake.User{ID: "U0ANN", Name: "ann"})
	s.AddUser(slackfake.User{ID: "U0BEN", Name: "ben"})
	s.AddChannel(slackfake.Channel{ID: "C0ALERTS", Name: "alerts", Members: []string{"U0ANN", "U0BEN", "U0FAKEBOT"}})
	return s
}

// client is slack-go, pointed at the stand-in.
func client(s *slackfake.Server, o ...slack.Option) *slack.Client {
	bot, app := s.Tokens()
	return slack.New(bot, append([]slack.Option{slack.OptionAPIURL(s.APIURL()), slack.OptionAppLevelToken(app)}, o...)...)
}

// wait waits for a state, and gives up when nothing can come any more.
func wait(t *testing.T, s *slackfake.Server, what string, done func(*slackfake.Server) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := s.Wait(ctx, done); err != nil {
		t.Fatalf("wait for %s: %v", what, err)
	}
}

// socket runs slack-go's Socket Mode and gives all events but those about the connection to handle.
func socket(t *testing.T, s *slackfake.Server, handle func(*socketmode.Client, socketmode.Event)) {
	t.Helper()
	before := s.Connections()
	sm := socketmode.New(client(s), socketmode.OptionLog(silent{}))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- sm.RunContext(ctx) }()
	handled := make(chan struct{})
	go func() {
		defer close(handled)
		for {
			select {
			case e := <-sm.Events:
				switch e.Type {
				case socketmode.EventTypeConnecting, socketmode.EventTypeConnected, socketmode.EventTypeHello,
					socketmode.EventTypeConnectionError, socketmode.EventTypeIncomingError, socketmode.EventTypeDisconnect:
				default:
					handle(sm, e)
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-handled
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Logf("Socket Mode ended: %v", err)
		}
	})
	wait(t, s, "a connection", func(s *slackfake.Server) bool { return s.Connections() > before })
}

// ack acknowledges whatever came.
func ack(t *testing.T, sm *socketmode.Client, e socketmode.Event, payload ...any) {
	t.Helper()
	if e.Request == nil {
		t.Errorf("an event without a request: %+v", e)
		return
	}
	if err := sm.Ack(*e.Request, payload...); err != nil {
		t.Errorf("ack: %v", err)
	}
}

// silent is a logger of slack-go that says nothing.
type silent struct{}

func (silent) Output(int, string) error { return nil }
