package socket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory/memorytest"
)

// TestErrorsKeepTheirIdentity sends every sentinel over the socket, alone and wrapped.
func TestErrorsKeepTheirIdentity(t *testing.T) {
	store := &failing{Fake: memorytest.New(time.Now)}
	c := served(t, store)
	for _, s := range sentinels {
		store.fail(fmt.Errorf("write /var/lib/é\n\x00.db: %w: %w", s.err, io.ErrShortWrite))
		_, traceErr := c.Trace(t.Context(), "x")
		var headsErr error
		for _, err := range c.Heads(t.Context(), investigations.Filter{}) {
			headsErr = err
		}
		var docsErr error
		for _, err := range c.Docs(t.Context(), "thread") {
			docsErr = err
		}
		for call, err := range map[string]error{"Trace": traceErr, "Heads": headsErr, "Docs": docsErr, "PutDocs": c.PutDocs(t.Context()), "Backup": c.Backup(t.Context(), io.Discard)} {
			if !errors.Is(err, s.err) || !strings.Contains(err.Error(), "/var/lib/é\n\x00.db") {
				t.Errorf("%s: %v, want the error %s with its text", call, err, s.name)
			}
			for _, other := range sentinels {
				if other.name != s.name && errors.Is(err, other.err) {
					t.Errorf("%s: %v is %s, too", call, err, other.name)
				}
			}
			if errors.Is(err, ErrCut) || errors.Is(err, ErrGone) {
				t.Errorf("%s: %v looks as if nobody had answered", call, err)
			}
		}
	}
}

// failing is a store whose reads fail.
type failing struct {
	*memorytest.Fake
	mu  sync.Mutex
	err error
}

func (f *failing) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (f *failing) get() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

func (f *failing) Trace(context.Context, string) (investigations.Trace, error) {
	return investigations.Trace{}, f.get()
}

func (f *failing) Heads(context.Context, investigations.Filter) iter.Seq2[investigations.Head, error] {
	return func(yield func(investigations.Head, error) bool) {
		_ = yield(investigations.Head{ID: "first"}, nil) && yield(investigations.Head{}, f.get())
	}
}

func (f *failing) PutDocs(context.Context, ...investigations.Doc) error { return f.get() }

func (f *failing) Docs(context.Context, string) iter.Seq2[investigations.Doc, error] {
	return func(yield func(investigations.Doc, error) bool) {
		_ = yield(investigations.Doc{Kind: "thread", Key: "first"}, nil) && yield(investigations.Doc{}, f.get())
	}
}

func (f *failing) Backup(_ context.Context, w io.Writer) error {
	_, err := w.Write([]byte("half of it"))
	return errors.Join(err, f.get())
}
