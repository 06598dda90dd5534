package rules

import (
	"fmt"
	"sort"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// kernelParts are the counters of memory.stat that are the kernel's own, with plain names.
var kernelParts = []struct{ key, name string }{
	{"slab", "slab (dentries, inodes and other kernel objects)"},
	{"sock", "socket buffers"},
	{"pagetables", "page tables"},
	{"kernel_stack", "kernel stacks"},
	{"percpu", "per-CPU data"},
	{"vmalloc", "vmalloc"},
}

// kernelMemory: slab, sockets or page tables took the memory, and no process shows it.
func (s *scene) kernelMemory() hypothesis {
	var h hypothesis
	if s.kill == nil {
		s.kernelFromMetrics(&h)
		s.recordedKernelMemory(&h)
		return h
	}
	r := s.kill.report
	if r.Kind == investigations.KernelGlobal {
		s.machineKernelMemory(&h)
		return h
	}
	if r.Memory == nil || r.Memory.UsageKB <= 0 {
		s.recordedKernelMemory(&h)
		return h
	}
	usage := float64(r.Memory.UsageKB) * 1024
	total, parts := kernelBytes(r, s.rssOfTasks())
	if total <= 0 {
		s.kernelFromMetrics(&h)
		return h
	}
	sh := clamp(total/usage, 0, 1)
	id := s.sayKernelShare(total, parts)
	switch {
	case sh >= most:
		h.support(0.45+0.5*sh, id)
	default:
		h.support(-0.1, id)
	}
	return h
}

func (s *scene) sayKernelShare(total float64, parts string) string {
	usage := float64(s.kill.report.Memory.UsageKB) * 1024
	return s.fact("kernelmemory", investigations.ToolKernlog, s.at, s.kill.source(),
		map[string]float64{"kernel_bytes": total, "usage_bytes": usage, "processes_bytes": s.rssOfTasks()},
		"Of the %s that the cgroup used, the kernel's own memory is %s (%s)%s.", bytesOf(usage), bytesOf(total), percent(clamp(total/usage, 0, 1)), parts)
}

// kernelBytes returns the kernel's memory in a cgroup and its largest parts in words; processes is what the table's
// rows hold of their own.
func kernelBytes(r *investigations.KernelReport, processes float64) (total float64, parts string) {
	type part struct {
		name  string
		bytes float64
	}
	var all []part
	for _, k := range kernelParts {
		v := float64(r.Stats[k.key])
		if _, printed := r.Stats[k.key]; k.key == "pagetables" && !printed {
			// Kernels before 5.11 have no such counter; the table's rows tell.
			for _, t := range r.Tasks {
				if t.PgtablesBytes != nil {
					v += float64(*t.PgtablesBytes)
				}
			}
		}
		if k.key == "slab" && v == 0 {
			v = float64(r.Stats["slab_reclaimable"] + r.Stats["slab_unreclaimable"])
		}
		if v > 0 {
			all = append(all, part{k.name, v})
			total += v
		}
	}
	if k := float64(r.Stats["kernel"]) + float64(r.Stats["sock"]); r.Stats["kernel"] > 0 {
		total = k
	}
	if r.Kmem != nil && float64(r.Kmem.UsageKB)*1024 > total {
		total = float64(r.Kmem.UsageKB) * 1024
	}
	if rest := unaccounted(r, total, processes); rest > 0.35*float64(r.Memory.UsageKB)*1024 {
		all = append(all, part{"memory that no counter of the report names", rest})
		total += rest
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].bytes > all[j].bytes })
	var words []string
	for _, p := range all[:min(2, len(all))] {
		if p.bytes > 0.15*total {
			words = append(words, fmt.Sprintf("%s %s", p.name, bytesOf(p.bytes)))
		}
	}
	if len(words) > 0 {
		parts = ", most of it " + strings.Join(words, " and ")
	}
	return total, parts
}

// unaccounted is what a cgroup used beyond anonymous memory, files and the kernel's counters; 0 where the report
// is cut or does not hold them. processes is what the table's rows hold of their own, in bytes.
func unaccounted(r *investigations.KernelReport, kernel, processes float64) float64 {
	held, ok := userBytes(r.Stats)
	own := r.Boundary == investigations.BoundaryContainer || r.Boundary == investigations.BoundaryPod
	if !ok || r.Memory == nil || !own {
		return 0
	}
	// Kernels before 5.3 print a line for each cgroup below the one that ran out, with what that cgroup itself was
	// charged for (mem_cgroup_print_oom_info): a pod's own line is then all zeros.
	if processes > float64(r.Memory.UsageKB)*1024 {
		processes = 0 // pages that processes share stand in each one's row
	}
	var below float64
	for _, c := range r.Children {
		sum, _ := userBytes(c)
		below += sum
	}
	held = max(held, below, processes)
	return max(0, float64(r.Memory.UsageKB)*1024-held-kernel)
}

// userBytes is anonymous memory and files of a stat block, in bytes; ok is false where they are not printed.
func userBytes(stats map[string]int64) (sum float64, ok bool) {
	for _, keys := range [][2]string{{"anon", "file"}, {"rss", "cache"}} {
		anon, haveAnon := stats[keys[0]]
		file, haveFile := stats[keys[1]]
		if haveAnon && haveFile {
			return float64(anon) + float64(file), true
		}
	}
	return 0, false
}

// fragmented is the order from which on a failed allocation with free memory left means fragmentation.
const fragmented = 4

// isFragmented says that a request for many contiguous pages failed on a machine with memory left.
func (s *scene) isFragmented() bool {
	if s.kill == nil || s.kill.report.Kind != investigations.KernelGlobal || s.kill.report.Node == nil || s.kill.report.InvokedBy == nil {
		return false
	}
	return s.kill.report.InvokedBy.Order >= fragmented && s.nodeShare(s.kill.report.Node.FreePages) > 0.03
}

// contiguous is how many pages in a row the failed request asked for.
func (s *scene) contiguous() int { return 1 << min(s.kill.report.InvokedBy.Order, 20) }

// machineKernelMemory judges a global report: slab and page tables that swallowed the machine, or an
// allocation that failed for want of contiguous pages.
func (s *scene) machineKernelMemory(h *hypothesis) {
	r := s.kill.report
	n := r.Node
	if n == nil {
		return
	}
	sh := s.nodeShare(n.SlabUnreclaimablePages) + s.nodeShare(n.PagetablesPages)
	if sh >= 0.25 {
		h.support(0.45+0.6*sh, s.fact("kernelmemory/node", investigations.ToolKernlog, s.at, s.kill.source(), map[string]float64{"share": round2(sh)},
			"Unreclaimable slab and page tables make up %s of the machine's memory.", percent(sh)))
	}
	if !s.isFragmented() {
		s.machineRest(h)
	} else {
		h.support(0.62, s.fact("kernelmemory/order", investigations.ToolKernlog, s.at, s.kill.source(),
			map[string]float64{"order": float64(r.InvokedBy.Order), "free_share": round2(s.nodeShare(n.FreePages))},
			"The allocation that failed was of order %d (%d pages in a row) while %s of the memory was free: fragmentation, not shortage.",
			r.InvokedBy.Order, s.contiguous(), percent(s.nodeShare(n.FreePages))))
	}
}
