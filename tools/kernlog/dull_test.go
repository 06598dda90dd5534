package kernlog

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kernlog/kernlogtest"
)

// readByLine reads a log as its follower does, which reads every line.
func readByLine(log []byte) (reports []investigations.KernelReport, sum investigations.KernelLog) {
	p := NewParser(Options{Now: testNow})
	take := func() {
		for r := p.Next(); r != nil; r = p.Next() {
			reports = append(reports, *r)
		}
	}
	p.Line(bytes.TrimPrefix(firstLine(&log), []byte("\xef\xbb\xbf")))
	for take(); len(log) > 0; take() {
		p.Line(firstLine(&log))
	}
	p.Flush()
	take()
	return reports, p.Summary()
}

func firstLine(log *[]byte) []byte {
	line, rest, _ := bytes.Cut(*log, newline)
	*log = rest
	return line
}

// TestDull holds that lines which are passed over make no difference, whatever stands between them: pieces of
// real logs strewn over the noise of each transport.
func TestDull(t *testing.T) {
	names, err := filepath.Glob(filepath.Join("testdata", "logs", "*.log"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no logs: %v", err)
	}
	var odd [][]byte
	for _, name := range names {
		log, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		odd = append(odd, bytes.SplitAfter(log, newline)...)
	}
	for _, tr := range kernlogtest.Transports {
		t.Run(string(tr), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(7, 8))
			for range 4 {
				log := strewn(tr, rng, odd)
				want, wantSum := readByLine(log)
				got, sum := readAll(t, bytes.NewReader(log))
				if diff := cmp.Diff(want, got) + cmp.Diff(wantSum, sum); diff != "" {
					t.Fatalf("(-line by line +scanned)\n%s", diff)
				}
			}
		})
	}
}

// strewn is a log of noise in which lines of other logs stand, some as they are, some as the transport writes
// what they say; between them is time enough for a report to be over.
func strewn(tr kernlogtest.Transport, rng *rand.Rand, odd [][]byte) []byte {
	l := newLog(tr)
	var out []byte
	for range 150 {
		from := l.Len()
		at := rng.IntN(len(odd))
		piece := odd[at:min(at+1+rng.IntN(40), len(odd))]
		switch rng.IntN(4) {
		case 0:
			out = append(out, bytes.Join(piece, nil)...)
		case 1:
			for _, line := range piece {
				_, text, _ := bytes.Cut(bytes.TrimSuffix(line, newline), []byte("] "))
				l.Add(kernlogtest.Message{Level: 3, Text: string(text)})
			}
		case 2:
			l.Add(kernlogtest.Message{Level: 3, Text: words[rng.IntN(len(words))]})
		}
		l.Uptime += time.Duration(rng.IntN(90)) * time.Second
		for range rng.IntN(60) {
			l.Noise(rng)
		}
		out = append(out, l.Bytes()[from:]...)
	}
	return out
}

// words are messages of which each means something, by itself or with the next line.
var words = []string{
	"systemd[1]: kubelet.service: A process of this unit has been killed by the OOM killer.",
	"systemd-oomd[77]: Killed /a due to memory pressure for /a being 59.41% > 50.00% for > 20s with reclaim activity",
	"oom_kill_process: 6 callbacks suppressed", "Linux version 6.1.0-18-amd64 (x)", "** 12 printk messages dropped **",
	"Missed 8 kernel messages", "Call Trace:", " mem_cgroup_out_of_memory+0x136/0x150", "a", "x cpuset=a mems_allowed=0",
	"Memory cgroup out of memory: Killed process 5 (a) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:1kB oom_score_adj:1",
	"Out of memory and no killable processes...", "[    7]     0     7     2000     1000     8192        0           900 a",
}

// TestDullRuns holds that most lines of a log are passed over, and that what ends a run is read.
func TestDullRuns(t *testing.T) {
	for _, tr := range []kernlogtest.Transport{kernlogtest.Dmesg, kernlogtest.Kmsg, kernlogtest.JournalISO} {
		l := newLog(tr)
		rng := rand.New(rand.NewPCG(1, 2))
		for i := range 2000 {
			if i == 1100 {
				l.Uptime = time.Second // another start of the machine, without a word
			}
			l.Noise(rng)
		}
		p := NewParser(Options{Now: testNow})
		passed := 0
		for line := range bytes.Lines(l.Bytes()) {
			before := p.run.n
			if p.pass(bytes.TrimSuffix(line, newline)); p.run.n > before {
				passed++
			}
		}
		p.catchUp()
		if p.line != 2000 || passed < 1500 {
			t.Errorf("%s: %d of %d lines are passed over", tr, passed, p.line)
		}
		_, want := readByLine(l.Bytes())
		if diff := cmp.Diff(want, p.Summary()); diff != "" {
			t.Errorf("%s: (-line by line +passed over)\n%s", tr, diff)
		}
	}
}
