package kernlog

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// usable is what the machine has, beside the parts of it.
const usable = "usable RAM"

// share is one part of the memory.
type share struct {
	label string
	bytes int64
}

// memory shows what the memory was, with a bar for each part.
func (t *textWriter) memory() {
	shares, total := cgroupShares(t.r)
	if t.r.Node != nil {
		shares, total = nodeShares(t.r)
	}
	shown := slices.ContainsFunc(shares, func(s share) bool { return s.bytes > 0 })
	if shown {
		t.line("")
		for _, s := range shares {
			t.share(s, total)
		}
	}
	t.children()
}

// share writes one part: its size, its bar and its percentage.
func (t *textWriter) share(s share, total int64) {
	if total <= 0 {
		total = s.bytes
	}
	room := t.opt.Width - 33
	cells := 0
	percent := ""
	if s.bytes > 0 && total > 0 && s.label != usable {
		part := min(float64(s.bytes)/float64(total), 1)
		cells = int(part*float64(room) + 0.5)
		percent = fmt.Sprintf("%.0f %%", 100*float64(s.bytes)/float64(total))
	}
	t.line("  %s %s  %s %s", t.style(dim, pad(s.label, 10)), padLeft(investigations.FormatBytes(s.bytes), 9),
		t.style(yellow, strings.Repeat("█", cells)), percent)
}

// cgroupShares splits a cgroup's memory: v2's names first, v1's where those are missing. Shared memory and
// tmpfs count as page cache in both, and are shown apart.
func cgroupShares(r *investigations.KernelReport) (shares []share, total int64) {
	s := r.Stats
	if len(s) == 0 {
		return nil, 0
	}
	value := func(keys ...string) (v int64) {
		for _, k := range keys {
			if n, ok := s[k]; ok {
				return n
			}
		}
		return 0
	}
	shmem := value("shmem")
	kernel, ok := s["kernel"]
	if !ok {
		kernel = value("kernel_stack") + value("pagetables") + value("percpu") + value("sock") + value("slab")
		if kernel == 0 && r.Kmem != nil {
			kernel = r.Kmem.UsageKB << 10
		}
	}
	shares = []share{
		{"anon", value("anon", "rss")}, {"shmem", shmem}, {"file", max(0, value("file", "cache")-shmem)}, {"kernel", kernel},
	}
	if sock := value("sock"); sock > kernel/4 && sock > 0 {
		shares = append(shares, share{"· sockets", sock})
	}
	if slab := value("slab"); slab > kernel/4 && slab > 0 {
		shares = append(shares, share{"· slab", slab})
	}
	if r.Memory != nil {
		total = r.Memory.UsageKB << 10
	}
	for i, sum := 0, int64(0); i < 4; i++ {
		sum += shares[i].bytes
		total = max(total, sum)
	}
	return shares, total
}

// nodeShares splits the machine's memory.
func nodeShares(r *investigations.KernelReport) (shares []share, total int64) {
	n, page := r.Node, r.PageSize()
	bytes := func(pages *int64) int64 {
		if pages == nil {
			return 0
		}
		return *pages * page
	}
	shmem := bytes(n.ShmemPages)
	total = max(bytes(n.RAMPages)-bytes(n.ReservedPages), 0)
	shares = []share{
		{"anon", max(0, bytes(n.AnonPages)-shmem)},
		{"shmem", shmem},
		{"file", bytes(n.FilePages)},
		{"slab", bytes(n.SlabReclaimablePages) + bytes(n.SlabUnreclaimablePages)},
		{"pagetables", bytes(n.PagetablesPages)},
		{"free", bytes(n.FreePages)},
	}
	return append(shares, share{usable, total}), total
}

// children shows the cgroups below the one that ran out, as kernels up to 5.2 print them.
func (t *textWriter) children() {
	c := t.r.Children
	if len(c) == 0 {
		return
	}
	size := func(p string) int64 { return c[p]["rss"] + c[p]["cache"] }
	paths := slices.SortedFunc(maps.Keys(c), func(a, b string) int {
		if d := size(b) - size(a); d != 0 {
			return int(max(-1, min(1, d)))
		}
		return strings.Compare(a, b)
	})
	const shown = 6
	t.line("")
	for i, p := range paths[:min(len(paths), shown)] {
		label := "cgroups"
		if i > 0 {
			label = ""
		}
		t.labelled(label, padLeft(investigations.FormatBytes(size(p)), 9)+"  "+fit(investigations.CleanText(path.Base(p), 200), t.opt.Width-26))
	}
	if n := len(paths) - shown; n > 0 {
		t.labelled("", fmt.Sprintf("and %d more", n))
	}
}
