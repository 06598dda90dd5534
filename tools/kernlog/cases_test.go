package kernlog

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

// brief says what a test wants to know of a report, on one line.
func brief(r *investigations.KernelReport) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d-%d", r.Lines[0], r.Lines[1])
	if r.Host != "" {
		fmt.Fprintf(&b, " host=%s", r.Host)
	}
	if r.At != nil {
		fmt.Fprintf(&b, " at=%s", r.At.Format(time.RFC3339Nano))
	}
	if r.UptimeS != nil {
		fmt.Fprintf(&b, " up=%v", *r.UptimeS)
	}
	fmt.Fprintf(&b, " %s/%s", r.Kind, r.Boundary)
	if len(r.Missing) > 0 {
		fmt.Fprintf(&b, " missing=%s", strings.Join(r.Missing, ","))
	}
	if r.Complete != (len(r.Missing) == 0) {
		b.WriteString(" COMPLETE?")
	}
	if r.InvokedBy != nil {
		fmt.Fprintf(&b, " by=%q/%d", r.InvokedBy.Comm, r.InvokedBy.PID)
	}
	if len(r.Tasks) > 0 {
		fmt.Fprintf(&b, " tasks=%d", len(r.Tasks))
	}
	for _, k := range r.Killed {
		fmt.Fprintf(&b, " killed=%d/%q", k.PID, k.Comm)
	}
	if r.SuppressedBefore > 0 {
		fmt.Fprintf(&b, " suppressed=%d", r.SuppressedBefore)
	}
	return b.String()
}

// briefs reads a log, whose lines stand moved in by tabs.
func briefs(t *testing.T, log string) []string {
	t.Helper()
	got := []string{}
	for _, r := range scan(t, []byte(unindent(log))) {
		got = append(got, brief(&r))
	}
	return got
}

func unindent(log string) string {
	lines := strings.Split(strings.TrimPrefix(log, "\n"), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimLeft(l, "\t")
	}
	return strings.Join(lines, "\n")
}

const (
	sampleUID = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
	sampleID  = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	podPath   = "/kubepods/burstable/pod" + sampleUID
	ctrPath   = podPath + "/" + sampleID
)

// container is a whole report of kernel 5.15, which begins on line 1 and ends on line 12.
const container = `[  100.000001] java invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=900
	[  100.000002] CPU: 1 PID: 41 Comm: java Not tainted 5.15.0-119-generic #1
	[  100.000003] memory: usage 40960kB, limit 40960kB, failcnt 55
	[  100.000004] swap: usage 0kB, limit 0kB, failcnt 0
	[  100.000005] Memory cgroup stats for ` + ctrPath + `:
	[  100.000006] anon 4096
	               file 8192
	[  100.000007] Tasks state (memory values in pages):
	[  100.000008] [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name
	[  100.000009] [     41]     0    41     1291     1150    45056        0           900 java
	[  100.000010] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=` + ctrPath + `,task_memcg=` + ctrPath + `,task=java,pid=41,uid=0
	[  100.000011] Memory cgroup out of memory: Killed process 41 (java) total-vm:5164kB, anon-rss:3900kB, file-rss:4kB, shmem-rss:696kB, UID:0 pgtables:44kB oom_score_adj:900
	`

// bareKill is a kill line alone.
func bareKill(up string, pid int) string {
	return fmt.Sprintf("[%s] Memory cgroup out of memory: Killed process %d (worker) total-vm:29740kB, anon-rss:28452kB, file-rss:4kB, shmem-rss:696kB, UID:0 pgtables:96kB oom_score_adj:936\n", up, pid)
}

func TestKills(t *testing.T) {
	tests := map[string]struct {
		log  string
		want []string
	}{
		"nothing":                  {"\n\n[    1.000000] usb 1-1: new device\n", []string{}},
		"one whole report":         {container, []string{`1-12 up=100.000001 memcg/container by="java"/41 tasks=1 killed=41/"java"`}},
		"CRLF":                     {strings.ReplaceAll(container, "\n", "\r\n"), []string{`1-12 up=100.000001 memcg/container by="java"/41 tasks=1 killed=41/"java"`}},
		"no line break at the end": {strings.TrimRight(container, "\n\t"), []string{`1-12 up=100.000001 memcg/container by="java"/41 tasks=1 killed=41/"java"`}},
		"two reports": {container + strings.ReplaceAll(container, "[  100", "[  200"), []string{
			`1-12 up=100.000001 memcg/container by="java"/41 tasks=1 killed=41/"java"`,
			`13-24 up=200.000001 memcg/container by="java"/41 tasks=1 killed=41/"java"`,
		}},
		"bare kills": {bareKill("  1.000000", 5) + bareKill("  1.000100", 6), []string{
			`1-1 up=1 memcg/unknown missing=head,stats,tasks,summary killed=5/"worker"`,
			`2-2 up=1.0001 memcg/unknown missing=head,stats,tasks,summary killed=6/"worker"`,
		}},
		"bare kill after a report inherits nothing": {container + bareKill("  100.000500", 6), []string{
			`1-12 up=100.000001 memcg/container by="java"/41 tasks=1 killed=41/"java"`,
			`13-13 up=100.0005 memcg/unknown missing=head,stats,tasks,summary killed=6/"worker"`,
		}},
		"callbacks suppressed": {bareKill("   99.000000", 5) + "[  99.500000] oom_kill_process: 6 callbacks suppressed\n[ 99.6] net_ratelimit: 7 callbacks suppressed\n" + container, []string{
			`1-1 up=99 memcg/unknown missing=head,stats,tasks,summary killed=5/"worker"`,
			`4-15 up=100.000001 memcg/container by="java"/41 tasks=1 killed=41/"java" suppressed=6`,
		}},
		"bare global kill": {"[    1.000000] Out of memory: Killed process 5 (x) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:1kB oom_score_adj:0\n", []string{
			`1-1 up=1 global/node missing=head,tasks,summary killed=5/"x"`,
		}},
		"bare kill of the allocating task": {"[    1.000000] Out of memory (oom_kill_allocating_task): Killed process 5 (x) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:1kB oom_score_adj:0\n", []string{
			`1-1 up=1 global/node missing=head,tasks,summary killed=5/"x"`,
		}},
		"bare kill up to 5.0": {`[    1.000000] Memory cgroup out of memory: Kill process 5 (x) score 7 or sacrifice child
			[    1.000001] Killed process 6 (y) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB
			`, []string{`1-2 up=1 memcg/unknown missing=head,stats,tasks killed=6/"y"`}},
		"second line alone up to 5.0": {"[    1.000001] Killed process 6 (y) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB\n", []string{
			`1-1 up=1.000001 /unknown missing=head,stats,tasks killed=6/"y"`,
		}},
		"announced and not there": {"[    1.000000] Memory cgroup out of memory: Kill process 5 (x) score 7 or sacrifice child\n", []string{
			`1-1 up=1 memcg/unknown missing=head,stats,tasks,kill`,
		}},
		"sharing memory is no kill of its own": {`[    1.000000] Out of memory: Kill process 5 (x) score 7 or sacrifice child
			[    1.000001] Killed process 5 (x) total-vm:1kB, anon-rss:1kB, file-rss:0kB
			[    1.000002] Kill process 8 (z) sharing same memory
			`, []string{`1-2 up=1 global/node missing=head,tasks killed=5/"x"`}},
		"group without a report": {bareKill("  1.000000", 5) + "[  1.000001] Tasks in " + ctrPath + " are going to be killed due to memory.oom.group set\n" + bareKill("  1.000002", 4) + bareKill("  1.000003", 5) + bareKill("  9.000000", 7), []string{
			`1-4 up=1 memcg/unknown missing=head,stats,tasks,summary killed=5/"worker" killed=4/"worker"`,
			`5-5 up=9 memcg/unknown missing=head,stats,tasks,summary killed=7/"worker"`,
		}},
		"two groups without reports": {bareKill("  1.000000", 5) + "[  1.000001] Tasks in /a are going to be killed due to memory.oom.group set\n" + bareKill("  1.000002", 4) + bareKill("  1.000003", 5) + bareKill("  1.000004", 8) + "[  1.000005] Tasks in /b are going to be killed due to memory.oom.group set\n" + bareKill("  1.000006", 8) + bareKill("  1.000007", 9), []string{
			`1-4 up=1 memcg/unknown missing=head,stats,tasks,summary killed=5/"worker" killed=4/"worker"`,
			`5-8 up=1.000004 memcg/unknown missing=head,stats,tasks,summary killed=8/"worker" killed=9/"worker"`,
		}},
		"kill outside of the group's table": {container + "[  100.000012] Tasks in " + ctrPath + " are going to be killed due to memory.oom.group set\n" + strings.ReplaceAll(bareKill("  100.000013", 41), "worker", "java") + bareKill("  100.000014", 99), []string{
			`1-14 up=100.000001 memcg/container by="java"/41 tasks=1 killed=41/"java"`,
			`15-15 up=100.000014 memcg/unknown missing=head,stats,tasks,summary killed=99/"worker"`,
		}},
		"reaper is no part": {container + "[  100.000012] oom_reaper: reaped process 41 (java), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB\n", []string{
			`1-12 up=100.000001 memcg/container by="java"/41 tasks=1 killed=41/"java"`,
		}},
		"nothing to kill": {`[    1.000000] java invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=-1000
			[    1.000001] CPU: 1 PID: 41 Comm: java Not tainted 6.1.0 #1
			[    1.000002] memory: usage 40960kB, limit 40960kB, failcnt 55
			[    1.000003] Memory cgroup stats for /a:
			[    1.000004] anon 4096
			[    1.000005] Tasks state (memory values in pages):
			[    1.000006] [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name
			[    1.000007] [     41]     0    41     1291     1150    45056        0         -1000 java
			[    1.000008] Out of memory and no killable processes...
			`, []string{`1-9 up=1 memcg/slice by="java"/41 tasks=1`}},
		"panic": {`[    1.000000] java invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
			[    1.000001] CPU: 1 PID: 41 Comm: java Not tainted 6.1.0 #1
			[    1.000002] Mem-Info:
			[    1.000003] active_anon:1 inactive_anon:2 isolated_anon:0
			[    1.000004] 49022 pages RAM
			[    1.000005] 9751 pages reserved
			[    1.000006] [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name
			[    1.000007] [     41]     0    41     1291     1150    45056        0         -1000 java
			[    1.000008] Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled
			`, []string{`1-9 up=1 global/node by="java"/41 tasks=1`}},
		"victim is exiting": {strings.Split(container, "[  100.000011]")[0] + "[  100.000011] Memory cgroup out of memory: OOM victim 41 (java) is already exiting. Skip killing the task\n" + bareKill("  100.000012", 6), []string{
			`1-12 up=100.000001 memcg/container by="java"/41 tasks=1`,
			`13-13 up=100.000012 memcg/unknown missing=head,stats,tasks,summary killed=6/"worker"`,
		}},
		"sysrq": {`[    1.000000] sysrq: Manual OOM execution
			[    1.000001] kworker/1:0 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=-1, oom_score_adj=0
			[    1.000002] CPU: 1 PID: 27 Comm: kworker/1:0 Not tainted 5.13.0-52-generic #59-Ubuntu
			[    1.000003] Mem-Info:
			[    1.000004] 49022 pages RAM
			[    1.000005] 9751 pages reserved
			[    1.000006] [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name
			[    1.000007] [     41]     0    41     1291     1150    45056        0           100 java
			[    1.000008] oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/user.slice,task=java,pid=41,uid=0
			[    1.000009] Out of memory: Killed process 41 (java) total-vm:5164kB, anon-rss:3900kB, file-rss:4kB, shmem-rss:696kB, UID:0 pgtables:44kB oom_score_adj:100
			`, []string{`2-10 up=1.000001 manual/none by="kworker/1:0"/27 tasks=1 killed=41/"java"`}},
		"table switched off": {strings.Join(append(strings.SplitAfter(container, "\n")[:7], strings.SplitAfter(container, "\n")[10:]...), ""), []string{
			`1-9 up=100.000001 memcg/container by="java"/41 killed=41/"java"`,
		}},
		"memory shown for another reason": {`[    1.000000] java: page allocation failure: order:4, mode:0xcc0
			[    1.000001] Mem-Info:
			[    1.000002] active_anon:1 inactive_anon:2 isolated_anon:0
			[    1.000003] 49022 pages RAM
			` + bareKill("    1.000004", 9), []string{`5-5 up=1.000004 memcg/unknown missing=head,stats,tasks,summary killed=9/"worker"`}},
		"memory shown for another reason before a global kill": {`[    1.000001] Mem-Info:
			[    1.000002] 49022 pages RAM
			[    1.000003] Out of memory: Killed process 5 (x) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:1kB oom_score_adj:0
			`, []string{`3-3 up=1.000003 global/node missing=head,tasks,summary killed=5/"x"`}},
		"restart of the machine in a report": {strings.Join(strings.SplitAfter(container, "\n")[:6], "") + "[    0.000000] Linux version 5.15.0-119-generic (x)\n" + bareKill("  100.000500", 6), []string{
			`1-6 up=100.000001 memcg/container missing=tasks,summary,kill by="java"/41`,
			`8-8 up=100.0005 memcg/unknown missing=head,stats,tasks,summary killed=6/"worker"`,
		}},
		"another victim than the summary's": {strings.Replace(container, "Killed process 41", "Killed process 77", 1), []string{
			`1-11 up=100.000001 memcg/container missing=kill by="java"/41 tasks=1`,
			`12-12 up=100.000011 memcg/unknown missing=head,stats,tasks,summary killed=77/"java"`,
		}},
		"a thread of the victim is killed": {strings.Replace(strings.Replace(container, "[     41]     0    41", "[     42]     0    41", 1), "Killed process 41", "Killed process 42", 1), []string{
			`1-12 up=100.000001 memcg/container by="java"/41 tasks=1 killed=42/"java"`,
		}},
		"kill cut off at its end": {"[    1.000000] Memory cgroup out of memory: Killed process 5 (wor", []string{
			`1-1 up=1 memcg/unknown missing=head,stats,tasks,summary,kill killed=5/""`,
		}},
		"kill cut off within its numbers": {strings.Split(container, "kB, file-rss:")[0], []string{
			`1-12 up=100.000001 memcg/container missing=kill by="java"/41 tasks=1 killed=41/"java"`,
		}},
		"victim is exiting, in the words of old": {strings.Split(container, "[  100.000011]")[0] + "[  100.000011] OOM victim 41 (java) is already exiting. Skip killing the task\n", []string{
			`1-12 up=100.000001 memcg/container by="java"/41 tasks=1`,
		}},
		"the cgroup's statistics lost": {strings.Join(append(strings.SplitAfter(container, "\n")[:5], strings.SplitAfter(container, "\n")[7:]...), ""), []string{
			`1-10 up=100.000001 memcg/container missing=stats by="java"/41 tasks=1 killed=41/"java"`,
		}},
		"another part of the kernel shows the machine's memory": {strings.Split(container, "[  100.000011]")[0] +
			"[  100.000011] kworker/1:1: page allocation failure: order:4, mode:0x40dc0\n[  100.000012] active_anon:39 inactive_anon:1\n                free:25000 free_pcp:25\n", []string{
			`1-11 up=100.000001 memcg/container missing=kill by="java"/41 tasks=1`,
		}},
		"kill cut off before the pid ends": {"[    1.000000] Memory cgroup out of memory: Killed process 5", []string{}},
		"statistics' head cut off": {strings.SplitAfter(strings.Split(container, "/"+sampleID)[0], "\n")[0] + "[  100.000005] Memory cgroup stats for /kubepods/burst", []string{
			`1-2 up=100.000001 memcg/unknown missing=stats,tasks,summary,kill by="java"/0`,
		}},
		"errors and warnings only": {"[  100.000001] java invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=900\n[  100.000002] CPU: 1 PID: 41 Comm: java Not tainted 5.15.0-119-generic #1\n" + strings.SplitAfter(container, "\n")[11], []string{
			`1-3 up=100.000001 memcg/unknown missing=stats,tasks,summary by="java"/41 killed=41/"java"`,
		}},
		"summary cut off at its end": {strings.Split(container, ",task_memcg=")[0], []string{
			`1-11 up=100.000001 memcg/container missing=summary,kill by="java"/41 tasks=1`,
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, briefs(t, tt.log)); diff != "" {
				t.Errorf("(-want +got)\n%s\n%s", diff, unindent(tt.log))
			}
		})
	}
}
