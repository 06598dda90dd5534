package card

import (
	"regexp"
	"strings"

	"github.com/slack-go/slack"
)

// HomeView is what the bot's home shows.
type HomeView struct {
	// Incidents are recent ones, the newest first.
	Incidents []Past
	// Settings are those of the channels; none where every channel is answered.
	Settings []Setting
}

// Setting is what may happen in a channel.
type Setting struct {
	// Channel is Slack's id.
	Channel string
	// Auto says that alerts start investigations by themselves.
	Auto bool
	// AlertBots are the ids of bots whose posts are alerts, Groups those of user groups that may ask; none: everybody.
	AlertBots, Groups []string
	// Namespaces may be asked about; none: all.
	Namespaces []string
	Mute       []string
}

// Home draws the bot's home: at most 100 blocks, as Slack takes.
func Home(v HomeView) []slack.Block {
	b := newBoard()
	b.header("oombot")
	recent := b.put(&part{id: "recent", title: "*Recent incidents*", items: pasts(v.Incidents), more: "… %d more: `history` has them"})
	if len(v.Incidents) == 0 {
		recent.items = []string{"None so far."}
	}
	settings := b.put(&part{id: "settings", title: "*Channels*", more: "… %d more channels"})
	for _, s := range v.Settings {
		settings.items = append(settings.items, setting(s))
	}
	if len(v.Settings) == 0 {
		settings.items = []string{"I answer mentions in every channel that I am invited to; alerts start nothing by themselves."}
	}
	b.take(&part{id: "help", items: helpLines})
	b.fill(settings, b.left/2)
	b.fill(recent, maxAll)
	return b.blocks()
}

var channelID = regexp.MustCompile(`^[CGD][A-Z0-9]{2,20}$`)

func setting(s Setting) string {
	name := code(s.Channel, maxLabel)
	if channelID.MatchString(s.Channel) {
		name = "<#" + s.Channel + ">"
	}
	auto := "alerts start nothing by themselves"
	if s.Auto {
		auto = "alerts are investigated"
	}
	return "• " + joined(name, auto, listed("alert bots", s.AlertBots), listed("namespaces", s.Namespaces), listed("user groups", s.Groups), listed("muted", s.Mute))
}

func listed(what string, all []string) string {
	if len(all) == 0 {
		return ""
	}
	const most = 6
	var out []string
	for _, s := range all[:min(len(all), most)] {
		out = append(out, code(s, maxLabel))
	}
	if len(all) > most {
		out = append(out, "…")
	}
	return what + " " + strings.Join(out, " ")
}
