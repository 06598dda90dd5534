// Package kernlogtest prints OOM reports as kernels of several generations do, in the text formats in which
// their logs reach people. Tests read them back, and benchmarks make logs of any size of them.
//
// The forms follow mm/oom_kill.c and mm/memcontrol.c of the versions named at each branch.
package kernlogtest

import (
	"fmt"
	"strings"
)

// Kernel is a generation of report formats.
type Kernel struct {
	// Release is what `uname -r` prints.
	Release string
	// Major and Minor decide the format.
	Major, Minor int
}

// Kernels are the generations whose reports differ.
var Kernels = []Kernel{
	{"3.10.0-1160.el7.x86_64", 3, 10},
	{"4.4.0-210-generic", 4, 4},
	{"4.9.0-19-amd64", 4, 9},
	{"4.14.355-275.603.amzn2.x86_64", 4, 14},
	{"4.19.0-27-amd64", 4, 19},
	{"5.0.0-65-generic", 5, 0},
	{"5.1.21-200.fc29.x86_64", 5, 1},
	{"5.4.0-193-generic", 5, 4},
	{"5.15.0-119-generic", 5, 15},
	{"6.1.0-18-amd64", 6, 1},
	{"6.8.0-45-generic", 6, 8},
	{"6.12.6-amd64", 6, 12},
}

func (k Kernel) from(major, minor int) bool {
	return k.Major > major || k.Major == major && k.Minor >= minor
}

// Process is a row of the task table, in pages of 4 KiB.
type Process struct {
	PID, TGID, UID    int64
	Comm              string
	VM                int64
	Anon, File, Shmem int64
	PagetablesBytes   int64
	Swap              int64
	Adj               int64
}

// RSS returns the resident pages.
func (p Process) RSS() int64 { return p.Anon + p.File + p.Shmem }

// Report is one OOM kill.
type Report struct {
	Kernel Kernel
	// OOMMemcg is the cgroup that hit its limit; empty for the whole machine.
	OOMMemcg string
	// TaskMemcg is the victim's cgroup.
	TaskMemcg string
	// V1 says that cgroup v1 is in use.
	V1 bool
	// UsageKB and LimitKB are of OOMMemcg.
	UsageKB, LimitKB, FailCnt int64
	// Stats are bytes of OOMMemcg.
	Stats []Stat
	// Children are further cgroups, which kernels up to 5.2 print.
	Children []string
	// RAMPages, ReservedPages, FreePages are of the machine.
	RAMPages, ReservedPages, FreePages int64
	Constraint                         string
	Invoker                            Process
	Order                              int64
	Tasks                              []Process
	// Victim and Group are indexes of Tasks; Group is killed with the victim, which it holds.
	Victim int
	Group  []int
	// NoTable leaves the task table out (vm.oom_dump_tasks=0).
	NoTable bool
}

// Stat is one value of a cgroup's statistics.
type Stat struct {
	Key   string
	Bytes int64
}

// Message is one record of the kernel's log; Text may hold line breaks.
type Message struct {
	// Level is the severity, 0 to 7.
	Level int
	Text  string
}

type printer struct {
	r   *Report
	out []Message
}

func (p *printer) add(level int, format string, args ...any) {
	p.out = append(p.out, Message{level, fmt.Sprintf(format, args...)})
}

// Messages returns the records of the report in the order in which the kernel prints them.
func (r *Report) Messages() []Message {
	p := &printer{r: r}
	p.head()
	if r.OOMMemcg != "" {
		p.memcg()
	} else {
		p.memInfo()
	}
	if !r.NoTable {
		p.table()
	}
	p.summary()
	return append(p.out, r.Kills()...)
}

func (p *printer) head() {
	r, k := p.r, p.r.Kernel
	gfp := "0xcc0(GFP_KERNEL)"
	switch {
	case !k.from(4, 4):
		gfp = "0xd0"
	case !k.from(4, 19):
		gfp = "0x24000c0(GFP_KERNEL)"
	}
	mask := ""
	if k.from(4, 9) && !k.from(5, 0) {
		mask = " nodemask=(null), "
	}
	p.add(4, "%s invoked oom-killer: gfp_mask=%s,%s order=%d, oom_score_adj=%d", r.Invoker.Comm, gfp, mask, r.Order, r.Invoker.Adj)
	if !k.from(5, 0) {
		p.add(6, "%s cpuset=/ mems_allowed=0", r.Invoker.Comm)
	}
	uid := ""
	if k.from(6, 11) {
		uid = "UID: 0 "
	}
	p.add(4, "CPU: 2 %sPID: %d Comm: %s Not tainted %s #1", uid, r.Invoker.PID, r.Invoker.Comm, k.Release)
	p.add(4, "Hardware name: QEMU Standard PC (i440FX + PIIX, 1996), BIOS 1.16.2-1 04/01/2014")
	p.add(4, "Call Trace:")
	calls := []string{"dump_stack_lvl+0x44/0x5c", "dump_header+0x4a/0x211", "oom_kill_process.cold+0xb/0x10", "out_of_memory+0x1fd/0x4c0"}
	if r.OOMMemcg != "" {
		calls = append(calls, "mem_cgroup_out_of_memory+0x134/0x150", "try_charge_memcg+0x696/0x7a0", "charge_memcg+0x2d/0xa0")
	} else {
		calls = append(calls, "__alloc_pages_slowpath.constprop.0+0x67f/0xe70", "__alloc_pages+0x305/0x330")
	}
	for _, c := range append(calls, "handle_mm_fault+0xdb/0x2d0", "do_user_addr_fault+0x191/0x550", "exc_page_fault+0x70/0x170", "asm_exc_page_fault+0x22/0x30") {
		p.add(4, " %s", c)
	}
	p.add(4, "RIP: 0033:0x7fd3529f170d")
	p.add(4, "RSP: 002b:00007ffd4ecd70f0 EFLAGS: 00000202")
	p.add(4, "RAX: 0000000000000094 RBX: 00000000000ce000 RCX: 00000000004ba194")
}

// unlimited is what a 64-bit kernel with pages of 4 KiB prints for no limit.
const unlimited = 9007199254740988

func (p *printer) memcg() {
	r, k := p.r, p.r.Kernel
	if !k.from(5, 0) {
		p.add(6, "Task in %s killed as a result of limit of %s", r.TaskMemcg, r.OOMMemcg)
	}
	p.add(6, "memory: usage %dkB, limit %dkB, failcnt %d", r.UsageKB, r.LimitKB, r.FailCnt)
	if r.V1 || !k.from(4, 5) {
		p.add(6, "memory+swap: usage %dkB, limit %dkB, failcnt 0", r.UsageKB, int64(unlimited))
		p.add(6, "kmem: usage 0kB, limit %dkB, failcnt 0", int64(unlimited))
	} else {
		p.add(6, "swap: usage 0kB, limit %dkB, failcnt 0", int64(unlimited))
	}
	if !k.from(5, 3) {
		p.statsLine(r.OOMMemcg)
		for _, c := range r.Children {
			p.statsLine(c)
		}
		return
	}
	p.add(6, "Memory cgroup stats for %s:", r.OOMMemcg)
	var lines []string
	for _, s := range r.Stats {
		lines = append(lines, fmt.Sprintf("%s %d", s.Key, s.Bytes))
	}
	if k.from(6, 6) {
		for _, l := range lines {
			p.add(6, "%s", l)
		}
		return
	}
	p.add(6, "%s", strings.Join(lines, "\n"))
}

func (p *printer) statsLine(path string) {
	var b strings.Builder
	fmt.Fprintf(&b, "Memory cgroup stats for %s: cache:0KB", path)
	for _, s := range p.r.Stats {
		if s.Key != "cache" {
			fmt.Fprintf(&b, " %s:%dKB", s.Key, s.Bytes>>10)
		}
	}
	p.add(6, "%s", b.String())
}

func (p *printer) memInfo() {
	r := p.r
	p.add(4, "Mem-Info:")
	p.add(4, "active_anon:31886 inactive_anon:1200 isolated_anon:0\n active_file:312 inactive_file:401 isolated_file:0\n"+
		" unevictable:0 dirty:12 writeback:0\n slab_reclaimable:15124 slab_unreclaimable:40331\n mapped:1201 shmem:300 pagetables:7684\n free:%d free_pcp:310 free_cma:0", r.FreePages)
	p.add(4, "Node 0 active_anon:127544kB inactive_anon:4800kB active_file:1248kB shmem:1200kB all_unreclaimable? yes")
	p.add(4, "Node 0 DMA free:13312kB min:64kB low:80kB high:96kB present:15992kB managed:15360kB")
	p.add(4, "lowmem_reserve[]: 0 1953 7895 7895 7895")
	p.add(4, "Node 0 Normal free:58688kB min:67584kB low:84480kB high:101376kB present:%dkB managed:%dkB", r.RAMPages*4-15992, (r.RAMPages-r.ReservedPages)*4)
	p.add(4, "Node 0 DMA: 2*4kB (UM) 1*8kB (M) 1*16kB (M) 2*32kB (UM) = 96kB")
	p.add(6, "1500 total pagecache pages")
	p.add(6, "0 pages in swap cache")
	p.add(6, "Free swap  = 0kB")
	p.add(6, "Total swap = 0kB")
	p.add(6, "%d pages RAM", r.RAMPages)
	p.add(6, "0 pages HighMem/MovableOnly")
	p.add(6, "%d pages reserved", r.ReservedPages)
}

func (p *printer) table() {
	r, k := p.r, p.r.Kernel
	head := "[ pid ]"
	if k.from(4, 19) {
		p.add(6, "Tasks state (memory values in pages):")
		head = "[  pid  ]"
	}
	var middle string
	switch {
	case k.from(6, 8):
		middle = "rss rss_anon rss_file rss_shmem pgtables_bytes"
	case k.from(4, 15):
		middle = "rss pgtables_bytes"
	case k.from(4, 14):
		middle = "rss nr_ptes nr_pmds nr_puds"
	case k.from(4, 1):
		middle = "rss nr_ptes nr_pmds"
	default:
		middle = "rss nr_ptes"
	}
	p.add(6, "%s   uid  tgid total_vm      %s swapents oom_score_adj name", head, middle)
	for _, t := range r.Tasks {
		if k.from(4, 19) {
			p.add(6, "[%7d] %5d %5d %8d %s %8d         %5d %s", t.PID, t.UID, t.TGID, t.VM, k.middle(t), t.Swap, t.Adj, t.Comm)
		} else {
			p.add(6, "[%5d] %5d %5d %8d %s %8d         %5d %s", t.PID, t.UID, t.TGID, t.VM, k.middle(t), t.Swap, t.Adj, t.Comm)
		}
	}
}

// middle prints the columns that differ between the generations.
func (k Kernel) middle(t Process) string {
	pages := t.PagetablesBytes / 4096
	switch {
	case k.from(6, 8):
		return fmt.Sprintf("%8d %8d %8d %9d %8d", t.RSS(), t.Anon, t.File, t.Shmem, t.PagetablesBytes)
	case k.from(4, 15):
		return fmt.Sprintf("%8d %8d", t.RSS(), t.PagetablesBytes)
	case k.from(4, 14):
		return fmt.Sprintf("%8d %7d %7d %7d", t.RSS(), pages-2, 1, 1)
	case k.from(4, 1):
		return fmt.Sprintf("%8d %7d %7d", t.RSS(), pages-1, 1)
	}
	return fmt.Sprintf("%8d %7d", t.RSS(), pages)
}

func (p *printer) summary() {
	r := p.r
	if !r.Kernel.from(5, 0) {
		return
	}
	what := "global_oom"
	if r.OOMMemcg != "" {
		what = "oom_memcg=" + r.OOMMemcg
	}
	v := r.Tasks[r.Victim]
	p.add(6, "oom-kill:constraint=%s,nodemask=(null),cpuset=/,mems_allowed=0,%s,task_memcg=%s,task=%s,pid=%d,uid=%d",
		r.Constraint, what, r.TaskMemcg, v.Comm, v.PID, v.UID)
}

// Kills returns the report's last part: the kill lines, which are all that the kernel prints where it has
// printed ten reports within five seconds.
func (r *Report) Kills() []Message {
	p := &printer{r: r}
	prefix := "Out of memory: "
	if r.OOMMemcg != "" {
		prefix = "Memory cgroup out of memory: "
	}
	v := r.Tasks[r.Victim]
	if !r.Kernel.from(5, 1) {
		p.add(3, "%sKill process %d (%s) score %d or sacrifice child", prefix, v.PID, v.Comm, 1000)
		prefix = ""
	}
	p.kill(prefix, v)
	if len(r.Group) > 0 && r.Kernel.from(4, 19) {
		p.add(6, "Tasks in %s are going to be killed due to memory.oom.group set", r.TaskMemcg)
		for _, i := range r.Group {
			p.kill(prefix, r.Tasks[i])
		}
	}
	return p.out
}

func (p *printer) kill(prefix string, t Process) {
	k := p.r.Kernel
	line := fmt.Sprintf("%sKilled process %d (%s) total-vm:%dkB, anon-rss:%dkB, file-rss:%dkB", prefix, t.PID, t.Comm, t.VM*4, t.Anon*4, t.File*4)
	if k.from(4, 4) {
		line += fmt.Sprintf(", shmem-rss:%dkB", t.Shmem*4)
	}
	if k.from(5, 4) {
		line += fmt.Sprintf(", UID:%d pgtables:%dkB oom_score_adj:%d", t.UID, t.PagetablesBytes/1024, t.Adj)
	}
	p.add(3, "%s", line)
}
