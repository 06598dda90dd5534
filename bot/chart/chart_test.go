package chart

import (
	"bytes"
	"encoding/binary"
	"image"
	pixels "image/draw"
	"image/png"
	"io/fs"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/go-analyze/charts/chartdraw/drawing"
	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/examples"
	"github.com/oombot/oombot/internal/judgetest"
	inv "github.com/oombot/oombot/investigations"
)

const mib = 1 << 20

var killedAt = time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC)

// investigate has the rules judge a shipped incident.
func investigate(t *testing.T, name string) (*inv.Result, *inv.Evidence) {
	t.Helper()
	j := judgetest.Example(t, name, inv.Options{})
	return j.Result, j.Evidence
}

// draw draws and decodes.
func draw(t *testing.T, r *inv.Result, ev *inv.Evidence) (image.Image, string) {
	t.Helper()
	data, alt, ok, err := Memory(r, ev)
	if err != nil || !ok {
		t.Fatalf("ok %t, error %v", ok, err)
	}
	if len(data) > 512<<10 {
		t.Errorf("the picture has %d bytes", len(data))
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if b := img.Bounds(); b.Dx() != Width || b.Dy() != Height {
		t.Errorf("the picture is %v", b)
	}
	return img, alt
}

// columns are those in which at least n pixels have a colour.
func columns(img image.Image, c drawing.Color, n int) []int {
	flat := image.NewNRGBA(img.Bounds())
	pixels.Draw(flat, flat.Bounds(), img, image.Point{}, pixels.Src)
	has := make([]int, Width)
	for i := 0; i < len(flat.Pix); i += 4 {
		if p := flat.Pix[i : i+4]; p[0] == c.R && p[1] == c.G && p[2] == c.B && p[3] == c.A {
			has[i/4%Width]++
		}
	}
	var out []int
	for x, got := range has {
		if got >= n {
			out = append(out, x)
		}
	}
	return out
}

func TestExamples(t *testing.T) {
	folders, err := fs.ReadDir(examples.FS, ".")
	if err != nil {
		t.Fatal(err)
	}
	drawn := 0
	for _, f := range folders {
		r, ev := investigate(t, f.Name())
		data, alt, ok, err := Memory(r, ev)
		if err != nil {
			t.Fatalf("%s: %v", f.Name(), err)
		}
		if !ok {
			if len(data) > 0 || alt != "" {
				t.Errorf("%s: something was drawn of no samples", f.Name())
			}
			continue
		}
		if drawn++; drawn > 2 {
			continue // two are enough to see that it is the same each time
		}
		again, altAgain, _, _ := Memory(r, ev)
		if !bytes.Equal(data, again) || alt != altAgain {
			t.Errorf("%s: the same input gave another picture", f.Name())
		}
	}
	if drawn < 12 {
		t.Errorf("only %d pictures", drawn)
	}
}

func TestAltText(t *testing.T) {
	tests := map[string]string{
		"leak-after-deploy": "Working set of ads/gateway-zxthbd6kg-tcr7d/gateway from 2026-04-15 10:29 to 2026-04-15 12:08 UTC: from 790 MiB to 1.93 GiB, at most 1.99 GiB, under a limit of 2 GiB. " +
			"Killed 2 times at 11:18, 12:08. Rolled out: revision 19 at 10:29. Traffic: from 24 to 25.1 requests per second, at most 26.1.",
		"node-allocatable": "Working set of data/etl-xpmfs2z6-lkfhq from 2026-02-14 16:30 to 2026-02-14 19:10 UTC: from 102 MiB to 971 MiB, at most 971 MiB. " +
			"Beside it the victim, session-cache-r6zfkknl-bs85d, at most 426 MiB. Killed once at 19:10. Traffic: from 190 to 183 requests per second, at most 201.",
		"one-large-request": "Working set of shop/web-4qf4lbp7xk-v9zxb/web from 2026-09-02 05:41 to 2026-09-02 07:11 UTC: from 13.1 MiB to 40 MiB, at most 40 MiB, under a limit of 40 MiB. " +
			"The last value is the kernel's count at the kill. Killed once at 07:11. Traffic: from 143 to 137 requests per second, at most 143.",
	}
	for name, want := range tests {
		r, ev := investigate(t, name)
		_, alt := draw(t, r, ev)
		if d := cmp.Diff(want, alt); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// TestMarksAreWhereTheyBelong goes by the colours of the picture: kills and rollouts stand upright at their times.
func TestMarksAreWhereTheyBelong(t *testing.T) {
	r, ev := investigate(t, "leak-after-deploy")
	img, _ := draw(t, r, ev)
	kills, rolledOut := columns(img, kill, 300), columns(img, rollout, 150)
	if len(kills) < 4 || kills[len(kills)-1] > Width-margin+3 || kills[len(kills)-1] < Width-margin-3 {
		t.Errorf("kills stand in the columns %v, the last one belongs to the right end", kills)
	}
	if len(rolledOut) < 2 || rolledOut[0] > 125 || rolledOut[len(rolledOut)-1] > 125 {
		t.Errorf("the rollout stands in the columns %v, and belongs to the left end", rolledOut)
	}
	for name, c := range map[string]drawing.Color{"memory": memory, "limit": limit, "traffic": traffic} {
		if got := len(columns(img, c, 1)); got < Width/2 {
			t.Errorf("%s takes %d columns", name, got)
		}
	}
	if got := columns(img, second, 1); len(got) > 0 {
		t.Errorf("a second line in the columns %v, and there is one container", got)
	}
	r, ev = investigate(t, "sidecar-in-a-pod-limit")
	if img, _ = draw(t, r, ev); len(columns(img, second, 1)) < Width/4 {
		t.Error("the sidecar has no line of its own")
	}
}

func TestNothingToDraw(t *testing.T) {
	r, ev := investigate(t, "leak-after-deploy")
	for name, in := range map[string]struct {
		r  *inv.Result
		ev *inv.Evidence
	}{"no result": {nil, ev}, "no evidence": {r, nil}, "no metrics": {r, &inv.Evidence{}}} {
		data, alt, ok, err := Memory(in.r, in.ev)
		if ok || err != nil || data != nil || alt != "" {
			t.Errorf("%s: ok %t, error %v", name, ok, err)
		}
	}
}

// made is evidence of one container with samples each minute, under names of one's own.
func made(pod string, samples int, memory func(i int) float64) (*inv.Result, *inv.Evidence) {
	victim := inv.Party{Namespace: "shop", Pod: pod, Container: "app"}
	r := &inv.Result{At: killedAt, Target: inv.Target{Namespace: "shop", Pod: pod, Container: "app"}, Verdict: inv.Verdict{
		Mechanism: inv.MemcgOOMKill, Boundary: inv.BoundaryContainer, Victim: &victim, Culprit: &victim,
		Change: &inv.Change{Revision: 7, At: killedAt.Add(-time.Duration(samples/2) * time.Minute)},
	}}
	use := inv.Series{Namespace: "shop", Pod: pod, Container: "app"}
	kills := use
	for i := range samples {
		at := killedAt.Add(time.Duration(i-samples) * time.Minute).UnixMilli()
		use.T, use.V = append(use.T, at), append(use.V, memory(i))
		kills.T, kills.V = append(kills.T, at), append(kills.V, float64(i))
	}
	return r, &inv.Evidence{Metrics: &inv.MetricEvidence{Queries: map[string]inv.Query{
		inv.QueryWorkingSet: {Series: []inv.Series{use}}, inv.QueryOOMEvents: {Series: []inv.Series{kills}},
	}}}
}

func TestManyMarksAndLongNames(t *testing.T) {
	for _, pod := range []string{strings.Repeat("a-very-long-name-", 60), "\x1b[31m\u202egnp.exe", "日本語のとても長い名前", "", strings.Repeat("W", 300), "AKIA" + "IOSFODNN7" + "EXAMPLE"} {
		r, ev := made(pod, 10_000, func(i int) float64 { return float64(i%500) * mib })
		_, alt := draw(t, r, ev)
		if utf8.RuneCountInString(alt) > 600 || strings.ContainsAny(alt, "\x1b\u202e") {
			t.Errorf("%q: the alt text is %q", pod, alt)
		}
	}
}

func TestGapsStayGaps(t *testing.T) {
	const samples = 300
	r, ev := made("p", samples, func(int) float64 { return 100 * mib })
	delete(ev.Metrics.Queries, inv.QueryOOMEvents)
	r.Verdict.Change = nil
	s := &ev.Metrics.Queries[inv.QueryWorkingSet].Series[0]
	s.T, s.V = append(s.T[:100:100], s.T[200:]...), append(s.V[:100:100], s.V[200:]...)
	img, _ := draw(t, r, ev)
	got := columns(img, memory, 3)
	for _, x := range got {
		if x > 550 && x < 700 {
			t.Fatalf("column %d has a line, and there are no samples", x)
		}
	}
	if len(got) < 500 {
		t.Errorf("the line takes %d columns", len(got))
	}
}

// TestContrast has what says something differ enough from the paper: text by 4.5 to 1, lines by 3 to 1.
func TestContrast(t *testing.T) {
	for name, want := range map[string]struct {
		c     drawing.Color
		least float64
	}{
		"ink": {ink, 7}, "labels": {faint, 4.5}, "revisions": {rollout, 4.5}, "memory": {memory, 4.5}, "second": {second, 4.5}, "limit": {limit, 4.5}, "kill": {kill, 4.5}, "traffic": {traffic, 3},
	} {
		if got := contrast(want.c, paper); got < want.least {
			t.Errorf("%s has a contrast of %.2f to 1, want %.1f", name, got, want.least)
		}
	}
	if got := contrast(paper, drawing.Color{A: 0xff}); got < 4.5 {
		t.Errorf("the paper has a contrast of %.2f to 1 with a dark screen", got)
	}
}

// contrast is that of WCAG 2.
func contrast(a, b drawing.Color) float64 {
	light := func(c drawing.Color) float64 {
		linear := func(v uint8) float64 {
			s := float64(v) / 255
			if s <= 0.04045 {
				return s / 12.92
			}
			return math.Pow((s+0.055)/1.055, 2.4)
		}
		return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
	}
	x, y := light(a)+0.05, light(b)+0.05
	return max(x, y) / min(x, y)
}

func TestInputStays(t *testing.T) {
	r, ev := made("p", 50, func(i int) float64 { return float64(i) * mib })
	same, sameEv := made("p", 50, func(i int) float64 { return float64(i) * mib })
	draw(t, r, ev)
	if !reflect.DeepEqual(r, same) || !reflect.DeepEqual(ev, sameEv) {
		t.Error("drawing changed what it was given")
	}
}

func FuzzMemory(f *testing.F) {
	f.Add([]byte{}, "p", int64(0))
	f.Add([]byte("some samples that were made of text, eight bytes each"), "checkout-7c9d8f6b5-x2x4p", int64(60_000))
	f.Add(bytes.Repeat([]byte{0x41, 0xd0, 0, 0, 0, 0, 0, 1}, 40), "\x1b[31m", int64(1))
	f.Add(bytes.Repeat([]byte{0x7f, 0xf8, 1, 0x42}, 40), "日本語", int64(-1<<40))
	f.Fuzz(func(t *testing.T, data []byte, pod string, step int64) {
		r, ev := made(pod, 0, nil)
		var s inv.Series
		s.Namespace, s.Pod, s.Container = "shop", pod, "app"
		for i := int64(0); len(data) >= 8 && i < 1000; i++ {
			s.T, s.V = append(s.T, killedAt.UnixMilli()-i*step), append(s.V, math.Float64frombits(binary.BigEndian.Uint64(data)))
			data = data[8:]
		}
		for _, q := range []string{inv.QueryWorkingSet, inv.QueryLimit, inv.QueryOOMEvents, inv.QueryTraffic} {
			ev.Metrics.Queries[q] = inv.Query{Series: []inv.Series{s}}
		}
		out, alt, ok, err := Memory(r, ev)
		if err != nil {
			t.Fatal(err)
		}
		if ok != (len(out) > 0) || ok != (alt != "") || !utf8.ValidString(alt) {
			t.Errorf("ok %t with %d bytes and the text %q", ok, len(out), alt)
		}
		if strings.Contains(alt, "NaN") {
			t.Errorf("the text is %q", alt)
		}
	})
}

func BenchmarkMemory(b *testing.B) {
	r, ev := made("checkout-7c9d8f6b5-x2x4p", 1440, func(i int) float64 { return float64(i%300) * mib })
	for b.Loop() {
		if _, _, ok, err := Memory(r, ev); err != nil || !ok {
			b.Fatal(ok, err)
		}
	}
}
