package agents

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/inbound"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory/memorytest"
	"github.com/oombot/oombot/memory/nodes"
)

// taker wants everything.
type taker struct {
	mu    sync.Mutex
	wakes int
}

func (*taker) Wants(e bot.Event) bool { return e.Kind == bot.EventAlerts }

func (*taker) Pressed(bot.Event, string) {}

func (r *taker) Wake() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wakes++
}

// rig is a handler and what it works with. Its store fails the writes that are told to.
type rig struct {
	*memorytest.Fake
	options Options
	ledger  *nodes.Ledger
	to      *taker
	log     bytes.Buffer
	counted []inbound.Outcome
	took    []Took
	// failing is how many writes to the inbox succeed before all others fail; below zero: all succeed.
	failing int
}

func (r *rig) Put(ctx context.Context, item investigations.Item) (bool, error) {
	if r.failing == 0 {
		return false, errors.New("no space left on device")
	}
	r.failing--
	return r.Fake.Put(ctx, item)
}

func newRig(t *testing.T) *rig {
	t.Helper()
	clock := func() time.Time { return now }
	r := &rig{Fake: memorytest.New(clock), to: &taker{}, failing: -1}
	log := slog.New(slog.NewTextHandler(&r.log, nil))
	var err error
	if r.ledger, err = nodes.Open(t.Context(), nodes.Options{Shelf: r.Fake, Log: log, Now: clock}); err != nil {
		t.Fatal(err)
	}
	r.options = Options{
		Ledger: r.ledger, Inbox: r, To: r.to, Channel: func(ns string) string { return "C" + strings.ToUpper(ns) },
		Token: func() (string, error) { return "s3cret\n", nil }, Log: log, Now: clock,
		Profile: func(data []byte) ([]byte, error) {
			if !strings.HasPrefix(string(data), "heap") {
				return nil, errors.New("it is no profile: token=" + secret)
			}
			return []byte("clean " + string(data)), nil
		},
		Count: func(o inbound.Outcome) { r.counted = append(r.counted, o) }, Took: func(t Took) { r.took = append(r.took, t) },
	}
	return r
}

// items takes all that is in the inbox.
func (r *rig) items(t *testing.T) (keys []string, events []bot.Event) {
	t.Helper()
	for {
		item, err := r.Take(t.Context(), time.Hour)
		if errors.Is(err, investigations.ErrNotFound) {
			return keys, events
		}
		if err != nil {
			t.Fatal(err)
		}
		var e bot.Event
		if err := json.Unmarshal(item.Payload, &e); err != nil {
			t.Fatal(err)
		}
		keys, events = append(keys, item.Key), append(events, e)
	}
}

// account is what the ledger knows of a node about the moment.
func (r *rig) account(t *testing.T, node string) investigations.NodeAccount {
	t.Helper()
	a, err := r.ledger.Account(t.Context(), node, moment.Add(-time.Hour), moment.Add(time.Hour))
	if err != nil && !errors.Is(err, investigations.ErrNotFound) {
		t.Fatal(err)
	}
	return a
}

func zipped(t testing.TB, body string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(body)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// post sends a body as an agent does, with the shared token.
func (r *rig) post(t *testing.T, body string) *httptest.ResponseRecorder {
	t.Helper()
	return r.send(t, New(r.options), zipped(t, body), "s3cret")
}

func (r *rig) send(t *testing.T, h http.Handler, body []byte, token string) *httptest.ResponseRecorder {
	t.Helper()
	return r.sendAt(t, h, body, token, "")
}

// sendAt is send by a node whose clock says that.
func (r *rig) sendAt(t *testing.T, h http.Handler, body []byte, token, date string) *httptest.ResponseRecorder {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/kernel-reports", bytes.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Content-Encoding", "gzip")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if date != "" {
		req.Header.Set("Date", date)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w
}
