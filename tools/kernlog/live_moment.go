package kernlog

import (
	"context"
	"os"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
)

// agentReach is how far back the word of node agents is asked for the last kill, manyNodes of how many nodes.
const agentReach, manyNodes = 24 * time.Hour, 16

// LastKill returns when the kernel last killed something of the subject, as the files tell that were given by name, and
// what the agents of its nodes told; for a node that is anything. A zero time says that they don't, or can't be read:
// Record tells why. Standard input can be read once only, and is left to Record.
func (l *Live) LastKill(ctx context.Context, s investigations.Subject) time.Time {
	last := l.lastTold(ctx, s)
	for _, f := range l.files {
		if f.Path == "-" || ctx.Err() != nil {
			continue
		}
		if at := lastKill(ctx, f.Path, s, l.opt.Now()); at.After(last) {
			last = at
		}
	}
	return last.UTC()
}

// lastTold is the last kill that agents told of.
func (l *Live) lastTold(ctx context.Context, s investigations.Subject) time.Time {
	var last time.Time
	if l.opt.Agents == nil {
		return last
	}
	nodes := []string{nodeOf(s)}
	for _, p := range s.Pods {
		nodes = append(nodes, p.Node)
	}
	slices.Sort(nodes)
	nodes = slices.DeleteFunc(slices.Compact(nodes), func(n string) bool { return n == "" })
	now := l.opt.Now()
	for _, node := range nodes[:min(len(nodes), manyNodes)] {
		a, err := l.opt.Agents.Account(ctx, node, now.Add(-min(max(s.Request.Window, time.Hour), agentReach)), now.Add(time.Minute))
		if err != nil {
			continue // whether no agent was heard, or the ledger can't be read: Record says so
		}
		for i := range a.Reports {
			if r := &a.Reports[i]; r.At != nil && len(r.Killed) > 0 && r.At.After(last) && concerns(r, s) {
				last = *r.At
			}
		}
		for _, c := range a.Counted {
			if c.At.After(last) && concerns(&investigations.KernelReport{PodUID: c.PodUID, ContainerID: c.ContainerID}, s) {
				last = c.At
			}
		}
	}
	return last
}

// lastKill goes through one file, up to its end or that of ctx.
func lastKill(ctx context.Context, path string, s investigations.Subject, now time.Time) time.Time {
	var last time.Time
	f, err := os.Open(path)
	if err != nil {
		return last
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return last
	}
	scanner := NewScanner(f, Options{Now: now})
	for scanner.Scan() && ctx.Err() == nil {
		r := scanner.Report()
		if r.At != nil && r.At.After(last) && !r.At.After(now.Add(time.Minute)) && len(r.Killed) > 0 && concerns(r, s) {
			last = *r.At
		}
	}
	return last
}

// concerns says whether a report is about the subject: one of its pods, or, for a node, any.
func concerns(r *investigations.KernelReport, s investigations.Subject) bool {
	target := s.Request.Target
	if target.Node != "" {
		return true
	}
	pods := s.Pods
	if target.Pod != "" {
		pods = slices.DeleteFunc(slices.Clone(pods), func(p investigations.SubjectPod) bool { return p.Name != target.Pod })
	}
	return slices.ContainsFunc(pods, func(p investigations.SubjectPod) bool {
		return p.UID != "" && p.UID == r.PodUID || slices.ContainsFunc(p.Containers, func(c investigations.SubjectContainer) bool {
			return r.ContainerID != "" && slices.Contains(c.IDs, r.ContainerID)
		})
	})
}
