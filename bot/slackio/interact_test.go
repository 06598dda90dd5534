package slackio

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/bot"
)

const (
	trigger     = "9988.7766.triggertriggertrigger"
	responseURL = "https://hooks.slack.example/actions/T1/1/secretsecret"
)

func blockActions(container, actions string) string {
	return `{"type":"block_actions","team":{"id":"T1"},"user":{"id":"U1","team_id":"T1"},"api_app_id":"A0ME","token":"legacytoken","trigger_id":"` + trigger +
		`","response_url":"` + responseURL + `",` + container + `,"actions":[` + actions + `]}`
}

const inMessage = `"container":{"type":"message","message_ts":"1700000000.000100","channel_id":"C1","thread_ts":"1699999999.000000"},"channel":{"id":"C1","name":"x"},"message":{"ts":"1700000000.000100"}`

func TestPresses(t *testing.T) {
	tests := []struct {
		name, actions, value string
	}{
		{"a button", `{"type":"button","action_id":"rerun","value":"01J","action_ts":"1700000001.000000"}`, "01J"},
		{"feedback buttons", `{"type":"feedback_buttons","action_id":"rerun","value":"up","action_ts":"1700000001.000000"}`, "up"},
		{"a menu", `{"type":"static_select","action_id":"rerun","selected_option":{"text":{"text":"x"},"value":"v"},"action_ts":"1700000001.000000"}`, "v"},
		{"an overflow menu", `{"type":"overflow","action_id":"rerun","selected_option":{"value":"o"},"action_ts":"1700000001.000000"}`, "o"},
		{"check boxes", `{"type":"checkboxes","action_id":"rerun","selected_options":[{"value":"a"},{"value":"b"}],"action_ts":"1700000001.000000"}`, "a,b"},
		{"a choice of a person", `{"type":"users_select","action_id":"rerun","selected_user":"U7","action_ts":"1700000001.000000"}`, "U7"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := fromInteraction(me, mustObject(t, blockActions(inMessage, tt.actions)), now)
			want := bot.Event{
				Kind: bot.EventPress, At: tsTime("1700000001.000000"), Team: "T1", Channel: "C1", User: "U1", TS: "1700000000.000100",
				ThreadTS: "1699999999.000000", Press: &bot.Press{Action: "rerun", Value: tt.value},
			}
			if len(got) != 1 {
				t.Fatalf("%d events", len(got))
			}
			if diff := cmp.Diff(want, got[0].event); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got[0].key != "slack/press/C1/1700000000.000100/rerun/U1/1700000001.000000" || got[0].trigger != trigger {
				t.Errorf("key %q, trigger %q", got[0].key, got[0].trigger)
			}
		})
	}
}

func TestPressInAView(t *testing.T) {
	in := blockActions(`"container":{"type":"view","view_id":"V1"},"view":{"id":"V1"}`, `{"action_id":"a","value":"1","action_ts":"1700000001.000000"},{"action_id":"b","value":"2","action_ts":"1700000001.000000"},{"value":"no id"}`)
	got := fromInteraction(me, mustObject(t, in), now)
	var keys []string
	for _, f := range got {
		keys = append(keys, f.key)
	}
	want := []string{"slack/press/V1/-/a/U1/1700000001.000000", "slack/press/V1/-/b/U1/1700000001.000000"}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Error(diff)
	}
}

func TestForm(t *testing.T) {
	in := `{"type":"view_submission","team":{"id":"T1"},"user":{"id":"U1"},"trigger_id":"` + trigger + `","view":{"id":"V1","hash":"1.h","callback_id":"feedback","private_metadata":"01JABCDEFGHJKMNPQRSTVWXYZ0","state":{"values":{
		"b1":{"cause":{"type":"static_select","selected_option":{"value":"leak"}}},"b2":{"note":{"type":"plain_text_input","value":"it was <the> cache"}},"b3":{"empty":{"type":"plain_text_input","value":null}}}}}}`
	got := fromInteraction(me, mustObject(t, in), now)
	want := bot.Event{
		Kind: bot.EventForm, At: now, Team: "T1", User: "U1",
		Form: &bot.Form{Callback: "feedback", Context: "01JABCDEFGHJKMNPQRSTVWXYZ0", Values: map[string]string{"cause": "leak", "note": "it was <the> cache", "empty": ""}},
	}
	if len(got) != 1 || got[0].key != "slack/form/V1/U1/1.h" {
		t.Fatalf("%+v", got)
	}
	if diff := cmp.Diff(want, got[0].event); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestShortcut(t *testing.T) {
	in := `{"type":"message_action","callback_id":"investigate_message","team":{"id":"T1"},"user":{"id":"U1"},"channel":{"id":"C1"},"trigger_id":"` + trigger +
		`","response_url":"` + responseURL + `","action_ts":"1700000003.000000","message_ts":"1700000000.000100","message":{"type":"message","bot_id":"B9","ts":"1700000000.000100","text":"OOM in shop/checkout <https://x.example|runbook>"}}`
	got := fromInteraction(me, mustObject(t, in), now)
	want := bot.Event{
		Kind: bot.EventShortcut, At: tsTime("1700000003.000000"), Team: "T1", Channel: "C1", User: "U1", TS: "1700000000.000100",
		Author: &bot.Author{BotID: "B9"}, Text: "OOM in shop/checkout runbook", Links: []string{"https://x.example"},
	}
	if len(got) != 1 || got[0].key != "slack/shortcut/"+sum(trigger) {
		t.Fatalf("%+v", got)
	}
	if diff := cmp.Diff(want, got[0].event); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func sum(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}

func TestCommand(t *testing.T) {
	in := object{
		"command": "/oombot", "text": "investigate shop/checkout &amp; more", "channel_id": "C1", "channel_name": "ops", "user_id": "U1", "team_id": "T1",
		"trigger_id": trigger, "response_url": responseURL, "token": "legacytoken",
	}
	got := fromCommand(me, in, now)
	want := bot.Event{Kind: bot.EventCommand, At: now, Team: "T1", Channel: "C1", User: "U1", Addressed: true, Text: "investigate shop/checkout & more"}
	if len(got) != 1 || got[0].key != "slack/command/"+sum(trigger) {
		t.Fatalf("%+v", got)
	}
	if diff := cmp.Diff(want, got[0].event); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	in["channel_name"], in["channel_id"] = "directmessage", "D1"
	if got := fromCommand(me, in, now); !got[0].event.Direct {
		t.Error("a command in a direct message is direct")
	}
	delete(in, "trigger_id")
	if a, b := fromCommand(me, in, now), fromCommand(me, in, now.Add(1e9)); a[0].key == b[0].key {
		t.Error("two commands without a trigger are one")
	}
}

func TestInteractionsOfNoUse(t *testing.T) {
	for _, kind := range []string{"view_closed", "shortcut", "interactive_message", ""} {
		if got := fromInteraction(me, object{"type": kind, "view": map[string]any{"id": "V1"}}, now); len(got) != 0 {
			t.Errorf("%q: %+v", kind, got)
		}
	}
	if got := fromCommand(me, object{}, now); len(got) != 0 {
		t.Errorf("no command: %+v", got)
	}
}

// TestNothingToActWithIsStored holds that what would let somebody act in Slack never gets into an event or its key.
func TestNothingToActWithIsStored(t *testing.T) {
	payloads := []string{
		blockActions(inMessage, `{"action_id":"a","value":"1","action_ts":"1.1"}`),
		`{"type":"view_submission","token":"legacytoken","trigger_id":"` + trigger + `","response_urls":[{"response_url":"` + responseURL + `"}],"user":{"id":"U1"},"view":{"id":"V1"}}`,
		`{"type":"message_action","token":"legacytoken","trigger_id":"` + trigger + `","response_url":"` + responseURL + `","message":{"ts":"1.1","text":"x"}}`,
		`{"command":"/oombot","token":"legacytoken","trigger_id":"` + trigger + `","response_url":"` + responseURL + `"}`,
	}
	for _, p := range payloads {
		o := mustObject(t, p)
		all := append(fromInteraction(me, o, now), fromCommand(me, o, now)...)
		if len(all) == 0 {
			t.Errorf("no event of %s", p)
		}
		for _, f := range all {
			stored, err := json.Marshal(f.event)
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range []string{trigger, responseURL, "secretsecret", "legacytoken"} {
				if strings.Contains(string(stored), secret) || strings.Contains(f.key, secret) {
					t.Errorf("%q is in %s or %s", secret, f.key, stored)
				}
			}
		}
	}
}
