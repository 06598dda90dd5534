package nodeagent

import (
	"cmp"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
)

// due returns what is to be told at now, since nothing more is waited for. Where that is very much, it returns a part, and next
// is not later than now.
func (m *matcher) due(now time.Time) matched {
	var out matched
	for len(m.rises) > 0 && !out.full() && !now.Before(m.rises[0].until) {
		n := m.together()
		if now.Before(m.rises[0].latest) && (m.behind(m.latestOf(n)) || m.guesses(n) && m.uncounted(m.latestOf(n))) {
			m.rises[0].until = now.Add(reading)
			break
		}
		out.add(m.explain(now, n))
	}
	for i := 0; i < len(m.bare) && !out.full(); {
		w := &m.bare[i]
		switch {
		case now.Before(w.until):
			i++
		case w.in == nil && m.awaits(w), now.Before(w.latest) && m.uncounted(w.seen):
			w.until = now.Add(reading)
			i++
		default:
			out.add(m.alone(now, i))
		}
	}
	m.forget(now)
	return out
}

// awaits says whether a counter waits that a bare line may be of.
func (m *matcher) awaits(w *waitingBare) bool {
	return slices.ContainsFunc(m.rises, func(r waitingRise) bool { return w.mayBe(&r.kill) })
}

// mayBe says whether a bare line may be of a rise. One that is left over may be of the reading after the next, since what is
// certainly of one may have taken its place.
func (w *waitingBare) mayBe(k *investigations.CountedKill) bool {
	return inTime(w.at, k) || w.left && inTime(w.at.Add(apart), k)
}

// anyLeft says whether one of the lines was left over by rises before.
func (m *matcher) anyLeft(lines []int) bool {
	return slices.ContainsFunc(lines, func(i int) bool { return m.bare[i].left })
}

// alone tells of a bare line by its place, with no counter.
func (m *matcher) alone(now time.Time, i int) matched {
	w := m.bare[i]
	m.bare = slices.Delete(m.bare, i, i+1)
	if w.in == nil {
		return matched{reports: []investigations.KernelReport{w.report}}
	}
	m.told = bounded(append(m.told, told{w.at, now, *w.in, int64(len(w.report.Killed))}))
	return m.recorded(&w, nil)
}

// together is how many of the first rises that wait are of one look at all counters, more or less.
func (m *matcher) together() int {
	n := 1
	for n < len(m.rises) && m.rises[n].kill.At.Sub(m.rises[0].kill.At).Abs() <= apart/2 {
		n++
	}
	return n
}

// guesses says whether bare lines may be of the first n rises: then all counters of that time have to be known.
func (m *matcher) guesses(n int) bool {
	kills := make([]investigations.CountedKill, n)
	for i := range kills {
		kills[i] = m.rises[i].kill
	}
	lines, _ := m.linesOf(kills)
	return len(lines) > 0
}

// latestOf is when the last of the first n rises was read.
func (m *matcher) latestOf(n int) time.Time {
	at := m.rises[0].kill.At
	for _, w := range m.rises[:n] {
		if w.kill.At.After(at) {
			at = w.kill.At
		}
	}
	return at
}

// explain tells of the first n rises that wait, with the bare lines of their time. Those are a container's own where no other
// counter rose at that time, and where not more of them are certainly of that time than it has kills; those that may
// be of the reading before or after it are the same container's then, if all are of one program. Else nobody can say
// whose they are: of one container or the other, or of a process outside of containers or in one that was gone before it was
// counted, which has no counter here. As many lines as there are kills are told with all of the rises then.
func (m *matcher) explain(now time.Time, n int) matched {
	kills := make([]investigations.CountedKill, n)
	for i := range kills {
		kills[i] = m.rises[i].kill
	}
	latest := m.latestOf(n)
	m.rises = slices.Delete(m.rises, 0, n)
	all, sure := m.linesOf(kills)
	oneProgram, many := m.oneProgram(all), m.weight(all)
	placed, lines := m.choose(now, kills)
	kills = slices.DeleteFunc(kills, func(k investigations.CountedKill) bool { return k.Kills == 0 })
	open := killsOf(kills)
	own := !m.rivaled(kills) && sure <= open && (many <= open || oneProgram) && !m.anyLeft(lines)
	for _, i := range all { // those that are left may be of the next reading
		m.bare[i].seen = now
		m.bare[i].left = m.bare[i].left || !own && !m.bare[i].at.After(latest)
	}
	var out matched
	var pids []int64
	for _, i := range lines {
		out.reports = append(out.reports, m.bare[i].report)
		pids = append(pids, pidsOf(&m.bare[i].report)...)
	}
	for i, k := range placed {
		lines = append(lines, i)
		out.add(m.recorded(&m.bare[i], &k))
	}
	slices.Sort(lines)
	for _, i := range slices.Backward(lines) {
		m.bare = slices.Delete(m.bare, i, i+1)
	}
	for _, k := range kills {
		if own {
			k.PIDs = pids
		} else {
			k.Among = pids
		}
		if int64(len(k.PIDs)) < k.Kills {
			m.doubtful = bounded(append(m.doubtful, rival{k, now}))
		}
		out.counted = append(out.counted, k)
	}
	return out
}

// trace is something in the log that a rise may have counted, by its place among what was told or among the bare lines.
type trace struct {
	at         time.Time
	told, line int
}

// choose finds what rises counted, in the order of time, until nothing of them is left: what is later is of the next reading.
// What names a container is set off against its rise; of that, placed are the bare lines that wait, with their rises, and
// lines those whose container nobody knows.
func (m *matcher) choose(now time.Time, kills []investigations.CountedKill) (placed map[int]investigations.CountedKill, lines []int) {
	placed = map[int]investigations.CountedKill{}
	open := killsOf(kills)
	var unknown int64 // kills of lines
	take := func(in Place, at time.Time, n int64) (left int64, of *investigations.CountedKill) {
		for i := range kills {
			if k := &kills[i]; n > 0 && in.is(placeOf(k)) && inTime(at, k) {
				some := min(n, k.Kills, open-unknown)
				k.Kills, open, n = k.Kills-some, open-some, n-some
				if some > 0 {
					of = k
				}
				if some > 0 && !before(at, k) { // it may be of the next reading, and a line of this one is left over
					m.doubtful = bounded(append(m.doubtful, rival{*k, now}))
				}
			}
		}
		return n, of
	}
	for _, t := range m.traces(kills) {
		if t.told >= 0 {
			m.told[t.told].left, _ = take(m.told[t.told].in, t.at, m.told[t.told].left)
			continue
		}
		w := &m.bare[t.line]
		n := int64(len(w.report.Killed))
		if w.in == nil {
			if unknown+n <= open {
				unknown += n
				lines = append(lines, t.line)
			}
			continue
		}
		left, of := take(*w.in, t.at, n)
		if of == nil {
			continue
		}
		placed[t.line] = *of
		if left > 0 {
			m.told = bounded(append(m.told, told{w.at, w.seen, *w.in, left}))
		}
	}
	return placed, lines
}

// traces are those of the time of rises, in the order in which they are set off.
func (m *matcher) traces(kills []investigations.CountedKill) []trace {
	var out []trace
	during := func(at time.Time) bool {
		return slices.ContainsFunc(kills, func(k investigations.CountedKill) bool { return inTime(at, &k) })
	}
	for i := range m.told {
		if t := &m.told[i]; t.left > 0 && during(t.at) {
			out = append(out, trace{t.at, i, -1})
		}
	}
	for i := range m.bare {
		if slices.ContainsFunc(kills, func(k investigations.CountedKill) bool { return m.bare[i].mayBe(&k) }) {
			out = append(out, trace{m.bare[i].at, -1, i})
		}
	}
	// What names a container comes first where it is hardly of the next reading: lines of processes in no container that is
	// counted must not take its place.
	late := func(t trace) int {
		named := t.told >= 0 || m.bare[t.line].in != nil
		if named && slices.ContainsFunc(kills, func(k investigations.CountedKill) bool { return !t.at.After(k.At) }) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(out, func(a, b trace) int { return cmp.Or(late(a)-late(b), a.at.Compare(b.at)) })
	return out
}

func killsOf(all []investigations.CountedKill) int64 {
	var n int64
	for i := range all {
		n += all[i].Kills
	}
	return n
}

// linesOf are the places of the bare lines that nobody knows the container of and that may be of the time of rises, and how many
// kills those tell of that are of no other time.
func (m *matcher) linesOf(kills []investigations.CountedKill) (lines []int, sure int64) {
	for i := range m.bare {
		w := &m.bare[i]
		if w.in != nil || !slices.ContainsFunc(kills, func(k investigations.CountedKill) bool { return w.mayBe(&k) }) {
			continue
		}
		lines = append(lines, i)
		if slices.ContainsFunc(kills, func(k investigations.CountedKill) bool { return certainly(w.at, &k) }) {
			sure += int64(len(w.report.Killed))
		}
	}
	return lines, sure
}

// rivaled says whether a counter of another container rose at the time of rises, or they are of several themselves.
func (m *matcher) rivaled(kills []investigations.CountedKill) bool {
	if len(kills) == 0 {
		return false
	}
	k := &kills[0]
	other := func(o *investigations.CountedKill) bool {
		return !placeOf(o).is(placeOf(k)) && o.At.Sub(k.At).Abs() <= time.Duration(max(o.WithinMS, k.WithinMS))*time.Millisecond+apart
	}
	return slices.ContainsFunc(kills, func(o investigations.CountedKill) bool { return other(&o) }) ||
		slices.ContainsFunc(m.rises, func(w waitingRise) bool { return other(&w.kill) }) ||
		slices.ContainsFunc(m.doubtful, func(r rival) bool { return other(&r.kill) })
}

// weight is how many kills bare lines, by their places, tell of.
func (m *matcher) weight(lines []int) int64 {
	var n int64
	for _, i := range lines {
		n += int64(len(m.bare[i].report.Killed))
	}
	return n
}

// oneProgram says whether bare lines, by their places, are all of one name.
func (m *matcher) oneProgram(lines []int) bool {
	var names []string
	for _, i := range lines {
		for _, k := range m.bare[i].report.Killed {
			names = append(names, k.Comm)
		}
	}
	slices.Sort(names)
	return len(slices.Compact(names)) <= 1
}

// certainly says whether a kill is of the time over which a counter rose, and not of the reading before or after it.
func certainly(at time.Time, k *investigations.CountedKill) bool {
	return at.After(k.At.Add(jitter-time.Duration(k.WithinMS)*time.Millisecond)) && at.Before(k.At.Add(-jitter))
}

// forget drops what is of no use any more.
func (m *matcher) forget(now time.Time) {
	m.told = slices.DeleteFunc(m.told, func(t told) bool { return t.left == 0 || now.Sub(t.seen) > remembered })
	old := func(r rival) bool { return now.Sub(r.seen) > remembered }
	m.doubtful, m.full = slices.DeleteFunc(m.doubtful, old), slices.DeleteFunc(m.full, old)
	for pid, s := range m.pids {
		if now.Sub(s.seen) > remembered {
			delete(m.pids, pid)
		}
	}
}

// next is when due has something to do; zero where nothing waits.
func (m *matcher) next() time.Time {
	var next time.Time
	if len(m.rises) > 0 {
		next = m.rises[0].until
	}
	for i := range m.bare {
		if until := m.bare[i].until; next.IsZero() || until.Before(next) {
			next = until
		}
	}
	return next
}

// idle says that nothing waits.
func (m *matcher) idle() bool { return len(m.rises) == 0 && len(m.bare) == 0 }
