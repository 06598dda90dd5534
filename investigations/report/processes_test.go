package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	inv "github.com/oombot/oombot/investigations"
)

func TestProcesses(t *testing.T) {
	c := noisyNeighbour()
	got := section(text(t, c.result, c.ev, TextOptions{}), "PROCESSES")
	rows := strings.Split(got, "\n")[2:]
	if len(rows) != mostProcesses {
		t.Errorf("%d rows, want %d:\n%s", len(rows), mostProcesses, got)
	}
	if !strings.HasPrefix(strings.TrimSpace(rows[0]), "30412  python3") || !strings.HasSuffix(rows[0], culpritMark) {
		t.Errorf("the largest process is not the first, or not the culprit:\n%s", got)
	}
	if last := rows[len(rows)-1]; !strings.Contains(last, "nginx") || !strings.HasSuffix(last, "◄ killed") {
		t.Errorf("the victim is small, and not in the last row:\n%s", got)
	}

	for i := range c.ev.Kernel.Logs[0].Reports[0].Tasks {
		c.ev.Kernel.Logs[0].Reports[0].Tasks[i].SwapentsPages = 0
	}
	if got := section(text(t, c.result, c.ev, TextOptions{}), "PROCESSES"); strings.Contains(got, "swapped") {
		t.Errorf("a column of swap where nothing is swapped out:\n%s", got)
	}
	c.ev.Kernel.Logs[0].Reports[0].Tasks = nil
	if got := text(t, c.result, c.ev, TextOptions{}); strings.Contains(got, "PROCESSES") {
		t.Errorf("a table of no processes:\n%s", got)
	}
}

// TestProcessesOfOneProgram: a hundred small workers outweigh what is the largest single process.
func TestProcessesOfOneProgram(t *testing.T) {
	c := noisyNeighbour()
	rep := &c.ev.Kernel.Logs[0].Reports[0]
	rep.Killed = append(rep.Killed, inv.KernelKill{PID: 503, Comm: "worker"})
	rep.Tasks = rep.Tasks[:4]
	for pid := range int64(100) {
		rep.Tasks = append(rep.Tasks, inv.KernelTask{PID: 500 + pid, Comm: "worker", RSSPages: 25600, OOMScoreAdj: 969})
	}
	rep.Tasks = append(rep.Tasks, inv.KernelTask{PID: 9, Comm: "worker", RSSPages: 25600, OOMScoreAdj: 2})
	want := `  at the kill, of 105 · kernel/node-9c7b.log:3-61
       pid  process     resident  oom_score_adj
  99 times  worker      9.67 GiB            969
       503  worker       100 MiB            969 ◄ killed
         9  worker       100 MiB              2
       812  kubelet     93.8 MiB           -999
       700  containerd  58.6 MiB           -999
     21001  nginx       12.1 MiB           1000 ◄ killed`
	if d := cmp.Diff(want, section(text(t, c.result, c.ev, TextOptions{}), "PROCESSES")); d != "" {
		t.Errorf("processes (-want +got):\n%s", d)
	}
}

func TestPageSize(t *testing.T) {
	report := func(pid, vmKB, pages int64) *inv.KernelReport {
		return &inv.KernelReport{
			Killed: []inv.KernelKill{{PID: 1}, {PID: pid, TotalVMKB: &vmKB}},
			Tasks:  []inv.KernelTask{{PID: 7, TotalVMPages: pages}},
		}
	}
	tests := []struct {
		name string
		rep  *inv.KernelReport
		want float64
	}{
		{"4 KiB", report(7, 400, 100), 4096},
		{"64 KiB", report(7, 6400, 100), 65536},
		{"16 KiB", report(7, 1600, 100), 16384},
		{"another process", report(8, 6400, 100), 4096},
		{"no machine's", report(7, 700, 100), 4096},
		{"no pages", report(7, 700, 0), 4096},
		{"nothing", &inv.KernelReport{}, 4096},
	}
	for _, tt := range tests {
		if got := pageSize(tt.rep); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
