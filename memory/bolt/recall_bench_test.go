package bolt

import (
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/memorytest"
)

// BenchmarkRecall asks for the precedents of incidents of the same world that are not in the file: it looks up
// candidates, compares each, and says why.
func BenchmarkRecall(b *testing.B) {
	eachSize(b, func(b *testing.B, path string, n int) {
		recaller := memory.NewRecaller(reopen(b, path, Options{}))
		var queries []investigations.RecallQuery
		for i := range 1000 {
			t := memorytest.Trace(1, n+1000+i)
			queries = append(queries, investigations.RecallQuery{ID: t.Result.ID, Features: memory.FeaturesOf(t)})
		}
		var took []time.Duration
		found := 0
		for i := 0; b.Loop(); i++ {
			took = append(took, timed(b, func() error {
				p, err := recaller.Recall(b.Context(), queries[i%len(queries)])
				found += len(p)
				return err
			}))
		}
		if found == 0 {
			b.Fatal("no incident has a precedent: nothing was measured")
		}
		quantiles(b, "", took)
	})
}
