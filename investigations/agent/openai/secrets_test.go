package openai

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oombot/oombot/investigations/redact"
)

// theKey looks like nothing that redaction knows.
const theKey = "zq9-Violet-Umbrella-2718"

func withKey(o *Options) { o.APIKey = func() (string, error) { return theKey, nil } }

// TestKeyGoesNowhereElse looks for the key in all that is sent: the address, the headers, the body.
func TestKeyGoesNowhereElse(t *testing.T) {
	var raw bytes.Buffer
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "Bearer "+theKey {
			t.Errorf("authorization %q", got)
		}
		if r.Header.Get("Cookie") != "" {
			t.Errorf("a cookie: %v", r.Header)
		}
		r.Header.Del("Authorization")
		raw.Reset()
		fmt.Fprintln(&raw, r.Method, r.URL, r.Host, r.Header, r.Trailer)
		_, _ = io.Copy(&raw, r.Body)
		if strings.Contains(raw.String(), theKey) {
			t.Errorf("the key stands in %s", raw.String())
		}
		if r.UserAgent() != "oombot/test" {
			t.Errorf("user agent %q", r.UserAgent())
		}
		w.Header().Set("Set-Cookie", "session=1")
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, fine)
	}))
	t.Cleanup(srv.Close)
	c := client(t, srv.URL, withKey, func(o *Options) { o.UserAgent = "oombot/test" })
	for range 2 { // the second time with whatever cookies there were
		if _, err := ask(t, c, withFunctions()); err != nil {
			t.Fatal(err)
		}
	}
	c.Check(t.Context())
	if raw.Len() == 0 {
		t.Error("nothing was sent")
	}
}

// TestNoKey has an endpoint that wants none.
func TestNoKey(t *testing.T) {
	s := serve(t, streamed(fine))
	if _, err := ask(t, client(t, s.URL), question()); err != nil {
		t.Fatal(err)
	}
	if h, ok := s.headers[0]["Authorization"]; ok || s.headers[0].Get("User-Agent") != "oombot" {
		t.Errorf("sent %v, %v", h, s.headers[0])
	}
}

// TestKeyIsReadAgain has a key that rotates.
func TestKeyIsReadAgain(t *testing.T) {
	s := serve(t, streamed(fine))
	file := filepath.Join(t.TempDir(), "key")
	c := client(t, s.URL, func(o *Options) {
		o.APIKey = func() (string, error) { b, err := os.ReadFile(file); return string(b), err }
	})
	for i, key := range []string{"first", "second"} {
		if err := os.WriteFile(file, []byte(key), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ask(t, c, question()); err != nil {
			t.Fatal(err)
		}
		if got := s.headers[i].Get("Authorization"); got != "Bearer "+key {
			t.Errorf("sent %q", got)
		}
	}
	for name, text := range map[string]string{"two lines": theKey + "\n" + theKey, "a space": theKey + " ", "no ASCII": theKey + "é"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := ask(t, c, question())
		if e := failed(t, err); e.Fault != no || e.Status != 0 || strings.Contains(err.Error(), theKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	_, err := ask(t, c, question())
	if e := failed(t, err); e.Fault != no || !strings.Contains(err.Error(), "the API key can't be read") {
		t.Error(err)
	}
	if n, _ := s.asked(); n != 2 {
		t.Errorf("%d requests", n)
	}
}

// TestNothingLeaks has endpoints that repeat the key, or tell secrets of their own, in every place from where an error is
// made; it looks at errors, logs and the doctor's report.
func TestNothingLeaks(t *testing.T) {
	const theirs = "password=hunter2hunter2"
	secret := "the key is " + theKey + ", " + theirs
	quoted, err := json.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	object := `{"error":{"message":` + string(quoted) + `}}`
	header := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "https://"+theKey+".example/?"+theirs)
		w.Header().Set("Retry-After", theKey)
		w.WriteHeader(http.StatusFound)
	}
	answers := map[string]http.HandlerFunc{
		"a header": header, "a type": raw(200, "text/"+theKey, secret),
		"no JSON with 200": plain(200, secret), "an error with 200": plain(200, object), "a piece that is none": streamed("data: " + secret + "\n\n"),
		"an error within":       streamed(delta(`{"content":"Hello"}`) + "data: " + object + "\n\n"),
		"a key across the cut":  plain(400, strings.Repeat("x", maxSaid-len(theKey)/2)+theKey),
		"in the middle of more": plain(500, strings.Repeat(theKey+" ", 1000)),
	}
	for _, status := range []int{400, 401, 404, 429, 500} {
		answers[fmt.Sprint(status)] = plain(status, object)
		answers[fmt.Sprint(status, " as text")] = raw(status, "text/plain", secret)
	}
	for name, answer := range answers {
		s := serve(t, answer)
		var logged bytes.Buffer
		c := client(t, s.URL, withKey, func(o *Options) {
			o.Log = slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
		})
		_, err := ask(t, c, withFunctions())
		e := failed(t, err)
		var all strings.Builder
		for cause := error(e); cause != nil; cause = errors.Unwrap(cause) {
			fmt.Fprintf(&all, "%v %+v %#v\n", cause, cause, cause)
		}
		fmt.Fprintf(&all, "%s\n%+v\n", logged.String(), c.Check(t.Context()))
		if logged.Len() == 0 {
			t.Errorf("%s: nothing was logged", name)
		}
		for _, bad := range []string{theKey, theKey[:len(theKey)/2], "hunter2"} {
			if strings.Contains(all.String(), bad) {
				t.Errorf("%s: %q stands in\n%s", name, bad, all.String())
			}
		}
	}
	_, err = ask(t, client(t, serve(t, plain(400, object)).URL, withKey), question())
	if !strings.Contains(err.Error(), "the key is "+redact.Masked) {
		t.Errorf("the rest is not there: %v", err)
	}
}

// TestKeyDoesNotPrint prints a Client in every way.
func TestKeyDoesNotPrint(t *testing.T) {
	c := client(t, "http://model", withKey)
	if _, err := c.readKey(); err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprintf("%v %+v %#v", c, c, *client(t, "http://model", withKey)); strings.Contains(text, theKey) {
		t.Error(text)
	}
}

// TestRedirect has an endpoint that sends us, and the key, elsewhere: nobody is asked there.
func TestRedirect(t *testing.T) {
	other := serve(t, streamed(fine))
	for _, status := range []int{301, 302, 303, 307, 308} {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL+"/v1?x=1", status) })
		_, err := ask(t, client(t, s.URL, withKey), question())
		e := failed(t, err)
		if e.Fault != no || e.Status != status || !strings.Contains(err.Error(), "it redirects to "+other.URL+",") {
			t.Errorf("%d: %v", status, err)
		}
	}
	if n, _ := other.asked(); n != 0 {
		t.Errorf("%d requests went along", n)
	}
}
