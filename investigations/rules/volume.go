package rules

import (
	"fmt"
	"math"

	"github.com/oombot/oombot/investigations"
)

// memoryBackedVolume: files on a tmpfs (an emptyDir with medium Memory, /dev/shm) count as the cgroup's memory
// and belong to no process.
func (s *scene) memoryBackedVolume() hypothesis {
	var h hypothesis
	s.volume = s.findVolume()
	sh := s.shmemShare()
	if s.boundary == investigations.BoundaryNode || s.boundary == investigations.BoundaryNUMA {
		if s.kill != nil && s.kill.report.Node != nil {
			sh = s.nodeShare(s.kill.report.Node.ShmemPages)
		}
	}
	if sh >= 0.35 {
		h.support(0.45+0.5*sh, s.sayShmem(sh))
		if id := s.sharedAtRest(s.judged()); id != "" && s.boundary != investigations.BoundaryNode && s.boundary != investigations.BoundaryNUMA {
			h.support(-0.4, id)
		}
	} else if sh > 0 && s.kill != nil && len(s.kill.report.Stats) > 0 {
		h.support(-0.1, s.sayShmem(sh))
	}
	s.volumeFromCache(&h, sh)
	s.recordedVolume(&h)
	if s.volume != nil && h.score > 0 {
		limit := "without a size limit"
		if s.volume.SizeLimit != nil {
			limit = "with a size limit of " + bytesOf(float64(*s.volume.SizeLimit))
		}
		h.support(0.1, s.fact("volume/spec", investigations.ToolPods, s.at, s.podSource(), nil,
			"The pod has the emptyDir %s with medium Memory, %s.", investigations.Quote(s.volume.Name, 63), limit))
	}
	return h
}

// findVolume returns the pod's memory-backed volume; where there are several, one that the judged container
// mounts. nil where there is none.
func (s *scene) findVolume() *investigations.Volume {
	if s.spec() == nil {
		return nil
	}
	pod := s.spec()
	var found *investigations.Volume
	for i := range pod.Volumes {
		v := &pod.Volumes[i]
		if !v.Memory {
			continue
		}
		if found == nil {
			found = v
		}
		if c := containerSpec(s.spec(), s.subjectContainer); c != nil {
			for _, m := range c.Mounts {
				if m.Volume == v.Name {
					return v
				}
			}
		}
	}
	return found
}

// shmemBytes reads from the report's stat block how much of the cgroup's memory is tmpfs or shared memory, and
// how much there is in all. Before it had a counter of its own, cgroup v1 counted it among the cache, and on
// the anonymous lists: what those hold beyond rss is shmem.
func (s *scene) shmemBytes() (shmem, usage float64) {
	if s.kill == nil || s.kill.report.Kind != investigations.KernelMemcg {
		return 0, 0
	}
	st := s.kill.report.Stats
	if s.kill.report.Memory != nil {
		usage = float64(s.kill.report.Memory.UsageKB) * 1024
	}
	if v, ok := st["shmem"]; ok {
		var below int64 // up to 5.2 each cgroup's line has only its own
		for _, c := range s.kill.report.Children {
			below += c["shmem"]
		}
		return float64(max(v, below)), usage
	}
	rss, haveRSS := st["rss"]
	active, haveActive := st["active_anon"]
	inactive := st["inactive_anon"]
	if haveRSS && haveActive {
		return math.Max(0, float64(active+inactive-rss)), usage
	}
	return 0, usage
}

func (s *scene) shmemShare() float64 {
	shmem, usage := s.shmemBytes()
	if usage <= 0 {
		return 0
	}
	return clamp(shmem/usage, 0, 1)
}

func (s *scene) sayShmem(sh float64) string {
	shmem, usage := s.shmemBytes()
	if usage <= 0 {
		return s.fact("volume/nodeshmem", investigations.ToolKernlog, s.at, s.kill.source(), map[string]float64{"share": round2(sh)},
			"Shared memory and tmpfs make up %s of the machine's memory.", percent(sh))
	}
	values := map[string]float64{"shmem_bytes": shmem, "usage_bytes": usage}
	procs := ""
	if len(s.kill.tasks()) > 0 {
		values["processes_bytes"] = s.rssOfTasks()
		procs = fmt.Sprintf("; its processes hold %s of their own", bytesOf(values["processes_bytes"]))
	}
	return s.fact("volume/shmem", investigations.ToolKernlog, s.at, s.kill.source(), values,
		"Of the %s that the cgroup used, %s (%s) is shmem: tmpfs or shared memory%s.", bytesOf(usage), bytesOf(shmem), percent(sh), procs)
}

// rssOfTasks sums up the anonymous memory of the table's rows; where the table does not split it, all of rss.
func (s *scene) rssOfTasks() float64 {
	var sum float64
	for _, t := range s.kill.tasks() {
		if t.RSSAnonPages != nil {
			sum += float64(*t.RSSAnonPages)
		} else {
			sum += float64(t.RSSPages)
		}
	}
	if s.kill == nil {
		return 0
	}
	return sum * s.kill.pageSize()
}

// volumeFromCache: without the kernel's split, a cache that grew to the limit beside a level rss can only be a
// tmpfs: page cache would have been taken back.
func (s *scene) volumeFromCache(h *hypothesis, shmem float64) {
	l := s.judged()
	if l == nil || l.cache.len() < 3 || l.mem.len() < 3 || l.limit <= 0 || shmem > 0 {
		return
	}
	_, cache, _ := l.cache.last(l.end)
	_, rss, _ := l.mem.last(l.end)
	if cache < 0.4*l.limit || cache < rss {
		return
	}
	w := 0.3
	if s.findVolume() != nil {
		w = 0.6
	}
	h.support(w, s.fact("volume/cache", investigations.ToolMetrics, s.at, s.ev.Metrics.Queries[investigations.QueryCache].Source,
		map[string]float64{"cache_bytes": cache, "rss_bytes": rss, "limit_bytes": l.limit},
		"Before the kill the cache, which includes tmpfs, held %s and anonymous memory %s, of a limit of %s: reclaimable cache would have been taken back.",
		bytesOf(cache), bytesOf(rss), bytesOf(l.limit)))
}
