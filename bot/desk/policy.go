package desk

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/internal/glob"
	"github.com/oombot/oombot/investigations"
)

// Policy is who may ask, where, and about what. Its zero value answers everyone in every channel about all namespaces,
// but no guests and nobody of another workspace, and starts nothing by itself.
type Policy struct {
	// Channels are by their ids; none: every channel that the bot was invited to.
	Channels                  map[string]Channel
	AllowGuests, AllowConnect bool
}

// Channel is what may happen in one channel.
type Channel struct {
	// Auto allows investigations that an alert bot's post starts; AlertBots are the bots (ids of bots, apps or users)
	// whose posts are alerts, none: every bot whose post looks like one.
	Auto      bool
	AlertBots []string
	// Namespaces are globs of those that may be asked about, UserGroups the ids of those who may ask; none: all.
	Namespaces []string
	UserGroups []string
	// Mute are globs of alert names, or of NAMESPACE/WORKLOAD, about which nothing is said.
	Mute []string
}

// refusal says, to the person who asked, why not, and with which line of configuration it would be allowed. Where it is
// allowed, why is empty.
type refusal struct {
	why, line string
	// err is what prevented it from being looked up.
	err error
}

// channel returns what may happen in a channel. Direct messages are in no list: what holds there depends on who asks.
func (p Policy) channel(e bot.Event) (Channel, refusal) {
	if len(p.Channels) == 0 {
		return Channel{}, refusal{}
	}
	if e.Direct {
		return Channel{}, refusal{}
	}
	c, ok := p.Channels[e.Channel]
	if !ok {
		return Channel{}, refusal{why: "this channel is not in my configuration", line: fmt.Sprintf("slack: {channels: {%s: {auto: false}}}", e.Channel)}
	}
	return c, refusal{}
}

// jointly is what channels allow between them.
func jointly(channels []Channel) Channel {
	var all Channel
	for _, c := range channels {
		if len(c.Namespaces) == 0 {
			return Channel{}
		}
		all.Namespaces = append(all.Namespaces, c.Namespaces...)
	}
	slices.Sort(all.Namespaces)
	all.Namespaces = slices.Compact(all.Namespaces)
	return all
}

// allowed returns what may be told to who asks, and why that is nothing. In a direct message, where channels are listed,
// it is what those of them allow in which the person may ask.
func (d *Desk) allowed(ctx context.Context, e bot.Event) (Channel, refusal) {
	ctx, cancel := context.WithTimeout(ctx, slackTimeout)
	defer cancel()
	c, why := d.o.Policy.channel(e)
	if why.why != "" {
		return c, why
	}
	if why := d.person(ctx, e); why.why != "" {
		return c, why
	}
	if !e.Direct || len(d.o.Policy.Channels) == 0 {
		return c, d.inGroup(ctx, e, c)
	}
	var open []Channel
	for _, id := range slices.Sorted(maps.Keys(d.o.Policy.Channels)) {
		each := d.o.Policy.Channels[id]
		if no := d.inGroup(ctx, e, each); no.why != "" {
			why = no
			continue
		}
		open = append(open, each)
	}
	if len(open) == 0 {
		return c, why
	}
	return jointly(open), refusal{}
}

// may says why a person may not ask; empty where they may.
func (d *Desk) may(ctx context.Context, e bot.Event) refusal {
	_, why := d.allowed(ctx, e)
	return why
}

// bounds is what may be told of where an incident is shown. The caller holds d.mu.
func (d *Desk) bounds(x *entry) Channel {
	if isDirect(x.Channel) {
		return Channel{Namespaces: x.Ask.Namespaces}
	}
	return d.o.Policy.Channels[x.Channel] // one that is not listed has no bounds
}

// boundsOf is bounds of the incident with that id.
func (d *Desk) boundsOf(id string) Channel {
	d.mu.Lock()
	defer d.mu.Unlock()
	if x := d.state.incidents[id]; x != nil {
		return d.bounds(x)
	}
	return Channel{}
}

// refuses says why what a person names may not be told of; empty where it may, as far as the name tells.
func (c Channel) refuses(target string) refusal {
	first, _, slash := strings.Cut(target, "/")
	switch {
	case !slash:
		return refusal{}
	case first == "node" && !c.whole():
		return refusal{why: nodesBounded}
	case investigations.WorkloadKind(first) != first, slices.Contains(kinds, first):
		return refusal{} // kind/name, which is looked for in the namespaces that may be told of
	case !c.namespace(first):
		return refusal{why: namespaceBounded(first)}
	}
	return refusal{}
}

// kinds are the words before a name that are no namespace.
var kinds = []string{"node", "pod", "pods", "po", "deployment", "statefulset", "daemonset", "job", "cronjob"}

const nodesBounded = "Nodes are not told of in this channel: its `namespaces` in my configuration bound it."

func namespaceBounded(ns string) string {
	return "The namespace " + ns + " is not one of this channel's (`namespaces` in my configuration)."
}

// namespace says whether a namespace may be told of in a channel.
func (c Channel) namespace(ns string) bool {
	return len(c.Namespaces) == 0 || ns != "" && glob.MatchAny(c.Namespaces, ns)
}

// whole says that targets without a namespace, as nodes, may be told of.
func (c Channel) whole() bool { return len(c.Namespaces) == 0 }

// alertBot says whether the posts of an app are alerts in this channel, and whether the configuration names it.
func (c Channel) alertBot(a *bot.Author, user string) (may, named bool) {
	if !c.Auto || a == nil {
		return false, false
	}
	if len(c.AlertBots) == 0 {
		return true, false
	}
	named = slices.ContainsFunc(c.AlertBots, func(id string) bool { return id != "" && (id == a.BotID || id == a.AppID || id == user) })
	return named, named
}

// person says whether who asked may ask at all. What Slack can't tell is no permission.
func (d *Desk) person(ctx context.Context, e bot.Event) refusal {
	if e.Shared && !d.o.Policy.AllowConnect {
		return refusal{why: "I don't answer in channels that are shared with other workspaces (`slack.allow_connect` is off)."}
	}
	switch {
	case d.o.Slack == nil:
		return refusal{}
	case e.User == "":
		return refusal{why: "I answer only people whom I know."}
	}
	p, err := d.o.Slack.Person(ctx, e.User)
	if fault(err) == bot.FaultScope {
		// Without users:read nobody is known. What can't be told apart is told in the documentation of the scope.
		d.log.Debug("guests can't be told apart", "err", err)
		p, err = bot.Person{ID: e.User}, nil
	}
	switch {
	case err != nil:
		d.log.Warn("look up who asks", "user", e.User, "err", err)
		return refusal{why: "I can't look up who you are at the moment, and answer only people whom I know. Try again in a minute.", err: err}
	case p.Bot:
		return refusal{why: "I don't answer other bots."}
	case p.Stranger && !d.o.Policy.AllowConnect:
		return refusal{why: "I answer only members of this workspace (`slack.allow_connect` is off)."}
	case p.Guest && !d.o.Policy.AllowGuests:
		return refusal{why: "I don't answer guests of the workspace (`slack.allow_guests` is off)."}
	}
	return refusal{}
}

// inGroup says whether who asked is in one of the channel's user groups.
func (d *Desk) inGroup(ctx context.Context, e bot.Event, c Channel) refusal {
	if len(c.UserGroups) == 0 {
		return refusal{}
	}
	if d.o.Slack == nil {
		return refusal{}
	}
	var failed error
	for _, g := range c.UserGroups {
		members, err := d.o.Slack.Members(ctx, g)
		if err != nil {
			d.log.Warn("look up a user group", "group", g, "err", err)
			failed = err
			continue
		}
		if slices.Contains(members, e.User) {
			return refusal{}
		}
	}
	if failed != nil {
		return refusal{why: "I can't look up the user groups that may ask me here at the moment. Try again in a minute.", err: failed}
	}
	return refusal{why: "Only some user groups may ask me here, and you are in none of them (`user_groups` of this channel in my configuration)."}
}
