package investigations

import (
	"context"
	"encoding/json"
	"time"
)

// Item is a request that came in from outside and is to be dealt with once.
type Item struct {
	// Key is its natural key, as the id of a delivery.
	Key  string `json:"key"`
	Kind string `json:"kind"`
	// Payload is JSON that has passed redaction.
	Payload json.RawMessage `json:"payload,omitempty"`
	// At is when it came; NotBefore when it may be taken.
	At        time.Time `json:"at"`
	NotBefore time.Time `json:"not_before,omitzero"`
	// Lease is the token of who works on it until LeasedUntil.
	Lease       string    `json:"lease,omitempty"`
	LeasedUntil time.Time `json:"leased_until,omitzero"`
	// Attempts counts how often it was taken.
	Attempts int `json:"attempts,omitempty"`
	// DoneAt is zero while it is open.
	DoneAt time.Time `json:"done_at,omitzero"`
	// Why is what became of the last attempt.
	Why string `json:"why,omitempty"`
}

// Inbox holds requests from before they are acknowledged until they are done. Every item is taken by one holder at a
// time, and again where the holder's lease ran out: done exactly once in effect, as long as the work of a holder is
// marked in the WorkLog. It is safe for concurrent use; what a call returned without an error is durable.
type Inbox interface {
	// Put writes an item. fresh is false where one of that key is there already, open or done; nothing changes then.
	Put(ctx context.Context, item Item) (fresh bool, err error)
	// Take leases the item that came first of those that are open, due and not leased; ErrNotFound where there is none.
	Take(ctx context.Context, lease time.Duration) (Item, error)
	// Renew prolongs a lease from now on; ErrLeaseLost where the item has another holder or is done.
	Renew(ctx context.Context, item Item, lease time.Duration) (Item, error)
	// Done ends an item; ErrLeaseLost where it has another holder. An item that its holder ended already stays ended.
	Done(ctx context.Context, item Item, why string) error
	// Later gives an item back, to be taken not before at; ErrLeaseLost where it has another holder or is done.
	Later(ctx context.Context, item Item, at time.Time, why string) error
}

// Work is one action on the outside: a post, an edit, a reaction.
type Work struct {
	// Key is its natural key, so that doing it again is known to be the same.
	Key  string `json:"key"`
	Kind string `json:"kind"`
	// Details are what is needed to look up whether it was done, as JSON that has passed redaction.
	Details json.RawMessage `json:"details,omitempty"`
	BegunAt time.Time       `json:"begun_at"`
	// EndedAt is zero where it is not known whether it was done.
	EndedAt time.Time `json:"ended_at,omitzero"`
	// Result is what came of it, as a permalink.
	Result string `json:"result,omitempty"`
}

// WorkLog marks actions on the outside before and after they are done. It is safe for concurrent use; what a call
// returned without an error is durable.
type WorkLog interface {
	// Begin marks that work is about to be done. Where its key was begun before, nothing changes, first is false, and
	// the earlier mark is returned: ended, or to be looked up before it is done again.
	Begin(ctx context.Context, w Work) (mark Work, first bool, err error)
	// End marks that it was done, and what came of it; ErrNotFound where it was never begun. A second end changes
	// nothing.
	End(ctx context.Context, key, result string) error
	// Unfinished are those that were begun and not ended, the oldest first.
	Unfinished(ctx context.Context) ([]Work, error)
}
