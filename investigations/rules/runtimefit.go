package rules

import (
	"fmt"
	"math"
	"strconv"

	"github.com/oombot/oombot/investigations"
)

// What a JVM takes beside its heap where no flag and no measurement says more: metaspace and code cache of a
// middling service, thread stacks in use, and the collector's tables as a share of the heap.
const (
	usualMetaspace = 64 << 20
	usualCodeCache = 24 << 20
	usualThreads   = 16 << 20
	usualGCShare   = 0.03
	threadStack    = 256 << 10
)

// runtimeFit says whether a runtime's own ceiling and the container's limit fit together.
type runtimeFit struct {
	flags
	limit float64
	// beside is what the runtime takes beside its managed heap, in bytes; measured says that it was seen.
	beside   float64
	measured bool
	// live is the managed heap that survives collections: the lower envelope of runtime_heap; 0 unknown.
	live float64
	// misfit: at the ceiling the program is above the limit. missing: there is no ceiling at all, and the heap
	// runs up to the limit though little of it is live. tooSmall: the heap's ceiling uses little of the limit.
	misfit, missing, tooSmall bool
	// unsure says that a setting stands in a ConfigMap that was changed after the container had started.
	unsure bool
	fact   string
}

// findRuntimeFit reads the judged container's runtime and settings; nil where the runtime is not known.
func (s *scene) findRuntimeFit() *runtimeFit {
	c := containerSpec(s.spec(), s.subjectContainer)
	limit := s.containerLimit(s.target.Pod, s.subjectContainer)
	if s.boundary == investigations.BoundaryPod && limit <= 0 {
		limit = s.limitBytes
	}
	r := &runtimeFit{limit: limit}
	r.flags = readFlags(c, limit, s.startedWith(&r.unsure))
	s.guessRuntime(r, c)
	if r.runtime == "" || limit <= 0 {
		return nil
	}
	s.measureBeside(r)
	switch r.runtime {
	case "java":
		s.fitJava(r, c)
	case "node":
		s.fitNode(r)
	case "go":
		s.fitGo(r, c)
	}
	return r
}

// spec returns the pod; where its object is not known, one made of its revision's template, or the workload's.
// It has no status, no uid and no node then. nil where nothing is known.
func (s *scene) spec() *investigations.Pod {
	if s.pod != nil || s.workload == nil {
		return s.pod
	}
	t := s.workload.Template
	if r := s.revisionByHash(s.hashOf(s.target.Namespace, s.target.Pod)); r != nil {
		t = r.Template
	}
	return &investigations.Pod{
		Namespace: s.target.Namespace, Name: s.target.Pod, Labels: t.Labels, Annotations: t.Annotations, Containers: t.Containers,
		Volumes: t.Volumes, MemoryLimit: t.MemoryLimit, MemoryRequest: t.MemoryRequest, PriorityClass: t.PriorityClass,
		Source: s.workload.Source,
	}
}

// guessRuntime takes the runtime from the metrics' label or the name of the killed process.
func (s *scene) guessRuntime(r *runtimeFit, c *investigations.Container) {
	if r.runtime != "" {
		return
	}
	for _, sr := range s.ev.Metrics.Queries[investigations.QueryRuntimeHeap].Series {
		if sr.Pod == s.target.Pod {
			switch l := sr.Labels["runtime"]; {
			case containsAny(l, "go"):
				r.runtime = "go"
			case containsAny(l, "jvm", "java"):
				r.runtime = "java"
			case containsAny(l, "node", "v8"):
				r.runtime = "node"
			}
		}
	}
	comm := ""
	if s.victim != nil && s.subjectContainer == s.victim.Container {
		comm = s.victim.Comm
	}
	switch {
	case r.runtime != "":
	case comm == "java" || c != nil && oldJavaRE.MatchString(c.Image) || s.runtime != nil && s.runtime.kind == investigations.LogJavaOOM:
		r.runtime = "java"
	case comm == "node" || s.runtime != nil && s.runtime.kind == investigations.LogV8Heap:
		r.runtime = "node"
	}
}

// measureBeside takes what the program held beside its managed heap from metrics, where both are known.
func (s *scene) measureBeside(r *runtimeFit) {
	for _, sr := range s.ev.Metrics.Queries[investigations.QueryRuntimeHeap].Series {
		if sr.Pod != s.target.Pod || s.life == nil {
			continue
		}
		heap := pointsOf(sr).between(s.life.start, s.life.end)
		if heap.len() < 6 {
			continue
		}
		var gaps []float64
		for i, x := range heap.X {
			if m := s.life.mem.at(x); m > heap.Y[i] {
				gaps = append(gaps, m-heap.Y[i])
			}
		}
		if len(gaps) >= 4 {
			r.beside, r.measured = median(gaps), true
		}
		r.live = quantile(heap.Y[heap.len()/2:], 0.1)
	}
}

func (s *scene) fitJava(r *runtimeFit, c *investigations.Container) {
	if !r.measured {
		r.beside = orDefault(r.metaspace, usualMetaspace) + math.Min(orDefault(r.code, usualCodeCache), 64<<20) +
			r.direct + usualThreads + usualGCShare*r.heap
		if n := s.threads(); n > 0 {
			r.beside += math.Max(0, n*threadStack-usualThreads)
		}
	}
	heap := r.heap
	if heap == 0 && (r.off || c != nil && oldJavaRE.MatchString(c.Image)) {
		// A JVM without container support takes a quarter of the machine (JDK-8146115).
		heap = s.nodeTotal() / 4
		r.text, r.where = "a heap of a quarter of the node", "the default of a JVM without container support"
		r.heap = heap
	}
	if heap == 0 {
		return
	}
	how := "an estimate"
	if r.measured {
		how = "as measured"
	}
	r.misfit = heap >= 0.9*r.limit || heap+r.beside > r.limit || heap >= 0.85*r.limit && s.killedAbove(heap)
	if l := s.life; l != nil && s.boundary != investigations.BoundaryHeap && heap+r.beside > 0.92*r.limit {
		// Killed at a level near the limit: the kill itself says that more lies beside the heap than estimated.
		m := shapeOf(l)
		r.misfit = r.misfit || m.known && m.tail > 0.88*r.limit && !m.growing()
	}
	r.tooSmall = s.boundary == investigations.BoundaryHeap && heap+r.beside < 0.6*r.limit
	r.fact = s.fact("runtime/java", investigations.ToolPods, s.at, s.podSource(),
		map[string]float64{"heap_ceiling_bytes": heap, "beside_bytes": r.beside, "limit_bytes": r.limit, "sum_bytes": heap + r.beside},
		"The JVM's heap may grow to %s (%s, in %s); with about %s for metaspace, code, threads and buffers (%s) that makes %s, against a limit of %s.",
		bytesOf(heap), r.text, r.where, bytesOf(r.beside), how, bytesOf(heap+r.beside), bytesOf(r.limit))
}

// killedAbove says whether the process that the kernel killed at the container's limit held more than its heap may: the
// rest of it lies beside the heap, and with a full heap that is more than the limit.
func (s *scene) killedAbove(heap float64) bool {
	if s.kill == nil || s.boundary != investigations.BoundaryContainer {
		return false
	}
	v, ok := s.kill.victim()
	return ok && v.AnonRSSKB != nil && float64(*v.AnonRSSKB)*1024 > heap
}

func (s *scene) fitNode(r *runtimeFit) {
	if r.heap == 0 && s.runtime != nil && s.runtime.kind == investigations.LogV8Heap && s.runtime.heap > 0 {
		r.heap, r.text, r.where = s.runtime.heap, "no flag: the default", "V8's last words"
	}
	if r.heap == 0 {
		return
	}
	r.misfit = r.heap >= 0.78*r.limit
	r.tooSmall = s.boundary == investigations.BoundaryHeap && r.heap < 0.5*r.limit
	r.fact = s.fact("runtime/node", investigations.ToolPods, s.at, s.podSource(),
		map[string]float64{"heap_ceiling_bytes": r.heap, "limit_bytes": r.limit, "share": round2(r.heap / r.limit)},
		"V8's old space may grow to %s (%s, in %s), %s of the limit of %s; new space, buffers and native code come on top.",
		bytesOf(r.heap), r.text, r.where, percent(r.heap/r.limit), bytesOf(r.limit))
}

func (s *scene) fitGo(r *runtimeFit, c *investigations.Container) {
	switch {
	case r.heap >= 0.95*r.limit || r.off:
		r.misfit = true
		r.fact = s.fact("runtime/go", investigations.ToolPods, s.at, s.podSource(),
			map[string]float64{"gomemlimit_bytes": r.heap, "limit_bytes": r.limit},
			"%s does not lie below the container's limit of %s: the collector sees no reason to work harder before the kernel kills.", r.text, bytesOf(r.limit))
	case r.heap == 0 && !r.unsure && r.live > 0 && r.live < 0.62*r.limit:
		r.missing = true
		r.fact = s.fact("runtime/go", investigations.ToolMetrics, s.at, s.ev.Metrics.Queries[investigations.QueryRuntimeHeap].Source,
			map[string]float64{"live_heap_bytes": r.live, "limit_bytes": r.limit},
			"GOMEMLIMIT is not set; about %s of the heap is live, and the collector %s, against a limit of %s.", bytesOf(r.live), s.gogcWords(c), bytesOf(r.limit))
	case r.heap > 0:
		r.fact = s.fact("runtime/go", investigations.ToolPods, s.at, s.podSource(),
			map[string]float64{"gomemlimit_bytes": r.heap, "limit_bytes": r.limit},
			"%s lies below the container's limit of %s.", r.text, bytesOf(r.limit))
	}
}

// gogcWords says how far Go's collector lets the heap grow beyond what is live: by GOGC per cent of it, 100 where it is
// not set (https://go.dev/doc/gc-guide#GOGC).
func (s *scene) gogcWords(c *investigations.Container) string {
	v := ""
	if e := envVar(c, "GOGC"); e != nil {
		if v = e.Value; v == "" && e.ConfigMap != "" {
			v = s.startedWith(new(bool))(e.ConfigMap, e.Key)
		}
		if v == "" {
			return "lets it grow by a share that is not known (GOGC comes from elsewhere) before it works"
		}
	}
	n, err := strconv.ParseFloat(v, 64)
	switch {
	case v == "off" || err == nil && n < 0:
		return "does not work at all (GOGC=" + investigations.CleanText(v, 20) + ")"
	case err == nil && n != 100:
		return fmt.Sprintf("lets it grow to %.3g times that before it works (GOGC=%s)", 1+n/100, investigations.CleanText(v, 20))
	}
	return "lets it double before it works"
}

func (s *scene) threads() float64 {
	for _, sr := range s.ev.Metrics.Queries[investigations.QueryRuntimeThreads].Series {
		if sr.Pod == s.target.Pod {
			return pointsOf(sr).at(seconds(s.at))
		}
	}
	return 0
}

func (s *scene) podSource() string {
	if s.pod != nil && s.pod.Source != "" {
		return s.pod.Source
	}
	return "kubernetes/pods.json"
}

func orDefault(v, d float64) float64 {
	if v > 0 {
		return v
	}
	return d
}

// runtimeMisconfiguration: the runtime may use more than the container, or its ceiling wastes what it has.
func (s *scene) runtimeMisconfiguration() hypothesis {
	var h hypothesis
	r := s.runtimeFit
	if r == nil {
		return h
	}
	l := s.judged()
	switch {
	case r.misfit:
		h.support(0.76, r.fact)
		if r.heap >= r.limit {
			h.support(0.08, r.fact)
		}
		if l != nil && l.mass.sudden() {
			h.support(-0.15, s.saySudden(l))
		}
	case r.missing:
		h.support(0.35, r.fact)
		if l != nil && (l.mass.sawtooth > 0.12 || !l.mass.growing()) {
			h.support(0.25, r.fact)
		}
	case r.tooSmall:
		h.support(0.45, r.fact)
		if l == nil || !l.mass.growing() {
			h.support(0.25, r.fact)
		}
	case r.fact != "":
		h.support(-0.1, r.fact)
	}
	if r.misfit || r.missing {
		if id := s.sameFlagsLived(l); id != "" {
			h.support(-0.4, id)
		} else if r.misfit {
			h.support(0, s.sayOtherFlags(l))
		}
	}
	return h
}

// sameFlagsLived: an earlier revision lived calmly with the same settings under the same limit, so they are
// not what changed. A life whose settings are not known says nothing about them.
func (s *scene) sameFlagsLived(l *life) string {
	if l == nil {
		return ""
	}
	now := s.revisionByHash(l.hash)
	for _, o := range s.lives {
		was := s.revisionByHash(o.hash)
		if o.hash == l.hash || was == nil || now == nil || o.killed || o.mass.n < 20 || o.mass.growing() || o.limit != l.limit || o.age() < 0.5*l.age() {
			continue
		}
		a := s.settingsAt(templateContainer(was.Template, s.subjectContainer), o.limit, o.start)
		b := s.runtimeFit
		if b == nil || len(a.since) > 0 {
			continue
		}
		if a.heap == b.heap && a.off == b.off && o.mass.tail < 0.85*o.limit {
			return s.fact("runtime/same", investigations.ToolRollouts, fromSeconds(o.end), was.Source, nil,
				"Revision %d ran with the same settings under the same limit, at %s, without a kill.", was.Number, bytesOf(o.mass.tail))
		}
	}
	return ""
}

// sayOtherFlags: the value that is too large now was put into a ConfigMap after the earlier pods had started, so
// that they may have run with another one. It returns the fact's id, or "".
func (s *scene) sayOtherFlags(l *life) string {
	if l == nil {
		return ""
	}
	for _, o := range s.lives {
		r := s.revisionByHash(o.hash)
		if r == nil || o == l || o.killed || o.mass.n < 20 || o.start > l.start || o.limit != l.limit {
			continue
		}
		was := s.settingsAt(templateContainer(r.Template, s.subjectContainer), o.limit, o.start)
		if len(was.since) > 0 && !was.changed.IsZero() && seconds(was.changed) <= l.start+60 {
			return s.fact("runtime/changed", investigations.ToolRollouts, was.changed, s.configMap(was.since[0]).Source, nil,
				"ConfigMap %s, which holds that setting, was changed at %s: after pod %s, which lived at %s, had started with the values before.",
				clip(was.since[0]), stamp(was.changed), o.pod, bytesOf(o.mass.tail))
		}
	}
	return ""
}

func templateContainer(t investigations.PodTemplate, name string) *investigations.Container {
	for i := range t.Containers {
		if t.Containers[i].Name == name {
			return &t.Containers[i]
		}
	}
	return nil
}

// fittingCeiling is the ceiling that this limit allows, with its flag.
func (r *runtimeFit) fittingCeiling() (bytes float64, flag string) {
	switch r.runtime {
	case "java":
		b := math.Min(0.75*r.limit, r.limit-1.15*r.beside)
		b = math.Max(b, 0.4*r.limit)
		b = math.Floor(b/(8<<20)) * (8 << 20)
		return b, fmt.Sprintf("-Xmx%dm", int64(b)>>20)
	case "node":
		b := math.Floor(0.7*r.limit/(8<<20)) * (8 << 20)
		return b, fmt.Sprintf("--max-old-space-size=%d", int64(b)>>20)
	}
	b := math.Floor(0.9*r.limit/(1<<20)) * (1 << 20)
	return b, fmt.Sprintf("GOMEMLIMIT=%dMiB", int64(b)>>20)
}
