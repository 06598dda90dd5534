package kernlog_test

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kernlog"
)

const kill = "Mar  4 02:17:09 node-1 kernel: Memory cgroup out of memory: Killed process 4711 (java) " +
	"total-vm:892928kB, anon-rss:430080kB, file-rss:2000kB, shmem-rss:0kB, UID:0 pgtables:840kB oom_score_adj:985\n"

func ExampleScanner() {
	s := kernlog.NewScanner(strings.NewReader(kill), kernlog.Options{Now: time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC)})
	for s.Scan() {
		r := s.Report()
		fmt.Println(r.At.Format(time.RFC3339), r.Host, r.Killed[0].PID, r.Missing)
	}
	if err := s.Err(); err != nil {
		fmt.Println(err)
	}
	// Output: 2026-03-04T02:17:09Z node-1 4711 [head stats tasks summary]
}

func ExampleParser() {
	p := kernlog.NewParser(kernlog.Options{})
	for line := range strings.Lines(kill) {
		p.Line([]byte(strings.TrimSuffix(line, "\n")))
	}
	p.Flush() // nothing more came for a while
	for r := p.Next(); r != nil; r = p.Next() {
		fmt.Println(kernlog.Sentence(r))
	}
	// Output: the kernel killed "java" (pid 4711): a memory cgroup reached its limit, and the log does not say which
}

func ExampleParseCgroup() {
	c := kernlog.ParseCgroup("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0a1b2c3d_4e5f_4a6b_8c7d_9e0f1a2b3c4d.slice")
	fmt.Println(c.PodUID, c.QoS, c.Boundary)
	// Output: 0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d Burstable pod
}

func ExampleWriteText() {
	s := kernlog.NewScanner(strings.NewReader(kill), kernlog.Options{Now: time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC)})
	for s.Scan() {
		if err := kernlog.WriteText(os.Stdout, s.Report(), kernlog.TextOptions{}); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// cgroup OOM  2026-03-04 02:17:09 UTC · on node-1 · lines 1-1
	//   The kernel killed "java" (pid 4711): a memory cgroup reached its limit, and
	//   the log does not say which.
	//
	//   killed     java (pid 4711) with 420 MiB of anonymous memory, oom_score_adj 985
	//
	//   missing    not in the log: head, stats, tasks, summary
}

func ExampleNextVictim() {
	badness := func(v int64) *int64 { return &v }
	r := &investigations.KernelReport{
		Killed: []investigations.KernelKill{{PID: 1001}},
		Tasks: []investigations.KernelTask{
			{PID: 1001, Comm: "java", Badness: badness(900)}, {PID: 1002, Comm: "sidecar", Badness: badness(500)}, {PID: 1003, Comm: "sh", Badness: badness(10)},
		},
	}
	fmt.Println(kernlog.Victim(r).Comm, kernlog.NextVictim(r).Comm)
	// Output: java sidecar
}
