package kernlog

import (
	"github.com/oombot/oombot/investigations"
)

// Victim returns the row of the process that the kernel chose; nil where it is not in the table.
func Victim(r *investigations.KernelReport) *investigations.KernelTask {
	if len(r.Killed) == 0 {
		return nil
	}
	for i := range r.Tasks {
		if r.Tasks[i].PID == r.Killed[0].PID {
			return &r.Tasks[i]
		}
	}
	return nil
}

// Largest returns the row with the most memory, in RAM and swap; nil where there is no table.
func Largest(r *investigations.KernelReport) *investigations.KernelTask {
	var largest *investigations.KernelTask
	for i := range r.Tasks {
		t := &r.Tasks[i]
		if largest == nil || t.RSSPages+t.SwapentsPages > largest.RSSPages+largest.SwapentsPages {
			largest = t
		}
	}
	return largest
}

// NextVictim returns the row that the kernel would have chosen next: the highest badness among those that were
// not killed and can be. It is nil where the report does not tell.
func NextVictim(r *investigations.KernelReport) *investigations.KernelTask {
	killed := make(map[int64]bool, len(r.Killed))
	for i := range r.Killed {
		killed[r.Killed[i].PID] = true
	}
	var next *investigations.KernelTask
	for i := range r.Tasks {
		t := &r.Tasks[i]
		// The first process of the machine is never chosen either.
		if killed[t.PID] || killed[t.TGID] || t.OOMScoreAdj == never || t.PID == 1 {
			continue
		}
		if t.Badness == nil {
			return nil
		}
		if next == nil || *t.Badness > *next.Badness {
			next = t
		}
	}
	return next
}
