package rules

import (
	"math"

	"github.com/oombot/oombot/investigations"
)

// recordedLimit is the limit that the recorder read off a container's cgroup, for where nothing else tells one; 0 where
// it did not.
func (s *scene) recordedLimit(pod, container string) float64 {
	if p, _ := s.recordedSeries(s.target.Namespace, pod, container, "limit", "max"); p.len() > 0 {
		return p.Y[p.len()-1]
	}
	return 0
}

// recordedPart returns what a part of the judged container's memory was at the kill and when the recording began, in
// bytes; ok is false where the recorder has none, or the kernel's own account of the moment is there, which is better.
func (s *scene) recordedPart(names ...string) (now, before float64, source string, ok bool) {
	if s.kill != nil && len(s.kill.report.Stats) > 0 {
		return 0, 0, "", false
	}
	for _, name := range names {
		p, src := s.recordedSeries(s.target.Namespace, s.target.Pod, s.subjectContainer, name)
		if p.len() < 5 || seconds(s.at)-p.X[p.len()-1] > 60 {
			continue
		}
		now, before, source, ok = now+p.Y[p.len()-1], before+quantile(p.Y, 0.1), src, true
	}
	return now, before, source, ok
}

// recordedRoom is what a part of the memory is a share of: the limit that ran out, else what the container used.
func (s *scene) recordedRoom() float64 {
	if s.limitBytes > 0 {
		return s.limitBytes
	}
	if p, _, _ := s.recorded(s.subjectContainer); p.len() > 0 {
		return maxOf(p.Y)
	}
	return 0
}

// recordedVolume supports a volume in memory with the recorder's count of tmpfs, where no report of the kernel tells it.
// The metrics count it among the cache: where they have less than that, they are of another moment.
func (s *scene) recordedVolume(h *hypothesis) {
	now, before, source, ok := s.recordedPart("shmem")
	room := s.recordedRoom()
	if !ok || room <= 0 || now < most*room || s.boundary == investigations.BoundaryNode || s.boundary == investigations.BoundaryNUMA {
		return
	}
	if l := s.judged(); l != nil && l.cache.len() >= 3 {
		if x, cache, ok := l.cache.last(seconds(s.at)); ok && cache < 0.5*now && seconds(s.at)-x < 60 {
			return
		}
	}
	weight := 0.4 + 0.45*clamp(now/room, 0, 1)
	if now-before < 0.2*now && s.findVolume() == nil {
		weight = 0.25 // a program's own shared memory may always be there
	}
	raise(h, weight, s.fact("recorder/shmem", investigations.ToolMetrics, s.at, source,
		map[string]float64{"shmem_bytes": now, "before_bytes": before, "of_bytes": room},
		"The flight recorder has %s of tmpfs and shared memory in container %s at the kill, against %s before: %s of %s.",
		bytesOf(now), s.subjectContainer, bytesOf(before), percent(clamp(now/room, 0, 1)), bytesOf(room)))
}

// recordedKernelMemory does the same for the kernel's own memory.
func (s *scene) recordedKernelMemory(h *hypothesis) {
	now, before, source, ok := s.recordedPart("slab", "sock")
	room := s.recordedRoom()
	if !ok || room <= 0 || now < most*room || s.boundary == investigations.BoundaryNode || s.boundary == investigations.BoundaryNUMA {
		return
	}
	raise(h, 0.4+0.45*clamp(now/room, 0, 1), s.fact("recorder/kernel", investigations.ToolMetrics, s.at, source,
		map[string]float64{"kernel_bytes": now, "before_bytes": before, "of_bytes": room},
		"The flight recorder has %s of slab and socket buffers in container %s at the kill, against %s before: %s of %s.",
		bytesOf(now), s.subjectContainer, bytesOf(before), percent(clamp(now/room, 0, 1)), bytesOf(room)))
}

// raise supports a hypothesis up to a weight: a second source of the same count is no second reason.
func raise(h *hypothesis, weight float64, id string) {
	h.support(math.Max(0, weight-math.Max(0, h.score)), id)
}

// recordedShare tells what a container of the pod held by the recorder, where no sample does, or none saw it grow.
func (s *scene) recordedShare(sh *share, pod string) {
	r := s.climbOf(s.target.Namespace, pod, sh.container)
	if r == nil {
		return
	}
	grown := r.usage - r.usual
	known := sh.usage > 0 && !math.IsNaN(sh.usual)
	switch {
	case sh.usage == 0:
		sh.usage, sh.usual = r.usage, r.usual
	case !known:
		sh.usual = math.Max(0, sh.usage-math.Max(0, grown))
	case grown > sh.usage-sh.usual:
		// It grew between two samples.
		sh.usage = sh.usual + grown
	default:
		return
	}
	sh.source, sh.climb = r.source, r
}

// recordedHolder tells what a pod of the node held by the recorder, where no sample does, or none saw it grow. The
// recorder has the pods of the kill, and the largest of the node.
func (s *scene) recordedHolder(h *holder) {
	r := s.climbOf(h.pod.Namespace, h.pod.Name, "")
	if r == nil {
		return
	}
	grown := r.usage - r.usual
	switch {
	case !h.seen:
		h.usage, h.usual, h.seen = r.usage, r.usual, true
	case grown > h.growth() && grown > 0:
		if math.IsNaN(h.usual) {
			h.usual = math.Max(0, h.usage-grown)
		} else {
			h.usage = h.usual + grown
		}
	default:
		return
	}
	h.source, h.climb = r.source, r
}
