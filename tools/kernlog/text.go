package kernlog

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// TextOptions say how a report is written for people. The zero value is 80 columns, without colour, with the
// fifteen processes that matter most.
type TextOptions struct {
	// Width is how many columns there are; 0 means 80, and less than 72 counts as 72.
	Width int
	// Color marks what matters with ANSI colours.
	Color bool
	// Tasks is how many rows of the task table are shown; 0 means 15, less than 0 all of them.
	Tasks int
}

// WriteText writes a report for a person at a terminal: what was killed and whose limit ran out, what held the
// memory, and the processes, largest first. Text from outside is free of control characters. The error is w's.
func WriteText(w io.Writer, r *investigations.KernelReport, opt TextOptions) error {
	switch {
	case opt.Width == 0:
		opt.Width = 80
	case opt.Width < 72:
		opt.Width = 72
	}
	if opt.Tasks == 0 {
		opt.Tasks = 15
	}
	t := &textWriter{w: bufio.NewWriter(w), r: r, opt: opt}
	t.heading()
	t.verdict()
	t.facts()
	t.memory()
	t.tasks()
	t.ending()
	return t.w.Flush()
}

type textWriter struct {
	// w keeps the first error and returns it from Flush.
	w   *bufio.Writer
	r   *investigations.KernelReport
	opt TextOptions
}

// Styles of ANSI terminals.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	yellow = "33"
)

// style wraps a text that has its final width already.
func (t *textWriter) style(code, s string) string {
	if !t.opt.Color || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (t *textWriter) line(format string, args ...any) {
	s := fmt.Sprintf(format, args...)
	t.w.WriteString(strings.TrimRight(s, " ") + "\n")
}

// heading says when and where.
func (t *textWriter) heading() {
	r := t.r
	title := map[string]string{
		investigations.KernelMemcg: "cgroup OOM", investigations.KernelGlobal: "machine OOM", investigations.KernelManual: "manual OOM",
	}[r.Kind]
	if title == "" {
		title = "OOM"
	}
	words := []string{}
	if r.At != nil {
		words = append(words, when(*r.At))
	}
	if r.UptimeS != nil {
		words = append(words, fmt.Sprintf("%.3f s after boot", *r.UptimeS))
	}
	if r.Host != "" {
		words = append(words, "on "+investigations.CleanText(r.Host, 64))
	}
	words = append(words, fmt.Sprintf("lines %d-%d", r.Lines[0], r.Lines[1]))
	if r.Kernel != "" {
		words = append(words, "Linux "+investigations.CleanText(r.Kernel, 40))
	}
	rest := fit(strings.Join(words, " · "), t.opt.Width-width(title)-2)
	t.line("%s  %s", t.style(bold, title), t.style(dim, rest))
}

// verdict is the sentence that matters, broken over lines.
func (t *textWriter) verdict() {
	s := Sentence(t.r)
	s = strings.ToUpper(s[:1]) + s[1:] + "."
	for _, l := range wrap(s, t.opt.Width-2) {
		t.line("  %s", t.style(red, l))
	}
}

// labelled writes a line with a label before it.
func (t *textWriter) labelled(label, text string) {
	const column = 10
	t.line("  %s %s", t.style(dim, pad(label, column)), fit(text, t.opt.Width-column-3))
}

// facts are the invoker, the cgroups and the counters.
func (t *textWriter) facts() {
	r := t.r
	t.line("")
	if by := r.InvokedBy; by != nil {
		pid := ""
		if by.PID != 0 {
			pid = fmt.Sprintf(" (pid %d)", by.PID)
		}
		t.labelled("invoker", fmt.Sprintf("%s%s, order %d, %s", investigations.CleanText(by.Comm, 32), pid, by.Order, investigations.CleanText(by.GFPMask, 80)))
	}
	path := r.OOMMemcg
	if path == "" {
		path = r.StatsPath
	}
	t.path("limit of", path)
	if r.TaskMemcg != path {
		t.path("victim in", r.TaskMemcg)
	}
	if r.QoS != "" {
		t.labelled("QoS", r.QoS)
	}
	t.counter("memory", r.Memory)
	t.counter("with swap", r.MemorySwap)
	t.counter("swap", r.Swap)
	t.counter("kernel", r.Kmem)
}

// path writes a cgroup's path; of one that is too long the end matters most.
func (t *textWriter) path(label, path string) {
	if path != "" {
		t.labelled(label, fitLeft(investigations.CleanText(path, 4096), t.opt.Width-13))
	}
}

func (t *textWriter) counter(label string, c *investigations.KernelCounter) {
	if c == nil {
		return
	}
	s := investigations.FormatBytes(c.UsageKB<<10) + " used"
	if c.LimitKB != nil {
		s += " of " + investigations.FormatBytes(*c.LimitKB<<10)
	} else {
		s += ", no limit"
	}
	if c.FailCnt > 0 {
		s += fmt.Sprintf(", limit hit %d times", c.FailCnt)
	}
	t.labelled(label, s)
}

// ending says what is missing, and what the kernel left out before.
func (t *textWriter) ending() {
	r := t.r
	if len(r.Tasks) == 0 && (len(r.Missing) > 0 || r.SuppressedBefore > 0) {
		t.line("")
	}
	if len(r.Missing) > 0 {
		t.labelled("missing", "not in the log: "+strings.Join(r.Missing, ", "))
	}
	if r.SuppressedBefore > 0 {
		t.labelled("before", fmt.Sprintf("the kernel left out %d reports before this one", r.SuppressedBefore))
	}
}
