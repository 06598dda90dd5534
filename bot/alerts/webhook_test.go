package alerts

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory/memorytest"
)

var now = time.Date(2026, 3, 4, 2, 21, 0, 0, time.UTC)

// taker wants all alerts but those of a channel called "nobody".
type taker struct {
	mu    sync.Mutex
	wakes int
}

func (r *taker) Wants(e bot.Event) bool    { return e.Kind == bot.EventAlerts && e.Channel != "nobody" }
func (r *taker) Pressed(bot.Event, string) {}

func (r *taker) Wake() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wakes++
}

// fullInbox fails from the n-th item on, as a full disk does.
type fullInbox struct {
	investigations.Inbox
	left int
}

func (f *fullInbox) Put(ctx context.Context, item investigations.Item) (bool, error) {
	if f.left--; f.left < 0 {
		return false, errors.New("no space left on device")
	}
	return f.Inbox.Put(ctx, item)
}

// rig is a webhook and what it works with.
type rig struct {
	options Options
	inbox   *memorytest.Fake
	to      *taker
	log     bytes.Buffer
	counted []string
}

func newRig() *rig {
	r := &rig{inbox: memorytest.New(func() time.Time { return now }), to: &taker{}}
	r.options = Options{
		Inbox: r.inbox, To: r.to, Channel: "C0123", Log: slog.New(slog.NewTextHandler(&r.log, nil)), Now: func() time.Time { return now },
		Count: func(source string, o Outcome) { r.counted = append(r.counted, source+" "+string(o)) },
	}
	return r
}

// items takes all that is in the inbox.
func (r *rig) items(t *testing.T) (keys []string, events []bot.Event) {
	t.Helper()
	for {
		item, err := r.inbox.Take(t.Context(), time.Hour)
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
		if item.Kind != bot.ItemKind {
			t.Errorf("item %s is of kind %s", item.Key, item.Kind)
		}
		keys, events = append(keys, item.Key), append(events, e)
	}
}

func token(s string) func() (string, error) { return func() (string, error) { return s, nil } }

// send makes a request with headers given as "Name: value".
func send(h http.Handler, method string, body []byte, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), method, "/webhooks/x", bytes.NewReader(body))
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func sign(body []byte, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "v1=" + hex.EncodeToString(mac.Sum(nil))
}

func TestUnwantedIsNotStored(t *testing.T) {
	r := newRig()
	r.options.Channel = "nobody"
	if w := send(Alertmanager(r.options, token(""), true), "POST", testdata(t, "grafana-9.json")); w.Code != 200 {
		t.Errorf("answered %d", w.Code)
	}
	if keys, _ := r.items(t); len(keys) != 0 || r.to.wakes != 0 {
		t.Errorf("the inbox has %q", keys)
	}
}

func TestBodyThatBreaksOff(t *testing.T) {
	r := newRig()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", io.MultiReader(strings.NewReader(`{"alerts":[`), brokenReader{}))
	w := httptest.NewRecorder()
	Alertmanager(r.options, token(""), true).ServeHTTP(w, req)
	if w.Code != http.StatusBadRequest {
		t.Errorf("answered %d: %s", w.Code, w.Body)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
