package memory

import (
	"time"

	"github.com/oombot/oombot/investigations"
)

const (
	// onceWithin is how far apart two signs of one kill may be.
	onceWithin = 90 * time.Second
	// oneIncident is how far apart kills of one incident may be: within it nobody can have followed an advice, and other
	// replicas die of what the first one died of.
	oneIncident = 10 * time.Minute
)

// sameIncident says whether two kills of the same workload are too near to each other for the later one to tell what
// became of the advice to the earlier.
func sameIncident(a, b investigations.Trace) bool {
	return b.Result.At.Sub(a.Result.At).Abs() < oneIncident
}

// sameKill says whether a stored incident is the very kill of a draft, by another id: one that was investigated with
// the kernel's report and without has two.
func sameKill(d *investigations.Draft, h investigations.Head) bool {
	if d == nil || d.Result == nil {
		return false
	}
	t, o := d.Result.Target, h.Target
	return t.Pod != "" && t.Pod == o.Pod && t.Namespace == o.Namespace && (t.Container == o.Container || t.Container == "" || o.Container == "") &&
		d.Request.Cluster == h.Features.Cluster && h.At.Sub(d.Result.At).Abs() <= onceWithin
}
