package live

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kubeclient"
)

// end is how a pod, or one of its containers, ended.
type end struct {
	pod  int
	at   time.Time
	rank int
}

// Ranks of an end, the higher the likelier it is what is asked about.
const (
	rankTrouble = iota + 1 // an event tells that something was stopped, or does not start
	rankOther              // ended with another status than 0
	rankEvent              // an event tells of memory, or of a pod that had to go
	rankMemory             // OOMKilled, SIGKILL, an eviction
)

// exitKilled is the exit code of a process that SIGKILL ended: 128 + 9.
const exitKilled = 137

// before is the moment up to which ends count.
func (f *finding) before() time.Time {
	if at := f.s.Request.At; !at.IsZero() {
		return at.Add(time.Minute) // clocks differ
	}
	return f.Now().Add(time.Minute)
}

// moment sets when it was killed, where nobody has said it: the latest end of the target that looks like a kill for
// memory, else the latest other one, else the present.
func (f *finding) moment(ctx context.Context) {
	if !f.s.Request.At.IsZero() {
		f.s.Request.At = f.s.Request.At.UTC()
		return
	}
	ends := f.ends()
	if !slices.ContainsFunc(ends, func(e end) bool { return e.rank == rankMemory }) {
		ends = append(ends, f.eventEnds(ctx)...)
	}
	if len(ends) == 0 {
		f.s.Request.At, f.s.NoEnd = f.silentKill(ctx)
		return
	}
	best := slices.MaxFunc(ends, compareEnds)
	f.s.Request.At = best.at.UTC()
}

// silentKill returns when a process of the target was last killed without an end of its container, as metrics tell it;
// else the present, and that it is no more than that.
func (f *finding) silentKill(ctx context.Context) (at time.Time, none bool) {
	now := f.Now().UTC().Truncate(time.Second)
	if f.Past == nil || len(f.s.Pods) == 0 {
		return now, true
	}
	names := f.s.PodNames()
	if f.s.Request.Target.Pod != "" {
		names = names[:1] // its siblings' kills are others
	}
	ctx, cancel := f.patiently(ctx)
	defer cancel()
	at, err := f.Past.LastKill(ctx, f.ask.Namespace, names, now.Add(-f.s.Request.Window), now)
	if err != nil || at.IsZero() { // what is wrong with metrics their source tells
		return now, true
	}
	return at.UTC(), false
}

func compareEnds(a, b end) int { return cmp.Or(cmp.Compare(a.rank, b.rank), a.at.Compare(b.at)) }

// latest returns the pod of the latest end, else the first one; nil where there is none.
func (f *finding) latest() *corev1.Pod {
	if len(f.pods) == 0 {
		return nil
	}
	if ends := f.ends(); len(ends) > 0 {
		return &f.pods[slices.MaxFunc(ends, compareEnds).pod]
	}
	return &f.pods[0]
}

// ends returns the ends that the pods' states tell of, up to the moment that is asked about.
func (f *finding) ends() []end {
	var out []end
	add := func(e end) {
		if e.at.Unix() > 0 && !e.at.After(f.before()) { // a runtime that does not know writes the year 1970
			out = append(out, e)
		}
	}
	for i := range f.pods {
		p := &f.pods[i]
		for _, list := range [][]corev1.ContainerStatus{
			p.Status.InitContainerStatuses, p.Status.ContainerStatuses, p.Status.EphemeralContainerStatuses,
		} {
			for j := range list {
				if c := f.s.Request.Target.Container; c != "" && list[j].Name != c {
					continue
				}
				for _, t := range []*corev1.ContainerStateTerminated{list[j].State.Terminated, list[j].LastTerminationState.Terminated} {
					if t != nil {
						add(end{pod: i, at: t.FinishedAt.Time, rank: rankOf(t)})
					}
				}
			}
		}
		at, rank := drivenOut(p)
		add(end{pod: i, at: at, rank: rank})
	}
	return slices.DeleteFunc(out, func(e end) bool { return e.rank == 0 })
}

func rankOf(t *corev1.ContainerStateTerminated) int {
	switch {
	case t.Reason == "OOMKilled", t.ExitCode == exitKilled, startKilled(t.Message):
		return rankMemory
	case t.ExitCode != 0:
		return rankOther
	}
	return 0
}

// startKilled says whether a text is runc's about its own process that was OOM-killed: a container that could not start.
func startKilled(text string) bool {
	return strings.Contains(text, "OOM-killed") || strings.Contains(text, "memory limit too low")
}

// drivenOut returns when a pod had to leave its node, and how likely it was for memory; a zero time where it did not.
// The condition stands for drains, preemptions and taints too.
func drivenOut(p *corev1.Pod) (time.Time, int) {
	var at time.Time
	for i := range p.Status.Conditions {
		if c := &p.Status.Conditions[i]; c.Type == corev1.DisruptionTarget && c.Status == corev1.ConditionTrue {
			at = c.LastTransitionTime.Time
		}
	}
	if p.Status.Reason != "Evicted" {
		return at, rankOther
	}
	if at.IsZero() {
		at = lastChange(p.ManagedFields)
	}
	if strings.Contains(p.Status.Message, "memory") {
		return at, rankMemory
	}
	return at, rankOther // for its disk, or for process ids
}

func lastChange(fields []metav1.ManagedFieldsEntry) time.Time {
	var at time.Time
	for i := range fields {
		if t := fields[i].Time; t != nil && t.After(at) {
			at = t.Time
		}
	}
	return at
}

// eventRanks are the reasons of events that tell of an end.
var eventRanks = map[string]int{
	"OOMKilling": rankEvent, "SystemOOM": rankEvent, "Evicted": rankEvent, "Preempted": rankEvent,
	"Killing": rankTrouble, "Failed": rankTrouble, "BackOff": rankTrouble, "FailedCreatePodSandBox": rankTrouble,
}

// eventEnds returns the ends that events about the target tell of. Those of a workload's pods outlive the pods; the
// pods' source reads the same, so that they cost no call of their own.
func (f *finding) eventEnds(ctx context.Context) []end {
	events := f.events
	ours := func(*corev1.Event) bool { return true }
	switch { // the pods' source tells of faults
	case f.ask.Node != "":
		events, _ = f.list(ctx, kubeclient.EventsAbout("default", "Node", f.ask.Node))
	case f.s.Request.Target.Workload != "":
		events, _ = f.list(ctx, kubeclient.EventsIn(f.ask.Namespace))
		ours = func(e *corev1.Event) bool {
			return e.InvolvedObject.Kind == "Pod" && madeBy(f.s.Workload, e.InvolvedObject.Name)
		}
	case len(events) == 0 && len(f.pods) > 0:
		events, _ = f.list(ctx, kubeclient.EventsAbout(f.ask.Namespace, "Pod", f.pods[0].Name))
	}
	var out []end
	for _, e := range kubeclient.AllAs[corev1.Event](events) {
		at, rank := eventTime(&e), eventRanks[e.Reason]
		if startKilled(e.Message) {
			rank = max(rank, rankEvent)
		}
		if rank > 0 && at.Unix() > 0 && !at.After(f.before()) && ours(&e) && f.ofContainer(&e) {
			out = append(out, end{pod: noPod, at: at, rank: rank})
		}
	}
	return out
}

// noPod is the pod of an end that an event tells of: it need not be there any more.
const noPod = -1

// ofContainer says whether an event may be about the container that is asked for.
func (f *finding) ofContainer(e *corev1.Event) bool {
	_, rest, one := strings.Cut(e.InvolvedObject.FieldPath, "{")
	return f.s.Request.Target.Container == "" || !one || strings.TrimSuffix(rest, "}") == f.s.Request.Target.Container
}

func eventTime(e *corev1.Event) time.Time {
	switch {
	case e.Series != nil && !e.Series.LastObservedTime.IsZero():
		return e.Series.LastObservedTime.Time
	case !e.LastTimestamp.IsZero():
		return e.LastTimestamp.Time
	case !e.EventTime.IsZero():
		return e.EventTime.Time
	}
	return e.CreationTimestamp.Time
}

// nodeOf returns the node whose kubelet wrote about a pod; "" where none did.
func nodeOf(events []kubeclient.Object) string {
	for _, e := range kubeclient.AllAs[corev1.Event](events) {
		if e.Source.Component == "kubelet" && e.Source.Host != "" {
			return e.Source.Host
		}
		if e.ReportingController == "kubelet" && e.ReportingInstance != "" {
			return e.ReportingInstance
		}
	}
	return ""
}

// mostPods is how many pods of a workload a subject holds.
const mostPods = 100

// addPods adds the workload's pods to the subject: first, where it is given, then those that ended the latest.
func (f *finding) addPods(ctx context.Context, first *corev1.Pod) {
	var all []corev1.Pod
	if f.s.Selector != "" {
		objects, _ := f.list(ctx, kubeclient.PodsOf(f.ask.Namespace, f.s.Selector)) // the pods' source tells of faults
		all = kubeclient.AllAs[corev1.Pod](objects)
	}
	if first != nil {
		all = slices.DeleteFunc(all, func(p corev1.Pod) bool { return p.Name == first.Name })
	} else {
		f.pods = all
	}
	latest := map[string]time.Time{}
	tmp := &finding{Resolver: f.Resolver, s: f.s, pods: all}
	for _, e := range tmp.ends() {
		if name := all[e.pod].Name; e.rank == rankMemory && e.at.After(latest[name]) {
			latest[name] = e.at
		}
	}
	slices.SortStableFunc(all, func(a, b corev1.Pod) int {
		return cmp.Or(latest[b.Name].Compare(latest[a.Name]), strings.Compare(a.Name, b.Name))
	})
	if first != nil {
		all = append([]corev1.Pod{*first}, all...)
	}
	for i := range all[:min(len(all), mostPods)] {
		f.s.Pods = append(f.s.Pods, subjectPod(&all[i]))
	}
}

func subjectPod(p *corev1.Pod) investigations.SubjectPod {
	out := investigations.SubjectPod{
		Namespace: p.Namespace, Name: p.Name, UID: string(p.UID), Node: p.Spec.NodeName, IP: p.Status.PodIP,
		Annotations: p.Annotations,
	}
	for _, list := range [][]corev1.ContainerStatus{
		p.Status.InitContainerStatuses, p.Status.ContainerStatuses, p.Status.EphemeralContainerStatuses,
	} {
		for i := range list {
			out.Containers = append(out.Containers, subjectContainer(&list[i]))
		}
	}
	for i := range out.Containers {
		out.Containers[i].Ports = namedPorts(p, out.Containers[i].Name)
	}
	return out
}

func namedPorts(p *corev1.Pod, container string) map[string]int32 {
	var ports map[string]int32
	for _, list := range [][]corev1.Container{p.Spec.InitContainers, p.Spec.Containers} {
		for i := range list {
			if list[i].Name != container {
				continue
			}
			for _, port := range list[i].Ports {
				if port.Name == "" {
					continue
				}
				if ports == nil {
					ports = map[string]int32{}
				}
				ports[port.Name] = port.ContainerPort
			}
		}
	}
	return ports
}

func subjectContainer(s *corev1.ContainerStatus) investigations.SubjectContainer {
	c := investigations.SubjectContainer{Name: s.Name, Restarts: s.RestartCount, Running: s.State.Running != nil}
	ids := []string{s.ContainerID}
	for _, t := range []*corev1.ContainerStateTerminated{s.State.Terminated, s.LastTerminationState.Terminated} {
		if t != nil {
			ids = append(ids, t.ContainerID)
			if !t.StartedAt.IsZero() {
				c.Started = append(c.Started, t.StartedAt.UTC())
			}
		}
	}
	if s.State.Running != nil && !s.State.Running.StartedAt.IsZero() {
		c.Started = append(c.Started, s.State.Running.StartedAt.UTC())
	}
	for _, id := range ids {
		_, bare, _ := strings.Cut(id, "://")
		if bare != "" && !slices.Contains(c.IDs, bare) {
			c.IDs = append(c.IDs, bare)
		}
	}
	return c
}
