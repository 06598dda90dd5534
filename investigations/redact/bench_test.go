package redact

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/oombot/oombot/examples"
	"github.com/oombot/oombot/investigations/redact/redacttest"
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

// prompt is what a model is told: facts, one a line, with sources and numbers.
func prompt(facts int) string {
	forms := []string{
		"F%d [pods] at 2026-04-15T12:08:17Z: container \"gateway\" (app): memory limit 2 GiB, request 1 GiB, restarts: 2; its last end was \"OOMKilled\" with exit code 137 (kubernetes/pods.json)\n",
		"F%d [kernlog] at 2026-04-15T12:08:16Z: On node ip-10-0-3-186 the kernel killed \"gateway\" (pid 380006): container 94eda3481d19 of pod 9928d1ec-5e69-4b9f-a69b-a7b133e8d9d1 reached its memory limit of 2 GiB. (kernel/ip-10-0-3-186.log:71-130)\n",
		"F%d [rollouts]: from revision 18 to 19 of \"deployment/gateway\" in namespace \"ads\" changed: image of \"gateway\": \"registry.example/gateway:2.4.7\" -> \"registry.example/gateway:2.4.8\" (kubernetes/replicasets.json)\n",
		"F%d [metrics]: In the life of gateway-zxthbd6kg-tcr7d/gateway from 2026-04-15 11:18:21Z to 2026-04-15 12:08:16Z anonymous memory grew steadily: from 740 MiB to 1.91 GiB in 45 min under the limit of 2 GiB. values: {\"limit_bytes\": 2147483648}\n",
		"F%d [logs]: \"ads/gateway\" logged: \"{\\\"level\\\":\\\"warn\\\",\\\"msg\\\":\\\"session store grew\\\",\\\"sessions\\\":481516}\" (logs/ads/gateway.log:12)\n",
	}
	var b strings.Builder
	for i := range facts {
		fmt.Fprintf(&b, forms[i%len(forms)], i+1)
	}
	return b.String()
}

func BenchmarkPrompt(b *testing.B) {
	s := prompt(200)
	b.SetBytes(int64(len(s)))
	b.ReportAllocs()
	for b.Loop() {
		Text(s)
	}
}

// BenchmarkSecrets has a secret of every kind in each form.
func BenchmarkSecrets(b *testing.B) {
	var all strings.Builder
	for _, k := range redacttest.Kinds() {
		for _, f := range redacttest.Forms() {
			all.WriteString(f.Write(k) + "\n")
		}
	}
	s := all.String()
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		Text(s)
	}
}

func BenchmarkJSON(b *testing.B) {
	data, err := fs.ReadFile(examples.FS, "leak-after-deploy/kubernetes/replicasets.json")
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := JSON(data); err != nil {
			b.Fatal(err)
		}
	}
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
