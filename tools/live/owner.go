package live

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kubeclient"
)

// owner is the workload that a pod belongs to; the zero owner is that of a pod that stands alone.
type owner struct {
	kind, name string
	// selector chooses all pods of the workload, whatever their revision.
	selector string
}

func (o owner) ref() string {
	if o.kind == "" {
		return ""
	}
	return o.kind + "/" + o.name
}

// owner follows a pod's owners up to the one that a person deploys.
func (f *finding) owner(ctx context.Context, pod *corev1.Pod) owner {
	ref := metav1.GetControllerOf(pod)
	if ref == nil {
		return owner{}
	}
	return f.ownerNamed(ctx, strings.ToLower(ref.Kind), ref.Name)
}

func (f *finding) ownerNamed(ctx context.Context, kind, name string) owner {
	o := owner{kind: kind, name: name}
	switch r, known := kubeclient.ResourceNamed(kind + "s"); {
	case !known:
		return o // an owner that Kubernetes itself does not know: nothing more can be asked
	case r.Clustered:
		return owner{} // a static pod, whose owner is its node
	}
	object, err := f.get(ctx, kind+"s", f.ask.Namespace, name)
	if err != nil {
		if kind == "replicaset" {
			o.kind, o.name = "deployment", cutLast(name)
		}
		return o
	}
	if up := metav1.GetControllerOf(object); up != nil && (kind == "replicaset" || kind == "job") {
		o.kind, o.name = strings.ToLower(up.Kind), up.Name
	}
	o.selector = f.selectorOf(ctx, o.kind, object)
	return o
}

// selectorOf returns the selector of the pods of a workload; object is the workload, or for a Deployment one of its
// ReplicaSets, and for a CronJob one of its Jobs.
func (f *finding) selectorOf(ctx context.Context, kind string, object *kubeclient.Object) string {
	var selector *metav1.LabelSelector
	switch object.GetKind() {
	case "Deployment":
		if d, err := kubeclient.As[appsv1.Deployment](object); err == nil {
			selector = d.Spec.Selector
		}
	case "ReplicaSet":
		if s, err := kubeclient.As[appsv1.ReplicaSet](object); err == nil {
			selector = withoutHash(s.Spec.Selector)
		}
	case "StatefulSet":
		if s, err := kubeclient.As[appsv1.StatefulSet](object); err == nil {
			selector = s.Spec.Selector
		}
	case "DaemonSet":
		if d, err := kubeclient.As[appsv1.DaemonSet](object); err == nil {
			selector = d.Spec.Selector
		}
	case "Job":
		if kind == "cronjob" {
			if up := metav1.GetControllerOf(object); up != nil {
				return f.podsOfCronJob(ctx, up.Name)
			}
		}
		if j, err := kubeclient.As[batchv1.Job](object); err == nil {
			selector = j.Spec.Selector
		}
	case "CronJob":
		return f.podsOfCronJob(ctx, object.GetName())
	}
	if selector == nil {
		return ""
	}
	return metav1.FormatLabelSelector(selector)
}

// withoutHash takes off what tells the revisions of a Deployment, or of an Argo Rollout, apart.
func withoutHash(s *metav1.LabelSelector) *metav1.LabelSelector {
	if s == nil {
		return nil
	}
	s = s.DeepCopy()
	delete(s.MatchLabels, appsv1.DefaultDeploymentUniqueLabelKey)
	delete(s.MatchLabels, "rollouts-pod-template-hash")
	if len(s.MatchLabels) == 0 && len(s.MatchExpressions) == 0 {
		return nil
	}
	return s
}

// mostJobs is how many Jobs of a CronJob are looked at: history limits keep three and one by default.
const mostJobs = 20

// podsOfCronJob returns a selector for the pods of the Jobs that a CronJob still has; nothing else joins them.
func (f *finding) podsOfCronJob(ctx context.Context, cronJob string) string {
	jobs, _ := f.list(ctx, kubeclient.Query{Resource: "jobs", Namespace: f.ask.Namespace, Stale: true})
	slices.SortStableFunc(jobs, func(a, b kubeclient.Object) int { // the latest first
		return b.GetCreationTimestamp().Compare(a.GetCreationTimestamp().Time)
	})
	var names []string
	for i := range jobs {
		if up := metav1.GetControllerOf(&jobs[i]); up != nil && up.Kind == "CronJob" && up.Name == cronJob && len(names) < mostJobs {
			names = append(names, jobs[i].GetName())
		}
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	return metav1.FormatLabelSelector(&metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
		{Key: batchv1.JobNameLabel, Operator: metav1.LabelSelectorOpIn, Values: names},
	}})
}

// gone finds a pod that is not there any more: through an owner of the form of its name, its events, or its metrics.
func (f *finding) gone(ctx context.Context) error {
	found, faults := f.possibleOwners(ctx)
	f.s.Request.Target.Pod, f.s.GonePod = f.ask.Name, true
	if found.kind != "" {
		f.s.Workload, f.s.Selector = found.ref(), found.selector
		f.addPods(ctx, nil)
		f.pods = nil // theirs are other kills
	}
	events, err := f.list(ctx, kubeclient.EventsAbout(f.ask.Namespace, "Pod", f.ask.Name))
	if err != nil {
		faults = append(faults, err)
	}
	if f.successor != "" {
		events = slices.DeleteFunc(events, func(o kubeclient.Object) bool {
			e, err := kubeclient.As[corev1.Event](&o)
			return err == nil && e.InvolvedObject.UID == f.successor
		})
	}
	f.events = events
	f.s.Node = nodeOf(events)
	if f.ask.Kill != nil {
		f.s.Node = f.ask.Kill.Node
	}
	seen := found.kind != "" || len(events) > 0 || f.ask.Kill != nil
	if f.Past != nil && (f.s.Node == "" || len(events) == 0) {
		at, node, err := f.Past.LastSeen(ctx, f.ask.Namespace, f.ask.Name, f.before())
		if err != nil {
			faults = append(faults, err)
		}
		if !at.IsZero() {
			seen = true
			if f.s.Node == "" {
				f.s.Node = node
			}
			if f.s.Request.At.IsZero() && len(events) == 0 {
				f.s.Request.At = at
			}
		}
	}
	if !seen && len(faults) == 0 {
		return f.nothing(ctx)
	}
	f.addNode(ctx)
	return nil
}

// possibleOwners looks for the workloads that a pod of the target's name would belong to.
func (f *finding) possibleOwners(ctx context.Context) (owner, []error) {
	name := f.ask.Name
	set, last := cutLast(name), name[len(cutLast(name)):]
	type guess struct{ kind, name string }
	var guesses []guess
	if set != "" {
		if ordinal.MatchString(last) {
			guesses = append(guesses, guess{"statefulset", set})
		}
		guesses = append(guesses, guess{"replicaset", set}, guess{"daemonset", set}, guess{"job", set})
		if deployment := cutLast(set); deployment != "" {
			guesses = append(guesses, guess{"deployment", deployment}, guess{"cronjob", deployment}, guess{"job", deployment}) // a Job with indexes has NAME-INDEX-SUFFIX
		}
	}
	errs := make([]error, len(guesses))
	done := make(chan struct{})
	for i, g := range guesses {
		go func() { // ends with its call, whose context is ours
			_, errs[i] = f.get(ctx, g.kind+"s", f.ask.Namespace, g.name)
			done <- struct{}{}
		}()
	}
	for range guesses {
		<-done
	}
	var faults []error
	for i, g := range guesses {
		switch {
		case errs[i] == nil:
			return f.ownerNamed(ctx, g.kind, g.name), faults
		case !errors.Is(errs[i], investigations.ErrNotFound):
			faults = append(faults, errs[i])
		}
	}
	return owner{}, faults
}

var ordinal = regexp.MustCompile(`^-\d+$`)

// nothing says that there is no such thing, and what a person may have meant.
func (f *finding) nothing(ctx context.Context) error {
	ns := f.ask.Namespace
	if _, err := f.get(ctx, "namespaces", "", ns); errors.Is(err, investigations.ErrNotFound) {
		return &noTarget{text: "the cluster has no namespace " + ns}
	}
	if kind := meantKind(f.ask.Name); kind != "" && f.ask.Container != "" {
		return &noTarget{text: "namespace " + ns + " has no pod " + f.ask.Name + "; did you mean " + ns + "/" + kind + "/" + f.ask.Container + "?"}
	}
	what := "pod or workload"
	if f.ask.Kind == "pod" {
		what = "pod"
	}
	return &noTarget{text: "namespace " + ns + " has no " + what + " " + f.ask.Name +
		", and neither an owner, nor events, nor metrics tell of one that is gone"}
}

// noTarget is an error that is ErrNoTarget and says it in its own words.
type noTarget struct{ text string }

// Error says what is not there.
func (e *noTarget) Error() string { return e.text }

// Is makes it ErrNoTarget.
func (e *noTarget) Is(target error) bool { return target == ErrNoTarget }

func cutLast(s string) string { return s[:max(strings.LastIndexByte(s, '-'), 0)] }

// podName is the form of a name that a ReplicaSet gives: NAME-HASH-SUFFIX, in an alphabet without vowels
// (apimachinery's rand.SafeEncodeString).
var podName = regexp.MustCompile(`^(.+)-([bcdfghjklmnpqrstvwxz2456789]{6,10})-[bcdfghjklmnpqrstvwxz2456789]{5}$`)

// madeBy says whether a pod of that name can be one of a workload's, by the form of its name.
func madeBy(workload, pod string) bool {
	kind, name, _ := strings.Cut(workload, "/")
	rest, ok := strings.CutPrefix(pod, name+"-")
	if !ok {
		return false
	}
	switch kind {
	case "statefulset":
		return ordinal.MatchString("-" + rest)
	case "deployment", "rollout":
		m := podName.FindStringSubmatch(pod)
		return m != nil && m[1] == name
	case "cronjob":
		job, suffix, both := strings.Cut(rest, "-")
		return both && job != "" && suffix != ""
	}
	return rest != "" && !strings.Contains(rest, "-") // daemonset, replicaset, job
}

// guessWorkload reads a workload from a pod's name, where nothing better can be had.
func guessWorkload(pod string) string {
	if m := podName.FindStringSubmatch(pod); m != nil {
		return "deployment/" + m[1]
	}
	return ""
}
