package incidents

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// pod is one pod with what became of it.
type pod struct {
	ns, name, uid, ip string
	w                 *workload
	rev               *revision
	node              *node
	// spec is the pod's own copy of the template, so that admission may change it.
	spec        corev1.PodSpec
	annotations map[string]string
	created     time.Time
	// gone is when the object was removed; zero where it is still there.
	gone time.Time
	// deleted is its deletionTimestamp; zero where none.
	deleted time.Time
	// phase, reason and message replace the status that follows from the containers.
	phase           corev1.PodPhase
	reason, message string
	conditions      []corev1.PodCondition
	containers      []*container
	sandbox         int // pid of the pause process
	// noMetrics says that no metrics were recorded for it.
	noMetrics bool
}

// container is one container of a pod.
type container struct {
	pod   *pod
	spec  *corev1.Container
	init  bool
	lives []*life
	// waiting replaces the state after the last life.
	waiting        string
	waitingMessage string
	// limits is the limit in force over time where it changed; nil means the spec's.
	limits curve
	// extraKills raise the counter of kills without ending a life.
	extraKills []time.Time
	// bare says that its programs have no page cache and next to no memory of the kernel.
	bare bool
}

// life is one run of a container. Nil curves mean the default of a small service.
type life struct {
	c  *container
	id string
	// pid is that of the container's first process.
	pid        int
	start, end time.Time
	reason     string
	message    string
	exit       int32
	anon       curve
	// cold is page cache that can be dropped, hot what is mapped and active, shmem tmpfs.
	cold, hot, shmem curve
	// slab, sock and tables are kernel memory charged to the container.
	slab, sock, tables curve
	// noise is how far samples scatter, relative to the value; negative means none.
	noise float64
}

// memory is what a cgroup holds at one moment, in bytes.
type memory struct {
	anon, cold, hot, shmem     int64
	slab, sock, tables, kstack int64
}

// usage is what the cgroup is charged with.
func (m memory) usage() int64 { return m.anon + m.file() + m.kernel() }

// file is page cache, tmpfs included, as the kernel counts it.
func (m memory) file() int64 { return m.cold + m.hot + m.shmem }

// kernel is memory of the kernel on behalf of the cgroup.
func (m memory) kernel() int64 { return m.slab + m.sock + m.tables + m.kstack }

// workingSet is usage without the inactive page cache.
func (m memory) workingSet() int64 { return m.usage() - m.cold }

// add sums two cgroups up.
func (m memory) add(o memory) memory {
	return memory{
		m.anon + o.anon, m.cold + o.cold, m.hot + o.hot, m.shmem + o.shmem,
		m.slab + o.slab, m.sock + o.sock, m.tables + o.tables, m.kstack + o.kstack,
	}
}

// at is the life's memory at a moment.
func (l *life) at(t time.Time) memory {
	v := func(c curve, def int64) int64 {
		if c == nil {
			return def
		}
		return int64(c(t)) / pageSize * pageSize
	}
	m := memory{
		anon: v(l.anon, 0), cold: v(l.cold, l.c.cache(4*mib)), hot: v(l.hot, l.c.cache(6*mib)), shmem: v(l.shmem, 0),
		slab: v(l.slab, l.c.overhead()/2), sock: v(l.sock, 4*kib), kstack: 32 * 1024,
	}
	m.tables = v(l.tables, max(32*kib, m.anon/450)) / pageSize * pageSize
	return m
}

// cache is a default amount of page cache.
func (c *container) cache(usual int64) int64 {
	if c.bare {
		return 0
	}
	return usual
}

// overhead is the kernel's usual memory for a container, in bytes.
func (c *container) overhead() int64 {
	if c.bare {
		return 128 * kib
	}
	return max(c.limit()/90, 2*mib) / pageSize * pageSize
}

// limit is the memory limit of the spec; 0 where there is none.
func (c *container) limit() int64 { return c.spec.Resources.Limits.Memory().Value() }

// request is the memory request of the spec; 0 where there is none.
func (c *container) request() int64 { return c.spec.Resources.Requests.Memory().Value() }

// room is the anonymous memory at which the container's usage meets a limit.
func (c *container) room(limit int64) float64 {
	rest := (&life{c: c}).at(time.Time{})
	anon := float64(limit - rest.usage() + rest.tables)
	return anon * 450 / 451 // page tables grow with it
}

// addPod makes a pod of a workload's revision on a node. Its containers have no lives yet.
func (s *scene) addPod(w *workload, r *revision, n *node, created time.Time) *pod {
	p := &pod{
		ns: w.ns, uid: s.uid(), ip: fmt.Sprintf("10.1.0.%d", 4+s.rng.IntN(250)), w: w, rev: r, node: n,
		spec: *r.template.Spec.DeepCopy(), created: created, sandbox: s.freshPID(),
	}
	switch w.kind {
	case "deployment":
		p.name = r.name + "-" + s.suffix(5)
	case "statefulset":
		ordinal := 0
		for _, o := range s.pods {
			if o.w == w && o.gone.IsZero() {
				ordinal++
			}
		}
		p.name = fmt.Sprintf("%s-%d", w.name, ordinal)
	case "":
		p.name = w.name
	default:
		p.name = w.name + "-" + s.suffix(5)
	}
	p.annotations = map[string]string{}
	for k, v := range r.template.Annotations {
		p.annotations[k] = v
	}
	for i := range p.spec.InitContainers {
		p.containers = append(p.containers, &container{pod: p, spec: &p.spec.InitContainers[i], init: true})
	}
	for i := range p.spec.Containers {
		p.containers = append(p.containers, &container{pod: p, spec: &p.spec.Containers[i]})
	}
	s.pods = append(s.pods, p)
	return p
}

// main is the pod's first app container, and named the one of a name.
func (p *pod) main() *container { return p.named(p.spec.Containers[0].Name) }

func (p *pod) named(name string) *container {
	for _, c := range p.containers {
		if c.spec.Name == name {
			return c
		}
	}
	return nil
}

// run gives a container its next life. A zero end means that it still runs at the end of the recording.
func (s *scene) run(c *container, start, end time.Time, anon curve) *life {
	l := &life{c: c, id: s.hex(64), pid: s.freshPID(), start: start, end: end, anon: anon}
	c.lives = append(c.lives, l)
	return l
}

// living is the life that runs at a moment, or nil.
func (c *container) living(t time.Time) *life {
	for _, l := range c.lives {
		if !t.Before(l.start) && (l.end.IsZero() || t.Before(l.end)) {
			return l
		}
	}
	return nil
}

// last is the container's latest life; prior the one before it.
func (c *container) last() *life { return c.lives[len(c.lives)-1] }

// at is what a pod holds at a moment: the sum over its containers.
func (p *pod) at(t time.Time) memory {
	var m memory
	for _, c := range p.containers {
		if l := c.living(t); l != nil {
			m = m.add(l.at(t))
		}
	}
	return m
}

// limit is the limit of the pod's cgroup: the pod-level one, else the sum where every container has one, else 0.
func (p *pod) limit() int64 {
	if p.spec.Resources != nil && !p.spec.Resources.Limits.Memory().IsZero() {
		return p.spec.Resources.Limits.Memory().Value()
	}
	var sum int64
	for _, c := range p.containers {
		if c.init && !c.sidecar() {
			continue
		}
		if c.limit() == 0 {
			return 0
		}
		sum += c.limit()
	}
	return sum
}

// sidecar says that it is a native sidecar: an init container that keeps running.
func (c *container) sidecar() bool {
	return c.init && c.spec.RestartPolicy != nil && *c.spec.RestartPolicy == corev1.ContainerRestartPolicyAlways
}
