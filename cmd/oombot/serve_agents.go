package main

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/agents"
	"github.com/oombot/oombot/bot/inbound"
	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory/nodes"
	"github.com/oombot/oombot/tools/kubeclient"
	"github.com/oombot/oombot/tools/profiles"
)

const (
	// agentAlive is how long ago a node agent may have been heard that is counted as there, agentRecent how long ago one
	// that is told of as silent: later it is gone with its node.
	agentAlive  = 2 * time.Minute
	agentRecent = time.Hour
	// ledgerEvery is how often heartbeats are written down that nobody else wrote, sweepEvery how often what is old is
	// removed.
	ledgerEvery = 30 * time.Second
	sweepEvery  = 15 * time.Minute
	// oldestKill bounds how old a kill may be of which something is said. An agent that is installed reads the log of its
	// node from the boot on.
	oldestKill = 24 * time.Hour
	// agentAccount is the name of the agents' service account where nobody says another one.
	agentAccount = "oombot-agent"
)

// agentsEar hears of node agents.
func (s *server) agentsEar(inbox investigations.Inbox, ledger *nodes.Ledger, to bot.Receiver, metrics prometheus.Registerer) ear {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "oombot_agent_requests_total", Help: "Requests of node agents, by what became of them.",
	}, []string{"outcome"})
	took := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "oombot_agent_reports_total", Help: "What node agents told, by kind; what is sent again counts again.",
	}, []string{"kind"})
	metrics.MustRegister(requests, took)
	metrics.MustRegister(s.agentGauges(ledger)...)
	handler := agents.New(agents.Options{
		Ledger: ledger, Inbox: inbox, To: to, Channel: agentChannel(s.config), Token: s.config.Agents.Token.Value,
		Reviewer: s.reviewer, ServiceAccount: agentsAccount(s.config), MaxAge: s.oldestKill, Log: s.log, Now: s.app.now,
		Profile: func(data []byte) ([]byte, error) { return profiles.Redacted(data, profiles.MaxParsed) },
		Count:   func(o inbound.Outcome) { requests.WithLabelValues(string(o)).Inc() },
		Took: func(t agents.Took) {
			for kind, n := range map[string]int{
				"kernel": t.Kernel, "counted": t.Counted, "user": t.User, "recording": t.Recordings, "profile": t.Profiles, "heartbeat": t.Heartbeats,
			} {
				took.WithLabelValues(kind).Add(float64(n))
			}
		},
	})
	return ear{
		name:  "agents",
		mount: func(mux *http.ServeMux) { mux.Handle("/v1/kernel-reports", handler) },
		run:   func(ctx context.Context) { s.keepLedger(ctx, ledger) },
	}
}

func (s *server) agentGauges(ledger *nodes.Ledger) []prometheus.Collector {
	gauge := func(name, help string, f func(now time.Time) float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return f(s.app.now()) })
	}
	return []prometheus.Collector{
		gauge("oombot_agents", "Node agents that were heard in the last two minutes.", func(now time.Time) float64 {
			return float64(ledger.Agents(now.Add(-agentAlive)).Heard)
		}),
		gauge("oombot_agent_oldest_heard_seconds", "Seconds since that node agent was heard which is silent the longest, of those heard in the last hour.",
			func(now time.Time) float64 {
				oldest := ledger.Agents(now.Add(-agentRecent)).Oldest
				if oldest.IsZero() {
					return 0
				}
				return max(0, now.Sub(oldest).Seconds())
			}),
		gauge("oombot_agent_spool_dropped", "Reports that had to make room on their nodes, as the agents tell that were heard in the last two minutes.",
			func(now time.Time) float64 { return float64(ledger.Agents(now.Add(-agentAlive)).Dropped) }),
	}
}

// keepLedger writes down heartbeats and removes what is old, until ctx ends; what was heard until then is written down.
func (s *server) keepLedger(ctx context.Context, ledger *nodes.Ledger) {
	ticker := time.NewTicker(ledgerEvery)
	defer ticker.Stop()
	swept := s.app.now()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-ticker.C:
			if err := ledger.Flush(ctx); err != nil && ctx.Err() == nil {
				s.log.Warn("write down the heartbeats of node agents", "err", err)
			}
			if now := s.app.now(); now.Sub(swept) >= sweepEvery {
				swept = now
				if err := ledger.Sweep(ctx, now); err != nil && ctx.Err() == nil {
					s.log.Warn("remove what node agents told long ago", "err", err)
				}
			}
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainWithin)
	defer cancel()
	if err := ledger.Flush(last); err != nil {
		s.log.Warn("write down the heartbeats of node agents", "err", err)
	}
}

// agentsAccount is the service account whose token lets an agent report: what is configured, else that of the name
// oombot-agent in the namespace of this program's own pod; "" outside of a pod.
func agentsAccount(c *config.Config) string {
	if c.Agents.ServiceAccount != "" {
		return c.Agents.ServiceAccount
	}
	data, err := os.ReadFile(podNamespace)
	namespace := strings.TrimSpace(string(data))
	if err != nil || namespace == "" {
		return ""
	}
	return namespace + "/" + agentAccount
}

// agentChannel says where kills of a namespace are shown: in agents.channel where that may be told of it, else in the
// channel with auto that names the namespace in the fewest patterns. One without patterns is for all namespaces, and for
// nodes; it comes last.
func agentChannel(c *config.Config) func(namespace string) string {
	type candidate struct {
		id    string
		globs namespaces
	}
	var all []candidate
	for _, id := range slices.Sorted(maps.Keys(c.Slack.Channels)) {
		if channel := c.Slack.Channels[id]; channel.Auto {
			all = append(all, candidate{id, globs(channel.Namespaces)})
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int {
		return cmp.Or(compareBool(len(a.globs) == 0, len(b.globs) == 0), cmp.Compare(len(a.globs), len(b.globs)))
	})
	if id := c.Agents.Channel; id != "" {
		all = slices.Insert(all, 0, candidate{id, globs(c.Slack.Channels[id].Namespaces)})
	}
	return func(namespace string) string {
		for _, each := range all {
			if len(each.globs) == 0 || namespace != "" && each.globs.allow(namespace) {
				return each.id
			}
		}
		return ""
	}
}

// reviewer is an agents.Reviewer: the API server.
type reviewer struct {
	cluster  *kubeclient.Cluster
	audience string
}

var _ agents.Reviewer = reviewer{}

// Review implements agents.Reviewer.
func (r reviewer) Review(ctx context.Context, token string) (agents.Identity, error) {
	t, err := r.cluster.ReviewToken(ctx, token, r.audience)
	if err != nil {
		return agents.Identity{}, err
	}
	if !t.Valid {
		return agents.Identity{}, agents.ErrRefused
	}
	return agents.Identity{User: t.User, Node: t.Node}, nil
}
