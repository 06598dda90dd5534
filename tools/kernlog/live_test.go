package kernlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kernlog/kernlogtest"
	"github.com/oombot/oombot/tools/loki/lokitest"
)

func writeLog(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestKernelFile: a file stays line for line what it is, secrets aside, and stands in place of Loki.
func TestKernelFile(t *testing.T) {
	log := newLog(kernlogtest.Dmesg)
	log.Line("[    0.000000] Command line: quiet password=hunter2")
	at := log.Now()
	log.Add(incidents(kernlogtest.Kernels[0])["container"].Messages()...)
	path := writeLog(t, "dmesg.txt", log.Bytes())
	l := lokitest.New(lokitest.Options{})
	rec, res := recordLive(t.Context(), t, NewLive([]KernelFile{{Path: path}}, lokiOf(t, l, nil), LiveOptions{}), subjectOf(at))
	if want := strings.Replace(string(log.Bytes()), "hunter2", "[redacted]", 1); rec.file(t, nodeLogPath) != want {
		t.Error(rec.file(t, nodeLogPath))
	}
	o, _ := rec.Origin(nodeLogPath)
	if (o != investigations.Origin{Name: path, Source: path, File: true}) || len(l.Asked()) > 0 || len(res.Evidence.Kernel.Logs[0].Reports) != 1 {
		t.Errorf("%+v, %d requests to Loki", o, len(l.Asked()))
	}
}

// TestKernelFiles: several files, of nodes that are named, of the target's and of none that is known.
func TestKernelFiles(t *testing.T) {
	log := []byte("Mar  4 02:17:09 n kernel: device eth0 entered promiscuous mode\n")
	one, two := writeLog(t, "one", log), writeLog(t, "two", log)
	s := subjectOf(testBoot)
	files := []KernelFile{{Path: one}, {Path: two}, {Path: two, Node: "node-9"}, {Path: "-"}}
	live := NewLive(files, nil, LiveOptions{Stdin: bytes.NewReader(log)})
	for range 2 { // standard input can be read once, and is kept
		rec, _ := recordLive(t.Context(), t, live, s)
		for _, name := range []string{"node-1", "node-1-2", "node-9", "node-1-3"} {
			if rec.file(t, "kernel/"+name+".log") != string(log) {
				t.Error(name)
			}
		}
		if o, _ := rec.Origin("kernel/node-1-3.log"); o.Name != "standard input" {
			t.Error(o)
		}
	}
	rec, _ := recordLive(t.Context(), t, NewLive(files[2:3], nil, LiveOptions{}), s)
	if err := rec.misses[nodeLogPath]; !errors.Is(err, investigations.ErrNotConfigured) {
		t.Error("the log of another node alone is enough:", rec.misses)
	}
	s.Pods = []investigations.SubjectPod{{Node: "one"}, {Node: "two.example"}}
	dotted := writeLog(t, "two.example.log", log)
	rec, _ = recordLive(t.Context(), t, NewLive([]KernelFile{{Path: one}, {Path: two}, {Path: dotted}}, nil, LiveOptions{}), s)
	for _, name := range []string{"one", "node-1", "two.example"} {
		if rec.file(t, "kernel/"+name+".log") != string(log) {
			t.Errorf("no file is of the node %s", name)
		}
	}
	s.Node, s.Request.Target.Node, s.Pods = "", "", nil
	rec, _ = recordLive(t.Context(), t, NewLive(files[:1], nil, LiveOptions{}), s)
	if rec.file(t, "kernel/kernel.log") != string(log) {
		t.Error("the log of a node that is not known is not kept")
	}
}

// TestKernelFileFaults: a file that can't be read is told of, and Loki asked in its place.
func TestKernelFileFaults(t *testing.T) {
	at := testBoot.Add(423 * time.Second)
	gone := filepath.Join(t.TempDir(), "gone")
	for name, tt := range map[string]struct {
		file KernelFile
		opt  LiveOptions
		want error
	}{
		"gone":     {KernelFile{Path: gone}, LiveOptions{}, investigations.ErrNotFound},
		"folder":   {KernelFile{Path: t.TempDir()}, LiveOptions{}, investigations.ErrUnavailable},
		"no stdin": {KernelFile{Path: "-"}, LiveOptions{}, investigations.ErrNotFound},
		"broken":   {KernelFile{Path: "-"}, LiveOptions{Stdin: iotest.ErrReader(errors.New("pipe broke"))}, investigations.ErrUnavailable},
	} {
		rec, res := recordLive(t.Context(), t, NewLive([]KernelFile{tt.file}, nil, tt.opt), subjectOf(at))
		if !errors.Is(rec.misses[nodeLogPath], tt.want) || len(rec.misses) != 1 || len(res.BlindSpots) == 0 {
			t.Errorf("%s: %v, %s", name, rec.misses, whysOf(res))
		}
	}
	l := lokitest.New(lokitest.Options{})
	pushJournal(t, l, kernelLabels, journalOf(at, 1, incidents(kernlogtest.Kernels[0])["container"].Messages()))
	_, res := recordLive(t.Context(), t, NewLive([]KernelFile{{Path: gone}}, lokiOf(t, l, nil), LiveOptions{}), subjectOf(at))
	if len(res.Evidence.Kernel.Logs[0].Reports) != 1 {
		t.Error(whysOf(res))
	}
}

// TestCutFile: what came of standard input before it broke off is read.
func TestCutFile(t *testing.T) {
	log := newLog(kernlogtest.JournalISOPrecise)
	log.Add(incidents(kernlogtest.Kernels[0])["container"].Messages()...)
	in := &brokenReader{data: log.Bytes()}
	_, res := recordLive(t.Context(), t, NewLive([]KernelFile{{Path: "-"}}, nil, LiveOptions{Stdin: in}), subjectOf(log.Now()))
	if len(res.Evidence.Kernel.Logs[0].Reports) != 1 || !strings.Contains(whysOf(res), "standard input broke off: pipe broke") {
		t.Error(whysOf(res))
	}
}

// brokenReader gives its data, and then an error.
type brokenReader struct{ data []byte }

func (b *brokenReader) Read(p []byte) (int, error) {
	n := copy(p, b.data)
	if b.data = b.data[n:]; n == 0 {
		return 0, errors.New("pipe broke")
	}
	return n, nil
}

// TestLargeFile: of a file that is too large the part around the moment is read, not its end.
func TestLargeFile(t *testing.T) {
	log := newLog(kernlogtest.JournalISOPrecise)
	log.Step = time.Millisecond
	fill := func(bytes int) {
		for end := log.Len() + bytes; log.Len() < end; {
			log.Add(kernlogtest.Message{Level: 6, Text: "device eth0 entered promiscuous mode " + strings.Repeat("x", 900)})
		}
	}
	fill(maxExcerpt + maxExcerpt/4)
	at := log.Now()
	want := incidents(kernlogtest.Kernels[0])["container"]
	log.Add(want.Messages()...)
	fill(1 << 20)
	log.Uptime += time.Hour
	fill(maxExcerpt)
	for name, f := range map[string]KernelFile{"file": {Path: writeLog(t, "large", log.Bytes())}, "standard input": {Path: "-"}} {
		live := NewLive([]KernelFile{f}, nil, LiveOptions{Stdin: bytes.NewReader(log.Bytes())})
		rec, res := recordLive(t.Context(), t, live, subjectOf(at))
		data := rec.file(t, nodeLogPath)
		if len(data) > maxExcerpt || len(data) < maxExcerpt/2 || !strings.HasPrefix(data, "2026-") {
			t.Errorf("%s: %d bytes, beginning %.60q", name, len(data), data)
		}
		got := res.Evidence.Kernel.Logs[0]
		if len(got.Reports) != 1 || got.To.After(at.Add(behind)) || !strings.Contains(whysOf(res), "only the part up to 10 min behind the moment is read") {
			t.Errorf("%s: %d reports to %s, %s", name, len(got.Reports), got.To, whysOf(res))
		}
		if o, _ := rec.Origin(nodeLogPath); o.File {
			t.Errorf("%s: its lines can't be named any more", name)
		}
	}
}

func TestRecordCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := NewLive(nil, nil, LiveOptions{}).Record(ctx, subjectOf(testBoot), nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestCheck: what doctor says of kernel logs.
func TestCheck(t *testing.T) {
	now := testBoot.Add(time.Hour)
	at := LiveOptions{Now: func() time.Time { return now }}
	fresh, old, mixed := lokitest.New(lokitest.Options{}), lokitest.New(lokitest.Options{}), lokitest.New(lokitest.Options{})
	pushJournal(t, fresh, kernelLabels, []journalEntry{{now.Add(-time.Minute), "x"}})
	pushJournal(t, old, kernelLabels, []journalEntry{{now.Add(-5 * time.Hour), "x"}})
	pushJournal(t, mixed, map[string]string{"job": "journal", "node": kernlogtest.Host}, []journalEntry{{now.Add(-time.Minute), "x"}})
	path := writeLog(t, "log", nil)
	for name, tt := range map[string]struct {
		live *Live
		want []string
	}{
		"fresh":   {NewLive(nil, lokiOf(t, fresh, nil), at), []string{`ok {transport="kernel", nodename=~"node-1|10\\.0\\.0\\.5"} gives the journal of node node-1, its newest line 1 min old`}},
		"old":     {NewLive(nil, lokiOf(t, old, nil), at), []string{"warn {transport="}},
		"mixed":   {NewLive(nil, lokiOf(t, mixed, nil), at), []string{"warn {job="}},
		"none":    {NewLive(nil, lokiOf(t, lokitest.New(lokitest.Options{}), nil), at), []string{"warn not found: Loki has no journal of node node-1"}},
		"files":   {NewLive([]KernelFile{{Path: path}, {Path: path + "x"}, {Path: "-"}}, nil, at), []string{"ok " + path + " can be read", "fail " + path + "x can't be read: not found: no such file"}},
		"nothing": {NewLive(nil, nil, at), []string{"warn no source of kernel logs is configured"}},
	} {
		checks := tt.live.Check(t.Context(), subjectOf(now))
		if len(checks) != len(tt.want) {
			t.Errorf("%s: %+v", name, checks)
			continue
		}
		for i, c := range checks {
			if got := fmt.Sprintf("%s %s", c.State, c.Says); !strings.HasPrefix(got, tt.want[i]) || (c.State == investigations.CheckOK) != (c.Fix == "") {
				t.Errorf("%s: %s (fix %q), want %s", name, got, c.Fix, tt.want[i])
			}
		}
	}
}

// TestDocs: the page on Loki names the labels that are looked for.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/loki.md")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(string(page)), " ")
	for i, l := range nodeLabels {
		sep := ", "
		if i == len(nodeLabels)-2 {
			sep = " or "
		} else if i == len(nodeLabels)-1 {
			sep = " is the node's name"
		}
		if want := "`" + l + "`" + sep; !strings.Contains(text, want) {
			t.Errorf("docs/loki.md does not say %q", want)
		}
	}
	for _, want := range []string{
		"`" + QueryKernelLog + "`", "twenty minutes before to ten minutes behind", "30,000 lines for each of two parts", "the last 3000 lines",
		"15 seconds before and behind", "the latest three", "8 MiB of each part",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("docs/loki.md does not say %q", want)
		}
	}
	if farBefore != 20*time.Minute || behind != 10*time.Minute || fullLines != 30_000 || scanLines != 3000 || around != 15*time.Second || earlier != 3 || fullBytes != 8<<20 {
		t.Error("the figures of docs/loki.md have changed")
	}
}
