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

// TestFullDisk has a node's disk run full while the bot is away: what does not fit waits in memory, a fault says so, and
// all of it is delivered.
func TestFullDisk(t *testing.T) {
	dir := tinyDisk(t, "64k")
	var mu sync.Mutex
	away := true
	got := map[int64]int{}
	bot := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if away {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		var report investigations.NodeReport
		z, err := gzip.NewReader(r.Body)
		if err == nil {
			err = json.NewDecoder(z).Decode(&report)
		}
		if err != nil {
			t.Error(err)
		}
		for _, k := range report.Counted {
			got[k.Kills]++
		}
		w.WriteHeader(http.StatusAccepted)
	}))
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
	mu.Lock()
	away = false
	mu.Unlock()
	for end := time.Now().Add(time.Minute); s.Waiting(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not all is delivered: %+v", s.Stats())
		}
	}
	mu.Lock()
	defer mu.Unlock()
	for i := range int64(reports) {
		if got[i] != 1 {
			t.Errorf("report %d came %d times", i, got[i])
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 0 {
		t.Errorf("the spool holds %v, %v", entries, err)
	}
}
