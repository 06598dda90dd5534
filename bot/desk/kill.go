package desk

import (
	"slices"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
)

// A kill that a node agent saw is an alert with an identity of its own: it is of one process at one moment, is told of
// once, and never ends. An incident of kills alone is over when for an hour (cooldown) no other one came; alerts that
// join it bring their own ends.

const (
	// gatherKill is how long a kill whose pod was found waits to be told of, in place of gather: its pod is certain, so
	// that what it is folded into is known as soon as it is found.
	gatherKill = 200 * time.Millisecond
	// gatherNode is how long one waits whose pod is looked for while another kill of its node is open: a node that runs
	// out of memory kills in many pods at once, and looking for all of them takes its time.
	gatherNode = 10 * time.Second
)

// gathers is how long after its beginning an incident may be told of. The caller holds d.mu.
func (d *Desk) gathers(x *entry) time.Duration {
	switch {
	case x.Origin != bot.OriginAgent:
		return gather
	case !x.found.IsZero():
		return gatherKill
	case d.onNode(x) != nil:
		return gatherNode
	}
	return gather
}

// uidKey is where the incidents are found in which somebody was killed in a pod.
func uidKey(uid string) string { return "\x00uid/" + uid }

// uidOf is what tells the pod of a kill from all others; "" where it is of none. A pod stays on its node: a uid that is
// told of on two of them, as clusters have that were made of one image, is of two pods.
func uidOf(k *bot.Kill) string {
	if k == nil || k.PodUID == "" {
		return ""
	}
	return k.PodUID + "/" + k.Node
}

// mostUIDs bounds of how many pods an incident is found by their uids; the others are found by their workload.
const mostUIDs = 200

// killedIn enters an incident among those in which somebody was killed in a pod.
func (s *state) killedIn(e *entry, uid string) {
	if uid == "" || slices.Contains(e.uids, uid) || len(e.uids) >= mostUIDs {
		return
	}
	e.uids = append(e.uids, uid)
	s.guesses[uidKey(uid)] = append(s.guesses[uidKey(uid)], e.ID)
}

// killed counts a kill among an incident's alerts. The caller holds d.mu.
func (d *Desk) killed(x *entry, k *bot.Kill) {
	x.Kills++
	x.killedFrom(k.At, k.At)
	d.state.killedIn(x, uidOf(k))
}

// killedFrom widens the time over which there were kills. The caller holds Desk.mu.
func (e *entry) killedFrom(first, last time.Time) {
	if !first.IsZero() && (e.FirstKill.IsZero() && e.LastKill.IsZero() || !e.FirstKill.IsZero() && first.Before(e.FirstKill)) {
		e.FirstKill = first.UTC()
	}
	if last.After(e.LastKill) {
		e.LastKill = last.UTC()
	}
}

// mergeKills makes the kills of an incident those of another one. The caller holds d.mu.
func (d *Desk) mergeKills(x, to *entry) {
	to.Kills += x.Kills
	if x.Kills > 0 {
		to.killedFrom(x.FirstKill, x.LastKill)
	}
	to.adopt(x.Ask.Kill, x.Ask.Targets)
	for _, uid := range x.uids {
		d.state.killedIn(to, uid)
	}
}

// adopt has an incident whose investigation has not begun be about a kill, whose moment and pod are certain, unless it is
// about another pod. k may be nil. The caller holds Desk.mu.
func (e *entry) adopt(k *bot.Kill, targets []investigations.Target) {
	if k == nil || e.State != bot.StateWaiting || e.Ask.Kill != nil || e.AskedBy != "" {
		return
	}
	if pod, own := firstPod(targets), firstPod(e.Ask.Targets); pod != "" && own != "" && pod != own {
		return
	}
	e.Ask.Kill, e.Ask.At = k, k.At
	e.Ask.Targets = firstTargets(targets, e.Ask.Targets)
	if e.Target.Node == "" {
		e.Target.Node = k.Node
	}
}

// otherKill says whether a kill is certainly another story than an incident's own: another limit ran out, or outside of
// pods another process was killed. The caller holds Desk.mu.
func (e *entry) otherKill(k *bot.Kill) bool {
	if limit := e.limit(); known(limit) && known(k.Boundary) && limit != k.Boundary {
		return true
	}
	return k.PodUID == "" && e.Ask.Kill != nil && e.Ask.Kill.Comm != k.Comm
}

// limit is whose limit ran out, as far as that is known. The caller holds Desk.mu.
func (e *entry) limit() investigations.Boundary {
	if e.Ask.Kill != nil && known(e.Ask.Kill.Boundary) {
		return e.Ask.Kill.Boundary
	}
	return e.Sign.Boundary
}

func known(b investigations.Boundary) bool { return b != "" && b != investigations.BoundaryUnknown }

// openedAs is what an alert opens an incident as: as it came, or where it is looked at because of an incident that is
// open, as that one.
func openedAs(e bot.Event, a bot.Alert, otherwise bot.Origin) bot.Origin {
	switch {
	case a.Source == bot.SourceAgent:
		return bot.OriginAgent
	case otherwise != bot.OriginAgent:
		return otherwise
	case e.TS != "":
		return bot.OriginPost
	}
	return bot.OriginWebhook
}

// goesOn says that something of an incident has not ended: an alert, or kills that may go on. The caller holds Desk.mu.
func (e *entry) goesOn() bool { return e.Firing > 0 || e.Kills > 0 && e.ResolvedAt.IsZero() }

// endKills has an incident of kills be over where for a while none came, and says whether it is only now. The caller
// holds d.mu.
func (d *Desk) endKills(x *entry) bool {
	if x.Kills == 0 || x.Firing > 0 || !x.ResolvedAt.IsZero() || x.State == bot.StateWaiting || x.State == bot.StateRunning {
		return false
	}
	last := lastOf(x.Incident)
	if d.now().Sub(last) < cooldown {
		return false
	}
	x.ResolvedAt = last.Add(cooldown).UTC()
	d.changed(x)
	d.refreshTop(x)
	return true
}

// addRef lists an alert of an incident while there is room. Of kills only some are, so that alerts, which lead somewhere,
// find room after a storm of them.
func addRef(i *bot.Incident, ref bot.AlertRef) {
	kills := 0
	for _, a := range i.Alerts {
		if a.Source == bot.SourceAgent {
			kills++
		}
	}
	if len(i.Alerts) >= bot.MaxAlerts || ref.Source == bot.SourceAgent && kills >= bot.MaxKills {
		return
	}
	i.Alerts = append(i.Alerts, ref)
}
