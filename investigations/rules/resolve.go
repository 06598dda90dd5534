package rules

import (
	"path"
	"regexp"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// resolve joins the target with what is known of it: pod, workload, node.
func (s *scene) resolve() {
	t := s.req.Target
	s.container = t.Container
	switch {
	case t.Pod != "":
		s.pod = s.findPod(t.Namespace, t.Pod)
		if s.pod != nil && (s.pod.Created.After(s.req.At.Add(ahead)) || s.isOther(s.pod)) {
			s.pod = nil // a StatefulSet gives the pod that it makes anew the name of the one before
		}
		if s.pod == nil {
			s.workload = s.workloadByPodName(t.Namespace, t.Pod)
		}
	case t.Workload != "":
		s.workload = s.findWorkload(t.Namespace, t.Workload)
	}
	s.node = t.Node
	s.adoptPod(s.pod)
}

// isOther says whether a pod is another one than the request's, which is known by its uid.
func (s *scene) isOther(p *investigations.Pod) bool {
	uid := s.req.PodUID
	return uid != "" && p.UID != "" && p.UID != uid && p.Annotations["kubernetes.io/config.hash"] != uid
}

// adoptPod makes p the pod that the investigation is about, and takes over what follows from it.
func (s *scene) adoptPod(p *investigations.Pod) {
	if p != nil {
		s.pod = p
		s.target.Namespace, s.target.Pod = p.Namespace, p.Name
		if p.Node != "" {
			s.node = p.Node
		}
		if w := s.workloadOf(p); w != nil {
			s.workload = w
		}
	}
	if s.node == "" && len(s.ev.Kernel.Logs) == 1 && s.req.Target.Pod != "" {
		s.node = s.ev.Kernel.Logs[0].Node
	}
	s.target.Node = s.node
	if s.workload != nil {
		s.target.Workload = s.workload.Ref()
	} else if p != nil && p.OwnerName != "" {
		s.target.Workload = p.OwnerKind + "/" + p.OwnerName
	}
	s.nodeObj = nil
	for i := range s.ev.Pods.Nodes {
		if s.ev.Pods.Nodes[i].Name == s.node {
			s.nodeObj = &s.ev.Pods.Nodes[i]
		}
	}
}

func (s *scene) findPod(ns, name string) *investigations.Pod {
	for _, p := range s.byName().pods[name] {
		if ns == "" || p.Namespace == ns {
			return p
		}
	}
	return nil
}

// findWorkload finds kind/name, or the one workload of that name; a deployment comes before others.
func (s *scene) findWorkload(ns, ref string) *investigations.Workload {
	kind, name, both := strings.Cut(strings.ToLower(ref), "/")
	if !both {
		kind, name = "", kind
	}
	var found *investigations.Workload
	for _, w := range s.byName().workloads[ns+"/"+name] {
		if kind != "" && w.Kind != kind {
			continue
		}
		if found == nil || w.Kind == "deployment" {
			found = w
		}
	}
	return found
}

// workloadOf follows a pod's owners: ReplicaSet to Deployment, Job to CronJob.
func (s *scene) workloadOf(p *investigations.Pod) *investigations.Workload {
	if p.OwnerName == "" {
		return nil
	}
	if p.OwnerKind == "replicaset" {
		if w := s.byName().ofRevision(p.Namespace, p.OwnerName, p.OwnerUID); w != nil {
			return w
		}
		// Without ReplicaSets the name still tells: NAME-HASH belongs to the deployment NAME.
		if i := strings.LastIndexByte(p.OwnerName, '-'); i > 0 {
			if w := s.findWorkload(p.Namespace, "deployment/"+p.OwnerName[:i]); w != nil {
				return w
			}
		}
	}
	w := s.findWorkload(p.Namespace, p.OwnerKind+"/"+p.OwnerName)
	if w != nil && w.OwnerName != "" {
		if o := s.findWorkload(p.Namespace, w.OwnerKind+"/"+w.OwnerName); o != nil && o.Kind == "cronjob" {
			return w // the job itself carries the template; the cronjob is reached by its owner
		}
	}
	return w
}

var podNameRE = regexp.MustCompile(`^(.+)-[a-z0-9]{6,10}-[a-z0-9]{5}$|^(.+)-[0-9]+$|^(.+)-[a-z0-9]{5}$`)

// workloadByPodName finds the owner of a pod that is gone by the form of its name: DEPLOYMENT-HASH-RANDOM,
// STATEFULSET-ORDINAL, OWNER-RANDOM.
func (s *scene) workloadByPodName(ns, pod string) *investigations.Workload {
	cut := func(n string) string {
		if i := strings.LastIndexByte(n, '-'); i > 0 {
			return n[:i]
		}
		return ""
	}
	for _, ref := range []string{
		"deployment/" + cut(cut(pod)), "job/" + cut(pod), "statefulset/" + cut(pod), "daemonset/" + cut(pod), "replicaset/" + cut(pod),
	} {
		if w := s.findWorkload(ns, ref); w != nil {
			return w
		}
	}
	return nil
}

// targetPods are the pods that the target may mean: the pod itself, the workload's, or the node's.
func (s *scene) targetPods() []*investigations.Pod {
	t := s.req.Target
	var out []*investigations.Pod
	for i := range s.ev.Pods.Pods {
		p := &s.ev.Pods.Pods[i]
		switch {
		case t.Pod != "":
			if p == s.pod {
				out = append(out, p)
			}
		case t.Workload != "":
			if s.belongs(p) {
				out = append(out, p)
			}
		case t.Node != "":
			if p.Node == t.Node {
				out = append(out, p)
			}
		}
	}
	return out
}

// belongs says whether a pod is one of the workload's.
func (s *scene) belongs(p *investigations.Pod) bool {
	w := s.workload
	if w == nil {
		// The workload object could not be read: the owner's name tells.
		t := s.req.Target
		_, name, both := strings.Cut(t.Workload, "/")
		if !both {
			name = t.Workload
		}
		return name != "" && p.Namespace == t.Namespace &&
			(p.OwnerName == name || (p.OwnerKind == "replicaset" && strings.HasPrefix(p.OwnerName, name+"-") && !strings.Contains(p.OwnerName[len(name)+1:], "-")))
	}
	if p.Namespace != w.Namespace {
		return false
	}
	o := s.workloadOf(p)
	if o == nil {
		return false
	}
	return o == w || (w.Kind == "cronjob" && o.OwnerKind == "cronjob" && o.OwnerName == w.Name)
}

// workloadPodNames returns a test for pod names of the workload, also of pods that are gone: by the form
// DEPLOYMENT-HASH-RANDOM with a hash of one of the workload's revisions, STATEFULSET-ORDINAL, OWNER-RANDOM.
func (s *scene) workloadPodNames() func(ns, pod string) bool {
	known := map[string]bool{}
	if s.pod != nil {
		known[s.pod.Namespace+"/"+s.pod.Name] = true
	}
	if s.req.Target.Pod != "" {
		known[s.req.Target.Namespace+"/"+s.req.Target.Pod] = true
	}
	w := s.workload
	if w != nil {
		for i := range s.ev.Pods.Pods {
			if p := &s.ev.Pods.Pods[i]; s.belongs(p) || s.workloadOf(p) == w {
				known[p.Namespace+"/"+p.Name] = true
			}
		}
	}
	base := ""
	if w != nil {
		base = w.Name
		if w.OwnerKind == "cronjob" {
			base = w.OwnerName
		}
	} else if m := podNameRE.FindStringSubmatch(s.target.Pod); m != nil {
		base = m[1] + m[2] + m[3]
	}
	return func(ns, pod string) bool {
		if known[ns+"/"+pod] {
			return true
		}
		if base == "" || (s.target.Namespace != "" && ns != s.target.Namespace) || !strings.HasPrefix(pod, base+"-") {
			return false
		}
		rest := pod[len(base)+1:]
		return len(rest) <= 24 && strings.Count(rest, "-") <= 1
	}
}

// hashOf returns the template hash that a pod's name or label carries.
func (s *scene) hashOf(ns, pod string) string {
	if p := s.findPod(ns, pod); p != nil {
		for _, l := range []string{"pod-template-hash", "controller-revision-hash"} {
			if h := p.Labels[l]; h != "" {
				return h
			}
		}
	}
	if s.workload != nil {
		for _, r := range s.workload.Revisions {
			if r.Hash != "" && strings.Contains(pod, "-"+r.Hash+"-") {
				return r.Hash
			}
		}
	}
	return ""
}

// containerSpec returns a pod's container by name; nil where there is none.
func containerSpec(p *investigations.Pod, name string) *investigations.Container {
	if p == nil {
		return nil
	}
	for i := range p.Containers {
		if p.Containers[i].Name == name {
			return &p.Containers[i]
		}
	}
	return nil
}

// nameAffinity says how well a process's name fits a container: 3 its command, 2 its name, 1 its image.
// The kernel cuts names at 15 bytes.
func nameAffinity(c investigations.Container, comm string) int {
	if comm == "" {
		return 0
	}
	same := func(s string) bool {
		s = path.Base(s)
		if len(s) > 15 {
			s = s[:15]
		}
		return s != "." && s == comm
	}
	if len(c.Command) > 0 && same(c.Command[0]) || len(c.Command) == 0 && len(c.Args) > 0 && same(c.Args[0]) {
		return 3
	}
	if same(c.Name) {
		return 2
	}
	image := c.Image
	if i := strings.LastIndexByte(image, '/'); i >= 0 {
		image = image[i+1:]
	}
	image, _, _ = strings.Cut(image, "@")
	image, _, _ = strings.Cut(image, ":")
	if same(image) || (len(comm) >= 4 && strings.Contains(c.Name, comm)) || (len(c.Name) >= 4 && strings.HasPrefix(comm, c.Name)) {
		return 1
	}
	return 0
}
