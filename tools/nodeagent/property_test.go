package nodeagent

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// truth is what happens in a world of a few containers, and how it comes to be known.
type truth struct {
	rng *rand.Rand
	// of are the containers of the kills, by their pids; gone are those of containers that were gone before their counters
	// were read.
	of   map[int64]string
	gone map[int64]bool
	// known are those that the recorder has seen.
	known  map[int64]bool
	events []happening
	// slack is by how many kills what is told may be wrong: with a clock that is off, a kill may seem to be of the next reading
	// of the counters, and another line takes its place. It is three, or how many kills seem so; 0 with a right clock.
	slack int64
	// looks are those at the counters.
	looks []look
}

// look is up to when all counters were read, and when that was told of.
type look struct{ at, told time.Time }

// happening is something that the matcher is told at a time.
type happening struct {
	at     time.Time
	report *investigations.KernelReport
	rise   *investigations.CountedKill
}

// world makes kills of containers over some seconds: ten full reports in five seconds and lines of the others, counters that
// are read every second or two, and both told after a delay. Of some containers the counters are not read any more. The order of the log
// is that of the kills, and its clock is right, or to 50 ms.
func world(seed uint64, containers, kills int) *truth {
	w := &truth{rng: rand.New(rand.NewPCG(seed, 1)), of: map[int64]string{}, gone: map[int64]bool{}, known: map[int64]bool{}}
	span := time.Duration(1+w.rng.IntN(9)) * time.Second
	oneProgram, knows := w.rng.IntN(2) == 0, w.rng.IntN(4)
	ends := w.rng.IntN(3) * w.rng.IntN(2)
	skew := time.Duration(w.rng.Int64N(100)-50) * time.Millisecond
	if w.rng.IntN(2) == 0 {
		skew = 0
	}
	var times []time.Time
	for range kills {
		times = append(times, start.Add(time.Duration(w.rng.Int64N(int64(span)))))
	}
	slices.SortFunc(times, time.Time.Compare)
	var windowStart time.Time
	printed := 0
	killed := map[string][]time.Time{}
	var read time.Time
	for i, at := range times {
		c := w.rng.IntN(containers)
		id := fmt.Sprintf("%064x", c)
		pid := int64(1000 + i)
		comm := "java"
		if !oneProgram {
			comm = fmt.Sprint("app", c)
		}
		if w.rng.IntN(10) < ends {
			id, comm, w.gone[pid] = fmt.Sprintf("f%063x", i), "gone", true
		} else {
			killed[id] = append(killed[id], at)
		}
		w.of[pid] = id
		w.known[pid] = w.rng.IntN(3) < knows
		if windowStart.IsZero() || at.Sub(windowStart) >= 5*time.Second {
			windowStart, printed = at, 0
		}
		r := named(0, comm, pid)
		if printed++; printed <= 10 {
			r = full(0, id, pid)
		}
		stamp := at.Add(skew)
		r.At = &stamp
		if late := at.Add(time.Duration(20+w.rng.Int64N(300)) * time.Millisecond); late.After(read) {
			read = late // lines are read in their order
		}
		w.events = append(w.events, happening{at: read, report: &r})
	}
	w.count(killed, span)
	for _, at := range times {
		if slices.ContainsFunc(w.looks, func(l look) bool { return l.at.Before(at) != l.at.Before(at.Add(skew)) }) {
			w.slack++
		}
	}
	if skew != 0 {
		w.slack = max(w.slack, 3)
	}
	slices.SortStableFunc(w.events, func(a, b happening) int { return a.at.Compare(b.at) })
	return w
}

// count has the counters be read, once a second and now and then later; some in every other look.
func (w *truth) count(killed map[string][]time.Time, span time.Duration) {
	ids := []string{}
	for id := range killed {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	last := map[string]time.Time{}
	at := start.Add(-time.Duration(w.rng.Int64N(int64(time.Second))))
	for i := range ids {
		last[ids[i]] = at
	}
	lazy := w.rng.IntN(len(ids) + 1) // so many are read in every other look
	for turn := 0; at.Before(start.Add(span + 5*time.Second)); turn++ {
		before := at
		at = at.Add(time.Second + time.Duration(w.rng.Int64N(2)*w.rng.Int64N(int64(time.Second))))
		told := at.Add(time.Duration(w.rng.Int64N(100)) * time.Millisecond)
		for i, id := range ids {
			if i < lazy && (turn+i)%2 == 0 {
				continue
			}
			n := 0
			for _, k := range killed[id] {
				if k.After(last[id]) && !k.After(at) {
					n++
				}
			}
			if n > 0 {
				w.events = append(w.events, happening{at: told, rise: &investigations.CountedKill{
					At: at, WithinMS: at.Sub(last[id]).Milliseconds(), Path: pod + id, ContainerID: id, Kills: int64(n),
				}})
			}
			last[id] = at
		}
		w.looks = append(w.looks, look{before, told})
	}
}

// observe tells a matcher what happens, and returns all that it tells.
func (w *truth) observe() matched {
	m := newMatcher()
	m.owner = func(pid int64, _ string, _ time.Time) (Place, bool) {
		return Place{Path: pod + w.of[pid], ContainerID: w.of[pid]}, w.known[pid]
	}
	var out matched
	next := 0
	now := start
	m.behind = func(at time.Time) bool {
		return slices.ContainsFunc(w.events[next:], func(h happening) bool { return h.report != nil && h.report.At.Before(at.Add(time.Second)) })
	}
	m.uncounted = func(at time.Time) bool {
		return !slices.ContainsFunc(w.looks, func(l look) bool { return !l.told.After(now) && !l.at.Before(at) })
	}
	for end := start.Add(40 * time.Second); now.Before(end); now = now.Add(10 * time.Millisecond) {
		for ; next < len(w.events) && !w.events[next].at.After(now); next++ {
			if h := w.events[next]; h.report != nil {
				out.add(m.report(now, *h.report))
			} else {
				out.add(m.rise(now, *h.rise))
			}
		}
		if due := m.next(); !due.IsZero() && !now.Before(due) {
			out.add(m.due(now))
		}
	}
	if !m.idle() {
		out.counted = append(out.counted, investigations.CountedKill{Path: "something waits still"})
	}
	return out
}

// faults are what is wrong with what was told.
func (w *truth) faults(m matched) (out []string) {
	fault := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	told, placed := map[int64]int{}, map[int64]string{}
	kills := map[string]int64{}
	for i := range m.reports {
		r := &m.reports[i]
		for _, k := range r.Killed {
			told[k.PID]++
			if r.ContainerID != "" {
				kills[r.ContainerID]++
				placed[k.PID] = r.ContainerID
			}
		}
	}
	var unnamed int64
	among := map[int64]bool{}
	for _, c := range m.counted {
		kills[c.ContainerID] += c.Kills
		unnamed += c.Kills - int64(len(c.PIDs))
		for _, pid := range c.PIDs {
			if at, twice := placed[pid]; twice {
				fault("process %d is placed twice, in %s and %s", pid, short(at), short(c.ContainerID))
			}
			placed[pid] = c.ContainerID
		}
		for _, pid := range c.Among {
			among[pid] = true
		}
		if c.ContainerID == "" {
			fault("%s", c.Path)
		}
	}
	counts, alone, taken := map[string]int64{}, int64(0), int64(0)
	for pid, id := range w.of {
		if told[pid] != 1 {
			fault("process %d is told of %d times", pid, told[pid])
		}
		at, known := placed[pid]
		if !w.gone[pid] || known {
			counts[id]++
		}
		switch {
		case known && at != id && w.gone[pid] && taken < w.slack:
			taken++ // in the place of a kill that seems to be of another reading; nothing counted it
			counts[id]--
		case known && at != id:
			fault("process %d of %s is told as of %s", pid, short(id), short(at))
		case known && among[pid]:
			fault("process %d is placed, and somewhere else perhaps", pid)
		case !known && w.gone[pid]:
			alone++
		}
		if !known && !among[pid] {
			alone--
		}
	}
	if abs(alone) > w.slack {
		fault("%d lines are told of with no place beyond the kills that no counter tells of", -alone)
	}
	if abs(unnamed-int64(len(among))) > w.slack {
		fault("counters tell of %d kills without a line, and %d lines are among several", unnamed, len(among))
	}
	for id, n := range counts {
		if abs(kills[id]-n) > w.slack {
			fault("%d of %d kills in %s are told of with it", kills[id], n, short(id))
		}
	}
	slices.SortFunc(out, cmp.Compare[string])
	return out
}

func abs(n int64) int64 { return max(n, -n) }

func short(id string) string { return id[max(0, len(id)-3):] }

// FuzzMatch has containers be killed in whatever order, of which the log, the counters and the recorder tell: each kill is told
// of once, and none of a container that it was not in.
func FuzzMatch(f *testing.F) {
	f.Add(uint64(209), uint8(127), uint8(228)) // many kills, and a clock that is off
	f.Add(uint64(126), uint8(1), uint8(80))    // what is in doubt of one reading takes a place in the next one
	f.Add(uint64(11844442887624875674), uint8(2), uint8(52))
	for seed := range uint64(300) {
		f.Add(seed, uint8(1+seed%7), uint8(seed*7%120))
	}
	f.Fuzz(func(t *testing.T, seed uint64, containers, kills uint8) {
		w := world(seed, 1+int(containers)%8, int(kills))
		if faults := w.faults(w.observe()); len(faults) > 0 {
			t.Errorf("seed %d, %d containers, %d kills:\n%s", seed, 1+containers%8, kills, faults)
		}
	})
}
