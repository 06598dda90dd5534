package recorder

import (
	"fmt"
	"slices"
	"time"
)

// Stats say how a Recorder is.
type Stats struct {
	// Containers, Pods and Ended count what is in the ring: cgroups of containers and of pods that are present, and those
	// that are gone but younger than the ring is deep. Tasks are the processes in it.
	Containers, Pods, Ended, Tasks int
	// Refused counts the present cgroups that are not recorded, because there are more than Options.Cgroups.
	Refused int
	// Dropped counts what had to go before its time, since the start: ended cgroups and processes, the oldest first, and
	// the oldest blocks of series.
	Dropped int64
	// Ticks counts samples, Missed those that were not taken in time; they are null in a recording.
	Ticks, Missed int64
	// LastTick is how long the newest sample took.
	LastTick time.Duration
	// RingBytes is what the ring holds, OpenFiles how many files are kept open.
	RingBytes, OpenFiles int
	// Faults are what can't be seen at present, in words.
	Faults []string
}

// The faults.
const (
	faultFiles = iota
	faultRead
	faultTree
	faultTasks
	faults
)

var faultWords = [faults]string{
	faultFiles: "too few files may be open (raise the limit of open files): some cgroups are not read",
	faultRead:  "some files of cgroups can't be read",
	faultTree:  "some directories of cgroups can't be read",
	faultTasks: "processes of containers can't be seen (hostPID: true and the node's /proc are needed)",
}

// note keeps a fault, and logs it where it was not there. Faults are forgotten every minute, so that only what lasts is told.
func (r *Recorder) note(kind int, err error) {
	r.mu.Lock()
	before := r.fault[kind]
	r.fault[kind] = err
	r.mu.Unlock()
	if before == nil {
		r.o.Log.Warn("flight recorder", "fault", faultWords[kind], "err", err)
	}
}

// forgetTicks is how often faults are forgotten, in samples.
const forgetTicks = 60

// Stats returns how the Recorder is.
func (r *Recorder) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.count
	usage := r.arena.Usage()
	s.Dropped += usage.Dropped
	s.RingBytes = usage.Used
	s.Ended = len(r.ended)
	for _, list := range [][]*cgroup{r.live, r.ended} {
		for _, c := range list {
			s.Tasks += len(c.tasks)
		}
	}
	for _, c := range r.live {
		if c.isPod() {
			s.Pods++
		} else {
			s.Containers++
		}
	}
	s.Faults = slices.Clone(s.Faults)
	for kind, err := range r.fault {
		if err != nil {
			s.Faults = append(s.Faults, fmt.Sprintf("%s: %v", faultWords[kind], err))
		}
	}
	if s.Refused > 0 {
		s.Faults = append(s.Faults, fmt.Sprintf("%d cgroups are not recorded: more than %d are there", s.Refused, r.maxLive))
	}
	if s.Ticks > 0 && s.Containers+s.Pods == 0 {
		s.Faults = append(s.Faults, fmt.Sprintf("no cgroups of pods below %s: there are none yet, or it is not the node's", r.o.CgroupRoot))
	}
	return s
}
