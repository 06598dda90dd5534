package rules

import (
	"github.com/oombot/oombot/investigations"
)

// byStaleLabel: the runtime labels a container OOMKilled whose counter of kills (memory.events oom_kill) is not 0,
// and the counter never goes back (kubernetes#104454). Where the kernel's log covers the end and tells of a kill in
// this life only long before it, the label is that kill's, and the SIGKILL at the end came from somebody else.
func (s *scene) byStaleLabel() bool {
	early := s.earlierKill()
	if s.kill != nil || early == nil || !s.covers {
		return false
	}
	// Memory near the limit at the end speaks for a kill there, whatever the log has.
	if u, _, ok := s.lastUsage(s.target.Pod, s.container); !ok || s.nearLimit() || u <= 0 {
		return false
	}
	s.mechanism = investigations.SigkillNotOOM
	s.reason = &otherReason{
		what: "a SIGKILL that no source explains; its label OOMKilled is of an earlier kill", unexplained: true, sure: 0.6,
		facts: []string{
			s.sayDeath(s.death), s.sayKill(early, "kernel/earlier"),
			s.fact("pods/stale", investigations.ToolPods, s.death.at(), s.death.pod.Source,
				map[string]float64{"gap_seconds": s.death.at().Sub(early.at).Seconds()},
				"The kernel's last kill in this container was %s before its end: the reason OOMKilled comes from that counter, which never goes back.",
				durationOf(s.death.at().Sub(early.at))),
			s.led.ID("rules/kernel/covers"),
		},
	}
	return true
}
