package grounding

import (
	"testing"
	"time"
)

func TestMoments(t *testing.T) {
	at := time.Date(2026, 4, 15, 12, 8, 46, 500e6, time.UTC) // a Wednesday
	for text, want := range map[string]bool{
		"2026-04-15T12:08:46Z":                 true,
		"2026-04-15T12:08:46.5Z":               true,
		"2026-04-15 12:08:47":                  true,
		"2026-04-15 12:08":                     true,
		"2026-04-15 12:09":                     true, // rounded
		"2026-04-15 12:10":                     false,
		"2026-04-15":                           true,
		"2026-04-16":                           false,
		"12:08 UTC":                            true,
		"12:08:40":                             false,
		"around 12:05":                         true,
		"around 12:00":                         false,
		"14:08 CEST":                           true,
		"14:08 (CEST)":                         true,
		"14:08 in Berlin (CEST)":               true,
		"14:08 Berlin time":                    true,
		"14:08 local time in Berlin":           true,
		"14:08":                                false,
		"14:08+02:00":                          true,
		"14:08 UTC+2":                          true,
		"14:08 GMT +2":                         true,
		"13:08 CET":                            true,
		"05:08 America/Los_Angeles":            true,
		"05:08 PDT":                            true,
		"17:38 IST":                            true,
		"8:08 am EDT":                          true,
		"8:08 p.m. EDT":                        false,
		"2pm CEST":                             true, // 14:08
		"at 14 CEST":                           true,
		"at 15 CEST":                           false,
		"noon":                                 true,
		"midnight":                             false,
		"April 15":                             true,
		"15th of April 2026":                   true,
		"Apr. 15, 2026 at 12:08":               true,
		"Apr 15, 2025":                         false,
		"May 15":                               false,
		"April 2026":                           true,
		"Wednesday":                            true,
		"Thursday":                             false,
		"Wednesday, April 15":                  true,
		"15/04/2026":                           true,
		"04/15/2026":                           true,
		"15.04.2026":                           true,
		"16.04.2026":                           false,
		"12:08 on 15 April":                    true,
		"01:08:46 on April 16 in Asia/Karachi": false,
		"17:08:46 PKT on April 15":             true,
	} {
		lits := scanText(text, nil)
		if len(lits) != 1 || lits[0].kind != Time {
			t.Errorf("%q is read as %+v", text, lits)
			continue
		}
		h := newHeld()
		h.addInstant(at, 0)
		if got := h.holds(lits[0]); got != want {
			t.Errorf("%q held is %v, want %v", text, got, want)
		}
	}
}

func TestMomentsAcrossMidnight(t *testing.T) {
	h := newHeld()
	h.addInstant(time.Date(2026, 12, 31, 23, 59, 40, 0, time.UTC), 0)
	for text, want := range map[string]bool{
		"2027-01-01 00:00": true, "2026-12-31 23:59": true, "2026-12-31 00:00": false, "2027-01-01 00:59:40 CET": true, "Friday 00:59 CET": true,
	} {
		if lits := scanText(text, nil); len(lits) != 1 || h.holds(lits[0]) != want {
			t.Errorf("%q: want %v of %+v", text, want, lits)
		}
	}
}
