package logs

import (
	"strings"
	"testing"

	"github.com/oombot/oombot/investigations"
)

// judge says what a line alone is taken for.
func judge(t *testing.T, line string) (investigations.LogMatch, bool) {
	t.Helper()
	r := newReading(file{path: "logs/shop/api-1/api.log"}, testAt)
	if err := r.readAll(t.Context(), strings.NewReader(line+"\n")); err != nil {
		t.Fatal(err)
	}
	log := r.finish()
	if len(log.Matches) == 0 {
		return investigations.LogMatch{}, false
	}
	return log.Matches[0], true
}

func TestRuntimeErrors(t *testing.T) {
	tests := []struct {
		line, kind, detail string
		bytes              int64
	}{
		{`java.lang.OutOfMemoryError: Java heap space`, investigations.LogJavaOOM, "Java heap space", 0},
		{`Exception in thread "main" java.lang.OutOfMemoryError: Metaspace`, investigations.LogJavaOOM, "Metaspace", 0},
		{`Caused by: java.lang.OutOfMemoryError: GC overhead limit exceeded`, investigations.LogJavaOOM, "GC overhead limit exceeded", 0},
		{`Terminating due to java.lang.OutOfMemoryError: Java heap space`, investigations.LogJavaOOM, "Java heap space", 0},
		{`Aborting due to java.lang.OutOfMemoryError: Compressed class space`, investigations.LogJavaOOM, "Compressed class space", 0},
		{`2026-03-04 02:17:08,123 ERROR [exec-7] o.a.c.C.[dispatcher] - Servlet.service() threw exception java.lang.OutOfMemoryError: unable to create new native thread`, investigations.LogJavaOOM, "unable to create native thread", 0},
		{`java.lang.OutOfMemoryError: unable to create native thread: possibly out of memory or process/resource limits reached`, investigations.LogJavaOOM, "unable to create native thread", 0},
		{`java.lang.OutOfMemoryError: Cannot reserve 65536 bytes of direct buffer memory (allocated: 536870900, limit: 536870912)`, investigations.LogJavaOOM, "Direct buffer memory", 65536},
		{`java.lang.OutOfMemoryError: Requested array size exceeds VM limit`, investigations.LogJavaOOM, "Requested array size exceeds VM limit", 0},
		{`java.lang.OutOfMemoryError`, investigations.LogJavaOOM, "", 0},
		{`{"level":"ERROR","message":"Handler dispatch failed; nested exception is java.lang.OutOfMemoryError: Java heap space"}`, investigations.LogJavaOOM, "Java heap space", 0},
		{`{"level":"ERROR","message":"failed","stack_trace":"java.lang.OutOfMemoryError: Java heap space\n\tat java.util.Arrays.copyOf(Arrays.java:3745)\n"}`, investigations.LogJavaOOM, "Java heap space", 0},
		{`io.netty.util.internal.OutOfDirectMemoryError: failed to allocate 16777216 byte(s) of direct memory (used: 520093696, max: 536870912)`, investigations.LogJavaOOM, "Direct buffer memory", 16777216},
		{`# Native memory allocation (mmap) failed to map 12582912 bytes for committing reserved memory.`, investigations.LogJavaOOM, "native memory allocation", 12582912},
		{`OpenJDK 64-Bit Server VM warning: INFO: os::commit_memory(0x00000000e0000000, 536870912, 0) failed; error='Not enough space' (errno=12)`, investigations.LogJavaOOM, "native memory allocation", 0},

		{`FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory`, investigations.LogV8Heap, "Reached heap limit", 0},
		{`FATAL ERROR: Ineffective mark-compacts near heap limit Allocation failed - JavaScript heap out of memory`, investigations.LogV8Heap, "Ineffective mark-compacts near heap limit", 0},
		{`FATAL ERROR: CALL_AND_RETRY_LAST Allocation failed - JavaScript heap out of memory`, investigations.LogV8Heap, "CALL_AND_RETRY_LAST", 0},
		{`FATAL ERROR: v8::ToLocalChecked Empty MaybeLocal`, "", "", 0},
		{`FATAL ERROR: NewSpace::Rebalance Allocation failed - process out of memory`, investigations.LogV8Heap, "", 0},
		{`Error [ERR_WORKER_OUT_OF_MEMORY]: Worker terminated due to reaching memory limit: JS heap out of memory`, investigations.LogV8Heap, "worker", 0},

		{`MemoryError`, investigations.LogPythonOOM, "", 0},
		{`MemoryError: Unable to allocate 2 GiB`, investigations.LogPythonOOM, "Unable to allocate 2 GiB", 2 << 30},
		{`numpy.core._exceptions._ArrayMemoryError: Unable to allocate 7.45 GiB for an array with shape (1000000000,) and data type float64`, investigations.LogPythonOOM, "Unable to allocate 7.45 GiB for an array with shape (1000000000,) and data type float64", 7999376588},
		{`[2026-03-04 02:17:08 +0000] [7] [ERROR] Task app.tasks.render[1] raised unexpected: MemoryError()`, investigations.LogPythonOOM, "", 0},
		{`{"msg":"crashed","exc_info":"Traceback (most recent call last):\n  File \"a.py\", line 3, in f\n    x = [0] * n\nMemoryError"}`, investigations.LogPythonOOM, "", 0},
		{`RuntimeError: [enforce fail at alloc_cpu.cpp:66] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 4000000000 bytes.`, investigations.LogPythonOOM, "can't allocate memory", 4000000000},

		{`fatal error: runtime: out of memory`, investigations.LogGoOOM, "out of memory", 0},
		{`fatal error: runtime: cannot allocate memory`, investigations.LogGoOOM, "cannot allocate memory", 0},
		{`runtime: out of memory: cannot allocate 4194304-byte block (1073741824 in use)`, investigations.LogGoOOM, "out of memory", 4194304},

		{`Unhandled exception. System.OutOfMemoryException: Exception of type 'System.OutOfMemoryException' was thrown.`, investigations.LogDotnetOOM, "", 0},
		{`app.rb:3:in 'block': failed to allocate memory (NoMemoryError)`, investigations.LogRubyOOM, "", 0},
		{`PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted (tried to allocate 20480 bytes) in /app/x.php on line 3`, investigations.LogPHPOOM, "", 134217728},
		{`memory allocation of 1073741824 bytes failed`, investigations.LogRustOOM, "", 1 << 30},
		{`terminate called after throwing an instance of 'std::bad_alloc'`, investigations.LogNativeOOM, "std::bad_alloc", 0},
		{`  what():  std::bad_alloc`, investigations.LogNativeOOM, "", 0},
		{`eheap_alloc: Cannot allocate 1781763104 bytes of memory (of type "heap").`, investigations.LogNativeOOM, "eheap_alloc", 1781763104},
		{"\x1b[31mFATAL ERROR: Reached heap limit\x1b[0m Allocation failed - JavaScript heap out of memory\r", investigations.LogV8Heap, "Reached heap limit", 0},

		// Words that only mention an error.
		{`Picked up JAVA_TOOL_OPTIONS: -Xmx512m -XX:+ExitOnOutOfMemoryError -XX:+HeapDumpOnOutOfMemoryError`, "", "", 0},
		{`exec java -XX:OnOutOfMemoryError="kill -9 %p" -jar app.jar`, "", "", 0},
		{`OutOfMemoryError count: 0`, "", "", 0},
		{`{"jvm":{"OutOfMemoryError":0,"gc":12}}`, "", "", 0},
		{`health: ok, last MemoryError handled 3 days ago`, "", "", 0},
		{`if you see java.lang.OutOfMemoryError: Java heap space then raise -Xmx`, "", "", 0},
		{`GET /docs/java.lang.OutOfMemoryError HTTP/1.1 200`, "", "", 0},
		{`registered handler for MemoryError in module x`, "", "", 0},
		{`except MemoryError as e:`, "", "", 0},
		{`feature flag out_of_memory_guard enabled`, "", "", 0},
		{`redis: OOM command not allowed when used memory > 'maxmemory'.`, "", "", 0},
		{`catch (System.OutOfMemoryException) in Program.cs`, "", "", 0},
		{`torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB`, "", "", 0},
	}
	for _, tt := range tests {
		m, _ := judge(t, tt.line)
		switch m.Kind {
		case investigations.LogWork, investigations.LogAllocation, investigations.LogSignal, investigations.LogChildDied:
			m = investigations.LogMatch{} // not what this test is about
		}
		if m.Kind != tt.kind || m.Detail != tt.detail || m.Bytes != tt.bytes {
			t.Errorf("%s\n got %q %q %d\nwant %q %q %d", tt.line, m.Kind, m.Detail, m.Bytes, tt.kind, tt.detail, tt.bytes)
		}
	}
}

func TestSoftLines(t *testing.T) {
	const mb = 1_000_000
	tests := []struct {
		line, kind, detail string
		bytes              int64
	}{
		{`starting export of orders for tenant 42`, investigations.LogWork, detailJob, 0},
		{`processing upload 850MB`, investigations.LogWork, detailSize, 850 * mb},
		{`importing file customers.csv (2.1 GB)`, investigations.LogWork, detailSize, 2100 * mb},
		{`job nightly-report started`, investigations.LogWork, detailJob, 0},
		{`POST /import content-length=734003200`, investigations.LogWork, detailSize, 734003200},
		{`{"level":"info","msg":"request","method":"POST","path":"/v1/render","content_length":734003200}`, investigations.LogWork, detailSize, 734003200},
		{`10.1.2.3 - - "POST /v1/documents HTTP/1.1" 202 bytes_in=734003200`, investigations.LogWork, detailSize, 734003200},
		{`loaded 4.2 million rows into memory`, investigations.LogWork, detailCount, 0},
		{`level=info msg="import started" file=/data/big.csv rows=12000000`, investigations.LogWork, detailCount, 0},
		{`query returned 1,200,000 records`, investigations.LogWork, detailCount, 0},
		{`processing 900k events`, investigations.LogWork, detailCount, 0},
		{`cron: running weekly cleanup`, investigations.LogWork, detailJob, 0},
		{`Executing scheduled batch invoice-run`, investigations.LogWork, detailJob, 0},
		{`"POST /api/v2/bulk HTTP/1.1" from 10.0.0.7`, investigations.LogWork, detailRequest, 0},
		{`decoding image 30000x20000 (1.8 GiB uncompressed)`, investigations.LogWork, detailSize, 1932735283},
		{`received message of 536870912 bytes`, investigations.LogWork, detailSize, 512 << 20},
		{`upload size=512M`, investigations.LogWork, detailSize, 512 << 20},
		{`handling request size_mb=1450`, investigations.LogWork, detailSize, 1450 * mb},
		{`compacting 14 segments (5.1 GB)`, investigations.LogWork, detailSize, 5100 * mb},
		{`analytics query started: scanning 365 partitions`, investigations.LogWork, detailJob, 0},
		{`query: SELECT * FROM orders -- 48M rows`, investigations.LogWork, detailCount, 0},
		{`Received request to export all orders (from=2015-01-01)`, investigations.LogWork, detailJob, 0},
		{`GET /api/search?limit=1000000`, investigations.LogWork, detailCount, 0},
		{`GraphQL query depth 12 returned 890 MB`, investigations.LogWork, detailSize, 890 * mb},
		{`allocated buffer of 512 MiB`, investigations.LogAllocation, "", 512 << 20},
		{`cache grew to 1.5GB`, investigations.LogAllocation, "", 1500 * mb},

		{`received SIGTERM, shutting down`, investigations.LogSignal, "", 0},
		{`Received signal 15`, investigations.LogSignal, "", 0},
		{`commencing graceful shutdown`, investigations.LogSignal, "", 0},
		{`caught signal: terminated`, investigations.LogSignal, "", 0},

		{`[2026-03-04 02:17:08 +0000] [1] [ERROR] Worker (pid:12) was sent SIGKILL! Perhaps out of memory?`, investigations.LogChildDied, "", 0},
		{`2026/03/04 02:17:08 [alert] 1#1: worker process 29 exited on signal 9`, investigations.LogChildDied, "", 0},
		{`WARNING: [pool www] child 12 exited on signal 9 (SIGKILL) after 3.2 seconds from start`, investigations.LogChildDied, "", 0},
		{`LOG:  server process (PID 123) was terminated by signal 9: Killed`, investigations.LogChildDied, "", 0},
		{`billiard.exceptions.WorkerLostError: Worker exited prematurely: signal 9 (SIGKILL) Job: 0.`, investigations.LogChildDied, "", 0},
		{`DAMN ! worker 1 (pid: 12) died, killed by signal 9 :( trying respawn ...`, investigations.LogChildDied, "", 0},
		{`/entrypoint.sh: line 3:    12 Killed                  ./app`, investigations.LogChildDied, "", 0},
		{`Killed`, investigations.LogChildDied, "", 0},
		{`command failed: exit status 137`, investigations.LogChildDied, "", 0},
		{`A process in the process pool was terminated abruptly while the future was running or pending.`, investigations.LogChildDied, "", 0},

		// Everyday lines.
		{`GET /healthz 200 3ms`, "", "", 0},
		{`GET /api/reports/12 200 8ms`, "", "", 0},
		{`"GET /export/7 HTTP/1.1" 200 512`, "", "", 0},
		{`request served bytes=5120 in 12 ms`, "", "", 0},
		{`processing request 8a7c from 10.0.0.1`, "", "", 0},
		{`job nightly-report finished in 12 s`, "", "", 0},
		{`no new jobs, sleeping`, "", "", 0},
		{`SIGHUP received, reloading configuration`, "", "", 0},
		{`heap limit is 512 MiB, max 1 GiB`, "", "", 0},
		{`memory limit: 536870912 bytes`, "", "", 0},
		{`disk has 5.1 GB free`, "", "", 0},
		{`transferred at 850 MB/s`, "", "", 0},
		{`took 137 ms`, "", "", 0},
		{`session killed by user`, "", "", 0},
		{`listening on :8080`, "", "", 0},
		{`user 4711 exported`, "", "", 0},
	}
	for _, tt := range tests {
		m, _ := judge(t, tt.line)
		bytes := m.Bytes
		if tt.bytes == 0 && bytes < notable {
			bytes = 0 // small sizes are not what this test is about
		}
		if m.Kind != tt.kind || m.Detail != tt.detail || bytes != tt.bytes {
			t.Errorf("%s\n got %q %q %d\nwant %q %q %d", tt.line, m.Kind, m.Detail, m.Bytes, tt.kind, tt.detail, tt.bytes)
		}
	}
}

func TestBytesIn(t *testing.T) {
	for text, want := range map[string]int64{
		"512 MB": 512e6, "1.2GiB": 1288490188, "512Mi": 512 << 20, "2,1 GB": 21e8, "1,048,576 bytes": 1 << 20, "3 megabytes": 3e6,
		"1 kibibyte": 1024, "4194304-byte": 1 << 22, "size=2G": 2 << 30, "body: 12345678": 12345678, "16777216 byte(s)": 16777216,
		"12 MB/s": 0, "5 m": 0, "5M rows": 0, "size=12": 0, "99999999999 TB": 0, "": 0, "took 5ms": 0, "id=123456789": 0,
	} {
		if got := bytesIn(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

// TestWorkerTimeout: gunicorn kills a worker that does not answer, and then suspects memory.
func TestWorkerTimeout(t *testing.T) {
	r := newReading(file{}, testAt)
	if err := r.readAll(t.Context(), strings.NewReader("[CRITICAL] WORKER TIMEOUT (pid:12)\n"+
		"[ERROR] Worker (pid:12) was sent SIGKILL! Perhaps out of memory?\n")); err != nil {
		t.Fatal(err)
	}
	log := r.finish()
	if len(log.Matches) != 1 || log.Matches[0].Detail != "worker timeout" {
		t.Errorf("%+v", log.Matches)
	}
}
