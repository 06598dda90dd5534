package nodes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// What is kept for how long.
const (
	keepMedia   = 7 * 24 * time.Hour
	keepReports = 30 * 24 * time.Hour
)

// place is an hour of a node.
type place struct {
	node *node
	hour hour
}

// Sweep removes what is old: recordings and profiles after 7 days, everything else after 30, and agents that were not
// heard for as long. It also keeps what there is within its bounds. It is to be called now and then.
func (l *Ledger) Sweep(ctx context.Context, now time.Time) error {
	var errs []error
	for _, p := range l.places(func(storedHour) bool { return true }) {
		var err error
		switch age := now.Sub(p.hour.ends()); {
		case age > keepReports:
			err = l.dropHour(ctx, p)
		case age > keepMedia:
			err = l.dropMedia(ctx, p)
		}
		if errs = append(errs, err); ctx.Err() != nil {
			return errors.Join(errs...)
		}
	}
	errs = append(errs, l.forget(ctx, now.Add(-keepReports)), l.evict(ctx))
	return errors.Join(errs...)
}

// places are the hours that hold something, the oldest first.
func (l *Ledger) places(of func(storedHour) bool) []place {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []place
	for _, n := range l.nodes {
		for h, s := range n.hours {
			if of(s) {
				out = append(out, place{n, h})
			}
		}
	}
	slices.SortFunc(out, func(a, b place) int {
		if a.hour != b.hour {
			return int(a.hour - b.hour)
		}
		return strings.Compare(a.node.name, b.node.name)
	})
	return out
}

// dropHour removes everything of an hour.
func (l *Ledger) dropHour(ctx context.Context, p place) error {
	p.node.writing.Lock()
	defer p.node.writing.Unlock()
	name := p.node.name
	for _, kind := range []string{kindMedia(name, p.hour), kindParts(name, p.hour), kindReports(name, p.hour)} {
		if err := l.dropKind(ctx, kind); err != nil {
			return fmt.Errorf("remove what is old of node %s: %w", name, err)
		}
	}
	if err := l.o.Shelf.PutDocs(ctx, investigations.Doc{Kind: kindHour, Key: keyHour(name, p.hour)}); err != nil {
		return fmt.Errorf("remove what is old of node %s: %w", name, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s := p.node.hours[p.hour]
	l.media, l.reports = l.media-s.Media, l.reports-s.Reports
	delete(p.node.hours, p.hour)
	return nil
}

// dropMedia removes the recordings and profiles of an hour.
func (l *Ledger) dropMedia(ctx context.Context, p place) error {
	p.node.writing.Lock()
	defer p.node.writing.Unlock()
	l.mu.Lock()
	s := p.node.hours[p.hour]
	l.mu.Unlock()
	if s.Media == 0 {
		return nil
	}
	for _, kind := range []string{kindMedia(p.node.name, p.hour), kindParts(p.node.name, p.hour)} {
		if err := l.dropKind(ctx, kind); err != nil {
			return fmt.Errorf("remove old recordings of node %s: %w", p.node.name, err)
		}
	}
	return l.setMedia(ctx, p, 0)
}

// setMedia notes how many bytes of media an hour has. The caller holds p.node.writing.
func (l *Ledger) setMedia(ctx context.Context, p place, bytes int64) error {
	l.mu.Lock()
	s := p.node.hours[p.hour]
	l.mu.Unlock()
	less := s.Media - bytes
	s.Version, s.Media = storedVersion, bytes
	d, err := docOf(kindHour, keyHour(p.node.name, p.hour), s)
	if err == nil {
		err = l.o.Shelf.PutDocs(ctx, d)
	}
	if err != nil {
		return fmt.Errorf("note what is left of an hour of node %s: %w", p.node.name, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	p.node.hours[p.hour] = s
	l.media -= less
	return nil
}

// dropPage is how many documents are removed in one go.
const dropPage = 500

// dropKind removes all documents of a kind, as far as they can be read.
func (l *Ledger) dropKind(ctx context.Context, kind string) error {
	var gone []investigations.Doc
	for d, err := range l.o.Shelf.Docs(ctx, kind) {
		if err != nil {
			if err := l.unreadable(err); err != nil {
				return err
			}
			break
		}
		gone = append(gone, investigations.Doc{Kind: kind, Key: d.Key})
	}
	for page := range slices.Chunk(gone, dropPage) {
		if err := l.o.Shelf.PutDocs(ctx, page...); err != nil {
			return err
		}
	}
	return nil
}

// over says whether there is more than may be.
func (l *Ledger) over() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.media > l.o.MaxMedia || l.reports > l.o.MaxReports
}

// room is how much is left below the bounds, with a tenth of them to spare: what is full is not made room in at once again.
func (l *Ledger) room() (media, reports int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.o.MaxMedia - l.o.MaxMedia/10 - l.media, l.o.MaxReports - l.o.MaxReports/10 - l.reports
}

// evict removes the oldest until there is room.
func (l *Ledger) evict(ctx context.Context) error {
	if !l.over() || !l.evicting.TryLock() {
		return nil
	}
	defer l.evicting.Unlock()
	for _, p := range l.places(func(s storedHour) bool { return s.Media > 0 }) {
		media, _ := l.room()
		if media >= 0 {
			break
		}
		if err := l.evictMedia(ctx, p, -media); err != nil {
			return err
		}
	}
	for _, p := range l.places(func(s storedHour) bool { return s.Reports > 0 }) {
		if _, reports := l.room(); reports >= 0 {
			break
		}
		l.o.Log.Warn("the oldest reports of node agents go, since there are too many", "node", p.node.name, "hour", p.hour.String())
		if err := l.dropHour(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// evictMedia removes the oldest media of an hour, about as many bytes as are too many.
func (l *Ledger) evictMedia(ctx context.Context, p place, bytes int64) error {
	p.node.writing.Lock()
	defer p.node.writing.Unlock()
	name := p.node.name
	var gone []investigations.Doc
	var left int64
	for d, err := range l.o.Shelf.Docs(ctx, kindMedia(name, p.hour)) {
		if err != nil {
			if err := l.unreadable(err); err != nil {
				return err
			}
			break
		}
		var m storedMedium
		if err := json.Unmarshal(d.Body, &m); err != nil {
			l.skip(d, err)
		}
		if bytes <= 0 {
			left += m.Bytes
			continue
		}
		bytes -= m.Bytes
		gone = append(gone, investigations.Doc{Kind: d.Kind, Key: d.Key})
		for i := range min(max(m.Parts, 0), 1<<10) {
			gone = append(gone, investigations.Doc{Kind: kindParts(name, p.hour), Key: keyPart(d.Key, i)})
		}
	}
	for page := range slices.Chunk(gone, dropPage) {
		if err := l.o.Shelf.PutDocs(ctx, page...); err != nil {
			return fmt.Errorf("remove old recordings of node %s: %w", name, err)
		}
	}
	if left == 0 { // pieces that no recording points to any more
		if err := l.dropKind(ctx, kindParts(name, p.hour)); err != nil {
			return fmt.Errorf("remove old recordings of node %s: %w", name, err)
		}
	}
	return l.setMedia(ctx, p, left)
}

// forget removes the agents that were not heard since a time and of which there is nothing.
func (l *Ledger) forget(ctx context.Context, since time.Time) error {
	l.mu.Lock()
	var gone []investigations.Doc
	for name, n := range l.nodes {
		if len(n.hours) == 0 && n.agent.at.Before(since) && n.writing.TryLock() {
			n.writing.Unlock()
			gone = append(gone, investigations.Doc{Kind: kindAgent, Key: word(name)})
			delete(l.nodes, name)
		}
	}
	l.mu.Unlock()
	for page := range slices.Chunk(gone, dropPage) {
		if err := l.o.Shelf.PutDocs(ctx, page...); err != nil {
			return fmt.Errorf("forget node agents that are gone: %w", err)
		}
	}
	return nil
}
