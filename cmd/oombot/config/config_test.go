package config

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/tools/endpoint"
	"github.com/oombot/oombot/tools/kernlog"
	"github.com/oombot/oombot/tools/logs"
)

// compare looks into secrets and regular expressions.
var compare = cmp.Options{
	cmp.Comparer(func(a, b *regexp.Regexp) bool { return a.String() == b.String() }),
	cmp.AllowUnexported(Secret{}, source{}),
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestParse(t *testing.T) {
	token := write(t, "token", "xoxb-1\n")
	got, err := Parse([]byte(`
cluster: 42
kubernetes: {context: prod}
prometheus: {url: "http://prometheus:9090/p", headers: {X-Scope-OrgID: a}, bearer_token_file: ` + token + `, queries: {traffic: up}}
loki:
memory: {file: /m.db, retention: 2w}
limits: {concurrent: 8, source_timeout: 1m30s}
links: {grafana: "https://g/d?ns={namespace}&from={from}"}
redact: {names: [BLOB], patterns: ['x{3}']}
llm: {model: m, max_calls: 2, price: {prompt: 1.5}, pseudonymize: true}
slack:
  mode: http
  bot_token_file: ` + token + `
  channels:
    C0123: {auto: true, alert_bots: [B0PAGER], namespaces: [shop, "pay-*"], user_groups: [S01], mute: ["shop/*"]}
    C0124:
`))
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Cluster = "42"
	want.Kubernetes.Context = "prod"
	want.Prometheus = endpoint.Config{
		URL: "http://prometheus:9090/p", Headers: map[string]string{"X-Scope-OrgID": "a"},
		BearerTokenFile: token, Queries: map[string]string{"traffic": "up"},
	}
	want.Memory = Memory{File: "/m.db", Retention: Duration(14 * 24 * time.Hour)}
	want.Limits.Concurrent, want.Limits.SourceTimeout = 8, Duration(90*time.Second)
	want.Links.Grafana = "https://g/d?ns={namespace}&from={from}"
	want.Redact = Redact{Names: []string{"BLOB"}, Patterns: []*regexp.Regexp{regexp.MustCompile("x{3}")}}
	want.LLM.Model, want.LLM.MaxCalls, want.LLM.Price.Prompt, want.LLM.Pseudonymize = "m", 2, 1.5, true
	want.Slack.Mode, want.Slack.BotToken = SlackHTTP, Secret{&source{file: token}}
	want.Slack.Channels = map[string]Channel{
		"C0123": {
			Auto: true, AlertBots: []string{"B0PAGER"}, Namespaces: []Glob{"shop", "pay-*"}, UserGroups: []string{"S01"},
			Mute: []Glob{"shop/*"},
		},
		"C0124": {},
	}
	if diff := cmp.Diff(want, got, compare); diff != "" {
		t.Error(diff)
	}
}

func TestParseNothing(t *testing.T) {
	for _, text := range []string{"", "\n", "# nothing\n", "---\n", "null\n", "\ufeff", "slack:\n"} {
		got, err := Parse([]byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if diff := cmp.Diff(Default(), got, compare); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func TestLoadPrecedence(t *testing.T) {
	file := write(t, "oombot.yaml", "memory: {file: from-file}\nprometheus: {url: http://from-file}\nhttp: {listen: ':1'}\n")
	other := write(t, "other.yaml", "cluster: other\n")
	got, err := Load(Sources{
		File: file,
		Env: map[string]string{
			EnvFile: other, "OOMBOT_MEMORY": "from-env", "OOMBOT_PROMETHEUS_URL": "http://from-env", "OOMBOT_LISTEN": "",
			"SLACK_BOT_TOKEN": "xoxb-env\n",
		},
		Flags: map[string]string{"memory": "from-flag", "trace": "true"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.Cluster != "" || got.Memory.File != "from-flag" || got.Prometheus.URL != "http://from-env" || got.HTTP.Listen != ":1" {
		t.Errorf("got %+v", got)
	}
	if v, err := got.Slack.BotToken.Value(); v != "xoxb-env" || err != nil {
		t.Errorf("the token is %q, %v", v, err)
	}
	if got, err = Load(Sources{Env: map[string]string{EnvFile: other}}); err != nil || got.Cluster != "other" {
		t.Errorf("by %s: %+v, %v", EnvFile, got, err)
	}
	if got, err = Load(Sources{}); err != nil || !reflect.DeepEqual(got, Default()) {
		t.Errorf("of nothing: %+v, %v", got, err)
	}
}

// TestLoadNamesTheSource fails where a fault of the environment is said to be the file's.
func TestLoadNamesTheSource(t *testing.T) {
	file := write(t, "oombot.yaml", "\nhttp: {listen: ':1'}\nmemory: {retention: x}\n")
	_, err := Load(Sources{File: file, Env: map[string]string{"OOMBOT_LISTEN": "x", "OPENAI_BASE_URL": "x"}})
	want := []string{
		"OPENAI_BASE_URL (environment): " + errURL.Error(),
		`OOMBOT_LISTEN (environment): it is no address to listen on: write it as ":8080" or "127.0.0.1:8080"`,
		"line 3 (memory.retention): it is no duration: write it as 10s, 90m, 24h or 7d",
	}
	if diff := cmp.Diff(want, faultsOf(t, err)); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(err.Error(), file) {
		t.Errorf("the error doesn't name the file: %v", err)
	}
}

func TestLoadNoFile(t *testing.T) {
	for _, from := range []Sources{{File: "/none/oombot.yaml"}, {Env: map[string]string{EnvFile: "/none/oombot.yaml"}}} {
		_, err := Load(from)
		if got := faultsOf(t, err); got[0] != "file can't be read: no such file or directory" || !strings.Contains(err.Error(), "/none/oombot.yaml") {
			t.Errorf("got %v", err)
		}
	}
}

func TestLokiQueries(t *testing.T) {
	if diff := cmp.Diff([]string{logs.QueryContainerLogs, kernlog.QueryKernelLog}, lokiQueries); diff != "" {
		t.Error(diff)
	}
}

func TestLinkExpand(t *testing.T) {
	l := Link("https://g/d?ns={namespace}&pod={pod}&from={from}&to={to}")
	got := l.Expand("shop", "a&b=c", time.UnixMilli(1000), time.UnixMilli(2000))
	if want := "https://g/d?ns=shop&pod=a%26b%3Dc&from=1000&to=2000"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestFlagsOfOneCommand gives a flag that two commands have with different meanings, and one that names a secret's file.
func TestFlagsOfOneCommand(t *testing.T) {
	token := write(t, "token", "s3cret")
	flags := map[string]string{"kernel-log": "journal", "token-file": token, "listen": ":9101"}
	c, err := Load(Sources{Flags: flags, Command: "agent"})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.Agent.Token.Value(); c.Agent.KernelLog != KernelLogJournal || got != "s3cret" || err != nil ||
		c.Agent.Listen != ":9101" || c.HTTP.Listen != Default().HTTP.Listen {
		t.Errorf("the agent is %+v, its token %q (%v), and the bot listens on %s", c.Agent, got, err, c.HTTP.Listen)
	}
	if c, err = Load(Sources{Flags: flags, Command: "investigate"}); err != nil || c.Agent.KernelLog != "" || c.Agent.Token.Set() || c.HTTP.Listen != ":9101" {
		t.Errorf("flags of another command set %+v (%v)", c, err)
	}
}
