package slackfake_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"

	"github.com/oombot/oombot/bot/slackfake"
)

// answer is what the page answered.
type answer struct {
	StatusCode int
	Header     http.Header
}

// ask makes a request of the page; header is in pairs, and "Host" sets the host.
func ask(t *testing.T, s *slackfake.Server, method, path, body string, header ...string) (answer, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
			continue
		}
		r.Header.Set(header[i], header[i+1])
	}
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header}, string(b)
}

// do asks for a deed and returns the status.
func do(t *testing.T, s *slackfake.Server, deed map[string]any) int {
	t.Helper()
	b, err := json.Marshal(deed)
	if err != nil {
		t.Fatal(err)
	}
	resp, _ := ask(t, s, http.MethodPost, "/page/do", string(b))
	return resp.StatusCode
}

func TestPageGuard(t *testing.T) {
	s := start(t, slackfake.Options{})
	own := strings.TrimPrefix(s.URL(), "http://")
	tests := []struct {
		name, method, path string
		header             []string
		want               int
	}{
		{"the page", http.MethodGet, "/", nil, 200},
		{"by the name localhost", http.MethodGet, "/", []string{"Host", "localhost:80"}, 200},
		{"by IPv6", http.MethodGet, "/", []string{"Host", "[::1]:80"}, 200},
		{"by a name that was made to lead here", http.MethodGet, "/", []string{"Host", "evil.example"}, 403},
		{"by a name like localhost", http.MethodGet, "/page/state", []string{"Host", "localhost.evil.example"}, 403},
		{"a link from elsewhere", http.MethodGet, "/", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"}, 200},
		{"a fetch from elsewhere", http.MethodGet, "/page/state", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"}, 403},
		{"another port's page", http.MethodGet, "/page/state", []string{"Origin", "http://127.0.0.1:1"}, 403},
		{"a deed from elsewhere", http.MethodPost, "/page/do", []string{"Origin", "https://evil.example"}, 403},
		{"a deed as a form", http.MethodPost, "/page/do", []string{"Content-Type", "text/plain"}, 403},
		{"a deed of the page that is unknown", http.MethodPost, "/page/do", []string{"Origin", "http://" + own, "Sec-Fetch-Site", "same-origin"}, 409},
		{"another method", http.MethodDelete, "/page/do", nil, 405},
	}
	for _, tt := range tests {
		resp, body := ask(t, s, tt.method, tt.path, "{}", tt.header...)
		if resp.StatusCode != tt.want {
			t.Errorf("%s: status %d (%s); want %d", tt.name, resp.StatusCode, strings.TrimSpace(body), tt.want)
		}
		if csp := resp.Header.Get("Content-Security-Policy"); tt.want != 405 && (!strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe")) {
			t.Errorf("%s: policy %q", tt.name, csp)
		}
	}
}

// TestPageFiles holds that what the page loads is there, and of its own.
func TestPageFiles(t *testing.T) {
	s := start(t, slackfake.Options{})
	ref := regexp.MustCompile(`(?:src|href)="([^"#]+)"|from "\./([^"]+)"`)
	err := fs.WalkDir(os.DirFS("page"), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join("page", name))
		if err != nil {
			return err
		}
		for _, m := range ref.FindAllStringSubmatch(string(b), -1) {
			path := m[1]
			if path == "" {
				path = "/page/" + m[2]
			}
			if resp, body := ask(t, s, http.MethodGet, path, ""); resp.StatusCode != http.StatusOK || body == "" {
				t.Errorf("%s loads %s: status %d", name, path, resp.StatusCode)
			}
		}
		for _, bad := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "https://"} {
			if strings.Contains(string(b), bad) {
				t.Errorf("%s holds %q", name, bad)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestPageDeeds does on the page what a newcomer does: mentions, replies, reacts, clicks, fills in.
func TestPageDeeds(t *testing.T) {
	s := start(t, slackfake.Options{})
	if got := do(t, s, map[string]any{"do": "post", "user": "U0ANN", "channel": "C0ALERTS", "text": " @bot why <b> & https://a/?x=1&y=2 me@example.org @nobody? "}); got != 200 {
		t.Fatalf("post: status %d", got)
	}
	first := s.Messages("#alerts")[0]
	want := "<@U0FAKEBOT> why &lt;b&gt; &amp; <https://a/?x=1&amp;y=2> me@example.org @nobody?"
	if diff := cmp.Diff(want, first.Text); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
	if all := s.Deliveries(); len(all) != 2 {
		t.Errorf("%d events; want a mention and a message", len(all))
	}
	ts := card(t, client(s))
	for _, d := range []map[string]any{
		{"do": "post", "text": "a reply", "thread": first.TS},
		{"do": "post", "text": "/oombot help"},
		{"do": "react", "ts": ts, "value": "+1"},
		{"do": "click", "ts": ts, "action": "vote", "value": "down"},
		{"do": "shortcut", "ts": ts, "callback": "investigate_message"},
		{"do": "home"},
	} {
		d["user"], d["channel"] = "U0ANN", "C0ALERTS"
		if got := do(t, s, d); got != 200 {
			t.Errorf("%v: status %d", d, got)
		}
	}
	if m, _ := s.Message("#alerts", ts); len(m.Reactions) != 1 {
		t.Errorf("reactions %+v", m.Reactions)
	}
	do(t, s, map[string]any{"do": "react", "user": "U0ANN", "channel": "C0ALERTS", "ts": ts, "value": "+1"})
	if m, _ := s.Message("#alerts", ts); len(m.Reactions) != 0 {
		t.Errorf("reactions %+v after the second press; want it taken back", m.Reactions)
	}
	for _, d := range []map[string]any{
		{"do": "post", "text": ""},
		{"do": "post", "text": "/oombot help", "thread": first.TS},
		{"do": "click", "ts": ts, "action": "none"},
		{"do": "submit", "view": "V0NONE"},
		{"do": "close", "view": "V0NONE"},
		{"do": "click-view", "view": "V0NONE"},
		{"do": "invite"},
		{"do": "fly"},
	} {
		d["user"], d["channel"] = "U0ANN", "C0ALERTS"
		if got := do(t, s, d); got != http.StatusConflict {
			t.Errorf("%v: status %d; want 409", d, got)
		}
	}
	if resp, _ := ask(t, s, http.MethodPost, "/page/do", "nonsense"); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("what is no JSON: status %d", resp.StatusCode)
	}
}

// TestStartRefuses holds that no stranger reaches the page.
func TestStartRefuses(t *testing.T) {
	s := slackfake.New(slackfake.Options{})
	t.Cleanup(func() { _ = s.Close() })
	for _, addr := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0", "example.org:0"} {
		if err := s.Start(addr); !errors.Is(err, slackfake.ErrNotLoopback) {
			t.Errorf("listen on %s: %v; want %v", addr, err, slackfake.ErrNotLoopback)
		}
	}
}

// TestPageGuide holds that the page is told what to try, and who wrote what.
func TestPageGuide(t *testing.T) {
	s := start(t, slackfake.Options{Guide: "*Try* `@bot help`"})
	if _, body := ask(t, s, http.MethodGet, "/page/state", ""); !strings.Contains(body, `"guide":"*Try* `+"`@bot help`"+`"`) {
		t.Errorf("the page is told %s", body)
	}
	if _, err := s.Post("U0ANN", "C0ALERTS", "hello"); err != nil {
		t.Fatal(err)
	}
	if got := s.Author(s.Messages("C0ALERTS")[0]); got != "ann" {
		t.Errorf("the author is %q", got)
	}
}

// TestPageState holds that a viewer sees what is for them only.
func TestPageState(t *testing.T) {
	s := start(t, slackfake.Options{Commands: []string{"/oombot"}, Shortcuts: []slackfake.Shortcut{{Name: "Investigate", Callback: "i"}}})
	c := client(s)
	if _, err := c.PostEphemeralContext(t.Context(), "C0ALERTS", "U0BEN", slack.MsgOptionText("only ben sees this", false)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.DM("ben", "a secret"); err != nil {
		t.Fatal(err)
	}
	s.AddChannel(slackfake.Channel{Name: "private", Private: true, Members: []string{"U0BEN"}})
	for user, sees := range map[string]bool{"U0BEN": true, "U0ANN": false, "U0NONE": false} {
		_, body := ask(t, s, http.MethodGet, "/page/state?user="+user, "")
		for _, what := range []string{"only ben sees this", "a secret", `"name":"private"`} {
			if strings.Contains(body, what) != sees {
				t.Errorf("%s sees %q: %t; want %t", user, what, !sees, sees)
			}
		}
		var o struct {
			Viewer   string
			Channels []struct{ ID string }
		}
		if err := json.Unmarshal([]byte(body), &o); err != nil {
			t.Fatal(err)
		}
		if o.Viewer == "U0NONE" || len(o.Channels) == 0 {
			t.Errorf("%s: viewer %q with %d channels", user, o.Viewer, len(o.Channels))
		}
		bot, app := s.Tokens()
		if strings.Contains(body, bot) || strings.Contains(body, app) {
			t.Error("the page is given a token")
		}
	}
}

func TestPageEvents(t *testing.T) {
	s := start(t, slackfake.Options{})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/page/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	next := func() string {
		for lines.Scan() {
			if lines.Text() != "" {
				return lines.Text()
			}
		}
		t.Fatal("the stream ended")
		return ""
	}
	first := next()
	if _, err := s.Post("ann", "#alerts", "hello"); err != nil {
		t.Fatal(err)
	}
	if second := next(); second == first || !strings.HasPrefix(second, "data: ") {
		t.Errorf("after a post: %q, before it: %q", second, first)
	}
}

// TestPageFilesAreHarmless holds that only pictures are shown, since a page of HTML from a bot would run as ours.
func TestPageFilesAreHarmless(t *testing.T) {
	s := start(t, slackfake.Options{})
	for name, kind := range map[string]string{"chart.png": "image/png", "evil.html": "application/octet-stream", "evil.svg": "application/octet-stream"} {
		f, err := client(s).UploadFileContext(t.Context(), slack.UploadFileParameters{Filename: name, Content: "<script>", FileSize: 8, Channel: "C0ALERTS"})
		if err != nil {
			t.Fatal(err)
		}
		resp, _ := ask(t, s, http.MethodGet, "/page/file/"+f.ID, "")
		saved := strings.HasPrefix(resp.Header.Get("Content-Disposition"), "attachment")
		if got := resp.Header.Get("Content-Type"); got != kind || saved != (kind != "image/png") || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: type %q, saved %t", name, got, saved)
		}
	}
	if resp, _ := ask(t, s, http.MethodGet, "/page/file/F0NONE", ""); resp.StatusCode != http.StatusNotFound {
		t.Errorf("a file that isn't: status %d", resp.StatusCode)
	}
}

func TestPermalinkLeadsToThePage(t *testing.T) {
	s := start(t, slackfake.Options{})
	for path, want := range map[string]string{
		"/archives/C1/p1700000000000001":                             "/#C1/1700000000.000001",
		"/archives/C1/p1700000000000002?thread_ts=1700000000.000001": "/#C1/1700000000.000001",
		"/archives/C1/pnonsense":                                     "",
	} {
		if resp, _ := ask(t, s, http.MethodGet, path, ""); resp.Header.Get("Location") != want {
			t.Errorf("%s leads to %q; want %q", path, resp.Header.Get("Location"), want)
		}
	}
}
