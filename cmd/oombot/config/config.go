// Package config is the configuration of oombot: one YAML file, over which the environment and the command line
// go. It owns the keys, their defaults and their checks, and reports all that is wrong at once; it opens no
// connection, and knows nothing of the commands that use it.
//
// Secrets never stand in the file: a key that ends in _file names a file that holds one, and some have an
// environment variable of their own. No error and no printed Config shows a secret's value, or the value of a key
// that might hold one by mistake.
package config

import (
	"regexp"
	"time"

	"github.com/oombot/oombot/investigations/redact"
	"github.com/oombot/oombot/tools/endpoint"
)

// MemoryNone is the memory file of a program that remembers nothing.
const MemoryNone = "none"

// Config is the whole configuration. Use Default for one that holds the defaults, and Load for what a person wrote.
type Config struct {
	// Cluster is the name of the cluster in verdicts; it may be empty.
	Cluster      string          `json:"cluster"`
	Kubernetes   Kubernetes      `json:"kubernetes"`
	Prometheus   endpoint.Config `json:"prometheus"`
	Loki         endpoint.Config `json:"loki"`
	Pyroscope    endpoint.Config `json:"pyroscope"`
	Profiles     Profiles        `json:"profiles"`
	Memory       Memory          `json:"memory"`
	Limits       Limits          `json:"limits"`
	Links        Links           `json:"links"`
	Redact       Redact          `json:"redact"`
	LLM          LLM             `json:"llm"`
	Slack        Slack           `json:"slack"`
	PagerDuty    PagerDuty       `json:"pagerduty"`
	Alertmanager Alertmanager    `json:"alertmanager"`
	HTTP         HTTP            `json:"http"`
	Agents       Agents          `json:"agents"`
	// Agent is of `oombot agent`, on a node.
	Agent Agent `json:"agent"`
	// LeaderElection is of several replicas, one of which works.
	LeaderElection LeaderElection `json:"leader_election"`
}

// Kubernetes says how the API server is reached. The zero value means: in the cluster, else the usual rules of
// kubeconfig files.
type Kubernetes struct {
	Kubeconfig string `json:"kubeconfig"`
	Context    string `json:"context"`
}

// Profiles says which profiles are read beside Pyroscope's.
type Profiles struct {
	// ScrapePods allows to read the pprof endpoints that pods announce in their annotations.
	ScrapePods bool `json:"scrape_pods"`
}

// Memory says where past incidents are kept.
type Memory struct {
	// File is MemoryNone where nothing is remembered.
	File string `json:"file"`
	// Retention is how long they are kept; zero: for ever.
	Retention Duration `json:"retention"`
}

// Limits bound what the program does at a time. None is zero.
type Limits struct {
	// Concurrent is how many investigations run at a time, StartsPerMinute how many begin.
	Concurrent      int `json:"concurrent"`
	StartsPerMinute int `json:"starts_per_minute"`
	// SourceTimeout bounds each source of an investigation.
	SourceTimeout Duration `json:"source_timeout"`
}

// Links are templates of links for people; an empty one gives no link.
type Links struct {
	Grafana    Link `json:"grafana"`
	Prometheus Link `json:"prometheus"`
}

// Redact names secrets beyond those that are known anyway.
type Redact struct {
	// Names are of variables whose value is secret.
	Names []string `json:"names"`
	// Patterns match what is secret. None matches the empty string.
	Patterns []*regexp.Regexp `json:"patterns"`
}

// Options returns what package redact is to know beyond what it knows anyway.
func (r Redact) Options() redact.Options {
	o := redact.Options{Names: r.Names}
	for _, p := range r.Patterns {
		o.Patterns = append(o.Patterns, p.String())
	}
	return o
}

// LLM says which model may refine a verdict. Without a Model none is asked.
type LLM struct {
	// BaseURL is where an OpenAI-compatible API begins; empty: OpenAI's own.
	BaseURL string `json:"base_url"`
	Model   string `json:"model"`
	APIKey  Secret `json:"api_key_file"`
	// MaxCalls, MaxTokens and Timeout bound one investigation's use of it.
	MaxCalls     int      `json:"max_calls"`
	MaxTokens    int      `json:"max_tokens"`
	Timeout      Duration `json:"timeout"`
	Pseudonymize bool     `json:"pseudonymize"`
	Price        Price    `json:"price"`
}

// Price is what a million tokens cost, and how much one investigation may cost at most; zero: not known, no limit.
type Price struct {
	Prompt     float64 `json:"prompt"`
	Completion float64 `json:"completion"`
	Max        float64 `json:"max"`
}

// Slack says how the bot reaches its workspace, and what it may do there.
type Slack struct {
	Mode          SlackMode `json:"mode"`
	APIURL        string    `json:"api_url"`
	BotToken      Secret    `json:"bot_token_file"`
	AppToken      Secret    `json:"app_token_file"`
	SigningSecret Secret    `json:"signing_secret_file"`
	AllowGuests   bool      `json:"allow_guests"`
	AllowConnect  bool      `json:"allow_connect"`
	// Channels are by their ids. Without any, mentions are answered wherever the bot was invited.
	Channels map[string]Channel `json:"channels"`
}

// Channel is what may happen in one channel.
type Channel struct {
	// Auto allows investigations that an alert starts.
	Auto      bool     `json:"auto"`
	AlertBots []string `json:"alert_bots"`
	// Namespaces are those that may be asked about; none: all.
	Namespaces []Glob `json:"namespaces"`
	// UserGroups are those that may ask; none: everyone in the channel.
	UserGroups []string `json:"user_groups"`
	// Mute are alert names, or NAMESPACE/WORKLOAD, about which nothing is said.
	Mute []Glob `json:"mute"`
}

// PagerDuty says how its webhooks are trusted and its incidents annotated.
type PagerDuty struct {
	WebhookSecret Secret `json:"webhook_secret_file"`
	APIToken      Secret `json:"api_token_file"`
	From          string `json:"from"`
	APIURL        string `json:"api_url"`
	Channel       string `json:"channel"`
}

// Alertmanager says how its webhooks are trusted.
type Alertmanager struct {
	BearerToken Secret `json:"bearer_token_file"`
	Channel     string `json:"channel"`
}

// HTTP says where the program listens.
type HTTP struct {
	Listen string `json:"listen"`
	// PublicURL is how people reach it; empty: they don't.
	PublicURL string `json:"public_url"`
}

// Agents says how node agents are trusted.
type Agents struct {
	// Token is for agents outside of Kubernetes; inside, their service account's token is reviewed.
	Token    Secret `json:"token_file"`
	Audience string `json:"audience"`
	// ServiceAccount is whose token is taken, as NAMESPACE/NAME; empty: oombot-agent in the namespace of the program's own
	// pod, and nobody's outside of one.
	ServiceAccount string `json:"service_account"`
	// Channel is where kills are shown; empty: in the channel that is for their namespace.
	Channel string `json:"channel"`
}

// Agent says how a node agent sees its node and reaches the bot.
type Agent struct {
	// Bot is where the bot listens, as http://oombot:8080. Empty: what the agent sees is only printed.
	Bot string `json:"bot"`
	// Node is the name of the node in Kubernetes; empty: the machine's host name.
	Node string `json:"node"`
	// KernelLog is how the kernel log is read; empty: syslog in Kubernetes, kmsg outside.
	KernelLog KernelLog `json:"kernel_log"`
	Token     Secret    `json:"token_file"`
	CAFile    string    `json:"ca_file"`
	// StateDir holds what waits for delivery, and how far the kernel log was read.
	StateDir string `json:"state_dir"`
	// Pods is where the names of pods come from; empty: api in Kubernetes, none outside.
	Pods PodSource `json:"pods"`
	// NodeIP is the address at which the kubelet is asked, with KubeletToken. KubeletCAFile holds the authorities that its
	// certificate is checked by; KubeletInsecure has it not checked. Empty: what the service account has of both.
	NodeIP          string `json:"node_ip"`
	KubeletToken    Secret `json:"kubelet_token_file"`
	KubeletCAFile   string `json:"kubelet_ca_file"`
	KubeletInsecure bool   `json:"kubelet_insecure"`
	// CgroupRoot and Proc are where the node's control groups and processes are seen.
	CgroupRoot string `json:"cgroup_root"`
	Proc       string `json:"proc"`
	// HeapProfiles allows to read the pprof endpoints that pods announce, before their limit is reached.
	HeapProfiles bool `json:"heap_profiles"`
	// Listen is where its metrics are; empty: nowhere.
	Listen string `json:"listen"`
}

// LeaderElection names the Lease of Kubernetes that the one replica holds which works. Without a Lease there is no
// election: then there must be one replica only.
type LeaderElection struct {
	Lease string `json:"lease"`
	// Namespace is the Lease's; empty: that of the pod that the program runs in.
	Namespace string `json:"namespace"`
}

// Default returns the configuration of a program to which nothing was said.
func Default() *Config {
	return &Config{
		Profiles: Profiles{ScrapePods: true},
		Memory:   Memory{File: MemoryNone},
		Limits:   Limits{Concurrent: 4, StartsPerMinute: 30, SourceTimeout: Duration(10 * time.Second)},
		LLM:      LLM{MaxCalls: 6, MaxTokens: 30_000, Timeout: Duration(time.Minute)},
		Slack:    Slack{Mode: SlackSocket, APIURL: "https://slack.com/api/"},
		PagerDuty: PagerDuty{
			APIURL: "https://api.pagerduty.com",
		},
		HTTP:   HTTP{Listen: ":8080"},
		Agents: Agents{Audience: "oombot"},
		Agent: Agent{
			StateDir: "/var/lib/oombot-agent", CgroupRoot: "/sys/fs/cgroup", Proc: "/proc", HeapProfiles: true,
		},
	}
}
