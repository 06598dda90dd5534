package bolt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"go.etcd.io/bbolt"
	"golang.org/x/sync/errgroup"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory/memorytest"
)

// fill keeps traces until there is no room for more, and returns how many it kept.
func fill(s *Store) (int, error) {
	for i := range 100_000 {
		if err := s.Keep(context.Background(), memorytest.Trace(1, i)); err != nil {
			return i, err
		}
	}
	return 0, errors.New("there was room for all")
}

// checkFull checks that what was kept is there still, and nothing of what failed.
func checkFull(s *Store, kept int, err error) error {
	if !errors.Is(err, ErrDiskFull) || errors.Is(err, ErrDamaged) || kept == 0 {
		return fmt.Errorf("after %d traces: %w, want ErrDiskFull", kept, err)
	}
	n := 0
	for _, err := range s.Heads(context.Background(), investigations.Filter{}) {
		if err != nil {
			return err
		}
		n++
	}
	if n != kept {
		return fmt.Errorf("%d traces were kept, %d are there", kept, n)
	}
	return nil
}

// ballast is a document that is removed to make some room in a full file.
func ballast(kib int) investigations.Doc {
	return investigations.Doc{Kind: "ballast", Key: "k", Body: json.RawMessage(`"` + strings.Repeat("b", kib<<10) + `"`)}
}

// checkFullSharing fills the little room that ballast makes. A document that is too large for it is refused, and those
// that wait with it are stored; then items are put until there is no room for any.
func checkFullSharing(s *Store) error {
	ctx := context.Background()
	large := investigations.Doc{Kind: "thread", Key: "large", Body: ballast(1000).Body}
	if err := s.PutDocs(ctx, large, twoDocs[0]); !errors.Is(err, ErrDiskFull) || errors.Is(err, ErrDamaged) {
		return fmt.Errorf("put a large document: %w, want ErrDiskFull", err)
	}
	if err := s.PutDocs(ctx, investigations.Doc{Kind: "ballast", Key: "k"}); err != nil {
		return fmt.Errorf("make some room: %w", err)
	}
	var g errgroup.Group
	s.writing <- struct{}{} // all wait until they are let go
	g.Go(func() error {
		if err := s.PutDocs(ctx, large); !errors.Is(err, ErrDiskFull) {
			return fmt.Errorf("put a large document among others: %w, want ErrDiskFull", err)
		}
		return nil
	})
	for i := range 5 {
		g.Go(func() error {
			fresh, err := s.Put(ctx, investigations.Item{Key: fmt.Sprintf("small %d", i)})
			if err != nil || !fresh {
				return fmt.Errorf("put an item beside a large document: fresh %t, %w", fresh, err)
			}
			return nil
		})
	}
	for waiting := 0; waiting < 6; runtime.Gosched() {
		s.sharing.mu.Lock()
		waiting = len(s.sharing.waiting)
		s.sharing.mu.Unlock()
	}
	<-s.writing
	if err := g.Wait(); err != nil {
		return err
	}
	return checkFullInbox(s)
}

// checkFullInbox puts items, of which five are there, until there is no room.
func checkFullInbox(s *Store) error {
	ctx, n := context.Background(), 5
	for ; ; n++ {
		_, err := s.Put(ctx, investigations.Item{Key: fmt.Sprintf("item %d", n), Payload: ballast(1).Body})
		if errors.Is(err, ErrDiskFull) && !errors.Is(err, ErrDamaged) {
			break
		}
		if err != nil || n > 100_000 {
			return fmt.Errorf("item %d: %w, want ErrDiskFull in the end", n, err)
		}
	}
	for _, key := range []string{"large", twoDocs[0].Key} {
		if _, err := s.Doc(ctx, "thread", key); !errors.Is(err, investigations.ErrNotFound) {
			return fmt.Errorf("the document %s, for which there was no room: %w, want ErrNotFound", key, err)
		}
	}
	there := 0
	err := s.view(ctx, func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketInbox).ForEach(func(_, _ []byte) error {
			there++
			return nil
		})
	})
	if err == nil && there != n {
		err = fmt.Errorf("%d items were put, %d are there", n, there)
	}
	return err
}

// fillToLimit fills a file up to the limit that the system sets on its size, which is lifted then.
func fillToLimit(path string) error {
	signal.Ignore(syscall.SIGXFSZ)
	s, err := Open(path, Options{})
	if err != nil {
		return err
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	all := limit.Cur
	limit.Cur = 3 << 20
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	if err := s.PutDocs(context.Background(), ballast(128)); err != nil {
		return err
	}
	kept, err := fill(s)
	if err := errors.Join(checkFull(s, kept, err), checkFullSharing(s)); err != nil {
		return err
	}
	if _, _, err := s.Compact(context.Background()); err != nil && !errors.Is(err, ErrDiskFull) {
		return fmt.Errorf("compact: %w", err)
	}
	limit.Cur = all
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	if err := errors.Join(s.Keep(context.Background(), memorytest.Trace(2, 0)), s.PutDocs(context.Background(), twoDocs...)); err != nil {
		return fmt.Errorf("with room again: %w", err)
	}
	fmt.Println(kept + 1)
	return s.Close()
}

func TestFileSizeLimit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "memory.db")
	out := start(t, "fill", path).end(t)
	s := reopen(t, path, Options{})
	verify(t, s)
	if n := entries(t, s, bucketHeads); fmt.Sprintln(n) != fmt.Sprintln(out[0]) {
		t.Errorf("%d traces are there, %s were kept", n, out[0])
	}
}
