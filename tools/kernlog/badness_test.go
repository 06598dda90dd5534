package kernlog

import (
	"fmt"
	"strings"
	"testing"

	"github.com/oombot/oombot/investigations"
)

// badnessOf returns the badness of the rows of a log's only report, "-" for none.
func badnessOf(t *testing.T, log string) (string, *investigations.KernelReport) {
	t.Helper()
	got := scan(t, []byte(unindent(log)))
	if len(got) != 1 {
		t.Fatalf("%d reports", len(got))
	}
	var words []string
	for _, r := range got[0].Tasks {
		if r.Badness == nil {
			words = append(words, "-")
		} else {
			words = append(words, fmt.Sprint(*r.Badness))
		}
	}
	return strings.Join(words, " "), &got[0]
}

const memcgTable = `[    1.000000] java invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=900
	[    1.000001] CPU: 1 PID: 41 Comm: java Not tainted 6.1.0 #1
	%s
	[    1.000003] Memory cgroup stats for /a:
	[    1.000004] anon 4096
	[    1.000005] Tasks state (memory values in pages):
	[    1.000006] [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name
	[    1.000007] [     41]     0    41     2000     1000     8192        %d           900 java
	[    1.000008] [     42]     0    42     2000      500     4096        0             0 sh
	[    1.000009] [     43]     0    43     2000      500     4096        0         -1000 sshd
	[    1.000010] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a,task_memcg=/a,task=java,pid=41,uid=0
	[    1.000011] Memory cgroup out of memory: Killed process 41 (java) total-vm:8000kB, anon-rss:4000kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:8kB oom_score_adj:900
	`

func TestBadnessOfCgroup(t *testing.T) {
	tests := map[string]struct {
		counters string
		swapents int
		want     string
	}{
		"no swap":                   {"memory: usage 40960kB, limit 40960kB, failcnt 0\n[    1.1] swap: usage 0kB, limit 0kB, failcnt 0", 0, "10002 501 -"},
		"swap with a limit":         {"memory: usage 40960kB, limit 40960kB, failcnt 0\n[    1.1] swap: usage 8kB, limit 40960kB, failcnt 0", 7, "19009 501 -"},
		"swap without, not in use":  {"memory: usage 40960kB, limit 40960kB, failcnt 0\n[    1.1] swap: usage 0kB, limit 9007199254740988kB, failcnt 0", 0, "10002 501 -"},
		"swap without, in use":      {"memory: usage 40960kB, limit 40960kB, failcnt 0\n[    1.1] swap: usage 8kB, limit 9007199254740988kB, failcnt 0", 7, "- 501 -"},
		"v1, swap without":          {"memory: usage 40960kB, limit 40960kB, failcnt 0\n[    1.1] memory+swap: usage 40960kB, limit 9007199254740988kB, failcnt 0", 0, "10002 501 -"},
		"v1, swap without, in use":  {"memory: usage 40960kB, limit 40960kB, failcnt 0\n[    1.1] memory+swap: usage 50000kB, limit 18014398509481983kB, failcnt 0", 0, "- 501 -"},
		"v1, both limited":          {"memory: usage 40960kB, limit 40960kB, failcnt 0\n[    1.1] memory+swap: usage 50000kB, limit 81920kB, failcnt 0", 0, "19002 501 -"},
		"integer division":          {"memory: usage 40960kB, limit 43996kB, failcnt 0\n[    1.1] swap: usage 0kB, limit 0kB, failcnt 0", 0, "10002 501 -"},
		"limit unknown":             {"Some other line", 0, "- 501 -"},
		"only the memory's counter": {"memory: usage 40960kB, limit 40960kB, failcnt 0", 0, "10002 501 -"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, r := badnessOf(t, fmt.Sprintf(memcgTable, "[    1.000002] "+tt.counters, tt.swapents))
			if got != tt.want {
				t.Errorf("badness %s, want %s", got, tt.want)
			}
			if v := Victim(r); v == nil || v.PID != 41 {
				t.Errorf("victim %+v", v)
			}
			if l := Largest(r); l == nil || l.PID != 41 {
				t.Errorf("largest %+v", l)
			}
			if n := NextVictim(r); n == nil || n.PID != 42 {
				t.Errorf("next %+v", n)
			}
		})
	}
}

const globalTable = `[    1.000000] java invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
	[    1.000001] CPU: 1 PID: 41 Comm: java Not tainted 6.1.0 #1
	[    1.000002] Mem-Info:
	[    1.000003] active_anon:1 inactive_anon:2 isolated_anon:0
	[    1.000004] Node 0 DMA free:64kB min:4kB present:16000kB managed:15360kB
	[    1.000005] Node 0 Normal free:64kB min:4kB present:84000kB managed:80000kB
	[    1.000006] Node 1 Normal free:64kB min:4kB present:200000kB managed:190000kB
	[    1.000007] Node 0 Normal: 1*%dkB (UM) = 4kB
	[    1.000008] Free swap  = 0kB
	[    1.000009] Total swap = 40000kB
	[    1.000010] 80000 pages RAM
	[    1.000011] 5000 pages reserved
	[    1.000012] [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name
	[    1.000013] [      1]     0     1     2000     1000    65536        5           100 systemd
	[    1.000014] [     41]     0    41     2001     1000    65536        5           100 java
	[    1.000015] [     42]     0    42     2000      900    65536        5           100 sh
	[    1.000016] oom-kill:constraint=%s,nodemask=%s,cpuset=x,mems_allowed=%s,global_oom,task_memcg=/a,task=java,pid=41,uid=0
	[    1.000017] Out of memory: Killed process 41 (java) total-vm:%dkB, anon-rss:4000kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:64kB oom_score_adj:100
	`

func TestBadnessOfMachine(t *testing.T) {
	tests := map[string]struct {
		pageKB                     int
		constraint, nodemask, mems string
		boundary                   investigations.Boundary
		want                       string
	}{
		// 75000 pages and 10000 of swap
		"whole machine": {4, "CONSTRAINT_NONE", "(null)", "0-1", "node", "9521 9521 9421"},
		// 25000 and 10000
		"cpuset":          {4, "CONSTRAINT_CPUSET", "(null)", "0", "numa", "4521 4521 4421"},
		"cpuset of both":  {4, "CONSTRAINT_CPUSET", "(null)", "0-1", "numa", "9521 9521 9421"},
		"list of nodes":   {4, "CONSTRAINT_CPUSET", "(null)", "0,1", "numa", "9521 9521 9421"},
		"policy":          {4, "CONSTRAINT_MEMORY_POLICY", "1", "0-1", "numa", "7021 7021 6921"},
		"unknown node":    {4, "CONSTRAINT_CPUSET", "(null)", "7", "numa", "- - -"},
		"endless list":    {4, "CONSTRAINT_CPUSET", "(null)", "0-999999999", "numa", "- - -"},
		"pages of 16 KiB": {16, "CONSTRAINT_NONE", "(null)", "0-1", "node", "8709 8709 8609"},
		"pages of 64 KiB": {64, "CONSTRAINT_NONE", "(null)", "0-1", "node", "8506 8506 8406"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, r := badnessOf(t, fmt.Sprintf(globalTable, tt.pageKB, tt.constraint, tt.nodemask, tt.mems, 2001*tt.pageKB))
			if got != tt.want || r.Boundary != tt.boundary {
				t.Errorf("badness %s, want %s; boundary %s", got, tt.want, r.Boundary)
			}
			if size := r.PageSize(); size != int64(tt.pageKB)<<10 {
				t.Errorf("page size %d", size)
			}
			if n := NextVictim(r); (n == nil) != strings.Contains(tt.want, "-") || n != nil && n.PID != 42 {
				t.Errorf("next %+v", n)
			}
		})
	}
}

// TestFilteredNodes has reports of a kernel that prints no constraint, and the memory only of the nodes that may be
// used.
func TestFilteredNodes(t *testing.T) {
	const log = `
	[    1.000000] java invoked oom-killer: gfp_mask=0x6200ca(GFP_HIGHUSER_MOVABLE), nodemask=%s,  order=0, oom_score_adj=0
	[    1.000001] java cpuset=x mems_allowed=%s
	[    1.000002] CPU: 1 PID: 41 Comm: java Not tainted 4.19.0-27-amd64 #1
	[    1.000003] Mem-Info:
	[    1.000004] Node 0 Normal free:64kB min:4kB present:%dkB managed:90000kB
	[    1.000005] Node %d Normal free:64kB min:4kB present:%dkB managed:190000kB
	[    1.000006] Node 0 Normal: 1*4kB (UM) = 4kB
	[    1.000007] Total swap = 40000kB
	[    1.000008] 100000 pages RAM
	[    1.000009] 5000 pages reserved
	[    1.000010] Tasks state (memory values in pages):
	[    1.000011] [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name
	[    1.000012] [     41]     0    41     2001     1000    65536        5           100 java
	[    1.000013] Out of memory: Kill process 41 (java) score 9 or sacrifice child
	[    1.000014] Killed process 41 (java) total-vm:8004kB, anon-rss:4000kB, file-rss:0kB, shmem-rss:0kB
	`
	tests := map[string]struct {
		nodemask, mems string
		first, second  int64
		other          int
		boundary       investigations.Boundary
		want           string
	}{
		"all nodes": {"(null)", "0-1", 200_000, 200_000, 1, "node", "11521"}, // 95000 pages and 10000 of swap
		"a cpuset":  {"(null)", "0", 100_000, 100_000, 0, "numa", "7021"},    // 50000 and 10000
		"a policy":  {"2", "0-3", 100_000, 80_000, 2, "numa", "4021"},        // 20000 and 10000
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, r := badnessOf(t, fmt.Sprintf(log, tt.nodemask, tt.mems, tt.first, tt.other, tt.second))
			if got != tt.want || r.Boundary != tt.boundary || r.Constraint != "" {
				t.Errorf("badness %s, want %s; boundary %s, constraint %q", got, tt.want, r.Boundary, r.Constraint)
			}
		})
	}
}

// TestPgtablesOf54 has the mistake of 5.4.0, which prints bytes under the name of kB.
func TestPgtablesOf54(t *testing.T) {
	log := strings.Replace(container, "pgtables:44kB", "pgtables:45056kB", 1)
	if got := *scan(t, []byte(unindent(log)))[0].Killed[0].PgtablesKB; got != 44 {
		t.Errorf("%d kB, want 44", got)
	}
}

func TestNextVictimWithoutTable(t *testing.T) {
	r := &investigations.KernelReport{}
	if Victim(r) != nil || Largest(r) != nil || NextVictim(r) != nil {
		t.Error("a row without a table")
	}
}
