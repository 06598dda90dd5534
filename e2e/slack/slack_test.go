package slack

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/bot/slackfake"
)

// installed is a folder with the bot and its clients.
func installed(t *testing.T) string {
	t.Helper()
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is needed: %v", program, err)
		}
	}
	version, err := exec.CommandContext(t.Context(), "node", "-p", "process.versions.node.split('.')[0] >= 20").Output()
	if err != nil || strings.TrimSpace(string(version)) != "true" {
		t.Skipf("node 20 or newer is needed: %q, %v", version, err)
	}
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", "client.mjs"} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	npm := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1")
	npm.Dir = dir
	if out, err := npm.CombinedOutput(); err != nil {
		t.Skipf("npm can't fetch the clients: %v\n%s", err, out)
	}
	return dir
}

// bot runs client.mjs until the test ends, and fails the test where it ended by itself.
func bot(t *testing.T, s *slackfake.Server) {
	t.Helper()
	token, app := s.Tokens()
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, "node", "client.mjs")
	cmd.Dir = installed(t)
	cmd.Env = append(os.Environ(), "SLACK_API_URL="+s.APIURL(), "SLACK_BOT_TOKEN="+token, "SLACK_APP_TOKEN="+app, "NO_PROXY=127.0.0.1")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if err := cmd.Wait(); err == nil || !errors.Is(ctx.Err(), context.Canceled) || strings.Contains(err.Error(), "exit status") {
			t.Errorf("the bot ended by itself: %v", err)
		}
		t.Logf("the bot said:\n%s", &out)
	})
	wait(t, s, "the bot's connection", func(s *slackfake.Server) bool { return s.Connections() == 1 })
}

func wait(t *testing.T, s *slackfake.Server, what string, done func(*slackfake.Server) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.Wait(ctx, done); err != nil {
		t.Fatalf("wait for %s: %v\ncalls: %+v", what, err, s.Calls())
	}
}

// workspace is one with a channel and a person.
func workspace(t *testing.T) *slackfake.Server {
	t.Helper()
	s := slackfake.New(slackfake.Options{})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	s.AddUser(slackfake.User{ID: "U0ANN", Name: "ann"})
	s.AddChannel(slackfake.Channel{ID: "C0ALERTS", Name: "alerts", Members: []string{"U0ANN", "U0FAKEBOT"}})
	return s
}

// TestOfficialClients takes a bot of the official clients through a thread: a mention, an answer that is edited, a file, a
// modal, a command; then a disconnect, after which it comes back; and a rate limit, which it waits out.
func TestOfficialClients(t *testing.T) {
	s := workspace(t)
	bot(t, s)
	root, err := s.Mention("ann", "#alerts", "why?")
	if err != nil {
		t.Fatal(err)
	}
	posts := func(n int) func(*slackfake.Server) bool {
		return func(s *slackfake.Server) bool { return s.Settled() && len(s.Calls("chat.postMessage")) == n }
	}
	wait(t, s, "the answer", posts(2))
	want := "ann:\n  @bot why?\n  :eyes: 1\n    bot (edited):\n      it *leaked*\n      [Wrong]\n    bot:\n      (file: Evidence)\n"
	if diff := cmp.Diff(want, s.Thread("#alerts", root)); diff != "" {
		t.Errorf("thread (-want +got):\n%s", diff)
	}

	if _, err := s.Click("#alerts", s.Replies("#alerts", root)[1].TS, "wrong", "ann"); err != nil {
		t.Fatal(err)
	}
	wait(t, s, "the modal", func(s *slackfake.Server) bool { return len(s.Modals("ann")) == 1 })
	view := s.Modals("ann")[0].ID
	submit := func(note string) {
		d, err := s.SubmitModal(view, map[string]string{"note": note})
		if err != nil {
			t.Fatal(err)
		}
		<-d.Done()
		if !d.Acked() {
			t.Error("the submission was not acknowledged")
		}
	}
	submit("a cache")
	if diff := cmp.Diff(map[string]string{"note": "say more"}, s.Modals("ann")[0].Errors); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
	submit("a cache that is never emptied")
	if n := len(s.Modals("ann")); n != 0 {
		t.Errorf("%d modals are open after the submission", n)
	}

	if _, err := s.Slash("ann", "#alerts", "/oombot", "hello"); err != nil {
		t.Fatal(err)
	}
	wait(t, s, "the command's answer", func(s *slackfake.Server) bool { return len(s.Ephemerals("#alerts", "ann")) == 1 })

	s.Disconnect(slackfake.RefreshRequested)
	s.RateLimit("chat.postMessage", 1, time.Second)
	if _, err := s.Mention("ann", "#alerts", "and now?"); err != nil {
		t.Fatal(err)
	}
	wait(t, s, "the answer after the disconnect", posts(5))
	if calls := s.Calls("chat.postMessage"); calls[2].Status != http.StatusTooManyRequests || calls[3].Error != "" {
		t.Errorf("calls %+v; want one that is refused, and the same once more", calls[2:])
	}
	if n := len(s.Calls("apps.connections.open")); n != 2 {
		t.Errorf("%d connections were asked for; want 2", n)
	}
}
