package file

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

// Keep implements investigations.Memory.
func (s *Store) Keep(ctx context.Context, traces ...investigations.Trace) error {
	return do(ctx, s, again, func(m memory.Store) error { return m.Keep(ctx, traces...) })
}

// Amend implements investigations.Memory.
func (s *Store) Amend(ctx context.Context, id string, a investigations.Amendment) error {
	return do(ctx, s, again, func(m memory.Store) error { return m.Amend(ctx, id, a) })
}

// Trace implements investigations.Memory.
func (s *Store) Trace(ctx context.Context, id string) (investigations.Trace, error) {
	return ask(ctx, s, again, func(m memory.Store) (investigations.Trace, error) { return m.Trace(ctx, id) })
}

// Heads implements investigations.Memory.
func (s *Store) Heads(ctx context.Context, f investigations.Filter) iter.Seq2[investigations.Head, error] {
	return list(ctx, s, func(m memory.Store) iter.Seq2[investigations.Head, error] { return m.Heads(ctx, f) })
}

// Forget implements investigations.Memory.
func (s *Store) Forget(ctx context.Context, f investigations.Filter) (int, error) {
	return ask(ctx, s, once, func(m memory.Store) (int, error) { return m.Forget(ctx, f) })
}

// Candidates implements investigations.Index.
func (s *Store) Candidates(ctx context.Context, cue investigations.Cue) (investigations.Candidates, error) {
	return ask(ctx, s, again, func(m memory.Store) (investigations.Candidates, error) { return m.Candidates(ctx, cue) })
}

// Edges implements investigations.Graph.
func (s *Store) Edges(ctx context.Context, n investigations.GraphNode, limit int) (edges []investigations.Edge, total int, err error) {
	err = do(ctx, s, again, func(m memory.Store) (err error) {
		edges, total, err = m.Edges(ctx, n, limit)
		return err
	})
	return edges, total, err
}

// Put implements investigations.Inbox.
func (s *Store) Put(ctx context.Context, item investigations.Item) (bool, error) {
	return ask(ctx, s, once, func(m memory.Store) (bool, error) { return m.Put(ctx, item) })
}

// Take implements investigations.Inbox.
func (s *Store) Take(ctx context.Context, lease time.Duration) (investigations.Item, error) {
	return ask(ctx, s, once, func(m memory.Store) (investigations.Item, error) { return m.Take(ctx, lease) })
}

// Renew implements investigations.Inbox.
func (s *Store) Renew(ctx context.Context, item investigations.Item, lease time.Duration) (investigations.Item, error) {
	return ask(ctx, s, again, func(m memory.Store) (investigations.Item, error) { return m.Renew(ctx, item, lease) })
}

// Done implements investigations.Inbox.
func (s *Store) Done(ctx context.Context, item investigations.Item, why string) error {
	return do(ctx, s, again, func(m memory.Store) error { return m.Done(ctx, item, why) })
}

// Later implements investigations.Inbox.
func (s *Store) Later(ctx context.Context, item investigations.Item, at time.Time, why string) error {
	return do(ctx, s, once, func(m memory.Store) error { return m.Later(ctx, item, at, why) })
}

// Begin implements investigations.WorkLog.
func (s *Store) Begin(ctx context.Context, w investigations.Work) (mark investigations.Work, first bool, err error) {
	err = do(ctx, s, once, func(m memory.Store) (err error) {
		mark, first, err = m.Begin(ctx, w)
		return err
	})
	return mark, first, err
}

// End implements investigations.WorkLog.
func (s *Store) End(ctx context.Context, key, result string) error {
	return do(ctx, s, again, func(m memory.Store) error { return m.End(ctx, key, result) })
}

// Unfinished implements investigations.WorkLog.
func (s *Store) Unfinished(ctx context.Context) ([]investigations.Work, error) {
	return ask(ctx, s, again, func(m memory.Store) ([]investigations.Work, error) { return m.Unfinished(ctx) })
}

// PutDocs implements investigations.Shelf.
func (s *Store) PutDocs(ctx context.Context, docs ...investigations.Doc) error {
	return do(ctx, s, again, func(m memory.Store) error { return m.PutDocs(ctx, docs...) })
}

// Doc implements investigations.Shelf.
func (s *Store) Doc(ctx context.Context, kind, key string) (investigations.Doc, error) {
	return ask(ctx, s, again, func(m memory.Store) (investigations.Doc, error) { return m.Doc(ctx, kind, key) })
}

// Docs implements investigations.Shelf.
func (s *Store) Docs(ctx context.Context, kind string) iter.Seq2[investigations.Doc, error] {
	return list(ctx, s, func(m memory.Store) iter.Seq2[investigations.Doc, error] { return m.Docs(ctx, kind) })
}

// Backup implements memory.Store.
func (s *Store) Backup(ctx context.Context, w io.Writer) error {
	out := &begun{w: w}
	var late error // what was written in part is not written again
	err := do(ctx, s, again, func(m memory.Store) error {
		err := m.Backup(ctx, out)
		if out.begun {
			late = err
			return nil
		}
		return err
	})
	return errors.Join(err, late)
}

// begun is a writer that knows whether anything was written.
type begun struct {
	w     io.Writer
	begun bool
}

func (b *begun) Write(p []byte) (int, error) {
	b.begun = true
	return b.w.Write(p)
}

// Compact implements memory.Store.
func (s *Store) Compact(ctx context.Context) (before, after int64, err error) {
	err = do(ctx, s, again, func(m memory.Store) (err error) {
		before, after, err = m.Compact(ctx)
		return err
	})
	return before, after, err
}
