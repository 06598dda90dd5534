package e2e

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/oombot/oombot/e2e/cgroup"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/nodeagent/deliver"
)

// tinyDisk mounts a file system of so many bytes until the test ends.
func tinyDisk(t *testing.T, size string) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can mount a file system")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("no file system can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// counter stands in for a bot that is away at first: it counts which reports came.
type counter struct {
	mu     sync.Mutex
	away   bool
	got    map[int64]int
	faults []error
}

// ServeHTTP implements http.Handler.
func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.away {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	var report investigations.NodeReport
	z, err := gzip.NewReader(r.Body)
	if err == nil {
		err = json.NewDecoder(z).Decode(&report)
	}
	if err != nil {
		c.faults = append(c.faults, err)
	}
	for _, k := range report.Counted {
		c.got[k.Kills]++
	}
	w.WriteHeader(http.StatusAccepted)
}

func (c *counter) comeBack() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.away = false
}

// TestFullDisk has a node's disk run full while the bot is away: what does not fit waits in memory, a fault says so, and
// all of it is delivered.
func TestFullDisk(t *testing.T) {
	dir := tinyDisk(t, "64k")
	taken := &counter{away: true, got: map[int64]int{}}
	bot := httptest.NewServer(taken)
	defer bot.Close()
	s, err := deliver.Open(deliver.Options{
		URL: bot.URL, Dir: dir, Node: "n1", BootID: cgroup.NewPodUID(), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	const reports = 60
	for i := range int64(reports) {
		if err := s.Send(investigations.NodeReport{Counted: []investigations.CountedKill{{Path: "/kubepods/x", Kills: i}}}); err != nil {
			t.Fatal(err)
		}
	}
	if f := strings.Join(s.Faults(), "\n"); !strings.Contains(f, "no space left on device") {
		t.Errorf("the faults do not tell of the disk: %s", f)
	}
	if st := s.Stats(); st.Waiting != reports || st.Dropped != 0 {
		t.Errorf("the figures are %+v", st)
	}
	taken.comeBack()
	for end := time.Now().Add(time.Minute); s.Waiting(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not all is delivered: %+v", s.Stats())
		}
	}
	taken.mu.Lock()
	defer taken.mu.Unlock()
	if len(taken.faults) > 0 {
		t.Error(taken.faults)
	}
	for i := range int64(reports) {
		if taken.got[i] != 1 {
			t.Errorf("report %d came %d times", i, taken.got[i])
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 0 {
		t.Errorf("the spool holds %v, %v", entries, err)
	}
}
