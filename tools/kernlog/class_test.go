package kernlog

import (
	"strings"
	"testing"
)

func TestClassify(t *testing.T) {
	tests := map[class][]string{
		classHeader: {
			"java invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
			"a invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
			"fifteen--bytes! invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
			"seven-b invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
			" invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
			"\nx invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
			strings.Repeat(`\x1b`, 15) + " invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
			"é invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
			"Out of memory: invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
			"Killed process invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
			"[  12]  0 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
			"anon 5 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
			"java invoked oom-killer:",
		},
		classTask:      {"Task in /a killed as a result of limit of /b", "Task in /a"},
		classLimit:     {"Memory limit reached of cgroup /a"},
		classCounter:   {"memory: usage 1kB, limit 2kB, failcnt 3", "memory+swap: usage 1kB", "swap: usage 1kB", "kmem: usage 1kB"},
		classStats:     {"Memory cgroup stats for /a:", "Memory cgroup stats for ", "Memory cgroup stats for"},
		classStat:      {"anon 4096", "pgfault 0", "total_rss 17", "workingset_refault_anon 0", `anon 1\x0afile 2`, "anon 1\nfile 2", "anon 1#012file 2"},
		classMemInfo:   {"Mem-Info:"},
		classMemValues: {"active_anon:1886215 inactive_anon:1200 isolated_anon:0"},
		classZone:      {"Node 0 Normal free:58688kB min:67584kB", "Node 0 DMA: 2*4kB (UM)", "lowmem_reserve[]: 0 128 128 128 128"},
		classPages:     {"49022 pages RAM", "9751 pages reserved", "1001 total pagecache pages", "0 pages in swap cache", "Free swap  = 0kB", "Total swap = 0kB"},
		classTasks:     {"Tasks state (memory values in pages):"},
		classTableHead: {"[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name", "[  pid  ]   uid  tgid total_vm      rss"},
		classRow:       {"[    114]     0   114     3851     3724    65536        0          -999 kubelet", "[1]     0   114     3851"},
		classSummary:   {"oom-kill:constraint=CONSTRAINT_MEMCG"},
		classAnnounce:  {"Memory cgroup out of memory: Kill process 1 (x) score 2 or sacrifice child", "Out of memory: Kill process 1 (x) score 2 or sacrifice child", "Kill process 1 (x) score 2 or sacrifice child"},
		classKill: {
			"Memory cgroup out of memory: Killed process 1 (x) total-vm:1kB", "Out of memory: Killed process 1 (x)", "Out of memory (oom_kill_allocating_task): Killed process 1 (x)",
			"Killed process 1 (x) total-vm:1kB", "Memory cgroup out of memory: Killed", "Memory cgroup out of memory: ",
		},
		classExiting:    {"Memory cgroup out of memory: OOM victim 1 (x) is already exiting. Skip killing the task"},
		classGroup:      {"Tasks in /a are going to be killed due to memory.oom.group set"},
		classNoKill:     {"Out of memory and no killable processes...", "Kernel panic - not syncing: Out of memory: system-wide panic_on_oom is enabled", "Kernel panic - not syncing: System is deadlocked on memory"},
		classSuppressed: {"oom_kill_process: 6 callbacks suppressed", "out_of_memory: 6 callbacks suppressed"},
		classLost:       {"Missed 14 kernel messages", "** 24 printk messages dropped **"},
		classBoot:       {"Linux version 6.1.0-18-amd64 (debian-kernel@lists.debian.org)"},
		classAudit:      {"audit: type=1400 audit(1774487759.684:8494): apparmor"},
		classNone: {
			"", "x", "abcd", "device eth0 entered promiscuous mode", "Call Trace:", " <TASK>", "oom_reaper: reaped process 1 (x), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB",
			"Kill process 8 (z) sharing same memory", "Kernel panic - not syncing: Attempted to kill init!", "Missed a beat", "** x **", "[drm] Initialized", "[ pid is no header", "[12]", "[12] x",
			"anon", "anon x", "foo 123", "random: 7 urandom warning(s) missed due to ratelimiting", "123 pages free", "Memory failure: 0x1: recovery action", "Out of memory", "Killed by somebody",
			"net_ratelimit: 7 callbacks suppressed", "oom_score_adj=936", "more than fifteen invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0", "x invoked something else altogether",
		},
	}
	for want, messages := range tests {
		for _, m := range messages {
			if got := classify([]byte(m)); got != want {
				t.Errorf("%q is of class %d, want %d", m, got, want)
			}
		}
	}
}

// TestIsHeader compares the fast search with a plain one, with the words at every place.
func TestIsHeader(t *testing.T) {
	for n := range 40 {
		for _, fill := range []string{"x", " ", "i", "xi ", " i", "in "} {
			name := strings.Repeat(fill, 40)[:n]
			msg := []byte(name + invoked + " gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0")
			if got, want := isHeader(msg), n <= maxComm; got != want {
				t.Errorf("a name of %d bytes, %q: %v", n, name, got)
			}
		}
	}
}
