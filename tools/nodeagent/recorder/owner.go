package recorder

import (
	"os"
	"strings"
	"time"
)

const (
	// ownedFor is how long before a moment a process was seen last at most to count as alive at that moment: the largest
	// of a container are looked at once in topEvery, of a calm one once in three times that, and later where there are very
	// many. A number that was given to another process since then would have to have gone round within that time.
	ownedFor = time.Minute
	// ownedSlack is how much the clocks of the kernel log and of the ring may differ.
	ownedSlack = 2 * time.Second
	// maxTaskComm is the length of a process's name (TASK_COMM_LEN of include/linux/sched.h, without the zero byte).
	maxTaskComm = 15
	// initPIDs is the init PID namespace (PROC_PID_INIT_INO of include/linux/proc_ns.h), whose numbers the kernel log has.
	initPIDs = "pid:[4026531836]"
)

// inInitPIDs says whether this process sees processes by the numbers that the kernel log gives them.
func inInitPIDs() bool {
	at, err := os.Readlink("/proc/self/ns/pid")
	return err == nil && at == initPIDs
}

// Owner returns the container in whose cgroup a process was seen last before it was killed, by its number and name in the
// kernel log and the time of the kill. It knows those that were among the largest of their container within the last
// minute, the containers that ended since among them. It is false where the number has belonged to another program since,
// and always where processes are seen by other numbers than the kernel log's: without the node's PID namespace.
func (r *Recorder) Owner(pid int64, comm string, at time.Time) (Container, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.hostPIDs || pid <= 0 || comm == "" {
		return Container{}, false
	}
	var owner *cgroup
	var last *task
	seen := int64(-1)
	for _, list := range [2][]*cgroup{r.live, r.ended} {
		for _, c := range list {
			for _, t := range c.tasks {
				if t.pid != pid {
					continue
				}
				if tick := lastOf(t); tick > seen {
					owner, last, seen = c, t, tick
				}
			}
		}
	}
	if owner == nil || !sameComm(last.comm, comm) {
		return Container{}, false
	}
	now := r.o.Now()
	moment := r.tickOf(now.Add(-now.Sub(at))) // the time of the log has no monotonic reading
	slack := ticks(ownedSlack, r.o.Step)
	switch {
	case last.born > moment+slack, moment-seen > ticks(ownedFor, r.o.Step):
		return Container{}, false
	case owner.ended > 0 && owner.ended+slack < moment: // nothing was in a cgroup that was removed
		return Container{}, false
	}
	return owner.shown, true
}

// statEscapes are those of names in /proc/PID/stat (proc_task_name in fs/proc/array.c).
var statEscapes = strings.NewReplacer("\n", `\n`, `\`, `\\`)

// sameComm says whether a name in /proc/PID/stat is that of the kernel log.
func sameComm(stat, log string) bool {
	return stat == statEscapes.Replace(log[:min(len(log), maxTaskComm)])
}

// foreign takes note that processes have other numbers here than in the kernel log.
func (r *Recorder) foreign() {
	r.mu.Lock()
	r.hostPIDs = false
	r.mu.Unlock()
	r.note(faultTasks, errForeign)
}

// Counted returns a time up to which the counters of kills of all containers were read, and Options.OnKill was told of all
// that rose; zero before the first samples.
func (r *Recorder) Counted() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.begun[0]
}
