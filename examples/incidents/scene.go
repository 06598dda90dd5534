package incidents

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// scene is one incident while it is being built. A kind's build function places workloads, gives their
// containers lives with memory over time, ends them, and states the truth; render then writes what each source
// would have recorded of it.
type scene struct {
	kind Kind
	seed uint64
	opt  Options
	rng  *rand.Rand
	plat platform

	// at is the moment of the kill, alertAt what incident.yaml says, to the end of what was recorded.
	at, alertAt, to time.Time
	window, step    time.Duration
	cluster         string
	alert           map[string]string

	// node is where it happened; nodes holds all.
	node      *node
	nodes     []*node
	workloads []*workload
	pods      []*pod
	target    map[string]string
	truth     truth

	traffic curve
	heap    []runtimeSeries
	threads []runtimeSeries

	events []corev1.Event
	// objects are further Kubernetes objects by resource: limitranges, configmaps, …
	objects  map[string][]any
	logs     []*containerLog
	profiles []heapProfile
	klogs    map[string]*klog
	// allLogs says that the kernel logs of all nodes were recorded, not only that of the incident's.
	allLogs bool

	// without are the bundle's parts (a file, or a folder) that are left out; damage changes a rendered file.
	without []string
	damage  map[string]func([]byte) []byte

	texture texture
	// lag is how much later than the kernel the runtime notes the end of a container.
	lag time.Duration
	// recorders are the node agents' flight recorders, by node.
	recorders map[string]*recorder

	pids  []int
	names map[string]bool
	// kills are the kernel reports so far; err is the first contradiction.
	kills []oomReport
	err   error
}

// newScene makes a quiet cluster: nodes with their system pods, and nothing wrong.
func newScene(k Kind, seed uint64, opt Options) *scene {
	s := &scene{
		kind: k, seed: seed, opt: opt, rng: newRand(cmp.Or(k.sequelTo, k.Name), seed),
		objects: map[string][]any{}, klogs: map[string]*klog{}, damage: map[string]func([]byte) []byte{},
		names: map[string]bool{}, recorders: map[string]*recorder{},
	}
	s.plat = s.choosePlatform()
	s.at = time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC).Add(s.dur(0, 240*24*time.Hour))
	if k.sequelTo != "" {
		s.at = s.at.Add(9*day + 5*time.Hour + 11*time.Minute)
	}
	s.alertAt = s.at
	s.to = s.at.Add(2 * time.Minute)
	s.allLogs = s.rng.IntN(4) == 0
	s.cluster = pick(s, "prod-eu", "prod-us", "eu-1", "blue", "prod-apac")
	s.chooseRange()
	s.chooseTexture()
	s.traffic = s.flatTraffic(s.between(20, 200))
	if s.opt.Small {
		s.allLogs = false
	}
	for range 1 + s.rng.IntN(map[bool]int{false: 3, true: 2}[s.opt.Small]) {
		s.addNode(pick[int64](s, 8, 16, 16, 32) * gib)
	}
	s.node = s.nodes[0]
	if s.seed%3 == 2 {
		s.lag = time.Second
	}
	return s
}

// choosePlatform returns one of the platforms that the kind admits.
func (s *scene) choosePlatform() platform {
	var fit []platform
	for _, p := range platforms() {
		if s.kind.on == nil || s.kind.on(p) {
			fit = append(fit, p)
		}
	}
	return fit[s.rng.IntN(len(fit))]
}

// chooseRange sets the window and the step of the metrics.
func (s *scene) chooseRange() {
	s.window, s.step = 24*time.Hour, pick[time.Duration](s, 30, 30, 30, 15, 60)*time.Second
	if s.opt.Small {
		s.window = 6 * time.Hour
	}
	if s.kind.window > 0 {
		s.window = s.kind.window
	}
	if s.kind.step > 0 {
		s.step = s.kind.step
	}
	if s.opt.Window > 0 {
		s.window = s.opt.Window
	}
	if s.opt.Small {
		s.step = (s.window / 120).Truncate(time.Minute)
	}
	if s.opt.Step > 0 {
		s.step = s.opt.Step
	}
}

// ago returns the moment d before the kill.
func (s *scene) ago(d time.Duration) time.Time { return s.at.Add(-d) }

// targetPod makes a pod (and a container, unless it is empty) the target.
func (s *scene) targetPod(p *pod, container string) {
	s.target = map[string]string{"namespace": p.ns, "pod": p.name}
	if container != "" {
		s.target["container"] = container
	}
}

// targetWorkload returns the workload whose metrics are recorded; nil where the target is a node.
func (s *scene) targetWorkload() *workload {
	for _, p := range s.pods {
		if p.ns == s.target["namespace"] && p.name == s.target["pod"] {
			return p.w
		}
	}
	for _, w := range s.workloads {
		if w.ns == s.target["namespace"] && w.kind+"/"+w.name == s.target["workload"] {
			return w
		}
	}
	return nil
}

// bystander returns a name for an unrelated workload that nothing else has.
func (s *scene) bystander() string {
	for i := 0; ; i++ {
		name := bystanders[s.rng.IntN(len(bystanders))]
		if i > 30 {
			name = fmt.Sprintf("%s-%d", name, s.rng.IntN(1000))
		}
		if !s.names[name] {
			s.names[name] = true
			return name
		}
	}
}
