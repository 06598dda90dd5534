package config

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func faultsOf(t *testing.T, err error) []string {
	t.Helper()
	var faulty *Error
	if !errors.As(err, &faulty) {
		t.Fatalf("the error is no *Error: %v", err)
	}
	var out []string
	for _, f := range faulty.Faults {
		out = append(out, f.String())
	}
	return out
}

func TestFaults(t *testing.T) {
	const noFile = "its file can't be read: no such file or directory"
	empty, two := write(t, "empty", " \n"), write(t, "two", "a\nb\n")
	tests := []struct{ name, text, want string }{
		{"a slip", "promtheus: {}", "line 1 (promtheus): unknown key; did you mean prometheus?"},
		{"a secret in it", "slack: {bot_token: xoxb-12345678}", "line 1 (slack.bot_token): unknown key; did you mean slack.bot_token_file?"},
		{"the wrong place", "starts_per_minute: 3", "line 1 (starts_per_minute): unknown key; did you mean limits.starts_per_minute?"},
		{"nothing near", "limits: {frobnicate: 3}", "line 1 (limits.frobnicate): unknown key; limits has concurrent, starts_per_minute, source_timeout"},
		{"twice", "cluster: a\ncluster: b", "line 2 (cluster): it is given twice, in line 1 first: leave one"},
		{"twice in a map", "slack: {channels: {C01: {}, C01: {}}}", "line 1 (slack.channels.C01): it is given twice, in line 1 first: leave one"},
		{"a list", "cluster: [a]", "line 1 (cluster): it takes a single value"},
		{"no list", "redact: {names: A}", "line 1 (redact.names): it takes a list, as [a, b]"},
		{"no keys", "limits: 3", "line 1 (limits): it takes keys with values"},
		{"a list in all", "- a", "line 1: it takes keys with values"},
		{"a word in all", "a", "line 1: it takes keys with values"},
		{"a key that is a list", "[a]: b", "line 1: a key is a word, and no list, map or alias"},
		{"no number", "limits: {concurrent: many}", "line 1 (limits.concurrent): it takes a whole number"},
		{"a fraction", "limits: {concurrent: 1.5}", "line 1 (limits.concurrent): it takes a whole number"},
		{"zero", "limits: {concurrent: 0}", "line 1 (limits.concurrent): it takes a whole number of at least 1"},
		{"no truth", "slack: {allow_guests: maybe}", "line 1 (slack.allow_guests): it takes true or false"},
		{"no price", "llm: {price: {max: cheap}}", "line 1 (llm.price.max): it takes a number"},
		{"infinite", "llm: {price: {max: .inf}}", "line 1 (llm.price.max): it takes a number"},
		{"below zero", "llm: {price: {max: -1}}", "line 1 (llm.price.max): it takes a number that is not below zero"},
		{"no duration", "limits: {source_timeout: soon}", "line 1 (limits.source_timeout): it is no duration: write it as 10s, 90m, 24h or 7d"},
		{"no unit", "limits: {source_timeout: 10}", "line 1 (limits.source_timeout): it is no duration: write it as 10s, 90m, 24h or 7d"},
		{"no time", "limits: {source_timeout: 0}", "line 1 (limits.source_timeout): it takes a duration above zero, as 10s"},
		{"back in time", "memory: {retention: -1h}", "line 1 (memory.retention): it is no duration: write it as 10s, 90m, 24h or 7d"},
		{"no scheme", "loki: {url: 'loki:3100'}", "line 1 (loki.url): it has no http:// or https:// and a host: write it as http://prometheus:9090"},
		{"a password", "pyroscope:\n  url: http://a:hunter2@b", "line 2 (pyroscope.url): it holds a user or a password; give them as basic_user and basic_password_file"},
		{"an opaque password", "loki: {url: 'a:hunter2@b'}", "line 1 (loki.url): it has no http:// or https:// and a host: write it as http://prometheus:9090"},
		{"a secret header", "loki: {headers: {authorization: hunter2}}", "line 1 (loki.headers): it holds Authorization, which is secret; give bearer_token_file, or basic_user and basic_password_file"},
		{"no query", "prometheus: {queries: {trafik: up}}", "line 1 (prometheus.queries.trafik): unknown query; did you mean traffic?"},
		{"no query of Loki", "loki: {queries: {kernel: x}}", "line 1 (loki.queries.kernel): unknown query; did you mean kernel_log?"},
		{"no queries", "pyroscope: {queries: {heap: up}}", "line 1 (pyroscope.queries.heap): unknown query; there are none here"},
		{"no token", "loki: {bearer_token_file: hunter2}", "line 1 (loki.bearer_token_file): " + noFile + ": give the name of a file that holds the secret"},
		{"an empty token", "slack: {app_token_file: " + empty + "}", "line 1 (slack.app_token_file): its file is empty: write the secret into it"},
		{"two tokens", "slack: {app_token_file: " + two + "}", "line 1 (slack.app_token_file): its file holds more than one line: write the secret alone into it"},
		{"a folder", "slack: {app_token_file: /}", "line 1 (slack.app_token_file): its file can't be read: it is no regular file: give the name of a file that holds the secret"},
		{"no authority", "loki: {ca_file: /none}", "line 1 (loki.ca_file): " + noFile},
		{"no kubeconfig", "kubernetes: {kubeconfig: /none}", "line 1 (kubernetes.kubeconfig): " + noFile},
		{"no expression", "redact: {patterns: [a, '(hunter2']}", "line 1 (redact.patterns[1]): it is no regular expression of Go's syntax (https://pkg.go.dev/regexp/syntax)"},
		{"all text", "redact: {patterns: ['x*']}", "line 1 (redact.patterns[0]): it matches where nothing is, and would mean all text"},
		{"every name", "redact: {names: ['']}", "line 1 (redact.names[0]): it has no letter in it: write the name of a variable, header or field"},
		{"no glob", "slack: {channels: {C01: {mute: ['[']}}}", "line 1 (slack.channels.C01.mute[0]): it is no pattern: write a name, with * for any letters"},
		{"no glob in a part", "slack: {channels: {C01: {mute: ['[a/b]']}}}", "line 1 (slack.channels.C01.mute[0]): it is no pattern: write a name, with * for any letters"},
		{"a channel's name", "alertmanager: {channel: '#alerts'}", "line 1 (alertmanager.channel): it takes a channel's id, as C0123ABCD, and no name: it stands at the end of the channel's link"},
		{"a group's name", "slack: {channels: {C01: {user_groups: [sre]}}}", "line 1 (slack.channels.C01.user_groups[0]): it takes a user group's id, as S0123ABCD"},
		{"a bot's name", "slack: {channels: {C01: {alert_bots: [pager]}}}", "line 1 (slack.channels.C01.alert_bots[0]): it takes a bot's or app's id, as B0123ABCD"},
		{"a third mode", "slack: {mode: rtm}", "line 1 (slack.mode): it takes socket or http"},
		{"no API", "slack: {api_url: ''}", "line 1 (slack.api_url): " + errURL.Error()},
		{"no address", "http: {listen: '8080'}", `line 1 (http.listen): it is no address to listen on: write it as ":8080" or "127.0.0.1:8080"`},
		{"no port", "http: {listen: ':99999'}", `line 1 (http.listen): it is no address to listen on: write it as ":8080" or "127.0.0.1:8080"`},
		{"no public address", "http: {public_url: oombot.example.com}", "line 1 (http.public_url): " + errURL.Error()},
		{"no sender", "pagerduty: {from: me}", "line 1 (pagerduty.from): it is no e-mail address: PagerDuty asks for that of a user"},
		{
			"a kubelet both ways", "agent: {kubelet_insecure: true, kubelet_ca_file: /etc/passwd}",
			"line 1 (agent.kubelet_insecure): it has the kubelet's certificate not checked, and agent.kubelet_ca_file says what to check it by: leave out one of them",
		},
		{"no such authority", "agent: {kubelet_ca_file: /nowhere}", "line 1 (agent.kubelet_ca_file): its file can't be read: no such file or directory"},
		{"anyone", "agents: {audience: ''}", "line 1 (agents.audience): it is empty: tokens for anyone would be taken"},
		{"an account's name", "agents: {service_account: oombot-agent}", "line 1 (agents.service_account): it takes a service account as NAMESPACE/NAME, as oombot/oombot-agent"},
		{"an account as a user", "agents: {service_account: 'system:serviceaccount/a'}", "line 1 (agents.service_account): it takes a service account as NAMESPACE/NAME, as oombot/oombot-agent"},
		{"an account too deep", "agents: {service_account: a/b/c}", "line 1 (agents.service_account): it takes a service account as NAMESPACE/NAME, as oombot/oombot-agent"},
		{"agents' channel", "agents: {channel: '#oom'}", "line 1 (agents.channel): it takes a channel's id, as C0123ABCD, and no name: it stands at the end of the channel's link"},
		{"a placeholder", "links: {grafana: 'https://g/{pods}'}", "line 1 (links.grafana): it holds {pods}, which stands for nothing: there are {namespace}, {pod}, {from} and {to}; did you mean {pod}?"},
		{"no link", "links: {grafana: 'javascript:alert(1)'}", "line 1 (links.grafana): " + errURL.Error()},
		{"an alias", "cluster: &a x\nkubernetes: {context: *a}", "line 2 (kubernetes.context): aliases are not allowed: write the value itself"},
		{"a merge", "loki: &a {url: http://x}\npyroscope: {<<: *a}", "line 2 (pyroscope): merge keys (<<) are not allowed: write the keys themselves"},
		{"a tag", "cluster: !!binary aGk=", "line 1 (cluster): tags are not allowed: write the value alone"},
		{"two documents", "cluster: a\n---\ncluster: b", "line 2: a second document begins here: write one"},
		{"no YAML", "cluster: [a", "it is no YAML: line 1: did not find expected ',' or ']'"},
		{"no text", "cluster: \x00", "it is no YAML: control characters are not allowed"},
		{"control characters", "\"a\\u001b[31m\": x", "line 1 (a\ufffd[31m): unknown key; there are " +
			"cluster, kubernetes, prometheus, loki, pyroscope, profiles, memory, limits, links, redact, llm, slack, pagerduty, alertmanager, http, agents, agent, leader_election"},
		{"too large", strings.Repeat("#", maxFile+1), "it is over 1048576 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse([]byte(tt.text))
			if diff := cmp.Diff([]string{tt.want}, faultsOf(t, err)); diff != "" {
				t.Error(diff)
			}
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "xoxb") {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	_, err := Parse([]byte("limits:\n  concurrent: x\n  sorce_timeout: 1s\nloki: {url: x}\ncluster: []\n"))
	want := []string{
		"line 2 (limits.concurrent): it takes a whole number",
		"line 3 (limits.sorce_timeout): unknown key; did you mean limits.source_timeout?",
		"line 4 (loki.url): it has no http:// or https:// and a host: write it as http://prometheus:9090",
		"line 5 (cluster): it takes a single value",
	}
	if diff := cmp.Diff(want, faultsOf(t, err)); diff != "" {
		t.Error(diff)
	}
	if want := "the configuration can't be used; docs/configuration.md explains every key: " + strings.Join(want, "; "); err.Error() != want {
		t.Errorf("Error() = %q, want %q", err, want)
	}
}

func TestManyFaults(t *testing.T) {
	var text strings.Builder
	for i := range 500 {
		fmt.Fprintf(&text, "key%d: x\n", i)
	}
	_, err := Parse([]byte(text.String()))
	if got := len(faultsOf(t, err)); got != maxFaults || !strings.HasSuffix(err.Error(), "; and 450 more") {
		t.Errorf("%d faults, ending in %q", got, err.Error()[len(err.Error())-20:])
	}
}

// TestHostile gives what costs a careless reader its time or memory.
func TestHostile(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'z'; c++ {
		p := string(c - 1)
		bomb += fmt.Sprintf("%c: &%c [*%s,*%s,*%s,*%s,*%s,*%s,*%s,*%s]\n", c, c, p, p, p, p, p, p, p, p)
	}
	tests := map[string]string{
		"a bomb of aliases":   bomb,
		"an alias to itself":  "slack: &a\n  channels: *a\n",
		"deep lists":          "cluster: " + strings.Repeat("[", maxFile-100),
		"deep maps":           strings.Repeat("{a: ", maxFile/4-100),
		"deep dashes":         strings.Repeat("- ", maxFile/2-100),
		"many keys":           strings.Repeat("a:\n", maxFile/3-100),
		"many question marks": strings.Repeat("? ", maxFile/2-100),
		"many comments":       strings.Repeat("#\n", maxFile/2-100) + "a: x",
		"a long key":          strings.Repeat("a", maxFile-100) + ": x",
		"many anchors":        "cluster: " + strings.Repeat("&a ", maxFile/3-100),
		"many documents":      strings.Repeat("---\n", maxFile/4-100) + "a",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, err := Parse([]byte(text))
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("it took %s", took)
			}
			var faulty *Error
			if !errors.As(err, &faulty) || len(err.Error()) > 100_000 {
				t.Errorf("the error is %.200q", err)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"cluster: a", "slack: {channels: {C1: {mute: [a]}}}", "a: &a [*a]", "limits: {source_timeout: 7d}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse(data)
		var faulty *Error
		if (c == nil) == (err == nil) || err != nil && !errors.As(err, &faulty) {
			t.Errorf("Parse returned %v and %v", c, err)
		}
	})
}
