package incidents

import (
	"fmt"
	"strings"
	"time"
)

// kline is one record of the kernel's log, or one line of another program in a journal.
type kline struct {
	at time.Time
	// prio is facility×8+level.
	prio int
	// host is another host than the log's own, where a log holds several.
	host string
	// ident is empty for the kernel, else the program with its pid, as "systemd-oomd[612]".
	ident string
	// text may hold newlines, where one printk has several lines.
	text string
}

// oomReport is one OOM kill as the kernel would report it.
type oomReport struct {
	at time.Time
	// global says that the machine ran out (or its part, see constraint), else the cgroup memcg.
	global     bool
	constraint string
	nodemask   string
	order      int
	invoker    process
	// memcg is the cgroup that met its limit, children the cgroups below it that old kernels list, with what
	// each holds.
	memcg         string
	usage, limit  int64
	failcnt       int
	held          memory
	children      []cgroupMemory
	tasks         []process
	victim        process
	group         []process
	machine       machineMemory
	withoutKill   bool
	rateLimited   bool // only the kill line got through
	skippedBefore int  // callbacks suppressed before it
}

// cgroupMemory is what one cgroup holds of its own.
type cgroupMemory struct {
	path string
	memory
}

// printer collects the records of one report, some tens of microseconds apart.
type printer struct {
	k   platform
	at  time.Time
	out []kline
}

func (p *printer) put(level int, format string, args ...any) {
	p.at = p.at.Add(44 * time.Microsecond)
	p.out = append(p.out, kline{at: p.at, prio: level, text: fmt.Sprintf(format, args...)})
}

// print renders a report in the format of the platform's kernel.
func (p platform) print(r oomReport) []kline {
	out := &printer{k: p, at: r.at}
	if r.skippedBefore > 0 {
		out.put(4, "oom_kill_process: %d callbacks suppressed", r.skippedBefore)
	}
	if !r.rateLimited {
		out.head(r)
		if r.global {
			out.machine(r.machine)
		} else {
			out.cgroup(r)
		}
		out.table(r.tasks)
		out.summary(r)
	}
	if !r.withoutKill {
		out.kill(r)
	}
	return out.out
}

// head prints who asked for memory, and from where.
func (p *printer) head(r oomReport) {
	gen, inv := p.k.kernel.gen, r.invoker
	comm, pid := inv.comm, inv.pid
	if inv.thread != "" {
		comm, pid = inv.thread, inv.pid+11
	}
	nodemask := ""
	switch gen {
	case 414:
		nodemask = " nodemask=(null), "
	case 419:
		nodemask = " nodemask=(null),"
	}
	p.put(4, "%s invoked oom-killer: gfp_mask=%s,%s order=%d, oom_score_adj=%d", comm, gfp(gen, r), nodemask, r.order, inv.adj)
	if gen < 500 && gen != 418 {
		p.put(6, "%s cpuset=%s mems_allowed=0", comm, cpuset(inv.path))
	}
	uid := ""
	if gen >= 612 {
		uid = fmt.Sprintf("UID: %d ", inv.uid)
	}
	tainted := "Not tainted"
	if gen == 310 {
		tainted = "Kdump: loaded Not tainted"
	}
	p.put(4, "CPU: %d %sPID: %d Comm: %s %s %s #1", pid%4, uid, pid, comm, tainted, p.k.kernel.release)
	p.put(4, "Hardware name: Amazon EC2 m6i.2xlarge/, BIOS 1.0 10/16/2017")
	p.trace(r)
}

// gfp is the allocation's flags, as each generation prints them.
func gfp(gen int, r oomReport) string {
	type masks struct{ memcg, global, high string }
	m := masks{"0xcc0(GFP_KERNEL)", "0x100cca(GFP_HIGHUSER_MOVABLE)", "0x40cc0(GFP_KERNEL|__GFP_COMP)"}
	switch {
	case gen == 310:
		m = masks{"0xd0", "0x201da", "0x2040d0"}
	case gen == 404:
		m = masks{"0x24000c0", "0x24280ca", "0x26040c0"}
	case gen == 414:
		m = masks{"0x14000c0(GFP_KERNEL)", "0x14200ca(GFP_HIGHUSER_MOVABLE)", "0x14040c0(GFP_KERNEL|__GFP_COMP)"}
	case gen < 500:
		m = masks{"0x6000c0(GFP_KERNEL)", "0x6200ca(GFP_HIGHUSER_MOVABLE)", "0x6040c0(GFP_KERNEL|__GFP_COMP)"}
	case gen >= 601:
		m.global = "0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP)"
	}
	switch {
	case r.order == -1:
		return m.memcg
	case r.order > 0:
		return m.high
	case r.global:
		return m.global
	}
	return m.memcg
}

// cpuset is the cpuset's name of a process: the last element of its cgroup.
func cpuset(path string) string {
	if i := strings.LastIndex(path, "/"); i >= 0 && i+1 < len(path) {
		return path[i+1:]
	}
	return "/"
}

// trace prints a stack of calls.
func (p *printer) trace(r oomReport) {
	frames := []string{
		"dump_stack_lvl+0x44/0x5c", "dump_header+0x4a/0x211", "oom_kill_process.cold+0xb/0x10", "out_of_memory+0x1fd/0x4c0",
	}
	switch {
	case r.order == -1:
		frames = append(frames, "moom_callback+0x8f/0xb0", "process_one_work+0x1e5/0x3b0", "worker_thread+0x50/0x3a0", "kthread+0xd9/0x100")
	case r.global:
		frames = append(frames, "__alloc_pages_slowpath.constprop.0+0xa5c/0xda0", "__alloc_pages+0x305/0x330")
	default:
		frames = append(frames, "mem_cgroup_out_of_memory+0x134/0x150", "try_charge_memcg+0x696/0x7a0", "charge_memcg+0x2d/0xa0")
	}
	if r.order != -1 {
		frames = append(frames, "handle_mm_fault+0xdb/0x2d0", "do_user_addr_fault+0x191/0x550", "exc_page_fault+0x70/0x170", "asm_exc_page_fault+0x22/0x30")
	}
	p.put(4, "Call Trace:")
	old, tasks := p.k.kernel.gen < 418, p.k.kernel.gen >= 510
	if tasks {
		p.put(4, " <TASK>")
	}
	for i, f := range frames {
		if old {
			f = fmt.Sprintf("[<ffffffff81%06x>] %s", 0x3c1e0+i*0x1f3, f)
		}
		p.put(4, " %s", f)
	}
	if !old && r.order != -1 {
		p.put(4, "RIP: 0033:0x7f%010x", r.invoker.pid*7919%0xffffffff)
	}
	if tasks {
		p.put(4, " </TASK>")
	}
}
