package rules

import (
	"math"

	"github.com/oombot/oombot/investigations"
)

// adjOf is the oom_score_adj that the kubelet gives a container (pkg/kubelet/qos/policy.go): −997 for
// Guaranteed and node-critical pods, 1000 for BestEffort, else by the share of the node that it requests.
func adjOf(p *investigations.Pod, c investigations.Container, capacity float64) int64 {
	if p.PriorityClass == "system-node-critical" || p.QoS == "Guaranteed" {
		return -997
	}
	if p.QoS == "BestEffort" || capacity <= 0 {
		return 1000
	}
	request := 0.0
	if c.MemoryRequest != nil {
		request = float64(*c.MemoryRequest)
	}
	return int64(clamp(1000-math.Floor(1000*request/capacity), 3, 999))
}

// tableHolders assigns the rows of the kernel's table: to pods where oom_score_adj and name point to one, and
// else to programs outside Kubernetes.
func (s *scene) tableHolders(v *nodeView) {
	if s.kill == nil || len(s.kill.report.Tasks) == 0 {
		return
	}
	page := s.kill.pageSize()
	outside := map[string]*holder{}
	sure := map[*holder][]investigations.KernelTask{}
	var open []investigations.KernelTask
	for _, t := range s.kill.report.Tasks {
		owner, alone := s.ownerOf(t, v)
		if alone {
			sure[owner] = append(sure[owner], t)
		} else {
			open = append(open, t)
		}
		if owner != nil {
			owner.rows = append(owner.rows, t)
			continue
		}
		if s.amongPods() {
			continue // a pod's, of which nothing tells which
		}
		if t.OOMScoreAdj == -998 || t.OOMScoreAdj == -997 || t.OOMScoreAdj >= 2 {
			continue
		}
		h := outside[t.Comm]
		if h == nil {
			h = &holder{name: t.Comm, comm: t.Comm, pid: t.PID, usual: math.NaN()}
			outside[t.Comm] = h
			v.holders = append(v.holders, h)
		}
		h.rows = append(h.rows, t)
	}
	s.tableBeyondMetrics(v, sure, open)
	for _, h := range v.holders {
		var sum float64
		var top investigations.KernelTask
		for _, t := range h.rows {
			sum += float64(t.RSSPages+t.SwapentsPages) * page
			if t.RSSPages+t.SwapentsPages > top.RSSPages+top.SwapentsPages {
				top = t
			}
		}
		if len(h.rows) > 0 {
			h.comm, h.pid = top.Comm, top.PID
		}
		if !h.seen {
			h.usage = math.Max(h.usage, sum)
		}
	}
}

// ownerOf finds the pod that a row of the table most likely belongs to, and whether no other pod fits as well; nil
// where none fits.
func (s *scene) ownerOf(t investigations.KernelTask, v *nodeView) (owner *holder, alone bool) {
	if s.kill != nil && s.kill.pod != nil && len(s.kill.report.Killed) > 0 && t.PID == s.kill.report.Killed[0].PID {
		for _, h := range v.holders {
			if h.pod == s.kill.pod {
				return h, true
			}
		}
	}
	if victim, ok := s.kill.victim(); ok && s.kill.pod == nil && !s.kill.byTime && t.PID == victim.PID {
		for _, h := range v.holders {
			if !h.outside() && h.pod.Namespace == s.target.Namespace && h.pod.Name == s.target.Pod {
				return h, true
			}
		}
	}
	if name := s.recordedOwner(t); name != "" {
		for _, h := range v.holders {
			if !h.outside() && h.name == name {
				return h, true
			}
		}
	}
	capacity := v.total
	var best *holder
	rank, ties := 0, 0
	for _, h := range v.holders {
		if h.outside() {
			continue
		}
		for _, c := range h.pod.Containers {
			r := nameAffinity(c, t.Comm)
			if !h.unasked && adjOf(h.pod, c, capacity) == t.OOMScoreAdj && t.OOMScoreAdj != -998 {
				r += 4
			}
			switch {
			case r > rank:
				best, rank, ties = h, r, 0
			case r == rank && r > 0 && h != best:
				ties++
			}
		}
	}
	if rank < 4 && t.OOMScoreAdj < 2 || rank == 0 || ties > 0 && rank < 5 {
		return nil, false
	}
	// Of what a recording has seen up to the second before, a process of the container's own name can be trusted to be its.
	return best, ties == 0 && (rank >= 4 || rank >= 2 && best.climb != nil)
}
