package bolt_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/bolt"
	"github.com/oombot/oombot/memory/memorytest"
)

func TestLab(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("LAB"))
	if n == 0 {
		t.Skip("lab")
	}
	path := "/tmp/boltlab/lab.db"
	os.Remove(path)
	s := open(t, path, bolt.Options{NoSync: true})
	t0 := time.Now()
	var gen time.Duration
	for i := 0; i < n; i += 500 {
		g0 := time.Now()
		var b []investigations.Trace
		for j := i; j < i+500; j++ {
			b = append(b, memorytest.Trace(1, j))
		}
		gen += time.Since(g0)
		if err := s.Keep(t.Context(), b...); err != nil {
			t.Fatal(err)
		}
	}
	fi, _ := os.Stat(path)
	fmt.Println("fill", time.Since(t0), "gen", gen, "bytes/trace", fi.Size()/int64(n))
	b0, a0, err := s.Compact(t.Context())
	fmt.Println("compact", b0/int64(n), a0/int64(n), err)
	var d []time.Duration
	for i := 0; i < 2000; i++ {
		q := memory.Terms(memorytest.Trace(2, i*7).Features)
		t1 := time.Now()
		c, err := s.Candidates(t.Context(), investigations.Cue{Terms: q, Limit: 100})
		d = append(d, time.Since(t1))
		if err != nil || i < 2 {
			fmt.Println(len(c.Heads), c.Having, err)
		}
	}
	slices.Sort(d)
	fmt.Println("recall p50", d[len(d)/2], "p99", d[len(d)*99/100], "max", d[len(d)-1])
	t1 := time.Now()
	k := 0
	for range s.Heads(t.Context(), investigations.Filter{}) {
		k++
	}
	fmt.Println("heads", k, time.Since(t1))
}
