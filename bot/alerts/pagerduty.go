package alerts

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/oombot/oombot/bot"
)

// PagerDutyEvent is one webhook of PagerDuty.
type PagerDutyEvent struct {
	// ID is that of the delivery's event, "" where it has none; Type is as incident.triggered.
	ID, Type string
	// At is when it happened; zero where it isn't told.
	At time.Time
	// Ignored says that it changes nothing that matters: then there is no Alert.
	Ignored bool
	Alert   bot.Alert
}

// pagerID is what PagerDuty's ids are made of. They go into the paths of its API.
var pagerID = regexp.MustCompile(`^[A-Za-z0-9]{1,40}$`)

// ParsePagerDuty reads a V3 webhook's body. Everything but incidents that begin, are acknowledged or end is ignored,
// notes among them: our own come back that way. The error is one of ErrPayload.
func ParsePagerDuty(body []byte) (PagerDutyEvent, error) {
	var top loose
	if err := json.Unmarshal(body, &top); err != nil {
		return PagerDutyEvent{}, fmt.Errorf("%w: read its JSON: %w", ErrPayload, err)
	}
	e := top.object("event")
	if e == nil {
		hint := "it has no event; it must be the JSON of a PagerDuty webhook, version 3"
		if top.has("messages") {
			hint = "it is a PagerDuty webhook of version 2; make a webhook subscription of version 3"
		}
		return PagerDutyEvent{}, fmt.Errorf("%w: %s", ErrPayload, hint)
	}
	out := PagerDutyEvent{ID: e.text("id"), Type: clean(e.text("event_type"), maxWord), At: moment(e.text("occurred_at"))}
	if out.Type == "" {
		return PagerDutyEvent{}, fmt.Errorf("%w: its event has no event_type", ErrPayload)
	}
	switch out.Type {
	case "incident.triggered", "incident.reopened", "incident.acknowledged", "incident.resolved":
	default:
		out.Ignored = true
		return out, nil
	}
	data := e.object("data")
	id := data.text("id")
	if !pagerID.MatchString(id) {
		return PagerDutyEvent{}, fmt.Errorf("%w: its event %s has the incident id %s, which is none", ErrPayload, out.Type, quoted(id))
	}
	out.Alert = incidentAlert(id, out, data)
	return out, nil
}

// incidentAlert makes an alert of the incident that an event is of.
func incidentAlert(id string, e PagerDutyEvent, data loose) bot.Alert {
	heading := data.text("title")
	if heading == "" {
		heading = data.text("summary")
	}
	// A webhook has the words of an incident only; what its alerts say has to be asked for.
	words := heading + "\n" + data.object("body").text("details")
	r := read(words, nil)
	a := bot.Alert{
		Source: bot.SourcePagerDuty, Group: id, ID: id, Title: clean(heading, maxTitle), URL: link(data.text("html_url")),
		Severity:     clean(strings.ToLower(firstOf(data.object("priority").text("summary"), data.text("urgency"))), maxWord),
		Acknowledged: e.Type == "incident.acknowledged", Resolved: e.Type == "incident.resolved",
		StartsAt: moment(data.text("created_at")), Cluster: r.word(clusterKeys, maxCluster), Targets: r.targets(),
	}
	if a.StartsAt.IsZero() && !a.Resolved && !a.Acknowledged {
		a.StartsAt = e.At
	}
	if a.Resolved {
		a.EndsAt = e.At
	}
	if a.Title == "" {
		a.Title = "incident " + id
	}
	a.Name = ruleIn(r.text)
	a.Memory = isAboutMemory(words)
	return a
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
