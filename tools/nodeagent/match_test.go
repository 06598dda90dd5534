package nodeagent

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

var start = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

const (
	idA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	idB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	pod = "/kubepods/burstable/pod11111111-2222-3333-4444-555555555555/"
)

// full is a report that names its cgroup, bare one that does not; ms are after the start.
func full(ms int64, id string, pids ...int64) investigations.KernelReport {
	r := bare(ms, pids...)
	r.OOMMemcg, r.TaskMemcg, r.ContainerID = pod+id, pod+id, id
	r.InvokedBy = &investigations.KernelInvoker{Comm: "java"}
	return r
}

func bare(ms int64, pids ...int64) investigations.KernelReport {
	at := start.Add(time.Duration(ms) * time.Millisecond)
	r := investigations.KernelReport{At: &at, Kind: investigations.KernelMemcg}
	for _, pid := range pids {
		r.Killed = append(r.Killed, investigations.KernelKill{PID: pid})
	}
	return r
}

// named is a bare report of a process of that name.
func named(ms int64, comm string, pid int64) investigations.KernelReport {
	r := bare(ms, pid)
	r.Killed[0].Comm = comm
	return r
}

func count(ms int64, id string, kills int64) investigations.CountedKill {
	return investigations.CountedKill{
		At: start.Add(time.Duration(ms) * time.Millisecond), WithinMS: 1000, Path: pod + id, ContainerID: id, Kills: kills,
	}
}

// step is something that the matcher is told, ms after the start.
type step struct {
	ms     int64
	report *investigations.KernelReport
	count  *investigations.CountedKill
}

func rep(ms int64, r investigations.KernelReport) step { return step{ms: ms, report: &r} }
func cnt(ms int64, c investigations.CountedKill) step  { return step{ms: ms, count: &c} }

// TestMatch gives reports and counters to a matcher, asks it every 100 ms for five seconds what is due, and compares
// what it tells: reports by their pids, with ? where their cgroup is not told, and counters by the first letter of
// their container, with the pids that they name.
func TestMatch(t *testing.T) {
	tests := []struct {
		name  string
		steps []step
		want  []string
	}{
		{"a full report is told at once, and its counter not again", []step{rep(0, full(0, idA, 7)), cnt(600, count(600, idA, 1))}, []string{"0 7"}},
		{"a counter that rose before its report was read", []step{cnt(600, count(600, idA, 1)), rep(900, full(500, idA, 7))}, []string{"900 7"}},
		{"a group counts each of its tasks", []step{rep(0, full(0, idA, 7, 8, 9)), cnt(600, count(600, idA, 3))}, []string{"0 7,8,9"}},
		{"a counter alone is a silent kill", []step{cnt(600, count(600, idA, 2))}, []string{"1300 a2 []"}},
		{"a bare line alone", []step{rep(100, bare(0, 7))}, []string{"2100 ?7"}},
		{"a bare line and a counter", []step{rep(100, bare(0, 7)), cnt(600, count(600, idA, 1))}, []string{"1300 ?7", "1300 a1 [7]"}},
		{
			"a storm: full reports, then bare ones",
			[]step{rep(0, full(0, idA, 1)), rep(100, full(100, idA, 2)), rep(200, bare(200, 3)), rep(300, bare(300, 4)), cnt(600, count(600, idA, 4))},
			[]string{"0 1", "100 2", "1300 ?3", "1300 ?4", "1300 a2 [3 4]"},
		},
		{
			"two counters at a time: nobody can say whose the bare lines are",
			[]step{rep(100, bare(0, 7)), rep(110, bare(0, 8)), cnt(600, count(600, idA, 1)), cnt(600, count(600, idB, 1))},
			[]string{"1300 ?7", "1300 ?8", "1300 a1 [] among [7 8]", "1300 b1 [] among [7 8]"},
		},
		{
			"two counters at a time, and the recorder knows the processes",
			[]step{rep(100, bare(0, 101)), rep(110, bare(0, 201)), cnt(600, count(600, idA, 1)), cnt(600, count(600, idB, 1))},
			[]string{"600 ?101", "600 a1 [101] recorded", "600 ?201", "600 b1 [201] recorded"},
		},
		{
			"the recorder knows one of two: the other line is the other one's",
			[]step{rep(100, bare(0, 101)), rep(110, bare(0, 8)), cnt(600, count(600, idA, 1)), cnt(600, count(600, idB, 1))},
			[]string{"600 ?101", "600 a1 [101] recorded", "1300 ?8", "1300 b1 [8]"},
		},
		{
			"a line that is read after the counter of its container",
			[]step{cnt(600, count(600, idA, 2)), rep(900, bare(450, 101)), rep(950, full(460, idA, 7))},
			[]string{"900 ?101", "900 a1 [101] recorded", "950 7"},
		},
		{
			"a container that was gone before its counter was read",
			[]step{rep(100, bare(0, 101)), cnt(600, count(600, idB, 1))},
			[]string{"1300 b1 []", "2100 ?101", "2100 a1 [101] recorded"},
		},
		{
			"its counter comes late",
			[]step{rep(100, bare(0, 101)), cnt(2500, count(900, idA, 1))},
			[]string{"2100 ?101", "2100 a1 [101] recorded"},
		},
		{
			"a group of which the recorder knows one",
			[]step{rep(100, bare(0, 101, 9, 10)), cnt(600, count(600, idA, 4))},
			[]string{"600 ?101,9,10", "600 a3 [101 9 10] recorded", "1300 a1 []"},
		},
		{"a group of two containers", []step{rep(100, bare(0, 101, 201))}, []string{"2100 ?101,201"}},
		{
			"one bare line and two counters: it may be either's",
			[]step{rep(100, bare(0, 7)), cnt(600, count(600, idA, 1)), cnt(600, count(600, idB, 1))},
			[]string{"1300 ?7", "1300 a1 [] among [7]", "1300 b1 [] among [7]"},
		},
		{
			"more bare lines than the counter has kills: some are of others",
			[]step{rep(100, bare(90, 7)), rep(110, bare(100, 8)), cnt(600, count(600, idA, 1))},
			[]string{"1300 ?7", "1300 a1 [] among [7]", "2200 ?8"},
		},
		{
			"a storm over two readings of a counter: a line at the edge goes where one lacks",
			[]step{
				rep(100, bare(100, 7)), rep(500, bare(500, 8)), rep(700, bare(700, 9)), cnt(600, count(600, idA, 2)),
				rep(1500, bare(1500, 10)), cnt(1600, count(1600, idA, 2)),
			},
			[]string{"1300 ?7", "1300 ?8", "1300 a2 [7 8]", "2300 ?9", "2300 ?10", "2300 a2 [9 10]"},
		},
		{
			"full reports of the next reading of a counter",
			[]step{
				rep(300, bare(300, 7)), rep(400, bare(400, 8)), cnt(600, count(600, idA, 2)), rep(700, full(700, idA, 9)),
				rep(800, full(800, idA, 10)), rep(900, bare(900, 11)), cnt(1600, count(1600, idA, 3)),
			},
			[]string{"700 9", "800 10", "1300 ?7", "1300 ?8", "1300 a2 [7 8]", "2300 ?11", "2300 a1 [11]"},
		},
		{
			"a storm of which one line is of another program, that has no counter",
			[]step{rep(100, named(100, "java", 7)), rep(700, named(700, "sh", 8)), cnt(600, count(600, idA, 1))},
			[]string{"1300 ?7", "1300 a1 [] among [7]", "2700 ?8"},
		},
		{
			"the rest of a group that was told of already",
			[]step{rep(0, full(0, idA, 7, 8)), rep(300, bare(10, 8))},
			[]string{"0 7,8"},
		},
		{"the same number a minute later is another process", []step{rep(0, full(-60000, idA, 7)), rep(300, bare(0, 7))}, []string{"0 7", "2300 ?7"}},
		{"a counter of another container claims nothing", []step{rep(0, full(0, idA, 7)), cnt(600, count(600, idB, 1))}, []string{"0 7", "1300 b1 []"}},
		{"a report of long before is not what a counter counts", []step{rep(0, full(-4000, idA, 7)), cnt(600, count(600, idA, 1))}, []string{"0 7", "1300 a1 []"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, play(tt.steps)); diff != "" {
				t.Errorf("what is told (-want +got):\n%s", diff)
			}
		})
	}
}

// seen are the processes that the recorder of play knows, by what they are called.
var seen = map[int64]string{101: idA, 102: idA, 201: idB, 202: idB}

func play(steps []step) []string {
	m := newMatcher()
	m.owner = func(pid int64, _ string, _ time.Time) (Place, bool) {
		id, ok := seen[pid]
		return Place{Path: pod + id, ContainerID: id}, ok
	}
	var out []string
	say := func(ms int64, x matched) {
		for i := range x.reports {
			mark := ""
			if isBare(&x.reports[i]) {
				mark = "?"
			}
			text := ""
			for j, k := range x.reports[i].Killed {
				if j > 0 {
					text += ","
				}
				text += fmt.Sprint(k.PID)
			}
			out = append(out, fmt.Sprintf("%d %s%s", ms, mark, text))
		}
		for _, c := range x.counted {
			text := fmt.Sprintf("%d %s%d %v", ms, c.ContainerID[:1], c.Kills, c.PIDs)
			if c.Recorded {
				text += " recorded"
			}
			if len(c.Among) > 0 {
				text += fmt.Sprint(" among ", c.Among)
			}
			out = append(out, text)
		}
	}
	for ms := int64(0); ms <= 5000; ms += 10 {
		now := start.Add(time.Duration(ms) * time.Millisecond)
		for _, s := range steps {
			switch {
			case s.ms != ms:
			case s.report != nil:
				say(ms, m.report(now, *s.report))
			default:
				say(ms, m.rise(now, *s.count))
			}
		}
		if next := m.next(); ms%100 == 0 && !next.IsZero() && !now.Before(next) {
			say(ms, m.due(now))
		}
	}
	if !m.idle() {
		out = append(out, "something waits still")
	}
	return out
}

// TestMatchBehind has bare lines be read while the counter of their container waits for the rest of the log.
func TestMatchBehind(t *testing.T) {
	m := newMatcher()
	read := start
	m.behind = func(at time.Time) bool { return read.Before(at) }
	m.rise(start.Add(600*time.Millisecond), count(600, idA, 2))
	at := func(ms int64) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	m.report(at(1000), bare(100, 7))
	for _, ms := range []int64{1300, 3100, 3200} {
		if out := m.due(at(ms)); len(out.reports)+len(out.counted) != 0 || m.next().Before(at(ms)) {
			t.Errorf("after %d ms: %+v, and next at %s", ms, out, m.next())
		}
	}
	m.report(at(3300), bare(200, 8))
	read = at(3300)
	out := m.due(at(3400))
	if len(out.reports) != 2 || len(out.counted) != 1 || len(out.counted[0].PIDs) != 2 {
		t.Errorf("once the log is read: %+v", out)
	}
	if !m.idle() {
		t.Error("something waits still")
	}
}

// TestMatchBounded has a matcher remember no more than it may, and lose nothing all the same.
func TestMatchBounded(t *testing.T) {
	m := newMatcher()
	told := 0
	const kills = 3 * maxMatched
	for i := range int64(kills) {
		told += len(m.report(start, bare(0, i)).reports)
		m.rise(start, count(0, idA, 1))
	}
	if len(m.bare) > maxMatched || len(m.rises) > maxMatched || len(m.pids) > maxMatched {
		t.Errorf("%d bare lines, %d counters and %d processes are remembered, want at most %d", len(m.bare), len(m.rises), len(m.pids), maxMatched)
	}
	for !m.idle() {
		out := m.due(start.Add(time.Minute))
		if n := len(out.reports) + len(out.counted); n == 0 {
			t.Fatal("something waits still")
		}
		told += len(out.reports)
	}
	if told != kills {
		t.Errorf("%d reports are told of, want all %d", told, kills)
	}
}

// TestOwnLimit says of a line that no counter is left for whose limit had run out: that of the container, as for another of
// its kills of that time.
func TestOwnLimit(t *testing.T) {
	m := newMatcher()
	m.owner = func(int64, string, time.Time) (Place, bool) {
		return Place{Path: pod + idA, ContainerID: idA}, true
	}
	at := func(ms int64) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	rise := count(1000, idA, 1)
	rise.OOM = true
	got := map[int64]bool{}
	tell := func(all matched) {
		for _, k := range all.counted {
			got[k.PIDs[0]] = k.OOM
		}
	}
	tell(m.report(at(500), bare(500, 7)))
	tell(m.report(at(900), bare(900, 8)))
	tell(m.rise(at(1000), rise))
	tell(m.report(at(5000), bare(5000, 9)))
	for ms := int64(5000); ms < 9000; ms += 100 {
		tell(m.due(at(ms)))
	}
	if diff := cmp.Diff(map[int64]bool{7: true, 8: true, 9: false}, got); diff != "" {
		t.Error(diff)
	}
}
