package incidents

import (
	"math"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func TestCurves(t *testing.T) {
	hour := noon.Add(time.Hour)
	steady := flat(10)
	s := newScene(Kind{Name: "x"}, 1, Options{})
	for name, tt := range map[string]struct {
		c    curve
		at   time.Time
		want float64
	}{
		"leak begins":             {leak(100, 200, noon, hour), noon, 100},
		"leak half way":           {leak(100, 200, noon, hour), noon.Add(30 * time.Minute), 150},
		"leak goes on":            {leak(100, 200, noon, hour), noon.Add(2 * time.Hour), 300},
		"leak before it began":    {leak(100, 200, noon, hour), noon.Add(-time.Hour), 100},
		"by requests, half way":   {leakByRequest(100, 200, noon, hour, steady), noon.Add(30 * time.Minute), 150},
		"ramp stays":              {ramp(1, 5, noon, hour), noon.Add(9 * time.Hour), 5},
		"ramp before":             {ramp(1, 5, noon, hour), noon.Add(-time.Hour), 1},
		"warm begins":             {warm(10, 90, noon, time.Hour), noon, 10},
		"warm ends":               {warm(10, 90, noon, time.Minute), hour, 90},
		"jump is low before":      {jump(flat(3), 9, hour, time.Minute), noon, 3},
		"jump is high at its end": {jump(flat(3), 9, hour, time.Minute), hour, 9},
		"jump is over":            {jump(flat(3), 9, hour, time.Minute), hour.Add(time.Second), 3},
		"sawtooth falls":          {sawtooth(2, 8, time.Hour, noon), noon.Add(2 * time.Hour), 2},
		"step before":             {stepAt(flat(1), flat(2), noon), noon.Add(-time.Second), 1},
		"step after":              {stepAt(flat(1), flat(2), noon), noon, 2},
		"sum":                     {plus(flat(1), flat(2), times(flat(3), 2)), noon, 9},
		"burst before":            {burstTraffic(10, 5, noon, time.Minute), noon.Add(-time.Hour), 10},
		"burst":                   {burstTraffic(10, 5, noon, time.Minute), noon, 50},
		"burst over":              {burstTraffic(10, 5, noon, time.Minute), hour, 10},
		"daily peak":              {dailyTraffic(100, 0.5, noon), noon, 150},
		"daily trough":            {dailyTraffic(100, 0.5, noon), noon.Add(12 * time.Hour), 50},
		"flat traffic":            {s.flatTraffic(7), noon, 7},
	} {
		if got := tt.c(tt.at); math.Abs(got-tt.want) > 0.01*tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

func TestIntegralAndItsInverse(t *testing.T) {
	traffic := dailyTraffic(50, 0.6, noon)
	served := integral(traffic, noon, noon.Add(5*time.Hour))
	end := endOfRequests(traffic, noon, served, noon.Add(48*time.Hour))
	if d := end.Sub(noon.Add(5 * time.Hour)); d < -time.Minute || d > time.Minute {
		t.Errorf("the end is off by %v", d)
	}
	start := startOfRequests(traffic, noon.Add(5*time.Hour), served)
	if d := start.Sub(noon); d < -time.Minute || d > time.Minute {
		t.Errorf("the start is off by %v", d)
	}
	if never := endOfRequests(flat(0), noon, 1, noon.Add(time.Hour)); !never.Equal(noon.Add(time.Hour)) {
		t.Errorf("without traffic it ends at %v", never)
	}
}

func TestBump(t *testing.T) {
	for image, want := range map[string]string{
		"r/app:1.4.2": "r/app:1.4.3", "r/app:7": "r/app:8", "r/app:v1.9": "r/app:v1.10", "r/app:latest": "r/app:latest-1",
	} {
		if got := bump(image); got != want {
			t.Errorf("%s becomes %s, want %s", image, got, want)
		}
	}
}

func TestTruthKeepsItsOrder(t *testing.T) {
	y, err := truth{
		mechanism: []string{"memcg_oom_kill"}, boundary: []string{"container", "pod"}, cause: []string{"leak"}, changeRevision: 7,
		victim: &party{Pod: "p"}, actions: []string{"rollback"}, limitBetween: []string{"1Mi", "2Mi"}, maxConfidence: 0.5,
	}.yaml()
	want := `mechanism: "memcg_oom_kill"
boundary: ["container","pod"]
cause: "leak"
change_revision: 7
victim: {"pod":"p"}
actions: ["rollback"]
limit_between: ["1Mi","2Mi"]
max_confidence: 0.5
`
	if err != nil || string(y) != want {
		t.Errorf("%v\n%s", err, y)
	}
}

func TestBadness(t *testing.T) {
	p := process{anon: 100 * pageSize, file: 20 * pageSize, tables: 8 * pageSize, adj: 500}
	if got, ok := p.badness(10999); !ok || got != 128+500*10 { // total/1000 is an integer division
		t.Error(got, ok)
	}
	p.adj = -1000
	if _, ok := p.badness(10999); ok {
		t.Error("a process with -1000 can be chosen")
	}
	if _, ok := worst([]process{p}, 10999); ok {
		t.Error("worst chooses it")
	}
}

func TestContradictionsAreErrors(t *testing.T) {
	k := Kind{Name: "x", build: func(s *scene) {
		w := s.service("deployment", 1, 256*mib, 512*mib)
		p := s.addPod(w, w.current(), s.node, s.ago(time.Hour))
		s.oomKill(s.run(p.main(), p.created, s.at, flat(100*mib))) // far below its limit
		s.targetPod(p, "")
	}}
	s := newScene(k, 1, coarse)
	k.build(s)
	if _, err := s.render(); err == nil || !strings.Contains(err.Error(), "its limit is") {
		t.Errorf("error %v", err)
	}
}

func TestSmallBundlesAreSmall(t *testing.T) {
	for _, k := range Kinds() {
		size := 0
		for _, b := range made(t, k, 1, Options{Small: true}) {
			size += len(b)
		}
		if size > 200*kib {
			t.Errorf("%s has %d KiB", k.Name, size/kib)
		}
	}
}

// TestNeighboursAreAsAsked is what benchmarks build on: a day at thirty seconds, twenty pods.
func TestNeighboursAreAsAsked(t *testing.T) {
	s, files := render(t, find(t, "leak_old"), 1, Options{Window: 24 * time.Hour, Step: 30 * time.Second, Neighbours: 20})
	if n := len(values(t, files, "container_working_set", s.target["pod"], s.target["container"])); n < 2800 {
		t.Errorf("%d samples", n)
	}
	on := 0
	for _, p := range s.pods {
		if p.node == s.node {
			on++
		}
	}
	if on < 20 {
		t.Errorf("%d pods", on)
	}
}

func TestSequelTakesUpTheWorkload(t *testing.T) {
	first, _ := render(t, find(t, "leak_with_profiles"), 3, coarse)
	second, _ := render(t, find(t, "leak_recurred"), 3, coarse)
	a, b := first.targetWorkload(), second.targetWorkload()
	if a.ns != b.ns || a.name != b.name || first.node.name != second.node.name || first.cluster != second.cluster {
		t.Errorf("%s/%s on %s, then %s/%s on %s", a.ns, a.name, first.node.name, b.ns, b.name, second.node.name)
	}
	if first.truth.mentions[0] != second.truth.mentions[0] {
		t.Error("another function leaks")
	}
	if first.target["pod"] == second.target["pod"] || !second.at.After(first.at.Add(7*day)) || a.current().number >= b.current().number {
		t.Error("it is the same incident")
	}
}
