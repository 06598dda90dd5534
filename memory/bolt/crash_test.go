package bolt

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"golang.org/x/sync/errgroup"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory/memorytest"
)

// writeForever writes all that a store takes, and prints what of it was acknowledged, until it is killed. The path ends
// in the number of the run, which no other run has.
func writeForever(arg string) error {
	path, number, _ := strings.Cut(arg, "#")
	run, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		return err
	}
	s, err := Open(path, Options{})
	if err != nil {
		return err
	}
	ctx, r := context.Background(), rand.New(rand.NewPCG(run, 1))
	for i := 0; ; i++ {
		lines, err := writeSome(ctx, s, r, run, i)
		if err != nil {
			return err
		}
		for _, line := range lines {
			fmt.Println(line) // not buffered: it is the acknowledgement
		}
	}
}

// writeSome writes something and returns what that means: a word and what it is about.
func writeSome(ctx context.Context, s *Store, r *rand.Rand, run uint64, i int) ([]string, error) {
	key := fmt.Sprintf("%d/%d", run, i)
	switch n := r.IntN(24); {
	case n == 0:
		_, _, err := s.Compact(ctx)
		return []string{"compacted " + key}, err
	case n < 6:
		a, b := memorytest.Trace(run, 2*i), memorytest.Trace(run, 2*i+1)
		return []string{"kept " + a.Result.ID, "kept " + b.Result.ID}, s.Keep(ctx, a, b)
	case n < 9:
		t := memorytest.Trace(run, 2*i)
		if err := s.Keep(ctx, t); err != nil {
			return nil, err
		}
		fmt.Println("kept " + t.Result.ID)
		return []string{"shown " + t.Result.ID}, s.Amend(ctx, t.Result.ID, investigations.Amendment{ShownAt: []string{"https://chat.example/crash"}})
	case n < 11:
		t := memorytest.Trace(run, 2*i)
		if err := s.Keep(ctx, t); err != nil {
			return nil, err
		}
		_, err := s.Forget(ctx, investigations.Filter{IDs: []string{t.Result.ID}})
		return []string{"forgotten " + t.Result.ID}, err
	case n < 14:
		_, err := s.Put(ctx, investigations.Item{Key: key, At: memorytest.Epoch})
		return []string{"put " + key}, err
	case n < 17:
		it, err := s.Take(ctx, 0)
		if errors.Is(err, investigations.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return []string{"done " + it.Key}, s.Done(ctx, it, "it was dealt with")
	case n < 21:
		return nil, writeTogether(ctx, s, key)
	}
	if _, _, err := s.Begin(ctx, investigations.Work{Key: key}); err != nil {
		return nil, err
	}
	fmt.Println("begun " + key)
	return []string{"ended " + key}, s.End(ctx, key, "done")
}

// writeTogether lets several write at once, which print themselves what was acknowledged.
func writeTogether(ctx context.Context, s *Store, key string) error {
	var g errgroup.Group
	for i := range 12 {
		g.Go(func() error {
			own := fmt.Sprintf("%s/%d", key, i)
			if i%2 == 0 {
				if _, err := s.Put(ctx, investigations.Item{Key: own, At: memorytest.Epoch}); err != nil {
					return err
				}
				fmt.Println("put " + own)
				return nil
			}
			if err := s.PutDocs(ctx, pairOf(own)...); err != nil {
				return err
			}
			if i%4 == 1 {
				fmt.Println("shelved " + own)
				return nil
			}
			if err := s.PutDocs(ctx, investigations.Doc{Kind: "left", Key: own}, investigations.Doc{Kind: "right", Key: own}); err != nil {
				return err
			}
			fmt.Println("unshelved " + own)
			return nil
		})
	}
	return g.Wait()
}

// pairOf are two documents that are there together or not at all.
func pairOf(key string) []investigations.Doc {
	body := json.RawMessage(strconv.Quote(key + strings.Repeat(".", 5000)))
	return []investigations.Doc{{Kind: "left", Key: key, Body: body}, {Kind: "right", Key: key, Body: body}}
}

// checkPairs checks that of no pair of documents only half is there.
func checkPairs(t *testing.T, s *Store) {
	t.Helper()
	left, right := listDocs(t, s, "left"), listDocs(t, s, "right")
	if len(left) != len(right) {
		t.Errorf("%d documents are there, and %d of those that belong to them", len(left), len(right))
		return
	}
	for i, d := range left {
		body := pairOf(d.Key)[0].Body
		if right[i].Key != d.Key || !bytes.Equal(d.Body, body) || !bytes.Equal(right[i].Body, body) {
			t.Errorf("the pair of %s is not what was put: %.100s, %s %.100s", d.Key, d.Body, right[i].Key, right[i].Body)
		}
	}
}

// TestKill kills a writer again and again at moments that it can't know. Whatever it acknowledged is in the file, which
// is sound; and what it left half done, as a compaction, is in nobody's way.
func TestKill(t *testing.T) {
	runs := 200
	if raceDetector { // what it finds does not depend on when a process is killed
		runs = 20
	}
	path := filepath.Join(t.TempDir(), "memory.db")
	r := rand.New(rand.NewPCG(5, uint64(time.Now().UnixNano())))
	acked := map[string]string{}
	for run := range runs {
		c := start(t, "write", path+"#"+strconv.Itoa(run))
		kill := func() { _ = c.cmd.Process.Signal(syscall.SIGKILL) }
		left := r.IntN(12) // how much it may write until it is killed, soon or at once
		if left == 0 {
			time.AfterFunc(time.Duration(r.IntN(30_000))*time.Microsecond, kill)
		}
		for c.lines.Scan() {
			if left--; left == 0 {
				time.AfterFunc(time.Duration(r.IntN(5_000))*time.Microsecond, kill)
			}
			word, what, _ := strings.Cut(c.lines.Text(), " ")
			if word == "failed:" {
				t.Fatalf("run %d: the writer %s", run, c.lines.Text())
			}
			acked[what] = word
		}
		_ = c.cmd.Wait() // it was killed
		s, err := Open(path, Options{})
		if err != nil {
			t.Fatalf("run %d: %v", run, err)
		}
		if run%10 == 9 || run == runs-1 {
			verify(t, s)
			checkPairs(t, s)
			for what, word := range acked {
				checkAcked(t, s, word, what)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if t.Failed() {
			t.Fatalf("after run %d", run)
		}
	}
	t.Logf("%d runs, %d things written", runs, len(acked))
}

// checkAcked checks what the last acknowledgement about something promises.
func checkAcked(t *testing.T, s *Store, word, what string) {
	t.Helper()
	switch word {
	case "kept", "shown":
		got, err := s.Trace(t.Context(), what)
		if err != nil || word == "shown" && !strings.Contains(fmt.Sprint(got.ShownAt), "https://chat.example/crash") {
			t.Errorf("%s %s: %v, %v", word, what, got.ShownAt, err)
		}
	case "forgotten":
		if _, err := s.Trace(t.Context(), what); !errors.Is(err, investigations.ErrNotFound) {
			t.Errorf("%s %s: %v", word, what, err)
		}
	case "put", "done":
		var it *storedItem
		err := s.view(t.Context(), func(tx *bbolt.Tx) (err error) {
			it, err = s.inbox(tx).get([]byte(what))
			return err
		})
		if err != nil || it == nil || word == "done" && it.DoneAt.IsZero() {
			t.Errorf("%s %s: %+v, %v", word, what, it, err)
		}
	case "begun", "ended":
		mark, first, err := s.Begin(t.Context(), investigations.Work{Key: what})
		if err != nil || first || word == "ended" && mark.EndedAt.IsZero() {
			t.Errorf("%s %s: %+v, first: %v, %v", word, what, mark, first, err)
		}
	case "shelved", "unshelved":
		if _, err := s.Doc(t.Context(), "left", what); word == "shelved" && err != nil || word == "unshelved" && !errors.Is(err, investigations.ErrNotFound) {
			t.Errorf("%s %s: %v", word, what, err)
		}
	case "compacted":
	default:
		t.Errorf("the writer says %q", word)
	}
}
