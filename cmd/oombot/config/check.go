package config

import (
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/oombot/oombot/internal/suggest"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
	"github.com/oombot/oombot/tools/endpoint"
)

// check looks for what the types of the keys allow and the program can't use.
type check struct {
	*faults
	c *Config
}

func (k check) all() {
	k.endpoint("prometheus", k.c.Prometheus, prometheusQueries)
	k.endpoint("loki", k.c.Loki, lokiQueries)
	k.endpoint("pyroscope", k.c.Pyroscope, nil)
	k.file("kubernetes.kubeconfig", k.c.Kubernetes.Kubeconfig)
	if k.c.Memory.File == "" {
		k.c.Memory.File = MemoryNone
	}
	k.limits()
	k.redact()
	k.model()
	k.slack()
	k.rest()
}

// prometheusQueries and lokiQueries are the names of the queries that can be replaced.
var prometheusQueries = []string{
	investigations.QueryWorkingSet, investigations.QueryRSS, investigations.QueryCache, investigations.QueryLimit,
	investigations.QueryOOMEvents, investigations.QueryRestarts, investigations.QueryNodeAvailable,
	investigations.QueryNodeTotal, investigations.QueryNodePods, investigations.QueryTraffic,
	investigations.QueryRuntimeHeap, investigations.QueryRuntimeThreads,
}

var lokiQueries = []string{"container_logs", "kernel_log"}

// endpoint checks one that takes queries of the given names.
func (k check) endpoint(key string, e endpoint.Config, names []string) {
	for _, err := range each(e.Validate()) {
		// They begin with the name of the key that they are about.
		field, says, _ := strings.Cut(err.Error(), " ")
		if at := join(key, field); k.has(at) {
			k.of(at, "it %s", says)
		} else {
			k.of(key, "%s", err)
		}
	}
	k.secretFile(join(key, "bearer_token_file"), e.BearerTokenFile)
	k.secretFile(join(key, "basic_password_file"), e.BasicPasswordFile)
	k.file(join(key, "ca_file"), e.CAFile)
	for name := range e.Queries {
		if at := join(join(key, "queries"), name); !slices.Contains(names, name) {
			says := "there are " + strings.Join(names, ", ")
			if len(names) == 0 {
				says = "there are none here"
			}
			if n := suggest.Nearest(name, names); n != "" {
				says = "did you mean " + n + "?"
			}
			k.of(at, "unknown query; %s", says)
		}
	}
}

// each returns the errors that were joined into err.
func each(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

func (k check) limits() {
	k.atLeast("limits.concurrent", k.c.Limits.Concurrent, 1)
	k.atLeast("limits.starts_per_minute", k.c.Limits.StartsPerMinute, 1)
	k.positive("limits.source_timeout", k.c.Limits.SourceTimeout)
}

func (k check) redact() {
	for i, name := range k.c.Redact.Names {
		if _, err := redact.New(redact.Options{Names: []string{name}}); err != nil {
			k.of(fmt.Sprintf("redact.names[%d]", i), "it has no letter in it: write the name of a variable, header or field")
		}
	}
	for i, p := range k.c.Redact.Patterns {
		if p != nil && p.MatchString("") {
			k.of(fmt.Sprintf("redact.patterns[%d]", i), "it matches where nothing is, and would mean all text")
		}
	}
	k.c.Redact.Patterns = slices.DeleteFunc(k.c.Redact.Patterns, func(p *regexp.Regexp) bool { return p == nil })
}

func (k check) model() {
	m := k.c.LLM
	k.url("llm.base_url", m.BaseURL)
	k.secret("llm.api_key_file", m.APIKey)
	k.atLeast("llm.max_calls", m.MaxCalls, 1)
	k.atLeast("llm.max_tokens", m.MaxTokens, 1)
	k.positive("llm.timeout", m.Timeout)
	k.amount("llm.price.prompt", m.Price.Prompt)
	k.amount("llm.price.completion", m.Price.Completion)
	k.amount("llm.price.max", m.Price.Max)
}

func (k check) slack() {
	s := k.c.Slack
	if s.APIURL == "" {
		k.of("slack.api_url", "%s", errURL)
	}
	k.url("slack.api_url", s.APIURL)
	k.secret("slack.bot_token_file", s.BotToken)
	k.secret("slack.app_token_file", s.AppToken)
	k.secret("slack.signing_secret_file", s.SigningSecret)
	for id, c := range s.Channels {
		key := join("slack.channels", id)
		k.channel(key, id)
		k.ids(join(key, "alert_bots"), c.AlertBots, "bot's or app's id, as B0123ABCD", regexp.MustCompile(`^[ABUW][0-9A-Z]+$`))
		k.ids(join(key, "user_groups"), c.UserGroups, "user group's id, as S0123ABCD", regexp.MustCompile(`^S[0-9A-Z]+$`))
	}
}

func (k check) rest() {
	k.secret("pagerduty.webhook_secret_file", k.c.PagerDuty.WebhookSecret)
	k.secret("pagerduty.api_token_file", k.c.PagerDuty.APIToken)
	if from := k.c.PagerDuty.From; from != "" && !strings.Contains(from, "@") {
		k.of("pagerduty.from", "it is no e-mail address: PagerDuty asks for that of a user")
	}
	k.url("pagerduty.api_url", k.c.PagerDuty.APIURL)
	k.channel("pagerduty.channel", k.c.PagerDuty.Channel)
	k.secret("alertmanager.bearer_token_file", k.c.Alertmanager.BearerToken)
	k.channel("alertmanager.channel", k.c.Alertmanager.Channel)
	if _, port, err := net.SplitHostPort(k.c.HTTP.Listen); err != nil || !isPort(port) {
		k.of("http.listen", `it is no address to listen on: write it as ":8080" or "127.0.0.1:8080"`)
	}
	k.url("http.public_url", k.c.HTTP.PublicURL)
	k.secret("agents.token_file", k.c.Agents.Token)
	k.agent()
	if k.c.Agents.Audience == "" {
		k.of("agents.audience", "it is empty: tokens for anyone would be taken")
	}
	if a := k.c.Agents.ServiceAccount; a != "" && !isAccount(a) {
		k.of("agents.service_account", "it takes a service account as NAMESPACE/NAME, as oombot/oombot-agent")
	}
	k.channel("agents.channel", k.c.Agents.Channel)
	k.name("leader_election.lease", k.c.LeaderElection.Lease)
	k.name("leader_election.namespace", k.c.LeaderElection.Namespace)
}

func (k check) agent() {
	a := k.c.Agent
	k.url("agent.bot", a.Bot)
	k.secret("agent.token_file", a.Token)
	k.file("agent.ca_file", a.CAFile)
	if a.Node != "" {
		k.name("agent.node", a.Node)
	}
	k.secret("agent.kubelet_token_file", a.KubeletToken)
	k.file("agent.kubelet_ca_file", a.KubeletCAFile)
	if a.KubeletInsecure && a.KubeletCAFile != "" {
		k.of("agent.kubelet_insecure", "it has the kubelet's certificate not checked, and agent.kubelet_ca_file says what to check it by: leave out one of them")
	}
	if a.NodeIP != "" && net.ParseIP(a.NodeIP) == nil {
		k.of("agent.node_ip", "it is no IP address")
	}
	for key, dir := range map[string]string{"agent.state_dir": a.StateDir, "agent.cgroup_root": a.CgroupRoot, "agent.proc": a.Proc} {
		if !filepath.IsAbs(dir) {
			k.of(key, "it takes a folder, from the root on")
		}
	}
	if _, port, err := net.SplitHostPort(a.Listen); a.Listen != "" && (err != nil || !isPort(port)) {
		k.of("agent.listen", `it is no address to listen on: write it as ":9101" or "127.0.0.1:9101"`)
	}
}

func isAccount(s string) bool {
	namespace, name, both := strings.Cut(s, "/")
	return both && namespace != "" && name != "" && investigations.IsName(namespace) && investigations.IsName(name) && !strings.Contains(s, ":")
}

func (k check) name(key, value string) {
	if !investigations.IsName(value) {
		k.of(key, "it is no name in Kubernetes")
	}
}

func isPort(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil
}

func (k check) url(key, value string) {
	if value != "" && !isURL(value) {
		k.of(key, "%s", errURL)
	}
}

func (k check) atLeast(key string, value, least int) {
	if value < least {
		k.of(key, "it takes a whole number of at least %d", least)
	}
}

func (k check) positive(key string, value Duration) {
	if value <= 0 {
		k.of(key, "it takes a duration above zero, as 10s")
	}
}

func (k check) amount(key string, value float64) {
	if value < 0 {
		k.of(key, "it takes a number that is not below zero")
	}
}

var channelID = regexp.MustCompile(`^[CGD][0-9A-Z]+$`)

func (k check) channel(key, id string) {
	if id != "" && !channelID.MatchString(id) {
		k.of(key, "it takes a channel's id, as C0123ABCD, and no name: it stands at the end of the channel's link")
	}
}

func (k check) ids(key string, ids []string, takes string, shape *regexp.Regexp) {
	for i, id := range ids {
		if !shape.MatchString(id) {
			k.of(fmt.Sprintf("%s[%d]", key, i), "it takes a %s", takes)
		}
	}
}

// file looks whether a file can be read.
func (k check) file(key, name string) {
	if name == "" {
		return
	}
	if _, err := readFile(name, maxFile); err != nil {
		k.of(key, "%s", err)
	}
}

func (k check) secretFile(key, name string) {
	if name == "" {
		return
	}
	if _, err := readSecret(name); err != nil {
		k.of(key, "%s", err)
	}
}

func (k check) secret(key string, s Secret) {
	if _, err := s.Value(); err != nil {
		k.of(key, "%s", err)
	}
}
