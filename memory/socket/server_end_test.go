package socket

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory/memorytest"
)

// stuck is a store whose calls take until their context is done.
type stuck struct {
	*memorytest.Fake
	// begun gets one for each call that began, ended what it ended with.
	begun chan struct{}
	ended chan error
}

func newStuck() *stuck {
	return &stuck{Fake: memorytest.New(time.Now), begun: make(chan struct{}, 9), ended: make(chan error, 9)}
}

func (s *stuck) Keep(ctx context.Context, _ ...investigations.Trace) error {
	s.begun <- struct{}{}
	<-ctx.Done()
	s.ended <- ctx.Err()
	return ctx.Err()
}

func TestCallEndsWithItsContext(t *testing.T) {
	store := newStuck()
	c := served(t, store)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { // it ends with the call
		<-store.begun
		cancel()
	}()
	if err := c.Keep(ctx, memorytest.Trace(1, 0)); !errors.Is(err, context.Canceled) {
		t.Errorf("Keep: %v, want context.Canceled", err)
	}
	if err := <-store.ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the store's call ended with %v, want context.Canceled", err)
	}
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := c.Keep(short, memorytest.Trace(1, 0)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Keep: %v, want context.DeadlineExceeded", err)
	}
	if err := <-store.ended; err == nil {
		t.Error("the store's call did not end with its caller")
	}
}

// TestServerEndsInBoundedTime has a call under way that would go on forever.
func TestServerEndsInBoundedTime(t *testing.T) {
	file, store := memoryFile(t), newStuck()
	stop := start(t, file, store, hasty())
	c, err := Dial(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	go func() { failed <- c.Keep(context.Background(), memorytest.Trace(1, 0)) }() // it ends with the server
	<-store.begun
	if err := stop(); err != nil {
		t.Errorf("serve: %v", err)
	}
	// It was not the caller's context that ended it, and nobody knows what became of the trace.
	if err := <-failed; !errors.Is(err, ErrCut) || errors.Is(err, context.Canceled) {
		t.Errorf("Keep: %v, want ErrCut", err)
	}
	if err := <-store.ended; err == nil {
		t.Error("the store's call went on")
	}
	if err := c.Keep(t.Context(), memorytest.Trace(1, 0)); !errors.Is(err, ErrGone) || errors.Is(err, ErrCut) {
		t.Errorf("Keep after the end: %v, want ErrGone", err)
	}
}

// slow is a store whose Keep waits until it is let go.
type slow struct {
	*memorytest.Fake
	begun, letGo chan struct{}
}

func (s *slow) Keep(ctx context.Context, traces ...investigations.Trace) error {
	close(s.begun)
	<-s.letGo
	return s.Fake.Keep(ctx, traces...)
}

func TestServerLetsEndWhatIsUnderWay(t *testing.T) {
	file := memoryFile(t)
	store := &slow{Fake: memorytest.New(time.Now), begun: make(chan struct{}), letGo: make(chan struct{})}
	l, err := Listen(file, quiet)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served, kept := make(chan error, 1), make(chan error, 1)
	go func() { served <- Serve(ctx, l, store, quiet) }()
	c, err := Dial(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	go func() { kept <- c.Keep(t.Context(), memorytest.Trace(1, 0)) }()
	<-store.begun
	cancel()
	for { // it takes no more from the moment on at which its socket is gone
		if _, err := Dial(t.Context(), file); errors.Is(err, ErrGone) {
			break
		}
	}
	close(store.letGo)
	if err := <-kept; err != nil {
		t.Errorf("Keep: %v", err)
	}
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
	if _, err := store.Trace(t.Context(), memorytest.Trace(1, 0).Result.ID); err != nil {
		t.Error(err)
	}
}

// TestNobodyIsCutOffAtTheEnd has clients that ask all the time while servers end and begin: each call is answered, or
// reached nobody.
func TestNobodyIsCutOffAtTheEnd(t *testing.T) {
	file, store := memoryFile(t), memorytest.New(time.Now)
	var wg sync.WaitGroup
	var answered [6]int
	done := make(chan struct{})
	for n := range answered {
		wg.Go(func() {
			c := newClient(place{socket: file + ".sock"}, usersOf(file))
			for {
				select {
				case <-done:
					return
				default:
				}
				switch _, _, err := c.Begin(t.Context(), investigations.Work{Key: "post"}); {
				case err == nil:
					answered[n]++
				case !errors.Is(err, ErrGone) || errors.Is(err, ErrCut):
					t.Errorf("Begin: %v, want an answer or ErrGone", err)
					return
				}
			}
		})
	}
	for range 40 {
		stop := start(t, file, store, defaultPace())
		healthy(t, file)
		if err := stop(); err != nil {
			t.Errorf("serve: %v", err)
		}
	}
	close(done)
	wg.Wait()
	for n, calls := range answered {
		if calls == 0 {
			t.Errorf("client %d was never answered", n)
		}
	}
}
