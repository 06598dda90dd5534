package oombot

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// Get asks for a URL, and returns the status and the body; 0 and the error's text where nobody answers.
func Get(t testing.TB, url string) (status int, body string) {
	return ask(t, http.MethodGet, url, nil)
}

// Post sends a body of JSON, with headers of which each is a name and a value. It returns what Get returns, and may be called
// by any goroutine of the test.
func Post(t testing.TB, url string, body []byte, header ...string) (status int, says string) {
	return ask(t, http.MethodPost, url, body, append([]string{"Content-Type", "application/json"}, header...)...)
}

func ask(t testing.TB, method, url string, body []byte, header ...string) (status int, says string) {
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		return 0, err.Error()
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(text)
}

// FreeAddress is an address of loopback that nothing listens on. Another program may take it before it is used, so it is for
// what has to be known before the program starts.
func FreeAddress(t testing.TB) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", anyPort)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String()
}

// File writes a file that is gone after the test, and returns its name.
func File(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
