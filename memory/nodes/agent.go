package nodes

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
)

const (
	// flushEvery is how often heartbeats are written down.
	flushEvery = 30 * time.Second
	// maxStretches bounds the lossless stretches of a node.
	maxStretches = 200
	// maxNodes bounds the nodes that are known: whoever has the token could name any number.
	maxNodes = 20_000
)

// stretch is a time over which a kernel log was followed without loss, both ends included.
type stretch struct {
	Boot  string    `json:"boot"`
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
}

// agent is what is known of the agent of a node.
type agent struct {
	// at is when it was heard last, by the receiver's clock; zero: never.
	at time.Time
	// last is its last heartbeat.
	last investigations.NodeHeartbeat
	// lossless are ordered by their ends, and of one boot they don't touch.
	lossless []stretch
	// changed counts what is new since it was read, written how much of that is written down.
	changed, written int
}

// storedAgent is the body of a node-agent.
type storedAgent struct {
	Version  int                          `json:"v"`
	Node     string                       `json:"node"`
	Heard    time.Time                    `json:"heard"`
	Last     investigations.NodeHeartbeat `json:"last"`
	Lossless []stretch                    `json:"lossless,omitempty"`
}

func (l *Ledger) loadAgents(ctx context.Context) error {
	for d, err := range l.o.Shelf.Docs(ctx, kindAgent) {
		if err := l.unreadable(err); err != nil {
			return fmt.Errorf("read which node agents were heard: %w", err)
		}
		if err != nil {
			break
		}
		var s storedAgent
		if err := json.Unmarshal(d.Body, &s); err != nil || s.Version != storedVersion || s.Node == "" || word(s.Node) != d.Key {
			l.skip(d, fmt.Errorf("it is of version %d and node %s: %w", s.Version, investigations.Quote(s.Node, 60), errUnreadable))
			continue
		}
		l.node(s.Node).agent = agent{at: s.Heard, last: s.Last, lossless: s.Lossless}
	}
	return nil
}

// heard notes that an agent was heard, and says whether it is time to write that down.
func (l *Ledger) heard(r *investigations.NodeReport, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.admit(r.Node)
	n.agent.at = now
	n.agent.changed++
	if h := r.Heartbeat; h != nil {
		// Reports wait on the node, and may tell of a time before that of a heartbeat.
		if !h.At.Before(n.agent.last.At) {
			n.agent.last = *h
		}
		n.agent.note(r.BootID, h.LosslessSince, h.At)
	}
	if rec := r.Recorder; rec != nil {
		n.agent.note(r.BootID, rec.LosslessSince, rec.To)
	}
	return now.Sub(l.flushed) >= flushEvery || now.Before(l.flushed)
}

// admit returns the node of a name, and makes room for one that is new. The caller holds l.mu.
func (l *Ledger) admit(name string) *node {
	if l.nodes[name] == nil && len(l.nodes) >= maxNodes {
		l.forgetOldest()
	}
	return l.node(name)
}

// forgetOldest forgets the agent that was heard the longest ago, and not what it reported. The caller holds l.mu.
func (l *Ledger) forgetOldest() {
	var oldest *node
	for _, n := range l.nodes {
		if len(n.hours) == 0 && (oldest == nil || n.agent.at.Before(oldest.agent.at)) {
			oldest = n
		}
	}
	if oldest != nil {
		delete(l.nodes, oldest.name)
	}
}

// note adds a stretch without loss, and joins those that it touches.
func (a *agent) note(boot string, since *time.Time, until time.Time) {
	if since == nil || until.Before(*since) {
		return
	}
	s := stretch{Boot: boot, Since: *since, Until: until}
	rest := a.lossless[:0:0]
	for _, o := range a.lossless {
		if o.Boot == s.Boot && overlaps(o.Since, o.Until, s.Since, s.Until) {
			s.Since, s.Until = earlier(s.Since, o.Since), later(s.Until, o.Until)
			continue
		}
		rest = append(rest, o)
	}
	rest = append(rest, s)
	slices.SortFunc(rest, func(a, b stretch) int { return a.Until.Compare(b.Until) })
	a.lossless = rest[max(0, len(rest)-maxStretches):]
}

// stretchAt returns the longest stretch that holds a time, else the one that ends last before it; false where there is
// none.
func (a *agent) stretchAt(t time.Time) (stretch, bool) {
	var best stretch
	var found bool
	for _, s := range a.lossless {
		if s.Since.After(t) {
			continue
		}
		holds, bestHolds := !s.Until.Before(t), !best.Until.Before(t)
		switch {
		case !found, holds && !bestHolds, holds && s.Until.Sub(s.Since) > best.Until.Sub(best.Since):
			best, found = s, true
		case !holds && !bestHolds && s.Until.After(best.Until):
			best = s
		}
	}
	return best, found
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// flushPage is how many nodes are written in one go.
const flushPage = 500

// Flush writes down the heartbeats that are not. It is for the end of a program, and for quiet times; otherwise Take
// writes them down every half minute.
func (l *Ledger) Flush(ctx context.Context) error {
	l.mu.Lock()
	if l.flushing {
		l.mu.Unlock()
		return nil
	}
	l.flushing, l.flushed = true, l.o.Now()
	docs, written := l.unwritten()
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.flushing = false
	}()
	for len(docs) > 0 {
		page := docs[:min(len(docs), flushPage)]
		if err := l.o.Shelf.PutDocs(ctx, page...); err != nil {
			return fmt.Errorf("write down which node agents were heard: %w", err)
		}
		l.mu.Lock()
		for _, d := range page {
			if n := l.nodes[written[d.Key].node]; n != nil {
				n.agent.written = written[d.Key].changed
			}
		}
		l.mu.Unlock()
		docs = docs[len(page):]
	}
	return nil
}

// writing is how far a node will be written down.
type writing struct {
	node    string
	changed int
}

// unwritten are the documents of the nodes of which something is new, by their keys. The caller holds l.mu.
func (l *Ledger) unwritten() ([]investigations.Doc, map[string]writing) {
	var docs []investigations.Doc
	written := map[string]writing{}
	for name, n := range l.nodes {
		a := &n.agent
		if a.changed == a.written {
			continue
		}
		d, err := docOf(kindAgent, word(name), storedAgent{
			Version: storedVersion, Node: name, Heard: a.at.UTC(), Last: a.last, Lossless: a.lossless,
		})
		if err != nil { // all its times were settled
			l.o.Log.Error("write down a heartbeat", "node", name, "err", err)
			continue
		}
		docs = append(docs, d)
		written[d.Key] = writing{name, a.changed}
	}
	return docs, written
}

// Agents says how the agents are.
type Agents struct {
	// Heard counts those that were heard within the time asked for.
	Heard int
	// Oldest is when that one of them was heard which is silent the longest; zero where none was.
	Oldest time.Time
	// Dropped counts the reports that had to make room on their nodes since those agents started, as they tell.
	Dropped int64
}

// Heard is an agent that was heard.
type Heard struct {
	Node string
	// At is when it was heard last, by the receiver's clock; Last is its last heartbeat.
	At   time.Time
	Last investigations.NodeHeartbeat
}

// Each returns the agents that were heard since a time, by the clock of the Ledger, in the order of their nodes' names.
func (l *Ledger) Each(since time.Time) []Heard {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []Heard
	for _, name := range slices.Sorted(maps.Keys(l.nodes)) {
		if a := l.nodes[name].agent; !a.at.IsZero() && !a.at.Before(since) {
			h := Heard{Node: name, At: a.at, Last: a.last}
			h.Last.Faults = slices.Clone(h.Last.Faults)
			out = append(out, h)
		}
	}
	return out
}

// Agents returns how those agents are that were heard since a time, by the clock of the Ledger.
func (l *Ledger) Agents(since time.Time) Agents {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out Agents
	for _, n := range l.nodes {
		at := n.agent.at
		if at.IsZero() || at.Before(since) {
			continue
		}
		out.Heard++
		out.Dropped += max(0, n.agent.last.Dropped)
		if out.Oldest.IsZero() || at.Before(out.Oldest) {
			out.Oldest = at
		}
	}
	return out
}
