package bench

import (
	"compress/gzip"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// collector stands in for the bot: it takes reports, and counts the kills in cgroups of the benchmark.
type collector struct {
	*httptest.Server

	root string // what the paths of the benchmark's cgroups hold

	mu    sync.Mutex
	since time.Time // kills from before are not counted
	beats int
	// pids are the processes killed, each of them true where the cgroup is known.
	pids map[int64]bool
	// unnamed are kills that only a counter tells of, without processes: the kernel's lines of them name no cgroup, and it
	// is not certain which they are. Those of them that are among lines that several counters name are shared.
	unnamed, shared int64
}

func newCollector(b *testing.B, root string) *collector {
	b.Helper()
	c := &collector{root: root, pids: map[int64]bool{}}
	c.Server = httptest.NewServer(c)
	b.Cleanup(c.Close)
	return c
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var n investigations.NodeReport
	body, err := gzip.NewReader(r.Body)
	if err == nil {
		err = json.NewDecoder(body).Decode(&n)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if n.Heartbeat != nil {
		c.beats++
	}
	for i := range n.Reports {
		k := &n.Reports[i]
		if k.At == nil || k.At.Before(c.since) {
			continue
		}
		if k.TaskMemcg == "" || strings.Contains(k.TaskMemcg, c.root) {
			for _, p := range k.Killed {
				c.pids[p.PID] = c.pids[p.PID] || k.TaskMemcg != ""
			}
		}
	}
	for _, k := range n.Counted {
		if k.At.After(c.since) && strings.Contains(k.Path, c.root) {
			open := k.Kills - int64(len(k.PIDs))
			c.unnamed += open
			if len(k.Among) > 0 {
				c.shared += open
			}
			for _, pid := range k.PIDs {
				c.pids[pid] = true
			}
		}
	}
	w.WriteHeader(http.StatusAccepted)
}

// begin forgets what was told so far.
func (c *collector) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.since, c.unnamed, c.shared = time.Now(), 0, 0
	clear(c.pids)
}

// told is of how many processes the bot was told, of how many of them with their cgroup, and of how many kills more without
// the process, of which some are shared with other cgroups.
func (c *collector) told() (processes, placed, unnamed, shared int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, known := range c.pids {
		if known {
			placed++
		}
	}
	return int64(len(c.pids)), placed, c.unnamed, c.shared
}
