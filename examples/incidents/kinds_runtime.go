package incidents

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// runtimeKinds are language runtimes whose own ceiling does not fit the limit, or gave up by themselves.
func runtimeKinds() []Kind {
	return []Kind{
		{Name: "jvm_xmx_too_big", Teaches: "-Xmx leaves no room for metaspace, threads and buffers under the limit", build: jvmXmx},
		{Name: "jvm_max_ram_percentage", Teaches: "MaxRAMPercentage times the limit is the heap's ceiling", build: jvmPercentage},
		{Name: "jvm_xmx_in_config_map", Teaches: "the heap's ceiling stands in a ConfigMap that the environment refers to", build: jvmConfigMap},
		{Name: "jvm_heap_from_node", Teaches: "an old JVM sizes its heap from the node, not from the container", build: jvmFromNode},
		{Name: "node_max_old_space", Teaches: "--max-old-space-size close to the limit", build: nodeOldSpace},
		{Name: "gomemlimit_above_limit", Teaches: "GOMEMLIMIT above the container's limit holds nothing back", build: goMemLimit},
		{Name: "gomemlimit_missing", Teaches: "GOGC lets garbage pile up to the limit, and no GOMEMLIMIT stops it", build: goMemLimitMissing},
		{Name: "runtime_oom_java", Teaches: "OutOfMemoryError with the heap at its ceiling is no kernel kill", build: javaOOM},
		{Name: "runtime_oom_java_leak", Teaches: "the heap grows to its own ceiling in every lifetime: a leak, and not the container's limit", build: javaOOMLeak},
		{Name: "runtime_oom_v8", Teaches: "V8's heap limit far below the container's", build: v8OOM},
		{Name: "v8_no_logs", Teaches: "exit code 134 with the heap at its ceiling: V8's own limit, though no log says so", build: v8NoLogs},
		{Name: "runtime_oom_python", Teaches: "MemoryError under ulimit, by one large input", build: pythonOOM},
		{Name: "runtime_oom_go", Teaches: "Go's runtime gives up with exit code 2", build: goOOM},
	}
}

// setEnv gives all revisions of a workload a variable.
func setEnv(w *workload, name, value string) {
	for _, r := range w.revisions {
		c := &r.template.Spec.Containers[0]
		c.Env = append(c.Env, corev1.EnvVar{Name: name, Value: value})
	}
}

// setImage gives all revisions of a workload images of another repository, each with its own tag.
func setImage(w *workload, image string) {
	for _, r := range w.revisions {
		c := &r.template.Spec.Containers[0]
		_, tag, _ := strings.Cut(c.Image, ":")
		c.Image = "registry.example/" + image + ":" + tag
	}
}

// badCeiling is a service whose runtime may fill the container up to its limit. Each life settles close to it.
func (s *scene) badCeiling(w *workload, runtime string, heapShare float64) *pod {
	grow := s.plateau(0.5, s.between(0.955, 0.975), s.dur(5*time.Minute, 15*time.Minute))
	p := s.addPod(w, w.current(), s.node, s.at)
	s.lifetimes(p, s.at, s.someLengths(3+s.rng.IntN(4), s.window/12, s.window/4), grow, s.killed)
	s.restarted(p.main(), 6*time.Hour, grow)
	s.managedHeap(p, runtime, sawtooth(heapShare*0.6, heapShare*0.88, s.dur(90*time.Second, 5*time.Minute), s.ago(3*day)))
	s.ownLimit(p, p.main().spec.Name, "runtime_misconfiguration", "none", "unknown")
	s.truth.actions = []string{"set_runtime_ceiling"}
	s.truth.notActions = []string{"fix_leak", "rollback"}
	return p
}

// managedHeap records a runtime's heap in use as a share of its process's memory.
func (s *scene) managedHeap(p *pod, runtime string, share curve) {
	s.heap = append(s.heap, runtimeSeries{p, runtime, func(t time.Time) float64 {
		return share(t) * p.main().living(t).anon(t)
	}})
}

// javaService is a service that runs a JVM.
func (s *scene) javaService(limit int64) *workload {
	w := s.service("deployment", 1, limit*3/4, limit)
	w.procs[w.container().Name] = []procSpec{{comm: "java", share: 1, uid: 1000, thread: "http-nio-8080-e"}}
	return w
}

func jvmXmx(s *scene) {
	s.neighbours()
	limit := pick[int64](s, 1, 2, 4) * gib
	w := s.javaService(limit)
	share := s.between(0.94, 1.0)
	flag := fmt.Sprintf("-Xmx%dm", int64(share*float64(limit))/mib)
	switch s.rng.IntN(3) {
	case 0:
		setEnv(w, "JAVA_TOOL_OPTIONS", "-Xms512m "+flag+" -XX:+UseG1GC")
	case 1:
		for _, r := range w.revisions {
			r.template.Spec.Containers[0].Args = []string{"java", "-Xms512m", flag, "-jar", "/app/app.jar"}
		}
	default:
		for _, r := range w.revisions {
			r.template.Spec.Containers[0].Command = []string{"java", flag, "-XX:MaxMetaspaceSize=256m", "-jar", "/srv/service.jar"}
		}
	}
	s.badCeiling(w, "java", share*0.9)
}

func jvmPercentage(s *scene) {
	s.neighbours()
	limit := pick[int64](s, 1, 2, 4) * gib
	w := s.javaService(limit)
	share := pick(s, 90.0, 95.0, 100.0)
	setEnv(w, pick(s, "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"), fmt.Sprintf("-XX:MaxRAMPercentage=%.1f -XX:+ExitOnOutOfMemoryError", share))
	s.badCeiling(w, "java", share/100*0.9)
}

func jvmConfigMap(s *scene) {
	s.neighbours()
	limit := pick[int64](s, 1, 2) * gib
	w := s.javaService(limit)
	name := w.name + "-jvm"
	for _, r := range w.revisions {
		c := &r.template.Spec.Containers[0]
		c.Env = append(c.Env, corev1.EnvVar{Name: "JAVA_TOOL_OPTIONS", ValueFrom: &corev1.EnvVarSource{
			ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: name}, Key: "java-options"},
		}})
	}
	s.configMap(w.ns, name, s.ago(100*day), map[string]string{
		"java-options": fmt.Sprintf("-Xmx%dm -XX:+UseG1GC", limit/mib), "log-level": "info",
	}, s.ago(80*day), "log-level")
	s.badCeiling(w, "java", 0.9)
}

// jvmFromNode runs Java 8 before update 191, which takes a quarter of the node as its heap.
func jvmFromNode(s *scene) {
	n := s.node
	n.ramPages, n.reservedPages = 32*gib/pageSize, 32*gib/pageSize/40
	s.neighbours()
	limit := pick[int64](s, 1, 2) * gib
	w := s.javaService(limit)
	setImage(w, w.name)
	for _, r := range w.revisions {
		c := &r.template.Spec.Containers[0]
		c.Image = "registry.example/openjdk:8u121-jre"
		c.Command = []string{"java", "-jar", "/app/" + w.name + ".jar"}
	}
	grow := byTime(0.3) // nothing makes it collect the old generation before the limit
	p := s.addPod(w, w.current(), s.node, s.at)
	s.lifetimes(p, s.at, s.someLengths(6, s.window/30, s.window/9), grow, s.killed)
	s.restarted(p.main(), s.window/12, grow)
	s.log(p, p.main().spec.Name, true, p.main().lives[len(p.main().lives)-2].start, s.at).
		add(p.main().lives[len(p.main().lives)-2].start.Add(time.Second), "openjdk version \"1.8.0_121\"; max heap size = %d", n.total()/4)
	s.ownLimit(p, p.main().spec.Name, "runtime_misconfiguration", "none", "unknown")
	s.truth.actions, s.truth.notActions = []string{"set_runtime_ceiling"}, []string{"rollback"}
}

func nodeOldSpace(s *scene) {
	s.neighbours()
	limit := pick[int64](s, 512, 1024, 2048) * mib
	w := s.service("deployment", 1, limit*3/4, limit)
	w.procs[w.container().Name] = []procSpec{{comm: "node", share: 1, uid: 1000}}
	old := int64(s.between(0.9, 1.0)*float64(limit)) / mib
	if s.rng.IntN(2) == 0 {
		setEnv(w, "NODE_OPTIONS", fmt.Sprintf("--max-old-space-size=%d", old))
	} else {
		for _, r := range w.revisions {
			r.template.Spec.Containers[0].Args = []string{"node", fmt.Sprintf("--max-old-space-size=%d", old), "dist/server.js"}
		}
	}
	s.badCeiling(w, "nodejs", 0.88)
}

// garbage is a Go heap that doubles (or more) between collections.
func (s *scene) garbage(live float64) growth {
	period := s.dur(2*time.Minute, 6*time.Minute)
	return func(c *container, from, full time.Time) curve {
		room := c.room(c.limit())
		warmed := func(t time.Time) float64 { return min(1, 0.6+t.Sub(from).Minutes()/20) }
		saw := sawtooth(live*room, 0.955*room, period, from)
		return jump(func(t time.Time) float64 { return saw(t) * warmed(t) }, room, full, 20*time.Second)
	}
}

// goService is a service whose heap swings between its live part and the limit.
func (s *scene) goService(w *workload, live float64) *pod {
	grow := s.garbage(live)
	p := s.addPod(w, w.current(), s.node, s.at)
	s.lifetimes(p, s.at, s.someLengths(4, s.window/10, s.window/4), grow, s.killed)
	s.restarted(p.main(), 6*time.Hour, grow)
	s.managedHeap(p, "go", flat(0.93))
	s.ownLimit(p, p.main().spec.Name, "runtime_misconfiguration", "none", "unknown")
	s.truth.actions, s.truth.notActions = []string{"set_runtime_ceiling"}, []string{"fix_leak", "rollback"}
	return p
}

func goMemLimit(s *scene) {
	s.neighbours()
	limit := pick[int64](s, 512, 1024, 2048) * mib
	w := s.service("deployment", 1, limit*3/4, limit)
	setEnv(w, "GOMEMLIMIT", fmt.Sprintf("%dMiB", limit/mib*pick[int64](s, 4, 6, 8)/4))
	s.goService(w, s.between(0.44, 0.5))
}

func goMemLimitMissing(s *scene) {
	s.neighbours()
	limit := pick[int64](s, 512, 1024, 2048) * mib
	w := s.service("deployment", 1, limit*3/4, limit)
	setEnv(w, "GOGC", "400")
	s.goService(w, s.between(0.18, 0.22))
	s.truth.cause = []string{"runtime_misconfiguration", "undersized_limit"}
	s.truth.actions = nil
	s.truth.actionsAny = []string{"set_runtime_ceiling", "set_limit"}
}

// gaveUp fills in the truth of a runtime that ended by itself.
func (s *scene) gaveUp(p *pod, cause ...string) {
	name := p.main().spec.Name
	s.targetPod(p, name)
	s.truth = truth{
		mechanism: []string{"runtime_oom"}, boundary: []string{"heap"}, cause: cause,
		victim: partyOf(p, name), culprit: partyOf(p, name), notActions: []string{"set_limit"},
	}
}

// heapBound is a service whose heap is capped at a share of the container's limit; its lives end by the
// program's own exit.
func (s *scene) heapBound(w *workload, runtime string, ceiling float64, lengths []time.Duration, leaks bool, code int32) *pod {
	limit := float64(w.container().Resources.Limits.Memory().Value())
	heap := func(from, full time.Time) curve {
		if leaks {
			return leak(0.3*ceiling*limit, ceiling*limit, from, full)
		}
		return jump(s.wobble(warm(0.5*ceiling*limit, 0.95*ceiling*limit, from, 6*time.Minute), 0.015), ceiling*limit, full, time.Minute)
	}
	outside := 0.07 * limit
	grow := func(_ *container, from, full time.Time) curve { return plus(heap(from, full), flat(outside)) }
	p := s.addPod(w, w.current(), s.node, s.at)
	s.lifetimes(p, s.at, lengths, grow, exits("Error", code))
	s.restarted(p.main(), lengths[len(lengths)-1], grow)
	s.heap = append(s.heap, runtimeSeries{p, runtime, func(t time.Time) float64 {
		l := p.main().living(t)
		return l.anon(t) - outside
	}})
	return p
}

// lastWords puts what a runtime prints before it ends into the log of the life that ended at the scene's moment.
func (s *scene) lastWords(p *pod, lines ...string) {
	c := p.main()
	prior := c.lives[len(c.lives)-2]
	l := s.log(p, c.spec.Name, true, prior.start, s.at.Add(-2*time.Second))
	for i, line := range lines {
		l.add(s.at.Add(-time.Second+time.Duration(i)*3*time.Millisecond), "%s", line)
	}
	s.log(p, c.spec.Name, false, c.last().start, s.to)
}

func javaOOM(s *scene) {
	s.neighbours()
	limit := pick[int64](s, 2, 4) * gib
	w := s.javaService(limit)
	ceiling := s.between(0.25, 0.4)
	code := pick[int32](s, 1, 3, 134)
	flag := map[int32]string{1: "", 3: " -XX:+ExitOnOutOfMemoryError", 134: " -XX:+CrashOnOutOfMemoryError"}[code]
	setEnv(w, "JAVA_TOOL_OPTIONS", fmt.Sprintf("-Xmx%dm%s", int64(ceiling*float64(limit))/mib, flag))
	p := s.heapBound(w, "java", ceiling, s.someLengths(4, s.window/10, s.window/4), false, code)
	s.lastWords(p, `Exception in thread "http-nio-8080-exec-7" java.lang.OutOfMemoryError: Java heap space`,
		"\tat java.base/java.util.Arrays.copyOf(Arrays.java:3537)", "\tat com.acme.orders.OrderIndex.rebuild(OrderIndex.java:88)",
		map[int32]string{1: "Application run failed", 3: "Terminating due to java.lang.OutOfMemoryError: Java heap space", 134: "Aborting due to java.lang.OutOfMemoryError: Java heap space"}[code])
	s.gaveUp(p, "runtime_misconfiguration", "undersized_limit")
	s.truth.actions = []string{"set_runtime_ceiling"}
	s.truth.mentions = []string{"java.lang.OutOfMemoryError: Java heap space"}
}

func javaOOMLeak(s *scene) {
	s.neighbours()
	limit := pick[int64](s, 2, 4) * gib
	w := s.javaService(limit)
	ceiling := s.between(0.5, 0.6)
	setEnv(w, "JAVA_TOOL_OPTIONS", fmt.Sprintf("-Xmx%dm -XX:+ExitOnOutOfMemoryError", int64(ceiling*float64(limit))/mib))
	long := s.someLife()
	p := s.heapBound(w, "java", ceiling, s.someLengths(5, long*97/100, long*103/100), true, 3)
	s.lastWords(p, "java.lang.OutOfMemoryError: Java heap space", "Dumping heap to /tmp/java_pid1.hprof ...",
		"Terminating due to java.lang.OutOfMemoryError: Java heap space")
	s.gaveUp(p, "leak")
	s.truth.trigger = []string{"none"}
	s.truth.actions = []string{"fix_leak"}
	s.truth.notActions = []string{"set_limit", "rollback"}
}

func v8OOM(s *scene) {
	s.neighbours()
	limit := pick[int64](s, 2, 4) * gib
	w := s.service("deployment", 1, limit/2, limit)
	w.procs[w.container().Name] = []procSpec{{comm: "node", share: 1, uid: 1000}}
	ceiling := s.between(0.2, 0.3)
	setEnv(w, "NODE_OPTIONS", fmt.Sprintf("--max-old-space-size=%d", int64(ceiling*float64(limit))/mib))
	p := s.heapBound(w, "nodejs", ceiling, s.someLengths(5, s.window/12, s.window/4), false, 134)
	used := int64(ceiling * float64(limit) / mib)
	s.lastWords(p, "<--- Last few GCs --->",
		fmt.Sprintf("[1:0x5d2b690] 14201222 ms: Mark-Compact %d.4 (%d.1) -> %d.9 (%d.6) MB, 812.34 / 0.00 ms  (average mu = 0.112, current mu = 0.021) allocation failure; scavenge might not succeed", used-1, used+14, used-2, used+15),
		"<--- JS stacktrace --->", "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory")
	s.gaveUp(p, "runtime_misconfiguration", "undersized_limit")
	s.truth.actions = []string{"set_runtime_ceiling"}
	s.truth.mentions = []string{"Reached heap limit"}
}

// v8NoLogs is v8OOM without its last words.
func v8NoLogs(s *scene) {
	v8OOM(s)
	s.without = append(s.without, "logs")
	s.truth.mechanism = []string{"runtime_oom", "unknown"}
	s.truth.boundary, s.truth.culprit = nil, nil
	s.truth.cause = append(s.truth.cause, "leak", "insufficient_evidence")
	s.truth.actions, s.truth.mentions = nil, nil
	s.truth.notActions = []string{"rollback", "no_memory_change"}
	s.unseen(0.8, "logs")
}

// pythonOOM is a job-like service under ulimit -v that reads one input too large.
func pythonOOM(s *scene) {
	s.neighbours()
	limit := pick[int64](s, 2, 4) * gib
	w := s.service("deployment", 1, limit/2, limit)
	w.procs[w.container().Name] = []procSpec{{comm: "python3", share: 1}}
	for _, r := range w.revisions {
		r.template.Spec.Containers[0].Command = []string{"sh", "-c", fmt.Sprintf("ulimit -v %d; exec python3 -m service", limit/kib*6/10)}
	}
	p := s.addPod(w, w.current(), s.node, s.ago(s.dur(2*day, 5*day)))
	c := p.main()
	l := s.run(c, p.created.Add(20*time.Second), s.at, jump(s.wobble(flat(0.2*float64(limit)), 0.02), 0.5*float64(limit), s.at, 12*time.Second))
	l.reason, l.exit = "Error", 1
	from := s.at.Add(s.restartGap())
	s.run(c, from, time.Time{}, flat(0.2*float64(limit)))
	name, line := s.bigInput()
	s.lastWords(p, line, "Traceback (most recent call last):", `  File "/app/service/importer.py", line 212, in load`, "    rows = list(csv.DictReader(body))", "MemoryError")
	s.gaveUp(p, "load_spike")
	s.truth.mentions = []string{name, "MemoryError"}
	s.truth.notActions = []string{"set_limit", "fix_leak", "rollback"}
}

func goOOM(s *scene) {
	s.neighbours()
	limit := pick[int64](s, 2, 4) * gib
	w := s.service("deployment", 1, limit/2, limit)
	for _, r := range w.revisions {
		r.template.Spec.Containers[0].Command = []string{"sh", "-c", fmt.Sprintf("ulimit -v %d; exec /app", limit/kib*7/10)}
	}
	long := s.someLife()
	p := s.heapBound(w, "go", 0.55, s.someLengths(5, long*97/100, long*103/100), true, 2)
	s.lastWords(p, "runtime: cannot allocate 67108864-byte block (1207959552 in use)", "fatal error: runtime: cannot allocate memory",
		"", "goroutine 1 [IO wait]:", "internal/poll.runtime_pollWait(0x7f1c2c0b9e08, 0x72)")
	s.gaveUp(p, "leak")
	s.truth.actions, s.truth.notActions = []string{"fix_leak"}, []string{"set_limit", "rollback"}
	s.truth.mentions = []string{"cannot allocate memory"}
}
