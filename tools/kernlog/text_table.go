package kernlog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// tasks shows the task table, largest first, with what each process was to the kill.
func (t *textWriter) tasks() {
	r := t.r
	if len(r.Tasks) == 0 {
		t.killsAlone()
		return
	}
	rows := make([]*investigations.KernelTask, len(r.Tasks))
	for i := range r.Tasks {
		rows[i] = &r.Tasks[i]
	}
	slices.SortStableFunc(rows, func(a, b *investigations.KernelTask) int {
		return int(max(-1, min(1, memoryPages(b)-memoryPages(a))))
	})
	m := newMarks(r)
	swap := slices.ContainsFunc(r.Tasks, func(t investigations.KernelTask) bool { return t.SwapentsPages > 0 })
	cells := func(pid, name, memory, swapped, adj, badness, words string) []string {
		if !swap {
			swapped = ""
		}
		return []string{pid, name, memory, swapped, adj, badness, words}
	}
	t.line("")
	t.row(dim, cells("PID", "NAME", "MEMORY", "SWAP", "ADJ", "BADNESS", ""))
	page := r.PageSize()
	shown, left, leftPages, all := 0, 0, int64(0), int64(0)
	for _, row := range rows {
		all += memoryPages(row)
		words := m.of(row)
		if t.opt.Tasks >= 0 && shown >= t.opt.Tasks && words == "" {
			left++
			leftPages += memoryPages(row)
			continue
		}
		shown++
		style := ""
		if m.killed[row.PID] {
			style = red
		}
		badness := "-"
		if row.Badness != nil {
			badness = fmt.Sprint(*row.Badness)
		}
		t.row(style, cells(fmt.Sprint(row.PID), investigations.CleanText(row.Comm, 45), investigations.FormatBytes(row.RSSPages*page),
			investigations.FormatBytes(row.SwapentsPages*page), fmt.Sprint(row.OOMScoreAdj), badness, words))
	}
	if left > 0 {
		t.row(dim, cells("", fmt.Sprintf("%d more", left), investigations.FormatBytes(leftPages*page), "", "", "", ""))
	}
	if len(rows) > 1 {
		t.row(dim, cells("", fmt.Sprintf("all %d", len(rows)), investigations.FormatBytes(all*page), "", "", "", ""))
	}
	if next := NextVictim(r); next != nil {
		t.labelled("next", fmt.Sprintf("%s (pid %d) would have been killed next", investigations.CleanText(next.Comm, 45), next.PID))
	}
}

func memoryPages(t *investigations.KernelTask) int64 { return t.RSSPages + t.SwapentsPages }

// row writes one row of the table: pid, name, memory, swap (a column only where something is swapped out),
// oom_score_adj, badness, and what the process was.
func (t *textWriter) row(style string, cells []string) {
	nameWidth := min(16+max(0, t.opt.Width-100), 24)
	s := padLeft(cells[0], 8) + " " + pad(fit(cells[1], nameWidth), nameWidth) + padLeft(cells[2], 10)
	if cells[3] != "" {
		s += padLeft(cells[3], 10)
	}
	s += padLeft(cells[4], 6) + padLeft(cells[5], 9) + "  "
	s += fit(cells[6], max(t.opt.Width-2-width(s), 8))
	t.line("  %s", t.style(style, strings.TrimRight(s, " ")))
}

// marks say what processes were to the kill.
type marks struct {
	killed  map[int64]bool
	victim  int64
	invoker int64
	largest *investigations.KernelTask
}

func newMarks(r *investigations.KernelReport) marks {
	m := marks{killed: map[int64]bool{}, largest: Largest(r)}
	for i := range r.Killed {
		m.killed[r.Killed[i].PID] = true
	}
	if len(r.Killed) > 0 {
		m.victim = r.Killed[0].PID
	}
	if r.InvokedBy != nil {
		m.invoker = r.InvokedBy.PID
	}
	return m
}

// of returns the words for a row; the invoker's pid can be a thread's, which has no row of its own.
func (m *marks) of(t *investigations.KernelTask) string {
	var words []string
	switch {
	case t.PID == m.victim:
		words = append(words, "victim")
	case m.killed[t.PID]:
		words = append(words, "killed")
	}
	if t.PID == m.invoker {
		words = append(words, "invoker")
	}
	if t == m.largest {
		words = append(words, "largest")
	}
	return strings.Join(words, ", ")
}

// killsAlone shows the killed processes where there is no table.
func (t *textWriter) killsAlone() {
	for i := range t.r.Killed {
		k := &t.r.Killed[i]
		if k.AnonRSSKB == nil || i >= 20 {
			continue
		}
		s := fmt.Sprintf("%s (pid %d) with %s of anonymous memory", investigations.CleanText(k.Comm, 45), k.PID, investigations.FormatBytes(*k.AnonRSSKB<<10))
		if k.OOMScoreAdj != nil {
			s += fmt.Sprintf(", oom_score_adj %d", *k.OOMScoreAdj)
		}
		t.labelled("killed", s)
	}
}
