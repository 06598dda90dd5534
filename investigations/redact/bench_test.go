package redact

import (
	"bytes"
	"fmt"
	"io"
	"testing"
)

// ordinaryLog is what a service writes that holds no secret: plain lines, JSON, a stack trace, access logs.
func ordinaryLog(lines int) []byte {
	forms := []string{
		"2026-03-26T18:17:46.123456789Z 2026-03-26 18:17:46.123  INFO 1 --- [nio-8080-exec-%d] c.e.shop.CheckoutController : order accepted in 12 ms\n",
		"2026-03-26T18:17:46.123456789Z {\"level\":\"info\",\"ts\":1774549066.12,\"caller\":\"server/handler.go:%d\",\"msg\":\"request done\",\"path\":\"/cart/items\",\"status\":200}\n",
		"2026-03-26T18:17:46.123456789Z \tat org.springframework.web.servlet.DispatcherServlet.doDispatch(DispatcherServlet.java:%d)\n",
		"2026-03-26T18:17:46.123456789Z 10.0.3.17 - - [26/Mar/2026:18:17:46 +0000] \"GET /api/v1/items?page=%d HTTP/1.1\" 200 5316 \"https://shop.example.com/\" \"Mozilla/5.0\"\n",
		"2026-03-26T18:17:46.123456789Z java.lang.OutOfMemoryError: Java heap space, worker %d\n",
		"2026-03-26T18:17:46.123456789Z monkey business %d: cache key=cart:1234 hit, tokens=512\n",
	}
	var b bytes.Buffer
	for i := range lines {
		fmt.Fprintf(&b, forms[i%len(forms)], i)
	}
	return b.Bytes()
}

func BenchmarkLog(b *testing.B) {
	data := ordinaryLog(20000)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		Log(data)
	}
}

func BenchmarkLogWriter(b *testing.B) {
	data := ordinaryLog(20000)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		w := NewLogWriter(io.Discard)
		for at := 0; at < len(data); at += 32 << 10 {
			if _, err := w.Write(data[at:min(len(data), at+32<<10)]); err != nil {
				b.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkText(b *testing.B) {
	s := "Container api of pod api-5r5j4l5xj-lxpmf ended at 2026-03-26 18:17:46Z with exit code 137 (OOMKilled); it had been running since 2026-03-26 15:05:05Z."
	b.SetBytes(int64(len(s)))
	b.ReportAllocs()
	for b.Loop() {
		Text(s)
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := New(Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
