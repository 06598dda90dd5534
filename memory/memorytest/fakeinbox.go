package memorytest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
)

// Put implements investigations.Inbox.
func (f *Fake) Put(ctx context.Context, item investigations.Item) (bool, error) {
	if err := f.enter(ctx); err != nil {
		return false, err
	}
	defer f.mu.Unlock()
	if err := checkKey(item.Key); err != nil {
		return false, fmt.Errorf("put item: key: %w", err)
	}
	kept, err := copied(item)
	if err != nil {
		return false, fmt.Errorf("put item %s: %w", item.Key, err)
	}
	if f.item(item.Key) != nil {
		return false, nil
	}
	f.items = append(f.items, &kept)
	slices.SortStableFunc(f.items, func(a, b *investigations.Item) int { return a.At.Compare(b.At) })
	return true, nil
}

// Take implements investigations.Inbox.
func (f *Fake) Take(ctx context.Context, lease time.Duration) (investigations.Item, error) {
	if err := f.enter(ctx); err != nil {
		return investigations.Item{}, err
	}
	defer f.mu.Unlock()
	now := f.now()
	for _, it := range f.items {
		if it.DoneAt.IsZero() && !it.NotBefore.After(now) && !it.LeasedUntil.After(now) {
			f.leases++
			it.Lease, it.LeasedUntil = fmt.Sprintf("lease-%d", f.leases), now.Add(lease).UTC()
			it.Attempts++
			return copied(*it)
		}
	}
	return investigations.Item{}, fmt.Errorf("take an item: %w", investigations.ErrNotFound)
}

// Renew implements investigations.Inbox.
func (f *Fake) Renew(ctx context.Context, item investigations.Item, lease time.Duration) (investigations.Item, error) {
	it, err := f.held(ctx, item, "renew")
	if err != nil {
		return investigations.Item{}, err
	}
	defer f.mu.Unlock()
	if !it.DoneAt.IsZero() {
		return investigations.Item{}, fmt.Errorf("renew item %s, which is done: %w", item.Key, investigations.ErrLeaseLost)
	}
	it.LeasedUntil = f.now().Add(lease).UTC()
	return copied(*it)
}

// Done implements investigations.Inbox.
func (f *Fake) Done(ctx context.Context, item investigations.Item, why string) error {
	it, err := f.held(ctx, item, "end")
	if err != nil {
		return err
	}
	defer f.mu.Unlock()
	if it.DoneAt.IsZero() {
		it.DoneAt, it.LeasedUntil, it.Why = f.now().UTC(), time.Time{}, why
	}
	return nil
}

// Later implements investigations.Inbox. Who gave an item back may say so again.
func (f *Fake) Later(ctx context.Context, item investigations.Item, at time.Time, why string) error {
	it, err := f.held(ctx, item, "give back")
	if err != nil {
		return err
	}
	defer f.mu.Unlock()
	if !it.DoneAt.IsZero() {
		return fmt.Errorf("give back item %s, which is done: %w", item.Key, investigations.ErrLeaseLost)
	}
	it.LeasedUntil, it.NotBefore, it.Why = time.Time{}, at.UTC(), why
	return nil
}

// held returns the item that its holder means, with the store locked.
func (f *Fake) held(ctx context.Context, item investigations.Item, verb string) (*investigations.Item, error) {
	if err := f.enter(ctx); err != nil {
		return nil, err
	}
	it := f.item(item.Key)
	switch {
	case it == nil:
		f.mu.Unlock()
		return nil, fmt.Errorf("%s item %q: %w", verb, item.Key, investigations.ErrNotFound)
	case item.Lease == "" || it.Lease != item.Lease:
		f.mu.Unlock()
		return nil, fmt.Errorf("%s item %s: %w", verb, item.Key, investigations.ErrLeaseLost)
	}
	return it, nil
}

func (f *Fake) item(key string) *investigations.Item {
	for _, it := range f.items {
		if it.Key == key {
			return it
		}
	}
	return nil
}

// Begin implements investigations.WorkLog.
func (f *Fake) Begin(ctx context.Context, w investigations.Work) (investigations.Work, bool, error) {
	if err := f.enter(ctx); err != nil {
		return investigations.Work{}, false, err
	}
	defer f.mu.Unlock()
	if err := checkKey(w.Key); err != nil {
		return investigations.Work{}, false, fmt.Errorf("begin work: key: %w", err)
	}
	if earlier := f.work(w.Key); earlier != nil {
		mark, err := copied(*earlier)
		return mark, false, err
	}
	w.EndedAt, w.Result = time.Time{}, ""
	kept, err := copied(w)
	if err != nil {
		return investigations.Work{}, false, fmt.Errorf("begin work %s: %w", w.Key, err)
	}
	f.works = append(f.works, &kept)
	mark, err := copied(kept)
	return mark, true, err
}

// End implements investigations.WorkLog.
func (f *Fake) End(ctx context.Context, key, result string) error {
	if err := f.enter(ctx); err != nil {
		return err
	}
	defer f.mu.Unlock()
	w := f.work(key)
	if w == nil {
		return fmt.Errorf("end work %q: %w", key, investigations.ErrNotFound)
	}
	if w.EndedAt.IsZero() {
		w.EndedAt, w.Result = f.now().UTC(), result
	}
	return nil
}

// Unfinished implements investigations.WorkLog.
func (f *Fake) Unfinished(ctx context.Context) ([]investigations.Work, error) {
	if err := f.enter(ctx); err != nil {
		return nil, err
	}
	defer f.mu.Unlock()
	var out []investigations.Work
	for _, w := range f.works {
		if w.EndedAt.IsZero() {
			mark, err := copied(*w)
			if err != nil {
				return nil, err
			}
			out = append(out, mark)
		}
	}
	slices.SortStableFunc(out, func(a, b investigations.Work) int {
		return cmp.Or(a.BegunAt.Compare(b.BegunAt), cmp.Compare(a.Key, b.Key))
	})
	return out, nil
}

func (f *Fake) work(key string) *investigations.Work {
	for _, w := range f.works {
		if w.Key == key {
			return w
		}
	}
	return nil
}

// copied returns a copy that shares nothing with v, as it comes out of a document.
func copied[T any](v T) (T, error) {
	var out T
	doc, err := json.Marshal(v)
	if err != nil {
		return out, err
	}
	return out, json.Unmarshal(doc, &out)
}
