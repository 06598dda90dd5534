package rules

import (
	"cmp"
	"math"

	"github.com/oombot/oombot/investigations"
)

// beyondMetrics is the share of the node by which the kernel's table must exceed the metrics to be believed instead.
const beyondMetrics = 0.05

// tableBeyondMetrics corrects the metrics by the kernel's table: a scrape may be a minute old, the table is of the very
// moment. Only rows that can be nobody else's count. Pages that processes share count in the rss of each of them, so
// that a table that sums up to more than the machine has tells nothing.
func (s *scene) tableBeyondMetrics(v *nodeView, sure map[*holder][]investigations.KernelTask, open []investigations.KernelTask) {
	// Against a cgroup's limit, rows count what processes map of files as well, whoever is charged for it.
	size := cmp.Or(v.total, 1.15*v.room)
	if size <= 0 || s.rowBytes(s.kill.report.Tasks) > s.mostRows(size) {
		return
	}
	for _, h := range v.holders {
		if sum := s.rowBytes(sure[h]); h.seen && sum > h.usage+beyondMetrics*cmp.Or(v.room, size) {
			h.usage, h.seen = sum, false
			h.rows = sure[h]
		}
	}
	s.placeOpen(v, open)
}

// outsideBurst says whether the programs outside of the pods hold more by the kernel's table than the last scrapes leave
// for all that is no pod: the largest of them then grew since, by the difference.
func (s *scene) outsideBurst(v *nodeView, scraped float64) bool {
	if len(s.kill.tasks()) == 0 {
		return false
	}
	var sum float64
	var top *holder
	for _, h := range v.holders {
		if !h.outside() || len(h.rows) == 0 {
			continue
		}
		sum += s.rowBytes(h.rows)
		if top == nil || h.usage > top.usage {
			top = h
		}
	}
	if top == nil || sum < scraped+beyondMetrics*v.total || s.rowBytes(s.kill.report.Tasks) > s.mostRows(v.total) {
		return false
	}
	for _, h := range v.holders {
		if h.outside() {
			h.usual = h.usage
		}
	}
	top.usual = math.Max(0, top.usage-(sum-scraped))
	return true
}

// mostRows is how much the rows of a table can hold in all where none of them counts what another counts too: what the
// report has on its lists of pages, with a margin for the moments between the two; else the whole machine.
func (s *scene) mostRows(total float64) float64 {
	n := s.kill.report.Node
	if n == nil || n.AnonPages == nil || n.FilePages == nil {
		return total
	}
	listed := *n.AnonPages + *n.FilePages
	if n.UnevictablePages != nil {
		listed += *n.UnevictablePages
	}
	return math.Min(total, 1.15*float64(listed)*s.kill.pageSize())
}

// placeOpen finds the pod of processes that oom_score_adj alone leaves to several: where these processes hold more than
// the metrics give all such pods, and a single one of them is not kept from it by a limit, it is that one's.
func (s *scene) placeOpen(v *nodeView, open []investigations.KernelTask) {
	byAdj := map[int64][]investigations.KernelTask{}
	var order []int64
	for _, t := range open {
		if t.OOMScoreAdj >= 2 {
			if byAdj[t.OOMScoreAdj] == nil {
				order = append(order, t.OOMScoreAdj)
			}
			byAdj[t.OOMScoreAdj] = append(byAdj[t.OOMScoreAdj], t)
		}
	}
	for _, adj := range order {
		rows := byAdj[adj]
		more := s.rowBytes(rows)
		var fits []*holder
		known := true
		for _, h := range v.holders {
			if _, ok := fittingContainer(h, adj, v.total); ok {
				fits = append(fits, h)
				more -= h.usage
				known = known && h.seen
			}
		}
		able := holdsUpTo(fits, adj, v.total, more)
		if known && len(able) == 1 && more > beyondMetrics*v.total {
			h := able[0]
			h.usage, h.seen, h.rows = h.usage+more, false, append(h.rows, rows...)
		}
	}
}

// holdsUpTo keeps the holders whose limit would allow what they hold and that much more.
func holdsUpTo(in []*holder, adj int64, capacity, more float64) (out []*holder) {
	for _, h := range in {
		c, _ := fittingContainer(h, adj, capacity)
		if c.MemoryLimit == nil || float64(*c.MemoryLimit) >= 0.9*(h.usage+more) {
			out = append(out, h)
		}
	}
	return out
}

// fittingContainer returns the container of a pod that the kubelet gives that oom_score_adj; that without a limit
// before one with.
func fittingContainer(h *holder, adj int64, capacity float64) (found investigations.Container, ok bool) {
	if h.outside() || h.unasked {
		return found, false
	}
	for _, c := range h.pod.Containers {
		if adjOf(h.pod, c, capacity) == adj && (!ok || c.MemoryLimit == nil) {
			found, ok = c, true
		}
	}
	return found, ok
}

// rowBytes sums up what rows of the table hold, in bytes: anonymous memory where the kernel splits it off, and swap.
func (s *scene) rowBytes(rows []investigations.KernelTask) float64 {
	var sum float64
	for _, t := range rows {
		rss := t.RSSPages
		if t.RSSAnonPages != nil {
			rss = *t.RSSAnonPages
		}
		sum += float64(rss + t.SwapentsPages)
	}
	return math.Max(0, sum*s.kill.pageSize())
}
