package desk

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/alerts"
	"github.com/oombot/oombot/investigations"
)

const (
	// cooldown is how long after its last alert or verdict an incident that has not ended takes further alerts of its
	// workload; flapping how long one does that has ended.
	cooldown = time.Hour
	flapping = 10 * time.Minute
	// recheck is how long after one look at whether a new pod died of the same cause the next may be.
	recheck = 10 * time.Minute
)

// alerts deals with alerts, of a webhook or of an alert bot's post.
func (d *Desk) alerts(ctx context.Context, e bot.Event, all []bot.Alert, origin bot.Origin) error {
	var opened []string
	for i := range all {
		a := all[i]
		if a.Source == bot.SourcePagerDuty && !a.Resolved && !a.Acknowledged {
			a = d.paged(ctx, a)
		}
		if id := d.alert(e, a, openedAs(e, a, origin)); id != "" {
			opened = append(opened, id)
		}
	}
	for _, id := range opened {
		d.look(ctx, id)
	}
	d.room(ctx, e.Channel)
	for _, channel := range d.elsewhere(e.Channel, all) {
		d.room(ctx, channel)
	}
	d.noteLate(ctx, all)
	return nil
}

// elsewhere are the channels of the incidents of alerts beside the one that they came to.
func (d *Desk) elsewhere(came string, all []bot.Alert) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []string
	for _, a := range all {
		if x := d.state.top(d.state.alert(a.Source, a.ID)); x != nil && x.Channel != came && !slices.Contains(out, x.Channel) {
			out = append(out, x.Channel)
		}
	}
	return out
}

// pagerTimeout bounds one look at what PagerDuty knows of an incident.
const pagerTimeout = 5 * time.Second

// paged returns an alert of PagerDuty with what its API says of it. Where that can't be asked, what the webhook said has
// to do.
func (d *Desk) paged(ctx context.Context, a bot.Alert) bot.Alert {
	if d.o.Pager == nil {
		return a
	}
	ctx, cancel := context.WithTimeout(ctx, pagerTimeout)
	defer cancel()
	more, err := d.o.Pager.Alerts(ctx, a.ID)
	if err != nil {
		d.metrics.failures.WithLabelValues("pagerduty").Inc()
		d.log.Warn("read the alerts of a PagerDuty incident; its title has to do", "incident", a.ID, "err", err)
		return a
	}
	var targets []investigations.Target
	for _, m := range more {
		targets = append(targets, m.Targets...)
		a.Memory = a.Memory || m.Memory
		a.Cluster = cmp.Or(a.Cluster, m.Cluster)
		a.Name = cmp.Or(a.Name, m.Name)
	}
	a.Targets = append(targets, a.Targets...)
	return a
}

// alert joins an alert to its incident, or opens one, and returns the id of one that it opened.
func (d *Desk) alert(e bot.Event, a bot.Alert, origin bot.Origin) (opened string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	channel := d.o.Policy.Channels[e.Channel]
	known := d.state.alert(a.Source, a.ID)
	if known != nil && known.Channel != e.Channel && known.Quiet && known.Card == "" && a.Kill == nil {
		known = nil // it is told of nowhere, and may be told of here
	}
	switch {
	case a.Resolved:
		d.resolved(known, a)
		return ""
	case known != nil:
		d.repeated(known, a)
		return ""
	case a.Acknowledged:
		return ""
	case d.muted(e.Channel, channel, a):
		d.metrics.alerts.WithLabelValues(a.Source, "muted").Inc()
		d.log.Info("an alert is muted", "alert", a.Name, "source", a.Source)
		return ""
	case len(a.Targets) == 0 && !a.Memory && a.Kill == nil:
		d.metrics.alerts.WithLabelValues(a.Source, "unrelated").Inc()
		d.log.Info("an alert names nothing in the cluster and is not about memory", "alert", a.Name, "source", a.Source)
		return ""
	}
	if x := d.twice(a.Kill); x != nil {
		return d.toldTwice(x, a)
	}
	if to := d.belongs(e, a); to != nil {
		e.Channel = to.Channel
		d.metrics.alerts.WithLabelValues(a.Source, "joined").Inc()
		opened = d.join(to, e, a)
	} else {
		d.metrics.alerts.WithLabelValues(a.Source, "opened").Inc()
		opened = d.open(e, a, origin).ID
	}
	key := alertKey(a.Source, a.ID)
	d.state.saw(a.Kill, key, d.state.alerts[key].Incident, d.now())
	if at, over := d.state.ended[key]; over && d.now().Sub(at) <= orderFor && !a.StartsAt.After(at) {
		delete(d.state.ended, key)
		d.resolved(d.state.alert(a.Source, a.ID), bot.Alert{Source: a.Source, ID: a.ID, Resolved: true, EndsAt: at})
	}
	return opened
}

// maxEnded bounds how many ends of alerts that are not known are remembered.
const maxEnded = 20_000

// resolved notes that an alert ended. The caller holds d.mu.
func (d *Desk) resolved(known *entry, a bot.Alert) {
	if known == nil {
		d.metrics.alerts.WithLabelValues(a.Source, "unknown_resolved").Inc()
		if len(d.state.ended) < maxEnded {
			d.state.ended[alertKey(a.Source, a.ID)] = d.now() // the alert itself may be in the hands of another taker
		}
		return
	}
	d.metrics.alerts.WithLabelValues(a.Source, "resolved").Inc()
	if d.state.alerts[alertKey(a.Source, a.ID)].Resolved {
		return
	}
	d.member(known, a, true)
	known.Firing = max(0, known.Firing-1)
	if known.Firing == 0 && known.ResolvedAt.IsZero() {
		known.ResolvedAt = d.now().UTC()
		if !a.EndsAt.IsZero() && a.EndsAt.Before(known.ResolvedAt) {
			known.ResolvedAt = a.EndsAt.UTC()
		}
	}
	d.changed(known)
	d.refreshTop(known)
}

// repeated notes that an alert that is known is still there. The caller holds d.mu.
func (d *Desk) repeated(known *entry, a bot.Alert) {
	d.metrics.alerts.WithLabelValues(a.Source, "repeated").Inc()
	if a.Acknowledged || !d.state.alerts[alertKey(a.Source, a.ID)].Resolved {
		return
	}
	d.member(known, a, false)
	known.Firing++
	known.ResolvedAt, known.LastAlert = time.Time{}, d.now().UTC()
	d.changed(known)
	d.refreshTop(known)
}

// muted says whether nothing is to be said of an alert. The caller holds d.mu.
func (d *Desk) muted(id string, c Channel, a bot.Alert) bool {
	if _, muted := alerts.Mute(c.Mute, a); muted {
		return true
	}
	all := false // it is muted only where everything is that it may be about
	for _, t := range a.Targets {
		if t.Namespace == "" || t.Pod == "" && t.Workload == "" {
			continue
		}
		if !d.mutedNow(id, t.Namespace+"/"+guess(t)) {
			return false
		}
		all = true
	}
	return all || d.mutedNow(id, "")
}

// takes says whether an incident still takes alerts. The caller holds d.mu.
func (d *Desk) takes(x *entry) bool {
	switch {
	case x.Anyway, x.AskedBy != "" && !x.Ask.At.IsZero() && x.OpenedAt.Sub(x.Ask.At) > cooldown:
		return false // it is of one kill, which a person chose
	case x.State == bot.StateWaiting, x.State == bot.StateRunning:
		return true
	case x.State == bot.StateStopped && x.Quiet && x.Card == "":
		return d.now().Sub(x.OpenedAt) < flapping // nobody is told of it: what keeps it quiet may have ended
	}
	if !x.ResolvedAt.IsZero() && (x.Kills == 0 || d.now().Sub(x.LastAlert) >= cooldown) {
		return d.now().Sub(x.ResolvedAt) < flapping
	}
	return d.now().Sub(lastOf(x.Incident)) < cooldown
}

// join adds an alert to an incident, and returns the id of the one whose target is to be looked for because of it: the
// incident itself where it had failed, or one of the alert's own where it may have another cause. The caller holds d.mu.
func (d *Desk) join(x *entry, e bot.Event, a bot.Alert) (opened string) {
	again := x.State == bot.StateFailed && x.Parent == "" && d.now().Sub(x.checked) > recheck
	var news bot.Again
	why, look := d.worthALook(x, a)
	if a.Kill != nil {
		news = d.news(x, a, why)
	}
	if again || !look && !d.another(x, a) {
		if again {
			x.checked = d.now()
			x.State, x.Why, x.found, opened = bot.StateWaiting, "", time.Time{}, x.ID
			x.Ask.Targets = firstTargets(a.Targets, x.Ask.Targets)
			if a.Kill != nil {
				x.Ask.Kill = nil // the new one is what is looked at
			}
		}
		x.adopt(a.Kill, a.Targets)
		d.note(x, e, a)
		d.changed(x)
		d.refreshTop(x)
		if a.Kill != nil {
			d.countAgain(x, news)
		}
		return opened
	}
	x.checked = d.now()
	x.try(why)
	child := d.open(e, a, openedAs(e, a, x.Origin))
	child.Checking = true
	if a.Kill != nil && x.Kills > 0 {
		child.News = &news
	}
	d.fold(child, d.state.top(x), "same workload")
	return child.ID
}

// another says whether an alert may have another cause than an incident's: it is of a pod of another revision, or the
// incident was judged and it is of another pod, which is looked at once in a while, or of the same, which is looked at
// more seldom. The caller holds d.mu.
func (d *Desk) another(x *entry, a bot.Alert) bool {
	pod := firstPod(a.Targets)
	if x.Parent != "" || pod == "" && a.Kill == nil {
		return false
	}
	judged := x.State == bot.StateJudged
	if pod == "" {
		return judged && d.now().Sub(x.looked()) > cooldown
	}
	if x.HasPod(pod) {
		// What a person asked for may be of an earlier kill than the first alert.
		return judged && (d.now().Sub(x.looked()) > cooldown || x.AlertCount == 0 && a.StartsAt.After(x.JudgedAt))
	}
	return judged && d.now().Sub(x.checked) > recheck || d.ofNewRevision(x, pod)
}

// looked is when an incident's cause was last looked at.
func (e *entry) looked() time.Time {
	if e.JudgedAt.After(e.checked) {
		return e.JudgedAt
	}
	return e.checked
}

// firstTargets are the targets of both lists, as many as are tried.
func firstTargets(a, b []investigations.Target) []investigations.Target {
	const most = 10
	all := slices.Clone(a)
	for _, t := range b {
		if !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	return all[:min(most, len(all))]
}

// ofNewRevision says whether a pod is of another ReplicaSet than all pods that an incident knows, by their names: those
// of a ReplicaSet differ in what follows the last hyphen only. The caller holds d.mu.
func (d *Desk) ofNewRevision(x *entry, pod string) bool {
	known := slices.Clone(x.Pods)
	for _, f := range x.Folded {
		known = append(known, f.Pods...)
	}
	return len(x.Pods) > 0 && !slices.ContainsFunc(known, func(p string) bool { return setOf(p) == setOf(pod) })
}

func setOf(pod string) string { return pod[:max(0, strings.LastIndexByte(pod, '-'))] }

func firstPod(targets []investigations.Target) string {
	for _, t := range targets {
		if t.Pod != "" {
			return t.Pod
		}
	}
	return ""
}

// note adds an alert to what an incident knows. The caller holds d.mu.
func (d *Desk) note(x *entry, e bot.Event, a bot.Alert) {
	now := d.now().UTC()
	ref := bot.AlertRef{Source: a.Source, ID: a.ID, Title: a.Title, URL: a.URL, At: a.StartsAt}
	if ref.At.IsZero() {
		ref.At = now
	}
	if a.Source == bot.SourcePagerDuty {
		ref.Incident = a.ID
	}
	addRef(&x.Incident, ref)
	d.member(x, a, false)
	if e.TS != "" {
		d.state.threads[place{e.Channel, e.TS}] = x.ID
		d.seen(e)
	}
	x.AlertCount++
	if a.Kill != nil {
		d.killed(x, a.Kill)
	} else {
		x.Firing++
	}
	x.LastAlert, x.ResolvedAt = now, time.Time{}
	x.AddPod(firstPod(a.Targets))
}

// open opens an incident for an alert. The caller holds d.mu.
func (d *Desk) open(e bot.Event, a bot.Alert, origin bot.Origin) *entry {
	now := d.now().UTC()
	x := &entry{stored: stored{Incident: bot.Incident{
		ID: d.newID(), State: bot.StateWaiting, Origin: origin, Channel: e.Channel, OpenedAt: now,
		Cluster: cmp.Or(a.Cluster, d.o.Cluster), Title: a.Title,
		Ask: bot.Ask{
			Targets: a.Targets, At: a.StartsAt, Cluster: a.Cluster,
			Alert: &investigations.Alert{Source: a.Source, ID: a.ID, Title: a.Title},
		},
	}}}
	if len(a.Targets) > 0 {
		x.Target = a.Targets[0]
	}
	x.adopt(a.Kill, a.Targets)
	if origin == bot.OriginPost {
		x.Thread = cmp.Or(e.ThreadTS, e.TS)
	}
	d.note(x, e, a)
	d.changed(x)
	d.metrics.incidents.WithLabelValues(string(origin)).Inc()
	return x
}
