package kernlog

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestJournalJSON has one kill in each way that journalctl and dmesg write a message.
func TestJournalJSON(t *testing.T) {
	const (
		before = "Out of memory: Killed process 5 ("
		behind = ") total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:1kB oom_score_adj:0"
	)
	record := func(message string) string {
		return `{"_HOSTNAME":"n1","__REALTIME_TIMESTAMP":"1774487759500000","_SOURCE_MONOTONIC_TIMESTAMP":"10250000","_TRANSPORT":"kernel",` +
			`"SYSLOG_IDENTIFIER":"kernel","SYSLOG_FACILITY":"0","PRIORITY":"3","X":{"a":[1,"]"]},"N":null,"MESSAGE":` + message + `}`
	}
	array := func(s string) string { return strings.ReplaceAll(fmt.Sprintf("%d", []byte(s)), " ", ", ") }
	const dated = `1-1 host=n1 at=2026-03-26T01:15:59.5Z up=10.25 `
	const rest = `global/node missing=head,tasks,summary killed=5/`
	tests := map[string]struct {
		log, want string
	}{
		"text":                   {record(`"` + before + "x" + behind + `"`), dated + rest + `"x"`},
		"escapes":                {record(`"` + before + `\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00` + behind + `"`), dated + rest + fmt.Sprintf("%q", "\"\\/\b\f\n\r\té😀")},
		"a lone surrogate":       {record(`"` + before + `\ud83dx` + behind + `"`), dated + rest + `"` + "�x" + `"`},
		"an escape cut off":      {record(`"` + before + `\u00` + behind + `"`), dated + rest + fmt.Sprintf("%q", `\u00`)},
		"an array of bytes":      {record(array(before + "\x1b\xff" + behind)), dated + rest + fmt.Sprintf("%q", "\x1b\xff")},
		"an array of strings":    {record(`["` + before + "x" + behind + `", "second"]`), dated + rest + `"x"`},
		"a record separator":     {"\x1e" + record(`"`+before+"x"+behind+`"`), dated + rest + `"x"`},
		"white space":            {"{ \"_TRANSPORT\" : \"kernel\" , \"MESSAGE\" :\t\"" + before + "x" + behind + "\" }", "1-1 " + rest + `"x"`},
		"dmesg on one line":      {`{"pri":3,"time":   482.968730,"msg":"` + before + "x" + behind + `"}`, "1-1 up=482.96873 " + rest + `"x"`},
		"dmesg with a caller":    {`{"pri":3,"time":   482.968730,"caller":"T7","msg":"` + before + "x" + behind + `"}`, "1-1 up=482.96873 " + rest + `"x"`},
		"no message":             {record("null"), ""},
		"a number for a message": {record("17"), ""},
		"another facility":       {`{"pri":11,"time":1.0,"msg":"` + before + "x" + behind + `"}`, ""},
		"cut off":                {strings.TrimSuffix(record(`"`+before+"x"+behind+`"`), `"}`), ""},
		"cut off in an array":    {strings.TrimSuffix(record(array(before+"x"+behind)), `]}`), ""},
		"a dmesg -J document": {
			"{\n   \"dmesg\": [\n      {\n         \"pri\": 3,\n         \"time\":   482.968730,\n         \"msg\": \"" + before + `x\ny` + behind + "\"\n      },{\n         \"pri\": 12,\n         \"time\":   482.968731,\n         \"msg\": \"" + before + "z" + behind + "\"\n      }\n   ]\n}",
			"6-6 up=482.96873 " + rest + `"x\ny"`,
		},
		"a dmesg -J document with facilities": {
			"{\n   \"dmesg\": [\n      {\n         \"fac\": \"kern\",\n         \"pri\": \"err\",\n         \"time\":   482.968730,\n         \"caller\": \"T5\",\n         \"msg\": \"" + before + `x` + behind + "\"\n      },{\n         \"fac\": \"user\",\n         \"pri\": \"err\",\n         \"time\":   482.968731,\n         \"msg\": \"" + before + "z" + behind + "\"\n      }\n   ]\n}",
			"8-8 up=482.96873 " + rest + `"x"`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var want []string
			if tt.want != "" {
				want = []string{tt.want}
			}
			var got []string
			for _, r := range scan(t, []byte(tt.log+"\n")) {
				got = append(got, brief(&r))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s\n%s", diff, tt.log)
			}
		})
	}
}

// TestCat has messages without any prefix, as `journalctl -o cat` prints them.
func TestCat(t *testing.T) {
	bareLines := func(log string) string {
		var b strings.Builder
		for line := range strings.Lines(unindent(log)) {
			if i := strings.Index(line, "] "); i > 0 && strings.HasPrefix(line, "[  100.") {
				line = line[i+2:]
			}
			b.WriteString(strings.TrimPrefix(line, strings.Repeat(" ", 15)))
		}
		return b.String()
	}
	log := bareLines(container)
	tests := map[string]struct {
		log  string
		want []string
	}{
		"a report":              {log, []string{`1-12 memcg/container by="java"/41 tasks=1 killed=41/"java"`}},
		"after another start":   {strings.Join(strings.SplitAfter(log, "\n")[:3], "") + "-- Boot 0123 --\n" + log, []string{`1-3 memcg/unknown missing=stats,tasks,summary,kill by="java"/41`, `5-16 memcg/container by="java"/41 tasks=1 killed=41/"java"`}},
		"a name of two lines":   {strings.NewReplacer("(java)", "(ja\nva)", "task=java", "task=ja\nva").Replace(log), []string{`1-14 memcg/container by="java"/41 tasks=1 killed=41/"ja\nva"`}},
		"wrapped at a space":    {strings.ReplaceAll(log, ", file-rss:", ",\nfile-rss:"), []string{`1-13 memcg/container by="java"/41 tasks=1 killed=41/"java"`}},
		"stats without padding": {strings.ReplaceAll(strings.ReplaceAll(unindent(container), "               file", "file"), "java", "x"), []string{`1-12 up=100.000001 memcg/container by="x"/41 tasks=1 killed=41/"x"`}},
		"a call trace": {"java invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=900\nCall Trace:\n <TASK>\n mem_cgroup_out_of_memory+0xc0/0x110\n", []string{
			`1-4 memcg/unknown missing=stats,tasks,summary,kill by="java"/0`,
		}},
		"a call trace of the machine": {"java invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=900\nCall Trace:\n[<ffffffff81134f7b>] ? __alloc_pages_nodemask+0x9b/0xc0\n", []string{
			`1-3 global/node missing=tasks,summary,kill by="java"/0`,
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, briefs(t, tt.log)); diff != "" {
				t.Errorf("(-want +got)\n%s\n%s", diff, tt.log)
			}
		})
	}
}

// TestPageFromUnlimited reads the page size off what a machine prints for no limit.
func TestPageFromUnlimited(t *testing.T) {
	for limit, want := range map[string]int64{
		"9007199254740988": 4, "9007199254740976": 16, "9007199254740928": 64, "18014398509481983": 0, "4096": 0,
	} {
		_, _, raw, whole := parseCounter([]byte("swap: usage 0kB, limit " + limit + "kB, failcnt 0"))
		b := &builder{}
		b.pageFromUnlimited(raw)
		if !whole || b.pageKB != want {
			t.Errorf("%s: %d kB, want %d", limit, b.pageKB, want)
		}
	}
}

func TestZones(t *testing.T) {
	for zone, hour := range map[string]string{"UTC": "14", "CET": "13", "CEST": "12", "EEST": "11", "JST": "05", "EDT": "18", "EST": "19", "MDT": "20", "PDT": "21", "PST": "22", "XYZ": "14"} {
		got, ok := parseISO([]byte("2026-11-23 14:19:07 " + zone))
		if !ok || got.Format("15") != hour {
			t.Errorf("%s: %v", zone, got)
		}
	}
}

func TestMonths(t *testing.T) {
	for name, want := range map[string]int{"Jan": 1, "MAR": 3, "dec": 12, "Okt": 10, "déc.": 12, "мая": 5, "12月": 12, "13月": 0, "7": 0, "Foo": 0, "": 0} {
		if got := month(name); got != want {
			t.Errorf("%q: %d, want %d", name, got, want)
		}
	}
}
