package rollouts

import (
	"context"
	"fmt"
	"io/fs"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kubeclient"
)

// part is one file that is read.
type part struct {
	resource, kind string
	// managed says that the objects' managedFields are read too.
	managed bool
	// verbs are those by which a running cluster is asked for it.
	verbs []string
	read  func(ctx context.Context, r *reader, p part) kubeclient.Reading
}

func (p part) file() string { return "kubernetes/" + p.resource + ".json" }

// The verbs of parts.
var (
	onlyGet    = []string{"get"}
	onlyList   = []string{"list"}
	getAndList = []string{"get", "list"}
)

// parts are all files, in the order in which they are read. Owners come before the revisions that they own.
var parts = []part{
	{"deployments", "Deployment", true, onlyGet, each((*reader).deployment)},
	{"statefulsets", "StatefulSet", true, onlyGet, each((*reader).statefulSet)},
	{"daemonsets", "DaemonSet", true, onlyGet, each((*reader).daemonSet)},
	{"replicasets", "ReplicaSet", true, getAndList, each((*reader).replicaSet)},
	{"controllerrevisions", "ControllerRevision", true, onlyList, each((*reader).controllerRevision)},
	{"jobs", "Job", true, getAndList, each((*reader).job)},
	{"cronjobs", "CronJob", true, getAndList, each((*reader).cronJob)},
	{"configmaps", "ConfigMap", true, onlyGet, each((*reader).configMap)},
	{"horizontalpodautoscalers", "HorizontalPodAutoscaler", false, onlyList, each((*reader).hpa)},
	{"verticalpodautoscalers", "VerticalPodAutoscaler", false, onlyList, each((*reader).vpa)},
	{"priorityclasses", "PriorityClass", false, onlyList, each((*reader).priorityClass)},
	{"applications", "Application", false, getAndList, each((*reader).application)},
	{"kustomizations", "Kustomization", false, onlyGet, each((*reader).kustomization)},
	{"helmreleases", "HelmRelease", false, onlyGet, each((*reader).helmRelease)},
}

// each makes the reader of a part out of what takes one of its objects.
func each[T any](take func(r *reader, object *T, source string) error) func(context.Context, *reader, part) kubeclient.Reading {
	return func(ctx context.Context, r *reader, p part) kubeclient.Reading {
		opt := kubeclient.Options{Kind: p.kind, Managed: p.managed, Want: r.want(p)}
		return kubeclient.Read(ctx, r.fsys, p.file(), opt, func(source string, object *T) error { return take(r, object, source) })
	}
}

// reader reads one answer.
type reader struct {
	fsys  fs.FS
	large int64
	req   investigations.Request
	conv  *kubeclient.Converter
	ev    investigations.RolloutEvidence

	// looked says that at least one file was there, and anyUsable that one could be read.
	looked, anyUsable bool
	// usable holds the resources that were looked at, and missing the ones that are not there.
	usable, missing map[string]bool
	spots           []investigations.BlindSpot

	owned   map[owner][]ownedRevision
	history map[owner]history
}

// owner names a workload.
type owner struct{ namespace, kind, name string }

// ownedRevision is a revision, with what only its own object knows.
type ownedRevision struct {
	investigations.Revision
	// touched is when a controller last changed the object; zero where that is not known.
	touched time.Time
	// again says that the object stood for an earlier revision too.
	again bool
}

// history is what a workload's object knows of its latest rollout; all may be zero or empty.
type history struct {
	// name is the ControllerRevision that a StatefulSet updates to.
	name string
	// began and ended are the Progressing condition's last transition and last update, and edited is when
	// someone last changed the template.
	began, ended, edited time.Time
}

func newReader(t *Tool, req investigations.Request) *reader {
	return &reader{
		fsys: t.fsys, large: t.large, req: req, conv: kubeclient.New(),
		usable: map[string]bool{}, missing: map[string]bool{},
		owned: map[owner][]ownedRevision{}, history: map[owner]history{},
	}
}

func (r *reader) readAll(ctx context.Context) {
	for _, p := range parts {
		reading := p.read(ctx, r, p)
		r.usable[p.resource], r.missing[p.resource] = reading.Usable, reading.Missing
		r.anyUsable = r.anyUsable || reading.Usable
		if !reading.Missing {
			r.looked = true
			if reading.Why != "" {
				r.blind(reading.Why, wouldTell(p.resource))
			}
		}
	}
	for _, resource := range []string{"deployments", "statefulsets", "daemonsets", "jobs", "cronjobs"} {
		r.ev.HasWorkloads = r.ev.HasWorkloads || r.usable[resource]
	}
	r.ev.HasRevisions = r.usable["replicasets"] || r.usable["controllerrevisions"]
	r.join()
}

// want returns which items of a file are to be decoded; nil where all are.
func (r *reader) want(p part) func(raw []byte) bool {
	info, err := fs.Stat(r.fsys, p.file())
	if err != nil || info.Size() <= r.large || r.req.Target.Namespace == "" || p.resource == "priorityclasses" {
		return nil
	}
	return kubeclient.Holding([]string{r.req.Target.Namespace})
}

func (r *reader) add(w investigations.Workload, err error) error {
	if err == nil {
		r.ev.Workloads = append(r.ev.Workloads, w)
	}
	return err
}

func (r *reader) deployment(d *appsv1.Deployment, source string) error {
	h := history{edited: kubeclient.TemplateEdited(&d.ObjectMeta)}
	for i := range d.Status.Conditions {
		if c := &d.Status.Conditions[i]; c.Type == appsv1.DeploymentProgressing {
			h.began, h.ended = c.LastTransitionTime.UTC(), c.LastUpdateTime.UTC()
		}
	}
	r.history[owner{d.Namespace, "deployment", d.Name}] = h
	return r.add(r.conv.Deployment(d, source))
}

func (r *reader) statefulSet(s *appsv1.StatefulSet, source string) error {
	r.history[owner{s.Namespace, "statefulset", s.Name}] = history{
		name: s.Status.UpdateRevision, edited: kubeclient.TemplateEdited(&s.ObjectMeta),
	}
	return r.add(r.conv.StatefulSet(s, source))
}

func (r *reader) daemonSet(d *appsv1.DaemonSet, source string) error {
	r.history[owner{d.Namespace, "daemonset", d.Name}] = history{edited: kubeclient.TemplateEdited(&d.ObjectMeta)}
	return r.add(r.conv.DaemonSet(d, source))
}

func (r *reader) replicaSet(s *appsv1.ReplicaSet, source string) error {
	kind, name, _ := r.conv.Owner(&s.ObjectMeta)
	if name == "" {
		return r.add(r.conv.ReplicaSet(s, source))
	}
	rev, err := r.conv.ReplicaSetRevision(s, source)
	if err != nil {
		return err
	}
	key := owner{s.Namespace, kind, name}
	r.owned[key] = append(r.owned[key], ownedRevision{
		Revision: rev, touched: kubeclient.ControllerTouched(&s.ObjectMeta),
		again: s.Annotations[kubeclient.HistoryAnnotation] != "",
	})
	return nil
}

func (r *reader) controllerRevision(c *appsv1.ControllerRevision, source string) error {
	kind, name, _ := r.conv.Owner(&c.ObjectMeta)
	if kind != "statefulset" && kind != "daemonset" {
		return nil // another controller's, whose data is its own business
	}
	rev, err := r.conv.ControllerRevision(c, source)
	if err != nil {
		return err
	}
	key := owner{c.Namespace, kind, name}
	r.owned[key] = append(r.owned[key], ownedRevision{Revision: rev, touched: kubeclient.ControllerTouched(&c.ObjectMeta)})
	return nil
}

func (r *reader) job(j *batchv1.Job, source string) error { return r.add(r.conv.Job(j, source)) }

func (r *reader) cronJob(c *batchv1.CronJob, source string) error {
	return r.add(r.conv.CronJob(c, source))
}

func (r *reader) configMap(c *corev1.ConfigMap, source string) error {
	m, err := r.conv.ConfigMap(c, source)
	if err == nil {
		r.ev.ConfigMaps = append(r.ev.ConfigMaps, m)
	}
	return err
}

func (r *reader) scaler(a investigations.Autoscaler, err error) error {
	if err == nil {
		r.ev.Autoscalers = append(r.ev.Autoscalers, a)
	}
	return err
}

func (r *reader) hpa(h *autoscalingv2.HorizontalPodAutoscaler, source string) error {
	return r.scaler(r.conv.HPA(h, source))
}

func (r *reader) vpa(v *kubeclient.VPA, source string) error { return r.scaler(r.conv.VPA(v, source)) }

func (r *reader) priorityClass(p *schedulingv1.PriorityClass, source string) error {
	c, err := r.conv.PriorityClass(p, source)
	if err == nil {
		r.ev.Priorities = append(r.ev.Priorities, c)
	}
	return err
}

func (r *reader) gitOps(g investigations.GitOps, err error) error {
	if err == nil {
		r.ev.GitOps = append(r.ev.GitOps, g)
	}
	return err
}

func (r *reader) application(a *kubeclient.Application, source string) error {
	return r.gitOps(r.conv.Application(a, source))
}

func (r *reader) kustomization(k *kubeclient.Flux, source string) error {
	return r.gitOps(r.conv.Flux("kustomization", k, source))
}

func (r *reader) helmRelease(h *kubeclient.Flux, source string) error {
	return r.gitOps(r.conv.Flux("helmrelease", h, source))
}

func (r *reader) blind(why, tell string) {
	r.spots = append(r.spots, investigations.BlindSpot{
		Tool: investigations.ToolRollouts, Why: investigations.CleanText(why, 400), WouldTell: tell,
	})
}

func (r *reader) blindf(tell, format string, args ...any) {
	r.blind(fmt.Sprintf(format, args...), tell)
}
