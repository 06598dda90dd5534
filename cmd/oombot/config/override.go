package config

import (
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Override is a key that something else than the file can set.
type Override struct {
	Key string
	// Env is an environment variable, Flag a flag without dashes; "" where there is none.
	Env, Flag string
	// Command is whose flag it is; "" for that of every command that has it, but for those that mean another key by it.
	Command string
}

// isOf says whether a command's flag of that name means the key.
func (o Override) isOf(command string) bool {
	if o.Command != "" {
		return o.Command == command
	}
	return !slices.ContainsFunc(Overrides(), func(other Override) bool {
		return other.Flag == o.Flag && other.Command != "" && other.Command == command
	})
}

// Overrides returns what the environment and flags can set. For a key that ends in _file the variable holds the
// secret itself, and the flag names the file.
func Overrides() []Override {
	return []Override{
		{Key: "prometheus.url", Env: "OOMBOT_PROMETHEUS_URL"},
		{Key: "memory.file", Env: "OOMBOT_MEMORY", Flag: "memory"},
		{Key: "llm.base_url", Env: "OPENAI_BASE_URL"},
		{Key: "llm.model", Env: "OPENAI_MODEL"},
		{Key: "llm.api_key_file", Env: "OPENAI_API_KEY"},
		{Key: "slack.api_url", Env: "OOMBOT_SLACK_API_URL"},
		{Key: "slack.bot_token_file", Env: "SLACK_BOT_TOKEN"},
		{Key: "slack.app_token_file", Env: "SLACK_APP_TOKEN"},
		{Key: "slack.signing_secret_file", Env: "SLACK_SIGNING_SECRET"},
		{Key: "pagerduty.webhook_secret_file", Env: "PAGERDUTY_WEBHOOK_SECRET"},
		{Key: "pagerduty.api_token_file", Env: "PAGERDUTY_API_TOKEN"},
		{Key: "http.listen", Env: "OOMBOT_LISTEN", Flag: "listen"},
		{Key: "agent.bot", Env: "OOMBOT_BOT", Flag: "bot", Command: "agent"},
		{Key: "agent.node", Env: "OOMBOT_NODE", Flag: "node", Command: "agent"},
		{Key: "agent.kernel_log", Flag: "kernel-log", Command: "agent"},
		{Key: "agent.token_file", Env: "OOMBOT_AGENT_TOKEN", Flag: "token-file", Command: "agent"},
		{Key: "agent.ca_file", Flag: "ca-file", Command: "agent"},
		{Key: "agent.state_dir", Flag: "state", Command: "agent"},
		{Key: "agent.pods", Flag: "pods", Command: "agent"},
		{Key: "agent.node_ip", Env: "OOMBOT_NODE_IP"},
		{Key: "agent.cgroup_root", Flag: "cgroup-root", Command: "agent"},
		{Key: "agent.proc", Flag: "proc", Command: "agent"},
		{Key: "agent.listen", Flag: "listen", Command: "agent"},
	}
}

// override lets the environment and flags go over what c holds.
func (d decoder) override(c *Config, from Sources) {
	for _, o := range Overrides() {
		name, text, flag := o.Env, from.Env[o.Env], false
		if value, given := from.Flags[o.Flag]; given && o.Flag != "" && o.isOf(from.Command) {
			name, text, flag = "--"+o.Flag, value, true
		}
		if text == "" {
			continue
		}
		d.names[o.Key] = name
		v := lookup(reflect.ValueOf(c).Elem(), o.Key)
		if s, ok := v.Addr().Interface().(*Secret); ok && !flag {
			s.from = &source{value: strings.TrimSpace(text)}
			continue
		}
		d.value(&yaml.Node{Kind: yaml.ScalarNode, Value: text, Tag: "!!str"}, v, o.Key)
	}
}

// lookup returns the field of a key.
func lookup(v reflect.Value, key string) reflect.Value {
	name, rest, deeper := strings.Cut(key, ".")
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("json") != name {
			continue
		}
		if deeper {
			return lookup(v.Field(i), rest)
		}
		return v.Field(i)
	}
	panic("config: no key " + key) // a fault of the table, which a test finds
}

// Keys returns every key of a file that holds a value, in the order of Config. The keys of maps, which are free,
// stand as * in them.
func Keys() []string { return keysOf(reflect.TypeFor[Config](), "") }

func keysOf(t reflect.Type, key string) []string {
	switch {
	case t.Kind() == reflect.Map && t.Elem().Kind() == reflect.Struct:
		return keysOf(t.Elem(), join(key, "*"))
	case t.Kind() != reflect.Struct || t == reflect.TypeFor[Secret]():
		return []string{key}
	}
	var out []string
	for i := range t.NumField() {
		f := t.Field(i)
		out = append(out, keysOf(f.Type, join(key, f.Tag.Get("json")))...)
	}
	return out
}
