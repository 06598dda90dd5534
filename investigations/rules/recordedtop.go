package rules

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

// reading is what a flight recorder saw of one process: its first and its last reading, and the command line that one of
// them says; empty where none does.
type reading struct {
	first, last investigations.RecorderTop
	command     string
}

// grown is by how much the process grew while it was seen. One that was not among the largest when the readings began
// brought all that it holds.
func (r reading) grown(began time.Time) int64 {
	if r.first.At.Sub(began) > newcomer {
		return r.last.RSSBytes
	}
	return r.last.RSSBytes - r.first.RSSBytes
}

// newcomer is how long after the first readings a process is one that was not there before: the recorder looks every few
// seconds. lateReading is how old the last reading of a process may be that was there at the end.
const newcomer, lateReading = 15 * time.Second, 15 * time.Second

// recordedTop names the process of the judged container that grew most before the kill, by the recorder's word; where
// none grew much, the largest.
func (s *scene) recordedTop() string {
	if text := s.recordedGrower(s.target.Namespace, s.target.Pod, s.subjectContainer); text != "" {
		return text
	}
	if largest, _, _ := s.readings(s.target.Namespace, s.target.Pod, s.subjectContainer); largest != nil {
		return fmt.Sprintf("; the largest process was %s with %s", largest.words(), bytesOf(float64(largest.last.RSSBytes)))
	}
	return ""
}

// recordedGrower names the process of a container, or of all of a pod, that grew most before the kill; empty where none
// grew much.
func (s *scene) recordedGrower(namespace, pod, container string) string {
	r := s.grower(namespace, pod, container)
	if r == nil {
		return ""
	}
	_, _, began := s.readings(namespace, pod, container)
	from := "from " + bytesOf(float64(r.first.RSSBytes))
	if r.first.At.Sub(began) > newcomer {
		from = "from not among the largest"
	}
	return fmt.Sprintf("; the process that grew most was %s, %s to %s", r.words(), from, bytesOf(float64(r.last.RSSBytes)))
}

// grower returns the process that grew most, by no little against the limit and against the largest; nil where none did.
func (s *scene) grower(namespace, pod, container string) *reading {
	largest, grew, began := s.readings(namespace, pod, container)
	if grew == nil {
		return nil
	}
	least := float64(largest.last.RSSBytes)
	if s.view == nil { // the limit is the container's, or its pod's
		least = math.Max(s.limitBytes, least)
	}
	if by := grew.grown(began); by <= 0 || float64(by) < 0.1*least {
		return nil
	}
	return grew
}

// readings returns the processes of a container, or of all of a pod, that were the largest and that grew most, among those
// that were there at the kill, and when the readings began; nil where there are none.
func (s *scene) readings(namespace, pod, container string) (largest, grew *reading, began time.Time) {
	seen := map[int64]*reading{}
	var ended time.Time
	for _, r := range s.ev.Metrics.Recorder {
		for _, t := range r.Top {
			if t.Namespace != "" && t.Namespace != namespace || t.Pod != pod || container != "" && t.Container != container || t.At.After(s.at) {
				continue
			}
			if began.IsZero() || t.At.Before(began) {
				began = t.At
			}
			if t.At.After(ended) {
				ended = t.At
			}
			x := seen[t.PID]
			if x == nil {
				x = &reading{first: t, last: t}
				seen[t.PID] = x
			}
			x.take(t)
		}
	}
	for _, x := range seen {
		if ended.Sub(x.last.At) > lateReading {
			continue // it ended before
		}
		if largest == nil || better(x.last.RSSBytes, largest.last.RSSBytes, x, largest) {
			largest = x
		}
		if grew == nil || better(x.grown(began), grew.grown(began), x, grew) {
			grew = x
		}
	}
	return largest, grew, began
}

// take adds a reading of the process.
func (r *reading) take(t investigations.RecorderTop) {
	if t.At.Before(r.first.At) {
		r.first = t
	}
	if !t.At.Before(r.last.At) {
		r.last = t
	}
	if t.Command != "" {
		r.command = t.Command
	}
}

// better ranks processes by a number of theirs; the order of a map is no order.
func better(a, b int64, x, y *reading) bool {
	return a > b || a == b && x.last.PID < y.last.PID
}

// longestCommand is how much of a command line a sentence has room for, in bytes.
const longestCommand = 120

// words name the process, with its number and how it was started.
func (r *reading) words() string {
	var more []string
	if r.last.PID != 0 {
		more = append(more, fmt.Sprintf("pid %d", r.last.PID))
	}
	if r.command != "" {
		more = append(more, "started as "+investigations.WithoutCitations(investigations.Quote(redact.Text(r.command), longestCommand)))
	}
	name := investigations.CleanText(r.last.Comm, 32)
	if len(more) == 0 {
		return name
	}
	return name + " (" + strings.Join(more, ", ") + ")"
}

// readingNear is how long before a kill a process was read at the most that is still the one of that number.
const readingNear = time.Minute

// recordedOwner returns the pod, as namespace/name, in which the flight recorder of the node saw the process of a row
// shortly before the kill; empty where it did not.
func (s *scene) recordedOwner(t investigations.KernelTask) string {
	if x := s.recordedRow(t); x.Pod != "" {
		return x.Namespace + "/" + x.Pod
	}
	return ""
}

// recordedRow returns the last reading of the process of a row of the kernel's table shortly before the kill; the zero
// reading where there is none.
func (s *scene) recordedRow(t investigations.KernelTask) (found investigations.RecorderTop) {
	for _, r := range s.ev.Metrics.Recorder {
		if r.Node != s.node {
			continue
		}
		for _, x := range r.Top {
			if x.PID != t.PID && x.PID != t.TGID || x.Comm != t.Comm || x.Pod == "" || x.Namespace == "" {
				continue
			}
			if x.At.After(s.at.Add(time.Second)) || s.at.Sub(x.At) > readingNear || x.At.Before(found.At) {
				continue
			}
			found = x
		}
	}
	return found
}

// recordedContainer returns which of a pod's containers rose by most, where what is known of the pod rests on the recorder;
// else "".
func (s *scene) recordedContainer(h *holder, of []investigations.Container) string {
	if h.climb == nil {
		return ""
	}
	best, most := "", 0.0
	for _, c := range of {
		if r := s.climbOf(h.pod.Namespace, h.pod.Name, c.Name); r != nil && r.growth() > most {
			best, most = c.Name, r.growth()
		}
	}
	return best
}
