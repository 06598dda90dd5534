package metrics

import (
	"bytes"
	"context"
	"fmt"
	"testing"
)

// answerOf writes an answer with that many series and samples.
func answerOf(series, samples int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"status":"success","data":{"resultType":"matrix","result":[`)
	for i := range series {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"metric":{"namespace":"shop","pod":"api-%d","container":"api"},"values":[`, i)
		for j := range samples {
			if j > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `[%d,"%d.%03d"]`, testAt.Unix()-int64(samples-j)*30, 180_000_000+j*1000, j%1000)
		}
		b.WriteString(`]}`)
	}
	b.WriteString(`]}}`)
	return b.Bytes()
}

// BenchmarkDecode reads an answer of 26 MB: the target is 100 MB/s, so that a file at the limit of a bundle
// stays below three seconds.
func BenchmarkDecode(b *testing.B) {
	data := answerOf(300, 2880)
	spec := specs()[0]
	w := windowOf(testRequest())
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		res, err := decode(context.Background(), bytes.NewReader(data), spec, w, maxSamples)
		if err != nil {
			b.Fatal(err)
		}
		spec.clean(res.series)
	}
}
