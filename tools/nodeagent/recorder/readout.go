package recorder

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/nodeagent/recorder/ring"
)

// recentTicks is how long an ended container still counts among the largest of the node, and how long before the end of a
// recording each reading of a process is told.
const recentTicks = 60

// named is a cgroup of a recording.
type named struct {
	*cgroup
	namespace, podName, containerName string
}

// Recording returns what the ring holds up to now: of the cgroups that include says yes to, present or ended, pods' own among
// them; of the `largest` containers that use the most on the node; and of the pods of all these. include is asked for each
// cgroup once, without locks held; nil includes none.
//
// All series begin at the first step in which one of them has a value, and end with their own last value; series of which the
// kernel tells nothing are left out. Processes stand in the order of time: each one's first and last reading, with its command
// line, and between them those that differ from the one before, all of the last minute and one in five seconds before.
func (r *Recorder) Recording(now time.Time, include func(Container) bool, largest int) investigations.NodeRecording {
	chosen := r.name(r.choice(include, largest))
	r.mu.Lock()
	defer r.mu.Unlock()
	end := min(r.tickOf(now), r.last)
	first := end + 1
	oldest := max(end-r.depth+1, 0)
	for _, c := range chosen {
		for i := range c.ring {
			if col := &c.ring[i]; !col.Empty() {
				if last, _ := col.Last(); last >= oldest {
					first = min(first, max(r.arena.First(col), oldest))
				}
			}
		}
	}
	at := r.wall()
	rec := investigations.NodeRecording{
		Version: investigations.NodeReportVersion, Node: r.o.Node, From: at(first), To: at(end),
		Series: []investigations.NodeRecorderSeries{}, Top: []investigations.NodeRecorderTop{},
	}
	if first > end {
		rec.From = rec.To
		return rec
	}
	values := make([]int64, end-first+1)
	for _, c := range chosen {
		for i := range c.ring {
			r.arena.Read(&c.ring[i], first, values)
			if samples := scaled(values, series[i].scale); len(samples) > 0 {
				rec.Series = append(rec.Series, investigations.NodeRecorderSeries{
					Namespace: c.namespace, Pod: c.podName, Container: c.containerName, PodUID: c.pod, ContainerID: c.container,
					Name: series[i].name, Unit: series[i].unit, StepMS: r.o.Step.Milliseconds(), Values: samples,
				})
			}
		}
		for _, t := range c.tasks {
			r.arena.Read(&t.resident, first, values)
			rec.Top = appendTop(rec.Top, c, t, values, func(i int) time.Time { return at(first + int64(i)) })
		}
	}
	slices.SortStableFunc(rec.Top, func(a, b investigations.NodeRecorderTop) int { return a.At.Compare(b.At) })
	return rec
}

// wall returns what the clock says of ticks, as it is set now.
func (r *Recorder) wall() func(tick int64) time.Time {
	now := r.o.Now()
	since := now.Sub(r.start)
	return func(tick int64) time.Time {
		return now.Add(time.Duration(tick)*r.o.Step - since).Round(0).UTC().Truncate(time.Millisecond)
	}
}

// choice returns the cgroups of a recording, in the order of their paths.
func (r *Recorder) choice(include func(Container) bool, largest int) []*cgroup {
	r.mu.Lock()
	all := make([]*cgroup, 0, len(r.live)+len(r.ended))
	for _, c := range r.live {
		if c.ended == 0 {
			all = append(all, c)
		}
	}
	all = append(all, r.ended...)
	shown := make([]Container, len(all))
	recent := make([]int, 0, len(all))
	for i, c := range all {
		shown[i] = c.shown
		if !c.isPod() && (c.ended == 0 || c.ended > r.last-recentTicks) {
			recent = append(recent, i)
		}
	}
	r.mu.Unlock()

	chosen := make([]bool, len(all))
	for i := range all {
		chosen[i] = include != nil && include(shown[i])
	}
	slices.SortFunc(recent, func(a, b int) int { return cmp.Compare(shown[b].Current, shown[a].Current) })
	for _, i := range recent[:min(max(largest, 0), len(recent))] {
		chosen[i] = true
	}
	pods := map[string]bool{}
	for i, c := range all {
		if chosen[i] {
			pods[c.pod] = true
		}
	}
	var out []*cgroup
	for i, c := range all {
		if chosen[i] || c.isPod() && pods[c.pod] {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b *cgroup) int { return cmp.Compare(a.path, b.path) })
	return out
}

// name asks how the cgroups are called. A container of which no name is known (a pod's sandbox is one) goes by the first
// digits of its id: series without a container are the pod's own.
func (r *Recorder) name(list []*cgroup) []named {
	out := make([]named, len(list))
	for i, c := range list {
		n := named{cgroup: c}
		n.namespace, n.podName, n.containerName = r.o.Names(c.pod, c.container)
		if c.isPod() {
			n.containerName = ""
		} else if n.containerName == "" {
			n.containerName = c.container[:min(12, len(c.container))]
		}
		out[i] = n
	}
	return out
}

// scaled makes samples of values, up to the last that is known.
func scaled(values []int64, scale float64) investigations.Samples {
	n := len(values)
	for n > 0 && values[n-1] == ring.Missing {
		n--
	}
	out := make(investigations.Samples, n)
	for i, v := range values[:n] {
		out[i] = math.NaN()
		if v != ring.Missing {
			out[i] = float64(v) / scale
		}
	}
	return out
}

// appendTop appends the readings of a process that tell something.
func appendTop(top []investigations.NodeRecorderTop, c named, t *task, values []int64, at func(int) time.Time) []investigations.NodeRecorderTop {
	const sparse = 5
	begin := len(top)
	told, newest := -1, -1
	for i, v := range values {
		if v == ring.Missing {
			continue
		}
		newest = i
		recent := i >= len(values)-recentTicks
		if told >= 0 && (v == values[told] || !recent && i-told < sparse) {
			continue
		}
		told = i
		top = append(top, topOf(c, t, v, at(i)))
	}
	if newest < 0 {
		return top
	}
	if told != newest {
		top = append(top, topOf(c, t, values[newest], at(newest)))
	}
	top[begin].Command, top[len(top)-1].Command = t.command, t.command
	return top
}

func topOf(c named, t *task, bytes int64, at time.Time) investigations.NodeRecorderTop {
	return investigations.NodeRecorderTop{
		At: at, Namespace: c.namespace, Pod: c.podName, Container: c.containerName, PodUID: c.pod, ContainerID: c.container,
		PID: t.pid, Comm: commName(t.comm), RSSBytes: bytes,
	}
}
