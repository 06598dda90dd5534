package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	inv "github.com/oombot/oombot/investigations"
)

// mostProcesses is how many rows of a task table are shown.
const mostProcesses = 6

// killedMark and culpritMark stand behind the rows of those.
const killedMark, culpritMark = "◄ killed", "◄ culprit"

// process is a row of the table that is shown: one process, or several of one name and oom_score_adj, as the
// workers of one program have them.
type process struct {
	pid, count, adj   int64
	comm              string
	resident, swapped int64 // pages
	killed            bool
	// culprit says that a process of the verdict's culprit is among them.
	culprit bool
}

// group joins the tasks of a report into rows, the largest first; whoever was killed stands alone. culprit is the pid
// of the verdict's culprit, 0 where it is not known.
func group(rep *inv.KernelReport, culprit int64) []process {
	type key struct {
		comm string
		adj  int64
	}
	victims := map[int64]bool{}
	for _, k := range rep.Killed {
		victims[k.PID] = true
	}
	var rows []process
	byKey := map[key]int{}
	for _, t := range rep.Tasks {
		killed, k := victims[t.PID], key{t.Comm, t.OOMScoreAdj}
		i, ok := byKey[k]
		if !ok || killed {
			i = len(rows)
			rows = append(rows, process{pid: t.PID, comm: t.Comm, adj: t.OOMScoreAdj, killed: killed})
			if !killed {
				byKey[k] = i
			}
		}
		rows[i].culprit = rows[i].culprit || culprit != 0 && t.PID == culprit
		rows[i].count++
		rows[i].resident += t.RSSPages
		rows[i].swapped += t.SwapentsPages
	}
	slices.SortStableFunc(rows, func(a, b process) int {
		return cmp.Compare(b.resident+b.swapped, a.resident+a.swapped)
	})
	return rows
}

// processes writes the largest processes of the kernel's report of this kill, victims marked; without a table there, those
// that a node agent saw.
func (p *page) processes(r *inv.Result, ev *inv.Evidence) {
	m := matchingReport(r, ev)
	if m == nil || len(m.report.Tasks) == 0 {
		p.recordedTasks(r, ev)
		return
	}
	rep := m.report
	culprit := int64(0)
	if c := r.Verdict.Culprit; c != nil {
		culprit = c.PID
	}
	all := group(rep, culprit)
	shown := all[:min(len(all), mostProcesses)]
	if i := slices.IndexFunc(all, func(x process) bool { return x.killed }); i >= mostProcesses {
		shown = append(slices.Clone(shown[:mostProcesses-1]), all[i]) // the victim is always among them
	}
	where := m.log.Source
	if rep.Lines[0] > 0 {
		where += fmt.Sprintf(":%d-%d", rep.Lines[0], rep.Lines[1])
	}
	p.heading("PROCESSES", fmt.Sprintf("at the kill, of %d · %s", len(rep.Tasks), where))

	size := pageSize(rep)
	rows := [][]string{{"pid", "process", "resident", "swapped", "oom_score_adj", ""}}
	swapped := false
	for _, x := range shown {
		pid, mark, swap := strconv.FormatInt(x.pid, 10), "", "-"
		if x.count > 1 {
			pid = fmt.Sprintf("%d times", x.count)
		}
		switch {
		case x.killed:
			mark = killedMark
		case x.culprit:
			mark = culpritMark
		}
		if x.swapped > 0 {
			swapped, swap = true, inv.FormatBytes(float64(x.swapped)*size)
		}
		rows = append(rows, []string{
			pid, cut(clean(x.comm), 20), inv.FormatBytes(float64(x.resident) * size), swap, strconv.FormatInt(x.adj, 10), mark,
		})
	}
	p.table(rows, swapped)
}

// table writes rows under their header; the column of swap only where something is swapped out.
func (p *page) table(rows [][]string, swapped bool) {
	const process, swap, mark = 1, 3, 5
	widths := make([]int, mark)
	for _, row := range rows {
		for i := range widths {
			widths[i] = max(widths[i], width(row[i]))
		}
	}
	for i, row := range rows {
		st := plain
		switch {
		case i == 0:
			st = dim
		case row[mark] == culpritMark:
			st = bold
		case row[mark] != "":
			st = red
		}
		text := " "
		for j, cell := range row[:mark] {
			switch {
			case j == swap && !swapped:
				continue
			case j == process:
				text += " " + pad(cell, widths[j])
			default:
				text += " " + padLeft(cell, widths[j])
			}
			text += " "
		}
		p.line(span{cut(text+row[mark], p.width), st})
	}
}

// pageSize returns the machine's page size in bytes: a victim stands in the table in pages, and in the kill
// line in KiB. It is 4096 where the report holds no such pair.
func pageSize(rep *inv.KernelReport) float64 {
	for _, k := range rep.Killed {
		for _, t := range rep.Tasks {
			if t.PID != k.PID || k.TotalVMKB == nil || t.TotalVMPages <= 0 || *k.TotalVMKB <= 0 {
				continue
			}
			// Other sizes are no machine's: the two lines are of different processes.
			if kb := *k.TotalVMKB / t.TotalVMPages; kb == 16 || kb == 64 {
				return float64(kb) * 1024
			}
		}
	}
	return 4096
}
