package slackfake_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"github.com/oombot/oombot/bot/slackfake"
)

func text(kind, s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(kind, s, false, false)
}

// card is a message with what can be pressed: a button, two feedback buttons and a menu.
func card(t *testing.T, c *slack.Client) string {
	t.Helper()
	_, ts, err := c.PostMessageContext(t.Context(), "C0ALERTS", slack.MsgOptionBlocks(
		slack.NewSectionBlock(text("mrkdwn", "checkout ran out of memory"), nil, slack.NewAccessory(slack.NewOptionsSelectBlockElement(
			"static_select", nil, "mute", slack.NewOptionBlockObject("1h", text("plain_text", "1 hour"), nil)))),
		slack.NewActionBlock("acts", slack.NewButtonBlockElement("evidence", "i-1", text("plain_text", "Evidence"))),
		slack.NewContextActionsBlock("votes", slack.NewFeedbackButtonsBlockElement("vote",
			slack.NewFeedbackButton(text("plain_text", "Right"), "up"), slack.NewFeedbackButton(text("plain_text", "Wrong"), "down"))),
	))
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

func TestClick(t *testing.T) {
	s := start(t, slackfake.Options{})
	var mu sync.Mutex
	var got []string
	socket(t, s, func(sm *socketmode.Client, e socketmode.Event) {
		defer ack(t, sm, e)
		cb, ok := e.Data.(slack.InteractionCallback)
		if !ok {
			return
		}
		a := cb.ActionCallback.BlockActions[0]
		mu.Lock()
		defer mu.Unlock()
		got = append(got, strings.Join([]string{string(a.Type), a.ActionID, a.Value, a.SelectedOption.Value, cb.User.ID, cb.Channel.ID, cb.Container.MessageTs}, " "))
		if cb.TriggerID == "" || cb.ResponseURL == "" || cb.Message.BotID != "B0FAKE001" {
			t.Errorf("trigger %q, response URL %q, message of bot %q", cb.TriggerID, cb.ResponseURL, cb.Message.BotID)
		}
	})
	ts := card(t, client(s))
	press := func(action string, value ...string) {
		d, err := s.Click("#alerts", ts, action, "ann", value...)
		if err != nil {
			t.Fatal(err)
		}
		<-d.Done()
	}
	press("evidence")
	press("vote", "down")
	if d, err := s.SelectOption("#alerts", ts, "mute", "ben", "1h"); err != nil {
		t.Fatal(err)
	} else {
		<-d.Done()
	}
	wait(t, s, "all acknowledgements", func(s *slackfake.Server) bool {
		mu.Lock()
		defer mu.Unlock()
		return s.Settled() && len(got) == 3
	})
	want := []string{
		"button evidence i-1  U0ANN C0ALERTS " + ts, "feedback_buttons vote down  U0ANN C0ALERTS " + ts, "static_select mute  1h U0BEN C0ALERTS " + ts,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("interactions (-want +got):\n%s", diff)
	}
}

func TestClickFails(t *testing.T) {
	s := start(t, slackfake.Options{})
	ts := card(t, client(s))
	theirs, err := s.Post("ann", "#alerts", "hello")
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]func() (*slackfake.Delivery, error){
		"no such action":       func() (*slackfake.Delivery, error) { return s.Click("#alerts", ts, "nothing", "ann") },
		"no such value":        func() (*slackfake.Delivery, error) { return s.Click("#alerts", ts, "vote", "ann", "maybe") },
		"no such button value": func() (*slackfake.Delivery, error) { return s.Click("#alerts", ts, "evidence", "ann", "i-2") },
		"no such option":       func() (*slackfake.Delivery, error) { return s.SelectOption("#alerts", ts, "mute", "ann", "2h") },
		"no such channel":      func() (*slackfake.Delivery, error) { return s.Click("#nowhere", ts, "vote", "ann") },
		"no such user":         func() (*slackfake.Delivery, error) { return s.Click("#alerts", ts, "vote", "eve") },
		"no such message":      func() (*slackfake.Delivery, error) { return s.Click("#alerts", "1.2", "vote", "ann") },
		"another's message":    func() (*slackfake.Delivery, error) { return s.Click("#alerts", theirs, "vote", "ann") },
	} {
		if d, err := f(); err == nil || d != nil {
			t.Errorf("%s: it was delivered", name)
		}
	}
}

// TestModal opens a modal from a click, is refused once, and sends it.
func TestModal(t *testing.T) {
	s := start(t, slackfake.Options{})
	c := client(s)
	view := slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: "reason", PrivateMetadata: "i-1", Title: text("plain_text", "What was it?"), Submit: text("plain_text", "Send"),
		Blocks: slack.Blocks{BlockSet: []slack.Block{
			slack.NewInputBlock("cause", text("plain_text", "Cause"), nil, slack.NewOptionsSelectBlockElement("static_select", nil, "cause",
				slack.NewOptionBlockObject("leak", text("plain_text", "Leak"), nil))),
			slack.NewInputBlock("note", text("plain_text", "Note"), nil, slack.NewPlainTextInputBlockElement(nil, "note")).WithOptional(true),
		}},
	}
	refused := false
	socket(t, s, func(sm *socketmode.Client, e socketmode.Event) {
		cb, ok := e.Data.(slack.InteractionCallback)
		switch {
		case ok && cb.Type == slack.InteractionTypeBlockActions:
			ack(t, sm, e)
			if _, err := c.OpenViewContext(t.Context(), cb.TriggerID, view); err != nil {
				t.Errorf("open: %v", err)
			}
			if _, err := c.OpenViewContext(t.Context(), cb.TriggerID, view); err == nil || err.Error() != "exchanged_trigger_id" {
				t.Errorf("open again: %v; want exchanged_trigger_id", err)
			}
		case ok && cb.Type == slack.InteractionTypeViewSubmission && !refused:
			refused = true
			ack(t, sm, e, slack.NewErrorsViewSubmissionResponse(map[string]string{"note": "say more"}))
		case ok && cb.Type == slack.InteractionTypeViewSubmission:
			v := cb.View.State.Values
			if v["cause"]["cause"].SelectedOption.Value != "leak" || v["note"]["note"].Value != "a cache" || cb.View.PrivateMetadata != "i-1" {
				t.Errorf("submitted %+v with %q", v, cb.View.PrivateMetadata)
			}
			ack(t, sm, e)
		default:
			ack(t, sm, e)
		}
	})
	if _, err := s.Click("#alerts", card(t, c), "vote", "ann", "down"); err != nil {
		t.Fatal(err)
	}
	wait(t, s, "the modal", func(s *slackfake.Server) bool { return len(s.Modals("ann")) == 1 })
	id := s.Modals("ann")[0].ID
	for _, bad := range []map[string]string{{}, {"cause": "magic"}, {"cause": "leak", "color": "red"}} {
		if _, err := s.SubmitModal(id, bad); err == nil {
			t.Errorf("%v was sent", bad)
		}
	}
	d, err := s.SubmitModal(id, map[string]string{"cause": "leak"})
	if err != nil {
		t.Fatal(err)
	}
	<-d.Done()
	if diff := cmp.Diff(map[string]string{"note": "say more"}, s.Modals("ann")[0].Errors); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
	if d, err = s.SubmitModal(id, map[string]string{"cause": "leak", "note": "a cache"}); err != nil {
		t.Fatal(err)
	}
	<-d.Done()
	if n := len(s.Modals("ann")); n != 0 {
		t.Errorf("%d modals are open after the submission", n)
	}
}

func TestExpiredTrigger(t *testing.T) {
	now := time.Unix(1_760_000_000, 0)
	s := start(t, slackfake.Options{Now: func() time.Time { return now }})
	trigger := func() string {
		d, err := s.Shortcut("ann", "ask")
		if err != nil {
			t.Fatal(err)
		}
		var p struct {
			TriggerID string `json:"trigger_id"`
		}
		if err := json.Unmarshal(d.Payload(), &p); err != nil {
			t.Fatal(err)
		}
		return p.TriggerID
	}
	const view = `{"type":"modal","title":{"type":"plain_text","text":"t"},"blocks":[]}`
	open := func(id string) any {
		return api(t, s, "views.open", map[string]string{"trigger_id": id, "view": view})["error"]
	}
	id := trigger()
	now = now.Add(3 * time.Second)
	if got := open(id); got != nil {
		t.Errorf("after 3 s: %v", got)
	}
	id = trigger()
	now = now.Add(3*time.Second + time.Microsecond)
	if got := open(id); got != "expired_trigger_id" {
		t.Errorf("after more than 3 s: %v; want expired_trigger_id", got)
	}
	if got := open("nonsense"); got != "invalid_trigger_id" {
		t.Errorf("a trigger that isn't: %v; want invalid_trigger_id", got)
	}
}

// TestViews pushes, updates and closes modals, and publishes a Home tab.
func TestViews(t *testing.T) {
	s := start(t, slackfake.Options{Events: []string{"app_home_opened"}})
	view := func(title string) string {
		return `{"type":"modal","notify_on_close":true,"title":{"type":"plain_text","text":"` + title + `"},"blocks":[]}`
	}
	trigger := func() string {
		d, err := s.Shortcut("ann", "ask")
		if err != nil {
			t.Fatal(err)
		}
		var p map[string]any
		if err := json.Unmarshal(d.Payload(), &p); err != nil {
			t.Fatal(err)
		}
		return p["trigger_id"].(string)
	}
	type args = map[string]string
	expect := func(method string, a args, want any) map[string]any {
		t.Helper()
		o := api(t, s, method, a)
		if o["error"] != want {
			t.Fatalf("%s: error %v; want %v (%v)", method, o["error"], want, o["errors"])
		}
		v, _ := o["view"].(map[string]any)
		return v
	}
	expect("views.push", args{"trigger_id": trigger(), "view": view("a")}, "not_found")
	first := expect("views.open", args{"trigger_id": trigger(), "view": view("1")}, nil)
	second := expect("views.push", args{"trigger_id": trigger(), "view": view("2")}, nil)
	if second["previous_view_id"] != first["id"] || second["root_view_id"] != first["id"] {
		t.Errorf("the second modal lies on %v with root %v; want %v", second["previous_view_id"], second["root_view_id"], first["id"])
	}
	expect("views.push", args{"trigger_id": trigger(), "view": view("3")}, nil)
	expect("views.push", args{"trigger_id": trigger(), "view": view("4")}, "push_limit_reached")
	id, _ := first["id"].(string)
	hash, _ := first["hash"].(string)
	expect("views.update", args{"view_id": id, "hash": hash, "view": view("new")}, nil)
	expect("views.update", args{"view_id": id, "hash": hash, "view": view("newer")}, "hash_conflict")
	expect("views.update", args{"view_id": "V0NONE", "view": view("x")}, "not_found")
	expect("views.open", args{"trigger_id": trigger(), "view": view(strings.Repeat("t", 25))}, "invalid_arguments")
	top := s.Modals("ann")[2].ID
	if d, err := s.CloseModal(top); err != nil || d == nil {
		t.Errorf("close: %v, told %t; want the app told", err, d != nil)
	}
	if n := len(s.Modals("ann")); n != 2 {
		t.Errorf("%d modals are open; want 2", n)
	}
	const home = `{"type":"home","blocks":[{"type":"actions","elements":[{"type":"button","action_id":"more","text":{"type":"plain_text","text":"More"}}]}]}`
	expect("views.publish", args{"user_id": "U0ANN", "view": view("x")}, "invalid_arguments")
	expect("views.publish", args{"user_id": "U0ANN", "view": home}, nil)
	if err := s.OpenHome("ann"); err != nil {
		t.Fatal(err)
	}
	tab, ok := s.Home("ann")
	if !ok {
		t.Fatal("ann has no Home tab")
	}
	if _, err := s.ClickView(tab.ID, "more"); err != nil {
		t.Error(err)
	}
	all := s.Deliveries()
	if last := all[len(all)-2]; last.EventType != "app_home_opened" {
		t.Errorf("the app was told of %q; want app_home_opened", last.EventType)
	}
}

// TestAnswers drives a slash command, a shortcut and their response_url.
func TestAnswers(t *testing.T) {
	s := start(t, slackfake.Options{})
	urls := make(chan string, 2)
	socket(t, s, func(sm *socketmode.Client, e socketmode.Event) {
		switch d := e.Data.(type) {
		case slack.SlashCommand:
			if d.Command != "/oombot" || d.Text != "investigate shop/checkout" || d.UserID != "U0ANN" || d.ChannelID != "C0ALERTS" {
				t.Errorf("slash command %+v", d)
			}
			ack(t, sm, e, map[string]any{"text": "on it"})
			urls <- d.ResponseURL
		case slack.InteractionCallback:
			if d.Type != slack.InteractionTypeMessageAction || d.CallbackID != "investigate_message" || d.Message.Text != "it died" {
				t.Errorf("shortcut %+v", d)
			}
			ack(t, sm, e)
			urls <- d.ResponseURL
		default:
			ack(t, sm, e)
		}
	})
	if _, err := s.Slash("ann", "#alerts", "/oombot", "investigate shop/checkout"); err != nil {
		t.Fatal(err)
	}
	url := <-urls
	respond := func(body string, want int) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewBufferString(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("answer %q: status %d; want %d", body, resp.StatusCode, want)
		}
	}
	respond(`{"text":"for all","response_type":"in_channel"}`, http.StatusOK)
	respond(`{"text":""}`, http.StatusBadRequest)
	respond(`{"blocks":[{"type":"alert"}]}`, http.StatusBadRequest)
	respond(`nonsense`, http.StatusBadRequest)
	respond(`{"text":"for ann"}`, http.StatusOK)
	respond(`{"text":"a sixth"}`, http.StatusNotFound)
	url = s.URL() + "/response/none"
	respond(`{"text":"x"}`, http.StatusNotFound)
	wait(t, s, "the answers", func(s *slackfake.Server) bool {
		return len(s.Ephemerals("#alerts", "ann")) == 2 && len(s.Messages("#alerts")) == 1
	})

	ts, err := s.Post("ben", "#alerts", "it died")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.MessageShortcut("ann", "#alerts", ts, "investigate_message"); err != nil {
		t.Fatal(err)
	}
	<-urls
}

// TestReplaceOriginal edits and deletes what a button was on.
func TestReplaceOriginal(t *testing.T) {
	s := start(t, slackfake.Options{})
	ts := card(t, client(s))
	for _, body := range []string{`{"replace_original":true,"text":"done","blocks":[]}`, `{"delete_original":true}`} {
		d, err := s.Click("#alerts", ts, "evidence", "ann")
		if err != nil {
			t.Fatal(err)
		}
		var p struct {
			ResponseURL string `json:"response_url"`
		}
		if err := json.Unmarshal(d.Payload(), &p); err != nil {
			t.Fatal(err)
		}
		if err := slack.PostWebhookContext(t.Context(), p.ResponseURL, &slack.WebhookMessage{Text: "unused"}); err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.ResponseURL, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(resp.Body.Close()); err != nil || resp.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d, %v", body, resp.StatusCode, err)
		}
		m, there := s.Message("#alerts", ts)
		if replaced := strings.Contains(body, "replace"); there != replaced || replaced && m.Text != "done" {
			t.Errorf("after %s the message is %+v, there %t", body, m, there)
		}
		if there {
			ts = card(t, client(s))
		}
	}
}
