//go:build unix

package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/bolt"
	"github.com/oombot/oombot/memory/memorytest"
	"github.com/oombot/oombot/memory/socket"
)

func newFile(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "m")
}

func TestFileThatIsNotThere(t *testing.T) {
	path := newFile(t)
	if s, err := Open(t.Context(), path, Options{MustExist: true}); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("Open: %v, %v; want fs.ErrNotExist that names the file", s, err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it was made: %v", err)
	}
	s := open(t, path, Options{})
	if s.Holder() != os.Getpid() {
		t.Errorf("held by %d, want this process", s.Holder())
	}
	open(t, path, Options{MustExist: true})
	if _, err := Open(t.Context(), filepath.Join(path, "x"), Options{}); err == nil {
		t.Error("a file below a file was opened")
	}
}

// TestWhatIsWrongWithAFileIsSaidAtOnce checks that nobody is waited for.
func TestWhatIsWrongWithAFileIsSaidAtOnce(t *testing.T) {
	path := newFile(t)
	if err := os.WriteFile(path, []byte(strings.Repeat("a diary ", 10_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := Open(t.Context(), path, Options{Patience: time.Hour}); !errors.Is(err, bolt.ErrForeign) {
		t.Errorf("Open: %v, %v; want ErrForeign", s, err)
	}
}

func TestOpenEndsWithItsContext(t *testing.T) {
	path := newFile(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s, err := Open(ctx, path, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Open: %v, %v; want context.Canceled", s, err)
	}
	holdAlone(t, path)
	ctx, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if s, err := Open(ctx, path, Options{Patience: time.Hour}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Open: %v, %v; want context.DeadlineExceeded", s, err)
	}
}

// holdAlone has a file open, and serves nobody.
func holdAlone(t *testing.T, path string) *bolt.Store {
	t.Helper()
	b, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func TestHolderThatSharesWithNobody(t *testing.T) {
	path := newFile(t)
	holdAlone(t, path)
	_, err := Open(t.Context(), path, Options{Patience: 50 * time.Millisecond})
	if !errors.Is(err, investigations.ErrUnavailable) || !strings.Contains(err.Error(), fmt.Sprintf("process %d has it open and shares it with nobody", os.Getpid())) {
		t.Errorf("Open: %v, want ErrUnavailable that names this process", err)
	}
}

// TestSocketThatCanNotBe has a file's socket in the way of something else: who holds the file can use it nevertheless.
func TestSocketThatCanNotBe(t *testing.T) {
	path := newFile(t)
	if err := os.WriteFile(path+".sock", []byte("a diary"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, path, Options{})
	if err := s.Keep(t.Context(), memorytest.Trace(1, 0)); err != nil {
		t.Errorf("Keep: %v", err)
	}
	if _, err := Open(t.Context(), path, Options{Patience: 50 * time.Millisecond}); !errors.Is(err, investigations.ErrUnavailable) {
		t.Errorf("Open: %v, want ErrUnavailable", err)
	}
}

// TestHolderOfAnotherVersion has a holder that speaks another protocol: there is nothing to wait for.
func TestHolderOfAnotherVersion(t *testing.T) {
	path := newFile(t)
	holdAlone(t, path)
	answer(t, path, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Oombot-Memory-Version", "v9")
		w.WriteHeader(http.StatusUnprocessableEntity)
	})
	_, err := Open(t.Context(), path, Options{Patience: time.Hour})
	if !errors.Is(err, socket.ErrVersion) || !strings.Contains(err.Error(), fmt.Sprintf("process %d", os.Getpid())) {
		t.Errorf("Open: %v, want ErrVersion that names this process", err)
	}
}

// answer serves a file's socket by a handler of the test's own, until stop.
func answer(t *testing.T, path string, h http.HandlerFunc) (stop func()) {
	t.Helper()
	l, err := socket.Listen(path, Options{}.withDefaults().Log)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }() // it ends with the test
	stop = func() { _ = errors.Join(l.Close(), server.Close()) }
	t.Cleanup(stop)
	return stop
}

func TestClosedFileIsFree(t *testing.T) {
	path := newFile(t)
	s := open(t, path, Options{})
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("left are %v, %v; want the file alone", left, err)
	}
	if s.Holder() != 0 {
		t.Errorf("held by %d", s.Holder())
	}
	holdAlone(t, path)
}

// TestHolderInTheSameProcessEnds passes a file on within one process.
func TestHolderInTheSameProcessEnds(t *testing.T) {
	path := newFile(t)
	first, second, third := open(t, path, Options{}), open(t, path, Options{}), open(t, path, Options{})
	if err := first.Keep(t.Context(), memorytest.Trace(1, 0)); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	for i, s := range []*Store{second, third, second} {
		if err := s.Keep(t.Context(), memorytest.Trace(1, i)); err != nil {
			t.Errorf("Keep: %v", err)
		}
		if n := count(t, s); n != min(i, 1)+1 && i < 2 {
			t.Errorf("%d traces", n)
		}
	}
	if second.current.shared || !third.current.shared {
		t.Error("want the second to hold the file, and the third to use it through that")
	}
	if err := first.Keep(t.Context(), memorytest.Trace(1, 0)); !errors.Is(err, memory.ErrClosed) {
		t.Errorf("Keep of the closed one: %v, want ErrClosed", err)
	}
}

func count(t *testing.T, s *Store) int {
	t.Helper()
	n := 0
	for _, err := range s.Heads(t.Context(), investigations.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// TestManyOpenAtOnce lets several open a file that is not there yet, at the same moment.
func TestManyOpenAtOnce(t *testing.T) {
	path := newFile(t)
	const n = 8
	stores := make([]*Store, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			var err error
			if stores[i], err = Open(t.Context(), path, Options{Patience: time.Minute}); err != nil {
				t.Error(err)
				return
			}
			if err := stores[i].Keep(t.Context(), memorytest.Trace(1, i)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	held := 0
	for _, s := range stores {
		if count(t, s) != n {
			t.Errorf("%d traces, want %d", count(t, s), n)
		}
		if !s.current.shared {
			held++
		}
	}
	if held != 1 {
		t.Errorf("%d hold the file", held)
	}
	for _, s := range stores {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// cutting is a holder whose process ends, as far as a client can see, whenever it is asked for something: it leaves the
// file free. It returns how often it was asked.
func cutting(t *testing.T, path string) (asked func() int) {
	t.Helper()
	b := holdAlone(t, path)
	var mu sync.Mutex
	var stop func()
	n := 0
	stop = answer(t, path, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/hello") {
			_, _ = w.Write([]byte(`{"PID": 1}`))
			return
		}
		mu.Lock()
		n++
		mu.Unlock()
		_ = b.Close()
		stop()
		panic(http.ErrAbortHandler)
	})
	return func() int {
		mu.Lock()
		defer mu.Unlock()
		return n
	}
}

// TestCutCallsAreMadeAgain has a holder die while it carries out each of the calls. Those that change nothing the second
// time are made again, the others fail.
func TestCutCallsAreMadeAgain(t *testing.T) {
	item := investigations.Item{Key: "k", Lease: "l"}
	for name, tt := range map[string]struct {
		call func(ctx context.Context, s *Store) error
		// want is what it ends with; nil where it succeeds the second time.
		want error
	}{
		"Keep":  {func(ctx context.Context, s *Store) error { return s.Keep(ctx, memorytest.Trace(1, 0)) }, nil},
		"Amend": {func(ctx context.Context, s *Store) error { return s.Amend(ctx, "x", investigations.Amendment{}) }, investigations.ErrNotFound},
		"Trace": {func(ctx context.Context, s *Store) error { _, err := s.Trace(ctx, "x"); return err }, investigations.ErrNotFound},
		"Heads": {func(ctx context.Context, s *Store) error { return errOf(s.Heads(ctx, investigations.Filter{})) }, nil},
		"Forget": {func(ctx context.Context, s *Store) error {
			_, err := s.Forget(ctx, investigations.Filter{})
			return err
		}, socket.ErrCut},
		"Candidates": {func(ctx context.Context, s *Store) error {
			_, err := s.Candidates(ctx, investigations.Cue{})
			return err
		}, nil},
		"Edges": {func(ctx context.Context, s *Store) error {
			_, _, err := s.Edges(ctx, memory.Incident("x"), 1)
			return err
		}, nil},
		"Put":   {func(ctx context.Context, s *Store) error { _, err := s.Put(ctx, item); return err }, socket.ErrCut},
		"Take":  {func(ctx context.Context, s *Store) error { _, err := s.Take(ctx, time.Minute); return err }, socket.ErrCut},
		"Renew": {func(ctx context.Context, s *Store) error { _, err := s.Renew(ctx, item, time.Minute); return err }, investigations.ErrNotFound},
		"Done":  {func(ctx context.Context, s *Store) error { return s.Done(ctx, item, "") }, investigations.ErrNotFound},
		"Later": {func(ctx context.Context, s *Store) error { return s.Later(ctx, item, time.Time{}, "") }, socket.ErrCut},
		"Begin": {func(ctx context.Context, s *Store) error {
			_, _, err := s.Begin(ctx, investigations.Work{Key: "k"})
			return err
		}, socket.ErrCut},
		"End":        {func(ctx context.Context, s *Store) error { return s.End(ctx, "k", "") }, investigations.ErrNotFound},
		"Unfinished": {func(ctx context.Context, s *Store) error { _, err := s.Unfinished(ctx); return err }, nil},
		"PutDocs": {func(ctx context.Context, s *Store) error {
			return s.PutDocs(ctx, investigations.Doc{Kind: "k", Key: "k"})
		}, nil},
		"Doc":     {func(ctx context.Context, s *Store) error { _, err := s.Doc(ctx, "k", "k"); return err }, investigations.ErrNotFound},
		"Docs":    {func(ctx context.Context, s *Store) error { return errOf(s.Docs(ctx, "k")) }, nil},
		"Compact": {func(ctx context.Context, s *Store) error { _, _, err := s.Compact(ctx); return err }, nil},
		"Backup":  {func(ctx context.Context, s *Store) error { return s.Backup(ctx, &strings.Builder{}) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			path := newFile(t)
			asked := cutting(t, path)
			s := open(t, path, Options{})
			if !s.current.shared {
				t.Fatal("the file is free")
			}
			if err := tt.call(t.Context(), s); !errors.Is(err, tt.want) {
				t.Errorf("%v, want %v", err, tt.want)
			}
			if n := asked(); n != 1 {
				t.Errorf("the holder was asked %d times", n)
			}
			if err := s.Keep(t.Context(), memorytest.Trace(1, 0)); err != nil { // and it goes on
				t.Errorf("Keep: %v", err)
			}
			if s.current.shared {
				t.Error("the file is free, and nobody opened it")
			}
		})
	}
}

func errOf[T any](list func(yield func(T, error) bool)) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestPatienceEnds has a holder that cuts off every call and never ends.
func TestPatienceEnds(t *testing.T) {
	path := newFile(t)
	holdAlone(t, path)
	answer(t, path, func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/hello") {
			panic(http.ErrAbortHandler)
		}
		_, _ = w.Write([]byte(`{"PID": 1}`))
	})
	s := open(t, path, Options{Patience: 100 * time.Millisecond})
	if err := s.Keep(t.Context(), memorytest.Trace(1, 0)); !errors.Is(err, socket.ErrCut) {
		t.Errorf("Keep: %v, want ErrCut", err)
	}
}

func TestFileThatMayOnlyBeRead(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("root is needed to be two users; root alone may write whatever it likes")
	}
	folder, err := os.MkdirTemp("", "oombot-test-") //nolint:usetesting // another user must get there
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	path := filepath.Join(folder, "m")
	s := open(t, path, Options{})
	if err := errors.Join(s.Keep(t.Context(), memorytest.Trace(0, 0)), s.Close(), os.Chmod(path, 0o644), os.Chmod(folder, 0o755)); err != nil { //nolint:gosec // another user is to read it
		t.Fatal(err)
	}
	reader := start(t, "stranger", path)
	if !reader.lines.Scan() || !strings.Contains(reader.lines.Text(), memory.ErrReadOnly.Error()) {
		t.Errorf("a reader that writes says %q", reader.lines.Text())
	}
	reader.says(t, "open")
	left, err := os.ReadDir(folder)
	if err != nil || len(left) != 1 {
		t.Errorf("there are %v, %v; want no socket of who may only read", left, err)
	}
	reader.ends(t)
}

// TestStoppedHolder stops the process that holds the file, as Ctrl-Z does.
func TestStoppedHolder(t *testing.T) {
	path := newFile(t)
	holder := start(t, "hold", path)
	holder.says(t, "open")
	holder.signal(t, syscall.SIGSTOP)
	_, err := Open(t.Context(), path, Options{Patience: 300 * time.Millisecond})
	if !errors.Is(err, investigations.ErrUnavailable) || !strings.Contains(err.Error(), fmt.Sprintf("process %d has it open and does not answer", holder.Process.Pid)) {
		t.Errorf("Open: %v, want ErrUnavailable that names process %d", err, holder.Process.Pid)
	}
	holder.signal(t, syscall.SIGCONT)
	s := open(t, path, Options{Patience: time.Minute})
	if s.Holder() != holder.Process.Pid {
		t.Errorf("held by %d, want %d", s.Holder(), holder.Process.Pid)
	}
	if err := s.Keep(t.Context(), memorytest.Trace(1, 0)); err != nil {
		t.Errorf("Keep: %v", err)
	}
	holder.ends(t)
}
