package bolt

import (
	"fmt"
	"testing"

	"go.etcd.io/bbolt"
)

func TestLab2(t *testing.T) {
	db, err := bbolt.Open("/tmp/boltlab/lab.db", 0o600, nil)
	if err != nil {
		t.Skip(err)
	}
	defer db.Close()
	db.View(func(tx *bbolt.Tx) error {
		n := float64(number(tx.Bucket(bucketMeta), keyCount))
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			s := b.Stats()
			var kv int
			b.ForEach(func(k, v []byte) error { kv += len(k) + len(v); return nil })
			fmt.Printf("%-16s keys/trace %.2f kv/trace %.0f leafinuse %.0f leafalloc %.0f branchalloc %.0f depth %d\n", name, float64(s.KeyN)/n, float64(kv)/n, float64(s.LeafInuse)/n, float64(s.LeafAlloc)/n, float64(s.BranchAlloc)/n, s.Depth)
			return nil
		})
	})
}
