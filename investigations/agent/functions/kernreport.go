package functions

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

const (
	// mostStats and mostCounts are how many statistics a sentence names, mostKilled how many victims of a report are told,
	// and mostChildren how many further cgroups.
	mostStats, mostCounts = 12, 10
	mostKilled            = 3
	mostChildren          = 5
)

// report tells of a kill as the kernel's report has it.
func report(o oomReport, top int, a *answer) {
	r := o.r
	t := o.when().and("the kernel killed because %s; boundary: %s", reasonOf(r.Kind), words(string(r.Boundary)))
	if r.OOMMemcg != "" {
		t.and("; cgroup %s", quote(r.OOMMemcg, 220))
	}
	if i := r.InvokedBy; i != nil {
		t.and("; the allocation that failed was of %s (pid %s), %s, order %s", quote(i.Comm, 40), countOf("invoker_pid", i.PID), quote(i.GFPMask, 80), countOf("order", i.Order))
	}
	a.add(o.at, o.source(), t)
	counters(o, a)
	machine(o, a)
	for _, k := range r.Killed[:min(len(r.Killed), mostKilled)] {
		a.add(o.at, o.source(), killed(o, k))
	}
	a.skip(len(r.Killed) - mostKilled)
	if len(r.Stats) > 0 {
		held, _ := statValues(r.Stats)
		a.add(o.at, o.source(), o.when().and("the cgroup that broke held: ").all(held[:min(len(held), mostStats)]))
	}
	tasks(o, top, a)
	if len(r.Missing) > 0 {
		a.note("the report lacks: %s", strings.Join(r.Missing, ", "))
	}
	if r.SuppressedBefore > 0 {
		a.note("the kernel left out %d lines before it", r.SuppressedBefore)
	}
}

// reasonOf says what a kind of report means.
func reasonOf(kind string) string {
	switch kind {
	case investigations.KernelMemcg:
		return "a cgroup reached its limit"
	case investigations.KernelGlobal:
		return "the machine ran short of memory"
	case investigations.KernelManual:
		return "somebody asked for it (sysrq)"
	}
	return "memory ran out"
}

// counters tells the usage lines of the cgroup that broke.
func counters(o oomReport, a *answer) {
	var parts []named
	for _, c := range []struct {
		name string
		c    *investigations.KernelCounter
	}{{"memory", o.r.Memory}, {"memory+swap", o.r.MemorySwap}, {"swap", o.r.Swap}, {"kmem", o.r.Kmem}} {
		if c.c == nil {
			continue
		}
		key := strings.ReplaceAll(c.name, "+", "_")
		parts = append(parts, named{c.name + " usage", bytesOf(key+"_usage", c.c.UsageKB<<10)})
		if c.c.LimitKB != nil {
			parts = append(parts, named{c.name + " limit", bytesOf(key+"_limit", *c.c.LimitKB<<10)})
		}
		parts = append(parts, named{c.name + " failcnt", countOf(key+"_failcnt", c.c.FailCnt)})
	}
	if len(parts) > 0 {
		a.add(o.at, o.source(), o.when().and("the counters of the cgroup that broke were: ").all(parts))
	}
}

// machine tells the memory of the whole machine.
func machine(o oomReport, a *answer) {
	n := o.r.Node
	if n == nil {
		return
	}
	var parts []named
	add := func(name string, v *int64, unit int64) {
		if v != nil {
			parts = append(parts, named{name, bytesOf(strings.ReplaceAll(name, " ", "_"), *v*unit)})
		}
	}
	page := o.r.PageSize()
	add("RAM", n.RAMPages, page)
	add("reserved", n.ReservedPages, page)
	add("free", n.FreePages, page)
	add("anonymous", n.AnonPages, page)
	add("file", n.FilePages, page)
	add("shmem", n.ShmemPages, page)
	add("slab reclaimable", n.SlabReclaimablePages, page)
	add("slab unreclaimable", n.SlabUnreclaimablePages, page)
	add("page tables", n.PagetablesPages, page)
	add("unevictable", n.UnevictablePages, page)
	add("huge pages", n.HugepagesKB, 1<<10)
	add("swap total", n.SwapTotalKB, 1<<10)
	add("swap free", n.SwapFreeKB, 1<<10)
	if len(parts) > 0 {
		a.add(o.at, o.source(), o.when().and("the machine had: ").all(parts))
	}
}

// killed tells of one victim.
func killed(o oomReport, k investigations.KernelKill) *sentence {
	t := o.when().and("it killed %s (pid %s)", quote(k.Comm, 60), countOf("pid", k.PID))
	for _, x := range []struct {
		name, key string
		kb        *int64
	}{
		{"anonymous", "anon_rss", k.AnonRSSKB},
		{"file", "file_rss", k.FileRSSKB},
		{"shmem", "shmem_rss", k.ShmemRSSKB},
		{"page tables", "pgtables", k.PgtablesKB},
		{"virtual", "total_vm", k.TotalVMKB},
	} {
		if x.kb != nil {
			t.and(", %s %s", x.name, bytesOf(x.key, *x.kb<<10))
		}
	}
	if k.OOMScoreAdj != nil {
		t.and(", oom_score_adj %s", countOf("oom_score_adj", *k.OOMScoreAdj))
	}
	if k.Score != nil {
		t.and(", score %s", countOf("score", *k.Score))
	}
	return t
}

// tasks tells of the largest processes of a report's table.
func tasks(o oomReport, top int, a *answer) {
	if len(o.r.Tasks) == 0 {
		a.note("the report holds no table of processes")
		return
	}
	page := o.r.PageSize()
	sorted := slices.Clone(o.r.Tasks)
	slices.SortStableFunc(sorted, func(x, y investigations.KernelTask) int {
		return cmp.Compare(y.RSSPages+y.SwapentsPages, x.RSSPages+x.SwapentsPages)
	})
	var resident, swapped int64
	for _, t := range sorted {
		resident += t.RSSPages
		swapped += t.SwapentsPages
	}
	a.add(o.at, o.source(), o.when().and("the report's table holds %s with %s resident and %s swapped out in all (shared pages count for each)",
		things("processes", len(sorted), "process", "processes"), bytesOf("rss_total", resident*page), bytesOf("swap_total", swapped*page)))
	for _, t := range sorted[:min(top, len(sorted))] {
		a.add(o.at, o.source(), task(o, t, page))
	}
	if rest := len(sorted) - top; rest > 0 {
		a.note("%d smaller processes not shown", rest)
	}
}

func task(o oomReport, t investigations.KernelTask, page int64) *sentence {
	s := o.when().and("process %s (pid %s) had %s resident", quote(t.Comm, 60), countOf("pid", t.PID), bytesOf("rss", t.RSSPages*page))
	for _, x := range []struct {
		name, key string
		pages     *int64
	}{{"anonymous", "anon_rss", t.RSSAnonPages}, {"file", "file_rss", t.RSSFilePages}, {"shmem", "shmem_rss", t.RSSShmemPages}, {"swapped out", "swap", &t.SwapentsPages}} {
		if x.pages != nil && *x.pages != 0 {
			s.and(", %s %s", x.name, bytesOf(x.key, *x.pages*page))
		}
	}
	s.and("; oom_score_adj %s", countOf("oom_score_adj", t.OOMScoreAdj))
	if t.Badness != nil {
		s.and(", badness %s", countOf("badness", *t.Badness))
	}
	if slices.ContainsFunc(o.r.Killed, func(k investigations.KernelKill) bool { return k.PID == t.PID }) {
		s.and("; it was killed")
	}
	return s
}

// stats tells the whole statistics of the cgroup that broke, and of those below it that the report prints.
func stats(o oomReport, a *answer) {
	if len(o.r.Stats) == 0 && len(o.r.Children) == 0 {
		a.note("the report holds no statistics of a cgroup")
		return
	}
	held, counts := statValues(o.r.Stats)
	for part := range slices.Chunk(held, mostStats) {
		a.add(o.at, o.source(), o.when().and("the cgroup that broke held: ").all(part))
	}
	if counts = slices.DeleteFunc(counts, func(n named) bool { return n.value.v == 0 }); len(counts) > 0 {
		a.skip((len(counts) - 1) / mostCounts)
		a.add(o.at, o.source(), o.when().and("the counters of that cgroup were: ").all(counts[:min(len(counts), mostCounts)]))
	}
	weight := func(path string) int64 {
		return o.r.Children[path]["anon"] + o.r.Children[path]["file"] + o.r.Children[path]["slab"]
	}
	paths := slices.SortedFunc(maps.Keys(o.r.Children), func(x, y string) int { return cmp.Or(cmp.Compare(weight(y), weight(x)), strings.Compare(x, y)) })
	for _, path := range paths[:min(len(paths), mostChildren)] {
		held, _ := statValues(o.r.Children[path])
		a.add(o.at, o.source(), o.when().and("the cgroup %s held: ", quote(path, 220)).all(held[:min(len(held), mostStats/2)]))
	}
	a.skip(len(paths) - mostChildren)
}

// statValues returns statistics that are bytes, and those that are counts, the largest first. Names that no kernel gives
// are left out.
func statValues(stats map[string]int64) (held, counts []named) {
	keys := slices.SortedFunc(maps.Keys(stats), func(x, y string) int { return cmp.Or(cmp.Compare(stats[y], stats[x]), strings.Compare(x, y)) })
	for _, k := range keys {
		switch {
		case !isStat(k):
		case isCount(k):
			counts = append(counts, named{k, countOf(k, stats[k])})
		default:
			held = append(held, named{k, bytesOf(k, stats[k])})
		}
	}
	return held, counts
}

func isStat(key string) bool {
	return key != "" && len(key) <= 40 && !strings.ContainsFunc(key, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_'
	})
}

func isCount(key string) bool {
	for _, start := range []string{"pg", "workingset_", "thp_", "zswpin", "zswpout", "zswpwb", "numa_"} {
		if strings.HasPrefix(key, start) {
			return true
		}
	}
	return false
}
