package names

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/oombot/oombot/investigations"
)

const (
	// linger is how long a pod that is gone stays known, maxGone how many do.
	linger  = 30 * time.Minute
	maxGone = 1000
	// maxPods is far above what a kubelet runs; those that have ended and were not deleted count as well.
	maxPods = 2000
	// maxContainers, maxPorts and maxIDs bound what is kept of a pod, and of a container.
	maxContainers, maxPorts, maxIDs = 100, 50, 8
	// maxName is the length of the longest name that Kubernetes allows.
	maxName = 253
)

// Annotations of a static pod: the hash of its configuration, which is its uid at the kubelet, and the mark of its mirror.
const (
	hashAnnotation   = "kubernetes.io/config.hash"
	mirrorAnnotation = "kubernetes.io/config.mirror"
)

// pod is what is known of a pod. It is not changed once it is in the store.
type pod struct {
	UID, Namespace, Name, IP string
	// hash is the uid of a static pod at the kubelet.
	hash        string
	hostNetwork bool
	annotations map[string]string
	containers  []container
	// gone is when it was seen to be there no more.
	gone time.Time
}

// container is one of a pod's. ids are the present one, and those before.
type container struct {
	name    string
	ids     []string
	running bool
	ports   map[string]int32
}

func (p *pod) container(id string) string {
	if id == "" {
		return ""
	}
	for _, c := range p.containers {
		if slices.Contains(c.ids, id) {
			return c.name
		}
	}
	return ""
}

func (p *pod) nodePod(uid string) investigations.NodePod {
	out := investigations.NodePod{UID: uid, Namespace: p.Namespace, Name: p.Name}
	for _, c := range p.containers {
		for _, id := range c.ids {
			out.Containers = append(out.Containers, investigations.NodeContainer{ID: id, Name: c.name})
		}
	}
	return out
}

func (p *pod) subject(node string) investigations.SubjectPod {
	out := investigations.SubjectPod{
		Namespace: p.Namespace, Name: p.Name, UID: p.UID, Node: node, Annotations: p.annotations,
	}
	if !p.hostNetwork {
		out.IP = p.IP
	}
	for _, c := range p.containers {
		out.Containers = append(out.Containers, investigations.SubjectContainer{
			Name: c.name, IDs: slices.Clone(c.ids), Running: c.running, Ports: c.ports,
		})
	}
	return out
}

// store holds the pods of the node. It is safe for concurrent use.
type store struct {
	keep []string

	mu   sync.Mutex
	pods map[string]*pod
	// hashes leads from a static pod's hash to the uids of those that claim it.
	hashes  map[string][]string
	changed chan struct{}
}

func newStore(o Options) *store {
	return &store{keep: o.Annotations, pods: map[string]*pod{}, hashes: map[string][]string{}, changed: make(chan struct{})}
}

// get returns a pod by its uid, or by the hash of a static pod. A hash that several pods claim is nobody's: anyone who may
// create pods can write the annotation.
func (s *store) get(uid string) (*pod, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.pods[uid]
	if !ok && len(s.hashes[uid]) == 1 {
		p, ok = s.pods[s.hashes[uid][0]]
	}
	return p, ok
}

// change returns what is closed when the next pod comes or changes.
func (s *store) change() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

func (s *store) count() (there, gone int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.pods {
		if p.gone.IsZero() {
			there++
		} else {
			gone++
		}
	}
	return there, gone
}

// put takes a pod as it is now. It says whether there was room.
func (s *store) put(o *object) bool {
	p := s.read(o)
	if p == nil {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.pods[p.UID]
	if old == nil && len(s.pods) >= maxPods+maxGone {
		return false
	}
	if old != nil {
		s.unhash(old)
		p.inherit(old)
	}
	s.pods[p.UID] = p
	if p.hash != "" {
		s.hashes[p.hash] = append(s.hashes[p.hash], p.UID)
	}
	close(s.changed)
	s.changed = make(chan struct{})
	return true
}

// read returns what is kept of an object; nil of one that is no pod.
func (s *store) read(o *object) *pod {
	m := &o.Metadata
	if m.UID == "" || m.Name == "" || len(m.UID) > 64 || len(m.Name) > maxName || len(m.Namespace) > maxName || len(o.Status.PodIP) > 64 {
		return nil
	}
	// What is kept is copied, so that it doesn't hold the whole object in memory.
	p := &pod{
		UID: strings.Clone(m.UID), Namespace: strings.Clone(m.Namespace), Name: strings.Clone(m.Name),
		IP: strings.Clone(o.Status.PodIP), hostNetwork: o.Spec.HostNetwork,
	}
	if hash := m.Annotations[hashAnnotation]; m.Annotations[mirrorAnnotation] != "" && hash != m.UID && len(hash) <= 64 {
		p.hash = strings.Clone(hash)
	}
	for _, key := range s.keep {
		if value, ok := m.Annotations[key]; ok {
			if p.annotations == nil {
				p.annotations = map[string]string{}
			}
			p.annotations[key] = strings.Clone(value)
		}
	}
	for _, list := range [][]specContainer{o.Spec.Containers, o.Spec.InitContainers} {
		for _, c := range list {
			p.addSpec(c)
		}
	}
	for _, list := range [][]containerStatus{o.Status.Containers, o.Status.Init, o.Status.Ephemeral} {
		for i := range list {
			p.addStatus(&list[i])
		}
	}
	return p
}

// of returns the container of a name, which it makes where there is none yet; nil where there is no room.
func (p *pod) of(name string) *container {
	for i := range p.containers {
		if p.containers[i].name == name {
			return &p.containers[i]
		}
	}
	if len(p.containers) >= maxContainers || name == "" || len(name) > maxName {
		return nil
	}
	p.containers = append(p.containers, container{name: strings.Clone(name)})
	return &p.containers[len(p.containers)-1]
}

func (p *pod) addSpec(spec specContainer) {
	c := p.of(spec.Name)
	if c == nil {
		return
	}
	for _, port := range spec.Ports {
		if port.Name == "" || len(port.Name) > 63 || len(c.ports) >= maxPorts {
			continue
		}
		if c.ports == nil {
			c.ports = map[string]int32{}
		}
		c.ports[strings.Clone(port.Name)] = port.ContainerPort
	}
}

func (p *pod) addStatus(status *containerStatus) {
	c := p.of(status.Name)
	if c == nil {
		return
	}
	c.running = status.State.Running != nil
	for _, id := range status.ids() {
		c.addID(strings.Clone(id))
	}
}

func (c *container) addID(id string) {
	if id != "" && len(c.ids) < maxIDs && !slices.Contains(c.ids, id) {
		c.ids = append(c.ids, id)
	}
}

// inherit keeps the ids of containers that a newer status does not tell any more: a kill's report may come after the next
// start.
func (p *pod) inherit(old *pod) {
	for i := range old.containers {
		if c := p.of(old.containers[i].name); c != nil {
			for _, id := range old.containers[i].ids {
				c.addID(id)
			}
		}
	}
}

// unhash takes back what a pod claims. The caller holds mu.
func (s *store) unhash(p *pod) {
	if p.hash == "" {
		return
	}
	left := slices.DeleteFunc(s.hashes[p.hash], func(uid string) bool { return uid == p.UID })
	if len(left) == 0 {
		delete(s.hashes, p.hash)
		return
	}
	s.hashes[p.hash] = left
}

// leave notes that a pod is gone.
func (s *store) leave(uid string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left(uid, now)
	s.expire(now)
}

func (s *store) left(uid string, now time.Time) {
	if p, ok := s.pods[uid]; ok && p.gone.IsZero() {
		q := *p
		q.gone = now
		s.pods[uid] = &q
	}
}

// settle notes after a whole list which pods are gone: those that it did not hold.
func (s *store) settle(listed map[string]bool, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for uid := range s.pods {
		if !listed[uid] {
			s.left(uid, now)
		}
	}
	s.expire(now)
}

// expire forgets those that are gone for long, and the oldest of too many. The caller holds mu.
func (s *store) expire(now time.Time) {
	var gone []*pod
	for _, p := range s.pods {
		if !p.gone.IsZero() {
			gone = append(gone, p)
		}
	}
	slices.SortFunc(gone, func(a, b *pod) int { return a.gone.Compare(b.gone) })
	for i, p := range gone {
		if now.Sub(p.gone) > linger || len(gone)-i > maxGone {
			s.unhash(p)
			delete(s.pods, p.UID)
		}
	}
}
