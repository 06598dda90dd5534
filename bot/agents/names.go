package agents

import (
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
)

// directory is how the pods and containers of one report are called.
type directory struct {
	node string
	// pods are by their uids, containers by the uid of the pod and their own id.
	pods       map[string]investigations.Target
	containers map[[2]string]string
	// processes are by pid: the last reading of each.
	processes map[int64]investigations.NodeRecorderTop
}

// newDirectory reads who is who: the pods that the agent names, and what its recorder saw.
func newDirectory(r *investigations.NodeReport) *directory {
	d := &directory{
		node: r.Node, pods: map[string]investigations.Target{}, containers: map[[2]string]string{},
		processes: map[int64]investigations.NodeRecorderTop{},
	}
	if r.Recorder != nil {
		for _, s := range r.Recorder.Series {
			d.pod(s.PodUID, s.ContainerID, s.Namespace, s.Pod, s.Container)
		}
		for _, p := range r.Recorder.Top {
			d.pod(p.PodUID, p.ContainerID, p.Namespace, p.Pod, p.Container)
			if p.Pod != "" && p.Namespace != "" && !p.At.Before(d.processes[p.PID].At) {
				d.processes[p.PID] = p
			}
		}
	}
	for _, p := range r.Pods {
		d.pod(p.UID, "", p.Namespace, p.Name, "")
		for _, c := range p.Containers {
			d.containers[[2]string{p.UID, c.ID}] = c.Name
		}
	}
	return d
}

func (d *directory) pod(uid, id, namespace, name, container string) {
	if uid == "" || namespace == "" || name == "" {
		return
	}
	d.pods[uid] = investigations.Target{Namespace: namespace, Pod: name, Node: d.node}
	if id != "" && container != "" {
		d.containers[[2]string{uid, id}] = container
	}
}

// seenWithin is how long before a kill a process was seen by the recorder that is taken for the one that was killed, and
// seenAfter by how much the clocks of the kernel's log and the recorder may differ: numbers are given again.
const (
	seenWithin = time.Minute
	seenAfter  = 2 * time.Second
)

// find returns the target of a kill; without a pod where nothing tells it. The recorder knows a process by its pid, which
// tells the pod where neither the kernel nor a counter does.
func (d *directory) find(k *bot.Kill) investigations.Target {
	if k.PodUID != "" {
		if t, ok := d.pods[k.PodUID]; ok {
			t.Container = d.containers[[2]string{k.PodUID, k.ContainerID}]
			return t
		}
	}
	p, ok := d.processes[k.PID]
	if !ok || k.PID == 0 || p.Comm != k.Comm || k.PodUID != "" && p.PodUID != "" && p.PodUID != k.PodUID {
		return investigations.Target{}
	}
	if before := k.At.Sub(p.At); before > seenWithin || before < -seenAfter {
		return investigations.Target{}
	}
	return investigations.Target{Namespace: p.Namespace, Pod: p.Pod, Container: p.Container, Node: d.node}
}
