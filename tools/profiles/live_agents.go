package profiles

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
)

const (
	// agentBehind is how long behind the moment a profile of a node's agent may be from: the clocks differ.
	agentBehind = 2 * time.Minute
	// maxFromAgent bounds the profiles that are taken of what a node's agent told.
	maxFromAgent = 20
)

// recordAgent keeps the heap profiles that the agent of the target's node took before the moment: those of the target's
// workload, the newest first, or for a node all. It returns what went wrong.
func (l *Live) recordAgent(ctx context.Context, s investigations.Subject, keep *keeper) []error {
	node := cmp.Or(s.Node, s.Request.Target.Node)
	if l.opt.Agents == nil || node == "" {
		return nil
	}
	at := s.Request.At
	a, err := l.opt.Agents.Account(ctx, node, at.Add(-s.Request.Window), at.Add(agentBehind))
	switch {
	case errors.Is(err, investigations.ErrNotFound):
		return nil
	case err != nil:
		return []error{fmt.Errorf("the profiles of node %s's agent: %w", node, err)}
	}
	names := s.PodNames()
	from := investigations.Origin{
		Name: "the heap profiles of node " + node + "'s agent", Source: "the node agent of " + node + ", POST /v1/kernel-reports",
	}
	var faults []error
	taken := 0
	for _, p := range slices.Backward(a.Profiles) {
		if len(names) > 0 && (p.Namespace != s.Request.Target.Namespace || !slices.Contains(names, p.Pod)) || taken == maxFromAgent {
			continue
		}
		taken++
		data, err := unpack(bytes.NewReader(p.Data))
		if err != nil {
			err = broken(err)
		} else {
			err = keep.keep(p.Namespace, p.Pod, p.Container, p.At, data, from)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("a profile that the agent of node %s took at %s: %w", node, p.At.UTC().Format(time.RFC3339), err))
		}
	}
	return faults
}
