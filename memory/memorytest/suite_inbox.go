package memorytest

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/oombot/oombot/investigations"
)

const lease = time.Minute

var inboxTests = []check{
	{"what came first is taken first", func(s *store) {
		for _, i := range []int{2, 0, 3, 1} { // deliveries overtake one another
			s.put(s.item(i))
		}
		for i := range 4 {
			it := s.take()
			s.same("item", s.leased(s.item(i), it), it)
		}
		s.nothingToTake()
	}},
	{"one of a key is written once", func(s *store) {
		s.put(s.item(0))
		again := s.item(0)
		again.Payload, again.Kind = json.RawMessage(`{"other":true}`), "other"
		s.putAgain(again)
		taken := s.take()
		s.same("item", s.leased(s.item(0), taken), taken)
		s.putAgain(again)
		s.done(taken)
		s.putAgain(again)
		s.nothingToTake()
	}},
	{"what is leased is taken again when the lease has run out", func(s *store) {
		s.put(s.item(0))
		first := s.take()
		s.clock.move(lease - 1)
		s.nothingToTake()
		s.clock.move(1)
		second := s.take()
		if second.Attempts != 2 || second.Lease == first.Lease || second.Lease == "" {
			s.Errorf("taken again as %+v, first as %+v", second, first)
		}
		s.lost("Done", s.Done(s.Context(), first, ""))
		s.lost("Later", s.Later(s.Context(), first, s.clock.now(), ""))
		_, err := s.Renew(s.Context(), first, lease)
		s.lost("Renew", err)
		s.done(second)
	}},
	{"a lease is prolonged from now on", func(s *store) {
		s.put(s.item(0))
		it := s.take()
		for range 3 {
			s.clock.move(lease - 1)
			renewed, err := s.Renew(s.Context(), it, lease)
			if err != nil {
				s.Fatalf("Renew: %v", err)
			}
			if want := s.clock.now().Add(lease); !renewed.LeasedUntil.Equal(want) || renewed.Attempts != 1 {
				s.Errorf("renewed until %v with attempt %d, want %v and 1", renewed.LeasedUntil, renewed.Attempts, want)
			}
			s.nothingToTake()
			it = renewed
		}
		s.clock.move(lease)
		if got := s.take(); got.Attempts != 2 {
			s.Errorf("taken as %+v", got)
		}
	}},
	{"a lease that ran out and that nobody took is still its holder's", func(s *store) {
		s.put(s.item(0))
		it := s.take()
		s.clock.move(2 * lease)
		it, err := s.Renew(s.Context(), it, lease)
		if err != nil {
			s.Fatalf("Renew: %v", err)
		}
		s.nothingToTake()
		s.clock.move(2 * lease)
		s.done(it)
		s.nothingToTake()
	}},
	{"what its holder ended stays ended", func(s *store) {
		s.put(s.item(0))
		it := s.take()
		s.done(it)
		s.done(it)
		_, err := s.Renew(s.Context(), it, lease)
		s.lost("Renew of what is done", err)
		s.lost("Later of what is done", s.Later(s.Context(), it, s.clock.now(), ""))
		s.clock.move(24 * time.Hour)
		s.nothingToTake()
	}},
	{"what is given back comes again when it is due", func(s *store) {
		s.put(s.item(0))
		s.put(s.item(1))
		it := s.take()
		due := s.clock.now().Add(10 * time.Minute)
		if err := s.Later(s.Context(), it, due, "the source is down"); err != nil {
			s.Fatalf("Later: %v", err)
		}
		if got := s.take(); got.Key != s.item(1).Key {
			s.Errorf("took %q, which is not due", got.Key)
		}
		s.clock.move(10*time.Minute - 1) // the lease of the other one has run out meanwhile
		if got := s.take(); got.Key != s.item(1).Key {
			s.Errorf("took %q, which is not due", got.Key)
		}
		s.clock.move(1)
		got := s.take()
		if got.Key != it.Key || got.Attempts != 2 || got.Why != "the source is down" || got.Lease == it.Lease {
			s.Errorf("took %+v, want item 0 for the second time", got)
		}
		s.lost("Done by who gave it back", s.Done(s.Context(), it, ""))
	}},
	{"what is not due yet waits", func(s *store) {
		it := s.item(0)
		it.NotBefore = s.clock.now().Add(time.Hour)
		s.put(it)
		s.nothingToTake()
		s.clock.move(time.Hour)
		if got := s.take(); got.Key != it.Key {
			s.Errorf("took %q", got.Key)
		}
	}},
	{"what came first is taken first, also when it was given back", func(s *store) {
		s.put(s.item(0))
		s.put(s.item(1))
		if err := s.Later(s.Context(), s.take(), s.clock.now().Add(time.Second), ""); err != nil {
			s.Fatalf("Later: %v", err)
		}
		s.clock.move(time.Second)
		if got := s.take(); got.Key != s.item(0).Key {
			s.Errorf("took %q, want the one that came first", got.Key)
		}
	}},
	{"a stranger's lease ends nothing", func(s *store) {
		s.put(s.item(0))
		unleased := s.item(0)
		s.lost("Done without a lease", s.Done(s.Context(), unleased, ""))
		taken := s.take()
		stranger := taken
		stranger.Lease = "made up"
		s.lost("Done with a made up lease", s.Done(s.Context(), stranger, ""))
		_, err := s.Renew(s.Context(), stranger, lease)
		s.lost("Renew with a made up lease", err)
		s.lost("Later with a made up lease", s.Later(s.Context(), stranger, s.clock.now(), ""))
		if err := s.Done(s.Context(), investigations.Item{Key: "nobody", Lease: taken.Lease}, ""); err == nil {
			s.Error("an item that is not there could be ended")
		}
		s.done(taken)
	}},
	{"two never get the same", takenOnce},
	{"one after another, many items are each taken once", func(s *store) {
		for i := range 50 {
			s.put(s.item(i))
		}
		for i := range 50 {
			it := s.take()
			if it.Key != s.item(i).Key {
				s.Fatalf("took %q, want item %d", it.Key, i)
			}
			s.done(it)
		}
		s.nothingToTake()
	}},
}

// takenOnce lets several take what there is, at once.
func takenOnce(s *store) {
	const items, takers = 60, 6
	for i := range items {
		s.put(s.item(i))
	}
	var mu sync.Mutex
	by := map[string]int{}
	var wg sync.WaitGroup
	for range takers {
		wg.Go(func() {
			for {
				it, err := s.Take(s.Context(), lease)
				if errors.Is(err, investigations.ErrNotFound) {
					return
				}
				if err != nil {
					s.Errorf("Take: %v", err)
					return
				}
				mu.Lock()
				by[it.Key]++
				mu.Unlock()
				if err := s.Done(s.Context(), it, "done"); err != nil {
					s.Errorf("Done: %v", err)
				}
			}
		})
	}
	wg.Wait()
	if len(by) != items {
		s.Errorf("%d items were taken, want %d", len(by), items)
	}
	for key, n := range by {
		if n != 1 {
			s.Errorf("item %s was taken %d times", key, n)
		}
	}
}

// item is the i-th delivery.
func (s *store) item(i int) investigations.Item {
	return investigations.Item{
		Key: fmt.Sprintf("delivery-%d-%d", i*7%10, i), Kind: "alert", At: Epoch.Add(time.Duration(i) * time.Second),
		Payload: json.RawMessage(fmt.Sprintf(`{"n": %d, "text": "<b>&\u2028\"", "list": [1, null, {}]}`, i)),
	}
}

// leased is what is returned of an item that is taken for the first time, with the token of taken.
func (s *store) leased(it, taken investigations.Item) investigations.Item {
	s.Helper()
	if taken.Lease == "" {
		s.Errorf("item %s was taken without a lease", taken.Key)
	}
	it.Lease, it.LeasedUntil, it.Attempts = taken.Lease, s.clock.now().Add(lease), 1
	return it
}

func (s *store) put(it investigations.Item) {
	s.Helper()
	if fresh, err := s.Put(s.Context(), it); err != nil || !fresh {
		s.Fatalf("Put(%s): fresh %t, %v", it.Key, fresh, err)
	}
}

func (s *store) putAgain(it investigations.Item) {
	s.Helper()
	if fresh, err := s.Put(s.Context(), it); err != nil || fresh {
		s.Errorf("Put(%s) for the second time: fresh %t, %v", it.Key, fresh, err)
	}
}

func (s *store) take() investigations.Item {
	s.Helper()
	it, err := s.Take(s.Context(), lease)
	if err != nil {
		s.Fatalf("Take: %v", err)
	}
	return it
}

func (s *store) nothingToTake() {
	s.Helper()
	if it, err := s.Take(s.Context(), lease); !errors.Is(err, investigations.ErrNotFound) {
		s.Fatalf("Take returned %+v, %v; want ErrNotFound", it, err)
	}
}

func (s *store) done(it investigations.Item) {
	s.Helper()
	if err := s.Done(s.Context(), it, "answered"); err != nil {
		s.Fatalf("Done(%s): %v", it.Key, err)
	}
}

func (s *store) lost(what string, err error) {
	s.Helper()
	if !errors.Is(err, investigations.ErrLeaseLost) {
		s.Errorf("%s: %v, want ErrLeaseLost", what, err)
	}
}

var workTests = []check{
	{"what is begun is marked, and marked only once", func(s *store) {
		w := post("post-1", 0)
		mark, first, err := s.Begin(s.Context(), w)
		if err != nil || !first {
			s.Fatalf("Begin: first %t, %v", first, err)
		}
		s.same("mark", w, mark)
		again := post("post-1", 5)
		again.Details, again.Kind = json.RawMessage(`{}`), "edit"
		mark, first, err = s.Begin(s.Context(), again)
		if err != nil || first {
			s.Fatalf("Begin again: first %t, %v", first, err)
		}
		s.same("the earlier mark", w, mark)
	}},
	{"what is ended is ended once", func(s *store) {
		w := s.begin(post("post-1", 0))
		s.clock.move(time.Second)
		w.EndedAt, w.Result = s.clock.now(), "https://chat.example/1"
		s.end("post-1", "https://chat.example/1")
		s.clock.move(time.Second)
		s.end("post-1", "https://chat.example/2")
		mark, first, err := s.Begin(s.Context(), post("post-1", 9))
		if err != nil || first {
			s.Fatalf("Begin of what is ended: first %t, %v", first, err)
		}
		s.same("mark", w, mark)
		if open := s.unfinished(); len(open) != 0 {
			s.Errorf("unfinished are %+v", open)
		}
	}},
	{"what was never begun can't be ended", func(s *store) {
		s.begin(post("post-1", 0))
		if err := s.End(s.Context(), "post", ""); !errors.Is(err, investigations.ErrNotFound) {
			s.Errorf("End: %v, want ErrNotFound", err)
		}
	}},
	{"what is unfinished is listed, the oldest first", func(s *store) {
		s.same("at first", []investigations.Work(nil), s.unfinished())
		var want []investigations.Work
		for _, n := range []int{5, 1, 3, 0, 4, 2} {
			s.begin(post(fmt.Sprintf("post-%d", (n*5)%6), n))
		}
		for n := range 6 {
			want = append(want, post(fmt.Sprintf("post-%d", (n*5)%6), n))
		}
		s.same("unfinished", want, s.unfinished())
		s.end(want[2].Key, "")
		s.same("with one ended", append(want[:2:2], want[3:]...), s.unfinished())
	}},
	{"one of several at once is the first", func(s *store) {
		var mu sync.Mutex
		var wg sync.WaitGroup
		firsts := 0
		for range 8 {
			wg.Go(func() {
				_, first, err := s.Begin(s.Context(), post("post-1", 0))
				if err != nil {
					s.Errorf("Begin: %v", err)
				}
				mu.Lock()
				defer mu.Unlock()
				if first {
					firsts++
				}
			})
		}
		wg.Wait()
		if firsts != 1 {
			s.Errorf("%d were the first", firsts)
		}
	}},
}

func post(key string, minute int) investigations.Work {
	return investigations.Work{
		Key: key, Kind: "post", BegunAt: Epoch.Add(time.Duration(minute) * time.Minute),
		Details: json.RawMessage(fmt.Sprintf(`{"channel": "C1", "text": "<@U1> & co", "minute": %d}`, minute)),
	}
}

func (s *store) begin(w investigations.Work) investigations.Work {
	s.Helper()
	mark, first, err := s.Begin(s.Context(), w)
	if err != nil || !first {
		s.Fatalf("Begin(%s): first %t, %v", w.Key, first, err)
	}
	return mark
}

func (s *store) end(key, result string) {
	s.Helper()
	if err := s.End(s.Context(), key, result); err != nil {
		s.Fatalf("End(%s): %v", key, err)
	}
}

func (s *store) unfinished() []investigations.Work {
	s.Helper()
	open, err := s.Unfinished(s.Context())
	if err != nil {
		s.Fatalf("Unfinished: %v", err)
	}
	return open
}
