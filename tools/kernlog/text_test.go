package kernlog

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/oombot/oombot/internal/goldentest"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kernlog/kernlogtest"
)

// golden compares with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	goldentest.Equal(t, filepath.Join("testdata", name), string(got))
}

func textOf(t *testing.T, reports []investigations.KernelReport, opt TextOptions) []byte {
	t.Helper()
	var b bytes.Buffer
	for i := range reports {
		if i > 0 {
			b.WriteString("\n")
		}
		if err := WriteText(&b, &reports[i], opt); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// textSamples are reports of every sort.
func textSamples(t *testing.T) []investigations.KernelReport {
	t.Helper()
	var all []investigations.KernelReport
	for _, name := range []string{
		"real-v2a.v2ctr_group.kmsg.log", "real-v2a.v2pod.console.log", "real-global_noswap.v2globalsys.console.log", "real-v1.v1cgroupfs.kmsg.log",
	} {
		log, err := os.ReadFile(filepath.Join("testdata", "logs", name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, scan(t, log)...)
	}
	l := newLog(kernlogtest.JournalISO)
	big := incidents(kernlogtest.Kernels[0])["pod"]
	big.Tasks[2].Swap = 4000
	l.Add(big.Messages()...)
	many := incidents(kernlogtest.Kernels[10])["global"]
	for i := range int64(30) {
		many.Tasks = append(many.Tasks, kernlogtest.Process{PID: 5 + i, TGID: 5 + i, Comm: "sleep", VM: 10, Anon: i, PagetablesBytes: 4096})
	}
	l.Add(many.Messages()...)
	l.Add(incidents(kernlogtest.Kernels[9])["names"].Kills()...)
	return append(all, scan(t, l.Bytes())...)
}

func TestText(t *testing.T) {
	samples := textSamples(t)
	golden(t, "text80.golden", textOf(t, samples, TextOptions{}))
	golden(t, "text120.golden", textOf(t, samples, TextOptions{Width: 120, Color: true, Tasks: 3}))
}

// TestTextIsReadable holds the width and leaves nothing in that a terminal would obey.
func TestTextIsReadable(t *testing.T) {
	samples := textSamples(t)
	for _, k := range []string{"\x1b[31m\x00", "\u202e\u200b", strings.Repeat("x", 300), "\xff\xfe", "漢字漢字漢字漢字"} {
		r := samples[0]
		r.Host, r.Kernel, r.OOMMemcg, r.TaskMemcg = k, k, k, k+k
		r.Killed = []investigations.KernelKill{{PID: 5, Comm: k}}
		r.Tasks = []investigations.KernelTask{{PID: 1 << 62, Comm: k, RSSPages: 1 << 60, OOMScoreAdj: -1 << 62}}
		r.InvokedBy = &investigations.KernelInvoker{Comm: k, GFPMask: k}
		samples = append(samples, r)
	}
	samples = append(samples, investigations.KernelReport{})
	for _, w := range []int{1, 72, 80, 120} {
		text := string(textOf(t, samples, TextOptions{Width: w}))
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			if strings.ContainsFunc(line, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) {
				t.Errorf("%q", line)
			}
			if n := width(line); n > max(w, 72) && !strings.Contains(line, "EiB") && !strings.Contains(line, "4611686018427387904") {
				t.Errorf("%d columns of %d: %q", n, w, line)
			}
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.ErrUnsupported }

func TestTextToBrokenWriter(t *testing.T) {
	if err := WriteText(brokenWriter{}, &investigations.KernelReport{}, TextOptions{}); !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
}
