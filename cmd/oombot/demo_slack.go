package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/slackfake"
	"github.com/oombot/oombot/cmd/oombot/config"
)

// slackFlags are the demo's flags about Slack.
type slackFlags struct {
	on     bool
	listen string
}

// check returns what is wrong with them: listens says that --listen was given, and documents that the output is to be
// JSON.
func (f slackFlags) check(listens, documents bool) error {
	switch {
	case !f.on && listens:
		return usagef("--listen is for --slack: without it there is no page to serve")
	case f.on && documents:
		return usagef("-o json is not for --slack: what it shows are threads in a page; 'oombot demo -o json' prints results")
	case !f.on:
		return nil
	}
	if _, _, err := net.SplitHostPort(f.listen); err != nil {
		return usagef("--listen %s: %w: give HOST:PORT, as 127.0.0.1:8080", oneLine(f.listen), err)
	}
	return nil
}

// The demo's workspace.
const (
	demoChannel = "C0INCIDENTS"
	demoAlerts  = "B0ALERTS"
	demoYou     = "U0YOU"
	demoAda     = "U1ADA"
	demoBot     = "U0OOMBOT"
)

// slackDemo is the bot of serve over the examples, in a workspace of the stand-in for Slack.
type slackDemo struct {
	*app
	log   *slog.Logger
	clock *replayClock
	fake  *slackfake.Server
	// fast says that the script makes no pauses; skip ends the one that it makes.
	fast bool
	skip chan struct{}
}

// newSlackDemo returns a demo whose workspace is there, and is not served yet.
func (a *app) newSlackDemo(fast bool) *slackDemo {
	clock := &replayClock{}
	own := *a // with a clock of its own
	own.now = clock.now
	// Only errors are logged: the page shows what a bot's operator would want to know.
	d := &slackDemo{app: &own, log: own.logger(slog.LevelError), clock: clock, fast: fast, skip: make(chan struct{}, 1)}
	d.openWorkspace()
	return d
}

// demoSlack runs the demo in the stand-in for Slack until it is told to end, which is no error.
func (a *app) demoSlack(cmd *cobra.Command, f slackFlags, fast, ask bool) error {
	keys := newKeyPauser(a.stdin)
	own := *a
	if keys.reads() {
		// While keys are read the terminal is raw, and a line's end alone does not begin the next one at its start.
		own.stdout.Writer, own.stderr.Writer = rawLines{a.stdout.Writer}, rawLines{a.stderr.Writer}
	}
	d := own.newSlackDemo(fast)
	model := &llm{}
	if ask {
		var err error
		if model, err = d.demoModel(cmd, d.log, nil); err != nil {
			return err
		}
	}
	dir, err := os.MkdirTemp("", "oombot-demo-")
	if err != nil {
		return fmt.Errorf("make a folder for the demo's memory file: %w", err)
	}
	defer func() {
		if err := os.RemoveAll(dir); err != nil {
			d.log.Error("remove the demo's memory file", "err", err)
		}
	}()
	if err := d.fake.Start(f.listen); err != nil {
		if errors.Is(err, slackfake.ErrNotLoopback) {
			return usagef("--listen: %w", err)
		}
		return fmt.Errorf("%w; name another address by --listen", err)
	}
	err = d.run(cmd.Context(), filepath.Join(dir, "memory.db"), model, keys)
	return errors.Join(err, d.fake.Close())
}

// openWorkspace makes the stand-in: a channel with people, the bot, and an app that posts alerts.
func (d *slackDemo) openWorkspace() {
	d.fake = slackfake.New(slackfake.Options{
		TeamName: "Demo", BotName: "oombot", BotUserID: demoBot, Now: d.clock.now, Commands: []string{"/oombot"}, Guide: demoGuide, Logger: d.log,
		Shortcuts: []slackfake.Shortcut{{Name: "Investigate this alert", Callback: bot.ShortcutAlert}},
	})
	people := []string{demoYou, demoAda}
	d.fake.AddUser(slackfake.User{ID: demoYou, Name: "you", RealName: "You"})
	d.fake.AddUser(slackfake.User{ID: demoAda, Name: "ada", RealName: "Ada"})
	d.fake.AddBot(slackfake.Bot{ID: demoAlerts, AppID: "A0ALERTS", Name: "Alertmanager"})
	d.fake.AddChannel(slackfake.Channel{ID: demoChannel, Name: "incidents", Members: append(people, demoBot)})
	for _, id := range people {
		d.fake.AddChannel(slackfake.Channel{ID: "D" + id[1:], IM: true, User: id, Members: []string{id, demoBot}})
	}
}

// configure returns the configuration of a bot in the workspace, whatever the person's own says.
func (d *slackDemo) configure(memory string) (*config.Config, error) {
	botToken, appToken := d.fake.Tokens()
	cfg, err := config.Load(config.Sources{Env: map[string]string{
		"SLACK_BOT_TOKEN": botToken, "SLACK_APP_TOKEN": appToken, "OOMBOT_SLACK_API_URL": d.fake.APIURL(),
		"OOMBOT_MEMORY": memory, "OOMBOT_LISTEN": "127.0.0.1:0",
	}})
	if err != nil {
		return nil, fmt.Errorf("configure the demo: %w", err)
	}
	cfg.Slack.Channels = map[string]config.Channel{demoChannel: {Auto: true, AlertBots: []string{demoAlerts}}}
	return cfg, nil
}

// run runs the bot, and the script beside it, until ctx ends or a key says so.
func (d *slackDemo) run(ctx context.Context, memory string, model *llm, keys *keyPauser) error {
	limitMemory()
	ctx, end := context.WithCancel(ctx)
	defer end()
	cfg, err := d.configure(memory)
	if err != nil {
		return err
	}
	all, err := openExamples(ctx, d.log)
	if err != nil {
		return err
	}
	incidents, err := d.stage(all)
	if err != nil {
		return err
	}
	s := &server{app: d.app, config: cfg, model: model, log: d.log, front: newFront(d.log), incidents: len(all)}
	s.cluster = func(in investigating) (bot.Investigator, error) { return &recordings{investigating: in, all: all}, nil }
	if err := d.greet(model, keys.reads()); err != nil {
		return err
	}
	var parts sync.WaitGroup
	parts.Go(func() { d.tell(ctx) })
	parts.Go(func() {
		if err := d.play(ctx, incidents); err != nil && ctx.Err() == nil {
			d.log.Error("the demo's script ended early; the page goes on", "err", err)
		}
	})
	if keys.reads() {
		parts.Go(func() { d.watchKeys(ctx, keys, end) })
	}
	err = s.run(ctx)
	end()
	parts.Wait()
	return err
}

// watchKeys ends the demo at a key that leaves; one that goes on skips a pause of the script.
func (d *slackDemo) watchKeys(ctx context.Context, keys *keyPauser, end func()) {
	for ctx.Err() == nil {
		switch keys.pause(ctx, longestWait) {
		case leave:
			end()
		case goOn:
			select {
			case d.skip <- struct{}{}:
			default:
			}
		case timeOver:
		}
	}
}

// rawLines writes for a terminal that is raw: each line's end begins the next one at its start.
type rawLines struct{ io.Writer }

// Write implements io.Writer.
func (w rawLines) Write(p []byte) (int, error) {
	if _, err := io.WriteString(w.Writer, strings.ReplaceAll(string(p), "\n", "\r\n")); err != nil {
		return 0, err
	}
	return len(p), nil
}
