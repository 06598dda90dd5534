package incidents

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const day = 24 * time.Hour

// someLimit is a memory limit as services have them, in bytes.
func (s *scene) someLimit() int64 { return pick[int64](s, 256, 384, 512, 768, 1024, 2048) * mib }

// service adds the workload that the incident is about, with a few older revisions that only differ in the
// image. Its current revision has been in force for weeks.
func (s *scene) service(kind string, replicas int32, request, limit int64) *workload {
	name := pick(s, apps...)
	minor, patch := 1+s.rng.IntN(9), 2+s.rng.IntN(7)
	image := func(back int) string { return fmt.Sprintf("%s:%d.%d.%d", name, 1+minor%3, minor, patch-back) }
	w := s.addWorkload(kind, pick(s, namespaces...), name, s.ago(s.dur(80*day, 120*day)),
		podSpec(box(name, image(2), request, limit)))
	w.replicas = replicas
	w.revisions[0].number = int64(1 + s.rng.IntN(30))
	w.revisions[0].created = s.ago(s.dur(60*day, 75*day))
	s.rollOut(w, s.ago(s.dur(45*day, 55*day)), func(t *corev1.PodTemplateSpec) {
		t.Spec.Containers[0].Image = "registry.example/" + image(1)
	})
	s.rollOut(w, s.ago(s.dur(25*day, 40*day)), func(t *corev1.PodTemplateSpec) {
		t.Spec.Containers[0].Image = "registry.example/" + image(0)
	})
	w.current().replicas = replicas
	return w
}

// newImage rolls a new image of the workload out, and retires the revision before.
func (s *scene) newImage(w *workload, at time.Time) *revision {
	return s.change(w, at, func(t *corev1.PodTemplateSpec) {
		c := &t.Spec.Containers[0]
		c.Image = bump(c.Image)
	})
}

// change rolls out any change of the template, and retires the revision before.
func (s *scene) change(w *workload, at time.Time, edit func(*corev1.PodTemplateSpec)) *revision {
	r := s.rollOut(w, at, edit)
	r.replicas, w.before().replicas = w.replicas, 0
	return r
}

// restartedAt is what kubectl rollout restart leaves in a template.
func restartedAt(at time.Time) func(*corev1.PodTemplateSpec) {
	return func(t *corev1.PodTemplateSpec) {
		t.Annotations = map[string]string{"kubectl.kubernetes.io/restartedAt": at.Format(time.RFC3339)}
	}
}

// oldPods places the pods of a retired revision: at a steady share of their limit since long ago, gone shortly
// after the revision that followed.
func (s *scene) oldPods(w *workload, r *revision, retired time.Time, anon func(c *container, start time.Time) curve) []*pod {
	var ps []*pod
	for i := range int(w.replicas) {
		p := s.addPod(w, r, s.nodes[i%len(s.nodes)], s.ago(s.window+s.dur(2*day, 6*day)))
		p.gone = retired.Add(s.dur(25*time.Second, 70*time.Second))
		c := p.main()
		start := p.created.Add(20 * time.Second)
		s.run(c, start, p.gone, anon(c, start))
		ps = append(ps, p)
	}
	return ps
}

// steady is memory at a fixed share of the container's limit.
func steady(share float64) func(*container, time.Time) curve {
	return func(c *container, _ time.Time) curve { return flat(share * c.room(c.limit())) }
}

// growth makes the memory of a life from its start until it would meet the limit.
type growth func(c *container, from, full time.Time) curve

// byTime leaks from a share of the room at a constant rate.
func byTime(share float64) growth {
	return func(c *container, from, full time.Time) curve {
		room := c.room(c.limit())
		return leak(share*room, room, from, full)
	}
}

// restartGap is how long the kubelet takes to start a container again.
func (s *scene) restartGap() time.Duration { return s.dur(11*time.Second, 22*time.Second) }

// mortal lets a pod's main container live n equal lives of about a length, each ended by its own limit, the
// last at end, and a further one that still runs. It moves the pod's creation to just before the first.
func (s *scene) mortal(p *pod, end time.Time, n int, long time.Duration, grow growth) {
	var lengths []time.Duration
	for range n {
		lengths = append(lengths, s.dur(long*97/100, long*103/100))
	}
	s.lifetimes(p, end, lengths, grow, s.killed)
	s.restarted(p.main(), long, grow)
}

// killed ends a life by its own limit.
func (s *scene) killed(l *life) { s.oomKill(l) }

// exits returns what ends a life by the program's own exit.
func exits(reason string, code int32) func(*life) {
	return func(l *life) { l.reason, l.exit = reason, code }
}

// lifetimes lets a pod's main container live lives of the given lengths, each ended by finish, the last at end.
// It moves the pod's creation to just before the first.
func (s *scene) lifetimes(p *pod, end time.Time, lengths []time.Duration, grow growth, finish func(*life)) {
	c := p.main()
	type span struct{ from, to time.Time }
	spans := make([]span, len(lengths))
	for i := len(lengths) - 1; i >= 0; i-- {
		spans[i] = span{end.Add(-lengths[i]), end}
		end = spans[i].from.Add(-s.restartGap())
	}
	p.created = spans[0].from.Add(-s.dur(9*time.Second, 30*time.Second))
	for _, x := range spans {
		finish(s.run(c, x.from, x.to, grow(c, x.from, x.to)))
	}
}

// someLengths are n lengths of lives, scattered between two bounds.
func (s *scene) someLengths(n int, lo, hi time.Duration) []time.Duration {
	var out []time.Duration
	for range n {
		out = append(out, s.dur(lo, hi))
	}
	return out
}

// restarted lets a container run again after its last life, until the end of the recording.
func (s *scene) restarted(c *container, long time.Duration, grow growth) *life {
	from := c.last().end.Add(s.restartGap()).Truncate(time.Second)
	return s.run(c, from, time.Time{}, grow(c, from, from.Add(long)))
}

// sibling adds another pod of a revision, that lives and is killed like the first, at its own times.
func (s *scene) sibling(w *workload, r *revision, n *node, created time.Time, long time.Duration, grow growth) *pod {
	p := s.addPod(w, r, n, created)
	c := p.main()
	from := created.Add(s.dur(9*time.Second, 30*time.Second))
	for {
		full := from.Add(s.dur(long*95/100, long*105/100))
		if full.After(s.at.Add(-s.dur(2*time.Minute, 9*time.Minute))) {
			if full.Before(s.to) { // it stays clear of the kill that this is about
				full = s.to.Add(time.Hour)
			}
			s.run(c, from, time.Time{}, grow(c, from, full))
			return p
		}
		s.oomKill(s.run(c, from, full, grow(c, from, full)))
		from = full.Add(s.restartGap())
	}
}

// managedBy is a field manager's mark on what it changed last.
func managedBy(manager, version string, at time.Time, fields string) metav1.ManagedFieldsEntry {
	t := metav1.NewTime(at)
	return metav1.ManagedFieldsEntry{
		Manager: manager, Operation: metav1.ManagedFieldsOperationUpdate, APIVersion: version, Time: &t,
		FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(fields),
	}
}
