package kernlog

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kernlog/kernlogtest"
)

// TestCuts cuts reports of each kernel off before and after each record: what is left keeps its values, what
// is not is listed as missing, and nothing is made up.
func TestCuts(t *testing.T) {
	for _, k := range kernlogtest.Kernels {
		for name, want := range incidents(k) {
			t.Run(k.Release+"/"+name, func(t *testing.T) {
				messages := want.Messages()
				whole := render(messages)
				full := scan(t, whole)[0]
				for i := 1; i < len(messages); i++ {
					checkTail(t, messages, i, &full)
					checkHead(t, messages, i, &full, want)
				}
			})
		}
	}
}

func render(messages []kernlogtest.Message) []byte {
	l := newLog(kernlogtest.Kmsg)
	l.Add(messages...)
	return l.Bytes()
}

// checkHead looks at a report whose first i records are lost.
func checkHead(t *testing.T, messages []kernlogtest.Message, i int, full *investigations.KernelReport, want *kernlogtest.Report) {
	t.Helper()
	got := scan(t, render(messages[i:]))
	first := 0
	for _, m := range messages[:i] {
		if strings.HasPrefix(m.Text, killed) || strings.Contains(m.Text, ": "+killed) {
			first++
		}
	}
	if first > 0 {
		return // within the kills there is no telling of what was before
	}
	if len(got) != 1 {
		t.Fatalf("%d reports without the first %d records, from %q", len(got), i, messages[i].Text)
	}
	r := &got[0]
	if r.Lines != [2]int64{1, int64(len(messages) - i)} {
		t.Errorf("from %q: lines %v of %d", messages[i].Text, r.Lines, len(messages)-i)
	}
	if !slices.Contains(r.Missing, partHead) || r.Complete || r.InvokedBy != nil {
		t.Errorf("from %q: missing %v", messages[i].Text, r.Missing)
	}
	if diff := cmp.Diff(pids(full), pids(r)); diff != "" {
		t.Errorf("from %q: killed (-want +got)\n%s", messages[i].Text, diff)
	}
	for _, part := range []struct{ name, begins string }{
		{partStats, "Memory cgroup stats for"}, {partTasks, " tgid "}, {partSummary, "oom-kill:"},
	} {
		lost, printed := false, false
		for j, m := range messages {
			if strings.Contains(m.Text, part.begins) {
				printed = true
				lost = lost || j < i && part.name != partStats || j < i && !slices.ContainsFunc(messages[i:], func(m kernlogtest.Message) bool { return strings.HasPrefix(m.Text, part.begins) })
			}
		}
		if r.Kind == "" && part.name == partStats {
			continue // the second of two kill lines does not tell the kind
		}
		if want.Kernel.Major == 5 && want.Kernel.Minor == 0 && part.name == partSummary && len(r.Tasks) == 0 {
			continue // two kill lines look like those of an older kernel
		}
		if got := slices.Contains(r.Missing, part.name); got != (lost && printed) {
			t.Errorf("from %q: missing %v, want %s: %v", messages[i].Text, r.Missing, part.name, lost)
		}
	}
	if r.Kind != full.Kind && !strings.HasPrefix(messages[i].Text, killed) {
		t.Errorf("from %q: kind %q", messages[i].Text, r.Kind)
	}
}

func pids(r *investigations.KernelReport) []int64 {
	var p []int64
	for _, k := range r.Killed {
		p = append(p, k.PID)
	}
	return p
}

// checkTail looks at a report of which only the first i records are there.
func checkTail(t *testing.T, messages []kernlogtest.Message, i int, full *investigations.KernelReport) {
	t.Helper()
	got := scan(t, render(messages[:i]))
	if len(got) != 1 {
		t.Fatalf("%d reports of the first %d records", len(got), i)
	}
	r := &got[0]
	if r.Lines != [2]int64{1, int64(i)} {
		t.Errorf("up to %q: lines %v of %d", messages[i-1].Text, r.Lines, i)
	}
	kills := slices.ContainsFunc(messages[:i], func(m kernlogtest.Message) bool { return strings.Contains(m.Text, killed) })
	if slices.Contains(r.Missing, partKill) == kills || slices.Contains(r.Missing, partHead) {
		t.Errorf("up to %q: missing %v", messages[i-1].Text, r.Missing)
	}
	if diff := cmp.Diff(full.InvokedBy.Comm, r.InvokedBy.Comm); diff != "" {
		t.Error(diff)
	}
	if len(r.Killed) > 0 && !r.Complete {
		t.Errorf("up to %q, which is whole: missing %v", messages[i-1].Text, r.Missing)
	}
	for j := range r.Tasks {
		a, b := full.Tasks[j], r.Tasks[j]
		if a.Badness, b.Badness = nil, nil; cmp.Diff(a, b) != "" {
			t.Error(cmp.Diff(a, b))
		}
	}
}

// TestInterleaved mixes two logs line by line: each host's report is what it is alone.
func TestInterleaved(t *testing.T) {
	k := kernlogtest.Kernels[8]
	for _, tr := range []kernlogtest.Transport{kernlogtest.JournalISO, kernlogtest.JournalJSON, kernlogtest.Syslog} {
		t.Run(string(tr), func(t *testing.T) {
			var parts [2][][]byte
			var want []investigations.KernelReport
			for i, name := range []string{"container", "global"} {
				l := newLog(tr)
				l.Host = []string{"a", "b"}[i]
				l.Add(incidents(k)[name].Messages()...)
				parts[i] = bytes.SplitAfter(l.Bytes(), []byte("\n"))
				r := scan(t, l.Bytes())[0]
				r.Lines = [2]int64{}
				want = append(want, r)
			}
			var mixed []byte
			for i := range max(len(parts[0]), len(parts[1])) {
				for _, p := range parts {
					// A line that is padded follows the one before, in any log.
					if i < len(p) {
						mixed = append(mixed, p[i]...)
					}
				}
			}
			if tr == kernlogtest.JournalISO {
				mixed = byRecord(parts[0], parts[1])
			}
			got := scan(t, mixed)
			for i := range got {
				got[i].Lines = [2]int64{}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// byRecord mixes logs record by record: padded lines stay with the line that they follow.
func byRecord(logs ...[][]byte) []byte {
	var out []byte
	for more := true; more; {
		more = false
		for i, l := range logs {
			for n := 0; len(l) > 0 && (n == 0 || bytes.HasPrefix(l[0], []byte(" "))); n++ {
				out = append(out, l[0]...)
				l = l[1:]
				more = true
			}
			logs[i] = l
		}
	}
	return out
}

// TestInterleavedCallers mixes two tasks' records, as kernels with CONFIG_PRINTK_CALLER mark them.
func TestInterleavedCallers(t *testing.T) {
	k := kernlogtest.Kernels[8]
	var parts [2][][]byte
	for i, name := range []string{"container", "pod"} {
		l := newLog(kernlogtest.DmesgCaller)
		l.Add(incidents(k)[name].Messages()...)
		log := bytes.ReplaceAll(l.Bytes(), []byte(" T4711]"), []byte([]string{"  T111]", "  T222]"}[i]))
		parts[i] = bytes.SplitAfter(log, []byte("\n"))
	}
	got := scan(t, byRecord(parts[0], parts[1]))
	if len(got) != 2 || !got[0].Complete || !got[1].Complete || got[0].Boundary != "container" || got[1].Boundary != "pod" || len(got[0].Tasks) != 5 || len(got[1].Tasks) != 3 {
		for i := range got {
			t.Error(brief(&got[i]))
		}
	}
}
