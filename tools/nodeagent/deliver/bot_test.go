package deliver

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

const (
	testNode = "n1"
	testBoot = "5d2f0c1e-8f43-4b0c-9a39-3f8a2f1f6a01"
)

// got is a request that the stand-in for the bot was sent.
type got struct {
	at     time.Time
	header http.Header
	report investigations.NodeReport
	status int
}

// bot stands in for the bot. Without answer it takes everything.
type bot struct {
	// answer returns the status of the answer, from what came and its number from 0.
	answer func(n int, r investigations.NodeReport, w http.ResponseWriter) int

	mu  sync.Mutex
	all []got
	// come takes a value for each request.
	come chan struct{}
}

func newBot(answer func(int, investigations.NodeReport, http.ResponseWriter) int) *bot {
	return &bot{answer: answer, come: make(chan struct{}, 100_000)}
}

// ServeHTTP notes the request and answers.
func (b *bot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g := got{at: time.Now(), header: r.Header.Clone(), status: http.StatusAccepted}
	z, err := gzip.NewReader(r.Body)
	if err == nil {
		err = json.NewDecoder(z).Decode(&g.report)
	}
	b.mu.Lock()
	n := len(b.all)
	b.mu.Unlock()
	switch {
	case err != nil, r.Method != http.MethodPost, r.URL.Path != "/v1/kernel-reports":
		g.status = http.StatusTeapot
	case b.answer != nil:
		g.status = b.answer(n, g.report, w)
	}
	b.mu.Lock()
	b.all = append(b.all, g)
	b.mu.Unlock()
	w.WriteHeader(g.status % 1000)
	if g.status >= 1000 {
		_, _ = w.Write([]byte(`{"refused_by":"oombot","reason":"payload","says":"it is no JSON"}`))
	} else if g.status >= 300 {
		_, _ = w.Write([]byte("<html>nginx</html>"))
	}
	b.come <- struct{}{}
}

// own is a status that the bot itself answers, and says so; any other one is a proxy's.
func own(status int) int { return 1000 + status }

// RoundTrip answers without a network, for tests whose time is not real.
func (b *bot) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	res := w.Result()
	res.Request = r
	return res, nil
}

// taken returns the requests that were taken, heartbeats left out.
func (b *bot) taken() []got {
	return slices.DeleteFunc(b.requests(), func(g got) bool { return g.report.Seq == 0 || g.status/100 != 2 })
}

func (b *bot) requests() []got {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.all)
}

// comms returns the killed commands of what was taken, in order.
func (b *bot) comms() []string {
	var out []string
	for _, g := range b.taken() {
		for _, r := range g.report.Reports {
			out = append(out, r.Killed[0].Comm)
		}
	}
	return out
}

// until waits for a condition, which is looked at whenever a request has come and been answered.
func (b *bot) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for !ok() {
		select {
		case <-b.come:
		case <-time.After(5 * time.Millisecond): // what is waited for may come after the answer
		case <-deadline:
			t.Fatalf("%s: never; the requests were %+v", what, b.requests())
		}
	}
}

// kill is a report of a kill.
func kill(comm string) investigations.NodeReport {
	return investigations.NodeReport{Reports: []investigations.KernelReport{{
		Kind: investigations.KernelMemcg, Killed: []investigations.KernelKill{{PID: 1, Comm: comm}},
	}}}
}

// recording is a flight recorder's piece of n seconds that ends at to.
func recording(to time.Time, pod string, n int) *investigations.NodeRecording {
	r := &investigations.NodeRecording{Version: 1, Node: testNode, From: to.Add(-time.Duration(n) * time.Second), To: to}
	s := investigations.NodeRecorderSeries{Namespace: "shop", Pod: pod, Container: "c", Name: investigations.RecordedCurrent, Unit: "bytes", StepMS: 1000}
	for i := range n {
		s.Values = append(s.Values, float64(i*i*7919%1_000_003))
	}
	r.Series = append(r.Series, s)
	return r
}

// logTo is where the log of a test goes.
type logTo struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *logTo) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

func (l *logTo) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.String()
}

// options are those of an agent with a spool of its own and a machine that just started.
func options(t *testing.T, url string) Options {
	t.Helper()
	return Options{
		URL: url, Node: testNode, BootID: testBoot, Dir: filepath.Join(t.TempDir(), "spool"), Log: slog.New(slog.DiscardHandler),
		uptime: func() time.Duration { return 0 },
	}
}

func open(t *testing.T, o Options) *Sender {
	t.Helper()
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// run runs s until the test ends, or the function that it returns is called.
func run(t *testing.T, s *Sender) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func send(t *testing.T, s *Sender, reports ...investigations.NodeReport) {
	t.Helper()
	for _, r := range reports {
		if err := s.Send(r); err != nil {
			t.Fatal(err)
		}
	}
}

// files returns the names in a folder that are no folders.
func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		if !e.IsDir() {
			out = append(out, e.Name())
		}
	}
	return out
}
