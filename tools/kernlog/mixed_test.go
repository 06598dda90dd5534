package kernlog

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kernlog/kernlogtest"
)

// TestNoiseInside has other messages of the kernel between any two records of a report.
func TestNoiseInside(t *testing.T) {
	for _, k := range kernlogtest.Kernels {
		for name, want := range incidents(k) {
			for _, tr := range kernlogtest.Transports {
				if name == "names" && (tr == kernlogtest.JournalCat || tr == kernlogtest.Console) {
					continue
				}
				rng := rand.New(rand.NewPCG(3, 4))
				l := newLog(tr)
				l.Noise(rng)
				for _, m := range want.Messages() {
					l.Add(m)
					for range rng.IntN(3) {
						l.Noise(rng)
					}
				}
				got := scan(t, l.Bytes())
				if len(got) != 1 {
					t.Errorf("%s, %s, %s: %d reports", k.Release, name, tr, len(got))
					continue
				}
				if diff := cmp.Diff(expected(want), stripPlace(got[0])); diff != "" {
					t.Errorf("%s, %s, %s: (-want +got)\n%s", k.Release, name, tr, diff)
				}
			}
		}
	}
}

// TestMixedFile has one report after the other in one file, each in another format and of another kernel.
func TestMixedFile(t *testing.T) {
	var log []byte
	var want []investigations.KernelReport
	rng := rand.New(rand.NewPCG(5, 6))
	names := []string{"container", "pod", "group", "global"}
	for i := range 3 * len(kernlogtest.Transports) {
		l := newLog(kernlogtest.Transports[i%len(kernlogtest.Transports)])
		l.Uptime += time.Duration(i) * time.Hour
		r := incidents(kernlogtest.Kernels[rng.IntN(len(kernlogtest.Kernels))])[names[rng.IntN(len(names))]]
		l.Add(r.Messages()...)
		log = append(log, l.Bytes()...)
		want = append(want, expected(r))
	}
	got := scan(t, log)
	for i := range got {
		got[i] = stripPlace(got[i])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
