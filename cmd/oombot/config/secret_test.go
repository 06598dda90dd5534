package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/oombot/oombot/investigations/redact"
)

func TestRedactOptions(t *testing.T) {
	c, err := Parse([]byte("redact: {names: [LICENSE_BLOB], patterns: ['acme-[0-9]+']}"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := redact.New(c.Redact.Options())
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Text("LICENSE_BLOB=aXyzzy12 id acme-123"); strings.Contains(got, "aXyzzy12") || strings.Contains(got, "acme-123") {
		t.Errorf("it is not masked: %s", got)
	}
}

// TestSecretsDontShow prints a Config in every way.
func TestSecretsDontShow(t *testing.T) {
	c, err := Load(Sources{Env: map[string]string{"SLACK_BOT_TOKEN": "hunter2", "OPENAI_API_KEY": "hunter2"}})
	if err != nil {
		t.Fatal(err)
	}
	inside := struct{ c Config }{*c}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", c.Slack.BotToken, "config", c)
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	asYAML, err := yaml.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	printed := []string{
		fmt.Sprint(c), fmt.Sprintf("%v %+v %#v", c, c, c), fmt.Sprintf("%v %+v %#v", inside, inside, inside),
		fmt.Sprintf("%s %q %x", c.Slack.BotToken, c.Slack.BotToken, c.Slack.BotToken), log.String(), string(asJSON), string(asYAML),
	}
	for _, p := range printed {
		if strings.Contains(p, "hunter2") || strings.Contains(p, "68756e74657232") {
			t.Errorf("it shows: %s", p)
		}
	}
	if !strings.Contains(string(asJSON), `"bot_token_file":"[secret]"`) || !strings.Contains(string(asJSON), `"app_token_file":""`) {
		t.Errorf("the mask is missing: %s", asJSON)
	}
}

func TestSecretIsReadAgain(t *testing.T) {
	file := write(t, "token", "one\n")
	c, err := Parse([]byte("agents: {token_file: " + file + "}"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("two"), 0o600); err != nil {
		t.Fatal(err)
	}
	if v, err := c.Agents.Token.Value(); v != "two" || err != nil || !c.Agents.Token.Set() {
		t.Errorf("Value() = %q, %v after the rotation", v, err)
	}
	if v, err := (Secret{}).Value(); v != "" || err != nil || (Secret{}).Set() {
		t.Errorf("the zero Secret holds %q, %v", v, err)
	}
}
