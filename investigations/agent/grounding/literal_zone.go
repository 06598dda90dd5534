package grounding

import (
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a container image without the zones' files must read a claim as any other machine does
)

// zoneOffsets are the common abbreviations, in minutes east of UTC. Where one has two meanings, it is the one of
// Europe, America or India.
var zoneOffsets = map[string]int{
	"UTC": 0, "GMT": 0, "Z": 0, "ZULU": 0, "WET": 0, "WEST": 60, "BST": 60, "CET": 60, "CEST": 120, "MEZ": 60, "MESZ": 120, "EET": 120,
	"EEST": 180, "MSK": 180, "IST": 330, "PKT": 300, "SGT": 480, "HKT": 480, "AWST": 480, "JST": 540, "KST": 540, "AEST": 600, "AEDT": 660,
	"NZST": 720, "NZDT": 780, "EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480, "PDT": -420,
	"AKST": -540, "AKDT": -480, "HST": -600, "BRT": -180, "ART": -180, "ET": -300, "SAST": 120, "GST": 240,
}

// zoneAt reads the zone that stands at word i: UTC, CEST, +02:00, UTC+2, Europe/Berlin. Taken is 0 where there is none.
func (s *scanner) zoneAt(i int) (zone *time.Location, taken int) {
	w := s.at(i)
	if w.text == "" {
		return nil, 0
	}
	if z := parseZone(w.text); z != nil {
		if next := s.at(i + 1).text; z == time.UTC && !w.ends() && len(next) > 1 && (next[0] == '+' || next[0] == '-') {
			if offset, ok := parseOffset(next); ok {
				return time.FixedZone(next, offset), 2
			}
		}
		return z, 1
	}
	if s.next(i) == "time" {
		if z := cityZone(w.text); z != nil {
			return z, 2
		}
	}
	if w.low == "local" && s.next(i) == "time" && s.next(i+1) == "in" {
		if z := cityZone(s.at(i + 3).text); z != nil {
			return z, 4
		}
	}
	return nil, 0
}

// cityZone returns the zone of a city, or of a part of a country, as Berlin or Pacific.
func cityZone(name string) *time.Location {
	if len(name) > 20 {
		return nil
	}
	for _, area := range []string{"Europe/", "America/", "Asia/", "Australia/", "US/"} {
		if z := parseZone(area + name); z != nil {
			return z
		}
	}
	return nil
}

func parseZone(text string) *time.Location {
	if offset, ok := zoneOffsets[text]; ok {
		if offset == 0 {
			return time.UTC
		}
		return time.FixedZone(text, offset*60)
	}
	rest := strings.TrimPrefix(strings.TrimPrefix(text, "UTC"), "GMT")
	if len(rest) > 1 && (rest[0] == '+' || rest[0] == '-') {
		if offset, ok := parseOffset(rest); ok {
			return time.FixedZone(text, offset)
		}
		return nil
	}
	area, city, found := strings.Cut(text, "/")
	if !found || len(text) > 40 || area == "" || city == "" || !alpha(area[0]) || !alpha(city[0]) || strings.Contains(text, "..") {
		return nil
	}
	switch area {
	case "Europe", "America", "Asia", "Africa", "Australia", "Pacific", "Atlantic", "Indian", "Etc", "US", "Canada":
		if z, err := time.LoadLocation(text); err == nil {
			return z
		}
	}
	return nil
}

// parseOffset reads +02:00, +0200, +2 and -07, in seconds.
func parseOffset(s string) (int, bool) {
	digits := strings.Replace(s[1:], ":", "", 1)
	if len(digits) == 1 || len(digits) == 3 {
		digits = "0" + digits
	}
	if len(digits) == 2 {
		digits += "00"
	}
	v, err := strconv.Atoi(digits)
	if err != nil || len(digits) != 4 || v < 0 || v/100 > 14 || v%100 > 59 {
		return 0, false
	}
	seconds := v/100*3600 + v%100*60
	if s[0] == '-' {
		return -seconds, true
	}
	return seconds, true
}
