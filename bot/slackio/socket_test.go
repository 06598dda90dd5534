package slackio

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/slackfake"
)

// listen runs a Socket until the test ends or stop is called.
func listen(t *testing.T, s *slackfake.Server, w *world, token func() (string, error)) (socket *Socket, stop func()) {
	t.Helper()
	c := clientOf(s)
	socket = NewSocket(SocketOptions{Intake: w.intake(c.Self), Token: token, API: s.APIURL(), Timeout: 5 * time.Second})
	socket.look = 50 * time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		socket.Run(ctx)
	}()
	stop = func() {
		cancel()
		<-ended
	}
	t.Cleanup(stop)
	return socket, stop
}

// exercise does in a workspace what people and bots do, and looks at what arrives.
func exercise(t *testing.T, s *slackfake.Server, c *Client, w *world) {
	t.Helper()
	ts, err := s.Mention("U0ANN", "C0OPS", "investigate shop/checkout")
	must(t, err)
	alert, err := s.PostAs("C0OPS", slackfake.BotPost{Bot: "B0PAGER", Attachments: json.RawMessage(`[{"title":"[FIRING:1] OOM","title_link":"https://am.example","fields":[{"title":"pod","value":"api-1"}]}]`)})
	must(t, err)
	must(t, s.Edit("C0OPS", alert, slackfake.Version{Text: "done", Attachments: json.RawMessage(`[{"title":"[RESOLVED] OOM"}]`)}))
	must(t, s.React("U0ANN", "C0OPS", ts, "+1"))
	must(t, s.OpenHome("U0ANN"))
	card, err := c.Post(t.Context(), bot.Post{Key: "card", Channel: "C0OPS", Thread: ts, Message: bot.Message{Text: "card", Blocks: []slack.Block{
		slack.NewActionBlock("b", slack.NewButtonBlockElement(bot.ActionRerun, "01JABC", slack.NewTextBlockObject("plain_text", "Re-run", false, false))),
	}}})
	must(t, err)
	must(t, c.Update(t.Context(), "C0OPS", card, bot.Message{Text: "card 2", Blocks: []slack.Block{
		slack.NewActionBlock("b", slack.NewButtonBlockElement(bot.ActionRerun, "01JABC", slack.NewTextBlockObject("plain_text", "Re-run", false, false))),
	}}))
	_, err = s.Click("C0OPS", card, bot.ActionRerun, "U0ANN")
	must(t, err)
	_, err = s.Slash("U0ANN", "C0OPS", "/oombot", "help")
	must(t, err)
	_, err = s.MessageShortcut("U0ANN", "C0OPS", alert, bot.ShortcutAlert)
	must(t, err)
	waitFor(t, s, "acknowledgements", func(s *slackfake.Server) bool { return s.Settled() })

	w.until(t, "told press", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return len(w.presses) == 1 })
	for _, d := range s.Deliveries() {
		if !d.Acked() || len(d.Ack()) != 0 {
			t.Errorf("%s %s: acknowledged %t with %q", d.Type, d.EventType, d.Acked(), d.Ack())
		}
	}
	counts := map[bot.EventKind]int{
		bot.EventMessage: 2, bot.EventEdited: 1, bot.EventReaction: 1, bot.EventHome: 1, bot.EventPress: 1, bot.EventCommand: 1, bot.EventShortcut: 1,
	}
	for kind, want := range counts {
		if got := w.of(kind); len(got) != want {
			t.Errorf("%d of %s, want %d: %+v", len(got), kind, want, got)
		}
	}
	for _, e := range w.of(bot.EventMessage) {
		if e.Author == nil && (e.Text != "investigate shop/checkout" || !e.Addressed || e.User != "U0ANN") {
			t.Errorf("mention %+v", e)
		}
		if e.Author != nil && (e.Text != "[FIRING:1] OOM\npod: api-1" || e.Author.BotID != "B0PAGER" || e.Addressed) {
			t.Errorf("alert %+v", e)
		}
	}
	if !strings.HasPrefix(w.presses[0], bot.ActionRerun+" 01JABC ") {
		t.Errorf("press %v", w.presses)
	}
	all := w.stored(t) + w.log.String()
	for _, never := range []string{botToken, appToken, secret, "trigger_id", "response_url", strings.Fields(w.presses[0])[2]} {
		if strings.Contains(all, never) {
			t.Errorf("%q is stored or logged", never)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestSocketMode(t *testing.T) {
	s, w := workspace(t, slackfake.Options{}), newWorld()
	socket, stop := listen(t, s, w, given(appToken))
	eventually(t, "connection", socket.Connected)
	exercise(t, s, clientOf(s), w)
	stop()
	if socket.Connected() {
		t.Error("connected after its end")
	}
	if got := w.log.String(); strings.Contains(got, "level=WARN") || strings.Contains(got, "level=ERROR") {
		t.Errorf("the log:\n%s", got)
	}
}

// TestReconnects has connections end in every way, and holds that Connected tells the truth.
func TestReconnects(t *testing.T) {
	s, w := workspace(t, slackfake.Options{}), newWorld()
	socket, _ := listen(t, s, w, given(appToken))
	for i, end := range []func(){
		func() { s.Disconnect("refresh_requested") }, s.Drop, func() { s.Disconnect(slackfake.Warning) },
		func() { s.SetDown(slackfake.Silent) }, func() { s.SetDown(slackfake.Failing) },
	} {
		eventually(t, "connection", socket.Connected)
		waitFor(t, s, "a connection", func(s *slackfake.Server) bool { return s.Connections() > 0 })
		end()
		if i >= 3 {
			eventually(t, "loss", func() bool { return !socket.Connected() })
		}
		s.SetDown(slackfake.Up)
		_, err := s.Mention("U0ANN", "C0OPS", fmt.Sprintf("investigate shop/n%d", i))
		must(t, err)
		w.until(t, "mention", func() bool { return len(w.of(bot.EventMessage)) == i+1 })
	}
}

// TestFullDisk holds that nothing is acknowledged that could not be written, and that it comes again.
func TestFullDisk(t *testing.T) {
	s, w := workspace(t, slackfake.Options{AckTimeout: 200 * time.Millisecond, MaxRetries: 100}), newWorld()
	socket, _ := listen(t, s, w, given(appToken))
	eventually(t, "connection", socket.Connected)
	w.set(func() { w.broken = true })
	_, err := s.Mention("U0ANN", "C0OPS", "investigate shop/checkout")
	must(t, err)
	w.until(t, "second attempt", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return w.puts >= 4 })
	for _, d := range s.Deliveries() {
		if d.Acked() {
			t.Errorf("%s was acknowledged", d.EventType)
		}
	}
	if n := strings.Count(w.log.String(), errFull.Error()); n != 1 {
		t.Errorf("logged %d times:\n%s", n, w.log.String())
	}
	w.set(func() { w.broken = false })
	waitFor(t, s, "acknowledgements", func(s *slackfake.Server) bool { return s.Settled() })
	if got := w.of(bot.EventMessage); len(got) != 1 {
		t.Errorf("%+v", got)
	}
}

// TestMalformedEnvelopes holds that what the library refuses is read as far as it goes, and acknowledged.
func TestMalformedEnvelopes(t *testing.T) {
	s, w := workspace(t, slackfake.Options{}), newWorld()
	socket, _ := listen(t, s, w, given(appToken))
	eventually(t, "connection", socket.Connected)
	_, err := s.PostAs("C0OPS", slackfake.BotPost{Bot: "B0PAGER", Text: "[FIRING] OOM", Blocks: json.RawMessage(`[{"type":"section","text":"pod: api-1"},{"type":"actions","elements":{"no":"list"}}]`)})
	must(t, err)
	frames := []*slackfake.Delivery{
		s.Raw("e-type", []byte(`{"envelope_id":"e-type","type":"of_next_year","payload":{}}`)),
		s.Raw("e-none", []byte(`{"envelope_id":"e-none","type":"events_api"}`)),
		s.Raw("e-list", []byte(`{"envelope_id":"e-list","type":"interactive","payload":[1,2]}`)),
		s.Raw("e-retry", []byte(`{"envelope_id":"e-retry","type":"events_api","retry_attempt":"x","payload":{"event":{"type":"message","channel":"C0OPS","user":"U0ANN","text":"loose","ts":"1700000000.000100"}}}`)),
		s.Raw("e-view", []byte(`{"envelope_id":"e-view","type":"interactive","payload":{"type":"view_submission","user":{"id":"U0ANN"},"view":{"id":"V1","blocks":"none"}}}`)),
	}
	for _, d := range frames {
		select {
		case <-d.Done():
		case <-time.After(20 * time.Second):
		}
		if !d.Acked() {
			t.Errorf("%s was not acknowledged; the log:\n%s", d.EnvelopeID, w.log.String())
		}
	}
	waitFor(t, s, "acknowledgements", func(s *slackfake.Server) bool { return s.Settled() })
	var texts []string
	for _, e := range w.of(bot.EventMessage) {
		texts = append(texts, e.Text)
	}
	if len(texts) != 2 || !strings.Contains(strings.Join(texts, "|"), "[FIRING] OOM\npod: api-1") {
		t.Errorf("%q", texts)
	}
	if len(w.of(bot.EventForm)) != 1 {
		t.Error("the dialog is missing")
	}
}

// TestRevokedToken holds that a token that is refused is told of once, with what to do, and that a new one in the file is
// found without a restart.
func TestRevokedToken(t *testing.T) {
	s, w := workspace(t, slackfake.Options{}), newWorld()
	file := &tokenFile{token: "xapp-1-A111-wrong-tokentokentoken"}
	socket, _ := listen(t, s, w, file.read)
	eventually(t, "log line", func() bool { return strings.Contains(w.log.String(), "SLACK_APP_TOKEN") })
	if socket.Connected() {
		t.Error("connected without a token")
	}
	file.write(appToken)
	eventually(t, "connection", socket.Connected)
	got := w.log.String()
	if n := strings.Count(got, "level=ERROR"); n != 1 {
		t.Errorf("%d errors in the log:\n%s", n, got)
	}
	if strings.Contains(got, "tokentokentoken") || strings.Contains(got, appToken) {
		t.Errorf("a token is in the log:\n%s", got)
	}
}

// TestStopsWithWhatIsInHand holds that the end waits for what is being written, and that it is acknowledged.
func TestStopsWithWhatIsInHand(t *testing.T) {
	s, w := workspace(t, slackfake.Options{Events: []string{"app_mention"}}), newWorld()
	socket, stop := listen(t, s, w, given(appToken))
	eventually(t, "connection", socket.Connected)
	blocked := make(chan struct{})
	w.set(func() { w.blocked = blocked })
	_, err := s.Mention("U0ANN", "C0OPS", "investigate shop/checkout")
	must(t, err)
	eventually(t, "write", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return w.puts == 1 })
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		stop()
	}()
	eventually(t, "end of the connection", func() bool { return !socket.Connected() })
	select {
	case <-stopped:
		t.Error("it did not wait")
	default:
	}
	close(blocked)
	<-stopped
	if d := s.Deliveries(); len(d) != 1 || !d[0].Acked() {
		t.Errorf("%d deliveries, not acknowledged", len(d))
	}
}

// TestManyAtOnce sends more than are dealt with at a time, while the inbox hangs for a moment.
func TestManyAtOnce(t *testing.T) {
	s, w := workspace(t, slackfake.Options{Events: []string{"message.channels"}}), newWorld()
	socket, _ := listen(t, s, w, given(appToken))
	eventually(t, "connection", socket.Connected)
	blocked := make(chan struct{})
	w.set(func() { w.blocked = blocked })
	const many = 400
	for i := range many {
		_, err := s.Post("U0ANN", "C0OPS", fmt.Sprintf("message %d", i))
		must(t, err)
	}
	eventually(t, "full set of workers", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return w.puts >= maxWorkers })
	w.mu.Lock()
	puts := w.puts
	w.mu.Unlock()
	if puts != maxWorkers {
		t.Errorf("%d at a time", puts)
	}
	close(blocked)
	waitFor(t, s, "acknowledgements", func(s *slackfake.Server) bool { return s.Settled() })
	if got := len(w.of(bot.EventMessage)); got != many {
		t.Errorf("%d of %d arrived", got, many)
	}
	if !socket.Connected() {
		t.Error("the connection was lost")
	}
}
