package metrics

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

const (
	// maxNamed bounds the names that stand in one query's expression, and so its length.
	maxNamed = 300
	// generated is how long the part of a pod's name may be that its controller gave it; a longer one is cut before
	// the five random characters are appended.
	generated = 58
)

// valuesOf returns the values of the placeholders that follow from the subject.
func valuesOf(s investigations.Subject) map[string]string {
	t := s.Request.Target
	kind, name := workloadOf(s)
	values := map[string]string{
		"namespace": t.Namespace, "pod": t.Pod, "container": t.Container, "node": cmp.Or(s.Node, t.Node),
		"workload": name, "cluster": "",
	}
	if values["pod"] == "" && len(s.Pods) > 0 {
		values["pod"] = s.Pods[0].Name
	}
	if values["workload"] == "" {
		values["workload"] = values["pod"]
	}
	if pods := podsRegex(s, kind, name); pods != "" {
		values["pods"] = pods
	}
	if w := values["workload"]; w != "" {
		values["services"] = "(" + anyOf([]string{w}) + ")(-(svc|service|http|https|web|grpc|internal|headless))?"
	}
	values["cgroups"] = cgroupsRegex(s)
	if values["node"] != "" || len(s.NodeAddresses) > 0 {
		values["node_addresses"] = addressesRegex(append([]string{values["node"]}, s.NodeAddresses...))
	}
	return values
}

// workloadOf returns the kind and the name of the target's workload; a pod has none.
func workloadOf(s investigations.Subject) (kind, name string) {
	kind, name, found := strings.Cut(cmp.Or(s.Workload, s.Request.Target.Workload), "/")
	if !found || kind == "pod" {
		return "", ""
	}
	return kind, name
}

// podsRegex matches the names of the workload's pods: those that the cluster knows, and those that it has forgotten,
// by how their controller names them.
func podsRegex(s investigations.Subject, kind, workload string) string {
	pattern := podPattern(kind, workload)
	re := regexp.MustCompile("^(?:" + pattern + ")$")
	var names []string
	for _, n := range append(s.PodNames(), s.Request.Target.Pod) {
		if n != "" && (pattern == "" || !re.MatchString(n)) && len(names) < maxNamed {
			names = append(names, n)
		}
	}
	alternatives := anyOf(names)
	if pattern != "" {
		alternatives = strings.Trim(alternatives+"|"+escape(pattern), "|")
	}
	return alternatives
}

// podPattern is a regular expression for the names of a workload's pods, whose random parts are made of lower-case
// letters and digits; empty without a workload.
func podPattern(kind, workload string) string {
	if workload == "" {
		return ""
	}
	const random = "[a-z0-9]{5}"
	infix := ""
	switch kind {
	case "deployment":
		infix = "[a-z0-9]{1,10}-"
	case "statefulset":
		return regexp.QuoteMeta(workload) + "-[0-9]+"
	case "daemonset", "replicaset", "replicationcontroller":
	case "job": // an indexed job's pods carry the index
		infix = "([0-9]+-)?"
	case "cronjob":
		infix = "[0-9]+-([0-9]+-)?"
	default:
		return regexp.QuoteMeta(workload) + "(-[a-z0-9]+){1,3}"
	}
	if len(workload) > generated-len("-0123456789-") {
		return regexp.QuoteMeta(workload[:min(len(workload), generated-len("-0123456789-"))]) + "[a-z0-9.-]*" + random
	}
	return regexp.QuoteMeta(workload) + "-" + infix + random
}

// cgroupsRegex matches the cgroup paths of the containers that the cluster knows, in their present life and the one
// before by their own id, in any other by the pod's uid; where it knows none, no path.
func cgroupsRegex(s investigations.Subject) string {
	var ids, uids []string
	for _, p := range s.Pods {
		for _, c := range p.Containers {
			for _, id := range c.IDs {
				if id != "" && len(ids) < maxNamed {
					ids = append(ids, id)
				}
			}
		}
		if p.UID != "" && len(p.Containers) == 1 && len(uids) < maxNamed {
			uids = append(uids, p.UID, underscored(p.UID))
		}
	}
	var forms []string
	if len(ids) > 0 {
		forms = append(forms, ".*("+anyOf(ids)+").*")
	}
	if len(uids) > 0 {
		forms = append(forms, ".*pod("+anyOf(uids)+`)(\\.slice)?/.+`)
	}
	if len(forms) == 0 {
		return "none"
	}
	return strings.Join(forms, "|")
}

// underscored is a pod's uid as the systemd driver writes it: dashes part slices.
func underscored(uid string) string { return strings.ReplaceAll(uid, "-", "_") }

// addressesRegex matches the instance label of what is scraped on a node.
func addressesRegex(addresses []string) string {
	addresses = slices.DeleteFunc(slices.Clone(addresses), func(a string) bool { return a == "" })
	return `\\[?(` + anyOf(addresses) + `)\\]?(:[0-9]+)?`
}

// owner is the container that a cgroup or an id belongs to.
type owner struct {
	namespace, pod, container string
	// guessed says that the container is the pod's only one, of whose id nothing is known.
	guessed bool
}

// owners finds the containers of the subject by what a cgroup's path holds of them.
type owners struct {
	containers map[string]owner
	// pods are by uid. A container is named where it is the pod's only one.
	pods map[string]owner
}

func ownersOf(s investigations.Subject) owners {
	o := owners{containers: map[string]owner{}, pods: map[string]owner{}}
	for _, p := range s.Pods {
		if p.UID != "" {
			of := owner{namespace: p.Namespace, pod: p.Name}
			if len(p.Containers) == 1 {
				of.container = p.Containers[0].Name
			}
			o.pods[p.UID], o.pods[underscored(p.UID)] = of, of
		}
		for _, c := range p.Containers {
			for _, id := range c.IDs {
				if id != "" {
					o.containers[id] = owner{namespace: p.Namespace, pod: p.Name, container: c.Name}
				}
			}
		}
	}
	return o
}

// find returns the owner of a path as cAdvisor's id label has it:
// /kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podUID.slice/cri-containerd-ID.scope, or
// /kubepods/burstable/podUID/ID.
func (o owners) find(path string) (owner, bool) {
	words := strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '.' || r == '-' || r == ':' })
	for _, w := range words {
		if c, ok := o.containers[w]; ok {
			return c, true
		}
	}
	for uid, p := range o.pods {
		_, below, found := strings.Cut(path, "pod"+uid)
		if !found {
			continue
		}
		if !strings.Contains(below, "/") {
			p.container = "" // the pod as a whole
		}
		p.guessed = p.container != ""
		return p, true
	}
	return owner{}, false
}
