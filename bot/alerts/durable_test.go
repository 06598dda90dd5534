package alerts

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory/bolt"
)

// TestAcknowledgedIsInTheFile sends many messages at a time to a real server with a real file: each that was answered
// with 200 is there when the file is opened again, once.
func TestAcknowledgedIsInTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "memory.db")
	store, err := bolt.Open(file, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(Alertmanager(Options{Inbox: store, To: &taker{}, Log: slog.New(slog.DiscardHandler)}, token("s3cret"), false))
	defer server.Close()

	const messages = 60
	var wg sync.WaitGroup
	statuses := make([]int, messages)
	for i := range messages {
		wg.Go(func() {
			// Every message comes twice, as from two Alertmanagers.
			body := fmt.Appendf(nil, `{"groupKey":"g%[1]d","status":"firing","alerts":[{"fingerprint":"f%[1]d","labels":{"alertname":"A"}}]}`, i/2)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, bytes.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			req.Header.Set("Authorization", "Bearer s3cret")
			resp, err := server.Client().Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			_, _ = io.Copy(io.Discard, resp.Body)
			statuses[i] = resp.StatusCode
		})
	}
	wg.Wait()
	for i, s := range statuses {
		if s != http.StatusOK {
			t.Errorf("message %d was answered %d", i, s)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}

	store, err = bolt.Open(file, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	ids := map[string]int{}
	for {
		item, err := store.Take(t.Context(), time.Hour)
		if errors.Is(err, investigations.ErrNotFound) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		var e bot.Event
		if err := json.Unmarshal(item.Payload, &e); err != nil {
			t.Fatal(err)
		}
		for _, a := range e.Alerts {
			ids[a.ID]++
		}
	}
	for i := range messages / 2 {
		if n := ids[fmt.Sprintf("f%d", i)]; n != 1 {
			t.Errorf("alert f%d is there %d times", i, n)
		}
	}
}

// BenchmarkAlertmanagerHandler accepts messages of one alert each, as a storm brings them, into a file.
func BenchmarkAlertmanagerHandler(b *testing.B) {
	store, err := bolt.Open(filepath.Join(b.TempDir(), "memory.db"), bolt.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	h := Alertmanager(Options{Inbox: store, To: &taker{}, Log: slog.New(slog.DiscardHandler)}, token(""), true)
	i := 0
	for b.Loop() {
		i++
		body := fmt.Appendf(nil, `{"groupKey":"g","status":"firing","alerts":[{"fingerprint":"%d","labels":{"alertname":"A","namespace":"shop","pod":"checkout-%d"}}]}`, i, i)
		if w := send(h, http.MethodPost, body); w.Code != http.StatusOK {
			b.Fatal(w.Code, w.Body)
		}
	}
}
