package report

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"

	inv "github.com/oombot/oombot/investigations"
)

// recordedProcess returns the readings of the process of a container that grew most up to a moment, and how it is called,
// where the container has others beside it, and the process is no small part of what it came to: which worker it was.
func recordedProcess(ev *inv.Evidence, a inv.Party, at time.Time) (readings []point, name string) {
	all := recordedProcesses(ev, a, at)
	if len(all) < 2 {
		return nil, ""
	}
	grew := slices.MaxFunc(all, func(x, y recordedTask) int { return cmp.Compare(x.grown(), y.grown()) })
	least := 0.0
	for _, x := range all {
		least = max(least, 0.1*x.points[len(x.points)-1].v)
	}
	if grew.grown() < least {
		return nil, ""
	}
	return grew.points, "process " + grew.comm + " (pid " + strconv.FormatInt(grew.pid, 10) + ")"
}

// recordedTask is a process as a flight recorder saw it.
type recordedTask struct {
	pid           int64
	comm, command string
	points        []point
	// fresh says that it was not there, or not among the largest, when the recording of its container began.
	fresh bool
}

// grown is by how much it grew while it was seen; all that it came to where it was not there before.
func (t recordedTask) grown() float64 {
	last := t.points[len(t.points)-1].v
	if t.fresh {
		return last
	}
	return last - t.points[0].v
}

// lately is how far apart two readings of processes of one moment may be: the recorder looks every few seconds.
const lately = 15 * time.Second

// recordedProcesses returns the processes of a container, or of all of a pod, that a flight recorder saw shortly before a
// moment, the largest first.
func recordedProcesses(ev *inv.Evidence, a inv.Party, at time.Time) []recordedTask {
	if ev.Metrics == nil {
		return nil
	}
	tasks := map[int64]*recordedTask{}
	var first, last int64
	for _, r := range ev.Metrics.Recorder {
		for _, t := range r.Top {
			if t.Namespace != a.Namespace || t.Pod != a.Pod || a.Container != "" && t.Container != a.Container || t.At.After(at) || at.Sub(t.At) > time.Hour {
				continue
			}
			x := tasks[t.PID]
			if x == nil {
				x = &recordedTask{pid: t.PID}
				tasks[t.PID] = x
			}
			ms := t.At.UnixMilli()
			x.comm, x.command = clean(t.Comm), cmp.Or(clean(t.Command), x.command)
			x.points = append(x.points, point{ms, float64(t.RSSBytes)})
			if first == 0 || ms < first {
				first = ms
			}
			last = max(last, ms)
		}
	}
	var out []recordedTask
	for _, pid := range slices.Sorted(maps.Keys(tasks)) {
		x := *tasks[pid]
		slices.SortStableFunc(x.points, func(p, q point) int { return cmp.Compare(p.t, q.t) })
		x.fresh = x.points[0].t-first > lately.Milliseconds()
		if last-x.points[len(x.points)-1].t <= lately.Milliseconds() {
			out = append(out, x)
		}
	}
	slices.SortStableFunc(out, func(x, y recordedTask) int {
		return cmp.Compare(y.points[len(y.points)-1].v, x.points[len(x.points)-1].v)
	})
	return out
}

// recordedTasks writes the largest processes of the pod that a flight recorder saw last before the kill, where no table of
// the kernel does: of a bare kill line, or of a counter that rose.
func (p *page) recordedTasks(r *inv.Result, ev *inv.Evidence) {
	pod := r.Verdict.Culprit
	if pod == nil || pod.Pod == "" {
		pod = r.Verdict.Victim
	}
	if pod == nil || pod.Pod == "" {
		return
	}
	all := recordedProcesses(ev, inv.Party{Namespace: pod.Namespace, Pod: pod.Pod}, r.At)
	if len(all) == 0 {
		return
	}
	p.heading("PROCESSES", "of "+pod.Pod+", the last that the node agent read before the end")
	rows := [][]string{{"pid", "process", "resident", "before", ""}}
	for _, x := range all[:min(len(all), mostProcesses)] {
		was := "-"
		if !x.fresh {
			was = inv.FormatBytes(x.points[0].v)
		}
		rows = append(rows, []string{
			strconv.FormatInt(x.pid, 10), cut(x.comm, 20), inv.FormatBytes(x.points[len(x.points)-1].v), was, x.command,
		})
	}
	widths := make([]int, len(rows[0])-1)
	for _, row := range rows {
		for i := range widths {
			widths[i] = max(widths[i], width(row[i]))
		}
	}
	for i, row := range rows {
		st := plain
		if i == 0 {
			st = dim
		}
		text := "  " + padLeft(row[0], widths[0]) + "  " + pad(row[1], widths[1]) + "  " + padLeft(row[2], widths[2]) + "  " + padLeft(row[3], widths[3])
		p.line(span{cut(text+"  "+row[4], p.width), st})
	}
}
