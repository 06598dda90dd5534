package rules

import (
	"fmt"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"github.com/oombot/oombot/investigations"
)

// kubectl builds a command line from fields, each quoted for a POSIX shell where it needs to be. A field with
// a control character gives no command at all: nobody can read what they would run.
func kubectl(args ...string) string {
	for _, a := range args {
		if a != investigations.CleanText(a, 253) || strings.HasPrefix(a, "-") && strings.ContainsAny(a, "\x00\n") {
			return ""
		}
	}
	return shellescape.QuoteCommand(append([]string{"kubectl"}, args...))
}

// setResources builds `kubectl set resources` for a workload's container; "" where the kind has no template
// that can be changed in place.
func setResources(ns, workload, container, what string) string {
	kind, _, _ := strings.Cut(workload, "/")
	switch kind {
	case "deployment", "statefulset", "daemonset", "cronjob":
	default:
		return ""
	}
	if container == "" {
		return ""
	}
	return kubectl("set", "resources", "-n", ns, workload, "-c", container, what)
}

func (s *scene) setResources(container, what string) string {
	w := s.target.Workload
	if s.workload != nil && s.workload.OwnerKind == "cronjob" {
		w = "cronjob/" + s.workload.OwnerName
	}
	if kind, name, _ := strings.Cut(w, "/"); kind == "replicaset" {
		if i := strings.LastIndexByte(name, '-'); i > 0 {
			w = "deployment/" + name[:i]
		}
	}
	return setResources(s.target.Namespace, w, container, what)
}

// setCeiling builds `kubectl set env` where the setting stands in a variable or in none; a setting in the
// command line must be changed where it is written.
func (s *scene) setCeiling(r *runtimeFit, flag string) string {
	kind, _, _ := strings.Cut(s.target.Workload, "/")
	if kind != "deployment" && kind != "statefulset" && kind != "daemonset" {
		return ""
	}
	if r.where == "the command line" || containsAny(r.where, "ConfigMap") {
		return ""
	}
	name, value := "JAVA_TOOL_OPTIONS", flag
	switch r.runtime {
	case "go":
		name, value, _ = strings.Cut(flag, "=")
	case "node":
		name = "NODE_OPTIONS"
	}
	c := containerSpec(s.spec(), s.subjectContainer)
	if v := envVar(c, r.where); v != nil {
		name = v.Name
	}
	v := envVar(c, name)
	switch {
	case v == nil || r.runtime == "go" && v.Value != "":
	case v.Value == "":
		return "" // it comes from elsewhere, and a value here would hide what else stands there
	case r.text != "" && strings.Contains(v.Value, r.text):
		value = strings.Replace(v.Value, r.text, flag, 1)
	default:
		value = v.Value + " " + flag
	}
	return kubectl("set", "env", "-n", s.target.Namespace, s.target.Workload, "-c", s.subjectContainer, name+"="+value)
}

// envVar returns a container's variable of that name; nil where it has none.
func envVar(c *investigations.Container, name string) *investigations.EnvVar {
	if c == nil {
		return nil
	}
	for i := range c.Env {
		if c.Env[i].Name == name {
			return &c.Env[i]
		}
	}
	return nil
}

// ceilingPlace says where a setting stands that no command here can change without hiding its neighbours; "" for
// others.
func (s *scene) ceilingPlace(r *runtimeFit) string {
	where := r.where
	if v := envVar(containerSpec(s.spec(), s.subjectContainer), where); v != nil && v.Value == "" && v.ConfigMap != "" {
		where = fmt.Sprintf("key %s of ConfigMap %s", v.Key, v.ConfigMap)
	}
	if !containsAny(where, "ConfigMap") {
		return ""
	}
	return fmt.Sprintf("The setting stands in %s: change it there, and start the pods anew.", investigations.CleanText(where, 200))
}

// boundsOf names what stands in the way of a limit: the node, the quota, a LimitRange, a VPA.
func (s *scene) boundsOf(value float64) string {
	var notes []string
	if s.nodeObj != nil && s.nodeObj.AllocatableBytes > 0 && value > 0.9*float64(s.nodeObj.AllocatableBytes) && value <= float64(s.nodeObj.AllocatableBytes) {
		notes = append(notes, fmt.Sprintf("That is more than nine tenths of what node %s can allocate (%s).", s.node, bytesOf(float64(s.nodeObj.AllocatableBytes))))
	}
	old := s.containerLimit(s.target.Pod, s.subjectContainer)
	replicas := 1.0
	if s.workload != nil && s.workload.Replicas != nil {
		replicas = float64(*s.workload.Replicas)
	}
	for _, q := range s.ev.Pods.Quotas {
		if q.Namespace == s.target.Namespace && q.HardLimits != nil && q.UsedLimits != nil {
			if free := float64(*q.HardLimits - *q.UsedLimits); (value-old)*replicas > free {
				notes = append(notes, fmt.Sprintf("The quota %s has %s of memory limits left, and this takes %s more.", q.Name, bytesOf(free), bytesOf((value-old)*replicas)))
			}
		}
	}
	for _, a := range s.ev.Rollouts.Autoscalers {
		if a.Namespace != s.target.Namespace || !strings.EqualFold(a.Target, s.target.Workload) {
			continue
		}
		if a.Kind == "vpa" && a.Mode != "Off" {
			notes = append(notes, fmt.Sprintf("The VerticalPodAutoscaler %s (mode %s) owns these fields: change its policy instead.", a.Name, a.Mode))
		}
		if a.Kind == "hpa" && a.OnMemory {
			notes = append(notes, fmt.Sprintf("The HorizontalPodAutoscaler %s scales on memory: another request changes its arithmetic.", a.Name))
		}
	}
	return strings.Join(notes, " ")
}

// refusedAt says what makes a limit impossible as things are, so that no command to set it is given: a LimitRange's
// maximum, at which every new pod is refused, or a node that has less; "" where nothing does.
func (s *scene) refusedAt(value float64) string {
	var notes []string
	for _, l := range s.ev.Pods.LimitRanges {
		if l.Namespace == s.target.Namespace && l.Max != nil && value > float64(*l.Max) {
			notes = append(notes, fmt.Sprintf("The LimitRange %s allows at most %s for a container and would refuse every pod: raise that first.", l.Name, bytesOf(float64(*l.Max))))
		}
	}
	if n := s.nodeObj; n != nil && n.AllocatableBytes > 0 && value > float64(n.AllocatableBytes) {
		notes = append(notes, fmt.Sprintf("Node %s has only %s allocatable: no node of its size can hold that, so it takes a larger node, or less memory for each replica.", s.node, bytesOf(float64(n.AllocatableBytes))))
	}
	return strings.Join(notes, " ")
}

// qosNote says what a new limit does to the pod's QoS class and oom_score_adj.
func (s *scene) qosNote(container string, value float64) string {
	c := containerSpec(s.pod, container)
	if c == nil || s.pod == nil {
		return ""
	}
	switch {
	case s.pod.QoS == "Guaranteed":
		return "The pod is Guaranteed only while its request equals its limit: set both."
	case c.MemoryRequest != nil && float64(*c.MemoryRequest) > value:
		return "Lower the request too: it may not exceed the limit."
	}
	return ""
}

// gitOwner names what would write the old value back: Argo CD, Flux or Helm.
func (s *scene) gitOwner() string {
	if s.workload == nil {
		return ""
	}
	full := s.target.Namespace + "/" + s.workload.Ref()
	for _, g := range s.ev.Rollouts.GitOps {
		for _, r := range g.Resources {
			if strings.EqualFold(r, full) {
				return fmt.Sprintf("%s %s manages this workload: make the change in its source, or it is written back.", g.Kind, g.Name)
			}
		}
	}
	switch {
	case s.workload.Annotations["argocd.argoproj.io/tracking-id"] != "" || s.workload.Labels["argocd.argoproj.io/instance"] != "":
		return "Argo CD manages this workload: make the change in its source, or it is written back."
	case s.workload.Labels["kustomize.toolkit.fluxcd.io/name"] != "" || s.workload.Labels["helm.toolkit.fluxcd.io/name"] != "":
		return "Flux manages this workload: make the change in its source, or it is written back."
	case s.workload.Labels["app.kubernetes.io/managed-by"] == "Helm" || s.workload.Annotations["meta.helm.sh/release-name"] != "":
		return "Helm manages this workload: make the change in its values too, or the next release takes it back."
	}
	return ""
}
