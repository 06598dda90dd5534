package desk

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
)

// sign is what tells whether two verdicts are of one cause.
type sign struct {
	Namespace string                  `json:"namespace,omitempty"`
	Workload  string                  `json:"workload,omitempty"`
	Node      string                  `json:"node,omitempty"`
	Boundary  investigations.Boundary `json:"boundary,omitempty"`
	Cause     investigations.Cause    `json:"cause,omitempty"`
	// Culprit is namespace/pod/container; empty where none is named.
	Culprit string `json:"culprit,omitempty"`
	// Change is namespace/workload and revision of the rollout that set it off; What is what a change says that is no
	// rollout's.
	Change string    `json:"change,omitempty"`
	What   string    `json:"what,omitempty"`
	At     time.Time `json:"at,omitzero"`
	// Confidence is the verdict's; 0 in what was stored before it was kept.
	Confidence float64 `json:"confidence,omitempty"`
}

// signOf makes the sign of a result.
func signOf(r *investigations.Result) sign {
	v := r.Verdict
	s := sign{
		Namespace: r.Target.Namespace, Workload: r.Target.Workload, Node: r.Target.Node, Boundary: v.Boundary, Cause: v.Cause, At: r.At.UTC(),
		Confidence: v.Confidence,
	}
	if v.Victim != nil {
		s.Node = cmp.Or(v.Victim.Node, s.Node)
	}
	if v.Culprit != nil && (v.Culprit.Pod != "" || v.Culprit.Comm != "") {
		s.Culprit = strings.Join([]string{v.Culprit.Namespace, cmp.Or(v.Culprit.Pod, v.Culprit.Comm), v.Culprit.Container}, "/")
	}
	if c := v.Change; c != nil {
		if c.Revision != 0 {
			s.Change = fmt.Sprintf("%s/%s %d", r.Target.Namespace, c.Workload, c.Revision)
		}
		s.What = strings.Join(c.What, "; ")
	}
	return s
}

// together is how far apart two kills may be that one event on a node, or one change, brought about.
const together = 15 * time.Minute

// ofNode says that the boundary that broke is shared by pods.
func (s sign) ofNode() bool {
	switch s.Boundary {
	case investigations.BoundaryNode, investigations.BoundaryNUMA, investigations.BoundaryNodeAllocatable, investigations.BoundarySlice:
		return true
	}
	return false
}

// named says that a verdict knows its cause.
func (s sign) named() bool {
	return s.Cause != "" && s.Cause != investigations.CauseInsufficientEvidence
}

// same says in words what two verdicts share that makes them one incident; empty where they are two.
func (s sign) same(o sign) string {
	near := s.At.Sub(o.At).Abs() <= together
	switch {
	case s.Workload != "" && s.Namespace == o.Namespace && s.Workload == o.Workload:
		another := s.Change != "" && o.Change != "" && s.Change != o.Change
		if !another && s.Boundary == o.Boundary && s.Cause == o.Cause || !s.named() || !o.named() {
			return "same workload"
		}
		return ""
	case !s.named() || s.Cause != o.Cause || s.Boundary != o.Boundary:
		return ""
	case s.ofNode() && s.Node != "" && s.Node == o.Node && near && (s.Culprit == o.Culprit || s.Culprit == "" || o.Culprit == ""):
		return "same node " + s.Node
	case s.Culprit != "" && s.Culprit == o.Culprit && s.Cause != investigations.CauseNotOOM && near:
		return "same culprit"
	case s.Change != "" && s.Change == o.Change:
		return "same rollout"
	case s.What != "" && s.What == o.What && near:
		return "same change"
	}
	return ""
}

// foldFound folds an incident whose target was found into one that is open: that of the same workload, or of the same
// node, for which its own verdict will tell. It says whether its own investigation is still needed. The caller holds d.mu.
func (d *Desk) foldFound(x *entry) (investigate bool) {
	if x.told() || x.Anyway || x.AskedBy != "" || x.Parent != "" {
		return true
	}
	if w := workloadKey(x.Cluster, x.Target); w != "" {
		for _, id := range d.state.workloads[w] {
			o := d.state.incidents[id]
			if o == nil || o == x || o.Channel != x.Channel || o.Parent != "" && d.state.top(o) == x || !d.takes(o) || o.OpenedAt.After(x.OpenedAt) {
				continue
			}
			if d.foldForALook(x, o) {
				return true
			}
			d.merge(x, o)
			return false
		}
	}
	if o := d.onNode(x); o != nil {
		x.Parent, x.Checking = o.ID, true
		d.fold(x, o, "same node "+x.Target.Node)
	}
	return true
}

// onNode returns the open incident of an incident's node that it may be a part of; nil where there is none. The caller
// holds d.mu.
func (d *Desk) onNode(x *entry) *entry {
	if x.Target.Node == "" {
		return nil
	}
	for _, id := range d.state.nodes[nodeKey(x.Cluster, x.Target.Node)] {
		o := d.state.top(d.state.incidents[id])
		if o == nil || o == x || o.Channel != x.Channel || !d.takes(o) || o.OpenedAt.After(x.OpenedAt) || x.OpenedAt.Sub(lastOf(o.Incident)) > together {
			continue
		}
		if o.State == bot.StateJudged && !o.Sign.ofNode() {
			continue
		}
		return o
	}
	return nil
}

// merge makes an incident of the same workload a part of another one: its alerts are the other's. The caller holds d.mu.
func (d *Desk) merge(x, to *entry) {
	d.foldedOnce(x)
	for _, a := range x.Alerts {
		addRef(&to.Incident, a)
	}
	to.AlertCount += x.AlertCount
	to.Firing += x.Firing
	d.mergeKills(x, to)
	to.AddPods(&x.Incident)
	if x.LastAlert.After(to.LastAlert) {
		to.LastAlert = x.LastAlert
	}
	switch {
	case to.Firing > 0, x.Kills > 0 && x.ResolvedAt.IsZero():
		to.ResolvedAt = time.Time{}
	case x.ResolvedAt.After(to.ResolvedAt):
		to.ResolvedAt = x.ResolvedAt
	}
	to.Owes = to.Owes || slices.ContainsFunc(x.Alerts, func(a bot.AlertRef) bool { return a.Incident != "" })
	d.adopt(x, d.state.top(to))
	id := x.ID
	for _, key := range x.members {
		m := d.state.alerts[key]
		d.state.alerts[key] = member{to.ID, m.Resolved}
		d.keepMember(key)
	}
	to.members = append(to.members, x.members...)
	d.forgetKills(to)
	to.Folded = slices.DeleteFunc(to.Folded, func(f bot.Folded) bool { return f.Incident == id })
	for p, owner := range d.state.threads {
		if owner == id {
			d.state.threads[p] = to.ID
		}
	}
	d.state.remove(x)
	x.became = to.ID
	d.saver.mark(docIncident, id, func() (investigations.Doc, error) { return investigations.Doc{Kind: docIncident, Key: id}, nil })
	d.changed(to)
	d.refreshTop(to)
}

// fold tells of an incident in the thread of another one. The caller holds d.mu.
func (d *Desk) fold(x, into *entry, why string) {
	x.Parent = into.ID
	f := bot.Folded{
		Incident: x.ID, Namespace: x.Target.Namespace, Workload: cmp.Or(x.Target.Workload, x.Target.Pod, "node/"+x.Target.Node),
		Pods: x.Pods, PodCount: x.PodCount, Alerts: x.AlertCount, Why: why, Checking: x.Checking,
	}
	if len(f.Pods) == 0 && x.Target.Pod != "" {
		f.Pods, f.PodCount = []string{x.Target.Pod}, 1
	}
	if i := slices.IndexFunc(into.Folded, func(o bot.Folded) bool { return o.Incident == x.ID }); i >= 0 {
		into.Folded[i] = f
	} else {
		into.Folded = append(into.Folded, f)
	}
	d.foldedOnce(x)
	d.adopt(x, into)
	d.changed(x)
	d.changed(into)
}

// foldedOnce counts an incident that another thread tells of: once, however often what is told of it changes or it moves
// from one thread to another. The caller holds d.mu.
func (d *Desk) foldedOnce(x *entry) {
	if !x.Counted {
		x.Counted = true
		d.metrics.folded.Inc()
	}
}

// adopt has all that is told of in an incident's thread be told of in another one's. The caller holds d.mu.
func (d *Desk) adopt(from, into *entry) {
	for _, f := range from.Folded {
		c := d.state.incidents[f.Incident]
		if c == nil || c == into {
			continue
		}
		c.Parent = into.ID
		d.keep(c)
		if !slices.ContainsFunc(into.Folded, func(o bot.Folded) bool { return o.Incident == f.Incident }) {
			into.Folded = append(into.Folded, f)
		}
	}
	moved := len(from.Folded) > 0
	from.Folded = nil
	if moved {
		d.confirmAll(into)
	}
}

// refreshTop shows what changed of a folded incident where it is told of. The caller holds d.mu.
func (d *Desk) refreshTop(x *entry) {
	if x.Parent == "" {
		return
	}
	into := d.state.top(x)
	if i := slices.IndexFunc(into.Folded, func(o bot.Folded) bool { return o.Incident == x.ID }); i >= 0 && into != x {
		d.fold(x, into, into.Folded[i].Why)
	}
}

// split gives a folded incident a thread of its own. The caller holds d.mu.
func (d *Desk) split(x *entry) {
	into := d.state.incidents[x.Parent]
	x.Parent, x.Checking = "", false
	d.rehome(x, x.Target.Namespace)
	if into != nil {
		into.Folded = slices.DeleteFunc(into.Folded, func(o bot.Folded) bool { return o.Incident == x.ID })
		d.changed(into)
	}
	d.changed(x)
}

// foldJudged puts an incident that was just judged where it belongs, and what was told of in its thread. The caller
// holds d.mu.
func (d *Desk) foldJudged(x *entry) {
	if x.Parent != "" {
		d.confirm(x)
	} else {
		d.foldLike(x)
	}
	d.confirmAll(x)
}

// confirmAll confirms what waited for an incident to end. The caller holds d.mu.
func (d *Desk) confirmAll(x *entry) {
	for _, f := range slices.Clone(d.state.top(x).Folded) {
		if c := d.state.incidents[f.Incident]; c != nil && c.State == bot.StateJudged && c.Checking {
			d.confirm(c)
		}
	}
}

// foldLike folds an incident that was judged, and of which nobody was told yet, into one of the same cause. The caller
// holds d.mu.
func (d *Desk) foldLike(x *entry) {
	if x.told() || x.AskedBy != "" || x.Anyway {
		return
	}
	for _, o := range d.state.sorted(func(o *entry) bool {
		return o != x && o.State == bot.StateJudged && o.Parent == "" && o.Cluster == x.Cluster && o.Channel == x.Channel && d.takes(o)
	}) {
		if why := x.Sign.same(o.Sign); why != "" || o.ResultID == x.ResultID {
			d.absorb(x, o, cmp.Or(why, "same kill"))
			return
		}
	}
}

// absorb makes an incident whose cause is known to be another one's a part of that one. The caller holds d.mu.
func (d *Desk) absorb(x, into *entry, why string) {
	x.Checking = false
	if w := workloadKey(x.Cluster, x.Target); w != "" && w == workloadKey(into.Cluster, into.Target) {
		d.merge(x, into)
		d.looked(x, into, bot.LookedSame)
		return
	}
	x.News = nil
	d.fold(x, into, why)
}

// confirm compares a folded incident that was judged with the one in whose thread it is told of. Until that one is
// judged too, nothing can be said. The caller holds d.mu.
func (d *Desk) confirm(x *entry) {
	into := d.state.top(x)
	switch {
	case into == x:
		d.split(x)
	case into.State == bot.StateWaiting || into.State == bot.StateRunning:
	case into.State == bot.StateJudged && d.supersedes(x, into):
		d.supersede(x, into)
		d.looked(x, into, bot.LookedRevised)
	case into.State == bot.StateJudged && (x.ResultID == into.ResultID || x.Sign.same(into.Sign) != ""):
		d.absorb(x, into, cmp.Or(x.Sign.same(into.Sign), "same kill"))
	default:
		d.split(x)
		if into.State == bot.StateJudged {
			d.looked(x, into, bot.LookedApart)
		}
		d.foldLike(x)
	}
}
