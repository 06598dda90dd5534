package kernlog

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/loki"
)

// freshness is how far back a node's newest line is looked for, and stale from what age on it is suspicious.
const freshness, stale = 24 * time.Hour, 3 * time.Hour

// Check implements investigations.Checker.
func (l *Live) Check(ctx context.Context, sample investigations.Subject) []investigations.Check {
	var checks []investigations.Check
	add := func(c investigations.Check) {
		c.Tool = investigations.ToolKernlog
		c.Says, c.Fix = investigations.CleanText(c.Says, 400), investigations.CleanText(c.Fix, 300)
		checks = append(checks, c)
	}
	for _, f := range l.files {
		if f.Path != "-" {
			add(checkFile(f.Path))
		}
	}
	node := nodeOf(sample)
	if l.opt.Agents != nil && node != "" {
		add(l.checkAgent(ctx, node))
	}
	switch {
	case l.loki == nil && len(l.files) == 0 && l.opt.Agents == nil:
		add(investigations.Check{
			Name: "kernel log", State: investigations.CheckWarn,
			Says: "no source of kernel logs is configured, so that which boundary broke can only be guessed",
			Fix:  "run oombot agent on every node (docs/agent.md), or have the nodes' journals collected into Loki and set loki.url, or give --kernel-log FILE",
		})
	case l.loki != nil && node != "":
		add(l.checkJournal(ctx, sample, node))
	}
	return checks
}

func checkFile(name string) investigations.Check {
	c := investigations.Check{Name: "read " + name, State: investigations.CheckOK, Says: name + " can be read"}
	f, err := os.Open(name)
	if err != nil {
		c.State, c.Says, c.Fix = investigations.CheckFail, fmt.Sprintf("%s can't be read: %s", name, fileError(err)), "check the path and the permissions of the file"
		return c
	}
	_ = f.Close() // it was only opened
	return c
}

// checkAgent asks what the agent of a node told of itself.
func (l *Live) checkAgent(ctx context.Context, node string) investigations.Check {
	c := investigations.Check{
		Name: "a node's agent", State: investigations.CheckWarn, Fix: "look at the agent's pod on that node, and at its logs",
	}
	now := l.opt.Now()
	a, err := l.opt.Agents.Account(ctx, node, now.Add(-freshness), now)
	f := investigations.KernelFollowed{From: a.LosslessFrom, To: a.LosslessTo}
	switch {
	case errors.Is(err, investigations.ErrNotFound):
		c.Says = "no agent of node " + node + " was heard"
		c.Fix = "run oombot agent on every node, so that kills are told as they happen"
	case err != nil:
		c.Says, c.Fix = "what node agents told can't be read: "+err.Error(), "look at the memory file"
	case f.Holds(now):
		c.State, c.Fix = investigations.CheckOK, ""
		c.Says = fmt.Sprintf("the agent of node %s follows the kernel log without loss since %s", node, when(f.From))
	case f.From.IsZero():
		c.Says = fmt.Sprintf("the agent of node %s does not follow the kernel log without loss", node)
	default:
		c.Says = fmt.Sprintf("the agent of node %s followed the kernel log without loss until %s only", node, when(f.To))
	}
	return c
}

// checkJournal looks for the journal of a node, and how old its newest line is.
func (l *Live) checkJournal(ctx context.Context, sample investigations.Subject, node string) investigations.Check {
	c := investigations.Check{
		Name: "a node's journal in Loki", State: investigations.CheckWarn,
		Fix: fmt.Sprintf("have the collector read the nodes' journals with the labels nodename and transport, or say how it labels them: "+
			"loki.queries.%s, as {job=\"systemd-journal\", nodename=\"$node\"}", QueryKernelLog),
	}
	now := l.opt.Now()
	s, err := findStreams(ctx, l.loki, nodeNames(sample, node), now.Add(-freshness), now)
	if err != nil {
		c.Says = err.Error()
		return c
	}
	a, err := l.loki.Query(ctx, loki.Query{LogQL: s.selector, From: now.Add(-freshness), To: now, Backward: true, MaxLines: 1})
	switch {
	case err != nil:
		c.Says = err.Error()
		return c
	case len(a.Entries) == 0:
		c.Says = fmt.Sprintf("%s has given no line in the last %s", s.selector, investigations.FormatDuration(freshness))
		return c
	}
	age := now.Sub(a.Entries[0].At)
	c.Says = fmt.Sprintf("%s gives the journal of node %s, its newest line %s old", s.selector, node, investigations.FormatDuration(age))
	c.State, c.Fix = investigations.CheckOK, ""
	switch {
	case s.unlabelled && !isJournalJSON(a.Entries[0].Line):
		c.State, c.Says = investigations.CheckWarn, c.Says+"; no label tells the kernel's lines from other programs'"
		c.Fix = "have the collector keep __journal__transport as the label transport"
	case age > stale:
		c.State, c.Fix = investigations.CheckWarn, "look at the collector on that node, and at the clocks"
	}
	return c
}
