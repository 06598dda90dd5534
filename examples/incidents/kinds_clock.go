package incidents

import "time"

// clockKinds are kills that a report must be matched to by more than its time.
func clockKinds() []Kind {
	return []Kind{
		{Name: "kernel_log_local_time", Teaches: "the kernel log was written in local time without a zone: the container's id tells by how much", build: kernelLogLocal},
		{Name: "kernel_log_clock_behind", Teaches: "dmesg -T on a machine that slept: its clock is minutes behind, and the id still matches", build: kernelLogBehind},
		{Name: "child_kill_then_sigkill", Teaches: "a child was OOM killed hours ago; the SIGKILL now is somebody else's, though the label says OOMKilled", build: childThenSigkill, on: noOOMGroup},
		{Name: "kernel_log_other_node", Teaches: "the kernel log of another node says nothing about a kill on this one", build: kernelLogOtherNode},
		{Name: "workload_pod_gone", Teaches: "the alert names the workload, and its killed pod was deleted since: the report and the series still tell", build: workloadPodGone},
		{Name: "liveness_of_another_container", Teaches: "the probe that failed is the helper's; who killed the app is not known", build: livenessOfAnother},
	}
}

// shiftLog moves every line of the node's kernel log by an error of its clock.
func (s *scene) shiftLog(transport string, by time.Duration) {
	l := s.klog(s.node)
	l.transport, l.quiet = transport, true
	l.from, l.to = s.ago(s.window*9/10).Add(by), s.to.Add(by)
	for i := range l.lines {
		l.lines[i].at = l.lines[i].at.Add(by)
	}
	s.allButFirstLog()
	s.truth.victim.Comm = s.kills[len(s.kills)-1].victim.comm
}

func kernelLogLocal(s *scene) {
	leakAfterDeploy(s)
	s.shiftLog(pick(s, "short", "dmesg-T"), pick(s, 2*time.Hour, 5*time.Hour+30*time.Minute, -8*time.Hour))
}

func kernelLogBehind(s *scene) {
	leakAfterDeploy(s)
	s.shiftLog("dmesg-T", -s.dur(6*time.Minute, 25*time.Minute))
}

// childThenSigkill loses a worker long before somebody kills the whole container, whose memory is at its usual level.
func childThenSigkill(s *scene) {
	staleLabel(s)
	for _, p := range s.pods {
		if p.name != s.target["pod"] {
			continue
		}
		for _, l := range p.main().lives {
			if l.end.Equal(s.at) {
				l.exit = 137
			}
		}
	}
	s.logs = nil
	s.truth.mechanism = []string{"sigkill_not_oom"}
	s.truth.maxConfidence = 0.7
}

// kernelLogOtherNode has the log of a quiet node in place of the victim's.
func kernelLogOtherNode(s *scene) {
	if len(s.nodes) == 1 {
		s.addNode(16 * gib)
	}
	s.allLogs = true
	leakAfterDeploy(s)
	s.without = append(s.without, "kernel/"+s.node.name+".log")
	s.unseen(0.9, "kernlog")
}

// livenessOfAnother has the kubelet restart the helper of a pod within the minute in which somebody kills the app.
func livenessOfAnother(s *scene) {
	s.neighbours()
	h := s.helper()
	limit := s.someLimit()
	w := s.service("deployment", 1, limit/2, limit)
	for _, r := range w.revisions {
		side := box(h.name, h.image, 64*mib, 192*mib)
		side.LivenessProbe = probe("/ready", 3)
		r.template.Spec.Containers = append(r.template.Spec.Containers, side)
	}
	w.procs[h.name] = []procSpec{{comm: h.comm, share: 1}}
	p := s.addPod(w, w.current(), s.node, s.ago(s.dur(2*day, 6*day)))
	from := p.created.Add(20 * time.Second)
	s.run(p.main(), from, time.Time{}, s.wobble(steady(s.between(0.3, 0.6))(p.main(), from), 0.02))
	s.run(p.named(h.name), from, s.ago(9*time.Second), s.wobble(flat(40*mib), 0.02))
	l := p.named(h.name).last()
	l.reason, l.exit = "Completed", 0
	s.run(p.named(h.name), s.ago(2*time.Second), time.Time{}, flat(38*mib))
	s.event(p, "", s.ago(41*time.Second), "Warning", "Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 503", 3)
	s.event(p, "", s.ago(40*time.Second), "Normal", "Killing", "Container "+h.name+" failed liveness probe, will be restarted", 1)
	s.ends(p, "Error", 137)
	s.notOOM(p, "sigkill_not_oom")
	s.truth.notActions = append(s.truth.notActions, "fix_probe")
	s.truth.maxConfidence = 0.6
}

// workloadPodGone deletes the killed pod within the minute after; its workload is what the alert names.
func workloadPodGone(s *scene) {
	leakAfterDeploy(s)
	for _, p := range s.pods {
		if p.name == s.target["pod"] {
			p.gone = s.at.Add(40 * time.Second)
			s.target = map[string]string{"namespace": p.ns, "workload": p.w.kind + "/" + p.w.name}
			s.truth.victim.Comm = s.kills[len(s.kills)-1].victim.comm
			break
		}
	}
}
