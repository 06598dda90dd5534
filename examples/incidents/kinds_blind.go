package incidents

import (
	"bytes"
	"strings"
	"time"
)

// blindKinds are incidents of which a part was not recorded, or can't be read.
func blindKinds() []Kind {
	return []Kind{
		{Name: "no_kernel_log", Teaches: "without the kernel's report the limit is likely, never certain", build: noKernelLog},
		{Name: "kernel_log_other_day", Teaches: "a log that does not reach the moment proves nothing", build: kernelLogOtherDay},
		{Name: "kernel_log_lost", Teaches: "the log says itself that it lost records at the moment", build: kernelLogLost},
		{Name: "kernel_log_after_reboot", Teaches: "the ring buffer begins after the kill: the node was rebooted", build: kernelLogAfterReboot},
		{Name: "kernel_log_no_clock", Teaches: "seconds since boot and nothing that ties them to the calendar: the container's id still does", build: kernelLogNoClock},
		{Name: "kernel_log_head_cut", Teaches: "a report whose head is overwritten still names its cgroups", build: kernelLogHeadCut},
		{Name: "no_metrics", Teaches: "the kernel proves the boundary; the cause stays open", build: noMetrics},
		{Name: "no_kernel_no_metrics", Teaches: "OOMKilled and nothing else", build: noKernelNoMetrics},
		{Name: "incident_only", Teaches: "nothing was recorded: say so, and ask for more", build: incidentOnly},
		{Name: "broken_metrics", Teaches: "metrics that are cut off are a blind spot with a reason", build: brokenMetrics, breaks: brokenQueries},
		{Name: "truncated_pods", Teaches: "pods.json is cut before the target; the kernel report still stands", build: truncatedPods, breaks: []string{"kubernetes/pods.json"}},
	}
}

// brokenQueries are the files that broken_metrics damages.
var brokenQueries = []string{"metrics/container_working_set.json", "metrics/container_rss.json", "metrics/container_cache.json"}

// unseen adds to the truth what could not be seen, and what confidence that leaves.
func (s *scene) unseen(most float64, tools ...string) {
	s.truth.blindSpots, s.truth.maxConfidence = tools, most
}

func noKernelLog(s *scene) {
	leakAfterDeploy(s)
	s.without = append(s.without, "kernel")
	s.unseen(0.9, "kernlog")
}

func kernelLogOtherDay(s *scene) {
	leakAfterDeploy(s)
	l := s.klog(s.node)
	l.from, l.to, l.lines = s.ago(54*time.Hour), s.ago(28*time.Hour), nil
	s.allButFirstLog()
	s.unseen(0.9, "kernlog")
}

// allButFirstLog leaves out the logs of the other nodes.
func (s *scene) allButFirstLog() {
	for _, n := range s.nodes[1:] {
		s.without = append(s.without, "kernel/"+n.name+".log")
	}
}

func kernelLogLost(s *scene) {
	leakAfterDeploy(s)
	l := s.klog(s.node)
	var kept []kline
	for _, k := range l.lines {
		if d := k.at.Sub(s.at); d < -time.Minute || d > time.Minute {
			kept = append(kept, k)
		}
	}
	l.lines = kept
	s.say(s.node, s.at.Add(400*time.Millisecond), "systemd-journald[388]", "Missed %d kernel messages", 120+s.rng.IntN(900))
	s.allButFirstLog()
	s.unseen(0.9, "kernlog")
}

func kernelLogAfterReboot(s *scene) {
	leakAfterDeploy(s)
	s.node.boot = s.at.Add(45 * time.Second)
	l := s.klog(s.node)
	l.transport, l.lines = "dmesg", nil
	l.from, l.to = s.node.boot, s.to
	l.lines = []kline{
		{at: s.node.boot, prio: 5, text: "Linux version " + s.plat.kernel.release + " (builder@host) (gcc 12.2.0) #1 SMP"},
		{at: s.node.boot, prio: 6, text: "Command line: BOOT_IMAGE=/boot/vmlinuz root=/dev/nvme0n1p1 ro console=ttyS0"},
		s.auditLine(s.node.boot.Add(7 * time.Second)),
	}
	s.allButFirstLog()
	s.unseen(0.9, "kernlog")
}

// kernelLogNoClock is a log in seconds since boot without an audit record.
func kernelLogNoClock(s *scene) {
	leakAfterDeploy(s)
	l := s.klog(s.node)
	l.transport, l.quiet = pick(s, "kmsg", "dmesg"), true
	s.allButFirstLog()
}

// kernelLogHeadCut begins in the middle of the report that the incident is about.
func kernelLogHeadCut(s *scene) {
	leakAfterDeploy(s)
	l := s.klog(s.node)
	var of []kline
	for _, k := range l.lines {
		if d := k.at.Sub(s.at); d >= 0 && d < time.Second {
			of = append(of, k)
		}
	}
	cut := 0
	for i, k := range of {
		if strings.HasPrefix(k.text, "Task in ") || strings.Contains(k.text, "memory: usage") && cut == 0 {
			cut = i
		}
	}
	l.from, l.to, l.lines = of[cut].at, s.to, of[cut:]
	s.allButFirstLog()
}

func noMetrics(s *scene) {
	leakAfterDeploy(s)
	s.without = append(s.without, "metrics")
	s.truth = truth{mechanism: s.truth.mechanism, boundary: s.truth.boundary, victim: s.truth.victim}
	s.unseen(0.8, "metrics")
}

func noKernelNoMetrics(s *scene) {
	leakAfterDeploy(s)
	s.without = append(s.without, "metrics", "kernel")
	s.truth = truth{mechanism: []string{"memcg_oom_kill", "unknown"}, cause: []string{"insufficient_evidence", "leak", "undersized_limit"}, victim: s.truth.victim}
	s.unseen(0.5, "metrics", "kernlog")
}

func incidentOnly(s *scene) {
	leakAfterDeploy(s)
	s.without = append(s.without, "metrics", "kernel", "kubernetes", "logs", "profiles")
	s.truth = truth{
		mechanism: []string{"unknown"}, boundary: []string{"unknown"}, cause: []string{"insufficient_evidence"},
		actions: []string{"collect_more"}, notActions: []string{"set_limit", "rollback", "fix_leak"},
	}
	s.unseen(0.5, "metrics", "kernlog", "pods")
}

// brokenMetrics damages each file in its own way: cut off, an error of Prometheus, of a wrong type.
func brokenMetrics(s *scene) {
	leakAfterDeploy(s)
	s.damage[brokenQueries[0]] = func(b []byte) []byte { return b[:len(b)/3] }
	s.damage[brokenQueries[1]] = func([]byte) []byte {
		return []byte(`{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}`)
	}
	s.damage[brokenQueries[2]] = func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(`"values":[`), []byte(`"values":{`)) }
	s.truth = truth{mechanism: s.truth.mechanism, boundary: s.truth.boundary, victim: s.truth.victim}
	s.unseen(0.8, "metrics")
}

func truncatedPods(s *scene) {
	leakAfterDeploy(s)
	name := []byte(`"name":"` + s.target["pod"] + `"`)
	s.damage["kubernetes/pods.json"] = func(b []byte) []byte { return b[:max(bytes.Index(b, name)-20, 200)] }
	s.truth = truth{mechanism: s.truth.mechanism, boundary: s.truth.boundary}
	s.unseen(0.9, "pods")
}
