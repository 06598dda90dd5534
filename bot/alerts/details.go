package alerts

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/PagerDuty/go-pagerduty"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
)

const (
	// maxDetailDepth and maxDetailNodes bound what is read of an alert's details.
	maxDetailDepth = 12
	maxDetailNodes = 5000
	// maxDetailText bounds, in bytes, how much of its texts is searched for names.
	maxDetailText = 256 << 10
)

// details is what the details of a PagerDuty alert say: whatever its integration put there. Alertmanager's are a list
// of alerts as JSON (firing, resolved), or as text.
type details struct {
	targets []investigations.Target
	texts   []string
	// labels are those of the first alert in it.
	labels labels
	nodes  int
	// left is how much more text is read.
	left int
}

// readDetails reads a value that JSON decoded.
func readDetails(v any) *details {
	d := &details{labels: labels{}, left: maxDetailText}
	d.walk(v, 0)
	return d
}

func (d *details) walk(v any, depth int) {
	if d.nodes++; depth > maxDetailDepth || d.nodes > maxDetailNodes {
		return
	}
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			d.walk(e, depth+1)
		}
	case map[string]any:
		d.object(v, depth)
	case string:
		d.text(v, depth)
	}
}

// object reads an object: its own fields as labels, then what is in it. What has ended is looked at only where nothing
// is firing.
func (d *details) object(o map[string]any, depth int) {
	before := len(d.targets)
	d.labelled(o)
	// In the order in which they matter: a map has none of its own.
	d.walk(o["firing"], depth+1)
	for _, name := range slices.Sorted(maps.Keys(o)) {
		switch v := o[name].(type) {
		case string:
			// A value of one word is a label's. Sentences and lists tell of more.
			if name != "firing" && name != "resolved" && strings.ContainsAny(v, " \n{[") {
				d.text(v, depth)
			}
		default:
			if name != "firing" && name != "resolved" && name != "labels" {
				d.walk(v, depth+1)
			}
		}
	}
	if own, ok := o["labels"].(map[string]any); ok {
		d.labelled(own)
	}
	if len(d.targets) == before {
		d.walk(o["resolved"], depth+1)
	}
}

// labelled reads the labels of an alert.
func (d *details) labelled(o map[string]any) {
	own := labels{}
	for name, v := range o {
		if s, ok := v.(string); ok && len(s) <= maxURL {
			own[labelKey(name)] = s
		}
	}
	d.targets = append(d.targets, own.targets()...)
	d.texts = append(d.texts, own["alertname"], own["reason"])
	d.keep(own)
}

// keep takes over the labels that no alert before had.
func (d *details) keep(own labels) {
	for k, v := range own {
		if _, ok := d.labels[k]; !ok && class[k] != "" {
			d.labels[k] = v
		}
	}
}

// text reads a text, which may be JSON itself.
func (d *details) text(s string, depth int) {
	trim := strings.TrimSpace(s)
	if trim == "" {
		return
	}
	if d.left > 0 && (trim[0] == '{' || trim[0] == '[') {
		var inner any
		if json.Unmarshal([]byte(trim), &inner) == nil {
			d.walk(inner, depth+1)
			return
		}
	}
	if d.left -= len(s); d.left < 0 {
		return
	}
	d.texts = append(d.texts, s)
	r := read(s, nil)
	d.targets = append(d.targets, r.targets()...)
	if rule := ruleIn(r.text); rule != "" {
		d.keep(labels{"alertname": rule})
	}
	for _, rec := range r.records {
		d.keep(rec.labels)
	}
}

// pagerAlert makes an alert of one that PagerDuty listed.
func pagerAlert(incident string, a pagerduty.IncidentAlert) bot.Alert {
	d := readDetails(a.Body["details"])
	if cef, ok := a.Body["cef_details"].(map[string]any); ok && len(d.targets) == 0 {
		d = readDetails(cef)
	}
	summary := read(a.Summary, nil)
	out := bot.Alert{
		Source: bot.SourcePagerDuty, Group: incident, ID: bounded(incident + "/" + a.ID), Name: d.labels.word([]string{"alertname"}, maxRuleName),
		Title: clean(a.Summary, maxTitle), Severity: clean(strings.ToLower(a.Severity), maxWord), Resolved: a.Status == "resolved",
		StartsAt: moment(a.CreatedAt), URL: link(a.HTMLURL), Cluster: d.labels.word(clusterKeys, maxCluster),
		Targets: d.best(summary), Memory: isAboutMemory(append(d.texts, a.Summary)...),
	}
	if out.Name == "" {
		out.Name = ruleIn(summary.text)
	}
	return out
}

// best returns the targets of the details, and without any those of the summary.
func (d *details) best(summary reading) []investigations.Target {
	all := make([]sighting, 0, len(d.targets))
	for i, t := range d.targets {
		all = append(all, sighting{at: i, target: t})
	}
	if len(all) == 0 {
		return summary.targets()
	}
	return order(all)
}
