package inbound

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func zipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestBody reads bodies of all kinds, among them one that becomes a thousand times as long.
func TestBody(t *testing.T) {
	packed := Limits{Sent: 1000, Unpacked: 5000, Advice: "send less"}
	plain := Limits{Sent: 1000, Advice: "send less"}
	whole := zipped(t, strings.Repeat("ab", 100))
	tests := map[string]struct {
		limits   Limits
		encoding string
		body     string
		want     string
		status   int
		outcome  Outcome
	}{
		"plain":                    {plain, "", "hello", "hello", 200, ""},
		"said to be plain":         {packed, "Identity", "hello", "hello", 200, ""},
		"gzip":                     {packed, "GZIP", whole, strings.Repeat("ab", 100), 200, ""},
		"gzip where none is taken": {plain, "gzip", whole, "", 415, Media},
		"another encoding":         {packed, "zstd", whole, "", 415, Media},
		"two encodings":            {packed, "gzip, gzip", whole, "", 415, Media},
		"no gzip":                  {packed, "gzip", "hello", "", 400, Payload},
		"empty gzip":               {packed, "gzip", "", "", 400, Payload},
		"cut off":                  {packed, "gzip", whole[:len(whole)-4], "", 400, Payload},
		"a bomb":                   {packed, "gzip", zipped(t, strings.Repeat("a", 500_000)), "", 413, TooLarge},
		"just as much":             {packed, "gzip", zipped(t, strings.Repeat("a", 5000)), strings.Repeat("a", 5000), 200, ""},
		"too long":                 {packed, "", strings.Repeat("a", 1001), "", 413, TooLarge},
		"too long and gzip":        {packed, "gzip", zipped(t, "")[:10] + strings.Repeat("\x00\x00\x00\xff\xff", 1000), "", 413, TooLarge},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var counted Outcome
			d := New(Options{Source: "test", Log: slog.New(slog.DiscardHandler), MaxHeld: 1 << 20, Count: func(o Outcome) { counted = o }})
			w, r := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(tt.body))
			r.Header.Set("Content-Encoding", tt.encoding)
			body, free, ok := d.Body(w, r, tt.limits)
			if string(body) != tt.want || ok != (tt.status == 200) || w.Code != tt.status || counted != tt.outcome {
				t.Errorf("%d bytes, %t, status %d, outcome %q: %s", len(body), ok, w.Code, counted, w.Body)
			}
			free()
			if held := d.bodies.held.Load(); held != 0 {
				t.Errorf("%d bytes are held", held)
			}
		})
	}
}

// TestBodyBusy has what is unpacked count: beyond the bound one is read, and no other.
func TestBodyBusy(t *testing.T) {
	d := New(Options{Log: slog.New(slog.DiscardHandler), MaxHeld: 1 << 20})
	read := func() (*httptest.ResponseRecorder, func(), bool) {
		w, r := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(zipped(t, strings.Repeat("a", 800_000))))
		r.Header.Set("Content-Encoding", "gzip")
		_, free, ok := d.Body(w, r, Limits{Sent: 1 << 20, Unpacked: 1 << 20})
		return w, free, ok
	}
	var frees []func()
	for range 2 {
		_, free, ok := read()
		if !ok {
			t.Fatal("one of the first is refused")
		}
		frees = append(frees, free)
	}
	w, third, ok := read()
	if ok || w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("the third: %t, status %d", ok, w.Code)
	}
	third()
	for _, free := range frees {
		free()
	}
	_, next, ok := read()
	next()
	if !ok {
		t.Error("one after the others were given back is refused")
	}
}

func TestBearer(t *testing.T) {
	for header, want := range map[string]string{"Bearer abc": "abc", "bearer  abc ": "abc", "Basic abc": "", "Bearer": "", "": "", "abc": ""} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
		r.Header.Set("Authorization", header)
		if got := Bearer(r); got != want {
			t.Errorf("%q holds %q, want %q", header, got, want)
		}
	}
	if !Same("a", "a") || Same("a", "b") || Same("a", "") {
		t.Error("secrets are compared wrongly")
	}
}

// TestAnswers looks at what is answered and counted.
func TestAnswers(t *testing.T) {
	var log bytes.Buffer
	var counted []Outcome
	d := New(Options{Source: "test", Log: slog.New(slog.NewTextHandler(&log, nil)), Count: func(o Outcome) { counted = append(counted, o) }})
	w := httptest.NewRecorder()
	if d.Post(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)) || w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "POST" {
		t.Errorf("GET is answered %d", w.Code)
	}
	w = httptest.NewRecorder()
	d.TryAgain(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil), errors.New("secret details"))
	if w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "secret") || !strings.Contains(log.String(), "secret details") {
		t.Errorf("answered %d %s, logged %s", w.Code, w.Body, log.String())
	}
	w = httptest.NewRecorder()
	d.Answer(w, http.StatusAccepted, Accepted, "taken")
	if w.Code != http.StatusAccepted || w.Body.String() != "taken\n" {
		t.Errorf("answered %d %q", w.Code, w.Body)
	}
	if len(counted) != 3 || counted[0] != Method || counted[1] != Unavailable || counted[2] != Accepted {
		t.Errorf("counted %v", counted)
	}
}
