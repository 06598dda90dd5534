package kernlog

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

func TestSentence(t *testing.T) {
	mem := &investigations.KernelCounter{UsageKB: 40960, LimitKB: ptr(40960)}
	killed := []investigations.KernelKill{{PID: 41, Comm: "java"}}
	const slice = "/system.slice/nginx.service"
	tests := map[string]struct {
		r    investigations.KernelReport
		want string
	}{
		"container": {
			investigations.KernelReport{Kind: "memcg", Boundary: "container", OOMMemcg: ctrPath, TaskMemcg: ctrPath, PodUID: sampleUID, ContainerID: sampleID, Memory: mem, Killed: killed},
			`the kernel killed "java" (pid 41): container 001122334455 of pod ` + sampleUID + ` reached its memory limit of 40 MiB`,
		},
		"pod": {
			investigations.KernelReport{Kind: "memcg", Boundary: "pod", OOMMemcg: podPath, TaskMemcg: ctrPath, PodUID: sampleUID, ContainerID: sampleID, Memory: mem, Killed: killed},
			`the kernel killed "java" (pid 41): the containers of pod ` + sampleUID + ` together reached the pod's memory limit of 40 MiB; the victim ran in container 001122334455 of pod ` + sampleUID,
		},
		"all pods": {
			investigations.KernelReport{Kind: "memcg", Boundary: "node_allocatable", OOMMemcg: "/kubepods", TaskMemcg: podPath, PodUID: sampleUID, Memory: mem, Killed: killed},
			`the kernel killed "java" (pid 41): all pods of the node together reached the limit of 40 MiB of cgroup "/kubepods"; the victim ran in pod ` + sampleUID,
		},
		"a service": {
			investigations.KernelReport{Kind: "memcg", Boundary: "slice", OOMMemcg: slice, TaskMemcg: slice, Killed: killed},
			`the kernel killed "java" (pid 41): cgroup "/system.slice/nginx.service" reached its memory limit`,
		},
		"the machine": {
			investigations.KernelReport{Kind: "global", Boundary: "node", TaskMemcg: "/", Killed: killed},
			`the kernel killed "java" (pid 41): the whole machine ran out of memory; the victim ran in cgroup "/", in no pod`,
		},
		"NUMA nodes": {
			investigations.KernelReport{Kind: "global", Boundary: "numa", Killed: killed},
			`the kernel killed "java" (pid 41): the NUMA nodes that the task may use ran out of memory`,
		},
		"sysrq": {
			investigations.KernelReport{Kind: "manual", Boundary: "none", Killed: killed},
			`the kernel killed "java" (pid 41): somebody asked for it (sysrq-f), and no memory had run out`,
		},
		"a bare kill": {
			investigations.KernelReport{Kind: "memcg", Boundary: "unknown", Killed: killed},
			`the kernel killed "java" (pid 41): a memory cgroup reached its limit, and the log does not say which`,
		},
		"unknown": {
			investigations.KernelReport{Boundary: "unknown", Killed: killed},
			`the kernel killed "java" (pid 41): the log does not say what ran out`,
		},
		"nothing to kill": {
			investigations.KernelReport{Complete: true, Kind: "global", Boundary: "node", TaskMemcg: ctrPath, PodUID: sampleUID},
			"the kernel reported an OOM and killed nothing: the whole machine ran out of memory",
		},
		"the kill is cut off": {
			investigations.KernelReport{Kind: "global", Boundary: "node"},
			"the kernel reported an OOM, and the log does not hold the kill: the whole machine ran out of memory",
		},
		"two killed": {
			investigations.KernelReport{Kind: "global", Boundary: "node", Killed: []investigations.KernelKill{{PID: 41, Comm: "java"}, {PID: 42}}},
			`the kernel killed "java" (pid 41) and one more process of its group: the whole machine ran out of memory`,
		},
		"a group, and a name that is not known": {
			investigations.KernelReport{Kind: "global", Boundary: "node", Killed: []investigations.KernelKill{{PID: 41}, {PID: 42}, {PID: 43}}},
			"the kernel killed a process whose name is not known (pid 41) and 2 more processes of its group: the whole machine ran out of memory",
		},
		"hostile names": {
			investigations.KernelReport{Kind: "memcg", Boundary: "slice", OOMMemcg: "/a\x1b[31m\"\n" + strings.Repeat("x", 500), Killed: []investigations.KernelKill{{PID: 41, Comm: "\x1b]0;\a\u202e<!channel>"}}},
			`the kernel killed "�]0;��<!channel>" (pid 41): cgroup "/a�[31m" ` + strings.Repeat("x", 146) + `…" reached its memory limit`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Sentence(&tt.r)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestFactsOfManyLogs holds how many facts there are, and that the target's node comes first.
func TestFactsOfManyLogs(t *testing.T) {
	ev := &investigations.KernelEvidence{}
	for i := range 20 {
		at := killedAt.Add(-1 * 60e9 * 7)
		l := investigations.KernelLog{Node: fmt.Sprintf("n%d", i), Source: fmt.Sprintf("kernel/n%d.log", i), Lines: 9}
		for j := range 4 {
			r := scan(t, []byte(bareKill("  1.000000", 100*i+j)))[0]
			if j > 0 {
				when := at.Add(60e9 * 3 * 1 * 1)
				r.At = &when
			}
			r.Lines[0] += int64(j)
			l.Reports = append(l.Reports, r)
		}
		for _, killer := range []string{investigations.UserKillKubeletEviction, investigations.UserKillUnit, investigations.UserKillEarlyOOM} {
			l.UserKills = append(l.UserKills, investigations.UserKill{Killer: killer, At: at, Line: int64(len(l.UserKills)) + 1, Text: "x\x1b"})
		}
		ev.Logs = append(ev.Logs, l)
	}
	req := request()
	req.Target.Node = "n7"
	got := facts(req, ev)
	if len(got) != maxLogFacts+maxReportFacts+maxUserFacts || got[0].Source != "kernel/n7.log" {
		t.Fatalf("%d facts, the first %+v", len(got), got[0])
	}
	on := 0
	for _, f := range got {
		if strings.HasPrefix(f.Source, "kernel/n7.log") {
			on++
		}
	}
	if on != 1+4+maxUserFacts {
		t.Errorf("%d facts of the target's node", on)
	}
	for want, says := range map[string]string{
		"On node n7 the kubelet logged: \"x�\".":                                       got[len(got)-2].Says,
		"On node n7 systemd logged: \"x�\".":                                           got[len(got)-1].Says,
		"The kernel log of node n7 has no time in its lines and tells of 4 OOM kills.": got[0].Says,
	} {
		if says != want {
			t.Errorf("%q, want %q", says, want)
		}
	}
}
