package alerts

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
)

// summaries are the annotations that hold a person's words, the shortest first.
var summaries = []string{"summary", "message", "title", "description"}

// alert makes an alert of one entry of a message; common are the labels that all of the message's alerts have.
func (m *Message) alert(o, top loose, common labels) bot.Alert {
	own := o.object("labels")
	ls := own.labels()
	for k, v := range common {
		if _, ok := ls[k]; !ok {
			ls[k] = v
		}
	}
	notes := o.object("annotations").labels()
	status := strings.ToLower(o.text("status"))
	if status == "" {
		status = m.Status
	}
	a := bot.Alert{
		Source: m.Source, Group: m.Group, Name: clean(ls["alertname"], maxRuleName), Resolved: status == "resolved",
		StartsAt: moment(o.text("startsAt")), EndsAt: moment(o.text("endsAt")),
		URL:     link(o.text("panelURL"), o.text("generatorURL"), o.text("dashboardURL"), top.text("externalURL")),
		Cluster: ls.word(clusterKeys, maxCluster), Severity: strings.ToLower(ls.word(severity, maxWord)),
		Targets: unique(ls.targets()),
	}
	a.ID = alertID(o.text("fingerprint"), own, a.StartsAt)
	if !a.Resolved {
		// Some senders put there when the alert would end if nothing more were heard.
		a.EndsAt = time.Time{}
	}
	if len(a.Targets) == 0 {
		// Rules that lose the labels often name the pod in their words.
		a.Targets = Targets(strings.Join([]string{head(notes["summary"]), head(notes["message"]), head(notes["description"])}, "\n"))
	}
	a.Title = title(a, ls, notes)
	a.Memory = isAboutMemory(a.Name, a.Title, notes["summary"], notes["message"], notes["description"], ls["reason"])
	return a
}

// word returns the first of the labels that is there, cleaned.
func (l labels) word(keys []string, limit int) string {
	return clean(l.first(keys, func(string) bool { return true }), limit)
}

// alertID is what tells an alert from all others of its source: Alertmanager's fingerprint is that of its labels, which
// stays from one time that it fires to the next. Without one, the labels are hashed here.
func alertID(fingerprint string, own loose, starts time.Time) string {
	if fingerprint == "" {
		h := sha256.New()
		for _, k := range slices.Sorted(maps.Keys(own)) {
			h.Write([]byte(k))
			h.Write([]byte{0})
			h.Write(own[k])
			h.Write([]byte{0})
		}
		fingerprint = "labels:" + hex.EncodeToString(h.Sum(nil)[:16])
	}
	if !starts.IsZero() {
		fingerprint += "/" + starts.Format(time.RFC3339Nano)
	}
	return bounded(fingerprint)
}

// title returns what a person reads: the author's words, else the rule's name and what it is about.
func title(a bot.Alert, ls, notes labels) string {
	for _, k := range summaries {
		if s := clean(notes[k], maxTitle); s != "" {
			return s
		}
	}
	words := []string{a.Name}
	if a.Name == "" {
		words[0] = "alert"
	}
	if len(a.Targets) > 0 {
		words = append(words, targetWords(a.Targets[0]))
	} else if ns := ls.first(namespaceKeys, isLabel); ns != "" {
		words = append(words, "in "+ns)
	}
	return clean(strings.Join(words, " "), maxTitle)
}

// targetWords writes a target whose namespace may not be known.
func targetWords(t investigations.Target) string { return strings.TrimPrefix(t.String(), "/") }

// head returns as much of an annotation as is searched for names.
func head(s string) string { return s[:min(len(s), maxWords)] }
