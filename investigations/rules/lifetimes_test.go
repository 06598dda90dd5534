package rules

import "testing"

func TestSamplesOfTheNextLifeAreCutOff(t *testing.T) {
	ws := points{
		X: []float64{0, 30, 60, 90, 120, 150, 180},
		Y: []float64{400 * mib, 420 * mib, 440 * mib, 460 * mib, 480 * mib, 100 * mib, 110 * mib},
	}
	if got := fallBefore(ws, 0, 190); got != 135 {
		t.Errorf("end = %v, want 135: between the last sample of the one and the first of the other", got)
	}
	ws.Y[6] = 470 * mib
	if got := fallBefore(ws, 0, 190); got != 190 {
		t.Errorf("end = %v, want it unchanged where memory is back by the end: a collector ran", got)
	}
	if got := fallBefore(ws, 0, 130); got != 130 {
		t.Errorf("end = %v, want it unchanged where nothing fell before it", got)
	}
}
