package openai

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// TestUnreachable has endpoints that can't be spoken with.
func TestUnreachable(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	foreign := httptest.NewTLSServer(streamed(fine))
	t.Cleanup(foreign.Close)
	deaf := func(answer string) string {
		l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it listens on this machine until the test ends
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		go func() { // until the listener is closed
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = conn.Read(make([]byte, 1<<10))
				_, _ = io.WriteString(conn, answer)
				_ = conn.Close()
			}
		}()
		return "http://" + l.Addr().String()
	}
	nameless := client(t, "http://model", func(o *Options) {
		o.Transport = network(func(*http.Request) (*http.Response, error) {
			return nil, &net.DNSError{Err: "no such host", Name: "model"}
		})
	})
	if _, err := ask(t, nameless, question()); failed(t, err).Fault != down {
		t.Errorf("no such name: %v", err)
	}
	for name, base := range map[string]string{
		"nobody listens":       gone.URL,
		"of another authority": foreign.URL,
		"it hangs up":          deaf(""),
		"it doesn't speak":     deaf("SSH-2.0-OpenSSH_9.6\r\n"),
		"no TLS":               "https://" + strings.TrimPrefix(deaf("HTTP/1.0 400 Bad Request\r\n\r\n"), "http://"),
	} {
		_, err := ask(t, client(t, base), question())
		if e := failed(t, err); e.Fault != down || e.Status != 0 || e.Answered {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestBrokenConnection has answers whose connection breaks.
func TestBrokenConnection(t *testing.T) {
	breaking := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, body)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
	}
	hello := delta(`{"content":"Hello"}`)
	tests := map[string]struct {
		body     string
		noStream bool
		fault    investigations.ModelFault
		answered bool
	}{
		"before anything":    {"", false, cut, false},
		"after a piece":      {hello, false, cut, true},
		"in a piece":         {hello + `data: {"choices":[`, false, cut, true},
		"after its end":      {hello + end("stop"), false, "", true},
		"in a whole answer":  {`{"choices":[{"message":{"content":"Hello"}}]}`, true, cut, false},
		"in a whole one too": {`{"choices":[{"message":{"con`, false, cut, false},
	}
	for name, tt := range tests {
		s := serve(t, breaking(tt.body))
		got, err := ask(t, client(t, s.URL, func(o *Options) { o.NoStream = tt.noStream }), question())
		if n, _ := s.asked(); n != 1 {
			t.Errorf("%s: %d requests", name, n)
		}
		if tt.fault == "" {
			if err != nil || got.Text != "Hello" {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
			continue
		}
		if e := failed(t, err); e.Fault != tt.fault || e.Answered != tt.answered || e.Status != 200 {
			t.Errorf("%s: answered %t: %v", name, e.Answered, err)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 4, 2, 17, 0, 0, time.UTC)
	tests := map[string]struct {
		header map[string]string
		body   string
		want   time.Duration
	}{
		"nothing":                {nil, "", 0},
		"seconds":                {map[string]string{"Retry-After": " 7 "}, "", 7 * time.Second},
		"parts of seconds":       {map[string]string{"Retry-After": "0.5"}, "", 500 * time.Millisecond},
		"milliseconds":           {map[string]string{"Retry-After": "7", "Retry-After-Ms": "1500"}, "", 1500 * time.Millisecond},
		"a date":                 {map[string]string{"Retry-After": "Wed, 04 Mar 2026 02:18:00 GMT"}, "", time.Minute},
		"a date that is past":    {map[string]string{"Retry-After": "Wed, 04 Mar 2026 02:16:00 GMT"}, "", time.Millisecond},
		"no sense":               {map[string]string{"Retry-After": "soon"}, "", 0},
		"less than none":         {map[string]string{"Retry-After": "-5"}, "", 0},
		"no number":              {map[string]string{"Retry-After": "NaN"}, "", 0},
		"for ever":               {map[string]string{"Retry-After": "1e300"}, "", maxRetryAfter},
		"infinity":               {map[string]string{"Retry-After": "Inf"}, "", maxRetryAfter},
		"OpenAI's sentence":      {nil, `{"error":{"message":"Please try again in 1m2.5s. Visit"}}`, 62500 * time.Millisecond},
		"a few milliseconds":     {nil, "Please try again in 6ms.", 6 * time.Millisecond},
		"Gemini's sentence":      {nil, "Please retry in 25.4s.", 25400 * time.Millisecond},
		"Gemini's field":         {nil, `"retryDelay": "25s"`, 25 * time.Second},
		"the header comes first": {map[string]string{"Retry-After": "7"}, "Please try again in 1m.", 7 * time.Second},
		"a day and more":         {nil, "retry after 999999h", maxRetryAfter},
		"more than there is":     {nil, "retry after 99999999999999h", 0},
	}
	for name, tt := range tests {
		h := http.Header{}
		for k, v := range tt.header {
			h.Set(k, v)
		}
		if got := retryAfter(h, []byte(tt.body), now); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "12")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	_, err := ask(t, client(t, s.URL), question())
	if e := failed(t, err); e.RetryAfter != 12*time.Second || e.Fault != down {
		t.Errorf("%v, after %s", e, e.RetryAfter)
	}
}

// TestErrorWithoutEnd has an error whose body doesn't end: no more than its beginning is read.
func TestErrorWithoutEnd(t *testing.T) {
	var read int
	c := client(t, "http://model", func(o *Options) {
		o.Transport = network(func(*http.Request) (*http.Response, error) {
			return response(500, readerFunc(func(p []byte) (int, error) {
				read += len(p)
				return copy(p, strings.Repeat("oh ", len(p)/3+1)), nil
			})), nil
		})
	})
	_, err := ask(t, c, question())
	if e := failed(t, err); e.Fault != down || read > 2*maxError {
		t.Errorf("read %d bytes: %v", read, err)
	}
	// The same with a stream of comments.
	read = 0
	c = client(t, "http://model", func(o *Options) {
		o.Transport = network(func(*http.Request) (*http.Response, error) {
			return response(200, readerFunc(func(p []byte) (int, error) {
				read += len(p)
				for i := range p {
					p[i] = ':'
				}
				p[len(p)-1] = '\n'
				return len(p), nil
			})), nil
		})
	})
	_, err = ask(t, c, question())
	if e := failed(t, err); e.Fault != garbled || read > maxStream+1<<20 {
		t.Errorf("read %d bytes: %v", read, err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestConcurrentUse has several chats at once, some of which find out what isn't offered.
func TestConcurrentUse(t *testing.T) {
	s := serve(t, refusal("Unknown parameter: 'stream_options'"), streamed(fine))
	c := client(t, s.URL)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var good int
	for range 20 {
		wg.Go(func() {
			got, err := c.Chat(t.Context(), question())
			var e *investigations.ModelError
			mu.Lock()
			defer mu.Unlock()
			if err == nil && got.Text == "fine" {
				good++
			} else if !errors.As(err, &e) || e.Fault != unsupported {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	wg.Wait()
	if good != 19 {
		t.Errorf("%d answers of 20", good)
	}
}
