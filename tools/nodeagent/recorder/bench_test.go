package recorder

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// BenchmarkSample is one tick of 110 pods with 250 containers, in plain files: what the recorder itself costs, without the
// kernel's work on real cgroups.
func BenchmarkSample(b *testing.B) {
	for _, version := range []int{1, 2} {
		b.Run(fmt.Sprintf("v%d", version), func(b *testing.B) {
			f := newFixture(b, version)
			var paths []string
			for i := range 250 {
				pod := fmt.Sprintf("kubepods/burstable/pod%08d-1111-2222-3333-444455556666", i%110)
				f.set(pod, memory{current: 100, limit: 1000})
				path := pod + "/" + fmt.Sprintf("%064d", i)
				f.set(path, memory{current: 50, limit: 500, anon: 40, file: 5})
				f.task(path, 1000+i, i, "sleep", 100, "sleep", "1000")
				paths = append(paths, path)
			}
			r := f.start()
			go r.readCommands(b.Context()) // ends with the benchmark
			f.tick(100)
			b.ReportAllocs()
			for b.Loop() {
				f.tick(1)
			}
			if s := r.Stats(); s.Containers != len(paths) || s.Tasks != len(paths) || len(s.Faults) > 0 {
				b.Fatalf("%+v", s)
			}
			b.ReportMetric(float64(r.Stats().RingBytes), "ring-B")
		})
	}
}

// BenchmarkRecording is what is read out at a kill: ten containers with their pods, over 15 minutes in which all changed.
func BenchmarkRecording(b *testing.B) {
	f := newFixture(b, 2)
	for i := range 10 {
		f.set(fmt.Sprintf("kubepods/burstable/pod%s/%064d", uid1, i), memory{current: 50, limit: 500, anon: 40, file: 5})
	}
	r := f.start()
	for i := range 900 {
		for j := range 10 {
			f.put(fmt.Sprintf("kubepods/burstable/pod%s/%064d", uid1, j), "memory.current", fmt.Sprint((i*7919%4096)<<12))
		}
		f.tick(1)
	}
	b.ReportAllocs()
	var rec investigations.NodeRecording
	for b.Loop() {
		rec = r.Recording(f.now, func(c Container) bool { return strings.HasSuffix(c.ContainerID, "3") }, 9)
	}
	if len(rec.Series) < 90 || rec.To.Sub(rec.From) != 899*time.Second {
		b.Fatalf("%d series, from %s to %s", len(rec.Series), rec.From, rec.To)
	}
}
