package oombot

import (
	"fmt"
	"net/http"
	"regexp"
	"testing"

	"github.com/oombot/oombot/bot/slackfake"
)

// Serve says how a bot is begun.
type Serve struct {
	// Slack is its workspace, which it comes to by Socket Mode, or, with HTTP, which comes to it.
	Slack *slackfake.Server
	HTTP  bool
	// Config is its configuration, Memory the file of its memory.
	Config, Memory string
	// Listen is its address; empty: any of loopback.
	Listen string
	// Args and Env are further arguments and variables.
	Args, Env []string
	// Binary and Hide are those of Options.
	Binary string
	Hide   *regexp.Regexp
}

// Bot is a running `oombot serve`.
type Bot struct {
	*Program
	// Address is HOST:PORT of where it listens, URL the same as http://HOST:PORT.
	Address, URL string
}

// listening is how the program tells where it listens.
var listening = regexp.MustCompile(`listening.*addr=(\S+)`)

// Run begins the bot, and waits until it is ready.
func (o Serve) Run(t testing.TB) *Bot {
	t.Helper()
	b := o.Begin(t)
	b.WaitReadiness(t, http.StatusOK)
	return b
}

// Begin is Run without the wait for readiness: it listens.
func (o Serve) Begin(t testing.TB) *Bot {
	t.Helper()
	if o.Listen == "" {
		o.Listen = anyPort
	}
	botToken, appToken := o.Slack.Tokens()
	env := []string{"SLACK_BOT_TOKEN=" + botToken, "OOMBOT_SLACK_API_URL=" + o.Slack.APIURL()}
	if !o.HTTP {
		env = append(env, "SLACK_APP_TOKEN="+appToken)
	}
	args := []string{"serve", "--config", File(t, "oombot.yaml", o.Config), "--memory", o.Memory, "--listen", o.Listen}
	b := &Bot{Program: Start(t, Options{Binary: o.Binary, Args: append(args, o.Args...), Env: append(env, o.Env...), Hide: o.Hide})}
	b.Address = b.Says(t, listening)
	b.URL = "http://" + b.Address
	return b
}

// anyPort is a free one of loopback.
const anyPort = "127.0.0.1:0"

// Readiness is the status by which it says whether it is ready; 0 where it does not answer.
func (b *Bot) Readiness(t testing.TB) int {
	status, _ := Get(t, b.URL+"/readyz")
	return status
}

// WaitReadiness waits until the bot says that it is, or is not, ready.
func (b *Bot) WaitReadiness(t testing.TB, want int) {
	t.Helper()
	Until(t, fmt.Sprintf("/readyz answers %d", want), func() bool { return b.Readiness(t) == want })
}
