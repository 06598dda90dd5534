package alerts

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oombot/oombot/bot"
)

var (
	pagerDutyLink = regexp.MustCompile(`https://[a-z0-9-]+(?:\.eu)?\.pagerduty\.com/incidents/([A-Z0-9]{6,20})(?:[^A-Za-z0-9]|$)`)
	managerLink   = regexp.MustCompile(`/#/alerts\?(?:[^#]*&)?receiver=`)
	grafanaLink   = regexp.MustCompile(`/alerting/(?:grafana/|silence/new|list|[A-Za-z0-9_-]+/(?:view|edit))|/d/[^?#]*\?(?:[^#]*&)?(?:orgId|viewPanel)=`)
	// othersLink are the pages of alert sources that have no words of their own here.
	othersLink = regexp.MustCompile(`^https://[^/?#]*(?:opsgenie\.com/|datadoghq\.(?:com|eu)/(?:monitors|event)|robusta\.dev/)`)
	othersText = regexp.MustCompile(`(?i)\bkube_namespace:|\bopsgenie\b|^[^A-Za-z0-9\[]*\[(?:triggered|re-triggered|recovered|warn|no data)\b`)
	// urgent is a text of an unknown app that can be an alert.
	urgent = regexp.MustCompile(`(?i)oom|crash.?loop|evict|out of memory|\balert`)
	// ruleLabel is the label alertname, whose value may have spaces; ruleName what follows the head of a title, where the
	// value of alertname comes first, and nothing tells where it ends.
	ruleLabel = regexp.MustCompile(`(?i)(?:^|[^a-z0-9_])alert_?name[\\"']*[ \t]*[=:][ \t]*[\\"']*([^"'\\\n,{}]+)`)
	ruleName  = regexp.MustCompile(`(?i)\[(?:FIRING|RESOLVED)[^\]]*\](?:[ \t]*\[[^\]]*\])*[ \t]*([A-Za-z][A-Za-z0-9_:.\-]*)`)
	nothingIn = regexp.MustCompile(`^[^\pL\pN]*$`)
)

// FromPost reads a post of an alert bot: a message, an edit or a shortcut's message. It is one by what is in it, not by
// its layout: an address of a PagerDuty incident, an Alertmanager's title or page, a Grafana's page, the tags and pages
// of Opsgenie, Datadog or Robusta, or words about memory with the name of something in a namespace. ok is false for a
// person's message and for one that is no alert.
//
// The id of an alert without one of its own is CHANNEL/TS, which an edit keeps.
func FromPost(e bot.Event) (found []bot.Alert, ok bool) {
	if e.Author == nil && e.Kind != bot.EventShortcut {
		return nil, false
	}
	words, inText := plain(e.Text)
	links := slices.Concat(e.Links, inText)
	source := ""
	incident := incidentIn(links, e.Text)
	switch {
	case incident != "":
		source = bot.SourcePagerDuty
	case slices.ContainsFunc(links, grafanaLink.MatchString):
		source = bot.SourceGrafana
	case headed.MatchString(words) || slices.ContainsFunc(links, managerLink.MatchString):
		source = bot.SourceAlertmanager
	case slices.ContainsFunc(links, othersLink.MatchString) || othersText.MatchString(words):
		source = bot.SourceSlack
	case !urgent.MatchString(words):
		return nil, false
	}
	a := fromText(e, incident != "")
	if source == "" {
		if !a.Memory || len(a.Targets) == 0 || a.Targets[0].Namespace == "" {
			return nil, false
		}
		source = bot.SourceSlack
	}
	a.Source = source
	a.URL = link(sourceFirst(links)...)
	if incident != "" {
		a.Group, a.ID = incident, incident
	}
	return []bot.Alert{a}, true
}

// sourceFirst puts the pages of alert sources before all other addresses of a post: what stands in an alert's words, as a
// runbook or what a label holds, is not the alert.
func sourceFirst(links []string) []string {
	var first, rest []string
	for _, l := range links {
		if at := pagerDutyLink.FindStringIndex(l); at != nil && at[0] == 0 || managerLink.MatchString(l) || grafanaLink.MatchString(l) || othersLink.MatchString(l) {
			first = append(first, l)
		} else {
			rest = append(rest, l)
		}
	}
	return append(first, rest...)
}

// FromText reads any message as if it were an alert: for posts of bots that are known to be alert bots, and for those
// that somebody asks to have investigated.
func FromText(e bot.Event) bot.Alert { return fromText(e, false) }

// fromText reads a message; quotes says that the title in it is that of another source, with a state that was another's.
func fromText(e bot.Event, quotes bool) bot.Alert {
	r := read(e.Text, e.Links)
	a := bot.Alert{
		Source: bot.SourceSlack, ID: bounded(e.Channel + "/" + e.TS), Title: postTitle(r.text), StartsAt: posted(e),
		Severity: strings.ToLower(r.word(severity, maxWord)), Cluster: r.word(clusterKeys, maxCluster),
		URL: link(r.links...), Targets: r.targets(), Memory: isAboutMemory(r.text),
	}
	a.Name = ruleIn(r.text)
	told := r.text
	if quotes {
		told = headed.ReplaceAllString(told, "")
	}
	switch state(told) {
	case resolved:
		a.Resolved, a.EndsAt = true, e.At.UTC()
	case acknowledged:
		a.Acknowledged = true
	}
	return a
}

// ruleIn returns the name of the rule that a plain text tells; "" where it tells none.
func ruleIn(text string) string {
	for _, re := range []*regexp.Regexp{ruleLabel, ruleName} {
		if m := re.FindStringSubmatch(text); m != nil {
			return clean(m[1], maxRuleName)
		}
	}
	return ""
}

// incidentIn returns the id of the first PagerDuty incident that is linked to; "" where there is none.
func incidentIn(links []string, text string) string {
	for _, l := range links {
		if m := pagerDutyLink.FindStringSubmatchIndex(l); m != nil && m[0] == 0 {
			return l[m[2]:m[3]]
		}
	}
	if m := pagerDutyLink.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// postTitle returns the line of a post that names the alert: an Alertmanager's title, else the first that says anything.
func postTitle(text string) string {
	first := ""
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		if headed.MatchString(line) {
			return clean(line, maxTitle)
		}
		if first == "" && !nothingIn.MatchString(line) {
			first = line
		}
	}
	return clean(first, maxTitle)
}

// posted returns when a message was posted; its ts tells that also where it was edited later.
func posted(e bot.Event) time.Time {
	whole, _, _ := strings.Cut(e.TS, ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || seconds <= 0 || seconds > 1<<36 {
		return e.At.UTC()
	}
	return time.Unix(seconds, 0).UTC()
}
