package nodeagent

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
)

const (
	// largest is how many of the node's largest containers a recording holds beside the victim's pod.
	largest = 5
	// recordPod is how soon after one recording of a pod the next is attached: the ring holds fifteen minutes.
	recordPod = 10 * time.Second
	// recordAfter is how long after a kill a recording is still of it. An agent that starts reads of kills from before its
	// time, of which it recorded nothing.
	recordAfter = 30 * time.Second
	// recordMinute bounds the recordings of a minute.
	recordMinute = 12
	// nameWait bounds how long a report waits for the name of a pod that was started a moment ago.
	nameWait = 300 * time.Millisecond
	// together and togetherTasks are how many reports of the kernel, with how many processes in their tables, are told of in
	// one.
	together, togetherTasks = 32, 4000
	// queued bounds what waits for the reporter of what can't be made to wait.
	queued = 1024
)

// event is something that was seen; one of its fields is set.
type event struct {
	report  *investigations.KernelReport
	rise    *investigations.CountedKill
	user    *investigations.UserKill
	profile *investigations.NodeProfile
	// mark is how far the kernel log was read: all reports up to there were handed over before.
	mark *mark
}

// reporter turns what was seen into reports to the bot. One goroutine runs it.
type reporter struct {
	o      Options
	log    *slog.Logger
	events chan event
	match  *matcher
	// ready is what is to be told of at once.
	ready matched
	// recorded says when a recording of a pod was attached last, recordings when those of the last minute were.
	recorded   map[string]time.Time
	recordings []time.Time
	// last is the newest mark that is not kept yet, since something read before it waits.
	last *mark
	keep func(mark)
	// lossless says since when nothing of the kernel log was missed; nil where that is not known.
	lossless func() *time.Time
	met      *meters
}

func newReporter(o Options, keep func(mark), met *meters) *reporter {
	return &reporter{
		o: o, log: o.Log, events: make(chan event, queued), match: newMatcher(), recorded: map[string]time.Time{}, keep: keep, met: met,
	}
}

// see hands an event over, and waits while many are in hand.
func (r *reporter) see(ctx context.Context, e event) {
	select {
	case r.events <- e:
	case <-ctx.Done():
	}
}

// trySee hands an event over where there is room at once. What measures once a second must not wait.
func (r *reporter) trySee(e event) {
	select {
	case r.events <- e:
	default:
		r.met.overrun.Inc()
	}
}

// run reports until ctx ends, and then what waits still.
func (r *reporter) run(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		var due <-chan time.Time
		if next := r.match.next(); !next.IsZero() {
			due = time.After(max(0, next.Sub(r.o.Now())))
		}
		select {
		case <-ctx.Done():
			r.rest()
			return
		case e := <-r.events:
			r.take(ctx, e)
			r.takeMore(ctx)
		case <-due:
		case <-tick.C:
		}
		r.ready.add(r.match.due(r.o.Now()))
		r.tell(ctx)
		r.settle()
	}
}

// takeMore takes what came in while the last report was brought to a disk that may be slow, so that it is told of in one.
func (r *reporter) takeMore(ctx context.Context) {
	for len(r.ready.reports) < together && r.ready.tasks() < togetherTasks {
		select {
		case e := <-r.events:
			r.take(ctx, e)
		default:
			return
		}
	}
}

// rest tells of what is in hand at the end: nothing more is waited for.
func (r *reporter) rest() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for {
		select {
		case e := <-r.events:
			r.take(ctx, e)
			r.takeMore(ctx)
			r.tell(ctx)
		default:
			for end := r.o.Now().Add(lateOther + lateCount); ; r.tell(ctx) {
				r.ready.add(r.match.due(end))
				if len(r.ready.reports)+len(r.ready.counted) == 0 {
					break
				}
			}
			r.settle()
			return
		}
	}
}

func (r *reporter) take(ctx context.Context, e event) {
	now := r.o.Now()
	switch {
	case e.report != nil:
		r.met.kills.WithLabelValues(seenByLog).Add(float64(len(e.report.Killed)))
		r.ready.add(r.match.report(now, *e.report))
	case e.rise != nil:
		r.ready.add(r.match.rise(now, *e.rise))
	case e.user != nil:
		r.met.kills.WithLabelValues(seenByUser).Inc()
		r.send(investigations.NodeReport{UserKills: []investigations.UserKill{redactedUser(*e.user)}, Pods: r.names(ctx, []string{e.user.PodUID})})
	case e.profile != nil:
		r.send(investigations.NodeReport{Profiles: []investigations.NodeProfile{*e.profile}})
	case e.mark != nil:
		r.last = e.mark
	}
}

// settle keeps the newest mark once nothing that was read before it waits.
func (r *reporter) settle() {
	if r.last != nil && r.match.idle() {
		r.keep(*r.last)
		r.last = nil
	}
}

// tell sends the kills that are to be told of now, with the names of their pods and the recording of their last minutes.
func (r *reporter) tell(ctx context.Context) {
	m := r.ready
	r.ready = matched{}
	if len(m.reports) == 0 && len(m.counted) == 0 {
		return
	}
	var out investigations.NodeReport
	var uids []string
	fresh, now := len(m.counted) > 0, r.o.Now()
	for i := range m.reports {
		k := &m.reports[i]
		out.Reports = append(out.Reports, redacted(*k))
		uids = append(uids, k.PodUID)
		fresh = fresh || len(k.Killed) > 0 && (k.At == nil || now.Sub(*k.At) <= recordAfter)
	}
	for _, c := range m.counted {
		out.Counted = append(out.Counted, redactedCount(c))
		uids = append(uids, c.PodUID)
	}
	r.met.kills.WithLabelValues(seenByCounter).Add(float64(unseen(m.counted)))
	slices.Sort(uids)
	uids = slices.DeleteFunc(slices.Compact(uids), func(uid string) bool { return uid == "" })
	out.Pods = r.names(ctx, uids)
	if fresh && r.mayRecord(uids) {
		out.Recorder = r.o.Recording(now, uids, largest)
	}
	if out.Recorder != nil && r.lossless != nil {
		out.Recorder.LosslessSince = r.lossless()
	}
	r.send(out)
}

// unseen is how many kills of counters stand in no line of the kernel log.
func unseen(counted []investigations.CountedKill) int64 {
	var n int64
	among := map[int64]bool{}
	for i := range counted {
		c := &counted[i]
		n += c.Kills - int64(len(c.PIDs))
		for _, pid := range c.Among {
			among[pid] = true
		}
	}
	return max(0, n-int64(len(among)))
}

// mayRecord says whether a recording is to be attached to a report of these pods: in a storm of kills the first tells
// nearly all that the following would.
func (r *reporter) mayRecord(uids []string) bool {
	if r.o.Recording == nil {
		return false
	}
	now := r.o.Now()
	r.recordings = slices.DeleteFunc(r.recordings, func(t time.Time) bool { return now.Sub(t) >= time.Minute })
	for uid, at := range r.recorded {
		if now.Sub(at) >= recordPod {
			delete(r.recorded, uid)
		}
	}
	keys := uids
	if len(keys) == 0 {
		keys = []string{"node"} // what is in no pod
	}
	fresh := slices.ContainsFunc(keys, func(uid string) bool { _, ok := r.recorded[uid]; return !ok })
	if !fresh || len(r.recordings) >= recordMinute {
		return false
	}
	for _, uid := range keys {
		r.recorded[uid] = now
	}
	r.recordings = append(r.recordings, now)
	return true
}

// names returns what the pods are called, as far as that is known.
func (r *reporter) names(ctx context.Context, uids []string) []investigations.NodePod {
	if r.o.Pod == nil {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, nameWait)
	defer cancel()
	var out []investigations.NodePod
	for _, uid := range uids {
		if uid == "" {
			continue
		}
		if p, ok := r.o.Pod(limited, uid); ok {
			out = append(out, p)
		}
	}
	return out
}

func (r *reporter) send(n investigations.NodeReport) {
	n.Version, n.Node, n.BootID = investigations.NodeReportVersion, r.o.Node, r.o.BootID
	if err := r.o.Send(n); err != nil {
		r.met.unsent.Inc()
		r.log.Error("keep a report until it is delivered", "err", err)
	}
}
