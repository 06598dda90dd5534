package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/memorytest"
	"github.com/oombot/oombot/tools/kubeclient/kubetest"
)

// journal is what a program writes to standard error while it runs.
type journal struct {
	mu   sync.Mutex
	text strings.Builder
	// wrote is told of each write.
	wrote chan struct{}
}

func newJournal() *journal { return &journal{wrote: make(chan struct{}, 1)} }

// Write implements io.Writer.
func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	defer func() {
		select {
		case j.wrote <- struct{}{}:
		default:
		}
	}()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// served is `oombot serve` that runs in this process.
type served struct {
	url     string
	journal *journal
	// stop ends it and returns its exit status.
	stop func() int
}

// startServe runs serve on recorded incidents until it works; change may change what it is given from outside.
func startServe(t *testing.T, env []string, change func(*app), args ...string) *served {
	t.Helper()
	r := launch(t, env, change, append([]string{"serve", "--bundles", recordedShop(t), "--listen", "127.0.0.1:0"}, args...)...)
	r.await(t, "msg=working")
	r.url = "http://" + r.await(t, `msg=listening addr=(\S+)`)
	return r
}

func launch(t *testing.T, env []string, change func(*app), args ...string) *served {
	t.Helper()
	r := &served{journal: newJournal()}
	a := newApp(env, nil, io.Discard, r.journal)
	if change != nil {
		change(a)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	exit := make(chan int, 1)
	go func() { // ends with ctx, for which stop waits
		root := newRoot(a)
		root.SetArgs(args)
		cmd, err := root.ExecuteContextC(ctx)
		exit <- a.exitStatus(ctx, cmd, err)
	}()
	r.stop = sync.OnceValue(func() int {
		cancel()
		return <-exit
	})
	t.Cleanup(func() { r.stop() })
	return r
}

// await waits until the journal matches, and returns the first group.
func (r *served) await(t *testing.T, pattern string) string {
	t.Helper()
	exp := regexp.MustCompile(pattern)
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	for {
		if m := exp.FindStringSubmatch(r.journal.String()); m != nil {
			return m[len(m)-1]
		}
		select {
		case <-r.journal.wrote:
		case <-deadline.C:
			t.Fatalf("it never says %s:\n%s", pattern, r.journal)
		}
	}
}

// ask sends a request and returns its status and its body.
func (r *served) ask(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	return r.send(t, method, path, strings.NewReader(body), nil)
}

func (r *served) send(t *testing.T, method, path string, body io.Reader, header map[string]string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(data)
}

func (r *served) ready(t *testing.T) (int, readyState) {
	t.Helper()
	status, body := r.ask(t, http.MethodGet, "/readyz", "")
	var state readyState
	if err := json.Unmarshal([]byte(body), &state); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return status, state
}

const oneAlert = `{"version":"4","groupKey":"{}:{a}","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"KubePodCrashLooping",
"namespace":"shop","pod":"checkout-7c9d8f6b5-x2x4p","container":"app"},"startsAt":"2026-03-04T02:18:00Z","fingerprint":"f1"}]}`

func TestServe(t *testing.T) {
	r := startServe(t, []string{"TMPDIR=" + t.TempDir()}, nil)
	if status, state := r.ready(t); status != 200 || !state.Ready || state.State != "working" {
		t.Errorf("ready: %d %+v", status, state)
	}
	for _, tt := range []struct {
		method, path, body string
		want               int
		says               string
	}{
		{"GET", "/healthz", "", 200, `"ok"`},
		{"GET", "/metrics", "", 200, "process_resident_memory_bytes"},
		{"POST", "/webhooks/alertmanager", oneAlert, 200, ""},
		{"POST", "/webhooks/alertmanager", "{", 400, ""},
		{"GET", "/webhooks/alertmanager", "", 405, ""},
		{"POST", "/webhooks/pagerduty", "{}", 401, ""},
		{"POST", "/slack/events", "{}", 404, ""},
		{"POST", "/v1/kernel-reports", "{}", 401, "agents.token_file"},
		{"GET", "/", "", 404, ""},
	} {
		if status, body := r.ask(t, tt.method, tt.path, tt.body); status != tt.want || !strings.Contains(body, tt.says) {
			t.Errorf("%s %s is answered %d %.200s, want %d", tt.method, tt.path, status, body, tt.want)
		}
	}
	if _, body := r.ask(t, "GET", "/metrics", ""); !strings.Contains(body, `oombot_webhook_requests_total{outcome="accepted",source="alertmanager"} 1`) {
		t.Errorf("the metrics don't tell of the webhook: %s", body)
	}
	file := r.await(t, `msg=starting .* memory=(\S+)`)
	if _, err := os.Stat(file); err != nil {
		t.Errorf("while it runs: %v", err)
	}
	if status := r.stop(); status != exitDone || !strings.Contains(r.journal.String(), "msg=stopped") {
		t.Errorf("it ends with status %d:\n%s", status, r.journal)
	}
	if _, err := os.Stat(filepath.Dir(file)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what was for a while is still there: %v", err)
	}
}

// TestServeHTTPMode refuses what Slack didn't sign, and has no socket to wait for.
func TestServeHTTPMode(t *testing.T) {
	cfg := filepath.Join(t.TempDir(), "oombot.yaml")
	if err := os.WriteFile(cfg, []byte("slack: {mode: http}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"SLACK_BOT_TOKEN=xoxb-made-up-1234", "SLACK_SIGNING_SECRET=made-up-5678", "OOMBOT_SLACK_API_URL=http://127.0.0.1:9/"}
	r := startServe(t, env, nil, "--config", cfg)
	if status, state := r.ready(t); status != 200 {
		t.Errorf("ready: %d %+v", status, state)
	}
	for _, path := range []string{"/slack/events", "/slack/interactions", "/slack/commands"} {
		if status, _ := r.ask(t, "POST", path, "{}"); status != 401 {
			t.Errorf("%s is answered %d without a signature", path, status)
		}
	}
	if status := r.stop(); status != exitDone {
		t.Errorf("it ends with status %d:\n%s", status, r.journal)
	}
	for _, secret := range []string{"made-up-1234", "made-up-5678"} {
		if strings.Contains(r.journal.String(), secret) {
			t.Errorf("a secret is logged:\n%s", r.journal)
		}
	}
}

// TestServeSlackHangs has a Slack that accepts connections and answers nothing: it is not ready, takes webhooks, and ends
// all the same.
func TestServeSlackHangs(t *testing.T) {
	asked := make(chan struct{}, 100)
	over := make(chan struct{})
	slack := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked <- struct{}{}
		<-over
	}))
	defer slack.Close()
	defer close(over)
	env := []string{"SLACK_BOT_TOKEN=xoxb-1", "SLACK_APP_TOKEN=xapp-1", "OOMBOT_SLACK_API_URL=" + slack.URL + "/api"}
	r := startServe(t, env, nil)
	<-asked
	status, state := r.ready(t)
	want := readyState{State: "working", NotReady: map[string]string{"slack": "the connection is not open"}}
	if diff := cmp.Diff(want, state); status != 503 || diff != "" {
		t.Errorf("ready: %d %s", status, diff)
	}
	if status, body := r.ask(t, "POST", "/webhooks/alertmanager", oneAlert); status != 200 {
		t.Errorf("a webhook is answered %d %s", status, body)
	}
	if status := r.stop(); status != exitDone {
		t.Errorf("it ends with status %d:\n%s", status, r.journal)
	}
}

// fillingDisk is a store on a disk that fills up.
type fillingDisk struct {
	*memorytest.Fake
	mu sync.Mutex
	is bool
}

var errFull = errors.New("the disk is full")

func (f *fillingDisk) set(is bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.is = is
}

func (f *fillingDisk) err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.is {
		return errFull
	}
	return nil
}

// Put implements investigations.Inbox.
func (f *fillingDisk) Put(ctx context.Context, item investigations.Item) (bool, error) {
	if err := f.err(); err != nil {
		return false, err
	}
	return f.Fake.Put(ctx, item)
}

// PutDocs implements investigations.Shelf.
func (f *fillingDisk) PutDocs(ctx context.Context, docs ...investigations.Doc) error {
	if err := f.err(); err != nil {
		return err
	}
	return f.Fake.PutDocs(ctx, docs...)
}

// TestServeDiskFull acknowledges nothing while the inbox can't be written, says so, and goes on afterwards.
func TestServeDiskFull(t *testing.T) {
	disk := &fillingDisk{Fake: memorytest.New(time.Now)}
	clock := &handClock{now: time.Now()}
	r := startServe(t, nil, func(a *app) {
		a.now = clock.Now
		a.openFile = func(context.Context, string, *slog.Logger) (memory.Store, error) { return disk, nil }
	})
	for _, is := range []bool{false, true, false} {
		disk.set(is)
		clock.add(probeEvery)
		want, wantState := 200, readyState{Ready: true, State: "working"}
		if is {
			want, wantState = 503, readyState{State: "working", NotReady: map[string]string{"inbox": "it can't be written: the disk is full"}}
		}
		status, state := r.ready(t)
		if diff := cmp.Diff(wantState, state); status != want || diff != "" {
			t.Errorf("full %t, ready: %d %s", is, status, diff)
		}
		if status, body := r.ask(t, "POST", "/webhooks/alertmanager", oneAlert); status != want {
			t.Errorf("full %t: a webhook is answered %d %s", is, status, body)
		}
	}
}

func TestServePortTaken(t *testing.T) {
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	r := launch(t, nil, nil, "serve", "--bundles", recordedShop(t), "--listen", l.Addr().String())
	r.await(t, "another program has that address: end it, or name another one by --listen, OOMBOT_LISTEN or http.listen")
	if status := r.stop(); status != exitCouldNot {
		t.Errorf("it ends with status %d", status)
	}
}

// TestServeMemoryHeld has another process hold the memory file, for a moment and for good.
func TestServeMemoryHeld(t *testing.T) {
	for _, forGood := range []bool{false, true} {
		clock := &handClock{now: time.Now()}
		opened := 0
		r := launch(t, nil, func(a *app) {
			a.now = clock.Now
			a.openFile = func(context.Context, string, *slog.Logger) (memory.Store, error) {
				opened++
				clock.add(ownWithin - time.Second)
				pid := os.Getpid()
				if forGood || opened == 1 {
					pid = 4711
				}
				return heldStore{memorytest.New(time.Now), pid}, nil
			}
		}, "serve", "--bundles", recordedShop(t), "--listen", "127.0.0.1:0", "--memory", "some.db")
		if !forGood {
			r.await(t, "msg=working")
			if status := r.stop(); status != exitDone {
				t.Errorf("it ends with status %d:\n%s", status, r.journal)
			}
			continue
		}
		r.await(t, "open memory file some.db: process 4711 has it open, and serve must have it alone")
		if status := r.stop(); status != exitCouldNot {
			t.Errorf("it ends with status %d", status)
		}
	}
}

// heldStore is a file that some process has open.
type heldStore struct {
	*memorytest.Fake
	pid int
}

// Holder is the process.
func (h heldStore) Holder() int { return h.pid }

// TestServeCluster asks nobody before something is to be found, and leaves its memory file as one that can be opened.
func TestServeCluster(t *testing.T) {
	server := kubetest.New(t, os.DirFS(leak))
	dir := t.TempDir()
	cfg, file := filepath.Join(dir, "oombot.yaml"), filepath.Join(dir, "memory.db")
	if err := os.WriteFile(cfg, []byte("kubernetes: {kubeconfig: "+server.Kubeconfig(t)+"}\ncluster: prod\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		r := launch(t, []string{"OOMBOT_MEMORY=" + file}, nil, "serve", "--config", cfg, "--listen", "127.0.0.1:0")
		r.await(t, "msg=working")
		if status := r.stop(); status != exitDone || !strings.Contains(r.journal.String(), "cluster=prod") {
			t.Errorf("it ends with status %d:\n%s", status, r.journal)
		}
	}
	if calls := server.Calls(); len(calls) > 0 {
		t.Errorf("it asked for %v", calls)
	}
}
