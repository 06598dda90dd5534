package desk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/desk"
	"github.com/oombot/oombot/bot/slackfake"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/bolt"
	"github.com/oombot/oombot/memory/memorytest"
)

// town is a cluster of many workloads, whose pods tell by their names what they are: svc12-7c9d8f6b5-aaaaa is of
// deployment/svc12 on one of so many nodes.
type town struct {
	nodes  int
	keeper *memory.Keeper
}

func (c town) Find(_ context.Context, ask bot.Ask) (bot.Case, error) {
	for _, t := range ask.Targets {
		if name, _, ok := strings.Cut(t.Pod, "-"); ok && strings.HasPrefix(name, "svc") {
			n, err := strconv.Atoi(name[3:])
			if err != nil {
				continue
			}
			t.Workload, t.Node, t.Container = "deployment/"+name, fmt.Sprintf("n%d", n%c.nodes), "main"
			return &house{c, t, n}, nil
		}
	}
	return nil, bot.ErrNoTarget
}

type house struct {
	c town
	t investigations.Target
	n int
}

func (h *house) Target() investigations.Target { return h.t }

func (h *house) Investigate(ctx context.Context, w bot.Watch) (*investigations.Result, *investigations.Evidence, error) {
	res := memorytest.Trace(3, h.n).Result
	res.Target, res.At, res.Precedents, res.LLM.EndedBy = h.t, time.Now(), nil, "off"
	res.Verdict.Cause, res.Verdict.Boundary = investigations.CauseLeak, investigations.BoundaryContainer
	res.Verdict.Victim = &investigations.Party{Namespace: h.t.Namespace, Pod: h.t.Pod, Node: h.t.Node}
	res.Verdict.Culprit, res.Verdict.Change = res.Verdict.Victim, nil
	res.ID = investigations.KillID(res.At, h.t.String())
	w.Progress(investigations.Progress{Tool: "pods", Done: true})
	_, err := h.c.keeper.Remember(ctx, memory.Investigation{Request: investigations.Request{At: res.At, Target: h.t}, Result: &res})
	return &res, nil, err
}

// The environment of a child: a bot in a process of its own, so that it can be killed.
const (
	childFile  = "OOMBOT_TEST_BOT_FILE"
	childSlack = "OOMBOT_TEST_BOT_SLACK"
	childAddr  = "OOMBOT_TEST_BOT_ADDR"

	childBotToken = "OOMBOT_TEST_BOT_TOKEN"
	childAppToken = "OOMBOT_TEST_APP_TOKEN"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childFile); path != "" {
		if err := serveTown(path, os.Getenv(childSlack), os.Getenv(childAddr)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// serveTown is a bot in a town until it is killed. /memory tells how many bytes of it are resident.
func serveTown(path, slackURL, addr string) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	store, err := bolt.Open(path, bolt.Options{Log: log, LockTimeout: 10 * time.Second})
	if err != nil {
		return err
	}
	ctx := context.Background()
	d, socket, mux, err := wire(ctx, slackURL, func(app bool) string {
		if app {
			return os.Getenv(childAppToken)
		}
		return os.Getenv(childBotToken)
	}, desk.Options{Investigator: town{50, memory.NewKeeper(store, time.Now)}, Store: store, Log: log, StartsPerMinute: 1_000_000})
	if err != nil {
		return err
	}
	go socket.Run(ctx)
	go func() { _ = d.Run(ctx) }()
	mux.HandleFunc("/memory", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, residentBytes()) })
	mux.HandleFunc("/census", func(w http.ResponseWriter, r *http.Request) {
		c, err := count(r.Context(), store)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(c)
	})
	return http.ListenAndServe(addr, mux) // the tests' own process ends it
}

// residentBytes is what of this process is in memory, by /proc/self/status; 0 unknown.
func residentBytes() int64 {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(data), "VmRSS:")
	kb, _ := strconv.ParseInt(strings.Fields(after + " 0")[0], 10, 64)
	return kb << 10
}

// child is a bot in a process of its own.
type child struct {
	cmd *exec.Cmd
	url string
}

func startChild(t testing.TB, path string, s *slackfake.Server, addr string) *child {
	t.Helper()
	botToken, appToken := s.Tokens()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, "-test.run=^$")
	cmd.Env = append(os.Environ(), childFile+"="+path, childSlack+"="+s.APIURL(), childAddr+"="+addr,
		childBotToken+"="+botToken, childAppToken+"="+appToken)
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{cmd, "http://" + addr}
	for range 200 {
		if _, err := get(t.Context(), c.url+"/memory"); err == nil {
			return c
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the bot does not answer")
	return nil
}

// kill ends it as kill -9 does.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

// patient is a Slack that goes on trying while a bot is away, as the real one does for minutes.
var patient = slackfake.Options{MaxRetries: 100, RetryDelay: 300 * time.Millisecond}

func freeAddr(t testing.TB) string {
	t.Helper()
	var free net.ListenConfig
	l, err := free.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return addr
}

// storm sends one alert for each of n pods of so many workloads, half of them by webhook and half by posts of an alert
// bot, and returns how long each webhook took to be acknowledged. One that is not is sent again, as its sender does.
func storm(t testing.TB, s *slackfake.Server, url string, n, workloads int, middle func()) []time.Duration {
	t.Helper()
	const senders = 16
	alertBot := s.AddBot(slackfake.Bot{ID: "BALERT", AppID: "AALERT", UserID: "UALERT", Name: "Alertmanager"})
	if err := s.Invite("C1", "UALERT"); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var took []time.Duration
	jobs := make(chan int)
	var group sync.WaitGroup
	for range senders {
		group.Go(func() {
			for i := range jobs {
				pod := fmt.Sprintf("svc%d-7c9d8f6b5-%s", i%workloads, podSuffix(i))
				if i%2 == 0 {
					if _, err := s.PostAs("C1", firingPost(alertBot, pod)); err != nil {
						t.Error(err)
					}
					continue
				}
				for {
					began := time.Now()
					if err := postAlerts(t.Context(), url, "firing", pod); err == nil {
						mu.Lock()
						took = append(took, time.Since(began))
						mu.Unlock()
						break
					}
					time.Sleep(100 * time.Millisecond)
				}
			}
		})
	}
	for i := range n {
		if i == n/2 && middle != nil {
			middle()
		}
		jobs <- i
	}
	close(jobs)
	group.Wait()
	slices.Sort(took)
	return took
}

// firingPost is what an alert bot posts of a pod.
func firingPost(alertBot, pod string) slackfake.BotPost {
	return slackfake.BotPost{Bot: alertBot, Attachments: fmt.Appendf(nil,
		`[{"title": "[FIRING:1] ContainerOOMKilled (shop %s)", "text": "namespace = shop\npod = %s", "title_link": "http://am.example.com/#/alerts?receiver=x"}]`, pod, pod)}
}

// podSuffix is five letters as ReplicaSets give their pods.
func podSuffix(i int) string {
	const letters = "bcdfghjklmnpqrstvwxz2456789"
	var b strings.Builder
	for range 5 {
		b.WriteByte(letters[i%len(letters)])
		i /= len(letters)
	}
	return b.String()
}

// census is what the incidents on the shelf come to.
type census struct {
	// Alerts are those that they count; Threads the incidents that have a thread of their own, and Unposted those of
	// them whose card is not posted yet.
	Alerts, Threads, Unposted int
}

func count(ctx context.Context, store investigations.Shelf) (census, error) {
	var c census
	for doc, err := range store.Docs(ctx, "bot.incident") {
		if err != nil {
			return c, err
		}
		var i bot.Incident
		if err := json.Unmarshal(doc.Body, &i); err != nil {
			return c, err
		}
		c.Alerts += i.AlertCount
		if i.Parent == "" {
			c.Threads++
			if i.Card == "" {
				c.Unposted++
			}
		}
	}
	return c, nil
}

// census asks a child for its own.
func (c *child) census(t testing.TB) census {
	t.Helper()
	data, err := get(t.Context(), c.url+"/census")
	if err != nil {
		t.Fatal(err)
	}
	var n census
	if err := json.Unmarshal(data, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

func get(ctx context.Context, url string) ([]byte, error) {
	return call(ctx, http.MethodGet, url, nil)
}

// call makes a request and returns the answer's body; an error where the answer is none of success.
func call(ctx context.Context, method, url string, body io.Reader) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode/100 != 2 {
		err = fmt.Errorf("%s answers %s: %s", url, res.Status, data)
	}
	return data, err
}

// TestStormOverKill sends a storm and kills the bot in the middle: no alert is lost, and none is counted twice.
func TestStormOverKill(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process is killed by a signal here")
	}
	const n, workloads = 400, 40
	s := newSlack(t, patient)
	path, addr := filepath.Join(t.TempDir(), "memory.db"), freeAddr(t)
	c := startChild(t, path, s, addr)
	storm(t, s, c.url, n, workloads, func() {
		c.kill()
		c = startChild(t, path, s, addr)
	})
	wait(t, s, "all deliveries acknowledged", (*slackfake.Server).Settled)
	var got census
	for range 600 { // leases of the killed process run out first
		if got = c.census(t); got.Alerts >= n {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	c.kill()
	if got.Alerts != n {
		t.Errorf("%d alerts are counted, want %d", got.Alerts, n)
	}
	if got.Threads > workloads {
		t.Errorf("there are %d threads for %d workloads", got.Threads, workloads)
	}
	for _, d := range s.Deliveries() {
		if strings.Contains(string(d.Payload()), "BALERT") && !d.Acked() { // those of the bot's own cards go on until the end
			t.Errorf("an alert's post was not acknowledged after %d attempts", d.Attempts())
		}
	}
}
