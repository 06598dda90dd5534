package kernlog

import (
	"fmt"

	"github.com/oombot/oombot/investigations"
)

// The headers of the task table, of kernels from 6.8 on, from 4.15 on, and before.
const (
	header68  = "[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents oom_score_adj name"
	header415 = "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name"
	header41  = "[ pid ]   uid  tgid total_vm      rss nr_ptes nr_pmds swapents oom_score_adj name"
)

// table writes the task table. Of a table that is not whole only rows are written, which without a header are read by
// how many numbers they begin with.
func (t *rendered) table() {
	tasks := t.r.Tasks
	if len(tasks) == 0 {
		return
	}
	form, header, want := rowLate, header68, cols10
	switch {
	case tasks[0].PgtablesBytes == nil:
		form, header, want = t.rowOld(), header41, cols8
	case tasks[0].RSSAnonPages == nil:
		form, header, want = rowBytes, header415, cols7
	}
	headless := t.misses(partTasks)
	if !headless {
		if is, known := versionAtLeast(t.r.Kernel, 4, 19); (is || !known) && tasks[0].PgtablesBytes != nil {
			t.add("Tasks state (memory values in pages):")
		}
		t.add("%s", header)
	}
	for i := range tasks[:min(len(tasks), maxRows)] {
		row := form(&tasks[i])
		if headless && guessColumns([]byte(row)).n != want.n {
			continue
		}
		t.out = append(t.out, row)
	}
}

func rowLate(t *investigations.KernelTask) string {
	return fmt.Sprintf("[%7d] %5d %5d %8d %8d %8d %8d %9d %8d %8d         %5d %s", t.PID, t.UID, t.TGID, t.TotalVMPages, t.RSSPages,
		value(t.RSSAnonPages), value(t.RSSFilePages), value(t.RSSShmemPages), value(t.PgtablesBytes), t.SwapentsPages, t.OOMScoreAdj, commText(t.Comm))
}

func rowBytes(t *investigations.KernelTask) string {
	return fmt.Sprintf("[%7d] %5d %5d %8d %8d %8d %8d         %5d %s", t.PID, t.UID, t.TGID, t.TotalVMPages, t.RSSPages,
		value(t.PgtablesBytes), t.SwapentsPages, t.OOMScoreAdj, commText(t.Comm))
}

// rowOld writes rows with the pages of page tables, which the report holds as a part of the badness only.
func (t *rendered) rowOld() func(*investigations.KernelTask) string {
	b := builder{r: *t.r}
	total, known := b.totalPages(t.r.PageSize())
	return func(task *investigations.KernelTask) string {
		tables := int64(0)
		if task.Badness != nil && (known || task.OOMScoreAdj == 0) {
			tables = max(0, *task.Badness-task.RSSPages-task.SwapentsPages-task.OOMScoreAdj*(total/1000))
		}
		return fmt.Sprintf("[%5d] %5d %5d %8d %8d %7d %7d %8d         %5d %s", task.PID, task.UID, task.TGID, task.TotalVMPages, task.RSSPages,
			tables, 0, task.SwapentsPages, task.OOMScoreAdj, commText(task.Comm))
	}
}

func value(v *int64) int64 {
	if v == nil {
		return 0
	}
	return *v
}
