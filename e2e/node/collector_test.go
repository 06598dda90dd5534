package node

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/oombot/oombot/e2e/oombot"
	"github.com/oombot/oombot/investigations"
)

// collector stands in for the bot where only what an agent tells is looked at.
type collector struct {
	url string

	mu     sync.Mutex
	away   bool
	posts  []post
	faults []string
}

// post is a report that came, and when.
type post struct {
	investigations.NodeReport
	at time.Time
}

func newCollector(t testing.TB) *collector {
	t.Helper()
	c := &collector{}
	srv := httptest.NewServer(c)
	c.url = srv.URL
	t.Cleanup(func() {
		srv.Close()
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, f := range c.faults {
			t.Error(f)
		}
	})
	return c
}

// ServeHTTP implements http.Handler.
func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.away {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	n, err := report(r)
	if err != nil {
		c.faults = append(c.faults, fmt.Sprintf("a post of the agent: %v", err))
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.posts = append(c.posts, post{n, time.Now()})
	w.WriteHeader(http.StatusAccepted)
}

func report(r *http.Request) (investigations.NodeReport, error) {
	var n investigations.NodeReport
	if r.Method != http.MethodPost || r.URL.Path != "/v1/kernel-reports" {
		return n, fmt.Errorf("it is %s %s", r.Method, r.URL.Path)
	}
	if got := r.Header.Get("Authorization"); got != "Bearer "+oombot.AgentToken {
		return n, errors.New("it has not the token")
	}
	body, err := gzip.NewReader(r.Body)
	if err != nil {
		return n, err
	}
	return n, json.NewDecoder(body).Decode(&n)
}

// leave has the bot be away, or back.
func (c *collector) leave(away bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.away = away
}

// told are the reports that came so far, each number of a boot once as the bot takes them. It fails where two of a number
// differ in what they tell.
func (c *collector) told(t testing.TB) []post {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []post
	for _, p := range c.posts {
		if p.Seq == 0 {
			continue
		}
		i := slices.IndexFunc(out, func(o post) bool { return o.BootID == p.BootID && o.Seq == p.Seq })
		if i < 0 {
			out = append(out, p)
			continue
		}
		if len(out[i].Reports) != len(p.Reports) || len(out[i].Counted) != len(p.Counted) {
			t.Errorf("two reports of number %d tell of different things", p.Seq)
		}
	}
	return out
}
