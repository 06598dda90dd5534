package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oombot/oombot/bot/slackfake"
	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/internal/goldentest"
	"github.com/oombot/oombot/investigations/agent/modeltest"
)

// patience is how long the demo in this process is waited for.
const patience = time.Minute

// startSlackDemo runs the demo in this process, until the test ends.
func startSlackDemo(t *testing.T, fast bool, model *llm) *slackDemo {
	t.Helper()
	var out, errs bytes.Buffer
	d := newApp(nil, strings.NewReader(""), &out, &errs).newSlackDemo(fast)
	if err := d.fake.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.run(ctx, filepath.Join(t.TempDir(), "memory.db"), model, &keyPauser{}) }() // the cleanup waits for it
	t.Cleanup(func() {
		end()
		if err := <-ended; err != nil {
			t.Errorf("the demo ended by %v", err)
		}
		if err := d.fake.Close(); err != nil {
			t.Error(err)
		}
		if errs.Len() > 0 {
			t.Errorf("the demo logs %s", errs.String())
		}
	})
	return d
}

// waitDemo waits for a state of the demo's workspace.
func waitDemo(t *testing.T, d *slackDemo, what string, done func(*slackfake.Server) bool) {
	t.Helper()
	ctx, end := context.WithTimeout(t.Context(), patience)
	defer end()
	if err := d.fake.Wait(ctx, done); err != nil {
		var all strings.Builder
		_ = d.fake.Dump(&all) // a builder takes everything
		t.Fatalf("waited in vain for %s: %v\n%s", what, err, all.String())
	}
}

// played says whether the script is over: each alert was seen, each incident's alerts have ended, and its card says so.
func played(s *slackfake.Server) bool {
	ended := 0
	for _, m := range s.Messages(demoChannel) {
		if m.BotID == demoAlerts && len(m.Reactions) == 0 {
			return false
		}
		if m.BotID == demoAlerts && cardSaysEnded(s, m.TS) && hasVerdict(s, m.TS) {
			ended++
		}
	}
	return ended == len(scenes)
}

// moving is what differs from one run to the next: addresses, and the second in which alerts ended.
var moving = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`http://127\.0\.0\.1:\d+/archives/(\w+)/p\d+\?thread_ts=[\d.]+`), "PERMALINK of $1"},
	{regexp.MustCompile(`Resolved at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC`), "Resolved at TIME"},
}

// TestDemoSlackThreads plays the demo and compares the messages of its threads with a golden file.
func TestDemoSlackThreads(t *testing.T) {
	d := startSlackDemo(t, true, &llm{})
	waitDemo(t, d, "the end of the script", played)
	var all strings.Builder
	if err := d.fake.Dump(&all); err != nil {
		t.Fatal(err)
	}
	got := all.String()
	for _, m := range moving {
		got = m.what.ReplaceAllString(got, m.with)
	}
	goldentest.Equal(t, filepath.Join("testdata", "demo", "slack.txt"), got)
}

// TestDemoSlackPeople has people do what the page says that they can try.
func TestDemoSlackPeople(t *testing.T) {
	d := startSlackDemo(t, true, &llm{})
	waitDemo(t, d, "the end of the script", played)

	ts, err := d.fake.Mention(demoYou, demoChannel, "investigate shop/web")
	if err != nil {
		t.Fatal(err)
	}
	thread := func(s *slackfake.Server) string { return s.Thread(demoChannel, ts) }
	waitDemo(t, d, "the verdict", func(s *slackfake.Server) bool { return hasVerdict(s, ts) })
	card := d.fake.Replies(demoChannel, ts)[1].TS
	if _, err := d.fake.Click(demoChannel, card, "verdict_up", demoYou); err != nil {
		t.Fatal(err)
	}
	waitDemo(t, d, "a vote", func(s *slackfake.Server) bool { return strings.Contains(thread(s), "👍 1 · 👎 0") })
	if err := d.fake.React(demoAda, demoChannel, card, "thumbsdown"); err != nil {
		t.Fatal(err)
	}
	waitDemo(t, d, "another person's vote", func(s *slackfake.Server) bool { return strings.Contains(thread(s), "👍 1 · 👎 1") })
	if _, err := d.fake.Post(demoYou, demoChannel, "why not a leak?", ts); err != nil {
		t.Fatal(err)
	}
	waitDemo(t, d, "an answer", func(s *slackfake.Server) bool { return strings.Contains(thread(s), "Against it:") })

	if _, err := d.fake.Slash(demoYou, demoChannel, "/oombot", "history"); err != nil {
		t.Fatal(err)
	}
	waitDemo(t, d, "the past", func(s *slackfake.Server) bool { return len(s.Ephemerals(demoChannel, demoYou)) > 0 })
	if err := d.fake.OpenHome(demoYou); err != nil {
		t.Fatal(err)
	}
	waitDemo(t, d, "the Home tab", func(s *slackfake.Server) bool { _, ok := s.Home(demoYou); return ok })
	channel, question, err := d.fake.DM(demoAda, "what killed session-cache?")
	if err != nil {
		t.Fatal(err)
	}
	waitDemo(t, d, "an answer to a direct message", func(s *slackfake.Server) bool {
		return strings.Contains(s.Thread(channel, question), "etl")
	})
}

// TestDemoSlackPauses plays it for somebody who skips the pauses. The bot is up long before the first alert then: its
// clock must not go back meanwhile.
func TestDemoSlackPauses(t *testing.T) {
	d := startSlackDemo(t, false, &llm{})
	waitDemo(t, d, "the bot", func(s *slackfake.Server) bool { return s.Connections() > 0 })
	before := d.clock.now()
	over, end := context.WithCancel(t.Context())
	var skipping sync.WaitGroup
	skipping.Go(func() {
		for over.Err() == nil {
			select {
			case d.skip <- struct{}{}:
			case <-over.Done():
			}
		}
	})
	waitDemo(t, d, "the end of the script", played)
	end()
	skipping.Wait()
	if after := d.clock.now(); !after.After(before) {
		t.Errorf("the clock went back from %s to %s", before, after)
	}
}

// TestDemoSlackModel has a model look at the verdicts.
func TestDemoSlackModel(t *testing.T) {
	server, env := askedModel(t, modeltest.Honest())
	vars := map[string]string{}
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		vars[name] = value
	}
	cfg, err := config.Load(config.Sources{Env: vars})
	if err != nil {
		t.Fatal(err)
	}
	d := newApp(nil, nil, new(strings.Builder), new(strings.Builder))
	model, err := openLLM(cfg.LLM, llmFlags{}, d.logger(8), nil)
	if err != nil {
		t.Fatal(err)
	}
	demo := startSlackDemo(t, true, model)
	waitDemo(t, demo, "the model's verdict", func(s *slackfake.Server) bool {
		var all strings.Builder
		_ = s.Dump(&all) // a builder takes everything
		return strings.Contains(all.String(), "verdict by `"+server.Model()+"`, checked against the facts")
	})
}

// TestDemoSlackEnds runs the command: it tells its address and what happens, ends when it is told to, and leaves nothing.
func TestDemoSlackEnds(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	out, errs := newJournal(), newJournal()
	ctx, end := context.WithTimeout(t.Context(), patience)
	defer end()
	code := make(chan int, 1)
	go func() { code <- run(ctx, []string{"demo", "--slack", "--fast"}, nil, nil, out, errs) }() // it is waited for
	for !strings.Contains(out.String(), "Alertmanager: [RESOLVED] KubernetesContainerOomKiller") {
		select {
		case <-out.wrote:
		case got := <-code:
			t.Fatalf("it ended with %d:\n%s%s", got, out, errs)
		}
	}
	end()
	if got := <-code; got != exitDone {
		t.Errorf("exit status %d: %s", got, errs)
	}
	inOrder(t, out.String(), "http://127.0.0.1:", "@oombot investigate shop/web", "Nothing leaves this machine. Ctrl-C ends it",
		"Alertmanager: [FIRING:1] KubernetesContainerOomKiller", "  oombot: gateway-zxthbd6kg-tcr7d/gateway was killed at its memory limit")
	if errs.String() != "" || strings.Contains(out.String(), "\r") {
		t.Errorf("standard error: %s; standard output: %q", errs, out)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("it leaves %v, %v", left, err)
	}
}

// TestDemoSlackTaken has the port said that another program has.
func TestDemoSlackTaken(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	stdout, stderr, code := runProgram(t, strings.NewReader(""), "demo", "--slack", "--listen", l.Addr().String())
	if code != exitCouldNot || stdout != "" || !strings.Contains(stderr, "name another address by --listen") {
		t.Errorf("exit status %d, %q, %q", code, stdout, stderr)
	}
}
