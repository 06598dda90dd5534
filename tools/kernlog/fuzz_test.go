package kernlog

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kernlog/kernlogtest"
)

// FuzzScan reads anything: whatever the log, a report is well formed, and how the log is handed over does not
// matter.
func FuzzScan(f *testing.F) {
	for _, name := range []string{"real-6.18-v1-newline-name.dmesg-x.log", "real-6.18-v1-newline-name.dmesg-J.log", "real-v2a.v2ctr_group.kmsg.log"} {
		log, err := os.ReadFile(filepath.Join("testdata", "logs", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(log)
	}
	for i, tr := range kernlogtest.Transports {
		l := newLog(tr)
		for _, name := range []string{"group", "names", "global"} {
			r := incidents(kernlogtest.Kernels[i%len(kernlogtest.Kernels)])[name]
			r.Tasks = r.Tasks[:4]
			r.Victim = min(r.Victim, 3)
			l.Add(r.Messages()...)
		}
		f.Add(l.Bytes())
	}
	f.Add([]byte("{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":[1,2,\"\n> [ 1.0] Killed process 1 (\n"))
	f.Add([]byte("kern  :err   : <3>1 2026-11-23T14:19:07Z h kernel - - - oom-kill:,pid=1,uid=1"))
	f.Fuzz(func(t *testing.T, log []byte) {
		reports, sum := readAll(t, bytes.NewReader(log))
		lines := int64(bytes.Count(log, []byte("\n")))
		if len(log) > 0 && log[len(log)-1] != '\n' {
			lines++
		}
		if sum.Lines != lines {
			t.Fatalf("%d lines, want %d", sum.Lines, lines)
		}
		for i := range reports {
			checkReport(t, &reports[i], lines)
			if i > 0 && reports[i].Lines[0] < reports[i-1].Lines[0] {
				t.Fatalf("report of line %d before that of line %d", reports[i-1].Lines[0], reports[i].Lines[0])
			}
		}
		// A follower does not put broken lines together.
		whole := NewScanner(bytes.NewReader(log), Options{Now: testNow})
		whole.wraps.off = true
		scanned, scannedSum := collect(t, whole)
		byLine, lineSum := readByLine(log)
		if diff := cmp.Diff(byLine, scanned) + cmp.Diff(lineSum, scannedSum); diff != "" && len(log) > 0 {
			t.Fatalf("line by line:\n%s", diff)
		}
		if len(log) < 4096 {
			again, sum2 := readAll(t, iotest.OneByteReader(bytes.NewReader(log)))
			if diff := cmp.Diff(reports, again) + cmp.Diff(sum, sum2); diff != "" {
				t.Fatalf("read byte by byte:\n%s", diff)
			}
		}
	})
}

func readAll(t *testing.T, r io.Reader) ([]investigations.KernelReport, investigations.KernelLog) {
	t.Helper()
	return collect(t, NewScanner(r, Options{Now: testNow}))
}

func collect(t *testing.T, s *Scanner) ([]investigations.KernelReport, investigations.KernelLog) {
	t.Helper()
	var reports []investigations.KernelReport
	for s.Scan() {
		reports = append(reports, *s.Report())
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return reports, s.Summary()
}

// checkReport holds what is true of every report.
func checkReport(t *testing.T, r *investigations.KernelReport, lines int64) {
	t.Helper()
	if r.Lines[0] < 1 || r.Lines[1] < r.Lines[0] || r.Lines[1] > lines {
		t.Fatalf("lines %v of %d", r.Lines, lines)
	}
	if r.Missing == nil || r.Killed == nil || r.Tasks == nil || r.Complete != (len(r.Missing) == 0) {
		t.Fatalf("missing %v, killed %v, tasks %v, complete %v", r.Missing, r.Killed, r.Tasks, r.Complete)
	}
	seen := map[int64]bool{}
	for _, k := range r.Killed {
		if seen[k.PID] {
			t.Fatalf("pid %d is killed twice", k.PID)
		}
		seen[k.PID] = true
	}
	if len(r.Tasks) > maxRows || len(r.Killed) > maxKilled || len(r.Children) > maxChildren || len(r.Stats) > maxStats {
		t.Fatal("more than is kept")
	}
	if !slices.Contains(investigations.Boundaries, r.Boundary) || !slices.Contains([]string{"", "memcg", "global", "manual"}, r.Kind) {
		t.Fatalf("boundary %q, kind %q", r.Boundary, r.Kind)
	}
	if _, err := json.Marshal(r); err != nil {
		t.Fatal(err)
	}
	if err := WriteText(io.Discard, r, TextOptions{}); err != nil {
		t.Fatal(err)
	}
}

// FuzzDecode holds that decoding undoes what /dev/kmsg escapes.
func FuzzDecode(f *testing.F) {
	f.Add("a\\x0ab\n\x1b\xc3\xa9#012")
	f.Fuzz(func(t *testing.T, s string) {
		if got := string(decode(nil, []byte(kernlogtest.Escape(s)), false)); got != s {
			t.Errorf("%q is read as %q", s, got)
		}
		if got := decode(nil, []byte(s), true); len(got) > len(s) {
			t.Errorf("%q grows to %q", s, got)
		}
	})
}

// FuzzParser hands lines over one by one, as a follower of /dev/kmsg does, and flushes in between.
func FuzzParser(f *testing.F) {
	f.Add([]byte(container+"\n[ 1.0] a\n\xff\n[ 2.0] Tasks in /a are going to be killed due to memory.oom.group set\n"), uint8(3))
	f.Fuzz(func(t *testing.T, log []byte, every uint8) {
		p := NewParser(Options{})
		n := int64(0)
		for line := range bytes.Lines(log) {
			n++
			p.Line(bytes.TrimSuffix(line, []byte("\n")))
			if every > 0 && n%int64(every) == 0 {
				p.Flush()
			}
			for r := p.Next(); r != nil; r = p.Next() {
				checkReport(t, r, n)
			}
		}
		p.Flush()
		for r := p.Next(); r != nil; r = p.Next() {
			checkReport(t, r, n)
		}
		if len(p.sources) > 0 || len(p.queue) > 0 {
			t.Fatalf("%d sources and %d reports are open after Flush", len(p.sources), len(p.queue))
		}
	})
}
