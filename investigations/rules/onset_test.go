package rules

import (
	"math"
	"testing"
)

func TestOnsetByAge(t *testing.T) {
	late := func(x float64) float64 { return 300 + 700*math.Max(0, x-0.5)/0.5 }
	atOnce := func(x float64) float64 { return 300 + 700*x }
	first := lifeOf(0, late)
	on, _ := onset(first)
	if on < 1500 || on > 2100 {
		t.Fatalf("onset = %v, want about 1800", on)
	}
	if !onsetByAge([]*life{first, lifeOf(4000, late)}, on) {
		t.Error("both lives were level for half an hour: it is their age")
	}
	if onsetByAge([]*life{first, lifeOf(4000, atOnce)}, on) {
		t.Error("the second life grew at once: it is no matter of age")
	}
	if onsetByAge([]*life{first, lifeOf(60, late)}, on) {
		t.Error("lives that started together can't tell age from hour")
	}
}

func TestRisesBefore(t *testing.T) {
	convex := lifeOf(0, func(x float64) float64 { return 300 + 700*math.Pow(x, 2.2) })
	on, after := onset(convex)
	if on == 0 || !risesBefore(convex, on, after) {
		t.Errorf("growth that accelerates has no onset (at %v)", on)
	}
	broken := lifeOf(0, func(x float64) float64 { return 300 + 700*math.Max(0, x-0.5)/0.5 })
	if on, after := onset(broken); risesBefore(broken, on, after) {
		t.Errorf("it was level until %v", on)
	}
}
