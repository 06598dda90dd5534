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

// processes writes the largest processes of the kernel's report of this kill, victims marked.
func (p *page) processes(r *inv.Result, ev *inv.Evidence) {
	m := matchingReport(r, ev)
	if m == nil || len(m.report.Tasks) == 0 {
		return
	}
	rep := m.report
	isKilled := func(t inv.KernelTask) bool {
		return slices.ContainsFunc(rep.Killed, func(k inv.KernelKill) bool { return k.PID == t.PID })
	}
	tasks := slices.Clone(rep.Tasks)
	slices.SortStableFunc(tasks, func(a, b inv.KernelTask) int {
		return cmp.Compare(b.RSSPages+b.SwapentsPages, a.RSSPages+a.SwapentsPages)
	})
	shown := tasks[:min(len(tasks), mostProcesses)]
	if i := slices.IndexFunc(tasks, isKilled); i >= mostProcesses {
		shown = append(slices.Clone(shown[:mostProcesses-1]), tasks[i]) // the victim is always among them
	}
	aside := fmt.Sprintf("when the kernel killed, of %d in its table · %s:%d-%d", len(tasks), m.log.Source, rep.Lines[0], rep.Lines[1])
	p.heading("PROCESSES", aside)

	size := pageSize(rep)
	rows := [][]string{{"pid", "process", "resident", "swapped", "oom_score_adj", ""}}
	swapped := false
	for _, t := range shown {
		swapped = swapped || t.SwapentsPages > 0
		mark, swap := "", "-"
		if t.SwapentsPages > 0 {
			swap = inv.FormatBytes(float64(t.SwapentsPages) * size)
		}
		if isKilled(t) {
			mark = "◄ killed"
		}
		rows = append(rows, []string{
			strconv.FormatInt(t.PID, 10), cut(clean(t.Comm), 20), inv.FormatBytes(float64(t.RSSPages) * size),
			swap, strconv.FormatInt(t.OOMScoreAdj, 10), mark,
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
