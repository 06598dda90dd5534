package rules

import (
	"fmt"
	"math"
	"time"

	"github.com/oombot/oombot/investigations"
)

// reading is what a flight recorder saw of one process: its first and its last reading.
type reading struct {
	first, last investigations.RecorderTop
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
	seen := map[int64]*reading{}
	var began, ended time.Time
	for _, r := range s.ev.Metrics.Recorder {
		for _, t := range r.Top {
			if t.Namespace != "" && t.Namespace != s.target.Namespace || t.Pod != s.target.Pod || t.Container != s.subjectContainer || t.At.After(s.at) {
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
			if t.At.Before(x.first.At) {
				x.first = t
			}
			if !t.At.Before(x.last.At) {
				x.last = t
			}
		}
	}
	var largest, grew *reading
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
	if largest == nil {
		return ""
	}
	if by := grew.grown(began); by > 0 && float64(by) >= 0.1*math.Max(s.limitBytes, float64(largest.last.RSSBytes)) {
		from := "from " + bytesOf(float64(grew.first.RSSBytes))
		if grew.first.At.Sub(began) > newcomer {
			from = "from not among the largest"
		}
		return fmt.Sprintf("; the process that grew most was %s, %s to %s", commWords(grew.last), from, bytesOf(float64(grew.last.RSSBytes)))
	}
	return fmt.Sprintf("; the largest process was %s with %s", commWords(largest.last), bytesOf(float64(largest.last.RSSBytes)))
}

// better ranks processes by a number of theirs; the order of a map is no order.
func better(a, b int64, x, y *reading) bool {
	return a > b || a == b && x.last.PID < y.last.PID
}

func commWords(t investigations.RecorderTop) string {
	if t.PID == 0 {
		return investigations.CleanText(t.Comm, 32)
	}
	return fmt.Sprintf("%s (pid %d)", investigations.CleanText(t.Comm, 32), t.PID)
}

// readingNear is how long before a kill a process was read at the most that is still the one of that number.
const readingNear = time.Minute

// recordedOwner returns the pod, as namespace/name, in which the flight recorder of the node saw the process of a row
// shortly before the kill; empty where it did not.
func (s *scene) recordedOwner(t investigations.KernelTask) string {
	owner, at := "", time.Time{}
	for _, r := range s.ev.Metrics.Recorder {
		if r.Node != s.node {
			continue
		}
		for _, x := range r.Top {
			if x.PID != t.PID && x.PID != t.TGID || x.Comm != t.Comm || x.Pod == "" || x.Namespace == "" {
				continue
			}
			if x.At.After(s.at.Add(time.Second)) || s.at.Sub(x.At) > readingNear || x.At.Before(at) {
				continue
			}
			owner, at = x.Namespace+"/"+x.Pod, x.At
		}
	}
	return owner
}
