package rules

import (
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// factsOf diagnoses an incident and returns all of its facts' sentences.
func factsOf(t *testing.T, i *incident) string {
	t.Helper()
	d, led := i.diagnose()
	checkSound(t, d, led)
	var all []string
	for _, f := range led.Facts() {
		all = append(all, f.Says)
	}
	return strings.Join(all, "\n")
}

// TestGrowthStatesOneCurve: the ends and the trend of a sentence are of the same curve.
func TestGrowthStatesOneCurve(t *testing.T) {
	i := newIncident().ends("OOMKilled", 137).report(func(r *investigations.KernelReport) {
		r.Stats = map[string]int64{"anon": 150 * mib, "file": 340 * mib, "shmem": 330 * mib, "slab": 4 * mib}
	})
	i.series(investigations.QueryWorkingSet, "api-h1-x", "api", 17, func(ago time.Duration) float64 { return (500 - 20*ago.Hours()) * mib }).
		series(investigations.QueryRSS, "api-h1-x", "api", 17, steady(150*mib)).
		series(investigations.QueryCache, "api-h1-x", "api", 17, func(ago time.Duration) float64 { return (340 - 20*ago.Hours()) * mib })
	says := factsOf(t, i)
	for _, want := range []string{"anonymous memory stayed about level, at 150 MiB in the median: from 150 MiB to 149 MiB", "the working set, cache and kernel memory included, went from"} {
		if !strings.Contains(says, want) {
			t.Errorf("no fact says %q:\n%s", want, says)
		}
	}
}

func TestAgesOf(t *testing.T) {
	if got := agesOf([]float64{60, 120, 180}); got != "1 min, 2 min, 3 min" {
		t.Error(got)
	}
	if got := agesOf([]float64{60, 120, 180, 240, 300, 360, 420}); got != "3 min 30 s in the median (from 1 min to 7 min)" {
		t.Error(got)
	}
}

func TestLastSample(t *testing.T) {
	for gap, want := range map[float64]string{
		0:  "The last sample, of the moment of the kill,",
		22: "The last sample, 22 s before the kill,",
	} {
		if got := lastSample(gap, "the kill"); got != want {
			t.Errorf("%v s: %s", gap, got)
		}
	}
}

// TestSpikeWithoutARise: a label OOMKilled alone, over samples that show no rise, is weak, and nothing against a log of
// the kernel that would show the kill.
func TestSpikeWithoutARise(t *testing.T) {
	i := newIncident().ends("OOMKilled", 137).series(investigations.QueryWorkingSet, "api-h1-x", "api", 6, steady(200*mib))
	s := newScene(i.req, i.ev, investigations.NewLedger(nil))
	l := &life{mass: shape{last: 200 * mib, ceiling: 512 * mib}}
	if s.covers = true; s.suddenWeight(l) != 0 {
		t.Errorf("weight %v though the kernel's log shows no kill", s.suddenWeight(l))
	}
	if s.covers = false; s.suddenWeight(l) >= 0.58 {
		t.Errorf("weight %v without a report", s.suddenWeight(l))
	}
	if l.mass.last = 500 * mib; s.suddenWeight(l) != 0.58 {
		t.Errorf("weight %v for a rise that the samples show", s.suddenWeight(l))
	}
}

// TestForecastKnowsTheWholeAge: a life that began long before its first sample did not grow from that sample on.
func TestForecastKnowsTheWholeAge(t *testing.T) {
	i := newIncident().ends("OOMKilled", 137).report(nil)
	i.container().LastState.Terminated.StartedAt = testAt.Add(-60 * time.Hour)
	for query, beside := range map[string]float64{investigations.QueryWorkingSet: 8, investigations.QueryRSS: 0} {
		i.series(query, "api-h1-x", "api", 17, func(ago time.Duration) float64 { return (500 - 6*ago.Hours() + beside) * mib })
	}
	i.pod().Created, i.pod().Started = testAt.Add(-70*time.Hour), testAt.Add(-70*time.Hour)
	i.req.Window = 18 * time.Hour
	d, _ := i.diagnose()
	if d.Verdict.Cause != investigations.CauseLeak || d.Verdict.NextKill == nil {
		t.Fatalf("%s, next %v", d.Verdict.Cause, d.Verdict.NextKill)
	}
	if in := d.Verdict.NextKill.At.Sub(testAt); in < 59*time.Hour || in > 61*time.Hour {
		t.Errorf("the next kill is expected in %v; the last life took 60 h", in)
	}
}

func TestWasteIsAFact(t *testing.T) {
	const says = "stayed under half of its request"
	i := newIncident().ends("Error", 137).series(investigations.QueryWorkingSet, "api-h1-x", "api", 6, steady(60*mib))
	if got := factsOf(t, i); !strings.Contains(got, says) {
		t.Errorf("60 MiB of a request of 256 MiB:\n%s", got)
	}
	i = newIncident().ends("Error", 137).series(investigations.QueryWorkingSet, "api-h1-x", "api", 6, steady(160*mib))
	if got := factsOf(t, i); strings.Contains(got, says) {
		t.Errorf("160 MiB of a request of 256 MiB:\n%s", got)
	}
	i = newIncident().ends("OOMKilled", 137).report(nil).series(investigations.QueryWorkingSet, "api-h1-x", "api", 6, steady(60*mib))
	if got := factsOf(t, i); strings.Contains(got, says) {
		t.Errorf("the kill shows that it used its limit:\n%s", got)
	}
}

func TestGOGCWords(t *testing.T) {
	s := &scene{}
	for value, want := range map[string]string{"": "double", "100": "double", "300": "4 times", "50": "1.5 times", "off": "does not work at all"} {
		c := &investigations.Container{}
		if value != "" {
			c.Env = []investigations.EnvVar{{Name: "GOGC", Value: value}}
		}
		if got := s.gogcWords(c); !strings.Contains(got, want) {
			t.Errorf("GOGC=%s: %s", value, got)
		}
	}
}

func TestTinyLimitAsWritten(t *testing.T) {
	was := &investigations.Container{Name: "api", MemoryLimit: ptr(int64(512 * mib)), RawMemoryLimit: "512Mi"}
	is := &investigations.Container{Name: "api", MemoryLimit: ptr(int64(1)), RawMemoryLimit: "512m"}
	if d := diffContainers(was, is); len(d) != 1 || d[0].text != "memory limit of api: 512Mi -> 512m" {
		t.Errorf("%+v", d)
	}
}
