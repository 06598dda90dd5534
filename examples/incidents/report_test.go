package incidents

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"
)

// sampleReport is a container's kill on a platform.
func sampleReport(global bool) oomReport {
	victim := process{pid: 4711, uid: 1000, comm: "java", anon: 500 * mib, file: 2 * mib, adj: 985, path: "/kubepods/burstable/podX/abc", thread: "http-nio-8080-e"}
	return oomReport{
		at: time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC), global: global, memcg: "/kubepods/burstable/podX/abc",
		usage: 512 * mib, limit: 512 * mib, failcnt: 12, held: memory{anon: 500 * mib, hot: 6 * mib, slab: 6 * mib},
		tasks: []process{{pid: 1, comm: "pause", adj: -998}, victim}, victim: victim, invoker: victim,
		machine: machineMemory{ram: 2097152, reserved: 71943, free: 18000, anon: 1886215},
	}
}

// TestEachGenerationPrintsItsOwnFormat looks for what tells one kernel generation from the next.
func TestEachGenerationPrintsItsOwnFormat(t *testing.T) {
	tests := []struct {
		gen          int
		has, has1000 []string
		not          []string
	}{
		{gen: 310, has: []string{"gfp_mask=0xd0, order=0", "Task in ", "nr_ptes swapents", "or sacrifice child", "(java), UID 1000, total-vm", "rss:512000KB", "cpuset=abc mems_allowed=0"}, not: []string{"oom-kill:", "shmem:"}},
		{gen: 404, has: []string{"gfp_mask=0x24000c0, order=0", "nr_pmds swapents", "Killed process 4711 (java) total-vm"}, not: []string{"oom-kill:", "UID"}},
		{gen: 414, has: []string{"nodemask=(null),  order=0", "nr_puds", "oom_reaper:", "shmem:0KB"}, not: []string{"oom-kill:"}},
		{gen: 418, has: []string{"oom-kill:constraint=CONSTRAINT_MEMCG", "pgtables_bytes", "UID:1000 pgtables:", "anon 524288000"}, not: []string{"Task in ", "sacrifice"}},
		{gen: 419, has: []string{"Tasks state (memory values in pages):", "Task in ", "sacrifice child", "nodemask=(null), order=0"}, not: []string{"oom-kill:", "UID:"}},
		{gen: 504, has: []string{"oom-kill:", "anon 524288000\nfile ", "oom_reaper:"}, not: []string{"<TASK>", "pagetables "}},
		{gen: 515, has: []string{"<TASK>", "\npagetables "}, not: []string{"oom_reaper", "\nkernel "}},
		{gen: 601, has: []string{"\nkernel "}, not: []string{"rss_anon"}},
		{gen: 608, has: []string{"rss_anon rss_file rss_shmem", "CPU: 2 PID: 4722"}, not: []string{"anon 524288000\n"}},
		{gen: 612, has: []string{"UID: 1000 PID: 4722 Comm: http-nio-8080-e"}},
	}
	for _, tt := range tests {
		p := platform{kernel: kernel{release: "x", gen: tt.gen}, cgroup: 2}
		var texts []string
		for _, k := range p.print(sampleReport(false)) {
			texts = append(texts, k.text)
		}
		all := strings.Join(texts, "\x00")
		for _, want := range tt.has {
			if !strings.Contains(all, want) {
				t.Errorf("%d: no %q in %q", tt.gen, want, all)
			}
		}
		for _, bad := range tt.not {
			if strings.Contains(all, bad) {
				t.Errorf("%d prints %q", tt.gen, bad)
			}
		}
	}
}

func TestStatsOfCgroupV1(t *testing.T) {
	p := platform{kernel: kernel{gen: 612}, cgroup: 1}
	var all []string
	for _, k := range p.print(sampleReport(false)) {
		all = append(all, k.text)
	}
	text := strings.Join(all, "\n")
	for _, want := range []string{"\nrss 524288000\n", "\ntotal_rss 524288000\n", "\nhierarchical_memory_limit 536870912\n", "memory+swap: usage", "kmem: usage"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
}

func TestGlobalReport(t *testing.T) {
	p := platform{kernel: kernel{gen: 601}, cgroup: 2}
	var all []string
	for _, k := range p.print(sampleReport(true)) {
		all = append(all, k.text)
	}
	text := strings.Join(all, "\n")
	for _, want := range []string{"Mem-Info:", "2097152 pages RAM", "71943 pages reserved", ",global_oom,task_memcg=", "Out of memory: Killed process 4711"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Contains(text, "Memory cgroup") {
		t.Error("it speaks of a memory cgroup")
	}
}

// TestScoresAreTheKubelets compares with scores that kubelets have set.
func TestScoresAreTheKubelets(t *testing.T) {
	s := newScene(Kind{Name: "x"}, 1, Options{})
	n := s.node
	n.ramPages, n.reservedPages = 16*gib/pageSize, 0
	at := func(app, side, podRequest int64) (int, int) {
		w := s.service("deployment", 1, app, 2*app)
		w.container().Resources.Limits["memory"] = bytes64(2 * app)
		if side > 0 {
			t := &w.current().template.Spec
			t.Containers = append(t.Containers, box("side", "side:1", side, 2*side))
		}
		if podRequest > 0 {
			podLimit(&w.current().template.Spec, podRequest, podRequest+100*mib)
		}
		p := s.addPod(w, w.current(), n, s.at)
		last := p.containers[len(p.containers)-1]
		return p.main().oomScoreAdj(), last.oomScoreAdj()
	}
	if got, _ := at(256*mib, 0, 0); got != 985 {
		t.Errorf("256Mi of 16Gi: %d", got)
	}
	if app, side := at(512*mib, 64*mib, 600*mib); app != 969 || side != 996 {
		t.Errorf("with a pod-level request: %d and %d", app, side)
	}
}

func TestTransports(t *testing.T) {
	boot := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	k := kline{at: boot.Add(26*time.Hour + 1234*time.Microsecond), prio: 4, text: "anon 1\nfile \x1b2"}
	n := &node{name: "n1", boot: boot}
	for transport, want := range map[string]string{
		"short-iso":       "2026-03-02T02:00:00+00:00 n1 kernel: anon 1\n" + strings.Repeat(" ", 37) + "file \x1b2",
		"kmsg":            `4,9,93600001234,-;anon 1\x0afile \x1b2`,
		"dmesg":           "[93600.001234] anon 1\n               file \\x1b2",
		"dmesg-x":         "kern  :warn  : [93600.001234] anon 1\n" + strings.Repeat(" ", 30) + "file \\x1b2",
		"dmesg-T":         "[Mon Mar  2 02:00:00 2026] anon 1\n" + strings.Repeat(" ", 27) + "file \\x1b2",
		"dmesg-iso":       "2026-03-02T02:00:00,001234+00:00 anon 1\n" + strings.Repeat(" ", 33) + "file \\x1b2",
		"short":           "Mar 02 02:00:00 n1 kernel: anon 1\n" + strings.Repeat(" ", 27) + "file \x1b2",
		"rsyslog":         "Mar  2 02:00:00 n1 kernel: [93600.001234] anon 1#012file #0332",
		"rfc3339":         "2026-03-02T02:00:00.001234+00:00 n1 kernel: anon 1#012file #0332",
		"short-monotonic": "[93600.001234] n1 kernel: anon 1\n" + strings.Repeat(" ", 26) + "file \x1b2",
	} {
		l := &klog{node: n, transport: transport}
		if got := l.line(k, 9); got != want {
			t.Errorf("%s:\n%q, want\n%q", transport, got, want)
		}
	}
}

func TestJournalJSON(t *testing.T) {
	n := &node{name: "n1", boot: time.Unix(1000, 0)}
	l := &klog{node: n, transport: "json"}
	for text, list := range map[string]bool{"plain": false, "two\nlines": true} {
		var entry map[string]any
		if err := json.Unmarshal([]byte(l.line(kline{at: time.Unix(1002, 0), prio: 6, text: text}, 1)), &entry); err != nil {
			t.Fatal(err)
		}
		_, isList := entry["MESSAGE"].([]any)
		if isList != list || entry["_SOURCE_MONOTONIC_TIMESTAMP"] != "2000000" || entry["__REALTIME_TIMESTAMP"] != "1002000000" {
			t.Errorf("%q: %v", text, entry)
		}
	}
}

// TestLogsInUptimeCarryTheirAnchor: a log stamped in seconds since boot holds an audit record.
func TestLogsInUptimeCarryTheirAnchor(t *testing.T) {
	audit := regexp.MustCompile(`audit\(\d{10}\.\d{3}:\d+\)`)
	everyBundle(t, func(t *testing.T, k Kind, seed uint64, files map[string][]byte) {
		for name, b := range files {
			// Where the log's dates are wrong, the records of audit would hold the right ones.
			without := k.Name == "kernel_log_no_clock" || k.Name == "kernel_log_local_time" || k.Name == "kernel_log_clock_behind"
			if strings.HasPrefix(name, "kernel/") && !without && !audit.Match(b) {
				t.Errorf("%s-%d: %s has no audit record", k.Name, seed, name)
			}
		}
	})
}
