package endpoint

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oombot/oombot/investigations"
)

func TestValidate(t *testing.T) {
	if err := (Config{}).Validate(); err != nil || (Config{}).Configured() {
		t.Errorf("nothing is configured: %v", err)
	}
	good := Config{URL: "https://prometheus:9090/prom", BasicUser: "me", BasicPasswordFile: "f", Headers: map[string]string{"X-Scope-OrgID": "a"}}
	if err := good.Validate(); err != nil || !good.Configured() {
		t.Error(err)
	}
	for want, c := range map[string]Config{
		"url is no URL":                          {URL: "http://%zz"},
		"no http:// or https://":                 {URL: "prometheus:9090"},
		"and a host":                             {URL: "http://"},
		"url holds a user or a password":         {URL: "http://me:hunter2@prometheus"},
		"exclude each other":                     {BearerTokenFile: "f", BasicUser: "me"},
		"basic_password_file needs basic_user":   {BasicPasswordFile: "f"},
		"headers holds Authorization":            {Headers: map[string]string{"authorization": "Bearer hunter2"}},
		"give bearer_token_file, or basic_user":  {Headers: map[string]string{"Authorization": "x"}},
		"write it as http://prometheus:9090":     {URL: "ftp://prometheus"},
		"give them as basic_user and basic_pass": {URL: "http://me@prometheus"},
	} {
		err := c.Validate()
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("want %q, got %v", want, err)
		}
		if _, clientErr := c.Client("prometheus", 1); clientErr == nil || !strings.HasPrefix(clientErr.Error(), "prometheus: ") {
			t.Errorf("%q: the client says %v", want, clientErr)
		}
	}
	all := Config{URL: "x", BearerTokenFile: "f", BasicUser: "me", Headers: map[string]string{"Authorization": "x"}}
	if err := all.Validate(); err == nil || len(strings.Split(err.Error(), "\n")) != 3 {
		t.Errorf("not all faults at once: %v", err)
	}
}

// seen is a server that notes the headers of requests.
func seen(t *testing.T, answer http.HandlerFunc) (string, *[]http.Header) {
	t.Helper()
	var headers []http.Header
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := r.Header.Clone()
		h.Set("Host", r.Host)
		headers = append(headers, h)
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(srv.Close)
	return srv.URL, &headers
}

func secretFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func request(t *testing.T, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func get(t *testing.T, c Config, url string) (string, error) {
	t.Helper()
	client, err := c.Client("prometheus", 100)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(request(t, url))
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return string(body), err
}

func TestCredentials(t *testing.T) {
	url, headers := seen(t, nil)
	token := secretFile(t, "first\n")
	bearer := Config{URL: url, BearerTokenFile: token, Headers: map[string]string{"X-Scope-OrgID": "team", "host": "prom.example"}}
	client, err := bearer.Client("prometheus", 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"first", "rotated"} { // a token that is rotated holds at once
		if err := os.WriteFile(token, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(request(t, url))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		h := (*headers)[len(*headers)-1]
		if h.Get("Authorization") != "Bearer "+text || h.Get("X-Scope-OrgID") != "team" || h.Get("Host") != "prom.example" {
			t.Errorf("sent %v", h)
		}
	}
	if _, err := get(t, Config{URL: url, BasicUser: "me", BasicPasswordFile: secretFile(t, "pass")}, url); err != nil {
		t.Fatal(err)
	}
	if h := (*headers)[len(*headers)-1]; h.Get("Authorization") != "Basic bWU6cGFzcw==" {
		t.Errorf("sent %v", h)
	}
}

func TestMissingFiles(t *testing.T) {
	url, headers := seen(t, nil)
	gone := filepath.Join(t.TempDir(), "gone")
	if _, err := get(t, Config{URL: url, BearerTokenFile: gone}, url); err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("a token's file that is not there: %v", err)
	}
	if len(*headers) > 0 {
		t.Error("asked without credentials")
	}
	if _, err := (Config{URL: url, CAFile: gone}).Client("prometheus", 100); err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("an authority's file that is not there: %v", err)
	}
}

// TestRedirects has a service that sends us elsewhere: to itself with credentials, to others without.
func TestRedirects(t *testing.T) {
	other, atOther := seen(t, nil)
	var home string
	home, atHome := seen(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, strings.Replace(other, "127.0.0.1", "localhost", 1), http.StatusFound)
		case "/port": // the same machine, and another service
			http.Redirect(w, r, other, http.StatusFound)
		case "/here":
			http.Redirect(w, r, "/there", http.StatusFound)
		}
	})
	c := Config{URL: home, BearerTokenFile: secretFile(t, "hunter2"), Headers: map[string]string{"X-Api-Key": "hunter2", "Host": "prom.example"}}
	if _, err := get(t, c, home+"/away"); err != nil {
		t.Fatal(err)
	}
	if h := (*atOther)[0]; h.Get("Authorization") != "" || h.Get("X-Api-Key") != "" || h.Get("Host") == "prom.example" {
		t.Errorf("another host is sent %v", h)
	}
	if _, err := get(t, c, home+"/port"); err != nil {
		t.Fatal(err)
	}
	if h := (*atOther)[1]; h.Get("X-Api-Key") != "" {
		t.Errorf("another service is sent %v", h)
	}
	if _, err := get(t, c, home+"/here"); err != nil {
		t.Fatal(err)
	}
	if h := (*atHome)[len(*atHome)-1]; h.Get("Authorization") != "Bearer hunter2" || h.Get("X-Api-Key") != "hunter2" {
		t.Errorf("itself is sent %v", h)
	}
}

func TestBodyLimit(t *testing.T) {
	for n, ok := range map[int]bool{0: true, 99: true, 100: true, 101: false, 5000: false} {
		url, _ := seen(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("a", n)) })
		body, err := get(t, Config{URL: url}, url)
		if ok && (err != nil || len(body) != n) || !ok && (!errors.Is(err, investigations.ErrTooLarge) || len(body) != 100) {
			t.Errorf("%d bytes: read %d, %v", n, len(body), err)
		}
	}
}

func TestFailure(t *testing.T) {
	for status, want := range map[int]error{
		401: investigations.ErrForbidden, 403: investigations.ErrForbidden, 404: investigations.ErrNotFound, 413: investigations.ErrTooLarge,
		400: investigations.ErrUnavailable, 429: investigations.ErrUnavailable, 500: investigations.ErrUnavailable, 503: investigations.ErrUnavailable,
	} {
		if err := Failure(status, "no\x1b[31m way\n"); !errors.Is(err, want) || !strings.Contains(err.Error(), "status ") || strings.ContainsAny(err.Error(), "\x1b\n") {
			t.Errorf("%d: %v", status, err)
		}
	}
	for _, status := range []int{200, 204, 302} {
		if err := Failure(status, "fine"); err != nil {
			t.Errorf("%d: %v", status, err)
		}
	}
	if got := Failure(503, "").Error(); got != "unavailable: status 503" {
		t.Error(got)
	}
	if err := Failure(500, strings.Repeat("x", 10_000)); len(err.Error()) > 300 {
		t.Errorf("an error of %d bytes", len(err.Error()))
	}
}
