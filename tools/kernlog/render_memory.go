package kernlog

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// statOrder is the order in which memory.stat is printed.
var statOrder = func() map[string]int {
	order := map[string]int{}
	for k := range strings.FieldsSeq(statKeysV1 + " " + statKeysV2) {
		if _, ok := order[k]; !ok {
			order[k] = len(order)
		}
	}
	return order
}()

// stats writes the statistics; it tells whether there are any, or usage lines.
func (t *rendered) stats() bool {
	r := t.r
	is, known := versionAtLeast(r.Kernel, 5, 3)
	switch {
	case len(r.Stats) == 0 && r.StatsPath == "" && (t.misses(partStats) || r.Kind != investigations.KernelMemcg):
	case t.misses(partStats) && len(r.Stats) > 0:
		t.statLines(r.Stats) // the line above them is lost
	case known && !is || len(r.Children) > 0:
		t.statsLine(r.StatsPath, r.Stats)
		for _, path := range slices.Sorted(maps.Keys(r.Children)) {
			t.statsLine(path, r.Children[path])
		}
	default:
		t.add("Memory cgroup stats for %s:", pathText(r.StatsPath))
		t.statLines(r.Stats)
	}
	return len(r.Stats) > 0 || r.Memory != nil || r.MemorySwap != nil || r.Swap != nil || r.Kmem != nil || r.StatsPath != ""
}

// statNames returns the keys that can be written, as the kernel orders them.
func statNames(stats map[string]int64) []string {
	names := slices.DeleteFunc(slices.Collect(maps.Keys(stats)), func(k string) bool {
		return k == "" || len(k) > 64 || !statName([]byte(k)) || stats[k] < 0
	})
	place := func(k string) int {
		if i, ok := statOrder[k]; ok {
			return i
		}
		return len(statOrder)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), strings.Compare(a, b))
	})
	return names[:min(len(names), maxStats)]
}

// statLines writes one line a value, in bytes, as since 5.3.
func (t *rendered) statLines(stats map[string]int64) {
	for _, k := range statNames(stats) {
		t.add("%s %d", k, stats[k])
	}
}

// statsLine writes all values of a cgroup in one line, in KB.
func (t *rendered) statsLine(path string, stats map[string]int64) {
	if len(t.out) > 4*maxChildren {
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Memory cgroup stats for %s:", pathText(path))
	for _, k := range statNames(stats) {
		fmt.Fprintf(&b, " %s:%dKB", k, stats[k]>>10)
	}
	t.add("%s", b.String())
}

// memory writes the machine's memory.
func (t *rendered) memory() {
	n := t.r.Node
	if n == nil {
		return
	}
	t.add("Mem-Info:")
	var values []string
	for _, v := range [...]struct {
		key   string
		pages *int64
	}{
		{"active_anon", n.AnonPages},
		{"active_file", n.FilePages},
		{"unevictable", n.UnevictablePages},
		{"slab_reclaimable", n.SlabReclaimablePages},
		{"slab_unreclaimable", n.SlabUnreclaimablePages},
		{"shmem", n.ShmemPages},
		{"pagetables", n.PagetablesPages},
		{"free", n.FreePages},
	} {
		if v.pages != nil {
			values = append(values, fmt.Sprintf("%s:%d", v.key, *v.pages))
		}
	}
	if len(values) > 0 {
		t.add("%s", strings.Join(values, " "))
	}
	t.zones(n)
	line := func(format string, v *int64) {
		if v != nil && *v >= 0 {
			t.add(format, *v)
		}
	}
	line("Free swap  = %dkB", n.SwapFreeKB)
	line("Total swap = %dkB", n.SwapTotalKB)
	line("%d pages RAM", n.RAMPages)
	line("%d pages reserved", n.ReservedPages)
}

// zones writes the pools of huge pages, and, of a kernel that names no constraint, that only a part of the machine's
// NUMA nodes was shown: how large they are the report does not hold.
func (t *rendered) zones(n *investigations.KernelNode) {
	if t.r.Boundary == investigations.BoundaryNUMA && t.r.Constraint == "" {
		t.add("Node 0 Normal present:%dkB", t.r.PageSize()>>10)
	}
	if kb := n.HugepagesKB; kb != nil && *kb > 0 {
		size := int64(2048)
		for *kb%size != 0 {
			size /= 2
		}
		t.add("Node 0 hugepages_total=%d hugepages_free=0 hugepages_surp=0 hugepages_size=%dkB", *kb/size, size)
	}
}
