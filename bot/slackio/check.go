package slackio

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
)

// checked is the name of what is checked here.
const checked = "slack"

// scopes are what the app's bot token needs, and what is missing without it. Those that are not needed can be left out.
// Source: Slack's reference of each method and event.
var scopes = []struct {
	name, without string
	needed        bool
}{
	{"app_mentions:read", "mentions are not heard", true},
	{"chat:write", "nothing can be posted", true},
	{"channels:history", "alerts and follow-ups in public channels are not heard, and lost posts can't be looked up", true},
	{"commands", "there is no slash command and no shortcut", false},
	{"groups:history", "alerts and follow-ups in private channels are not heard", false},
	{"im:history", "direct messages are not heard", false},
	{"files:write", "the chart and the evidence are not posted", false},
	{"reactions:read", "emoji on a verdict do not count; its buttons do", false},
	{"reactions:write", "alerts are not marked as seen", false},
	{"users:read", "guests and people of other workspaces can't be told apart", false},
	{"channels:read", "an invitation to a public channel is not heard, nor that one is gone: what waits for it comes when it is asked for", false},
	{"groups:read", "an invitation to a private channel is not heard, nor that one is gone", false},
	{"usergroups:read", "user_groups of channels can't be looked up, and nobody is in one", false},
}

// Check says whether the bot's token is good, and which permissions it lacks.
func (c *Client) Check(ctx context.Context) []investigations.Check {
	const method = "auth.test"
	k := investigations.Check{Tool: checked, Name: "token of the bot", State: investigations.CheckOK}
	var a struct {
		answer
		User string `json:"user"`
		Team string `json:"team"`
	}
	token, err := readToken(method, c.token)
	if err == nil {
		header, sent := send(ctx, c.http, c.api+method, token, nil, &a)
		if err = sorted(ctx, method, sent, token); err == nil {
			k.Says = "it is that of " + a.User + " in " + a.Team
			return append([]investigations.Check{k}, granted(header.Get("X-Oauth-Scopes"))...)
		}
	}
	k.State, k.Says, k.Fix = investigations.CheckFail, err.Error(), "install the app from deploy/slack/manifest.yaml and give its bot token (docs/slack.md)"
	if e, ok := errors.AsType[*bot.SlackError](err); ok && e.Fault == bot.FaultDown {
		k.Fix = "see that this machine reaches slack.api_url"
	}
	return []investigations.Check{k}
}

// granted compares the scopes that Slack lists with those that are of use. Without a list nothing is said.
func granted(list string) []investigations.Check {
	if list == "" {
		return nil
	}
	var have []string
	for s := range strings.SplitSeq(list, ",") {
		have = append(have, strings.TrimSpace(s))
	}
	var out []investigations.Check
	for _, s := range scopes {
		if slices.Contains(have, s.name) {
			continue
		}
		k := investigations.Check{Tool: checked, Name: "scope " + s.name, State: investigations.CheckWarn, Says: "not granted: " + s.without}
		if s.needed {
			k.State = investigations.CheckFail
		}
		k.Fix = "add it to the app's bot token scopes and install the app again"
		out = append(out, k)
	}
	if len(out) == 0 {
		out = append(out, investigations.Check{Tool: checked, Name: "scopes", State: investigations.CheckOK, Says: "all that are of use are granted"})
	}
	return out
}

// Check says whether the app-level token opens Socket Mode. It asks for the address of a connection, and opens none.
func (s *Socket) Check(ctx context.Context) investigations.Check {
	const method = "apps.connections.open"
	k := investigations.Check{Tool: checked, Name: "token of the app", State: investigations.CheckOK, Says: "it opens Socket Mode"}
	var a struct{ answer }
	token, err := readToken(method, s.token)
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		_, sent := send(ctx, s.http, s.api+method, token, nil, &a)
		if err = sorted(ctx, method, sent, token); err == nil {
			return k
		}
	}
	k.State, k.Says = investigations.CheckFail, err.Error()
	k.Fix = "make an app-level token with the scope connections:write, and switch Socket Mode on (docs/slack.md)"
	return k
}
