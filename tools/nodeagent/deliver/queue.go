package deliver

import (
	"cmp"
	"slices"
	"time"
)

// entry is a report that waits. Its fields are guarded by the queue's owner.
type entry struct {
	key
	// count is how many reports were merged into it.
	count int
	// body is what is sent; nil where it is on disk alone, or not packed yet. raw is its length before.
	body      []byte
	size, raw int64
	// stored says that it is on disk; writing that Send is at it; busy that Run is.
	stored, writing, busy bool
	// frozen says that the bot may know it, so that it is sent as it is or not at all.
	frozen bool
	// lean says that it holds nothing that could be shed.
	lean bool
	// doubts is how often something before the bot refused it, the first time at doubted.
	doubts  int
	doubted time.Time
	// out says that it waits no more.
	out bool
}

// young says that a report goes before those that have waited.
func (e *entry) young(now time.Time) bool {
	return !e.frozen && now.Sub(time.UnixMilli(e.at)) < youth
}

// youth is how long a report goes before older ones.
const youth = 10 * time.Second

// queue holds what waits, the oldest first: reports of earlier boots, then those of this one by their numbers.
type queue struct {
	boot    string
	entries []*entry
	// bytes are those of all entries, memory those of their bodies.
	bytes, memory int64
	reports       int64
}

func (q *queue) compare(a, b *entry) int {
	switch {
	case a.boot == b.boot && a.boot == q.boot:
		return cmp.Compare(a.last, b.last)
	case a.boot == q.boot:
		return 1
	case b.boot == q.boot:
		return -1
	}
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.last, b.last), cmp.Compare(a.boot, b.boot))
}

func (q *queue) add(e *entry) {
	i, _ := slices.BinarySearchFunc(q.entries, e, q.compare)
	q.entries = slices.Insert(q.entries, i, e)
	q.bytes += e.size
	q.memory += int64(len(e.body))
	q.reports += int64(e.count)
}

// remove takes e out; one that is out already stays so.
func (q *queue) remove(e *entry) {
	if e.out {
		return
	}
	e.out = true
	if i := slices.Index(q.entries, e); i >= 0 {
		q.entries = slices.Delete(q.entries, i, i+1)
		q.bytes -= e.size
		q.memory -= int64(len(e.body))
		q.reports -= int64(e.count)
	}
}

// hold gives e its body, or takes it where body is nil; the size of what is on disk stays known.
func (q *queue) hold(e *entry, body []byte) {
	if !e.out {
		q.memory += int64(len(body) - len(e.body))
		if body != nil {
			q.bytes += int64(len(body)) - e.size
		}
	}
	e.body = body
	if body != nil {
		e.size = int64(len(body))
	}
}

// next returns the report to send: the oldest young one, else the oldest. Nil where there is none.
func (q *queue) next(now time.Time) (young, old *entry) {
	for _, e := range q.entries {
		if e.busy || e.body == nil && !e.stored {
			continue
		}
		if e.young(now) {
			return e, old
		}
		if old == nil {
			old = e
		}
	}
	return nil, old
}

const (
	// mergeReports and mergeBytes bound what is merged into one request; the latter counts unpacked.
	mergeReports = 200
	mergeBytes   = 4 << 20
	// mergeSpan bounds the time between the reports that are merged. They have one heartbeat, the last one's: by that the bot
	// tells a kill that was seen to happen from one that was found in the log ten minutes later or more.
	mergeSpan = 5 * time.Minute
)

// mergeable returns e and those that follow it without a gap and can be merged with it.
func (q *queue) mergeable(e *entry) []*entry {
	var out []*entry
	var raw int64
	count := 0
	for _, f := range q.entries[max(slices.Index(q.entries, e), 0):] {
		raw, count = raw+f.raw, count+f.count
		far := time.Duration(f.at-e.at)*time.Millisecond > mergeSpan
		if f.frozen || f.busy || f.writing || f.boot != e.boot || len(out) > 0 && (far || raw > mergeBytes || count > mergeReports) {
			break
		}
		out = append(out, f)
	}
	return out
}

// droppable returns the oldest report that nobody is at, and that want accepts.
func (q *queue) droppable(want func(*entry) bool) *entry {
	for _, e := range q.entries {
		if !e.busy && !e.writing && want(e) {
			return e
		}
	}
	return nil
}
