package desk_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/alerts"
	"github.com/oombot/oombot/bot/desk"
	"github.com/oombot/oombot/bot/slackfake"
	"github.com/oombot/oombot/bot/slackio"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/bolt"
)

// workspace is a desk with all that is real here: a file of memory, the sockets and calls of the Slack client against
// the stand-in, and a webhook server.
type workspace struct {
	*bench
	slack *slackfake.Server
	hooks *httptest.Server
	path  string
}

// openWorkspace begins one in a folder; it goes on with what is in the folder.
func openWorkspace(t testing.TB, slackServer *slackfake.Server, path string, c *cluster, change ...func(*desk.Options)) *workspace {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	store, err := bolt.Open(path, bolt.Options{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	c.keeper = memory.NewKeeper(store, time.Now)
	botToken, appToken := slackServer.Tokens()
	ctx, cancel := context.WithCancel(context.Background())
	d, socket, mux, err := wire(ctx, slackServer.APIURL(), func(app bool) string {
		if app {
			return appToken
		}
		return botToken
	}, desk.Options{Investigator: c, Store: store, Recaller: memory.NewRecaller(store), Log: log, StartsPerMinute: 1000}, change...)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{}, 2)
	go func() { socket.Run(ctx); ended <- struct{}{} }()
	go func() {
		if err := d.Run(ctx); err != nil {
			t.Error(err)
		}
		ended <- struct{}{}
	}()
	w := &workspace{bench: &bench{Desk: d, cluster: c, store: store}, slack: slackServer, hooks: httptest.NewServer(mux), path: path}
	w.stop = func() {
		w.hooks.Close()
		cancel()
		<-ended
		<-ended
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
	return w
}

// wire makes a desk with the Slack client, its sockets, and webhooks of Alertmanager. token is the bot's or the app's.
func wire(
	ctx context.Context, slackURL string, token func(app bool) string, o desk.Options, change ...func(*desk.Options),
) (*desk.Desk, *slackio.Socket, *http.ServeMux, error) {
	client := slackio.NewClient(slackio.ClientOptions{Token: func() (string, error) { return token(false), nil }, API: slackURL})
	o.Slack = client
	d, err := load(ctx, o, change...)
	if err != nil {
		return nil, nil, nil, err
	}
	socket := slackio.NewSocket(slackio.SocketOptions{
		Intake: &slackio.Intake{Inbox: o.Store, To: d, Self: client.Self, Log: o.Log}, Token: func() (string, error) { return token(true), nil }, API: slackURL,
	})
	mux := http.NewServeMux()
	mux.Handle("/webhooks/alertmanager", alerts.Alertmanager(alerts.Options{Inbox: o.Store, To: d, Channel: "C1", Log: o.Log}, func() (string, error) { return "", nil }, true))
	return d, socket, mux, nil
}

func newSlack(t testing.TB, o slackfake.Options) *slackfake.Server {
	t.Helper()
	s := slackfake.New(o)
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	s.AddUser(slackfake.User{ID: "U1", Name: "ada"})
	s.AddChannel(slackfake.Channel{ID: "C1", Name: "incidents", Members: []string{"U1"}})
	if err := s.Invite("C1"); err != nil {
		t.Fatal(err)
	}
	return s
}

func newCluster() *cluster {
	return &cluster{results: map[string]*investigations.Result{}, runs: map[string]int{}, took: 50 * time.Millisecond}
}

// alertmanager sends a webhook of one alert for each pod.
func (w *workspace) alertmanager(t testing.TB, status string, pods ...string) {
	t.Helper()
	if err := postAlerts(t.Context(), w.hooks.URL, status, pods...); err != nil {
		t.Fatal(err)
	}
}

func postAlerts(ctx context.Context, url, status string, pods ...string) error {
	var list []string
	for _, pod := range pods {
		list = append(list, fmt.Sprintf(`{"status": %q, "labels": {"alertname": "ContainerOOMKilled", "namespace": "shop", "pod": %q}, "annotations": {},
			"startsAt": "2026-03-04T02:17:09Z", "endsAt": "0001-01-01T00:00:00Z", "fingerprint": "%x"}`, status, pod, pod))
	}
	body := fmt.Sprintf(`{"version": "4", "groupKey": "{}:{}", "status": %q, "receiver": "oombot", "alerts": [%s]}`, status, strings.Join(list, ","))
	_, err := call(ctx, http.MethodPost, url+"/webhooks/alertmanager", strings.NewReader(body))
	return err
}

// wait waits until the stand-in shows what is wanted.
func wait(t testing.TB, s *slackfake.Server, what string, done func(*slackfake.Server) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	if err := s.Wait(ctx, done); err != nil {
		var b strings.Builder
		_ = s.Dump(&b)
		t.Fatalf("%s: %v\n%s", what, err, b.String())
	}
}

func cards(s *slackfake.Server) int {
	n := 0
	for _, m := range s.Messages("C1") {
		if strings.Contains(string(m.Blocks), bot.ActionUp) {
			n++
		}
	}
	return n
}

// TestWorkspace has a person ask, vote, ask on, and an alert come and go, all over the wire.
func TestWorkspace(t *testing.T) {
	s := newSlack(t, slackfake.Options{})
	c := newCluster()
	b := &bench{cluster: c}
	b.leak()
	b.verdict("shop", "cart", "cart-7c9d8f6b5-x2x4p", "n2", investigations.CauseLoadSpike, investigations.BoundaryContainer, nil)
	w := openWorkspace(t, s, filepath.Join(t.TempDir(), "memory.db"), c)
	defer w.stop()

	root, err := s.Mention("U1", "C1", "investigate shop/checkout")
	if err != nil {
		t.Fatal(err)
	}
	wait(t, s, "a verdict", func(s *slackfake.Server) bool { return cards(s) == 1 && len(s.Files()) >= 2 })
	thread := s.Replies("C1", root)
	if len(thread) < 2 {
		t.Fatalf("the thread has %d messages, want the card in it", len(thread))
	}
	card := thread[1]

	w.thumbsDown(t, card.TS)

	// A question in the thread needs no mention.
	before := len(s.Replies("C1", root))
	if _, err := s.Post("U1", "C1", "why is it a leak?", root); err != nil {
		t.Fatal(err)
	}
	wait(t, s, "an answer", func(s *slackfake.Server) bool { return len(s.Replies("C1", root)) == before+2 })

	// An alert gets a thread of its own, which says when it is over.
	w.alertmanager(t, "firing", "cart-7c9d8f6b5-x2x4p")
	wait(t, s, "the alert's verdict", func(s *slackfake.Server) bool { return cards(s) == 2 })
	w.alertmanager(t, "resolved", "cart-7c9d8f6b5-x2x4p")
	wait(t, s, "that it is over", func(s *slackfake.Server) bool {
		for _, m := range s.Messages("C1") {
			if strings.Contains(string(m.Blocks), "cart-7c9d8f6b5-x2x4p") && strings.Contains(strings.ToLower(string(m.Blocks)), "resolved") {
				return true
			}
		}
		return false
	})
	if err := s.OpenHome("U1"); err != nil {
		t.Fatal(err)
	}
	wait(t, s, "the home", func(s *slackfake.Server) bool {
		v, ok := s.Home("U1")
		return ok && strings.Contains(string(v.JSON), "it was leak")
	})
	if gap, ok := s.TightestGap(); ok && gap < time.Second {
		t.Errorf("two posts to a channel were %s apart", gap)
	}
	for _, c := range s.Calls() {
		if c.Error != "" && c.Error != "already_reacted" {
			t.Errorf("%s was answered %s: %v", c.Method, c.Error, c.Args)
		}
	}
}

// thumbsDown has a person say that a verdict is wrong: that opens a dialog at once, and what is filled in counts.
func (w *workspace) thumbsDown(t *testing.T, card string) {
	t.Helper()
	s := w.slack
	if _, err := s.Click("C1", card, bot.ActionDown, "U1"); err != nil {
		t.Fatal(err)
	}
	wait(t, s, "a dialog", func(s *slackfake.Server) bool { return len(s.Modals("U1")) == 1 })
	if _, err := s.SubmitModal(s.Modals("U1")[0].ID, map[string]string{bot.InputCause: "load_spike", bot.InputNote: "the import"}); err != nil {
		t.Fatal(err)
	}
	wait(t, s, "the word that it counts", func(s *slackfake.Server) bool {
		for _, m := range s.Ephemerals("C1", "U1") {
			if strings.Contains(m.Text, "load") {
				return true
			}
		}
		return false
	})
	trace, err := w.store.Trace(t.Context(), w.cluster.results[pod].ID)
	if err != nil {
		t.Fatal(err)
	}
	if f := trace.Feedback[len(trace.Feedback)-1]; f.Vote != investigations.VoteDown || f.Cause != investigations.CauseLoadSpike || f.By != "U1" {
		t.Errorf("the feedback is %+v", f)
	}
}

// TestAlertBots has an alert bot post, edit its post, and another bot post what is none.
func TestAlertBots(t *testing.T) {
	s := newSlack(t, slackfake.Options{})
	alertBot := s.AddBot(slackfake.Bot{ID: "BALERT", AppID: "AALERT", UserID: "UALERT", Name: "Alertmanager"})
	c := newCluster()
	b := &bench{cluster: c}
	b.leak()
	w := openWorkspace(t, s, filepath.Join(t.TempDir(), "memory.db"), c)
	defer w.stop()
	attachment := func(state string) []byte {
		return fmt.Appendf(nil, `[{"color": "danger", "title": "[%s] ContainerOOMKilled (shop %s checkout)", "title_link": "http://am.example.com/#/alerts?receiver=oombot", "fallback": "x"}]`, state, pod)
	}
	ts, err := s.PostAs("C1", slackfake.BotPost{Bot: alertBot, Attachments: attachment("FIRING:1")})
	if err != nil {
		t.Fatal(err)
	}
	wait(t, s, "a verdict in the alert's thread", func(s *slackfake.Server) bool { return cards(s) == 1 && len(s.Replies("C1", ts)) > 1 })
	if err := s.Edit("C1", ts, slackfake.Version{Attachments: attachment("RESOLVED")}); err != nil {
		t.Fatal(err)
	}
	wait(t, s, "that it is over", func(s *slackfake.Server) bool {
		return strings.Contains(strings.ToLower(string(s.Replies("C1", ts)[1].Blocks)), "resolved")
	})
	if n := cards(s); n != 1 {
		t.Errorf("after an edit there are %d verdicts, want 1", n)
	}
}
