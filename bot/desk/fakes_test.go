package desk_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/desk"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/memorytest"
)

// room is a workspace of channels in memory. It does what bot.Slack asks, at once, and notes when.
type room struct {
	mu       sync.Mutex
	messages []*message
	private  []private
	files    []bot.File
	homes    map[string][]slack.Block
	dialogs  []slack.ModalViewRequest
	people   map[string]bot.Person
	groups   map[string][]string
	// posts are messages of others that can be read, by channel and ts.
	posts map[string]string
	edits int
	// fail answers a call; nil lets it through. lose lets it through and loses the answer.
	fail func(method, channel string) error
	lose func(method string) bool
	// slow is how long a post takes.
	slow func(p bot.Post) time.Duration
	// refuse says that Slack can't read a message.
	refuse func(m bot.Message) bool
}

type message struct {
	bot.Post
	ts    string
	at    time.Time
	edits []bot.Message
	gone  bool
}

type private struct {
	channel, thread, user string
	bot.Message
}

func (r *room) check(method, channel string) error {
	if r.fail != nil {
		return r.fail(method, channel)
	}
	return nil
}

func (r *room) Post(_ context.Context, p bot.Post) (string, error) {
	r.mu.Lock()
	slow := r.slow
	r.mu.Unlock()
	if slow != nil {
		time.Sleep(slow(p))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.check("post", p.Channel); err != nil {
		return "", err
	}
	if r.refuse != nil && r.refuse(p.Message) {
		return "", &bot.SlackError{Fault: bot.FaultRefused, Method: "post", Reason: "invalid_blocks"}
	}
	m := &message{Post: p, ts: fmt.Sprintf("%d.%06d", 1_700_000_000+len(r.messages), len(r.messages)), at: time.Now()}
	r.messages = append(r.messages, m)
	if r.lose != nil && r.lose("post") {
		return "", &bot.SlackError{Fault: bot.FaultDown, Method: "post", Reason: "connection reset"}
	}
	return m.ts, nil
}

func (r *room) Update(_ context.Context, channel, ts string, m bot.Message) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.check("update", channel); err != nil {
		return err
	}
	if r.refuse != nil && r.refuse(m) {
		return &bot.SlackError{Fault: bot.FaultRefused, Method: "update", Reason: "invalid_blocks"}
	}
	r.edits++
	for _, old := range r.messages {
		if old.Channel == channel && old.ts == ts && !old.gone {
			old.edits = append(old.edits, old.Message)
			old.Message = m
			return nil
		}
	}
	return &bot.SlackError{Fault: bot.FaultMessage, Method: "update", Reason: "message_not_found"}
}

func (r *room) Ephemeral(_ context.Context, channel, thread, user string, m bot.Message) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.check("ephemeral", channel); err != nil {
		return err
	}
	r.private = append(r.private, private{channel, thread, user, m})
	return nil
}

func (r *room) Upload(_ context.Context, f bot.File) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.check("upload", f.Channel); err != nil {
		return "", err
	}
	r.files = append(r.files, f)
	return fmt.Sprintf("F%d", len(r.files)), nil
}

func (r *room) Sent(_ context.Context, key, channel, _ string, _ time.Time) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.check("sent", channel); err != nil {
		return "", err
	}
	for _, m := range r.messages {
		if m.Key == key && m.Channel == channel {
			return m.ts, nil
		}
	}
	return "", nil
}

func (r *room) Read(_ context.Context, channel, ts string) (bot.Event, error) {
	if text, ok := r.posts[channel+ts]; ok {
		return bot.Event{Kind: bot.EventMessage, Channel: channel, TS: ts, Text: text, At: time.Now()}, nil
	}
	return bot.Event{}, &bot.SlackError{Fault: bot.FaultMessage, Method: "read", Reason: "message_not_found"}
}

func (r *room) React(context.Context, string, string, string) error  { return nil }
func (r *room) Status(context.Context, string, string, string) error { return nil }

func (r *room) Permalink(_ context.Context, channel, ts string) (string, error) {
	return "https://example.slack.com/archives/" + channel + "/p" + strings.ReplaceAll(ts, ".", ""), nil
}

func (r *room) Open(_ context.Context, trigger string, v slack.ModalViewRequest) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if trigger == "" {
		return errors.New("no trigger")
	}
	r.dialogs = append(r.dialogs, v)
	return nil
}

func (r *room) PublishHome(_ context.Context, user string, blocks []slack.Block) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.homes == nil {
		r.homes = map[string][]slack.Block{}
	}
	r.homes[user] = blocks
	return nil
}

func (r *room) Person(_ context.Context, user string) (bot.Person, error) {
	if p, ok := r.people[user]; ok {
		return p, nil
	}
	return bot.Person{ID: user}, nil
}

func (r *room) Members(_ context.Context, group string) ([]string, error) {
	return r.groups[group], nil
}

// roots are the messages of a channel that begin a thread; cards are those that can be voted on.
func (r *room) roots(channel string) []*message {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []*message
	for _, m := range r.messages {
		if m.Channel == channel && m.Thread == "" {
			shown := *m
			out = append(out, &shown)
		}
	}
	return out
}

// all are the messages as they are now.
func (r *room) all() []*message {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []*message
	for _, m := range r.messages {
		shown := *m
		out = append(out, &shown)
	}
	return out
}

func (r *room) whispers() []private {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.private)
}

// shows is all that a message shows, as JSON.
func shows(m bot.Message) string {
	b, err := json.Marshal(m.Blocks)
	if err != nil {
		return err.Error()
	}
	return m.Text + string(b)
}

// bench is a desk at work.
type bench struct {
	*desk.Desk
	room    *room
	cluster *cluster
	store   memory.Store
	stop    func()
	// crash is as stop; what could not be written at the end is as if the program had been killed.
	crash func()
	n     int
}

// verdict adds something that can be investigated.
func (b *bench) verdict(ns, workload, pod, node string, cause investigations.Cause, boundary investigations.Boundary, change func(*investigations.Result)) {
	res := memorytest.Trace(7, len(b.cluster.results)).Result
	r := &res
	r.At = time.Now().Add(-time.Minute)
	r.ID = investigations.KillID(r.At, ns+pod)
	r.Precedents = nil
	r.Target = investigations.Target{Namespace: ns, Workload: "deployment/" + workload, Pod: pod, Container: "main", Node: node}
	r.Verdict.Cause, r.Verdict.Boundary = cause, boundary
	r.Verdict.Headline = "it was " + string(cause) + " in " + pod
	r.Verdict.Victim = &investigations.Party{Namespace: ns, Pod: pod, Container: "main", Node: node}
	r.Verdict.Change, r.Verdict.Culprit = nil, nil
	r.LLM.EndedBy = "off"
	if change != nil {
		change(r)
	}
	b.cluster.mu.Lock()
	b.cluster.results[pod] = r
	b.cluster.mu.Unlock()
}

// load makes a desk that goes on with what is stored. Where nothing else is said, it has one channel, in which alerts start
// investigations.
func load(ctx context.Context, o desk.Options, change ...func(*desk.Options)) (*desk.Desk, error) {
	o.Policy = desk.Policy{Channels: map[string]desk.Channel{"C1": {Auto: true}}}
	for _, f := range change {
		f(&o)
	}
	d, err := desk.New(o)
	if err != nil {
		return nil, err
	}
	return d, d.Load(ctx)
}

// start begins a desk over what is stored; it ends with the test.
func (b *bench) start(t *testing.T, change ...func(*desk.Options)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	d, err := load(ctx, desk.Options{
		Slack: b.room, Investigator: b.cluster, Store: b.store, Recaller: memory.NewRecaller(b.store),
		Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})),
	}, change...)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	b.Desk = d
	b.crash = func() {
		cancel()
		if err := <-done; err != nil {
			t.Logf("what could not be written: %v", err)
		}
		b.stop = nil
	}
	b.stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// atWork runs a test with a desk, in a bubble of its own time.
func atWork(t *testing.T, test func(t *testing.T, b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		store := memorytest.New(time.Now)
		b := &bench{room: &room{}, store: store}
		b.cluster = &cluster{results: map[string]*investigations.Result{}, runs: map[string]int{}, took: 300 * time.Millisecond, keeper: memory.NewKeeper(store, time.Now)}
		test(t, b)
		if b.stop != nil {
			b.stop()
		}
	})
}

// receive is what comes from outside: into the inbox, as a receiver does it.
func (b *bench) receive(t *testing.T, e bot.Event) {
	t.Helper()
	b.n++
	if e.At.IsZero() {
		e.At = time.Now()
	}
	if err := bot.Accept(t.Context(), b.store, b, fmt.Sprintf("test/%d/%d", time.Now().UnixNano(), b.n), e); err != nil {
		t.Fatal(err)
	}
}

// alert is a webhook of one alert for a pod.
func (b *bench) alert(t *testing.T, ns, pod string, change ...func(*bot.Alert)) {
	t.Helper()
	a := bot.Alert{
		Source: bot.SourceAlertmanager, Group: "{}", ID: pod + time.Now().String(), Name: "ContainerOOMKilled", Title: pod + " was OOMKilled",
		StartsAt: time.Now(), Memory: true, Targets: []investigations.Target{{Namespace: ns, Pod: pod}},
	}
	for _, f := range change {
		f(&a)
	}
	b.receive(t, bot.Event{Kind: bot.EventAlerts, Channel: "C1", Alerts: []bot.Alert{a}})
}

// settle lets all that is to happen within d happen.
func settle(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
