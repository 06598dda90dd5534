package kernlog

import (
	"context"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/bundle"
	"github.com/oombot/oombot/tools/endpoint"
	"github.com/oombot/oombot/tools/kernlog/kernlogtest"
	"github.com/oombot/oombot/tools/loki"
	"github.com/oombot/oombot/tools/loki/lokitest"
	"github.com/oombot/oombot/tools/toolstest"
)

func lokiOf(t *testing.T, h http.Handler, queries map[string]string) *loki.Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	c, err := loki.New(endpoint.Config{URL: srv.URL, Queries: queries})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// recorder is a recording that also keeps the errors of what was missed.
type recorder struct {
	*bundle.Recording
	mu     sync.Mutex
	misses map[string]error
}

func (r *recorder) Miss(path string, from investigations.Origin, why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.misses[path] = why
	r.Recording.Miss(path, from, why)
}

// recordLive runs a source, and returns what it wrote down and the answer of the tool that reads it.
func recordLive(ctx context.Context, t *testing.T, live *Live, s investigations.Subject) (*recorder, investigations.ToolResult) {
	t.Helper()
	rec := &recorder{Recording: bundle.NewRecording(), misses: map[string]error{}}
	if err := live.Record(ctx, s, rec); err != nil {
		t.Fatal(err)
	}
	res, err := New(rec.FS()).Query(t.Context(), s.Request)
	if err != nil {
		t.Fatal(err)
	}
	res.BlindSpots = append(res.BlindSpots, rec.BlindSpots(investigations.ToolKernlog)...)
	return rec, res
}

func (r *recorder) file(t *testing.T, path string) string {
	t.Helper()
	data, err := fs.ReadFile(r.FS(), path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func whysOf(res investigations.ToolResult) string { return strings.Join(toolstest.Whys(res), "\n") }

// subjectOf is about a pod on the node that kernlogtest's logs are of.
func subjectOf(at time.Time) investigations.Subject {
	return investigations.Subject{
		Request: investigations.Request{At: at, Target: investigations.Target{Namespace: "shop", Pod: "api-1", Node: kernlogtest.Host}},
		Node:    kernlogtest.Host, NodeAddresses: []string{"10.0.0.5", kernlogtest.Host},
	}
}

// journalEntry is an entry of a node's journal.
type journalEntry struct {
	at   time.Time
	text string
}

func pushJournal(t *testing.T, l *lokitest.Loki, labels map[string]string, entries []journalEntry) {
	t.Helper()
	for _, e := range entries {
		if err := l.Push(labels, e.at, e.text); err != nil {
			t.Fatal(err)
		}
	}
}

// kernelLabels are what a collector gives the kernel's lines of a journal.
var kernelLabels = map[string]string{"job": "systemd-journal", "nodename": kernlogtest.Host, "transport": "kernel"}
