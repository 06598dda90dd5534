package desk_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

// cluster is what can be investigated: by namespace/pod.
type cluster struct {
	mu sync.Mutex
	// results are by the pod's name; their target is what is found.
	results map[string]*investigations.Result
	runs    map[string]int
	// uids lead from the uids of pods to their names; asks are all that was asked for, and slow how long a look takes.
	uids map[string]string
	asks []bot.Ask
	slow time.Duration
	// took is how long one investigation takes; hold keeps it until it is closed.
	took time.Duration
	// each is how long it takes for a pod, and broken why it fails, in place of took and runErr.
	each    map[string]time.Duration
	broken  map[string]error
	findErr error
	runErr  error
	keeper  *memory.Keeper
}

var _ bot.Investigator = (*cluster)(nil)

func (c *cluster) Find(_ context.Context, ask bot.Ask) (bot.Case, error) {
	time.Sleep(c.slow)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asks = append(c.asks, ask)
	if c.findErr != nil {
		return nil, c.findErr
	}
	targets := ask.Targets
	if ask.Words != "" {
		parts := strings.Split(ask.Words, "/")
		targets = []investigations.Target{{Pod: parts[len(parts)-1], Workload: parts[len(parts)-1]}}
	}
	if ask.Kill != nil {
		targets = append(slices.Clone(targets), investigations.Target{Pod: c.uids[ask.Kill.PodUID]}, investigations.Target{Pod: "node/" + ask.Kill.Node})
	}
	for _, t := range targets {
		for _, pod := range sortedKeys(c.results) {
			r := c.results[pod]
			if pod == t.Pod && pod != "" || r.Target.Workload == t.Workload && t.Workload != "" || strings.HasSuffix(r.Target.Workload, "/"+t.Workload) && t.Workload != "" {
				return &found{c, r}, nil
			}
		}
	}
	return nil, fmt.Errorf("%w: nothing of that name", bot.ErrNoTarget)
}

// ran is how often a pod was investigated; an empty name means all.
func (c *cluster) ran(pod string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for p, times := range c.runs {
		if pod == "" || p == pod {
			n += times
		}
	}
	return n
}

func sortedKeys(m map[string]*investigations.Result) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

type found struct {
	c *cluster
	r *investigations.Result
}

func (f *found) Target() investigations.Target { return f.r.Target }

func (f *found) Investigate(ctx context.Context, w bot.Watch) (*investigations.Result, *investigations.Evidence, error) {
	f.c.mu.Lock()
	f.c.runs[f.r.Target.Pod]++
	took, err := f.c.took, f.c.runErr
	if d, ok := f.c.each[f.r.Target.Pod]; ok {
		took = d
	}
	if e, ok := f.c.broken[f.r.Target.Pod]; ok {
		err = e
	}
	f.c.mu.Unlock()
	w.Progress(investigations.Progress{Tool: "pods"})
	select {
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	case <-time.After(took):
	}
	if err != nil {
		return nil, nil, err
	}
	w.Progress(investigations.Progress{Tool: "pods", Done: true, Facts: 3})
	res := *f.r
	if _, err := f.c.keeper.Remember(ctx, memory.Investigation{Request: investigations.Request{At: res.At, Target: res.Target}, Result: &res, AskedBy: w.AskedBy}); err != nil {
		return nil, nil, err
	}
	return &res, nil, nil
}
