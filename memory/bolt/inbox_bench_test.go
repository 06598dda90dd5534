package bolt

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory/memorytest"
)

// alert is about what an alert of one pod weighs as JSON.
var alert = json.RawMessage(fmt.Sprintf(`{"title":"checkout is crash looping","labels":{"namespace":"shop","pod":"checkout-7c9d8f6b5-x2x4p"},"text":"%01024d"}`, 0))

// bothWays runs what on a file where small writes share transactions, and on one where each has one of its own, by turns:
// an operation is both. what deals with n items.
func bothWays(b *testing.B, n int, what func(b *testing.B, s *Store, run int)) {
	shared, alone := reopen(b, filepath.Join(b.TempDir(), "shared.db"), Options{}), reopen(b, filepath.Join(b.TempDir(), "alone.db"), Options{})
	alone.sharing.most = 1
	var sharedTook, aloneTook time.Duration
	runs := 0
	for b.Loop() {
		begun := time.Now()
		what(b, shared, runs)
		half := time.Now()
		what(b, alone, runs)
		sharedTook, aloneTook, runs = sharedTook+half.Sub(begun), aloneTook+time.Since(half), runs+1
	}
	b.ReportMetric(float64(n*runs)/sharedTook.Seconds(), "items/s")
	b.ReportMetric(float64(n*runs)/aloneTook.Seconds(), "alone-items/s")
	b.ReportMetric(aloneTook.Seconds()/sharedTook.Seconds(), "times-faster")
}

// BenchmarkPut writes items into the inbox.
func BenchmarkPut(b *testing.B) {
	const items = 256
	for _, callers := range []int{1, 32} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			bothWays(b, items, func(b *testing.B, s *Store, run int) {
				putAll(b, s, callers, items, run)
			})
		})
	}
}

// putAll puts new items, several callers at once.
func putAll(b *testing.B, s *Store, callers, items, run int) {
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := c; i < items; i += callers {
				it := investigations.Item{Key: fmt.Sprintf("delivery-%d-%d", run, i), Kind: "alert", Payload: alert, At: memorytest.Epoch}
				if fresh, err := s.Put(b.Context(), it); err != nil || !fresh {
					b.Errorf("Put: fresh %t, %v", fresh, err)
				}
			}
		})
	}
	wg.Wait()
}

// BenchmarkInboxLife puts 1000 items, 32 callers at once, while four workers take them, keep a document each, and end
// them.
func BenchmarkInboxLife(b *testing.B) {
	const items, callers, workers = 1000, 32, 4
	bothWays(b, items, func(b *testing.B, s *Store, run int) {
		var ended atomic.Int64
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				for ended.Load() < items {
					if err := dealWithOne(b, s); err == nil {
						ended.Add(1)
					} else if !errors.Is(err, investigations.ErrNotFound) {
						b.Error(err)
						return
					}
				}
			})
		}
		putAll(b, s, callers, items, run)
		wg.Wait()
	})
}

func dealWithOne(b *testing.B, s *Store) error {
	it, err := s.Take(b.Context(), time.Minute)
	if err != nil {
		return err
	}
	err = s.PutDocs(b.Context(), investigations.Doc{Kind: "thread", Key: it.Key, Body: alert})
	return errors.Join(err, s.Done(b.Context(), it, "answered"))
}
