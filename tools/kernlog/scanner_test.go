package kernlog

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/tools/kernlog/kernlogtest"
)

// TestReaders hands the same log over in different ways.
func TestReaders(t *testing.T) {
	log := kernlogtest.Big(kernlogtest.Kmsg, kernlogtest.Kernels[9], 1<<20, 20, 10)
	want, wantSum := readAll(t, bytes.NewReader(log))
	if len(want) != 20 {
		t.Fatalf("%d reports", len(want))
	}
	for name, r := range map[string]io.Reader{
		"one byte at a time":         iotest.OneByteReader(bytes.NewReader(log)),
		"half of what is asked for":  iotest.HalfReader(bytes.NewReader(log)),
		"the end with the last data": iotest.DataErrReader(bytes.NewReader(log)),
		"nothing now and then":       &lazyReader{r: bytes.NewReader(log)},
	} {
		t.Run(name, func(t *testing.T) {
			got, sum := readAll(t, r)
			if diff := cmp.Diff(want, got) + cmp.Diff(wantSum, sum); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// lazyReader returns nothing, and no error, every second time.
type lazyReader struct {
	r    io.Reader
	lazy bool
}

func (l *lazyReader) Read(b []byte) (int, error) {
	if l.lazy = !l.lazy; l.lazy {
		return 0, nil
	}
	return l.r.Read(b)
}

// TestBrokenReader yields what was read before the reader failed.
func TestBrokenReader(t *testing.T) {
	broken := errors.New("the disk is gone")
	s := NewScanner(io.MultiReader(strings.NewReader(bareKill("  1.000000", 5)+bareKill("  2.000000", 6)[:40]), iotest.ErrReader(broken)), Options{})
	n := 0
	for s.Scan() {
		n++
	}
	if n != 1 || !errors.Is(s.Err(), broken) || s.Summary().Lines != 2 {
		t.Errorf("%d reports, error %v, %d lines", n, s.Err(), s.Summary().Lines)
	}
	if s.Scan() || s.Report() != nil {
		t.Error("a report behind the end")
	}
}

// TestReaderWithoutProgress gives up on a reader that returns neither data nor an error.
func TestReaderWithoutProgress(t *testing.T) {
	s := NewScanner(stuck{}, Options{})
	if s.Scan() || !errors.Is(s.Err(), io.ErrNoProgress) {
		t.Errorf("error %v", s.Err())
	}
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

// TestFollow hands lines over as they come: a kill is known once the next report begins, or the follower has
// waited and calls Flush.
func TestFollow(t *testing.T) {
	p := NewParser(Options{})
	for line := range strings.Lines(unindent(container)) {
		p.Line([]byte(strings.TrimSuffix(line, "\n")))
	}
	if r := p.Next(); r != nil {
		t.Fatalf("%s: more kills of a group could follow", brief(r))
	}
	p.Flush()
	if r := p.Next(); r == nil || brief(r) != whole {
		t.Fatalf("%+v", r)
	}
	p.Line([]byte(strings.TrimSpace(bareKill("  200.000000", 5))))
	p.Line([]byte("[  200.000001] java invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=900"))
	if r := p.Next(); r == nil || r.Killed[0].PID != 5 || r.Lines != [2]int64{13, 13} {
		t.Fatalf("%+v", r)
	}
	if p.Next() != nil {
		t.Error("an open report is handed out")
	}
}

// TestFollowByTime hands out a report as soon as the log goes on later than the kills of a group can come.
func TestFollowByTime(t *testing.T) {
	p := NewParser(Options{})
	for line := range strings.Lines(unindent(container)) {
		p.Line([]byte(strings.TrimSuffix(line, "\n")))
	}
	p.Line([]byte("[  101.000000] eth0: link is down"))
	if p.Next() != nil {
		t.Error("handed out after a second")
	}
	p.Line([]byte("[  103.000000] eth0: link is up"))
	if r := p.Next(); r == nil || brief(r) != whole {
		t.Errorf("%+v", r)
	}
	if len(p.sources) != 0 {
		t.Error("a source is kept")
	}
}

// TestLineKeepsNothing overwrites each line's memory after it was handed over.
func TestLineKeepsNothing(t *testing.T) {
	for _, tr := range kernlogtest.Transports {
		l := newLog(tr)
		l.Add(incidents(kernlogtest.Kernels[9])["group"].Messages()...)
		l.Add(kernlogtest.Message{Level: 6, Text: "the last line"})
		want, wantSum := readAll(t, bytes.NewReader(l.Bytes()))
		p := NewParser(Options{Now: testNow})
		for line := range bytes.Lines(l.Bytes()) {
			line = bytes.Clone(bytes.TrimSuffix(line, []byte("\n")))
			p.Line(line)
			for i := range line {
				line[i] = '#'
			}
		}
		p.Flush()
		if diff := cmp.Diff(want[0], *p.Next()) + cmp.Diff(wantSum, p.Summary()); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tr, diff)
		}
	}
}
