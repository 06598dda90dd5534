package desk

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/slack-go/slack"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/card"
	"github.com/oombot/oombot/investigations"
)

// A further kill of a workload is counted on the card that is there. It is looked at by itself where it may be another
// story, or where it can tell what the verdict leaves open; and the thread is told of it in one line, but seldom enough
// that a crash loop fills no thread.

const (
	// lineEvery is the least time between a verdict, or a line, and the next line that only counts; each of these tells of
	// twice as many kills as the one before.
	lineEvery = time.Minute
	// weakBelow is the confidence below which a verdict is taken for open: about what one comes to that has neither a
	// kernel report nor metrics, or rests on inference.
	weakBelow = 0.7
	// mostKinds bounds the kinds of kills of an incident that are looked at at once.
	mostKinds = 16
)

// weak says that a verdict leaves open what it was.
func (s sign) weak() bool { return !s.named() || s.Confidence > 0 && s.Confidence < weakBelow }

// containerOf is the container that an alert says it is of; "" where it does not.
func containerOf(a bot.Alert) string {
	for _, t := range a.Targets {
		if t.Pod != "" {
			return t.Container
		}
	}
	return ""
}

// kindOf tells kills of an incident apart that may have different causes.
func kindOf(a bot.Alert) string { return string(a.Kill.Boundary) + "/" + containerOf(a) }

// fits says whether an alert is not certainly another story than an incident's own. The caller holds Desk.mu.
func (e *entry) fits(a bot.Alert) bool {
	if a.Kill == nil {
		return true
	}
	return !e.otherKill(a.Kill) && !e.otherContainer(a)
}

// otherContainer says that a kill is in another container of a pod than an incident's own. The caller holds Desk.mu.
func (e *entry) otherContainer(a bot.Alert) bool {
	c := containerOf(a)
	return c != "" && e.Target.Container != "" && c != e.Target.Container
}

// worthALook says whether a kill is to be looked at by itself though its workload's incident is open, and why where it is
// not for what it is itself. The caller holds d.mu.
func (d *Desk) worthALook(x *entry, a bot.Alert) (why bot.AgainWhy, yes bool) {
	k := a.Kill
	if k == nil || x.State == bot.StateFailed || x.State == bot.StateStopped {
		return "", false
	}
	rested := d.now().Sub(x.checked) > recheck
	if !x.fits(a) {
		if k.PodUID == "" { // programs of a node can have any name
			return "", x.State == bot.StateJudged && rested
		}
		return "", d.ofNewKind(x, a)
	}
	if x.State != bot.StateJudged || x.Parent != "" || !rested {
		return "", false
	}
	switch own := x.Ask.Kill; {
	case !x.FixedAt.IsZero() && k.At.After(x.FixedAt):
		why = bot.AgainFixed
	case !x.ResolvedAt.IsZero():
		why = bot.AgainOver
	case x.downs > x.ups:
		why = bot.AgainWrong
	case !x.Sign.weak():
	case k.Kernel && (own == nil || !own.Kernel):
		why = bot.AgainReport
	case k.Recorded && (own == nil || !own.Recorded):
		why = bot.AgainRecording
	}
	if why != "" && x.Tried[why] == x.ResultID {
		return "", false // it came to the same; from here on it is looked at as seldom as any other
	}
	return why, why != ""
}

// try notes that a kill is looked at by itself for a reason that holds as long as the verdict stands. The caller holds Desk.mu.
func (e *entry) try(why bot.AgainWhy) {
	switch why {
	case bot.AgainWrong, bot.AgainReport, bot.AgainRecording:
		if e.Tried == nil {
			e.Tried = map[bot.AgainWhy]string{}
		}
		e.Tried[why] = e.ResultID
	case bot.AgainFixed, bot.AgainOver: // these end by what comes of it
	}
}

// ofNewKind says whether a kill is of a kind that was not looked at for a while, and notes that it is now. The caller
// holds d.mu.
func (d *Desk) ofNewKind(x *entry, a bot.Alert) bool {
	kind, now := kindOf(a), d.now()
	if at, ok := x.kinds[kind]; ok && now.Sub(at) <= cooldown || !ok && len(x.kinds) >= mostKinds {
		return false
	}
	if x.kinds == nil {
		x.kinds = map[string]time.Time{}
	}
	x.kinds[kind] = now
	return true
}

// foldForALook folds an incident of a kill whose pod had no name until it was found into that of its workload, where that kill is to
// be looked at by itself, and says whether it is. The caller holds d.mu.
func (d *Desk) foldForALook(x, into *entry) bool {
	a := bot.Alert{Kill: x.Ask.Kill, Targets: []investigations.Target{x.Target}}
	why, look := d.worthALook(into, a)
	if !look {
		return false
	}
	if into.Kills > 0 {
		n := d.news(into, a, why)
		x.News = &n
	}
	into.checked, x.Checking = d.now(), true
	into.try(why)
	d.fold(x, d.state.top(into), "same workload")
	return true
}

// news is what is new with a further kill of an incident, before it is counted there. The caller holds d.mu.
func (d *Desk) news(x *entry, a bot.Alert, why bot.AgainWhy) bot.Again {
	k := a.Kill
	n := bot.Again{At: k.At, Kills: x.Kills + 1, Why: why}
	if !x.LastKill.IsZero() {
		n.Since = max(0, k.At.Sub(x.LastKill)).Round(time.Second)
	}
	if first := x.FirstKill; !first.IsZero() {
		n.Span = max(0, k.At.Sub(first)).Round(time.Second)
	}
	if limit := x.limit(); known(limit) && known(k.Boundary) {
		if n.SameBoundary = limit == k.Boundary; !n.SameBoundary {
			n.Boundary = k.Boundary
		}
	}
	if c := containerOf(a); c != "" && x.Target.Container != "" {
		if n.SameContainer = c == x.Target.Container; !n.SameContainer {
			n.Container = c
		}
	}
	if pod := firstPod(a.Targets); pod != "" && !x.HasPod(pod) && len(x.Pods) > 0 {
		n.Pod = pod
	}
	return n
}

// countAgain tells the thread of kills that were only counted, where there are twice as many as when it was told last. The
// caller holds d.mu.
func (d *Desk) countAgain(x *entry, n bot.Again) {
	top := d.state.top(x)
	since := top.JudgedAt
	if x.LineAt.After(since) {
		since = x.LineAt
	}
	if top.State != bot.StateJudged || n.Kills < 2 || n.Kills < 2*x.LineKills || d.now().Sub(since) < lineEvery {
		return
	}
	d.line(x, n)
}

// line tells the thread of an incident of a further kill of it. The caller holds d.mu.
func (d *Desk) line(x *entry, n bot.Again) {
	top := d.state.top(x)
	if x != top {
		n.Workload = investigations.Target{Namespace: x.Target.Namespace, Workload: x.Target.Workload}.String()
	}
	x.LineKills, x.LineAt = n.Kills, d.now().UTC()
	d.keep(x)
	if top.Quiet {
		return
	}
	m := card.Again(n)
	blocks, err := json.Marshal(slack.Blocks{BlockSet: m.Blocks})
	if err != nil {
		d.log.Error("write a line on a further kill", "case", x.ID, "err", err)
		return
	}
	d.send(&post{
		Key: fmt.Sprintf("again/%s/%d%s", x.ID, n.At.UnixMicro(), n.Look), Channel: top.Channel, Incident: top.ID, Text: m.Text, Blocks: blocks, At: d.now().UTC(),
	})
}

// looked tells the thread of an incident what came of the look at a further kill of it, which x was opened for. The caller
// holds d.mu.
func (d *Desk) looked(x, into *entry, l bot.Look) {
	if x.News == nil || into.gone || into == x {
		return
	}
	n := *x.News
	x.News = nil
	n.Kills, n.Look = max(n.Kills, into.Kills), l
	switch {
	case l == bot.LookedFailed:
		delete(into.Tried, n.Why)
	case n.Why == bot.AgainFixed && l != bot.LookedApart:
		into.FixedAt, into.FixedBy = time.Time{}, "" // it was not: somebody may mark the next fix
		d.changed(into)
	}
	if l != bot.LookedSame || d.countable(into, n) {
		d.line(into, n)
	}
}

// countable says whether a kill that turned out to be like the others is told of by itself: it differed, or the thread was
// told of as few as half of them. The caller holds d.mu.
func (d *Desk) countable(into *entry, n bot.Again) bool {
	return n.Why != "" || n.Boundary != "" || n.Container != "" || n.Kills >= 2*into.LineKills
}

// supersedes says whether the verdict on a further kill is to stand in place of the one that is there: that left open
// what it was, or people hold it for wrong, and this one knows more. The caller holds d.mu.
func (d *Desk) supersedes(x, into *entry) bool {
	w := workloadKey(x.Cluster, x.Target)
	switch {
	case x.Ask.Kill == nil || w == "" || w != workloadKey(into.Cluster, into.Target) || x.ResultID == into.ResultID:
		return false
	case known(into.Sign.Boundary) && into.Sign.Boundary != x.Sign.Boundary, !x.Sign.named():
		return false
	case into.downs > into.ups:
		return x.Sign.Cause != into.Sign.Cause
	}
	return into.Sign.weak() && (!into.Sign.named() || x.Sign.Confidence >= into.Sign.Confidence+0.1)
}

// supersede has an incident show the verdict on a further kill of it in place of its own, which stays in memory. The
// caller holds d.mu.
func (d *Desk) supersede(x, into *entry) {
	into.ResultID, into.JudgedAt, into.Sign = x.ResultID, x.JudgedAt, x.Sign
	into.result, into.evidence, into.similar, into.ups, into.downs = x.result, x.evidence, x.similar, x.ups, x.downs
	into.Ask.Kill, into.Ask.At, into.Ask.Targets = x.Ask.Kill, x.Ask.At, firstTargets(x.Ask.Targets, into.Ask.Targets)
	into.Target = filled(into.Target, x.Target)
	d.merge(x, into)
}

// lookAgain has an incident that was judged be investigated once more; its verdict stands meanwhile. The caller holds
// d.mu, and has its target looked for.
func (d *Desk) lookAgain(x *entry) {
	x.State, x.Why, x.found, x.checked, x.Anew = bot.StateWaiting, "", time.Time{}, d.now(), true
	d.changed(x)
}

// stands has an incident that could not be looked at once more, or is not to be, keep its verdict. The caller holds d.mu.
func (d *Desk) stands(x *entry) {
	if x.State == bot.StateRunning {
		x.Run-- // what followed the verdict is not done anew
	}
	x.State, x.Why, x.queued, x.steps, x.model, x.result, x.Anew, x.late = bot.StateJudged, "", false, nil, "", nil, false, false
	d.changed(x)
	d.confirmAll(x)
}
