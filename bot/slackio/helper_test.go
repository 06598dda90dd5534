package slackio

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/slackfake"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory/memorytest"
)

const (
	botToken = "xoxb-1111-2222-verysecretbottoken"
	appToken = "xapp-1-A111-2222-verysecretapptoken"
	secret   = "verysecretsigningsecret"
)

// workspace returns a stand-in for Slack with the channel C0OPS (in it: ann and the bot), the bot B0PAGER, and a guest
// and a stranger.
func workspace(t *testing.T, o slackfake.Options) *slackfake.Server {
	t.Helper()
	o.BotToken, o.AppToken, o.SigningSecret = botToken, appToken, secret
	s := slackfake.New(o)
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	s.AddUser(slackfake.User{ID: "U0ANN", Name: "ann", RealName: "Ann A."})
	s.AddUser(slackfake.User{ID: "U0GUEST", Name: "guest", UltraRestricted: true})
	s.AddUser(slackfake.User{ID: "U0OTHER", Name: "other", TeamID: "T0OTHER"})
	s.AddBot(slackfake.Bot{ID: "B0PAGER", AppID: "A0PAGER", UserID: "U0PAGER", Name: "pager"})
	s.AddGroup(slackfake.Group{ID: "S0SRE", Handle: "sre", Users: []string{"U0ANN"}})
	s.AddChannel(slackfake.Channel{ID: "C0OPS", Name: "ops", Members: []string{"U0ANN", "U0FAKEBOT", "U0PAGER"}})
	return s
}

// given is a token's function.
func given(token string) func() (string, error) {
	return func() (string, error) { return token, nil }
}

func clientOf(s *slackfake.Server) *Client {
	return NewClient(ClientOptions{Token: given(botToken), API: s.APIURL()})
}

// tokenFile is a token that can be replaced.
type tokenFile struct {
	mu    sync.Mutex
	token string
	err   error
}

func (f *tokenFile) read() (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.token, f.err
}

func (f *tokenFile) write(token string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.token = token
}

// world is an inbox and a receiver that remember, and a log.
type world struct {
	investigations.Inbox

	mu      sync.Mutex
	broken  bool
	blocked chan struct{}
	puts    int
	events  map[string]bot.Event
	presses []string
	changed chan struct{}
	log     lockedBuffer
}

func newWorld() *world {
	return &world{Inbox: memorytest.New(time.Now), events: map[string]bot.Event{}, changed: make(chan struct{})}
}

func (w *world) intake(self func(context.Context) (Self, error)) *Intake {
	return &Intake{Inbox: w, To: w, Self: self, Log: slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
}

var errFull = errors.New("no space left on device")

// Put writes an item unless the inbox is broken.
func (w *world) Put(ctx context.Context, item investigations.Item) (bool, error) {
	w.mu.Lock()
	w.puts++
	broken, blocked := w.broken, w.blocked
	w.mu.Unlock()
	if blocked != nil {
		select {
		case <-blocked:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	if broken {
		w.tell()
		return false, errFull
	}
	fresh, err := w.Inbox.Put(ctx, item)
	var e bot.Event
	if err := json.Unmarshal(item.Payload, &e); err != nil {
		return false, err
	}
	w.mu.Lock()
	w.events[item.Key] = e
	w.mu.Unlock()
	w.tell()
	return fresh, err
}

func (w *world) tell() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.changed)
	w.changed = make(chan struct{})
}

func (w *world) Wants(bot.Event) bool { return true }
func (w *world) Wake()                {}

func (w *world) Pressed(e bot.Event, trigger string) {
	w.mu.Lock()
	w.presses = append(w.presses, e.Press.Action+" "+e.Press.Value+" "+trigger)
	w.mu.Unlock()
	w.tell()
}

func (w *world) set(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

// of returns the events of a kind.
func (w *world) of(kind bot.EventKind) (list []bot.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		if e.Kind == kind {
			list = append(list, e)
		}
	}
	return list
}

// until waits for a state of w.
func (w *world) until(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		w.mu.Lock()
		changed := w.changed
		w.mu.Unlock()
		if done() {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("no %s; the log:\n%s", what, w.log.String())
		}
	}
}

// waitFor waits for a state of the stand-in.
func waitFor(t *testing.T, s *slackfake.Server, what string, done func(*slackfake.Server) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := s.Wait(ctx, done); err != nil {
		t.Fatalf("wait for %s: %v", what, err)
	}
}

// eventually asks until done says so, for what tells nobody of its changes.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for range 2000 {
		if done() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("no %s", what)
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
