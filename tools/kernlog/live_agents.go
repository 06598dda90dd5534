package kernlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// agentBehind is how long behind the moment the word of a node's agent is asked for.
const agentBehind = 5 * time.Minute

// logPath is the file of a node's log.
func logPath(node string) string {
	return path.Join(folder, strings.ReplaceAll(node, "/", "_")+ending)
}

// agentOrigin is where the reports of a node's agent come from.
func agentOrigin(node string) investigations.Origin {
	return investigations.Origin{
		Name: "the reports of node " + node + "'s agent", Source: "the node agent of " + node + ", POST /v1/kernel-reports",
	}
}

// account asks what the node's agent told of the request's window. known is false where no agent of the node was heard.
func (l *Live) account(ctx context.Context, s investigations.Subject, node string, to investigations.Sink) (a investigations.NodeAccount, known bool) {
	if l.opt.Agents == nil || node == "" {
		return a, false
	}
	at := s.Request.At
	begin := at.Add(-s.Request.Window)
	a, err := l.opt.Agents.Account(ctx, node, begin, at.Add(agentBehind))
	switch {
	case errors.Is(err, investigations.ErrNotFound):
		return a, false
	case err != nil:
		blind(to, "what the agent of node %s told could not be read: %v", node, err)
		return a, false
	}
	a.Node = node
	if !follows(a, at) {
		// Behind the moment the agent may have begun anew, and the stretch of then hides the one of the moment.
		if then, err := l.opt.Agents.Account(ctx, node, at.Add(-time.Second), at); err == nil && follows(then, at) {
			a.LosslessFrom, a.LosslessTo = then.LosslessFrom, then.LosslessTo
		}
	}
	if !a.LosslessFrom.IsZero() && a.LosslessFrom.Before(begin) {
		a.LosslessFrom = begin // kills of before are not told here
	}
	return a, true
}

// follows says whether the agent followed the log without loss at the moment, so that nothing else can know more.
func follows(a investigations.NodeAccount, at time.Time) bool {
	return investigations.KernelFollowed{From: a.LosslessFrom, To: a.LosslessTo}.Holds(at)
}

// keepAgent keeps what the agent told as the node's log; it says whether that was anything.
func keepAgent(a investigations.NodeAccount, to investigations.Sink) bool {
	text := Render(a)
	if len(text) == 0 {
		return false
	}
	to.Keep(logPath(a.Node), agentOrigin(a.Node), masked(text))
	return true
}

// joined is a sink in which a journal and what the node's agent told become one log: the agent's kills that the journal
// does not hold stand behind it.
type joined struct {
	investigations.Sink
	account investigations.NodeAccount
	at      time.Time
	kept    bool
}

// Keep implements investigations.Sink.
func (j *joined) Keep(name string, from investigations.Origin, data []byte) {
	if name == logPath(j.account.Node) {
		j.kept = true
		if more := beyond(j.account, data, j.at); len(more) > 0 {
			if len(data) > 0 && data[len(data)-1] != '\n' {
				data = append(data, '\n')
			}
			data = append(data, masked(more)...)
			from.Name += " and " + agentOrigin(j.account.Node).Name
		}
	}
	j.Sink.Keep(name, from, data)
}

// beyond renders the kills of an account that a log does not tell of. That the agent did not follow the log is no part
// of it: the log speaks for itself.
func beyond(a investigations.NodeAccount, log []byte, at time.Time) []byte {
	var reports []investigations.KernelReport
	s := NewScanner(bytes.NewReader(log), Options{Now: at.Add(logAhead)})
	for s.Scan() {
		reports = append(reports, *s.Report())
	}
	a.Reports = slices.DeleteFunc(slices.Clone(a.Reports), func(r investigations.KernelReport) bool {
		return slices.ContainsFunc(reports, func(o investigations.KernelReport) bool { return sameReport(&r, &o) })
	})
	a.UserKills = nil // journals hold these lines themselves
	w := newRenderer(a.Node)
	w.all(inOrder(a))
	return w.out
}

// sameReport tells whether two reports of a node are of one kill: of the same process, at about the same time.
func sameReport(a, b *investigations.KernelReport) bool {
	if len(a.Killed) == 0 || len(b.Killed) == 0 || a.Killed[0].PID != b.Killed[0].PID {
		return false
	}
	return a.At == nil || b.At == nil || a.At.Sub(*b.At).Abs() < time.Minute
}

// recordNode keeps the log of the node that nobody gave as a file: what its agent told, where that followed the log at
// the moment, and else its journal in Loki with what the agent knows beyond it.
func (l *Live) recordNode(ctx context.Context, s investigations.Subject, node string, to investigations.Sink) {
	from := investigations.Origin{Name: "the kernel log of the node"}
	if node != "" {
		from.Name = "the kernel log of node " + node
	}
	a, known := l.account(ctx, s, node, to)
	if known && (l.loki == nil || follows(a, s.Request.At)) && keepAgent(a, to) {
		return
	}
	unheard := ""
	if l.opt.Agents != nil && !known && node != "" {
		unheard = "; no agent of node " + node + " was heard"
	}
	switch {
	case l.loki == nil && slices.ContainsFunc(l.files, func(f KernelFile) bool { return f.of(s, node) == node }):
		// Why it could not be read is said.
	case l.loki == nil && len(l.files) > 0 && node != "":
		to.Miss(path.Join(folder, node+ending), from, fmt.Errorf("no source of the kernel log of node %s is %w: set loki.url, or give its log with --kernel-log FILE%s",
			node, investigations.ErrNotConfigured, unheard))
	case l.loki == nil:
		to.Miss(folder, from, fmt.Errorf("%w: set loki.url, where the nodes' journals are in Loki, or give --kernel-log FILE%s",
			investigations.ErrNotConfigured, unheard))
	case node == "":
		to.Miss(folder, from, fmt.Errorf("%w: the node of %s is not known, so that its journal can't be looked for; give --kernel-log FILE",
			investigations.ErrNotFound, s.Request.Target))
	case !known:
		(&journal{loki: l.loki, subject: s, node: node, to: to, parser: NewParser(Options{})}).record(ctx, from)
	default:
		j := &joined{Sink: to, account: a, at: s.Request.At}
		(&journal{loki: l.loki, subject: s, node: node, to: j, parser: NewParser(Options{})}).record(ctx, from)
		if !j.kept {
			keepAgent(a, to)
		}
	}
}
