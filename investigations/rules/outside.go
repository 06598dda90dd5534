package rules

import (
	"fmt"
	"math"

	"github.com/oombot/oombot/investigations"
)

// most is the share of a limit from which on memory outside of the processes is what filled it.
const most = 0.35

// splitCache lets the judged lives tell page cache from tmpfs, which the metrics count together as cache: the kernel's
// report of this kill says how much of it was tmpfs. What lies beyond that could be taken back, and was, before the
// kernel killed (mm/memcontrol.c reclaims first).
func (s *scene) splitCache(l *life) {
	if s.kill == nil || s.kill.report.Boundary != investigations.BoundaryContainer || s.kill.container != l.container || len(s.kill.report.Stats) == 0 {
		return
	}
	// Where an old kernel does not tell tmpfs apart, it is at most all of the cache that was left.
	for _, key := range []string{"shmem", "file", "cache"} {
		if v, ok := s.kill.report.Stats[key]; ok {
			l.tmpfs, l.split = float64(v), true
			return
		}
	}
}

// held returns the working set without the page cache in it, where the two can be told apart and the cache is large
// enough to matter; else the working set.
func (l *life) held() points {
	if !l.split || l.blurred || l.cache.len() == 0 || l.mem.len() == 0 || l.limit <= 0 {
		return l.ws
	}
	out := points{X: l.ws.X, Y: make([]float64, l.ws.len())}
	widest := 0.0
	for i, x := range l.ws.X {
		page := math.Max(0, l.cache.at(x)-l.tmpfs)
		out.Y[i] = math.Min(l.ws.Y[i], math.Max(l.mem.at(x), l.ws.Y[i]-page))
		widest = math.Max(widest, l.ws.Y[i]-out.Y[i])
	}
	if widest < 0.1*l.limit {
		return l.ws
	}
	return out
}

// parts is what a container held just before its life ended, in bytes; cache and rest are NaN where the cache is not
// known. cache includes tmpfs; rest is the working set beyond anonymous memory and cache, which only the kernel's own
// memory can be: usage is the sum of the three, and the working set leaves inactive page cache out.
type parts struct {
	ws, rss, cache, rest float64
	at                   float64
}

func (l *life) parts() (p parts, ok bool) {
	if l.blurred || l.ws.len() < 3 || l.mem.len() < 3 {
		return p, false
	}
	p.at, p.ws, _ = l.ws.last(l.end)
	_, p.rss, _ = l.mem.last(p.at)
	p.cache, p.rest = math.NaN(), math.NaN()
	if l.cache.len() >= 3 {
		_, p.cache, _ = l.cache.last(p.at)
		p.rest = p.ws - p.rss - p.cache
	}
	return p, true
}

// heldOutside says whether most of what filled the judged container's limit was in no process, so that the level of
// its working set tells nothing about what the program needs: by the kernel's own account, else by the metrics. It
// returns the fact's id, or "".
func (s *scene) heldOutside(l *life) string {
	if s.kill != nil && len(s.kill.report.Stats) > 0 && s.kill.report.Kind == investigations.KernelMemcg && s.kill.report.Memory != nil {
		if sh := s.shmemShare(); sh >= most && s.sharedAtRest(l) == "" {
			return s.sayShmem(sh)
		}
		if total, parts := kernelBytes(s.kill.report, s.rssOfTasks()); total >= most*float64(s.kill.report.Memory.UsageKB)*1024 {
			return s.sayKernelShare(total, parts)
		}
		return ""
	}
	if l == nil || l.limit <= 0 {
		return ""
	}
	p, ok := l.parts()
	if !ok || p.rss >= 0.6*l.limit || p.ws-p.rss < most*l.limit {
		return ""
	}
	return s.fact("outside/"+l.pod+"/"+fmt.Sprint(int64(l.start)), investigations.ToolMetrics, fromSeconds(p.at), s.usageSource(),
		map[string]float64{"working_set_bytes": p.ws, "rss_bytes": p.rss, "limit_bytes": l.limit},
		"Before the kill %s of the working set of %s was anonymous memory, %s of the limit of %s: the rest is page cache, tmpfs or the kernel's own, and the level says nothing about what the program needs.",
		bytesOf(p.rss), bytesOf(p.ws), percent(p.rss/l.limit), bytesOf(l.limit))
}

// sharedAtRest says whether memory outside of the processes was there from the start of a long life and stayed as it
// was, with no volume in memory: a program's own shared memory, as a database's buffers, which is part of what it needs.
// It returns the fact's id, or "".
func (s *scene) sharedAtRest(l *life) string {
	if l == nil || l.blurred || l.mass.n < 10 || l.mass.span < 1800 || s.spec() == nil || s.findVolume() != nil {
		return ""
	}
	beside := points{}
	for i, x := range l.ws.X {
		beside.X, beside.Y = append(beside.X, x), append(beside.Y, l.ws.Y[i]-l.mem.at(x))
	}
	n := beside.len()
	first, last := median(beside.Y[n/20:n/5]), median(beside.Y[n-n/5:])
	if last <= 0 || first < 0.85*last {
		return ""
	}
	return s.fact("outside/rest/"+l.pod+"/"+fmt.Sprint(int64(l.start)), investigations.ToolMetrics, fromSeconds(l.end), s.usageSource(),
		map[string]float64{"first_bytes": first, "last_bytes": last},
		"What the container held beside anonymous memory was there early in its life (%s) and stayed (%s at the end), and the pod has no volume in memory: shared memory that the program always needs.",
		bytesOf(first), bytesOf(last))
}

// kernelFromMetrics: without the kernel's split, what the working set holds beyond anonymous memory and cache can only
// be memory of the kernel on the container's behalf. Which sort it is, no metric tells.
func (s *scene) kernelFromMetrics(h *hypothesis) {
	l := s.judged()
	if l == nil || l.limit <= 0 {
		return
	}
	p, ok := l.parts()
	if !ok || math.IsNaN(p.rest) || p.rest < most*l.limit || p.rest < p.cache || p.rss >= 0.6*l.limit {
		return
	}
	h.support(0.52, s.fact("kernelmemory/metrics", investigations.ToolMetrics, fromSeconds(p.at), s.usageSource(),
		map[string]float64{"working_set_bytes": p.ws, "rss_bytes": p.rss, "cache_bytes": p.cache, "rest_bytes": p.rest, "limit_bytes": l.limit},
		"Before the kill the working set was %s, of which anonymous memory makes up %s and the cache %s: the remaining %s (%s of the limit) is the kernel's own, slab, sockets or page tables.",
		bytesOf(p.ws), bytesOf(p.rss), bytesOf(p.cache), bytesOf(p.rest), percent(p.rest/l.limit)))
}
