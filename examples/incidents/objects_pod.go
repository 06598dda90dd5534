package incidents

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// podObject renders a pod as Kubernetes knows it at the end of the recording.
func (s *scene) podObject(p *pod) corev1.Pod {
	m := s.meta(p.ns, p.name, p.uid, p.created)
	m.OwnerReferences = p.w.owner(p.rev)
	m.Labels = maps.Clone(p.rev.template.Labels)
	switch p.w.kind {
	case "deployment":
		m.Labels["pod-template-hash"] = p.rev.hash
	case "statefulset", "daemonset":
		if len(p.w.revisions) > 1 {
			m.Labels["controller-revision-hash"] = p.rev.name
		}
	case "job":
		m.Labels["batch.kubernetes.io/job-name"] = p.w.name
	}
	if len(p.annotations) > 0 {
		m.Annotations = p.annotations
	}
	if !p.deleted.IsZero() {
		at := metav1.NewTime(p.deleted)
		m.DeletionTimestamp, m.DeletionGracePeriodSeconds = &at, p.spec.TerminationGracePeriodSeconds
	}
	spec := *p.spec.DeepCopy()
	spec.NodeName = p.node.name
	started := metav1.NewTime(p.created)
	o := corev1.Pod{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, ObjectMeta: m, Spec: spec,
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, QOSClass: p.qos(), StartTime: &started, HostIP: p.node.ip, PodIP: p.ip,
			Reason: p.reason, Message: p.message,
		},
	}
	ready := s.containerStatuses(p, &o.Status)
	o.Status.Conditions = append(s.podConditions(p, ready), p.conditions...)
	if p.phase != "" {
		o.Status.Phase = p.phase
	}
	return o
}

// containerStatuses fills in the states of the pod's containers and returns since when all are ready; zero where
// they are not.
func (s *scene) containerStatuses(p *pod, status *corev1.PodStatus) time.Time {
	since := p.created.Add(time.Second)
	for _, c := range p.containers {
		st := s.containerStatus(c)
		if c.init {
			status.InitContainerStatuses = append(status.InitContainerStatuses, st)
			continue
		}
		status.ContainerStatuses = append(status.ContainerStatuses, st)
		switch run := st.State.Running; {
		case run == nil:
			since = time.Time{}
		case !since.IsZero() && run.StartedAt.Add(8*time.Second).After(since):
			since = run.StartedAt.Add(8 * time.Second)
		}
	}
	return since
}

func (s *scene) podConditions(p *pod, ready time.Time) []corev1.PodCondition {
	cond := func(t corev1.PodConditionType, ok bool, at time.Time) corev1.PodCondition {
		c := corev1.PodCondition{Type: t, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(at)}
		if !ok {
			c.Status, c.Reason, c.Message = corev1.ConditionFalse, "ContainersNotReady", "containers with unready status"
		}
		return c
	}
	at := ready
	if at.IsZero() {
		at = s.at
	}
	return []corev1.PodCondition{
		cond(corev1.PodScheduled, true, p.created), cond(corev1.PodInitialized, true, p.created.Add(time.Second)),
		cond(corev1.ContainersReady, !ready.IsZero(), at), cond(corev1.PodReady, !ready.IsZero(), at),
	}
}

// containerStatus derives the status from the lives up to the end of the recording.
func (s *scene) containerStatus(c *container) corev1.ContainerStatus {
	image := c.spec.Image
	repository, _, _ := strings.Cut(image, ":")
	st := corev1.ContainerStatus{Name: c.spec.Name, Image: image, ImageID: repository + "@sha256:" + s.hex(64)}
	no, yes := false, true
	st.Started = &no
	if len(c.lives) == 0 {
		st.State.Waiting = &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}
		if c.waiting != "" {
			st.State.Waiting = &corev1.ContainerStateWaiting{Reason: c.waiting, Message: c.waitingMessage}
		}
		return st
	}
	l := c.last()
	prefix := s.plat.runtime
	st.ContainerID = prefix + "://" + l.id
	st.RestartCount = int32(len(c.lives) - 1)
	ended := func(l *life) *corev1.ContainerStateTerminated {
		return &corev1.ContainerStateTerminated{
			Reason: l.reason, ExitCode: l.exit, Message: l.message, ContainerID: prefix + "://" + l.id,
			StartedAt: metav1.NewTime(l.start), FinishedAt: metav1.NewTime(l.end.Truncate(time.Second).Add(s.lag)),
		}
	}
	switch {
	case l.end.IsZero():
		st.State.Running = &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(l.start)}
		st.Ready, st.Started = true, &yes
		if len(c.lives) > 1 {
			st.LastTerminationState.Terminated = ended(c.lives[len(c.lives)-2])
		}
	case c.waiting != "":
		st.State.Waiting = &corev1.ContainerStateWaiting{Reason: c.waiting, Message: c.waitingMessage}
		st.LastTerminationState.Terminated = ended(l)
	default:
		st.State.Terminated = ended(l)
	}
	return st
}

// event adds an event about a pod's container (or the pod, where container is empty).
func (s *scene) event(p *pod, container string, at time.Time, kind, reason, message string, count int32) {
	e := s.newEvent(p.ns, p.name, at, kind, reason, message, count)
	e.InvolvedObject = corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: p.ns, Name: p.name, UID: uid(p.uid)}
	if container != "" {
		e.InvolvedObject.FieldPath = "spec.containers{" + container + "}"
	}
	e.Source.Host = p.node.name
	s.events = append(s.events, e)
}

// nodeEvent adds an event about a node.
func (s *scene) nodeEvent(n *node, at time.Time, reason, message string) {
	e := s.newEvent("default", n.name, at, "Warning", reason, message, 1)
	e.InvolvedObject = corev1.ObjectReference{APIVersion: "v1", Kind: "Node", Name: n.name, UID: uid(n.name)}
	e.Source.Host = n.name
	s.events = append(s.events, e)
}

// everydayEvents are those that any container leaves that is started again.
func (s *scene) everydayEvents() {
	for _, p := range s.pods {
		if p.node != s.node || len(p.containers) == 0 || !p.gone.IsZero() {
			continue
		}
		c := p.main()
		if n := len(c.lives); n > 1 && c.last().end.IsZero() && c.last().start.After(s.ago(time.Hour)) && s.rng.IntN(3) > 0 {
			at := c.last().start
			s.event(p, c.spec.Name, at.Add(-time.Second), "Normal", "Pulled", fmt.Sprintf("Container image %q already present on machine", c.spec.Image), int32(n))
			s.event(p, c.spec.Name, at, "Normal", "Started", "Started container "+c.spec.Name, int32(n))
		}
		if c.waiting == "CrashLoopBackOff" {
			s.event(p, c.spec.Name, s.to, "Warning", "BackOff", fmt.Sprintf("Back-off restarting failed container %s in pod %s_%s(%s)", c.spec.Name, p.name, p.ns, p.uid), int32(len(c.lives)))
		}
	}
}

// newEvent makes an event whose last occurrence was at a moment; earlier ones lie ten seconds apart.
func (s *scene) newEvent(ns, name string, at time.Time, kind, reason, message string, count int32) corev1.Event {
	first := at.Add(-time.Duration(count-1) * 10 * time.Second)
	if s.texture.eventSeries {
		e := corev1.Event{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Event"},
			ObjectMeta: s.meta(ns, name+"."+s.hex(16), s.uid(), first),
			Reason:     reason, Message: message, Type: kind, EventTime: metav1.NewMicroTime(first), Action: reason,
			ReportingController: "kubelet", ReportingInstance: s.node.name,
		}
		if count > 1 {
			e.Series = &corev1.EventSeries{Count: count, LastObservedTime: metav1.NewMicroTime(at)}
		}
		return e
	}
	return corev1.Event{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Event"},
		ObjectMeta: s.meta(ns, name+"."+s.hex(16), s.uid(), first),
		Reason:     reason, Message: message, Type: kind, Count: count,
		FirstTimestamp: metav1.NewTime(first), LastTimestamp: metav1.NewTime(at),
		Source: corev1.EventSource{Component: "kubelet"}, ReportingController: "kubelet",
	}
}

// jsonOf marshals a value.
func jsonOf(v any) ([]byte, error) { return json.Marshal(v) }

// withPatch is a template with the marker that controller revisions carry.
func withPatch(t corev1.PodTemplateSpec) map[string]any {
	return map[string]any{"metadata": t.ObjectMeta, "spec": t.Spec, "$patch": "replace"}
}

// bump names the next release of an image.
func bump(image string) string {
	i := strings.LastIndexAny(image, ".:")
	var n int
	if _, err := fmt.Sscanf(image[i+1:], "%d", &n); err != nil {
		return image + "-1"
	}
	return fmt.Sprintf("%s%d", image[:i+1], n+1)
}
