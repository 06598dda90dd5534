package agents

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory/nodes"
)

// The names of the alerts, as who mutes them writes them.
const (
	nameOOMKilled = "OOMKilled"
	nameOOMD      = "SystemdOOMDKilled"
	nameEarlyOOM  = "EarlyOOMKilled"
	nameEvicted   = "Evicted"
)

// coveredWithin is how far a counted kill and the kernel's report of it may be apart.
const coveredWithin = 5 * time.Second

// killing is one kill of a report before it is an alert.
type killing struct {
	bot.Kill
	// name is that of the alert; what is killed, in words, where no process is named.
	name, what string
	// id tells it from all others of the node: what is in it stays the same when it is told again.
	id []string
	// when is its time, once that is settled; told is what the node says, by its own clock. It is zero where it says none.
	when func() time.Time
	told time.Time
	// ahead is how far the node's clock is ahead, where its times were corrected by that.
	ahead time.Duration
	// shared says that counters tell of it together with others, and not which is whose.
	shared bool
	// outside says that the kernel names its cgroup, which is of no pod.
	outside bool
}

// killings returns the kills of a report. Its times are not settled yet: what tells a kill apart must not depend on when
// it was received.
func killings(r *investigations.NodeReport) []*killing {
	var out []*killing
	for i := range r.Reports {
		if k := kernelKill(r, i); k != nil {
			out = append(out, k)
		}
	}
	for i := range r.Counted {
		c := &r.Counted[i]
		id := []string{c.At.UTC().Format(time.RFC3339Nano), "counted", c.PodUID, c.ContainerID, c.Path}
		if c.Recorded { // of one rise, some may be placed and others counted
			id = append(id, "recorded", fmt.Sprint(c.PIDs))
		}
		out = append(out, &killing{
			Kill: bot.Kill{
				PodUID: c.PodUID, ContainerID: c.ContainerID, Boundary: boundaryOf(c), Counted: true, Within: within(c),
			},
			name: nameOOMKilled, what: "a process",
			id:   id,
			when: func() time.Time { return c.At }, told: c.At,
		})
	}
	for i := range r.UserKills {
		u := &r.UserKills[i]
		name, what := userKill(u.Killer)
		if name == "" || u.PodUID == "" {
			continue
		}
		out = append(out, &killing{
			Kill: bot.Kill{PodUID: u.PodUID, ContainerID: u.ContainerID, PID: u.PID, Comm: u.Comm, Boundary: investigations.BoundaryUnknown},
			name: name, what: what,
			id:   []string{u.At.UTC().Format(time.RFC3339Nano), u.Killer, u.PodUID, strconv.FormatInt(u.PID, 10)},
			when: func() time.Time { return u.At }, told: u.At,
		})
	}
	recorded := recordedPods(r)
	for _, k := range out {
		k.Node, k.BootID, k.Seq, k.Recorded = r.Node, r.BootID, r.Seq, recorded[k.PodUID]
	}
	return out
}

// recordedPods are the uids of the pods that a report's recording has values of.
func recordedPods(r *investigations.NodeReport) map[string]bool {
	if r.Recorder == nil {
		return nil
	}
	out := map[string]bool{}
	for i := range r.Recorder.Series {
		if s := &r.Recorder.Series[i]; s.PodUID != "" && len(s.Values) > 0 {
			out[s.PodUID] = true
		}
	}
	return out
}

// mostWithin bounds how long before it was counted a kill may have been: counters are read once a second.
const mostWithin = time.Minute

func within(c *investigations.CountedKill) time.Duration {
	return time.Duration(min(max(c.WithinMS, 0), mostWithin.Milliseconds())) * time.Millisecond
}

// kernelKill returns the kill of a report of the kernel; nil where it is of none, or was somebody's sysrq.
func kernelKill(r *investigations.NodeReport, i int) *killing {
	k := &r.Reports[i]
	if k.Kind == investigations.KernelManual || len(k.Killed) == 0 {
		return nil
	}
	moment := nodes.Moment(k)
	if moment == "" {
		moment = strconv.FormatInt(r.Seq, 10) + "-" + strconv.Itoa(i)
	}
	victim := k.Killed[0]
	out := &killing{
		Kill: bot.Kill{
			PodUID: k.PodUID, ContainerID: k.ContainerID, PID: victim.PID, Comm: victim.Comm, Boundary: k.Boundary, Kernel: true,
		},
		name: nameOOMKilled, id: []string{moment, strconv.FormatInt(victim.PID, 10)},
		when: func() time.Time { return *k.At },
	}
	if k.At != nil {
		out.told = *k.At
	}
	out.outside = k.TaskMemcg != "" && k.PodUID == ""
	out.place(r.Counted)
	return out
}

// boundaryOf is whose limit ran out where a counter of kills rose: with the cgroup's own limit it is that of the container.
func boundaryOf(c *investigations.CountedKill) investigations.Boundary {
	switch {
	case c.OOM && c.ContainerID != "":
		return investigations.BoundaryContainer
	case c.OOM && c.PodUID != "":
		return investigations.BoundaryPod
	}
	return investigations.BoundaryUnknown
}

func userKill(killer string) (name, what string) {
	switch killer {
	case investigations.UserKillSystemdOOMD:
		return nameOOMD, "a cgroup"
	case investigations.UserKillEarlyOOM:
		return nameEarlyOOM, "a process"
	case investigations.UserKillKubeletEviction:
		return nameEvicted, "a pod"
	}
	return "", ""
}

// place gives a bare kill line, which names no cgroup, that of the counter that rose in the same moment, or that in which the
// recorder had seen the process.
func (k *killing) place(counted []investigations.CountedKill) {
	if k.PodUID != "" || k.PID == 0 || k.outside {
		return
	}
	for i := range counted {
		if c := &counted[i]; slices.Contains(c.PIDs, k.PID) {
			k.PodUID, k.ContainerID = c.PodUID, c.ContainerID
			if k.Boundary == investigations.BoundaryUnknown || k.Boundary == "" {
				k.Boundary = boundaryOf(c)
			}
			return
		}
	}
	k.shared = slices.ContainsFunc(counted, func(c investigations.CountedKill) bool { return slices.Contains(c.Among, k.PID) })
}

// settle gives kills the times that their report has been given, and leaves out those that were counted and of which the
// kernel told as well, and lines of which the counters tell that share them. now is what stands for a time that the report does
// not tell.
func settle(all []*killing, now time.Time) []*killing {
	for _, k := range all {
		k.At = k.when()
		k.KernelTime = k.Kernel && !k.At.Equal(now)
	}
	covered := func(k *killing) bool {
		return k.shared || slices.ContainsFunc(all, func(o *killing) bool {
			return o.Kernel && k.Counted && o.PodUID == k.PodUID && o.At.Sub(k.At).Abs() <= coveredWithin+k.Within
		})
	}
	var told []*killing
	for _, k := range all {
		if !covered(k) {
			told = append(told, k)
		}
	}
	return told
}

// alert makes an alert of a kill.
func (k *killing) alert(who *directory) bot.Alert {
	kill := k.Kill
	var target investigations.Target
	if !k.outside {
		target = who.find(&kill)
	}
	a := bot.Alert{
		Source: bot.SourceAgent, ID: k.identity(), Name: k.name, Title: title(k, target), StartsAt: kill.At, Memory: true, Kill: &kill,
	}
	switch {
	case target.Pod != "":
		a.Targets = []investigations.Target{target}
	case kill.PodUID == "":
		a.Targets = []investigations.Target{{Node: kill.Node}}
	}
	return a
}

// maxID is the length in bytes of an alert's id as a person can read it.
const maxID = 200

// identity is node/boot/moment/pid, or the hash of what is longer.
func (k *killing) identity() string {
	id := k.Node + "/" + k.BootID
	for _, part := range k.id {
		id += "/" + part
	}
	if len(id) <= maxID {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return "sha256:" + hex.EncodeToString(sum[:])
}
