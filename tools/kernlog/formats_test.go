package kernlog

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestStamps has one kill line in each way of saying when and where.
func TestStamps(t *testing.T) {
	const text = "Out of memory: Killed process 5 (x) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:1kB oom_score_adj:0"
	const rest = ` global/node missing=head,tasks,summary killed=5/"x"`
	tests := map[string]string{
		"[  482.968730] ":                                            "up=482.96873",
		"[482.968730] ":                                              "up=482.96873",
		"[123456.968730] [ T4711] ":                                  "up=123456.96873",
		"[   37.115808][    C3] ":                                    "up=37.115808",
		"[  482.968730 <    0.000005>] ":                             "up=482.96873",
		"[  +2.967159] ":                                             "",
		"[Nov23 14:19] ":                                             "",
		"[Mon Nov 23 14:19:07 2026] ":                                "at=2026-11-23T14:19:07Z",
		"[Fri Mar  6 04:09:07 2026] ":                                "at=2026-03-06T04:09:07Z",
		"[Di Aug 12 03:54:03 2025] ":                                 "at=2025-08-12T03:54:03Z",
		"[Mo Mär  3 03:54:03 2025] ":                                 "at=2025-03-03T03:54:03Z",
		"[mar. août 12 03:54:03 2025] ":                              "at=2025-08-12T03:54:03Z",
		"[Вт авг 12 03:54:03 2025] ":                                 "at=2025-08-12T03:54:03Z",
		"[二 8月 12 03:54:03 2025] ":                                   "at=2025-08-12T03:54:03Z",
		"[Xy Zzz 12 03:54:03 2025] ":                                 "",
		"[Mon Nov 31 14:19:07 2026] ":                                "",
		"kern  :err   : [  482.968730] ":                             "up=482.96873",
		"kern  :err   : [Mon Nov 23 14:19:07 2026] ":                 "at=2026-11-23T14:19:07Z",
		"kern  :err   : 2026-11-23T14:19:07,664609+00:00 ":           "at=2026-11-23T14:19:07.664609Z",
		"<3>[  482.968730] ":                                         "up=482.96873",
		"<3>":                                                        "",
		"<3>Nov 23 14:19:07 web-1 kernel: ":                          "host=web-1 at=2026-11-23T14:19:07Z",
		"<3>1 2026-11-23T14:19:07.5Z web-1 kernel - - - ":            "host=web-1 at=2026-11-23T14:19:07.5Z",
		"2026-11-23T14:19:07,664609+02:00 ":                          "at=2026-11-23T12:19:07.664609Z",
		"2026-11-23T14:19:07,664609+0000 [  T12] ":                   "at=2026-11-23T14:19:07.664609Z",
		"2026-11-23T14:19:07+0000 web-1 kernel: ":                    "host=web-1 at=2026-11-23T14:19:07Z",
		"2026-11-23T14:19:07-05:00 web-1 kernel: ":                   "host=web-1 at=2026-11-23T19:19:07Z",
		"2026-11-23T14:19:07.664609+0000 web-1 kernel: ":             "host=web-1 at=2026-11-23T14:19:07.664609Z",
		"2026-11-23T14:19:07.664609Z web-1 kernel: ":                 "host=web-1 at=2026-11-23T14:19:07.664609Z",
		"2026-11-23T14:19:07 web-1 kernel: ":                         "host=web-1 at=2026-11-23T14:19:07Z",
		"2026-11-23 14:19:07,664 web-1 kernel: ":                     "host=web-1 at=2026-11-23T14:19:07.664Z",
		"2026-11-23T14:19:07+00:00 web-1 kernel: [ 12.500000] ":      "host=web-1 at=2026-11-23T14:19:07Z up=12.5",
		"2026-11-23T14:19:07+00:00 web-1 kernel: [ 12.500000][ T5] ": "host=web-1 at=2026-11-23T14:19:07Z up=12.5",
		"Nov 23 14:19:07 web-1 kernel: ":                             "host=web-1 at=2026-11-23T14:19:07Z",
		"Nov 23 14:19:07 web-1 kernel: <3>[ 12.500000] ":             "host=web-1 at=2026-11-23T14:19:07Z up=12.5",
		"Nov 23 14:19:07 web-1 kernel:":                              "host=web-1 at=2026-11-23T14:19:07Z",
		"Nov 23 14:19:07 web-1 kernel:[ 12.500000] ":                 "host=web-1 at=2026-11-23T14:19:07Z up=12.5",
		"Nov 23 14:19:07 web-1 kernel: [123456.500000] ":             "host=web-1 at=2026-11-23T14:19:07Z up=123456.5",
		"Nov  3 14:19:07.664609 web-1 kernel: ":                      "host=web-1 at=2026-11-03T14:19:07.664609Z",
		"Nov 23 14:19:07 web-1 kern.err kernel: [ 12.500000] ":       "host=web-1 at=2026-11-23T14:19:07Z up=12.5",
		"Nov 23 14:19:07 kernel: ":                                   "at=2026-11-23T14:19:07Z",
		"Dez 23 14:19:07 web-1 kernel: ":                             "host=web-1 at=2025-12-23T14:19:07Z",
		"8月 23 14:19:07 web-1 kernel: ":                              "host=web-1 at=2026-08-23T14:19:07Z",
		"Xyz 23 14:19:07 web-1 kernel: ":                             "host=web-1",
		"Mon 2026-11-23 14:19:07 UTC web-1 kernel: ":                 "host=web-1 at=2026-11-23T14:19:07Z",
		"Mon 2026-11-23 14:19:07.664609 CET web-1 kernel: ":          "host=web-1 at=2026-11-23T13:19:07.664609Z",
		"[  482.968730] web-1 kernel: ":                              "host=web-1 up=482.96873",
		"1764000000.250000 web-1 kernel: ":                           "host=web-1 at=2025-11-24T16:00:00.25Z",
		"3,512,482968730,-;":                                         "up=482.96873",
		"3,512,482968730,-,caller=T4711;":                            "up=482.96873",
		"":                                                           "",
	}
	for prefix, want := range tests {
		t.Run(prefix, func(t *testing.T) {
			if want != "" {
				want = " " + want
			}
			got := briefs(t, prefix+text+"\n")
			if diff := cmp.Diff([]string{"1-1" + want + rest}, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestYears has dates without a year, against the tests' clock of 24 November 2026, noon.
func TestYears(t *testing.T) {
	tests := map[string]string{
		"Jan  1 00:00:00": "2026-01-01T00:00:00Z",
		"Nov 24 12:00:00": "2026-11-24T12:00:00Z",
		"Nov 25 01:00:00": "2026-11-25T01:00:00Z", // a local time ahead of UTC
		"Nov 26 12:00:00": "2025-11-26T12:00:00Z",
		"Dec 31 23:59:59": "2025-12-31T23:59:59Z",
		"Feb 29 10:00:00": "2024-02-29T10:00:00Z",
	}
	for date, want := range tests {
		got, ok := parseBSD([]byte(date), testNow)
		if !ok || got.Format(time.RFC3339) != want {
			t.Errorf("%s: %v, want %s", date, got, want)
		}
	}
	if _, ok := parseBSD([]byte("Jan  1 00:00:00"), time.Time{}); ok {
		t.Error("a year without a clock")
	}
}

// TestKmsg has what only records of /dev/kmsg have.
func TestKmsg(t *testing.T) {
	const summary = "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg="
	log := "4,10,1000000,-;py invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n" +
		" SUBSYSTEM=memory\n DEVICE=+x\n" +
		"6,11,1000001,-;Memory cgroup stats for \n" +
		"4,12,1000002,c;" + ctrPath + "\n" +
		"4,13,1000003,c;:\n" +
		"12,14,1000003,-;somebody writes meanwhile\n" +
		"6,15,1000004,-;anon 4096\\x0afile 8192\n" +
		"6,16,1000005,-;[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n" +
		"6,17,1000006,-;[      5]     0     5     2000     1000     8192        0             0 \\x1b[31m\\xc3\\xa9\\x5c\\x0a.\n" +
		"6,18,1000007,-;" + summary + "\n" +
		"4,19,1000008,c;" + podPath + "\n" +
		"6,20,1000009,-;eth0: link is up\n" +
		"4,21,1000010,c;,task_memcg=\n" +
		"4,22,1000011,c;" + ctrPath + "\n" +
		"4,23,1000012,c;,task=\\x1b[31m\\xc3\\xa9\\x5c\\x0a.,pid=5,uid=0\n" +
		"3,24,1000013,-;Memory cgroup out of memory: Killed process 5 (\\x1b[31m\\xc3\\xa9\\x5c\\x0a.) total-vm:8000kB, anon-rss:4000kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:8kB oom_score_adj:0\n"
	got := scan(t, []byte(log))
	if len(got) != 1 {
		t.Fatalf("%d reports", len(got))
	}
	r := got[0]
	want := fmt.Sprintf(`1-17 up=1 memcg/pod by="py"/0 tasks=1 killed=5/%q`, "\x1b[31mé\\\n.")
	if b := brief(&r); b != want {
		t.Errorf("%s\nwant %s", b, want)
	}
	if r.StatsPath != ctrPath || r.OOMMemcg != podPath || r.TaskMemcg != ctrPath || r.Stats["file"] != 8192 || r.Tasks[0].Comm != r.Killed[0].Comm {
		t.Errorf("%+v", r)
	}
}

// TestGapInTable says that rows may be missing where records were lost within the table.
func TestGapInTable(t *testing.T) {
	log := "6,16,1000005,-;[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n" +
		"6,17,1000006,-;[      5]     0     5     2000     1000     8192        0             0 a\n" +
		"6,20,1000007,-;[      6]     0     6     2000     1000     8192        0             0 b\n"
	want := []string{`1-3 up=1.000005 /unknown missing=head,stats,tasks,summary,kill tasks=2`}
	if diff := cmp.Diff(want, briefs(t, log)); diff != "" {
		t.Error(diff)
	}
}

// TestGapBehindTable says so as well where the table's end may be lost.
func TestGapBehindTable(t *testing.T) {
	log := "6,16,1000005,-;[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n" +
		"6,17,1000006,-;[      5]     0     5     2000     1000     8192        0             0 a\n" +
		"6,20,1000007,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a,task_memcg=/a,task=a,pid=5,uid=0\n"
	want := []string{`1-3 up=1.000005 memcg/slice missing=head,stats,tasks,kill tasks=1`}
	if diff := cmp.Diff(want, briefs(t, log)); diff != "" {
		t.Error(diff)
	}
}

// TestConsole has a console's lines, which repeat the stamp for each line of a record.
func TestConsole(t *testing.T) {
	log := strings.NewReplacer("(java)", "(ja\n\t[  100.000011] va)", "task=java", "task=ja\n\t[  100.000010] va", "java invoked", "ja\n\t[  100.000001] va invoked").Replace(container)
	want := []string{fmt.Sprintf(`1-15 up=100.000001 memcg/container by=%q/0 tasks=1 killed=41/%q`, "ja\nva", "ja\nva")}
	if diff := cmp.Diff(want, briefs(t, log)); diff != "" {
		t.Errorf("%s\n%s", diff, unindent(log))
	}
}

// TestOldKernels has forms of kill lines and headers of distributions' kernels.
func TestOldKernels(t *testing.T) {
	tests := map[string]struct {
		log, want string
	}{
		"RHEL 6": {`[    1.000000] java invoked oom-killer: gfp_mask=0xd0, order=0, oom_adj=0, oom_score_adj=0
			[    1.000001] java cpuset=/ mems_allowed=0
			[    1.000002] Pid: 22190, comm: java Not tainted 2.6.32-754.el6.x86_64 #1
			[    1.000003] Call Trace:
			[    1.000004]  [<ffffffff81134f7b>] ? mem_cgroup_out_of_memory+0x9b/0xc0
			[    1.000005] Task in /c killed as a result of limit of /c
			[    1.000006] memory: usage 1048576kB, limit 1048576kB, failcnt 142
			[    1.000007] memory+swap: usage 0kB, limit 9007199254740991kB, failcnt 0
			[    1.000008] Mem-Info:
			[    1.000009] active_anon:1 inactive_anon:2 isolated_anon:0
			[    1.000010] 49022 pages RAM
			[    1.000011] 9751 pages reserved
			[    1.000012] [ pid ]   uid  tgid total_vm      rss cpu oom_adj oom_score_adj name
			[    1.000013] [22190]   500 22190   548379   263694   2       0             0 java
			[    1.000014] Memory cgroup out of memory: Kill process 22190 (java) score 1000 or sacrifice child
			[    1.000015] Killed process 22190, UID 500, (java) total-vm:2193516kB, anon-rss:1045256kB, file-rss:9520kB
			`, `1-16 up=1 memcg/slice by="java"/22190 tasks=1 killed=22190/"java"`},
		"late RHEL 7": {`[    1.000000] java invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0
			[    1.000001] java cpuset=` + sampleID + ` mems_allowed=0-1
			[    1.000002] CPU: 3 PID: 5 Comm: java Kdump: loaded Tainted: G               ------------ T 3.10.0-1160.el7.x86_64 #1
			[    1.000003] Task in ` + ctrPath + ` killed as a result of limit of ` + podPath + `
			[    1.000004] memory: usage 1048576kB, limit 1048576kB, failcnt 142
			[    1.000005] memory+swap: usage 1048576kB, limit 1048576kB, failcnt 0
			[    1.000006] kmem: usage 0kB, limit 9007199254740988kB, failcnt 0
			[    1.000007] Memory cgroup stats for ` + podPath + `: cache:0KB rss:0KB rss_huge:0KB mapped_file:0KB swap:0KB inactive_anon:0KB active_anon:0KB inactive_file:0KB active_file:0KB unevictable:0KB
			[    1.000008] Memory cgroup stats for ` + ctrPath + `: cache:4KB rss:1048572KB rss_huge:0KB mapped_file:0KB swap:0KB inactive_anon:0KB active_anon:0KB inactive_file:0KB active_file:0KB unevictable:0KB
			[    1.000009] [ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name
			[    1.000010] [   60]    27    60   548379   263694     600        0             0 my sql) d
			[    1.000011] Memory cgroup out of memory: Kill process 60 (my sql) d) score 1000 or sacrifice child
			[    1.000012] Killed process 60 (my sql) d), UID 27, total-vm:2193516kB, anon-rss:1045256kB, file-rss:9520kB, shmem-rss:0kB
			`, `1-13 up=1 memcg/pod by="java"/5 tasks=1 killed=60/"my sql) d"`},
		"RHEL 8": {`[    1.000000] java invoked oom-killer: gfp_mask=0x600040(GFP_NOFS), order=0, oom_score_adj=0
			[    1.000001] CPU: 3 PID: 5 Comm: java Not tainted 4.18.0-553.el8.x86_64 #1
			[    1.000002] memory: usage 1048576kB, limit 1048576kB, failcnt 142
			[    1.000003] memory+swap: usage 1048576kB, limit 9007199254740988kB, failcnt 0
			[    1.000004] kmem: usage 0kB, limit 9007199254740988kB, failcnt 0
			[    1.000005] Memory cgroup stats for /a:
			[    1.000006] anon 4096
			[    1.000007] Tasks state (memory values in pages):
			[    1.000008] [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name
			[    1.000009] [     60]    27    60   548379   263694     4096        0             0 java
			[    1.000010] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0-1,oom_memcg=/a,task_memcg=/a,task=java,pid=60,uid=27
			[    1.000011] Memory cgroup out of memory: Killed process 60 (java) total-vm:2193516kB, anon-rss:1045256kB, file-rss:9520kB, shmem-rss:0kB, UID:27 pgtables:4kB oom_score_adj:0
			`, `1-12 up=1 memcg/slice by="java"/5 tasks=1 killed=60/"java"`},
		"CONSTRAINT_NONE with a cgroup": {strings.Replace(container, "CONSTRAINT_MEMCG", "CONSTRAINT_NONE", 1), whole},
		"a driver prints bytes":         {strings.Replace(container, "[  100.000003]", "[  100.000003] drop_caches: 1\n\t[  100.000003]", 1), strings.Replace(whole, "1-12", "1-13", 1)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff([]string{tt.want}, briefs(t, tt.log)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
