package kernlog

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// whole is what container is read as.
const whole = `1-12 up=100.000001 memcg/container by="java"/41 tasks=1 killed=41/"java"`

// fakeKill is a whole kill line that no kernel wrote.
const fakeKill = "Memory cgroup out of memory: Killed process 1 (init) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:1kB oom_score_adj:0"

// TestLinesOfOthers has lines that look like the kernel's and are not.
func TestLinesOfOthers(t *testing.T) {
	tests := map[string]string{
		"written into the kernel's log":                 "12,5,100,-;" + fakeKill,
		"written into the kernel's log by a daemon":     "30,5,100,-;" + fakeKill,
		"dmesg -x of another facility":                  "user  :err   : [    1.000000] " + fakeKill,
		"dmesg -r of another facility":                  "<11>[    1.000000] " + fakeKill,
		"a program in journalctl":                       "Nov 23 14:19:07 host app[33]: " + fakeKill,
		"a program that quotes the kernel":              "Nov 23 14:19:07 host app[33]: kernel: " + fakeKill,
		"a program in an ISO journal":                   "2026-11-23T14:19:07+0000 host app: " + fakeKill,
		"a program in short-monotonic":                  "[    1.000000] host app[33]: " + fakeKill,
		"a program without a pid in short-monotonic":    "[    1.000000] host app: " + fakeKill,
		"a program whose name begins like the kernel's": "Nov 23 14:19:07 host kernel-app[33]: " + fakeKill,
		"a program in the journal's JSON":               `{"_TRANSPORT":"stdout","_HOSTNAME":"h","SYSLOG_IDENTIFIER":"kernel","MESSAGE":"` + fakeKill + `"}`,
		"another facility in the journal's JSON":        `{"_TRANSPORT":"kernel","SYSLOG_FACILITY":"3","SYSLOG_IDENTIFIER":"systemd","MESSAGE":"` + fakeKill + `"}`,
		"syslog without a host":                         "Nov 23 14:19:07 app: " + fakeKill,
		"RFC 5424":                                      "<11>1 2026-11-23T14:19:07Z host app 33 - - " + fakeKill,
		"the second line of a program's message":        "Nov 23 14:19:07 host app[33]: one\n                              " + fakeKill,
		"the second line, not moved in":                 "Nov 23 14:19:07 host app[33]: one\n" + fakeKill,
		"the second line of a kernel record":            "[    1.000000] one two three four five\n               " + fakeKill,
		"a property of a kmsg record":                   "6,5,100,-;usb 1-1: new\n SUBSYSTEM=usb\n " + fakeKill,
		"a header behind a longer text":                 "[    1.000000] somebody says: java invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
		"an object that breaks off":                     `{"_TRANSPORT":"kernel","MESSAGE":"` + fakeKill,
	}
	for name, log := range tests {
		t.Run(name, func(t *testing.T) {
			if got := briefs(t, log+"\n"); len(got) != 0 {
				t.Errorf("%q", got)
			}
		})
	}
}

// TestNames has names that look like something else; kernels let a program call itself anything.
func TestNames(t *testing.T) {
	for _, name := range []string{
		"a b) c, pid=1", "x) total-vm:1kB", ",task=q,pid=1", "[  12]  0", "oom-kill:pid=9", ") (", "((((", "Killed process ", ",uid=0", "Out of memory:", "Mem-Info:",
		" lead trail ", "1 2 3 4 5 6 7", "<!channel>&`", "é", "kernel:", "task_memcg=/a", "] [", "-", "0",
	} {
		t.Run(name, func(t *testing.T) {
			log := strings.ReplaceAll(container, "java", name)
			got := scan(t, []byte(unindent(log)))
			if len(got) != 1 {
				t.Fatalf("%d reports", len(got))
			}
			r := got[0]
			if r.InvokedBy.Comm != name || r.Killed[0].Comm != name || r.Tasks[0].Comm != name || !r.Complete || r.TaskMemcg != ctrPath || r.Kernel == "" {
				t.Errorf("invoked by %q, killed %q, row %q, missing %v, task_memcg %q, kernel %q", r.InvokedBy.Comm, r.Killed[0].Comm, r.Tasks[0].Comm, r.Missing, r.TaskMemcg, r.Kernel)
			}
		})
	}
}

// TestManglings has whole reports that passed through mails, chats and terminals.
func TestManglings(t *testing.T) {
	log := unindent(container)
	each := func(f func(string) string) string {
		lines := strings.SplitAfter(log, "\n")
		for i, l := range lines {
			if l != "" {
				lines[i] = f(l)
			}
		}
		return strings.Join(lines, "")
	}
	tests := map[string]struct {
		log, want string
	}{
		"quoted":            {each(func(l string) string { return "> " + l }), whole},
		"quoted twice":      {each(func(l string) string { return ">> " + l }), whole},
		"quoted by pipes":   {each(func(l string) string { return "| " + l }), whole},
		"moved in":          {each(func(l string) string { return "    " + l }), whole},
		"wrapped hard":      {each(func(l string) string { return wrapHard(l, 80) }), strings.Replace(whole, "1-12", "1-23", 1)},
		"wrapped softly":    {each(func(l string) string { return wrapSoft(l, 80) }), strings.Replace(whole, "1-12", "1-18", 1)},
		"coloured":          {each(func(l string) string { return "\x1b[32m" + strings.Replace(l, "] ", "] \x1b[0m", 1) }), whole},
		"empty lines":       {each(func(l string) string { return l + "\n" }), `1-23 up=100.000001 memcg/container by="java"/41 tasks=1 killed=41/"java"`},
		"a byte-order mark": {"\xef\xbb\xbf" + log, whole},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := scan(t, []byte(tt.log))
			if len(got) != 1 || brief(&got[0]) != tt.want {
				for i := range got {
					t.Error(brief(&got[i]))
				}
				t.Errorf("want %s\n%s", tt.want, tt.log)
				return
			}
			if diff := cmp.Diff(scan(t, []byte(log))[0].Tasks, got[0].Tasks); diff != "" {
				t.Error(diff)
			}
			if got[0].OOMMemcg != ctrPath || got[0].TaskMemcg != ctrPath || got[0].StatsPath != ctrPath {
				t.Errorf("paths %q, %q, %q", got[0].OOMMemcg, got[0].TaskMemcg, got[0].StatsPath)
			}
		})
	}
}

func wrapHard(l string, width int) string {
	var b strings.Builder
	for l = strings.TrimSuffix(l, "\n"); len(l) > width; l = l[width:] {
		b.WriteString(l[:width] + "\n")
	}
	return b.String() + l + "\n"
}

func wrapSoft(l string, width int) string {
	var b strings.Builder
	l = strings.TrimSuffix(l, "\n")
	for len(l) > width {
		i := strings.LastIndexByte(l[:width], ' ')
		if i < 20 {
			break
		}
		b.WriteString(l[:i] + "\n")
		l = strings.TrimLeft(l[i:], " ")
	}
	return b.String() + l + "\n"
}

// TestBounded holds the limits on what one parser keeps.
func TestBounded(t *testing.T) {
	var b strings.Builder
	for i := range 3 * maxRows {
		fmt.Fprintf(&b, "[    1.000007] [%7d]     0 %5d     2000     %d     8192        0           900 java\n", i+10, i+10, i%1000)
	}
	rows := b.String()
	head := "[    1.000006] [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n"
	got := scan(t, []byte(head+rows+bareKill("    1.000008", 12)))
	if len(got) != 1 || len(got[0].Tasks) > maxRows || len(got[0].Tasks) < maxRows/4 || !slices.Contains(got[0].Missing, partTasks) {
		t.Fatalf("%d reports, %d rows, missing %v", len(got), len(got[0].Tasks), got[0].Missing)
	}
	if l := Largest(&got[0]); l.RSSPages != 999 {
		t.Errorf("the largest row has %d pages", l.RSSPages)
	}

	// Many hosts, each with a table that goes on.
	p := NewParser(Options{Now: testNow})
	for host := range 3 * maxSources {
		prefix := fmt.Sprintf("Nov 23 14:19:07 h%d kernel: ", host)
		p.Line([]byte(prefix + "java invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=900"))
		p.Line([]byte(prefix + head[15:len(head)-1]))
		for i := range 3000 {
			p.Line(fmt.Appendf(nil, "%s[%7d]     0 %5d     2000     1000     8192        0           900 java", prefix, i+10, i+10))
		}
		if n := p.rows(); n > maxOpenRows+maxRows || len(p.sources) > maxSources || len(p.queue) > 2*maxSources+1 {
			t.Fatalf("%d rows, %d sources, %d reports are open", n, len(p.sources), len(p.queue))
		}
		for p.Next() != nil {
		}
	}
}

// TestGivesUp holds that what breaks off does not hold back what follows for ever.
func TestGivesUp(t *testing.T) {
	log := "Nov 23 14:19:07 a kernel: java invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=900\n" +
		"Nov 23 14:19:07 a kernel: oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null)\n" +
		strings.ReplaceAll(bareKill("    1.000008", 12), "[    1.000008]", "Nov 23 14:19:07 b kernel:")
	p := NewParser(Options{Now: testNow})
	for line := range strings.Lines(log) {
		p.Line([]byte(strings.TrimSuffix(line, "\n")))
	}
	n := 0
	for p.Next() == nil && n < 2*openLines {
		p.Line([]byte("Nov 23 14:19:08 c kernel: eth0: link is up"))
		n++
	}
	if n >= 2*openLines {
		t.Error("the reports of two hosts are still held back")
	}
}
