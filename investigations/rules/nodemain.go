package rules

import (
	"math"
	"slices"
)

// main returns the holder that used the memory up, or nil where many share it. The share says of what.
func (v *nodeView) main() (h *holder, share float64, why string) {
	if v == nil || len(v.holders) == 0 {
		return nil, 0, ""
	}
	if v.supposed {
		return v.asSupposed()
	}
	size := math.Max(v.room, v.usage)
	// First who grew: most of what the node gained before the kill.
	grew, all := v.grewMost()
	if sh := grew.growth() / math.Max(all, 1); (v.growth > 0.05*size || grew.creeps(size) && sh >= 0.6) && !v.unseenHolds(size) {
		if sh >= 0.5 && (grew.growth() >= 0.05*size || grew.creeps(size)) {
			return grew, sh, "growth"
		}
		return nil, sh, "growth"
	}
	// Then who holds: most of what is held beyond what was asked for, and much of the node.
	if v.excess > 0.05*size {
		top := slices.MaxFunc(v.holders, func(a, b *holder) int { return compare(a.excess(), b.excess()) })
		sh := top.excess() / v.excess
		switch {
		case top.unasked && !v.scraped:
			return nil, 0, "" // what it asked for is not known, and may be all of it
		case sh >= 0.5 && top.excess() >= 0.15*size:
			return top, sh, "excess"
		}
		return nil, sh, "excess"
	}
	return nil, 0, ""
}

// grewMost returns who grew by most, and by how much all grew together: less those that were done with it when somebody
// else, who grew by about as much, made memory run out.
func (v *nodeView) grewMost() (top *holder, all float64) {
	top, all = slices.MaxFunc(v.holders, func(a, b *holder) int { return compare(a.growth(), b.growth()) }), v.growth
	var last *holder
	for _, h := range v.holders {
		if h.climb.overtakes(top.climb, h.growth(), top.growth()) && (last == nil || h.growth() > last.growth()) {
			last = h
		}
	}
	if last == nil {
		return top, all
	}
	for _, h := range v.holders {
		if h != last && h.climb != nil && h.climb.settled() {
			all -= h.growth()
		}
	}
	return last, all
}

// creeps says that a holder rose all through a recording, by little against a room: a recording is too short to show how
// far that went.
func (h *holder) creeps(room float64) bool {
	return h.climb != nil && h.climb.steady() && h.growth() >= 0.02*room
}

// unseenHolds says that a program outside Kubernetes, of whose past a recording tells nothing, holds so much that what the
// pods gained can't be what filled the node.
func (v *nodeView) unseenHolds(size float64) bool {
	return !v.scraped && slices.ContainsFunc(v.holders, func(h *holder) bool {
		return h.outside() && math.IsNaN(h.usual) && h.usage > 0.3*size && h.usage > 2*v.growth
	})
}

// asSupposed is main where somebody is supposed to be it; why is empty where next to nothing speaks for it.
func (v *nodeView) asSupposed() (h *holder, share float64, why string) {
	some := 0.02 * math.Max(v.total, v.usage)
	switch h = v.named; {
	case h == nil:
		return nil, 0, ""
	case h.growth() > some:
		return h, h.growth() / v.growth, "growth"
	case h.excess() > some && v.growth <= some:
		return h, h.excess() / v.excess, "excess"
	}
	return h, 0, ""
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
