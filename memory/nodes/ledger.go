package nodes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/oombot/oombot/investigations"
)

// Options are what a Ledger works with.
type Options struct {
	Shelf investigations.Shelf
	// Log gets what an operator should know; nil means nobody does.
	Log *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// MaxMedia bounds the recordings and profiles that are kept of all nodes, MaxReports everything else, in bytes: the
	// oldest go first. 0 stands for DefaultMaxMedia and DefaultMaxReports.
	MaxMedia, MaxReports int64
}

// What is kept where Options don't say it.
const (
	DefaultMaxMedia   = 256 << 20
	DefaultMaxReports = 512 << 20
)

// Ledger is what node agents told. It is safe for concurrent use. Whoever opens it has the shelf's documents of nodes for
// itself.
type Ledger struct {
	o Options

	mu sync.Mutex
	// nodes are by their names.
	nodes map[string]*node
	// media and reports are about how many bytes there are of each.
	media, reports int64
	flushed        time.Time
	// entryBytes is maxEntryBytes, but in tests.
	entryBytes int
	flushing   bool
	// evicting is held while there is being made room.
	evicting sync.Mutex
}

var _ investigations.NodeLedger = (*Ledger)(nil)

// node is what is known of one. All but writing belongs to Ledger.mu.
type node struct {
	name string
	// writing is held while documents of the node are written or removed; Ledger.mu may be taken inside, never outside.
	writing sync.Mutex
	agent   agent
	// hours are those of which there is something.
	hours map[hour]storedHour
}

// Open reads what is known of the nodes from a shelf; not what they reported.
func Open(ctx context.Context, o Options) (*Ledger, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MaxMedia <= 0 {
		o.MaxMedia = DefaultMaxMedia
	}
	if o.MaxReports <= 0 {
		o.MaxReports = DefaultMaxReports
	}
	l := &Ledger{o: o, nodes: map[string]*node{}, entryBytes: maxEntryBytes}
	if err := l.loadAgents(ctx); err != nil {
		return nil, err
	}
	return l, l.loadHours(ctx)
}

func (l *Ledger) loadHours(ctx context.Context) error {
	for d, err := range l.o.Shelf.Docs(ctx, kindHour) {
		if err := l.unreadable(err); err != nil {
			return fmt.Errorf("read of which hours node agents told something: %w", err)
		}
		if err != nil {
			break
		}
		name, h, err := nodeOfHour(d.Key)
		var s storedHour
		if err == nil {
			err = json.Unmarshal(d.Body, &s)
		}
		if err != nil {
			l.skip(d, err)
			continue
		}
		s.Media, s.Reports = max(s.Media, 0), max(s.Reports, 0)
		l.node(name).hours[h] = s
		l.media, l.reports = l.media+s.Media, l.reports+s.Reports
	}
	return nil
}

// skip tells of a document that can't be read.
func (l *Ledger) skip(d investigations.Doc, err error) {
	l.o.Log.Warn("a document of a node agent can't be read, and is skipped", "kind", d.Kind, "key", d.Key, "err", err)
}

// node returns the one of a name. The caller holds l.mu, or has the Ledger alone.
func (l *Ledger) node(name string) *node {
	n := l.nodes[name]
	if n == nil {
		n = &node{name: name, hours: map[hour]storedHour{}}
		l.nodes[name] = n
	}
	return n
}

// ErrNode says that something is no name of a node.
var ErrNode = errors.New("no name of a node")

// Take writes down what an agent told, and settles its times. What was told before changes nothing, so that a report may
// be taken again, also one of which a part was written only. When it returns without an error, all but the heartbeat is
// durable; that is within half a minute, and the next one tells the same and more.
func (l *Ledger) Take(ctx context.Context, r investigations.NodeReport) error {
	if r.Node == "" || len(r.Node) > maxNode {
		return fmt.Errorf("take a report: %s is %w", investigations.Quote(r.Node, 40), ErrNode)
	}
	now := l.o.Now()
	Settle(&r, now)
	if err := l.write(ctx, &r); err != nil {
		return fmt.Errorf("write down what the agent of node %s told: %w", investigations.Quote(r.Node, 60), err)
	}
	if l.heard(&r, now) {
		if err := l.Flush(ctx); err != nil {
			l.o.Log.Warn("write down the heartbeats of node agents", "err", err)
		}
	}
	if l.over() {
		if err := l.evict(ctx); err != nil {
			l.o.Log.Warn("make room for what node agents tell", "err", err)
		}
	}
	return nil
}

// pageBytes is about how much is written in one go: all of a report that has no recording is.
const pageBytes = 4 << 20

// write writes what is durable of a report. First comes what nothing points to yet; with the last page the rest is there
// too.
func (l *Ledger) write(ctx context.Context, r *investigations.NodeReport) error {
	all, err := media(r)
	if err != nil {
		return err
	}
	if len(all) == 0 && len(r.Reports)+len(r.Counted)+len(r.UserKills) == 0 {
		return nil
	}
	l.mu.Lock()
	n := l.admit(r.Node)
	l.mu.Unlock()
	n.writing.Lock()
	defer n.writing.Unlock()
	p := &pages{ledger: l, node: n, added: map[hour]storedHour{}}
	for i := range all {
		if err := p.medium(ctx, &all[i]); err != nil {
			return err
		}
	}
	if err := p.entries(ctx, r); err != nil {
		return err
	}
	return p.end(ctx)
}

// pages are documents on their way to the shelf.
type pages struct {
	ledger *Ledger
	node   *node
	docs   []investigations.Doc
	size   int
	// heads are written with the last page.
	heads []investigations.Doc
	added map[hour]storedHour
}

// medium adds a recording or a profile, unless it is there.
func (p *pages) medium(ctx context.Context, m *medium) error {
	kind := kindMedia(p.node.name, m.hour())
	if there, err := p.there(ctx, kind, m.key); err != nil || there {
		return err
	}
	h := p.added[m.hour()]
	h.Media += m.Bytes
	p.added[m.hour()] = h
	for i := range m.Parts {
		d, err := m.part(p.node.name, i)
		if err != nil {
			return err
		}
		if err := p.add(ctx, d); err != nil {
			return err
		}
	}
	head, err := docOf(kind, m.key, m.storedMedium)
	p.heads = append(p.heads, head)
	return err
}

// there says whether a document is on the shelf.
func (p *pages) there(ctx context.Context, kind, key string) (bool, error) {
	_, err := p.ledger.o.Shelf.Doc(ctx, kind, key)
	if errors.Is(err, investigations.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// add adds a document, and writes a page that is full. The hours stand on each page, so that whatever was written is
// found by who sweeps.
func (p *pages) add(ctx context.Context, d investigations.Doc) error {
	if p.size > 0 && p.size+len(d.Body) > pageBytes {
		if err := p.put(ctx); err != nil {
			return err
		}
	}
	p.docs, p.size = append(p.docs, d), p.size+len(d.Body)
	return nil
}

func (p *pages) put(ctx context.Context) error {
	docs := p.docs
	for h, s := range p.hours() {
		d, err := docOf(kindHour, keyHour(p.node.name, h), s)
		if err != nil {
			return err
		}
		docs = append(docs, d)
	}
	p.docs, p.size = nil, 0
	return p.ledger.o.Shelf.PutDocs(ctx, docs...)
}

// hours are those that change, as they will be.
func (p *pages) hours() map[hour]storedHour {
	p.ledger.mu.Lock()
	defer p.ledger.mu.Unlock()
	out := map[hour]storedHour{}
	for h, add := range p.added {
		s := p.node.hours[h]
		out[h] = storedHour{Version: storedVersion, Media: s.Media + add.Media, Reports: s.Reports + add.Reports}
	}
	return out
}

// end writes the last page.
func (p *pages) end(ctx context.Context) error {
	p.docs = append(p.docs, p.heads...)
	if len(p.docs) == 0 {
		return nil
	}
	if err := p.put(ctx); err != nil {
		return err
	}
	hours := p.hours()
	l := p.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	l.nodes[p.node.name] = p.node // it may have been forgotten meanwhile
	maps.Copy(p.node.hours, hours)
	for _, add := range p.added {
		l.media, l.reports = l.media+add.Media, l.reports+add.Reports
	}
	return nil
}

// entries adds all but the media.
func (p *pages) entries(ctx context.Context, r *investigations.NodeReport) error {
	of := map[hour]bool{}
	for i := range r.Reports {
		k := &r.Reports[i]
		if err := p.kernel(ctx, r.BootID, k); err != nil {
			return err
		}
		of[hourOf(*k.At)] = true
	}
	for i := range r.Counted {
		c := &r.Counted[i]
		if err := p.entry(ctx, keyCounted(r.BootID, c), c.At, c); err != nil {
			return err
		}
		of[hourOf(c.At)] = true
	}
	for i := range r.UserKills {
		u := &r.UserKills[i]
		if err := p.entry(ctx, keyUser(r.BootID, u), u.At, u); err != nil {
			return err
		}
		of[hourOf(u.At)] = true
	}
	return p.pods(ctx, r.Pods, slices.Sorted(maps.Keys(of)))
}

// mostHours bounds in how many hours the names of pods are noted: a message tells of the last minutes, but for one that
// waited on the node.
const mostHours = 48

func (p *pages) pods(ctx context.Context, pods []investigations.NodePod, hours []hour) error {
	for _, h := range hours[max(0, len(hours)-mostHours):] {
		for i := range pods {
			if err := p.entry(ctx, keyPod(&pods[i]), h.begins(), &pods[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// entry adds what was told at a time, unless it is there.
func (p *pages) entry(ctx context.Context, key string, at time.Time, of any) error {
	d, err := entry(kindReports(p.node.name, hourOf(at)), key, at, of)
	if err != nil {
		return err
	}
	if there, err := p.there(ctx, d.Kind, d.Key); err != nil || there {
		return err
	}
	return p.entryDoc(ctx, hourOf(at), d)
}

func (p *pages) entryDoc(ctx context.Context, h hour, d investigations.Doc) error {
	s := p.added[h]
	s.Reports += int64(len(d.Body))
	p.added[h] = s
	return p.add(ctx, d)
}

// kernel adds a report of the kernel, unless it is there, and as complete: an agent that starts again may find the
// beginning of it gone.
func (p *pages) kernel(ctx context.Context, boot string, r *investigations.KernelReport) error {
	h := hourOf(*r.At)
	d, err := kernelEntry(kindReports(p.node.name, h), keyKernel(boot, r), *r)
	if err != nil {
		return err
	}
	known, err := p.ledger.o.Shelf.Doc(ctx, d.Kind, d.Key)
	switch {
	case err == nil:
		var k investigations.KernelReport
		if readEntry(known.Body, &k) == nil && (k.Complete || !r.Complete) {
			return nil
		}
	case !errors.Is(err, investigations.ErrNotFound):
		return err
	}
	return p.entryDoc(ctx, h, d)
}
