package kernlog

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/oombot/oombot/investigations"
)

func ptr(v int64) *int64 { return &v }

func TestParseHeader(t *testing.T) {
	type result struct {
		Invoker  investigations.KernelInvoker
		Nodemask string
		Whole    bool
	}
	tests := map[string]struct {
		text string
		want *result
	}{
		"3.10": {
			"java invoked oom-killer: gfp_mask=0x201da, order=0, oom_score_adj=0",
			&result{investigations.KernelInvoker{Comm: "java", GFPMask: "0x201da", OOMScoreAdj: ptr(0)}, "", true},
		},
		"4.4": {
			"java invoked oom-killer: gfp_mask=0x24000c0(GFP_KERNEL), order=2, oom_score_adj=-998",
			&result{investigations.KernelInvoker{Comm: "java", GFPMask: "0x24000c0(GFP_KERNEL)", Order: 2, OOMScoreAdj: ptr(-998)}, "", true},
		},
		"4.19": {
			"java invoked oom-killer: gfp_mask=0x6000c0(GFP_KERNEL), nodemask=(null),  order=0, oom_score_adj=968",
			&result{investigations.KernelInvoker{Comm: "java", GFPMask: "0x6000c0(GFP_KERNEL)", OOMScoreAdj: ptr(968)}, "(null)", true},
		},
		"4.14 with nodes": {
			"java invoked oom-killer: gfp_mask=0x14200ca(GFP_HIGHUSER_MOVABLE), nodemask=0-1,3,  order=0, oom_score_adj=0",
			&result{investigations.KernelInvoker{Comm: "java", GFPMask: "0x14200ca(GFP_HIGHUSER_MOVABLE)", OOMScoreAdj: ptr(0)}, "0-1,3", true},
		},
		"several flags": {
			"a b invoked oom-killer: gfp_mask=0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO), order=0, oom_score_adj=0",
			&result{investigations.KernelInvoker{Comm: "a b", GFPMask: "0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO)", OOMScoreAdj: ptr(0)}, "", true},
		},
		"sysrq": {
			"kworker/1:0 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=-1, oom_score_adj=0",
			&result{investigations.KernelInvoker{Comm: "kworker/1:0", GFPMask: "0xcc0(GFP_KERNEL)", Order: -1, OOMScoreAdj: ptr(0)}, "", true},
		},
		"2.6.32": {
			"java invoked oom-killer: gfp_mask=0xd0, order=0, oom_adj=0",
			&result{investigations.KernelInvoker{Comm: "java", GFPMask: "0xd0"}, "", true},
		},
		"broken off": {
			"java invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0,",
			&result{investigations.KernelInvoker{Comm: "java", GFPMask: "0xcc0(GFP_KERNEL)"}, "", false},
		},
		"a name of replaced bytes": {
			strings.Repeat("\ufffd", 15) + " invoked oom-killer: gfp_mask=0x1, order=0, oom_score_adj=0",
			&result{investigations.KernelInvoker{Comm: strings.Repeat("\ufffd", 15), GFPMask: "0x1", OOMScoreAdj: ptr(0)}, "", true},
		},
		"a name too long": {"sixteen-and-more invoked oom-killer: gfp_mask=0x1, order=0, oom_score_adj=0", nil},
		"another text":    {"java invoked something", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inv, mask, whole, ok := parseHeader([]byte(tt.text))
			if !ok || tt.want == nil {
				if ok != (tt.want != nil) {
					t.Errorf("read: %v", ok)
				}
				return
			}
			if diff := cmp.Diff(*tt.want, result{inv, string(mask), whole}); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestParseKill(t *testing.T) {
	type kill = investigations.KernelKill
	tests := map[string]struct {
		text  string
		want  killLine
		whole bool
	}{
		"3.10, second line": {
			"Killed process 22190 (java) total-vm:2193516kB, anon-rss:1045256kB, file-rss:9520kB",
			killLine{"", true, kill{PID: 22190, Comm: "java", TotalVMKB: ptr(2193516), AnonRSSKB: ptr(1045256), FileRSSKB: ptr(9520)}},
			true,
		},
		"4.4, second line": {
			"Killed process 7 (java) total-vm:1kB, anon-rss:2kB, file-rss:3kB, shmem-rss:4kB",
			killLine{"", true, kill{PID: 7, Comm: "java", TotalVMKB: ptr(1), AnonRSSKB: ptr(2), FileRSSKB: ptr(3), ShmemRSSKB: ptr(4)}},
			true,
		},
		"RHEL 6": {
			"Killed process 7, UID 500, (java) total-vm:1kB, anon-rss:2kB, file-rss:3kB",
			killLine{"", true, kill{PID: 7, Comm: "java", UID: ptr(500), TotalVMKB: ptr(1), AnonRSSKB: ptr(2), FileRSSKB: ptr(3)}},
			true,
		},
		"RHEL 7": {
			"Killed process 7 (java), UID 27, total-vm:1kB, anon-rss:2kB, file-rss:3kB, shmem-rss:4kB",
			killLine{"", true, kill{PID: 7, Comm: "java", UID: ptr(27), TotalVMKB: ptr(1), AnonRSSKB: ptr(2), FileRSSKB: ptr(3), ShmemRSSKB: ptr(4)}},
			true,
		},
		"RHEL 7, a name that looks like its end": {
			"Killed process 7 (a), UID 1, b), UID 27, total-vm:1kB, anon-rss:2kB, file-rss:3kB",
			killLine{"", true, kill{PID: 7, Comm: "a), UID 1, b", UID: ptr(27), TotalVMKB: ptr(1), AnonRSSKB: ptr(2), FileRSSKB: ptr(3)}},
			true,
		},
		"5.1": {
			"Memory cgroup out of memory: Killed process 7 (java) total-vm:1kB, anon-rss:2kB, file-rss:3kB, shmem-rss:4kB",
			killLine{"memcg", false, kill{PID: 7, Comm: "java", TotalVMKB: ptr(1), AnonRSSKB: ptr(2), FileRSSKB: ptr(3), ShmemRSSKB: ptr(4)}},
			true,
		},
		"5.4": {
			"Out of memory: Killed process 7 (java) total-vm:1kB, anon-rss:2kB, file-rss:3kB, shmem-rss:4kB, UID:5 pgtables:6kB oom_score_adj:-7",
			killLine{"global", false, kill{
				PID: 7, Comm: "java", UID: ptr(5), TotalVMKB: ptr(1), AnonRSSKB: ptr(2), FileRSSKB: ptr(3), ShmemRSSKB: ptr(4), PgtablesKB: ptr(6), OOMScoreAdj: ptr(-7),
			}},
			true,
		},
		"the allocating task": {
			"Out of memory (oom_kill_allocating_task): Killed process 7 (java) total-vm:1kB, anon-rss:2kB, file-rss:3kB",
			killLine{"global", false, kill{PID: 7, Comm: "java", TotalVMKB: ptr(1), AnonRSSKB: ptr(2), FileRSSKB: ptr(3)}},
			true,
		},
		"an empty name": {
			"Killed process 7 () total-vm:1kB, anon-rss:2kB, file-rss:3kB",
			killLine{"", true, kill{PID: 7, TotalVMKB: ptr(1), AnonRSSKB: ptr(2), FileRSSKB: ptr(3)}},
			true,
		},
		"broken off in a number": {
			"Killed process 7 (java) total-vm:1kB, anon-rss:24",
			killLine{"", true, kill{PID: 7, Comm: "java", TotalVMKB: ptr(1)}},
			false,
		},
		"broken off behind a comma": {
			"Killed process 7 (java) total-vm:1kB, anon-rss:2kB,",
			killLine{"", true, kill{PID: 7, Comm: "java", TotalVMKB: ptr(1), AnonRSSKB: ptr(2)}},
			false,
		},
		"broken off behind the uid": {
			"Killed process 7 (java) total-vm:1kB, anon-rss:2kB, file-rss:3kB, shmem-rss:4kB, UID:5",
			killLine{"", true, kill{PID: 7, Comm: "java", UID: ptr(5), TotalVMKB: ptr(1), AnonRSSKB: ptr(2), FileRSSKB: ptr(3), ShmemRSSKB: ptr(4)}},
			false,
		},
		"broken off behind the name": {"Killed process 7 (java)", killLine{"", true, kill{PID: 7, Comm: "java"}}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, whole, ok := parseKill([]byte(tt.text))
			if !ok || whole != tt.whole {
				t.Errorf("read %v, whole %v", ok, whole)
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(killLine{})); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestParseSummary(t *testing.T) {
	tests := map[string]struct {
		text string
		want summaryLine
	}{
		"a cgroup": {
			"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a,task_memcg=/a/b,task=java,pid=7,uid=0",
			summaryLine{constraint: "CONSTRAINT_MEMCG", nodemask: "(null)", mems: "0", oomMemcg: "/a", taskMemcg: "/a/b", comm: "java", pid: 7, whole: true},
		},
		"the machine": {
			"oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0-1,global_oom,task_memcg=/a/b,task=java,pid=7,uid=1000",
			summaryLine{constraint: "CONSTRAINT_NONE", nodemask: "(null)", mems: "0-1", global: true, taskMemcg: "/a/b", comm: "java", pid: 7, whole: true},
		},
		"lists of nodes": {
			"oom-kill:constraint=CONSTRAINT_MEMORY_POLICY,nodemask=0,2-3,cpuset=x,mems_allowed=0,2-3,5,global_oom,task_memcg=/,task=java,pid=7,uid=-2",
			summaryLine{constraint: "CONSTRAINT_MEMORY_POLICY", nodemask: "0,2-3", mems: "0,2-3,5", global: true, taskMemcg: "/", comm: "java", pid: 7, whole: true},
		},
		"names and paths like keys": {
			"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=a,b,mems_allowed=0,oom_memcg=/a,b,task_memcg=/a,b/c,pid=3,task=,pid=1,uid=2,pid=7,uid=0",
			summaryLine{constraint: "CONSTRAINT_MEMCG", nodemask: "(null)", mems: "0", oomMemcg: "/a,b", taskMemcg: "/a,b/c,pid=3", comm: ",pid=1,uid=2", pid: 7, whole: true},
		},
		"a name of fifteen bytes": {
			"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a,task_memcg=/a,task=fifteen--bytes!,pid=7,uid=0",
			summaryLine{constraint: "CONSTRAINT_MEMCG", nodemask: "(null)", mems: "0", oomMemcg: "/a", taskMemcg: "/a", comm: "fifteen--bytes!", pid: 7, whole: true},
		},
		"an empty name": {
			"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a,task_memcg=/a,task=,pid=7,uid=0",
			summaryLine{constraint: "CONSTRAINT_MEMCG", nodemask: "(null)", mems: "0", oomMemcg: "/a", taskMemcg: "/a", pid: 7, whole: true},
		},
		"cut off in the second path": {
			"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a,task_memcg=/a/b",
			summaryLine{constraint: "CONSTRAINT_MEMCG", nodemask: "(null)", mems: "0", oomMemcg: "/a"},
		},
		"cut off in the first path": {
			"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a",
			summaryLine{constraint: "CONSTRAINT_MEMCG", nodemask: "(null)", mems: "0"},
		},
		"cut off in the uid": {
			"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/a,task=x,pid=7,uid=",
			summaryLine{constraint: "CONSTRAINT_MEMCG", nodemask: "(null)", mems: "0", global: true},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := NewParser(Options{}).parseSummary([]byte(tt.text))
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(summaryLine{})); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestParseAnnounce(t *testing.T) {
	tests := map[string]struct {
		want  announcement
		whole bool
	}{
		"Memory cgroup out of memory: Kill process 7 (java) score 1998 or sacrifice child": {announcement{"memcg", 7, 1998}, true},
		"Out of memory: Kill process 7 (a) score 3 or b) score 5 or sacrifice child":       {announcement{"global", 7, 5}, true},
		"Kill process 7 (java) score 0 or sacrifice child":                                 {announcement{"", 7, 0}, true},
		"Memory cgroup out of memory: Kill process 7 (java) score 19":                      {announcement{"memcg", 7, 19}, false},
		"Memory cgroup out of memory: Kill process 7 (ja":                                  {announcement{"memcg", 7, 0}, false},
	}
	for text, tt := range tests {
		got, whole := parseAnnounce([]byte(text))
		if got != tt.want || whole != tt.whole {
			t.Errorf("%s: %+v, whole %v", text, got, whole)
		}
	}
}

func TestParseCounter(t *testing.T) {
	tests := map[string]struct {
		name  string
		want  investigations.KernelCounter
		whole bool
	}{
		"memory: usage 65332kB, limit 65536kB, failcnt 95":               {"memory", investigations.KernelCounter{UsageKB: 65332, LimitKB: ptr(65536), FailCnt: 95}, true},
		"memory+swap: usage 1kB, limit 9007199254740988kB, failcnt 0":    {"memory+swap", investigations.KernelCounter{UsageKB: 1}, true},
		"kmem: usage 2kB, limit 18014398509481983kB, failcnt 0":          {"kmem", investigations.KernelCounter{UsageKB: 2}, true},
		"swap: usage 0kB, limit 0kB, failcnt 0":                          {"swap", investigations.KernelCounter{LimitKB: ptr(0)}, true},
		"swap: usage 3kB, limit 99999999999999999999999999kB, failcnt 0": {"swap", investigations.KernelCounter{UsageKB: 3}, true},
		"memory: usage 65332kB, limit 6":                                 {"memory", investigations.KernelCounter{UsageKB: 65332, LimitKB: ptr(6)}, false},
		"memory: usage 65332kB, limit 65536kB, failcnt ":                 {"memory", investigations.KernelCounter{UsageKB: 65332, LimitKB: ptr(65536)}, false},
	}
	for text, tt := range tests {
		name, got, _, whole := parseCounter([]byte(text))
		if diff := cmp.Diff(tt.want, got); diff != "" || name != tt.name || whole != tt.whole {
			t.Errorf("%s: %s, whole %v\n%s", text, name, whole, diff)
		}
	}
}

func TestParseRow(t *testing.T) {
	header := func(middle string) string {
		return "[  pid  ]   uid  tgid total_vm      " + middle + " swapents oom_score_adj name"
	}
	tests := map[string]struct {
		header, row string
		want        investigations.KernelTask
	}{
		"3.10": {
			header("rss nr_ptes"), "[  502]    27   500   548379   263694     600        7          -998 java",
			investigations.KernelTask{PID: 502, TGID: 500, UID: 27, Comm: "java", TotalVMPages: 548379, RSSPages: 263694, SwapentsPages: 7, OOMScoreAdj: -998, Badness: ptr(600)},
		},
		"4.14": {
			header("rss nr_ptes nr_pmds nr_puds"), "[  502]    27   500   548379   263694     600    5       1        7             0 java",
			investigations.KernelTask{PID: 502, TGID: 500, UID: 27, Comm: "java", TotalVMPages: 548379, RSSPages: 263694, SwapentsPages: 7, Badness: ptr(606)},
		},
		"4.15": {
			header("rss pgtables_bytes"), "[    502]    27   500   548379   263694  4096000        7             0 java",
			investigations.KernelTask{PID: 502, TGID: 500, UID: 27, Comm: "java", TotalVMPages: 548379, RSSPages: 263694, SwapentsPages: 7, PgtablesBytes: ptr(4096000)},
		},
		"6.8": {
			header("rss rss_anon rss_file rss_shmem pgtables_bytes"), "[    502]    27   500   548379   263694   260000     3690        4  4096000        7             0 java",
			investigations.KernelTask{
				PID: 502, TGID: 500, UID: 27, Comm: "java", TotalVMPages: 548379, RSSPages: 263694, SwapentsPages: 7, PgtablesBytes: ptr(4096000),
				RSSAnonPages: ptr(260000), RSSFilePages: ptr(3690), RSSShmemPages: ptr(4),
			},
		},
		"2.6.32, with columns of no use": {
			"[ pid ]   uid  tgid total_vm      rss cpu oom_adj oom_score_adj name", "[22190]   500 22190   548379   263694   2       0             5 java",
			investigations.KernelTask{PID: 22190, TGID: 22190, UID: 500, Comm: "java", TotalVMPages: 548379, RSSPages: 263694, OOMScoreAdj: 5},
		},
		"a uid that is printed signed": {
			header("rss pgtables_bytes"), "[    502]    -1   500        1        2     4096        0             0 java",
			investigations.KernelTask{PID: 502, TGID: 500, UID: -1, Comm: "java", TotalVMPages: 1, RSSPages: 2, PgtablesBytes: ptr(4096)},
		},
		"single spaces": {
			header("rss pgtables_bytes"), "[ 502] 27 500 1 2 4096 0 0 java",
			investigations.KernelTask{PID: 502, TGID: 500, UID: 27, Comm: "java", TotalVMPages: 1, RSSPages: 2, PgtablesBytes: ptr(4096)},
		},
		"a name of numbers": {
			header("rss pgtables_bytes"), "[    502]    27   500        1        2     4096        0             0 1 2 3",
			investigations.KernelTask{PID: 502, TGID: 500, UID: 27, Comm: "1 2 3", TotalVMPages: 1, RSSPages: 2, PgtablesBytes: ptr(4096)},
		},
		"a name of spaces": {
			header("rss pgtables_bytes"), "[    502]    27   500        1        2     4096        0             0    ",
			investigations.KernelTask{PID: 502, TGID: 500, UID: 27, Comm: "   ", TotalVMPages: 1, RSSPages: 2, PgtablesBytes: ptr(4096)},
		},
		"no header, seven columns": {
			"", "[    502]    27   500        1        2     4096        0             0 java",
			investigations.KernelTask{PID: 502, TGID: 500, UID: 27, Comm: "java", TotalVMPages: 1, RSSPages: 2, PgtablesBytes: ptr(4096)},
		},
		"no header, eight": {
			"", "[    502]    27   500        1        2    3     4        0             0 java",
			investigations.KernelTask{PID: 502, TGID: 500, UID: 27, Comm: "java", TotalVMPages: 1, RSSPages: 2, Badness: ptr(7)},
		},
		"no header, nine": {
			"", "[    502]    27   500        1        2    3     4   5      0             0 java",
			investigations.KernelTask{PID: 502, TGID: 500, UID: 27, Comm: "java", TotalVMPages: 1, RSSPages: 2, Badness: ptr(12)},
		},
		"no header, ten": {
			"", "[    502]    27   500        9        6    1     2   3  4096    0             0 java",
			investigations.KernelTask{
				PID: 502, TGID: 500, UID: 27, Comm: "java", TotalVMPages: 9, RSSPages: 6, PgtablesBytes: ptr(4096), RSSAnonPages: ptr(1), RSSFilePages: ptr(2), RSSShmemPages: ptr(3),
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cols := guessColumns([]byte(tt.row))
			if tt.header != "" {
				cols = parseColumns([]byte(tt.header))
			}
			var row taskRow
			if !row.parse([]byte(tt.row), &cols) {
				t.Fatal("not read")
			}
			b := &builder{}
			b.addRow(&row)
			if diff := cmp.Diff(tt.want, b.r.Tasks[0], cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	for _, broken := range []string{"[    502]    27   500        1", "[    502]    27   500        1        2     4096        0             0", "[    502]    27   500 x", "[    502]"} {
		var row taskRow
		if row.parse([]byte(broken), &cols7) {
			t.Errorf("%q is read", broken)
		}
	}
}

func TestVersions(t *testing.T) {
	for version, want := range map[string][2]bool{
		"6.1.0-18-amd64": {true, true}, "5.0.0": {true, true}, "4.20.17": {false, true}, "10.0": {true, true}, "": {false, false}, "x": {false, false}, "5": {false, false}, "5.x": {false, false},
	} {
		if is, ok := versionAtLeast(version, 5, 0); is != want[0] || ok != want[1] {
			t.Errorf("%q: %v, %v", version, is, ok)
		}
	}
}

func TestRelease(t *testing.T) {
	for line, want := range map[string]string{
		"CPU: 0 PID: 126 Comm: leaky-app Not tainted 6.1.0-56-cloud-amd64 #1  Debian 6.1.192-2":                    "6.1.0-56-cloud-amd64",
		"CPU: 1 UID: 0 PID: 7518 Comm: x Not tainted 6.18.44-fc-v657 #1 PREEMPT(none) ":                            "6.18.44-fc-v657",
		"CPU: 3 PID: 5 Comm: java Kdump: loaded Tainted: G               ------------ T 3.10.0-1160.el7.x86_64 #1": "3.10.0-1160.el7.x86_64",
		"CPU: 2 PID: 9 Comm: a Tainted: P           OE     4.15.0-213-generic #224-Ubuntu":                         "4.15.0-213-generic",
		"CPU: 2 PID: 9 Comm: Not tainted 1.2 Tainted: G        W          6.12.6-amd64 #1":                         "6.12.6-amd64",
		"Pid: 22190, comm: java Not tainted 2.6.32-754.el6.x86_64 #1":                                              "2.6.32-754.el6.x86_64",
		"CPU: 0 PID: 126 Comm: leaky-app":                                                                          "",
	} {
		if got := string(release([]byte(line))); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}
