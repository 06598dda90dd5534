package incidents

import "time"

// clockKinds are kills that a report must be matched to by more than its time.
func clockKinds() []Kind {
	return []Kind{
		{Name: "kernel_log_local_time", Teaches: "the kernel log was written in local time without a zone: the container's id tells by how much", build: kernelLogLocal},
		{Name: "kernel_log_clock_behind", Teaches: "dmesg -T on a machine that slept: its clock is minutes behind, and the id still matches", build: kernelLogBehind},
		{Name: "child_kill_then_sigkill", Teaches: "a child was OOM killed hours ago; the SIGKILL now is somebody else's, though the label says OOMKilled", build: childThenSigkill, on: noOOMGroup},
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
