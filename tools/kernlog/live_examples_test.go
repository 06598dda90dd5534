package kernlog

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/loki/lokitest"
)

// toJournal returns what the journal of a node would hold of a kernel log in any format.
func toJournal(data []byte, boot time.Time) []journalEntry {
	p := NewParser(Options{Now: boot.Add(logAhead)})
	var out []journalEntry
	for line := range bytes.Lines(data) {
		var r record
		p.split(bytes.TrimRight(line, "\n"), &r)
		switch {
		case r.origin == originFollow && len(out) > 0:
			out[len(out)-1].text += "\n" + strings.TrimLeft(string(r.msg), " ")
		case r.origin == originKernel:
			e := journalEntry{boot, string(decode(nil, r.msg, r.syslog))}
			if at, ok := p.at(&r); ok {
				e.at = at
			} else if us, ok := r.micros(); ok {
				e.at = boot.Add(time.Duration(us) * time.Microsecond)
			}
			if n := len(out); n > 0 && e.at.Before(out[n-1].at) {
				e.at = out[n-1].at
			}
			out = append(out, e)
		}
	}
	return out
}

// TestExamplesThroughLoki: the incidents that are shipped tell of the same kills when their kernel logs come from
// Loki.
func TestExamplesThroughLoki(t *testing.T) {
	files, err := filepath.Glob("../../examples/*/kernel/*.log")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	compared := 0
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		s := NewScanner(bytes.NewReader(data), Options{Now: testNow})
		var want []investigations.KernelReport
		for s.Scan() {
			want = append(want, *s.Report())
		}
		boot := s.Summary().BootTime
		if boot.IsZero() {
			boot = testBoot
		}
		entries := toJournal(data, boot)
		if len(entries) == 0 {
			t.Errorf("%s has no lines of a kernel", name)
			continue
		}
		l := lokitest.New(lokitest.Options{})
		pushJournal(t, l, kernelLabels, entries)
		subject := subjectOf(entries[len(entries)-1].at)
		subject.Request.Window = subject.Request.At.Sub(entries[0].at) + time.Hour
		if len(want) > 0 {
			subject.Request.At = s.when(&want[len(want)-1], s.boot)
			if subject.Request.At.IsZero() {
				subject.Request.At = boot.Add(time.Duration(*want[len(want)-1].UptimeS * float64(time.Second)))
			}
		}
		_, res := recordLive(t.Context(), t, NewLive(nil, lokiOf(t, l, nil), LiveOptions{}), subject)
		got := res.Evidence.Kernel.Logs[0].Reports
		if len(got) != len(want) {
			t.Errorf("%s: %d reports, want %d; %s", name, len(got), len(want), whysOf(res))
			continue
		}
		for i := range want {
			compared++
			if diff := cmp.Diff(stripPlace(want[i]), stripPlace(got[i])); diff != "" && got[i].Complete {
				t.Errorf("%s: report %d (-want +got)\n%s", name, i, diff)
			}
		}
		if n := len(want); n > 0 && got[n-1].Complete != want[n-1].Complete {
			t.Errorf("%s: the report of the moment is not whole: %v", name, got[n-1].Missing)
		}
	}
	if compared < 10 {
		t.Errorf("only %d reports were compared", compared)
	}
}
