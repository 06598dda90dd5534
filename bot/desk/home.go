package desk

import (
	"github.com/oombot/oombot/bot"
)

// A kill comes to the channel of its namespace as far as the node agent knew that. Where its pod had no name yet, its
// channel is decided once the pod was found.

// rehome moves an incident that a kill opened into the channel of its namespace, unless somebody can see it where it is.
// The caller holds d.mu.
func (d *Desk) rehome(x *entry, namespace string) {
	if d.o.KillChannel == nil || x.Origin != bot.OriginAgent || x.AskedBy != "" || x.Parent != "" || x.told() {
		return
	}
	to := d.o.KillChannel(namespace)
	if to == "" || to == x.Channel {
		return
	}
	delete(d.state.due[x.Channel], x.ID)
	d.queue.drop(x.Channel, x.ID)
	x.Channel = to
}

// shownFor says whether an incident is shown where an alert is to be: in the channel that the alert came to or, of a kill
// whose pod had no name, in that of the pod's namespace. The caller holds d.mu.
func (d *Desk) shownFor(x *entry, e bot.Event, a bot.Alert) bool {
	if x.Channel == e.Channel {
		return true
	}
	return d.o.KillChannel != nil && a.Kill != nil && len(a.Targets) == 0 && x.Target.Namespace != "" && x.Channel == d.o.KillChannel(x.Target.Namespace)
}

// shownNowhere counts and logs an incident of a kill that ended and is shown nowhere, as no channel is for it: nobody but who
// reads that will hear of it. The caller holds d.mu.
func (d *Desk) shownNowhere(x *entry) {
	if d.o.Slack == nil || x.Channel != "" || x.Ask.Kill == nil || x.Parent != "" || x.Unseen {
		return
	}
	x.Unseen = true
	d.metrics.unseen.Inc()
	d.log.Warn("a kill is shown nowhere, since no channel is for it: set agents.channel, or auto: true for a channel without namespaces; 'oombot history list' shows it",
		"case", x.ID, "node", x.Ask.Kill.Node, "namespace", x.Target.Namespace)
}
