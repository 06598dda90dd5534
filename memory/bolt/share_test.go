package bolt

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory/memorytest"
)

// crowd makes small writes that all wait when the first of them is run, in the order in which they were added.
type crowd struct {
	t  *testing.T
	s  *Store
	wg sync.WaitGroup
	n  int
}

// gather holds up all that write until the crowd is let go.
func gather(t *testing.T, s *Store) *crowd {
	t.Helper()
	s.writing <- struct{}{}
	return &crowd{t: t, s: s}
}

// add starts a write and returns when it waits. got is told what it returned.
func (c *crowd) add(write func() error, got func(error)) {
	c.t.Helper()
	c.wg.Go(func() { got(write()) })
	c.n++
	c.wait(c.n)
}

// wait returns when n writes wait.
func (c *crowd) wait(n int) {
	for {
		c.s.sharing.mu.Lock()
		waiting := len(c.s.sharing.waiting)
		c.s.sharing.mu.Unlock()
		if waiting == n {
			return
		}
		runtime.Gosched()
	}
}

// letGo lets all write, waits for their end and returns how many transactions that took.
func (c *crowd) letGo() int {
	c.t.Helper()
	before := transactions(c.t, c.s)
	<-c.s.writing
	c.wg.Wait()
	return transactions(c.t, c.s) - before
}

// transactions is how many transactions the file has seen.
func transactions(t *testing.T, s *Store) int {
	t.Helper()
	var id int
	err := s.view(t.Context(), func(tx *bbolt.Tx) error {
		id = tx.ID()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// want is a check of what a write returns.
func want(t *testing.T, what string, target error) func(error) {
	return func(err error) {
		if !errors.Is(err, target) {
			t.Errorf("%s: %v, want %v", what, err, target)
		}
	}
}

func putter(s *Store, key string) func() error {
	return func() error {
		fresh, err := s.Put(context.Background(), investigations.Item{Key: key, At: memorytest.Epoch})
		if err == nil && !fresh {
			return errNotFresh
		}
		return err
	}
}

var errNotFresh = errors.New("it was there already")

func shelver(s *Store, key, body string) func() error {
	return func() error {
		return s.PutDocs(context.Background(), investigations.Doc{Kind: "thread", Key: key, Body: []byte(body)})
	}
}

func TestWhatWaitsSharesATransaction(t *testing.T) {
	for _, most := range []int{shareMost, 7, 1} {
		t.Run(fmt.Sprintf("at most %d", most), func(t *testing.T) {
			s := temp(t)
			s.sharing.most = most
			c := gather(t, s)
			const n = 20
			for i := range n {
				c.add(putter(s, fmt.Sprint(i)), want(t, "Put", nil))
			}
			for i := range n {
				c.add(shelver(s, fmt.Sprint(i), `1`), want(t, "PutDocs", nil))
			}
			if got, want := c.letGo(), (2*n+most-1)/most; got != want {
				t.Errorf("they took %d transactions, want %d", got, want)
			}
			if items, docs := entries(t, s, bucketInbox), entries(t, s, bucketShelf); items != n || docs != n {
				t.Errorf("%d items and %d documents are there, want %d of each", items, docs, n)
			}
			verify(t, s)
		})
	}
}

// TestWhoComesLateJoins has a write come while the transaction of another one is made.
func TestWhoComesLateJoins(t *testing.T) {
	s := temp(t)
	c := gather(t, s)
	late, came := make(chan error, 1), false
	c.add(func() error {
		return s.share(context.Background(), func(tx *bbolt.Tx) error {
			if !came {
				came = true
				go func() { late <- putter(s, "late")() }() // it ends with this transaction
				c.wait(1)
			}
			return tx.Bucket(bucketMeta).Put([]byte("test"), nil)
		})
	}, want(t, "the first write", nil))
	if n := c.letGo(); n != 1 {
		t.Errorf("they took %d transactions, want 1", n)
	}
	want(t, "the late write", nil)(<-late)
	checkAcked(t, s, "put", "late")
}

// TestSharersAreApart lets writes share a transaction of which some fail, in all ways, before and after they wrote.
func TestSharersAreApart(t *testing.T) {
	s := temp(t)
	if err := errors.Join(putter(s, "old")(), putter(s, "held")()); err != nil {
		t.Fatal(err)
	}
	held, err := s.Take(t.Context(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	stranger := held
	stranger.Lease = "made up"
	failed := errors.New("it failed")
	spoil := func() error {
		return s.share(context.Background(), func(tx *bbolt.Tx) error {
			return errors.Join(tx.Bucket(bucketShelf).Put([]byte("\x00\x01xspoilt"), []byte("no record")), tx.Bucket(bucketInbox).SetSequence(1<<40), failed)
		})
	}
	done := func(it investigations.Item) func() error {
		return func() error { return s.Done(context.Background(), it, "") }
	}
	c := gather(t, s)
	c.add(putter(s, "a"), want(t, "Put", nil))
	c.add(spoil, want(t, "a write that fails", failed))
	c.add(putter(s, "a"), want(t, "Put of what another one of them put", errNotFresh))
	c.add(putter(s, "old"), want(t, "Put of what is there", errNotFresh))
	c.add(done(stranger), want(t, "Done by a stranger", investigations.ErrLeaseLost))
	c.add(shelver(s, "b", `{}`), want(t, "PutDocs", nil))
	c.add(done(held), want(t, "Done", nil))
	c.add(func() error { return s.End(context.Background(), "nothing", "") }, want(t, "End", investigations.ErrNotFound))
	c.add(spoil, want(t, "another write that fails", failed))
	c.add(putter(s, "c"), want(t, "Put", nil))
	if n := c.letGo(); n != 1 {
		t.Errorf("%d transactions were made durable, want 1", n)
	}
	for _, key := range []string{"a", "c"} {
		checkAcked(t, s, "put", key)
	}
	checkAcked(t, s, "done", held.Key)
	if n := entries(t, s, bucketShelf); n != 1 {
		t.Errorf("%d documents are there, want 1", n)
	}
	verify(t, s)
}

// TestNothingToWriteSparesTheDisk lets writes share a transaction that all change nothing.
func TestNothingToWriteSparesTheDisk(t *testing.T) {
	s := temp(t)
	if err := errors.Join(putter(s, "a")(), shelver(s, "a", `{"n": 1}`)()); err != nil {
		t.Fatal(err)
	}
	c := gather(t, s)
	for range 3 {
		c.add(putter(s, "a"), want(t, "Put", errNotFresh))
		c.add(shelver(s, "a", `{"n":1}`), want(t, "PutDocs", nil))
		c.add(shelver(s, "nobody", ``), want(t, "PutDocs", nil))
	}
	if n := c.letGo(); n != 0 {
		t.Errorf("%d transactions were made durable, want none", n)
	}
}

func TestWhoWaitsMayGiveUp(t *testing.T) {
	s := temp(t)
	ctx, cancel := context.WithCancel(t.Context())
	c := gather(t, s)
	c.add(putter(s, "a"), want(t, "Put", nil))
	gone := make(chan error)
	go func() { // it ends with its context
		_, err := s.Put(ctx, investigations.Item{Key: "gone"})
		gone <- err
	}()
	c.wait(2)
	c.n++
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("Put: %v, want context.Canceled", err)
	}
	c.n--
	c.add(putter(s, "b"), want(t, "Put", nil))
	c.letGo()
	if n := entries(t, s, bucketInbox); n != 2 {
		t.Errorf("%d items are there, want 2", n)
	}
}

// TestCanceledWhileItIsWritten has the context of a write end when it was run already, together with others.
func TestCanceledWhileItIsWritten(t *testing.T) {
	s := temp(t)
	ctx, cancel := context.WithCancel(t.Context())
	c := gather(t, s)
	c.add(putter(s, "a"), want(t, "Put", nil))
	c.add(func() error {
		return s.share(ctx, func(tx *bbolt.Tx) error {
			cancel()
			return tx.Bucket(bucketShelf).Put([]byte("\x00\x01xcanceled"), []byte("no record"))
		})
	}, want(t, "a write whose context ends", context.Canceled))
	c.add(putter(s, "b"), want(t, "Put", nil))
	c.letGo()
	if items, docs := entries(t, s, bucketInbox), entries(t, s, bucketShelf); items != 2 || docs != 0 {
		t.Errorf("%d items and %d documents are there, want 2 and none", items, docs)
	}
}

// TestPanicOfASharer has one of the writes find what bbolt panics at. It is told to all, and nothing is written any more.
func TestPanicOfASharer(t *testing.T) {
	s := temp(t)
	if err := putter(s, "before")(); err != nil {
		t.Fatal(err)
	}
	c := gather(t, s)
	c.add(putter(s, "a"), want(t, "Put", ErrDamaged))
	c.add(func() error {
		return s.share(context.Background(), func(*bbolt.Tx) error { panic("page 7: not a leaf") })
	}, want(t, "a write that panics", ErrDamaged))
	c.add(putter(s, "b"), want(t, "Put", ErrDamaged))
	c.letGo()
	want(t, "Put afterwards", ErrDamaged)(putter(s, "c")())
	checkAcked(t, s, "put", "before")
	if n := entries(t, s, bucketInbox); n != 1 {
		t.Errorf("%d items are there, want 1", n)
	}
}

// loud is a caller's logger that panics.
type loud struct{ slog.Handler }

func (loud) Enabled(context.Context, slog.Level) bool { return true }

func (l loud) Handle(context.Context, slog.Record) error { panic("the log is full") }

// TestPanicOfALeader has code of the caller panic while others wait for what its goroutine writes: it is the caller's to
// see, and nobody waits forever.
func TestPanicOfALeader(t *testing.T) {
	s := temp(t)
	s.options.Log = slog.New(loud{slog.DiscardHandler})
	other := &sharedWrite{done: make(chan error, 1), run: func(*bbolt.Tx) error { return nil }}
	s.sharing.add(other)
	s.sharing.add(&sharedWrite{done: make(chan error, 1), run: func(*bbolt.Tx) error { return ErrDamaged }})
	s.writing <- struct{}{}
	func() {
		defer func() {
			if r := recover(); r != "the log is full" {
				t.Errorf("recovered %v", r)
			}
		}()
		s.lead()
	}()
	want(t, "the other write", errBrokenOff)(<-other.done)
	want(t, "Put afterwards", ErrDamaged)(putter(s, "a")())
}

func TestCloseWhileSomeWait(t *testing.T) {
	path := filepath.Join(t.TempDir(), "memory.db")
	s := reopen(t, path, Options{NoSync: true})
	c := gather(t, s)
	for i := range 5 {
		c.add(putter(s, fmt.Sprint(i)), want(t, "Put", ErrClosed))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	<-s.writing
	c.wg.Wait()
	if n := entries(t, reopen(t, path, Options{}), bucketInbox); n != 0 {
		t.Errorf("%d items are there, want none", n)
	}
}
