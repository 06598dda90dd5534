package desk

import (
	"slices"
	"time"

	"github.com/oombot/oombot/bot"
)

// One kill may be told of twice: by the counter of its cgroup, and in a later message by the kernel's report, which came
// late on a node that is short of memory. In one message the intake joins the two; over messages that is done here.

const (
	// pairedWithin is how far the moment at which a counter was seen to rise and the kernel's time of the kill may be apart,
	// beyond what the counter itself leaves open.
	pairedWithin = 5 * time.Second
	// sightedFor is how long a kill is known that may be told of again, mostSighted of how many of each node.
	sightedFor  = 10 * time.Minute
	mostSighted = 256
)

// sighting is a kill as a counter or the kernel told of it.
type sighting struct {
	bot.Kill
	// alert is the key of its alert, incident whose it was when it came: its alert's may be another one by now.
	alert, incident string
	// came is when it was told of; paired says that the other one has told of the same kill.
	came   time.Time
	paired bool
}

// same says whether one is of the kill that the other one is of. A counter that rose after the kernel's report had been
// told of is another kill's: the agent counts only what no report has told of.
func (s *sighting) same(k *bot.Kill) bool {
	counted, report := &s.Kill, k
	if k.Counted {
		counted, report = k, &s.Kill
	}
	switch {
	case !counted.Counted || !report.Kernel || counted.Seq >= report.Seq:
		return false
	case counted.BootID != report.BootID || counted.PodUID == "" || counted.PodUID != report.PodUID:
		return false
	case counted.ContainerID != "" && report.ContainerID != "" && counted.ContainerID != report.ContainerID:
		return false
	}
	return counted.At.Sub(report.At).Abs() <= pairedWithin+counted.Within
}

// saw notes a kill of an incident that may be told of again.
func (s *state) saw(k *bot.Kill, alert, incident string, now time.Time) {
	if k == nil || !k.Counted && !k.Kernel || k.PodUID == "" {
		return
	}
	all := append(s.sightings[k.Node], &sighting{Kill: *k, alert: alert, incident: incident, came: now})
	s.sightings[k.Node] = all[max(0, len(all)-mostSighted):]
}

// forgetSightings drops those of a while ago.
func (s *state) forgetSightings(now time.Time) {
	for node, all := range s.sightings {
		all = slices.DeleteFunc(all, func(o *sighting) bool { return now.Sub(o.came) > sightedFor })
		if s.sightings[node] = all; len(all) == 0 {
			delete(s.sightings, node)
		}
	}
}

// twice returns the incident of a kill that is told of a second time, now by the other of counter and kernel; nil where it
// is the first. The caller holds d.mu.
func (d *Desk) twice(k *bot.Kill) *entry {
	if k == nil {
		return nil
	}
	for _, o := range d.state.sightings[k.Node] {
		if o.paired || !o.same(k) {
			continue
		}
		x := d.state.incidents[d.state.alerts[o.alert].Incident]
		if x == nil {
			x = d.state.incidents[o.incident]
		}
		if x != nil && !x.gone {
			o.paired = true
			return x
		}
	}
	return nil
}

// toldTwice has a kill that is an incident's already be known by what the kernel tells of it as well, and returns the id
// of an incident that is to be looked at again because of that. The caller holds d.mu.
func (d *Desk) toldTwice(x *entry, a bot.Alert) (again string) {
	d.metrics.alerts.WithLabelValues(a.Source, "repeated").Inc()
	d.member(x, a, false)
	k := a.Kill
	if !k.Kernel {
		d.keep(x)
		return ""
	}
	for i := range x.Alerts {
		if r := &x.Alerts[i]; r.Source == a.Source && r.ID != a.ID && d.counterOf(r, k) {
			r.ID, r.Title, r.At = a.ID, a.Title, a.StartsAt
			break
		}
	}
	if own := x.Ask.Kill; own != nil && own.Counted && (&sighting{Kill: *own}).same(k) {
		x.Ask.Kill, x.Ask.At, x.Title = k, k.At, a.Title
		x.Ask.Targets = firstTargets(a.Targets, x.Ask.Targets)
		x.late = x.State == bot.StateRunning
		if x.State == bot.StateJudged && x.Sign.weak() {
			d.lookAgain(x)
			again = x.ID
		}
	}
	d.changed(x)
	d.refreshTop(x)
	return again
}

// counterOf says whether an alert that an incident lists is a counter's of a kill. The caller holds d.mu.
func (d *Desk) counterOf(r *bot.AlertRef, k *bot.Kill) bool {
	return slices.ContainsFunc(d.state.sightings[k.Node], func(o *sighting) bool {
		return o.Counted && o.paired && o.alert == alertKey(r.Source, r.ID) && o.same(k)
	})
}
