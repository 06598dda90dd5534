package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory/nodes"
	"github.com/oombot/oombot/tools/kubeclient"
)

const (
	// toolAgents is what the checks of node agents stand under.
	toolAgents = "agents"
	// mostNodesNamed bounds the nodes that one line names.
	mostNodesNamed = 5
)

// checkAgents says whether node agents can report, where their kills are shown, and which of them are silent or don't see all.
// Where nobody says that there are agents, and none was heard, there is nothing to check. cluster is nil where there is none.
func (a *app) checkAgents(ctx context.Context, cfg *config.Config, cluster *kubeclient.Cluster, f agentsFile) []investigations.Check {
	var all []nodes.Heard
	if f.err == nil && f.ledger != nil {
		all = f.ledger.Each(time.Time{})
	}
	account := agentsAccount(cfg)
	if len(all) == 0 && !cfg.Agents.Token.Set() && account == "" {
		return nil
	}
	out := []investigations.Check{a.checkTrust(ctx, cfg, cluster, account, len(all) > 0)}
	if says, todo := killsUnseen(cfg); says != "" {
		out = append(out, investigations.Check{Name: "channel", State: investigations.CheckWarn, Says: says, Fix: todo})
	}
	if f.err == nil && cfg.Memory.File != config.MemoryNone {
		out = append(out, checkHeard(all, a.agentsWanted(ctx, cfg, cluster, account), a.now())...)
	}
	for i := range out {
		out[i].Tool = toolAgents
	}
	return out
}

// checkTrust says whose token is taken, and whether it can be reviewed.
func (a *app) checkTrust(ctx context.Context, cfg *config.Config, cluster *kubeclient.Cluster, account string, heard bool) investigations.Check {
	k := investigations.Check{Name: "trust", State: investigations.CheckOK}
	if cfg.Agents.Token.Set() { // its file was read with the configuration
		k.Says = "who has the token of agents.token_file may report"
		return k
	}
	if cluster == nil || account == "" {
		k.State, k.Says = investigations.CheckWarn, "no agent may report now: no token is configured, and no service account is known whose token could be reviewed"
		k.Fix = "set agents.token_file, or agents.service_account in a cluster"
		return k
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(cfg.Limits.SourceTimeout))
	defer cancel()
	allowed, err := cluster.MayReviewTokens(ctx)
	switch {
	case err != nil:
		k.State, k.Says, k.Fix = investigations.CheckWarn, err.Error(), "see the check of the API server"
		if errors.Is(err, investigations.ErrForbidden) {
			k.Fix = "the role oombot-doctor in deploy/rbac.yaml lets doctor ask"
		}
	case allowed:
		k.Says = fmt.Sprintf("the API server reviews tokens of %s, for the audience %s", account, cfg.Agents.Audience)
	default:
		k.State, k.Says = investigations.CheckWarn, "not allowed to create tokenreviews, so that no agent may report; it matters only where there are agents"
		if heard {
			k.State, k.Says = investigations.CheckFail, "not allowed to create tokenreviews, so that no agent may report"
		}
		k.Fix = "kubectl apply -f deploy/rbac-agents-review.yaml, or rbac.otherAgents of the chart where the agents are of another release"
	}
	return k
}

// agentsWanted is how many agents the DaemonSet wants that is called as their service account, as the chart's is; 0 where
// that is not told.
func (a *app) agentsWanted(ctx context.Context, cfg *config.Config, cluster *kubeclient.Cluster, account string) int {
	namespace, name, ok := strings.Cut(account, "/")
	if cluster == nil || !ok {
		return 0
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(cfg.Limits.SourceTimeout))
	defer cancel()
	set, err := cluster.Get(ctx, "daemonsets", namespace, name)
	if err != nil {
		return 0 // there need not be one, nor a permission to look
	}
	n, _, _ := unstructured.NestedInt64(set.Object, "status", "desiredNumberScheduled") // 0 where it is of another type
	return int(n)
}

// checkHeard says which agents were heard, of how many that are wanted (0: that is not known), which are silent, and what those
// that live can't see.
func checkHeard(all []nodes.Heard, wanted int, now time.Time) []investigations.Check {
	const look = "kubectl get pods -o wide says which node has no agent; the agent's log there says why"
	k := investigations.Check{Name: "heard", State: investigations.CheckWarn, Fix: look}
	var live, silent, blind []string
	var last nodes.Heard
	var dropped int64
	for _, h := range all {
		if h.At.After(last.At) {
			last = h
		}
		// What is written down is up to ledgerEvery old.
		switch age := now.Sub(h.At); {
		case age <= agentAlive+ledgerEvery:
			live = append(live, h.Node)
			dropped += max(0, h.Last.Dropped)
			if len(h.Last.Faults) > 0 {
				blind = append(blind, h.Node+": "+h.Last.Faults[0])
			}
		case age <= agentRecent:
			silent = append(silent, fmt.Sprintf("%s (%s)", h.Node, investigations.FormatDuration(age.Round(time.Second))))
		}
	}
	switch {
	case len(all) == 0:
		k.Says = "none was heard yet"
	case len(live) == 0:
		k.Says = fmt.Sprintf("none in the last two minutes; %s was the last, at %s", last.Node, last.At.UTC().Format(time.RFC3339))
	case len(live) < wanted:
		k.Says = fmt.Sprintf("%s in the last two minutes, and there should be %d", count(len(live), "agent"), wanted)
	default:
		k.State, k.Fix, k.Says = investigations.CheckOK, "", count(len(live), "agent")+" in the last two minutes"
	}
	out := []investigations.Check{k}
	add := func(name, says, fix string) {
		out = append(out, investigations.Check{Name: name, State: investigations.CheckWarn, Says: says, Fix: fix})
	}
	if len(silent) > 0 {
		add("silent", fmt.Sprintf("%s heard in the last hour, and silent now: %s", count(len(silent), "agent"), someOf(silent, ", ")), look)
	}
	if len(blind) > 0 {
		add("faults", fmt.Sprintf("%s that can't see all: %s", count(len(blind), "agent"), someOf(blind, "; ")), "docs/agent.md says what each reader needs")
	}
	if dropped > 0 {
		add("spool", count(int(dropped), "report")+" had to make room on the nodes, and are lost", "the bot was away for too long, or a node had no room below agent.state_dir")
	}
	return out
}

// someOf joins the first of many.
func someOf(all []string, between string) string {
	text := strings.Join(all[:min(len(all), mostNodesNamed)], between)
	if more := len(all) - mostNodesNamed; more > 0 {
		text += fmt.Sprintf("%s%d more", between, more)
	}
	return text
}
