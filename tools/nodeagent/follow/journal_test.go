package follow

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/tools/kernlog"
)

// sampleBoot is the second boot of the samples, sampleOlder the first one.
const (
	sampleBoot  = "1b1b1b1b-1b1b-4b1b-9b1b-1b1b1b1b1b1b"
	sampleOlder = "0a0a0a0a-0a0a-4a0a-8a0a-0a0a0a0a0a0a"
)

// sample unpacks a journal file.
func sample(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "journal", name+".journal.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // it is only read
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// inDir writes files into a folder as journald names them, below the machine's id.
func inDir(t testing.TB, files map[string][]byte) (dir string) {
	t.Helper()
	dir = t.TempDir()
	machine := filepath.Join(dir, "5c5c5c5c5c5c4c5c8c5c5c5c5c5c5c5c")
	if err := os.Mkdir(machine, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(machine, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// row is what a test compares of an entry.
type row struct {
	Realtime, Source, Message string
}

// rows reads the lines that a Handler heard.
func rows(t *testing.T, h *heard) (out []row) {
	t.Helper()
	for _, r := range h.recs {
		out = append(out, rowOf(t, r.Line))
	}
	return out
}

func rowOf(t *testing.T, line []byte) row {
	t.Helper()
	var e map[string]any
	if err := json.Unmarshal(line, &e); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	text := func(key string) string {
		switch v := e[key].(type) {
		case string:
			return v
		case []any: // bytes
			var b []byte
			for _, n := range v {
				b = append(b, byte(n.(float64)))
			}
			return string(b)
		}
		return ""
	}
	return row{text("__REALTIME_TIMESTAMP"), text("_SOURCE_MONOTONIC_TIMESTAMP"), text("MESSAGE")}
}

// readAll follows the journal in a folder until it is silent.
func readAll(t *testing.T, o Options, files map[string][]byte) (*heard, *Log) {
	t.Helper()
	h := &heard{}
	var l *Log
	dir := inDir(t, files)
	synctest.Test(t, func(t *testing.T) {
		o.Kind, o.JournalDirs = Journal, []string{dir}
		var err error
		if l, err = Open(o); err != nil {
			t.Fatal(err)
		}
		stop := follow(t, l, h)
		sleep(20 * time.Second)
		if err := stop(); err != nil {
			t.Error(err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return h, l
}

// TestJournalAgainstJournalctl reads the samples with systemd's own reader as well.
func TestJournalAgainstJournalctl(t *testing.T) {
	journalctl, err := exec.LookPath("journalctl")
	if err != nil {
		t.Skip("journalctl is not installed")
	}
	for _, name := range []string{"compact", "compact-begun", "plain"} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "x.journal")
			b := sample(t, name)
			if err := os.WriteFile(file, b, 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.CommandContext(t.Context(), journalctl, "--file", file, "-o", "json", "--all", "--no-pager",
				"_BOOT_ID="+strings.ReplaceAll(sampleBoot, "-", "")).Output()
			if err != nil {
				t.Skipf("this journalctl can't read the sample: %v", err)
			}
			var want []row
			for line := range bytes.Lines(out) {
				// These are not of the kernel, nor of a program that is asked for, or are forged.
				if bytes.Contains(line, []byte(`"app"`)) || bytes.Contains(line, []byte("Killed /forged")) {
					continue
				}
				want = append(want, rowOf(t, line))
			}
			h, _ := readAll(t, Options{BootID: sampleBoot}, map[string][]byte{"system.journal": b})
			if diff := cmp.Diff(want, rows(t, h)); diff != "" || len(want) < 200 {
				t.Errorf("%d entries; what journalctl reads and what was read (-want +got):\n%s", len(want), diff)
			}
		})
	}
}

func TestJournalSample(t *testing.T) {
	h, l := readAll(t, Options{BootID: sampleBoot}, map[string][]byte{"system.journal": sample(t, "compact")})
	start := l.Start()
	if !start.ReachesBoot || start.ReachesPosition || start.OldestUptime != 0 || !start.OldestAt.Equal(time.Unix(1782090000, 900_000_000)) {
		t.Errorf("start %+v", start)
	}
	got := rows(t, h)
	if len(got) != 245 || len(h.lost) != 1 || h.lost[0].Records != 17 {
		t.Errorf("%d records, losses %+v, want 245 and one of 17 records", len(got), h.lost)
	}
	if m := got[len(got)-9].Message; m != "bytes that are no text: \xff\xfe and \x1b[31m, \"quoted\" \\ and café" {
		t.Errorf("a text with bytes that are none: %q", m)
	}
	if m := got[len(got)-8].Message; m != "several\nlines\n" {
		t.Errorf("a text of several lines: %q", m)
	}
	long := got[len(got)-10].Message
	if !strings.HasPrefix(long, "oom-kill:") || !strings.HasSuffix(long, "uid=0") || len(long) < 800 {
		t.Errorf("a text that was packed: %q", long)
	}
	last := h.recs[len(h.recs)-1]
	if last.At.UnixMicro()-150 != 1782090000_000000+last.Uptime.Microseconds() {
		t.Errorf("the last one: at %s, uptime %s", last.At, last.Uptime)
	}
	if want := (&Cursor{SeqnumID: l.Position().Cursor.SeqnumID, Seqnum: 348, RealtimeUS: last.At.UnixMicro(), MonotonicUS: last.Uptime.Microseconds() + 150}); *l.Position().Cursor != *want {
		t.Errorf("cursor %+v, want %+v", l.Position().Cursor, want)
	}
}

func TestJournalIsReadByTheParser(t *testing.T) {
	h, _ := readAll(t, Options{BootID: sampleBoot}, map[string][]byte{"system.journal": sample(t, "plain")})
	s := kernlog.NewScanner(strings.NewReader(joined(h)), kernlog.Options{})
	var pids []int64
	for s.Scan() {
		for _, k := range s.Report().Killed {
			pids = append(pids, k.PID)
		}
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	if len(pids) == 0 || slices.Contains(pids, 66) || slices.Contains(pids, 77) {
		t.Errorf("killed %v, want those of the sample, and neither the forged one (66) nor that of another boot (77)", pids)
	}
}

func joined(h *heard) string {
	var b strings.Builder
	for _, r := range h.recs {
		b.Write(r.Line)
		b.WriteByte('\n')
	}
	return b.String()
}

func TestJournalOfAnotherBoot(t *testing.T) {
	h, l := readAll(t, Options{BootID: sampleOlder}, map[string][]byte{"system.journal": sample(t, "plain")})
	if len(h.recs) != 42 || !l.Start().ReachesBoot {
		t.Errorf("%d records of the boot before, start %+v, want 42", len(h.recs), l.Start())
	}
	h, l = readAll(t, Options{BootID: "0b5c5c5c5c5c4c5c8c5c5c5c5c5c5c5c"}, map[string][]byte{"system.journal": sample(t, "plain")})
	if want := (Start{OldestUptime: -1}); len(h.recs) != 0 || l.Start() != want {
		t.Errorf("%d records of a boot without any, start %+v", len(h.recs), l.Start())
	}
}

func TestJournalGoesOn(t *testing.T) {
	h, l := readAll(t, Options{BootID: sampleBoot}, map[string][]byte{"system.journal": sample(t, "compact-begun")})
	begun := len(h.recs)
	from := l.Position()
	files := map[string][]byte{"system.journal": sample(t, "compact")}
	h, l = readAll(t, Options{BootID: sampleBoot, From: from}, files)
	if len(h.recs) != 245-begun || !l.Start().ReachesPosition {
		t.Errorf("%d records behind %d ones, start %+v, want 245 together", len(h.recs), begun, l.Start())
	}

	// The same boot in another line of files, where it was moved to.
	h, l = readAll(t, Options{BootID: sampleBoot, From: from}, map[string][]byte{"system.journal": sample(t, "plain")})
	if len(h.recs) != 245-begun || !l.Start().ReachesPosition {
		t.Errorf("%d records in another line of files, start %+v, want %d", len(h.recs), l.Start(), 245-begun)
	}

	// By another reader.
	h, l = readAll(t, Options{BootID: sampleBoot, From: Position{BootID: sampleBoot, Reader: Kmsg, UptimeUS: from.UptimeUS, NextSeq: 5}}, files)
	if len(h.recs) != 245-begun || !l.Start().ReachesPosition {
		t.Errorf("%d records behind the position of another reader, start %+v, want %d", len(h.recs), l.Start(), 245-begun)
	}
}

func TestJournalThatLostItsPosition(t *testing.T) {
	from := Position{BootID: sampleBoot, Reader: Journal, Cursor: &Cursor{SeqnumID: "5c5c5c5c5c5c4c5c8c5c5c5c5c5c5c5c", Seqnum: 9, RealtimeUS: 1782000000_000000, MonotonicUS: 1}}
	b := sample(t, "plain")
	// Without the entries of the first minute, the banner among them: their topic begins later.
	h, l := readAll(t, Options{BootID: sampleBoot, From: from}, map[string][]byte{"system.journal": withoutBanner(b)})
	if l.Start().ReachesBoot || l.Start().ReachesPosition {
		t.Errorf("start %+v", l.Start())
	}
	if len(h.lost) != 2 || h.lost[0].Records != -1 || !strings.HasPrefix(h.lines[0], "lost") {
		t.Errorf("losses %+v, want one before the first record", h.lost)
	}
}

// withoutBanner writes over the kernel's banner.
func withoutBanner(b []byte) []byte {
	return bytes.ReplaceAll(b, []byte("MESSAGE=Linux version "), []byte("MESSAGE=Other version "))
}

// TestJournalGrowsAndRotates adds to a file while it is followed, then rotates it.
func TestJournalGrowsAndRotates(t *testing.T) {
	begun, whole := sample(t, "compact-begun"), sample(t, "compact")
	dir := inDir(t, map[string][]byte{"system.journal": begun})
	name := filepath.Join(dir, "5c5c5c5c5c5c4c5c8c5c5c5c5c5c5c5c", "system.journal")
	synctest.Test(t, func(t *testing.T) {
		l, err := Open(Options{Kind: Journal, BootID: sampleBoot, JournalDirs: []string{dir}})
		if err != nil {
			t.Fatal(err)
		}
		h := &heard{}
		stop := follow(t, l, h)
		sleep(time.Second)
		h.all()
		_, before := h.counts()
		sleep(time.Second)
		if _, after := h.counts(); after < before+3 {
			t.Errorf("%d times told that nothing is new in a second", after-before)
		}
		// In two steps, in the middle of an entry: what is not whole has to wait.
		rewrite(t, name, whole[:len(whole)/2])
		sleep(500 * time.Millisecond)
		rewrite(t, name, whole)
		sleep(500 * time.Millisecond)
		if got, _ := h.counts(); got != 245 {
			t.Errorf("%d records, want 245", got)
		}

		// The new file has the entries of the old one as well, and one more thing: another id.
		archived := bytes.Clone(whole)
		archived[16] = stateArchived
		rewrite(t, name, archived)
		if err := os.Rename(name, filepath.Join(filepath.Dir(name), "system@1-1.journal")); err != nil {
			t.Fatal(err)
		}
		next := bytes.Clone(whole)
		next[24]++
		rewrite(t, name, next)
		sleep(5 * time.Second)
		if err := stop(); err != nil {
			t.Error(err)
		}
		if got := len(l.source.(*journal).files); got != 1 {
			t.Errorf("%d files are open, want the new one alone", got)
		}
		if got := len(h.recs); got != 245 || len(h.lost) != 1 {
			t.Errorf("%d records, losses %+v, want that none came twice, and one loss", got, h.lost)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

func rewrite(t *testing.T, name string, b []byte) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o600)
	if err == nil {
		_, err = f.Write(b)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestJournalFilesAreGone(t *testing.T) {
	dir := inDir(t, map[string][]byte{"system.journal": sample(t, "plain")})
	synctest.Test(t, func(t *testing.T) {
		l, err := Open(Options{Kind: Journal, BootID: sampleBoot, JournalDirs: []string{dir}})
		if err != nil {
			t.Fatal(err)
		}
		h := &heard{}
		stop := follow(t, l, h)
		sleep(time.Second)
		if err := os.RemoveAll(filepath.Join(dir, "5c5c5c5c5c5c4c5c8c5c5c5c5c5c5c5c")); err != nil {
			t.Fatal(err)
		}
		sleep(time.Hour)
		if err := stop(); !errors.Is(err, ErrNoLog) {
			t.Errorf("Follow: %v, want ErrNoLog", err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}
