package kernlog

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
)

const (
	// renderBytes is from where on Render leaves out the tables of further reports, and twice that from where on it writes
	// nothing but their kills.
	renderBytes = 16 << 20
	// renderReports and renderKills bound what Render writes of each sort, the newest last; renderPath is how much of a
	// cgroup's path it writes, as much as the kernel prints.
	renderReports, renderKills, renderPath = maxReports, 2 * maxNotes, 4096
)

// Render writes what the agent of a node told of kills as the node's kernel log: text of which a Scanner reads the same
// reports and kills by user space, in the order of their times, and a line that says over which stretch the agent
// followed the log. Parts that a report lacks are not written, so that they are missing from what is read as well. Of an
// account of which nothing is known it is empty.
//
// Each line has the date and the time since boot where the report has both. Each report is written under a caller of
// its own, as kernels with CONFIG_PRINTK_CALLER name the thread that printed, so that no report goes on with another's
// lines. The host is the node. Not kept are a report's lines, fractions of a microsecond, what a NUMA node holds, and
// the moments of its lines but the first. A report without any time, and what can't be of a kernel (a pid below
// zero), is left out.
//
// The reports may come from anywhere: what Render writes of one holds its kills and no others, whatever the names
// in it say, and control characters and bytes beyond ASCII are written as the kernel's own log has them, \xNN.
func Render(a investigations.NodeAccount) []byte {
	w := newRenderer(a.Node)
	all := inOrder(a)
	w.all(all)
	w.followed(a, all)
	return w.out
}

func (w *renderer) all(all []told) {
	for _, e := range all {
		if e.report != nil {
			w.report(e.report)
		} else {
			w.userKill(e.kill)
		}
	}
}

// told is one thing that a rendered log tells of.
type told struct {
	at     time.Time
	report *investigations.KernelReport
	kill   *investigations.UserKill
}

func inOrder(a investigations.NodeAccount) []told {
	var all []told
	reports := a.Reports
	var kills []investigations.UserKill
	for _, c := range a.Counted {
		kills = append(kills, Counted(c))
	}
	kills = append(kills, a.UserKills...)
	for i := range reports[max(0, len(reports)-renderReports):] {
		e := told{report: &reports[max(0, len(reports)-renderReports)+i]}
		if e.report.At != nil {
			e.at = *e.report.At
		}
		all = append(all, e)
	}
	kills = kills[max(0, len(kills)-renderKills):]
	for i := range kills {
		all = append(all, told{at: kills[i].At, kill: &kills[i]})
	}
	slices.SortStableFunc(all, func(a, b told) int { return a.at.Compare(b.at) })
	return all
}

// renderer puts a log together.
type renderer struct {
	out  []byte
	host string
	// callers counts the callers so far.
	callers int
	// room is renderBytes.
	room int
}

func newRenderer(node string) *renderer { return &renderer{host: hostWord(node), room: renderBytes} }

// hostWord is the name of a node, if it can stand in a line as its host.
func hostWord(node string) string {
	for _, c := range []byte(node) {
		if c <= ' ' || c > '~' || c == ':' || c == '[' {
			return ""
		}
	}
	return node
}

// report writes one report: in full, or where that can't be read back as it is, its kills alone.
func (w *renderer) report(r *investigations.KernelReport) {
	s, ok := stampText(r)
	if !ok {
		return
	}
	kills := distinct(r.Killed)
	begin := len(w.out)
	if begin < 2*w.room {
		text := rendered{r: r, kills: kills, tables: begin < w.room}
		w.lines(s, text.lines())
		if holds(w.out[begin:], kills, true) {
			return
		}
		w.out = w.out[:begin]
	}
	for i := range kills {
		// Of another caller each, so that none of them is taken for one of another's group.
		begin := len(w.out)
		w.lines(s, []string{killText(&kills[i], killPrefix(r.Kind))})
		if !holds(w.out[begin:], kills[i:i+1], false) {
			w.out = w.out[:begin]
		}
	}
}

// distinct returns the kills that a log can tell of: each pid once.
func distinct(kills []investigations.KernelKill) []investigations.KernelKill {
	var out []investigations.KernelKill
	seen := map[int64]bool{}
	for i := range kills {
		if pid := kills[i].PID; pid >= 0 && pid < 1e17 && !seen[pid] && len(out) < maxKilled {
			seen[pid] = true
			out = append(out, kills[i])
		}
	}
	return out
}

// holds tells whether a text tells of these kills, in one report where they are to be, and of nothing else.
func holds(text []byte, kills []investigations.KernelKill, one bool) bool {
	reports, i := 0, 0
	s := NewScanner(bytes.NewReader(text), Options{})
	for s.Scan() {
		reports++
		for _, k := range s.Report().Killed {
			if i == len(kills) || k.PID != kills[i].PID {
				return false
			}
			i++
		}
	}
	sum := s.Summary()
	return i == len(kills) && (reports == 1 || !one && reports <= 1 || len(text) == 0) &&
		len(sum.UserKills) == 0 && len(sum.Lost) == 0 && len(sum.Boots) == 0
}

// stampText is what stands before each line of a report, as a format whose one verb is the caller. It is false where the
// report has no time that can be written.
func stampText(r *investigations.KernelReport) (lineStamp, bool) {
	var s lineStamp
	if r.At != nil && r.At.Year() >= 1970 && r.At.Year() < 10000 {
		s.date = r.At.UTC().Format("2006-01-02T15:04:05.000000+00:00")
	}
	if r.UptimeS != nil && *r.UptimeS >= 0 && *r.UptimeS < 1e11 {
		s.uptime = fmt.Sprintf("[%12.6f]", *r.UptimeS)
	}
	return s, s.date != "" || s.uptime != ""
}

// lineStamp is when a line was written: a date, a time since boot in brackets, or both.
type lineStamp struct{ date, uptime string }

// lines writes messages of the kernel under the next caller.
func (w *renderer) lines(s lineStamp, messages []string) {
	w.callers++
	caller := fmt.Sprintf("[%6s] ", fmt.Sprintf("T%d", w.callers))
	var before string
	switch {
	case s.uptime == "":
		// The form of dmesg --time-format iso, which has a caller and no host.
		before = s.date[:19] + "," + s.date[20:] + " " + caller
	case s.date == "" && w.host == "":
		before = s.uptime + caller
	case s.date == "":
		before = s.uptime + caller + w.host + " kernel: "
	default:
		before = s.date + " " + w.hostBefore() + "kernel: " + s.uptime + caller
	}
	for _, m := range messages {
		w.out = append(w.out, before...)
		w.out = appendEscaped(w.out, m)
		w.out = append(w.out, '\n')
	}
}

// userHost is the host of a line of user space, which can't do without one.
func (w *renderer) userHost() string { return cmp.Or(w.host, "-") + " " }

func (w *renderer) hostBefore() string {
	if w.host == "" {
		return ""
	}
	return w.host + " "
}

// appendEscaped writes a message as /dev/kmsg does (msg_add_ext_text in kernel/printk/printk.c): bytes that are not
// printable and backslashes as \xNN. A number sign before a zero is one as well, since syslog daemons write #012 for a
// line break.
func appendEscaped(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c > '~' || c == '\\' || c == '#' && i+1 < len(s) && s[i+1] == '0' {
			b = append(b, '\\', 'x', hex[c>>4], hex[c&15])
		} else {
			b = append(b, c)
		}
	}
	return b
}
