package logs

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"
)

// BenchmarkRead reads a log in which every other line has a word that may matter.
func BenchmarkRead(b *testing.B) {
	var log bytes.Buffer
	for i := range 200_000 {
		at := testAt.Add(time.Duration(i-200_000) * time.Millisecond).Format(time.RFC3339Nano)
		if i%2 == 0 {
			fmt.Fprintf(&log, "%s INFO  [http-nio-8080-exec-%d] c.a.shop.Checkout : order %d placed in %d ms, total 12.90 EUR\n", at, i%16, i, i%300)
		} else {
			fmt.Fprintf(&log, "%s {\"level\":\"info\",\"msg\":\"request served\",\"path\":\"/api/items\",\"bytes\":%d,\"ms\":%d}\n", at, i%30000, i%300)
		}
	}
	b.SetBytes(int64(log.Len()))
	b.ReportAllocs()
	for b.Loop() {
		r := newReading(file{path: "logs/shop/api-1/api.log"}, testAt)
		if err := r.readAll(context.Background(), bytes.NewReader(log.Bytes())); err != nil {
			b.Fatal(err)
		}
		r.finish()
	}
}
