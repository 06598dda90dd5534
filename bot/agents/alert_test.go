package agents

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory/nodes"
)

// told are the alerts of a report.
func told(r investigations.NodeReport) []bot.Alert {
	r.Node, r.BootID = "n1", "b1"
	all := killings(&r)
	nodes.Settle(&r, now)
	who := newDirectory(&r)
	var out []bot.Alert
	for _, k := range settle(all, now) {
		out = append(out, k.alert(who))
	}
	return out
}

func ptr[T any](v T) *T { return &v }

// kernel is a report of the kernel so long after the moment.
func kernel(after time.Duration, pod, container string, b investigations.Boundary, pids ...int64) investigations.KernelReport {
	r := investigations.KernelReport{
		At: ptr(moment.Add(after)), UptimeS: ptr(100 + after.Seconds()), Kind: investigations.KernelMemcg, Boundary: b, PodUID: pod, ContainerID: container,
	}
	for _, pid := range pids {
		r.Killed = append(r.Killed, investigations.KernelKill{PID: pid, Comm: "java"})
	}
	return r
}

func counted(after time.Duration, pod, container string, pids ...int64) investigations.CountedKill {
	return investigations.CountedKill{At: moment.Add(after), Path: "/kubepods/" + pod, PodUID: pod, ContainerID: container, Kills: 1, PIDs: pids}
}

var shop = []investigations.NodePod{{UID: "u1", Namespace: "shop", Name: "checkout-1", Containers: []investigations.NodeContainer{
	{ID: "c1", Name: "app"}, {ID: "c2", Name: "proxy"},
}}}

// TestAlerts lists for each report the titles of its alerts, and what they are about.
func TestAlerts(t *testing.T) {
	type report = investigations.NodeReport
	const c, p, unknown = investigations.BoundaryContainer, investigations.BoundaryPod, investigations.BoundaryUnknown
	s := time.Second
	reports := func(all ...investigations.KernelReport) []investigations.KernelReport { return all }
	manual := kernel(0, "", "", unknown, 1)
	manual.Kind = investigations.KernelManual
	service := kernel(0, "", "", investigations.BoundarySlice, 5)
	service.TaskMemcg = "/system.slice/java.service"
	top := func(pid int64, comm, uid string) *investigations.NodeRecording {
		return &investigations.NodeRecording{Top: []investigations.NodeRecorderTop{
			{At: moment.Add(-time.Minute), Namespace: "old", Pod: "gone", PID: pid, Comm: comm, PodUID: "u9"},
			{At: moment, Namespace: "shop", Pod: "checkout-1", Container: "app", PID: pid, Comm: comm, PodUID: uid},
		}}
	}
	tests := map[string]struct {
		report report
		want   []string
	}{
		"nothing":               {report{}, nil},
		"of a container":        {report{Reports: reports(kernel(0, "u1", "c2", c, 5)), Pods: shop}, []string{"java killed in shop/checkout-1/proxy on n1: container limit | shop/checkout-1/proxy | u1"}},
		"of an unknown one":     {report{Reports: reports(kernel(0, "u1", "c3", c, 5)), Pods: shop}, []string{"java killed in shop/checkout-1 on n1: container limit | shop/checkout-1 | u1"}},
		"of a pod":              {report{Reports: reports(kernel(0, "u1", "", p, 5)), Pods: shop}, []string{"java killed in shop/checkout-1 on n1: pod limit | shop/checkout-1 | u1"}},
		"of a pod without name": {report{Reports: reports(kernel(0, "u2", "c9", c, 5)), Pods: shop}, []string{"java killed in pod u2 on n1: container limit |  | u2"}},
		"outside of pods":       {report{Reports: reports(kernel(0, "", "", investigations.BoundarySlice, 5)), Pods: shop}, []string{"java killed on n1: limit of a slice | node/n1 | "}},
		"of the node":           {report{Reports: reports(kernel(0, "u1", "c1", investigations.BoundaryNode, 5)), Pods: shop}, []string{"java killed in shop/checkout-1/app on n1: the node is out of memory | shop/checkout-1/app | u1"}},
		"of all pods":           {report{Reports: reports(kernel(0, "u1", "c1", investigations.BoundaryNodeAllocatable, 5)), Pods: shop}, []string{"java killed in shop/checkout-1/app on n1: limit of all pods of the node | shop/checkout-1/app | u1"}},
		"a group":               {report{Reports: reports(kernel(0, "u1", "c1", c, 5, 6, 7)), Pods: shop}, []string{"java killed in shop/checkout-1/app on n1: container limit | shop/checkout-1/app | u1"}},
		"sysrq":                 {report{Reports: reports(manual)}, nil},
		"no victim":             {report{Reports: reports(kernel(0, "u1", "c1", c))}, nil},
		"known by its pid":      {report{Reports: reports(kernel(0, "", "", unknown, 5)), Recorder: top(5, "java", "")}, []string{"java killed in shop/checkout-1/app on n1 | shop/checkout-1/app | "}},
		"known by pid and uid":  {report{Reports: reports(kernel(0, "u2", "", c, 5)), Recorder: top(5, "java", "")}, []string{"java killed in shop/checkout-1/app on n1: container limit | shop/checkout-1/app | u2"}},
		"a pid of another pod":  {report{Reports: reports(kernel(0, "u2", "", c, 5)), Recorder: top(5, "java", "u3")}, []string{"java killed in pod u2 on n1: container limit |  | u2"}},
		"a pid of long ago":     {report{Reports: reports(kernel(61*s, "", "", unknown, 5)), Recorder: top(5, "java", "")}, []string{"java killed on n1 | node/n1 | "}},
		"a pid of later":        {report{Reports: reports(kernel(-3*s, "", "", unknown, 5)), Recorder: top(5, "java", "")}, []string{"java killed on n1 | node/n1 | "}},
		"a pid in a pod, and a cgroup of none": {report{
			Reports: reports(service), Recorder: top(5, "java", ""), Counted: []investigations.CountedKill{counted(0, "u1", "c1", 5)},
		}, []string{"java killed on n1: limit of a slice | node/n1 | ", "a process killed in pod u1 on n1 |  | u1"}},
		"a pid used again":       {report{Reports: reports(kernel(0, "", "", unknown, 5)), Recorder: top(5, "sh", "")}, []string{"java killed on n1 | node/n1 | "}},
		"recorded with its uid":  {report{Reports: reports(kernel(0, "u3", "", c, 7)), Recorder: top(5, "java", "u3")}, []string{"java killed in shop/checkout-1 on n1: container limit | shop/checkout-1 | u3"}},
		"counted":                {report{Counted: []investigations.CountedKill{counted(0, "u1", "c1")}, Pods: shop}, []string{"a process killed in shop/checkout-1/app on n1 | shop/checkout-1/app | u1"}},
		"counted twice":          {report{Counted: []investigations.CountedKill{counted(0, "u1", "c1"), counted(s, "u1", "c1")}, Pods: shop}, []string{"a process killed in shop/checkout-1/app on n1 | shop/checkout-1/app | u1", "a process killed in shop/checkout-1/app on n1 | shop/checkout-1/app | u1"}},
		"counted and reported":   {report{Reports: reports(kernel(0, "u1", "c1", c, 5)), Counted: []investigations.CountedKill{counted(5*s, "u1", "c1")}, Pods: shop}, []string{"java killed in shop/checkout-1/app on n1: container limit | shop/checkout-1/app | u1"}},
		"counted for long":       {report{Reports: reports(kernel(0, "u1", "c1", c, 5)), Counted: []investigations.CountedKill{{At: moment.Add(9 * s), WithinMS: 5000, PodUID: "u1"}}, Pods: shop}, []string{"java killed in shop/checkout-1/app on n1: container limit | shop/checkout-1/app | u1"}},
		"counted later":          {report{Reports: reports(kernel(0, "u1", "c1", c, 5)), Counted: []investigations.CountedKill{counted(6*s, "u1", "c1")}, Pods: shop}, []string{"java killed in shop/checkout-1/app on n1: container limit | shop/checkout-1/app | u1", "a process killed in shop/checkout-1/app on n1 | shop/checkout-1/app | u1"}},
		"counted of another pod": {report{Reports: reports(kernel(0, "u2", "", c, 5)), Counted: []investigations.CountedKill{counted(0, "u1", "c1")}, Pods: shop}, []string{"java killed in pod u2 on n1: container limit |  | u2", "a process killed in shop/checkout-1/app on n1 | shop/checkout-1/app | u1"}},
		"a bare line":            {report{Reports: reports(kernel(0, "", "", unknown, 5)), Counted: []investigations.CountedKill{counted(s, "u1", "c1", 4, 5)}, Pods: shop}, []string{"java killed in shop/checkout-1/app on n1 | shop/checkout-1/app | u1"}},
		"a bare line that the recorder places": {report{Reports: reports(kernel(0, "", "", unknown, 5)), Counted: []investigations.CountedKill{
			{At: moment, PodUID: "u1", ContainerID: "c2", Kills: 1, PIDs: []int64{5}, Recorded: true},
			{At: moment.Add(9 * s), PodUID: "u1", ContainerID: "c2", Kills: 1},
		}, Pods: shop}, []string{"java killed in shop/checkout-1/proxy on n1 | shop/checkout-1/proxy | u1", "a process killed in shop/checkout-1/proxy on n1 | shop/checkout-1/proxy | u1"}},
		"bare lines that are of several": {report{Reports: reports(kernel(0, "", "", unknown, 5), kernel(0, "", "", unknown, 6), kernel(0, "", "", unknown, 7)), Counted: []investigations.CountedKill{
			{At: moment, PodUID: "u1", ContainerID: "c1", Kills: 1, Among: []int64{5, 6}}, {At: moment, PodUID: "u2", ContainerID: "c9", Kills: 1, Among: []int64{5, 6}},
		}, Pods: shop}, []string{"java killed on n1 | node/n1 | ", "a process killed in shop/checkout-1/app on n1 | shop/checkout-1/app | u1", "a process killed in pod u2 on n1 |  | u2"}},
		"its own limit": {report{Counted: []investigations.CountedKill{
			{At: moment, PodUID: "u1", ContainerID: "c1", OOM: true}, {At: moment, PodUID: "u1", OOM: true},
		}, Pods: shop}, []string{"a process killed in shop/checkout-1/app on n1: container limit | shop/checkout-1/app | u1", "a process killed in shop/checkout-1 on n1: pod limit | shop/checkout-1 | u1"}},
		"systemd-oomd": {report{UserKills: []investigations.UserKill{{At: moment, Killer: investigations.UserKillSystemdOOMD, PodUID: "u1"}}, Pods: shop}, []string{"a cgroup killed in shop/checkout-1 on n1 by systemd-oomd | shop/checkout-1 | u1"}},
		"an eviction":  {report{UserKills: []investigations.UserKill{{At: moment, Killer: investigations.UserKillKubeletEviction, PodUID: "u1"}}, Pods: shop}, []string{"a pod was evicted in shop/checkout-1 on n1 | shop/checkout-1 | u1"}},
		"others of user space": {report{UserKills: []investigations.UserKill{
			{At: moment, Killer: investigations.UserKillSystemdOOMD}, {At: moment, Killer: investigations.UserKillUnit, PodUID: "u1"}, {At: moment, Killer: "x", PodUID: "u1"},
		}}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			ids := map[string]bool{}
			for _, a := range told(tt.report) {
				if !a.Memory || a.Source != bot.SourceAgent || !a.StartsAt.Equal(a.Kill.At) || a.Kill.Node != "n1" || a.Kill.BootID != "b1" || ids[a.ID] {
					t.Errorf("%+v", a)
				}
				ids[a.ID] = true
				at := ""
				for _, target := range a.Targets {
					at += target.String()
				}
				got = append(got, a.Title+" | "+at+" | "+a.Kill.PodUID)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestIDs stay the same however late a kill is told of, and are short.
func TestIDs(t *testing.T) {
	one := func(k investigations.KernelReport) string {
		return told(investigations.NodeReport{Seq: 7, Reports: []investigations.KernelReport{k}})[0].ID
	}
	k := kernel(0, "u1", "", investigations.BoundaryPod, 5)
	if got := one(k); got != "n1/b1/100.000/5" {
		t.Errorf("with an uptime: %s", got)
	}
	k.UptimeS = nil
	if got := one(k); got != "n1/b1/2026-03-04T02:17:09Z/5" {
		t.Errorf("with a date: %s", got)
	}
	k.At = ptr(now.Add(time.Hour))
	if got := one(k); got != "n1/b1/2026-03-04T03:17:11Z/5" {
		t.Errorf("with a date ahead: %s", got)
	}
	k.At = nil
	if got := one(k); got != "n1/b1/7-0/5" {
		t.Errorf("with neither: %s", got)
	}
	long := counted(0, "u1", "c1")
	long.Path = strings.Repeat("/x", 400)
	a := told(investigations.NodeReport{Counted: []investigations.CountedKill{long}})
	if id := a[0].ID; !strings.HasPrefix(id, "sha256:") || len(id) > maxID {
		t.Errorf("a long one: %s", id)
	}
}

// TestKernelTime says of which kills the kernel itself told when they were: a time that another program read, or that is
// missing or can't be, tells nothing of how soon a kill was told of.
func TestKernelTime(t *testing.T) {
	untimed, ahead, booted := kernel(0, "u1", "c1", investigations.BoundaryContainer, 5), kernel(time.Hour, "u1", "c1", investigations.BoundaryContainer, 6),
		kernel(-time.Second, "u1", "c1", investigations.BoundaryContainer, 7)
	untimed.At, untimed.UptimeS = nil, nil
	booted.At = nil
	whole := kernel(0, "u2", "c2", investigations.BoundaryContainer, 8)
	got := map[int64]bool{}
	for _, a := range told(investigations.NodeReport{
		Reports:   []investigations.KernelReport{untimed, ahead, booted, whole},
		Counted:   []investigations.CountedKill{counted(0, "u3", "c3")},
		UserKills: []investigations.UserKill{{At: moment, Killer: investigations.UserKillSystemdOOMD, PodUID: "u4", PID: 9}},
	}) {
		got[a.Kill.PID] = a.Kill.KernelTime
	}
	want := map[int64]bool{5: false, 6: false, 7: true, 8: true, 0: false, 9: false}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
