package rules

import (
	"math"
	"strings"
	"testing"

	"github.com/oombot/oombot/investigations"
)

func TestUsualLevel(t *testing.T) {
	cut := func(tail float64) *life {
		return &life{limit: 512 * mib, killed: true, mass: shape{n: 20, span: 600, tail: tail, peak: 512 * mib}}
	}
	long := &life{limit: 1024 * mib, mass: shape{n: 900, span: 80000, tail: 600 * mib, peak: 620 * mib}}
	fresh := &life{limit: 512 * mib, mass: shape{n: 10, span: 300, tail: 200 * mib, peak: 210 * mib}}
	for name, tt := range map[string]struct {
		lives []*life
		want  float64
	}{
		"one that no limit cut off": {[]*life{long, cut(350 * mib), cut(360 * mib), cut(370 * mib), fresh}, 600 * mib},
		"only ones cut off":         {[]*life{cut(480 * mib), cut(490 * mib), cut(500 * mib), cut(510 * mib), fresh}, 490 * mib},
	} {
		s := &scene{lives: tt.lives}
		if got := s.usualLevel(); math.Abs(got-tt.want) > 12*mib {
			t.Errorf("%s: %s, want %s", name, bytesOf(got), bytesOf(tt.want))
		}
	}
}

// TestDemandIsNotBelowTheKill: what the relation to traffic says is no need where the kill shows a higher one.
func TestDemandIsNotBelowTheKill(t *testing.T) {
	i := newIncident().ends("OOMKilled", 137).report(nil)
	s := newScene(i.req, i.ev, investigations.NewLedger(nil))
	s.boundary = investigations.BoundaryContainer
	s.subjectContainer, s.target.Pod = "api", "api-h1-x"
	s.followed = &following{yes: true, peak: 100, level: fit{A: 100 * mib, B: 4 * mib}}
	if d := s.findDemand(); d.peak != 520*mib || d.atLeast {
		t.Errorf("need of %s, at least: %v", bytesOf(d.peak), d.atLeast)
	}
	i = newIncident().ends("OOMKilled", 137).report(nil)
	s = newScene(i.req, i.ev, investigations.NewLedger(nil))
	s.boundary = investigations.BoundaryContainer
	s.subjectContainer, s.target.Pod = "api", "api-h1-x"
	s.followed = &following{yes: true, peak: 100, level: fit{A: 50 * mib, B: 4 * mib}}
	if d := s.findDemand(); d.peak != 512*mib || !d.atLeast || !strings.Contains(s.demandNote(d), "at least 512 MiB") {
		t.Errorf("need of %s, at least: %v, %s", bytesOf(d.peak), d.atLeast, s.demandNote(d))
	}
}

func TestRefusedAt(t *testing.T) {
	i := newIncident()
	i.ev.Pods.LimitRanges = []investigations.LimitRange{{Namespace: "shop", Name: "caps", Max: ptr(int64(512 * mib))}}
	s := newScene(i.req, i.ev, investigations.NewLedger(nil))
	s.nodeObj = &i.ev.Pods.Nodes[0]
	for value, want := range map[float64]string{512 * mib: "", 768 * mib: "caps", 16 << 30: "15 GiB allocatable"} {
		if got := s.refusedAt(value); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", quantityOf(value), got, want)
		}
	}
}

// TestSetCeilingKeepsNeighbours: a variable holds more flags than the ceiling, and a command keeps them or is none.
func TestSetCeilingKeepsNeighbours(t *testing.T) {
	tests := []struct {
		name       string
		env        investigations.EnvVar
		text, flag string
		want, note string
	}{
		{"none", investigations.EnvVar{Name: "OTHER", Value: "x"}, "", "-Xmx384m", "JAVA_TOOL_OPTIONS=-Xmx384m", ""},
		{"in place", investigations.EnvVar{Name: "JAVA_OPTS", Value: "-Xmx600m -XX:+UseG1GC"}, "-Xmx600m", "-Xmx384m", "'JAVA_OPTS=-Xmx384m -XX:+UseG1GC'", ""},
		{"beside", investigations.EnvVar{Name: "JAVA_TOOL_OPTIONS", Value: "-XX:+UseG1GC"}, "", "-Xmx384m", "'JAVA_TOOL_OPTIONS=-XX:+UseG1GC -Xmx384m'", ""},
		{"in a ConfigMap", investigations.EnvVar{Name: "JAVA_TOOL_OPTIONS", ConfigMap: "jvm", Key: "opts"}, "-Xmx600m", "-Xmx384m", "", "key opts of ConfigMap jvm"},
		{"in a Secret", investigations.EnvVar{Name: "JAVA_TOOL_OPTIONS", Opaque: true}, "", "-Xmx384m", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i := newIncident()
			i.container().Env = []investigations.EnvVar{tt.env}
			s := newScene(i.req, i.ev, investigations.NewLedger(nil))
			s.subjectContainer, s.target.Workload = "api", "deployment/api"
			r := &runtimeFit{flags: flags{runtime: "java", text: tt.text, where: tt.env.Name}}
			if tt.text == "" {
				r.where = ""
			}
			got := s.setCeiling(r, tt.flag)
			if (got == "") != (tt.want == "") || !strings.HasSuffix(got, tt.want) {
				t.Errorf("command %q, want one that ends in %q", got, tt.want)
			}
			if n := s.ceilingPlace(r); (n == "") != (tt.note == "") || !strings.Contains(n, tt.note) {
				t.Errorf("note %q, want %q", n, tt.note)
			}
		})
	}
}
