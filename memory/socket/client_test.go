package socket

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory/memorytest"
)

// answering serves a memory file by a handler of the test's own.
func answering(t *testing.T, file string, h http.HandlerFunc) {
	t.Helper()
	l, err := Listen(file, quiet)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }() // it ends with the test
	t.Cleanup(func() {
		_ = server.Close()
		_ = l.Close()
	})
}

func TestDialFindsNobody(t *testing.T) {
	if _, err := Dial(t.Context(), memoryFile(t)); !errors.Is(err, ErrGone) {
		t.Errorf("Dial: %v, want ErrGone", err)
	}
}

// TestDialWithoutTime checks that who had no time to look does not say that somebody did not answer.
func TestDialWithoutTime(t *testing.T) {
	file := memoryFile(t)
	start(t, file, memorytest.New(time.Now), defaultPace())
	ctx, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	if _, err := Dial(ctx, file); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrCut) {
		t.Errorf("Dial: %v, want context.DeadlineExceeded alone", err)
	}
}

func TestAnotherVersion(t *testing.T) {
	t.Run("of the server", func(t *testing.T) {
		file := memoryFile(t)
		answering(t, file, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(versionHeader, "v9-abc")
			w.WriteHeader(http.StatusTeapot)
		})
		if _, err := Dial(t.Context(), file); !errors.Is(err, ErrVersion) || !strings.Contains(err.Error(), "v9-abc") {
			t.Errorf("Dial: %v, want ErrVersion that names v9-abc", err)
		}
	})
	t.Run("of the client", func(t *testing.T) {
		file := memoryFile(t)
		start(t, file, memorytest.New(time.Now), defaultPace())
		c := raw(t, file)
		_, _ = io.WriteString(c, strings.Replace(request("trace", `{"ID": "x"}`), version, "v9-abc", 1))
		answer, err := io.ReadAll(c)
		if err != nil || !bytes.Contains(answer, []byte(`"is":["version"]`)) || !bytes.Contains(answer, []byte(versionHeader+": "+version)) {
			t.Errorf("answered %q, %v", answer, err)
		}
	})
	t.Run("of another program", func(t *testing.T) {
		file := memoryFile(t)
		answering(t, file, http.NotFound)
		if _, err := Dial(t.Context(), file); !errors.Is(err, ErrVersion) {
			t.Errorf("Dial: %v, want ErrVersion", err)
		}
	})
}

// TestVersionNamesTheDocuments checks that a field more, or of another type, is another version.
func TestVersionNamesTheDocuments(t *testing.T) {
	type inner struct{ A int }
	type changed struct{ A int64 }
	type renamed struct {
		A int `json:"a"`
	}
	type more struct{ A, B int }
	seen := map[string]reflect.Type{}
	for _, doc := range []any{
		inner{},
		changed{},
		renamed{},
		more{},
		[]inner{},
		map[string]inner{},
		map[string][]changed{},
		&inner{},
		struct{ X inner }{},
		struct{ X changed }{},
		investigations.Trace{},
		investigations.Head{},
	} {
		var b strings.Builder
		describe(&b, reflect.TypeOf(doc), map[reflect.Type]bool{})
		if other, ok := seen[b.String()]; ok {
			t.Errorf("%T is described as %v is", doc, other)
		}
		seen[b.String()] = reflect.TypeOf(doc)
	}
	if versionOf(protocol, 1) == versionOf(protocol, 2) {
		t.Error("the version doesn't follow its numbers")
	}
}

// TestSilentServer has a server that is there, and from some moment on says nothing.
func TestSilentServer(t *testing.T) {
	file := memoryFile(t)
	var hellos atomic.Int64
	answering(t, file, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, callHello) && hellos.Add(1) <= 3 {
			_, _ = io.WriteString(w, `{"PID": 1}`)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	c, err := Dial(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	c.every, c.patience = time.Millisecond, 20*time.Millisecond
	if err := c.Keep(t.Context(), memorytest.Trace(1, 0)); !errors.Is(err, ErrCut) || !strings.Contains(err.Error(), "silent") {
		t.Errorf("Keep: %v, want ErrCut", err)
	}
	if n := hellos.Load(); n < 4 {
		t.Errorf("given up after %d answers, want more than 3 that came", n)
	}
	for _, err := range c.Heads(t.Context(), investigations.Filter{}) {
		if !errors.Is(err, ErrCut) {
			t.Errorf("Heads: %v, want ErrCut", err)
		}
	}
}

// TestServerThatTakesItsTime answers hellos and lets a call wait: that is no silence.
func TestServerThatTakesItsTime(t *testing.T) {
	file := memoryFile(t)
	var hellos atomic.Int64
	enough := make(chan struct{})
	answering(t, file, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, callHello) {
			if hellos.Add(1) == 10 {
				close(enough)
			}
		} else {
			<-enough
		}
		_, _ = io.WriteString(w, `{}`)
	})
	c, err := Dial(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	c.every = time.Millisecond
	if _, _, err := c.Compact(t.Context()); err != nil {
		t.Errorf("Compact: %v", err)
	}
}

// TestCutAnswers gives a client less than a whole answer.
func TestCutAnswers(t *testing.T) {
	whole := map[string]bool{"an empty line": true, "a head and no end": true} // for a call that is answered by one document
	for name, answer := range map[string]string{
		"nothing": "", "half a head": `{"head": {"id": "a"`, "a head and no end": `{"head": {"id": "a"}}` + "\n", "an empty line": "{}\n", "noise": "noise",
	} {
		t.Run(name, func(t *testing.T) {
			file := memoryFile(t)
			answering(t, file, func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, callHello) {
					_, _ = io.WriteString(w, `{"PID": 1}`)
					return
				}
				_, _ = io.WriteString(w, answer)
			})
			c, err := Dial(t.Context(), file)
			if err != nil {
				t.Fatal(err)
			}
			var last error
			for _, err := range c.Heads(t.Context(), investigations.Filter{}) {
				last = err
			}
			if !errors.Is(last, ErrCut) {
				t.Errorf("Heads ends with %v, want ErrCut", last)
			}
			if err := c.Backup(t.Context(), io.Discard); !errors.Is(err, ErrCut) {
				t.Errorf("Backup: %v, want ErrCut", err)
			}
			if _, err := c.Trace(t.Context(), "a"); !errors.Is(err, ErrCut) && !whole[name] {
				t.Errorf("Trace: %v, want ErrCut", err)
			}
		})
	}
}

// TestConnectionBreaks has a server that ends connections without an answer.
func TestConnectionBreaks(t *testing.T) {
	file := memoryFile(t)
	l, err := Listen(file, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	go func() { // it ends with the listener
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 10))
			_ = c.Close()
		}
	}()
	if _, err := Dial(t.Context(), file); !errors.Is(err, ErrCut) || errors.Is(err, ErrGone) {
		t.Errorf("Dial: %v, want ErrCut", err)
	}
}

func TestTooLargeARequest(t *testing.T) {
	c := served(t, memorytest.New(time.Now))
	big := memorytest.Trace(1, 0)
	big.Result.Verdict.Explanation = strings.Repeat("x", maxRequest)
	if err := c.Keep(t.Context(), big); !errors.Is(err, investigations.ErrTooLarge) {
		t.Errorf("Keep: %v, want ErrTooLarge", err)
	}
	if _, err := c.Trace(t.Context(), big.Result.ID); !errors.Is(err, investigations.ErrNotFound) {
		t.Errorf("Trace: %v, want ErrNotFound", err)
	}
}

// TestSpool passes listings through that fit into the heap, just fit, and don't.
func TestSpool(t *testing.T) {
	for _, size := range []int{0, 100, inHeap - 1, inHeap, inHeap + 1, 2*inHeap + 7} {
		line := []byte(`"` + strings.Repeat("x", 1021) + "\"\n")
		want := bytes.Repeat(line, size/len(line))
		var s spool
		if n, err := s.ReadFrom(bytes.NewReader(want)); err != nil || n != int64(len(want)) {
			t.Fatalf("%d bytes: %d were read, %v", len(want), n, err)
		}
		lines, got := s.lines(), 0
		for {
			var v string
			err := lines.Decode(&v)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got += len(v) + 3
		}
		if got != len(want) {
			t.Errorf("%d bytes came back of %d", got, len(want))
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestClientKnowsTheProcess(t *testing.T) {
	file := memoryFile(t)
	start(t, file, memorytest.New(time.Now), defaultPace())
	c, err := Dial(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	a, err := c.hello(t.Context())
	if err != nil || c.PID() != a.PID || c.PID() == 0 {
		t.Errorf("process %d, by itself %d, %v", c.PID(), a.PID, err)
	}
}

// FuzzCall sends any request: the server answers it, or says why not.
func FuzzCall(f *testing.F) {
	for _, seed := range [][2]string{
		{callKeep, `{"Traces": [{"result": {"id": "x"}}]}`},
		{callHeads, `{"Filter": {"ids": ["x"]}}`},
		{callEdges, `{"Node": {"kind": "incident", "name": "x"}, "Limit": -1}`},
		{callTake, `{"Lease": -1}`},
		{callPut, `{"Item": {"key": "k", "payload": {"a": 1}}}`},
		{callLater, `{"Item": {"key": "k"}, "At": "2026-01-01T00:00:00Z"}`},
		{callCandidates, `{"Cue": {"terms": ["x"], "limit": 9}}`},
		{callBegin, `{"Work": {"key": "k"}}`},
		{callBackup, ``},
		{"", `{}`},
		{"keep/../hello", `[`},
	} {
		f.Add(seed[0], []byte(seed[1]))
	}
	f.Fuzz(func(t *testing.T, name string, body []byte) {
		h := &handler{store: memorytest.New(time.Now), pace: defaultPace(), stopped: t.Context()}
		w := &recorder{header: http.Header{}}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://memory/", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.URL.Path = "/" + version + "/" + name
		h.ServeHTTP(w, r)
		if w.status != http.StatusOK && w.status != statusFailed {
			t.Errorf("%s answered with status %d", name, w.status)
		}
		if w.status == statusFailed && !bytes.HasPrefix(w.body.Bytes(), []byte(`{"error":{"text":"`)) {
			t.Errorf("%s failed with %q", name, w.body.Bytes())
		}
	})
}

// recorder keeps an answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }
