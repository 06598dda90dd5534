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
	// lateLog is how long a counter waits at most where the log is not read as far as the time at which it rose: on a node that
	// is short of memory the agent may get no processor for seconds. reading is after how long that is looked at again.
	lateLog = 8 * time.Second
	reading = 100 * time.Millisecond
	// lateCount is how long after a bare kill line a counter is waited for, which says whose kill it was: counters are
	// read once a second, and what they say waits lateReport for reports.
	lateCount = 2 * time.Second
	// apart is how much the clocks of the log and of the counters may differ.
	apart = 500 * time.Millisecond
	// maxMatched bounds what is remembered; the kernel hardly kills as often in the time that it is remembered.
	maxMatched = 512
)

// matched is a set of kills that are told of together.
type matched struct {
	reports []investigations.KernelReport
	counted []investigations.CountedKill
}

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

// matcher brings together what the kernel log and the counters of cgroups tell of the same kills. The kernel prints ten
// full reports in five seconds; of the kills beyond only a line without a cgroup (bare), and of their cgroups the
// counter rises. It is not safe for concurrent use.
type matcher struct {
	// behind says that reports of kills up to a time may be to come, as the log is not read as far as that.
	behind func(at time.Time) bool
	// told are kills of full reports that no counter has shown yet, bare the bare lines that wait for one, and rises the
	// counters that wait for reports.
	told  []told
	bare  []waitingBare
	rises []waitingRise
	// doubtful are rises of late that reports alone did not explain: bare lines of their time may be theirs.
	doubtful []investigations.CountedKill
	// pids are processes of which was told already: those of a group are named again.
	pids map[int64]time.Time
}

type told struct {
	at          time.Time
	containerID string
	path        string
	left        int64
}

type waitingBare struct {
	report investigations.KernelReport
	at     time.Time
	until  time.Time
}

type waitingRise struct {
	kill investigations.CountedKill
	// until is when it is told of, latest that time if the log is not read.
	until, latest time.Time
}

func newMatcher() *matcher {
	return &matcher{pids: map[int64]time.Time{}, behind: func(time.Time) bool { return false }}
}

// report takes a report of the kernel log, read at now. What it returns is to be told at once.
func (m *matcher) report(now time.Time, r investigations.KernelReport) matched {
	at := now
	if r.At != nil {
		at = *r.At
	}
	if m.again(at, &r) {
		return matched{}
	}
	if !isBare(&r) {
		if len(r.Killed) > 0 {
			c := kernlog.ParseCgroup(r.TaskMemcg)
			m.told = bounded(append(m.told, told{at: at, containerID: c.ContainerID, path: r.TaskMemcg, left: int64(len(r.Killed))}))
		}
		return matched{reports: []investigations.KernelReport{r}}
	}
	m.bare = append(m.bare, waitingBare{r, at, now.Add(lateCount)})
	if len(m.bare) <= maxMatched {
		return matched{}
	}
	first := m.bare[0].report
	m.bare = slices.Delete(m.bare, 0, 1)
	return matched{reports: []investigations.KernelReport{first}}
}

// again says whether a bare report is of processes that were told of already, and remembers those of a report.
func (m *matcher) again(at time.Time, r *investigations.KernelReport) bool {
	known := len(r.Killed) > 0
	for _, k := range r.Killed {
		// Within a few seconds a number is not given to another process.
		if seen, ok := m.pids[k.PID]; !ok || at.Sub(seen).Abs() > 5*time.Second {
			known = false
		}
	}
	if known && isBare(r) {
		return true
	}
	for _, k := range r.Killed {
		if len(m.pids) < maxMatched {
			m.pids[k.PID] = at
		}
	}
	return false
}

// isBare says that a report is of a kill line alone, whose cgroup the log does not tell.
func isBare(r *investigations.KernelReport) bool {
	return r.TaskMemcg == "" && r.OOMMemcg == "" && r.InvokedBy == nil && len(r.Killed) > 0
}

// rise takes a counter that rose.
func (m *matcher) rise(now time.Time, k investigations.CountedKill) {
	m.rises = bounded(append(m.rises, waitingRise{k, now.Add(lateReport), now.Add(lateLog)}))
}

// due returns what is to be told at now, since nothing more is waited for.
func (m *matcher) due(now time.Time) matched {
	var out matched
	for len(m.rises) > 0 && !now.Before(m.rises[0].until) {
		k := m.rises[0].kill
		if now.Before(m.rises[0].latest) && m.behind(k.At) {
			m.rises[0].until = now.Add(reading)
			break
		}
		m.rises = slices.Delete(m.rises, 0, 1)
		k.Kills -= m.claim(k)
		if k.Kills <= 0 {
			continue
		}
		m.doubtful = bounded(append(m.doubtful, k))
		reports := m.claimBare(k)
		for i := range reports {
			k.PIDs = append(k.PIDs, pidsOf(&reports[i])...)
		}
		out.reports = append(out.reports, reports...)
		out.counted = append(out.counted, k)
	}
	for len(m.bare) > 0 && !now.Before(m.bare[0].until) {
		if m.awaits(m.bare[0].at) {
			m.bare[0].until = now.Add(reading)
			break
		}
		out.reports = append(out.reports, m.bare[0].report)
		m.bare = slices.Delete(m.bare, 0, 1)
	}
	m.forget(now)
	return out
}

// awaits says whether a counter waits that may be of a kill of that time.
func (m *matcher) awaits(at time.Time) bool {
	return slices.ContainsFunc(m.rises, func(w waitingRise) bool { return inTime(at, w.kill) })
}

// forget drops what is of no use any more.
func (m *matcher) forget(now time.Time) {
	const old = 10 * time.Second
	m.told = slices.DeleteFunc(m.told, func(t told) bool { return t.left == 0 || now.Sub(t.at) > old })
	m.doubtful = slices.DeleteFunc(m.doubtful, func(k investigations.CountedKill) bool { return now.Sub(k.At) > old })
	for pid, seen := range m.pids {
		if now.Sub(seen) > old {
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
	if len(m.bare) > 0 && (next.IsZero() || m.bare[0].until.Before(next)) {
		next = m.bare[0].until
	}
	return next
}

// idle says that nothing waits.
func (m *matcher) idle() bool { return len(m.rises) == 0 && len(m.bare) == 0 }

// claim returns how many kills of a rise full reports have told of.
func (m *matcher) claim(k investigations.CountedKill) int64 {
	var n int64
	for i := range m.told {
		t := &m.told[i]
		if n == k.Kills {
			break
		}
		if !sameCgroup(t, k) || !inTime(t.at, k) {
			continue
		}
		take := min(t.left, k.Kills-n)
		t.left -= take
		n += take
	}
	return n
}

func sameCgroup(t *told, k investigations.CountedKill) bool {
	if t.containerID != "" && k.ContainerID != "" {
		return t.containerID == k.ContainerID
	}
	return t.path == k.Path
}

// inTime says whether a kill is of the time over which a counter rose.
func inTime(at time.Time, k investigations.CountedKill) bool {
	from := k.At.Add(-time.Duration(k.WithinMS)*time.Millisecond - apart)
	return !at.Before(from) && !at.After(k.At.Add(apart))
}

// claimBare returns the bare reports of a rise, as many as its kills. They are its own where no other counter rose at that
// time, and where not more of them are certainly of that time; those that may be of the reading before or after it are
// the same cgroup's then, if all are of one program. Else nobody can say whose they are, and each waits until it is told of
// alone: a process outside of containers, or in one that was gone before it was counted, has no counter here.
func (m *matcher) claimBare(k investigations.CountedKill) []investigations.KernelReport {
	others := slices.Clone(m.doubtful)
	for _, w := range m.rises {
		others = append(others, w.kill)
	}
	for _, o := range others {
		if o.Path != k.Path && o.At.Sub(k.At).Abs() <= time.Duration(max(o.WithinMS, k.WithinMS))*time.Millisecond+apart {
			return nil
		}
	}
	var mine, near []int
	for i := range m.bare {
		switch at := m.bare[i].at; {
		case certainly(at, k):
			mine = append(mine, i)
		case inTime(at, k):
			near = append(near, i)
		}
	}
	if int64(len(mine)) > k.Kills || int64(len(mine)+len(near)) > k.Kills && !m.oneProgram(mine, near) {
		return nil
	}
	mine = append(mine, near[:min(int64(len(near)), k.Kills-int64(len(mine)))]...)
	slices.Sort(mine)
	var out []investigations.KernelReport
	for _, i := range mine {
		out = append(out, m.bare[i].report)
	}
	for _, i := range slices.Backward(mine) {
		m.bare = slices.Delete(m.bare, i, i+1)
	}
	return out
}

// oneProgram says whether bare lines, by their places, are all of one name.
func (m *matcher) oneProgram(lists ...[]int) bool {
	var names []string
	for _, list := range lists {
		for _, i := range list {
			for _, k := range m.bare[i].report.Killed {
				names = append(names, k.Comm)
			}
		}
	}
	slices.Sort(names)
	return len(slices.Compact(names)) <= 1
}

// certainly says whether a kill is of the time over which a counter rose, and not of the reading before or after it.
func certainly(at time.Time, k investigations.CountedKill) bool {
	const jitter = 100 * time.Millisecond
	return at.After(k.At.Add(jitter-time.Duration(k.WithinMS)*time.Millisecond)) && at.Before(k.At.Add(-jitter))
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
		return slices.Delete(list, 0, len(list)-maxMatched)
	}
	return list
}
