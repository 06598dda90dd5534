package nodeagent

import (
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kernlog"
)

const (
	// lateReport is how long after a counter rose the kernel's report of the kill is waited for: the log is read four
	// times a second, and a report is complete a moment later.
	lateReport = 700 * time.Millisecond
	// lateOther is how long a counter or a line waits at most where the log is not read as far as the counter, or the counters
	// not as late as the line: on a node that is short of memory the agent may get no processor for seconds. reading is
	// after how long that is looked at again.
	lateOther = 8 * time.Second
	reading   = 100 * time.Millisecond
	// lateCount is how long after a bare kill line a counter is waited for, which says whose kill it was: counters are
	// read once a second, and what they say waits lateReport for reports.
	lateCount = 2 * time.Second
	// apart is how much the clocks of the log and of the counters may differ: the kernel stamps its log by a clock that
	// nobody corrects, and a line is read some time after it was written.
	apart = time.Second
	// jitter is by how much they differ where all goes well: what happened so close to a reading may be of the next one.
	jitter = 100 * time.Millisecond
	// remembered is for how long after it was seen something is remembered.
	remembered = 10 * time.Second
	// maxMatched bounds what is remembered; the kernel hardly kills as often in the time that it is remembered.
	maxMatched = 1024
	// mostTold is at how many reports or counters no more are added to what is told of at a time: the bot takes a thousand of
	// each in one message, and those of one look at the counters come on top.
	mostTold = 400
)

// Place is the cgroup of a container.
type Place struct {
	// Path is as the kernel prints it.
	Path                string
	PodUID, ContainerID string
}

// is says whether two are the same container's: a process may be killed in a cgroup below.
func (p Place) is(o Place) bool {
	if p.ContainerID != "" && o.ContainerID != "" {
		return p.ContainerID == o.ContainerID
	}
	return p.Path == o.Path
}

func placeOf(k *investigations.CountedKill) Place { return Place{k.Path, k.PodUID, k.ContainerID} }

// matched is a set of kills that are told of together.
type matched struct {
	reports []investigations.KernelReport
	counted []investigations.CountedKill
}

// full says that what else there is goes into the next message.
func (m *matched) full() bool { return len(m.reports) >= mostTold || len(m.counted) >= mostTold }

// add takes in what is told of together with it.
func (m *matched) add(more matched) {
	m.reports = append(m.reports, more.reports...)
	m.counted = append(m.counted, more.counted...)
}

// tasks is how many processes stand in the tables of the reports.
func (m *matched) tasks() int {
	n := 0
	for i := range m.reports {
		n += len(m.reports[i].Tasks)
	}
	return n
}

// matcher brings together what the kernel log and the counters of cgroups tell of the same kills, so that each is told of
// once. The kernel prints ten full reports in five seconds; of the kills beyond only a line without a cgroup (bare), and
// of their cgroups the counter rises.
//
// Each kill in a container has one place in the log and adds one to its counter. What names its container is set off
// against that counter, whichever comes first: full reports, and bare lines of processes that the recorder knows. What
// is left of the counters is of the bare lines that are left (guess.go). It is not safe for concurrent use.
type matcher struct {
	// behind says that reports of kills up to a time may be to come, as the log is not read as far as that; uncounted that
	// counters may be, which were not read since.
	behind, uncounted func(at time.Time) bool
	// owner returns the container that a process was seen in.
	owner func(pid int64, comm string, at time.Time) (Place, bool)
	// told are kills whose container was told and that no counter has shown yet, bare the bare lines that wait for one, and
	// rises the counters that wait for reports.
	told  []told
	bare  []waitingBare
	rises []waitingRise
	// doubtful are rises of late that are not explained with certainty: bare lines of their time may be theirs.
	doubtful []rival
	// full are rises of late in cgroups whose own limit had run out.
	full []rival
	// pids are processes of which was told already: those of a group are named again.
	pids map[int64]sighting
}

// told is a report of kills in a container, of which so many were not counted yet.
type told struct {
	at, seen time.Time
	in       Place
	left     int64
}

type waitingBare struct {
	report investigations.KernelReport
	at     time.Time
	// seen is when it was read, or not used by a rise, until when it is told of; latest is that time at the latest.
	seen, until, latest time.Time
	// left says that rises of several containers were explained without it.
	left bool
	// in is the container that the recorder saw its processes in; nil where it is not known.
	in *Place
}

type waitingRise struct {
	kill investigations.CountedKill
	// until is when it is told of, latest that time if the log is not read.
	until, latest time.Time
}

// rival is a rise, and when it was told of.
type rival struct {
	kill investigations.CountedKill
	seen time.Time
}

// sighting is when a process was killed, and when that was read.
type sighting struct{ at, seen time.Time }

func newMatcher() *matcher {
	never := func(time.Time) bool { return false }
	return &matcher{
		pids: map[int64]sighting{}, behind: never, uncounted: never,
		owner: func(int64, string, time.Time) (Place, bool) { return Place{}, false },
	}
}

// report takes a report of the kernel log, read at now. What it returns is to be told at once.
func (m *matcher) report(now time.Time, r investigations.KernelReport) matched {
	at := now
	if r.At != nil {
		at = *r.At
	}
	if m.again(at, now, &r) {
		return matched{}
	}
	n := int64(len(r.Killed))
	if !isBare(&r) {
		if n > 0 {
			c := kernlog.ParseCgroup(r.TaskMemcg)
			m.setOff(told{at, now, Place{r.TaskMemcg, c.PodUID, c.ContainerID}, n})
		}
		return matched{reports: []investigations.KernelReport{r}}
	}
	w := waitingBare{report: r, at: at, seen: now, until: now.Add(lateCount), latest: now.Add(lateOther)}
	if in, ok := m.ownerOf(&r, at); ok {
		w.in = &in
		if i, sure := m.riseOf(in, at); sure {
			k := m.rises[i].kill
			m.setOff(told{at, now, in, n})
			return m.recorded(&w, &k)
		}
	}
	m.bare = append(m.bare, w)
	if len(m.bare) <= maxMatched {
		return matched{}
	}
	return m.alone(now, 0)
}

// again says whether a bare report is of processes that were told of already, and remembers those of a report.
func (m *matcher) again(at, now time.Time, r *investigations.KernelReport) bool {
	known := len(r.Killed) > 0
	for _, k := range r.Killed {
		// Within a few seconds a number is not given to another process.
		if s, ok := m.pids[k.PID]; !ok || at.Sub(s.at).Abs() > 5*time.Second {
			known = false
		}
	}
	if known && isBare(r) {
		return true
	}
	for _, k := range r.Killed {
		if len(m.pids) < maxMatched {
			m.pids[k.PID] = sighting{at, now}
		}
	}
	return false
}

// isBare says that a report is of a kill line alone, whose cgroup the log does not tell.
func isBare(r *investigations.KernelReport) bool {
	return r.TaskMemcg == "" && r.OOMMemcg == "" && r.InvokedBy == nil && len(r.Killed) > 0
}

// ownerOf returns the container that all processes of a bare line are of, as far as they are known.
func (m *matcher) ownerOf(r *investigations.KernelReport, at time.Time) (in Place, ok bool) {
	for _, k := range r.Killed {
		p, known := m.owner(k.PID, k.Comm, at)
		switch {
		case !known: // a small one of a group
		case ok && !p.is(in):
			return Place{}, false
		default:
			in, ok = p, true
		}
	}
	return in, ok
}

// riseOf returns the place of the first counter of a container that waits and may be of that time, -1 where none does; sure says
// that it is not for the next one.
func (m *matcher) riseOf(in Place, at time.Time) (place int, sure bool) {
	for i := range m.rises {
		if k := &m.rises[i].kill; in.is(placeOf(k)) && inTime(at, k) {
			return i, before(at, k)
		}
	}
	return -1, false
}

// setOff sets kills in a container off against its counters that wait, and remembers the others for those to come.
func (m *matcher) setOff(t told) {
	for t.left > 0 {
		i, sure := m.riseOf(t.in, t.at)
		if !sure {
			m.told = bounded(append(m.told, t))
			return
		}
		take := min(t.left, m.rises[i].kill.Kills)
		t.left -= take
		if m.rises[i].kill.Kills -= take; m.rises[i].kill.Kills == 0 {
			m.rises = append(m.rises[:i], m.rises[i+1:]...)
		}
	}
}

// rise takes a counter that rose. What it returns is to be told at once.
func (m *matcher) rise(now time.Time, k investigations.CountedKill) matched {
	if k.OOM {
		m.full = bounded(append(m.full, rival{k, now}))
	}
	if m.doubts(&k) {
		m.doubtful = bounded(append(m.doubtful, rival{k, now}))
	}
	k.Kills -= m.claim(&k)
	var out matched
	for i := 0; i < len(m.bare) && k.Kills > 0; {
		w := m.bare[i]
		if w.in == nil || !m.counts(&k, *w.in, w.at) {
			i++
			continue
		}
		n := int64(len(w.report.Killed))
		if take := min(n, k.Kills); take < n {
			m.told = bounded(append(m.told, told{w.at, w.seen, *w.in, n - take}))
		}
		k.Kills = max(0, k.Kills-n)
		out.add(m.recorded(&w, &k))
		m.bare = append(m.bare[:i], m.bare[i+1:]...)
	}
	if k.Kills > 0 {
		m.rises = bounded(append(m.rises, waitingRise{k, now.Add(lateReport), now.Add(lateOther)}))
	}
	return out
}

// doubts says whether the rise of the same container before is not explained with certainty: what was of that may take the place
// of a line of this one.
func (m *matcher) doubts(k *investigations.CountedKill) bool {
	return slices.ContainsFunc(m.doubtful, func(r rival) bool {
		return placeOf(&r.kill).is(placeOf(k)) && k.At.Sub(r.kill.At) <= time.Duration(k.WithinMS)*time.Millisecond+apart
	})
}

// claim returns how many kills of a rise were told of already.
func (m *matcher) claim(k *investigations.CountedKill) int64 {
	var n int64
	for i := range m.told {
		t := &m.told[i]
		if n == k.Kills {
			break
		}
		if m.counts(k, t.in, t.at) {
			take := min(t.left, k.Kills-n)
			t.left -= take
			n += take
		}
	}
	return n
}

// counts says whether a kill in a container is of a rise that is new, and can't be of one that waits.
func (m *matcher) counts(k *investigations.CountedKill, in Place, at time.Time) bool {
	if !in.is(placeOf(k)) || !before(at, k) {
		return false
	}
	i, _ := m.riseOf(in, at)
	return i < 0
}

// recorded is a bare line of processes whose container the recorder knows, told as that; k is the counter's rise that it is
// a part of, nil where none is known: then the limit had run out if it had for another rise of that time.
func (m *matcher) recorded(w *waitingBare, k *investigations.CountedKill) matched {
	c := investigations.CountedKill{
		At: w.at, Path: w.in.Path, PodUID: w.in.PodUID, ContainerID: w.in.ContainerID, Kills: int64(len(w.report.Killed)),
		PIDs: pidsOf(&w.report), Recorded: true,
	}
	if k != nil {
		c.At, c.WithinMS, c.OOM = k.At, k.WithinMS, k.OOM
	} else {
		c.OOM = slices.ContainsFunc(m.full, func(r rival) bool { return w.in.is(placeOf(&r.kill)) && inTime(w.at, &r.kill) })
	}
	return matched{reports: []investigations.KernelReport{w.report}, counted: []investigations.CountedKill{c}}
}

// inTime says whether a kill may be of the time over which a counter rose.
func inTime(at time.Time, k *investigations.CountedKill) bool {
	from := k.At.Add(-time.Duration(k.WithinMS)*time.Millisecond - apart)
	return !at.Before(from) && !at.After(k.At.Add(apart))
}

// before says whether a kill is of that time, and not of the next reading.
func before(at time.Time, k *investigations.CountedKill) bool {
	return inTime(at, k) && at.Before(k.At.Add(-jitter))
}

func pidsOf(r *investigations.KernelReport) []int64 {
	var out []int64
	for _, k := range r.Killed {
		out = append(out, k.PID)
	}
	return out
}

// bounded drops the oldest of a list that grew too long.
func bounded[T any](list []T) []T {
	if len(list) > maxMatched {
		n := copy(list, list[len(list)-maxMatched:])
		clear(list[n:])
		return list[:n]
	}
	return list
}
