package vm

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/e2e/vm/scene"
	"github.com/oombot/oombot/investigations"
)

// checkRecorder compares what the agent recorded with what the guest read from the same files at that time.
func checkRecorder(t *testing.T, s *told) {
	p, _ := s.kill(t, scene.Steady, "still")
	if p == nil || p.Recorder == nil {
		t.Fatal("there is no recording")
	}
	check(t, "node", p.Recorder.Node, scene.Node)
	for _, c := range []scene.Container{scene.Still, scene.Pressed} {
		t.Run(c.Name, func(t *testing.T) { checkSeries(t, s, p.Recorder, c) })
	}
	most := func(c scene.Container, name string) float64 {
		m := 0.0
		for _, v := range series(p.Recorder, c, name).Values {
			if !math.IsNaN(v) {
				m = max(m, v)
			}
		}
		return m
	}
	// So that what is compared is not nothing.
	for name, least := range map[string]float64{
		investigations.RecordedAnon: 24 << 20, investigations.RecordedShmem: 8 << 20, investigations.RecordedFile: 8 << 20,
		investigations.RecordedSock: 64 << 10, investigations.RecordedSlab: 8 << 10, investigations.RecordedPeak: 32 << 20,
	} {
		if got := most(scene.Still, name); got < least {
			t.Errorf("the most of %s is %.0f, want at least %.0f", name, got, least)
		}
	}
	for _, name := range []string{investigations.RecordedPressureSome, investigations.RecordedPressureFull} {
		if got := most(scene.Pressed, name); got < 5 || got > 100 {
			t.Errorf("the most of %s is %.2f %%", name, got)
		}
		check(t, "the most of "+name+" where nothing presses", most(scene.Still, name), 0)
	}

	p, _ = s.kill(t, scene.ByLimit, "worker-1")
	if p == nil || p.Recorder == nil {
		t.Fatal("there is no recording")
	}
	limits := series(p.Recorder, scene.Checkout, investigations.RecordedLimit).Values
	if len(limits) == 0 || limits[len(limits)-1] != 48<<20 {
		t.Errorf("the limit of %s is recorded as %v", scene.Checkout.Name, limits)
	}
	if len(p.Recorder.Top) == 0 {
		t.Error("no process was recorded")
	}
}

func series(rec *investigations.NodeRecording, c scene.Container, name string) investigations.NodeRecorderSeries {
	for _, s := range rec.Series {
		if s.ContainerID == c.ID && s.Name == name {
			return s
		}
	}
	return investigations.NodeRecorderSeries{}
}

// checkSeries wants each value to be among those that the guest read shortly before and after. The recorder reads what
// memory is of only every few seconds where its sum is nearly the same.
func checkSeries(t *testing.T, s *told, rec *investigations.NodeRecording, c scene.Container) {
	const before, after = 6 * time.Second, 2 * time.Second
	for _, name := range []string{
		investigations.RecordedCurrent, investigations.RecordedPeak, investigations.RecordedAnon, investigations.RecordedFile, investigations.RecordedShmem,
		investigations.RecordedSock, investigations.RecordedSlab, investigations.RecordedPressureSome, investigations.RecordedPressureFull,
	} {
		got := series(rec, c, name)
		check(t, name+"'s pod", got.PodUID, c.UID)
		compared, gaps := 0, 0
		for i, v := range got.Values {
			at := rec.From.Add(time.Duration(int64(i)*got.StepMS) * time.Millisecond)
			least, most, n := math.Inf(1), math.Inf(-1), 0
			for _, f := range s.readings {
				if f.Text == c.Cgroup() && f.At.After(at.Add(-before)) && f.At.Before(at.Add(after)) {
					read := value(t, f.Files, c.Cgroup(), name)
					least, most, n = min(least, read), max(most, read), n+1
				}
			}
			if n < 5 { // at the ends of the act
				continue
			}
			if math.IsNaN(v) { // no sample was taken: other programs have the processor
				gaps++
				continue
			}
			compared++
			share := 50.0
			if c == scene.Pressed { // what is given back and taken again between two readings
				share = 20
			}
			if slack := most/share + 1; v < least-slack || v > most+slack {
				t.Errorf("%s at %s is %.2f, and the file held %.2f to %.2f", name, at.Format("15:04:05"), v, least, most)
			}
		}
		if compared < 6 || gaps > compared {
			t.Errorf("%d values of %s are compared, and %d are not known, of %v", compared, name, gaps, got.Values)
		}
	}
}

// value is what a reading tells of a series.
func value(t *testing.T, files map[string]string, cgroup, name string) float64 {
	t.Helper()
	switch name {
	case investigations.RecordedCurrent, investigations.RecordedPeak:
		return float64(number(t, files[cgroup+"/memory."+name]))
	case investigations.RecordedPressureSome, investigations.RecordedPressureFull:
		kind := strings.TrimPrefix(name, "pressure_")
		for line := range strings.Lines(files[cgroup+"/memory.pressure"]) {
			if rest, ok := strings.CutPrefix(line, kind+" avg10="); ok {
				text, _, _ := strings.Cut(rest, " ")
				v, err := strconv.ParseFloat(text, 64)
				if err != nil {
					t.Fatal(err)
				}
				return v
			}
		}
		t.Fatalf("no %s in %q", kind, files[cgroup+"/memory.pressure"])
	}
	return float64(counter(files, cgroup, "memory.stat", name))
}

// counter is a number in a file of keys and numbers; -1 where it is not there.
func counter(files map[string]string, cgroup, file, key string) int64 {
	for line := range strings.Lines(files[cgroup+"/"+file]) {
		if rest, ok := strings.CutPrefix(line, key+" "); ok {
			if n, err := strconv.ParseInt(strings.TrimSpace(rest), 10, 64); err == nil {
				return n
			}
		}
	}
	return -1
}

func number(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
