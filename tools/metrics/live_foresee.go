package metrics

import (
	"context"
	"maps"
	"time"

	"github.com/oombot/oombot/investigations"
)

// foreseen is a probe that was begun before the target was found.
type foreseen struct {
	target investigations.Target
	at     time.Time
	done   chan struct{}
	probe  probe
}

// stale is how far the moment may turn out to lie from the one that was probed.
const stale = 10 * time.Minute

var _ investigations.Foreseer = (*Live)(nil)

// Foresee implements investigations.Foreseer: it begins to look how the series of a target are labelled and scraped of
// which only the name is known yet. It returns at once; the look ends with ctx at the latest.
func (l *Live) Foresee(ctx context.Context, s investigations.Subject) {
	if !l.configured || s.Request.Target.Namespace == "" {
		return
	}
	f := &foreseen{target: s.Request.Target, at: s.Request.At, done: make(chan struct{})}
	l.mu.Lock()
	l.foreseen = f
	l.mu.Unlock()
	go func() { // Record waits for it; ctx ends it
		defer close(f.done)
		f.probe = l.probe(ctx, s)
	}()
}

// look returns what is known of the subject's series: what was foreseen where that holds, and else a probe of its own.
func (l *Live) look(ctx context.Context, s investigations.Subject) probe {
	l.mu.Lock()
	f := l.foreseen
	l.mu.Unlock()
	if f == nil || f.target != s.Request.Target || f.at.Sub(s.Request.At).Abs() > stale {
		return l.probe(ctx, s)
	}
	select {
	case <-f.done:
	case <-ctx.Done():
		return l.probe(ctx, s) // which says that there is no time left
	}
	if !f.holds(s) {
		return l.probe(ctx, s)
	}
	p := f.probe
	p.values = maps.Clone(p.values)
	node := p.values["node"]
	maps.Copy(p.values, valuesOf(s))
	p.values["cluster"] = f.probe.values["cluster"]
	if p.values["node"] == "" {
		p.values["node"] = node
	}
	return p
}

// holds says whether the probe tells all that one of the subject would tell, but for which of the node's queries have
// data: those are asked for in all their forms then.
func (f *foreseen) holds(s investigations.Subject) bool {
	p := f.probe
	if p.failed != nil || p.nothing || p.unlabelled || p.filtered || len(p.clusters) > 0 || p.series == 0 {
		return false
	}
	return s.Node == "" || p.values["node"] == s.Node
}
